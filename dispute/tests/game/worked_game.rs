//! One whole game in the model and on the contracts at once, to the wei and to the second, as upstream's
//! contracts of October 2024 played it, and to the same end those of June 2026: depth 8, split 4, the alphabet VM; Ann proposes a wrong output,
//! Bob attacks, all answers attack.

use alloy_primitives::{Address, B256, U256, b256, keccak256};
use fpvm_dispute::call::{Action, Block, Call, Effect, GameAction};
use fpvm_dispute::claim::{ClaimData, GameStatus, OutputRoot, Side, VmStatus};
use fpvm_dispute::factory::Create;
use fpvm_dispute::game::credits::BondMode;
use fpvm_dispute::game::moves::Move;
use fpvm_dispute::game::step::Step;
use fpvm_dispute::revert::Revert;
use fpvm_dispute::rules::Params;
use fpvm_dispute::version::Version;
use fpvm_dispute::vm::alphabet::{AlphabetVm, encode};

use crate::deploy::{Source, Sources, test_code};
use crate::setup::{ANN, BOB, CLOCK, DELAY, EVE, FINALITY, PURSE, START, Setup, params};
use crate::twin::{Twin, VmContract};

const GAME_TYPE: u32 = 255;
const GWEI: u128 = 1_000_000_000;
const HOUR: u64 = 3_600;

/// In gwei, by depth.
const BONDS: [u128; 9] = [
    80_000_000,
    183_009_000,
    418_654_000,
    957_718_600,
    2_190_890_200,
    5_011_910_000,
    11_465_313_400,
    26_228_206_200,
    59_999_999_800,
];
/// Of all nine bonds.
const POT: u128 = 106_535_701_200 * GWEI;

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

/// Nothing but accounts, and a proposal by Ann for block 16.
fn propose(sources: &Sources, version: Version) -> Board {
    let absolute_prestate = VmStatus::Unfinished.stamp(keccak256([0; 32]));
    let setup = Setup {
        params: Params {
            version,
            game_type: GAME_TYPE,
            absolute_prestate,
            l2_chain_id: U256::from(10),
            ..params()
        },
        anchor: OutputRoot {
            root: B256::repeat_byte(0xac),
            block: U256::ZERO,
        },
    };
    let vm = VmContract::Code(test_code("AlphabetVm", &[absolute_prestate]));
    let mut twin = Twin::new(AlphabetVm { absolute_prestate }, vm, sources, &setup);
    twin.fund(ANN, PURSE);
    twin.fund(BOB, PURSE);
    let mut board = Board {
        twin,
        now: START,
        gas: Vec::new(),
    };
    let create = Create {
        game_type: GAME_TYPE,
        root_claim: B256::repeat_byte(0x99),
        extra_data: U256::from(16).to_be_bytes_vec(),
    };
    let created = board.call("create", ANN, BONDS[0] * GWEI, Action::Create(create));
    assert_eq!(created, Ok(Effect::Created(0)));
    board
}

