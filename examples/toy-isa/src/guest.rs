//! What a front end asks beyond [`Isa`](fpvm_core::definition::isa::Isa): words about the VM, and a loader.

use crate::Toy;
use fpvm_core::definition::state::State;
use fpvm_core::formats::elf::Patch;
use fpvm_core::formats::guest::{About, Guest, LoadError};
use fpvm_core::machine::memory::PagedMemory;
use fpvm_core::machine::vm::Vm;

/// What a toy program begins with; the words that follow are loaded at address 0.
pub(crate) const MAGIC: &[u8; 4] = b"TOY1";
/// The largest program, in bytes.
const LIMIT: usize = 1 << 24;

impl Guest for Toy {
    fn about() -> About {
        About {
            text: "16 registers, 32-bit little-endian, from examples/toy-isa",
            upstream: "none",
            fault_exit: 1,
            sleep: None,
            later_patches: &[],
        }
    }

    fn is_program(bytes: &[u8]) -> bool {
        bytes.starts_with(MAGIC)
    }

    fn load(bytes: &[u8], _patches: &[Patch]) -> Result<Vm<Self>, LoadError> {
        let Some(image) = bytes.strip_prefix(MAGIC) else {
            return Err("not a toy program: it does not begin with TOY1".into());
        };
        if image.len() > LIMIT {
            return Err(format!("a toy program has at most {LIMIT} bytes").into());
        }
        let mut memory = PagedMemory::new()?;
        memory.write_slice(0, image)?;
        Ok(Vm::new(State::default(), memory))
    }
}
