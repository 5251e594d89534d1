//! The states of several chains, taken from the answers of a node.
//!
//! Source: op-challenger's `SuperNodeTraceProvider` (`op-challenger/game/fault/trace/super/provider.go`) and
//! `SuperNodePrestateProvider` at ethereum-optimism/optimism 4c8b17472b. With h the *number* of the game's L1 head and
//! R(t) the node's answer for the second t, the state at step s of second t is, by the first rule that applies:
//!
//! 1. unknown, while R(t) says that the node is at L1 block h or before: the block that it names is still being
//!    worked on. Such an answer is not believed in any part.
//! 2. *invalid*, if R(t) has no verified super root, or one that needs L1 blocks after h.
//! 3. for s = 0, R(t)'s verified super root.
//! 4. for s > 0, unknown while R(t+1) says that the node is at L1 block h or before;
//! 5. *invalid*, if one of the first s chains of R(t+1), in ascending order of ids, has no block there as it is first
//!    derived, or one that needs L1 blocks after h;
//! 6. otherwise the transition state of R(t)'s super root, those blocks, and s.
//!
//! Once a state is invalid, all later states are, because a chain's next block never needs fewer L1 blocks than the
//! one before, and a second is verified only when the second before is.

use std::collections::BTreeMap;

use alloy_primitives::{Bytes, U256};

use super::{SuperStates, TraceError};
use crate::super_root::{
    OptimisticBlock, SuperRoot, SuperState, SuperStep, TransitionState, check_ascending,
};

/// A node that knows several chains.
pub trait SuperNode {
    /// The node's answer about a second of L2 time (upstream's call `superroot_atTimestamp`).
    ///
    /// # Errors
    /// [`TraceError::NoSuperRoot`] if it gives no answer; a second without blocks has one.
    fn super_root_at(&self, timestamp: u64) -> Result<SuperRootAt, TraceError>;
}

/// A node's answer about a second of L2 time. L1 blocks go by their numbers, because upstream looks at nothing else.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct SuperRootAt {
    /// The L1 block that the node is working on: it is done with all *below* it, for all of its chains.
    pub current_l1: u64,
    /// The ids of all chains at that second.
    pub chain_ids: Vec<U256>,
    /// By chain id, the block at that second as it is first derived; chains without one are left out.
    pub optimistic: BTreeMap<U256, OptimisticOutput>,
    /// The super root of the second, once the messages between its chains have been checked.
    pub verified: Option<VerifiedSuperRoot>,
}

/// A chain's block at a second, as it is first derived: whether it stays is another question.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct OptimisticOutput {
    /// Its hash and its output root.
    pub block: OptimisticBlock,
    /// Number of the first L1 block with all the data that it is derived from.
    pub required_l1: u64,
}

/// A super root in which all blocks have been checked.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct VerifiedSuperRoot {
    /// The root.
    pub super_root: SuperRoot,
    /// Number of the first L1 block with all the data that it follows from.
    pub required_l1: u64,
}

/// States as a node has them, for a game whose L1 head has a number.
#[derive(Clone, Copy, Debug)]
pub struct NodeStates<N> {
    /// The node.
    pub node: N,
    /// Number of the game's L1 head: the L1 block before the one that the game was made in.
    pub l1_head: u64,
}

impl<N: SuperNode> NodeStates<N> {
    /// The node's answer, if the node has read L1 far enough to be believed, and the answer can be true.
    fn ask(&self, timestamp: u64) -> Result<SuperRootAt, TraceError> {
        let answer = self.node.super_root_at(timestamp)?;
        self.require_sync(timestamp, &answer)?;
        answer.check(timestamp)?;
        Ok(answer)
    }

    fn require_sync(&self, timestamp: u64, answer: &SuperRootAt) -> Result<(), TraceError> {
        if answer.current_l1 > self.l1_head {
            return Ok(());
        }
        Err(TraceError::NotInSync {
            timestamp,
            current_l1: answer.current_l1,
            l1_head: self.l1_head,
        })
    }

    /// The blocks that the chains have derived after `step` steps towards the second of `next`; none if the data up to
    /// the game's L1 head do not suffice.
    fn progress(&self, next: &SuperRootAt, step: u64) -> Option<Vec<OptimisticBlock>> {
        let mut chains = next.chain_ids.clone();
        chains.sort_unstable();
        let made = usize::try_from(step).unwrap_or(usize::MAX);
        let blocks = chains.iter().take(made).map(|chain| {
            let output = next.optimistic.get(chain)?;
            (output.required_l1 <= self.l1_head).then_some(output.block)
        });
        blocks.collect()
    }

    /// The state at a place.
    fn state_at(&self, place: SuperStep) -> Result<SuperState, TraceError> {
        let SuperStep { timestamp, step } = place;
        let verified = self.ask(timestamp)?.verified;
        let Some(root) = verified.filter(|root| root.required_l1 <= self.l1_head) else {
            return Ok(SuperState::Invalid);
        };
        if step == 0 {
            return Ok(SuperState::SuperRoot(root.super_root));
        }
        let after = timestamp
            .checked_add(1)
            .ok_or_else(|| no_super_root(timestamp, "no second comes after it".into()))?;
        let next = self.ask(after)?;
        Ok(match self.progress(&next, step) {
            None => SuperState::Invalid,
            Some(progress) => SuperState::Transition(TransitionState {
                super_root: root.super_root,
                progress,
                step,
            }),
        })
    }
}

impl SuperRootAt {
    /// Checks that the answer can be true of a second. Upstream does not check this.
    ///
    /// # Errors
    /// `NoSuperRoot` if the answer is about another second, or its chains are not in order.
    pub fn check(&self, timestamp: u64) -> Result<(), TraceError> {
        let wrong = |reason: String| Err(no_super_root(timestamp, reason));
        let mut chains = self.chain_ids.clone();
        chains.sort_unstable();
        if let Err(error) = check_ascending(&chains) {
            return wrong(format!("the node's list of chains is wrong: {error}"));
        }
        let Some(VerifiedSuperRoot { super_root, .. }) = &self.verified else {
            return Ok(());
        };
        if super_root.timestamp != timestamp {
            let other = super_root.timestamp;
            return wrong(format!(
                "the node gives the super root at timestamp {other}"
            ));
        }
        match super_root.check_order() {
            Err(error) => wrong(format!("the node's super root is wrong: {error}")),
            Ok(()) => Ok(()),
        }
    }
}

fn no_super_root(timestamp: u64, reason: String) -> TraceError {
    TraceError::NoSuperRoot { timestamp, reason }
}

impl<N: SuperNode> SuperStates for NodeStates<N> {
    fn state(&self, place: SuperStep) -> Result<Bytes, TraceError> {
        Ok(self.state_at(place)?.encode().into())
    }

    /// The root that the node has by now, whatever L1 blocks it depends on. A node that has none and is behind is
    /// waited for.
    fn start(&self, timestamp: u64) -> Result<Bytes, TraceError> {
        let answer = self.node.super_root_at(timestamp)?;
        answer.check(timestamp)?;
        match answer.verified {
            Some(root) => Ok(root.super_root.encode().into()),
            None => {
                self.require_sync(timestamp, &answer)?;
                let reason = "the node has no verified one, so that no game can start there";
                Err(no_super_root(timestamp, reason.into()))
            }
        }
    }
}

impl<N: SuperNode + ?Sized> SuperNode for &N {
    fn super_root_at(&self, timestamp: u64) -> Result<SuperRootAt, TraceError> {
        (**self).super_root_at(timestamp)
    }
}
