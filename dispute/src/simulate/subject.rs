//! The subject of simulated games: the outputs of one chain, or the states of several.

use alloy_primitives::U256;

use super::board::{DELAY, KEEPER, START};
use super::opinion::{OutputOpinion, SuperOpinion, SuperTruth, Truth};
use super::scenario::Scenario;
use crate::arguments::FaultArgs;
use crate::chain::Chain;
use crate::claim::OutputRoot;
use crate::factory::{Create, Factory};
use crate::registry::{AnchorRegistry, Judge};
use crate::revert::Revert;
use crate::super_root::{SuperRoot, SuperStep};
use crate::synthetic::{Rollup, SuperProgram, SuperRollup};
use crate::trace::lie::Extent;
use crate::trace::super_node::NodeStates;
use crate::trace::{SuperStates, Trace};
use crate::vault::Vault;
use crate::vm::Vm;

/// Seconds after which a game of today that is over is final.
pub(super) const FINALITY: u64 = 302_400;

/// The subject of games.
pub trait Subject: Sized {
    /// The VM that runs steps.
    type Vm: Vm;
    /// What is true, remembered for all players.
    type Truth: 'static;
    /// What a player holds to be true.
    type Opinion<'a>: Trace;

    /// The truth about it.
    fn truth(&self) -> Self::Truth;

    /// The opinion of somebody who lies about `lie`, or about nothing.
    fn opinion(truth: &Self::Truth, lie: Option<Extent>) -> Self::Opinion<'_>;

    /// A chain with the contracts that a scenario needs, and the game's anchor.
    ///
    /// # Errors
    /// None: the keeper owns the contracts.
    fn chain(scenario: &Scenario<Self>) -> Result<Chain<Self::Vm>, Revert>;

    /// The proposal of a scenario.
    fn create(scenario: &Scenario<Self>) -> Create;

    /// Whether that proposal is right.
    fn is_right(scenario: &Scenario<Self>) -> bool;
}

impl Subject for Rollup {
    type Vm = Self;
    type Truth = Truth;
    type Opinion<'a> = OutputOpinion<'a>;

    fn truth(&self) -> Truth {
        Truth::new(*self)
    }

    fn opinion(truth: &Truth, lie: Option<Extent>) -> OutputOpinion<'_> {
        OutputOpinion::new(truth, lie)
    }

    fn chain(scenario: &Scenario) -> Result<Chain<Self>, Revert> {
        let game_type = scenario.rules.params().game_type;
        let block = U256::from(scenario.anchor_block);
        let anchor = OutputRoot {
            root: scenario.rollup.root(block),
            block,
        };
        let mut factory = Factory::new(KEEPER);
        factory.set_implementation(KEEPER, game_type, scenario.rules.clone())?;
        let registry = AnchorRegistry::new(KEEPER, [(game_type, anchor)]);
        let vault = Vault::new(KEEPER, DELAY);
        Ok(Chain::new(scenario.rollup, vault, registry, factory))
    }

    fn create(scenario: &Scenario) -> Create {
        Create {
            game_type: scenario.rules.params().game_type,
            root_claim: scenario.root,
            extra_data: U256::from(scenario.block).to_be_bytes_vec(),
        }
    }

    fn is_right(scenario: &Scenario) -> bool {
        let block = U256::from(scenario.block);
        scenario.block <= scenario.rollup.safe_head && scenario.root == scenario.rollup.root(block)
    }
}

/// Several chains, and the game's view of them. Anchor and proposal of the scenario are seconds.
#[derive(Clone, Debug)]
pub struct SuperSubject {
    /// The chains.
    pub rollup: SuperRollup,
    /// Number of the game's L1 head.
    pub l1_head: u64,
    /// The program over them.
    pub program: SuperProgram,
    /// The super root proposed.
    pub proposed: SuperRoot,
}

impl SuperSubject {
    /// The states of the chains, with the data up to the game's L1 head.
    pub fn states(&self) -> NodeStates<SuperRollup> {
        NodeStates {
            node: self.rollup.clone(),
            l1_head: self.l1_head,
        }
    }
}

impl Subject for SuperSubject {
    type Vm = SuperProgram;
    type Truth = SuperTruth;
    type Opinion<'a> = SuperOpinion<'a>;

    fn truth(&self) -> SuperTruth {
        SuperTruth::new(self.states(), self.program.clone())
    }

    fn opinion(truth: &SuperTruth, lie: Option<Extent>) -> SuperOpinion<'_> {
        SuperOpinion::new_super(truth, lie)
    }

    fn chain(scenario: &Scenario<Self>) -> Result<Chain<SuperProgram>, Revert> {
        let params = scenario.rules.params();
        let (version, game_type) = (params.version, params.game_type);
        let subject = &scenario.rollup;
        let start = scenario.anchor_block;
        let root = subject.rollup.super_root(start).ok_or(Revert::Empty)?;
        let anchor = OutputRoot {
            root: root.hash(),
            block: U256::from(start),
        };
        let vault = Vault::at(KEEPER.create(0), version, KEEPER, DELAY);
        let registry = KEEPER.create(1);
        let judge = Judge::new(
            registry,
            version,
            KEEPER,
            FINALITY,
            anchor,
            game_type,
            START - 1,
        );
        let args = FaultArgs {
            absolute_prestate: params.absolute_prestate,
            vm: KEEPER.create(2),
            registry,
            vault: vault.address(),
            l2_chain_id: U256::ZERO,
            roles: None,
        };
        let mut factory = Factory::of(version, KEEPER.create(3), KEEPER);
        let rules = scenario.rules.clone();
        factory.set_implementation_with(KEEPER, game_type, rules, args.encode())?;
        let mut chain = Chain::new(subject.program.clone(), vault, judge, factory);
        chain.vm_address = args.vm;
        Ok(chain)
    }

    fn create(scenario: &Scenario<Self>) -> Create {
        Create {
            game_type: scenario.rules.params().game_type,
            root_claim: scenario.root,
            extra_data: scenario.rollup.proposed.encode(),
        }
    }

    /// Whether the proposal is the state at the game's end. It is not if the data on L1 do not suffice for that state.
    fn is_right(scenario: &Scenario<Self>) -> bool {
        let end = SuperStep::start_of(scenario.block);
        let state = scenario.rollup.states().state(end);
        state.is_ok_and(|state| *state == *scenario.rollup.proposed.encode())
    }
}
