//! JSON state files, with upstream's keys in upstream's order: `memory`, the fields by name, then
//! `lastHint` and Asterisc's `witness` and `stateHash`.

use super::{FileErrorKind, HINT_LIMIT, add_page, empty};
use crate::isa::{Field, Isa, JsonPages, Source};
use crate::memory::PAGE_SIZE;
use crate::state::state_hash;
use crate::vm::Vm;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use flate2::Compression;
use flate2::read::ZlibDecoder;
use flate2::write::ZlibEncoder;
use serde::Deserialize;
use serde_json::{Map, Value, json};
use std::io::{Read, Write};

/// The most JSON that is read; no state of a program that runs comes near it.
const LIMIT: u64 = 1 << 34;

#[derive(Deserialize)]
struct StateFile {
    memory: Vec<PageEntry>,
    #[serde(flatten)]
    fields: Map<String, Value>,
}

#[derive(Deserialize)]
struct PageEntry {
    index: u64,
    data: String,
}

pub(super) fn read<I: Isa>(input: impl Read) -> Result<Vm<I>, FileErrorKind> {
    let input = std::io::BufReader::new(input.take(LIMIT));
    let file: StateFile = serde_json::from_reader(input)?;
    let mut vm = empty::<I>()?;
    for page in &file.memory {
        let bytes = decode_page::<I>(&page.data).map_err(|why| FileErrorKind::Page {
            index: page.index,
            why,
        })?;
        add_page(&mut vm, page.index, &bytes)?;
    }
    for field in I::STATE
        .iter()
        .filter(|field| field.source != Source::MemoryRoot)
    {
        let value = file.fields.get(field.name);
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
        vm.state.unpack(field, &bytes);
    }
    vm.state.check()?;
    if let Some(hint) = file.fields.get("lastHint").filter(|hint| !hint.is_null()) {
        let bytes = hint.as_str().and_then(|hint| const_hex::decode(hint).ok());
        let fits = bytes.filter(|bytes| bytes.len() <= HINT_LIMIT);
        vm.last_hint = fits.ok_or_else(|| FileErrorKind::Field {
            name: "lastHint".into(),
            why: "not a hex string of a hint".into(),
        })?;
    }
    Ok(vm)
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
        Source::Step | Source::Cell(_) => number(value),
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
        let mut bytes = Vec::new();
        vm.state.pack(field, &[0; 32], &mut bytes);
        entry(field.name, field_value::<I>(field, &bytes))?;
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
            let mut encoder = ZlibEncoder::new(Vec::new(), Compression::default());
            encoder.write_all(page)?;
            BASE64.encode(encoder.finish()?)
        }
    })
}

/// A field's JSON value from its packed bytes.
fn field_value<I: Isa>(field: &Field, bytes: &[u8]) -> Value {
    let number = |bytes: &[u8]| bytes.iter().fold(0u64, |n, byte| n << 8 | u64::from(*byte));
    match field.source {
        Source::MemoryRoot | Source::PreimageKey => json!(const_hex::encode_prefixed(bytes)),
        Source::Cell(cell) if cell == I::EXITED => json!(number(bytes) != 0),
        Source::Step | Source::Cell(_) => json!(number(bytes)),
        Source::Cells(..) => bytes.chunks_exact(field.size).map(number).collect(),
    }
}
