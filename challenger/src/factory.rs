//! The factory on a chain: the games there are, and new ones.

use std::fmt;

use alloy_primitives::{Address, B256, U256};
use alloy_sol_types::{SolCall, SolEvent as _};
use fpvm_contracts::game::abi::{
    AnchorStateRegistry, ArgsFactory, DisputeGameFactory as Calls, FaultDisputeGame,
};
use fpvm_dispute::arguments::{GameArgs, Roles};
use fpvm_dispute::super_root::{SuperRoot, SuperRootError};
use fpvm_l1::{Progress, Request, SendError, Wallet};

use crate::read::{ReadError, Reader};

/// A game that the factory has created.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Listed {
    /// Its number, in the order of creation.
    pub number: u64,
    /// The number of its type.
    pub game_type: u32,
    /// When it was created, in seconds since 1970.
    pub created_at: u64,
    /// The game.
    pub game: Address,
}

/// A factory.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Factory(pub Address);

/// The proposal that a game is created for.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Claimed {
    /// The output root of an L2 block.
    Output {
        /// The root.
        root: B256,
        /// The block.
        block: U256,
    },
    /// A super root.
    SuperRoot(SuperRoot),
}

impl Claimed {
    /// The root claim.
    pub fn root(&self) -> B256 {
        match self {
            Self::Output { root, .. } => *root,
            Self::SuperRoot(root) => root.hash(),
        }
    }

    /// The extra data for the factory: the block's number, or the super root's pre-image.
    pub fn extra_data(&self) -> Vec<u8> {
        match self {
            Self::Output { block, .. } => block.to_be_bytes_vec(),
            Self::SuperRoot(root) => root.encode(),
        }
    }

    /// The block's number, or the super root's timestamp.
    pub fn number(&self) -> U256 {
        match self {
            Self::Output { block, .. } => *block,
            Self::SuperRoot(root) => U256::from(root.timestamp),
        }
    }

    /// What that number is.
    const fn unit(&self) -> &'static str {
        match self {
            Self::Output { .. } => "block",
            Self::SuperRoot(_) => "timestamp",
        }
    }

    const fn is_super(&self) -> bool {
        matches!(self, Self::SuperRoot(_))
    }
}

impl fmt::Display for Claimed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Output { block, .. } => write!(f, "L2 block {block}"),
            Self::SuperRoot(root) => write!(f, "the super root at timestamp {}", root.timestamp),
        }
    }
}

/// No game was created.
#[derive(Debug, thiserror::Error)]
pub enum CreateError {
    /// The chain or the factory cannot be read.
    #[error(transparent)]
    Read(#[from] ReadError),
    /// There is no such type of game.
    #[error("the factory {factory} has no games of type {game_type}")]
    UnknownType {
        /// The factory.
        factory: Address,
        /// The type.
        game_type: u32,
    },
    /// The factory's arguments for the type have a form that no game takes.
    #[error(
        "games of type {game_type} cannot be created: the factory {factory} has {length} bytes of arguments for them \
         (gameArgs), and no game takes that many. Its owner has to set them anew"
    )]
    Arguments {
        /// The factory.
        factory: Address,
        /// The type.
        game_type: u32,
        /// Of the arguments, in bytes.
        length: usize,
    },
    /// Games of the type are about another kind of root.
    #[error("games of type {game_type} are not about {about}")]
    OtherKind {
        /// The type.
        game_type: u32,
        /// What this game was meant to be about.
        about: &'static str,
    },
    /// No honest node has such a super root.
    #[error("the super root cannot be proposed: {0}")]
    SuperRoot(#[from] SuperRootError),
    /// Only another account may propose.
    #[error("only {proposer} proposes games of type {game_type}, not {account}")]
    NotProposer {
        /// The type.
        game_type: u32,
        /// The account that may propose.
        proposer: Address,
        /// The account that wanted to.
        account: Address,
    },
    /// The anchor is as new, or newer.
    #[error(
        "the registry's anchor is at {unit} {anchor}, and {claimed} is not newer, which a proposal has to be: propose a \
         later one (the contract reverts: UnexpectedRootClaim)"
    )]
    NotNewer {
        /// What is proposed, in words.
        claimed: String,
        /// What the anchor's number is: `block` or `timestamp`.
        unit: &'static str,
        /// The anchor's number.
        anchor: U256,
    },
    /// There is a game about this already.
    #[error("there is a game about this proposal already: {0}")]
    Exists(Address),
    /// The transaction is not done.
    #[error("{}", crate::reasons::sending(.0))]
    Send(#[from] SendError),
    /// The transaction is done, but its receipt names no game.
    #[error("transaction {0} succeeded, but created no game: is {1} a factory?")]
    NoGame(B256, Address),
}

