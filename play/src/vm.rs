//! The executions of a real VM, as a trace: a machine for each dispute, kept warm. A game asks it as
//! [`checkpoints::bisect`] does, and ends at the step that [`checkpoints::bisect::bisect`] finds.

use std::cell::RefCell;
use std::fmt::Display;

use alloy_primitives::{B256, U256};
use checkpoints::Machine;
use checkpoints::bisect::Trace;
use checkpoints::library::LibraryError;
use checkpoints::warm::Warm;
use dispute::game::context::ident;
use dispute::trace::{Executions, Inputs, StepData, TraceError};
use fpvm_core::proof::StepProof;
use oracle::{Key, Kind};

/// A machine whose steps can be proved.
pub trait Prover: Machine {
    /// Executes one step and proves it; one that leaves everything as it is where the program has
    /// ended.
    fn prove(&mut self) -> Result<StepProof, Self::Error>;
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

/// The executions of a program. Each runs once in full at most: after that all answers come from
/// states on the way.
pub struct Vms<P: Program> {
    program: P,
    every: u64,
    /// Few: a dispute is about one block, and a game seldom about more than one or two.
    running: RefCell<Vec<(Inputs, Warm<P::Machine>)>>,
}

/// Machines that are kept; the ones asked for last.
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
        self.ask(inputs, step, |warm, step| ask(warm.seek(step)?))
    }

    /// What `ask` finds out from the execution on `inputs` about the state after `step` steps.
    fn ask<T>(
        &self,
        inputs: &Inputs,
        step: u128,
        ask: impl FnOnce(&mut Warm<P::Machine>, u64) -> Result<T, P::Error>,
    ) -> Result<T, TraceError> {
        let failed = |reason: P::Error| TraceError::Execution {
            index: step,
            // With its causes, where the error has such.
            reason: format!("{reason:#}"),
        };
        let mut running = self.running.borrow_mut();
        let known = running.iter().position(|(of, _)| of == inputs);
        let mut warm = match known {
            Some(place) => running.remove(place),
            None => {
                let machine = self.program.start(inputs).map_err(failed)?;
                (
                    *inputs,
                    Warm::new(machine, self.every, None).map_err(failed)?,
                )
            }
        };
        let step = u64::try_from(step).unwrap_or(u64::MAX);
        let answer = ask(&mut warm.1, step).map_err(failed);
        running.insert(0, warm);
        running.truncate(KEPT);
        answer
    }

    /// The proof of instruction `index`.
    ///
    /// # Errors
    /// If the VM cannot be run so far.
    pub fn proof(&self, inputs: &Inputs, index: u128) -> Result<StepProof, TraceError> {
        self.at(inputs, index, Prover::prove)
    }
}

impl<P: Program> std::fmt::Debug for Vms<P> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Vms").finish_non_exhaustive()
    }
}

impl<P: Program> Executions for Vms<P> {
    fn claim(&self, inputs: &Inputs, index: u128) -> Result<B256, TraceError> {
        let root = self.ask(inputs, index.saturating_add(1), Trace::root)?;
        Ok(root.0.into())
    }

    fn step(&self, inputs: &Inputs, index: u128) -> Result<StepData, TraceError> {
        let proof = self.proof(inputs, index)?;
        let offset = U256::from(proof.oracle_offset);
        let (mut local, mut preimages) = (Vec::new(), Vec::new());
        if let Some((key, value)) = proof.preimage() {
            match Key(key).kind() {
                Kind::Local => local.push((identifier(&key), offset)),
                Kind::Keccak256 => preimages.push((value.to_vec(), offset)),
                _ => {
                    return Err(TraceError::Execution {
                        index,
                        reason: format!(
                            "it reads {}: only local data and keccak256 pre-images are loaded in games",
                            Key(key)
                        ),
                    });
                }
            }
        }
        Ok(StepData {
            state: proof.state_data,
            proof: proof.proof_data,
            local,
            preimages,
        })
    }
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
