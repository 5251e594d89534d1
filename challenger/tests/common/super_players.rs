//! Who plays super games over the alphabet VM, by what a node of two chains says: the truth, and lies.

use std::sync::Arc;
use std::time::Duration;

use alloy_primitives::U256;
use fpvm_challenger::deployment::Setup;
use fpvm_challenger::read::game_params::GameParams;
use fpvm_challenger::rollup::{GameStates, SuperNodes};
use fpvm_challenger::scheduler::{TraceSource, Unplayable};
use fpvm_dispute::super_root::{SuperRoot, SuperStep};
use fpvm_dispute::synthetic::SuperRollup;
use fpvm_dispute::trace::lie::{Extent, Lie};
use fpvm_dispute::trace::super_split::SuperSplitTrace;
use fpvm_e2e::op_node::{Known, OpNode};
use fpvm_e2e::super_roots::{super_roots, two_chains};
use fpvm_l1::{Chain, Rpc};

use super::players::{Alphabet, known};
use super::super_game;

/// From what to what games go, in seconds of L2 time: far enough back that L1 has the data of all of it.
pub(crate) const START: u64 = 100;
pub(crate) const END: u64 = START + 2;

fn rollup() -> SuperRollup {
    two_chains(1_000_000)
}

pub(crate) fn node() -> OpNode {
    OpNode::start(Known {
        super_roots: super_roots(rollup()),
        ..Known::default()
    })
}

pub(crate) fn setup() -> Setup {
    super_game(&root_at(START), None)
}

/// What somebody knows from a node, or makes of it.
pub(crate) struct Told {
    nodes: Arc<SuperNodes>,
    chain: Arc<dyn Chain>,
    extent: Extent,
}

pub(crate) const TRUTH: Extent = Extent {
    outputs_from: None,
    steps_from: None,
    salt: 0,
};

impl Told {
    pub(crate) fn by(node: &OpNode, chain: Arc<dyn Chain>, extent: Extent) -> Self {
        let rpc = Rpc::node(&node.url, Duration::ZERO).expect("a URL");
        Self {
            nodes: Arc::new(SuperNodes::new(vec![Arc::new(rpc)])),
            chain,
            extent,
        }
    }
}

impl TraceSource for Told {
    type Trace = SuperSplitTrace<Lie<GameStates>, Lie<Alphabet>>;

    fn of(&mut self, game_params: &GameParams) -> Result<Self::Trace, Unplayable> {
        if !game_params.is_won_at_creation() {
            known(game_params)?;
        }
        let states = self.nodes.seen_by(game_params, &*self.chain);
        let (truth, extent) = (
            states.map_err(|error| Unplayable {
                why: error.to_string(),
                is_final: false,
            })?,
            self.extent,
        );
        Ok(SuperSplitTrace {
            states: Lie { truth, extent },
            executions: Lie {
                truth: Alphabet,
                extent,
            },
        })
    }
}

/// Lies from a place on.
pub(crate) fn lies(place: SuperStep, salt: u64) -> Extent {
    Extent {
        outputs_from: Some(U256::from(place.number())),
        steps_from: Some(0),
        salt,
    }
}

pub(crate) fn root_at(timestamp: u64) -> SuperRoot {
    rollup().super_root(timestamp).expect("it has all")
}

/// What a liar who lies from a place on proposes: it holds all of that for true.
pub(crate) fn own_lie(extent: Extent) -> SuperRoot {
    let end = SuperStep::start_of(END);
    let state = extent.other_outputs(end, &root_at(END).encode());
    SuperRoot::decode(&state.encode()).expect("a super root")
}
