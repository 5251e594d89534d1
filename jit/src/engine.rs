//! The tier: it decides which code is hot, runs it, and does what happens outside of translated code.

#[cfg(any(test, feature = "faults"))]
mod faults;
mod record;

use crate::cache::{Cache, ExitAction};
use crate::hot_counters::HotCounters;
use crate::layout::Layout;
use crate::trace::Trace;
use crate::{Counters, Departure};
use fpvm_core::definition::decode::Decoder;
use fpvm_core::definition::effects::Effects;
use fpvm_core::definition::fetch;
use fpvm_core::definition::isa::{Isa, Op};
use fpvm_core::definition::operand::{CELLS, Cell};
use fpvm_core::definition::state::State;
use fpvm_core::definition::word::Word;
use fpvm_core::machine::code::Code;
use fpvm_core::machine::hot_code::HotCode;
use fpvm_core::machine::memory::{MemoryLimit, PagedMemory};
use fpvm_core::machine::vm::{Running, Tier};
use fpvm_core::step::concrete::{Position, Stop};
use fpvm_core::step::oracle::OracleError;
use record::ROOM;
use rustc_hash::{FxHashMap, FxHashSet};
use std::io;
use std::sync::Arc;

/// If an instruction of a trace is left to the interpreter this often, the trace is made anew, without
/// the expectation that the instruction's addresses are aligned.
const MANY_EXITS: u32 = 50;

type Stopped = Stop<MemoryLimit, OracleError>;

/// The translator, as a tier for a [`fpvm_core::machine::vm::Vm`].
#[derive(Debug)]
pub struct Jit<I: Isa> {
    pub(crate) cache: Cache,
    decoder: Decoder<I>,
    /// Instruction kinds that reach the host, by table row.
    host: Vec<bool>,
    visits: HotCounters,
    uses: [u32; CELLS],
    layouts: usize,
    trace: Trace,
    path: Vec<u64>,
    /// Addresses at which no trace can begin.
    refused: FxHashMap<u64, Refusal>,
    /// Instructions whose addresses are not expected to be aligned.
    assume_unaligned: FxHashSet<u64>,
    /// How often code in a page was written.
    writes: FxHashMap<u64, u32>,
    /// The exit just taken, which may become a jump to the next trace.
    pending: Option<u32>,
    /// The memory for which all this is valid.
    memory: Option<u64>,
    counters: Arc<Counters>,
    /// Whether places are counted too.
    explains: bool,
    /// Gets the addresses at which traces begin.
    shared: Option<HotCode>,
    pub(crate) hooks: DebugHooks,
}

/// Why no trace begins at an address.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Refusal {
    /// A trace cannot hold the instruction there, which may be a system call.
    Instruction { calls_host: bool },
    /// Code in its page is written too often.
    Page,
}

/// What a crosscheck wants to know of a translator, and have of it.
#[derive(Debug, Default)]
pub(crate) struct DebugHooks {
    /// The instructions of each trace by its head, where they are to be kept.
    pub(crate) paths: Option<FxHashMap<u64, Box<[u64]>>>,
    /// No traces are made or dropped.
    pub(crate) frozen: bool,
    /// Traces that may still be entered, one at a time; the interpreter does all else.
    pub(crate) left: Option<u64>,
    /// Ends the run after the last of them.
    pub(crate) stops: bool,
    /// The head of the trace last entered, and the step.
    pub(crate) entered: Option<(u64, u64)>,
    /// What is translated wrong on purpose.
    #[cfg(any(test, feature = "faults"))]
    pub(crate) fault: Option<Fault>,
}

/// Which trace is translated wrong on purpose.
#[cfg(any(test, feature = "faults"))]
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Fault {
    /// The one at this head.
    #[cfg(test)]
    Head(u64),
    /// The one that is made as this one, counted from 1.
    #[cfg(feature = "faults")]
    Trace(u64),
}

impl<I: Isa> Jit<I> {
    /// A translator that has seen nothing. Fails if the processor lacks what it needs (see
    /// [`crate::supported`]) or the system gives no memory for code.
    pub fn new() -> io::Result<Self> {
        if !crate::supported() {
            return Err(io::Error::new(
                io::ErrorKind::Unsupported,
                "the translator needs an x86-64 processor with BMI2, LZCNT and MOVBE",
            ));
        }
        let host = |op: &I::Op| Effects::of::<I>(*op).host;
        Ok(Self {
            cache: Cache::new(Layout::new::<I>(&[0; CELLS]))?,
            decoder: Decoder::default(),
            host: I::Op::ALL.iter().map(host).collect(),
            visits: HotCounters::default(),
            uses: [0; CELLS],
            layouts: 0,
            trace: Trace::default(),
            path: Vec::new(),
            refused: FxHashMap::default(),
            assume_unaligned: FxHashSet::default(),
            writes: FxHashMap::default(),
            pending: None,
            memory: None,
            counters: Arc::default(),
            explains: false,
            shared: None,
            hooks: DebugHooks::default(),
        })
    }

