//! JSON state files, with upstream's keys in upstream's order: `memory`, the fields by name, then
//! `lastHint` and Asterisc's `witness` and `stateHash`.

use super::{FileErrorKind, HINT_LIMIT, add_page, empty};
use crate::definition::isa::{Field, Isa, JsonPages, Source};
use crate::definition::state::{WitnessError, state_hash};
use crate::definition::threads::thread_len;
use crate::machine::memory::PAGE_SIZE;
use crate::machine::vm::Vm;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use flate2::Compression;
use flate2::read::ZlibDecoder;
use flate2::write::ZlibEncoder;
use serde::Deserialize;
use serde::de::{
    DeserializeSeed, Deserializer, Error as _, IgnoredAny, MapAccess, SeqAccess, Visitor,
};
use serde_json::{Map, Value, json};
use std::fmt;
use std::io::{Read, Write};

/// The key of [`Source::Version`].
const VERSION: &str = "version";

/// The longest string in a state file, in bytes: a hint in hex.
const STRING_LIMIT: usize = 2 * HINT_LIMIT + 64;

pub(super) fn read<I: Isa>(input: impl Read, max_memory: u64) -> Result<Vm<I>, FileErrorKind> {
    // A page takes 8192 hex digits at most, and some words around them.
    let limit = max_memory
        .saturating_mul(3)
        .saturating_add(4 * STRING_LIMIT as u64);
    let short = ShortStrings {
        inner: input.take(limit),
        string: 0,
    };
    let mut vm = empty::<I>(max_memory)?;
    let (mut fields, mut failed) = (Map::new(), None);
    let into = StateSeed {
        vm: &mut vm,
        fields: &mut fields,
        failed: &mut failed,
    };
    let mut json = serde_json::Deserializer::from_reader(std::io::BufReader::new(short));
    let parsed = into.deserialize(&mut json).and_then(|()| json.end());
    // An error of ours went through the parser as one of its own.
    failed.map_or(Ok(()), Err)?;
    parsed?;
    let mut stacks = [Vec::new(), Vec::new()];
    for field in I::STATE
        .iter()
        .filter(|field| field.source != Source::MemoryRoot)
    {
        let value = fields.get(field.name);
        let bytes = value
            .and_then(|value| field_bytes(field, value))
            .ok_or_else(|| {
                let why = match value {
                    Some(value) => format!("{value} does not fit"),
                    None => format!("missing; this is no state of {}", I::VM_TYPE),
                };
                FileErrorKind::Field {
                    name: field.name.into(),
                    why,
                }
            })?;
        if let Source::Version(expected) = field.source
            && bytes != [expected]
        {
            return Err(FileErrorKind::Version {
                found: bytes.first().copied().unwrap_or_default(),
                expected,
                vm: I::VM_TYPE,
            });
        }
        if let Source::Threads(side) = field.source {
            let threads = bytes.chunks(thread_len::<I>().max(1));
            if let Some(stack) = stacks.get_mut(usize::from(side)) {
                *stack = threads.map(<[u8]>::to_vec).collect();
            }
        } else {
            vm.state.unpack(field, &bytes);
        }
    }
    if I::THREADS.is_some() && !vm.state.set_stacks(stacks) {
        return Err(WitnessError::Threads.into());
    }
    vm.state.check()?;
    if let Some(hint) = fields.get("lastHint").filter(|hint| !hint.is_null()) {
        let bytes = hint.as_str().and_then(|hint| const_hex::decode(hint).ok());
        let fits = bytes.filter(|bytes| bytes.len() <= HINT_LIMIT);
        vm.last_hint = fits.ok_or_else(|| FileErrorKind::Field {
            name: "lastHint".into(),
            why: "not a hex string of a hint".into(),
        })?;
    }
    Ok(vm)
}

/// A reader that refuses JSON strings which no state has: a parser would hold them in memory.
struct ShortStrings<R> {
    inner: R,
    /// Bytes since the last quotation mark.
    string: usize,
}

