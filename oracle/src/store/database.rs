//! An embedded database: one file that holds a whole run's pre-images.

use std::collections::BTreeMap;
use std::fmt;
use std::fs::{self, File};
use std::io::{ErrorKind, Read};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use redb::{
    Builder, ConcurrencyMode, DatabaseError, ReadOnlyDatabase, ReadableDatabase, ReadableTable,
    TableDefinition, TableError,
};

use super::Store;
use crate::error::Error;
use crate::key::Key;

const TABLE: TableDefinition<'static, [u8; 32], &[u8]> = TableDefinition::new("preimages");

/// What every redb file starts with.
const MAGIC: [u8; 4] = *b"redb";

/// New values are held back up to this many bytes, and for this long, because a commit waits for
/// the disk, and a run that reads a hundred thousand small pre-images should not wait for each.
const BATCH_BYTES: usize = 8 << 20;
const BATCH_TIME: Duration = Duration::from_secs(5);

/// Room for redb's page cache, far below its default of 1 GiB: each value is read about once.
const CACHE_BYTES: usize = 32 << 20;

/// A store in one file (redb).
///
/// One process may write it and any number read it at the same time. A process that is killed loses
/// the last batch of values and nothing else.
pub struct Database {
    path: PathBuf,
    file: Access,
    batch: BTreeMap<Key, Arc<[u8]>>,
    batch_bytes: usize,
    batch_since: Instant,
}

enum Access {
    Read(ReadOnlyDatabase),
    Write(redb::Database),
}

impl Database {
    /// Opens a database for reading.
    ///
    /// It is verified as a whole first if that is possible (nobody else has it open and it may be
    /// written to), because redb trusts its file later on, and damage would end a run in the
    /// middle.
    pub fn open(path: &Path) -> Result<Self, Error> {
        if !is_database(path)? {
            return Err(not_a_database(path));
        }
        match builder().set_check_integrity_on_open(true).open(path) {
            Ok(verified) => verified.close().map_err(|e| fail(path, e))?,
            Err(e) if is_out_of_reach(&e) => {}
            Err(e) => return Err(fail(path, e)),
        }
        let file = builder().open_read_only(path).map_err(|e| fail(path, e))?;
        Ok(Self::new(path, Access::Read(file)))
    }

    /// Opens a database for writing, or makes it. One that is there is verified as a whole first.
    pub fn create(path: &Path) -> Result<Self, Error> {
        let is_there = path
            .try_exists()
            .map_err(|e| Error::file("open", path, e))?;
        // A process that was killed while it made a database leaves an empty file.
        let is_empty = || {
            path.metadata()
                .is_ok_and(|found| found.is_file() && found.len() == 0)
        };
        if is_there && !is_database(path)? && !is_empty() {
            return Err(not_a_database(path));
        }
        let file = builder().set_check_integrity_on_open(is_there).create(path);
        let file = file.map_err(|e| {
            if !is_there {
                // A full disk cut the file short; it would only be in the way.
                let _ = fs::remove_file(path);
            }
            fail(path, e)
        })?;
        Ok(Self::new(path, Access::Write(file)))
    }

    fn new(path: &Path, file: Access) -> Self {
        Self {
            path: path.into(),
            file,
            batch: BTreeMap::new(),
            batch_bytes: 0,
            batch_since: Instant::now(),
        }
    }

    fn fail(&self, cause: impl Into<redb::Error>) -> Error {
        fail(&self.path, cause)
    }

