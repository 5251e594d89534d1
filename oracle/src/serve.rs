//! The host's side of the conversation.

use std::fs::File;
use std::io::{Read, Write};
use std::os::fd::{AsFd, BorrowedFd};

use fpvm_core::step::oracle::{Oracle, OracleError};
use rustix::event::{PollFd, PollFlags, poll};
use rustix::io::Errno;

use crate::error::Error;
use crate::wire::{self, Limits};

/// The four pipe ends that a host gets from the VM.
#[derive(Debug)]
pub struct HostEnds<R, W> {
    /// Hints come here (descriptor 3).
    pub hints: R,
    /// Hints are acknowledged here (4).
    pub acks: W,
    /// Keys come here (5).
    pub keys: R,
    /// Pre-images are answered here (6).
    pub preimages: W,
}

impl HostEnds<File, File> {
    /// Takes file descriptors 3 to 6, as a VM hands them to the host it starts. Call this once and
    /// early, because descriptors with these numbers must not belong to anything else in the
    /// process.
    pub fn inherited() -> Result<Self, Error> {
        let [hints, acks, keys, preimages] = crate::host::inherited()?;
        Ok(Self {
            hints,
            acks,
            keys,
            preimages,
        })
    }
}

/// Answers a VM from an oracle until the VM closes its pipes.
///
/// A pre-image that the oracle does not give is an error, and the VM sees the pipes closed when the
/// ends are dropped: the protocol has no other way to say no.
pub fn serve<R: Read + AsFd, W: Write>(
    oracle: &mut impl Oracle,
    ends: HostEnds<R, W>,
    limits: &Limits,
) -> Result<(), OracleError> {
    let HostEnds {
        mut hints,
        mut acks,
        mut keys,
        mut preimages,
    } = ends;
    let mut more_hints = true;
    loop {
        let readable = wait(more_hints.then(|| hints.as_fd()), keys.as_fd())?;
        if readable.hints {
            match wire::read_hint(&mut hints, limits)? {
                Some(hint) => {
                    oracle.hint(&hint)?;
                    wire::send_ack(&mut acks)?;
                }
                // A VM may hang up on hints first; keys may still come.
                None => more_hints = false,
            }
        } else if readable.keys {
            let Some(key) = wire::read_key(&mut keys)? else {
                return Ok(());
            };
            wire::send_preimage(&mut preimages, &oracle.preimage(key.0)?)?;
        }
    }
}

struct Readable {
    hints: bool,
    keys: bool,
}

/// Waits until a message, or the end, can be read.
fn wait(hints: Option<BorrowedFd<'_>>, keys: BorrowedFd<'_>) -> Result<Readable, Error> {
    // If there are no hints to wait for, the list has the keys' descriptor twice.
    let mut ends = [
        PollFd::from_borrowed_fd(keys, PollFlags::IN),
        PollFd::from_borrowed_fd(hints.unwrap_or(keys), PollFlags::IN),
    ];
    match poll(&mut ends, None) {
        Ok(_) | Err(Errno::INTR) => {}
        Err(e) => {
            return Err(Error::Pipe {
                what: "waiting for the VM",
                cause: e.into(),
            });
        }
    }
    let [keys, hint] = ends.map(|end| !end.revents().is_empty());
    Ok(Readable {
        hints: hint && hints.is_some(),
        keys,
    })
}
