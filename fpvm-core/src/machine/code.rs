//! Pre-decoded pages: the interpreter's fast form.
//!
//! Instruction words are decoded when they are first reached, some at a time; `chain` runs them. What
//! decoded instructions cannot do (system calls above all) the plain step does.

mod chain;

use crate::definition::decode::Decoder;
use crate::definition::fetch;
use crate::definition::isa::{Isa, Op};
use crate::definition::state::State;
use crate::machine::memory::{MemoryLimit, PAGE_SIZE, Page, PagedMemory};
use crate::machine::observer::Observer;
use crate::step::concrete::{Concrete, Environment, Stop};
use chain::{Decoded, Row};
use rustc_hash::FxHashMap;

/// Decoded pages kept, 16 KiB each, or 36 where there are short instructions.
const CODE_PAGES: usize = 1024;
/// Bytes of a page that are decoded together.
const GROUP: usize = PAGE_SIZE / u64::BITS as usize;

/// A page's instructions.
#[derive(Debug)]
struct CodePage<I: Isa> {
    /// The groups that are decoded, by bit; in the others each instruction is [`Decoded::LEFT`].
    groups: u64,
    /// The instruction at each multiple of [`fetch::unit`], whether one begins there or not.
    instructions: Box<[Decoded<I>]>,
    /// How many instructions follow each other from there to the page's end; empty where all have
    /// the same length.
    following: Box<[u16]>,
}

/// Places of decoded pages that a run loop finds without a hash.
const RECENT: usize = 512;
/// No page has this number.
const NO_PAGE: u64 = u64::MAX;

/// The decoded pages of a guest, and the loop that runs them.
#[derive(Debug)]
pub struct Code<I: Isa> {
    decoder: Decoder<I>,
    /// What to decode an instruction kind to, by table row.
    rows: Vec<Row<I>>,
    places: FxHashMap<u64, usize>,
    pages: Vec<CodePage<I>>,
    free: Vec<usize>,
    recent: Box<[(u64, usize); RECENT]>,
    observer: Option<Box<dyn Observer<I>>>,
}

impl<I: Isa> Default for Code<I> {
    fn default() -> Self {
        Self {
            decoder: Decoder::default(),
            rows: I::Op::ALL.iter().map(|op| Row::of(*op)).collect(),
            places: FxHashMap::default(),
            pages: Vec::new(),
            free: Vec::new(),
            recent: Box::new([(NO_PAGE, 0); RECENT]),
            observer: None,
        }
    }
}

impl<I: Isa> Code<I> {
    /// Runs some steps, at least one, and none past `until`. Ends early after a system call, after a
    /// write to a page that is marked as code (which has to be forgotten before the next call), and
    /// where `arrives` says so of the address that a taken branch or jump goes to.
    pub fn run<E: Environment>(
        &mut self,
        state: &mut State<I>,
        memory: &mut PagedMemory<I::Word>,
        env: &mut E,
        until: u64,
        arrives: &mut impl FnMut(u64) -> bool,
    ) -> Result<(), Stop<MemoryLimit, E::Error>> {
        loop {
            let decoded = self.enter(state.pc(), memory);
            let left_over = !decoded || {
                let (left_over, writes) = chain::run(self, state, memory, until, arrives);
                if writes > 0 {
                    env.wrote_reserved(writes);
                }
                left_over
            };
            if !left_over {
                return Ok(());
            }
            if !decoded || self.is_decoded(state.pc()) {
                break;
            }
        }
        self.step(state, memory, env)
    }

    /// Does one step, which the program has not ended before, as a plain step: what [`Code::run`] does of an
    /// instruction that it cannot run decoded, such as a system call, only sooner.
    pub fn step<E: Environment>(
        &mut self,
        state: &mut State<I>,
        memory: &mut PagedMemory<I::Word>,
        env: &mut E,
    ) -> Result<(), Stop<MemoryLimit, E::Error>> {
        let decoder = &self.decoder;
        let step = |state: &mut State<I>| {
            Concrete::step_decoding(state, memory, env, |insn| decoder.decode(insn))
        };
        observed(&mut self.observer, state, step)
    }

    /// From now on, `observer` looks on, and nobody else. Forgets all decoded pages. Translated code
    /// has to be forgotten too.
    pub fn observe(&mut self, observer: Box<dyn Observer<I>>) {
        let rows = I::Op::ALL.iter().map(|op| {
            if observer.watches(*op) {
                Row::LEFT
            } else {
                Row::of(*op)
            }
        });
        *self = Self {
            rows: rows.collect(),
            observer: Some(observer),
            ..Self::default()
        };
    }

    /// Who looks on, if anybody does.
    pub fn observer(&self) -> Option<&dyn Observer<I>> {
        self.observer.as_deref()
    }

