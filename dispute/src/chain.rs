//! Everything on L1 that a game touches, as one state machine: accounts, vault, registry, factory,
//! oracle and games.
//!
//! [`Chain::apply`] is the whole interface: a call at a time gives an effect, or a [`Revert`] and
//! no change at all.

use std::collections::BTreeMap;

use alloy_primitives::Address;

use crate::call::{Action, Block, Call, Effect, GameAction, Receiver};
use crate::factory::{Create, Factory};
use crate::game::Game;
use crate::oracle::Oracle;
use crate::registry::AnchorRegistry;
use crate::revert::Revert;
use crate::vault::Vault;
use crate::vm::Vm;

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
            Action::LoadPreimage(preimage) => Effect::Loaded(self.oracle.load(preimage)?),
            Action::SetAnchor(number) => {
                let game = self.games.get(*number).ok_or(Revert::Empty)?;
                self.registry.set_anchor(&self.factory, *from, game)?;
                Effect::Done
            }
            Action::Recover(wei) => {
                let amount = self.vault.recover(*from, *wei)?;
                self.fund(*from, amount);
                Effect::Paid(amount)
            }
            Action::Hold(account, wei) => {
                self.vault.hold(*from, *account, *wei)?;
                Effect::Done
            }
            Action::TransferFrom(source, target, wei) => {
                self.vault.transfer_from(*from, *source, *target, *wei)?;
                Effect::Done
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
        let address = self.factory.game_address(number);
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
            GameAction::ChallengeBlockNumber(evidence) => {
                game.challenge_block_number(from, evidence)?;
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
