//! From a hot address to translated code: recording the path that is taken from there, and translating it.

use super::{Jit, Refusal, Stopped};
use crate::cache::page_of;
use crate::ir::Node;
use crate::layout::Layout;
use crate::lower::lower;
use crate::{Counters, Departure};
use fpvm_core::definition::fetch;
use fpvm_core::definition::isa::{Isa, Op};
use fpvm_core::definition::operand::CELLS;
use fpvm_core::definition::state::State;
use fpvm_core::definition::word::Word;
use fpvm_core::machine::code::Code;
use fpvm_core::machine::memory::PagedMemory;
use fpvm_core::machine::vm::Running;
use fpvm_core::step::concrete::Position;

/// The most guest instructions of a trace.
const LONGEST: usize = 128;
/// A trace with this many instructions ends where another begins, so that code is not made twice.
const ENOUGH: usize = 16;
/// The numbers of traces after which guest registers get a new layout, by the use that was seen of them.
const LAYOUTS: [u64; 2] = [12, 400];
/// A page whose code was written this often is left to the interpreter.
const MANY_WRITES: u32 = 16;
/// Steps that have to be left of a run for a path to be recorded: those of a trace, and as many again.
pub(super) const ROOM: u64 = 2 * LONGEST as u64;

impl<I: Isa> Jit<I> {
    /// Interprets from a hot address on, and translates the path that was taken.
    ///
    /// A path that was cut because it was as long as a trace may be goes on as another trace, in the same
    /// visit. No jump leads to the cut, so the code there would be counted only when the trace before it is left.
    /// It would wait for its own visits, each of which interprets to the end of the straight-line code: 8,600
    /// instructions in the point addition of a signature check.
    pub(super) fn translate(
        &mut self,
        code: &mut Code<I>,
        state: &mut State<I>,
        memory: &mut PagedMemory<I::Word>,
        env: &mut Running<'_, '_>,
        until: u64,
    ) -> Result<(), Stopped> {
        let mut pending = self.pending.take();
        loop {
            let (head, first) = (state.pc(), state.step);
            let recorded = self.record(code, state, memory, env);
            self.depart(Departure::Recorded, head, state.step.wrapping_sub(first));
            let Some(next) = recorded? else {
                return Ok(());
            };
            let is_cut = self.path.len() >= LONGEST;
            if let Err(refusal) = self.add(head, next, memory) {
                self.refused.insert(head, refusal);
                Counters::add(&self.counters.refused, 1);
                return Ok(());
            }
            self.visits.set(head, u8::MAX);
            if let Some(shared) = &self.shared {
                shared.add(head);
            }
            if let Some(exit) = pending.take() {
                self.cache.link(exit);
            }
            let goes_on = is_cut
                && state.pc() == next
                && Position::of(state).is_sequential()
                && self.cache.find(next).is_none()
                && !self.refused.contains_key(&next)
                && until.wrapping_sub(state.step) > ROOM;
            if !goes_on {
                return Ok(());
            }
        }
    }

    /// Interprets and records the path that is taken; gives the address at which it goes on. `None` if the
    /// program ends or overwrites its code.
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
            let most = if Position::of(state).is_sequential() {
                self.straight(next, memory)
            } else {
                1
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
            done?;
            if memory.has_stale_code() || state.exited() {
                return Ok(None);
            }
            for _ in 0..steps {
                if !self.path.is_empty() && next == head {
                    return Ok(Some(head));
                }
                self.path.push(next);
                next = Self::following(memory, next);
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

    /// How many instructions the path may go straight on from an address: as far as a trace is long, or to
    /// where another trace begins, so that code is not translated again beside it.
    fn straight(&self, from: u64, memory: &mut PagedMemory<I::Word>) -> usize {
        let longest = LONGEST.saturating_sub(self.path.len());
        let mut pc = from;
        for done in 1..longest {
            pc = Self::following(memory, pc);
            let is_enough = self.path.len() + done >= ENOUGH;
            // The count, which is full at the beginning of a trace, is found sooner than the trace.
            if is_enough && self.visits.is_full(pc) && self.cache.find(pc).is_some() {
                return done;
            }
        }
        longest
    }

    /// The address of the instruction after the one at an address.
    fn following(memory: &mut PagedMemory<I::Word>, pc: u64) -> u64 {
        let insn = match I::COMPRESSED_MASK {
            0 => 0,
            _ => Self::word(memory, pc),
        };
        I::Word::truncate(pc.wrapping_add(fetch::len::<I>(insn))).zext()
    }

    /// Translates the path that was recorded, which went on at `next`.
    fn add(
        &mut self,
        head: u64,
        next: u64,
        memory: &mut PagedMemory<I::Word>,
    ) -> Result<(), Refusal> {
        let (decoder, writes) = (&self.decoder, &self.writes);
        let mut refusal = Refusal::Instruction { calls_host: false };
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
                    refusal = Refusal::Page;
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
            if let Refusal::Instruction { calls_host } = &mut refusal {
                let op = self.decoder.decode(Self::word(memory, head));
                *calls_host = self.host[op.index()];
            }
            return Err(refusal);
        }
        #[cfg(any(test, feature = "faults"))]
        self.spoil_if_due(head);
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
        if added { Ok(()) } else { Err(Refusal::Page) }
    }
}
