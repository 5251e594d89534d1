//! A step verifier with its pre-image oracle, deployed in an EVM of this process.

use crate::abi;
use crate::artifact::{Artifact, ArtifactError, PREIMAGE_ORACLE};
use crate::evm::{Address, Evm, EvmError, Gas, SENDER};
use fpvm_core::keccak::keccak256;
use fpvm_core::oracle::PreimagePart;

/// What local keys are bound to besides the caller, in this EVM.
const LOCAL_CONTEXT: [u8; 32] = [0; 32];

/// A deployed step verifier.
#[allow(missing_debug_implementations, reason = "revm's parts have none")]
pub struct OnChain {
    evm: Evm,
    oracle: Address,
    verifier: Address,
}

/// Why there is no verifier.
#[derive(Debug, thiserror::Error)]
pub enum SetupError {
    /// A contract's file is malformed.
    #[error(transparent)]
    Artifact(#[from] ArtifactError),
    /// It could not be deployed.
    #[error(transparent)]
    Evm(#[from] EvmError),
}

/// The contract accepts no such step: what it reverted with.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error("the contract reverts with 0x{}", const_hex::encode(.0))]
pub struct Refused(pub Vec<u8>);

/// A step as the contract sees it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Executed {
    /// The hash of the state after the step.
    pub post: [u8; 32],
    /// What the transaction costs.
    pub gas: Gas,
}

impl OnChain {
    /// Deploys a verifier with this crate's own oracle.
    pub fn new(verifier: &str) -> Result<Self, SetupError> {
        OnChain::with_oracle(verifier, PREIMAGE_ORACLE, &[])
    }

    /// Deploys a verifier and an oracle by the JSON of their artifacts; `arguments` are those of the
    /// oracle's constructor.
    pub fn with_oracle(verifier: &str, oracle: &str, arguments: &[u8]) -> Result<Self, SetupError> {
        let mut evm = Evm::default();
        let oracle = evm.deploy(&Artifact::parse(oracle)?.bytecode, arguments)?;
        let argument = word_of(oracle);
        let verifier = evm.deploy(&Artifact::parse(verifier)?.bytecode, &argument)?;
        Ok(OnChain {
            evm,
            oracle,
            verifier,
        })
    }

    /// Executes a step.
    pub fn step(
        &mut self,
        state: &[u8],
        proof: &[u8],
    ) -> Result<Result<Executed, Refused>, EvmError> {
        self.call(&abi::step(state, proof, LOCAL_CONTEXT))
    }

    /// Calls the verifier with any calldata.
    pub fn call(&mut self, data: &[u8]) -> Result<Result<Executed, Refused>, EvmError> {
        let outcome = self.evm.call(self.verifier, data)?;
        let post = <[u8; 32]>::try_from(&*outcome.output).ok();
        Ok(match post.filter(|_| outcome.succeeded) {
            Some(post) => Ok(Executed {
                post,
                gas: outcome.gas,
            }),
            None => Err(Refused(outcome.output)),
        })
    }

    /// Loads a part of a pre-image as anyone would on a chain, where the key's kind permits it; what
    /// it cost, or `None` for other kinds and where the value does not fit.
    pub fn load(
        &mut self,
        key: &[u8; 32],
        value: &[u8],
        offset: u64,
    ) -> Result<Option<Gas>, EvmError> {
        let Some(data) = abi::load_preimage(key, value, offset, LOCAL_CONTEXT) else {
            return Ok(None);
        };
        let outcome = self.evm.send(self.oracle, &data)?;
        Ok(outcome.succeeded.then_some(outcome.gas))
    }

    /// Puts a part of a pre-image straight into the oracle's storage, whatever its key.
    pub fn place(&mut self, key: &[u8; 32], value: &[u8], offset: u64) {
        let Some(part) = PreimagePart::of(value, offset) else {
            return;
        };
        let key = if key[0] == 1 { localized(key) } else { *key };
        // The first three slots of the oracle: lengths, parts by key and offset, whether loaded.
        let mapped = |key: [u8; 32], slot: [u8; 32]| keccak256(&[key, slot].concat());
        let by_offset = |slot: u64| mapped(abi::number(offset), mapped(key, abi::number(slot)));
        let length = abi::number(value.len() as u64);
        self.evm
            .set_storage(self.oracle, mapped(key, abi::number(0)), length);
        self.evm.set_storage(self.oracle, by_offset(1), part.bytes);
        self.evm
            .set_storage(self.oracle, by_offset(2), abi::number(1));
    }
}

fn word_of(address: Address) -> [u8; 32] {
    let mut word = [0; 32];
    word[12..].copy_from_slice(address.as_slice());
    word
}

/// A local key as the oracle keeps it for the caller.
fn localized(key: &[u8; 32]) -> [u8; 32] {
    let mut key = keccak256(&[*key, word_of(SENDER), LOCAL_CONTEXT].concat());
    key[0] = 1;
    key
}
