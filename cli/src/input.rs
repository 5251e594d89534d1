//! What a command works on: a program or a state file, of a VM that the file itself tells.

use crate::app::App;
use crate::args::{self, TierArgs};
use crate::output::Target;
use anyhow::Context as _;
use fpvm::core::formats::symbols::Symbols;
use fpvm::{AnyVm, Options, Patches, Registry, Tier, read_file};
use serde::de::DeserializeOwned;
use std::ffi::OsString;
use std::path::{Path, PathBuf};

/// A program or a state file, and how it is read.
#[derive(Debug, clap::Args)]
pub(crate) struct InputArgs {
    /// The program (ELF) or state file (.bin, .bin.gz, .json, .json.gz); - for standard input
    #[arg(value_name = "FILE", required_unless_present = "input")]
    file: Option<PathBuf>,
    /// The same, as upstream's flag
    #[arg(long, value_name = "FILE", conflicts_with = "file")]
    input: Option<PathBuf>,
    #[command(flatten)]
    reading: ReadingArgs,
    /// Symbols of a state's program, as load-elf writes them ("" for none) [default: none; those of
    /// an ELF file are known; as cannon or asterisc: meta.json]
    #[arg(long, value_name = "FILE", value_parser = Target::parser())]
    meta: Option<Target>,
}

/// How a file is read.
#[derive(Debug, clap::Args)]
pub(crate) struct ReadingArgs {
    /// The VM, where the file shall not decide [see `list`]
    #[arg(long, value_name = "ISA")]
    isa: Option<String>,
    /// VM type, as upstream names it, where the file shall not decide [see `list`]
    #[arg(long = "type", value_name = "TYPE")]
    vm_type: Option<String>,
    /// Which of upstream's changes are made to a Go program
    #[arg(long, value_name = "WHICH", default_value = "upstream")]
    patch: PatchArg,
    /// The most memory that the guest may use (512MiB, 4GiB, …) [default: three quarters of what
    /// this process may have, for all of its guests together]
    #[arg(long, value_name = "SIZE", value_parser = args::size)]
    max_memory: Option<u64>,
    #[command(flatten)]
    tier: TierArgs,
}

impl InputArgs {
    /// The file.
    pub(crate) fn path(&self) -> &Path {
        let path = self.file.as_deref().or(self.input.as_deref());
        path.unwrap_or(Path::new(""))
    }

    /// The flags of a command that runs guests by the same tier.
    pub(crate) fn tier_words(&self) -> Vec<OsString> {
        self.reading.tier.words()
    }

    /// Opens another file, read in the same way.
    pub(crate) fn open_other(&self, app: &App, path: &Path) -> anyhow::Result<Box<dyn AnyVm>> {
        self.reading.open(app, path)
    }

    /// Opens the file. A state's symbols come from `--meta`, or else from where `default_meta` says.
    pub(crate) fn open(&self, app: &App, default_meta: &str) -> anyhow::Result<Box<dyn AnyVm>> {
        let mut vm = self.reading.open(app, self.path())?;
        match &self.meta {
            Some(meta) => read_meta(vm.as_mut(), meta)?,
            None if vm.symbols().all().is_empty() => {
                read_meta(vm.as_mut(), &Target::from(default_meta))?;
            }
            None => {}
        }
        Ok(vm)
    }
}

/// Which of upstream's changes to Go programs are made.
#[derive(Clone, Copy, PartialEq, Eq, Debug, clap::ValueEnum)]
enum PatchArg {
    /// Upstream's, and so upstream's pre-state hash.
    Upstream,
    /// Those that the Go release which made the program needs; upstream's for Go 1.22.
    Auto,
    /// None.
    None,
}

impl ReadingArgs {
    /// Opens a program or a state file.
    pub(crate) fn open(&self, app: &App, path: &Path) -> anyhow::Result<Box<dyn AnyVm>> {
        self.open_by(app, path, self.tier()?)
    }

    /// The tier that guests are run by.
    pub(crate) fn tier(&self) -> anyhow::Result<Tier> {
        self.tier.tier()
    }

    /// The same to be run by another tier.
    pub(crate) fn open_by(
        &self,
        app: &App,
        path: &Path,
        tier: Tier,
    ) -> anyhow::Result<Box<dyn AnyVm>> {
        let (vms, options) = (self.vms(app)?, self.options()?);
        let options = Options { tier, ..options };
        let mut input = app.inputs.open(path)?;
        let vm = vms.open_among(&app.vms, &mut input, &options);
        let vm = vm.map_err(|error| app.not_loaded(error, &mut input))?;
        app.warn_of_problems(vm.as_ref(), self.patches(), &mut input);
        Ok(vm)
    }

    /// What opens programs and state files in the same way, for threads of their own; what `check` says of them is not told.
    pub(crate) fn opener(
        &self,
        app: &App,
    ) -> anyhow::Result<impl Fn(&Path) -> anyhow::Result<Box<dyn AnyVm>> + Send + Sync + use<>>
    {
        let (vms, all, options) = (self.vms(app)?, app.vms.clone(), self.options()?);
        let inputs = app.inputs.clone();
        Ok(move |path: &Path| {
            let mut input = inputs.open(path)?;
            Ok(vms.open_among(&all, &mut input, &options)?)
        })
    }

    /// Opens a program.
    pub(crate) fn open_program(&self, app: &App, path: &Path) -> anyhow::Result<Box<dyn AnyVm>> {
        let mut input = app.inputs.open(path)?;
        let vm = self.vms(app)?.open_program(&mut input, &self.options()?);
        let vm = vm.map_err(|error| app.not_loaded(error, &mut input))?;
        app.warn_of_problems(vm.as_ref(), self.patches(), &mut input);
        Ok(vm)
    }

    /// Whether a type of VM was asked for.
    pub(crate) fn has_type(&self) -> bool {
        self.vm_type.is_some()
    }

    /// The VMs of which the file may be.
    pub(crate) fn vms(&self, app: &App) -> anyhow::Result<Registry> {
        app.vms(self.isa.as_deref(), self.vm_type.as_deref())
    }

    /// Which of upstream's changes are made to a Go program.
    pub(crate) fn patches(&self) -> Patches {
        match self.patch {
            PatchArg::Upstream => Patches::Upstream,
            PatchArg::Auto => Patches::Auto,
            PatchArg::None => Patches::None,
        }
    }

    fn options(&self) -> anyhow::Result<Options> {
        Ok(Options {
            patches: self.patches(),
            max_memory: self.max_memory,
            tier: self.tier.tier()?,
        })
    }
}

/// Reads a JSON file within the limit.
pub(crate) fn read_json<T: DeserializeOwned>(path: &Path, what: &str) -> anyhow::Result<T> {
    // From memory, which is several times faster than from a reader.
    let parsed = serde_json::from_slice(&read_file(path)?);
    parsed.with_context(|| format!("{} is no {what}", path.display()))
}

fn read_meta(vm: &mut dyn AnyVm, meta: &Target) -> anyhow::Result<()> {
    match meta {
        Target::Nowhere => {}
        Target::Stdout => vm.set_symbols(read_symbols(Path::new("-"))?),
        Target::File(path) => vm.set_symbols(read_symbols(path)?),
    }
    Ok(())
}

/// Reads symbols as load-elf writes them.
pub(crate) fn read_symbols(path: &Path) -> anyhow::Result<Symbols> {
    let symbols: Symbols = read_json(path, "metadata")?;
    // Whoever wrote them may have left them unsorted.
    Ok(Symbols::new(symbols.all().to_vec()))
}
