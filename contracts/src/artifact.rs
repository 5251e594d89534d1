//! Compiled contracts, as they come with this crate or from a file.

use crate::{VERIFIERS, abi, game, game_v7};
use fpvm_core::keccak::keccak256;
use fpvm_evm::Address;
use serde::Deserialize;
use std::collections::BTreeMap;
use std::sync::LazyLock;

/// A compiled contract.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Artifact {
    /// What deploys it; constructor arguments follow.
    #[serde(with = "hex")]
    pub bytecode: Vec<u8>,
    /// What is then at its address, but for immutable values.
    #[serde(with = "hex")]
    pub deployed_bytecode: Vec<u8>,
    #[serde(default)]
    abi: Vec<Item>,
    /// Where the constructor's values are in the deployed code.
    #[serde(default)]
    immutable_references: BTreeMap<String, Vec<Span>>,
}

/// A piece of the deployed code, in bytes.
#[derive(Clone, Copy, Debug, Deserialize)]
struct Span {
    start: usize,
    length: usize,
}

/// A constructor, a function, an error or the like of a contract's interface.
#[derive(Clone, Debug, Deserialize)]
struct Item {
    r#type: String,
    #[serde(default)]
    name: String,
    #[serde(default)]
    inputs: Vec<Input>,
}

#[derive(Clone, Debug, Deserialize)]
struct Input {
    r#type: String,
}

mod hex {
    use serde::{Deserialize as _, Deserializer, de::Error};

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Vec<u8>, D::Error> {
        let text = String::deserialize(from)?;
        const_hex::decode(&text).map_err(|error| D::Error::custom(format!("not bytecode: {error}")))
    }
}

/// Not a compiled contract.
#[derive(Debug, thiserror::Error)]
#[error("not a contract artifact (a JSON object with `bytecode` and `deployedBytecode`): {0}")]
pub struct ArtifactError(#[from] serde_json::Error);

impl Artifact {
    /// Reads an artifact's JSON.
    pub fn parse(json: &str) -> Result<Self, ArtifactError> {
        Ok(serde_json::from_str(json)?)
    }

    /// What a step verifier's constructor is given: the oracle that it reads from and, where it wants to
    /// know that, the version of the states that it executes. What else it takes goes before and is for the
    /// caller to append to the bytecode.
    pub fn arguments(&self, oracle: Address, state_version: Option<u8>) -> Vec<u8> {
        let constructor = self.abi.iter().find(|item| item.r#type == "constructor");
        let inputs = constructor.map_or(&[][..], |item| &item.inputs);
        let version = abi::number(state_version.unwrap_or_default().into());
        let word = |input: &Input| match &*input.r#type {
            "uint256" => Some(version),
            "address" => Some(oracle.into_word().0),
            _ => None,
        };
        inputs.iter().filter_map(word).collect::<Vec<_>>().concat()
    }

    /// Whether code at an address is what the contract deploys, whatever values its constructor was given.
    pub fn is_at(&self, code: &[u8]) -> bool {
        let spans = self.immutable_references.values().flatten();
        let mut code = code.to_vec();
        for span in spans {
            // Where the values stand there are zeros in the artifact.
            let end = span.start.saturating_add(span.length);
            if let Some(value) = code.get_mut(span.start..end) {
                value.fill(0);
            }
        }
        code == self.deployed_bytecode
    }

    /// The signatures of the errors that the contract declares: `ClockTimeExceeded()`.
    pub fn errors(&self) -> impl Iterator<Item = String> {
        let errors = self.abi.iter().filter(|item| item.r#type == "error");
        errors.map(|item| {
            let types: Vec<_> = item.inputs.iter().map(|input| &*input.r#type).collect();
            format!("{}({})", item.name, types.join(","))
        })
    }

    /// The signature of the error that the contract declares and these bytes, of a revert, begin with.
    pub fn error(&self, revert: &[u8]) -> Option<String> {
        self.errors()
            .find(|signature| revert.starts_with(&keccak256(signature.as_bytes())[..4]))
    }
}

/// The contracts of this project by name, each parsed once.
static KNOWN: LazyLock<Vec<(&str, Artifact)>> = LazyLock::new(|| {
    let verifiers = VERIFIERS.map(|verifier| (verifier.contract.name, verifier.artifact));
    let oracle = [("PreimageOracle", PREIMAGE_ORACLE)];
    let all = verifiers.iter().chain(&oracle);
    let all = all
        .chain(game::artifacts::ALL)
        .chain(game_v7::artifacts::ALL);
    all.filter_map(|(name, json)| Some((*name, Artifact::parse(json).ok()?)))
        .collect()
});

/// The name of the contract of this project whose code this is, whatever values its constructor was given.
pub fn identify(code: &[u8]) -> Option<&'static str> {
    let found = KNOWN.iter().find(|(_, artifact)| artifact.is_at(code));
    found.map(|(name, _)| *name)
}

/// The JSON of this crate's own pre-image oracle.
pub const PREIMAGE_ORACLE: &str = include_str!("../artifacts/PreimageOracle.json");
