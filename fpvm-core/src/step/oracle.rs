//! Where a guest's pre-images come from, and where its output goes.

use alloc::boxed::Box;
use alloc::sync::Arc;

/// Any error of an [`Oracle`]: its display text says what failed and what to do.
pub type OracleError = Box<dyn core::error::Error + Send + Sync>;

/// Where a guest's pre-images come from: a host process, a directory, a database, a map.
///
/// Whoever implements it vouches for the values: a value must fit its key wherever the key's kind
/// permits a check, for the guest takes it as given.
pub trait Oracle {
    /// Passes a hint on, without its length prefix; returns when the host has taken note of it.
    fn hint(&mut self, hint: &[u8]) -> Result<(), OracleError>;
    /// The whole pre-image of a key, without the length prefix that a guest reads in front of it.
    fn preimage(&mut self, key: [u8; 32]) -> Result<Arc<[u8]>, OracleError>;
}

/// An oracle that knows nothing: hints are dropped, as Cannon drops them when it has no host, and a
/// pre-image read is an error.
#[derive(Clone, Copy, Default, Debug)]
pub struct NoOracle;

/// The guest asked for a pre-image and nothing can give one.
#[derive(Clone, Copy, Debug, thiserror::Error)]
#[error(
    "the program reads pre-image 0x{}, but there is no host and no store of pre-images",
    const_hex::encode(self.0)
)]
pub struct NoPreimages(pub [u8; 32]);

impl Oracle for NoOracle {
    fn hint(&mut self, _hint: &[u8]) -> Result<(), OracleError> {
        Ok(())
    }

    fn preimage(&mut self, key: [u8; 32]) -> Result<Arc<[u8]>, OracleError> {
        Err(Box::new(NoPreimages(key)))
    }
}

/// What the guest prints.
pub trait Console {
    /// Bytes the guest wrote to stdout (1) or stderr (2) in one system call.
    fn print(&mut self, stream: u8, bytes: &[u8]);
}

/// A console that forgets.
#[derive(Clone, Copy, Default, Debug)]
pub struct Silent;

impl Console for Silent {
    fn print(&mut self, _stream: u8, _bytes: &[u8]) {}
}

impl<F: FnMut(u8, &[u8])> Console for F {
    fn print(&mut self, stream: u8, bytes: &[u8]) {
        self(stream, bytes);
    }
}

/// The at most 32 bytes of `length as u64 big-endian ‖ pre-image` from an offset: what a step that
/// reads a pre-image gets, on chain from the PreimageOracle contract.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct PreimagePart {
    /// The bytes, left-aligned; the rest is zero.
    pub bytes: [u8; 32],
    /// How many of them there are, 1 to 32.
    pub len: usize,
}

impl PreimagePart {
    /// The part of a pre-image at an offset; `None` where the offset is at or past the end.
    pub fn of(preimage: &[u8], offset: u64) -> Option<Self> {
        let prefix = (preimage.len() as u64).to_be_bytes();
        let offset = usize::try_from(offset).ok()?;
        let (mut bytes, mut len) = ([0; 32], 0);
        let tail = match offset.checked_sub(prefix.len()) {
            None => {
                len = prefix.len() - offset;
                bytes[..len].copy_from_slice(&prefix[offset..]);
                preimage
            }
            Some(skip) => preimage.get(skip..)?,
        };
        let take = tail.len().min(bytes.len() - len);
        bytes[len..len + take].copy_from_slice(&tail[..take]);
        len += take;
        (len > 0).then_some(Self { bytes, len })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_cover_prefix_and_value() {
        let value = [7u8; 40];
        let first = PreimagePart::of(&value, 0).unwrap();
        assert_eq!(
            (first.len, &first.bytes[..9]),
            (32, &[0, 0, 0, 0, 0, 0, 0, 40, 7][..])
        );
        assert_eq!(
            PreimagePart::of(&value, 4).unwrap().bytes[..5],
            [0, 0, 0, 40, 7]
        );
        assert_eq!(PreimagePart::of(&value, 47).unwrap().len, 1);
        assert_eq!(PreimagePart::of(&value, 48), None);
        assert_eq!(PreimagePart::of(&value, u64::MAX), None);
        assert_eq!(PreimagePart::of(&[], 8), None);
    }
}
