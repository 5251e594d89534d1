//! What an instruction can do at all: one more interpretation of the one definition, in which a word is
//! only known by where it comes from.

use fpvm_core::definition::decode::decode;
use fpvm_core::definition::isa::{Isa, Op as _};
use fpvm_core::definition::machine::{Bin, Case, Cmp, Fault, Jump, Machine};
use fpvm_core::definition::operand::{Cell, Imm, Reg};
use fpvm_core::definition::threads::Stack;
use fpvm_core::definition::word::Word as _;

/// What an instruction can do.
#[derive(Clone, PartialEq, Eq, Default, Debug)]
pub struct Observed {
    /// Mnemonic; empty for an undefined instruction.
    pub mnemonic: &'static str,
    /// It faults, whatever its operands are.
    pub faults: Option<&'static str>,
    /// It changes nothing but the program counter, which goes on.
    pub does_nothing: bool,
    /// It only gives a constant, whatever its operands are.
    pub gives_constant: bool,
    /// It calls a function.
    pub is_call: bool,
    /// It is the system call.
    pub calls: Option<Calls>,
    /// The registers that it may read, in order.
    pub reads: Vec<Reg>,
}

impl Observed {
    /// Whether it is a floating-point instruction, by the name that the tables give it; no VM has registers for it.
    pub fn is_float(&self) -> bool {
        self.mnemonic.starts_with("float")
    }
}

/// The system calls that there are.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Calls {
    /// The register with the number, by its name.
    pub register: &'static str,
    /// The numbers that are listed.
    pub known: Vec<(u64, Answer)>,
    /// The answer to all others.
    pub others: Answer,
}

impl Calls {
    /// The answer to a call.
    pub fn answer(&self, number: u64) -> Answer {
        let known = self.known.iter().find(|(known, _)| *known == number);
        known.map_or(self.others, |(_, answer)| *answer)
    }
}

/// The answer to a system call.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Answer {
    /// It faults.
    Faults(&'static str),
    /// It returns this, and does nothing.
    Nothing(i64),
    /// It is carried out.
    Done,
}

/// Observes an instruction.
pub fn observe<I: Isa>(insn: u32) -> Observed {
    let op = decode::<I>(insn);
    let mut observer = Observer::<I>::default();
    // Nothing stops it.
    let _ = I::execute(op, &mut observer);
    Observed {
        mnemonic: I::TABLE.get(op.index()).map_or("", |row| row.name),
        faults: observer.trap,
        does_nothing: observer.trap.is_none() && !observer.acts && observer.constant.is_none(),
        gives_constant: observer.trap.is_none() && !observer.acts && observer.constant.is_some(),
        is_call: observer.is_call,
        calls: observer.calls,
        reads: observer.reads,
    }
}

/// Where a word comes from.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Origin {
    Constant(u64),
    Fixed(Cell),
    Other,
}

/// Nothing stops an observer.
#[derive(Clone, Copy, Debug)]
struct Never;

/// Notes what an instruction does.
#[derive(Debug)]
struct Observer<I> {
    /// The number of nested choices.
    depth: usize,
    trap: Option<&'static str>,
    /// Whether it has an effect other than a constant in a register.
    acts: bool,
    /// The constant that it writes to a register, the first of several.
    constant: Option<u64>,
    is_call: bool,
    calls: Option<Calls>,
    reads: Vec<Reg>,
    isa: std::marker::PhantomData<I>,
}

impl<I> Default for Observer<I> {
    fn default() -> Self {
        let isa = std::marker::PhantomData;
        Self {
            depth: 0,
            trap: None,
            acts: false,
            constant: None,
            is_call: false,
            calls: None,
            reads: Vec::new(),
            isa,
        }
    }
}

impl<I: Isa> Observer<I> {
    fn act(&mut self) -> Result<Origin, Never> {
        self.acts = true;
        Ok(Origin::Other)
    }

    /// What one arm of a choice does; its effects count for the whole too.
    fn arm(&mut self, arm: impl FnOnce(&mut Self)) -> Self {
        let outer = std::mem::take(self);
        self.depth = outer.depth + 1;
        arm(self);
        let inner = std::mem::replace(self, outer);
        for read in &inner.reads {
            self.read(*read);
        }
        self.acts |= inner.acts;
        self.constant = self.constant.or(inner.constant);
        inner
    }

