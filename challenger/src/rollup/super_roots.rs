//! The states of several chains, from the rollup's nodes: op-node, which serves its one chain, or op-supernode.
//!
//! An answer is believed only if it is plausible, as with outputs. A node that has not read L1 past the game's L1 head
//! is waited for. All others must say the same. If a node has nothing at one second, it must have nothing at all later
//! ones, because a second is verified only when the second before is. A game whose starting root is not the nodes' own
//! is not played.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use alloy_primitives::{B256, Bytes, keccak256};
use fpvm_dispute::super_root::{INVALID, SuperRoot, SuperState, SuperStep};
use fpvm_dispute::trace::super_node::{NodeStates, SuperNode, SuperRootAt};
use fpvm_dispute::trace::{SuperStates, TraceError};
use fpvm_l1::{Block, Chain, Rpc};
use serde_json::{Value, json};

use super::l1_heads::L1Heads;
use super::node::Node;
use super::super_answer::{current_l1, newest, parse};
use super::{Doubts, Finality, SourceError};
use crate::read::game_params::GameParams;

/// The most answers that are remembered of a node.
const REMEMBERED: usize = 4_096;
/// For how long an answer is remembered: a reorg of L1 may change it.
const FRESH: Duration = Duration::from_secs(60);

/// Nodes that answer `superroot_atTimestamp`.
#[derive(Debug)]
pub struct SuperNodes {
    nodes: Vec<SuperRootNode>,
    l1_heads: L1Heads,
    doubts: Doubts,
}

/// A node, and what it has said.
#[derive(Debug)]
pub struct SuperRootNode {
    pub(super) node: Node,
    answers: Mutex<BTreeMap<u64, (Instant, SuperRootAt)>>,
}

/// The states as one game sees them: as far as L1's data up to its head determine them.
#[derive(Clone, Debug)]
pub struct GameStates {
    nodes: Arc<SuperNodes>,
    /// Number of the game's L1 head.
    l1_head: u64,
    /// The game's timestamp.
    end: u64,
    /// Whether L1 counts as it is now, and not up to the game's head. That is so for a game that is won at its
    /// creation, because there only the truth of its super root matters.
    by_now: bool,
}

impl SuperNodes {
    /// Super root nodes, at least one.
    pub fn new(nodes: Vec<Arc<Rpc>>) -> Self {
        let nodes = nodes.into_iter().map(|rpc| SuperRootNode {
            node: Node::new(rpc),
            answers: Mutex::default(),
        });
        Self {
            nodes: nodes.collect(),
            l1_heads: L1Heads::default(),
            doubts: Doubts::default(),
        }
    }

    /// The states as a game sees them.
    ///
    /// # Errors
    /// If no node answers, is so far, or says what is plausible; if they do not say the same; or if the game starts
    /// from another super root than theirs.
    pub fn seen_by(
        self: &Arc<Self>,
        game: &GameParams,
        l1: &dyn Chain,
    ) -> Result<GameStates, SourceError> {
        let states = self.about(game, l1)?;
        // A game that is won at its creation starts from nothing.
        if !game.is_won_at_creation() {
            let start = u64::try_from(game.starting.block);
            let start = start.map_err(|_| SourceError::NoTimestamp(game.starting.block))?;
            let own = keccak256(states.start(start)?);
            if own != game.starting.root {
                return Err(SourceError::Trace(TraceError::WrongStart {
                    timestamp: start,
                    game: game.starting.root,
                    node: own,
                }));
            }
        }
        self.doubt(game, l1, &states)?;
        Ok(states)
    }

    /// The states up to a game's L1 head and timestamp.
    fn about(
        self: &Arc<Self>,
        game: &GameParams,
        l1: &dyn Chain,
    ) -> Result<GameStates, SourceError> {
        let end = game.proposal.l2_block;
        Ok(GameStates {
            nodes: self.clone(),
            l1_head: self.l1_heads.number(game.proposal.l1_head, l1)?,
            end: u64::try_from(end).map_err(|_| SourceError::NoTimestamp(end))?,
            by_now: game.is_won_at_creation(),
        })
    }

    /// Whether the nodes have to be asked again, because the proposal is their own super root, although L1 up to the
    /// game's head does not determine it: see [`Doubts`].
    fn doubt(
        &self,
        game: &GameParams,
        l1: &dyn Chain,
        states: &GameStates,
    ) -> Result<(), SourceError> {
        let is_own = *states.state(SuperStep::start_of(states.end))? == *INVALID
            && states
                .start(states.end)
                .is_ok_and(|own| keccak256(own) == game.proposal.root_claim);
        let said = format!(
            "{} says that L1 up to block {} does not determine the super root at timestamp {}",
            self.names(),
            states.l1_head,
            states.end
        );
        let at = format!("timestamp {}", states.end);
        self.doubts
            .settle(game, l1, is_own, self.nodes.len(), said, at)
    }

