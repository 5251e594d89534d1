//! States that are kept, each page once.
//!
//! A folder `packs` of packs, one for each checkpoint, with what the packs before do not have. A state leads
//! by keys to branches of 16 and from there to pages: pages are known by their Merkle root, branches
//! by the keccak256 of their record. So nothing that was changed there can pass for a state: what
//! is loaded is hashed, and has to have the root that was asked for.
//!
//! A pack is `fpvmpak1`, records back to back, an index (kind, key, offset, length of each record),
//! then the index's length (8 bytes) and keccak256. Integers are big-endian.

use crate::Root;
use crate::depot::{Bytes, Depot, DepotError, Listed};
use fpvm_core::frozen::Snapshot;
use fpvm_core::isa::Isa;
use fpvm_core::keccak::keccak256;
use fpvm_core::memory::{FrozenMemory, FrozenPage, PAGE_SIZE, Page, Part, SharedPage};
use fpvm_core::state::WitnessError;
use fpvm_core::word::Word as _;
use rustc_hash::FxHashMap;
use std::collections::BTreeMap;
use std::io;
use std::ops::Range;
use std::sync::{Arc, Weak};

/// The folder of packs.
const FOLDER: &str = "packs";
const MAGIC: &[u8; 8] = b"fpvmpak1";
/// Bytes of an index entry: kind, key, offset, length.
const INDEX_ENTRY: usize = 1 + 32 + 8 + 4;
/// Bytes after the index: its length and hash.
const TAIL: usize = 8 + 32;
/// Bytes of a pack's end that are read at once; most indices are shorter.
const END: u64 = 1 << 16;
/// The longest record: a state with the longest hint.
const RECORD_LIMIT: u32 = (1 << 26) + (1 << 16);
/// How hard pages are compressed: zstd's fastest ordinary level.
const LEVEL: i32 = 1;

const PAGE: u8 = 0;
const BRANCH: u8 = 1;
const STATE: u8 = 2;

type Key = [u8; 32];

/// Makes a snapshot of a packed state, its memory and an unfinished hint.
type Thaw = fn(&[u8], FrozenMemory, Vec<u8>) -> Result<Snapshot, WitnessError>;

/// What there is to know of a VM to make its snapshots.
#[derive(Clone, Copy, Debug)]
pub struct Vm {
    /// The ISA's name for `--isa`.
    pub isa: &'static str,
    /// VM type as upstream names it.
    pub vm_type: &'static str,
    /// Bits of an address.
    address_bits: u32,
    snapshot: Thaw,
}

impl Vm {
    /// What there is to know of an ISA.
    pub fn of<I: Isa>() -> Self {
        Vm {
            isa: I::NAME,
            vm_type: I::VM_TYPE,
            address_bits: I::Word::BITS,
            snapshot: Snapshot::from_state_bytes::<I>,
        }
    }
}

/// A store that cannot be read or written.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// Reading or writing failed.
    #[error(transparent)]
    Depot(#[from] DepotError),
    /// A page cannot be compressed.
    #[error("{pack}: {source}")]
    Compress {
        /// The pack that it was to go to.
        pack: String,
        /// Why.
        source: io::Error,
    },
    /// A pack that is not as it was written.
    #[error(
        "{pack}: {why}; it was changed or cut off: remove it, and `checkpoints make` makes its states again"
    )]
    Pack {
        /// The pack.
        pack: String,
        /// What is wrong with it.
        why: String,
    },
    /// Something that a state needs is in no pack.
    #[error("the store has no {what} {}, which the state {state} needs: a pack is missing", Root(*key))]
    Missing {
        /// Kind of the record.
        what: &'static str,
        /// Its key.
        key: Key,
        /// Root of the state.
        state: Root,
    },
    /// The state has another root than it is stored under.
    #[error("what is stored as state {expected} has the root {found}")]
    Root {
        /// The root asked for.
        expected: Root,
        /// That of what was loaded.
        found: Root,
    },
}

#[derive(Clone, Copy, Debug)]
struct Place {
    pack: u32,
    offset: u64,
    len: u32,
}

/// States by their roots.
#[derive(Debug)]
pub struct Store {
    vm: Vm,
    depot: Depot,
    /// Names of the packs.
    packs: Vec<String>,
    /// How many of them were there before this process wrote one.
    found: usize,
    places: FxHashMap<(u8, Key), Place>,
    /// Pages that somebody still has, so that snapshots share them.
    loaded: FxHashMap<Key, Weak<FrozenPage>>,
}

