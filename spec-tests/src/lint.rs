//! The interpretation that checks the rules of [`fpvm_core::machine`], on every path through an
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
//!   alignment that [`Machine::align`] gives or a trap on the low bits guarantees, and constant
//!   distances between addresses.
//! - The n-th access uses the n-th branch, so after arms of a choice that access memory differently
//!   no further access may come. And a second run of the same semantics does the same.
//! - A value is used in the arm that made it, or in arms within that.
//! - Widths are among those that the operations are defined for, and a read-modify-write is aligned.

mod path;

use fpvm_core::isa::{Isa, Op, ProofShape, Semantics, Visitor};
use fpvm_core::machine::{Bin, Cmp, Fault, Jump, Machine};
use fpvm_core::memory::LEAF_SIZE;
use fpvm_core::operand::{Imm, Reg};
use fpvm_core::threads::Stack;
use fpvm_core::word::Word as _;
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
                count.saturating_sub(if I::LONG == 0 { 1 } else { 2 })
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

impl<I: Isa> Machine for Lint<I> {
    type W = Value;
    type B = Truth;
    type Stop = Ended;

    const BITS: u32 = I::Word::BITS;

    fn reg(&mut self, _r: Reg) -> Value {
        self.reads_register()
    }

    fn set_reg(&mut self, _r: Reg, v: Value) {
        self.uses(&[v.scope]);
        self.writes_register("a register write");
    }

    fn imm(&mut self, _i: Imm) -> Value {
        self.value()
    }

    fn pc(&mut self) -> Value {
        self.value()
    }

    fn konst(&mut self, v: u64) -> Value {
        let offset = I::Word::truncate(v).zext();
        Value {
            scope: self.scope(),
            base: ABSOLUTE,
            offset,
            low: 0,
        }
    }

    fn bin(&mut self, op: Bin, a: Value, b: Value) -> Value {
        self.uses(&[a.scope, b.scope]);
        let mut out = self.value();
        let (a, b) = if a.base == ABSOLUTE { (b, a) } else { (a, b) };
        let constant = b.base == ABSOLUTE && a.low == 0 && b.low == 0;
        match op {
            Bin::Add if constant => {
                (out.base, out.offset) = (a.base, a.offset.wrapping_add(b.offset));
            }
            Bin::And if constant && b.offset.wrapping_add(1).is_power_of_two() => {
                (out.base, out.offset, out.low) = (a.base, a.offset, b.offset);
            }
            _ => {}
        }
        out
    }

    fn clz(&mut self, a: Value) -> Value {
        self.uses(&[a.scope]);
        self.value()
    }

    fn sext(&mut self, a: Value, bits: u32) -> Value {
        self.uses(&[a.scope]);
        if bits == 0 || bits > I::Word::BITS {
            self.report(
                Rule::Width,
                format!("nothing is sign-extended from {bits} bits"),
            );
        }
        self.value()
    }

    fn cmp(&mut self, op: Cmp, a: Value, b: Value) -> Truth {
        self.uses(&[a.scope, b.scope]);
        let mut out = self.truth();
        let zero = b.base == ABSOLUTE && b.offset == 0;
        if op == Cmp::Eq && zero && a.low != 0 {
            out.zero = Some(a);
        }
        out
    }

    fn not(&mut self, b: Truth) -> Truth {
        self.uses(&[b.scope]);
        Truth {
            scope: self.scope(),
            negated: !b.negated,
            ..b
        }
    }

    fn both(&mut self, a: Truth, b: Truth) -> Truth {
        self.uses(&[a.scope, b.scope]);
        self.truth()
    }

    fn word(&mut self, b: Truth) -> Value {
        self.uses(&[b.scope]);
        self.value()
    }

    fn select(&mut self, b: Truth, yes: Value, no: Value) -> Value {
        self.uses(&[b.scope, yes.scope, no.scope]);
        self.value()
    }

    fn align(&mut self, at: Value, bytes: u32) -> Value {
        self.uses(&[at.scope]);
        self.width(bytes);
        let out = self.value();
        let (base, to) = (out.base, u64::from(bytes).next_power_of_two());
        self.path.aligned.push(Aligned {
            base,
            offset: 0,
            to,
        });
        out
    }

    fn load(&mut self, at: Value, bytes: u32) -> Result<Value, Ended> {
        self.width(bytes);
        self.accesses("a load", at, bytes.into());
        Ok(self.value())
    }