    /// The states up to a second, as far as L1 up to its block `l1_head` determines them.
    pub(super) fn up_to(self: &Arc<Self>, l1_head: u64, end: u64) -> GameStates {
        GameStates {
            nodes: self.clone(),
            l1_head,
            end,
            by_now: false,
        }
    }

    /// The super root of a second as it is verified by L1 up to its newest block `head`. This is the one to propose,
    /// because `head` becomes the game's L1 head.
    ///
    /// # Errors
    /// If no node has one, they do not say the same, it takes more of L1, or the second is later than the block.
    pub fn super_root(
        self: &Arc<Self>,
        timestamp: u64,
        head: &Block,
    ) -> Result<SuperRoot, SourceError> {
        let reason = format!("L1 is at {}, and that is later", head.time);
        if timestamp > head.time {
            return Err(TraceError::NoSuperRoot { timestamp, reason }.into());
        }
        let states = GameStates {
            nodes: self.clone(),
            l1_head: 0,
            end: timestamp,
            by_now: true,
        };
        let root = states.start(timestamp)?;
        for node in self.each() {
            let said = node.super_root_at(timestamp, 0).ok();
            let takes = said.and_then(|said| Some(said.verified?.required_l1));
            if let Some(takes) = takes.filter(|takes| *takes > head.number) {
                let (node, number) = (node.name(), head.number);
                let reason = format!(
                    "{node} says that it takes L1 up to block {takes}, and L1 is at block {number}: wait, or choose an \
                     earlier second"
                );
                return Err(TraceError::NoSuperRoot { timestamp, reason }.into());
            }
        }
        SuperRoot::decode(&root).map_err(|why| {
            let reason = format!("what the node gives is none: {why}");
            SourceError::Trace(TraceError::NoSuperRoot { timestamp, reason })
        })
    }

    /// The single nodes, each with its own answers.
    pub fn each(&self) -> impl Iterator<Item = &SuperRootNode> {
        self.nodes.iter()
    }

    /// The nodes, in words.
    pub(super) fn names(&self) -> String {
        let names: Vec<_> = self.each().map(SuperRootNode::name).collect();
        names.join(", ")
    }
}

impl SuperRootNode {
    /// What messages call it.
    pub fn name(&self) -> String {
        self.node.name()
    }

    /// The block of L1 that it is working on: it has read all those below. L1's time is `now`.
    ///
    /// # Errors
    /// If it does not answer, or not as op-node does.
    pub fn current_l1(&self, now: u64) -> Result<u64, SourceError> {
        Ok(current_l1(&self.ask(now)?)?)
    }

    /// The newest second of this certainty; L1's time is `now`.
    ///
    /// # Errors
    /// If it does not answer, or not as op-node does.
    pub fn head(&self, finality: Finality, now: u64) -> Result<u64, SourceError> {
        Ok(newest(&self.ask(now)?, finality)?)
    }

    fn ask(&self, timestamp: u64) -> Result<Value, SourceError> {
        let number = format!("{timestamp:#x}");
        self.node.ask("superroot_atTimestamp", json!([number]))
    }

    /// The node's answer about a second. A remembered answer counts only if the node had read L1 past `l1_head` then.
    /// The answer may be about another second, or have chains in no order.
    ///
    /// # Errors
    /// `NoSuperRoot` if it does not answer, or not as op-node does.
    pub fn super_root_at(&self, timestamp: u64, l1_head: u64) -> Result<SuperRootAt, TraceError> {
        let known = || self.answers.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((since, answer)) = known().get(&timestamp)
            && since.elapsed() < FRESH
            && answer.current_l1 > l1_head
        {
            return Ok(answer.clone());
        }
        let answer = self.ask(timestamp);
        let no_super_root = |reason| TraceError::NoSuperRoot { timestamp, reason };
        let answer = answer.map_err(|error| no_super_root(error.to_string()))?;
        let answer = parse(&answer);
        let answer = answer.map_err(|why| {
            no_super_root(format!("the answer of {} is none: {why}", self.node.name()))
        })?;
        let mut known = known();
        if known.len() >= REMEMBERED {
            known.clear();
        }
        known.insert(timestamp, (Instant::now(), answer.clone()));
        Ok(answer)
    }
}

/// A node, asked for a game.
#[derive(Clone, Copy)]
struct Asked<'a> {
    node: &'a SuperRootNode,
    l1_head: u64,
    by_now: bool,
}

