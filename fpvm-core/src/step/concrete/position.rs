//! Where a program is.

use crate::definition::isa::Isa;
use crate::definition::state::State;
use crate::definition::word::Word;
use num_traits::WrappingAdd;

/// Where a program is: the address of the next instruction, and with a delay slot of the one after.
#[derive(Clone, Copy, Debug)]
pub struct Position<I: Isa> {
    /// Program counter.
    pub pc: I::Word,
    /// The program counter after that; zero without a delay slot.
    pub next_pc: I::Word,
}

impl<I: Isa> Position<I> {
    /// The position that a state holds.
    #[inline(always)]
    pub fn of(state: &State<I>) -> Self {
        let next_pc = I::NEXT_PC.map_or(I::Word::default(), |cell| state.get(cell));
        Self {
            pc: state.get(I::PC),
            next_pc,
        }
    }

    /// Puts the position into a state.
    #[inline(always)]
    pub fn put(self, state: &mut State<I>) {
        state.set(I::PC, self.pc);
        if let Some(cell) = I::NEXT_PC {
            state.set(cell, self.next_pc);
        }
    }

    /// Whether the next two instructions follow each other: no delay slot is under way.
    #[inline(always)]
    pub fn is_sequential(self) -> bool {
        !I::DELAY_SLOT || self.next_pc == self.pc.wrapping_add(&I::Word::truncate(4))
    }

    /// The position at an address, with no delay slot under way.
    #[inline(always)]
    pub fn sequential(pc: I::Word) -> Self {
        let next_pc = if I::DELAY_SLOT {
            pc.wrapping_add(&I::Word::truncate(4))
        } else {
            I::Word::default()
        };
        Self { pc, next_pc }
    }

    /// The position this many bytes of straight instructions on; only from a sequential one.
    #[inline(always)]
    pub fn plus(self, bytes: u64) -> Self {
        let bytes = I::Word::truncate(bytes);
        let next_pc = if I::DELAY_SLOT {
            self.next_pc.wrapping_add(&bytes)
        } else {
            self.next_pc
        };
        Self {
            pc: self.pc.wrapping_add(&bytes),
            next_pc,
        }
    }

    /// The position after an instruction of so many bytes that is no jump.
    #[inline(always)]
    pub(super) fn successor(self, len: u64) -> Self {
        let len = I::Word::truncate(len);
        if I::DELAY_SLOT {
            Self {
                pc: self.next_pc,
                next_pc: self.next_pc.wrapping_add(&len),
            }
        } else {
            Self {
                pc: self.pc.wrapping_add(&len),
                next_pc: self.next_pc,
            }
        }
    }
}