    /// How often code is reached before it is translated.
    pub(crate) fn hot(&self) -> u8 {
        self.visits.hot
    }

    /// Translates the trace wrong that is made as this one, counted from 1: its sums are differences.
    #[cfg(feature = "faults")]
    pub fn spoil(mut self, trace: u64) -> Self {
        self.hooks.fault = Some(Fault::Trace(trace));
        self
    }

    /// Translates code when it has been reached this often; 0 and 1 mean at once.
    pub fn hot_after(mut self, visits: u8) -> Self {
        self.visits.hot = visits;
        self
    }

    /// Hashes all code that it makes, for [`Counters::code_digest`]: to see whether a change of the
    /// translator changes what it emits.
    pub fn digest_code(mut self) -> Self {
        // The offset basis of FNV-1a.
        self.cache.digest = Some(0xcbf2_9ce4_8422_2325);
        self
    }

    /// Counts the places at which control leaves translated code, or does not get into it, for
    /// [`Counters::places`]. That takes some time at each such place.
    pub fn explain(mut self) -> Self {
        self.explains = true;
        self
    }

    /// What the translator does, counted as it runs.
    pub fn counters(&self) -> Arc<Counters> {
        self.counters.clone()
    }

    /// Forgets all traces.
    pub(crate) fn clear(&mut self, layout: Option<Layout>) {
        self.cache.clear(layout);
        if let Some(paths) = &mut self.hooks.paths {
            paths.clear();
        }
        self.refused.clear();
        self.pending = None;
    }

    /// Forgets everything that was seen of the guest.
    pub(crate) fn start_over(&mut self, hot: u8) {
        self.visits.clear();
        self.visits.hot = hot;
        self.assume_unaligned.clear();
        self.writes.clear();
        self.clear(None);
    }

    fn word(memory: &mut PagedMemory<I::Word>, pc: u64) -> u32 {
        // Memory reads of a running machine do not fail.
        fetch::read::<I, _>(memory, pc).unwrap_or_default()
    }

    fn go_to(state: &mut State<I>, pc: u64) {
        let pc = I::Word::truncate(pc);
        let next = I::Word::truncate(pc.zext().wrapping_add(4));
        let next_pc = if I::DELAY_SLOT {
            next
        } else {
            I::Word::default()
        };
        Position { pc, next_pc }.put(state);
    }

    /// Counts that control was outside of translated code from an address on.
    fn depart(&self, why: Departure, pc: u64, steps: u64) {
        self.counters.depart(why, steps);
        if self.explains {
            self.counters.note(why, pc, steps);
        }
    }

    /// Makes the interpreter do steps, up to `until` at most, or to a jump to hot code.
    fn interpret(
        &mut self,
        why: Departure,
        code: &mut Code<I>,
        state: &mut State<I>,
        memory: &mut PagedMemory<I::Word>,
        env: &mut Running<'_, '_>,
        until: u64,
    ) -> Result<(), Stopped> {
        let (pc, before) = (state.pc(), state.step);
        let done = code.run(state, memory, env, until, &mut |pc| self.visits.count(pc));
        self.depart(why, pc, state.step.wrapping_sub(before));
        done
    }

