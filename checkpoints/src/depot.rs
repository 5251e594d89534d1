//! The place of checkpoints: a folder, or a prefix in an S3-compatible bucket. Both are used through the
//! crate `object_store`, so that nothing else has to know which it is.

pub use bytes::Bytes;
use object_store::aws::{AmazonS3Builder, AmazonS3ConfigKey};
use object_store::local::LocalFileSystem;
use object_store::path::Path as Key;
use object_store::{ObjectStore, ObjectStoreExt as _, RetryConfig};
use std::collections::BTreeSet;
use std::fmt;
use std::fs::File;
use std::io::{self, ErrorKind};
use std::mem;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::runtime::Runtime;
use tokio::task::JoinSet;

/// The start of a bucket's name.
const BUCKET: &str = "s3://";
/// Requests that are under way at once.
const AT_ONCE: usize = 16;
/// For how long a server that does not answer, or says that it cannot now, is asked again.
const PATIENCE: Duration = Duration::from_secs(20);

/// A place with objects by name; a name may have a folder in it (`packs/1.pack`).
#[derive(Clone)]
pub struct Depot {
    store: Arc<dyn ObjectStore>,
    /// Objects that are written here are not safe from a crash of the machine until [`Depot::settle`].
    hasty: Arc<dyn ObjectStore>,
    /// Objects in a folder that were written so and are not settled yet.
    unsettled: Arc<Mutex<Vec<PathBuf>>>,
    runtime: Arc<Runtime>,
    /// The prefix of all names in the store.
    prefix: Key,
    place: String,
}

/// A place that cannot be used, or an object that cannot be read or written there.
#[derive(Debug, thiserror::Error)]
#[error("{object}: {why}")]
pub struct DepotError {
    /// The object, with the place that it is in.
    pub object: String,
    /// What went wrong.
    pub why: String,
    /// Whether the reason is that there is no room left.
    pub full: bool,
}

impl DepotError {
    fn new(object: impl Into<String>, error: &(dyn std::error::Error + 'static)) -> Self {
        let mut causes = std::iter::successors(Some(error), |error| error.source());
        let full = |error: &(dyn std::error::Error + 'static)| {
            let kind = error.downcast_ref::<io::Error>().map(io::Error::kind);
            matches!(
                kind,
                Some(ErrorKind::StorageFull | ErrorKind::QuotaExceeded | ErrorKind::FileTooLarge)
            )
        };
        Self {
            object: object.into(),
            why: with_causes(error),
            full: causes.any(full),
        }
    }
}

/// An object in a list.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Listed {
    /// Its name, folder included.
    pub name: String,
    /// Its size in bytes.
    pub size: u64,
}

impl fmt::Debug for Depot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Depot").field(&self.place).finish()
    }
}

/// An error with its causes, none of them twice: what the system said stands in the last.
pub fn with_causes(error: &(dyn std::error::Error + 'static)) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        let more = error.to_string();
        if !text.contains(&more) {
            text = format!("{text}: {more}");
        }
        cause = error.source();
    }
    text
}

