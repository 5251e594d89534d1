//! The parts of a game that never change: its rules, its proposal, and the contracts around it.
//!
//! The game itself is asked for all of it, and never the factory, because the factory's implementation of the type
//! may be another by now. From 2.0 on a game answers from the data that it was cloned with, before that from its
//! implementation; the questions are the same. Its type is asked first, because super games have version numbers of
//! their own.

use std::sync::Arc;

use alloy_primitives::{Address, B256, Bytes, U256};
use alloy_sol_types::SolCall as _;
use fpvm_contracts::abi::StepVerifier;
use fpvm_contracts::game::abi::{DelayedWETH, FaultDisputeGame as Calls};
use fpvm_contracts::loader::Terms;
use fpvm_dispute::arguments::Roles;
use fpvm_dispute::claim::OutputRoot;
use fpvm_dispute::fees::FeeSpikes;
use fpvm_dispute::game::Proposal;
use fpvm_dispute::rules::{Params, Rules};
use fpvm_dispute::super_root::SuperRoot;
use fpvm_dispute::vault::Withdrawal;
use fpvm_dispute::version::Version;

use super::{ReadError, Reader, fit};
use crate::game_type::GameType;
use crate::loads;

alloy_sol_types::sol! {
    #[allow(missing_docs, reason = "made by the macro")]
    interface SuperGame {
        function startingProposal() external view returns (bytes32 root, uint256 l2SequenceNumber);
        function l2SequenceNumber() external view returns (uint256);
    }
}

/// A game's unchanging parts.
#[derive(Clone, Debug)]
pub struct GameParams {
    /// The game's contract.
    pub game: Address,
    /// The version that the contract names.
    pub version: String,
    /// The rules of the game.
    pub rules: Arc<Rules>,
    /// The proposal that it is about.
    pub proposal: Proposal,
    /// The anchor that both sides agree on; nothing in a game that is won at its creation.
    pub starting: OutputRoot,
    /// L1 time of its creation, in seconds.
    pub created_at: u64,
    /// Whether its type was the respected one when it was made; otherwise it never becomes the anchor. False before
    /// 1.4, where all types count.
    pub was_respected: bool,
    /// The step verifier; the zero address in a game that is won at its creation, where there are no steps.
    pub vm: Address,
    /// The vault of the bonds; the zero address in a game that is won at its creation, where there are none.
    pub vault: Address,
    /// Seconds between unlock and withdrawal there.
    pub vault_delay: u64,
    /// The anchor registry.
    pub registry: Address,
    /// The verifier's pre-image oracle, and its terms for loading; the caller has to fill in the sender and
    /// the context. The oracle is at the zero address if there is no verifier.
    pub oracle: Terms,
}

