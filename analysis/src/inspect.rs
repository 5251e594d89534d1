//! What analyses read from a machine, without changing it.

use crate::info::{Info, IsaInfo};
use fpvm_core::definition::isa::Isa;
use fpvm_core::definition::word::Word as _;
use fpvm_core::formats::symbols::Symbols;
use fpvm_core::machine::memory::PAGE_SIZE;
use fpvm_core::machine::vm::Vm;

/// A machine with a guest in it, for reading: its code, memory and registers. Methods that take `&mut self` only fill
/// caches.
pub trait Inspect {
    /// Its ISA.
    fn info(&self) -> &'static dyn IsaInfo;
    /// Program counter.
    fn pc(&self) -> u64;
    /// Exit code; 0 while the program runs.
    fn exit_code(&self) -> u8;
    /// The instruction word at the program counter.
    fn insn(&mut self) -> u32;
    /// Reads memory; bytes that are not allocated read as zero.
    fn read(&mut self, at: u64, out: &mut [u8]);
    /// Reads a guest word.
    fn read_word(&mut self, at: u64) -> u64;
    /// The general registers by name.
    fn registers(&self) -> Vec<(&'static str, u64)>;
    /// Function names.
    fn symbols(&self) -> &Symbols;
    /// Number of allocated pages.
    fn page_count(&self) -> usize;
    /// What was counted, under the names of upstream's debug info.
    fn counts(&self) -> Vec<(&'static str, u64)>;
    /// Whether something faster than the interpreter runs the guest.
    fn is_translated(&self) -> bool;

    /// The instruction word at an address.
    fn insn_at(&mut self, at: u64) -> u32 {
        let mut bytes = [0; 4];
        self.read(at, &mut bytes);
        self.info().insn_of(bytes)
    }

    /// Bytes of allocated pages.
    fn memory_used(&self) -> u64 {
        self.page_count() as u64 * PAGE_SIZE as u64
    }
}

impl<I: Isa> Inspect for Vm<I> {
    fn info(&self) -> &'static dyn IsaInfo {
        const { &Info::<I>::NEW }
    }

    fn pc(&self) -> u64 {
        self.state.pc()
    }

    fn exit_code(&self) -> u8 {
        self.state.exit_code()
    }

    fn insn(&mut self) -> u32 {
        Self::insn(self)
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

    fn page_count(&self) -> usize {
        self.memory.page_count()
    }

    fn counts(&self) -> Vec<(&'static str, u64)> {
        Self::counts(self)
    }

    fn is_translated(&self) -> bool {
        self.has_tier()
    }
}
