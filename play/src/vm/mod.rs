//! The executions of a real VM, as a trace: a machine for each dispute, kept warm. A game asks it as
//! [`fpvm_checkpoints::bisect`] does, and ends at the step that [`fpvm_checkpoints::bisect::bisect`] finds.
//!
//! Each dispute's program runs once in full at most: after that all answers come from states on the way.
//! Some machines are kept as they are, of the others states on disk. [`Vms`] runs them while whoever asks
//! waits, [`workers::Workers`] on threads of their own.

mod kept;
pub mod workers;

use std::cell::RefCell;
use std::fmt::Display;

use alloy_primitives::{B256, U256};
use fpvm_checkpoints::Machine;
use fpvm_checkpoints::library::LibraryError;
use fpvm_checkpoints::store;
use fpvm_contracts::loader::{self, LoadError};
use fpvm_core::step::oracle::Oracle;
use fpvm_core::step::proof::StepProof;
use fpvm_dispute::game::context::ident;
use fpvm_dispute::oracle::Preimage;
use fpvm_dispute::trace::{Executions, Inputs, StepData, TraceError};
use fpvm_oracle::{Key, Kind};

use kept::Kept;

/// A machine whose steps can be proved.
pub trait Prover: Machine {
    /// Executes one step and proves it; one that leaves everything as it is where the program has
    /// ended.
    fn prove(&mut self) -> Result<StepProof, Self::Error>;

    /// Where its pre-images come from.
    fn oracle(&mut self) -> &mut dyn Oracle;

    /// Its VM, for states on disk.
    fn store_vm(&self) -> store::Vm;
}

/// A fault proof program that can be started on the inputs of any dispute.
pub trait Program {
    /// What runs it.
    type Machine: Prover<Error = Self::Error>;
    /// Why it cannot be run.
    type Error: Display + From<LibraryError>;

    /// A machine before its first step, which gets these inputs as its local pre-images.
    fn start(&self, inputs: &Inputs) -> Result<Self::Machine, Self::Error>;
}

/// The executions of a program, run while whoever asks waits.
pub struct Vms<P: Program> {
    program: P,
    every: u64,
    /// The ones asked for last first.
    running: RefCell<Vec<(Inputs, Kept<P::Machine>)>>,
}

/// Machines that are kept as they are.
const KEPT: usize = 4;

impl<P: Program> Vms<P> {
    /// The executions of `program`, with states remembered every so many steps.
    pub const fn new(program: P, every: u64) -> Self {
        Self {
            program,
            every,
            running: RefCell::new(Vec::new()),
        }
    }

    /// What `ask` finds out from the machine on `inputs`, after `step` steps or at its end.
    ///
    /// # Errors
    /// If the VM cannot be run so far, or `ask` fails.
    pub fn at<T>(
        &self,
        inputs: &Inputs,
        step: u128,
        ask: impl FnOnce(&mut P::Machine) -> Result<T, P::Error>,
    ) -> Result<T, TraceError> {
        let mut running = self.running.borrow_mut();
        let known = running.iter().position(|(of, _)| of == inputs);
        let kept = match known {
            Some(place) => running.remove(place).1,
            None => Kept::New,
        };
        let warm = kept.warm(&self.program, inputs, self.every);
        let mut warm = warm.map_err(|error| failed(step, &error))?;
        let answer = warm.seek(whole(step)).and_then(ask);
        running.insert(0, (*inputs, Kept::Warm(Box::new(warm))));
        for (_, kept) in running.iter_mut().skip(KEPT) {
            *kept = std::mem::replace(kept, Kept::New).shelved();
        }
        answer.map_err(|error| failed(step, &error))
    }

    /// The proof of instruction `index`.
    ///
    /// # Errors
    /// If the VM cannot be run so far.
    pub fn proof(&self, inputs: &Inputs, index: u128) -> Result<StepProof, TraceError> {
        self.at(inputs, index, Prover::prove)
    }
}

/// A step of a VM; none has more than these.
fn whole(step: u128) -> u64 {
    u64::try_from(step).unwrap_or(u64::MAX)
}

/// Why there is no answer about the state after `step` steps.
fn failed(step: u128, reason: &impl Display) -> TraceError {
    TraceError::Execution {
        index: step,
        // With its causes, where the error has such.
        reason: format!("{reason:#}"),
    }
}

impl<P: Program> std::fmt::Debug for Vms<P> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Vms").finish_non_exhaustive()
    }
}

impl<P: Program> Executions for Vms<P> {
    fn claim(&self, inputs: &Inputs, index: u128) -> Result<B256, TraceError> {
        let root = self.at(inputs, index.saturating_add(1), Machine::root)?;
        Ok(root.0.into())
    }

    fn step(&self, inputs: &Inputs, index: u128) -> Result<StepData, TraceError> {
        let data = self.at(inputs, index, step_data)?;
        data.map_err(|error| failed(index, &error))
    }
}

/// What the next step of a machine takes, where what it reads is at hand.
fn step_data<M: Prover>(machine: &mut M) -> Result<Result<StepData, LoadError>, M::Error> {
    let proof = machine.prove()?;
    let offset = U256::from(proof.oracle_offset);
    let (mut local, mut preimages) = (Vec::new(), Vec::new());
    match proof.preimage().map(|(key, _)| Key(key)) {
        Some(key) if key.kind() == Kind::Local => local.push((identifier(&key.0), offset)),
        Some(key) => {
            let values = match loader::needed(key, proof.oracle_offset, machine.oracle()) {
                Ok(values) => values.into_iter(),
                Err(error) => return Ok(Err(error)),
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

/// The local pre-images of an execution, as the game's contract loads them: identifier and value.
pub fn local_data(inputs: &Inputs, chain_id: U256) -> [(u64, Vec<u8>); 5] {
    let number = |n: U256| n.wrapping_to::<u64>().to_be_bytes().to_vec();
    [
        (ident::L1_HEAD, inputs.l1_head.to_vec()),
        (ident::STARTING_OUTPUT, inputs.starting.root.to_vec()),
        (ident::DISPUTED_OUTPUT, inputs.disputed.root.to_vec()),
        (ident::L2_BLOCK, number(inputs.disputed.block)),
        (ident::CHAIN_ID, number(chain_id)),
    ]
}

/// The identifier of a local key: all but its first byte.
fn identifier(key: &[u8; 32]) -> U256 {
    U256::from_be_slice(key.get(1..).unwrap_or_default())
}