    fn read(&mut self, r: Reg) {
        if !self.reads.contains(&r) {
            self.reads.push(r);
        }
    }

    /// The answer of a call that does nothing but this.
    fn nothing(&self) -> Answer {
        Answer::Nothing(self.constant.unwrap_or_default() as i64)
    }
}

impl<I: Isa> Machine for Observer<I> {
    type W = Origin;
    type B = ();
    type Stop = Never;

    const BITS: u32 = I::Word::BITS;

    fn reg(&mut self, r: Reg) -> Origin {
        self.read(r);
        match r {
            Reg::Fixed(cell) => Origin::Fixed(cell),
            Reg::Field { .. } => Origin::Other,
        }
    }

    fn set_reg(&mut self, _r: Reg, v: Origin) {
        match v {
            Origin::Constant(value) => self.constant = self.constant.or(Some(value)),
            _ => self.acts = true,
        }
    }

    fn imm(&mut self, _i: Imm) -> Origin {
        Origin::Other
    }

    fn pc(&mut self) -> Origin {
        Origin::Other
    }

    fn constant(&mut self, v: u64) -> Origin {
        Origin::Constant(v)
    }

    fn bin(&mut self, _op: Bin, _a: Origin, _b: Origin) -> Origin {
        Origin::Other
    }

    fn clz(&mut self, _a: Origin) -> Origin {
        Origin::Other
    }

    fn sext(&mut self, a: Origin, _bits: u32) -> Origin {
        a
    }

    fn cmp(&mut self, _op: Cmp, _a: Origin, _b: Origin) {}

    fn not(&mut self, _b: ()) {}

    fn and(&mut self, _a: (), _b: ()) {}

    fn word(&mut self, _b: ()) -> Origin {
        Origin::Other
    }

    fn select(&mut self, _b: (), _yes: Origin, _no: Origin) -> Origin {
        Origin::Other
    }

    fn align(&mut self, _at: Origin, _bytes: u32) -> Origin {
        Origin::Other
    }

    fn load(&mut self, _at: Origin, _bytes: u32) -> Result<Origin, Never> {
        Ok(Origin::Other)
    }

    fn store(&mut self, _at: Origin, _bytes: u32, _v: Origin) -> Result<(), Never> {
        self.act().map(|_| ())
    }

    fn rmw(
        &mut self,
        _at: Origin,
        _bytes: u32,
        change: impl FnOnce(&mut Self, Origin) -> Origin,
    ) -> Result<Origin, Never> {
        change(self, Origin::Other);
        self.act()
    }

    fn own_branch(&mut self, _at: Origin) {}

    fn in_slot(&mut self) {}

    fn branch(&mut self, _taken: (), _target: Origin) {
        self.acts = true;
    }

    fn jump(&mut self, _target: Origin, kind: Jump) {
        self.acts = true;
        self.is_call |= kind == Jump::Call;
    }

    fn stay(&mut self) {
        self.acts = true;
    }

    fn trap_if(&mut self, _when: (), _fault: Fault) -> Result<(), Never> {
        Ok(())
    }

    fn trap(&mut self, fault: Fault) -> Result<(), Never> {
        self.trap = Some(fault.text);
        Ok(())
    }

    fn cond(
        &mut self,
        _when: (),
        mut arm: impl FnMut(&mut Self, bool) -> Result<(), Never>,
    ) -> Result<(), Never> {
        for taken in [true, false] {
            self.arm(|m| {
                let _ = arm(m, taken);
            });
        }
        Ok(())
    }