impl Depot {
    /// Opens `s3://BUCKET/PLACE`, with endpoint, region and credentials from the usual environment
    /// variables (`AWS_ENDPOINT_URL`, `AWS_REGION`, `AWS_ACCESS_KEY_ID`, …), or a folder, which has to
    /// exist.
    pub fn open(place: &str) -> Result<Self, DepotError> {
        let place = place.trim_end_matches('/');
        let failed = |why: &(dyn std::error::Error + 'static)| DepotError::new(place, why);
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .map_err(|error| failed(&error))?;
        let (store, hasty, prefix): (Arc<dyn ObjectStore>, Arc<dyn ObjectStore>, Key) =
            match place.strip_prefix(BUCKET) {
                Some(path) => {
                    let (_, prefix) = path.split_once('/').unwrap_or((path, ""));
                    let bucket = bucket(place).map_err(|error| failed(&error))?;
                    let prefix = Key::parse(prefix).map_err(|error| failed(&error))?;
                    let bucket = Arc::new(bucket);
                    (bucket.clone(), bucket, prefix)
                }
                None => {
                    let folder = if place.is_empty() { "/" } else { place };
                    let open = || LocalFileSystem::new_with_prefix(folder);
                    let safe = open().map_err(|error| failed(&error))?.with_fsync(true);
                    let hasty = open().map_err(|error| failed(&error))?;
                    (Arc::new(safe), Arc::new(hasty), Key::default())
                }
            };
        Ok(Self {
            store,
            hasty,
            unsettled: Arc::default(),
            runtime: Arc::new(runtime),
            prefix,
            place: place.into(),
        })
    }

    /// The same, but a folder that does not exist is made.
    pub fn create(place: &str) -> Result<Self, DepotError> {
        if !place.starts_with(BUCKET) {
            std::fs::create_dir_all(place).map_err(|error| DepotError::new(place, &error))?;
        }
        Self::open(place)
    }

    /// Tries whether an object can be written, so that nothing is run whose results would be lost. What it writes has
    /// the object's name and `.trial` behind it, and is removed again.
    ///
    /// # Errors
    /// If it cannot be written or removed.
    pub fn try_write(&self, name: &str) -> Result<(), DepotError> {
        let trial = format!("{name}.trial");
        self.write(&trial, Bytes::new())?;
        self.remove(&trial)
    }

    /// An object's name with the place that it is in, for people.
    pub fn full_name(&self, name: &str) -> String {
        format!("{}/{name}", self.place)
    }

    fn key(&self, name: &str) -> Key {
        let parts = name.split('/').map(Into::into);
        self.prefix.parts().chain(parts).collect()
    }

    fn failed(&self, name: &str, error: &object_store::Error) -> DepotError {
        DepotError::new(self.full_name(name), error)
    }

    /// The objects of a folder (`""` for the place itself) by name; none if it does not exist.
    pub fn list(&self, folder: &str) -> Result<Vec<Listed>, DepotError> {
        let key = match folder {
            "" => self.prefix.clone(),
            folder => self.key(folder),
        };
        let listed = self
            .runtime
            .block_on(self.store.list_with_delimiter(Some(&key)));
        let listed = listed.map_err(|error| self.failed(folder, &error))?;
        let objects = listed.objects.into_iter().filter_map(|meta| {
            let name = meta.location.filename()?;
            let name = match folder {
                "" => name.into(),
                folder => format!("{folder}/{name}"),
            };
            let size = meta.size;
            Some(Listed { name, size })
        });
        let mut objects: Vec<Listed> = objects.collect();
        objects.sort();
        Ok(objects)
    }

    /// An object's bytes, at most `limit` of them; `None` where there is no such object.
    pub fn read(&self, name: &str, limit: u64) -> Result<Option<Bytes>, DepotError> {
        let key = self.key(name);
        let read = async {
            let found = self.store.get(&key).await?;
            match found.meta.size {
                size if size > limit => Ok(Err(size)),
                _ => Ok(Ok(found.bytes().await?)),
            }
        };
        match self.runtime.block_on(read) {
            Ok(Ok(bytes)) => Ok(Some(bytes)),
            Ok(Err(size)) => Err(DepotError {
                object: self.full_name(name),
                why: format!("{size} bytes; nothing of more than {limit} is read"),
                full: false,
            }),
            Err(object_store::Error::NotFound { .. }) => Ok(None),
            Err(error) => Err(self.failed(name, &error)),
        }
    }

    /// Parts of several objects, which are asked for at the same time; for each object its parts in the
    /// given order. Fails if an object is too short.
    pub fn read_parts(
        &self,
        wanted: Vec<(String, Vec<Range<u64>>)>,
    ) -> Result<Vec<Vec<Bytes>>, DepotError> {
        let mut found: Vec<Vec<Bytes>> = vec![Vec::new(); wanted.len()];
        self.runtime.block_on(async {
            let mut wanted = wanted.into_iter().enumerate();
            let mut running = JoinSet::new();
            loop {
                while running.len() < AT_ONCE
                    && let Some((index, (name, ranges))) = wanted.next()
                {
                    let (store, key) = (self.store.clone(), self.key(&name));
                    running.spawn(async move {
                        let parts = store.get_ranges(&key, &ranges).await;
                        (index, name, ranges, parts)
                    });
                }
                let Some(done) = running.join_next().await else {
                    return Ok(found);
                };
                let done = done.map_err(|error| DepotError::new(&self.place, &error));
                let (index, name, ranges, parts) = done?;
                let parts = parts.map_err(|error| self.failed(&name, &error))?;
                let lens = parts.iter().map(|part| part.len() as u64);
                if !lens.eq(ranges.iter().map(|range| range.end - range.start)) {
                    return Err(DepotError {
                        object: self.full_name(&name),
                        why: "it is shorter than it was".into(),
                        full: false,
                    });
                }
                if let Some(place) = found.get_mut(index) {
                    *place = parts;
                }
            }
        })
    }

    /// Writes an object as a whole or not at all; one of the same name is replaced.
    pub fn write(&self, name: &str, bytes: impl Into<Bytes>) -> Result<(), DepotError> {
        let (key, bytes) = (self.key(name), bytes.into());
        let written = self.runtime.block_on(self.store.put(&key, bytes.into()));
        written.map(drop).map_err(|error| self.failed(name, &error))
    }

    /// The same, but until [`Depot::settle`] a crash of the machine may undo it.
    pub fn write_hastily(&self, name: &str, bytes: impl Into<Bytes>) -> Result<(), DepotError> {
        let (key, bytes) = (self.key(name), bytes.into());
        let written = self.runtime.block_on(self.hasty.put(&key, bytes.into()));
        written.map_err(|error| self.failed(name, &error))?;
        if !self.place.starts_with(BUCKET)
            && let Ok(mut unsettled) = self.unsettled.lock()
        {
            unsettled.push(Path::new(&self.place).join(name));
        }
        Ok(())
    }

    /// Makes everything that was written safe from a crash of the machine: many objects cost hardly more
    /// than one.
    pub fn settle(&self) -> Result<(), DepotError> {
        let written = self
            .unsettled
            .lock()
            .map(|mut paths| mem::take(&mut *paths));
        let written = written.unwrap_or_default();
        let folders: BTreeSet<_> = written.iter().filter_map(|path| path.parent()).collect();
        for path in written.iter().map(PathBuf::as_path).chain(folders) {
            match File::open(path).and_then(|file| file.sync_all()) {
                // It was removed since.
                Err(error) if error.kind() == ErrorKind::NotFound => {}
                done => {
                    done.map_err(|error| DepotError::new(path.display().to_string(), &error))?;
                }
            }
        }
        Ok(())
    }

    /// Removes an object.
    pub fn remove(&self, name: &str) -> Result<(), DepotError> {
        let removed = self.runtime.block_on(self.store.delete(&self.key(name)));
        removed.map_err(|error| self.failed(name, &error))
    }
}

/// A bucket by its URL and the environment.
fn bucket(url: &str) -> object_store::Result<object_store::aws::AmazonS3> {
    // This fails if a provider is set already, which is as good.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let builder = AmazonS3Builder::from_env().with_url(url);
    let plain = [AmazonS3ConfigKey::S3Endpoint, AmazonS3ConfigKey::Endpoint]
        .iter()
        .find_map(|key| builder.get_config_value(key))
        .is_some_and(|endpoint| endpoint.starts_with("http://"));
    let retry = RetryConfig {
        max_retries: 5,
        retry_timeout: PATIENCE,
        ..RetryConfig::default()
    };
    let builder = if plain {
        builder.with_allow_http(true)
    } else {
        builder
    };
    builder.with_retry(retry).build()
}
