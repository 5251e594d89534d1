//! The proof of one step, in the JSON form that Cannon, Asterisc and op-challenger exchange.

#![warn(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    reason = "what comes from outside must not make the program panic"
)]

use crate::definition::isa::Isa;
use crate::step::compact;
use crate::step::oracle::PreimagePart;
use crate::step::verify::VerifyError;
use serde::{Deserialize, Serialize};

/// Hex with `0x` in JSON.
mod hex {
    use serde::{Deserialize as _, Deserializer, Serializer, de::Error};

    pub(super) fn serialize<S: Serializer>(
        bytes: impl AsRef<[u8]>,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&const_hex::encode_prefixed(bytes))
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>, T: TryFrom<Vec<u8>>>(
        deserializer: D,
    ) -> Result<T, D::Error> {
        let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
        let bytes = const_hex::decode(text.as_bytes())
            .map_err(|error| D::Error::custom(format!("not a hex string: {error}")))?;
        let len = bytes.len();
        T::try_from(bytes)
            .map_err(|_| D::Error::custom(format!("{len} bytes are not what belongs here")))
    }

    pub(super) mod optional {
        use serde::{Deserializer, Serializer};

        pub(crate) fn serialize<S: Serializer>(
            bytes: &Option<impl AsRef<[u8]>>,
            serializer: S,
        ) -> Result<S::Ok, S::Error> {
            match bytes {
                Some(bytes) => super::serialize(bytes, serializer),
                None => serializer.serialize_none(),
            }
        }

        pub(crate) fn deserialize<'de, D: Deserializer<'de>, T: TryFrom<Vec<u8>>>(
            deserializer: D,
        ) -> Result<Option<T>, D::Error> {
            super::deserialize(deserializer).map(Some)
        }
    }
}

/// A step's proof: everything that a verifier needs.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct StepProof {
    /// The step counter before the step.
    pub step: u64,
    /// State hash before.
    #[serde(with = "hex")]
    pub pre: [u8; 32],
    /// State hash after.
    #[serde(with = "hex")]
    pub post: [u8; 32],
    /// Packed state before.
    #[serde(with = "hex")]
    pub state_data: Vec<u8>,
    /// Memory branches, and what else the VM's contract takes as proof.
    #[serde(with = "hex")]
    pub proof_data: Vec<u8>,
    /// Key of the pre-image that the step reads, if any.
    #[serde(
        with = "hex::optional",
        default,
        skip_serializing_if = "Option::is_none"
    )]
    pub oracle_key: Option<[u8; 32]>,
    /// Length (8 bytes, big-endian) and value of that pre-image.
    #[serde(
        with = "hex::optional",
        default,
        skip_serializing_if = "Option::is_none"
    )]
    pub oracle_value: Option<Vec<u8>>,
    /// Offset read from, into length and value.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub oracle_offset: u64,
}

#[allow(
    clippy::trivially_copy_pass_by_ref,
    reason = "serde passes a reference"
)]
fn is_zero(offset: &u64) -> bool {
    *offset == 0
}

impl StepProof {
    /// The pre-image that the proof carries: key and value without the length prefix. `None` where
    /// it carries none, or one whose length prefix is not its length.
    pub fn preimage(&self) -> Option<([u8; 32], &[u8])> {
        let (prefix, value) = self.oracle_value.as_ref()?.split_at_checked(8)?;
        let announced = u64::from_be_bytes(prefix.try_into().ok()?);
        (announced == value.len() as u64).then_some((self.oracle_key?, value))
    }

    /// The part of the carried pre-image that a verifier asks for; outer `None` for any other key.
    pub fn part(&self, key: &[u8; 32], offset: u64) -> Option<Option<PreimagePart>> {
        let (known, value) = self.preimage()?;
        (known == *key).then(|| PreimagePart::of(value, offset))
    }

    /// `proof_data` in its [compact encoding](compact).
    ///
    /// # Errors
    /// If it proves no step of this ISA.
    pub fn compact<I: Isa>(&self) -> Result<Vec<u8>, VerifyError> {
        let mut part = |key: &[u8; 32], offset| self.part(key, offset);
        compact::encode::<I>(&self.state_data, &self.proof_data, &mut part)
    }
}
