//! States on disk, each page once.
//!
//! A folder of packs, one for each checkpoint, with what the packs before do not have. A state leads
//! by keys to branches of 16 and from there to pages: pages are known by their Merkle root, branches
//! by the keccak256 of their record. So nothing that was changed on disk can pass for a state: what
//! is loaded is hashed, and has to have the root that was asked for.
//!
//! A pack is `fpvmpak1`, records back to back, an index (kind, key, offset, length of each record),
//! then the index's length (8 bytes) and keccak256. Integers are big-endian.

use crate::Root;
use fpvm_core::files;
use fpvm_core::frozen::Snapshot;
use fpvm_core::isa::Isa;
use fpvm_core::keccak::keccak256;
use fpvm_core::memory::{FrozenMemory, FrozenPage, PAGE_SIZE, Page, Part, SharedPage};
use fpvm_core::state::WitnessError;
use fpvm_core::word::Word as _;
use rustc_hash::FxHashMap;
use std::fs::{self, File};
use std::io::{self, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Weak};

const MAGIC: &[u8; 8] = b"fpvmpak1";
/// Bytes of an index entry: kind, key, offset, length.
const INDEX_ENTRY: usize = 1 + 32 + 8 + 4;
/// Bytes after the index: its length and hash.
const TAIL: usize = 8 + 32;
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

/// What a store has to know of a VM to make its snapshots.
#[derive(Clone, Copy, Debug)]
pub struct Vm {
    /// Bits of an address.
    address_bits: u32,
    snapshot: Thaw,
}

impl Vm {
    /// What there is to know of an ISA.
    pub fn of<I: Isa>() -> Self {
        Vm {
            address_bits: I::Word::BITS,
            snapshot: Snapshot::from_state_bytes::<I>,
        }
    }
}

