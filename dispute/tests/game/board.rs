//! A chain with one game on it, in the model and on the contracts at once, and short ways to make calls.

use alloy_primitives::{Address, B256, U256};
use fpvm_dispute::call::{Action, Block, Call, Effect, GameAction, Receiver};
use fpvm_dispute::chain::Chain;
use fpvm_dispute::claim::{ClaimData, Side, VmStatus};
use fpvm_dispute::factory::Create;
use fpvm_dispute::fees::FeeSpikes;
use fpvm_dispute::game::Game;
use fpvm_dispute::game::moves::Move;
use fpvm_dispute::revert::Revert;
use fpvm_dispute::rules::Params;
use fpvm_dispute::synthetic::Rollup;

use crate::deploy::{Source, Sources};
use crate::setup::{ANN, BLOCK, BOB, EVE, PURSE, ROLLUP, START, Setup, anchor, params};
use crate::twin::{Twin, VmContract};

/// The model, on this project's contracts, and where they are at hand on upstream's too.
pub(crate) struct Board {
    twins: Vec<Twin<Rollup>>,
    pub(crate) now: u64,
    pub(crate) base_fee: u64,
    pub(crate) rollup: Rollup,
}

impl Board {
    /// Without a game yet.
    pub(crate) fn empty(params: Params) -> Self {
        let mut sources = vec![Source::Ours];
        // Time for fee spikes is this project's option.
        if params.fee_spikes.is_none() {
            sources.extend(Source::upstream_of(params.version));
        }
        let anchor = anchor();
        let setup = Setup { params, anchor };
        let twin = |source| {
            let mut twin = Twin::new(ROLLUP, VmContract::Scripted, &Sources::all(source), &setup);
            for account in [ANN, BOB, EVE] {
                twin.fund(account, PURSE);
            }
            twin
        };
        Self {
            twins: sources.into_iter().map(twin).collect(),
            now: START,
            base_fee: 0,
            rollup: ROLLUP,
        }
    }

    /// With a game about a wrong output, proposed by Ann.
    pub(crate) fn new() -> Self {
        Self::with(params())
    }

    pub(crate) fn with(params: Params) -> Self {
        let mut board = Self::empty(params);
        board
            .propose(B256::repeat_byte(0x99), BLOCK)
            .expect("a legal proposal");
        board
    }

    pub(crate) fn with_fee_spikes(spikes: FeeSpikes) -> Self {
        Self::with(Params {
            fee_spikes: Some(spikes),
            ..params()
        })
    }

    pub(crate) fn propose(&mut self, root_claim: B256, block: u64) -> Result<Effect, Revert> {
        let extra_data = U256::from(block).to_be_bytes_vec();
        let create = Create {
            game_type: 0,
            root_claim,
            extra_data,
        };
        self.call(
            ANN,
            self.chain().factory.init_bond(0),
            Action::Create(create),
        )
    }

    pub(crate) fn call(
        &mut self,
        from: Address,
        value: u128,
        action: Action,
    ) -> Result<Effect, Revert> {
        let block = Block {
            timestamp: self.now,
            base_fee: self.base_fee.into(),
            parent_hash: B256::repeat_byte(0x11),
        };
        let call = Call {
            from,
            value,
            action,
        };
        let games = self.chain().games().iter();
        let games: Vec<Address> = games.map(Game::address).collect();
        let results = self.twins.iter_mut().map(|twin| {
            let call = translated(&call, &games, &twin.model);
            let (result, _) = twin.apply(&call, &block);
            twin.compare_all();
            result
        });
        let mut results: Vec<_> = results.collect();
        // A local datum's key follows from its game's address, and that from what the game is made of.
        results.dedup_by(|a, b| {
            matches!((&a, &b), (Ok(Effect::Loaded(_)), Ok(Effect::Loaded(_)))) || a == b
        });
        assert_eq!(results.len(), 1, "{call:?}: {results:?}");
        results.remove(0)
    }

    /// Decides what an account does when it is paid. It can no longer send transactions then.
    pub(crate) fn set_receiver(&mut self, account: Address, receiver: &Receiver) {
        for twin in &mut self.twins {
            twin.set_receiver(account, receiver);
        }
    }

    /// Stops the vault, or lets it go on.
    pub(crate) fn set_paused(&mut self, paused: bool) {
        for twin in &mut self.twins {
            twin.set_paused(paused);
        }
    }

    /// Lets the factory create games with these rules too.
    pub(crate) fn register(&mut self, params: &Params) {
        self.twins.iter_mut().for_each(|twin| twin.register(params));
    }

