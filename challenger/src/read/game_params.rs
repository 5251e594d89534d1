//! What about a game never changes: its rules, its proposal, and the contracts around it.
//!
//! All of it is asked of the game itself, never of its type: what the factory makes games of a type from may be
//! something else by now. From 2.0 on a game answers from the data that it was cloned with, before from its
//! implementation; the questions are the same.

use std::sync::Arc;

use alloy_primitives::{Address, Bytes, U256};
use alloy_sol_types::SolCall as _;
use fpvm_contracts::abi::StepVerifier;
use fpvm_contracts::game::abi::{DelayedWETH, FaultDisputeGame as Calls};
use fpvm_contracts::loader::Terms;
use fpvm_dispute::arguments::Roles;
use fpvm_dispute::claim::OutputRoot;
use fpvm_dispute::fees::FeeSpikes;
use fpvm_dispute::game::Proposal;
use fpvm_dispute::rules::{Params, Rules};
use fpvm_dispute::vault::Withdrawal;
use fpvm_dispute::version::Version;

use super::{ReadError, Reader, fit};
use crate::loads;

/// A game's unchanging parts.
#[derive(Clone, Debug)]
pub struct GameParams {
    /// The game's contract.
    pub game: Address,
    /// What it calls its own version.
    pub version: String,
    /// The rules it is played by.
    pub rules: Arc<Rules>,
    /// What it is about.
    pub proposal: Proposal,
    /// The anchor that both sides agree on.
    pub starting: OutputRoot,
    /// L1 time of its creation, in seconds.
    pub created_at: u64,
    /// Whether its type was the one that counts when it was made: else it never becomes the anchor. Never before
    /// 1.4, where all types count.
    pub was_respected: bool,
    /// The step verifier.
    pub vm: Address,
    /// The vault of the bonds.
    pub vault: Address,
    /// Seconds between unlock and withdrawal there.
    pub vault_delay: u64,
    /// The anchor registry.
    pub registry: Address,
    /// The verifier's pre-image oracle, and what loading takes; the sender and the context are to be
    /// filled in.
    pub oracle: Terms,
}

impl GameParams {
    /// Reads the parts of the game at an address.
    ///
    /// # Errors
    /// If there is no game, one of an unknown type or version, or the chain does not answer.
    pub fn read(reader: &Reader<'_>, game: Address) -> Result<Self, ReadError> {
        let read = Self::read_parts(reader, game);
        // Nobody answers where there is no contract. That is looked for last, because nearly always there is one.
        if let Err(ReadError::Answer { contract, .. }) = &read
            && *contract == game
        {
            reader.require_contract(game, "game")?;
        }
        // What a game of a known version does not tell it never tells.
        read.map_err(|error| match error {
            ReadError::Reverted {
                contract, function, ..
            }
            | ReadError::Answer {
                contract, function, ..
            } if contract == game => ReadError::UnknownGame {
                game,
                why: format!("it does not tell {function}"),
            },
            other => other,
        })
    }

    fn read_parts(reader: &Reader<'_>, game: Address) -> Result<Self, ReadError> {
        let unknown = |why: String| ReadError::UnknownGame { game, why };
        reader.expect_each(game, Self::questions())?;
        let version = reader.ask(game, &Calls::versionCall {})?;
        let Some(known) = Version::parse(&version) else {
            return Err(unknown(format!("its version is {version}")));
        };
        let vm = reader.ask(game, &Calls::vmCall {})?;
        let oracle = reader.ask(vm, &StepVerifier::oracleCall {})?;
        let oracle = loads::terms(reader, oracle)?;
        let rules = Rules::new(Self::params(reader, game, known, &oracle)?);
        let rules = rules.map_err(|reason| unknown(format!("its rules are none: {reason}")))?;
        let vault = reader.ask(game, &Calls::wethCall {})?;
        let delay = reader.ask(vault, &DelayedWETH::delayCall {})?;
        let starting = reader.ask(game, &Calls::startingOutputRootCall {})?;
        let respected = Calls::wasRespectedGameTypeWhenCreatedCall {};
        Ok(Self {
            game,
            version,
            rules: Arc::new(rules),
            proposal: Proposal {
                creator: reader.ask(game, &Calls::gameCreatorCall {})?,
                root_claim: reader.ask(game, &Calls::rootClaimCall {})?,
                l1_head: reader.ask(game, &Calls::l1HeadCall {})?,
                l2_block: reader.ask(game, &Calls::l2BlockNumberCall {})?,
                super_root: None,
            },
            starting: OutputRoot {
                root: starting.root,
                block: starting.l2BlockNumber,
            },
            created_at: reader.ask(game, &Calls::createdAtCall {})?,
            was_respected: if known.pays_at_resolution() {
                false
            } else {
                reader.ask(game, &respected)?
            },
            vm,
            vault,
            vault_delay: fit(vault, "delay()", delay)?,
            registry: reader.ask(game, &Calls::anchorStateRegistryCall {})?,
            oracle,
        })
    }

