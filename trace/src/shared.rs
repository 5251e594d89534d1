//! One source of pre-images for several machines: those of a command, or the tiers that run the same execution.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

use alloy_primitives::{B256, keccak256};
use fpvm_core::step::oracle::{Oracle, OracleError};
use fpvm_oracle::Key;

use crate::preimages::Source;

/// What has been read of a source.
type Reads = BTreeMap<Key, Arc<[u8]>>;

/// A source with what is known of it.
struct Shared {
    /// What was read, where it is to be remembered.
    reads: Option<Mutex<Reads>>,
    asked: Mutex<Asked>,
    /// It has failed: whoever starts anew needs another.
    is_broken: AtomicBool,
}

/// Who answers, and what was said to it last.
struct Asked {
    source: Source,
    /// The last hint. A host prepares what it is asked for next by it.
    hint: Vec<u8>,
    /// The hashes of all hints, where what was read is remembered.
    hints: HashSet<B256>,
}

/// A machine's access to a source that others ask as well. What one machine hints at holds for no other: where a pre-image
/// is not known yet, the host hears the machine's own last hint before it is asked.
#[derive(Clone)]
pub(crate) struct SharedSource {
    shared: Arc<Shared>,
    /// This machine's last hint.
    hint: Vec<u8>,
}

impl SharedSource {
    /// A source that remembers nothing.
    pub(crate) fn new(source: Source) -> Self {
        Self::with(source, None)
    }

    fn with(source: Source, reads: Option<Reads>) -> Self {
        let asked = Asked {
            source,
            hint: Vec::new(),
            hints: HashSet::new(),
        };
        Self {
            shared: Arc::new(Shared {
                reads: reads.map(Mutex::new),
                asked: Mutex::new(asked),
                is_broken: AtomicBool::new(false),
            }),
            hint: Vec::new(),
        }
    }

    /// The source, where no other machine has it.
    pub(crate) fn into_source(self) -> Option<Source> {
        let shared = Arc::try_unwrap(self.shared).ok()?;
        Some(shared.asked.into_inner().ok()?.source)
    }

    fn known(&self, key: Key) -> Option<Arc<[u8]>> {
        let reads = self.shared.reads.as_ref()?;
        lock(reads).get(&key).cloned()
    }

    fn asked(&self) -> Result<MutexGuard<'_, Asked>, OracleError> {
        Ok(self.shared.asked.lock().map_err(|_| "the oracle failed")?)
    }

    /// Notes that the source has failed, unless it only does not have what was asked for.
    fn noted<T>(&self, answer: Result<T, OracleError>) -> Result<T, OracleError> {
        answer.inspect_err(|error| {
            let missing = error.downcast_ref::<fpvm_oracle::Error>();
            if !matches!(missing, Some(fpvm_oracle::Error::Missing { .. })) {
                self.shared.is_broken.store(true, Ordering::Relaxed);
            }
        })
    }
}

impl Oracle for SharedSource {
    fn hint(&mut self, hint: &[u8]) -> Result<(), OracleError> {
        self.hint = hint.to_vec();
        let mut asked = self.asked()?;
        // Another machine has had it prepared already.
        if self.shared.reads.is_some() && !asked.hints.insert(keccak256(hint)) {
            return Ok(());
        }
        hint.clone_into(&mut asked.hint);
        let answer = asked.source.hint(hint);
        self.noted(answer)
    }

    fn preimage(&mut self, key: [u8; 32]) -> Result<Arc<[u8]>, OracleError> {
        let key = Key(key);
        if let Some(value) = self.known(key) {
            return Ok(value);
        }
        let mut asked = self.asked()?;
        // Another machine may have read it while this one waited.
        if let Some(value) = self.known(key) {
            return Ok(value);
        }
        if asked.hint != self.hint && !self.hint.is_empty() {
            asked.hint.clone_from(&self.hint);
            let answer = asked.source.hint(&self.hint);
            self.noted(answer)?;
        }
        let answer = asked.source.preimage(key.0);
        let value = self.noted(answer)?;
        if let Some(reads) = &self.shared.reads {
            lock(reads).insert(key, value.clone());
        }
        Ok(value)
    }
}

/// The sources of executions that several tiers run, by the executions' names. Each is opened once, so that hosts, which lock
/// their folders, are not started twice; and what was read of it is known as long as a machine has it, or until
/// `SharedSources::release`.
#[derive(Clone, Default)]
pub struct SharedSources(Arc<Mutex<HashMap<String, Arc<Mutex<Held>>>>>);

