//! A machine of any ISA.

use crate::isa::{AnyIsa, entry};
use crate::tier::{Tier, tier};
use crate::{Error, Guest};
use fpvm_analysis::Inspect;
use fpvm_analysis::null::NullAccesses;
use fpvm_checkpoints::GuestVm;
use fpvm_core::formats::state_file::{self, FileError};
use fpvm_core::formats::symbols::Symbols;
use fpvm_core::machine::memory::{Budget, MemoryLimit};
use fpvm_core::machine::vm::Vm;
use std::io::{self, Write};
use std::path::Path;
use std::sync::Arc;

/// A machine with a guest in it, of any ISA: [`GuestVm`] runs, proves and hashes it, [`Inspect`] reads it, [`Save`]
/// writes it to files, [`SetUp`] says how it is run. Its behaviour is [`Vm`]'s.
pub trait AnyVm: GuestVm + Inspect + Save + SetUp + Send {
    /// Its VM.
    fn isa(&self) -> &'static dyn AnyIsa;
}

/// How a guest is run from now on.
pub trait SetUp {
    /// Chooses how the guest is run.
    ///
    /// # Errors
    /// If the translator was asked for, and cannot run on this machine.
    fn set_tier(&mut self, tier: Tier) -> Result<(), Error>;
    /// Makes a translator run the guest that counts where control is outside of its code, and why, which takes
    /// some time; to be called before the guest runs.
    ///
    /// # Errors
    /// If the translator cannot run on this machine.
    #[cfg(feature = "jit")]
    fn explain(&mut self) -> Result<Arc<fpvm_jit::Counters>, Error>;
    /// Sets how many bytes of memory the guest may use.
    fn set_memory_limit(&mut self, bytes: u64);
    /// Makes the guest's memory count in a budget of several guests.
    ///
    /// # Errors
    /// If the budget does not have that much left.
    fn share_memory(&mut self, budget: Arc<Budget>) -> Result<(), MemoryLimit>;
    /// Counts from now on what upstream's debug info has; to be called before the guest runs.
    fn count(&mut self);
    /// Counts from now on the accesses to page 0, by the names of [`fpvm_analysis::null::COUNTS`], in place of what
    /// [`SetUp::count`] counts; to be called before the guest runs.
    fn watch_page_zero(&mut self);
    /// See [`Vm::repeat_branches`].
    fn repeat_branches(&mut self);
    /// Replaces the function names.
    fn set_symbols(&mut self, symbols: Symbols);
}

/// Writing a machine's state.
pub trait Save {
    /// The packed state.
    fn witness(&mut self) -> Vec<u8>;
    /// Writes a state file, in the format that its name says.
    ///
    /// # Errors
    /// If it cannot be written.
    fn save(&mut self, path: &Path) -> Result<(), FileError>;
    /// Writes the state as JSON.
    ///
    /// # Errors
    /// If it cannot be written.
    fn write_json(&mut self, out: &mut dyn Write) -> io::Result<()>;
}

impl<I: Guest> AnyVm for Vm<I> {
    fn isa(&self) -> &'static dyn AnyIsa {
        entry::<I>()
    }
}

impl<I: Guest> SetUp for Vm<I> {
    fn set_tier(&mut self, choice: Tier) -> Result<(), Error> {
        Self::set_tier(self, tier::<I>(choice)?);
        Ok(())
    }

    #[cfg(feature = "jit")]
    fn explain(&mut self) -> Result<Arc<fpvm_jit::Counters>, Error> {
        let jit = fpvm_jit::Jit::<I>::new().map_err(Error::NoTranslator)?;
        let jit = jit.explain();
        let counters = jit.counters();
        Self::set_tier(self, Some(Box::new(jit)));
        Ok(counters)
    }

    fn set_memory_limit(&mut self, bytes: u64) {
        self.memory.set_limit(bytes);
    }

    fn share_memory(&mut self, budget: Arc<Budget>) -> Result<(), MemoryLimit> {
        self.memory.share(budget)
    }

    fn count(&mut self) {
        if let Some(observer) = I::observer() {
            self.observe(observer);
        }
    }

    fn watch_page_zero(&mut self) {
        self.observe(Box::new(NullAccesses::<I>::default()));
    }

    fn repeat_branches(&mut self) {
        Self::repeat_branches(self);
    }

    fn set_symbols(&mut self, symbols: Symbols) {
        self.symbols = symbols;
    }
}

impl<I: Guest> Save for Vm<I> {
    fn witness(&mut self) -> Vec<u8> {
        Self::witness(self)
    }

    fn save(&mut self, path: &Path) -> Result<(), FileError> {
        state_file::save(self, path)
    }

    fn write_json(&mut self, out: &mut dyn Write) -> io::Result<()> {
        state_file::write_json(self, out)
    }
}
