//! Everything on L1 that a game touches, as one state machine: accounts, vault, registry, factory,
//! oracle and games.
//!
//! [`Chain::apply`] is the whole interface: a call at a time gives an effect, or a [`Revert`] and
//! no change at all.

use std::collections::BTreeMap;

use alloy_primitives::{Address, B256, U256, keccak256};

use crate::claim::GameStatus;
use crate::factory::{Create, Factory};
use crate::game::Game;
use crate::game::block_number::OutputRootProof;
use crate::game::moves::Move;
use crate::game::step::Step;
use crate::oracle::Oracle;
use crate::registry::AnchorRegistry;
use crate::revert::Revert;
use crate::vault::Vault;
use crate::vm::Vm;

/// The block a call is included in.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Block {
    /// Seconds since 1970.
    pub timestamp: u64,
    /// Base fee, in wei.
    pub base_fee: u128,
    /// Hash of the block before.
    pub parent_hash: B256,
}

/// What is called.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Action {
    /// The factory: a new game. Takes the bond.
    Create(Create),
    /// The oracle: a part of a keccak256 pre-image.
    LoadPreimage {
        /// The pre-image.
        preimage: Vec<u8>,
        /// Where the part begins, counted from the length.
        offset: U256,
    },
    /// A game, by its number in the order of creation.
    Game(usize, GameAction),
}

/// What of a game is called.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum GameAction {
    /// Answer a claim. Takes the bond.
    Move(Move),
    /// Counter a claim by an instruction.
    Step(Step),
    /// Load a local datum.
    AddLocalData {
        /// Which: see [`crate::game::context::ident`].
        ident: U256,
        /// Index of a claim of the execution.
        leaf: usize,
        /// Where the part begins, counted from the length.
        offset: U256,
    },
    /// Contest the proposal's block number.
    ChallengeBlockNumber {
        /// Pre-image of the root claim.
        proof: OutputRootProof,
        /// RLP of the block's header.
        header: Vec<u8>,
    },
    /// Resolve the subgame of a claim.
    ResolveClaim {
        /// The claim's index.
        claim: usize,
        /// How many of its answers; 0 for all.
        count: U256,
    },
    /// End the game.
    Resolve,
    /// Pay an account's credit.
    ClaimCredit(Address),
    /// Sample the base fee.
    SampleFee,
}

/// A call.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Call {
    /// The caller.
    pub from: Address,
    /// Wei sent.
    pub value: u128,
    /// What is called.
    pub action: Action,
}

/// What a call did.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Effect {
    /// A game of this number was created.
    Created(usize),
    /// A claim of this index was made.
    Claimed(usize),
    /// A pre-image part was loaded under this key.
    Loaded(B256),
    /// The game ended.
    Resolved(GameStatus),
    /// This much was paid, in wei.
    Paid(u128),
    /// It did what was asked; there is nothing to tell.
    Done,
}

/// What an account does when a game pays it.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub enum Receiver {
    /// Takes the money.
    #[default]
    Accepts,
    /// Reverts.
    Refuses,
    /// Takes it and makes a call of its own first, sending nothing along.
    Calls {
        /// What it calls.
        action: Box<Action>,
        /// Reverts if that call does.
        insists: bool,
    },
}

/// The state.
#[derive(Clone, Debug)]
pub struct Chain<V> {
    /// The VM's contract.
    pub vm: V,
    /// The bond vault.
    pub vault: Vault,
    /// The anchor registry.
    pub registry: AnchorRegistry,
    /// The factory.
    pub factory: Factory,
    /// The pre-image oracle.
    pub oracle: Oracle,
    games: Vec<Game>,
    balances: BTreeMap<Address, u128>,
    receivers: BTreeMap<Address, Receiver>,
}

impl<V: Vm> Chain<V> {
    /// A chain on which nothing has happened yet.
    pub fn new(vm: V, vault: Vault, registry: AnchorRegistry, factory: Factory) -> Self {
        Self {
            vm,
            vault,
            registry,
            factory,
            oracle: Oracle::default(),
            games: Vec::new(),
            balances: BTreeMap::new(),
            receivers: BTreeMap::new(),
        }
    }

    /// The games, oldest first.
    pub fn games(&self) -> &[Game] {
        &self.games
    }

    /// The game of this number.
    pub fn game(&self, number: usize) -> Option<&Game> {
        self.games.get(number)
    }

    /// What an account has, in wei.
    pub fn balance(&self, account: Address) -> u128 {
        self.balances.get(&account).copied().unwrap_or_default()
    }

    /// Gives an account `wei` from nowhere.
    pub fn fund(&mut self, account: Address, wei: u128) {
        let balance = self.balances.entry(account).or_default();
        *balance = balance.saturating_add(wei);
    }

    /// Decides what an account does when it is paid.
    pub fn set_receiver(&mut self, account: Address, receiver: Receiver) {
        self.receivers.insert(account, receiver);
    }