impl Store {
    /// Opens the packs of a place; where there are none it is an empty store.
    pub fn open(depot: &Depot, vm: Vm) -> Result<Self, StoreError> {
        let mut store = Store {
            vm,
            depot: depot.clone(),
            packs: Vec::new(),
            found: 0,
            places: FxHashMap::default(),
            loaded: FxHashMap::default(),
        };
        let packs = packs(depot)?;
        let ends = |pack: &Listed| {
            let start = 0..pack.size.min(MAGIC.len() as u64);
            vec![start, pack.size.saturating_sub(END)..pack.size]
        };
        let wanted = packs.iter().map(|pack| (pack.name.clone(), ends(pack)));
        let read = depot.read_parts(wanted.collect())?;
        for (pack, parts) in packs.into_iter().zip(read) {
            store.index(pack, &parts)?;
        }
        store.found = store.packs.len();
        Ok(store)
    }

    /// Forgets the states that cannot be loaded since a pack is gone, and all that is of use for them
    /// only: [`Store::put`] writes them anew.
    pub fn forget_incomplete(&mut self) -> Result<(), StoreError> {
        fn is_complete(key: Key, below: &Below<'_>, known: &mut FxHashMap<Key, bool>) -> bool {
            if let Some(known) = known.get(&key) {
                return *known;
            }
            let complete = below(key)
                .is_some_and(|keys| keys.iter().all(|key| is_complete(*key, below, known)));
            known.insert(key, complete);
            complete
        }
        /// The keys below a key; `None` where it is of nothing that there is.
        type Below<'a> = dyn Fn(Key) -> Option<Vec<Key>> + 'a;

        let nobody = Root([0; 32]);
        let of = |kind: u8| self.places.keys().filter(move |key| key.0 == kind);
        let branches = self.records(BRANCH, nobody, of(BRANCH).map(|(_, key)| *key))?;
        let states = self.records(STATE, nobody, of(STATE).map(|(_, key)| *key))?;
        let below = |key: Key| match branches.get(&key) {
            Some((record, _)) => Some(children(record, &key)?.1.to_vec()),
            None => self.places.contains_key(&(PAGE, key)).then(Vec::new),
        };
        let mut known = FxHashMap::default();
        let mut complete = |key: Key| is_complete(key, &below, &mut known);
        let mut gone: Vec<(u8, Key)> = Vec::new();
        gone.extend(
            branches
                .keys()
                .filter(|key| !complete(**key))
                .map(|key| (BRANCH, *key)),
        );
        for (key, (record, _)) in &states {
            if !parse_state(record).is_some_and(|(memory, ..)| complete(memory)) {
                gone.push((STATE, *key));
            }
        }
        for place in gone {
            self.places.remove(&place);
        }
        Ok(())
    }

    /// Removes the newest pack that this process has written, to make room; `false` where there is
    /// none.
    pub fn remove_newest(&mut self) -> Result<bool, StoreError> {
        let Some(last) = self
            .packs
            .len()
            .checked_sub(1)
            .filter(|last| *last >= self.found)
        else {
            return Ok(false);
        };
        if let Some(name) = self.packs.pop() {
            self.depot.remove(&name)?;
        }
        self.places.retain(|_, place| place.pack as usize != last);
        Ok(true)
    }

    /// Whether a state is there; a pack without which it cannot be loaded may still be missing.
    pub fn has(&self, root: Root) -> bool {
        self.places.contains_key(&(STATE, root.0))
    }

