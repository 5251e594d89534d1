//! Pre-decoded pages and the loop that runs them: the interpreter's fast form.
//!
//! Each instruction word of a page is decoded when the page is first entered, and with it how many
//! straight instructions follow (found by [`Effects`], not declared): a run of them needs one check
//! of the step count and none of the program counter. Everything else goes step by step.

use crate::concrete::{Concrete, Done, Environment, Position, Stop, StopOf};
use crate::decode::Decoder;
use crate::effects::Effects;
use crate::isa::{Isa, Op, Visitor};
use crate::machine::Machine;
use crate::memory::{MemoryLimit, PAGE_SIZE, PagedMemory};
use crate::state::State;
use crate::word::Word;
use rustc_hash::FxHashMap;

/// Decoded pages kept, 8 KiB each.
const CODE_PAGES: usize = 2048;
/// Instruction words in a page.
const PAGE_WORDS: usize = PAGE_SIZE / 4;

/// A decoded instruction word.
#[derive(Clone, Copy, Debug)]
struct Decoded<I: Isa> {
    insn: u32,
    op: I::Op,
    /// Straight instructions from this one on, in this page.
    straight: u8,
}

type CodePage<I> = [Decoded<I>; PAGE_WORDS];

/// Places of decoded pages that a run loop finds without a hash.
const RECENT: usize = 512;
/// No page has this number.
const NO_PAGE: u64 = u64::MAX;

/// The decoded pages of a guest, and the loop that runs them.
#[derive(Debug)]
pub struct Code<I: Isa> {
    decoder: Decoder<I>,
    /// Whether an instruction kind is straight, by table row.
    straight: Vec<bool>,
    places: FxHashMap<u64, usize>,
    pages: Vec<Box<CodePage<I>>>,
    free: Vec<usize>,
    recent: Box<[(u64, usize); RECENT]>,
}

impl<I: Isa> Default for Code<I> {
    fn default() -> Self {
        Code {
            decoder: Decoder::default(),
            straight: I::Op::ALL
                .iter()
                .map(|op| Effects::of::<I>(*op).straight())
                .collect(),
            places: FxHashMap::default(),
            pages: Vec::new(),
            free: Vec::new(),
            recent: Box::new([(NO_PAGE, 0); RECENT]),
        }
    }
}

impl<I: Isa> Code<I> {
    /// Runs some steps, at least one, and none past `until`. Ends early after a write to a page that
    /// is marked as code (which has to be forgotten before the next call), and where `arrives` says so
    /// of the address that a taken branch or jump goes to.
    pub fn run<E: Environment>(
        &mut self,
        state: &mut State<I>,
        memory: &mut PagedMemory<I::Word>,
        env: &mut E,
        until: u64,
        arrives: &mut impl FnMut(u64) -> bool,
    ) -> Result<(), Stop<MemoryLimit, E::Error>> {
        let first = state.step;
        if self.enter(state.pc() / PAGE_SIZE as u64, memory) {
            run_pages(state, memory, env, self, until, arrives)?;
        }
        // A page that nothing watches, or a program counter between instruction words.
        if state.step == first {
            Concrete::step(state, memory, env)?;
        }
        Ok(())
    }

    /// Forgets decoded pages that were written.
    pub fn forget(&mut self, pages: &[u64]) {
        for number in pages {
            self.recent[*number as usize % RECENT] = (NO_PAGE, 0);
            self.free.extend(self.places.remove(number));
        }
    }

    /// Makes sure that a page is decoded and among the recent ones; `false` where nothing would tell
    /// of a write to it.
    fn enter(&mut self, number: u64, memory: &mut PagedMemory<I::Word>) -> bool {
        let place = match self.places.get(&number) {
            Some(place) => *place,
            None => {
                if !memory.mark_code(number) {
                    return false;
                }
                let Some(page) = self.decode_page(memory.page(number)) else {
                    return false;
                };
                if self.places.len() >= CODE_PAGES {
                    self.places.clear();
                    self.recent.fill((NO_PAGE, 0));
                    self.free = (0..self.pages.len()).collect();
                }
                let place = self.free.pop().unwrap_or(self.pages.len());
                match self.pages.get_mut(place) {
                    Some(old) => *old = page,
                    None => self.pages.push(page),
                }
                self.places.insert(number, place);
                place
            }
        };
        self.recent[number as usize % RECENT] = (number, place);
        true
    }

    /// A recent page.
    #[inline(always)]
    fn recent(&self, number: u64) -> Option<&CodePage<I>> {
        let (recent, place) = self.recent[number as usize % RECENT];
        if recent == number {
            self.pages.get(place).map(|page| &**page)
        } else {
            None
        }
    }

