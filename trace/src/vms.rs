//! The executions of a program, run while the caller waits.

use std::fmt::Display;
use std::sync::{Mutex, PoisonError};

use alloy_primitives::B256;
use fpvm_checkpoints::Machine;
use fpvm_core::step::proof::StepProof;
use fpvm_dispute::trace::{Executions, Inputs, StepData, TraceError};

use crate::cached::CachedMachine;
use crate::program::{Program, Prover, step_data};

/// The executions of a program, run while the caller waits.
pub struct Vms<P: Program<I>, I = Inputs> {
    program: P,
    every: u64,
    /// The machines, the one that was asked last first.
    running: Mutex<Vec<(I, CachedMachine<P::Machine>)>>,
}

/// The number of machines that stay in memory.
pub(crate) const KEPT: usize = 4;

impl<I: Clone + PartialEq, P: Program<I>> Vms<P, I> {
    /// The executions of `program`, with states remembered every so many steps.
    pub const fn new(program: P, every: u64) -> Self {
        Self {
            program,
            every,
            running: Mutex::new(Vec::new()),
        }
    }

    /// The result of `ask` on the machine on `inputs`, after `step` steps or at its end.
    ///
    /// # Errors
    /// If the VM cannot be run so far, or `ask` fails.
    pub fn at<T>(
        &self,
        inputs: &I,
        step: u128,
        ask: impl FnOnce(&mut P::Machine) -> Result<T, P::Error>,
    ) -> Result<T, TraceError> {
        let mut running = self.running.lock().unwrap_or_else(PoisonError::into_inner);
        let known = running.iter().position(|(of, _)| of == inputs);
        let kept = match known {
            Some(place) => running.remove(place).1,
            None => CachedMachine::New,
        };
        let warm = kept.warm(&self.program, inputs, self.every);
        let mut warm = warm.map_err(|error| failed(step, &error))?;
        let answer = warm.seek(whole(step)).and_then(ask);
        running.insert(0, (inputs.clone(), CachedMachine::Warm(Box::new(warm))));
        for (_, kept) in running.iter_mut().skip(KEPT) {
            *kept = std::mem::replace(kept, CachedMachine::New).spilled();
        }
        answer.map_err(|error| failed(step, &error))
    }

    /// The proof of instruction `index`.
    ///
    /// # Errors
    /// If the VM cannot be run so far.
    pub fn proof(&self, inputs: &I, index: u128) -> Result<StepProof, TraceError> {
        self.at(inputs, index, Prover::prove)
    }
}

/// The number of a step as a VM counts it; no VM has more steps than 64 bits.
pub(crate) fn whole(step: u128) -> u64 {
    u64::try_from(step).unwrap_or(u64::MAX)
}

/// Why there is no answer about the state after `step` steps.
pub(crate) fn failed(step: u128, reason: &impl Display) -> TraceError {
    TraceError::Execution {
        index: step,
        // With the error's causes, if it has any.
        reason: format!("{reason:#}"),
    }
}

impl<I, P: Program<I>> std::fmt::Debug for Vms<P, I> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Vms").finish_non_exhaustive()
    }
}

impl<I: Clone + PartialEq, P: Program<I>> Executions<I> for Vms<P, I> {
    fn claim(&self, inputs: &I, index: u128) -> Result<B256, TraceError> {
        let root = self.at(inputs, index.saturating_add(1), Machine::root)?;
        Ok(root.0.into())
    }

    fn step(&self, inputs: &I, index: u128) -> Result<StepData, TraceError> {
        let data = self.at(inputs, index, step_data)?;
        data.map_err(|error| failed(index, &error))
    }
}