/// A store that cannot be read or written.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// Reading or writing failed.
    #[error("{}: {source}", path.display())]
    Io {
        /// The file or folder.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// A pack that is not as it was written.
    #[error(
        "{}: {why}; it was changed or cut off: remove it, and `checkpoints make` makes its states again",
        path.display()
    )]
    Pack {
        /// The file.
        path: PathBuf,
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

/// States by their roots, in a folder.
#[derive(Debug)]
pub struct Store {
    vm: Vm,
    folder: PathBuf,
    packs: Vec<PathBuf>,
    places: FxHashMap<(u8, Key), Place>,
    /// Pages that somebody still has, so that snapshots share them.
    loaded: FxHashMap<Key, Weak<FrozenPage>>,
}

fn io_error(path: &Path) -> impl FnOnce(io::Error) -> StoreError {
    let path = path.to_path_buf();
    move |source| StoreError::Io { path, source }
}

impl Store {
    /// Opens a folder of packs; one that does not exist is an empty store.
    pub fn open(folder: &Path, vm: Vm) -> Result<Self, StoreError> {
        let mut store = Store {
            vm,
            folder: folder.into(),
            packs: Vec::new(),
            places: FxHashMap::default(),
            loaded: FxHashMap::default(),
        };
        let entries = match fs::read_dir(folder) {
            Ok(entries) => entries,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(store),
            Err(error) => return Err(io_error(folder)(error)),
        };
        let mut packs = Vec::new();
        for entry in entries {
            let path = entry.map_err(io_error(folder))?.path();
            let hidden = path
                .file_name()
                .is_some_and(|name| name.to_string_lossy().starts_with('.'));
            if !hidden
                && path
                    .extension()
                    .is_some_and(|extension| extension == "pack")
            {
                packs.push(path);
            }
        }
        packs.sort();
        for path in packs {
            store.index(path)?;
        }
        Ok(store)
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
        let path = self.folder.join(format!("{name}.pack"));
        fs::create_dir_all(&self.folder).map_err(io_error(&self.folder))?;
        let mut pack = MAGIC.to_vec();
        let mut added = Vec::new();
        let mut fresh = rustc_hash::FxHashSet::default();
        let mut compressor = zstd::bulk::Compressor::new(LEVEL).map_err(io_error(&path))?;
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
        let memory = memory.map_err(io_error(&path))?;
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
        let written = files::write(&path, |out| -> io::Result<()> {
            out.write_all(&pack)?;
            out.write_all(&index)?;
            out.write_all(&(index.len() as u64).to_be_bytes())?;
            out.write_all(&keccak256(&index))
        });
        written.map_err(io_error(&path))?;
        let pack = self.packs.len() as u32;
        self.packs.push(path);
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
        let mut reading = Reading {
            state: root,
            files: self.packs.iter().map(|_| None).collect(),
            store: self,
        };
        let snapshot = reading.snapshot()?;
        let found = Root(snapshot.root());
        if found != root {
            return Err(StoreError::Root {
                expected: root,
                found,
            });
        }
        Ok(Some(snapshot))
    }

    /// Takes in the index of a pack.
    fn index(&mut self, path: PathBuf) -> Result<(), StoreError> {
        let broken = |why: &str| StoreError::Pack {
            path: path.clone(),
            why: why.into(),
        };
        let mut file = File::open(&path).map_err(io_error(&path))?;
        let len = file.metadata().map_err(io_error(&path))?.len();
        let records_from = MAGIC.len() as u64;
        let tail_at = len
            .checked_sub(TAIL as u64)
            .filter(|at| *at >= records_from)
            .ok_or_else(|| broken("too short for a pack"))?;
        let mut magic = [0; MAGIC.len()];
        let mut tail = [0; TAIL];
        let read = file
            .read_exact(&mut magic)
            .and_then(|()| file.seek(SeekFrom::Start(tail_at)))
            .and_then(|_| file.read_exact(&mut tail));
        read.map_err(io_error(&path))?;
        if &magic != MAGIC {
            return Err(broken("no pack of this version"));
        }
        let (index_len, hash) = tail.split_at(8);
        let index_len = index_len
            .iter()
            .fold(0, |n, byte| n << 8 | u64::from(*byte));
        let index_at = tail_at
            .checked_sub(index_len)
            .filter(|at| *at >= records_from && index_len.is_multiple_of(INDEX_ENTRY as u64))
            .ok_or_else(|| broken("its end is no index"))?;
        let mut index = vec![0; index_len as usize];
        let read = file
            .seek(SeekFrom::Start(index_at))
            .and_then(|_| file.read_exact(&mut index));
        read.map_err(io_error(&path))?;
        if keccak256(&index) != *hash {
            return Err(broken("its index does not have its hash"));
        }
        let pack = self.packs.len() as u32;
        for entry in index.as_chunks::<INDEX_ENTRY>().0 {
            let number = |bytes: &[u8]| bytes.iter().fold(0, |n, byte| n << 8 | u64::from(*byte));
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
        self.packs.push(path);
        Ok(())
    }
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

/// A state on its way out of the store.
struct Reading<'a> {
    store: &'a mut Store,
    state: Root,
    files: Vec<Option<File>>,
}

impl Reading<'_> {
    fn snapshot(&mut self) -> Result<Snapshot, StoreError> {
        let (record, path) = self.record(STATE, self.state.0)?;
        let broken = |why: String| StoreError::Pack {
            path: path.clone(),
            why,
        };
        let parse = || {
            let (hash, body) = record.split_at_checked(32)?;
            if keccak256(body) != hash {
                return None;
            }
            let (memory, rest) = body.split_first_chunk::<32>()?;
            let (hint_len, rest) = rest.split_first_chunk::<4>()?;
            let (hint, state) = rest.split_at_checked(u32::from_be_bytes(*hint_len) as usize)?;
            Some((*memory, hint.to_vec(), state))
        };
        let parsed = parse();
        let (key, hint, state) =
            parsed.ok_or_else(|| broken("the state does not have its hash".into()))?;
        let mut memory = FrozenMemory::new(self.store.vm.address_bits);
        let depth = memory.depth();
        self.branch(key, 0, depth, &mut memory)?;
        // All pages at once, on all cores.
        memory.root();
        (self.store.vm.snapshot)(state, memory, hint).map_err(|error| broken(error.to_string()))
    }

    /// Adds the pages below a branch; `above` are the positions on the way to it.
    fn branch(
        &mut self,
        key: Key,
        above: u64,
        levels: u32,
        memory: &mut FrozenMemory,
    ) -> Result<(), StoreError> {
        let (record, path) = self.record(BRANCH, key)?;
        let children = record.split_first_chunk::<2>().filter(|(bits, keys)| {
            let count = u16::from_be_bytes(**bits).count_ones() as usize;
            keccak256(&record) == key && keys.len() == 32 * count
        });
        let Some((bits, keys)) = children else {
            let why = format!("the branch {} does not have its hash", Root(key));
            return Err(StoreError::Pack { path, why });
        };
        let bits = u16::from_be_bytes(*bits);
        let positions = (0..16u64).filter(|position| bits >> position & 1 == 1);
        for (position, child) in positions.zip(keys.as_chunks::<32>().0) {
            let number = above << 4 | position;
            if levels > 1 {
                self.branch(*child, number, levels - 1, memory)?;
            } else {
                memory.set(number, Some(self.page(*child)?));
            }
        }
        Ok(())
    }

    fn page(&mut self, key: Key) -> Result<SharedPage, StoreError> {
        if let Some(page) = self.store.loaded.get(&key).and_then(Weak::upgrade) {
            return Ok(page);
        }
        let (record, path) = self.record(PAGE, key)?;
        let unpacked = zstd::bulk::decompress(&record, PAGE_SIZE);
        let unpacked = unpacked.map_err(|error| error.to_string());
        let page = unpacked.and_then(|bytes| {
            let page: Result<&Page, _> = bytes.as_slice().try_into();
            page.map(FrozenPage::new)
                .map_err(|_| format!("it has {} bytes", bytes.len()))
        });
        let page = page.map_err(|why| StoreError::Pack {
            path,
            why: format!("the page {} cannot be unpacked: {why}", Root(key)),
        })?;
        self.store.loaded.insert(key, Arc::downgrade(&page));
        Ok(page)
    }

    /// A record's bytes, and the pack that they are from.
    fn record(&mut self, kind: u8, key: Key) -> Result<(Vec<u8>, PathBuf), StoreError> {
        let missing = || StoreError::Missing {
            what: match kind {
                PAGE => "page",
                BRANCH => "branch",
                _ => "state",
            },
            key,
            state: self.state,
        };
        let place = *self.store.places.get(&(kind, key)).ok_or_else(missing)?;
        let pack = place.pack as usize;
        let path = self.store.packs.get(pack).ok_or_else(missing)?;
        if place.len > RECORD_LIMIT {
            return Err(StoreError::Pack {
                path: path.clone(),
                why: format!("a record of {} bytes", place.len),
            });
        }
        let Some(slot) = self.files.get_mut(pack) else {
            return Err(missing());
        };
        let mut read = || {
            let file = match slot {
                Some(file) => file,
                None => slot.insert(File::open(path)?),
            };
            let mut bytes = vec![0; place.len as usize];
            file.seek(SeekFrom::Start(place.offset))?;
            file.read_exact(&mut bytes)?;
            Ok(bytes)
        };
        let bytes = read().map_err(io_error(path))?;
        Ok((bytes, path.clone()))
    }
}
