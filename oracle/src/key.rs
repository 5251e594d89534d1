//! Pre-image keys: 32 bytes, the first of which names the kind of commitment.
//!
//! Source of the kinds: the OP Stack's fault proof specification, "pre-image key types", and the
//! PreimageOracle contract for what a kind's value may be.

#![warn(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    reason = "what comes from outside must not make the program panic"
)]

use core::fmt;
use core::str::FromStr;

use fpvm_core::keccak::keccak256;
use sha2::{Digest, Sha256};

/// The order of the BLS12-381 scalar field, big-endian: a blob's field elements lie below it.
const BLS_MODULUS: [u8; 32] = [
    0x73, 0xed, 0xa7, 0x53, 0x29, 0x9d, 0x7d, 0x48, 0x33, 0x39, 0xd8, 0x08, 0x09, 0xa1, 0xd8, 0x05,
    0x53, 0xbd, 0xa4, 0x02, 0xff, 0xfe, 0x5b, 0xfe, 0xff, 0xff, 0xff, 0xff, 0x00, 0x00, 0x00, 0x01,
];

/// The key of a pre-image. Any 32 bytes are a key, because a guest may ask for anything.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Key(pub [u8; 32]);

/// What a key commits to, by its first byte.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Kind {
    /// 1: an input of this very run, by its index; nothing ties the value to the key.
    Local,
    /// 2: the keccak256 hash of the value, its first byte replaced.
    Keccak256,
    /// 3: reserved by the specification; nothing ties the value to the key.
    GlobalGeneric,
    /// 4: the sha256 hash of the value, its first byte replaced.
    Sha256,
    /// 5: keccak256 of commitment (48 bytes) ‖ z (32 bytes); the value is the field element y.
    Blob,
    /// 6: keccak256 of address (20 bytes) ‖ required gas (u64 big-endian) ‖ input; the value is a
    /// status byte and what the precompile returned.
    Precompile,
    /// Any other first byte. No contract can hold such a pre-image, but Cannon asks its host for it
    /// like for any other, and so do we.
    Unknown(u8),
}

/// Why a value cannot be the pre-image of a key.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum BadValue {
    /// The value's hash differs from the key behind the first byte.
    #[error("its {hash} hash is 0x{}, which the key contradicts", const_hex::encode(.found))]
    Hash {
        /// The hash function's name.
        hash: &'static str,
        /// What the value hashes to.
        found: [u8; 32],
    },
    /// A blob's value is not 32 bytes long.
    #[error("it has {0} bytes, and a blob's field element has 32")]
    BlobLength(usize),
    /// A blob's value is not below the order of the BLS12-381 scalar field.
    #[error("it is not a field element: it must be below the order of the BLS12-381 scalar field")]
    BlobRange,
    /// A precompile's value lacks the status byte.
    #[error("it is empty, and a precompile's result starts with a status byte")]
    PrecompileEmpty,
    /// A precompile's status byte is neither 0 (failed) nor 1 (succeeded).
    #[error("its first byte, a precompile's status, is {0}: only 0 and 1 exist")]
    PrecompileStatus(u8),
}

/// A text that is not a key.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error("`{0}` is not a pre-image key: 64 hex digits are expected, with or without 0x in front")]
pub struct BadKey(String);

impl Key {
    /// The key of a local input: `01 ‖ 0… ‖ index as u64 big-endian`.
    pub fn local(index: u64) -> Self {
        let mut key = [0; 32];
        key[0] = 1;
        key[24..].copy_from_slice(&index.to_be_bytes());
        Self(key)
    }

    /// The keccak256 key of a value.
    pub fn keccak256(value: &[u8]) -> Self {
        Self(keccak256(value)).with_kind(2)
    }

    /// The sha256 key of a value.
    pub fn sha256(value: &[u8]) -> Self {
        Self(Sha256::digest(value).into()).with_kind(4)
    }

    fn with_kind(mut self, kind: u8) -> Self {
        self.0[0] = kind;
        self
    }

    /// What the key commits to.
    pub fn kind(&self) -> Kind {
        match self.0[0] {
            1 => Kind::Local,
            2 => Kind::Keccak256,
            3 => Kind::GlobalGeneric,
            4 => Kind::Sha256,
            5 => Kind::Blob,
            6 => Kind::Precompile,
            other => Kind::Unknown(other),
        }
    }

    /// Whether only one value can pass [`check`](Self::check): such a value is right wherever it
    /// comes from.
    pub fn settles_value(&self) -> bool {
        matches!(self.kind(), Kind::Keccak256 | Kind::Sha256)
    }