impl Factory {
    /// How many games there are.
    ///
    /// # Errors
    /// If the chain does not answer, or there is no factory.
    pub fn count(self, reader: &Reader<'_>) -> Result<u64, ReadError> {
        let count = match reader.ask(self.0, &Calls::gameCountCall {}) {
            Err(error @ ReadError::Answer { .. }) => {
                reader.require_contract(self.0, "game factory")?;
                return Err(error);
            }
            other => other?,
        };
        crate::read::fit(self.0, "gameCount()", count)
    }

    /// A game, by its number.
    ///
    /// # Errors
    /// If there is none of that number, or the chain does not answer.
    pub fn game(self, reader: &Reader<'_>, number: u64) -> Result<Listed, ReadError> {
        let index = U256::from(number);
        let found = reader.ask(self.0, &Calls::gameAtIndexCall { index })?;
        Ok(Listed {
            number,
            game_type: found.gameType,
            created_at: found.timestamp,
            game: found.proxy,
        })
    }

    /// The bond, in wei, that a new game of a type takes.
    ///
    /// # Errors
    /// `UnknownType`, or if the chain does not answer.
    pub fn bond(self, reader: &Reader<'_>, game_type: u32) -> Result<U256, CreateError> {
        reader.require_contract(self.0, "game factory")?;
        let call = Calls::gameImplsCall {
            gameType: game_type,
        };
        if reader.ask(self.0, &call)?.is_zero() {
            let factory = self.0;
            return Err(CreateError::UnknownType { factory, game_type });
        }
        let call = Calls::initBondsCall {
            gameType: game_type,
        };
        Ok(reader.ask(self.0, &call)?)
    }

    /// Checks that an account can create a game of a type, as far as the factory's arguments for the type tell. The
    /// factory has arguments from its version 1.3 on, for games from 2.0 on, and so for all super games.
    fn check_arguments(
        self,
        reader: &Reader<'_>,
        game_type: u32,
        account: Address,
        is_super: bool,
    ) -> Result<(), CreateError> {
        let other_kind = CreateError::OtherKind {
            game_type,
            about: if is_super {
                "super roots"
            } else {
                "the output root of an L2 block"
            },
        };
        let call = ArgsFactory::gameArgsCall {
            gameType: game_type,
        };
        let packed = reader.ask_if(self.0, &call)?.unwrap_or_default();
        if packed.is_empty() {
            return if is_super { Err(other_kind) } else { Ok(()) };
        }
        let proposer = match GameArgs::parse(&packed) {
            // A super game's chain is 0.
            Ok(GameArgs::Fault(args)) if args.l2_chain_id.is_zero() == is_super => {
                args.roles.map(|Roles { proposer, .. }| proposer)
            }
            Ok(GameArgs::SuperPermissioned { proposer, .. }) if is_super => Some(proposer),
            Ok(_) => return Err(other_kind),
            Err(_) => {
                return Err(CreateError::Arguments {
                    factory: self.0,
                    game_type,
                    length: packed.len(),
                });
            }
        };
        match proposer {
            Some(proposer) if proposer != account => Err(CreateError::NotProposer {
                game_type,
                proposer,
                account,
            }),
            _ => Ok(()),
        }
    }

    /// The game about a proposal, if there is one.
    ///
    /// # Errors
    /// If the chain does not answer.
    pub fn about(
        self,
        reader: &Reader<'_>,
        game_type: u32,
        claimed: &Claimed,
    ) -> Result<Option<Address>, ReadError> {
        let call = Calls::gamesCall {
            gameType: game_type,
            rootClaim: claimed.root(),
            extraData: claimed.extra_data().into(),
        };
        let found = reader.ask(self.0, &call)?.proxy;
        Ok((!found.is_zero()).then_some(found))
    }

