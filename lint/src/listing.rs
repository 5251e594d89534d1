//! The interpretation in which a guest word is a name: each instruction's semantics as text, with
//! both arms of every choice and no guest value anywhere.
//!
//! Register operands and immediates stand under the names of the ISA's operand table, and mean their
//! values before the instruction (because operands are read before registers are written, which
//! [`crate::rules`] checks). The results of operations are named `a`, `b`, … in order.

use fpvm_core::definition::disasm::register;
use fpvm_core::definition::isa::{Isa, Op, Operand, Semantics, Source, Visitor};
use fpvm_core::definition::machine::{Bin, Case, Cmp, Fault, Jump, Machine};
use fpvm_core::definition::operand::{Cell, Imm, Part, Reg};
use fpvm_core::definition::threads::Stack;
use fpvm_core::definition::word::Word as _;
use std::fmt::Write as _;
use std::marker::PhantomData;

/// The semantics of all instructions of an ISA, in the order of its table, the fetch first.
pub fn listing<I: Isa>() -> String {
    let mut fetch = Printer::<I>::default();
    let ended = I::fetch(&mut fetch).is_err();
    let mut out = format!("(fetch)\n{}", fetch.finish(ended));
    if I::THREADS.is_some() {
        let mut switch = Printer::<I>::default();
        let ended = I::context_switch(&mut switch).is_err();
        // Writing to a string cannot fail.
        let _ = write!(out, "\n(context switch)\n{}", switch.finish(ended));
    }
    for op in I::Op::ALL {
        let row = I::TABLE.get(op.index());
        let title = row.map_or("(undefined)".into(), |row| {
            format!("{} {}", row.name, row.format)
        });
        let body = semantics::<I>(*op);
        // Writing to a string cannot fail.
        let _ = write!(out, "\n{}\n{body}", title.trim_end());
    }
    out
}

/// The semantics of an instruction kind.
pub fn semantics<I: Isa>(op: I::Op) -> String {
    I::dispatch(op, Printer::<I>::default())
}

/// A word: an operand, a constant or a temporary, by its place in the printer's list of names.
#[derive(Clone, Copy, Debug)]
pub struct Name(usize);

/// A truth value: a condition over names, by its place in the printer's list.
#[derive(Clone, Copy, Debug)]
pub struct Condition(usize);

/// The path ends here: a fault was printed.
#[derive(Clone, Copy, Debug)]
pub struct Ended;

/// The machine that prints.
#[derive(Debug)]
pub struct Printer<I> {
    out: String,
    depth: usize,
    temporaries: usize,
    names: Vec<String>,
    conditions: Vec<String>,
    isa: PhantomData<I>,
}

impl<I> Default for Printer<I> {
    fn default() -> Self {
        Self {
            out: String::new(),
            depth: 1,
            temporaries: 0,
            names: Vec::new(),
            conditions: Vec::new(),
            isa: PhantomData,
        }
    }
}

/// The n-th name of a temporary: a to z, then aa, ab, …
fn letters(n: usize) -> String {
    let last = char::from(b'a' + (n % 26) as u8);
    match n / 26 {
        0 => last.to_string(),
        more => format!("{}{last}", letters(more - 1)),
    }
}

/// Small constants in decimal, others in hex; those near the top as negative numbers.
fn constant<I: Isa>(v: u64) -> String {
    let word = I::Word::truncate(v);
    match (word.zext(), word.sext()) {
        (v @ 0..=9999, _) => v.to_string(),
        (_, v @ -9999..=-1) => v.to_string(),
        (v, _) => format!("{v:#x}"),
    }
}

impl<I: Isa> Printer<I> {
    /// The text, once the semantics have run.
    fn finish(mut self, ended: bool) -> String {
        if self.out.is_empty() && !ended {
            self.line("nothing");
        }
        self.out
    }

    fn line(&mut self, text: &str) {
        let indent = 4 * self.depth;
        let _ = writeln!(self.out, "{:indent$}{text}", "");
    }

    fn name(&mut self, text: String) -> Name {
        self.names.push(text);
        Name(self.names.len() - 1)
    }

    fn condition(&mut self, text: String) -> Condition {
        self.conditions.push(text);
        Condition(self.conditions.len() - 1)
    }

    fn w(&self, name: Name) -> String {
        self.names.get(name.0).cloned().unwrap_or_default()
    }

    fn b(&self, condition: Condition) -> String {
        self.conditions
            .get(condition.0)
            .cloned()
            .unwrap_or_default()
    }

    /// A new temporary that holds an expression.
    fn temporary(&mut self, expression: &str) -> Name {
        let name = letters(self.temporaries);
        self.temporaries += 1;
        self.line(&format!("{name} = {expression}"));
        self.name(name)
    }

    fn cell(cell: Cell) -> String {
        if usize::from(cell.0) < I::REGISTERS.len() {
            return register::<I>(cell.0);
        }
        let holds = |source| matches!(source, Source::Cell(c) if c == cell);
        let thread = I::THREADS.map_or(&[][..], |threads| threads.fields);
        let mut fields = I::STATE.iter().chain(thread);
        let field = fields.find(|field| holds(field.source));
        field.map_or_else(|| register::<I>(cell.0), |field| field.name.to_string())
    }