    /// Runs translated code from an offset on, until something else has to be done.
    fn execute(
        &mut self,
        mut begin: usize,
        code: &mut Code<I>,
        state: &mut State<I>,
        memory: &mut PagedMemory<I::Word>,
        env: &mut Running<'_, '_>,
        until: u64,
    ) -> Result<(), Stopped> {
        // A system call may end the thread's turn; another one is not begun here.
        let mut until = until;
        loop {
            let budget = until.wrapping_sub(state.step);
            let (head, first) = (state.pc(), state.step);
            let cache = &mut self.cache;
            let number = cache
                .context
                .enter(&cache.buffer, begin, state, memory, budget);
            Counters::add(&self.counters.exits, 1);
            if state.step != first {
                self.hooks.entered = Some((head, first));
                self.hooks.left = self.hooks.left.map(|left| left.saturating_sub(1));
            }
            let address = cache.context.address();
            let Some(exit) = cache.exit(number) else {
                return Ok(());
            };
            let (action, pc, trace, rest) = (exit.action, exit.pc, exit.trace, exit.rest);
            match action {
                ExitAction::Go => {
                    Self::go_to(state, pc);
                    self.pending = Some(number);
                    self.cache.link(number);
                    self.depart(Departure::Unlinked, pc, 0);
                }
                ExitAction::Find => {
                    Self::go_to(state, address);
                    self.pending = None;
                    self.cache.refind(address);
                    self.depart(Departure::NotFound, address, 0);
                }
                ExitAction::Finish => {
                    Self::go_to(state, pc);
                    self.pending = None;
                    if state.step >= until {
                        return Ok(());
                    }
                    return self.interpret(Departure::Last, code, state, memory, env, until);
                }
                ExitAction::Interpret(why) => {
                    exit.interpreted += 1;
                    let many = exit.interpreted >= MANY_EXITS && !self.hooks.frozen;
                    let assume_unaligned = exit.assume_unaligned;
                    let why = match why {
                        Departure::Page => self.cache.context.take_refusal(I::Word::BITS == 64),
                        why => why,
                    };
                    Self::go_to(state, pc);
                    self.pending = None;
                    if many && !assume_unaligned {
                        self.assume_unaligned.insert(pc);
                        self.cache.drop_trace(trace);
                    }
                    if state.step >= until {
                        return Ok(());
                    }
                    // The interpreter goes on to the trace's end, where the next trace begins. If it did only
                    // this instruction, no trace would begin after it, and straight-line code would be
                    // interpreted to its end, however long it is.
                    let until = until.min(state.step.saturating_add(rest.into()));
                    return self.interpret(why, code, state, memory, env, until);
                }
            }
            if self.hooks.left.is_some() {
                return Ok(());
            }
            let mut next = self.cache.find(state.pc());
            while next.is_none()
                && state.step < until
                && let Some(Refusal::Instruction { calls_host }) = self.refused.get(&state.pc())
            {
                let why = Departure::of_refused(*calls_host);
                self.step(why, code, state, memory, env)?;
                if !Self::goes_on(state, memory, env) {
                    return Ok(());
                }
                self.pending = None;
                until = state.next_switch(until);
                next = self.cache.find(state.pc());
            }
            match next {
                Some(next) if state.step < until => begin = next,
                _ => return Ok(()),
            }
        }
    }

    /// Whether the next step may follow at once, without a return to the machine.
    fn goes_on(state: &State<I>, memory: &PagedMemory<I::Word>, env: &Running<'_, '_>) -> bool {
        let was_read = env.stops_at_reads() && env.last_read().is_some();
        let is_over = state.exited() || memory.has_stale_code() || was_read;
        !is_over
            && Position::of(state).is_sequential()
            // Another thread may run now, and its register 0, which translated code takes for 0, may have another
            // value.
            && state.get(Cell(0)) == I::Word::default()
    }

    /// Does the one instruction that no trace can hold.
    fn step(
        &mut self,
        why: Departure,
        code: &mut Code<I>,
        state: &mut State<I>,
        memory: &mut PagedMemory<I::Word>,
        env: &mut Running<'_, '_>,
    ) -> Result<(), Stopped> {
        let pc = state.pc();
        code.step(state, memory, env)?;
        self.depart(why, pc, 1);
        Ok(())
    }
}

impl<I: Isa> Tier<I> for Jit<I> {
    fn run(
        &mut self,
        code: &mut Code<I>,
        state: &mut State<I>,
        memory: &mut PagedMemory<I::Word>,
        env: &mut Running<'_, '_>,
        until: u64,
    ) -> Result<(), Stopped> {
        if self.memory != Some(memory.id()) {
            self.memory = Some(memory.id());
            self.clear(None);
        }
        if !Position::of(state).is_sequential() {
            self.pending = None;
            let until = state.step + 1;
            return self.interpret(Departure::Cold, code, state, memory, env, until);
        }
        let pc = state.pc();
        if self.hooks.left == Some(0) {
            if self.hooks.stops {
                return Err(Stop::Environment("as many traces as asked".into()));
            }
            return self.interpret(Departure::Cold, code, state, memory, env, until);
        }
        if let Some(begin) = self.cache.find(pc) {
            return self.execute(begin, code, state, memory, env, until);
        }
        let is_hot = self.visits.count(pc);
        let is_room = until.wrapping_sub(state.step) > ROOM;
        let (why, until) = match self.refused.get(&pc) {
            _ if !is_hot => (Departure::Cold, until),
            // The code after it may be translated.
            Some(Refusal::Instruction { calls_host }) => {
                let why = Departure::of_refused(*calls_host);
                self.pending = None;
                return self.step(why, code, state, memory, env);
            }
            Some(Refusal::Page) => (Departure::Rewritten, until),
            None if is_room && !self.hooks.frozen => {
                return self.translate(code, state, memory, env, until);
            }
            None => (Departure::Cold, until),
        };
        self.pending = None;
        self.interpret(why, code, state, memory, env, until)
    }

    fn forget(&mut self, pages: &[u64]) {
        for page in pages {
            if self.cache.drop_page(*page) {
                *self.writes.entry(*page).or_default() += 1;
            }
        }
        self.pending = None;
    }

    fn share(&mut self, hot: &HotCode) {
        for pc in hot.all() {
            self.visits.set(pc, self.visits.hot);
        }
        self.shared = Some(hot.clone());
    }
}
