//! Lists of VMs, and choosing from them.

use crate::Error;
use crate::isa::AnyIsa;
use crate::state::VERSIONS;
use fpvm_core::definition::isa::ElfTarget;

/// The VMs of this crate's features, in the order in which they are listed: of each ISA, the default first.
///
/// This is a static and not a constant, because each crate that names a constant would compile it anew.
pub static ISAS: &[&dyn AnyIsa] = &[
    #[cfg(feature = "mips")]
    crate::entry::<fpvm_isa_mips::Mips32>(),
    #[cfg(feature = "mips64")]
    crate::entry::<fpvm_isa_mips64::Mips64<8>>(),
    #[cfg(feature = "mips64")]
    crate::entry::<fpvm_isa_mips64::Mips64<7>>(),
    #[cfg(feature = "mips64")]
    crate::entry::<fpvm_isa_mips64::Mips64<6>>(),
    #[cfg(feature = "riscv")]
    crate::entry::<fpvm_isa_riscv::Rv64>(),
    #[cfg(feature = "riscv")]
    crate::entry::<fpvm_isa_riscv::imac::Imac>(),
];

/// A list of VMs. If a file could be for several, the first is taken.
#[derive(Clone)]
pub struct Registry(Vec<&'static dyn AnyIsa>);

impl std::fmt::Debug for Registry {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_list()
            .entries(self.0.iter().map(|isa| isa.vm_type()))
            .finish()
    }
}

impl Registry {
    /// The VMs of this crate.
    pub fn builtin() -> Self {
        Self(ISAS.to_vec())
    }

    /// A list of VMs.
    ///
    /// # Errors
    /// If two of them cannot be told apart.
    pub fn new(isas: &[&'static dyn AnyIsa]) -> Result<Self, Error> {
        for (i, second) in isas.iter().enumerate() {
            for first in isas.iter().take(i) {
                if let Some(why) = ambiguity(*first, *second) {
                    let (first, second) = (first.vm_type(), second.vm_type());
                    return Err(Error::Ambiguous { first, second, why });
                }
            }
        }
        Ok(Self(isas.to_vec()))
    }

    /// The VMs, in order.
    pub fn isas(&self) -> &[&'static dyn AnyIsa] {
        &self.0
    }

    /// The VMs of an ISA.
    ///
    /// # Errors
    /// If there are none.
    pub fn of_isa(&self, name: &str) -> Result<Self, Error> {
        let found = self.filter(|isa| isa.name() == name);
        if found.0.is_empty() {
            let mut known: Vec<_> = self.0.iter().map(|isa| isa.name()).collect();
            known.dedup();
            let name = name.into();
            return Err(Error::UnknownIsa { name, known });
        }
        Ok(found)
    }

    /// The VMs of a type.
    ///
    /// # Errors
    /// If there are none.
    pub fn of_type(&self, vm_type: &str) -> Result<Self, Error> {
        let found = self.filter(|isa| isa.vm_type() == vm_type);
        if !found.0.is_empty() {
            return Ok(found);
        }
        let (vm_type, known) = (vm_type.to_string(), self.types());
        let upstream = VERSIONS.iter().enumerate();
        let upstream = upstream.map(|(version, (name, release))| (version, *name, *release));
        let mut upstream = upstream.filter(|(_, name, _)| *name == vm_type);
        Err(match upstream.next() {
            Some((version, _, release)) => Error::UpstreamType {
                vm_type,
                version,
                release,
                known,
            },
            None => Error::UnknownType { vm_type, known },
        })
    }

    /// The VMs that have an upstream program in common.
    pub fn of_upstream(&self, name: &str) -> Self {
        self.filter(|isa| isa.about().upstream == name)
    }

    /// The VM that a program is for: the first that takes it. A single VM is taken in any case, because it
    /// can say better why it does not take the program.
    ///
    /// # Errors
    /// If none takes it.
    pub fn of_program(&self, bytes: &[u8]) -> Result<&'static dyn AnyIsa, Error> {
        if let [only] = self.0[..] {
            return Ok(only);
        }
        let found = self.0.iter().find(|isa| isa.is_program(bytes));
        found.copied().ok_or_else(|| Error::NoVm {
            found: if bytes.starts_with(b"\x7fELF") {
                format!("it is an ELF file for {}", machine(bytes))
            } else {
                "it is neither an ELF file nor a state file".into()
            },
            taken: self
                .0
                .iter()
                .map(|isa| (isa.programs(), isa.name()))
                .collect(),
        })
    }

