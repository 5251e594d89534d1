//! Call stacks, from what functions do with the stack pointer and the return address.
//!
//! This is one more interpretation of the one definition, in which words are known by how they come from
//! those two registers. A function is read in a straight line: prologues move the stack pointer by a
//! constant and save the return address at a constant place, as compilers do; after a jump or a return
//! the frame is again as the prologue made it. So a guest needs symbols and nothing else: no frame
//! pointer, no unwind tables, no certain release of Go.

use fpvm_core::definition::decode::decode;
use fpvm_core::definition::isa::Isa;
use fpvm_core::definition::machine::{Bin, Case, Cmp, Fault, Jump, Machine};
use fpvm_core::definition::operand::{Cell, Imm, Reg};
use fpvm_core::definition::threads::Stack;
use fpvm_core::definition::word::Word as _;
use std::marker::PhantomData;

/// Names of the registers in all ISAs' calling conventions.
const STACK_POINTER: &str = "sp";
const RETURN_ADDRESS: &str = "ra";

/// What an instruction does to the frame of its function.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub struct FrameStep {
    /// The stack pointer moves by a constant, in bytes.
    pub moves: i64,
    /// The stack pointer becomes something else altogether.
    pub switches: bool,
    /// The return address is saved this far from the stack pointer.
    pub saves_at: Option<i64>,
    /// The return address is read back from this far.
    pub restores_from: Option<i64>,
    /// It calls a function.
    pub calls: bool,
    /// It never goes on to the next instruction (except the one in its delay slot), and is not a call.
    pub leaves: bool,
}

/// What an instruction does to the frame.
pub fn frame_step<I: Isa>(insn: u32) -> FrameStep {
    let cell = |name| {
        let at = I::REGISTERS.iter().position(|register| *register == name);
        at.and_then(|at| u8::try_from(at).ok()).map(Cell)
    };
    let mut framing = Framing::<I> {
        insn,
        pointer: cell(STACK_POINTER),
        link: cell(RETURN_ADDRESS),
        step: FrameStep::default(),
        isa: PhantomData,
    };
    // Undefined instructions and system calls do not change a frame.
    let _ = I::execute(decode::<I>(insn), &mut framing);
    framing.step
}

/// A frame at an instruction of its function, before the instruction.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Frame {
    /// The stack pointer, relative to its value when the function was entered; `None` if the function
    /// has gone to another stack.
    pub depth: Option<i64>,
    /// Where the return address is, relative to the same; `None` for its register.
    pub saved_at: Option<i64>,
}

const ENTRY: Frame = Frame {
    depth: Some(0),
    saved_at: None,
};

/// The frames at each instruction of a function.
pub fn frames(steps: impl Iterator<Item = FrameStep>, delay_slot: bool) -> Vec<Frame> {
    let (mut now, mut body) = (ENTRY, ENTRY);
    let mut frames = Vec::new();
    let mut slot_of_leave = false;
    for step in steps {
        frames.push(now);
        let at = |offset: i64| now.depth.map(|depth| depth.wrapping_add(offset));
        let mut next = now;
        if let Some(offset) = step.saves_at {
            next.saved_at = at(offset);
        }
        if step
            .restores_from
            .is_some_and(|offset| at(offset) == now.saved_at)
        {
            next.saved_at = None;
        }
        next.depth = if step.switches { None } else { at(step.moves) };
        // The deepest frame that has the return address in it is the body's.
        let weight = |frame: Frame| {
            (
                frame.depth.map_or(0, |depth| -depth),
                frame.saved_at.is_some(),
            )
        };
        if next.depth.is_some() && weight(next) > weight(body) {
            body = next;
        }
        now = next;
        if slot_of_leave || step.leaves && !delay_slot {
            now = body;
        }
        slot_of_leave = step.leaves && delay_slot;
    }
    frames
}

/// What is known about a word.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Known {
    Constant(u64),
    /// The stack pointer before the instruction, plus this.
    Pointer(i64),
    /// The return address before the instruction.
    Link,
    /// Read from memory, this far from the stack pointer.
    Loaded(i64),
    Other,
}

/// The interpretation ends early only where it cannot know how to go on.
#[derive(Clone, Copy, Debug)]
struct Unknown;

