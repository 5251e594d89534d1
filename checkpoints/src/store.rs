//! States that are kept, each page once.
//!
//! The folder `packs` has a pack for each checkpoint, with the records that the packs before do not have. A state leads
//! by keys to branches of 16 and from there to pages: pages are known by their Merkle root, branches
//! by the keccak256 of their record. So a changed record cannot pass for a part of a state: a loaded state
//! is hashed, and has to have the root that was asked for.

#![warn(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "what comes from outside must not make the program panic"
)]

mod error;
mod load;
mod pack;
mod record;

pub use error::StoreError;

use crate::Root;
use crate::depot::{Bytes, Depot, Listed};
use fpvm_core::definition::isa::Isa;
use fpvm_core::definition::state::WitnessError;
use fpvm_core::definition::word::Word as _;
use fpvm_core::keccak::keccak256;
use fpvm_core::machine::memory::{FrozenMemory, FrozenPage, Part};
use fpvm_core::machine::snapshot::Snapshot;
use pack::{Ends, Listing, Writer};
use record::{children, parse_state};
use rustc_hash::{FxHashMap, FxHashSet};
use std::sync::Weak;

/// The folder of packs.
const FOLDER: &str = "packs";

const PAGE: u8 = 0;
const BRANCH: u8 = 1;
const STATE: u8 = 2;

type Key = [u8; 32];

/// Makes a snapshot of a packed state, its memory and an unfinished hint.
type Thaw = fn(&[u8], FrozenMemory, Vec<u8>) -> Result<Snapshot, WitnessError>;

/// What has to be known about a VM to make its snapshots.
#[derive(Clone, Copy, Debug)]
pub struct Vm {
    /// The ISA's name, [`Isa::NAME`].
    pub isa: &'static str,
    /// VM type as upstream names it.
    pub vm_type: &'static str,
    /// Bits of an address.
    address_bits: u32,
    snapshot: Thaw,
}

impl Vm {
    /// What has to be known about the VM of an ISA.
    pub fn of<I: Isa>() -> Self {
        Self {
            isa: I::NAME,
            vm_type: I::VM_TYPE,
            address_bits: I::Word::BITS,
            snapshot: Snapshot::from_state_bytes::<I>,
        }
    }
}

#[derive(Clone, Copy, Debug)]
struct Place {
    pack: u32,
    offset: u64,
    len: u32,
    /// Of a page, which of its frame it is.
    slot: u8,
}

impl Place {
    const fn new(pack: u32, listing: &Listing) -> Self {
        Self {
            pack,
            offset: listing.offset,
            len: listing.len,
            slot: listing.slot as u8,
        }
    }
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
    /// Opens the packs of a place; without packs it is an empty store.
    pub fn open(depot: &Depot, vm: Vm) -> Result<Self, StoreError> {
        let mut store = Self {
            vm,
            depot: depot.clone(),
            packs: Vec::new(),
            found: 0,
            places: FxHashMap::default(),
            loaded: FxHashMap::default(),
        };
        let packs = packs(depot)?;
        let wanted = packs
            .iter()
            .map(|pack| (pack.name.clone(), pack::ends(pack.size)));
        let read = depot.read_parts(wanted.collect())?;
        for (pack, parts) in packs.into_iter().zip(read) {
            store.index(pack, &parts)?;
        }
        store.found = store.packs.len();
        Ok(store)
    }

    /// Forgets the states that cannot be loaded because a pack is gone, and the records that only they
    /// need: [`Store::put`] writes them anew.
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
        /// The keys below a key; `None` if no record has that key.
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

    /// Removes the newest pack that this process has written, to make room; `false` if there is none.
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

    /// Whether a state is there; a pack that it needs may still be missing.
    pub fn has(&self, root: Root) -> bool {
        self.places.contains_key(&(STATE, root.0))
    }

    /// Writes the records of a state that are not there yet, as one pack. The pack is safe from a crash of the
    /// machine when the manifest that names the state is saved, or after [`Depot::settle`]. `name` distinguishes
    /// it from other processes' packs in the same folder.
    pub fn put(&mut self, snapshot: &Snapshot, name: &str) -> Result<(), StoreError> {
        let root = snapshot.root();
        if self.places.contains_key(&(STATE, root)) {
            return Ok(());
        }
        // A pack that is there keeps its name, because others may need its records.
        let mut name = format!("{FOLDER}/{name}.pack");
        while self.packs.contains(&name) {
            name = format!("{}-again.pack", name.trim_end_matches(".pack"));
        }
        let uncompressed = |source| StoreError::Compress {
            pack: self.depot.full_name(&name),
            source,
        };
        let mut pack = Writer::new().map_err(uncompressed)?;
        let mut fresh = FxHashSet::default();
        let places = &self.places;
        let known = |key: &Key| places.contains_key(&(BRANCH, *key));
        let memory = snapshot.memory.fold(&known, &mut |part| {
            let (kind, key, record) = match part {
                Part::Page(page) => (PAGE, page.root(), Vec::new()),
                Part::Branch(children) => {
                    let record = record::branch(children);
                    (BRANCH, keccak256(&record), record)
                }
            };
            if !places.contains_key(&(kind, key)) && fresh.insert((kind, key)) {
                match part {
                    Part::Page(page) => pack.add_page(key, page.bytes())?,
                    Part::Branch(_) => pack.add(kind, key, &record),
                }
            }
            Ok(key)
        });
        let memory = memory.map_err(uncompressed)?;
        pack.add(STATE, root, &record::state(snapshot, &memory));
        let (pack, added) = pack.finish().map_err(uncompressed)?;
        self.depot.write_hastily(&name, pack)?;
        let pack = self.packs.len() as u32;
        self.packs.push(name);
        for listing in added {
            let place = Place::new(pack, &listing);
            self.places.insert((listing.kind, listing.key), place);
        }
        Ok(())
    }

    /// The state of a root; `None` if it is not there.
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

    /// Adds the index of a pack, whose first and last bytes have been read.
    fn index(&mut self, listed: Listed, parts: &[Bytes]) -> Result<(), StoreError> {
        let broken = |why: &str| StoreError::Pack {
            pack: self.depot.full_name(&listed.name),
            why: why.into(),
        };
        let [start, end] = parts else {
            return Err(broken("too short for a pack"));
        };
        let ends = Ends::new(listed.size, start, end).map_err(broken)?;
        let more;
        let index = match ends.read {
            Some(index) => index,
            None => {
                let wanted = vec![(listed.name.clone(), vec![ends.index.clone()])];
                more = self.depot.read_parts(wanted)?.concat();
                more.first().map_or(&[][..], |index| &index[..])
            }
        };
        let number = self.packs.len() as u32;
        for listing in ends.list(index).map_err(broken)? {
            let place = self.places.entry((listing.kind, listing.key));
            place.or_insert(Place::new(number, &listing));
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