#[derive(Default)]
struct Held {
    source: Weak<Shared>,
    /// It stays though no machine has it.
    stays: Option<Arc<Shared>>,
    is_released: bool,
}

impl SharedSources {
    /// The source of an execution, opened by `open` where nobody has it or it has failed.
    pub(crate) fn open<E>(
        &self,
        name: &str,
        open: impl FnOnce() -> Result<Source, E>,
    ) -> Result<SharedSource, E> {
        let held = lock(&self.0).entry(name.to_owned()).or_default().clone();
        // Only who is about the same execution waits for the host to start.
        let mut held = lock(&held);
        let kept = held.source.upgrade();
        let kept = kept.filter(|shared| !shared.is_broken.load(Ordering::Relaxed));
        let source = match kept {
            Some(shared) => SharedSource {
                shared,
                hint: Vec::new(),
            },
            None => SharedSource::with(open()?, Some(Reads::new())),
        };
        held.source = Arc::downgrade(&source.shared);
        held.stays = (!held.is_released).then(|| source.shared.clone());
        Ok(source)
    }

    /// What has been read so far of an execution's source, by the execution's
    /// [name](crate::DisputeInputs::dispute_name).
    pub fn reads(&self, name: &str) -> Vec<(Key, Arc<[u8]>)> {
        let held = lock(&self.0).get(name).cloned();
        let Some(shared) = held.and_then(|held| lock(&held).source.upgrade()) else {
            return Vec::new();
        };
        let reads = shared.reads.as_ref().map(lock);
        let reads = reads.iter().flat_map(|reads| reads.iter());
        reads.map(|(key, value)| (*key, value.clone())).collect()
    }

    /// Lets an execution's source go when no machine has it any more.
    pub(crate) fn release(&self, name: &str) {
        let held = lock(&self.0).get(name).cloned();
        let stays = held.and_then(|held| {
            let mut held = lock(&held);
            held.is_released = true;
            held.stays.take()
        });
        // A host ends outside of the locks.
        drop(stays);
    }

    /// Forgets all executions whose names begin so.
    pub fn forget(&self, begin: &str) {
        let mut all = lock(&self.0);
        let gone: Vec<_> = all.extract_if(|name, _| name.starts_with(begin)).collect();
        drop(all);
        drop(gone);
    }
}

impl std::fmt::Debug for SharedSources {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SharedSources").finish_non_exhaustive()
    }
}

/// What a holder that panicked leaves is whole: each change is one call.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;
    use fpvm_oracle::store::{Memory, Shared as Store, Store as _};
    use fpvm_oracle::{Checked, Replay};

    fn source(values: &[&[u8]]) -> Source {
        let mut memory = Memory::default();
        for value in values {
            memory.put(Key::keccak256(value), value).expect("memory");
        }
        let store: Box<dyn fpvm_oracle::store::Store> = Box::new(Store::new(Box::new(memory)));
        Source::Store(Checked::new(Replay::new(store), "memory"))
    }

    #[test]
    fn an_execution_has_one_source() {
        let sources = SharedSources::default();
        let open = || Ok::<_, ()>(source(&[b"a", b"b"]));
        let mut first = sources.open("one", open).expect("opened");
        let never = || panic!("opened twice");
        let mut second = sources.open::<()>("one", never).expect("there");
        for (machine, value) in [(&mut first, b"a"), (&mut second, b"b")] {
            let read = machine.preimage(Key::keccak256(value).0).expect("there");
            assert_eq!(&*read, value);
        }
        assert_eq!(sources.reads("one").len(), 2);
        assert!(sources.reads("two").is_empty());
        drop((first, second));
        assert_eq!(sources.reads("one").len(), 2, "it stays");
        sources.release("one");
        assert!(sources.reads("one").is_empty(), "it is gone");
    }

    #[test]
    fn a_missing_pre_image_breaks_no_source() {
        let sources = SharedSources::default();
        let open = || Ok::<_, ()>(source(&[]));
        let mut first = sources.open("one", open).expect("opened");
        assert!(first.preimage(Key::keccak256(b"c").0).is_err());
        let again = sources.open::<()>("one", || panic!("opened twice"));
        assert!(again.is_ok());
    }
}