struct Framing<I> {
    insn: u32,
    pointer: Option<Cell>,
    link: Option<Cell>,
    step: FrameStep,
    isa: PhantomData<I>,
}

impl<I: Isa> Machine for Framing<I> {
    type W = Known;
    /// Whether it is known to hold.
    type B = bool;
    type Stop = Unknown;

    const BITS: u32 = I::Word::BITS;

    fn reg(&mut self, r: Reg) -> Known {
        let cell = r.of(self.insn);
        match cell {
            Cell(0) => Known::Constant(0),
            _ if Some(cell) == self.pointer => Known::Pointer(0),
            _ if Some(cell) == self.link => Known::Link,
            _ => Known::Other,
        }
    }

    fn set_reg(&mut self, r: Reg, v: Known) {
        let cell = r.of(self.insn);
        if Some(cell) == self.pointer {
            match v {
                Known::Pointer(by) => self.step.moves = by,
                _ => self.step.switches = true,
            }
        } else if Some(cell) == self.link
            && let Known::Loaded(from) = v
        {
            self.step.restores_from = Some(from);
        }
    }

    fn imm(&mut self, i: Imm) -> Known {
        Known::Constant(i.of(self.insn))
    }

    fn pc(&mut self) -> Known {
        Known::Other
    }

    fn constant(&mut self, v: u64) -> Known {
        Known::Constant(v)
    }

    fn bin(&mut self, op: Bin, a: Known, b: Known) -> Known {
        match (op, a, b) {
            (Bin::Add | Bin::Or, known, Known::Constant(0))
            | (Bin::Add | Bin::Or, Known::Constant(0), known) => known,
            (Bin::Add, Known::Pointer(by), Known::Constant(k))
            | (Bin::Add, Known::Constant(k), Known::Pointer(by)) => {
                Known::Pointer(by.wrapping_add(signed::<I>(k)))
            }
            (Bin::Sub, Known::Pointer(by), Known::Constant(k)) => {
                Known::Pointer(by.wrapping_sub(signed::<I>(k)))
            }
            _ => Known::Other,
        }
    }

    fn clz(&mut self, _a: Known) -> Known {
        Known::Other
    }

    fn sext(&mut self, a: Known, _bits: u32) -> Known {
        a
    }

    fn cmp(&mut self, op: Cmp, a: Known, b: Known) -> bool {
        op == Cmp::Eq && a == b && a != Known::Other
    }

    fn not(&mut self, _b: bool) -> bool {
        false
    }

    fn and(&mut self, a: bool, b: bool) -> bool {
        a && b
    }

    fn word(&mut self, _b: bool) -> Known {
        Known::Other
    }

    fn select(&mut self, _b: bool, _yes: Known, _no: Known) -> Known {
        Known::Other
    }

    fn align(&mut self, at: Known, _bytes: u32) -> Known {
        at
    }

    fn load(&mut self, at: Known, _bytes: u32) -> Result<Known, Unknown> {
        Ok(match at {
            Known::Pointer(from) => Known::Loaded(from),
            _ => Known::Other,
        })
    }

    fn store(&mut self, at: Known, _bytes: u32, v: Known) -> Result<(), Unknown> {
        if let (Known::Pointer(at), Known::Link) = (at, v) {
            self.step.saves_at = Some(at);
        }
        Ok(())
    }

    fn rmw(
        &mut self,
        at: Known,
        _bytes: u32,
        change: impl FnOnce(&mut Self, Known) -> Known,
    ) -> Result<Known, Unknown> {
        let new = change(self, Known::Other);
        self.store(at, 0, new)?;
        Ok(Known::Other)
    }

    fn own_branch(&mut self, _at: Known) {}

    fn in_slot(&mut self) -> bool {
        false
    }

    fn branch(&mut self, taken: bool, _target: Known) {
        self.step.leaves |= taken;
    }

    fn jump(&mut self, _target: Known, kind: Jump) {
        self.step.calls |= kind == Jump::Call;
        self.step.leaves |= kind != Jump::Call;
    }

    fn stay(&mut self) {}

    fn trap_if(&mut self, _when: bool, _fault: Fault) -> Result<(), Unknown> {
        Ok(())
    }

