//! Stores without a file behind them.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::sync::Arc;

use super::Store;
use crate::error::Error;
use crate::key::Key;

/// A store in memory, for a test or for the few local inputs that a recorded directory lacks.
#[derive(Clone, Default, Debug)]
pub struct Memory(BTreeMap<Key, Arc<[u8]>>);

impl fmt::Display for Memory {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("memory")
    }
}

impl Store for Memory {
    fn get(&self, key: Key) -> Result<Option<Arc<[u8]>>, Error> {
        Ok(self.0.get(&key).cloned())
    }

    fn put(&mut self, key: Key, value: &[u8]) -> Result<(), Error> {
        self.0.insert(key, value.into());
        Ok(())
    }

    fn keys(&self) -> Result<Vec<Key>, Error> {
        Ok(self.0.keys().copied().collect())
    }
}

/// Two stores as one: the upper's values hide the lower's, and everything new goes to the upper.
#[derive(Debug)]
pub struct Layered<U, L> {
    /// The store that is asked first, and written to.
    pub upper: U,
    /// The store that is asked if the upper one has no value; never written to.
    pub lower: L,
}

impl<U: Store, L: Store> fmt::Display for Layered<U, L> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} over {}", self.upper, self.lower)
    }
}

impl<U: Store, L: Store> Store for Layered<U, L> {
    fn get(&self, key: Key) -> Result<Option<Arc<[u8]>>, Error> {
        match self.upper.get(key)? {
            Some(value) => Ok(Some(value)),
            None => self.lower.get(key),
        }
    }

    fn put(&mut self, key: Key, value: &[u8]) -> Result<(), Error> {
        self.upper.put(key, value)
    }

    fn keys(&self) -> Result<Vec<Key>, Error> {
        let mut keys: BTreeSet<Key> = self.lower.keys()?.into_iter().collect();
        keys.extend(self.upper.keys()?);
        Ok(keys.into_iter().collect())
    }

    fn flush(&mut self) -> Result<(), Error> {
        self.upper.flush()
    }
}
