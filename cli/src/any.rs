//! A machine of any ISA.

use crate::isa::{AnyIsa, Entry, Guest};
use crate::tier::TierArgs;
use fpvm_checkpoints::GuestVm;
use fpvm_core::definition::fetch;
use fpvm_core::definition::isa::Isa;
use fpvm_core::definition::word::Word as _;
use fpvm_core::formats::state_file::{self, FileError};
use fpvm_core::formats::symbols::Symbols;
use fpvm_core::machine::memory::PAGE_SIZE;
use fpvm_core::machine::vm::Vm;
use std::io::{self, Write};
use std::ops::Range;
use std::path::Path;

/// A machine with a guest in it, of whichever ISA. What it does is [`Vm`]'s.
pub trait AnyVm: GuestVm + Send {
    /// Its ISA.
    fn isa(&self) -> &'static dyn AnyIsa;
    /// Program counter.
    fn pc(&self) -> u64;
    /// Exit code; 0 as long as the program runs.
    fn exit_code(&self) -> u8;
    /// The instruction word at the program counter.
    fn insn(&mut self) -> u32;
    /// The instruction word at an address.
    fn insn_at(&mut self, at: u64) -> u32;
    /// Number of allocated pages.
    fn page_count(&self) -> usize;
    /// Sets how many bytes of memory the guest may use.
    fn set_memory_limit(&mut self, bytes: u64);
    /// Chooses how the guest is run from now on.
    fn set_tier(&mut self, tier: &TierArgs) -> anyhow::Result<()>;
    /// Counts from now on what upstream's debug info tells; to be called before the guest runs.
    fn count(&mut self);
    /// What was counted, by its name in upstream's debug info.
    fn counts(&self) -> Vec<(&'static str, u64)>;
    /// Whether something faster than the interpreter runs the guest.
    fn is_translated(&self) -> bool;
    /// Reads memory; what is not allocated reads as zero.
    fn read(&mut self, at: u64, out: &mut [u8]);
    /// Reads a guest word.
    fn read_word(&mut self, at: u64) -> u64;
    /// The general registers by name.
    fn registers(&self) -> Vec<(&'static str, u64)>;
    /// Function names.
    fn symbols(&self) -> &Symbols;
    /// Replaces the function names.
    fn set_symbols(&mut self, symbols: Symbols);
    /// See [`Vm::repeat_branches`].
    fn repeat_branches(&mut self);
    /// The packed state.
    fn witness(&mut self) -> Vec<u8>;
    /// Writes a state file, in the format that its name tells.
    fn save(&mut self, path: &Path) -> Result<(), FileError>;
    /// Writes the state as JSON.
    fn write_json(&mut self, out: &mut dyn Write) -> io::Result<()>;

    /// Bytes of allocated pages.
    fn memory_used(&self) -> u64 {
        self.page_count() as u64 * PAGE_SIZE as u64
    }
}

impl<I: Guest> AnyVm for Vm<I> {
    fn isa(&self) -> &'static dyn AnyIsa {
        const { &Entry::<I>::NEW }
    }

    fn pc(&self) -> u64 {
        self.state.pc()
    }

    fn exit_code(&self) -> u8 {
        self.state.exit_code()
    }

    fn insn(&mut self) -> u32 {
        Vm::insn(self)
    }

    fn insn_at(&mut self, at: u64) -> u32 {
        insn_at(self, at)
    }

    fn page_count(&self) -> usize {
        self.memory.page_count()
    }

    fn set_tier(&mut self, tier: &TierArgs) -> anyhow::Result<()> {
        tier.apply(self)
    }

    fn count(&mut self) {
        if let Some(observer) = I::observer(&self.state) {
            self.observe(observer);
        }
    }

    fn counts(&self) -> Vec<(&'static str, u64)> {
        Vm::counts(self)
    }

    fn is_translated(&self) -> bool {
        self.has_tier()
    }

    fn set_memory_limit(&mut self, bytes: u64) {
        self.memory.set_limit(bytes);
    }

    fn read(&mut self, at: u64, out: &mut [u8]) {
        self.memory.read_slice(at, out);
    }

    fn read_word(&mut self, at: u64) -> u64 {
        let mut bytes = [0; 8];
        let size = I::Word::BYTES;
        if I::BIG_ENDIAN {
            self.memory.read_slice(at, &mut bytes[8 - size..]);
            u64::from_be_bytes(bytes)
        } else {
            self.memory.read_slice(at, &mut bytes[..size]);
            u64::from_le_bytes(bytes)
        }
    }

    fn registers(&self) -> Vec<(&'static str, u64)> {
        let values = self.state.cells.iter().map(|cell| cell.zext());
        I::REGISTERS.iter().copied().zip(values).collect()
    }

    fn symbols(&self) -> &Symbols {
        &self.symbols
    }

    fn set_symbols(&mut self, symbols: Symbols) {
        self.symbols = symbols;
    }

    fn repeat_branches(&mut self) {
        Vm::repeat_branches(self);
    }

    fn witness(&mut self) -> Vec<u8> {
        Vm::witness(self)
    }

    fn save(&mut self, path: &Path) -> Result<(), FileError> {
        state_file::save(self, path)
    }

    fn write_json(&mut self, out: &mut dyn Write) -> io::Result<()> {
        state_file::write_json(self, out)
    }
}

/// The instructions of a range, one after the other: addresses and words. `fetch` gives the word at an
/// address and its length in bytes.
pub(crate) fn instructions(
    range: Range<u64>,
    mut fetch: impl FnMut(u64) -> (u32, u64),
) -> impl Iterator<Item = (u64, u32)> {
    let mut next = range.start;
    std::iter::from_fn(move || {
        let at = next;
        (at < range.end).then(|| {
            let (insn, len) = fetch(at);
            next = at.saturating_add(len);
            (at, insn)
        })
    })
}

/// The call that returns to an address.
pub(crate) fn call_before(vm: &mut dyn AnyVm, back: u64) -> Option<u64> {
    let isa = vm.isa();
    let calls = isa.call_bytes().iter().map(|bytes| {
        let at = back.wrapping_sub(*bytes);
        (at, vm.insn_at(at), *bytes)
    });
    let slot = if isa.delay_slot() { 4 } else { 0 };
    let mut calls = calls
        .filter(|(_, insn, bytes)| isa.insn_len(*insn) + slot == *bytes)
        .filter(|(_, insn, _)| isa.frame_step(*insn).calls);
    calls.next().map(|(at, ..)| at)
}

/// The instruction word at an address.
pub(crate) fn insn_at<I: Isa>(vm: &mut Vm<I>, at: u64) -> u32 {
    let mut bytes = [0; 4];
    vm.memory.read_slice(at, &mut bytes);
    fetch::word::<I>(bytes)
}
