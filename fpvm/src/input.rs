//! A file whose start decides what it is, and which is then read, even if it can be read only once.

use crate::Error;
use crate::open::unreadable;
use flate2::read::GzDecoder;
use fpvm_core::formats::files::{self, FileKind};
use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, BufReader, Cursor, Read};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

/// The largest program or JSON file that is read, in bytes.
const LIMIT: u64 = 1 << 30;

/// Bytes that tell what a file is.
const START: u64 = 64;

/// A file, or standard input if its name is `-`. The contents of pipes and standard input say whether they are
/// compressed, and whether they are JSON; for files the name says it, as in upstream's programs.
pub struct Input {
    path: PathBuf,
    kind: FileKind,
    start: Vec<u8>,
    source: Source,
}

enum Source {
    /// The file can be opened again.
    File,
    /// The input can be read once, from its start on.
    Once(Option<Box<dyn Read>>),
    /// The whole contents.
    Bytes(Vec<u8>),
}

impl std::fmt::Debug for Input {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let mut input = f.debug_struct("Input");
        input.field("path", &self.path).field("kind", &self.kind);
        input.finish_non_exhaustive()
    }
}

impl Input {
    /// Opens a file and looks at its start.
    ///
    /// # Errors
    /// If it cannot be read.
    pub fn open(path: &Path) -> Result<Self, Error> {
        Self::look(path).map_err(|error| unreadable(path, error))
    }

    fn look(path: &Path) -> io::Result<Self> {
        if is_file(path)? {
            let mut start = Vec::new();
            files::open(path)?.take(START).read_to_end(&mut start)?;
            return Ok(Self {
                path: path.into(),
                kind: FileKind::of(path),
                start,
                source: Source::File,
            });
        }
        Self::once(path, read_once(path)?)
    }

    /// What can be read but once.
    fn once(path: &Path, raw: Box<dyn Read>) -> io::Result<Self> {
        let (mut start, mut once) = peek(raw)?;
        if start.starts_with(&[0x1f, 0x8b]) {
            (start, once) = peek(Box::new(GzDecoder::new(once)))?;
        }
        let first = start.iter().find(|byte| !byte.is_ascii_whitespace());
        let kind = match first {
            Some(b'{') => FileKind::Json,
            _ => FileKind::Binary,
        };
        Ok(Self {
            path: path.into(),
            kind,
            start,
            source: Source::Once(Some(Box::new(BufReader::with_capacity(1 << 16, once)))),
        })
    }

    /// Its name.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// What form a state in it has.
    pub fn kind(&self) -> FileKind {
        self.kind
    }

    /// Its first bytes, at most 64.
    pub fn start(&self) -> &[u8] {
        &self.start
    }

    /// Reads it from its start. An input that can be read only once is empty from the second time on, unless its bytes
    /// were asked for.
    pub(crate) fn reader(&mut self) -> Result<Box<dyn Read + '_>, Error> {
        Ok(match &mut self.source {
            Source::File => {
                let file = files::open(&self.path);
                file.map_err(|error| unreadable(&self.path, error))?
            }
            Source::Once(once) => once.take().unwrap_or_else(|| Box::new(io::empty())),
            Source::Bytes(bytes) => Box::new(Cursor::new(bytes.as_slice())),
        })
    }

    /// The whole contents, kept for later calls.
    ///
    /// # Errors
    /// If it cannot be read, or is larger than a gibibyte.
    pub fn bytes(&mut self) -> Result<&[u8], Error> {
        if !matches!(self.source, Source::Bytes(_)) {
            // A file's length is right unless it is compressed or special, and room for it saves growing.
            let len = std::fs::metadata(&self.path).map_or(0, |meta| meta.len().min(LIMIT));
            let mut bytes = Vec::with_capacity(len as usize + 1);
            let read = self.reader()?.take(LIMIT + 1).read_to_end(&mut bytes);
            read.map_err(|error| unreadable(&self.path, error))?;
            if bytes.len() as u64 > LIMIT {
                let path = self.path.clone();
                return Err(Error::TooLarge { path, limit: LIMIT });
            }
            self.source = Source::Bytes(bytes);
        }
        match &self.source {
            Source::Bytes(bytes) => Ok(bytes),
            Source::File | Source::Once(_) => Ok(&[]),
        }
    }

    /// Reads it from its start, for good.
    ///
    /// # Errors
    /// If it cannot be read.
    pub fn into_reader(self) -> Result<Box<dyn Read>, Error> {
        Ok(match self.source {
            Source::File => {
                let file = files::open(&self.path);
                file.map_err(|error| unreadable(&self.path, error))?
            }
            Source::Once(once) => once.unwrap_or_else(|| Box::new(io::empty())),
            Source::Bytes(bytes) => Box::new(Cursor::new(bytes)),
        })
    }

    /// All of it.
    ///
    /// # Errors
    /// As [`Input::bytes`].
    pub fn into_bytes(mut self) -> Result<Vec<u8>, Error> {
        self.bytes()?;
        match self.source {
            Source::Bytes(bytes) => Ok(bytes),
            Source::File | Source::Once(_) => Ok(Vec::new()),
        }
    }

    /// Reads JSON from its start, any number of times.
    pub(crate) fn json(&mut self) -> Result<Box<dyn Read + '_>, Error> {
        if matches!(self.source, Source::Once(_)) {
            self.bytes()?;
        }
        self.reader()
    }
}

/// The inputs of a process, of which it may open one more than once: what can be read but once is kept.
#[derive(Debug, Default)]
pub struct Inputs(Mutex<BTreeMap<PathBuf, Arc<[u8]>>>);

impl Inputs {
    /// Opens a file and looks at its start, also where it has been opened before. A pipe or standard input is read to its
    /// end, and takes as much memory as it has bytes.
    ///
    /// # Errors
    /// If it cannot be read.
    pub fn open(&self, path: &Path) -> Result<Input, Error> {
        let opened = match is_file(path) {
            Ok(false) => self.keep(path).and_then(|bytes| {
                let bytes = Cursor::new(bytes);
                Input::once(path, Box::new(bytes))
            }),
            _ => Input::look(path),
        };
        opened.map_err(|error| unreadable(path, error))
    }

    /// All of a file.
    ///
    /// # Errors
    /// As [`Input::bytes`].
    pub fn read(&self, path: &Path) -> Result<Vec<u8>, Error> {
        self.open(path)?.into_bytes()
    }

    fn keep(&self, path: &Path) -> io::Result<Arc<[u8]>> {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(bytes) = kept.get(path) {
            return Ok(bytes.clone());
        }
        let mut bytes = Vec::new();
        read_once(path)?.read_to_end(&mut bytes)?;
        let bytes: Arc<[u8]> = bytes.into();
        kept.insert(path.into(), bytes.clone());
        Ok(bytes)
    }
}

/// Whether it can be opened any number of times.
fn is_file(path: &Path) -> io::Result<bool> {
    Ok(path.as_os_str() != "-" && std::fs::metadata(path)?.is_file())
}

fn read_once(path: &Path) -> io::Result<Box<dyn Read>> {
    Ok(if path.as_os_str() == "-" {
        Box::new(io::stdin())
    } else {
        Box::new(File::open(path)?)
    })
}

/// The first bytes of a reader, and a reader that begins with them.
fn peek(mut from: Box<dyn Read>) -> io::Result<(Vec<u8>, Box<dyn Read>)> {
    let mut start = Vec::new();
    from.by_ref().take(START).read_to_end(&mut start)?;
    let whole = Cursor::new(start.clone()).chain(from);
    Ok((start, Box::new(whole)))
}
