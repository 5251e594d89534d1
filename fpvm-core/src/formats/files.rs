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
            Self::Binary
        } else {
            Self::Json
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
/// then. Special files (`/dev/stdout`, pipes) are written in place, and so is a file that nothing can be put in the
/// place of, since its folder cannot be written to or it is a mount.
pub fn write<E: From<io::Error>>(
    path: &Path,
    contents: impl FnOnce(&mut dyn Write) -> Result<(), E>,
) -> Result<(), E> {
    if is_special(path) {
        let mut file = File::options().write(true).open(path)?;
        return contents(&mut file);
    }
    let (temporary, file) = match create_beside(path) {
        Ok(created) => created,
        Err(error) => {
            let in_place = File::options().write(true).open(path);
            let file = in_place.map_err(|_| error)?;
            file.set_len(0)?;
            return fill(path, file, contents);
        }
    };
    fill(path, file, contents)?;
    if let Err(error) = fs::rename(&temporary.0, path) {
        match error.kind() {
            io::ErrorKind::ResourceBusy | io::ErrorKind::CrossesDevices => {
                fs::copy(&temporary.0, path)?;
            }
            _ => return Err(error.into()),
        }
    }
    Ok(())
}

/// Tries whether [`write()`] could write a file, and leaves nothing behind.
///
/// # Errors
/// If it could not.
pub fn try_write(path: &Path) -> io::Result<()> {
    if path.is_dir() {
        return Err(io::ErrorKind::IsADirectory.into());
    }
    if is_special(path) {
        return Ok(());
    }
    match create_beside(path) {
        Ok(_) if path.exists() => match File::options().append(true).open(path) {
            // A mount that cannot be written to. Any other file is replaced, whatever its mode.
            Err(error) if error.kind() == io::ErrorKind::ReadOnlyFilesystem => Err(error),
            _ => Ok(()),
        },
        Ok(_) => Ok(()),
        Err(error) => File::options()
            .append(true)
            .open(path)
            .map(|_| ())
            .map_err(|_| error),
    }
}

/// Whether a path is there, and neither a file nor a folder.
fn is_special(path: &Path) -> bool {
    fs::metadata(path).is_ok_and(|meta| !meta.is_file())
}

/// A file under a temporary name beside a path.
fn create_beside(path: &Path) -> io::Result<(Temporary, File)> {
    let name = path.file_name().ok_or_else(|| {
        io::Error::new(io::ErrorKind::InvalidInput, "the path does not name a file")
    })?;
    let unique = std::process::id();
    let temporary = path.with_file_name(format!(".{}.{unique}.tmp", name.to_string_lossy()));
    let mut options = File::options();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o644);
    let file = options.open(&temporary)?;
    Ok((Temporary(temporary), file))
}

/// Writes contents to a file, through gzip where the path says so, down to the disk.
fn fill<E: From<io::Error>>(
    path: &Path,
    file: File,
    contents: impl FnOnce(&mut dyn Write) -> Result<(), E>,
) -> Result<(), E> {
    let mut file = BufWriter::with_capacity(1 << 16, file);
    if is_gzip(path) {
        let mut encoder = GzEncoder::new(&mut file, Compression::fast());
        contents(&mut encoder)?;
        encoder.finish()?;
    } else {
        contents(&mut file)?;
    }
    let file = file.into_inner().map_err(io::IntoInnerError::into_error)?;
    file.sync_all()?;
    Ok(())
}
