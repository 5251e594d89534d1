//! The opening of a blob at a point: what shows a contract that a field element is the blob's.

use super::{LoadError, get, hashed};
use alloy_primitives::{U256, uint};
use c_kzg::{BYTES_PER_BLOB, BYTES_PER_FIELD_ELEMENT, Blob, Bytes32, ethereum_kzg_settings};
use fpvm_core::keccak::keccak256;
use fpvm_core::step::oracle::Oracle;
use fpvm_oracle::Key;

/// The order of the BLS12-381 scalar field.
const MODULUS: U256 =
    uint!(0x73eda753299d7d483339d80809a1d80553bda402fffe5bfeffffffff00000001_U256);
/// A generator of the scalar field's multiplicative group.
const GENERATOR: U256 = uint!(7_U256);
/// Field elements of a blob.
const ELEMENTS: usize = BYTES_PER_BLOB / BYTES_PER_FIELD_ELEMENT;

/// What `loadBlobPreimagePart` takes.
pub(super) struct Opening {
    pub(super) commitment: [u8; 48],
    pub(super) z: [u8; 32],
    pub(super) y: [u8; 32],
    pub(super) proof: [u8; 48],
}

/// Opens the blob of a key at the key's point. The blob is put together from its field elements,
/// each of which is a pre-image.
pub(super) fn open(key: Key, oracle: &mut dyn Oracle) -> Result<Opening, LoadError> {
    let named = hashed(key, oracle)?;
    let form = |_| LoadError::Preimage {
        key,
        expected: "a commitment (48) and a point (32)",
        found: named.len(),
    };
    let named: [u8; 80] = named.as_ref().try_into().map_err(form)?;
    let (mut commitment, mut z) = ([0; 48], [0; 32]);
    commitment.copy_from_slice(&named[..48]);
    z.copy_from_slice(&named[48..]);

    let mut blob = Blob::new([0; BYTES_PER_BLOB]);
    for (i, place) in blob.chunks_exact_mut(BYTES_PER_FIELD_ELEMENT).enumerate() {
        let element = element_key(&commitment, i);
        place.copy_from_slice(&get(key, element, oracle)?);
    }
    let bad = |text: String| LoadError::Blob { key, text };
    let failed = |error: c_kzg::Error| bad(format!("its blob cannot be opened: {error:?}"));
    let settings = ethereum_kzg_settings(0);
    let found = settings.blob_to_kzg_commitment(&blob).map_err(failed)?;
    if found.to_bytes().into_inner() != commitment {
        return Err(bad(
            "the field elements at hand are not those of its commitment".to_owned(),
        ));
    }
    let opened = settings.compute_kzg_proof(&blob, &Bytes32::new(z));
    let (proof, y) = opened.map_err(failed)?;
    let (proof, y) = (proof.to_bytes().into_inner(), *y);
    Ok(Opening {
        commitment,
        z,
        y,
        proof,
    })
}

/// The key of a blob's field element, by its index.
fn element_key(commitment: &[u8; 48], index: usize) -> Key {
    let mut named = [0; 80];
    named[..48].copy_from_slice(commitment);
    named[48..].copy_from_slice(&blob_point(index));
    let mut key = Key(keccak256(&named));
    key.0[0] = 5;
    key
}

/// Where a blob's polynomial has the value that is its field element `index` (below 4,096): a root of
/// unity, big-endian, in the order of EIP-4844, which is that of the index with its bits reversed.
pub fn blob_point(index: usize) -> [u8; 32] {
    let bits = ELEMENTS.trailing_zeros();
    let reversed = index.reverse_bits() >> (usize::BITS - bits);
    let elements = U256::from(ELEMENTS);
    let root = GENERATOR.pow_mod((MODULUS - U256::ONE) / elements, MODULUS);
    root.pow_mod(U256::from(reversed), MODULUS).to_be_bytes()
}