    /// A call of the factory that the model has no action for.
    pub(crate) fn call_factory(&mut self, from: Address, data: &[u8]) -> Result<(), Vec<u8>> {
        let twins = self.twins.iter_mut();
        let mut results: Vec<_> = twins
            .map(|twin| twin.call_factory(from, data.into()))
            .collect();
        results.dedup();
        assert_eq!(results.len(), 1, "{results:?}");
        results.remove(0)
    }

    /// The model.
    pub(crate) fn chain(&self) -> &Chain<Rollup> {
        &self.twins[0].model
    }

    pub(crate) fn play(&mut self, from: Address, action: GameAction) -> Result<Effect, Revert> {
        self.call(from, 0, Action::Game(0, action))
    }

    pub(crate) fn game(&self) -> &Game {
        self.chain().game(0).expect("a game")
    }

    pub(crate) fn claim(&self, index: usize) -> &ClaimData {
        &self.game().claims()[index]
    }

    /// The bond of an answer to the claim at `parent`; one wei where there is no such.
    pub(crate) fn bond(&self, parent: usize, side: Side) -> u128 {
        let parent = self.game().claim(parent);
        let bond =
            parent.and_then(|p| self.game().rules().required_bond(p.position.answered(side)));
        bond.unwrap_or(1)
    }

    /// An answer with the right bond, against the claim that stands at `parent`.
    pub(crate) fn answer(
        &mut self,
        from: Address,
        parent: usize,
        side: Side,
        claim: B256,
    ) -> Result<Effect, Revert> {
        let bond = self.bond(parent, side);
        self.answer_with(from, bond, parent, side, claim)
    }

    pub(crate) fn answer_with(
        &mut self,
        from: Address,
        bond: u128,
        parent: usize,
        side: Side,
        claim: B256,
    ) -> Result<Effect, Revert> {
        let disputed = self
            .game()
            .claim(parent)
            .map(|p| p.claim)
            .unwrap_or_default();
        let mv = Move {
            disputed,
            parent,
            claim,
            side,
        };
        self.call(from, bond, Action::Game(0, GameAction::Move(mv)))
    }

    pub(crate) fn attack(
        &mut self,
        from: Address,
        parent: usize,
        claim: B256,
    ) -> Result<Effect, Revert> {
        self.answer(from, parent, Side::Attack, claim)
    }

    pub(crate) fn defend(
        &mut self,
        from: Address,
        parent: usize,
        claim: B256,
    ) -> Result<Effect, Revert> {
        self.answer(from, parent, Side::Defend, claim)
    }

    /// Bob and Ann attack in turn, from the claim at `parent` on, `count` times. Returns the index of
    /// the last claim.
    pub(crate) fn attack_down(&mut self, parent: usize, count: usize) -> usize {
        let mut last = parent;
        for turn in 0..count {
            let from = if self.claim(last).claimant == ANN {
                BOB
            } else {
                ANN
            };
            let effect = self.attack(from, last, junk(turn as u8));
            let Ok(Effect::Claimed(index)) = effect else {
                panic!("attack {turn} on claim {last}: {effect:?}");
            };
            last = index;
        }
        last
    }

    pub(crate) fn resolve_claim(&mut self, claim: usize, count: u64) -> Result<Effect, Revert> {
        self.play(
            EVE,
            GameAction::ResolveClaim {
                claim,
                count: U256::from(count),
            },
        )
    }

    /// Resolves everything from the last claim up, and the game.
    pub(crate) fn resolve_all(&mut self) -> Result<Effect, Revert> {
        for claim in (0..self.game().claims().len()).rev() {
            self.resolve_claim(claim, 0)?;
        }
        self.play(EVE, GameAction::Resolve)
    }
}

/// The call, about the accounts of the games where they are on another chain: clones of other code are elsewhere.
fn translated(call: &Call, games: &[Address], there: &Chain<Rollup>) -> Call {
    let at = |account: &Address| {
        let number = games.iter().position(|game| game == account);
        let game = number.and_then(|number| there.game(number));
        game.map_or(*account, Game::address)
    };
    let action = match &call.action {
        Action::Hold(account, wei) => Action::Hold(at(account), *wei),
        Action::TransferFrom(from, to, wei) => Action::TransferFrom(at(from), at(to), *wei),
        other => other.clone(),
    };
    Call {
        action,
        ..call.clone()
    }
}

/// A claim that nobody can prove, with a status that an execution's root may have after an attack.
pub(crate) fn junk(byte: u8) -> B256 {
    VmStatus::Invalid.stamp(B256::repeat_byte(byte.wrapping_add(0x20)))
}