    fn decode_page(&self, page: &[u8; PAGE_SIZE]) -> Option<Box<CodePage<I>>> {
        let words = page.as_chunks::<4>().0.iter().map(|bytes| {
            let insn = match I::BIG_ENDIAN {
                true => u32::from_be_bytes(*bytes),
                false => u32::from_le_bytes(*bytes),
            };
            Decoded {
                insn,
                op: self.decoder.decode(insn),
                straight: 0,
            }
        });
        let mut words: Box<[Decoded<I>]> = words.collect();
        let mut straight = 0u8;
        for word in words.iter_mut().rev() {
            straight = if self.straight[word.op.index()] {
                straight.saturating_add(1)
            } else {
                0
            };
            word.straight = straight;
        }
        words.try_into().ok()
    }
}

/// Runs decoded instructions as long as the program counter stays in recent pages.
#[inline(never)]
fn run_pages<I: Isa, E: Environment>(
    state: &mut State<I>,
    memory: &mut PagedMemory<I::Word>,
    env: &mut E,
    pages: &Code<I>,
    until: u64,
    arrives: &mut impl FnMut(u64) -> bool,
) -> Result<(), Stop<MemoryLimit, E::Error>> {
    let mut at = Position::of(state);
    let mut step = state.step;
    let mut result = Ok(());
    let mut turned = false;
    let mut base = at.pc.zext() & !(PAGE_SIZE as u64 - 1);
    let Some(mut code) = pages.recent(base / PAGE_SIZE as u64) else {
        return Ok(());
    };
    'run: while step < until {
        // A program counter that is not a multiple of 4 rotates to a number past the page.
        let word = at.pc.zext().wrapping_sub(base).rotate_right(2) as usize;
        let Some(decoded) = code.get(word) else {
            base = at.pc.zext() & !(PAGE_SIZE as u64 - 1);
            match pages.recent(base / PAGE_SIZE as u64) {
                Some(page) if at.pc.zext().is_multiple_of(4) => code = page,
                _ => break,
            }
            continue;
        };
        if decoded.straight > 0 && at.is_sequential() {
            let len = u64::from(decoded.straight).min(until - step) as usize;
            let mut done = 0;
            for decoded in &code[word..word + len] {
                let here = at.plus(done);
                let once = Once {
                    state,
                    memory,
                    env,
                    at: here,
                    step: step + done,
                    insn: decoded.insn,
                };
                match I::dispatch(decoded.op, once) {
                    Ok(after) => {
                        done += 1;
                        if after.wrote && memory.has_stale_code() {
                            (at, step) = (at.plus(done), step + done);
                            break 'run;
                        }
                    }
                    Err(stop) => {
                        result = Err(stop);
                        (at, step) = (at.plus(done), step + done);
                        break 'run;
                    }
                }
            }
            (at, step) = (at.plus(done), step + done);
            continue;
        }
        let once = Once {
            state,
            memory,
            env,
            at,
            step,
            insn: decoded.insn,
        };
        match I::dispatch(decoded.op, once) {
            Ok(done) => {
                let arrived = done.position.is_sequential()
                    && done.position.pc != at.plus(1).pc
                    && arrives(done.position.pc.zext());
                at = done.position;
                step += 1;
                turned = done.turned;
                if arrived || done.interrupted || done.wrote && memory.has_stale_code() {
                    break;
                }
            }
            Err(stop) => {
                result = Err(stop);
                break;
            }
        }
    }
    at.put(state);
    state.step = step;
    if turned {
        state.begin_turn();
    }
    result
}

/// Runs one decoded instruction.
struct Once<'a, I: Isa, E> {
    state: &'a mut State<I>,
    memory: &'a mut PagedMemory<I::Word>,
    env: &'a mut E,
    at: Position<I>,
    step: u64,
    insn: u32,
}

impl<'a, I: Isa, E: Environment> Visitor for Once<'a, I, E> {
    type Machine = Concrete<'a, I, PagedMemory<I::Word>, E>;
    type Output = Result<Done<I>, StopOf<PagedMemory<I::Word>, E>>;

    #[inline(always)]
    fn visit(
        self,
        semantics: impl FnOnce(&mut Self::Machine) -> Result<(), <Self::Machine as Machine>::Stop>,
    ) -> Self::Output {
        let mut machine = Concrete::new(
            self.state,
            self.memory,
            self.env,
            self.at,
            self.step,
            self.insn,
        );
        semantics(&mut machine)?;
        Ok(machine.done())
    }
}
