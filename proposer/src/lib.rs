//! Proposals of a rollup's outputs or super roots, at an interval: what op-proposer does.
//!
//! [`Proposer::round`] looks at the chain and at the rollup's nodes, and creates a game if one is due. It keeps
//! nothing from one round to the next: it reads from the factory whether a game is due, so it survives restarts and
//! reorgs without a file. [`Service`] does round after round, and [`metrics`] has its metrics.

#![allow(
    clippy::result_large_err,
    reason = "beside a request to a node, the size of an error is nothing"
)]

mod due;
pub mod metrics;
mod service;

use std::sync::Arc;

use alloy_primitives::{Address, B256, U256};
use fpvm_challenger::factory::{Claimed, CreateError, Factory, Listed};
use fpvm_challenger::game_type::GameType;
use fpvm_challenger::read::{ReadError, Reader};
use fpvm_challenger::rollup::{Finality, Nodes, SourceError, SuperNodes};
use fpvm_l1::{At, Block, Progress, SendError, Wallet};
use serde::Serialize;

pub use service::{Service, ServiceError};

/// What is proposed, and when.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Options {
    /// The factory that creates the games.
    pub factory: Factory,
    /// Their type.
    pub game_type: GameType,
    /// The least time from one game of the account to its next, in seconds of L1.
    pub interval: u64,
    /// Which of the rollup's blocks, or seconds, are proposed.
    pub finality: Finality,
    /// Whether nothing is sent.
    pub dry_run: bool,
}

/// The source of the roots that are proposed.
#[derive(Clone, Debug)]
pub enum Source {
    /// Nodes of a rollup, whose outputs are proposed.
    Outputs(Arc<Nodes>),
    /// Nodes of several chains, whose super roots are proposed.
    SuperRoots(Arc<SuperNodes>),
}

/// Proposes from one account.
#[allow(missing_debug_implementations, reason = "a chain need not have one")]
pub struct Proposer {
    wallet: Wallet,
    source: Source,
    options: Options,
}

/// What is proposed.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Proposal {
    /// The number of the L2 block; of a super root its timestamp, in seconds since 1970.
    pub sequence_number: u64,
    /// The output root, or the super root.
    pub root: B256,
}

/// The outcome of a round.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize)]
#[serde(rename_all = "kebab-case", tag = "event")]
pub enum Outcome {
    /// The account has created a game within the interval.
    Waiting {
        /// That game.
        game: Address,
        /// From this time of L1 on the next is due, in seconds since 1970.
        until: u64,
    },
    /// The rollup's nodes have no block but the first.
    Genesis,
    /// The newest block is the one that the account has proposed last.
    Unchanged {
        /// The game about it.
        game: Address,
    },
    /// The nodes have not reached the account's last proposal.
    Behind {
        /// The game about it.
        game: Address,
        /// The nodes' newest block, or second.
        sequence_number: u64,
    },
    /// Somebody has proposed the same.
    Exists {
        /// The game about it.
        game: Address,
        /// What it is about.
        proposal: Proposal,
    },
    /// A game would be created, but nothing is sent.
    Planned {
        /// What it would be about.
        proposal: Proposal,
    },
    /// A game is created.
    Proposed {
        /// The game.
        game: Address,
        /// What it is about.
        proposal: Proposal,
    },
}

impl Outcome {
    /// Whether it is another than the outcome before; nodes that get on are still behind.
    pub fn is_news_after(&self, before: &Self) -> bool {
        match (self, before) {
            (Self::Behind { game, .. }, Self::Behind { game: other, .. }) => game != other,
            _ => self != before,
        }
    }
}

