//! A recent block of a rollup, or a recent step of a super game, with all that an execution of it takes: what
//! op-challenger's `run-trace` would choose.

use std::sync::Arc;

use alloy_primitives::{U256, keccak256};
use fpvm_dispute::claim::OutputRoot;
use fpvm_dispute::super_root::{CONSOLIDATION, INVALID, SuperRoot, SuperStep};
use fpvm_dispute::trace::{Inputs, SuperInputs, SuperStates as _, TraceError};
use fpvm_l1::{At, Chain};

use super::newest::least;
use super::node::{L1Block, Node};
use super::{Finality, Nodes, SourceError, SuperNodes};

/// The longest span of L1 blocks that is looked at for the end of a batch, and how often it is.
const SPAN: u64 = 32;
const SPANS: usize = 10;
/// So many seconds after the step in question lies the end of a super game.
const BEYOND: u64 = 10;

/// How old the game is that an execution could be of, in blocks of L1.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Age {
    /// From its L1 head to now.
    pub game: u64,
    /// From the L1 data of its block to its L1 head.
    pub proposal: u64,
}

impl Age {
    /// A game of now about a block of now.
    pub const NONE: Self = Self {
        game: 0,
        proposal: 0,
    };
    /// A game that was played for as long as clocks and their extensions permit, 16 days, about a block that was 7 days old
    /// when it was proposed, at an L1 block each 12 seconds.
    pub const PLAYED: Self = Self {
        game: 16 * 7_200,
        proposal: 7 * 7_200,
    };
}

impl Nodes {
    /// The execution of a block that was determined by L1 some time ago: the first or the last of a batch, or any of one.
    /// `random` gives a number below another. All nodes that answer have to have the same outputs.
    ///
    /// # Errors
    /// If no node answers, they do not agree, or there is no such block yet.
    pub fn recent(
        &self,
        l1: &dyn Chain,
        age: Age,
        random: &mut dyn FnMut(u64) -> u64,
    ) -> Result<Inputs, SourceError> {
        let mut failed = None;
        for node in &self.rollup {
            match choose(node, l1, age, random) {
                Ok((head, candidates)) => return self.execution(node, head, candidates),
                Err(error) => {
                    node.warn("No heads", &error);
                    failed.get_or_insert(error);
                }
            }
        }
        Err(failed.unwrap_or(SourceError::NoNode))
    }

    /// The execution of the first of some blocks that has one before it.
    fn execution(
        &self,
        node: &Node,
        head: L1Block,
        candidates: [u64; 2],
    ) -> Result<Inputs, SourceError> {
        let mut failed = None;
        for block in candidates {
            let Some(before) = block.checked_sub(1) else {
                continue;
            };
            // A node knows nothing before the rollup's first block, which a batch may end with.
            match self.output(U256::from(before)) {
                Ok(agreed) => {
                    let disputed = self.output(U256::from(block))?;
                    return Ok(Inputs {
                        l1_head: head.hash,
                        starting: OutputRoot {
                            root: agreed.output_root,
                            block: U256::from(before),
                        },
                        disputed: OutputRoot {
                            root: disputed.output_root,
                            block: U256::from(block),
                        },
                    });
                }
                Err(error) => failed = Some(error),
            }
        }
        Err(failed.map_or_else(
            || nothing(node.name(), "L1 determines the rollup's first block alone"),
            SourceError::from,
        ))
    }
}