    /// What every game is asked.
    fn questions() -> [Bytes; 19] {
        [
            Calls::versionCall {}.abi_encode(),
            Calls::vmCall {}.abi_encode(),
            Calls::wethCall {}.abi_encode(),
            Calls::startingOutputRootCall {}.abi_encode(),
            Calls::gameCreatorCall {}.abi_encode(),
            Calls::rootClaimCall {}.abi_encode(),
            Calls::l1HeadCall {}.abi_encode(),
            Calls::l2BlockNumberCall {}.abi_encode(),
            Calls::createdAtCall {}.abi_encode(),
            Calls::anchorStateRegistryCall {}.abi_encode(),
            Calls::maxGameDepthCall {}.abi_encode(),
            Calls::splitDepthCall {}.abi_encode(),
            Calls::feeSpikeWindowCall {}.abi_encode(),
            Calls::proposerCall {}.abi_encode(),
            Calls::gameTypeCall {}.abi_encode(),
            Calls::absolutePrestateCall {}.abi_encode(),
            Calls::clockExtensionCall {}.abi_encode(),
            Calls::maxClockDurationCall {}.abi_encode(),
            Calls::l2ChainIdCall {}.abi_encode(),
        ]
        .map(Bytes::from)
    }

    fn params(
        reader: &Reader<'_>,
        game: Address,
        version: Version,
        oracle: &Terms,
    ) -> Result<Params, ReadError> {
        let max_depth = reader.ask(game, &Calls::maxGameDepthCall {})?;
        let split_depth = reader.ask(game, &Calls::splitDepthCall {})?;
        let window = reader.ask_if(game, &Calls::feeSpikeWindowCall {})?;
        let cap = reader.ask_if(game, &Calls::feeSpikeCapCall {})?;
        let fee_spikes = window.zip(cap);
        let proposer = reader.ask_if(game, &Calls::proposerCall {})?;
        let challenger = reader.ask_if(game, &Calls::challengerCall {})?;
        let roles = proposer.zip(challenger);
        Ok(Params {
            version,
            roles: roles.map(|(proposer, challenger)| Roles {
                proposer,
                challenger,
            }),
            game_type: reader.ask(game, &Calls::gameTypeCall {})?,
            absolute_prestate: reader.ask(game, &Calls::absolutePrestateCall {})?,
            max_depth: fit(game, "maxGameDepth()", max_depth)?,
            split_depth: fit(game, "splitDepth()", split_depth)?,
            clock_extension: reader.ask(game, &Calls::clockExtensionCall {})?,
            max_clock_duration: reader.ask(game, &Calls::maxClockDurationCall {})?,
            challenge_period: oracle.challenge_period.into(),
            l2_chain_id: reader.ask(game, &Calls::l2ChainIdCall {})?,
            fee_spikes: fee_spikes.map(|(window, cap)| FeeSpikes { window, cap }),
        })
    }

    /// Whether an account may make claims and steps in the game: everybody, or its proposer and challenger.
    pub fn may_play(&self, account: Address) -> bool {
        let roles = self.rules.params().roles;
        roles.is_none_or(|roles| [roles.proposer, roles.challenger].contains(&account))
    }

    /// What loading a pre-image takes for an account; its local data are the game's own affair.
    pub const fn terms(&self, sender: Address) -> Terms {
        Terms {
            sender,
            ..self.oracle
        }
    }

    /// What the game has unlocked in the vault for an account: it is paid [`GameParams::vault_delay`] seconds
    /// after that.
    ///
    /// # Errors
    /// If the chain does not answer.
    pub fn withdrawal(
        &self,
        reader: &Reader<'_>,
        account: Address,
    ) -> Result<Withdrawal, ReadError> {
        let vault = self.vault;
        let call = DelayedWETH::withdrawalsCall {
            account: self.game,
            guy: account,
        };
        let found = reader.ask(vault, &call)?;
        Ok(Withdrawal {
            amount: fit(vault, "withdrawals(address,address)", found.amount)?,
            timestamp: fit(vault, "withdrawals(address,address)", found.timestamp)?,
        })
    }

    /// What the vault holds for the game, in wei: all bonds that are not paid out.
    ///
    /// # Errors
    /// If the chain does not answer.
    pub fn bonds(&self, reader: &Reader<'_>) -> Result<U256, ReadError> {
        let call = DelayedWETH::balanceOfCall { src: self.game };
        reader.ask(self.vault, &call)
    }
}