    fn operand(wanted: impl Fn(&Operand) -> bool) -> Option<&'static str> {
        let found = I::OPERANDS.iter().find(|(_, operand)| wanted(operand));
        found.map(|(name, _)| *name)
    }

    fn register(r: Reg) -> String {
        match r {
            Reg::Fixed(cell) => Self::cell(cell),
            Reg::Field { lo, bits, .. } => {
                let named =
                    Self::operand(|operand| matches!(operand, Operand::Reg(reg) if *reg == r));
                named.map_or_else(|| format!("register[{}]", run(lo, bits)), str::to_string)
            }
        }
    }

    fn immediate(i: Imm) -> String {
        let is = |operand: &Operand| match operand {
            Operand::Reg(_) => false,
            Operand::Imm(imm) | Operand::Target(imm, _) | Operand::Region(imm) => *imm == i,
        };
        if let Some(name) = Self::operand(is) {
            return name.to_string();
        }
        let used = i.parts.iter().filter(|part| part.bits > 0);
        let parts: Vec<String> = used.map(|part| placed(*part)).collect();
        let extension = match i.signed {
            0 => String::new(),
            bits => format!(" signed {bits}"),
        };
        format!("imm[{}{extension}]", parts.join(" "))
    }

    /// Prints an arm, a level deeper.
    fn arm(
        &mut self,
        title: &str,
        arm: impl FnOnce(&mut Self) -> Result<(), Ended>,
    ) -> Result<(), Ended> {
        self.line(title);
        self.depth += 1;
        let before = self.out.len();
        let result = arm(self);
        if self.out.len() == before {
            self.line("nothing");
        }
        self.depth -= 1;
        result
    }
}

/// A stack of threads, by its role.
fn stack_name(stack: Stack) -> &'static str {
    match stack {
        Stack::Active => "active stack",
        Stack::Waiting => "waiting stack",
    }
}

/// A run of instruction bits.
fn run(lo: u8, bits: u8) -> String {
    format!("{}:{lo}", u32::from(lo) + u32::from(bits) - 1)
}

/// A run of instruction bits and where it goes.
fn placed(part: Part) -> String {
    format!("{}<<{}", run(part.lo, part.bits), part.to)
}

impl<I: Isa> Visitor for Printer<I> {
    type Output = String;

    fn visit<S: Semantics>(mut self) -> String {
        let ended = S::run(&mut self).is_err();
        self.finish(ended)
    }
}

impl<I: Isa> Machine for Printer<I> {
    type W = Name;
    type B = Condition;
    type Stop = Ended;

    const BITS: u32 = I::Word::BITS;

    fn reg(&mut self, r: Reg) -> Name {
        self.name(Self::register(r))
    }

    fn set_reg(&mut self, r: Reg, v: Name) {
        let text = format!("{} := {}", Self::register(r), self.w(v));
        self.line(&text);
    }

    fn imm(&mut self, i: Imm) -> Name {
        self.name(Self::immediate(i))
    }

    fn pc(&mut self) -> Name {
        self.name("pc".into())
    }

    fn constant(&mut self, v: u64) -> Name {
        self.name(constant::<I>(v))
    }

    fn bin(&mut self, op: Bin, a: Name, b: Name) -> Name {
        let op = match op {
            Bin::Add => "+",
            Bin::Sub => "-",
            Bin::And => "&",
            Bin::Or => "|",
            Bin::Xor => "^",
            Bin::Shl => "<<",
            Bin::Shr => ">>",
            Bin::Sar => ">>s",
            Bin::Mul => "*",
            Bin::MulHighUnsigned => "*high",
            Bin::MulHighSigned => "*high_s",
            Bin::MulHighSignedUnsigned => "*high_su",
            Bin::DivUnsigned => "/",
            Bin::DivSigned => "/s",
            Bin::RemUnsigned => "%",
            Bin::RemSigned => "%s",
        };
        self.temporary(&format!("{} {op} {}", self.w(a), self.w(b)))
    }

    fn clz(&mut self, a: Name) -> Name {
        self.temporary(&format!("leading_zeros({})", self.w(a)))
    }

    fn sext(&mut self, a: Name, bits: u32) -> Name {
        self.temporary(&format!("sign_extend_{bits}({})", self.w(a)))
    }

    fn cmp(&mut self, op: Cmp, a: Name, b: Name) -> Condition {
        let op = match op {
            Cmp::Eq => "=",
            Cmp::LessSigned => "<s",
            Cmp::LessUnsigned => "<",
        };
        self.condition(format!("{} {op} {}", self.w(a), self.w(b)))
    }

    fn not(&mut self, b: Condition) -> Condition {
        self.condition(format!("not({})", self.b(b)))
    }

    fn and(&mut self, a: Condition, b: Condition) -> Condition {
        self.condition(format!("({} and {})", self.b(a), self.b(b)))
    }

