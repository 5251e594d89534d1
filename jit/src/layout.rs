//! Where translated code finds things: the context block, and the host registers of guest cells.

use crate::asm::{
    Mem, R8, R9, R10, R11, R12, R13, R14, R15, RAX, RBP, RBX, RCX, RDI, RDX, RSI, Reg,
};
use fpvm_core::definition::isa::Isa;
use fpvm_core::definition::operand::CELLS;
use fpvm_core::definition::word::Word;

/// Holds the context's address, so that the most used cells have short displacements.
pub(crate) const CONTEXT: Reg = RBP;
/// What [`CONTEXT`] is ahead of the context's begin.
pub(crate) const BIAS: i32 = 128;
/// Steps left.
pub(crate) const BUDGET: Reg = R14;
/// With 32-bit addresses, the bytes of the memory.
pub(crate) const MEMORY: Reg = R15;
/// With 32-bit addresses, the flags of its pages.
pub(crate) const FLAGS: Reg = R13;

/// A cell that is not in a host register.
pub(crate) const IN_MEMORY: Reg = 0xff;

/// Spilled values that a trace can have at a time.
pub(crate) const SLOTS: usize = 24;

// Offsets in the context, in bytes.
const SLOTS_AT: usize = 8 * CELLS;
pub(crate) const BUDGET_AT: usize = SLOTS_AT + 8 * SLOTS;
pub(crate) const MEMORY_AT: usize = BUDGET_AT + 8;
pub(crate) const FLAGS_AT: usize = MEMORY_AT + 8;
/// The address of an access whose page was not found, or the target of a jump.
pub(crate) const ADDRESS_AT: usize = FLAGS_AT + 8;

/// What the access at that address is: its bytes, and [`STORE`] for a store.
pub(crate) const ACCESS_AT: usize = ADDRESS_AT + 8;
pub(crate) const STORE: u32 = 0x1_0000;
/// The function that looks a page up, and the memory that it does so in.
pub(crate) const LOOK_UP_AT: usize = ACCESS_AT + 8;
pub(crate) const PAGED_AT: usize = LOOK_UP_AT + 8;
/// With 64-bit addresses, where the last low page begins: up to there loads need no look at a table.
pub(crate) const LOW_AT: usize = PAGED_AT + 8;

/// Pages found lately: the address of each, and what its host address is ahead of that; for loads,
/// then for stores.
pub(crate) const PAGES: usize = 4096;
pub(crate) const LOADS_AT: usize = 1024;
pub(crate) const STORES_AT: usize = LOADS_AT + 16 * PAGES;
/// Traces by address: guest address and host address of each.
pub(crate) const JUMPS: usize = 1 << 16;
pub(crate) const JUMPS_AT: usize = STORES_AT + 16 * PAGES;
/// Bytes of the context.
pub(crate) const CONTEXT_LEN: usize = JUMPS_AT + 16 * JUMPS;

const PINS: [Reg; 8] = [RBX, RSI, RDI, R8, R9, R10, R11, R12];
const FLAT_TEMPORARIES: &[Reg] = &[RAX, RCX, RDX];
const PAGED_TEMPORARIES: &[Reg] = &[RAX, RCX, RDX, FLAGS, MEMORY];

/// How an ISA's state lies in the context and in host registers.
#[derive(Clone, Debug)]
pub(crate) struct Layout {
    /// 64-bit words.
    pub(crate) wide: bool,
    /// Guest byte order is not the host's.
    pub(crate) swap: bool,
    /// The host register of each cell.
    pub(crate) pin: [Reg; CELLS],
    pub(crate) temporaries: &'static [Reg],
}

impl Layout {
    /// With the cells of most uses in host registers.
    pub(crate) fn new<I: Isa>(uses: &[u32; CELLS]) -> Self {
        let wide = I::Word::BITS == 64;
        let mut cells: Vec<usize> = (1..CELLS).filter(|cell| uses[*cell] > 0).collect();
        cells.sort_by_key(|cell| core::cmp::Reverse(uses[*cell]));
        let mut pin = [IN_MEMORY; CELLS];
        for (cell, reg) in cells.into_iter().zip(PINS) {
            pin[cell] = reg;
        }
        Layout {
            wide,
            swap: I::BIG_ENDIAN,
            pin,
            temporaries: if wide {
                PAGED_TEMPORARIES
            } else {
                FLAT_TEMPORARIES
            },
        }
    }

    /// A cell's place in the context.
    pub(crate) fn cell(&self, cell: u8) -> Mem {
        let bytes = if self.wide { 8 } else { 4 };
        field(usize::from(cell) * bytes)
    }

    pub(crate) fn slot(slot: u8) -> Mem {
        field(SLOTS_AT + 8 * usize::from(slot))
    }
}

/// A place in the context by its offset.
pub(crate) fn field(offset: usize) -> Mem {
    Mem::at(CONTEXT, offset as i32 - BIAS)
}

/// An entry of a table in the context; `index` holds the entry's number times 16, shifted right by
/// `scale`.
pub(crate) fn entry(table: usize, index: Reg, scale: u8) -> Mem {
    Mem::indexed(CONTEXT, index, scale, table as i32 - BIAS)
}
