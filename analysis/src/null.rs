//! Accesses to page 0. They are not a fault in these VMs, but a bug in nearly every program: a null pointer.

use crate::info::Addressing;
use fpvm_core::Isa;
use fpvm_core::definition::decode::Decoder;
use fpvm_core::definition::effects::Effects;
use fpvm_core::definition::isa::Op as _;
use fpvm_core::definition::state::State;
use fpvm_core::machine::memory::PAGE_SIZE;
use fpvm_core::machine::observer::Observer;
use std::fmt;

/// Watches loads and stores, and counts those to page 0. It does not see what a system call reads or writes.
pub struct NullAccesses<I: Isa> {
    /// How each row of the table names an address; none if it is not a load or a store.
    rows: Vec<Option<Addressing>>,
    decoder: Decoder<I>,
    /// The state before the step that is being made.
    before: State<I>,
    count: u64,
    first: Option<First>,
}

/// The first access.
#[derive(Clone, Copy, Debug)]
struct First {
    step: u64,
    pc: u64,
    address: u64,
}

/// The names of [`NullAccesses`]' counts: how many accesses there were, and step, program counter and address of the
/// first.
pub const COUNTS: [&str; 4] = ["nullAccesses", "firstStep", "firstPc", "firstAddress"];

impl<I: Isa> Default for NullAccesses<I> {
    fn default() -> Self {
        let rows = I::Op::ALL.iter().map(|op| {
            let effects = Effects::of::<I>(*op);
            let is_access = (effects.loads || effects.stores) && !effects.host;
            is_access.then(|| Addressing::of::<I>(op.index())).flatten()
        });
        Self {
            rows: rows.collect(),
            decoder: Decoder::default(),
            before: State::default(),
            count: 0,
            first: None,
        }
    }
}

impl<I: Isa> fmt::Debug for NullAccesses<I> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut all = f.debug_struct("NullAccesses");
        all.field("count", &self.count).field("first", &self.first);
        all.finish_non_exhaustive()
    }
}

impl<I: Isa> Observer<I> for NullAccesses<I> {
    fn watches(&self, op: I::Op) -> bool {
        self.rows.get(op.index()).is_some_and(Option::is_some)
    }

    fn before(&mut self, state: &State<I>) {
        self.before.cells = state.cells;
        self.before.step = state.step;
    }

    fn after(&mut self, _: &State<I>, insn: Option<u32>) {
        let Some(insn) = insn else { return };
        let row = self.rows.get(self.decoder.decode(insn).index());
        let Some(Some(addressing)) = row else { return };
        let address = addressing.address(&self.before, insn);
        if address < PAGE_SIZE as u64 {
            self.count += 1;
            let (step, pc) = (self.before.step, self.before.pc());
            self.first.get_or_insert(First { step, pc, address });
        }
    }

    fn counts(&self, _: u64) -> Vec<(&'static str, u64)> {
        let first = self.first;
        let values = [
            self.count,
            first.map_or(0, |first| first.step),
            first.map_or(0, |first| first.pc),
            first.map_or(0, |first| first.address),
        ];
        COUNTS.into_iter().zip(values).collect()
    }
}
