//! The tier: which code is hot, which path it takes, and what happens outside of translated code.

use crate::Counters;
use crate::cache::{Cache, ExitAction, page_of};
use crate::hot_counters::HotCounters;
use crate::ir::Node;
use crate::layout::Layout;
use crate::lower::lower;
use crate::trace::Trace;
use fpvm_core::definition::decode::Decoder;
use fpvm_core::definition::effects::Effects;
use fpvm_core::definition::fetch;
use fpvm_core::definition::isa::{Isa, Op};
use fpvm_core::definition::operand::CELLS;
use fpvm_core::definition::state::State;
use fpvm_core::definition::word::Word;
use fpvm_core::machine::code::Code;
use fpvm_core::machine::memory::{MemoryLimit, PagedMemory};
use fpvm_core::machine::vm::{Running, Tier};
use fpvm_core::step::concrete::{Position, Stop};
use fpvm_core::step::oracle::OracleError;
use rustc_hash::{FxHashMap, FxHashSet};
use std::io;
use std::sync::Arc;

/// Guest instructions of a trace.
const LONGEST: usize = 128;
/// With this many, a trace ends where another begins, and does not make its code twice.
const ENOUGH: usize = 16;
/// Traces after which guest registers are laid out anew, by what was seen of their use.
const LAYOUTS: [u64; 2] = [12, 400];
/// A trace whose instruction is left to the interpreter this often is made anew, without the
/// expectation that its addresses are aligned.
const MANY_EXITS: u32 = 50;
/// A page whose code was written this often is left to the interpreter.
const MANY_WRITES: u32 = 16;

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
    /// Heads that cannot be translated.
    refused: FxHashSet<u64>,
    /// Instructions whose addresses are not expected to be aligned.
    assume_unaligned: FxHashSet<u64>,
    /// How often code in a page was written.
    writes: FxHashMap<u64, u32>,
    /// The exit just taken, which may become a jump to the next trace.
    pending: Option<u32>,
    /// The memory that all this holds for.
    memory: Option<u64>,
    counters: Arc<Counters>,
    pub(crate) hooks: DebugHooks,
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
    /// The trace at this head is translated wrong on purpose.
    #[cfg(test)]
    pub(crate) fault: Option<u64>,
}

impl<I: Isa> Jit<I> {
    /// A translator that has seen nothing. Fails where the processor lacks what it needs (see
    /// [`crate::supported`]) or the system gives no memory for code.
    pub fn new() -> io::Result<Self> {
        if !crate::supported() {
            return Err(io::Error::new(
                io::ErrorKind::Unsupported,
                "the translator needs an x86-64 processor with BMI2, LZCNT and MOVBE",
            ));
        }
        let host = |op: &I::Op| Effects::of::<I>(*op).host;
        Ok(Jit {
            cache: Cache::new(Layout::new::<I>(&[0; CELLS]))?,
            decoder: Decoder::default(),
            host: I::Op::ALL.iter().map(host).collect(),
            visits: HotCounters::default(),
            uses: [0; CELLS],
            layouts: 0,
            trace: Trace::default(),
            path: Vec::new(),
            refused: FxHashSet::default(),
            assume_unaligned: FxHashSet::default(),
            writes: FxHashMap::default(),
            pending: None,
            memory: None,
            counters: Arc::default(),
            hooks: DebugHooks::default(),
        })
    }

    /// How often code is reached before it is translated.
    pub(crate) fn hot(&self) -> u8 {
        self.visits.hot
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

    /// Forgets all that was seen of the guest.
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

    fn interpret(
        &mut self,
        code: &mut Code<I>,
        state: &mut State<I>,
        memory: &mut PagedMemory<I::Word>,
        env: &mut Running<'_, '_>,
        until: u64,
    ) -> Result<(), Stopped> {
        let before = state.step;
        let done = code.run(state, memory, env, until, &mut |pc| self.visits.count(pc));
        Counters::add(&self.counters.interpreted, state.step.wrapping_sub(before));
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
            let (action, pc, trace) = (exit.action, exit.pc, exit.trace);
            match action {
                ExitAction::Go => {
                    Self::go_to(state, pc);
                    self.pending = Some(number);
                    self.cache.link(number);
                }
                ExitAction::Find => {
                    Self::go_to(state, address);
                    self.pending = None;
                    self.cache.refind(address);
                }
                ExitAction::Finish => {
                    Self::go_to(state, pc);
                    self.pending = None;
                    if state.step >= until {
                        return Ok(());
                    }
                    return self.interpret(code, state, memory, env, until);
                }
                ExitAction::Interpret => {
                    Self::go_to(state, pc);
                    self.pending = None;
                    exit.interpreted += 1;
                    let many = exit.interpreted >= MANY_EXITS && !self.hooks.frozen;
                    if many && !exit.assume_unaligned {
                        self.assume_unaligned.insert(pc);
                        self.cache.drop_trace(trace);
                    }
                    if state.step >= until {
                        return Ok(());
                    }
                    let until = state.step + 1;
                    return self.interpret(code, state, memory, env, until);
                }
            }
            match self.cache.find(state.pc()) {
                Some(next) if state.step < until && self.hooks.left.is_none() => begin = next,
                _ => return Ok(()),
            }
        }
    }

    /// Interprets from a hot address on, and translates the path that was taken.
    fn translate(
        &mut self,
        code: &mut Code<I>,
        state: &mut State<I>,
        memory: &mut PagedMemory<I::Word>,
        env: &mut Running<'_, '_>,
    ) -> Result<(), Stopped> {
        let head = state.pc();
        let pending = self.pending.take();
        let Some(next) = self.record(code, state, memory, env)? else {
            return Ok(());
        };
        if self.add(head, next, memory) {
            self.visits.set(head, u8::MAX);
            if let Some(exit) = pending {
                self.cache.link(exit);
            }
        } else {
            self.refused.insert(head);
            Counters::add(&self.counters.refused, 1);
        }
        Ok(())
    }