    /// Makes a call.
    ///
    /// # Errors
    /// `OutOfFunds`, a revert without reason for value sent where none is taken or for a game that
    /// does not exist, and then the reasons of what is called.
    pub fn apply(&mut self, call: &Call, block: &Block) -> Result<Effect, Revert> {
        let Call {
            from,
            value,
            action,
        } = call;
        if self.balance(*from) < *value {
            return Err(Revert::OutOfFunds);
        }
        let takes_value = matches!(
            action,
            Action::Create(_) | Action::Game(_, GameAction::Move(_))
        );
        if *value > 0 && !takes_value {
            return Err(Revert::Empty);
        }
        let effect = match action {
            Action::Create(create) => self.create(*from, *value, create, block)?,
            Action::LoadPreimage { preimage, offset } => {
                Effect::Loaded(self.oracle.load_keccak256(preimage, *offset)?)
            }
            Action::Game(number, GameAction::ClaimCredit(recipient)) => {
                self.claim_credit(*number, *recipient, block)?
            }
            Action::Game(number, action) => self.play(*number, *from, *value, action, block)?,
        };
        if let Some(balance) = self.balances.get_mut(from) {
            *balance = balance.saturating_sub(*value);
        }
        Ok(effect)
    }

    fn create(
        &mut self,
        from: Address,
        value: u128,
        create: &Create,
        block: &Block,
    ) -> Result<Effect, Revert> {
        let number = self.games.len();
        let address = game_address(number);
        let (registry, vault) = (&self.registry, &mut self.vault);
        let (l1_head, now) = (block.parent_hash, block.timestamp);
        let game = self
            .factory
            .create(registry, vault, address, from, value, create, l1_head, now)?;
        self.games.push(game);
        Ok(Effect::Created(number))
    }

    fn play(
        &mut self,
        number: usize,
        from: Address,
        value: u128,
        action: &GameAction,
        block: &Block,
    ) -> Result<Effect, Revert> {
        let game = self.games.get_mut(number).ok_or(Revert::Empty)?;
        let now = block.timestamp;
        Ok(match action {
            GameAction::Move(mv) => {
                Effect::Claimed(game.make_move(&mut self.vault, now, from, value, mv)?)
            }
            GameAction::Step(step) => {
                game.step(&self.vm, &self.oracle, from, step)?;
                Effect::Done
            }
            GameAction::AddLocalData {
                ident,
                leaf,
                offset,
            } => Effect::Loaded(game.add_local_data(&mut self.oracle, *ident, *leaf, *offset)?),
            GameAction::ChallengeBlockNumber { proof, header } => {
                game.challenge_block_number(from, proof, header)?;
                Effect::Done
            }
            GameAction::ResolveClaim { claim, count } => {
                game.resolve_claim(&mut self.vault, now, *claim, *count)?;
                Effect::Done
            }
            GameAction::Resolve => {
                let mut resolved = game.clone();
                let status = resolved.resolve(now)?;
                self.registry.try_update(&self.factory, &resolved)?;
                *game = resolved;
                Effect::Resolved(status)
            }
            // Paid by `claim_credit`, which needs the whole chain.
            GameAction::ClaimCredit(_) => return Err(Revert::Empty),
            GameAction::SampleFee => {
                game.sample_fee(now, block.base_fee)?;
                Effect::Done
            }
        })
    }

    /// Pays `recipient` its credit in a game: from the vault to the game, from the game to the
    /// recipient, who may call anything before it returns.
    fn claim_credit(
        &mut self,
        number: usize,
        recipient: Address,
        block: &Block,
    ) -> Result<Effect, Revert> {
        let game = self.games.get_mut(number).ok_or(Revert::Empty)?;
        let address = game.address();
        let wei = game.take_credit(recipient)?;
        let withdrawn = self
            .vault
            .withdraw(address, recipient, wei, block.timestamp);
        if let Err(reason) = withdrawn {
            game.give_credit(recipient, wei);
            return Err(reason);
        }
        self.fund(recipient, wei);
        let accepted = match self.receivers.get(&recipient).cloned().unwrap_or_default() {
            Receiver::Accepts => true,
            Receiver::Refuses => false,
            Receiver::Calls { action, insists } => {
                let call = Call {
                    from: recipient,
                    value: 0,
                    action: *action,
                };
                self.apply(&call, block).is_ok() || !insists
            }
        };
        if accepted {
            return Ok(Effect::Paid(wei));
        }
        // Only a call that was refused, and so changed nothing, lies between.
        if let Some(balance) = self.balances.get_mut(&recipient) {
            *balance = balance.saturating_sub(wei);
        }
        self.vault.put_back(address, recipient, wei);
        if let Some(game) = self.games.get_mut(number) {
            game.give_credit(recipient, wei);
        }
        Err(Revert::BondTransferFailed)
    }
}

/// Where the game of this number lives. Arbitrary, but the same in every run.
pub fn game_address(number: usize) -> Address {
    Address::from_word(keccak256(format!("dispute game {number}")))
}
