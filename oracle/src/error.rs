//! What can go wrong between a guest's key and its pre-image.

use std::io;
use std::path::PathBuf;
use std::process::ExitStatus;
use std::time::Duration;

use crate::key::{BadValue, Key};

/// Why a pre-image could not be obtained, a hint not be passed on, or a store not be used.
///
/// The display text is complete: causes are in it, so none of the variants has a `source`.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A value that is not the pre-image of its key.
    #[error("{from} gave {len} bytes for {key} that are not its pre-image: {why}")]
    Wrong {
        /// Who gave the value.
        from: String,
        /// The key asked for.
        key: Key,
        /// The value's length in bytes.
        len: usize,
        /// How the value contradicts the key.
        why: BadValue,
    },
    /// A store that has no value for a key.
    #[error(
        "{store} has no pre-image of {key}: add it, or run once with a host and record what it answers"
    )]
    Missing {
        /// The key asked for.
        key: Key,
        /// The store that was asked.
        store: String,
    },
    /// The caller asked for an end while a host was being waited for.
    #[error("interrupted while waiting for the host")]
    Cancelled,

    /// A file or directory of a store could not be used.
    #[error("cannot {doing} {}: {cause}", path.display())]
    File {
        /// What was attempted, as a verb.
        doing: &'static str,
        /// The file or directory.
        path: PathBuf,
        /// The operating system's answer.
        cause: io::Error,
    },
    /// A `.txt` file of a store that does not hold hex digits.
    #[error("{} does not hold a pre-image in hex: {why}", path.display())]
    NotHex {
        /// The file.
        path: PathBuf,
        /// Where it goes wrong.
        why: const_hex::FromHexError,
    },
    /// A directory that another program's database lives in.
    #[error(
        "{} holds a {kind} database, which fpvm does not read: let the host write files instead (op-program: `--data.format directory`), or run once with that host and record what it answers",
        path.display()
    )]
    ForeignDatabase {
        /// The directory.
        path: PathBuf,
        /// Which database.
        kind: &'static str,
    },
    /// A path that holds nothing which can be read as a store.
    #[error("{} is no store of pre-images: {why}", path.display())]
    NotAStore {
        /// The path.
        path: PathBuf,
        /// What was expected instead.
        why: &'static str,
    },
    /// The embedded database refused.
    #[error("database {}: {cause}", path.display())]
    Database {
        /// The database file.
        path: PathBuf,
        /// What it said.
        cause: Box<redb::Error>,
    },
    /// A database that was opened for reading was asked to take a value.
    #[error("database {} is open for reading only", path.display())]
    ReadOnly {
        /// The database file.
        path: PathBuf,
    },

    /// The other end closed its pipe where a message should have begun.
    #[error("the pipe was closed before {0}")]
    Closed(&'static str),
    /// The other end closed its pipe in the middle of a message.
    #[error("the pipe was closed after {got} of the {want} bytes of {what}")]
    Short {
        /// The message.
        what: &'static str,
        /// Bytes that came.
        got: u64,
        /// Bytes announced.
        want: u64,
    },
    /// A message longer than the limit; not a byte of it was read.
    #[error("{what} of {len} bytes: the limit is {limit}")]
    Oversized {
        /// The message.
        what: &'static str,
        /// Its length in bytes.
        len: u64,
        /// The most bytes allowed.
        limit: u64,
    },
    /// Reading or writing a pipe failed.
    #[error("{what}: {cause}")]
    Pipe {
        /// The message.
        what: &'static str,
        /// The operating system's answer.
        cause: io::Error,
    },
    /// A descriptor that a host gets from the VM is not there.
    #[error(
        "file descriptor {0} is not open: a host is started by a VM, which hands it descriptors 3 to 6"
    )]
    NoDescriptor(i32),

    /// The host program could not be started.
    #[error("cannot start the host `{program}`: {cause}")]
    HostStart {
        /// The program.
        program: String,
        /// The operating system's answer.
        cause: io::Error,
    },
    /// The host died or hung up instead of answering.
    #[error("the host `{program}` {}, asked for {request}: {cause}{}", ended(.status), quote(.said))]
    HostGone {
        /// The program.
        program: String,
        /// How it ended; `None` where it closed its pipes and lives on.
        status: Option<ExitStatus>,
        /// What it had been asked for.
        request: String,
        /// What was seen on the pipe.
        cause: Box<Self>,
        /// The last line it printed to stderr.
        said: String,
    },
    /// The host answered something that the protocol does not allow.
    #[error("the host `{program}` broke the protocol when asked for {request}: {cause}")]
    HostAnswer {
        /// The program.
        program: String,
        /// What it had been asked for.
        request: String,
        /// What is wrong with the answer.
        cause: Box<Self>,
    },
    /// The host wrote bytes that nobody had asked for.
    #[error("more bytes than the answer to the request before")]
    Unsolicited,
    /// The host took longer than the limit that the caller set.
    #[error(
        "the host `{program}` gave no whole answer within {} s, asked for {request}",
        timeout.as_secs_f64()
    )]
    HostTimeout {
        /// The program.
        program: String,
        /// What it had been asked for.
        request: String,
        /// The limit.
        timeout: Duration,
    },
    /// A request after one that failed: the pipes are closed.
    #[error("the host `{program}` was given up after an earlier error")]
    HostGivenUp {
        /// The program.
        program: String,
    },
}

fn ended(status: &Option<ExitStatus>) -> String {
    match status {
        Some(status) => format!("ended ({status})"),
        None => "hung up but still runs".into(),
    }
}

fn quote(said: &str) -> String {
    if said.is_empty() {
        String::new()
    } else {
        format!("; its last line was: {said}")
    }
}

impl Error {
    pub(crate) fn file(doing: &'static str, path: impl Into<PathBuf>, cause: io::Error) -> Self {
        Self::File {
            doing,
            path: path.into(),
            cause,
        }
    }

    /// An error met while reading or writing a message. Our own errors travel through [`io::Error`]
    /// where a reader or writer meets them, and come out here.
    pub(crate) fn pipe(what: &'static str, cause: io::Error) -> Self {
        match cause.downcast::<Self>() {
            Ok(error) => error,
            Err(cause) => Self::Pipe { what, cause },
        }
    }
}