    /// Writes what is not there yet of a state, as one pack. `name` tells it from other processes'
    /// packs in the same folder.
    pub fn put(&mut self, snapshot: &Snapshot, name: &str) -> Result<(), StoreError> {
        let root = snapshot.root();
        if self.places.contains_key(&(STATE, root)) {
            return Ok(());
        }
        // A pack that is there keeps its name, for others may need what is in it.
        let mut name = format!("{FOLDER}/{name}.pack");
        while self.packs.contains(&name) {
            name = format!("{}-again.pack", name.trim_end_matches(".pack"));
        }
        let uncompressed = |source| StoreError::Compress {
            pack: self.depot.told(&name),
            source,
        };
        let mut pack = MAGIC.to_vec();
        let mut added = Vec::new();
        let mut fresh = rustc_hash::FxHashSet::default();
        let mut compressor = zstd::bulk::Compressor::new(LEVEL).map_err(uncompressed)?;
        let mut add = |pack: &mut Vec<u8>, kind: u8, key: Key, record: &[u8]| {
            let (offset, len) = (pack.len() as u64, record.len() as u32);
            pack.extend_from_slice(record);
            added.push((kind, key, offset, len));
        };
        let places = &self.places;
        let known = |key: &Key| places.contains_key(&(BRANCH, *key));
        let memory = snapshot.memory.fold(&known, &mut |part| {
            let (kind, key, record) = match part {
                Part::Page(page) => (PAGE, page.root(), Vec::new()),
                Part::Branch(children) => {
                    let record = branch_record(children);
                    (BRANCH, keccak256(&record), record)
                }
            };
            if !places.contains_key(&(kind, key)) && fresh.insert((kind, key)) {
                match part {
                    Part::Page(page) => {
                        let packed = compressor.compress(page.bytes())?;
                        add(&mut pack, kind, key, &packed);
                    }
                    Part::Branch(_) => add(&mut pack, kind, key, &record),
                }
            }
            Ok(key)
        });
        let memory = memory.map_err(uncompressed)?;
        let body = [
            &memory[..],
            &(snapshot.last_hint.len() as u32).to_be_bytes(),
            &snapshot.last_hint,
            snapshot.state_bytes(),
        ]
        .concat();
        add(
            &mut pack,
            STATE,
            root,
            &[&keccak256(&body)[..], &body].concat(),
        );

        let mut index = Vec::with_capacity(added.len() * INDEX_ENTRY);
        for (kind, key, offset, len) in &added {
            index.push(*kind);
            index.extend_from_slice(key);
            index.extend_from_slice(&offset.to_be_bytes());
            index.extend_from_slice(&len.to_be_bytes());
        }
        pack.extend_from_slice(&index);
        pack.extend_from_slice(&(index.len() as u64).to_be_bytes());
        pack.extend_from_slice(&keccak256(&index));
        self.depot.write(&name, pack)?;
        let pack = self.packs.len() as u32;
        self.packs.push(name);
        for (kind, key, offset, len) in added {
            self.places.insert((kind, key), Place { pack, offset, len });
        }
        Ok(())
    }

    /// The state of a root; `None` where it is not there.
    pub fn get(&mut self, root: Root) -> Result<Option<Snapshot>, StoreError> {
        if !self.has(root) {
            return Ok(None);
        }
        let snapshot = self.snapshot(root)?;
        let found = Root(snapshot.root());
        if found != root {
            return Err(StoreError::Root {
                expected: root,
                found,
            });
        }
        Ok(Some(snapshot))
    }

    /// Takes in the index of a pack, of which the first bytes and the last ones have been read.
    fn index(&mut self, listed: Listed, parts: &[Bytes]) -> Result<(), StoreError> {
        let broken = |why: &str| StoreError::Pack {
            pack: self.depot.told(&listed.name),
            why: why.into(),
        };
        let [magic, end] = parts else {
            return Err(broken("too short for a pack"));
        };
        let tail = end.split_last_chunk::<TAIL>();
        let ((before, tail), true) = (
            tail.ok_or_else(|| broken("too short for a pack"))?,
            magic[..] == MAGIC[..],
        ) else {
            return Err(broken("no pack of this version"));
        };
        let (index_len, hash) = tail.split_at(8);
        let index_len = number(index_len);
        let tail_at = listed.size.saturating_sub(TAIL as u64);
        let index_at = tail_at
            .checked_sub(index_len)
            .filter(|at| *at >= MAGIC.len() as u64 && index_len.is_multiple_of(INDEX_ENTRY as u64))
            .ok_or_else(|| broken("its end is no index"))?;
        let read;
        let index = match before.len().checked_sub(index_len as usize) {
            Some(at) => &before[at..],
            None => {
                let range = index_at..tail_at;
                let wanted = vec![(listed.name.clone(), vec![range])];
                read = self.depot.read_parts(wanted)?.concat();
                read.first().map_or(&[][..], |index| &index[..])
            }
        };
        if keccak256(index) != *hash {
            return Err(broken("its index does not have its hash"));
        }
        let pack = self.packs.len() as u32;
        for entry in index.as_chunks::<INDEX_ENTRY>().0 {
            let (kind, rest) = entry.split_at(1);
            let (key, rest) = rest.split_at(32);
            let (offset, record_len) = rest.split_at(8);
            let (offset, record_len) = (number(offset), number(record_len) as u32);
            let fits = offset
                .checked_add(u64::from(record_len))
                .is_some_and(|end| end <= index_at);
            let (Some(kind), Ok(key), true) = (kind.first(), key.try_into(), fits) else {
                return Err(broken("its index points outside of it"));
            };
            let place = Place {
                pack,
                offset,
                len: record_len,
            };
            self.places.entry((*kind, key)).or_insert(place);
        }
        self.packs.push(listed.name);
        Ok(())
    }
}