/// Plays it, and returns what each transaction cost.
fn play(sources: &Sources, version: Version) -> Vec<(&'static str, u64)> {
    let mut board = propose(sources, version);
    // The game was created a second after the hour that the moves keep to.
    for (turn, bond) in BONDS.iter().enumerate().skip(1) {
        board.now = START + 1 + HOUR * turn as u64;
        let from = if turn % 2 == 1 { BOB } else { ANN };
        let game = board.twin.model.game(0).expect("created");
        let mv = Move {
            disputed: game.claims()[turn - 1].claim,
            parent: turn - 1,
            claim: VmStatus::Invalid.stamp(B256::repeat_byte(turn as u8)),
            side: Side::Attack,
        };
        let mv = Action::Game(0, GameAction::Move(mv));
        let made = board.call("move", from, bond * GWEI, mv);
        assert_eq!(made, Ok(Effect::Claimed(turn)));
    }
    let game = board.twin.model.game(0).expect("created");
    let of_claims =
        |read: fn(&ClaimData) -> u128| -> Vec<u128> { game.claims().iter().map(read).collect() };
    let gindices = of_claims(|claim| claim.position.gindex());
    assert_eq!(gindices, [1, 2, 4, 8, 16, 32, 64, 128, 256]);
    assert_eq!(of_claims(|claim| claim.bond), BONDS.map(|bond| bond * GWEI));
    let durations = [
        0, 3_601, 3_600, 7_201, 7_200, 10_801, 10_800, 14_401, 14_400,
    ];
    assert_eq!(of_claims(|claim| claim.clock.duration.into()), durations);

    // The VM asks for the disputed block's number.
    let step = GameAction::Step(Step {
        claim: 8,
        side: Side::Attack,
        state: vec![0; 32],
        proof: Vec::new(),
    });
    let missing = Err(Revert::Message("pre-image must exist"));
    assert_eq!(board.play("step", BOB, step.clone()), missing);
    let add = GameAction::AddLocalData {
        ident: U256::from(4),
        leaf: 8,
        offset: U256::ZERO,
    };
    let added = board.play("addLocalData", BOB, add);
    assert!(matches!(added, Ok(Effect::Loaded(_))));
    assert_eq!(board.play("step", BOB, step.clone()), Ok(Effect::Done));
    assert_eq!(board.play("step", BOB, step), Err(Revert::DuplicateStep));
    let game = board.twin.model.game(0).expect("created");
    assert_eq!(game.claims()[8].countered_by, Some(BOB));

    board.now += CLOCK;
    for claim in (0..=8).rev() {
        let count = U256::ZERO;
        let what = match claim {
            8 => "resolveClaim (first, without answers)",
            7 => "resolveClaim (first with an answer)",
            _ => "resolveClaim",
        };
        let resolve = GameAction::ResolveClaim { claim, count };
        assert_eq!(board.play(what, ANN, resolve), Ok(Effect::Done));
    }
    let resolved = board.play("resolve", ANN, GameAction::Resolve);
    assert_eq!(resolved, Ok(Effect::Resolved(GameStatus::ChallengerWins)));
    let game = board.twin.model.game(0).expect("created");
    assert_eq!((game.credit(ANN), game.credit(BOB)), (0, POT));
    assert_eq!(BONDS.iter().sum::<u128>() * GWEI, POT);
    assert_eq!(game.resolved_at(), board.now);

    let early = Err(Revert::Message("DelayedWETH: withdrawal delay not met"));
    if !version.pays_at_resolution() {
        let close = |board: &mut Board| {
            board.play("closeGame, of a game that was lost", EVE, GameAction::Close)
        };
        board.now += FINALITY;
        assert_eq!(close(&mut board), Err(Revert::GameNotFinalized));
        board.now += 1;
        assert_eq!(close(&mut board), Ok(Effect::Closed(BondMode::Normal)));
        let again = board.play("closeGame again", EVE, GameAction::Close);
        assert_eq!(again, Ok(Effect::Done));
        let unlock = GameAction::ClaimCredit(BOB);
        let unlocked = board.play("claimCredit, the first", BOB, unlock);
        assert_eq!(unlocked, Ok(Effect::Unlocked(POT)));
        // Nothing is unlocked for who has nothing.
        let nothing = board.play("claimCredit of nothing", ANN, GameAction::ClaimCredit(ANN));
        assert_eq!(nothing, Ok(Effect::Unlocked(0)));
    }
    let mut claim = |of, later| {
        board.now += later;
        board.play("claimCredit, which pays", of, GameAction::ClaimCredit(of))
    };
    assert_eq!(claim(ANN, 0), Err(Revert::NoCreditToClaim));
    assert_eq!(claim(BOB, DELAY - 1), early);
    assert_eq!(claim(BOB, 1), Ok(Effect::Paid(POT)));
    let lost = BONDS.iter().step_by(2).sum::<u128>() * GWEI;
    let model = &board.twin.model;
    assert_eq!(model.balance(ANN), PURSE - lost);
    assert_eq!(model.balance(BOB), PURSE + lost);
    assert_eq!(model.vault.ether(), 0);
    // A wrong proposal leaves the anchor where it was.
    assert_eq!(model.registry.anchor(GAME_TYPE).block, U256::ZERO);
    board.twin.compare_all();
    board.gas
}