impl GameParams {
    /// Reads the parts of the game at an address.
    ///
    /// # Errors
    /// If there is no game, one of an unknown type or version, or the chain does not answer.
    pub fn read(reader: &Reader<'_>, game: Address) -> Result<Self, ReadError> {
        let read = Self::read_parts(reader, game);
        // Nothing answers if there is no contract. That is checked last, because nearly always there is one.
        if let Err(ReadError::Answer { contract, .. }) = &read
            && *contract == game
        {
            reader.require_contract(game, "game")?;
        }
        // If a game of a known version does not answer a question, it never will.
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
        let game_type = reader.ask(game, &Calls::gameTypeCall {})?;
        let version = reader.ask(game, &Calls::versionCall {})?;
        let of = GameType(game_type);
        let (known, kind) = if of.is_super() {
            (
                Version::parse_super(game_type, &version),
                format!("its type is {of}, and "),
            )
        } else {
            (Version::parse(&version), String::new())
        };
        let Some(known) = known else {
            return Err(unknown(format!("{kind}its version is {version}")));
        };
        let proposal = Self::proposal(reader, game, known)?;
        if known.is_won_at_creation() {
            return Self::won(reader, game, game_type, version, known, proposal);
        }
        let vm = reader.ask(game, &Calls::vmCall {})?;
        let oracle = reader.ask(vm, &StepVerifier::oracleCall {})?;
        let oracle = loads::terms(reader, oracle)?;
        let params = Self::params(reader, game, known, game_type, &oracle)?;
        let rules = Rules::new(params);
        let rules = rules.map_err(|reason| unknown(format!("its rules are none: {reason}")))?;
        let vault = reader.ask(game, &Calls::wethCall {})?;
        let delay = reader.ask(vault, &DelayedWETH::delayCall {})?;
        let respected = Calls::wasRespectedGameTypeWhenCreatedCall {};
        Ok(Self {
            game,
            version,
            rules: Arc::new(rules),
            proposal,
            starting: Self::starting(reader, game, known)?,
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

    /// The questions for every game; super games do not answer all of them, and are asked others.
    fn questions() -> [Bytes; 22] {
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
            Calls::extraDataCall {}.abi_encode(),
            SuperGame::startingProposalCall {}.abi_encode(),
            SuperGame::l2SequenceNumberCall {}.abi_encode(),
        ]
        .map(Bytes::from)
    }

    /// What the game is about.
    fn proposal(
        reader: &Reader<'_>,
        game: Address,
        version: Version,
    ) -> Result<Proposal, ReadError> {
        let root_claim = reader.ask(game, &Calls::rootClaimCall {})?;
        let (number, super_root) = if version.is_super() {
            let number = reader.ask(game, &SuperGame::l2SequenceNumberCall {})?;
            let encoded = reader.ask(game, &Calls::extraDataCall {})?;
            (
                number,
                Some(super_root(game, root_claim, number, &encoded)?),
            )
        } else {
            (reader.ask(game, &Calls::l2BlockNumberCall {})?, None)
        };
        Ok(Proposal {
            creator: reader.ask(game, &Calls::gameCreatorCall {})?,
            root_claim,
            l1_head: reader.ask(game, &Calls::l1HeadCall {})?,
            l2_block: number,
            super_root,
        })
    }

    /// What the game starts from.
    fn starting(
        reader: &Reader<'_>,
        game: Address,
        version: Version,
    ) -> Result<OutputRoot, ReadError> {
        if version.is_super() {
            let starting = reader.ask(game, &SuperGame::startingProposalCall {})?;
            return Ok(OutputRoot {
                root: starting.root,
                block: starting.l2SequenceNumber,
            });
        }
        let starting = reader.ask(game, &Calls::startingOutputRootCall {})?;
        Ok(OutputRoot {
            root: starting.root,
            block: starting.l2BlockNumber,
        })
    }

    /// A game that is won at its creation. It has no claims, so the only rule that counts is who proposes.
    fn won(
        reader: &Reader<'_>,
        game: Address,
        game_type: u32,
        version: String,
        known: Version,
        proposal: Proposal,
    ) -> Result<Self, ReadError> {
        let roles = Roles {
            proposer: reader.ask(game, &Calls::proposerCall {})?,
            challenger: Address::ZERO,
        };
        let rules = Rules::new(Params {
            version: known,
            game_type,
            roles: Some(roles),
            ..Params::mainnet_super(B256::ZERO)
        });
        let respected = Calls::wasRespectedGameTypeWhenCreatedCall {};
        Ok(Self {
            game,
            version,
            rules: Arc::new(rules.map_err(|reason| ReadError::UnknownGame {
                game,
                why: format!("its rules are none: {reason}"),
            })?),
            proposal,
            starting: OutputRoot::default(),
            created_at: reader.ask(game, &Calls::createdAtCall {})?,
            was_respected: reader.ask(game, &respected)?,
            vm: Address::ZERO,
            vault: Address::ZERO,
            vault_delay: 0,
            registry: reader.ask(game, &Calls::anchorStateRegistryCall {})?,
            oracle: Terms::mainnet(Address::ZERO, Address::ZERO),
        })
    }

    fn params(
        reader: &Reader<'_>,
        game: Address,
        version: Version,
        game_type: u32,
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
            game_type,
            absolute_prestate: reader.ask(game, &Calls::absolutePrestateCall {})?,
            max_depth: fit(game, "maxGameDepth()", max_depth)?,
            split_depth: fit(game, "splitDepth()", split_depth)?,
            clock_extension: reader.ask(game, &Calls::clockExtensionCall {})?,
            max_clock_duration: reader.ask(game, &Calls::maxClockDurationCall {})?,
            challenge_period: oracle.challenge_period.into(),
            // A super game is about several chains, and has no chain id of its own.
            l2_chain_id: if version.is_super() {
                U256::ZERO
            } else {
                reader.ask(game, &Calls::l2ChainIdCall {})?
            },
            fee_spikes: fee_spikes.map(|(window, cap)| FeeSpikes { window, cap }),
        })
    }

    /// Whether there is nothing to play: no claims and no bonds, and the proposal stands unless the guardian strikes it
    /// off.
    pub fn is_won_at_creation(&self) -> bool {
        self.rules.params().version.is_won_at_creation()
    }

    /// What the game is about, in words: "L2 block 16", or "the super root at timestamp 16".
    pub fn about(&self) -> String {
        let number = self.proposal.l2_block;
        match self.proposal.super_root {
            Some(_) => format!("the super root at timestamp {number}"),
            None => format!("L2 block {number}"),
        }
    }

    /// Whether an account may make claims and steps in the game: everybody, or its proposer and challenger.
    pub fn may_play(&self, account: Address) -> bool {
        let roles = self.rules.params().roles;
        roles.is_none_or(|roles| [roles.proposer, roles.challenger].contains(&account))
    }

    /// The terms for loading pre-images from an account; local data are loaded through the game.
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

/// The super root that a game is about. Its contract has checked all of this.
fn super_root(
    game: Address,
    claim: B256,
    number: U256,
    encoded: &[u8],
) -> Result<SuperRoot, ReadError> {
    let unknown = |why: String| ReadError::UnknownGame { game, why };
    let root = SuperRoot::decode(encoded);
    let root =
        root.map_err(|why| unknown(format!("its extraData are none of a super game: {why}")))?;
    if root.hash() != claim {
        let of = root.hash();
        return Err(unknown(format!(
            "its root claim is {claim}, and its extraData are of super root {of}"
        )));
    }
    if U256::from(root.timestamp) != number {
        let at = root.timestamp;
        return Err(unknown(format!(
            "its number is {number}, and its super root is of timestamp {at}"
        )));
    }
    Ok(root)
}
