//! A game and everything around it, from a chain, all of one block.
//!
//! [`Reader`] asks contracts at the end of one block, which is named by its hash: several answers are of
//! one and the same state, whatever the chain does meanwhile. [`game_params`] is what about a game never
//! changes, [`watch`] the game itself, of which each look reads only what can have changed since the
//! last. [`history`] finds out when things happened.
//!
//! Games are those of upstream's contracts of October 2024 (`FaultDisputeGame` 1.x) and this project's,
//! with or without time for fee spikes.

pub mod game_params;
pub mod history;
pub mod watch;

use alloy_primitives::{Address, B256, U256};
use alloy_sol_types::SolCall;
use fpvm_dispute::game::parts::PartsError;
use fpvm_l1::{At, Block, Call, Chain, Error, Revert};

use crate::reasons;

/// A chain at the end of one block.
#[derive(Clone, Copy)]
#[allow(missing_debug_implementations, reason = "a chain need not have one")]
pub struct Reader<'a> {
    /// The chain.
    pub chain: &'a dyn Chain,
    /// The block.
    pub block: Block,
}

/// Why a game cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// The chain does not answer, or has dropped the block.
    #[error(transparent)]
    Chain(#[from] Error),
    /// There is nothing where a contract should be.
    #[error("there is no contract at {at}, where the {what} should be, on chain {chain_id}")]
    NoContract {
        /// What should be there.
        what: &'static str,
        /// Where.
        at: Address,
        /// The chain.
        chain_id: u64,
    },
    /// A contract refuses to tell.
    #[error("{contract} does not tell {function}: {}", reasons::describe(.revert))]
    Reverted {
        /// The contract.
        contract: Address,
        /// What it was asked.
        function: &'static str,
        /// What it says.
        revert: Revert,
    },
    /// A contract answers something else.
    #[error(
        "{contract} answers {function} with something else: {why}. Is it the contract that was meant?"
    )]
    Answer {
        /// The contract.
        contract: Address,
        /// What it was asked.
        function: &'static str,
        /// What is wrong.
        why: String,
    },
    /// What a node answers about one block is not of one block. Some do so while they make the next.
    #[error(
        "the node answers about block {block} as it is and as a later one is: {contract} has fewer claims than it counts"
    )]
    Torn {
        /// The contract.
        contract: Address,
        /// The block that it was asked about.
        block: B256,
    },
    /// A contract that is no game which is known here.
    #[error(
        "{game} is no game of a known type: {why}. Games of FaultDisputeGame 1.x (upstream's of October 2024, and fpvm's) are"
    )]
    UnknownGame {
        /// The contract.
        game: Address,
        /// What is unknown.
        why: String,
    },
    /// Claims that no game has.
    #[error("{game} has claims that do not fit each other: {source}")]
    Parts {
        /// The game.
        game: Address,
        /// Why.
        source: PartsError,
    },
}

impl<'a> Reader<'a> {
    /// Reads at the newest block.
    ///
    /// # Errors
    /// If the chain does not tell which that is.
    pub fn newest(chain: &'a dyn Chain) -> Result<Self, ReadError> {
        let block = chain.block(At::Latest)?;
        Ok(Self { chain, block })
    }

    /// Asks a contract.
    ///
    /// # Errors
    /// If the chain does not answer, or the contract reverts or answers something else.
    pub fn ask<C: SolCall>(&self, contract: Address, call: &C) -> Result<C::Return, ReadError> {
        let function = C::SIGNATURE;
        let message = Call {
            to: Some(contract),
            data: call.abi_encode().into(),
            ..Call::default()
        };
        let answer = match self.chain.call(&message, At::Hash(self.block.hash)) {
            Err(Error::Reverted(revert)) => {
                return Err(ReadError::Reverted {
                    contract,
                    function,
                    revert,
                });
            }
            other => other?,
        };
        C::abi_decode_returns_validate(&answer).map_err(|why| ReadError::Answer {
            contract,
            function,
            why: why.to_string(),
        })
    }

    /// Asks a contract for a function that it may not have.
    ///
    /// # Errors
    /// As [`Reader::ask`], but that a revert is `None`.
    pub fn ask_if<C: SolCall>(
        &self,
        contract: Address,
        call: &C,
    ) -> Result<Option<C::Return>, ReadError> {
        match self.ask(contract, call) {
            Ok(answer) => Ok(Some(answer)),
            Err(ReadError::Reverted { .. }) => Ok(None),
            Err(other) => Err(other),
        }
    }

    /// Checks that there is a contract.
    ///
    /// # Errors
    /// `NoContract`, or if the chain does not answer.
    pub fn require_contract(&self, at: Address, what: &'static str) -> Result<(), ReadError> {
        match self.chain.code(at, At::Hash(self.block.hash))?.is_empty() {
            false => Ok(()),
            true => Err(ReadError::NoContract {
                what,
                at,
                chain_id: self.chain.chain_id(),
            }),
        }
    }
}

/// A number that a contract gives in 256 bits and that must fit fewer.
pub(crate) fn fit<T: TryFrom<U256>>(
    contract: Address,
    function: &'static str,
    number: U256,
) -> Result<T, ReadError> {
    T::try_from(number).map_err(|_| ReadError::Answer {
        contract,
        function,
        why: format!("{number} is too much"),
    })
}
