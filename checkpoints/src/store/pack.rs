//! A pack: `fpvmpak2`, records back to back, an index (kind, key, offset, length of each record), then the
//! index's length (8 bytes) and keccak256. Integers are big-endian.
//!
//! Several pages are compressed together, because they resemble each other: those with the same offset and
//! length are in the same frame, in the order of the index.

use super::{Key, PAGE};
use fpvm_core::keccak::keccak256;
use fpvm_core::machine::memory::Page;
use std::io;
use std::mem;
use std::ops::Range;

const MAGIC: &[u8; 8] = b"fpvmpak2";
/// Pages of a frame, at most.
pub(super) const FRAME: usize = 16;
/// The level of compression: zstd's fastest ordinary one.
const LEVEL: i32 = 1;
/// Bytes of an index entry: kind, key, offset, length.
const INDEX_ENTRY: usize = 1 + 32 + 8 + 4;
/// Bytes after the index: its length and hash.
const TAIL: usize = 8 + 32;
/// Bytes of a pack's end that are read at once; most indices are shorter.
const END: u64 = 1 << 16;

/// A record of a pack, as its index has it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Listing {
    pub(super) kind: u8,
    pub(super) key: Key,
    pub(super) offset: u64,
    pub(super) len: u32,
    /// Of a page, which of its frame it is.
    pub(super) slot: usize,
}

/// A pack that is being written.
pub(super) struct Writer {
    pack: Vec<u8>,
    added: Vec<Listing>,
    compressor: zstd::bulk::Compressor<'static>,
    /// The next frame, and the keys of its pages.
    frame: Vec<u8>,
    keys: Vec<Key>,
}

impl Writer {
    pub(super) fn new() -> io::Result<Self> {
        Ok(Self {
            pack: MAGIC.to_vec(),
            added: Vec::new(),
            compressor: zstd::bulk::Compressor::new(LEVEL)?,
            frame: Vec::new(),
            keys: Vec::new(),
        })
    }

    pub(super) fn add(&mut self, kind: u8, key: Key, record: &[u8]) {
        let (offset, len) = (self.pack.len() as u64, record.len() as u32);
        self.pack.extend_from_slice(record);
        self.added.push(Listing {
            kind,
            key,
            offset,
            len,
            slot: 0,
        });
    }

    pub(super) fn add_page(&mut self, key: Key, page: &Page) -> io::Result<()> {
        self.frame.extend_from_slice(page);
        self.keys.push(key);
        match self.keys.len() {
            FRAME => self.end_frame(),
            _ => Ok(()),
        }
    }

    fn end_frame(&mut self) -> io::Result<()> {
        if self.keys.is_empty() {
            return Ok(());
        }
        let packed = self.compressor.compress(&self.frame)?;
        self.frame.clear();
        let (offset, len) = (self.pack.len() as u64, packed.len() as u32);
        self.pack.extend_from_slice(&packed);
        let keys = mem::take(&mut self.keys).into_iter().enumerate();
        self.added.extend(keys.map(|(slot, key)| Listing {
            kind: PAGE,
            key,
            offset,
            len,
            slot,
        }));
        Ok(())
    }

    /// The whole pack, and what is in it.
    pub(super) fn finish(mut self) -> io::Result<(Vec<u8>, Vec<Listing>)> {
        self.end_frame()?;
        let Self {
            mut pack, added, ..
        } = self;
        let mut index = Vec::with_capacity(added.len() * INDEX_ENTRY);
        for listing in &added {
            index.push(listing.kind);
            index.extend_from_slice(&listing.key);
            index.extend_from_slice(&listing.offset.to_be_bytes());
            index.extend_from_slice(&listing.len.to_be_bytes());
        }
        pack.extend_from_slice(&index);
        pack.extend_from_slice(&(index.len() as u64).to_be_bytes());
        pack.extend_from_slice(&keccak256(&index));
        Ok((pack, added))
    }
}

/// What is read first of a pack of so many bytes: its start and its end.
pub(super) fn ends(size: u64) -> Vec<Range<u64>> {
    let start = 0..size.min(MAGIC.len() as u64);
    vec![start, size.saturating_sub(END)..size]
}

/// Where a pack's index is, and its hash.
pub(super) struct Ends<'a> {
    /// Place in the pack.
    pub(super) index: Range<u64>,
    /// The index, where it was read already.
    pub(super) read: Option<&'a [u8]>,
    hash: &'a [u8],
}

impl<'a> Ends<'a> {
    /// Finds the index of a pack of `size` bytes by its first bytes and its last ones; says what is
    /// wrong with the pack.
    pub(super) fn new(size: u64, start: &[u8], end: &'a [u8]) -> Result<Self, &'static str> {
        let (before, tail) = end
            .split_last_chunk::<TAIL>()
            .ok_or("too short for a pack")?;
        if start != MAGIC {
            return Err("no pack of this version");
        }
        let (len, hash) = tail.split_at(8);
        let len = number(len);
        let index_end = size.saturating_sub(TAIL as u64);
        let index_start = index_end
            .checked_sub(len)
            .filter(|at| *at >= MAGIC.len() as u64 && len.is_multiple_of(INDEX_ENTRY as u64))
            .ok_or("its end is no index")?;
        let read = before.len().checked_sub(len as usize);
        Ok(Ends {
            index: index_start..index_end,
            read: read.and_then(|at| before.get(at..)),
            hash,
        })
    }

    /// The records that an index lists.
    pub(super) fn list(&self, index: &[u8]) -> Result<Vec<Listing>, &'static str> {
        if keccak256(index) != *self.hash {
            return Err("its index does not have its hash");
        }
        let mut last = None;
        let mut slot = 0;
        let listing = |entry: &[u8; INDEX_ENTRY]| {
            let (kind, rest) = entry.split_first()?;
            let (key, rest) = rest.split_first_chunk::<32>()?;
            let (offset, len) = rest.split_at(8);
            let (offset, len) = (number(offset), number(len) as u32);
            let end = offset.checked_add(u64::from(len))?;
            let place = Some((*kind, offset));
            slot = if place == last { slot + 1 } else { 0 };
            last = place;
            (end <= self.index.start && slot < FRAME).then_some(Listing {
                kind: *kind,
                key: *key,
                offset,
                len,
                slot,
            })
        };
        let entries = index.as_chunks::<INDEX_ENTRY>().0.iter();
        let listed: Option<Vec<Listing>> = entries.map(listing).collect();
        listed.ok_or("its index points outside of it")
    }
}

/// A big-endian number.
fn number(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0, |n, byte| n << 8 | u64::from(*byte))
}