    /// The VM of a packed state: the first that takes it, or otherwise the first that has packed states of its
    /// length. A single VM is taken in any case.
    ///
    /// # Errors
    /// If none has packed states of its length.
    pub fn of_witness(&self, witness: &[u8]) -> Result<&'static dyn AnyIsa, Error> {
        if let [only] = self.0[..] {
            return Ok(only);
        }
        let len = witness.len();
        let fits = self.0.iter().find(|isa| isa.is_witness(witness));
        let found = fits.or_else(|| self.0.iter().find(|isa| isa.witness_len() == len));
        found.copied().ok_or_else(|| {
            let known = self.0.iter();
            let known = known.map(|isa| format!("{} ({})", isa.witness_len(), isa.vm_type()));
            let known: Vec<_> = known.collect();
            let known = known.join(", ");
            Error::NoWitness { len, known }
        })
    }

    /// The VM types, in words.
    pub fn types(&self) -> String {
        let types: Vec<_> = self.0.iter().map(|isa| isa.vm_type()).collect();
        types.join(", ")
    }

    fn filter(&self, keep: impl Fn(&dyn AnyIsa) -> bool) -> Self {
        Self(self.0.iter().copied().filter(|isa| keep(*isa)).collect())
    }
}

/// What two VMs have in common although it has to differ, if there is something.
fn ambiguity(first: &dyn AnyIsa, second: &dyn AnyIsa) -> Option<String> {
    if first.vm_type() == second.vm_type() {
        return Some("give one of them another VM type (`Isa::VM_TYPE`)".into());
    }
    let len = first.witness_len();
    if len == second.witness_len() && first.version() == second.version() {
        let version = match first.version() {
            Some(version) => format!("version byte {version}"),
            None => "no version byte".into(),
        };
        return Some(format!(
            "both have packed states of {len} bytes and state files with {version}; give one of them \
             another version byte (`Isa::FILE`)"
        ));
    }
    // Of one ISA's VMs the first is the default for its programs; of two ISAs none is.
    let header = |target: ElfTarget| (target.machine, target.is_64, target.big_endian);
    let (Some(one), Some(other)) = (first.elf(), second.elf()) else {
        return None;
    };
    (first.name() != second.name() && header(one) == header(other)).then(|| {
        format!(
            "both take ELF files for {}, and they are of two ISAs, {} and {}; give them one name \
             (`Isa::NAME`), and the first is the default",
            one.name,
            first.name(),
            second.name()
        )
    })
}

/// The machine of an ELF file, in words.
fn machine(bytes: &[u8]) -> String {
    use object::{Architecture, Object as _};
    let bits = match bytes.get(4) {
        Some(1) => "32-bit",
        Some(2) => "64-bit",
        _ => return "a class of machine that does not exist".into(),
    };
    let is_big = bytes.get(5) == Some(&2);
    let order = if is_big {
        "big-endian"
    } else {
        "little-endian"
    };
    match object::File::parse(bytes).map(|file| file.architecture()) {
        Ok(Architecture::Unknown) | Err(_) => {
            let number = bytes.get(18..20).and_then(|bytes| bytes.try_into().ok());
            let number: [u8; 2] = number.unwrap_or_default();
            let number = if is_big {
                u16::from_be_bytes(number)
            } else {
                u16::from_le_bytes(number)
            };
            format!("{bits} {order} machine number {number}")
        }
        Ok(known) => format!("{bits} {order} {known:?}"),
    }
}
