//! The interpretation that checks the rules of [`fpvm_core::definition::machine`], on every path through an
//! instruction, system calls' arms included.
//!
//! On any one path the rules mean this:
//!
//! - Nothing faults after an effect. Effects are writes of registers and memory, a new program
//!   counter, output, hints, reads of pre-images and the program's end.
//! - No register is read, and memory and host are not reached for, after a register was written. So
//!   an operand's name always means its value before the instruction, and a step that stops has left
//!   the registers alone. Exit and the pre-image operations write registers.
//! - Memory accesses need at most as many data branches as the ISA declares, wherever their addresses
//!   lie: each access is tried with every alignment that its address can have. The lint knows the
//!   alignment that [`align`] gives or a trap on the low bits guarantees, and constant distances
//!   between addresses.
//! - The n-th access uses the n-th branch, so no access may come after a choice whose arms access memory
//!   differently. And a second run of the same semantics does the same.
//! - A value is used in the arm that made it, or in arms within that arm.
//! - Widths are among those that the operations are defined for, and a read-modify-write is aligned.
//! - A cell that is used is one that the packed state commits to, in as many bytes as its values need.
//! - An instruction does something, or says that it is meant to do nothing.
//!
//! [`align`]: fpvm_core::definition::machine::Machine::align

mod machine;
mod path;

use crate::{state, table};
use fpvm_core::definition::isa::{Field, Isa, Op, ProofShape, Semantics, Source, Visitor};
use fpvm_core::definition::machine::Case;
use fpvm_core::definition::operand::{Cell, Reg};
use fpvm_core::definition::word::Word as _;
use fpvm_core::machine::memory::LEAF_SIZE;
use path::{ABSOLUTE, Access, Aligned, Path};
use std::fmt;
use std::marker::PhantomData;

/// A rule that semantics can break.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Rule {
    /// A fault after an effect.
    FaultAfterEffect,
    /// A register is read after a register was written.
    ReadAfterWrite,
    /// Memory or host is used after a register was written.
    AccessAfterWrite,
    /// The step needs more data branches than the ISA declares.
    Leaves,
    /// The order of memory accesses depends on the path, or changes from run to run.
    Order,
    /// A value is used outside of the arm that made it.
    Escape,
    /// A width that the operation is not defined for.
    Width,
    /// A read-modify-write whose address is not known to be aligned.
    Alignment,
    /// A fetch that does anything but fault.
    Fetch,
    /// A cell is used that the packed state does not have, so that no proof shows it.
    Uncommitted,
    /// A value may not fit into the bytes that the packed state has for its cell.
    Narrow,
    /// An instruction does nothing and does not [say so](fpvm_core::definition::machine::Machine::nothing), or says so
    /// and does something.
    Nothing,
    /// No word fits a row of the table, or a word fits two rows equally well.
    Table,
    /// A row's format names an operand that the ISA does not have.
    Operand,
    /// A field of the state has an impossible size or place.
    State,
    /// The contract cannot use the name of a field of the state.
    Name,
}

/// A broken rule.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Violation {
    /// The rule.
    pub rule: Rule,
    /// What broke it, in words.
    pub what: String,
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({:?})", self.what, self.rule)
    }
}

