//! From a file to a machine: a program or a state, of the VM that the file itself names.

use crate::Error;
use crate::input::Input;
use crate::isa::{AnyIsa, Patches};
use crate::memory_limit;
use crate::registry::Registry;
use crate::state::{of_another, vm_of_state};
use crate::tier::Tier;
use crate::vm::AnyVm;
use fpvm_core::machine::memory::MemoryLimit;
use std::io;
use std::path::Path;

/// How a file is opened, and how its guest is run.
#[derive(Clone, Copy, Default, Debug)]
pub struct Options {
    /// Which of upstream's changes are made to a Go program.
    pub patches: Patches,
    /// The most memory that the guest may use, in bytes; `None` is three quarters of what this process may have, for
    /// all its guests together.
    pub max_memory: Option<u64>,
    /// How the guest is run.
    pub tier: Tier,
}

impl Options {
    /// The most memory that the guest may use, in bytes.
    pub fn memory_limit(&self) -> u64 {
        self.max_memory.unwrap_or_else(memory_limit::default_memory)
    }

    /// Sets a machine up as the options say.
    ///
    /// # Errors
    /// If its guest has more memory than it may have, or there is no translator.
    pub fn apply(&self, vm: &mut dyn AnyVm) -> Result<(), Error> {
        let (used, limit) = (vm.memory_used(), self.memory_limit());
        if used > limit {
            return Err(Error::Memory { used, limit });
        }
        vm.set_memory_limit(limit);
        if self.max_memory.is_none() {
            let shared = vm.share_memory(memory_limit::shared());
            shared.map_err(|MemoryLimit { limit, .. }| Error::Memory { used, limit })?;
        }
        vm.set_tier(self.tier)
    }
}

impl Registry {
    /// Opens a program or a state file. `known` are all VMs, from which this list was chosen: if no VM of the
    /// list takes a file, they tell what the file is.
    ///
    /// # Errors
    /// If the file is neither, is damaged, or needs more memory than it may have.
    pub fn open_among(
        &self,
        known: &Self,
        input: &mut Input,
        options: &Options,
    ) -> Result<Box<dyn AnyVm>, Error> {
        if known.is_program(input) {
            return self.open_program(input, options);
        }
        let isa = vm_of_state(self, input)?;
        let (path, kind) = (input.path().to_path_buf(), input.kind());
        let loaded = isa.load_state(&path, kind, &mut *input.reader()?, options.memory_limit());
        let mut vm = loaded.map_err(|error| {
            of_another(known, isa, input).unwrap_or_else(|| Error::State(error))
        })?;
        options.apply(vm.as_mut())?;
        Ok(vm)
    }

    /// Opens a program or a state file.
    ///
    /// # Errors
    /// As [`Registry::open_among`].
    pub fn open(&self, path: &Path, options: &Options) -> Result<Box<dyn AnyVm>, Error> {
        self.open_among(self, &mut Input::open(path)?, options)
    }

    /// Opens a program.
    ///
    /// # Errors
    /// If no VM takes it, or it needs more memory than it may have.
    pub fn open_program(
        &self,
        input: &mut Input,
        options: &Options,
    ) -> Result<Box<dyn AnyVm>, Error> {
        let path = input.path().to_path_buf();
        let in_file = |source| Error::LoadFile {
            path: path.clone(),
            source: Box::new(source),
        };
        let bytes = input.bytes()?;
        let isa = self.of_program(bytes).map_err(in_file)?;
        load(isa, bytes, options, in_file)
    }

    /// The VM that a file is a state of; `None` where it is a program or neither.
    pub fn of_state(&self, input: &mut Input) -> Option<&'static dyn AnyIsa> {
        let known = !self.is_program(input);
        known.then(|| vm_of_state(self, input).ok()).flatten()
    }

    /// Loads a program.
    ///
    /// # Errors
    /// As [`Registry::open_program`].
    pub fn load(&self, bytes: &[u8], options: &Options) -> Result<Box<dyn AnyVm>, Error> {
        load(self.of_program(bytes)?, bytes, options, |error| error)
    }

    /// Whether a file is a program; otherwise it is taken for a state.
    fn is_program(&self, input: &Input) -> bool {
        let start = input.start();
        start.starts_with(b"\x7fELF") || self.isas().iter().any(|isa| isa.is_program(start))
    }
}

fn load(
    isa: &dyn AnyIsa,
    bytes: &[u8],
    options: &Options,
    place: impl FnOnce(Error) -> Error,
) -> Result<Box<dyn AnyVm>, Error> {
    let loaded = isa.load_program(bytes, options.patches);
    let mut vm = loaded.map_err(|error| place(Error::Load(error)))?;
    options.apply(vm.as_mut())?;
    Ok(vm)
}

/// Reads a whole file of at most a gibibyte, through gzip if its name ends in `.gz`. `-` is standard input.
///
/// # Errors
/// If it cannot be read, or is larger.
pub fn read_file(path: &Path) -> Result<Vec<u8>, Error> {
    Input::open(path)?.into_bytes()
}

pub(crate) fn unreadable(path: &Path, source: io::Error) -> Error {
    let path = path.into();
    Error::Read { path, source }
}
