//! The interpretation that checks the rules of [`fpvm_core::definition::machine`], on every path through an
//! instruction, system calls' arms included.
//!
//! What the rules mean here, on any one path:
//!
//! - Nothing faults after an effect. Effects are writes of registers and memory, a new program
//!   counter, output, hints, reads of pre-images and the program's end.
//! - No register is read, and memory and host are not reached for, after a register was written. So
//!   an operand's name always means its value before the instruction, and a step that stops has left
//!   the registers alone. Exit and the pre-image operations write registers.
//! - Memory accesses need at most as many data branches as the ISA declares, wherever their addresses
//!   lie: each access is taken with every alignment that its address can have. Known are the
//!   alignment that [`align`] gives or a trap on the low bits guarantees, and constant distances
//!   between addresses.
//! - The n-th access uses the n-th branch, so after arms of a choice that access memory differently
//!   no further access may come. And a second run of the same semantics does the same.
//! - A value is used in the arm that made it, or in arms within that.
//! - Widths are among those that the operations are defined for, and a read-modify-write is aligned.
//!
//! [`align`]: fpvm_core::definition::machine::Machine::align

mod machine;
mod path;

use fpvm_core::definition::isa::{Isa, Op, ProofShape, Semantics, Visitor};
use fpvm_core::definition::word::Word as _;
use fpvm_core::machine::memory::LEAF_SIZE;
use path::{ABSOLUTE, Access, Aligned, Path};
use std::marker::PhantomData;

/// A rule that semantics can break.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Rule {
    /// A fault after an effect.
    FaultAfterEffect,
    /// A register read after a register write.
    ReadAfterWrite,
    /// Memory or host reached after a register write.
    AccessAfterWrite,
    /// More data branches than declared.
    Leaves,
    /// Memory accesses whose order depends on the path, or changes from run to run.
    Order,
    /// A value outside the arm it was made in.
    Escape,
    /// A width that the operation is not defined for.
    Width,
    /// A read-modify-write whose address is not known to be aligned.
    Alignment,
    /// A fetch that does anything but fault.
    Fetch,
}

/// A broken rule.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Violation {
    /// The rule.
    pub rule: Rule,
    /// What broke it, in words.
    pub what: String,
}

/// Checks all instructions of an ISA, and its fetch; gives names with what each breaks.
pub fn check<I: Isa>() -> Vec<(String, Violation)> {
    let mut found = Vec::new();
    let mut add = |name: &str, violations: Vec<Violation>| {
        found.extend(violations.into_iter().map(|v| (name.to_string(), v)));
    };
    let mut fetch = Lint::<I>::default();
    // Whether the fetch faults on every path does not matter.
    let _ = I::fetch(&mut fetch);
    if fetch.path.effect.is_some() || !fetch.order.is_empty() {
        fetch.report(Rule::Fetch, "the fetch has effects");
    }
    add("(fetch)", fetch.violations);
    add("(turn)", check_semantics::<I>(|m| I::turn(m)));
    for op in I::Op::ALL {
        let row = I::TABLE.get(op.index());
        let name = row.map_or("(undefined)", |row| row.name);
        let lints = [(); 2].map(|()| I::dispatch(*op, Lint::<I>::default()));
        add(name, compared(lints));
    }
    found
}

/// Checks one instruction's semantics, handed over as a function that is run twice.
pub fn check_semantics<I: Isa>(
    mut semantics: impl FnMut(&mut Lint<I>) -> Result<(), Ended>,
) -> Vec<Violation> {
    compared([(); 2].map(|()| Lint::<I>::default().follow(&mut semantics)))
}

fn compared<I: Isa>([mut first, second]: [Lint<I>; 2]) -> Vec<Violation> {
    if first.order != second.order {
        first.report(Rule::Order, "a second run accesses memory differently");
    }
    first.violations
}

/// What is known of a word.
#[derive(Clone, Copy, Debug)]
pub struct Value {
    /// The arm that made it.
    scope: usize,
    /// The value it is a constant distance from; [`ABSOLUTE`] for a constant.
    base: usize,
    /// That distance.
    offset: u64,
    /// Of all that, only these low bits, if not 0.
    low: u64,
}

/// What is known of a truth value.
#[derive(Clone, Copy, Debug)]
pub struct Truth {
    scope: usize,
    /// It says whether the low bits of a word are zero …
    zero: Option<Value>,
    /// … or whether they are not.
    negated: bool,
}

/// The path ends here.
#[derive(Clone, Copy, Debug)]
pub struct Ended;

/// The machine that checks.
#[derive(Debug)]
pub struct Lint<I> {
    path: Path,
    scopes: Vec<usize>,
    last_scope: usize,
    last_base: usize,
    order: Vec<String>,
    violations: Vec<Violation>,
    isa: PhantomData<I>,
}

impl<I> Default for Lint<I> {
    fn default() -> Self {
        Lint {
            path: Path::default(),
            scopes: vec![0],
            last_scope: 0,
            last_base: ABSOLUTE,
            order: Vec::new(),
            violations: Vec::new(),
            isa: PhantomData,
        }
    }
}

