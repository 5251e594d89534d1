//! A directory with a file for each pre-image.
//!
//! op-program writes such directories (its `--datadir`; op-challenger's `preimages/` folders), and
//! leaves a file `kvformat` that says in which of its formats.

#![warn(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    reason = "what comes from outside must not make the program panic"
)]

use std::fmt;
use std::fs::{self, DirEntry, File};
use std::io::{ErrorKind, Read, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::Store;
use crate::error::Error;
use crate::key::Key;
use crate::wire::Limits;

/// Where op-program writes the name of its format.
const FORMAT_FILE: &str = "kvformat";

/// How a directory names and writes its files.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Layout {
    /// `02ab/cdef….txt`: the first 4 hex digits of the key are a folder, the other 60 the name; the
    /// content is in hex. op-program's `directory`, and what a new directory gets.
    Sharded,
    /// `0x02abcdef….txt` (also without 0x): the content is in hex. op-program's `file`.
    Flat,
    /// `02abcdef…` (also with 0x): the content is the value itself.
    Raw,
}

/// A directory with a file for each pre-image.
#[derive(Clone, Debug)]
pub struct Directory {
    path: PathBuf,
    layout: Layout,
}

impl Directory {
    /// Opens a directory and finds out its layout: the one that it records, else that of the first
    /// file which fits one. An empty directory is an empty store.
    ///
    /// A database of another program in there (pebble, RocksDB) is an error, and so is a directory
    /// of which no file fits.
    pub fn open(path: &Path) -> Result<Self, Error> {
        let layout = match recorded_layout(path)? {
            Some(layout) => layout,
            None => detected_layout(path)?,
        };
        Ok(Self {
            path: path.into(),
            layout,
        })
    }

    /// Opens a directory to write to it; one that is not there or empty gets op-program's layout,
    /// recorded so that op-program goes on with it.
    pub fn create(path: &Path) -> Result<Self, Error> {
        fs::create_dir_all(path).map_err(|e| Error::file("create", path, e))?;
        let directory = Self::open(path)?;
        let format = path.join(FORMAT_FILE);
        if directory.layout == Layout::Sharded && !format.exists() {
            fs::write(&format, "directory").map_err(|e| Error::file("write", format, e))?;
        }
        Ok(directory)
    }

    /// How files are named and written here.
    pub fn layout(&self) -> Layout {
        self.layout
    }

    /// The names a key's file may have; new files get the first.
    fn candidates(&self, key: Key) -> [PathBuf; 2] {
        let hex = key.hex();
        match self.layout {
            Layout::Sharded => {
                let (folder, name) = hex.split_at(4);
                let sharded = self.path.join(folder).join(format!("{name}.txt"));
                [sharded.clone(), sharded]
            }
            Layout::Flat => ["0x", ""].map(|prefix| self.path.join(format!("{prefix}{hex}.txt"))),
            Layout::Raw => ["", "0x"].map(|prefix| self.path.join(format!("{prefix}{hex}"))),
        }
    }

    fn decode(&self, path: &Path, content: Vec<u8>) -> Result<Arc<[u8]>, Error> {
        if self.layout == Layout::Raw {
            return Ok(content.into());
        }
        // Files edited by hand end with a line break.
        let value = const_hex::decode(content.trim_ascii_end());
        value.map(Arc::from).map_err(|why| Error::NotHex {
            path: path.into(),
            why,
        })
    }
}

impl fmt::Display for Directory {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "directory {}", self.path.display())
    }
}

impl Store for Directory {
    fn get(&self, key: Key) -> Result<Option<Arc<[u8]>>, Error> {
        for path in self.candidates(key) {
            if let Some(content) = read(&path)? {
                return self.decode(&path, content).map(Some);
            }
        }
        Ok(None)
    }

    /// Writes beside and renames, so that neither a reader nor a crash finds half a file. The file
    /// is not forced to the disk, as in op-program, because a value is checked when it is used.
    fn put(&mut self, key: Key, value: &[u8]) -> Result<(), Error> {
        let [target, _] = self.candidates(key);
        let folder = target.parent().unwrap_or(&self.path);
        fs::create_dir_all(folder).map_err(|e| Error::file("create", folder, e))?;
        let hex;
        let content = if self.layout == Layout::Raw {
            value
        } else {
            hex = const_hex::encode(value);
            hex.as_bytes()
        };
        let write = || {
            let mut beside = tempfile::NamedTempFile::new_in(&self.path)?;
            beside.write_all(content)?;
            beside.persist(&target)?;
            Ok(())
        };
        write().map_err(|e| Error::file("write", target.as_path(), e))
    }

