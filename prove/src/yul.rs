//! The printed contract, read: its constants, its errors, and the assembly of `step`.

use alloy_primitives::U256;
use std::collections::{BTreeMap, HashMap};

/// A block of statements.
pub type Block = Vec<Statement>;

/// A statement, with its place in the text.
#[derive(Clone, Debug)]
pub struct Statement {
    /// Its line in the file, from 1.
    pub line: usize,
    /// Its tokens, by number.
    pub tokens: std::ops::Range<usize>,
    /// What it does.
    pub kind: Kind,
}

/// What a statement does.
#[derive(Clone, Debug)]
pub enum Kind {
    /// A block of its own.
    Block(Block),
    /// New variables, 0 where no value is given.
    Let(Vec<String>, Option<Expression>),
    /// New values of variables.
    Assign(Vec<String>, Expression),
    /// A call for its effect.
    Call(Expression),
    /// A block where a value is not 0.
    If(Expression, Block),
    /// The block of a value, or the default.
    Switch(Expression, Vec<(U256, Block)>, Block),
    /// Begin, condition, what happens after each round, and the round.
    For(Block, Expression, Block, Block),
    /// Leaves the function.
    Leave,
    /// Declares a function, which is known already.
    Function,
}

/// An expression.
#[derive(Clone, Debug)]
pub enum Expression {
    /// A number.
    Number(U256),
    /// A variable or a constant.
    Name(String),
    /// A call.
    Call(String, Vec<Self>),
}

/// A function.
#[derive(Debug)]
pub struct Function {
    /// Parameters.
    pub parameters: Vec<String>,
    /// Results.
    pub results: Vec<String>,
    /// What it does.
    pub body: Block,
}

/// A contract's text, read.
#[derive(Debug)]
pub struct Source {
    /// Constants by name.
    pub constants: HashMap<String, U256>,
    /// Functions of the assembly by name.
    pub functions: BTreeMap<String, Function>,
    /// The assembly of `step`.
    pub body: Block,
    /// Its tokens, each with its line.
    pub tokens: Vec<(String, usize)>,
}

/// Text that is not what the printer prints.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error("line {line}: {what}")]
pub struct SyntaxError {
    /// Where, from 1.
    pub line: usize,
    /// What was wanted and what is there.
    pub what: String,
}

impl Source {
    /// Reads a contract.
    pub fn read(text: &str) -> Result<Self, SyntaxError> {
        let missing = |what: &str| SyntaxError {
            line: 1,
            what: format!("there is no {what}"),
        };
        let step = text
            .find("function step(")
            .ok_or_else(|| missing("function step"))?;
        let begin = text[step..]
            .find("assembly")
            .ok_or_else(|| missing("assembly in step"))?
            + step;
        let begin = text[begin..]
            .find('{')
            .ok_or_else(|| missing("block of assembly"))?
            + begin;
        let first = text[..begin].matches('\n').count() + 1;
        let tokens = tokens(&text[begin..], first)?;
        Self::parse(constants(text), tokens)
    }

    /// The same contract with another token in one's place.
    pub fn with(&self, at: usize, token: &str) -> Result<Self, SyntaxError> {
        let mut tokens = self.tokens.clone();
        if let Some(place) = tokens.get_mut(at) {
            token.clone_into(&mut place.0);
        }
        Self::parse(self.constants.clone(), tokens)
    }

    fn parse(
        constants: HashMap<String, U256>,
        tokens: Vec<(String, usize)>,
    ) -> Result<Self, SyntaxError> {
        let mut parser = Parser {
            tokens: &tokens,
            at: 0,
            functions: BTreeMap::new(),
        };
        let body = parser.block()?;
        let functions = parser.functions;
        Ok(Self {
            constants,
            functions,
            body,
            tokens,
        })
    }
}

/// `uint256 private constant NAME = value;`
fn constants(text: &str) -> HashMap<String, U256> {
    let lines = text.lines().filter_map(|line| {
        let line = line.trim().strip_prefix("uint256 private constant ")?;
        let (name, value) = line.strip_suffix(';')?.split_once(" = ")?;
        Some((name.to_owned(), number(value)?))
    });
    lines.collect()
}

fn number(text: &str) -> Option<U256> {
    match text.strip_prefix("0x") {
        Some(hex) => U256::from_str_radix(hex, 16).ok(),
        None => U256::from_str_radix(text, 10).ok(),
    }
}

/// The tokens of a block from its brace on, as far as the brace that closes it.
fn tokens(text: &str, first: usize) -> Result<Vec<(String, usize)>, SyntaxError> {
    let (mut out, mut depth) = (Vec::new(), 0usize);
    for (i, line) in text.lines().enumerate() {
        let line_number = first + i;
        let code = line.split("//").next().unwrap_or_default();
        let mut rest = code.trim_start();
        while let Some(c) = rest.chars().next() {
            let word = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '.' | '$');
            let len = match c {
                ':' if rest.starts_with(":=") => 2,
                '-' if rest.starts_with("->") => 2,
                '{' | '}' | '(' | ')' | ',' => 1,
                c if word(c) => rest.find(|c| !word(c)).unwrap_or(rest.len()),
                _ => {
                    let (line, what) = (line_number, format!("{c:?} is in no token of Yul"));
                    return Err(SyntaxError { line, what });
                }
            };
            let (token, after) = rest.split_at(len);
            out.push((token.to_owned(), line_number));
            depth += usize::from(token == "{");
            depth -= usize::from(token == "}");
            if depth == 0 {
                return Ok(out);
            }
            rest = after.trim_start();
        }
    }
    Err(SyntaxError {
        line: first,
        what: "the block is never closed".to_owned(),
    })
}