    fn choose(
        &mut self,
        v: Origin,
        cases: &[Case],
        mut arm: impl FnMut(&mut Self, Option<usize>) -> Result<(), Never>,
    ) -> Result<(), Never> {
        let mut run = |m: &mut Self, case| {
            m.arm(|m| {
                let _ = arm(m, case);
            })
        };
        let listed = cases.iter().enumerate().map(|(i, case)| {
            let does = run(self, Some(i));
            let answer = does.trap.map_or(Answer::Done, Answer::Faults);
            (case.value, answer, does)
        });
        let listed: Vec<_> = listed.collect();
        let others = run(self, None);
        let answer = others.trap.map_or(others.nothing(), Answer::Faults);
        let Origin::Fixed(cell) = v else {
            return Ok(());
        };
        let register = I::REGISTERS
            .get(usize::from(cell.0))
            .copied()
            .unwrap_or_default();
        // This is a choice among the numbers that the outer choice does not list. The numbers that it
        // lists and only answers are known, and nothing is done for them.
        let is_inner = self.depth > 0;
        let mut known: Vec<_> = listed
            .into_iter()
            .map(|(number, answer, does)| match answer {
                Answer::Done if is_inner && !does.acts => (number, does.nothing()),
                answer => (number, answer),
            })
            .collect();
        let others = match others.calls.filter(|inner| inner.register == register) {
            Some(inner) => {
                known.extend(inner.known);
                inner.others
            }
            None => answer,
        };
        self.calls = Some(Calls {
            register,
            known,
            others,
        });
        Ok(())
    }

    fn step(&mut self) -> Origin {
        Origin::Other
    }

    fn is_alone(&mut self, _stack: Stack) {}

    fn push_thread(&mut self, _stack: Stack) {
        self.acts = true;
    }

    fn pop_thread(&mut self) {
        self.acts = true;
    }

    fn exit(&mut self, _code: Origin) {
        self.acts = true;
    }

    fn output(&mut self, _stream: u8, _at: Origin, _count: Origin) {
        self.acts = true;
    }

    fn hint(&mut self, _at: Origin, _count: Origin) -> Result<(), Never> {
        self.act().map(|_| ())
    }

    fn key_append(&mut self, _at: Origin, _count: Origin, _window: u32) -> Result<Origin, Never> {
        self.act()
    }

    fn preimage_read(
        &mut self,
        _at: Origin,
        _count: Origin,
        _window: u32,
        _fault: Fault,
    ) -> Result<Origin, Never> {
        self.act()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use fpvm_isa_mips::Mips32;
    use fpvm_isa_mips64::Mips64;
    use fpvm_isa_riscv::Rv64;
    use fpvm_isa_riscv::imac::Imac;

    #[test]
    fn instructions_tell_what_they_can_do() {
        let addi = observe::<Rv64>(0x0010_8093);
        assert_eq!(
            (addi.mnemonic, addi.faults, addi.does_nothing),
            ("addi", None, false)
        );
        // A compressed pair, a floating point addition, rdcycle.
        assert!(observe::<Rv64>(0x0001_0001).faults.is_some());
        let fadd = observe::<Rv64>(0x0020_8053);
        assert!(fadd.does_nothing && fadd.is_float() && !addi.is_float());
        let fadd = observe::<Imac>(0x0020_8053);
        assert!(fadd.faults.is_some() && fadd.is_float());
        assert!(observe::<Rv64>(0xc000_2573).gives_constant);
        assert!(observe::<Mips32>(0x4600_0000).faults.is_some());
        assert!(!observe::<Mips32>(0).does_nothing);
    }

    #[test]
    fn system_calls_are_found_in_the_definition() {
        let calls = observe::<Rv64>(0x0000_0073).calls.unwrap();
        assert_eq!(calls.register, "a7");
        assert_eq!(calls.answer(93), Answer::Done);
        assert!(matches!(calls.answer(261), Answer::Faults(_)));
        assert_eq!(calls.answer(98), Answer::Nothing(0));
        let calls = observe::<Mips32>(0x0000_000c).calls.unwrap();
        assert_eq!(calls.register, "v0");
        assert_eq!(calls.answer(4246), Answer::Done);
        // Some numbers are listed only to be answered, and the others fault.
        let calls = observe::<Mips64<8>>(0x0000_000c).calls.unwrap();
        assert_eq!(calls.answer(5058), Answer::Done);
        assert_eq!(calls.answer(5003), Answer::Nothing(0));
        assert!(matches!(calls.answer(5060), Answer::Faults(_)));
        // -ENOSYS.
        let calls = observe::<Imac>(0x0000_0073).calls.unwrap();
        assert_eq!(calls.answer(1000), Answer::Nothing(-38));
    }
}