    fn store(&mut self, at: Value, bytes: u32, v: Value) -> Result<(), Ended> {
        self.width(bytes);
        self.uses(&[v.scope]);
        self.accesses("a store", at, bytes.into());
        self.effect("a memory write");
        Ok(())
    }

    fn rmw(
        &mut self,
        at: Value,
        bytes: u32,
        change: impl FnOnce(&mut Self, Value) -> Value,
    ) -> Result<Value, Ended> {
        self.width(bytes);
        self.accesses("a read-modify-write", at, bytes.into());
        let size = u64::from(bytes.max(1));
        let unaligned = |place: u64| !place.wrapping_add(at.offset).is_multiple_of(size);
        if self.path.places(at.base).any(unaligned) {
            self.report(Rule::Alignment, "a read-modify-write may be unaligned");
        }
        let outside = self.order.len();
        self.last_scope += 1;
        self.scopes.push(self.last_scope);
        let old = self.value();
        let new = change(self, old);
        self.uses(&[new.scope]);
        self.scopes.pop();
        if self.order.len() != outside {
            self.report(Rule::Order, "memory is accessed within a read-modify-write");
        }
        self.effect("a memory write");
        Ok(self.value())
    }

    fn own_branch(&mut self, at: Value) {
        self.uses(&[at.scope]);
        self.path.next_branch();
        self.order.push("a branch of its own".into());
    }

    fn in_slot(&mut self) -> Truth {
        self.truth()
    }

    fn branch(&mut self, taken: Truth, target: Value) {
        self.uses(&[taken.scope, target.scope]);
        self.effect("a branch");
    }

    fn jump(&mut self, target: Value, _kind: Jump) {
        self.uses(&[target.scope]);
        self.effect("a jump");
    }

    fn stay(&mut self) {
        self.effect("a new program counter");
    }

    fn trap_if(&mut self, when: Truth, _fault: Fault) -> Result<(), Ended> {
        self.uses(&[when.scope]);
        self.may_fault();
        if let Some(Value {
            base, offset, low, ..
        }) = when.zero.filter(|_| when.negated)
        {
            self.path.aligned.push(Aligned {
                base,
                offset,
                to: low.wrapping_add(1),
            });
        }
        Ok(())
    }

    fn trap(&mut self, _fault: Fault) -> Result<(), Ended> {
        self.may_fault();
        Err(Ended)
    }

    fn cond(
        &mut self,
        when: Truth,
        mut arm: impl FnMut(&mut Self, bool) -> Result<(), Ended>,
    ) -> Result<(), Ended> {
        self.uses(&[when.scope]);
        self.arms(2, |m, i| arm(m, i == 0))
    }

    fn choose(
        &mut self,
        v: Value,
        cases: &[u64],
        mut arm: impl FnMut(&mut Self, Option<usize>) -> Result<(), Ended>,
    ) -> Result<(), Ended> {
        self.uses(&[v.scope]);
        let count = cases.len();
        self.arms(count + 1, |m, i| arm(m, (i < count).then_some(i)))
    }

    fn step(&mut self) -> Value {
        self.value()
    }

    fn is_alone(&mut self, _stack: Stack) -> Truth {
        self.reaches_out("a look at the threads");
        self.truth()
    }

    fn park(&mut self, _stack: Stack) {
        self.effect("a parked thread");
    }

    fn resume(&mut self) {
        self.writes_register("a resumed thread");
    }

    fn exit(&mut self, code: Value) {
        self.uses(&[code.scope]);
        self.writes_register("the program's end");
    }

    fn output(&mut self, _stream: u8, at: Value, count: Value) {
        self.uses(&[at.scope, count.scope]);
        self.reaches_out("output");
        self.effect("output");
    }

    fn hint(&mut self, at: Value, count: Value) -> Result<(), Ended> {
        self.uses(&[at.scope, count.scope]);
        self.reaches_out("a hint");
        self.effect("a hint");
        Ok(())
    }

    fn key_append(&mut self, at: Value, count: Value, window: u32) -> Result<Value, Ended> {
        self.window("a pre-image key", at, count, window);
        self.writes_register("a pre-image key");
        Ok(self.value())
    }

    fn preimage_read(
        &mut self,
        at: Value,
        count: Value,
        window: u32,
        _fault: Fault,
    ) -> Result<Value, Ended> {
        self.may_fault();
        self.window("a pre-image read", at, count, window);
        self.writes_register("a pre-image read");
        Ok(self.value())
    }
}
