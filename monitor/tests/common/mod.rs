//! Games on a chain in the process, and nodes that say what is true about them.
#![allow(dead_code, reason = "each test uses its part")]

#[path = "../../../challenger/tests/common/mod.rs"]
#[allow(unexpected_cfgs, reason = "the challenger's tests have features")]
pub(crate) mod chain;

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use alloy_primitives::{Address, B256, U256};
use alloy_sol_types::{SolCall as _, SolValue as _};
use chain::between::Hook;
use chain::players::{CHEAT, HONEST, PROPOSED, outputs};
use chain::table::read;
use chain::{account, deployment, wallet};
use fpvm_challenger::calls;
use fpvm_challenger::deployment::{Deployment, Setup};
use fpvm_challenger::factory::Factory;
use fpvm_contracts::game::abi::{DisputeGameFactory, FaultDisputeGame, Judge};
use fpvm_dispute::call::GameAction;
use fpvm_dispute::claim::Side;
use fpvm_dispute::game::moves::Move;
use fpvm_dispute::trace::Outputs as _;
use fpvm_e2e::op_node::{Known, OpNode, Output};
use fpvm_l1::{Bytes, Call, Chain, Error, Local, Request, Rpc};
use fpvm_monitor::metrics::Metrics;
use fpvm_monitor::problems::{Grade, Kind, Problem, problems};
use fpvm_monitor::survey::{Monitor, Options, Survey};
use fpvm_monitor::truth::Truth;

/// The owner and guardian.
pub(crate) const OWNER: u8 = 1;
/// All games there are.
pub(crate) const WINDOW: u64 = 365 * 86_400;

/// The true root of a block.
pub(crate) fn root(block: u64) -> B256 {
    outputs().output(U256::from(block)).expect("listed")
}

/// A world, and what watches it.
pub(crate) struct World {
    pub(crate) chain: Local,
    pub(crate) deployment: Deployment,
    game_type: u32,
}

impl World {
    pub(crate) fn new(setup: &Setup) -> Self {
        let (chain, deployment) = deployment(setup);
        Self {
            chain,
            deployment,
            game_type: setup.params.game_type,
        }
    }

    pub(crate) fn factory(&self) -> Factory {
        Factory(self.deployment.factory)
    }

    /// A game about a root of a block.
    pub(crate) fn propose(&self, root: B256, block: u64) -> Address {
        let mut proposer = wallet(Arc::new(self.chain.clone()), CHEAT);
        let block = U256::from(block);
        let factory = self.factory();
        let game = factory.create(&mut proposer, self.game_type, root, block, &mut |_| ());
        game.expect("it is created")
    }

    pub(crate) fn send(&self, key: u8, request: Request) {
        let mut sender = wallet(Arc::new(self.chain.clone()), key);
        let sent = sender.send(&[request], &mut |_| ());
        sent.unwrap_or_else(|error| panic!("{}", fpvm_challenger::reasons::sending(&error)));
    }

    pub(crate) fn act(&self, key: u8, game: Address, action: &GameAction) {
        self.send(key, calls::game(game, action, 0));
    }

    /// The honest player attacks a claim of a game.
    pub(crate) fn attack(&self, key: u8, game: Address, parent: usize) {
        let (params, seen) = read(&self.chain, game);
        let disputed = &seen.claims()[parent];
        let bond = params.rules.required_bond(disputed.position.attack());
        let action = GameAction::Move(Move {
            disputed: disputed.claim,
            parent,
            claim: root(PROPOSED / 2),
            side: Side::Attack,
        });
        self.send(key, calls::game(game, &action, bond.expect("a bond")));
    }

    /// All claims of a game are resolved, and the game.
    pub(crate) fn resolve(&self, game: Address) {
        let (_, seen) = read(&self.chain, game);
        for claim in (0..seen.claims().len()).rev() {
            let count = U256::ZERO;
            self.act(OWNER, game, &GameAction::ResolveClaim { claim, count });
        }
        self.act(OWNER, game, &GameAction::Resolve);
    }

    pub(crate) fn blacklist(&self, game: Address) {
        let data = Judge::blacklistDisputeGameCall { game }.abi_encode();
        self.guardian(self.deployment.registry, data);
    }

    /// The guardian calls a contract.
    pub(crate) fn guardian(&self, to: Address, data: Vec<u8>) {
        let request = Request {
            what: "do it".into(),
            to: Some(to),
            data: data.into(),
            value: U256::ZERO,
            gas: None,
        };
        self.send(OWNER, request);
    }

    pub(crate) fn options(&self) -> Options {
        Options {
            factory: self.factory(),
            window: WINDOW,
            honest: BTreeSet::from([account(HONEST)]),
            ignored: BTreeSet::new(),
            threads: 2,
        }
    }

