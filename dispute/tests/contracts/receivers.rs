//! Recipients who refuse money or call back while they are paid, and a vault that is stopped, emptied
//! or held: on the contracts and in the model at once.

use alloy_primitives::{Address, B256, U256};
use dispute::call::{Action, Block, Call, Effect, GameAction, Receiver};
use dispute::claim::{OutputRoot, Side, VmStatus};
use dispute::factory::Create;
use dispute::game::moves::Move;
use dispute::revert::Revert;
use dispute::rules::Params;
use dispute::synthetic::{Rollup, execution};

use crate::deploy::{Setup, Source, Sources};
use crate::twin::{Twin, VmContract};

const ANN: Address = Address::repeat_byte(0xaa);
const BOB: Address = Address::repeat_byte(0xbb);
const EVE: Address = Address::repeat_byte(0xee);
const OWNER: Address = Address::repeat_byte(0x01);
const CLOCK: u64 = 302_400;
const DELAY: u64 = 604_800;
const PURSE: u128 = 1_000_000_000_000_000_000_000;

struct Board {
    twin: Twin<Rollup>,
    now: u64,
}

impl Board {
    /// Bob has won everything, and may withdraw.
    fn won(sources: &Sources) -> Self {
        let rollup = Rollup {
            seed: 1,
            safe_head: 200,
            execution_length: 8,
        };
        let params = Params {
            max_depth: 8,
            split_depth: 4,
            ..Params::mainnet(execution::absolute_prestate())
        };
        let anchor = OutputRoot {
            root: B256::repeat_byte(1),
            block: U256::from(100),
        };
        let setup = Setup {
            params,
            anchor,
            owner: OWNER,
            delay: DELAY,
        };
        let mut twin = Twin::new(rollup, VmContract::Scripted, sources, &setup);
        for account in [ANN, BOB, EVE] {
            twin.fund(account, PURSE);
        }
        let mut board = Self {
            twin,
            now: 1_700_000_000,
        };
        let root_claim = B256::repeat_byte(0x99);
        let create = Create {
            game_type: 0,
            root_claim,
            extra_data: U256::from(116).to_be_bytes_vec(),
        };
        let bond = board.twin.model.factory.init_bond(0);
        assert!(board.call(ANN, bond, Action::Create(create)).is_ok());
        let mv = Move {
            disputed: root_claim,
            parent: 0,
            claim: VmStatus::Invalid.stamp(B256::repeat_byte(7)),
            side: Side::Attack,
        };
        let game = board.twin.model.game(0).expect("created");
        let bond = dispute::player::value_of(game, &Action::Game(0, GameAction::Move(mv)));
        let attack = Action::Game(0, GameAction::Move(mv));
        assert!(board.call(BOB, bond, attack).is_ok());
        board.now += 2 * CLOCK;
        for claim in [1, 0] {
            let count = U256::ZERO;
            let resolve = GameAction::ResolveClaim { claim, count };
            assert!(board.call(EVE, 0, Action::Game(0, resolve)).is_ok());
        }
        let resolve = Action::Game(0, GameAction::Resolve);
        assert!(board.call(EVE, 0, resolve).is_ok());
        board.now += DELAY;
        board
    }

    fn call(&mut self, from: Address, value: u128, action: Action) -> Result<Effect, Revert> {
        let block = Block {
            timestamp: self.now,
            ..Block::default()
        };
        let call = Call {
            from,
            value,
            action,
        };
        let (result, _) = self.twin.apply(&call, &block);
        self.twin.compare_all();
        result
    }

    fn pay(&mut self) -> Result<Effect, Revert> {
        self.call(EVE, 0, claim())
    }

    fn pot(&self) -> u128 {
        self.twin.model.game(0).expect("created").credit(BOB)
    }
}

fn claim() -> Action {
    Action::Game(0, GameAction::ClaimCredit(BOB))
}

/// Ours, and where they are at hand upstream's.
fn each(test: impl Fn(&Sources)) {
    test(&Sources::all(Source::Ours));
    if let Some(upstream) = Source::upstream() {
        test(&Sources::all(upstream));
    }
}

#[test]
fn one_who_refuses() {
    each(|sources| {
        let mut board = Board::won(sources);
        board.twin.set_receiver(BOB, &Receiver::Refuses);
        assert_eq!(board.pay(), Err(Revert::BondTransferFailed));
        board.twin.set_receiver(BOB, &Receiver::Accepts);
        let pot = board.pot();
        assert_eq!(board.pay(), Ok(Effect::Paid(pot)));
        assert_eq!(board.pay(), Err(Revert::NoCreditToClaim));
    });
}

#[test]
fn one_who_comes_back() {
    each(|sources| {
        for (again, insists, accepted) in [
            (claim(), false, true),
            (claim(), true, false),
            (
                Action::LoadPreimage {
                    preimage: vec![7],
                    offset: U256::ZERO,
                },
                true,
                true,
            ),
        ] {
            let mut board = Board::won(sources);
            let action = Box::new(again);
            board
                .twin
                .set_receiver(BOB, &Receiver::Calls { action, insists });
            let pot = board.pot();
            let expected = match accepted {
                true => Ok(Effect::Paid(pot)),
                false => Err(Revert::BondTransferFailed),
            };
            assert_eq!(board.pay(), expected);
        }
    });
}

#[test]
fn a_vault_that_is_stopped_or_emptied() {
    each(|sources| {
        let mut board = Board::won(sources);
        let pot = board.pot();
        board.twin.set_paused(OWNER, true);
        let paused = Err(Revert::Message("DelayedWETH: contract is paused"));
        assert_eq!(board.pay(), paused);
        board.twin.set_paused(OWNER, false);
        let game = board.twin.model.game(0).expect("created").address();
        assert_eq!(
            board.call(OWNER, 0, Action::Hold(game, 5)),
            Ok(Effect::Done)
        );
        let take = |wei| Action::TransferFrom(game, OWNER, wei);
        assert_eq!(board.call(OWNER, 0, take(6)), Err(Revert::Empty));
        assert_eq!(board.call(OWNER, 0, take(5)), Ok(Effect::Done));
        assert_eq!(board.pay(), Err(Revert::Empty));
        let all = Action::Recover(u128::MAX);
        assert_eq!(board.call(OWNER, 0, all), Ok(Effect::Paid(pot)));
    });
}