    /// What a look at the table gives; `None` where nothing was ever written.
    fn look<T>(
        &self,
        read: impl FnOnce(redb::ReadOnlyTable<[u8; 32], &'static [u8]>) -> Result<T, redb::StorageError>,
    ) -> Result<Option<T>, Error> {
        let begun = match &self.file {
            Access::Read(file) => file.begin_read(),
            Access::Write(file) => file.begin_read(),
        };
        match begun.map_err(|e| self.fail(e))?.open_table(TABLE) {
            Ok(table) => read(table).map(Some).map_err(|e| self.fail(e)),
            Err(TableError::TableDoesNotExist(_)) => Ok(None),
            Err(e) => Err(self.fail(e)),
        }
    }

    fn commit(&self) -> Result<(), redb::Error> {
        let Access::Write(file) = &self.file else {
            return Ok(());
        };
        let transaction = file.begin_write()?;
        {
            let mut table = transaction.open_table(TABLE)?;
            for (key, value) in &self.batch {
                table.insert(key.0, &**value)?;
            }
        }
        transaction.commit()?;
        Ok(())
    }
}

impl Store for Database {
    fn get(&self, key: Key) -> Result<Option<Arc<[u8]>>, Error> {
        if let Some(value) = self.batch.get(&key) {
            return Ok(Some(value.clone()));
        }
        let value = self.look(|table| Ok(table.get(key.0)?.map(|value| value.value().into())))?;
        Ok(value.flatten())
    }

    fn put(&mut self, key: Key, value: &[u8]) -> Result<(), Error> {
        if matches!(self.file, Access::Read(_)) {
            return Err(Error::ReadOnly {
                path: self.path.clone(),
            });
        }
        self.batch.insert(key, value.into());
        self.batch_bytes = self.batch_bytes.saturating_add(value.len());
        if self.batch_bytes >= BATCH_BYTES || self.batch_since.elapsed() >= BATCH_TIME {
            self.flush()?;
        }
        Ok(())
    }

    fn keys(&self) -> Result<Vec<Key>, Error> {
        let stored = self.look(|table| {
            table
                .iter()?
                .map(|entry| entry.map(|(key, _)| Key(key.value())))
                .collect()
        })?;
        let mut keys: Vec<Key> = stored.unwrap_or_default();
        keys.extend(self.batch.keys());
        keys.sort_unstable();
        keys.dedup();
        Ok(keys)
    }

    fn flush(&mut self) -> Result<(), Error> {
        if !self.batch.is_empty() {
            self.commit().map_err(|e| self.fail(e))?;
            self.batch.clear();
        }
        self.batch_bytes = 0;
        self.batch_since = Instant::now();
        Ok(())
    }
}

impl Drop for Database {
    fn drop(&mut self) {
        if let Err(error) = self.flush() {
            tracing::error!("the last pre-images were not written: {error}");
        }
    }
}

impl fmt::Display for Database {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "database {}", self.path.display())
    }
}

impl fmt::Debug for Database {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Database")
            .field("path", &self.path)
            .finish_non_exhaustive()
    }
}

fn builder() -> Builder {
    let mut builder = redb::Database::builder();
    builder
        .set_cache_size(CACHE_BYTES)
        .set_concurrency_mode(ConcurrencyMode::SingleWriter);
    builder
}

fn fail(path: &Path, cause: impl Into<redb::Error>) -> Error {
    Error::Database {
        path: path.into(),
        cause: Box::new(cause.into()),
    }
}

/// Whether a file cannot be opened for writing though it may well be read.
fn is_out_of_reach(error: &DatabaseError) -> bool {
    use redb::StorageError::Io;
    match error {
        DatabaseError::DatabaseAlreadyOpen => true,
        DatabaseError::Storage(Io(e)) => {
            matches!(
                e.kind(),
                ErrorKind::PermissionDenied | ErrorKind::ReadOnlyFilesystem
            )
        }
        _ => false,
    }
}

fn is_database(path: &Path) -> Result<bool, Error> {
    // Only a plain file is looked into: a pipe would be waited for.
    if !path
        .metadata()
        .map_err(|e| Error::file("open", path, e))?
        .is_file()
    {
        return Ok(false);
    }
    let mut start = [0; MAGIC.len()];
    let mut file = File::open(path).map_err(|e| Error::file("open", path, e))?;
    match file.read_exact(&mut start) {
        Ok(()) => Ok(start == MAGIC),
        Err(e) if e.kind() == ErrorKind::UnexpectedEof => Ok(false),
        Err(e) => Err(Error::file("read", path, e)),
    }
}

fn not_a_database(path: &Path) -> Error {
    Error::NotAStore {
        path: path.into(),
        why: "a directory of pre-image files or a database made by fpvm is expected",
    }
}
