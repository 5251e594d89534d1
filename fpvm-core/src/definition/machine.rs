//! The abstract machine: what an instruction may do, and no more.
//!
//! Instruction semantics are functions `fn name<M: Machine>(m: &mut M) -> Result<(), M::Stop>`.
//! They are written once, per ISA, and every use of a VM is another implementation of this trait:
//! an interpreter, a recorder, a stateless verifier, a translator, a contract emitter.
//!
//! Rules for semantics (checked by `fpvm-lint`):
//! 1. Traps come before effects: no [`Machine::trap_if`] after a register or memory write.
//! 2. Guest values and truth values are opaque; there is no host `if` on them. Real differences in
//!    control use [`Machine::cond`] and [`Machine::choose`], whose arms let no value escape.
//! 3. Memory is accessed in a fixed order for each instruction, since the n-th access uses the n-th
//!    memory proof; an ISA declares how many data leaves a step may touch.
//! 4. A read-modify-write uses [`Machine::rmw`], so one walk over a proof gives old and new root.
//! 5. Operands are read before registers are written.

use crate::definition::operand::{Cell, Imm, Reg};
use crate::definition::threads::Stack;

/// A two-operand word operation. Total: none faults, on any operands.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Bin {
    /// Wrapping sum.
    Add,
    /// Wrapping difference.
    Sub,
    /// Bitwise and.
    And,
    /// Bitwise or.
    Or,
    /// Bitwise exclusive or.
    Xor,
    /// Shift left; 0 where the amount is the width or more.
    Shl,
    /// Logical shift right; 0 where the amount is the width or more.
    Shr,
    /// Arithmetic shift right; all sign bits where the amount is the width or more.
    Sar,
    /// Low word of the product.
    Mul,
    /// High word of the unsigned product.
    MulHighUnsigned,
    /// High word of the signed product.
    MulHighSigned,
    /// High word of signed `a` times unsigned `b`.
    MulHighSignedUnsigned,
    /// Unsigned quotient; all ones where the divisor is 0.
    DivUnsigned,
    /// Signed quotient, rounded to zero; all ones where the divisor is 0, `MIN / -1` is `MIN`.
    DivSigned,
    /// Unsigned remainder; the dividend where the divisor is 0.
    RemUnsigned,
    /// Signed remainder; the dividend where the divisor is 0, `MIN % -1` is 0.
    RemSigned,
}

/// A comparison of two words.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Cmp {
    /// Equal.
    Eq,
    /// Signed less.
    LessSigned,
    /// Unsigned less.
    LessUnsigned,
}

/// A case of a [choice](Machine::choose): a value, and what it is called. The name means nothing to a
/// machine; listings, the book's tables and the contract show it.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Case {
    /// The value, cut to the word.
    pub value: u64,
    /// Its name: of a system call, a command, a file.
    pub name: &'static str,
}

impl Case {
    /// A value and its name.
    pub const fn new(value: u64, name: &'static str) -> Self {
        Self { value, name }
    }
}

/// What a jump is for; a hint for return prediction and profiles.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Jump {
    /// A plain jump.
    Jump,
    /// A call: the link register was written.
    Call,
    /// A return: the target is the link register.
    Return,
}

/// Why a step has no post-state: upstream's VM panics there and its contract reverts.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Fault {
    /// The code that the contract reverts with (RISC-V's are upstream's, MIPS's are ours).
    pub code: u32,
    /// What went wrong, in words.
    pub text: &'static str,
}

impl core::fmt::Display for Fault {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str(self.text)
    }
}

/// An abstract machine in the middle of one step.
///
/// Before an instruction runs, the shell has fetched it, counted the step and set the program
/// counter to its default successor; [`Machine::pc`] still gives the instruction's own address.
pub trait Machine {
    /// A guest word: a number, an SSA value, an expression …
    type W: Copy;
    /// A truth value. Its own type, so that a host `if` on a guest value does not compile.
    type B: Copy;
    /// Why a step ended early. Uninhabited where nothing runs.
    type Stop;

    /// Width of a guest word in bits.
    const BITS: u32;

    // Operands and state.

