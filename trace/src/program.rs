//! A fault proof program: its inputs, and the machine that runs it.

use std::fmt::Display;
use std::path::Path;

use alloy_primitives::U256;
use fpvm_checkpoints::library::LibraryError;
use fpvm_checkpoints::{Machine, Root, store};
use fpvm_contracts::loader::{self, LoadError};
use fpvm_core::step::oracle::Oracle;
use fpvm_core::step::proof::StepProof;
use fpvm_core::step::verify::VerifyError;
use fpvm_dispute::oracle::Preimage;
use fpvm_dispute::trace::{Inputs, StepData};
use fpvm_oracle::{Key, Kind};

/// A machine whose steps can be proved.
pub trait Prover: Machine {
    /// Executes one step and proves it. After the program's end the step changes nothing.
    fn prove(&mut self) -> Result<StepProof, Self::Error>;

    /// The source of its pre-images.
    fn oracle(&mut self) -> &mut dyn Oracle;

    /// Its VM, for states on disk.
    fn store_vm(&self) -> store::Vm;

    /// Writes its state into a file, in the format that the name tells.
    ///
    /// # Errors
    /// If it cannot be written.
    fn write_state(&mut self, path: &Path) -> Result<(), Self::Error>;

    /// Re-executes a step over its proof alone, as the contract does; gives the state root that it leads to.
    ///
    /// # Errors
    /// If the proof shows nothing.
    fn verify(&self, proof: &StepProof) -> Result<Root, VerifyError>;
}

/// A fault proof program that can be started on the inputs of any dispute about an output, or, if `I` is
/// [`SuperInputs`](fpvm_dispute::trace::SuperInputs), about a state of several chains.
pub trait Program<I = Inputs> {
    /// The machine that runs it.
    type Machine: Prover<Error = Self::Error>;
    /// Why it cannot be run.
    type Error: Display + From<LibraryError>;

    /// A machine before its first step, which gets these inputs as its local pre-images.
    fn start(&self, inputs: &I) -> Result<Self::Machine, Self::Error>;

    /// Whether an error is one of the program itself, which every run of it ends with at the same step, and not one of what
    /// runs it or of its host.
    fn is_fault(_error: &Self::Error) -> bool {
        false
    }
}

/// Why there is no data for a step that has been executed.
#[derive(Debug, thiserror::Error)]
pub(crate) enum StepError {
    /// What it reads cannot be had as the contract needs it.
    #[error(transparent)]
    Load(#[from] LoadError),
    /// The verifier refuses the proof: nothing is sent that the contract would refuse.
    #[error(
        "the proof of step {step} is refused by the verifier in Rust, so it is not sent: {why}"
    )]
    Refused {
        /// Steps before it.
        step: u64,
        /// What the verifier says.
        why: VerifyError,
    },
    /// The verifier comes to another state.
    #[error(
        "the proof of step {step} leads to {verified} by the verifier in Rust, and the step led to {post}: it is not sent"
    )]
    Differs {
        /// Steps before it.
        step: u64,
        /// Where the proof leads.
        verified: Root,
        /// Where the machine is.
        post: Root,
    },
}

/// The data that the next step of a machine needs: its proof, and the pre-image that it reads. The inner error says
/// why that pre-image cannot be loaded into an oracle.
pub(crate) fn step_data<M: Prover>(
    machine: &mut M,
) -> Result<Result<StepData, StepError>, M::Error> {
    let proof = machine.prove()?;
    let (step, post) = (proof.step, Root(proof.post));
    match machine.verify(&proof) {
        Ok(verified) if verified == post => {}
        Ok(verified) => {
            return Ok(Err(StepError::Differs {
                step,
                verified,
                post,
            }));
        }
        Err(why) => return Ok(Err(StepError::Refused { step, why })),
    }
    let offset = U256::from(proof.oracle_offset);
    let (mut local, mut preimages) = (Vec::new(), Vec::new());
    match proof.preimage().map(|(key, _)| Key(key)) {
        Some(key) if key.kind() == Kind::Local => local.push((identifier(&key.0), offset)),
        Some(key) => {
            let values = match loader::needed(key, proof.oracle_offset, machine.oracle()) {
                Ok(values) => values.into_iter(),
                Err(error) => return Ok(Err(error.into())),
            };
            preimages.push(Preimage {
                key: key.0.into(),
                offset,
                values: values
                    .map(|(key, value)| (key.0.into(), value.to_vec()))
                    .collect(),
            });
        }
        None => {}
    }
    Ok(Ok(StepData {
        state: proof.state_data,
        proof: proof.proof_data,
        local,
        preimages,
    }))
}

/// The identifier of a local key: all its bytes but the first.
fn identifier(key: &[u8; 32]) -> U256 {
    U256::from_be_slice(key.get(1..).unwrap_or_default())
}