    /// Checks a value as far as the key permits.
    ///
    /// Hashes are recomputed. A blob's value must be a canonical field element and a precompile's
    /// must start with a status byte; whether it is the right one would take a KZG opening or the
    /// precompile's input, which the key does not give. Local, generic and unknown keys say nothing
    /// about the value: upstream sets no limit off chain either (on chain a local value has at most
    /// 32 bytes, and longer ones cannot be proved).
    pub fn check(&self, value: &[u8]) -> Result<(), BadValue> {
        match self.kind() {
            Kind::Keccak256 => self.check_hash("keccak256", keccak256(value)),
            Kind::Sha256 => self.check_hash("sha256", Sha256::digest(value).into()),
            Kind::Blob if value.len() != 32 => Err(BadValue::BlobLength(value.len())),
            Kind::Blob if *value >= BLS_MODULUS[..] => Err(BadValue::BlobRange),
            Kind::Precompile => match value.first() {
                None => Err(BadValue::PrecompileEmpty),
                Some(0 | 1) => Ok(()),
                Some(&status) => Err(BadValue::PrecompileStatus(status)),
            },
            Kind::Blob | Kind::Local | Kind::GlobalGeneric | Kind::Unknown(_) => Ok(()),
        }
    }

    fn check_hash(&self, hash: &'static str, found: [u8; 32]) -> Result<(), BadValue> {
        if found[1..] == self.0[1..] {
            Ok(())
        } else {
            Err(BadValue::Hash { hash, found })
        }
    }

    /// The key as 64 hex digits without 0x.
    pub fn hex(&self) -> String {
        const_hex::encode(self.0)
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Local => f.write_str("local"),
            Self::Keccak256 => f.write_str("keccak256"),
            Self::GlobalGeneric => f.write_str("global generic"),
            Self::Sha256 => f.write_str("sha256"),
            Self::Blob => f.write_str("blob"),
            Self::Precompile => f.write_str("precompile"),
            Self::Unknown(first) => write!(f, "unknown kind {first}"),
        }
    }
}

/// In words, with the whole key: `keccak256 key 0x02…`.
impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} key 0x{}", self.kind(), self.hex())
    }
}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Key(0x{})", self.hex())
    }
}

impl FromStr for Key {
    type Err = BadKey;

    fn from_str(text: &str) -> Result<Self, BadKey> {
        // Long garbage would drown the message.
        let bad = || BadKey(text.chars().take(80).collect());
        const_hex::decode_to_array(text).map(Key).map_err(|_| bad())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hashes_are_those_of_the_contract() {
        // keccak256("") and sha256("") with their first byte replaced.
        let keccak = "02d2460186f7233c927e7db2dcc703c0e500b653ca82273b7bfad8045d85a470";
        let sha = "04b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
        assert_eq!(Key::keccak256(b"").hex(), keccak);
        assert_eq!(Key::sha256(b"").hex(), sha);
        assert_eq!(format!("0x{sha}").parse(), Ok(Key::sha256(b"")));
        assert_eq!(keccak.parse(), Ok(Key::keccak256(b"")));
        assert!("0x02".parse::<Key>().is_err() && "zz".repeat(32).parse::<Key>().is_err());
    }

    #[test]
    fn one_wrong_byte_is_refused() {
        for key in [Key::keccak256(b"value"), Key::sha256(b"value")] {
            assert_eq!(key.check(b"value"), Ok(()));
            assert!(matches!(key.check(b"valuf"), Err(BadValue::Hash { .. })));
            assert!(matches!(key.check(b"value\0"), Err(BadValue::Hash { .. })));
        }
    }

    #[test]
    fn values_of_blobs_and_precompiles_have_a_shape() {
        let blob = Key::default_of(5);
        let mut highest = BLS_MODULUS;
        highest[31] = 0;
        assert_eq!(blob.check(&highest), Ok(()));
        assert_eq!(blob.check(&[0; 32]), Ok(()));
        assert_eq!(blob.check(&BLS_MODULUS), Err(BadValue::BlobRange));
        assert_eq!(blob.check(&[0xff; 32]), Err(BadValue::BlobRange));
        assert_eq!(blob.check(&[0; 31]), Err(BadValue::BlobLength(31)));
        assert_eq!(blob.check(&[0; 33]), Err(BadValue::BlobLength(33)));

        let precompile = Key::default_of(6);
        assert_eq!(precompile.check(&[0]), Ok(()));
        assert_eq!(precompile.check(&[1, 7, 7]), Ok(()));
        assert_eq!(
            precompile.check(&[2, 7]),
            Err(BadValue::PrecompileStatus(2))
        );
        assert_eq!(precompile.check(&[]), Err(BadValue::PrecompileEmpty));
    }

    #[test]
    fn other_kinds_take_any_value() {
        for kind in [0, 1, 3, 7, 255] {
            assert_eq!(Key::default_of(kind).check(&[9; 100]), Ok(()));
        }
    }

    #[test]
    fn keys_are_named_in_words() {
        let zeros = "0".repeat(61);
        assert_eq!(
            Key::local(5).to_string(),
            format!("local key 0x01{}5", &zeros)
        );
        assert_eq!(
            Key::default_of(9).to_string(),
            format!("unknown kind 9 key 0x09{zeros}0")
        );
    }

    impl Key {
        fn default_of(kind: u8) -> Self {
            Self([0; 32]).with_kind(kind)
        }
    }
}
