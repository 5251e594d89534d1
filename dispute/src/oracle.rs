//! The pre-image oracle as far as the game needs it: local data that a game loads for its own
//! steps, and pre-images that anyone loads. Of these the model checks the keccak256 ones; values of
//! other kinds, whose proofs only contracts check, it takes as given.
//!
//! A part of a pre-image is the 32 bytes at an offset into its length (8 bytes, big-endian) followed
//! by itself, zeros after its end. A step can read only parts that were loaded.

use std::collections::{BTreeMap, HashMap};

use alloy_primitives::{Address, B256, U256, keccak256};

use crate::revert::Revert;

/// Key type of local data: the first byte of the key.
const LOCAL: u8 = 1;
/// Key type of keccak256 pre-images.
const KECCAK256: u8 = 2;

/// A part of a pre-image, and everything that loading it takes.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Preimage {
    /// Its key; the first byte is the kind.
    pub key: B256,
    /// Where the part begins, counted from the length.
    pub offset: U256,
    /// Values by their keys: its own, and, if the key is not a hash of the value (field elements of
    /// blobs, results of precompiles), the other values that a contract needs.
    pub values: BTreeMap<B256, Vec<u8>>,
}

impl Preimage {
    /// A part of a pre-image with a keccak256 key.
    pub fn keccak256(value: Vec<u8>, offset: U256) -> Self {
        let key = keccak256_key(&value);
        Self {
            key,
            offset,
            values: BTreeMap::from([(key, value)]),
        }
    }

    /// Its own value; empty if that is not known.
    pub fn value(&self) -> &[u8] {
        self.values.get(&self.key).map_or(&[], Vec::as_slice)
    }
}

/// The oracle's contents.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Oracle {
    parts: HashMap<(B256, u64), B256>,
    lengths: HashMap<B256, u64>,
}

impl Oracle {
    /// Loads a part of a local datum: `size` bytes of `word`, for steps of `game` under `context`.
    /// Returns its key.
    ///
    /// # Errors
    /// `PartOffsetOOB` for an offset at or after the end, or a size above 32.
    pub fn load_local(
        &mut self,
        game: Address,
        ident: U256,
        context: B256,
        word: B256,
        size: u8,
        offset: U256,
    ) -> Result<B256, Revert> {
        let data = word.get(..size.into()).ok_or(Revert::PartOffsetOOB)?;
        let offset = checked_offset(offset, data)?;
        let key = local_key(game, ident, context);
        self.insert(key, data.len(), &word.0, offset);
        Ok(key)
    }

    /// Loads a part of a pre-image; the key of a keccak256 pre-image is computed from it. Returns the key.
    ///
    /// # Errors
    /// `PartOffsetOOB` for an offset at or after the end.
    pub fn load(&mut self, preimage: &Preimage) -> Result<B256, Revert> {
        let value = preimage.value();
        let offset = checked_offset(preimage.offset, value)?;
        let key = match preimage.key[0] {
            KECCAK256 => keccak256_key(value),
            _ => preimage.key,
        };
        self.insert(key, value.len(), value, offset);
        Ok(key)
    }

    /// The part of the pre-image of `key` at `offset`, and how many of its bytes are not after the
    /// pre-image's end.
    ///
    /// # Errors
    /// A message if the part has not been loaded.
    pub fn read(&self, key: B256, offset: u64) -> Result<(B256, u64), Revert> {
        let part = self.parts.get(&(key, offset));
        let part = part.ok_or(Revert::Message("pre-image must exist"))?;
        let length = self.lengths.get(&key).copied().unwrap_or_default();
        let rest = length.saturating_add(8).saturating_sub(offset);
        Ok((*part, rest.min(32)))
    }

    /// `content` is the pre-image of `length` bytes, with the bytes after it if its last part shows
    /// them.
    fn insert(&mut self, key: B256, length: usize, content: &[u8], offset: u64) {
        let prefix = (length as u64).to_be_bytes();
        let skip = usize::try_from(offset).unwrap_or(usize::MAX);
        let mut part = B256::ZERO;
        let bytes = prefix.iter().chain(content).skip(skip);
        for (to, from) in part.iter_mut().zip(bytes) {
            *to = *from;
        }
        self.parts.insert((key, offset), part);
        self.lengths.insert(key, length as u64);
    }
}

fn checked_offset(offset: U256, preimage: &[u8]) -> Result<u64, Revert> {
    u64::try_from(offset)
        .ok()
        .filter(|offset| *offset < preimage.len() as u64 + 8)
        .ok_or(Revert::PartOffsetOOB)
}

/// The key under which a step of `game` reads its local datum `ident`:
/// `keccak256(plain key ‖ game ‖ context)`, the first byte replaced by the key type.
pub fn local_key(game: Address, ident: U256, context: B256) -> B256 {
    let plain = typed(ident.into(), LOCAL);
    typed(
        keccak256([plain, game.into_word(), context].concat()),
        LOCAL,
    )
}

/// The key of a pre-image: its keccak256, the first byte replaced by the key type.
pub fn keccak256_key(preimage: &[u8]) -> B256 {
    typed(keccak256(preimage), KECCAK256)
}

fn typed(mut key: B256, key_type: u8) -> B256 {
    key.0[0] = key_type;
    key
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts() {
        let mut oracle = Oracle::default();
        let preimage: Vec<u8> = (1..=40).collect();
        let mut load =
            |offset: u64| oracle.load(&Preimage::keccak256(preimage.clone(), U256::from(offset)));
        let key = load(0).expect("within");
        for offset in [4, 40, 47] {
            assert_eq!(load(offset), Ok(key));
        }
        assert_eq!(load(48), Err(Revert::PartOffsetOOB));

        let (part, length) = oracle.read(key, 4).expect("loaded");
        assert_eq!((part[..5].to_vec(), length), (vec![0, 0, 0, 40, 1], 32));
        let (part, length) = oracle.read(key, 40).expect("loaded");
        assert_eq!(
            (part[..9].to_vec(), length),
            (vec![33, 34, 35, 36, 37, 38, 39, 40, 0], 8)
        );
        let missing = oracle.read(key, 1);
        assert_eq!(missing, Err(Revert::Message("pre-image must exist")));
        assert_eq!(key[0], 2);
    }

    #[test]
    fn local_data_belongs_to_game_and_context() {
        let mut oracle = Oracle::default();
        let game = Address::repeat_byte(7);
        let (word, context) = (B256::repeat_byte(0xab), B256::repeat_byte(9));
        let ident = U256::from(4);
        let key = oracle.load_local(game, ident, context, word, 8, U256::ZERO);
        assert_eq!(key, Ok(local_key(game, ident, context)));
        let (part, length) = oracle
            .read(local_key(game, ident, context), 0)
            .expect("loaded");
        assert_eq!((part[7], part[8], length), (8, 0xab, 16));
        let other = local_key(Address::ZERO, ident, context);
        assert!(oracle.read(other, 0).is_err());
        for offset in [U256::from(16), U256::MAX] {
            let late = oracle.load_local(game, ident, context, word, 8, offset);
            assert_eq!(late, Err(Revert::PartOffsetOOB));
        }
    }
}
