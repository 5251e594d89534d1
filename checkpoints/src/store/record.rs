//! The records of a pack: states, branches and pages.

use super::Key;
use super::pack::FRAME;
use fpvm_core::keccak::keccak256;
use fpvm_core::machine::memory::{PAGE_SIZE, Page};
use fpvm_core::machine::snapshot::Snapshot;

/// A state: the keccak256 of the rest, the key of its memory, the unfinished hint with its length (4
/// bytes), the packed state.
pub(super) fn state(snapshot: &Snapshot, memory: &Key) -> Vec<u8> {
    let body = [
        &memory[..],
        &(snapshot.last_hint.len() as u32).to_be_bytes(),
        &snapshot.last_hint,
        snapshot.state_bytes(),
    ]
    .concat();
    [&keccak256(&body)[..], &body].concat()
}

/// A branch: the positions of its children as 16 bits, the lowest for the first, then their keys.
pub(super) fn branch(children: &[(u8, Key)]) -> Vec<u8> {
    let positions = children
        .iter()
        .fold(0u16, |bits, (position, _)| bits | 1 << (position % 16));
    let mut record = positions.to_be_bytes().to_vec();
    for (_, key) in children {
        record.extend_from_slice(key);
    }
    record
}

/// A state's record: the key of its memory, the unfinished hint, the packed state.
pub(super) fn parse_state(record: &[u8]) -> Option<(Key, &[u8], &[u8])> {
    let (hash, body) = record.split_at_checked(32)?;
    if keccak256(body) != hash {
        return None;
    }
    let (memory, rest) = body.split_first_chunk::<32>()?;
    let (hint_len, rest) = rest.split_first_chunk::<4>()?;
    let (hint, state) = rest.split_at_checked(u32::from_be_bytes(*hint_len) as usize)?;
    Some((*memory, hint, state))
}

/// The positions that a branch's record has children at, as bits, and their keys.
pub(super) fn children<'a>(record: &'a [u8], key: &Key) -> Option<(u16, &'a [Key])> {
    let (bits, keys) = record.split_first_chunk::<2>()?;
    let bits = u16::from_be_bytes(*bits);
    let fits = keccak256(record) == *key && keys.len() == 32 * bits.count_ones() as usize;
    fits.then_some((bits, keys.as_chunks::<32>().0))
}

/// The pages of a frame.
pub(super) fn unpacked(frame: &[u8]) -> Result<Vec<Page>, String> {
    let bytes = zstd::bulk::decompress(frame, FRAME * PAGE_SIZE);
    let bytes = bytes.map_err(|error| error.to_string())?;
    match bytes.as_chunks::<PAGE_SIZE>() {
        (pages, []) => Ok(pages.to_vec()),
        _ => Err(format!("it has {} bytes", bytes.len())),
    }
}
