//! The places of everything that translated code uses: the context block, and the host registers of guest cells.

use crate::asm::{Mem, Reg};
use fpvm_core::definition::isa::Isa;
use fpvm_core::definition::operand::CELLS;
use fpvm_core::definition::word::Word;

/// Holds the context's address, so that the most used cells have short displacements.
pub(crate) const CONTEXT: Reg = Reg::Rbp;
/// [`CONTEXT`] minus the address of the context's beginning.
pub(crate) const BIAS: i32 = 128;
/// Holds the steps that are left.
pub(crate) const BUDGET: Reg = Reg::R14;
/// With 32-bit addresses, holds the address of the memory's bytes.
pub(crate) const MEMORY: Reg = Reg::R15;
/// With 32-bit addresses, holds the address of the flags of its pages.
pub(crate) const FLAGS: Reg = Reg::R13;

/// Spilled values that a trace can have at a time.
pub(crate) const SLOTS: usize = 24;

// Offsets in the context, in bytes.
const SLOTS_AT: usize = 8 * CELLS;
pub(crate) const BUDGET_AT: usize = SLOTS_AT + 8 * SLOTS;
pub(crate) const MEMORY_AT: usize = BUDGET_AT + 8;
pub(crate) const FLAGS_AT: usize = MEMORY_AT + 8;
/// The address of an access whose page was not found, or the target of a jump.
pub(crate) const ADDRESS_AT: usize = FLAGS_AT + 8;

/// The kind of the access at that address: its bytes, and [`STORE`] for a store.
pub(crate) const ACCESS_AT: usize = ADDRESS_AT + 8;
pub(crate) const STORE: u32 = 0x1_0000;
/// The function that looks a page up, and the memory that it does so in.
pub(crate) const LOOK_UP_AT: usize = ACCESS_AT + 8;
pub(crate) const PAGED_AT: usize = LOOK_UP_AT + 8;
/// Why the function has just found no page: [`TWO_PAGES`] or [`NOT_READY`], otherwise 0.
pub(crate) const REFUSAL_AT: usize = PAGED_AT + 8;
/// The bytes are not all in one page.
pub(crate) const TWO_PAGES: u64 = 1;
/// Translated code may not write to the page.
pub(crate) const NOT_READY: u64 = 2;
/// With 64-bit addresses, the beginning of the last identity-mapped page: below it loads need no table.
pub(crate) const IDENTITY_END_AT: usize = REFUSAL_AT + 8;

/// The TLB of translated code, a table for loads and one for stores: the address of each page, and its host address
/// minus that.
pub(crate) const PAGES: usize = 4096;
pub(crate) const LOADS_AT: usize = 1024;
pub(crate) const STORES_AT: usize = LOADS_AT + ENTRY * PAGES;
/// Traces by address: guest address and host address of each.
pub(crate) const JUMPS: usize = 1 << 16;
pub(crate) const JUMPS_AT: usize = STORES_AT + ENTRY * PAGES;
/// Bytes of the context.
pub(crate) const CONTEXT_LEN: usize = JUMPS_AT + ENTRY * JUMPS;
/// Bytes of an entry of these tables: two words.
pub(crate) const ENTRY: usize = 16;

const PINS: [Reg; 8] = [
    Reg::Rbx,
    Reg::Rsi,
    Reg::Rdi,
    Reg::R8,
    Reg::R9,
    Reg::R10,
    Reg::R11,
    Reg::R12,
];
const FLAT_TEMPORARIES: &[Reg] = &[Reg::Rax, Reg::Rcx, Reg::Rdx];
const PAGED_TEMPORARIES: &[Reg] = &[Reg::Rax, Reg::Rcx, Reg::Rdx, FLAGS, MEMORY];

/// The place of a cell between instructions.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Home {
    Register(Reg),
    /// In the context.
    Memory(Mem),
}

/// How an ISA's state lies in the context and in host registers.
#[derive(Clone, Debug)]
pub(crate) struct Layout {
    /// Whether words have 64 bits.
    pub(crate) wide: bool,
    /// Whether the guest's byte order differs from the host's.
    pub(crate) swap: bool,
    /// The host register of each cell that has one; the others are in the context.
    pub(crate) pins: [Option<Reg>; CELLS],
    pub(crate) temporaries: &'static [Reg],
}

impl Layout {
    /// A layout with the most used cells in host registers.
    pub(crate) fn new<I: Isa>(uses: &[u32; CELLS]) -> Self {
        let wide = I::Word::BITS == 64;
        let mut cells: Vec<usize> = (1..CELLS).filter(|cell| uses[*cell] > 0).collect();
        cells.sort_by_key(|cell| core::cmp::Reverse(uses[*cell]));
        let mut pins = [None; CELLS];
        for (cell, reg) in cells.into_iter().zip(PINS) {
            pins[cell] = Some(reg);
        }
        Self {
            wide,
            swap: I::BIG_ENDIAN,
            pins,
            temporaries: if wide {
                PAGED_TEMPORARIES
            } else {
                FLAT_TEMPORARIES
            },
        }
    }

    /// The place of a cell between instructions.
    pub(crate) fn home(&self, cell: u8) -> Home {
        match self.pins[usize::from(cell) % CELLS] {
            Some(pin) => Home::Register(pin),
            None => Home::Memory(self.cell(cell)),
        }
    }

    /// The cells that have a host register, and which.
    pub(crate) fn pinned(&self) -> impl Iterator<Item = (u8, Reg)> {
        (0u8..)
            .zip(self.pins)
            .filter_map(|(cell, pin)| Some((cell, pin?)))
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

/// What is at an offset of the context, for listings.
#[cfg(test)]
pub(crate) fn name_of_field<I: Isa>(offset: usize) -> String {
    let (cell, slot) = (offset / I::Word::BYTES, offset.wrapping_sub(SLOTS_AT) / 8);
    if offset < SLOTS_AT {
        return match I::REGISTERS.get(cell) {
            Some(name) => (*name).into(),
            None => format!("cell {cell}"),
        };
    }
    match offset {
        _ if slot < SLOTS => format!("slot {slot}"),
        BUDGET_AT => "budget".into(),
        MEMORY_AT => "memory".into(),
        FLAGS_AT => "flags".into(),
        ADDRESS_AT => "address".into(),
        ACCESS_AT => "access".into(),
        IDENTITY_END_AT => "identity_end".into(),
        _ => format!("context {offset:#x}"),
    }
}

/// A place in the context by its offset.
pub(crate) fn field(offset: usize) -> Mem {
    Mem::at(CONTEXT, offset as i32 - BIAS)
}

/// An entry of a table in the context; `index` holds the entry's number times [`ENTRY`], shifted right by
/// `scale`.
pub(crate) fn table_entry(table: usize, index: Reg, scale: u8) -> Mem {
    Mem::indexed(CONTEXT, index, scale, table as i32 - BIAS)
}