    fn word(&mut self, b: Condition) -> Name {
        self.temporary(&format!("word({})", self.b(b)))
    }

    fn select(&mut self, b: Condition, yes: Name, no: Name) -> Name {
        let text = format!("if {} then {} else {}", self.b(b), self.w(yes), self.w(no));
        self.temporary(&text)
    }

    fn align(&mut self, at: Name, bytes: u32) -> Name {
        self.temporary(&format!("align_{bytes}({})", self.w(at)))
    }

    fn load(&mut self, at: Name, bytes: u32) -> Result<Name, Ended> {
        Ok(self.temporary(&format!("memory_{bytes}[{}]", self.w(at))))
    }

    fn store(&mut self, at: Name, bytes: u32, v: Name) -> Result<(), Ended> {
        self.line(&format!("memory_{bytes}[{}] := {}", self.w(at), self.w(v)));
        Ok(())
    }

    fn rmw(
        &mut self,
        at: Name,
        bytes: u32,
        change: impl FnOnce(&mut Self, Name) -> Name,
    ) -> Result<Name, Ended> {
        let at = self.w(at);
        let old = self.temporary(&format!("memory_{bytes}[{at}]"));
        let new = change(self, old);
        self.line(&format!("memory_{bytes}[{at}] := {}", self.w(new)));
        Ok(old)
    }

    fn own_branch(&mut self, at: Name) {
        self.line(&format!("{} has a branch of its own", self.w(at)));
    }

    fn in_slot(&mut self) -> Condition {
        self.condition("in_delay_slot".into())
    }

    fn branch(&mut self, taken: Condition, target: Name) {
        let text = format!("if {} go to {}", self.b(taken), self.w(target));
        self.line(&text);
    }

    fn jump(&mut self, target: Name, kind: Jump) {
        let verb = match kind {
            Jump::Jump => "go to",
            Jump::Call => "call",
            Jump::Return => "return to",
        };
        self.line(&format!("{verb} {}", self.w(target)));
    }

    fn stay(&mut self) {
        self.line("stay at pc");
    }

    fn trap_if(&mut self, when: Condition, fault: Fault) -> Result<(), Ended> {
        self.line(&format!("if {} fault: {fault}", self.b(when)));
        Ok(())
    }

    fn trap(&mut self, fault: Fault) -> Result<(), Ended> {
        self.line(&format!("fault: {fault}"));
        Err(Ended)
    }

    fn cond(
        &mut self,
        when: Condition,
        mut arm: impl FnMut(&mut Self, bool) -> Result<(), Ended>,
    ) -> Result<(), Ended> {
        let title = format!("if {}:", self.b(when));
        let yes = self.arm(&title, |m| arm(m, true));
        let no = self.arm("else:", |m| arm(m, false));
        yes.or(no)
    }

    fn choose(
        &mut self,
        v: Name,
        cases: &[Case],
        mut arm: impl FnMut(&mut Self, Option<usize>) -> Result<(), Ended>,
    ) -> Result<(), Ended> {
        let v = self.w(v);
        let mut result = Err(Ended);
        for (i, case) in cases.iter().enumerate() {
            let chain = if i == 0 { "if" } else { "else if" };
            let title = format!(
                "{chain} {v} = {} ({}):",
                constant::<I>(case.value),
                case.name
            );
            result = self.arm(&title, |m| arm(m, Some(i))).or(result);
        }
        self.arm("else:", |m| arm(m, None)).or(result)
    }

    fn step(&mut self) -> Name {
        self.name("step".into())
    }

    fn is_alone(&mut self, stack: Stack) -> Condition {
        self.condition(format!("no other thread is on the {}", stack_name(stack)))
    }

    fn push_thread(&mut self, stack: Stack) {
        self.line(&format!("push the thread onto the {}", stack_name(stack)));
    }

    fn pop_thread(&mut self) {
        self.line("pop the top of the active stack and run it");
    }

    fn exit(&mut self, code: Name) {
        self.line(&format!("exit with {}", self.w(code)));
    }

    fn output(&mut self, stream: u8, at: Name, count: Name) {
        let stream = if stream == 1 { "stdout" } else { "stderr" };
        self.line(&format!(
            "{stream} memory[{}; {}]",
            self.w(at),
            self.w(count)
        ));
    }

    fn hint(&mut self, at: Name, count: Name) -> Result<(), Ended> {
        self.line(&format!("hint memory[{}; {}]", self.w(at), self.w(count)));
        Ok(())
    }

    fn key_append(&mut self, at: Name, count: Name, window: u32) -> Result<Name, Ended> {
        let (at, count) = (self.w(at), self.w(count));
        Ok(self.temporary(&format!("append_key_{window}(memory[{at}; {count}])")))
    }

    fn preimage_read(
        &mut self,
        at: Name,
        count: Name,
        window: u32,
        fault: Fault,
    ) -> Result<Name, Ended> {
        let (at, count) = (self.w(at), self.w(count));
        self.line(&format!("if past the pre-image's end fault: {fault}"));
        Ok(self.temporary(&format!("read_preimage_{window}(memory[{at}; {count}])")))
    }
}
