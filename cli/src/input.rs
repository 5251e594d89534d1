//! What a command works on: a program or a state file, of an ISA that the file itself tells.

use crate::any::AnyVm;
use crate::app::App;
use crate::isa::{AnyIsa, ISAS, Patches};
use crate::output::Target;
use crate::personality::Personality;
use crate::tier::TierArgs;
use anyhow::{Context as _, anyhow, bail};
use fpvm_core::formats::files::{self, FileKind};
use fpvm_core::formats::symbols::Symbols;
use serde::de::{DeserializeOwned, Deserializer as _, IgnoredAny, MapAccess, Visitor};
use std::cmp::Reverse;
use std::collections::BTreeSet;
use std::ffi::OsString;
use std::fmt;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

/// The largest program or JSON file that is read, in bytes.
const LIMIT: u64 = 1 << 30;

/// A program or a state file, and how it is read.
#[derive(Debug, clap::Args)]
pub(crate) struct InputArgs {
    /// The program (ELF) or state file (.bin, .bin.gz, .json, .json.gz)
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
    pub(crate) patch: Patches,
    /// The most memory that the guest may use (512MiB, 4GiB, …) [default: three quarters of this
    /// machine's]
    #[arg(long, value_name = "SIZE", value_parser = crate::args::size)]
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

impl ReadingArgs {
    /// Opens a program or a state file.
    pub(crate) fn open(&self, app: &App, path: &Path) -> anyhow::Result<Box<dyn AnyVm>> {
        let vms = self.vms(app)?;
        let mut vm = if is_program(app, path)? {
            self.open_program(app, path)?
        } else {
            let isa = vm_of_state(&vms, path)?;
            isa.load_state(path, self.max_memory())
                .map_err(|error| of_another(app, isa, path).unwrap_or(error.into()))?
        };
        self.set_up(vm.as_mut())?;
        Ok(vm)
    }

    /// Opens a program.
    pub(crate) fn open_program(&self, app: &App, path: &Path) -> anyhow::Result<Box<dyn AnyVm>> {
        let bytes = read_all(path)?;
        let vms = self.vms(app)?;
        let isa = vm_of_program(&vms, &bytes).with_context(|| cannot_load(path))?;
        let mut vm = isa
            .load_program(&bytes, self.patch)
            .with_context(|| cannot_load(path))?;
        self.set_up(vm.as_mut())?;
        Ok(vm)
    }

    /// Whether a type of VM was asked for.
    pub(crate) fn has_type(&self) -> bool {
        self.vm_type.is_some()
    }

    /// The VMs of which the file may be.
    pub(crate) fn vms(&self, app: &App) -> anyhow::Result<Vms> {
        app.vms(self.isa.as_deref(), self.vm_type.as_deref())
    }

    fn max_memory(&self) -> u64 {
        self.max_memory.unwrap_or_else(default_memory)
    }

    /// Sets what the arguments say of how the guest runs.
    fn set_up(&self, vm: &mut dyn AnyVm) -> anyhow::Result<()> {
        let limit = self.max_memory();
        if vm.memory_used() > limit {
            let used = vm.memory_used();
            bail!(
                "the guest starts with {used} bytes of memory, and may use {limit}: raise --max-memory"
            );
        }
        vm.set_memory_limit(limit);
        vm.set_tier(&self.tier)
    }
}

/// VMs to choose from, at least one.
pub(crate) type Vms = Vec<&'static dyn AnyIsa>;

impl App {
    /// The VMs of an ISA and a type, where they are given; else those that this program stands for.
    pub(crate) fn vms(&self, isa: Option<&str>, vm_type: Option<&str>) -> anyhow::Result<Vms> {
        let (own, whose) = match isa {
            Some(name) => (
                self.isas_where(|isa| isa.name() == name),
                format!("--isa {name}"),
            ),
            None => (self.own_isas(), self.personality.name().to_string()),
        };
        if own.is_empty() {
            let mut names: Vec<_> = self.isas.iter().map(|isa| isa.name()).collect();
            names.dedup();
            let (name, names) = (isa.unwrap_or_default(), names.join(", "));
            bail!("there is no ISA `{name}`; there are: {names}");
        }
        let Some(vm_type) = vm_type else {
            return Ok(own);
        };
        if self.isas_where(|isa| isa.vm_type() == vm_type).is_empty() {
            let (known, types) = (VERSIONS.iter().zip(0..), types(self.isas));
            let found = known.into_iter().find(|((name, _), _)| *name == vm_type);
            let Some(((_, release), version)) = found else {
                bail!("the VM type {vm_type} does not exist; there are {types}");
            };
            bail!(
                "the VM type {vm_type} (state version {version}) is not supported, \
                 but by upstream's cannon {release}; there are {types}"
            );
        }
        let fits = own.iter().filter(|isa| isa.vm_type() == vm_type);
        let fits: Vms = fits.copied().collect();
        if fits.is_empty() {
            let types = types(&own);
            bail!("--type {vm_type} is not the VM type of {whose}: {types}");
        }
        Ok(fits)
    }