/// The packs of a place.
fn packs(depot: &Depot) -> Result<Vec<Listed>, StoreError> {
    let mut packs = depot.list(FOLDER)?;
    packs.retain(|pack| pack.name.ends_with(".pack"));
    Ok(packs)
}

/// Copies to a place the packs of another that it does not have yet.
pub fn copy_packs(from: &Depot, to: &Depot) -> Result<(), StoreError> {
    let there = packs(to)?;
    for pack in packs(from)? {
        if !there.contains(&pack)
            && let Some(bytes) = from.read(&pack.name, u64::MAX)?
        {
            to.write(&pack.name, bytes)?;
        }
    }
    Ok(())
}

/// A big-endian number.
fn number(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0, |n, byte| n << 8 | u64::from(*byte))
}

/// Positions as 16 bits, the lowest for the first child, then the children's keys.
fn branch_record(children: &[(u8, Key)]) -> Vec<u8> {
    let positions = children
        .iter()
        .fold(0u16, |bits, (position, _)| bits | 1 << (position % 16));
    let mut record = positions.to_be_bytes().to_vec();
    for (_, key) in children {
        record.extend_from_slice(key);
    }
    record
}

/// States on their way out of the store: a level of branches after the other, and then all pages, so
/// that a bucket is asked a few times and not once a page.
impl Store {
    fn snapshot(&mut self, state: Root) -> Result<Snapshot, StoreError> {
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
                    let pack = self.told(*pack);
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
        for (key, (record, pack)) in self.records(PAGE, state, unknown.into_iter())? {
            let page = unpacked(&record).map_err(|why| StoreError::Pack {
                pack: self.told(pack),
                why: format!("the page {} cannot be unpacked: {why}", Root(key)),
            })?;
            self.loaded.insert(key, Arc::downgrade(&page));
            pages.insert(key, page);
        }
        for (number, key) in wanted {
            memory.set(number, pages.get(&key).cloned());
        }
        Ok(memory)
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
    fn told(&self, pack: u32) -> String {
        let name = self.packs.get(pack as usize);
        self.depot.told(name.map_or("", String::as_str))
    }

    /// The record of a state, and the pack that it is from.
    fn record(&self, kind: u8, state: Root) -> Result<(Bytes, String), StoreError> {
        let mut records = self.records(kind, state, [state.0].into_iter())?;
        let record = records.remove(&state.0);
        let (record, pack) = record.ok_or_else(|| self.missing(kind, state.0, state))?;
        Ok((record, self.told(pack)))
    }

    /// The records of these keys, and the packs that they are from.
    fn records(
        &self,
        kind: u8,
        state: Root,
        keys: impl Iterator<Item = Key>,
    ) -> Result<FxHashMap<Key, (Bytes, u32)>, StoreError> {
        let mut wanted: BTreeMap<u32, BTreeMap<u64, (Key, Range<u64>)>> = BTreeMap::new();
        for key in keys {
            let place = self.places.get(&(kind, key));
            let place = *place.ok_or_else(|| self.missing(kind, key, state))?;
            if place.len > RECORD_LIMIT {
                return Err(StoreError::Pack {
                    pack: self.told(place.pack),
                    why: format!("a record of {} bytes", place.len),
                });
            }
            let range = place.offset..place.offset + u64::from(place.len);
            let pack = wanted.entry(place.pack).or_default();
            pack.insert(place.offset, (key, range));
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
            for ((key, _), part) in records.into_values().zip(parts) {
                found.insert(key, (part, pack));
            }
        }
        Ok(found)
    }
}

/// A state's record: the key of its memory, the unfinished hint, the packed state.
fn parse_state(record: &[u8]) -> Option<(Key, &[u8], &[u8])> {
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
fn children<'a>(record: &'a [u8], key: &Key) -> Option<(u16, &'a [Key])> {
    let (bits, keys) = record.split_first_chunk::<2>()?;
    let bits = u16::from_be_bytes(*bits);
    let fits = keccak256(record) == *key && keys.len() == 32 * bits.count_ones() as usize;
    fits.then_some((bits, keys.as_chunks::<32>().0))
}

fn unpacked(record: &[u8]) -> Result<SharedPage, String> {
    let bytes = zstd::bulk::decompress(record, PAGE_SIZE).map_err(|error| error.to_string())?;
    let page: Result<&Page, _> = bytes.as_slice().try_into();
    page.map(FrozenPage::new)
        .map_err(|_| format!("it has {} bytes", bytes.len()))
}