impl<I: Isa> Visitor for Lint<I> {
    type Output = Self;

    fn visit<S: Semantics>(self) -> Self {
        self.follow(S::run)
    }
}

impl<I: Isa> Lint<I> {
    fn follow(mut self, semantics: impl FnOnce(&mut Self) -> Result<(), Ended>) -> Self {
        // A path that ends in a fault is as good as one that does not.
        let _ = semantics(&mut self);
        self
    }

    fn report(&mut self, rule: Rule, what: impl Into<String>) {
        let violation = Violation {
            rule,
            what: what.into(),
        };
        if !self.violations.contains(&violation) {
            self.violations.push(violation);
        }
    }

    fn scope(&self) -> usize {
        self.scopes.last().copied().unwrap_or_default()
    }

    /// A new value, of which nothing is known.
    fn value(&mut self) -> Value {
        self.last_base += 1;
        Value {
            scope: self.scope(),
            base: self.last_base,
            offset: 0,
            low: 0,
        }
    }

    fn truth(&self) -> Truth {
        Truth {
            scope: self.scope(),
            zero: None,
            negated: false,
        }
    }

    fn uses(&mut self, scopes: &[usize]) {
        if scopes.iter().any(|scope| !self.scopes.contains(scope)) {
            self.report(
                Rule::Escape,
                "a value is used outside the arm it was made in",
            );
        }
    }

    fn effect(&mut self, what: &'static str) {
        self.path.effect.get_or_insert(what);
    }

    fn writes_register(&mut self, what: &'static str) {
        self.effect(what);
        self.path.written.get_or_insert(what);
    }

    fn reads_register(&mut self) -> Value {
        if let Some(written) = self.path.written {
            self.report(
                Rule::ReadAfterWrite,
                format!("a register is read after {written}"),
            );
        }
        self.value()
    }

    fn may_fault(&mut self) {
        if let Some(effect) = self.path.effect {
            self.report(
                Rule::FaultAfterEffect,
                format!("a fault comes after {effect}"),
            );
        }
    }

    fn reaches_out(&mut self, what: &str) {
        if let Some(written) = self.path.written {
            self.report(
                Rule::AccessAfterWrite,
                format!("{what} comes after {written}"),
            );
        }
    }

    fn accesses(&mut self, what: &str, at: Value, bytes: u64) {
        self.uses(&[at.scope]);
        self.reaches_out(what);
        if self.path.uneven {
            let what = format!("{what} comes after arms that access memory differently");
            self.report(Rule::Order, what);
        }
        self.order
            .push(format!("{what} {} {} {bytes}", at.base, at.offset));
        let Value { base, offset, .. } = at;
        self.path.accesses.push(Access {
            base,
            offset,
            bytes,
        });
        let declared = match I::PROOF {
            ProofShape::Fixed(count) | ProofShape::UpTo(count) => {
                count.saturating_sub(if I::COMPRESSED_MASK == 0 { 1 } else { 2 })
            }
        };
        let needed = self.path.leaves();
        if needed > declared {
            let what = format!("{needed} data branches may be needed, {declared} are declared");
            self.report(Rule::Leaves, what);
        }
    }

    fn width(&mut self, bytes: u32) {
        if !matches!(bytes, 1 | 2 | 4 | 8) || bytes * 8 > I::Word::BITS {
            self.report(Rule::Width, format!("no access has {bytes} bytes"));
        }
    }

    /// The leaf that a window is in.
    fn window(&mut self, what: &str, at: Value, count: Value, window: u32) {
        if !window.is_power_of_two() || window as usize > LEAF_SIZE {
            self.report(Rule::Width, format!("no window has {window} bytes"));
        }
        self.uses(&[at.scope, count.scope]);
        let leaf = self.value();
        let (base, to) = (leaf.base, LEAF_SIZE as u64);
        self.path.aligned.push(Aligned {
            base,
            offset: 0,
            to,
        });
        self.accesses(what, leaf, to);
    }

    /// Runs the arms of a choice, each from the path as it is now, and joins those that go on.
    fn arms(
        &mut self,
        count: usize,
        mut arm: impl FnMut(&mut Self, usize) -> Result<(), Ended>,
    ) -> Result<(), Ended> {
        let before = self.path.clone();
        let mut on: Vec<Path> = Vec::new();
        for i in 0..count {
            self.path = before.clone();
            self.last_scope += 1;
            self.scopes.push(self.last_scope);
            let result = arm(self, i);
            self.scopes.pop();
            let path = std::mem::take(&mut self.path);
            if result.is_ok() {
                on.push(path);
            }
        }
        let leaves: Vec<usize> = on.iter().map(Path::leaves).collect();
        self.path = Path {
            effect: on.iter().find_map(|path| path.effect),
            written: on.iter().find_map(|path| path.written),
            accesses: Vec::new(),
            leaves_before: leaves.iter().copied().max().unwrap_or(before.leaves_before),
            uneven: on.iter().any(|path| path.uneven)
                || leaves.windows(2).any(|pair| pair[0] != pair[1]),
            aligned: before.aligned,
        };
        if on.is_empty() { Err(Ended) } else { Ok(()) }
    }
}
