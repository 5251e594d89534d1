//! The messages between a VM and its host, both ends of each.
//!
//! | | VM writes | host writes |
//! |---|---|---|
//! | hint | length as u32 big-endian ‖ hint | one byte when it has taken note |
//! | pre-image | key, 32 bytes | length as u64 big-endian ‖ pre-image |
//!
//! Nothing of a message is trusted: a length over the limit is refused before anything is read or
//! reserved, and memory grows only with the bytes that really come. The byte that acknowledges a
//! hint is written as 0 and may be anything when read, as upstream has it.

#![warn(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    reason = "what comes from outside must not make the program panic"
)]

use std::io::{ErrorKind, Read, Write};
use std::sync::Arc;

use crate::error::Error;
use crate::key::Key;

/// The longest messages accepted.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Limits {
    /// Bytes of a hint.
    pub hint: u32,
    /// Bytes of a pre-image.
    pub preimage: u64,
}

/// 64 MiB for a hint, 1 GiB for a pre-image: far above anything a 32-bit guest makes use of.
impl Default for Limits {
    fn default() -> Self {
        Self {
            hint: 64 << 20,
            preimage: 1 << 30,
        }
    }
}

/// VM: sends a hint.
pub fn send_hint(to: &mut impl Write, hint: &[u8], limits: &Limits) -> Result<(), Error> {
    let oversized = Error::Oversized {
        what: "a hint",
        len: hint.len() as u64,
        limit: limits.hint.into(),
    };
    let len = u32::try_from(hint.len())
        .ok()
        .filter(|len| *len <= limits.hint)
        .ok_or(oversized)?;
    send(to, "sending a hint", &[&len.to_be_bytes(), hint])
}

/// VM: waits until the host has taken note of a hint.
pub fn read_ack(from: &mut impl Read) -> Result<(), Error> {
    read_array::<1>(from, "the acknowledgement of a hint")?;
    Ok(())
}

/// VM: asks for a pre-image.
pub fn send_key(to: &mut impl Write, key: Key) -> Result<(), Error> {
    send(to, "sending a key", &[&key.0])
}

/// VM: reads a pre-image.
pub fn read_preimage(from: &mut impl Read, limits: &Limits) -> Result<Arc<[u8]>, Error> {
    let len = u64::from_be_bytes(read_array(from, "the length of a pre-image")?);
    read_bytes(from, "a pre-image", len, limits.preimage).map(Arc::from)
}

/// Host: reads the next hint; `None` where the VM has closed the pipe between two messages.
pub fn read_hint(from: &mut impl Read, limits: &Limits) -> Result<Option<Vec<u8>>, Error> {
    let Some(len) = at_end(read_array(from, "the length of a hint"))? else {
        return Ok(None);
    };
    let len = u32::from_be_bytes(len);
    read_bytes(from, "a hint", len.into(), limits.hint.into()).map(Some)
}

/// Host: tells the VM that a hint has been taken note of.
pub fn send_ack(to: &mut impl Write) -> Result<(), Error> {
    send(to, "acknowledging a hint", &[&[0]])
}

/// Host: reads the next key; `None` where the VM has closed the pipe between two messages.
pub fn read_key(from: &mut impl Read) -> Result<Option<Key>, Error> {
    Ok(at_end(read_array(from, "a key"))?.map(Key))
}

/// Host: answers with a pre-image.
pub fn send_preimage(to: &mut impl Write, value: &[u8]) -> Result<(), Error> {
    send(
        to,
        "sending a pre-image",
        &[&(value.len() as u64).to_be_bytes(), value],
    )
}

fn send(to: &mut impl Write, what: &'static str, parts: &[&[u8]]) -> Result<(), Error> {
    let written = parts
        .iter()
        .try_for_each(|part| to.write_all(part))
        .and_then(|()| to.flush());
    written.map_err(|e| Error::pipe(what, e))
}

/// Turns an end between two messages into `None`.
fn at_end<T>(read: Result<T, Error>) -> Result<Option<T>, Error> {
    match read {
        Ok(value) => Ok(Some(value)),
        Err(Error::Closed(_)) => Ok(None),
        Err(error) => Err(error),
    }
}

fn read_array<const N: usize>(from: &mut impl Read, what: &'static str) -> Result<[u8; N], Error> {
    let mut bytes = [0; N];
    let mut got = 0;
    while got < N {
        match from.read(&mut bytes[got..]) {
            Ok(0) if got == 0 => return Err(Error::Closed(what)),
            Ok(0) => {
                return Err(Error::Short {
                    what,
                    got: got as u64,
                    want: N as u64,
                });
            }
            Ok(n) => got = got.saturating_add(n),
            Err(e) if e.kind() == ErrorKind::Interrupted => {}
            Err(e) => return Err(Error::pipe(what, e)),
        }
    }
    Ok(bytes)
}

fn read_bytes(
    from: &mut impl Read,
    what: &'static str,
    len: u64,
    limit: u64,
) -> Result<Vec<u8>, Error> {
    if len > limit {
        return Err(Error::Oversized { what, len, limit });
    }
    let mut bytes = Vec::with_capacity(len.min(1 << 16) as usize);
    let got = from
        .take(len)
        .read_to_end(&mut bytes)
        .map_err(|e| Error::pipe(what, e))? as u64;
    if got < len {
        Err(Error::Short {
            what,
            got,
            want: len,
        })
    } else {
        Ok(bytes)
    }
}