    /// Creates a game about the output `root` of an L2 block, with the bond that it takes.
    ///
    /// # Errors
    /// As [`Factory::create_about`].
    pub fn create(
        self,
        wallet: &mut Wallet,
        game_type: u32,
        root: B256,
        block: U256,
        report: &mut dyn FnMut(Progress<'_>),
    ) -> Result<Address, CreateError> {
        self.create_about(wallet, game_type, &Claimed::Output { root, block }, report)
    }

    /// Creates a game, with the bond that it takes.
    ///
    /// # Errors
    /// If there is no such type, if it is about something else, if there is such a game already, or if the
    /// transaction is not done.
    pub fn create_about(
        self,
        wallet: &mut Wallet,
        game_type: u32,
        claimed: &Claimed,
        report: &mut dyn FnMut(Progress<'_>),
    ) -> Result<Address, CreateError> {
        let nonce = wallet.settle(report)?;
        let chain = wallet.chain().clone();
        let reader = Reader::newest(&*chain)?;
        let bond = self.check(&reader, game_type, claimed, wallet.address())?;
        let request = self.request(game_type, claimed, bond);
        self.create_from(wallet, nonce, request, report)
    }

    /// What an account needs to create a game about something: the bond, in wei.
    ///
    /// # Errors
    /// If it cannot be created, as far as that is known without a transaction.
    pub fn check(
        self,
        reader: &Reader<'_>,
        game_type: u32,
        claimed: &Claimed,
        account: Address,
    ) -> Result<U256, CreateError> {
        if let Claimed::SuperRoot(root) = claimed {
            root.check_order()?;
        }
        let bond = self.bond(reader, game_type)?;
        self.check_arguments(reader, game_type, account, claimed.is_super())?;
        if let Some(game) = self.about(reader, game_type, claimed)? {
            return Err(CreateError::Exists(game));
        }
        // Without a registry that tells, the contract says what is wrong.
        match self.anchor(reader, game_type) {
            Ok(anchor) if claimed.number() <= anchor => Err(CreateError::NotNewer {
                claimed: claimed.to_string(),
                unit: claimed.unit(),
                anchor,
            }),
            Err(ReadError::Chain(error)) => Err(ReadError::Chain(error).into()),
            _ => Ok(bond),
        }
    }

    /// The number of the anchor that new games of a type start from.
    fn anchor(self, reader: &Reader<'_>, game_type: u32) -> Result<U256, ReadError> {
        let call = ArgsFactory::gameArgsCall {
            gameType: game_type,
        };
        let packed = reader.ask_if(self.0, &call)?.unwrap_or_default();
        let registry = match GameArgs::parse(&packed) {
            Ok(GameArgs::Fault(args)) => args.registry,
            Ok(GameArgs::SuperPermissioned { registry, .. }) => registry,
            Ok(GameArgs::Zk(args)) => args.registry,
            // Before 1.3 the implementation knows it.
            Err(_) => {
                let call = Calls::gameImplsCall {
                    gameType: game_type,
                };
                let implementation = reader.ask(self.0, &call)?;
                let call = FaultDisputeGame::anchorStateRegistryCall {};
                reader.ask(implementation, &call)?
            }
        };
        let call = AnchorStateRegistry::anchorsCall {
            gameType: game_type,
        };
        Ok(reader.ask(registry, &call)?.l2BlockNumber)
    }

    /// The transaction that creates a game, with the bond that [`Factory::check`] gave.
    pub fn request(self, game_type: u32, claimed: &Claimed, bond: U256) -> Request {
        let call = Calls::createCall {
            gameType: game_type,
            rootClaim: claimed.root(),
            extraData: claimed.extra_data().into(),
        };
        Request {
            what: format!("create a game about {claimed}"),
            to: Some(self.0),
            data: call.abi_encode().into(),
            value: bond,
            gas: None,
        }
    }

    /// Creates a game by the transaction of [`Factory::request`], with the nonce that [`Wallet::settle`] has given
    /// before anything was decided: if another one takes that nonce meanwhile, nothing is created.
    ///
    /// # Errors
    /// If the transaction is not done.
    pub fn create_from(
        self,
        wallet: &mut Wallet,
        nonce: u64,
        request: Request,
        report: &mut dyn FnMut(Progress<'_>),
    ) -> Result<Address, CreateError> {
        let receipts = wallet.send_from(nonce, &[request], report)?;
        let transaction = receipts.first().map_or(B256::ZERO, |done| done.transaction);
        let logs = receipts.iter().flat_map(|receipt| &receipt.logs);
        let mut created = logs.filter(|log| log.address == self.0).filter_map(|log| {
            let topics = log.topics.iter().copied();
            Calls::DisputeGameCreated::decode_raw_log(topics, &log.data).ok()
        });
        let created = created.next().map(|event| event.disputeProxy);
        created.ok_or(CreateError::NoGame(transaction, self.0))
    }
}
