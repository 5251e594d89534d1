//! What the command line asks beyond [`Isa`](fpvm_core::definition::isa::Isa): a name, and a loader.

use crate::Toy;
use fpvm_cli::isa::{Guest, Patches};
use fpvm_core::definition::state::State;
use fpvm_core::machine::memory::PagedMemory;
use fpvm_core::machine::vm::Vm;

/// What a toy program begins with; the words that follow are loaded at address 0.
pub(crate) const MAGIC: &[u8; 4] = b"TOY1";
/// The largest program, in bytes.
const LIMIT: usize = 1 << 24;

impl Guest for Toy {
    const ABOUT: &'static str = "16 registers, 32-bit little-endian, from examples/toy-isa";
    const UPSTREAM: &'static str = "none";
    const FAULT_EXIT: u8 = 1;
    const SLEEP: Option<&'static str> = None;
    const CONTRACT: Option<&'static str> = Some(fpvm_contracts::TOY_ARTIFACT);

    fn is_program(bytes: &[u8]) -> bool {
        bytes.starts_with(MAGIC)
    }

    fn load_program(bytes: &[u8], _patches: Patches) -> anyhow::Result<Vm<Self>> {
        let Some(image) = bytes.strip_prefix(MAGIC) else {
            anyhow::bail!("not a toy program: it does not begin with TOY1");
        };
        anyhow::ensure!(
            image.len() <= LIMIT,
            "a toy program has at most {LIMIT} bytes"
        );
        let mut memory = PagedMemory::new()?;
        memory.write_slice(0, image)?;
        Ok(Vm::new(State::default(), memory))
    }
}
