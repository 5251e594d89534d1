//! A chain with one game on it, and short ways to make calls.

use std::sync::Arc;

use alloy_primitives::{Address, B256, U256};
use dispute::call::{Action, Block, Call, Effect, GameAction};
use dispute::chain::Chain;
use dispute::claim::{ClaimData, OutputRoot, Side, VmStatus};
use dispute::factory::{Create, Factory};
use dispute::fees::FeeSpikes;
use dispute::game::Game;
use dispute::game::moves::Move;
use dispute::position::Position;
use dispute::registry::AnchorRegistry;
use dispute::revert::Revert;
use dispute::rules::{Params, Rules};
use dispute::synthetic::{Rollup, execution};
use dispute::vault::Vault;

pub(crate) const OWNER: Address = Address::repeat_byte(0x01);
pub(crate) const ANN: Address = Address::repeat_byte(0xaa);
pub(crate) const BOB: Address = Address::repeat_byte(0xbb);
pub(crate) const EVE: Address = Address::repeat_byte(0xee);
pub(crate) const START: u64 = 1_700_000_000;
pub(crate) const CLOCK: u64 = 302_400;
pub(crate) const EXTENSION: u64 = 10_800;
pub(crate) const CHALLENGE: u64 = 86_400;
pub(crate) const DELAY: u64 = 604_800;
pub(crate) const PURSE: u128 = 1_000_000_000_000_000_000_000;
/// Of the usual game: depth 8, split 4, executions of 8 instructions.
pub(crate) const MAX: u8 = 8;
pub(crate) const SPLIT: u8 = 4;
/// The proposal's block, over the anchor at block 100.
pub(crate) const BLOCK: u64 = 116;
pub(crate) const ANCHOR: u64 = 100;

pub(crate) struct Board {
    pub(crate) chain: Chain<Rollup>,
    pub(crate) now: u64,
    pub(crate) base_fee: u128,
    pub(crate) rollup: Rollup,
}

pub(crate) fn params() -> Params {
    Params {
        game_type: 0,
        absolute_prestate: execution::absolute_prestate(),
        max_depth: MAX.into(),
        split_depth: SPLIT.into(),
        clock_extension: EXTENSION,
        max_clock_duration: CLOCK,
        challenge_period: CHALLENGE.into(),
        l2_chain_id: U256::from(901),
        fee_spikes: None,
    }
}

impl Board {
    /// Without a game yet.
    pub(crate) fn empty(params: Params) -> Self {
        let rollup = Rollup {
            seed: 5,
            safe_head: 200,
            execution_length: 8,
        };
        let rules = Arc::new(Rules::new(params).expect("legal parameters"));
        let bond = rules.required_bond(Position::ROOT).expect("has a root");
        let mut factory = Factory::new(OWNER);
        factory
            .set_implementation(OWNER, 0, rules)
            .expect("the owner");
        factory.set_init_bond(OWNER, 0, bond).expect("the owner");
        let block = U256::from(ANCHOR);
        let anchor = OutputRoot {
            root: rollup.root(block),
            block,
        };
        let registry = AnchorRegistry::new(OWNER, [(0, anchor)]);
        let mut chain = Chain::new(rollup, Vault::new(OWNER, DELAY), registry, factory);
        for account in [ANN, BOB, EVE] {
            chain.fund(account, PURSE);
        }
        Self {
            chain,
            now: START,
            base_fee: 0,
            rollup,
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
        self.call(ANN, self.chain.factory.init_bond(0), Action::Create(create))
    }

    pub(crate) fn call(
        &mut self,
        from: Address,
        value: u128,
        action: Action,
    ) -> Result<Effect, Revert> {
        let (timestamp, base_fee) = (self.now, self.base_fee);
        let block = Block {
            timestamp,
            base_fee,
            parent_hash: B256::repeat_byte(0x11),
        };
        self.chain.apply(
            &Call {
                from,
                value,
                action,
            },
            &block,
        )
    }

    pub(crate) fn play(&mut self, from: Address, action: GameAction) -> Result<Effect, Revert> {
        self.call(from, 0, Action::Game(0, action))
    }

    pub(crate) fn game(&self) -> &Game {
        self.chain.game(0).expect("a game")
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

/// A claim that nobody can prove, with a status that an execution's root may have after an attack.
pub(crate) fn junk(byte: u8) -> B256 {
    VmStatus::Invalid.stamp(B256::repeat_byte(byte.wrapping_add(0x20)))
}