    /// The word in a register operand.
    fn reg(&mut self, r: Reg) -> Self::W;
    /// Writes a register operand; a write to register 0 is dropped.
    fn set_reg(&mut self, r: Reg, v: Self::W);
    /// An immediate operand of this instruction.
    fn imm(&mut self, i: Imm) -> Self::W;
    /// The address of this instruction.
    fn pc(&mut self) -> Self::W;
    /// A constant, cut to the word.
    fn constant(&mut self, v: u64) -> Self::W;

    // Words.

    /// A two-operand operation.
    fn bin(&mut self, op: Bin, a: Self::W, b: Self::W) -> Self::W;
    /// Leading zero bits, 0 to the word's width.
    fn clz(&mut self, a: Self::W) -> Self::W;
    /// Sign-extends the low `bits` bits to the word.
    fn sext(&mut self, a: Self::W, bits: u32) -> Self::W;
    /// A comparison.
    fn cmp(&mut self, op: Cmp, a: Self::W, b: Self::W) -> Self::B;
    /// The negation of a truth value.
    fn not(&mut self, b: Self::B) -> Self::B;
    /// Whether both hold.
    fn and(&mut self, a: Self::B, b: Self::B) -> Self::B;
    /// 1 where it holds, else 0.
    fn word(&mut self, b: Self::B) -> Self::W;
    /// `yes` where it holds, else `no`.
    fn select(&mut self, b: Self::B, yes: Self::W, no: Self::W) -> Self::W;

    // Memory. `bytes` is 1, 2, 4 or 8 and at most the word.

    /// The address with its low bits cleared to a multiple of `bytes`. Its own operation because a
    /// translator expects it to change nothing and guards that, rather than masking.
    fn align(&mut self, at: Self::W, bytes: u32) -> Self::W;
    /// The `bytes` bytes at an address in the guest's byte order, zero-extended.
    fn load(&mut self, at: Self::W, bytes: u32) -> Result<Self::W, Self::Stop>;
    /// Writes the low `bytes` bytes of a word.
    fn store(&mut self, at: Self::W, bytes: u32, v: Self::W) -> Result<(), Self::Stop>;
    /// Replaces the `bytes` bytes at an address by a function of them, and gives the old ones. The
    /// address is aligned.
    fn rmw(
        &mut self,
        at: Self::W,
        bytes: u32,
        change: impl FnOnce(&mut Self, Self::W) -> Self::W,
    ) -> Result<Self::W, Self::Stop>;
    /// The next access is to `at` and uses a branch of its own, even to the leaf of the one before.
    fn own_branch(&mut self, at: Self::W);

    // Control.

    /// Whether this instruction stands in the delay slot of a branch. Never, on an ISA without.
    fn in_slot(&mut self) -> Self::B;
    /// Goes on at `target` where `taken` holds (after the delay slot, on an ISA that has one).
    fn branch(&mut self, taken: Self::B, target: Self::W);
    /// Goes on at `target` (after the delay slot, on an ISA that has one).
    fn jump(&mut self, target: Self::W, kind: Jump);
    /// Undoes the shell's default: the program counter stays at this instruction.
    fn stay(&mut self);
    /// The step has no post-state where this holds.
    fn trap_if(&mut self, when: Self::B, fault: Fault) -> Result<(), Self::Stop>;
    /// The step has no post-state.
    fn trap(&mut self, fault: Fault) -> Result<(), Self::Stop>;

    // Structured choice, for system calls.

    /// Runs `arm(m, true)` where it holds, else `arm(m, false)`. An interpreter runs one, an emitter
    /// both. No value made inside may leave.
    fn cond(
        &mut self,
        when: Self::B,
        arm: impl FnMut(&mut Self, bool) -> Result<(), Self::Stop>,
    ) -> Result<(), Self::Stop>;
    /// Runs `arm(m, Some(i))` where the word equals the value of `cases[i]`, `arm(m, None)` where it
    /// equals none. Of equal values the first counts.
    fn choose(
        &mut self,
        v: Self::W,
        cases: &[Case],
        arm: impl FnMut(&mut Self, Option<usize>) -> Result<(), Self::Stop>,
    ) -> Result<(), Self::Stop>;

