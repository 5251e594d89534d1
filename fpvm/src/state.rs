//! Finds the VM of a state file: by the version byte, or by the keys of its JSON.

use crate::Error;
use crate::input::Input;
use crate::isa::AnyIsa;
use crate::registry::Registry;
use fpvm_core::formats::files::FileKind;
use serde::de::{Deserializer as _, IgnoredAny, MapAccess, Visitor};
use std::cmp::Reverse;
use std::collections::BTreeSet;
use std::fmt;
use std::io::{self, Read};
use std::path::Path;

/// Upstream's state versions, by number: the VM type, and the release of its program with which upstream runs
/// the version.
pub(crate) const VERSIONS: [(&str, &str); 9] = [
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

/// The VM whose state a file is.
pub(crate) fn vm_of_state(vms: &Registry, input: &mut Input) -> Result<&'static dyn AnyIsa, Error> {
    if let [only] = vms.isas() {
        return Ok(*only);
    }
    let path = input.path().to_path_buf();
    let unknown = || Error::UnknownFile {
        path: path.clone(),
        known: vms.types(),
    };
    match input.kind() {
        FileKind::Binary => {
            let start = input.start();
            let found = vms.isas().iter().find(|isa| starts_state(**isa, start));
            found
                .copied()
                .ok_or_else(|| of_version(&path, start, vms).unwrap_or_else(unknown))
        }
        FileKind::Json => {
            let first = input
                .start()
                .iter()
                .find(|byte| !byte.is_ascii_whitespace());
            if first.is_none_or(|byte| *byte != b'{') {
                return Err(unknown());
            }
            let keys = json_keys(input.json()?).map_err(|source| Error::NoJson {
                path: path.clone(),
                source,
            })?;
            let has_all =
                |isa: &&&dyn AnyIsa| isa.state_keys().iter().all(|key| keys.contains(*key));
            // Of two VMs, one may have all the keys of the other and more.
            let found = vms.isas().iter().filter(has_all);
            let found = found.min_by_key(|isa| Reverse(isa.state_keys().len()));
            found.copied().ok_or_else(unknown)
        }
    }
}

/// The error for a file that cannot be read as a state of a VM, if it is a state of another.
pub(crate) fn of_another(known: &Registry, isa: &dyn AnyIsa, input: &mut Input) -> Option<Error> {
    let found = vm_of_state(known, input).ok()?;
    let (found, wanted) = (found.vm_type(), isa.vm_type());
    (found != wanted).then(|| Error::OtherVm {
        path: input.path().into(),
        found,
        wanted,
    })
}

/// Whether a binary state of this VM can start with these bytes.
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

/// The error for a binary file that begins as a state of another VM than these: of one that there is
/// here, or of a version that only upstream has.
fn of_version(path: &Path, start: &[u8], vms: &Registry) -> Option<Error> {
    let (path, known) = (path.to_path_buf(), vms.types());
    let builtin = Registry::builtin();
    if let Some(isa) = builtin.isas().iter().find(|isa| starts_state(**isa, start)) {
        let found = isa.vm_type();
        return Some(Error::NotListed { path, found, known });
    }
    let version = *start.first()?;
    let (vm_type, release) = *VERSIONS.get(usize::from(version))?;
    Some(Error::UpstreamState {
        path,
        version,
        vm_type,
        release,
        known,
    })
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