/// A round failed.
#[derive(Debug, thiserror::Error)]
pub enum ProposeError {
    /// The chain or the factory cannot be read.
    #[error(transparent)]
    Read(#[from] ReadError),
    /// The chain's newest block is older than what the account has done.
    #[error(
        "the L1 node has answered with block {block}, which is from before the account's last transaction: waiting for it"
    )]
    Stale {
        /// The block's number.
        block: u64,
    },
    /// The rollup's nodes do not answer, or contradict each other.
    #[error(transparent)]
    Source(#[from] SourceError),
    /// Earlier transactions of the account are not settled.
    #[error("{}", fpvm_challenger::reasons::sending(.0))]
    Send(#[from] SendError),
    /// No game is created.
    #[error(transparent)]
    Create(#[from] CreateError),
}

impl Proposer {
    /// A proposer that proposes the source's roots from the wallet's account.
    pub const fn new(wallet: Wallet, source: Source, options: Options) -> Self {
        Self {
            wallet,
            source,
            options,
        }
    }

    /// Looks once, and creates a game if one is due.
    ///
    /// # Errors
    /// See [`ProposeError`]; the next round may succeed.
    pub fn round(&mut self, report: &mut dyn FnMut(Progress<'_>)) -> Result<Outcome, ProposeError> {
        let Options {
            factory, game_type, ..
        } = self.options;
        // Transactions of an earlier process come first: one of them may create the game that is due.
        let nonce = if self.options.dry_run {
            None
        } else {
            Some(self.wallet.settle(report)?)
        };
        let chain = self.wallet.chain().clone();
        let reader = Reader::newest(&*chain)?;
        // Nodes behind one address may be a block apart.
        let (account, at) = (self.wallet.address(), At::Hash(reader.block.hash));
        if let Some(nonce) = nonce
            && chain.nonce_at(account, at).map_err(ReadError::from)? < nonce
        {
            let block = reader.block.number;
            return Err(ProposeError::Stale { block });
        }
        let last = due::last(&reader, &self.options, account)?;
        if let Some(last) = last
            && let until = last.created_at.saturating_add(self.options.interval)
            && until > reader.block.time
        {
            let game = last.game;
            return Ok(Outcome::Waiting { game, until });
        }
        let claimed = self.source.newest(self.options.finality, &reader.block)?;
        let proposal = Proposal {
            sequence_number: sequence_number(&claimed),
            root: claimed.root(),
        };
        if proposal.sequence_number == 0 {
            return Ok(Outcome::Genesis);
        }
        let bond = match factory.check(&reader, game_type.0, &claimed, account) {
            Err(CreateError::Exists(game)) => {
                return Ok(match last {
                    Some(last) if last.game == game => Outcome::Unchanged { game },
                    _ => Outcome::Exists { game, proposal },
                });
            }
            checked => checked?,
        };
        let sequence_number = proposal.sequence_number;
        if let Some(Listed { game, .. }) = last
            && U256::from(sequence_number) < due::sequence_number(&reader, game)?
        {
            return Ok(Outcome::Behind {
                game,
                sequence_number,
            });
        }
        let Some(nonce) = nonce else {
            return Ok(Outcome::Planned { proposal });
        };
        let request = factory.request(game_type.0, &claimed, bond);
        let game = factory.create_from(&mut self.wallet, nonce, request, report)?;
        Ok(Outcome::Proposed { game, proposal })
    }
}

impl Source {
    fn newest(&self, finality: Finality, head: &Block) -> Result<Claimed, SourceError> {
        match self {
            Self::Outputs(nodes) => nodes.newest(finality),
            Self::SuperRoots(nodes) => nodes.newest(finality, head),
        }
    }

    /// Whether all nodes that answer have read L1 up to a block.
    fn have_read(&self, head: &Block) -> Result<(), SourceError> {
        match self {
            Self::Outputs(nodes) => nodes.have_read(head.number),
            Self::SuperRoots(nodes) => nodes.have_read(head.number, head.time),
        }
    }
}

/// The block or second that a claim is about.
fn sequence_number(claimed: &Claimed) -> u64 {
    match claimed {
        // Nodes have block numbers of 64 bits only.
        Claimed::Output { block, .. } => block.saturating_to(),
        Claimed::SuperRoot(root) => root.timestamp,
    }
}
