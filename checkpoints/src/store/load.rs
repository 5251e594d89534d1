//! Loads states from the store: one level of branches after the other, and then all pages, so that a
//! bucket is asked a few times and not once for each page.

use super::record::{children, parse_state, unpacked};
use super::{BRANCH, Key, PAGE, STATE, Store, StoreError};
use crate::Root;
use crate::depot::Bytes;
use fpvm_core::machine::memory::{FrozenMemory, FrozenPage, SharedPage};
use fpvm_core::machine::snapshot::Snapshot;
use rustc_hash::FxHashMap;
use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::{Arc, Weak};

/// The longest record: a state with the longest hint.
const RECORD_LIMIT: u32 = (1 << 26) + (1 << 16);

/// The records that are wanted from a pack: by offset, the keys and the range of a record.
type Records = BTreeMap<u64, (Vec<Key>, Range<u64>)>;

impl Store {
    pub(super) fn snapshot(&mut self, state: Root) -> Result<Snapshot, StoreError> {
        let (record, pack) = self.record(STATE, state)?;
        let broken = |why: String| StoreError::Pack { pack, why };
        let Some((key, hint, state_bytes)) = parse_state(&record) else {
            return Err(broken("the state does not have its hash".into()));
        };
        let memory = self.memory(state, key)?;
        // All pages at once, on all cores.
        memory.root();
        (self.vm.snapshot)(state_bytes, memory, hint.to_vec())
            .map_err(|error| broken(error.to_string()))
    }

    /// The memory below a branch.
    fn memory(&mut self, state: Root, key: Key) -> Result<FrozenMemory, StoreError> {
        let mut memory = FrozenMemory::new(self.vm.address_bits);
        // What is to be found at this level: its number (that of the page, at last) and its key.
        let mut wanted: Vec<(u64, Key)> = vec![(0, key)];
        for _ in 0..memory.depth() {
            let records = self.records(BRANCH, state, wanted.iter().map(|(_, key)| *key))?;
            let mut below = Vec::new();
            for (number, key) in wanted {
                let Some((record, pack)) = records.get(&key) else {
                    return Err(self.missing(BRANCH, key, state));
                };
                let Some((bits, keys)) = children(record, &key) else {
                    let pack = self.pack_name(*pack);
                    let why = format!("the branch {} does not have its hash", Root(key));
                    return Err(StoreError::Pack { pack, why });
                };
                let positions = (0..16u64).filter(|position| bits >> position & 1 == 1);
                let children = positions.zip(keys);
                below.extend(children.map(|(position, key)| (number << 4 | position, *key)));
            }
            wanted = below;
        }
        self.loaded.retain(|_, page| page.strong_count() > 0);
        let mut pages: FxHashMap<Key, SharedPage> = FxHashMap::default();
        for (_, key) in &wanted {
            if let Some(page) = self.loaded.get(key).and_then(Weak::upgrade) {
                pages.insert(*key, page);
            }
        }
        let unknown = wanted.iter().map(|(_, key)| *key);
        let unknown: Vec<Key> = unknown.filter(|key| !pages.contains_key(key)).collect();
        self.read_pages(state, unknown, &mut pages)?;
        for (number, key) in wanted {
            memory.set(number, pages.get(&key).cloned());
        }
        Ok(memory)
    }

    /// Reads pages, each frame once.
    fn read_pages(
        &mut self,
        state: Root,
        mut keys: Vec<Key>,
        pages: &mut FxHashMap<Key, SharedPage>,
    ) -> Result<(), StoreError> {
        let place = |key: &Key| self.places.get(&(PAGE, *key)).copied();
        keys.sort_by_key(|key| place(key).map(|place| (place.pack, place.offset, place.slot)));
        let records = self.records(PAGE, state, keys.iter().copied())?;
        let (mut frame, mut unpacked_from) = (Vec::new(), None);
        for key in keys {
            let (Some(place), Some((record, pack))) = (place(&key), records.get(&key)) else {
                return Err(self.missing(PAGE, key, state));
            };
            let broken = |why: &str| StoreError::Pack {
                pack: self.pack_name(*pack),
                why: format!("the page {} cannot be unpacked: {why}", Root(key)),
            };
            let from = Some((place.pack, place.offset));
            if unpacked_from != from {
                frame = unpacked(record).map_err(|why| broken(&why))?;
                unpacked_from = from;
            }
            let page = frame.get(usize::from(place.slot));
            let page = FrozenPage::new(page.ok_or_else(|| broken("its frame is too short"))?);
            self.loaded.insert(key, Arc::downgrade(&page));
            pages.insert(key, page);
        }
        Ok(())
    }

    fn missing(&self, kind: u8, key: Key, state: Root) -> StoreError {
        StoreError::Missing {
            what: match kind {
                PAGE => "page",
                BRANCH => "branch",
                _ => "state",
            },
            key,
            state,
        }
    }

    /// The name of a pack, for people.
    fn pack_name(&self, pack: u32) -> String {
        let name = self.packs.get(pack as usize);
        self.depot.full_name(name.map_or("", String::as_str))
    }

    /// The record of a state, and the pack that it is from.
    fn record(&self, kind: u8, state: Root) -> Result<(Bytes, String), StoreError> {
        let mut records = self.records(kind, state, [state.0].into_iter())?;
        let record = records.remove(&state.0);
        let (record, pack) = record.ok_or_else(|| self.missing(kind, state.0, state))?;
        Ok((record, self.pack_name(pack)))
    }

    /// The records of these keys, and the packs that they are from.
    pub(super) fn records(
        &self,
        kind: u8,
        state: Root,
        keys: impl Iterator<Item = Key>,
    ) -> Result<FxHashMap<Key, (Bytes, u32)>, StoreError> {
        let mut wanted: BTreeMap<u32, Records> = BTreeMap::new();
        for key in keys {
            let place = self.places.get(&(kind, key));
            let place = *place.ok_or_else(|| self.missing(kind, key, state))?;
            if place.len > RECORD_LIMIT {
                return Err(StoreError::Pack {
                    pack: self.pack_name(place.pack),
                    why: format!("a record of {} bytes", place.len),
                });
            }
            let range = place.offset..place.offset + u64::from(place.len);
            let pack = wanted.entry(place.pack).or_default();
            let record = pack.entry(place.offset).or_insert((Vec::new(), range));
            record.0.push(key);
        }
        let mut parts = Vec::new();
        for (pack, records) in &wanted {
            let Some(name) = self.packs.get(*pack as usize) else {
                continue;
            };
            let ranges = records.values().map(|(_, range)| range.clone());
            parts.push((name.clone(), ranges.collect()));
        }
        let read = self.depot.read_parts(parts)?;
        let mut found = FxHashMap::default();
        for ((pack, records), parts) in wanted.into_iter().zip(read) {
            for ((keys, _), part) in records.into_values().zip(parts) {
                found.extend(keys.into_iter().map(|key| (key, (part.clone(), pack))));
            }
        }
        Ok(found)
    }
}
