//! A step verifier with its pre-image oracle, deployed in an EVM of this process.

use crate::abi;
use crate::artifact::{Artifact, ArtifactError, PREIMAGE_ORACLE};
use crate::loader::{self, LoadError, Terms};
use fpvm_core::definition::isa::Isa;
use fpvm_core::keccak::keccak256;
use fpvm_core::step::oracle::{Oracle, PreimagePart};
use fpvm_evm::{Address, Evm, EvmError, Gas, SENDER};
use fpvm_oracle::Key;

/// Smallest large pre-image in bytes, and the challenge period in seconds: mainnet's.
const ORACLE_ARGUMENTS: [u64; 2] = [126_000, 86_400];

/// A deployed step verifier.
#[allow(missing_debug_implementations, reason = "revm's parts have none")]
pub struct OnChain {
    evm: Evm,
    terms: Terms,
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

/// Why a pre-image could not be loaded.
#[derive(Debug, thiserror::Error)]
pub enum LoadingError {
    /// It cannot be loaded on any chain.
    #[error(transparent)]
    Plan(#[from] LoadError),
    /// The EVM failed.
    #[error(transparent)]
    Evm(#[from] EvmError),
    /// The oracle's contract refuses it.
    #[error("the pre-image oracle: {0}")]
    Refused(Refused),
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
    /// Deploys the verifier of an ISA with this crate's own oracle.
    pub fn new<I: Isa>(verifier: &str) -> Result<Self, SetupError> {
        Self::with_oracle(verifier, I::FILE.version, PREIMAGE_ORACLE)
    }

    /// Deploys a verifier, for states of some version, and an oracle by the JSON of their artifacts.
    pub fn with_oracle(
        verifier: &str,
        state_version: Option<u8>,
        oracle: &str,
    ) -> Result<Self, SetupError> {
        let mut evm = Evm::default();
        let arguments = ORACLE_ARGUMENTS.map(abi::number).concat();
        let oracle = evm.deploy(&Artifact::parse(oracle)?.bytecode, &arguments)?;
        let verifier = Artifact::parse(verifier)?;
        let arguments = verifier.arguments(oracle, state_version);
        let verifier = evm.deploy(&verifier.bytecode, &arguments)?;
        let terms = Terms::mainnet(oracle, SENDER);
        Ok(Self {
            evm,
            terms,
            verifier,
        })
    }

    /// Executes a step.
    pub fn step(
        &mut self,
        state: &[u8],
        proof: &[u8],
    ) -> Result<Result<Executed, Refused>, EvmError> {
        self.call(&abi::step(state, proof, self.terms.local_context))
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

    /// Loads a part of a pre-image as anyone would on a chain; what the transactions cost.
    pub fn load(
        &mut self,
        key: Key,
        offset: u64,
        preimages: &mut dyn Oracle,
    ) -> Result<Vec<Gas>, LoadingError> {
        let calls = loader::plan(&self.terms, key, offset, preimages)?.calls();
        let bonds = calls.iter().map(|call| call.value).sum();
        self.evm.fund(SENDER, bonds);
        let mut gas = Vec::new();
        for call in calls {
            self.evm.wait(call.wait);
            let outcome = self
                .evm
                .send_from(SENDER, call.to, &call.data, call.value)?;
            if !outcome.succeeded {
                return Err(LoadingError::Refused(Refused(outcome.output)));
            }
            gas.push(outcome.gas);
        }
        Ok(gas)
    }

    /// Puts a part of a pre-image straight into the oracle's storage, whatever its key.
    pub fn place(&mut self, key: &[u8; 32], value: &[u8], offset: u64) {
        let Some(part) = PreimagePart::of(value, offset) else {
            return;
        };
        let key = loader::stored_key(&self.terms, Key(*key));
        // The first three slots of the oracle: lengths, parts by key and offset, whether loaded.
        let mapped = |key: [u8; 32], slot: [u8; 32]| keccak256(&[key, slot].concat());
        let by_offset = |slot: u64| mapped(abi::number(offset), mapped(key, abi::number(slot)));
        let length = abi::number(value.len() as u64);
        self.evm
            .set_storage(self.terms.oracle, mapped(key, abi::number(0)), length);
        self.evm
            .set_storage(self.terms.oracle, by_offset(1), part.bytes);
        self.evm
            .set_storage(self.terms.oracle, by_offset(2), abi::number(1));
    }
}
