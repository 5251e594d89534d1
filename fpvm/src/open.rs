//! From a file to a machine: a program or a state, of a VM that the file itself tells.

use crate::Error;
use crate::isa::{AnyIsa, Patches};
use crate::registry::Registry;
use crate::state::{of_another, vm_of_state};
use crate::tier::Tier;
use crate::vm::AnyVm;
use fpvm_core::formats::files;
use std::io::{self, Read as _};
use std::path::Path;

/// The largest program or JSON file that is read, in bytes.
const LIMIT: u64 = 1 << 30;

/// How a file is opened, and how its guest is run.
#[derive(Clone, Copy, Default, Debug)]
pub struct Options {
    /// Which of upstream's changes are made to a Go program.
    pub patches: Patches,
    /// The most memory that the guest may use, in bytes; `None` is three quarters of this machine's.
    pub max_memory: Option<u64>,
    /// How the guest is run.
    pub tier: Tier,
}

impl Options {
    /// The most memory that the guest may use, in bytes.
    pub fn memory_limit(&self) -> u64 {
        self.max_memory.unwrap_or_else(default_memory)
    }

    /// Has a machine run as the options say.
    ///
    /// # Errors
    /// If its guest has more memory than it may, or there is no translator.
    pub fn apply(&self, vm: &mut dyn AnyVm) -> Result<(), Error> {
        let (used, limit) = (vm.memory_used(), self.memory_limit());
        if used > limit {
            return Err(Error::Memory { used, limit });
        }
        vm.set_memory_limit(limit);
        vm.set_tier(self.tier)
    }
}

impl Registry {
    /// Opens a program or a state file. `known` are all VMs that there are, where this list was chosen from
    /// them: they tell what a file is that none of this list takes.
    ///
    /// # Errors
    /// If the file is neither, is damaged, or needs more memory than it may have.
    pub fn open_among(
        &self,
        known: &Registry,
        path: &Path,
        options: &Options,
    ) -> Result<Box<dyn AnyVm>, Error> {
        if known.is_program(path)? {
            return self.open_program(path, options);
        }
        let isa = vm_of_state(self, path)?;
        let loaded = isa.load_state(path, options.memory_limit());
        let mut vm = loaded
            .map_err(|error| of_another(known, isa, path).unwrap_or_else(|| Error::State(error)))?;
        options.apply(vm.as_mut())?;
        Ok(vm)
    }

    /// Opens a program or a state file.
    ///
    /// # Errors
    /// As [`Registry::open_among`].
    pub fn open(&self, path: &Path, options: &Options) -> Result<Box<dyn AnyVm>, Error> {
        self.open_among(self, path, options)
    }

    /// Opens a program.
    ///
    /// # Errors
    /// If no VM takes it, or it needs more memory than it may have.
    pub fn open_program(&self, path: &Path, options: &Options) -> Result<Box<dyn AnyVm>, Error> {
        let bytes = read_file(path)?;
        let in_file = |source| Error::LoadFile {
            path: path.into(),
            source: Box::new(source),
        };
        let isa = self.of_program(&bytes).map_err(in_file)?;
        load(isa, &bytes, options, in_file)
    }

    /// Loads a program.
    ///
    /// # Errors
    /// As [`Registry::open_program`].
    pub fn load(&self, bytes: &[u8], options: &Options) -> Result<Box<dyn AnyVm>, Error> {
        load(self.of_program(bytes)?, bytes, options, |error| error)
    }

    /// Whether a file is a program; else it is taken for a state.
    fn is_program(&self, path: &Path) -> Result<bool, Error> {
        let start = read_start(path, 64)?;
        Ok(start.starts_with(b"\x7fELF") || self.isas().iter().any(|isa| isa.is_program(&start)))
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

/// Reads a file as a whole, through gzip where its name ends in `.gz`; none of more than a gibibyte.
///
/// # Errors
/// If it cannot be read, or is larger.
pub fn read_file(path: &Path) -> Result<Vec<u8>, Error> {
    // A file's length is right unless it is compressed or special, and room for it saves growing.
    let len = std::fs::metadata(path).map_or(0, |meta| meta.len().min(LIMIT));
    let mut bytes = Vec::with_capacity(len as usize + 1);
    let opened = files::open(path);
    let read = opened.and_then(|file| file.take(LIMIT + 1).read_to_end(&mut bytes));
    read.map_err(|error| unreadable(path, error))?;
    if bytes.len() as u64 > LIMIT {
        let path = path.into();
        return Err(Error::TooLarge { path, limit: LIMIT });
    }
    Ok(bytes)
}

/// The first bytes of a file.
pub(crate) fn read_start(path: &Path, len: u64) -> Result<Vec<u8>, Error> {
    let mut start = Vec::new();
    let opened = files::open(path);
    let read = opened.and_then(|file| file.take(len).read_to_end(&mut start));
    read.map_err(|error| unreadable(path, error))?;
    Ok(start)
}

pub(crate) fn unreadable(path: &Path, source: io::Error) -> Error {
    let path = path.into();
    Error::Read { path, source }
}

/// Three quarters of the machine's memory, so that a guest which grows ends with an error and not
/// with the whole machine.
fn default_memory() -> u64 {
    #[cfg(target_os = "linux")]
    {
        let info = rustix::system::sysinfo();
        (info.totalram as u64).saturating_mul(u64::from(info.mem_unit)) / 4 * 3
    }
    #[cfg(not(target_os = "linux"))]
    {
        8 << 30
    }
}
