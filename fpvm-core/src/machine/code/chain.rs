//! Decoded instructions that call each other.
//!
//! A decoded instruction is a function, made of its semantics for the running machine, with its
//! operands. When it has run it calls the function of the instruction that follows, as its last
//! act, so that in optimised builds the call is a jump and nothing stands between two instructions:
//! no step count, no program counter, no loop. Step count and program counter follow from how much
//! of the chain is left when it ends: at its last instruction, at a taken branch, a fault, or a
//! write to code. If the compiler makes no jumps of the calls, the stack holds at most [`LONGEST`]
//! of them.
//!
//! The rest of a chain is counted in [units](fetch::unit). On an ISA with short instructions, a
//! page's table tells how many instructions a number of units are.

use super::Code;
use crate::definition::effects::Effects;
use crate::definition::fetch;
use crate::definition::isa::{Isa, Semantics, Visitor};
use crate::definition::operand::Imm;
use crate::definition::state::State;
use crate::definition::word::Word;
use crate::machine::memory::{Direct, Memory, Miss, PAGE_SIZE, PagedMemory};
use crate::step::concrete::{Concrete, Done, Environment, Position, Stop};
use crate::step::oracle::PreimagePart;
use core::convert::Infallible;
use core::marker::PhantomData;
use num_traits::WrappingSub;

/// Instructions of a chain, or half as many where short ones are among them.
const LONGEST: usize = 256;

/// Runs an instruction and the instructions that follow it. The slice has all their units except
/// the instruction's own first unit. Gives how many units of the slice were not run, or one more if
/// the instruction itself was not run.
///
/// The result has to be one word, because compilers make no jump of a last call that returns more.
type Run<I> = fn(
    &Decoded<I>,
    &[Decoded<I>],
    &mut State<I>,
    &mut PagedMemory<<I as Isa>::Word>,
    &mut Chain<I>,
) -> usize;

/// An instruction ready to run.
#[derive(Clone, Copy, Debug)]
pub(super) struct Decoded<I: Isa> {
    run: Run<I>,
    insn: u32,
    /// Its immediate operand, to be sign-extended.
    imm: u32,
}

impl<I: Isa> Decoded<I> {
    /// An instruction that no chain runs.
    pub(super) const LEFT: Self = Self {
        run: leave,
        insn: 0,
        imm: 0,
    };
}

/// How the instructions of a kind are decoded.
#[derive(Clone, Copy, Debug)]
pub(super) struct Row<I: Isa> {
    run: Run<I>,
    imm: Option<Imm>,
}

impl<I: Isa> Row<I> {
    /// Left to the plain step.
    pub(super) const LEFT: Self = Self {
        run: leave,
        imm: None,
    };

    pub(super) fn of(op: I::Op) -> Self {
        let effects = Effects::of::<I>(op);
        let host = effects.host || effects.threads;
        let chained = !host && !effects.stays && !effects.torn && !effects.more_imms;
        let (straight, branch) = I::dispatch(op, ToRuns(PhantomData));
        let run = match (chained, effects.control) {
            (false, _) => leave,
            (true, false) => straight,
            (true, true) => branch,
        };
        Self {
            run,
            imm: effects.imm,
        }
    }

    pub(super) fn decode(&self, insn: u32) -> Decoded<I> {
        let value = self.imm.map_or(0, |imm| imm.of(insn));
        let (mut run, imm) = (self.run, value as u32);
        if extended::<I>(imm) != I::Word::truncate(value) {
            run = leave;
        }
        Decoded { run, insn, imm }
    }
}

fn extended<I: Isa>(imm: u32) -> I::Word {
    I::Word::truncate(i64::from(imm as i32) as u64)
}

/// The visitor that makes the functions of an instruction: [`straight`] and [`branch`].
struct ToRuns<I>(PhantomData<I>);

impl<I: Isa> Visitor for ToRuns<I> {
    type Output = (Run<I>, Run<I>);

    fn visit<S: Semantics>(self) -> Self::Output {
        (straight::<I, S>, branch::<I, S>)
    }
}

