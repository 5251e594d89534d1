//! Each operation of the abstract machine as a line or an expression of Yul.

use super::immediate::immediate;
use super::{Flag, Printer, Value, position, stack_field};
use crate::emit::text::{Arm, block, choice, number};
use fpvm_core::definition::isa::{Isa, Operand};
use fpvm_core::definition::machine::{Bin, Case, Cmp, Fault, Jump, Machine};
use fpvm_core::definition::operand::{Imm, Reg};
use fpvm_core::definition::threads::Stack;
use fpvm_core::definition::word::Word as _;
use std::convert::Infallible;

impl<I: Isa> Machine for Printer<'_, I> {
    type W = Value;
    type B = Flag;
    type Stop = Infallible;

    const BITS: u32 = I::Word::BITS;

    fn reg(&mut self, r: Reg) -> Value {
        if r == Reg::Fixed(I::PC) {
            return self.pc();
        }
        if I::NEXT_PC.is_some_and(|cell| r == Reg::Fixed(cell)) {
            return Value(self.push("slot".to_owned()));
        }
        let place = self.layout.place(r);
        let name = match r {
            Reg::Fixed(cell) => self.layout.name(cell),
            Reg::Field { .. } => Self::operand_name(|o| *o == Operand::Reg(r))
                .unwrap_or("source")
                .to_owned(),
        };
        let read = format!("get{}({})", place.size, place.at);
        Value(self.read(&name, &read, false))
    }

    fn set_reg(&mut self, r: Reg, v: Value) {
        let (place, v) = (self.layout.place(r), self.text(v.0));
        self.line(match r {
            Reg::Field { .. } => format!("setRegister({}, {v})", place.at),
            Reg::Fixed(_) => format!("set{}({}, {v})", place.size, place.at),
        });
    }

    fn imm(&mut self, i: Imm) -> Value {
        let name = Self::operand_name(|operand| match operand {
            Operand::Imm(imm) | Operand::Target(imm, _) | Operand::Region(imm) => *imm == i,
            Operand::Reg(_) => false,
        });
        let bits = immediate(i);
        let fits = i.signed == 0
            && i.parts
                .iter()
                .all(|part| part.bits == 0 || u32::from(part.to + part.bits) <= Self::BITS);
        let bits = if fits { bits } else { Self::cut(&bits) };
        Value(self.value(name.unwrap_or("immediate"), bits))
    }

    fn pc(&mut self) -> Value {
        Value(self.push("here".to_owned()))
    }

    fn constant(&mut self, v: u64) -> Value {
        let v = I::Word::truncate(v);
        let all = v == !I::Word::default();
        let text = if all {
            "WORD".to_owned()
        } else {
            number(v.zext())
        };
        Value(self.push(text))
    }

    fn bin(&mut self, op: Bin, a: Value, b: Value) -> Value {
        let (a, b) = (self.text(a.0), self.text(b.0));
        let (name, value) = match op {
            Bin::Add => ("sum", Self::cut(&format!("add({a}, {b})"))),
            Bin::Sub => ("difference", Self::cut(&format!("sub({a}, {b})"))),
            Bin::And => ("bits", format!("and({a}, {b})")),
            Bin::Or => ("bits", format!("or({a}, {b})")),
            Bin::Xor => ("bits", format!("xor({a}, {b})")),
            Bin::Shl => ("shifted", Self::cut(&format!("shl({b}, {a})"))),
            Bin::Shr => ("shifted", format!("shr({b}, {a})")),
            Bin::Sar => ("shifted", format!("sar_({a}, {b})")),
            Bin::Mul => ("product", Self::cut(&format!("mul({a}, {b})"))),
            Bin::MulHighUnsigned => ("product", format!("shr(WORD_BITS, mul({a}, {b}))")),
            Bin::MulHighSigned => ("product", format!("mulHighSigned({a}, {b})")),
            Bin::MulHighSignedUnsigned => ("product", format!("mulHighSignedUnsigned({a}, {b})")),
            Bin::DivUnsigned => ("quotient", format!("divUnsigned({a}, {b})")),
            Bin::DivSigned => ("quotient", format!("divSigned({a}, {b})")),
            Bin::RemUnsigned => ("remainder", format!("remUnsigned({a}, {b})")),
            Bin::RemSigned => ("remainder", format!("remSigned({a}, {b})")),
        };
        Value(self.value(name, value))
    }

    fn clz(&mut self, a: Value) -> Value {
        let a = self.text(a.0);
        Value(self.value("zeros", format!("leadingZeros({a})")))
    }

    fn sext(&mut self, a: Value, bits: u32) -> Value {
        let a = self.text(a.0);
        let extended = if bits >= Self::BITS {
            a
        } else if bits.is_multiple_of(8) {
            Self::cut(&format!("signextend({}, {a})", bits / 8 - 1))
        } else {
            Self::cut(&format!("sar({0}, shl({0}, {a}))", 256 - bits))
        };
        Value(self.value("extended", extended))
    }

    fn cmp(&mut self, op: Cmp, a: Value, b: Value) -> Flag {
        let (a, b) = (self.text(a.0), self.text(b.0));
        let (name, flag) = match op {
            Cmp::Eq if b == "0" => ("isZero", format!("iszero({a})")),
            Cmp::Eq => ("equal", format!("eq({a}, {b})")),
            Cmp::LessSigned => ("less", format!("slt(signed({a}), signed({b}))")),
            Cmp::LessUnsigned => ("less", format!("lt({a}, {b})")),
        };
        Flag(self.value(name, flag))
    }

    fn not(&mut self, b: Flag) -> Flag {
        let b = self.text(b.0);
        Flag(self.value("otherwise", format!("iszero({b})")))
    }

    fn and(&mut self, a: Flag, b: Flag) -> Flag {
        let (a, b) = (self.text(a.0), self.text(b.0));
        Flag(self.value("both", format!("and({a}, {b})")))
    }

    fn word(&mut self, b: Flag) -> Value {
        let b = self.text(b.0);
        Value(self.value("flag", b))
    }

    fn select(&mut self, b: Flag, yes: Value, no: Value) -> Value {
        let (b, yes, no) = (self.text(b.0), self.text(yes.0), self.text(no.0));
        Value(self.value("chosen", format!("select({b}, {yes}, {no})")))
    }

    fn align(&mut self, at: Value, bytes: u32) -> Value {
        let at = self.text(at.0);
        let aligned = if bytes > 1 {
            format!("and({at}, not({}))", bytes - 1)
        } else {
            at
        };
        Value(self.value("address_", aligned))
    }

    fn load(&mut self, at: Value, bytes: u32) -> Result<Value, Infallible> {
        let at = self.text(at.0);
        Ok(Value(self.read(
            "loaded",
            &format!("load({at}, {bytes})"),
            true,
        )))
    }

    fn store(&mut self, at: Value, bytes: u32, v: Value) -> Result<(), Infallible> {
        let (at, v) = (self.text(at.0), self.text(v.0));
        self.line(format!("store({at}, {bytes}, {v})"));
        Ok(())
    }

    fn rmw(
        &mut self,
        at: Value,
        bytes: u32,
        change: impl FnOnce(&mut Self, Value) -> Value,
    ) -> Result<Value, Infallible> {
        let place = self.text(at.0);
        let old = Value(self.read("old", &format!("load({place}, {bytes})"), true));
        let new = change(self, old);
        self.store(at, bytes, new)?;
        Ok(old)
    }

    fn own_branch(&mut self, _at: Value) {
        self.line("closeBranch()".to_owned());
    }

    fn in_slot(&mut self) -> Flag {
        let sequential = match I::NEXT_PC {
            Some(_) => "eq(slot, and(add(here, 4), WORD))".to_owned(),
            None => "1".to_owned(),
        };
        Flag(self.value("inSlot", format!("iszero({sequential})")))
    }

    fn branch(&mut self, taken: Flag, target: Value) {
        let (taken, target) = (self.text(taken.0), self.text(target.0));
        let place = if I::DELAY_SLOT { "after" } else { "next" };
        self.line(format!("if {taken} {{ {place} := {target} }}"));
    }

    fn jump(&mut self, target: Value, _kind: Jump) {
        let target = self.text(target.0);
        let place = if I::DELAY_SLOT { "after" } else { "next" };
        self.line(format!("{place} := {target}"));
    }

    fn stay(&mut self) {
        self.line("next := here".to_owned());
        if I::NEXT_PC.is_some() {
            self.line("after := slot".to_owned());
        }
    }

    fn trap_if(&mut self, when: Flag, fault: Fault) -> Result<(), Infallible> {
        let when = self.text(when.0);
        self.refuse_if(&when, fault);
        Ok(())
    }

    fn trap(&mut self, fault: Fault) -> Result<(), Infallible> {
        let fault = self.fault(fault);
        self.line(fault);
        Ok(())
    }

    fn cond(
        &mut self,
        when: Flag,
        mut arm: impl FnMut(&mut Self, bool) -> Result<(), Infallible>,
    ) -> Result<(), Infallible> {
        let when = self.text(when.0);
        let holds = self.arm(|m| arm(m, true))?;
        let fails = self.arm(|m| arm(m, false))?;
        let lines = match (holds.is_empty(), fails.is_empty()) {
            (true, true) => Vec::new(),
            (false, true) => block(&format!("if {when}"), &holds),
            (true, false) => block(&format!("if iszero({when})"), &fails),
            (false, false) => {
                let mut lines = vec![format!("switch {when}")];
                lines.extend(block("case 1", &holds));
                lines.extend(block("default", &fails));
                lines
            }
        };
        self.lines.extend(lines);
        Ok(())
    }

    fn choose(
        &mut self,
        v: Value,
        cases: &[Case],
        mut arm: impl FnMut(&mut Self, Option<usize>) -> Result<(), Infallible>,
    ) -> Result<(), Infallible> {
        let v = self.text(v.0);
        let mut arms = Vec::new();
        for (i, case) in cases.iter().enumerate() {
            let lines = self.arm(|m| arm(m, Some(i)))?;
            arms.push(Arm {
                value: I::Word::truncate(case.value).zext(),
                name: case.name,
                lines,
            });
        }
        let default = self.arm(|m| arm(m, None))?;
        // The first of equal cases wins, and a case that does what is done anyway needs no mention.
        let mut seen = std::collections::BTreeSet::new();
        arms.retain(|arm| seen.insert(arm.value) && arm.lines != default);
        arms.sort_by_key(|arm| arm.value);
        let selector = if v.contains('(') {
            self.bind("selector", &v)
        } else {
            v
        };
        let most = (!I::Word::default()).zext();
        let lines = choice(&selector, most, &arms, &default);
        self.lines.extend(lines);
        Ok(())
    }

    fn step(&mut self) -> Value {
        Value(self.read("steps", "get8(STEP)", false))
    }

    fn is_alone(&mut self, stack: Stack) -> Flag {
        let alone = format!("eq(mload({}), NO_THREADS)", stack_field(stack));
        Flag(self.read("alone", &alone, false))
    }

    fn push_thread(&mut self, stack: Stack) {
        for line in position::<I>(self.layout) {
            self.line(line);
        }
        self.line(format!("park({})", stack_field(stack)));
    }

    fn pop_thread(&mut self) {
        self.line("running := 0".to_owned());
        self.line("set8(TURN_STEPS, 0)".to_owned());
    }

    fn exit(&mut self, code: Value) {
        let code = self.text(code.0);
        let size = self.layout.place(Reg::Fixed(I::EXIT_CODE)).size;
        let exited = self.layout.place(Reg::Fixed(I::EXITED)).size;
        self.line(format!("set{exited}(EXITED, 1)"));
        self.line(format!("set{size}(EXIT_CODE, and({code}, 0xff))"));
    }

    fn output(&mut self, _stream: u8, _at: Value, _count: Value) {}

    fn hint(&mut self, _at: Value, _count: Value) -> Result<(), Infallible> {
        Ok(())
    }

    fn key_append(&mut self, at: Value, count: Value, window: u32) -> Result<Value, Infallible> {
        let (at, count) = (self.text(at.0), self.text(count.0));
        let append = format!("appendKey({at}, {count}, {window})");
        Ok(Value(self.read("appended", &append, true)))
    }

    fn preimage_read(
        &mut self,
        at: Value,
        count: Value,
        window: u32,
        fault: Fault,
    ) -> Result<Value, Infallible> {
        let (at, count) = (self.text(at.0), self.text(count.0));
        let n = format!("readPreimage({at}, {count}, {window}, preimageOracle, localContext)");
        self.line(format!("let found, copied := {n}"));
        self.refuse_if("iszero(found)", fault);
        Ok(Value(self.push("copied".to_owned())))
    }
}
