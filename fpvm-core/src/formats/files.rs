//! Files as upstream handles them: format and compression by extension, written beside and renamed.

use flate2::Compression;
use flate2::read::GzDecoder;
use flate2::write::GzEncoder;
use std::fs::{self, File};
use std::io::{self, BufReader, BufWriter, Read, Write};
use std::path::{Path, PathBuf};

/// What a state file's name says of its contents.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum FileKind {
    /// `.bin` or `.bin.gz`.
    Binary,
    /// Anything else.
    Json,
}

impl FileKind {
    /// By extension, as Cannon and Asterisc decide.
    pub fn of(path: &Path) -> Self {
        let name = path.as_os_str().to_string_lossy();
        if name.ends_with(".bin") || name.ends_with(".bin.gz") {
            FileKind::Binary
        } else {
            FileKind::Json
        }
    }
}

fn is_gzip(path: &Path) -> bool {
    path.extension().is_some_and(|extension| extension == "gz")
}

/// Opens a file for reading, through gzip where its name ends in `.gz`.
pub fn open(path: &Path) -> io::Result<Box<dyn Read>> {
    let file = BufReader::with_capacity(1 << 16, File::open(path)?);
    Ok(if is_gzip(path) {
        Box::new(BufReader::with_capacity(1 << 16, GzDecoder::new(file)))
    } else {
        Box::new(file)
    })
}

/// A file under a temporary name, removed unless it is renamed.
struct Temporary(PathBuf);

impl Drop for Temporary {
    fn drop(&mut self) {
        // Best effort: after the rename there is nothing to remove.
        let _ = fs::remove_file(&self.0);
    }
}

/// Writes a file as a whole or not at all: it writes to a temporary name beside the file (through
/// gzip if the name ends in `.gz`), and renames that. A file that was there before stays until
/// then. Special files (`/dev/stdout`, pipes) are written in place.
pub fn write<E: From<io::Error>>(
    path: &Path,
    contents: impl FnOnce(&mut dyn Write) -> Result<(), E>,
) -> Result<(), E> {
    let special = fs::metadata(path).is_ok_and(|meta| !meta.is_file());
    if special {
        let mut file = File::options().write(true).open(path)?;
        return contents(&mut file);
    }
    let name = path.file_name().ok_or_else(|| {
        io::Error::new(io::ErrorKind::InvalidInput, "the path does not name a file")
    })?;
    let unique = std::process::id();
    let temporary = path.with_file_name(format!(".{}.{unique}.tmp", name.to_string_lossy()));
    let temporary = Temporary(temporary);
    let mut file = BufWriter::with_capacity(1 << 16, create(&temporary.0)?);
    if is_gzip(path) {
        let mut encoder = GzEncoder::new(&mut file, Compression::fast());
        contents(&mut encoder)?;
        encoder.finish()?;
    } else {
        contents(&mut file)?;
    }
    let file = file.into_inner().map_err(io::IntoInnerError::into_error)?;
    file.sync_all()?;
    fs::rename(&temporary.0, path)?;
    Ok(())
}

/// Creates a file with the mode that upstream gives its files.
fn create(path: &Path) -> io::Result<File> {
    let mut options = File::options();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o755);
    options.open(path)
}