/// What the instructions of a chain share.
#[derive(Debug)]
pub(super) struct Chain<I: Isa> {
    /// The address after its last instruction.
    end: I::Word,
    /// The address at which the program goes on: the same address, or the target of a branch whose
    /// delay slot is the last instruction, or, on an ISA without delay slots, of a branch that is
    /// the last instruction.
    then: I::Word,
    /// How many units a branch has cut off.
    cut: usize,
    /// The access because of which an instruction did not run.
    miss: Option<Miss>,
    /// Writes to the reserved word, for whoever counts them.
    reserved_writes: u64,
}

impl<I: Isa> Chain<I> {
    /// The address of the unit that is followed by this many units.
    #[inline(always)]
    fn pc(&self, left: usize) -> I::Word {
        let back = I::Word::truncate((left as u64 + 1) * fetch::unit::<I>());
        self.end.wrapping_sub(&back)
    }

    /// Lets the chain end before the last `cut` units, and go on at an address.
    #[inline(always)]
    fn turn(&mut self, cut: usize, then: I::Word) {
        let bytes = I::Word::truncate(cut as u64 * fetch::unit::<I>());
        self.end = self.end.wrapping_sub(&bytes);
        self.then = then;
        self.cut = cut;
    }

    #[cold]
    fn missed(&mut self, stop: Stop<Miss, Infallible>) {
        if let Stop::Memory(miss) = stop {
            self.miss = Some(miss);
        }
    }
}

/// Runs the semantics `S` at a position; `None` if the plain step has to run them.
#[inline(always)]
fn execute<I: Isa, S: Semantics>(
    this: &Decoded<I>,
    pc: I::Word,
    state: &mut State<I>,
    memory: &mut PagedMemory<I::Word>,
    chain: &mut Chain<I>,
) -> Option<Done<I>> {
    let (mut direct, mut host) = (Direct(memory), NoHost(&mut chain.reserved_writes));
    let (at, imm) = (Position::sequential(pc), Some(extended::<I>(this.imm)));
    let mut machine = Concrete::new(state, &mut direct, &mut host, at, 0, this.insn, imm);
    if let Err(stop) = S::run(&mut machine) {
        chain.missed(stop);
        return None;
    }
    Some(machine.done())
}

/// The units after an instruction, from the units after its first one; `None` if the chain ends
/// inside the instruction.
#[inline(always)]
fn after<I: Isa, S: Semantics>(rest: &[Decoded<I>]) -> Option<&[Decoded<I>]> {
    let units = (fetch::len::<I>(S::WORD) / fetch::unit::<I>()) as usize;
    rest.get(units - 1..)
}

/// The function of an instruction that the next one follows.
fn straight<I: Isa, S: Semantics>(
    this: &Decoded<I>,
    rest: &[Decoded<I>],
    state: &mut State<I>,
    memory: &mut PagedMemory<I::Word>,
    chain: &mut Chain<I>,
) -> usize {
    let pc = chain.pc(rest.len());
    let Some(following) = after::<I, S>(rest) else {
        return rest.len() + 1;
    };
    if execute::<I, S>(this, pc, state, memory, chain).is_none() {
        return rest.len() + 1;
    }
    match following.split_first() {
        Some((next, rest)) => (next.run)(next, rest, state, memory, chain),
        None => 0,
    }
}

/// The function of an instruction that may branch. On an ISA with delay slots the last instruction
/// of a chain may be in one, and a branch there is left to the plain step.
fn branch<I: Isa, S: Semantics>(
    this: &Decoded<I>,
    rest: &[Decoded<I>],
    state: &mut State<I>,
    memory: &mut PagedMemory<I::Word>,
    chain: &mut Chain<I>,
) -> usize {
    let pc = chain.pc(rest.len());
    let Some(following) = after::<I, S>(rest) else {
        return rest.len() + 1;
    };
    let next = following.split_first();
    if I::DELAY_SLOT && next.is_none() {
        return 1;
    }
    let Some(done) = execute::<I, S>(this, pc, state, memory, chain) else {
        return rest.len() + 1;
    };
    match next {
        Some((slot, rest)) if done.jumped && I::DELAY_SLOT => {
            chain.turn(rest.len(), done.position.next_pc);
            (slot.run)(slot, &[], state, memory, chain)
        }
        _ if done.jumped => {
            chain.turn(following.len(), done.position.pc);
            0
        }
        Some((next, rest)) => (next.run)(next, rest, state, memory, chain),
        None => 0,
    }
}

