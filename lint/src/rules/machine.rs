//! What each operation of the abstract machine means to the rules.

use super::path::{ABSOLUTE, Aligned};
use super::{Ended, Lint, Rule, Truth, Value};
use crate::state;
use fpvm_core::definition::isa::Isa;
use fpvm_core::definition::machine::{Bin, Case, Cmp, Fault, Jump, Machine};
use fpvm_core::definition::operand::{Imm, Reg};
use fpvm_core::definition::threads::Stack;
use fpvm_core::definition::word::Word as _;

impl<I: Isa> Machine for Lint<I> {
    type W = Value;
    type B = Truth;
    type Stop = Ended;

    const BITS: u32 = I::Word::BITS;

    fn reg(&mut self, r: Reg) -> Value {
        self.commits(r, None);
        let mut value = self.reads_register();
        if let Reg::Fixed(cell) = r {
            value.most = match state::room::<I>(cell) {
                // Reported already.
                0 => Self::ALL,
                room => room,
            };
        }
        self.register_use.bases.push((value.base, r));
        value
    }

    fn set_reg(&mut self, r: Reg, v: Value) {
        self.uses(&[v.scope]);
        self.commits(r, Some(v));
        self.register_use.written.push(r);
        self.writes_register("a register write");
    }

    fn imm(&mut self, i: Imm) -> Value {
        // The largest value that the instruction word can have there.
        let most = if i.signed == 0 {
            i.of(u32::MAX)
        } else {
            Self::ALL
        };
        self.value_to(most)
    }

    fn pc(&mut self) -> Value {
        self.value()
    }

    fn constant(&mut self, v: u64) -> Value {
        let offset = I::Word::truncate(v).zext();
        Value {
            scope: self.scope(),
            base: ABSOLUTE,
            offset,
            low: 0,
            most: offset,
        }
    }

    fn bin(&mut self, op: Bin, a: Value, b: Value) -> Value {
        self.uses(&[a.scope, b.scope]);
        let most = most(op, a, b).unwrap_or(Self::ALL);
        let mut out = self.value_to(most);
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
        self.value_to(I::Word::BITS.into())
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

    fn and(&mut self, a: Truth, b: Truth) -> Truth {
        self.uses(&[a.scope, b.scope]);
        self.truth()
    }

    fn word(&mut self, b: Truth) -> Value {
        self.uses(&[b.scope]);
        self.value_to(1)
    }

    fn select(&mut self, b: Truth, yes: Value, no: Value) -> Value {
        self.uses(&[b.scope, yes.scope, no.scope]);
        self.value_to(yes.most.max(no.most))
    }

    fn align(&mut self, at: Value, bytes: u32) -> Value {
        self.uses(&[at.scope]);
        self.width(bytes);
        let out = self.value_to(at.most);
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
        Ok(self.value_to(bytes_of(bytes)))
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
        let old = self.value_to(bytes_of(bytes));
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
        cases: &[Case],
        mut arm: impl FnMut(&mut Self, Option<usize>) -> Result<(), Ended>,
    ) -> Result<(), Ended> {
        self.uses(&[v.scope]);
        let mut bases = self.register_use.bases.iter();
        let of = bases.find(|(base, _)| *base == v.base).map(|(_, r)| *r);
        self.register_use
            .choices
            .extend(of.map(|r| (r, cases.to_vec())));
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

    fn push_thread(&mut self, _stack: Stack) {
        self.effect("a parked thread");
    }

    fn pop_thread(&mut self) {
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
        self.keeps_preimages();
        Ok(self.value_to(window.into()))
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
        self.keeps_preimages();
        Ok(self.value_to(window.into()))
    }

    fn nothing(&mut self) {
        self.declared = true;
    }
}

/// The largest number of this many bytes.
fn bytes_of(bytes: u32) -> u64 {
    u64::MAX
        .checked_shr(64u32.saturating_sub(8 * bytes))
        .unwrap_or(0)
}

/// The largest result of an operation, if it cannot be every word.
fn most(op: Bin, a: Value, b: Value) -> Option<u64> {
    let constant = (b.base == ABSOLUTE && b.low == 0).then_some(b.offset);
    match op {
        Bin::And => Some(a.most.min(b.most)),
        Bin::Or | Bin::Xor => {
            let zeros = (a.most | b.most).leading_zeros();
            Some(u64::MAX.checked_shr(zeros).unwrap_or(0))
        }
        Bin::Add => a.most.checked_add(b.most),
        Bin::Mul => a.most.checked_mul(b.most),
        Bin::Shr => Some(match constant {
            Some(by) => u32::try_from(by)
                .ok()
                .and_then(|by| a.most.checked_shr(by))
                .unwrap_or(0),
            None => a.most,
        }),
        Bin::DivUnsigned => constant.and_then(|by| a.most.checked_div(by)),
        Bin::RemUnsigned => constant.and_then(|by| by.checked_sub(1)),
        _ => None,
    }
}