impl<R: Read> Read for ShortStrings<R> {
    fn read(&mut self, out: &mut [u8]) -> std::io::Result<usize> {
        let len = self.inner.read(out)?;
        let bytes = out.get(..len).unwrap_or_default();
        self.string = match bytes.iter().rposition(|byte| *byte == b'"') {
            Some(last) => len - last,
            None => self.string + len,
        };
        if self.string > STRING_LIMIT {
            let why = format!("a string of more than {STRING_LIMIT} bytes, which no state has");
            return Err(std::io::Error::new(std::io::ErrorKind::InvalidData, why));
        }
        Ok(len)
    }
}

/// Reads the object of a state: pages go into memory as they come, the fields into a map.
struct StateSeed<'a, I: Isa> {
    vm: &'a mut Vm<I>,
    fields: &'a mut Map<String, Value>,
    failed: &'a mut Option<FileErrorKind>,
}

impl<'de, I: Isa> DeserializeSeed<'de> for StateSeed<'_, I> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de, I: Isa> Visitor<'de> for StateSeed<'_, I> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a state")
    }

    fn visit_map<M: MapAccess<'de>>(self, mut map: M) -> Result<(), M::Error> {
        let StateSeed { vm, fields, failed } = self;
        while let Some(key) = map.next_key::<String>()? {
            if key == "memory" {
                map.next_value_seed(PagesSeed { vm, failed })?;
            } else if key == "lastHint" || I::STATE.iter().any(|field| field.name == key) {
                fields.insert(key, map.next_value()?);
            } else if key == VERSION {
                let (found, vm) = (map.next_value()?, I::VM_TYPE);
                *failed = Some(FileErrorKind::Versioned { found, vm });
                return Err(M::Error::custom(VERSION));
            } else {
                map.next_value::<IgnoredAny>()?;
            }
        }
        Ok(())
    }
}

/// Reads the list of pages into memory.
struct PagesSeed<'a, I: Isa> {
    vm: &'a mut Vm<I>,
    failed: &'a mut Option<FileErrorKind>,
}

impl<'de, I: Isa> DeserializeSeed<'de> for PagesSeed<'_, I> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_seq(self)
    }
}

impl<'de, I: Isa> Visitor<'de> for PagesSeed<'_, I> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list of pages")
    }

    fn visit_seq<S: SeqAccess<'de>>(self, mut pages: S) -> Result<(), S::Error> {
        while let Some(PageEntry { index, data }) = pages.next_element()? {
            let bytes = decode_page::<I>(&data).map_err(|why| FileErrorKind::Page { index, why });
            let added = bytes.and_then(|bytes| add_page(self.vm, index, &bytes));
            added.map_err(|error| {
                let text = error.to_string();
                *self.failed = Some(error);
                S::Error::custom(text)
            })?;
        }
        Ok(())
    }
}

#[derive(Deserialize)]
struct PageEntry {
    index: u64,
    data: String,
}

fn decode_page<I: Isa>(data: &str) -> Result<Vec<u8>, &'static str> {
    match I::FILE.json_pages {
        JsonPages::Hex => const_hex::decode(data).map_err(|_| "not hex"),
        JsonPages::Base64Zlib => {
            let packed = BASE64.decode(data).map_err(|_| "not base64")?;
            let mut bytes = Vec::with_capacity(PAGE_SIZE);
            let limited = ZlibDecoder::new(&*packed).take(PAGE_SIZE as u64 + 1);
            let mut limited = limited;
            limited
                .read_to_end(&mut bytes)
                .map_err(|_| "not zlib data")?;
            Ok(bytes)
        }
    }
}

