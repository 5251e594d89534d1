//! A store that several hold.

use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::Store;
use crate::error::Error;
use crate::key::Key;

/// One store for all who hold a clone of it. A database takes one writer: several machines of a process that
/// record what their hosts answer have to share it.
#[derive(Clone)]
pub struct Shared {
    store: Arc<Mutex<Box<dyn Store>>>,
    /// What the store displays as.
    name: Arc<str>,
}

impl Shared {
    /// Shares a store.
    pub fn new(store: Box<dyn Store>) -> Self {
        let name = store.to_string().into();
        Self {
            store: Arc::new(Mutex::new(store)),
            name,
        }
    }

    /// A holder that panicked has left the store as it was before or after one of its calls.
    fn lock(&self) -> MutexGuard<'_, Box<dyn Store>> {
        self.store.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Store for Shared {
    fn get(&self, key: Key) -> Result<Option<Arc<[u8]>>, Error> {
        self.lock().get(key)
    }

    fn put(&mut self, key: Key, value: &[u8]) -> Result<(), Error> {
        self.lock().put(key, value)
    }

    fn keys(&self) -> Result<Vec<Key>, Error> {
        self.lock().keys()
    }

    fn flush(&mut self) -> Result<(), Error> {
        self.lock().flush()
    }
}

impl fmt::Display for Shared {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name)
    }
}

impl fmt::Debug for Shared {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Shared").field(&self.name).finish()
    }
}
