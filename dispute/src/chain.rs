//! Everything on L1 that a game touches, as one state machine: accounts, vault, registry, factory,
//! oracle and games.
//!
//! [`Chain::apply`] is the whole interface: a call at a time gives an effect, or a [`Revert`] and
//! no change at all.

use std::collections::BTreeMap;

use alloy_primitives::Address;

use crate::call::{Action, Block, Call, Effect, GameAction, Guard, Receiver};
use crate::factory::{Create, Factory};
use crate::game::Game;
use crate::game::credits::BondMode;
use crate::game::opening::Setting;
use crate::oracle::Oracle;
use crate::registry::{Moment, Registry};
use crate::revert::Revert;
use crate::superchain::Superchain;
use crate::vault::Vault;
use crate::vm::Vm;

/// The state.
#[derive(Clone, Debug)]
pub struct Chain<V> {
    /// The VM's contract.
    pub vm: V,
    /// The address of the VM's contract, which games from 2.0 on have among their arguments.
    pub vm_address: Address,
    /// The guardian and its pauses. In 2024 the registry was told its guardian itself.
    pub superchain: Superchain,
    /// The bond vault.
    pub vault: Vault,
    /// The anchor registry.
    pub registry: Registry,
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
    pub fn new(vm: V, vault: Vault, registry: impl Into<Registry>, factory: Factory) -> Self {
        Self {
            vm,
            vm_address: Address::ZERO,
            superchain: Superchain::of_2024(vault.owner()),
            vault,
            registry: registry.into(),
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
    /// `OutOfFunds`; a revert without a reason for value that is sent to a function that takes none, or for a game or
    /// a function that does not exist; and then the reasons of the function that is called.
    pub fn apply(&mut self, call: &Call, block: &Block) -> Result<Effect, Revert> {
        self.apply_from(call.from, call, block)
    }

    /// Makes a call within a transaction of `origin`.
    fn apply_from(
        &mut self,
        origin: Address,
        call: &Call,
        block: &Block,
    ) -> Result<Effect, Revert> {
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
        let now = block.timestamp;
        let effect = match action {
            Action::Create(create) => self.create(origin, *from, *value, create, block)?,
            Action::LoadPreimage(preimage) => Effect::Loaded(self.oracle.load(preimage)?),
            Action::SetAnchor(number) => self.set_anchor(*from, *number, now)?,
            Action::Guard(guard) => self.guard(*from, *guard, now)?,
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
            Action::Game(number, GameAction::Close) => self
                .close(*number, now)?
                .map_or(Effect::Done, Effect::Closed),
            Action::Game(number, GameAction::ClaimCredit(recipient)) => {
                self.claim_credit(origin, *number, *recipient, block)?
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
        origin: Address,
        from: Address,
        value: u128,
        create: &Create,
        block: &Block,
    ) -> Result<Effect, Revert> {
        let number = self.games.len();
        let setting = Setting {
            registry: &self.registry,
            vault: self.vault.address(),
            vm: self.vm_address,
            origin,
            now: block.timestamp,
        };
        let l1_head = block.parent_hash;
        let game = self
            .factory
            .create(number, from, value, create, l1_head, &setting)?;
        if game.version().is_won_at_creation() {
            // The game takes the ether that is sent, and has no way to give it back.
            self.fund(game.address(), value);
        } else {
            self.vault.deposit(game.address(), value);
        }
        self.games.push(game);
        Ok(Effect::Created(number))
    }

    fn moment(&self, now: u64) -> Moment {
        Moment {
            paused: self.superchain.is_paused(now),
            now,
        }
    }

    fn set_anchor(&mut self, from: Address, number: usize, now: u64) -> Result<Effect, Revert> {
        let moment = self.moment(now);
        let game = self.games.get(number).ok_or(Revert::Empty)?;
        let candidate = game.candidate(self.factory.made(game));
        match &mut self.registry {
            Registry::Anchors(anchors) => anchors.set_anchor(from, &candidate)?,
            Registry::Judge(judge) => judge.set_anchor(&candidate, moment)?,
        }
        Ok(Effect::Done)
    }

    fn guard(&mut self, from: Address, guard: Guard, now: u64) -> Result<Effect, Revert> {
        let address = |number: usize| self.games.get(number).map(Game::address);
        let judged = match guard {
            Guard::Blacklist(number) => Some(address(number).ok_or(Revert::Empty)?),
            _ => None,
        };
        let judge = match &mut self.registry {
            Registry::Judge(judge) => Ok(judge),
            // It has no such function.
            Registry::Anchors(_) => Err(Revert::Empty),
        };
        match guard {
            Guard::Respect(game_type) => judge?.respect(from, game_type)?,
            Guard::Retire => judge?.retire(from, now)?,
            Guard::Blacklist(_) => judge?.blacklist(from, judged.unwrap_or_default())?,
            Guard::Pause(identifier) => self.superchain.pause(from, identifier, now)?,
            Guard::Unpause(identifier) => self.superchain.unpause(from, identifier)?,
            Guard::Extend(identifier) => self.superchain.extend(from, identifier, now)?,
        }
        Ok(Effect::Done)
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
        if game.version().is_won_at_creation() {
            return match action {
                // Says how it was resolved, and does nothing.
                GameAction::Resolve if value == 0 => Ok(Effect::Resolved(game.status())),
                // It has no such function.
                _ => Err(Revert::Empty),
            };
        }
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
                if let (true, Registry::Anchors(anchors)) =
                    (game.version().pays_at_resolution(), &mut self.registry)
                {
                    anchors.try_update(&resolved.candidate(self.factory.made(&resolved)))?;
                }
                *game = resolved;
                Effect::Resolved(status)
            }
            // These calls need the whole chain.
            GameAction::Close | GameAction::ClaimCredit(_) => return Err(Revert::Empty),
            GameAction::SampleFee => {
                game.sample_fee(now, block.base_fee)?;
                Effect::Done
            }
        })
    }

    /// Closes a game; gives how, or none if it was closed before.
    fn close(&mut self, number: usize, now: u64) -> Result<Option<BondMode>, Revert> {
        let moment = self.moment(now);
        let game = self.games.get_mut(number).ok_or(Revert::Empty)?;
        let registered = self.factory.made(game);
        let Registry::Judge(judge) = &mut self.registry else {
            return Err(Revert::Empty);
        };
        if game.version().pays_at_resolution() || game.version().is_won_at_creation() {
            // It has no such function.
            return Err(Revert::Empty);
        }
        let closed = game.close(judge, registered, moment)?;
        Ok(closed.then_some(game.credits().mode))
    }

    /// Closes the game, and unlocks the credit of `recipient` or pays it, whichever is next. A payment goes from the
    /// vault to the game, and from the game to the recipient, which may call anything before it returns.
    fn claim_credit(
        &mut self,
        origin: Address,
        number: usize,
        recipient: Address,
        block: &Block,
    ) -> Result<Effect, Revert> {
        let now = block.timestamp;
        let game = self.games.get(number).ok_or(Revert::Empty)?;
        if !game.version().pays_at_resolution() {
            self.close(number, now)?;
        }
        let paused = self.superchain.is_paused(now);
        let game = self.games.get_mut(number).ok_or(Revert::Empty)?;
        if !game.version().pays_at_resolution()
            && let Some(wei) = game.unlock(&mut self.vault, recipient, now)
        {
            return Ok(Effect::Unlocked(wei));
        }
        let address = game.address();
        let taken = game.take_credit(recipient)?;
        let wei = taken.wei;
        let withdrawn = self.vault.withdraw(address, recipient, wei, now, paused);
        if let Err(reason) = withdrawn {
            game.give_back(recipient, &taken);
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
                self.apply_from(origin, &call, block).is_ok() || !insists
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
            game.give_back(recipient, &taken);
        }
        Err(Revert::BondTransferFailed)
    }
}
