//! The interpretation in which a guest word is a number: one text for the running machine, the
//! recorder and the stateless verifier, which differ only in their memory and their environment.

mod eval;
mod machine;
mod position;

use crate::definition::decode::decode;
use crate::definition::fetch;
use crate::definition::isa::Isa;
use crate::definition::machine::{Fault, Machine};
use crate::definition::operand::Cell;
use crate::definition::state::State;
use crate::definition::word::Word;
use crate::machine::memory::Memory;
use crate::step::oracle::PreimagePart;

pub use eval::eval_bin;
pub use position::Position;

/// What a step reaches beyond state and memory.
pub trait Environment {
    /// Why a pre-image cannot be had.
    type Error;
    /// The part of a pre-image from an offset; `None` where the offset is at or past its end.
    fn part(&mut self, key: &[u8; 32], offset: u64) -> Result<Option<PreimagePart>, Self::Error>;
    /// The guest prints `count` bytes from `at`.
    fn output(&mut self, stream: u8, memory: &mut impl Memory, at: u64, count: u64);
    /// The guest hints `count` bytes from `at`.
    fn hint(&mut self, memory: &mut impl Memory, at: u64, count: u64) -> Result<(), Self::Error>;
    /// The guest has written, so many times, to the word at the address that [`Isa::RESERVATION`] has, which is 0
    /// where nothing is reserved.
    fn wrote_reserved(&mut self, _times: u64) {}
}

/// Why a step did not happen. The state is then as before it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Stop<M, E> {
    /// The instruction faults: the step has no post-state.
    Fault(Fault),
    /// Memory could not be accessed.
    Memory(M),
    /// A pre-image or a hint failed.
    Environment(E),
}

/// A truth value that only a [`Concrete`] machine can look into.
#[derive(Clone, Copy, Debug)]
pub struct Truth(bool);

/// A machine whose words are numbers, over a state, a memory and an environment.
///
/// The program counter stands outside the state while a step runs: where all of an instruction is
/// inlined into a run loop, it and the flags then live in host registers.
#[derive(Debug)]
pub struct Concrete<'a, I: Isa, M, E> {
    /// The architectural state; its program counter is that of the step's begin.
    pub state: &'a mut State<I>,
    /// The memory.
    pub memory: &'a mut M,
    /// Pre-images and output.
    pub env: &'a mut E,
    insn: u32,
    /// The immediate operand, where it is known without the instruction word.
    imm: Option<I::Word>,
    at: Position<I>,
    after: Position<I>,
    step: u64,
    jumped: bool,
    turned: bool,
}

/// What a step did that a run loop has to know.
#[derive(Clone, Copy, Debug)]
pub struct Done<I: Isa> {
    /// Where the program is now.
    pub position: Position<I>,
    /// Whether that need not be the next instruction: a branch was taken, or the instruction stays.
    pub jumped: bool,
    /// Whether a new turn of a thread begins after this step.
    pub turned: bool,
}

/// What a machine over memory `M` and environment `E` stops with.
pub type StopOf<M, E> = Stop<<M as Memory>::Error, <E as Environment>::Error>;

impl<'a, I: Isa, M: Memory, E: Environment> Concrete<'a, I, M, E> {
    /// A machine at the begin of a step, where the step counter is `step`: only instructions that ask
    /// for it look at that. `imm` is the value of the instruction's only immediate operand; without
    /// it, immediates are taken from the instruction word.
    #[inline(always)]
    pub fn new(
        state: &'a mut State<I>,
        memory: &'a mut M,
        env: &'a mut E,
        at: Position<I>,
        step: u64,
        insn: u32,
        imm: Option<I::Word>,
    ) -> Self {
        Concrete {
            state,
            memory,
            env,
            insn,
            imm,
            at,
            after: at.successor(fetch::len::<I>(insn)),
            step,
            jumped: false,
            turned: false,
        }
    }

    /// What the step did, once its instruction has run.
    #[inline(always)]
    pub fn done(&self) -> Done<I> {
        Done {
            position: self.after,
            jumped: self.jumped,
            turned: self.turned,
        }
    }

    /// Executes the step that the state is at: fetches, decodes, runs. On a stop the state is as
    /// before, since traps come before effects. Gives the instruction word; none where the step is a
    /// change of threads.
    ///
    /// Register 0 of a state that no program ran to may hold anything: as in upstream's contracts it
    /// is then read like any other, and no instruction writes it.
    pub fn step(
        state: &'a mut State<I>,
        memory: &'a mut M,
        env: &'a mut E,
    ) -> Result<Option<u32>, StopOf<M, E>> {
        Self::step_decoding(state, memory, env, decode::<I>)
    }

    /// The same by another decoder, which has to decide as [`decode`] does.
    pub(crate) fn step_decoding(
        state: &'a mut State<I>,
        memory: &'a mut M,
        env: &'a mut E,
        decode: impl FnOnce(u32) -> I::Op,
    ) -> Result<Option<u32>, StopOf<M, E>> {
        let (at, step) = (Position::of(state), state.step);
        let due = state.switch_is_due();
        let register_0 = state.get(Cell(0));
        let mut machine = Concrete::new(state, memory, env, at, step, 0, None);
        let insn = if due {
            machine.stay();
            I::context_switch(&mut machine)?;
            None
        } else {
            Some(machine.instruction(decode)?)
        };
        let done = machine.done();
        done.position.put(state);
        state.step = step.wrapping_add(1);
        if done.turned {
            state.mark_switch();
        } else {
            state.set(Cell(0), register_0);
        }
        Ok(insn)
    }

    /// Fetches, decodes and runs the instruction; gives its word.
    fn instruction(&mut self, decode: impl FnOnce(u32) -> I::Op) -> Result<u32, StopOf<M, E>> {
        I::fetch(self)?;
        self.insn = fetch::read::<I, M>(self.memory, self.at.pc.zext()).map_err(Stop::Memory)?;
        self.memory.fetched();
        self.after = self.at.successor(fetch::len::<I>(self.insn));
        I::execute(decode(self.insn), self)?;
        Ok(self.insn)
    }

    /// Drops the reservation where it is of the word that is written.
    #[inline(always)]
    fn written(&mut self, at: u64) {
        let Some(reservation) = I::RESERVATION else {
            return;
        };
        let reserved = self.state.get(reservation.address).zext();
        if (at ^ reserved) & !(u64::from(I::Word::BITS) / 8 - 1) == 0 {
            self.env.wrote_reserved(1);
            for cell in reservation.cells {
                self.state.set(*cell, I::Word::default());
            }
        }
    }

    /// How many bytes of `count` reach no further than the aligned window that `at` is in.
    fn in_window(at: u64, count: u64, window: u32) -> usize {
        let window = u64::from(window);
        let left = window - (at & (window - 1));
        left.min(count) as usize
    }
}
