//! The interpretation of instructions in which a guest word is a Yul expression.

mod immediate;
mod machine;
mod names;

use super::layout::Layout;
use super::text::{Arm, choice, most_common};
use super::{FaultStyle, Faults};
use fpvm_core::definition::isa::{Isa, Operand};
use fpvm_core::definition::machine::Fault;
use fpvm_core::definition::threads::Stack;
use names::TAKEN;
use std::collections::HashMap;
use std::convert::Infallible;

/// A guest word: an expression, by its number in the [`Printer`].
#[derive(Clone, Copy, Debug)]
pub(super) struct Value(usize);

/// A truth value: an expression that is 0 or 1.
#[derive(Clone, Copy, Debug)]
pub(super) struct Flag(usize);

/// Prints the semantics of one instruction. It runs twice: first to count how often each value is
/// used, then to print, where only a value that is used more than once gets a name.
#[derive(Debug)]
pub(super) struct Printer<'a, I: Isa> {
    layout: &'a Layout,
    faults: &'a mut Faults,
    /// Uses of each value, from the first run; `None` while that is under way.
    uses: Option<Vec<u32>>,
    counted: Vec<u32>,
    expressions: Vec<String>,
    names: HashMap<String, u32>,
    lines: Vec<String>,
    isa: std::marker::PhantomData<I>,
}

/// The lines of some semantics.
pub(super) fn print<I: Isa>(
    layout: &Layout,
    faults: &mut Faults,
    semantics: impl Fn(&mut Printer<'_, I>) -> Result<(), Infallible>,
) -> Vec<String> {
    let mut uses = None;
    loop {
        let mut printer = Printer::new(layout, faults, uses.clone());
        match semantics(&mut printer) {
            Ok(()) => {}
        }
        if uses.is_some() {
            return printer.lines;
        }
        uses = Some(printer.counted);
    }
}

impl<'a, I: Isa> Printer<'a, I> {
    fn new(layout: &'a Layout, faults: &'a mut Faults, uses: Option<Vec<u32>>) -> Self {
        let (counted, expressions, lines) = (Vec::new(), Vec::new(), Vec::new());
        Printer {
            layout,
            faults,
            uses,
            counted,
            expressions,
            names: HashMap::new(),
            lines,
            isa: std::marker::PhantomData,
        }
    }

    /// A new value: an expression of constants and named values, good wherever those are in scope.
    fn value(&mut self, name: &str, expression: String) -> usize {
        let id = self.expressions.len();
        let used = self.uses.as_ref().map_or(0, |uses| uses[id]);
        let plain = !expression.contains('(');
        let text = if used > 1 && !plain {
            self.bind(name, &expression)
        } else {
            expression
        };
        self.push(text)
    }

    /// A new value that is read here and now.
    fn read(&mut self, name: &str, expression: &str, needed: bool) -> usize {
        let id = self.expressions.len();
        let used = self.uses.as_ref().map_or(0, |uses| uses[id]);
        let text = if used > 0 || needed {
            self.bind(name, expression)
        } else {
            String::new()
        };
        self.push(text)
    }

    fn push(&mut self, text: String) -> usize {
        self.expressions.push(text);
        self.counted.push(0);
        self.expressions.len() - 1
    }

    fn bind(&mut self, name: &str, expression: &str) -> String {
        let count = self.names.entry(name.to_owned()).or_default();
        *count += 1;
        let name = match (*count, TAKEN.contains(&name)) {
            (1, false) => name.to_owned(),
            (1, true) => format!("{name}_"),
            (n, _) => format!("{name}{n}"),
        };
        self.lines.push(format!("let {name} := {expression}"));
        name
    }

    fn text(&mut self, id: usize) -> String {
        self.counted[id] += 1;
        self.expressions[id].clone()
    }

    fn line(&mut self, line: String) {
        self.lines.push(line);
    }

    /// An expression cut down to the word.
    fn cut(expression: &str) -> String {
        format!("and({expression}, WORD)")
    }

    /// Runs an arm of a choice; its lines.
    fn arm(
        &mut self,
        run: impl FnOnce(&mut Self) -> Result<(), Infallible>,
    ) -> Result<Vec<String>, Infallible> {
        let outside = std::mem::take(&mut self.lines);
        let names = self.names.clone();
        run(self)?;
        self.names = names;
        Ok(std::mem::replace(&mut self.lines, outside))
    }

    fn operand_name(wanted: impl Fn(&Operand) -> bool) -> Option<&'static str> {
        let found = I::OPERANDS.iter().find(|(_, operand)| wanted(operand));
        found.map(|(name, _)| *name)
    }

    fn fault(&mut self, fault: Fault) -> String {
        self.faults.note(fault);
        match self.faults.style {
            FaultStyle::Words => format!("fault({:#x}) // {}", fault.code, fault.text),
            FaultStyle::Errors => {
                let name = Faults::name(&fault);
                format!("refuse({}) // {name}", Faults::selector(&name))
            }
        }
    }

    /// A line that refuses where a condition holds.
    fn refuse_if(&mut self, when: &str, fault: Fault) {
        let fault = self.fault(fault);
        let (call, comment) = fault.split_once(" // ").unwrap_or((&fault, ""));
        self.line(format!("if {when} {{ {call} }} // {comment}"));
    }
}

/// The field with a stack's root.
fn stack_field(stack: Stack) -> &'static str {
    match stack {
        Stack::Active => "activeStack()",
        Stack::Waiting => "waitingStack()",
    }
}

/// The lines that write where the program goes on.
pub(super) fn position<I: Isa>(layout: &Layout) -> Vec<String> {
    let mut lines = vec![format!("set{}(PC, next)", layout.size(I::PC))];
    lines.extend(I::NEXT_PC.map(|cell| format!("set{}(NEXT_PC, after)", layout.size(cell))));
    lines
}

/// Prints the tree's choice between instructions, with a case for each value; see [`super::dispatch`].
pub(super) fn switch(value: &str, cases: Vec<(u64, Vec<String>)>) -> Vec<String> {
    let most = (cases.len() as u64).saturating_sub(1);
    let arm = |(value, lines)| Arm {
        value,
        name: "",
        lines,
    };
    let mut cases: Vec<Arm> = cases.into_iter().map(arm).collect();
    let default = most_common(&cases);
    cases.retain(|arm| arm.lines != default);
    choice(value, most, &cases, &default)
}