    /// Interprets and keeps the path that is taken; gives the address that it goes on at. `None` where
    /// the program ends or writes over its code.
    fn record(
        &mut self,
        code: &mut Code<I>,
        state: &mut State<I>,
        memory: &mut PagedMemory<I::Word>,
        env: &mut Running<'_, '_>,
    ) -> Result<Option<u64>, Stopped> {
        let head = state.pc();
        let mut next = head;
        self.path.clear();
        while next.is_multiple_of(fetch::unit::<I>()) {
            // Straight on to where control goes elsewhere; a delay slot that is under way belongs to
            // what is there already.
            let most = match Position::of(state).is_sequential() {
                true => LONGEST.saturating_sub(self.path.len()),
                false => 1,
            };
            if most == 0 {
                break;
            }
            let first = state.step;
            let visits = &mut self.visits;
            let done = code.run(state, memory, env, first + most as u64, &mut |pc| {
                visits.count(pc);
                true
            });
            let steps = state.step.wrapping_sub(first);
            Counters::add(&self.counters.interpreted, steps);
            done?;
            if memory.has_stale_code() || state.exited() {
                return Ok(None);
            }
            for _ in 0..steps {
                if !self.path.is_empty() && next == head {
                    return Ok(Some(head));
                }
                self.path.push(next);
                let insn = match I::COMPRESSED_MASK {
                    0 => 0,
                    _ => Self::word(memory, next),
                };
                next = I::Word::truncate(next.wrapping_add(fetch::len::<I>(insn))).zext();
            }
            let last = self.path.last().copied().unwrap_or(head);
            let op = self.decoder.decode(Self::word(memory, last));
            if self.host[op.index()] || code.is_watched(op) {
                self.path.pop();
                return Ok(Some(last));
            }
            next = state.pc();
            let ends = next <= last || self.path.len() >= ENOUGH;
            let between = Position::of(state).is_sequential();
            if between && (next == head || ends && self.cache.find(next).is_some()) {
                break;
            }
        }
        Ok(Some(next))
    }

    /// Translates the path that was recorded, which went on at `next`.
    fn add(&mut self, head: u64, next: u64, memory: &mut PagedMemory<I::Word>) -> bool {
        let (decoder, writes) = (&self.decoder, &self.writes);
        let assume_unaligned = &self.assume_unaligned;
        let mut pages: Vec<u64> = Vec::new();
        let fetch = |pc: u64| {
            let insn = Self::word(memory, pc);
            let last = pc.wrapping_add(fetch::len::<I>(insn) - 1);
            for page in [page_of(pc), page_of(last)] {
                if pages.contains(&page) {
                    continue;
                }
                let rewritten = writes
                    .get(&page)
                    .is_some_and(|writes| *writes >= MANY_WRITES);
                if rewritten || !memory.mark_code(page) {
                    return None;
                }
                pages.push(page);
            }
            Some((insn, decoder.decode(insn)))
        };
        lower::<I>(&mut self.trace, &self.path, next, fetch, |pc| {
            assume_unaligned.contains(&pc)
        });
        if self.trace.steps == 0 {
            return false;
        }
        #[cfg(test)]
        if self.hooks.fault == Some(head) {
            crate::crosscheck::tests::spoil(&mut self.trace);
        }
        for node in &self.trace.nodes.list {
            if let Node::Entry(cell) | Node::SetCell(cell, _) = node {
                self.uses[usize::from(*cell) % CELLS] += 1;
            }
        }
        let traces = Counters::add(&self.counters.traces, 1);
        Counters::add(&self.counters.instructions, u64::from(self.trace.steps));
        if LAYOUTS
            .get(self.layouts)
            .is_some_and(|limit| traces >= *limit)
        {
            self.layouts += 1;
            let layout = Layout::new::<I>(&self.uses);
            if layout.pins != self.cache.layout().pins {
                self.clear(Some(layout));
            }
        }
        let mut added = self.cache.add(head, &mut self.trace, &pages);
        if !added && self.cache.code_len() > crate::buffer::CAPACITY / 2 {
            self.clear(None);
            added = self.cache.add(head, &mut self.trace, &pages);
        }
        Counters::set(&self.counters.code_bytes, self.cache.code_len() as u64);
        if let Some(digest) = self.cache.digest {
            Counters::set(&self.counters.code_digest, digest);
        }
        if let Some(paths) = &mut self.hooks.paths
            && added
        {
            let path = &self.path[..self.path.len().min(self.trace.steps as usize)];
            paths.insert(head, path.into());
        }
        added
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
            return self.interpret(code, state, memory, env, until);
        }
        let pc = state.pc();
        if self.hooks.left == Some(0) {
            if self.hooks.stops {
                return Err(Stop::Environment("as many traces as asked".into()));
            }
            return self.interpret(code, state, memory, env, until);
        }
        if let Some(begin) = self.cache.find(pc) {
            return self.execute(begin, code, state, memory, env, until);
        }
        let hot = self.visits.count(pc) && !self.refused.contains(&pc) && !self.hooks.frozen;
        if hot && until.wrapping_sub(state.step) > 2 * LONGEST as u64 {
            return self.translate(code, state, memory, env);
        }
        self.pending = None;
        self.interpret(code, state, memory, env, until)
    }

    fn forget(&mut self, pages: &[u64]) {
        for page in pages {
            if self.cache.drop_page(*page) {
                *self.writes.entry(*page).or_default() += 1;
            }
        }
        self.pending = None;
    }
}