/// A proposal that nobody contests is resolved and closed, and becomes the anchor; its bond goes back. Returns what
/// each transaction cost.
fn confirm(sources: &Sources, version: Version) -> Vec<(&'static str, u64)> {
    let mut board = propose(sources, version);
    board.now += CLOCK;
    let resolve = GameAction::ResolveClaim {
        claim: 0,
        count: U256::ZERO,
    };
    assert_eq!(
        board.play("resolveClaim of the root", ANN, resolve),
        Ok(Effect::Done)
    );
    let resolved = board.play("resolve", ANN, GameAction::Resolve);
    assert_eq!(resolved, Ok(Effect::Resolved(GameStatus::DefenderWins)));
    board.now += FINALITY + 1;
    let closed = board.play("closeGame, which moves the anchor", EVE, GameAction::Close);
    assert_eq!(closed, Ok(Effect::Closed(BondMode::Normal)));
    assert_eq!(
        board.twin.model.registry.anchor(GAME_TYPE).block,
        U256::from(16)
    );
    let again = board.call("setAnchorState", EVE, 0, Action::SetAnchor(0));
    assert_eq!(again, Err(Revert::InvalidAnchorGame));
    let claim = GameAction::ClaimCredit(ANN);
    let unlocked = board.play("claimCredit, the first", ANN, claim.clone());
    assert_eq!(unlocked, Ok(Effect::Unlocked(BONDS[0] * GWEI)));
    board.now += DELAY;
    let paid = board.play("claimCredit, which pays", ANN, claim);
    assert_eq!(paid, Ok(Effect::Paid(BONDS[0] * GWEI)));
    board.twin.compare_all();
    board.gas
}

/// The claim that the step proves Ann's to differ from.
#[test]
fn the_alphabet() {
    let claim = VmStatus::Invalid.stamp(keccak256(encode(U256::ZERO, U256::ZERO)));
    assert_eq!(
        claim,
        b256!("013228b676f7d3cd4284a5443f17f1962b36e491b30a40b2405849e597ba5fb5")
    );
}

fn most(gas: &[(&str, u64)], what: &str) -> u64 {
    let costs = gas.iter().filter(|(name, _)| name.starts_with(what));
    costs.map(|(_, gas)| *gas).max().unwrap_or_default()
}

#[test]
fn on_our_contracts() {
    let gas = play(&Sources::all(Source::Ours), Version::V1_3);
    // Upstream's lowest figures for each.
    assert!(most(&gas, "move") <= 226_000, "{gas:?}");
    assert!(most(&gas, "step") <= 82_000, "{gas:?}");
    assert!(most(&gas, "resolveClaim") <= 139_000, "{gas:?}");
    println!("{gas:#?}");
}

#[test]
fn on_upstreams_contracts() {
    let Some(upstream) = Source::upstream() else {
        return;
    };
    let version = Version::V1_3;
    println!("{:#?}", play(&Sources::all(upstream.clone()), version));
    mixed(&upstream, version, play);
}

#[test]
fn on_our_contracts_of_today() {
    let ours = Sources::all(Source::Ours);
    let gas = play(&ours, Version::V2_4);
    println!("{gas:#?}\n{:#?}", confirm(&ours, Version::V2_4));
}

/// What is a few hundred gas dearer than upstream's: it does next to nothing, or is made once in a game.
const DEARER: [&str; 2] = ["closeGame again", "resolve"];

/// Never dearer than upstream's, but for those.
#[test]
fn on_upstreams_contracts_of_today() {
    let version = Version::V2_4;
    let Some(upstream) = Source::upstream_of(version) else {
        return;
    };
    for of in [play, confirm] {
        let [ours, theirs] =
            [Source::Ours, upstream.clone()].map(|source| of(&Sources::all(source), version));
        println!("{theirs:#?}");
        for ((what, ours), (same, theirs)) in ours.iter().zip(&theirs) {
            let may = if DEARER.contains(what) { 500 } else { 0 };
            assert!(
                what == same && *ours <= theirs + may,
                "{what}: {ours} > {theirs}"
            );
        }
        mixed(&upstream, version, of);
    }
}

/// Upstream's game among our contracts, and ours among upstream's.
fn mixed<T>(upstream: &Source, version: Version, play: fn(&Sources, Version) -> T) {
    for (game, others) in [
        (Source::Ours, upstream.clone()),
        (upstream.clone(), Source::Ours),
    ] {
        play(
            &Sources {
                game,
                surroundings: others.clone(),
                oracle: others,
            },
            version,
        );
    }
}