impl SuperNode for Asked<'_> {
    fn super_root_at(&self, timestamp: u64) -> Result<SuperRootAt, TraceError> {
        let mut answer = self.node.super_root_at(timestamp, self.l1_head)?;
        if let Some(root) = answer.verified.as_mut().filter(|_| self.by_now) {
            root.required_l1 = 0;
        }
        Ok(answer)
    }
}

impl Asked<'_> {
    fn states(self) -> NodeStates<Self> {
        NodeStates {
            l1_head: self.l1_head,
            node: self,
        }
    }

    /// The state at a place, in a game up to the second `end`.
    fn state(self, place: SuperStep, end: u64) -> Result<Bytes, TraceError> {
        let state = self.states().state(place)?;
        // This is asked only if the node has nothing, because it has something for most seconds.
        if *state != *INVALID || place.timestamp >= end {
            return Ok(state);
        }
        if *self.states().state(SuperStep::start_of(end))? == *INVALID {
            return Ok(state);
        }
        let reason = format!(
            "{} has nothing at step {} after it, and yet the super root at timestamp {end}, by the same blocks of \
             L1: it leaves data out",
            self.node.node.name(),
            place.step
        );
        Err(TraceError::NoSuperRoot {
            timestamp: place.timestamp,
            reason,
        })
    }
}

impl GameStates {
    /// The answer of all nodes that answer, if they say the same.
    fn agreed(
        &self,
        timestamp: u64,
        ask: impl Fn(Asked<'_>) -> Result<Bytes, TraceError>,
    ) -> Result<Bytes, TraceError> {
        let (mut said, mut behind, mut failed) = (None::<(&Node, Bytes)>, None, None);
        for of in &self.nodes.nodes {
            let asked = Asked {
                node: of,
                l1_head: self.l1_head,
                by_now: self.by_now,
            };
            match (ask(asked), &said) {
                (Ok(state), None) => said = Some((&of.node, state)),
                (Ok(state), Some((first, other))) if state != *other => {
                    let reason = difference([(first, other), (&of.node, &state)]);
                    return Err(TraceError::NoSuperRoot { timestamp, reason });
                }
                (Ok(_), Some(_)) => {}
                (Err(error @ TraceError::NotInSync { .. }), _) => behind = Some(error),
                (Err(error), _) => {
                    of.node.warn("No super root", &error);
                    failed = Some(error);
                }
            }
        }
        match (said, behind.or(failed)) {
            (Some((_, state)), _) => Ok(state),
            (None, Some(error)) => Err(error),
            (None, None) => Err(TraceError::NoSuperRoot {
                timestamp,
                reason: "there is no node".into(),
            }),
        }
    }
}

/// The difference between the states of two nodes, in words.
fn difference([(a, one), (b, two)]: [(&Node, &Bytes); 2]) -> String {
    let (a, b) = (a.name(), b.name());
    let chains = |state: &Bytes| match SuperState::decode(state) {
        Ok(SuperState::SuperRoot(root)) => Some((root.chains, Vec::new())),
        Ok(SuperState::Transition(state)) => Some((state.super_root.chains, state.progress)),
        Ok(SuperState::Invalid) | Err(_) => None,
    };
    if let (Some((first, made)), Some((second, other))) = (chains(one), chains(two)) {
        let differ = |(x, y): &(_, _)| x != y;
        if let Some((x, y)) = first.iter().zip(&second).find(differ) {
            return format!(
                "{a} has the output root {} for chain {}, and {b} has {} for chain {}: nothing is done until they agree",
                x.output_root, x.chain_id, y.output_root, y.chain_id
            );
        }
        let place = made.iter().zip(&other).position(|(x, y)| x != y);
        if let Some(chain) = place.and_then(|place| first.get(place)) {
            return format!(
                "{a} and {b} have different blocks of chain {} in the next second: nothing is done until they agree",
                chain.chain_id
            );
        }
    }
    let what = |state: &Bytes| {
        if **state == *INVALID {
            "none".to_owned()
        } else {
            keccak256(state).to_string()
        }
    };
    format!(
        "{a} has {}, and {b} has {}: nothing is done until they agree",
        what(one),
        what(two)
    )
}

impl SuperStates for GameStates {
    fn state(&self, place: SuperStep) -> Result<Bytes, TraceError> {
        self.agreed(place.timestamp, |asked| asked.state(place, self.end))
    }

    fn start(&self, timestamp: u64) -> Result<Bytes, TraceError> {
        self.agreed(timestamp, |asked| asked.states().start(timestamp))
    }

    fn source(&self, place: SuperStep) -> Option<String> {
        let state: B256 = keccak256(self.state(place).ok()?);
        let SuperStep { timestamp, step } = place;
        Some(format!(
            "{} has {state} for step {step} after timestamp {timestamp}, by L1 up to block {}",
            self.nodes.names(),
            self.l1_head
        ))
    }
}
