//! A file to look at, to decide what it is, and then to read: also where it can be read but once.

use crate::Error;
use crate::open::unreadable;
use flate2::read::GzDecoder;
use fpvm_core::formats::files::{self, FileKind};
use std::fs::File;
use std::io::{self, BufReader, Cursor, Read};
use std::path::{Path, PathBuf};

/// The largest program or JSON file that is read, in bytes.
const LIMIT: u64 = 1 << 30;

/// Bytes that tell what a file is.
const START: u64 = 64;

/// A file, or standard input where its name is `-`. Pipes and standard input say by their contents whether they are
/// compressed, and whether they are JSON; of files the name says it, as upstream has it.
pub struct Input {
    path: PathBuf,
    kind: FileKind,
    start: Vec<u8>,
    source: Source,
}

enum Source {
    /// It can be opened again.
    File,
    /// It can be read once; the start is in it.
    Once(Option<Box<dyn Read>>),
    /// All of it.
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
        let is_stdin = path.as_os_str() == "-";
        if !is_stdin && std::fs::metadata(path)?.is_file() {
            let mut start = Vec::new();
            files::open(path)?.take(START).read_to_end(&mut start)?;
            return Ok(Self {
                path: path.into(),
                kind: FileKind::of(path),
                start,
                source: Source::File,
            });
        }
        let raw: Box<dyn Read> = if is_stdin {
            Box::new(io::stdin())
        } else {
            Box::new(File::open(path)?)
        };
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

    /// Reads it from its start. What can be read but once is empty from the second time on, unless its bytes were asked
    /// for.
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

    /// All of it, kept for whoever asks again.
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

/// The first bytes of a reader, and a reader that begins with them.
fn peek(mut from: Box<dyn Read>) -> io::Result<(Vec<u8>, Box<dyn Read>)> {
    let mut start = Vec::new();
    from.by_ref().take(START).read_to_end(&mut start)?;
    let whole = Cursor::new(start.clone()).chain(from);
    Ok((start, Box::new(whole)))
}