    fn keys(&self) -> Result<Vec<Key>, Error> {
        let mut keys = Vec::new();
        for entry in entries(&self.path)? {
            match entry.key_in(self.layout) {
                Some(Named::Key(key)) => keys.push(key),
                Some(Named::Folder(folder)) => {
                    let files = entries(&entry.path)?;
                    keys.extend(
                        files
                            .iter()
                            .filter_map(|file| sharded_key(&folder, &file.name)),
                    );
                }
                None => {}
            }
        }
        keys.sort_unstable();
        keys.dedup();
        Ok(keys)
    }
}

/// The content of a file, `None` where there is none.
fn read(path: &Path) -> Result<Option<Vec<u8>>, Error> {
    let fail = |e| Error::file("read", path, e);
    let found = match path.metadata() {
        Err(e) if matches!(e.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => {
            return Ok(None);
        }
        found => found.map_err(fail)?,
    };
    if !found.is_file() {
        // Reading a pipe in its place could wait without end.
        return Err(Error::NotAStore {
            path: path.into(),
            why: "a plain file is expected",
        });
    }
    let limit = Limits::default()
        .preimage
        .saturating_mul(2)
        .saturating_add(16);
    if found.len() > limit {
        return Err(Error::Oversized {
            what: "a pre-image's file",
            len: found.len(),
            limit,
        });
    }
    let mut content = Vec::new();
    let file = File::open(path).map_err(fail)?;
    file.take(limit).read_to_end(&mut content).map_err(fail)?;
    Ok(Some(content))
}

fn recorded_layout(path: &Path) -> Result<Option<Layout>, Error> {
    let file = path.join(FORMAT_FILE);
    match read(&file)?.as_deref().map(<[u8]>::trim_ascii) {
        None => Ok(None),
        Some(b"directory") => Ok(Some(Layout::Sharded)),
        Some(b"file") => Ok(Some(Layout::Flat)),
        Some(b"pebble") => Err(Error::ForeignDatabase {
            path: path.into(),
            kind: "pebble",
        }),
        Some(_) => Err(Error::NotAStore {
            path: file,
            why: "it should say `directory` or `file`, the formats of op-program that fpvm reads",
        }),
    }
}

fn detected_layout(path: &Path) -> Result<Layout, Error> {
    let entries = entries(path)?;
    // Both databases keep these two.
    let is = |start: &str| entries.iter().any(|e| e.name.starts_with(start));
    if is("CURRENT") && is("MANIFEST-") {
        return Err(Error::ForeignDatabase {
            path: path.into(),
            kind: "pebble or RocksDB",
        });
    }
    let layouts = [Layout::Sharded, Layout::Flat, Layout::Raw];
    let fitting = |layout: &Layout| entries.iter().any(|e| e.key_in(*layout).is_some());
    match layouts.into_iter().find(fitting) {
        Some(layout) => Ok(layout),
        None if entries.is_empty() => Ok(Layout::Sharded),
        None => Err(Error::NotAStore {
            path: path.into(),
            why: "no file in it is named by a key (`02ab/cd….txt`, `0x02abcd….txt` or `02abcd…`)",
        }),
    }
}

/// A directory entry that may be ours: its name is text and not hidden (as files half written are).
struct Entry {
    name: String,
    path: PathBuf,
}

/// What an entry of a directory stands for.
enum Named {
    Key(Key),
    Folder(String),
}

impl Entry {
    fn key_in(&self, layout: Layout) -> Option<Named> {
        match layout {
            Layout::Sharded => {
                let is_folder = self.name.len() == 4 && is_hex(&self.name) && self.path.is_dir();
                is_folder.then(|| Named::Folder(self.name.clone()))
            }
            Layout::Flat => self.name.strip_suffix(".txt")?.parse().ok().map(Named::Key),
            Layout::Raw => self.name.parse().ok().map(Named::Key),
        }
    }
}

fn is_hex(text: &str) -> bool {
    text.bytes().all(|b| b.is_ascii_hexdigit())
}

fn sharded_key(folder: &str, file: &str) -> Option<Key> {
    let rest = file.strip_suffix(".txt").filter(|rest| is_hex(rest))?;
    format!("{folder}{rest}").parse().ok()
}

fn entries(path: &Path) -> Result<Vec<Entry>, Error> {
    let entry = |found: std::io::Result<DirEntry>| {
        let found = found.map_err(|e| Error::file("list", path, e))?;
        let name = found
            .file_name()
            .into_string()
            .ok()
            .filter(|name| !name.starts_with('.'));
        Ok(name.map(|name| Entry {
            name,
            path: found.path(),
        }))
    };
    let listing = fs::read_dir(path).map_err(|e| Error::file("list", path, e))?;
    listing
        .filter_map(|found| entry(found).transpose())
        .collect()
}
