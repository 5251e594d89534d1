//! One whole game on the contracts and in the model at once, to the wei and to the second, as upstream's
//! contracts of October 2024 played it. (`tests/worked_game.rs` checks the model's figures.)

use alloy_primitives::{Address, B256, U256, keccak256};
use dispute::call::{Action, Block, Call, Effect, GameAction};
use dispute::claim::{GameStatus, OutputRoot, Side, VmStatus};
use dispute::factory::Create;
use dispute::game::moves::Move;
use dispute::game::step::Step;
use dispute::position::Position;
use dispute::revert::Revert;
use dispute::rules::Params;
use dispute::vm::alphabet::AlphabetVm;

use crate::deploy::{Setup, Source, Sources, test_code};
use crate::twin::{Twin, VmContract};

const A: Address = Address::repeat_byte(0xaa);
const B: Address = Address::repeat_byte(0xbb);
const OWNER: Address = Address::repeat_byte(0x01);
const START: u64 = 1_700_000_000;
const HOUR: u64 = 3_600;
const CLOCK: u64 = 302_400;
const DELAY: u64 = 604_800;
const PURSE: u128 = 1_000_000_000_000_000_000_000;
/// Of all nine bonds.
const POT: u128 = 106_535_701_200_000_000_000;

struct Board {
    twin: Twin<AlphabetVm>,
    now: u64,
    gas: Vec<(&'static str, u64)>,
}

impl Board {
    fn call(
        &mut self,
        what: &'static str,
        from: Address,
        value: u128,
        action: Action,
    ) -> Result<Effect, Revert> {
        let block = Block {
            timestamp: self.now,
            ..Block::default()
        };
        let call = Call {
            from,
            value,
            action,
        };
        let (result, gas) = self.twin.apply(&call, &block);
        if result.is_ok() {
            self.gas.push((what, gas));
        }
        result
    }

    fn play(
        &mut self,
        what: &'static str,
        from: Address,
        action: GameAction,
    ) -> Result<Effect, Revert> {
        self.call(what, from, 0, Action::Game(0, action))
    }
}

/// Plays it, and returns what each transaction cost.
fn play(sources: &Sources) -> Vec<(&'static str, u64)> {
    let absolute_prestate = VmStatus::Unfinished.stamp(keccak256([0; 32]));
    let params = Params {
        game_type: 255,
        absolute_prestate,
        max_depth: 8,
        split_depth: 4,
        clock_extension: 10_800,
        max_clock_duration: CLOCK,
        challenge_period: 86_400,
        l2_chain_id: U256::from(10),
        fee_spikes: None,
    };
    let anchor = OutputRoot {
        root: B256::repeat_byte(0xac),
        block: U256::ZERO,
    };
    let setup = Setup {
        params,
        anchor,
        owner: OWNER,
        delay: DELAY,
    };
    let vm = VmContract::Code(test_code("AlphabetVm", &[absolute_prestate]));
    let mut twin = Twin::new(AlphabetVm { absolute_prestate }, vm, sources, &setup);
    twin.fund(A, PURSE);
    twin.fund(B, PURSE);
    let mut board = Board {
        twin,
        now: START,
        gas: Vec::new(),
    };
    let create = Create {
        game_type: 255,
        root_claim: B256::repeat_byte(0x99),
        extra_data: U256::from(16).to_be_bytes_vec(),
    };
    let bond = board.twin.model.factory.init_bond(255);
    let created = board.call("create", A, bond, Action::Create(create));
    assert_eq!(created, Ok(Effect::Created(0)));
    for turn in 1..=8usize {
        board.now = START + 1 + HOUR * turn as u64;
        let from = if turn % 2 == 1 { B } else { A };
        let game = board.twin.model.game(0).expect("created");
        let position = Position::new(turn as u8, 0).expect("within the tree");
        let bond = game
            .rules()
            .required_bond(position)
            .expect("within the game");
        let mv = Move {
            disputed: game.claims()[turn - 1].claim,
            parent: turn - 1,
            claim: VmStatus::Invalid.stamp(B256::repeat_byte(turn as u8)),
            side: Side::Attack,
        };
        let made = board.call("move", from, bond, Action::Game(0, GameAction::Move(mv)));
        assert_eq!(made, Ok(Effect::Claimed(turn)));
    }
    let step = GameAction::Step(Step {
        claim: 8,
        side: Side::Attack,
        state: vec![0; 32],
        proof: Vec::new(),
    });
    let missing = Err(Revert::Message("pre-image must exist"));
    assert_eq!(board.play("step", B, step.clone()), missing);
    let add = GameAction::AddLocalData {
        ident: U256::from(4),
        leaf: 8,
        offset: U256::ZERO,
    };
    assert!(board.play("addLocalData", B, add).is_ok());
    assert_eq!(board.play("step", B, step.clone()), Ok(Effect::Done));
    assert_eq!(board.play("step", B, step), Err(Revert::DuplicateStep));

    board.now += CLOCK;
    for claim in (0..=8).rev() {
        let count = U256::ZERO;
        let what = match claim {
            8 => "resolveClaim (first, without answers)",
            7 => "resolveClaim (first with an answer)",
            _ => "resolveClaim",
        };
        let resolve = GameAction::ResolveClaim { claim, count };
        assert_eq!(board.play(what, A, resolve), Ok(Effect::Done));
    }
    let resolved = board.play("resolve", A, GameAction::Resolve);
    assert_eq!(resolved, Ok(Effect::Resolved(GameStatus::ChallengerWins)));
    let claim = |of| GameAction::ClaimCredit(of);
    assert_eq!(
        board.play("claimCredit", A, claim(A)),
        Err(Revert::NoCreditToClaim)
    );
    board.now += DELAY - 1;
    let early = Err(Revert::Message("DelayedWETH: withdrawal delay not met"));
    assert_eq!(board.play("claimCredit", A, claim(B)), early);
    board.now += 1;
    assert_eq!(
        board.play("claimCredit", A, claim(B)),
        Ok(Effect::Paid(POT))
    );
    board.twin.compare_all();
    board.gas
}

#[test]
fn on_our_contracts() {
    let gas = play(&Sources::all(Source::Ours));
    let most = |what: &str| {
        let costs = gas.iter().filter(|(name, _)| name.starts_with(what));
        costs.map(|(_, gas)| *gas).max().unwrap_or_default()
    };
    // Upstream's lowest figures for each.
    assert!(most("move") <= 226_000, "{gas:?}");
    assert!(most("step") <= 82_000, "{gas:?}");
    assert!(most("resolveClaim") <= 139_000, "{gas:?}");
    println!("{gas:#?}");
}

#[test]
fn on_upstreams_contracts() {
    let Some(upstream) = Source::upstream() else {
        return;
    };
    println!("{:#?}", play(&Sources::all(upstream.clone())));
    for (ours, theirs) in [(Source::Ours, upstream.clone()), (upstream, Source::Ours)] {
        play(&Sources {
            game: ours,
            surroundings: theirs.clone(),
            oracle: theirs,
        });
    }
}