    fn trap(&mut self, _fault: Fault) -> Result<(), Unknown> {
        Err(Unknown)
    }

    fn cond(
        &mut self,
        _when: bool,
        _arm: impl FnMut(&mut Self, bool) -> Result<(), Unknown>,
    ) -> Result<(), Unknown> {
        Err(Unknown)
    }

    fn choose(
        &mut self,
        _v: Known,
        _cases: &[Case],
        _arm: impl FnMut(&mut Self, Option<usize>) -> Result<(), Unknown>,
    ) -> Result<(), Unknown> {
        Err(Unknown)
    }

    fn step(&mut self) -> Known {
        Known::Other
    }

    fn is_alone(&mut self, _stack: Stack) -> bool {
        false
    }

    fn push_thread(&mut self, _stack: Stack) {
        self.step.switches = true;
    }

    fn pop_thread(&mut self) {
        self.step.switches = true;
    }

    fn exit(&mut self, _code: Known) {}

    fn output(&mut self, _stream: u8, _at: Known, _count: Known) {}

    fn hint(&mut self, _at: Known, _count: Known) -> Result<(), Unknown> {
        Err(Unknown)
    }

    fn key_append(&mut self, _at: Known, _count: Known, _window: u32) -> Result<Known, Unknown> {
        Err(Unknown)
    }

    fn preimage_read(
        &mut self,
        _at: Known,
        _count: Known,
        _window: u32,
        _fault: Fault,
    ) -> Result<Known, Unknown> {
        Err(Unknown)
    }
}

/// A constant as a signed number of the guest's width.
fn signed<I: Isa>(k: u64) -> i64 {
    let unused = 64 - I::Word::BITS;
    ((k << unused) as i64) >> unused
}

#[cfg(test)]
mod tests {
    use super::*;
    use fpvm_isa_mips::Mips32;
    use fpvm_isa_riscv::Rv64;

    #[test]
    fn instructions_tell_what_they_do_to_a_frame() {
        let sub = frame_step::<Mips32>(0x27bd_ffe0); // addiu sp, sp, -32
        assert_eq!((sub.moves, sub.switches), (-32, false));
        assert_eq!(frame_step::<Mips32>(0xafbf_001c).saves_at, Some(28)); // sw ra, 28(sp)
        assert_eq!(frame_step::<Mips32>(0x8fbf_001c).restores_from, Some(28));
        assert!(frame_step::<Mips32>(0x03e0_0008).leaves); // jr ra
        assert!(frame_step::<Mips32>(0x0c00_0000).calls); // jal
        assert!(frame_step::<Mips32>(0x8c9d_0000).switches); // lw sp, 0(a0)
        assert_eq!(frame_step::<Rv64>(0xfe01_0113).moves, -32); // addi sp, sp, -32
        assert_eq!(frame_step::<Rv64>(0x0011_3c23).saves_at, Some(24)); // sd ra, 24(sp)
        assert_eq!(frame_step::<Rv64>(0x0181_3083).restores_from, Some(24));
        assert!(frame_step::<Rv64>(0x0000_8067).leaves); // ret
        assert_eq!(frame_step::<Rv64>(0x0000_0073), FrameStep::default()); // ecall
    }

    /// A prologue behind a branch, a return in the middle, and code behind it.
    #[test]
    fn a_function_s_frames_are_found_in_a_straight_line() {
        let code = [
            0x0015_0463, // beq a0, ra, +8
            0xfe01_0113, // addi sp, sp, -32
            0x0011_3023, // sd ra, 0(sp)
            0x0000_0013, // nop
            0x0001_3083, // ld ra, 0(sp)
            0x0201_0113, // addi sp, sp, 32
            0x0000_8067, // ret
            0x0000_0013, // nop
        ];
        let frames = frames(code.iter().map(|insn| frame_step::<Rv64>(*insn)), false);
        let found: Vec<_> = frames.iter().map(|f| (f.depth, f.saved_at)).collect();
        let body = (Some(-32), Some(-32));
        let entry = (Some(0), None);
        let half = (Some(-32), None);
        assert_eq!(found, [entry, entry, half, body, body, half, entry, body]);
    }
}