/// Checks an ISA's table and state, all its instructions and its fetch; gives the names of rows and fields
/// with what each breaks.
pub fn check<I: Isa>() -> Vec<(String, Violation)> {
    let mut found = table::check::<I>();
    found.extend(state::check::<I>());
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
    add(
        "(context switch)",
        check_semantics::<I>(|m| I::context_switch(m)),
    );
    for op in I::Op::ALL {
        let row = I::TABLE.get(op.index());
        let name = row.map_or("(undefined)", |row| row.name);
        let lints = [(); 2].map(|()| I::dispatch(*op, Lint::<I>::default()));
        let [first, _] = &lints;
        if let Some(what) = first.idle() {
            let rule = Rule::Nothing;
            add(name, vec![Violation { rule, what }]);
        }
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

/// A choice of an instruction between cases, by the value of a register.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Choice {
    /// The instruction's name.
    pub instruction: &'static str,
    /// The register or field that it looks at.
    pub register: Reg,
    /// The values that it knows, with their names.
    pub cases: Vec<Case>,
}

/// All choices of an ISA's instructions, such as those between system calls, each once, in the order of
/// the table and of the semantics.
pub fn choices<I: Isa>() -> Vec<Choice> {
    let mut found: Vec<Choice> = Vec::new();
    for (op, row) in I::Op::ALL.iter().zip(I::TABLE) {
        for (register, cases) in register_use::<I>(*op).choices {
            let choice = Choice {
                instruction: row.name,
                register,
                cases,
            };
            if !found.contains(&choice) {
                found.push(choice);
            }
        }
    }
    found
}

/// What is known about a word.
#[derive(Clone, Copy, Debug)]
pub struct Value {
    /// The arm that made it.
    scope: usize,
    /// The value from which it has a constant distance; [`ABSOLUTE`] for a constant.
    base: usize,
    /// That distance.
    offset: u64,
    /// If this is not 0, the word has only these low bits of base plus offset.
    low: u64,
    /// The word is not larger than this.
    most: u64,
}

/// What is known about a truth value.
#[derive(Clone, Copy, Debug)]
pub struct Truth {
    scope: usize,
    /// The truth value says whether the low bits of this word are zero …
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
    /// Whether anything has happened, on any path.
    acts: bool,
    /// Whether the semantics say that nothing is meant to happen.
    declared: bool,
    register_use: RegisterUse,
    isa: PhantomData<I>,
}

/// What an instruction does with registers, for programs that are to reach all of it.
#[derive(Clone, Default, Debug)]
pub(crate) struct RegisterUse {
    /// Register operands that it writes.
    pub(crate) written: Vec<Reg>,
    /// Registers by whose value it chooses, and the values that it knows.
    pub(crate) choices: Vec<(Reg, Vec<Case>)>,
    /// The registers that values come from, by the numbers of the values' bases.
    bases: Vec<(usize, Reg)>,
}

/// What an instruction does with registers.
pub(crate) fn register_use<I: Isa>(op: I::Op) -> RegisterUse {
    I::dispatch(op, Lint::<I>::default()).register_use
}

impl<I> Default for Lint<I> {
    fn default() -> Self {
        Self {
            path: Path::default(),
            scopes: vec![0],
            last_scope: 0,
            last_base: ABSOLUTE,
            order: Vec::new(),
            violations: Vec::new(),
            acts: false,
            declared: false,
            register_use: RegisterUse::default(),
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
    /// The largest word.
    const ALL: u64 = u64::MAX >> (64 - I::Word::BITS);

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

    /// A new value, about which nothing is known.
    fn value(&mut self) -> Value {
        self.last_base += 1;
        Value {
            scope: self.scope(),
            base: self.last_base,
            offset: 0,
            low: 0,
            most: Self::ALL,
        }
    }

    /// A new value that is not larger than this.
    fn value_to(&mut self, most: u64) -> Value {
        let most = most.min(Self::ALL);
        let value = self.value();
        Value { most, ..value }
    }

    /// Why it is wrong to do nothing, or to say so.
    fn idle(&self) -> Option<String> {
        let what = match (self.acts, self.declared) {
            (false, false) => "the instruction does nothing; if it is meant to, say `m.nothing()`",
            (true, true) => "the instruction says `m.nothing()` and does something",
            _ => return None,
        };
        Some(what.to_owned())
    }

    /// A register operand is used: every cell that it can name has to be in the packed state, with room for
    /// the written value if there is one.
    fn commits(&mut self, r: Reg, written: Option<Value>) {
        let cells = match r {
            Reg::Fixed(cell) => cell.0..=cell.0,
            Reg::Field { bits, base, .. } => {
                let last = u32::from(base) + (1u32 << bits.min(8)) - 1;
                base..=u8::try_from(last).unwrap_or(u8::MAX)
            }
        };
        let verb = if written.is_some() { "written" } else { "read" };
        // Cell 0 is always zero.
        for cell in cells.filter(|cell| *cell != 0).map(Cell) {
            let (bytes, name) = (state::committed::<I>(cell), state::name::<I>(cell));
            if bytes == 0 {
                let what = format!(
                    "{name} is {verb}, and `STATE` does not commit to it: no proof would show its value"
                );
                self.report(Rule::Uncommitted, what);
                return;
            }
            let room = state::room::<I>(cell);
            if let Some(value) = written.filter(|value| value.most > room) {
                let what = format!(
                    "a value of up to {:#x} is written to {name}, and `STATE` has {bytes} bytes of it",
                    value.most
                );
                self.report(Rule::Narrow, what);
                return;
            }
        }
    }

    /// A pre-image's key and offset are used.
    fn keeps_preimages(&mut self) {
        let key = |field: &Field| field.source == Source::PreimageKey;
        if !I::STATE.iter().any(key) {
            self.report(
                Rule::Uncommitted,
                "a pre-image is read, and `STATE` does not commit to its key",
            );
        }
        let value = self.value();
        self.commits(Reg::Fixed(I::PREIMAGE_OFFSET), Some(value));
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
        self.acts = true;
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
        self.acts = true;
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
