//! A game and everything around it, from a chain, all of one block.
//!
//! [`Reader`] asks contracts at the end of one block, which is named by its hash: several answers are of
//! one and the same state, whatever the chain does meanwhile. [`game_params`] reads the parts of a game that never
//! change, [`watch`] the game itself, of which each look reads only what can have changed since the
//! last. [`history`] finds out when things happened. With a [`memory`] a reader asks in few calls at each
//! block what it has asked at the one before; and [`together`] reads many games so that all of their questions go in
//! few calls from the first look on.
//!
//! Games are upstream's `FaultDisputeGame` and `PermissionedDisputeGame` from 1.3 (October 2024) to 2.4 (June
//! 2026), its `SuperFaultDisputeGame` 0.8 and `SuperPermissionedDisputeGame` 1.0 (September 2026), and this project's,
//! with or without time for fee spikes.

mod batch;
pub mod game_params;
pub mod history;
pub mod memory;
mod surroundings;
pub mod together;
pub mod watch;

use alloy_primitives::{Address, B256, Bytes, U256};
use alloy_sol_types::SolCall;
use fpvm_dispute::game::parts::PartsError;
use fpvm_dispute::version::Version;
use fpvm_l1::{At, Block, Call, Chain, Error, Revert};

use crate::reasons;
use memory::Memory;

pub use surroundings::is_vault_paused;

/// A chain at the end of one block.
#[derive(Clone, Copy)]
#[allow(missing_debug_implementations, reason = "a chain need not have one")]
pub struct Reader<'a> {
    /// The chain.
    pub chain: &'a dyn Chain,
    /// The block.
    pub block: Block,
    memory: Option<&'a Memory>,
}

/// Why a game cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// The chain does not answer, or has dropped the block.
    #[error(transparent)]
    Chain(#[from] Error),
    /// This is no failure: a question waits to be asked with others. It is never seen outside of [`together`].
    #[error("a question waits to be asked with others")]
    PutOff,
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
    /// A contract reverts.
    #[error("{contract} does not tell {function}: {}", reasons::describe(.revert))]
    Reverted {
        /// The contract.
        contract: Address,
        /// What it was asked.
        function: &'static str,
        /// What it says.
        revert: Revert,
    },
    /// A contract's answer does not fit the question.
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
    /// A node's answers about one block mix the data of two, as happens while some nodes make the next block.
    #[error(
        "the node answers about block {block} as it is and as a later one is: {contract} has fewer claims than it counts"
    )]
    Torn {
        /// The contract.
        contract: Address,
        /// The block that it was asked about.
        block: B256,
    },
    /// The contract is not a game of a known type.
    #[error(
        "{game} is no game of a known type: {why}. Games of FaultDisputeGame and PermissionedDisputeGame {} to {}, of \
         SuperFaultDisputeGame 0.7.2 and {}, and of SuperPermissionedDisputeGame {} are",
        Version::V1_3,
        Version::V2_4,
        Version::Super0_8,
        Version::SuperPermissioned1_0
    )]
    UnknownGame {
        /// The contract.
        game: Address,
        /// What is unknown.
        why: String,
    },
    /// The contract's claims are ones that no game can have.
    #[error("{game} has claims that do not fit each other: {source}")]
    Parts {
        /// The game.
        game: Address,
        /// Why.
        source: PartsError,
    },
}

impl<'a> Reader<'a> {
    /// A reader at the newest block.
    ///
    /// # Errors
    /// If the chain does not tell which block that is.
    pub fn newest(chain: &'a dyn Chain) -> Result<Self, ReadError> {
        Ok(Self::at(chain, chain.block(At::Latest)?))
    }

    /// A reader at a block.
    pub const fn at(chain: &'a dyn Chain, block: Block) -> Self {
        Self {
            chain,
            block,
            memory: None,
        }
    }

    /// A reader at the newest block, with a memory.
    ///
    /// # Errors
    /// If the chain does not tell which block that is.
    pub fn remembering(chain: &'a dyn Chain, memory: &'a Memory) -> Result<Self, ReadError> {
        let block = chain.block(At::Latest)?;
        memory.begin(chain, &block);
        Ok(Self {
            memory: Some(memory),
            ..Self::at(chain, block)
        })
    }