/// A field's packed bytes from its JSON value.
fn field_bytes(field: &Field, value: &Value) -> Option<Vec<u8>> {
    let number = |value: &Value| {
        let number = match value {
            Value::Bool(flag) => u64::from(*flag),
            _ => value.as_u64()?,
        };
        let bytes = number.to_be_bytes();
        let (high, low) = bytes.split_at(8 - field.size);
        high.iter().all(|byte| *byte == 0).then(|| low.to_vec())
    };
    match field.source {
        Source::MemoryRoot | Source::PreimageKey => const_hex::decode(value.as_str()?)
            .ok()
            .filter(|bytes| bytes.len() == field.size),
        Source::Version(_) | Source::Step | Source::StepsSinceSwitch | Source::Cell(_) => {
            number(value)
        }
        Source::Threads(_) => {
            let threads = value.as_array()?.iter();
            let threads = threads.map(|thread| const_hex::decode(thread.as_str()?).ok());
            Some(threads.collect::<Option<Vec<_>>>()?.concat())
        }
        Source::Cells(_, count) => {
            let values = value
                .as_array()
                .filter(|values| values.len() == count as usize)?;
            values
                .iter()
                .map(number)
                .collect::<Option<Vec<_>>>()
                .map(|cells| cells.concat())
        }
    }
}

pub(super) fn write<I: Isa>(vm: &mut Vm<I>, out: &mut dyn Write) -> std::io::Result<()> {
    out.write_all(b"{\"memory\":[")?;
    for (i, index) in vm.memory.pages().into_iter().enumerate() {
        let comma = if i == 0 { "" } else { "," };
        let data = encode_page::<I>(vm.memory.page(index))?;
        write!(out, "{comma}{{\"index\":{index},\"data\":\"{data}\"}}")?;
    }
    out.write_all(b"]")?;
    let mut entry = |name: &str, value: Value| write!(out, ",\"{name}\":{value}");
    for field in I::STATE
        .iter()
        .filter(|field| field.source != Source::MemoryRoot)
    {
        let value = match field.source {
            Source::Threads(side) => {
                let threads = vm.state.stack(side);
                threads.iter().map(const_hex::encode_prefixed).collect()
            }
            _ => {
                let mut bytes = Vec::new();
                vm.state.pack(field, &[0; 32], &mut bytes);
                field_value::<I>(field, &bytes)
            }
        };
        entry(field.name, value)?;
    }
    if !vm.last_hint.is_empty() {
        entry("lastHint", json!(const_hex::encode_prefixed(&vm.last_hint)))?;
    }
    if I::FILE.trailer {
        let witness = vm.witness();
        entry("witness", json!(BASE64.encode(&witness)))?;
        let hash = state_hash(vm.state.status(), &witness);
        entry("stateHash", json!(const_hex::encode_prefixed(hash)))?;
    }
    out.write_all(b"}\n")
}

fn encode_page<I: Isa>(page: &[u8]) -> std::io::Result<String> {
    Ok(match I::FILE.json_pages {
        JsonPages::Hex => const_hex::encode(page),
        JsonPages::Base64Zlib => {
            let mut encoder = ZlibEncoder::new(Vec::new(), Compression::fast());
            encoder.write_all(page)?;
            BASE64.encode(encoder.finish()?)
        }
    })
}

/// A field's JSON value from its packed bytes.
fn field_value<I: Isa>(field: &Field, bytes: &[u8]) -> Value {
    let number = |bytes: &[u8]| bytes.iter().fold(0u64, |n, byte| n << 8 | u64::from(*byte));
    match field.source {
        Source::MemoryRoot | Source::PreimageKey | Source::Threads(_) => {
            json!(const_hex::encode_prefixed(bytes))
        }
        Source::Cell(cell) if cell == I::EXITED => json!(number(bytes) != 0),
        Source::Version(_) | Source::Step | Source::StepsSinceSwitch | Source::Cell(_) => {
            json!(number(bytes))
        }
        Source::Cells(..) => bytes.chunks_exact(field.size).map(number).collect(),
    }
}