    /// Whether an instruction kind is watched, and so left to the plain step.
    pub fn is_watched(&self, op: I::Op) -> bool {
        self.observer().is_some_and(|observer| observer.watches(op))
    }

    /// Makes a step, and lets it be looked at. A step that fails is none.
    pub(crate) fn observed<E>(
        &mut self,
        state: &mut State<I>,
        step: impl FnOnce(&mut State<I>) -> Result<Option<u32>, E>,
    ) -> Result<(), E> {
        observed(&mut self.observer, state, step)
    }

    /// Forgets decoded pages that were written.
    pub fn forget(&mut self, pages: &[u64]) {
        for number in pages {
            self.recent[*number as usize % RECENT] = (NO_PAGE, 0);
            self.free.extend(self.places.remove(number));
        }
    }

    /// Makes sure that the instruction at an address is decoded and its page among the recent ones;
    /// `false` where nothing would tell of a write to it.
    fn enter(&mut self, pc: u64, memory: &mut PagedMemory<I::Word>) -> bool {
        let number = pc / PAGE_SIZE as u64;
        let place = match self.recent[number as usize % RECENT] {
            (recent, place) if recent == number => place,
            _ => match self.find(number, memory) {
                Some(place) => place,
                None => return false,
            },
        };
        let group = group(pc);
        let page = &mut self.pages[place];
        if page.groups & 1 << group == 0 {
            page.groups |= 1 << group;
            let (bytes, unit) = (memory.page(number), fetch::unit::<I>() as usize);
            for at in (group * GROUP..(group + 1) * GROUP).step_by(unit) {
                let insn = word::<I>(bytes, at);
                // The second half of an instruction at the end is in another page.
                let row = if at + fetch::len::<I>(insn) as usize <= PAGE_SIZE {
                    self.rows[self.decoder.decode(insn).index()]
                } else {
                    Row::LEFT
                };
                page.instructions[at / unit] = row.decode(insn);
            }
        }
        true
    }

    /// Puts a page among the recent ones, and gives its place.
    #[cold]
    fn find(&mut self, number: u64, memory: &mut PagedMemory<I::Word>) -> Option<usize> {
        let place = match self.places.get(&number) {
            Some(place) => *place,
            None => {
                if !memory.mark_code(number) {
                    return None;
                }
                if self.places.len() >= CODE_PAGES {
                    self.places.clear();
                    self.recent.fill((NO_PAGE, 0));
                    self.free = (0..self.pages.len()).collect();
                }
                let page = CodePage::new(memory.page(number));
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
        Some(place)
    }

    /// Whether the instruction at an address in a recent page is decoded.
    fn is_decoded(&self, pc: u64) -> bool {
        let page = self.recent(pc / PAGE_SIZE as u64);
        page.is_some_and(|page| page.groups & 1 << group(pc) != 0)
    }

    /// A recent page.
    #[inline(always)]
    fn recent(&self, number: u64) -> Option<&CodePage<I>> {
        let (recent, place) = self.recent[number as usize % RECENT];
        if recent == number {
            self.pages.get(place)
        } else {
            None
        }
    }
}

/// The group of its page that the instruction at an address is in.
fn group(pc: u64) -> usize {
    pc as usize % PAGE_SIZE / GROUP
}

/// The instruction at a place in a page, as far as it is in it.
fn word<I: Isa>(page: &Page, at: usize) -> u32 {
    let bytes = page[at..].first_chunk();
    let bytes = bytes.map_or([page[at], page[PAGE_SIZE - 1], 0, 0], |bytes| *bytes);
    fetch::word::<I>(bytes)
}

impl<I: Isa> CodePage<I> {
    /// A page of which nothing is decoded.
    fn new(page: &Page) -> Self {
        let unit = fetch::unit::<I>() as usize;
        let units = PAGE_SIZE / unit;
        let mut following = Box::default();
        if I::COMPRESSED_MASK != 0 {
            following = vec![0; units + 2].into_boxed_slice();
            for i in (0..units).rev() {
                let len = fetch::len::<I>(word::<I>(page, i * unit)) as usize;
                following[i] = following[i + len / unit] + 1;
            }
        }
        Self {
            groups: 0,
            instructions: vec![Decoded::LEFT; units].into(),
            following,
        }
    }
}

fn observed<I: Isa, E>(
    observer: &mut Option<Box<dyn Observer<I>>>,
    state: &mut State<I>,
    step: impl FnOnce(&mut State<I>) -> Result<Option<u32>, E>,
) -> Result<(), E> {
    let Some(observer) = observer else {
        return step(state).map(drop);
    };
    observer.before(state);
    let insn = step(state)?;
    observer.after(state, insn);
    Ok(())
}