    fn isas_where(&self, keep: impl Fn(&dyn AnyIsa) -> bool) -> Vms {
        let kept = self.isas.iter().filter(|isa| keep(**isa));
        kept.copied().collect()
    }

    /// The ISAs of the program whose name this one goes by.
    fn own_isas(&self) -> Vms {
        let name = self.personality.name();
        match self.personality {
            Personality::Fpvm => self.isas.to_vec(),
            _ => self.isas_where(|isa| isa.upstream() == name),
        }
    }

    /// Their VM types, in words.
    pub(crate) fn own_types(&self) -> String {
        types(&self.own_isas())
    }
}

fn types(isas: &[&'static dyn AnyIsa]) -> String {
    let types: Vec<_> = isas.iter().map(|isa| isa.vm_type()).collect();
    types.join(", ")
}

fn cannot_load(path: &Path) -> String {
    format!("cannot load {}", path.display())
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

/// Whether a file is a program; else it is taken for a state.
fn is_program(app: &App, path: &Path) -> anyhow::Result<bool> {
    let mut start = Vec::new();
    let opened = files::open(path);
    let read = opened.and_then(|file| file.take(64).read_to_end(&mut start));
    read.with_context(|| format!("cannot read {}", path.display()))?;
    Ok(start.starts_with(b"\x7fELF") || app.isas.iter().any(|isa| isa.is_program(&start)))
}

/// Reads a file as a whole, within the limit.
pub(crate) fn read_all(path: &Path) -> anyhow::Result<Vec<u8>> {
    // A file's length is right unless it is compressed or special, and room for it saves growing.
    let len = std::fs::metadata(path).map_or(0, |meta| meta.len().min(LIMIT));
    let mut bytes = Vec::with_capacity(len as usize + 1);
    let opened = files::open(path);
    let read = opened.and_then(|file| file.take(LIMIT + 1).read_to_end(&mut bytes));
    read.with_context(|| format!("cannot read {}", path.display()))?;
    if bytes.len() as u64 > LIMIT {
        bail!(
            "{} has more than {LIMIT} bytes: no such file is read",
            path.display()
        );
    }
    Ok(bytes)
}

/// Reads a JSON file within the limit.
pub(crate) fn read_json<T: DeserializeOwned>(path: &Path, what: &str) -> anyhow::Result<T> {
    // From memory, which is several times faster than from a reader.
    let parsed = serde_json::from_slice(&read_all(path)?);
    parsed.with_context(|| format!("{} is no {what}", path.display()))
}

fn read_meta(vm: &mut dyn AnyVm, meta: &Target) -> anyhow::Result<()> {
    match meta {
        Target::Nowhere => {}
        Target::Stdout => vm.set_symbols(read_symbols(Path::new("/dev/stdin"))?),
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

/// The VM that a program is for: the newest of those that take it. A single VM is asked in any case,
/// and has more to say of what it does not take.
pub(crate) fn vm_of_program(
    vms: &[&'static dyn AnyIsa],
    bytes: &[u8],
) -> anyhow::Result<&'static dyn AnyIsa> {
    if let [only] = vms {
        return Ok(*only);
    }
    let found = vms.iter().find(|isa| isa.is_program(bytes));
    found.copied().with_context(|| {
        let taken = vms
            .iter()
            .map(|isa| format!("{} (--isa {})", isa.programs(), isa.name()));
        let mut taken: Vec<_> = taken.collect();
        taken.dedup();
        let what = match bytes.starts_with(b"\x7fELF") {
            true => format!("it is an ELF file for {}", machine(bytes)),
            false => "it is neither an ELF file nor a state file".into(),
        };
        format!("{what}; there are VMs for {}", taken.join(", "))
    })
}

/// What machine an ELF file is for, in words.
fn machine(bytes: &[u8]) -> String {
    use object::{Architecture, Object as _};
    let bits = match bytes.get(4) {
        Some(1) => "32-bit",
        Some(2) => "64-bit",
        _ => return "a class of machine that does not exist".into(),
    };
    let order = if bytes.get(5) == Some(&2) {
        "big-endian"
    } else {
        "little-endian"
    };
    let architecture = object::File::parse(bytes).map(|file| file.architecture());
    match architecture {
        Ok(Architecture::Unknown) | Err(_) => {
            let number = bytes.get(18..20).and_then(|bytes| bytes.try_into().ok());
            let number = number.unwrap_or_default();
            let number = if order == "big-endian" {
                u16::from_be_bytes(number)
            } else {
                u16::from_le_bytes(number)
            };
            format!("{bits} {order} machine number {number}")
        }
        Ok(known) => format!("{bits} {order} {known:?}"),
    }
}

/// The VM whose state a file is: by the version byte, or by the keys of its JSON.
fn vm_of_state(vms: &[&'static dyn AnyIsa], path: &Path) -> anyhow::Result<&'static dyn AnyIsa> {
    if let [only] = vms {
        return Ok(*only);
    }
    let unknown = || {
        let (path, names) = (path.display(), types(vms));
        format!(
            "{path} is neither a program nor a state of one of {names}: tell with --isa what it is"
        )
    };
    let file = files::open(path).with_context(|| format!("cannot read {}", path.display()))?;
    match FileKind::of(path) {
        FileKind::Binary => {
            let mut start = Vec::new();
            let read = file.take(8).read_to_end(&mut start);
            read.with_context(|| format!("cannot read {}", path.display()))?;
            let found = vms.iter().find(|isa| starts_state(**isa, &start));
            found
                .copied()
                .with_context(|| of_version(path, &start, vms).unwrap_or_else(unknown))
        }
        FileKind::Json => {
            let keys =
                json_keys(file).with_context(|| format!("{} is no JSON state", path.display()))?;
            let has_all =
                |isa: &&&dyn AnyIsa| isa.state_keys().iter().all(|key| keys.contains(*key));
            // Of two VMs, one may have all the keys of the other and more.
            let found = vms.iter().filter(has_all);
            let found = found.min_by_key(|isa| Reverse(isa.state_keys().len()));
            found.copied().with_context(unknown)
        }
    }
}

/// What to say of a file that cannot be read as a state of a VM, where it is one of another.
fn of_another(app: &App, isa: &dyn AnyIsa, path: &Path) -> Option<anyhow::Error> {
    let found = vm_of_state(app.isas, path).ok()?;
    let (path, found, wanted) = (path.display(), found.vm_type(), isa.vm_type());
    (found != wanted)
        .then(|| anyhow!("{path} is a state of VM type {found}, and not one of {wanted}"))
}

/// Whether a binary state of this ISA can start with these bytes.
fn starts_state(isa: &dyn AnyIsa, start: &[u8]) -> bool {
    match (isa.version(), start) {
        (Some(version), [first, ..]) => version == *first,
        (None, start) => {
            // The file starts with the number of pages, and none has 2^28 of them; the version byte
            // and page count of another VM's state would read as more.
            let count = start.first_chunk().map(|bytes| u64::from_be_bytes(*bytes));
            count.is_some_and(|count| count < 1 << 28)
        }
        (Some(_), []) => false,
    }
}

/// Upstream's state versions, by number: the VM type, and the release of its program that upstream runs
/// the version with.
const VERSIONS: [(&str, &str); 9] = [
    ("singlethreaded", "v1.0.0"),
    ("multithreaded", "v1.3.0"),
    ("singlethreaded-2", "v1.4.0"),
    ("multithreaded64", "v1.2.0"),
    ("multithreaded64-2", "v1.3.0"),
    ("multithreaded-2", "v1.4.0"),
    ("multithreaded64-3", "v1.4.0"),
    ("multithreaded64-4", "v1.6.0"),
    ("multithreaded64-5", "v1.6.0"),
];

/// What to say of a binary file that begins as a state of another VM than these: of one that there is
/// here, or of a version that only upstream has.
fn of_version(path: &Path, start: &[u8], vms: &[&'static dyn AnyIsa]) -> Option<String> {
    let (path, types) = (path.display(), types(vms));
    if let Some(isa) = ISAS.iter().find(|isa| starts_state(**isa, start)) {
        let found = isa.vm_type();
        return Some(format!(
            "{path} is a state of VM type {found}, which is not among {types}"
        ));
    }
    let version = *start.first()?;
    let (name, release) = VERSIONS.get(usize::from(version))?;
    Some(format!(
        "{path} is a state of version {version}, VM type {name}, which fpvm does not have: \
         upstream's cannon {release} reads it; there are {types}"
    ))
}

/// The keys of a JSON object, its values passed over.
fn json_keys(file: impl Read) -> serde_json::Result<BTreeSet<String>> {
    struct Keys;
    impl<'de> Visitor<'de> for Keys {
        type Value = BTreeSet<String>;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("an object")
        }

        fn visit_map<M: MapAccess<'de>>(self, mut map: M) -> Result<Self::Value, M::Error> {
            let mut keys = BTreeSet::new();
            while let Some(key) = map.next_key()? {
                keys.insert(key);
                map.next_value::<IgnoredAny>()?;
            }
            Ok(keys)
        }
    }
    let mut json = serde_json::Deserializer::from_reader(io::BufReader::new(file));
    json.deserialize_map(Keys)
}