    pub(crate) fn monitor(&self, nodes: &[&OpNode]) -> Monitor {
        self.monitor_by(Arc::new(self.chain.clone()), nodes)
    }

    /// A monitor with somebody between it and the chain.
    pub(crate) fn monitor_by(&self, chain: Arc<dyn Chain>, nodes: &[&OpNode]) -> Monitor {
        Monitor::new(chain, truth(nodes), self.options())
    }

    pub(crate) fn monitor_with(&self, options: Options, nodes: &[&OpNode]) -> Monitor {
        Monitor::new(Arc::new(self.chain.clone()), truth(nodes), options)
    }
}

fn truth(nodes: &[&OpNode]) -> Truth {
    let rpc = |node: &&OpNode| Arc::new(Rpc::node(&node.url, Duration::ZERO).expect("a URL"));
    Truth::new(nodes.iter().map(rpc), None)
}

/// A node that knows the true roots, and has read L1 to its end.
pub(crate) fn node() -> OpNode {
    let output = |block| Output {
        root: root(block).to_string(),
        state_root: B256::ZERO.to_string(),
        withdrawals: B256::ZERO.to_string(),
        hash: B256::repeat_byte(block as u8).to_string(),
        header: "0x".into(),
    };
    OpNode::start(Known {
        first: 0,
        outputs: (0..=PROPOSED).map(output).collect(),
        current_l1: u64::MAX >> 1,
        safe_heads: vec![(0, PROPOSED)],
        keeps_safe_heads: true,
        ..Known::default()
    })
}

/// A look, with what is wrong and the figures.
pub(crate) struct Look {
    pub(crate) survey: Survey,
    pub(crate) problems: Vec<Problem>,
    pub(crate) metrics: String,
}

impl Look {
    pub(crate) fn at(monitor: &mut Monitor) -> Self {
        let survey = monitor.round().expect("the chain answers");
        let problems = problems(&survey);
        let mut metrics = Metrics::default();
        metrics.round_done(&survey, Duration::from_secs(1), 7);
        let metrics = metrics.text(Some((&survey, &problems)));
        Self {
            survey,
            problems,
            metrics,
        }
    }

    /// What is wrong with a game, the notices aside.
    pub(crate) fn of(&self, game: Address) -> Vec<(Grade, Kind)> {
        let own = self
            .problems
            .iter()
            .filter(|problem| problem.game == Some(game));
        own.map(|problem| (problem.grade, problem.kind)).collect()
    }

    /// A figure; its name with its labels.
    pub(crate) fn figure(&self, name: &str) -> f64 {
        let line = self
            .metrics
            .lines()
            .find_map(|line| line.strip_prefix(name));
        let line = line.unwrap_or_else(|| panic!("no {name} in\n{}", self.metrics));
        line.trim().parse().expect("a number")
    }

    pub(crate) fn agreement(&self, status: &str) -> f64 {
        let start = format!("op_dispute_mon_games_agreement{{status=\"{status}\",");
        let line = self.metrics.lines().find(|line| line.starts_with(&start));
        let line = line.unwrap_or_else(|| panic!("no {start} in\n{}", self.metrics));
        line.rsplit(' ')
            .next()
            .expect("a word")
            .parse()
            .expect("a number")
    }
}

/// Answers as games of other kinds do.
pub(crate) struct Strange {
    /// Games whose version is said to be this.
    pub(crate) versions: Vec<(Address, String)>,
    /// Games of the factory that are said to be of this type.
    pub(crate) types: Vec<(u64, u32, Address)>,
    /// When those are said to be made.
    pub(crate) time: u64,
}

impl Hook for Strange {
    fn answer(&self, call: &Call) -> Option<Result<Bytes, Error>> {
        // Many questions in one call pass nobody in between.
        let Some(to) = call.to else {
            return Some(Err(Error::Setup("one question at a time".into())));
        };
        if call
            .data
            .starts_with(&FaultDisputeGame::versionCall::SELECTOR)
        {
            let found = self.versions.iter().find(|(game, _)| *game == to);
            return found.map(|(_, version)| Ok(version.clone().abi_encode().into()));
        }
        let at = DisputeGameFactory::gameAtIndexCall::abi_decode(&call.data);
        let index: u64 = at.ok()?.index.saturating_to();
        let found = self.types.iter().find(|(number, ..)| *number == index);
        found.map(|(_, of, game)| Ok((*of, self.time, *game).abi_encode().into()))
    }

    fn pause(&self, chain: &Local) {
        chain.mine(1);
    }
}