    /// The same without a memory, so that each question is asked anew.
    #[must_use]
    pub const fn anew(&self) -> Self {
        Self::at(self.chain, self.block)
    }

    /// Asks a contract.
    ///
    /// # Errors
    /// If the chain does not answer, or the contract reverts or answers something else.
    pub fn ask<C: SolCall>(&self, contract: Address, call: &C) -> Result<C::Return, ReadError> {
        let function = C::SIGNATURE;
        let answer = self.answer(contract, call.abi_encode().into())?;
        let answer = answer.map_err(|revert| ReadError::Reverted {
            contract,
            function,
            revert,
        })?;
        C::abi_decode_returns_validate(&answer).map_err(|why| ReadError::Answer {
            contract,
            function,
            why: why.to_string(),
        })
    }

    /// Says that these questions come next: if many subjects are [read together](together), all of them go in one call.
    pub(crate) fn expect<C: SolCall>(
        &self,
        contract: Address,
        calls: impl IntoIterator<Item = C>,
    ) -> Result<(), ReadError> {
        let data = calls.into_iter().map(|call| call.abi_encode().into());
        self.expect_each(contract, data)
    }

    /// The same with calls of several functions.
    pub(crate) fn expect_each(
        &self,
        contract: Address,
        calls: impl IntoIterator<Item = Bytes>,
    ) -> Result<(), ReadError> {
        match self.memory {
            Some(memory) if memory.puts_off(&self.block, contract, calls) => Err(ReadError::PutOff),
            _ => Ok(()),
        }
    }

    /// What a contract returns, or reverts with.
    fn answer(&self, contract: Address, data: Bytes) -> Result<Result<Bytes, Revert>, ReadError> {
        let known = self
            .memory
            .and_then(|memory| memory.answer(&self.block, contract, &data));
        if let Some(known) = known {
            return Ok(known);
        }
        self.expect_each(contract, [data.clone()])?;
        let call = Call {
            to: Some(contract),
            data: data.clone(),
            ..Call::default()
        };
        let answer = match self.chain.call(&call, At::Hash(self.block.hash)) {
            Err(Error::Reverted(revert)) => Err(revert),
            other => Ok(other?),
        };
        if let Some(memory) = self.memory {
            memory.learn(&self.block, contract, data, &answer);
        }
        Ok(answer)
    }

    /// The block with a hash, an ancestor of this one.
    ///
    /// # Errors
    /// If the chain does not have it.
    fn ancestor(&self, hash: B256) -> Result<Block, Error> {
        let known = self.memory.and_then(|memory| memory.block(hash));
        match known {
            Some(block) => Ok(block),
            None => {
                let block = self.chain.block(At::Hash(hash))?;
                if let Some(memory) = self.memory {
                    memory.learn_block(&block);
                }
                Ok(block)
            }
        }
    }

    /// Whether a block is this one or an ancestor of it, by at most this many blocks.
    ///
    /// # Errors
    /// If the chain does not answer.
    pub(crate) fn descends(&self, below: &Block, within: u64) -> Result<bool, Error> {
        let mut block = self.block;
        if block.number.saturating_sub(below.number) > within {
            return Ok(false);
        }
        while block.number > below.number {
            block = self.ancestor(block.parent)?;
        }
        Ok(block.hash == below.hash)
    }

    /// Asks a contract for a function that it may not have.
    ///
    /// # Errors
    /// As [`Reader::ask`], except that a revert gives `None`.
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
        let is_known = |memory: &Memory| memory.is_contract(&self.block, at);
        if self.memory.is_some_and(is_known) {
            return Ok(());
        }
        if !self.chain.code(at, At::Hash(self.block.hash))?.is_empty() {
            if let Some(memory) = self.memory {
                memory.learn_contract(&self.block, at);
            }
            Ok(())
        } else {
            Err(ReadError::NoContract {
                what,
                at,
                chain_id: self.chain.chain_id(),
            })
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