/// The L1 head of a game, and the blocks to choose from: the second where the first has none before it.
fn choose(
    node: &Node,
    l1: &dyn Chain,
    age: Age,
    random: &mut dyn FnMut(u64) -> u64,
) -> Result<(L1Block, [u64; 2]), SourceError> {
    let heads = node.l1_progress()?;
    // A node that catches up has not read the finalised block yet; one that has just begun does not know it.
    let newest = match heads.finalized {
        finalized if finalized.number == 0 || finalized.number > heads.current.number => {
            heads.current
        }
        finalized => finalized,
    };
    if newest.number == 0 {
        return Err(nothing(node.name(), "it has read no block of L1"));
    }
    let aged = |from: u64, blocks: u64| {
        let earlier = from.checked_sub(blocks).filter(|earlier| *earlier != from);
        match earlier {
            Some(earlier) if node.known_safe_head(earlier)?.is_some() => Ok(earlier),
            // The rollup is not so old, or the node does not know.
            _ => Ok::<_, SourceError>(from),
        }
    };
    let game = aged(newest.number, age.game)?;
    let source = aged(game, age.proposal)?;
    let head = if game == newest.number {
        newest
    } else {
        L1Block {
            hash: l1.block(At::Number(game))?.hash,
            number: game,
        }
    };
    let last = node.safe_head_at(source)?;
    Ok((head, [of_batch(node, source, last, random)?, last]))
}

/// A block of the batches of which the newest, determined by L1 up to its block `l1`, ends with the block `last`.
fn of_batch(
    node: &Node,
    mut l1: u64,
    last: u64,
    random: &mut dyn FnMut(u64) -> u64,
) -> Result<u64, SourceError> {
    for _ in 0..SPANS {
        let Some(earlier) = l1.checked_sub(SPAN) else {
            break;
        };
        l1 = earlier;
        let Some(before) = node.known_safe_head(l1)? else {
            break;
        };
        if before < last {
            return Ok(match random(3) {
                0 => before + 1,
                1 => before,
                _ => before + 1 + random(last - before),
            });
        }
    }
    Ok(last)
}

impl SuperNodes {
    /// The execution of a step in the newest second that follows from finalised L1 blocks: the block of one of the chains,
    /// a step without a chain, or the one that checks messages. `random` gives a number below another.
    ///
    /// # Errors
    /// If no node answers, they do not agree, or there is no such second yet.
    pub fn recent(
        self: &Arc<Self>,
        l1: &dyn Chain,
        random: &mut dyn FnMut(u64) -> u64,
    ) -> Result<SuperInputs, SourceError> {
        let now = l1.block(At::Latest)?.time;
        let heads = self.each();
        let heads = heads.map(|of| (&of.node, of.head(Finality::Finalized, now)));
        let claimed = least(heads)?;
        let read = self.each().map(|of| (&of.node, of.current_l1(now)));
        let read = least(read)?;
        let agreed = claimed.checked_sub(1);
        let (Some(agreed), Some(below)) = (agreed, read.checked_sub(1)) else {
            return Err(nothing(self.names(), "no second is final"));
        };
        // What is final is determined by L1's finalised block, which no reorg drops.
        let mut head = l1.block(At::Finalized)?;
        if head.number > below {
            head = l1.block(At::Number(below))?;
        }
        let states = self.up_to(head.number, claimed.saturating_add(BEYOND));
        let start = SuperRoot::decode(&states.start(agreed)?);
        let start = start.map_err(|why| TraceError::NoSuperRoot {
            timestamp: agreed,
            reason: format!("what the node gives is none: {why}"),
        })?;
        let chains = start.chains.len() as u64;
        let step = match random(chains.saturating_add(2)) {
            number if number <= chains => number,
            _ => CONSOLIDATION,
        };
        let place = SuperStep {
            timestamp: agreed,
            step,
        };
        let (before, after) = (states.state(place)?, states.state(place.next())?);
        if *before == *INVALID || *after == *INVALID {
            let why = format!(
                "L1 up to block {} does not determine second {claimed}",
                head.number
            );
            return Err(nothing(self.names(), &why));
        }
        Ok(SuperInputs {
            l1_head: head.hash,
            agreed: keccak256(&before),
            agreed_state: Some(before),
            claim: keccak256(&after),
            timestamp: claimed.saturating_add(BEYOND),
        })
    }
}

fn nothing(node: String, why: &str) -> SourceError {
    let why = why.to_owned();
    SourceError::NothingRecent { node, why }
}