/// The function of an instruction that is left to the plain step, or is not decoded yet.
fn leave<I: Isa>(
    _: &Decoded<I>,
    rest: &[Decoded<I>],
    _: &mut State<I>,
    _: &mut PagedMemory<I::Word>,
    _: &mut Chain<I>,
) -> usize {
    rest.len() + 1
}

/// Runs chains as long as the program counter stays in recent pages. Tells whether the next
/// instruction is left to the plain step, because it reaches the host or other threads, faults, or
/// accesses memory that needs bookkeeping; and how many writes were to the reserved word.
#[inline(never)]
pub(super) fn run<I: Isa>(
    pages: &Code<I>,
    state: &mut State<I>,
    memory: &mut PagedMemory<I::Word>,
    until: u64,
    arrives: &mut impl FnMut(u64) -> bool,
) -> (bool, u64) {
    let mut at = Position::of(state);
    let mut step = state.step;
    let mut left_over = false;
    let mut reserved_writes = 0;
    let mut missed = None;
    let mut page: &[Decoded<I>] = &[];
    let mut following: &[u16] = &[];
    let mut base = 0;
    while step < until {
        // A program counter that is not a multiple of the unit rotates to a number past the page.
        let place = at.pc.zext().wrapping_sub(base);
        let place = place.rotate_right(fetch::unit::<I>().trailing_zeros()) as usize;
        let Some((first, rest)) = page.get(place..).and_then(<[_]>::split_first) else {
            base = at.pc.zext() & !(PAGE_SIZE as u64 - 1);
            match pages.recent(base / PAGE_SIZE as u64) {
                Some(recent) if at.pc.zext().is_multiple_of(fetch::unit::<I>()) => {
                    (page, following) = (&recent.instructions, &recent.following);
                }
                _ => {
                    left_over = step == state.step;
                    break;
                }
            }
            continue;
        };
        let sequential = at.is_sequential();
        let longest = if sequential { LONGEST - 1 } else { 0 };
        let rest = &rest[..(until - step - 1).min(longest.min(rest.len()) as u64) as usize];
        let all = 1 + rest.len();
        let end = at.plus(all as u64 * fetch::unit::<I>()).pc;
        let mut chain = Chain {
            end,
            then: if sequential { end } else { at.next_pc },
            cut: 0,
            miss: None,
            reserved_writes: 0,
        };
        let left = (first.run)(first, rest, state, memory, &mut chain);
        reserved_writes += chain.reserved_writes;
        let units = all - chain.cut - left;
        let done = match I::COMPRESSED_MASK {
            0 => units as u64,
            _ => u64::from(following[place] - following[place + units]),
        };
        step += done;
        if left == 0 {
            at = Position::sequential(chain.then);
            if chain.then != chain.end && arrives(at.pc.zext()) {
                break;
            }
            continue;
        }
        at = Position::sequential(chain.pc(left - 1));
        if I::DELAY_SLOT && left == 1 {
            at.next_pc = chain.then;
        }
        // An instruction that could not run at the end of a chain may run at the head of one.
        left_over = match chain.miss {
            Some(miss) => missed.replace(step) == Some(step) || !memory.fill_tlb(miss),
            None => done == 0,
        };
        if left_over {
            break;
        }
    }
    at.put(state);
    state.step = step;
    (left_over, reserved_writes)
}

/// The host of instructions that do not reach it, but for the count of writes to the reserved word.
#[derive(Debug)]
struct NoHost<'a>(&'a mut u64);

impl Environment for NoHost<'_> {
    type Error = Infallible;

    fn part(&mut self, _: &[u8; 32], _: u64) -> Result<Option<PreimagePart>, Infallible> {
        Ok(None)
    }

    fn output(&mut self, _: u8, _: &mut impl Memory, _: u64, _: u64) {}

    fn wrote_reserved(&mut self, times: u64) {
        *self.0 += times;
    }

    fn hint(&mut self, _: &mut impl Memory, _: u64, _: u64) -> Result<(), Infallible> {
        Ok(())
    }
}
