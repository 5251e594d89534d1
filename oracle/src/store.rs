//! Stores of pre-images: memory, a directory of files, an embedded database.

mod database;
mod directory;
mod memory;
mod shared;

use std::fmt;
use std::io::ErrorKind;
use std::path::Path;
use std::sync::Arc;

pub use database::Database;
pub use directory::{Directory, Layout};
pub use memory::{Layered, Memory};
pub use shared::Shared;

use crate::error::Error;
use crate::key::Key;

/// Pre-images by their keys. Displays as what it is and where, for messages: `directory D`.
///
/// A store does not check that a value fits its key, neither when it is written nor when it is
/// read. [`Checked`](crate::Checked) does that for the guest.
pub trait Store: fmt::Display + Send {
    /// The value of a key, if there is one.
    fn get(&self, key: Key) -> Result<Option<Arc<[u8]>>, Error>;

    /// Adds or replaces a value. It may be held back in memory until [`flush`](Self::flush).
    fn put(&mut self, key: Key, value: &[u8]) -> Result<(), Error>;

    /// All keys, in ascending order.
    fn keys(&self) -> Result<Vec<Key>, Error>;

    /// Writes out the values that were held back. A store that is dropped tries this too, but can
    /// only log an error then.
    fn flush(&mut self) -> Result<(), Error> {
        Ok(())
    }
}

impl<S: Store + ?Sized> Store for Box<S> {
    fn get(&self, key: Key) -> Result<Option<Arc<[u8]>>, Error> {
        (**self).get(key)
    }
    fn put(&mut self, key: Key, value: &[u8]) -> Result<(), Error> {
        (**self).put(key, value)
    }
    fn keys(&self) -> Result<Vec<Key>, Error> {
        (**self).keys()
    }
    fn flush(&mut self) -> Result<(), Error> {
        (**self).flush()
    }
}

/// Opens the store at a path for reading: a directory of files or a database, whichever is there.
/// A database may be read by any number of processes at a time, also while one writes it.
pub fn open(path: &Path) -> Result<Box<dyn Store>, Error> {
    let found = path.metadata().map_err(|e| match e.kind() {
        ErrorKind::NotFound => Error::NotAStore {
            path: path.into(),
            why: "nothing is there",
        },
        _ => Error::file("open", path, e),
    })?;
    if found.is_dir() {
        Ok(Box::new(Directory::open(path)?))
    } else {
        Ok(Box::new(Database::open(path)?))
    }
}

/// Opens the store at a path for writing: the directory or database that is there, else a new
/// database; a new directory where the path ends with a slash.
pub fn create(path: &Path) -> Result<Box<dyn Store>, Error> {
    if path.is_dir() || path.as_os_str().as_encoded_bytes().ends_with(b"/") {
        Ok(Box::new(Directory::create(path)?))
    } else {
        Ok(Box::new(Database::create(path)?))
    }
}