    // Threads; only on an ISA that has them.

    /// The number of this step: the step counter as it is after it.
    fn step(&mut self) -> Self::W;
    /// Whether no thread but the running one is on a stack.
    fn is_alone(&mut self, stack: Stack) -> Self::B;
    /// Puts a copy of the running thread, as this step leaves it so far, on a stack (on the active one
    /// beneath the running one), and begins a new turn.
    fn push_thread(&mut self, stack: Stack);
    /// Drops the running thread, takes the top of the active stack in its place, and begins a new
    /// turn. The last thing in a step: a verifier does not know what it finds.
    fn pop_thread(&mut self);

    // System calls.

    /// Ends the program: sets the exited flag, and the exit code to the low byte of `code`.
    fn exit(&mut self, code: Self::W);
    /// Shows guest bytes on the host's stdout (1) or stderr (2). No effect on the state.
    fn output(&mut self, stream: u8, at: Self::W, count: Self::W);
    /// Passes guest bytes to the hint channel. No effect on the state; stops only where the host fails.
    fn hint(&mut self, at: Self::W, count: Self::W) -> Result<(), Self::Stop>;
    /// Shifts the pre-image key left by n bytes, takes the n guest bytes at `at` as its tail and
    /// resets the pre-image offset. n is `count`, but no further than the end of the aligned window
    /// of `window` bytes that `at` is in. Reads that window's leaf (even where n is 0); gives n.
    fn key_append(
        &mut self,
        at: Self::W,
        count: Self::W,
        window: u32,
    ) -> Result<Self::W, Self::Stop>;
    /// Copies n bytes of `length as u64 big-endian ‖ pre-image` at the pre-image offset to `at` and
    /// moves the offset on. n is `count`, but no more than is left, than 32, and than reaches the
    /// end of the aligned window of `window` bytes (a power of two up to 32) that `at` is in. Writes
    /// that window's leaf (even where n is 0); gives n. `fault` where the offset is at or past the
    /// end.
    fn preimage_read(
        &mut self,
        at: Self::W,
        count: Self::W,
        window: u32,
        fault: Fault,
    ) -> Result<Self::W, Self::Stop>;

    // Said for whoever checks the semantics.

    /// Says that the instruction is meant to do nothing. The lint reports one that does nothing and does
    /// not say so, since it may have been forgotten.
    #[inline(always)]
    fn nothing(&mut self) {}

    // Shorthands.

    /// A cell of the state.
    #[inline(always)]
    fn get(&mut self, c: Cell) -> Self::W {
        self.reg(Reg::Fixed(c))
    }
    /// Writes a cell of the state.
    #[inline(always)]
    fn set(&mut self, c: Cell, v: Self::W) {
        self.set_reg(Reg::Fixed(c), v);
    }
    /// Wrapping sum.
    #[inline(always)]
    fn add(&mut self, a: Self::W, b: Self::W) -> Self::W {
        self.bin(Bin::Add, a, b)
    }
    /// Wrapping sum with a constant.
    #[inline(always)]
    fn add_k(&mut self, a: Self::W, k: u64) -> Self::W {
        let k = self.constant(k);
        self.bin(Bin::Add, a, k)
    }
    /// Bitwise and with a constant.
    #[inline(always)]
    fn and_k(&mut self, a: Self::W, k: u64) -> Self::W {
        let k = self.constant(k);
        self.bin(Bin::And, a, k)
    }
    /// Whether two words are equal.
    #[inline(always)]
    fn eq(&mut self, a: Self::W, b: Self::W) -> Self::B {
        self.cmp(Cmp::Eq, a, b)
    }
    /// Whether a word equals a constant.
    #[inline(always)]
    fn eq_k(&mut self, a: Self::W, k: u64) -> Self::B {
        let k = self.constant(k);
        self.cmp(Cmp::Eq, a, k)
    }
    /// Whether either holds.
    #[inline(always)]
    fn or(&mut self, a: Self::B, b: Self::B) -> Self::B {
        let (a, b) = (self.not(a), self.not(b));
        let neither = self.and(a, b);
        self.not(neither)
    }
}
