//! The program of a made-up super game: it gives the next state by the rules of the program, and not by a node's
//! answers.
//!
//! Source: kona's interop client (`rust/kona/bin/client/src/interop` and `proof-interop/src/boot.rs` at
//! ethereum-optimism/optimism 4c8b17472b):
//!
//! - after the invalid state comes the invalid state;
//! - no honest player agrees with a state of a second after the game's timestamp, so the program panics;
//! - after a state of the game's own second comes that state again;
//! - otherwise one step is made. The step of a chain derives its next block, if that is due in the next second; if
//!   L1 up to the game's head does not have the data for it, the invalid state follows. The steps after the chains'
//!   only count. Step 127 replaces the blocks that are bad, and gives the next second's super root.

use alloy_primitives::B256;
use rustc_hash::FxHashMap;

use super::execution::{Execution, Scripted, run};
use super::super_rollup::{SuperChain, SuperRollup};
use crate::claim::VmStatus;
use crate::revert::Revert;
use crate::super_root::{
    CONSOLIDATION, ChainOutput, INVALID_CLAIM, SuperRoot, SuperState, TransitionState,
};
use crate::trace::{Executions, StepData, SuperInputs, TraceError};
use crate::vm::{StepContext, Vm};

/// The program, and the VM that runs it, for games from one second to another.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct SuperProgram {
    /// Tells one program from another.
    seed: u64,
    /// Instructions that each execution takes; at least 4.
    execution_length: u128,
    /// For each state on the way, by its claim: its second, and the claim about the state after it.
    states: FxHashMap<B256, (u64, B256)>,
}

impl SuperProgram {
    /// The program over these chains, with the data of L1 up to the block of number `l1_head`. It knows the states
    /// from the super root of the second `start` to that of the second `end`, and the second after; executions take
    /// `execution_length` instructions, at least 4.
    pub fn new(
        rollup: &SuperRollup,
        l1_head: u64,
        start: u64,
        end: u64,
        execution_length: u128,
    ) -> Self {
        let mut states = FxHashMap::default();
        let chains = Chains::of(rollup, l1_head);
        let mut state = match rollup.super_root(start) {
            Some(root) => SuperState::SuperRoot(root),
            None => SuperState::Invalid,
        };
        let mut claim = state.hash();
        while let Some(place) = state.place().filter(|place| place.timestamp <= end) {
            state = chains.after(state);
            let next = state.hash();
            states.insert(claim, (place.timestamp, next));
            claim = next;
        }
        if let Some(place) = state.place() {
            states.insert(claim, (place.timestamp, INVALID_CLAIM));
        }
        Self {
            seed: rollup.seed,
            execution_length: execution_length.max(4),
            states,
        }
    }
}

/// The chains in the order of their ids.
struct Chains<'a> {
    rollup: &'a SuperRollup,
    sorted: Vec<&'a SuperChain>,
    l1_head: u64,
}

impl<'a> Chains<'a> {
    fn of(rollup: &'a SuperRollup, l1_head: u64) -> Self {
        let mut sorted: Vec<_> = rollup.chains.iter().collect();
        sorted.sort_by_key(|chain| chain.chain_id);
        Self {
            rollup,
            sorted,
            l1_head,
        }
    }

    /// The state one step after `state`.
    fn after(&self, state: SuperState) -> SuperState {
        let mut state = match state {
            SuperState::Invalid => return SuperState::Invalid,
            SuperState::SuperRoot(super_root) => TransitionState {
                super_root,
                ..TransitionState::default()
            },
            SuperState::Transition(state) => state,
        };
        let next = state.super_root.timestamp.saturating_add(1);
        if state.step == CONSOLIDATION {
            return SuperState::SuperRoot(self.consolidated(&state, next));
        }
        if let Some(chain) = self.sorted.get(state.progress.len()) {
            match self.rollup.derived(chain, next, self.l1_head) {
                Some(block) => state.progress.push(block),
                None => return SuperState::Invalid,
            }
        }
        state.step += 1;
        SuperState::Transition(state)
    }

    /// The blocks after the bad ones are replaced.
    fn consolidated(&self, state: &TransitionState, next: u64) -> SuperRoot {
        let chains = self
            .sorted
            .iter()
            .zip(&state.progress)
            .map(|(chain, block)| {
                let number = chain.block_at(next).unwrap_or_default();
                let (derived, stays) = chain.block(self.rollup.seed, number);
                let output_root = if *block == derived {
                    stays.output_root
                } else {
                    block.output_root
                };
                ChainOutput {
                    chain_id: chain.chain_id,
                    output_root,
                }
            });
        SuperRoot::new(next, chains.collect())
    }
}

impl Scripted for SuperProgram {
    fn seed(&self) -> u64 {
        self.seed
    }

    fn length(&self) -> u128 {
        self.execution_length
    }

    fn outcome(&self, agreed: B256, claim: B256, timestamp: u64) -> VmStatus {
        let expected = match self.states.get(&agreed) {
            _ if agreed == INVALID_CLAIM => INVALID_CLAIM,
            // Nothing is known about a state that no chain has, or of the future.
            None => return VmStatus::Panic,
            Some((at, _)) if *at > timestamp => return VmStatus::Panic,
            Some((at, _)) if *at == timestamp => agreed,
            Some((_, next)) => *next,
        };
        if claim == expected {
            VmStatus::Valid
        } else {
            VmStatus::Invalid
        }
    }
}

impl Executions<SuperInputs> for SuperProgram {
    fn claim(&self, inputs: &SuperInputs, index: u128) -> Result<B256, TraceError> {
        Ok(Execution::of_super(self, inputs).claim(index))
    }

    fn step(&self, inputs: &SuperInputs, index: u128) -> Result<StepData, TraceError> {
        Ok(Execution::of_super(self, inputs).step(index))
    }
}

impl Vm for SuperProgram {
    fn step(&self, at: &StepContext<'_>, state: &[u8], _proof: &[u8]) -> Result<B256, Revert> {
        run(self, at, state)
    }
}