struct Parser<'t> {
    tokens: &'t [(String, usize)],
    at: usize,
    functions: BTreeMap<String, Function>,
}

impl Parser<'_> {
    fn peek(&self) -> &str {
        self.tokens.get(self.at).map_or("", |token| &token.0)
    }

    fn line(&self) -> usize {
        let at = self.at.min(self.tokens.len().saturating_sub(1));
        self.tokens.get(at).map_or(0, |token| token.1)
    }

    fn next(&mut self) -> String {
        let token = self.peek().to_owned();
        self.at += 1;
        token
    }

    fn error(&self, what: String) -> SyntaxError {
        let line = self.line();
        SyntaxError { line, what }
    }

    fn take(&mut self, wanted: &str) -> bool {
        let taken = self.peek() == wanted;
        self.at += usize::from(taken);
        taken
    }

    fn want(&mut self, wanted: &str) -> Result<(), SyntaxError> {
        if self.take(wanted) {
            return Ok(());
        }
        Err(self.error(format!("{wanted:?} is wanted, {:?} is there", self.peek())))
    }

    fn block(&mut self) -> Result<Block, SyntaxError> {
        self.want("{")?;
        let mut out = Vec::new();
        while !self.take("}") {
            if self.at >= self.tokens.len() {
                return Err(self.error("a block is never closed".to_owned()));
            }
            out.push(self.statement()?);
        }
        Ok(out)
    }

    fn names(&mut self) -> Vec<String> {
        let mut names = vec![self.next()];
        while self.take(",") {
            names.push(self.next());
        }
        names
    }

    fn statement(&mut self) -> Result<Statement, SyntaxError> {
        let (first, line) = (self.at, self.line());
        let kind = match self.peek() {
            "{" => Kind::Block(self.block()?),
            "let" => {
                self.at += 1;
                let names = self.names();
                let value = if self.take(":=") {
                    Some(self.expression()?)
                } else {
                    None
                };
                Kind::Let(names, value)
            }
            "if" => {
                self.at += 1;
                Kind::If(self.expression()?, self.block()?)
            }
            "switch" => {
                self.at += 1;
                self.switch()?
            }
            "for" => {
                self.at += 1;
                Kind::For(
                    self.block()?,
                    self.expression()?,
                    self.block()?,
                    self.block()?,
                )
            }
            "leave" => {
                self.at += 1;
                Kind::Leave
            }
            "function" => {
                self.at += 1;
                self.function()?
            }
            _ => {
                let begin = self.at;
                let names = self.names();
                if self.take(":=") {
                    Kind::Assign(names, self.expression()?)
                } else {
                    self.at = begin;
                    Kind::Call(self.expression()?)
                }
            }
        };
        let tokens = first..self.at;
        Ok(Statement { line, tokens, kind })
    }

    fn switch(&mut self) -> Result<Kind, SyntaxError> {
        let value = self.expression()?;
        let mut cases = Vec::new();
        while self.take("case") {
            let text = self.next();
            let Some(value) = number(&text) else {
                return Err(self.error(format!("{text:?} is no number")));
            };
            cases.push((value, self.block()?));
        }
        let default = if self.take("default") {
            self.block()?
        } else {
            Vec::new()
        };
        Ok(Kind::Switch(value, cases, default))
    }

    fn function(&mut self) -> Result<Kind, SyntaxError> {
        let name = self.next();
        self.want("(")?;
        let parameters = if self.peek() == ")" {
            Vec::new()
        } else {
            self.names()
        };
        self.want(")")?;
        let results = if self.take("->") {
            self.names()
        } else {
            Vec::new()
        };
        let body = self.block()?;
        let function = Function {
            parameters,
            results,
            body,
        };
        self.functions.insert(name, function);
        Ok(Kind::Function)
    }

    fn expression(&mut self) -> Result<Expression, SyntaxError> {
        let token = self.next();
        if token.starts_with(|c: char| c.is_ascii_digit()) {
            let value = number(&token);
            return value
                .map(Expression::Number)
                .ok_or_else(|| self.error(format!("{token:?} is no number")));
        }
        if !token.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_') {
            return Err(self.error(format!("an expression is wanted, {token:?} is there")));
        }
        if !self.take("(") {
            return Ok(Expression::Name(token));
        }
        let mut arguments = Vec::new();
        while !self.take(")") {
            arguments.push(self.expression()?);
            if !self.take(",") && self.peek() != ")" {
                return Err(self.error(format!(
                    "\",\" or \")\" is wanted, {:?} is there",
                    self.peek()
                )));
            }
        }
        Ok(Expression::Call(token, arguments))
    }
}
