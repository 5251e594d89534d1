//! One whole game, to the wei and to the second, as upstream's contracts of October 2024 played it:
//! depth 8, split 4, the alphabet VM; A proposes a wrong output, B attacks, all answers attack.

use std::sync::Arc;

use alloy_primitives::{Address, B256, U256, b256, keccak256};
use dispute::call::{Action, Block, Call, Effect, GameAction};
use dispute::chain::Chain;
use dispute::claim::{GameStatus, OutputRoot, Side, VmStatus};
use dispute::factory::{Create, Factory};
use dispute::game::moves::Move;
use dispute::game::step::Step;
use dispute::registry::AnchorRegistry;
use dispute::revert::Revert;
use dispute::rules::{Params, Rules};
use dispute::vault::Vault;
use dispute::vm::alphabet::AlphabetVm;

const A: Address = Address::repeat_byte(0xaa);
const B: Address = Address::repeat_byte(0xbb);
const OWNER: Address = Address::repeat_byte(0x01);
const GAME_TYPE: u32 = 255;
const ETHER: u128 = 1_000_000_000_000_000_000;
const GWEI: u128 = 1_000_000_000;
const START: u64 = 1_700_000_000;
const HOUR: u64 = 3_600;
const CLOCK: u64 = 302_400;
const DELAY: u64 = 604_800;

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

struct Board {
    chain: Chain<AlphabetVm>,
    now: u64,
}

impl Board {
    fn new() -> Self {
        let absolute_prestate = VmStatus::Unfinished.stamp(keccak256([0; 32]));
        let rules = Rules::new(Params {
            game_type: GAME_TYPE,
            absolute_prestate,
            max_depth: 8,
            split_depth: 4,
            clock_extension: 10_800,
            max_clock_duration: CLOCK,
            challenge_period: 86_400,
            l2_chain_id: U256::from(10),
            fee_spikes: None,
        });
        let anchor = OutputRoot {
            root: B256::repeat_byte(0xac),
            block: U256::ZERO,
        };
        let mut factory = Factory::new(OWNER);
        let rules = Arc::new(rules.expect("legal parameters"));
        factory
            .set_implementation(OWNER, GAME_TYPE, rules)
            .expect("the owner");
        factory
            .set_init_bond(OWNER, GAME_TYPE, BONDS[0] * GWEI)
            .expect("the owner");
        let mut chain = Chain::new(
            AlphabetVm { absolute_prestate },
            Vault::new(OWNER, DELAY),
            AnchorRegistry::new(OWNER, [(GAME_TYPE, anchor)]),
            factory,
        );
        chain.fund(A, 1_000 * ETHER);
        chain.fund(B, 1_000 * ETHER);
        Self { chain, now: START }
    }

    fn call(&mut self, from: Address, value: u128, action: Action) -> Result<Effect, Revert> {
        let block = Block {
            timestamp: self.now,
            ..Block::default()
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

    fn play(&mut self, from: Address, action: GameAction) -> Result<Effect, Revert> {
        self.call(from, 0, Action::Game(0, action))
    }

    fn attack(&mut self, from: Address, parent: usize, claim: B256) -> Result<Effect, Revert> {
        let game = self.chain.game(0).expect("created");
        let parent_claim = game.claim(parent)?;
        let bond = game.rules().required_bond(parent_claim.position.attack())?;
        let disputed = parent_claim.claim;
        let mv = Move {
            disputed,
            parent,
            claim,
            side: Side::Attack,
        };
        self.call(from, bond, Action::Game(0, GameAction::Move(mv)))
    }

    fn claim_credit(&mut self, of: Address) -> Result<Effect, Revert> {
        self.play(of, GameAction::ClaimCredit(of))
    }
}

#[test]
fn the_worked_game() {
    let mut board = Board::new();
    let create = Create {
        game_type: GAME_TYPE,
        root_claim: B256::repeat_byte(0x99),
        extra_data: U256::from(16).to_be_bytes::<32>().to_vec(),
    };
    let created = board.call(A, BONDS[0] * GWEI, Action::Create(create));
    assert_eq!(created, Ok(Effect::Created(0)));

    // The game was created a second after the hour that the moves keep to.
    for turn in 1..=8usize {
        board.now = START + 1 + HOUR * turn as u64;
        let from = if turn % 2 == 1 { B } else { A };
        let claim = VmStatus::Invalid.stamp(B256::repeat_byte(turn as u8));
        assert_eq!(
            board.attack(from, turn - 1, claim),
            Ok(Effect::Claimed(turn))
        );
    }
    let game = board.chain.game(0).expect("created");
    let of_claims = |read: fn(&dispute::claim::ClaimData) -> u128| -> Vec<u128> {
        game.claims().iter().map(read).collect()
    };
    assert_eq!(
        of_claims(|c| c.position.gindex()),
        [1, 2, 4, 8, 16, 32, 64, 128, 256]
    );
    assert_eq!(of_claims(|c| c.bond), BONDS.map(|bond| bond * GWEI));
    let durations = [
        0, 3_601, 3_600, 7_201, 7_200, 10_801, 10_800, 14_401, 14_400,
    ];
    assert_eq!(of_claims(|c| c.clock.duration.into()), durations);

    // The VM asks for the disputed block's number.
    let step = Step {
        claim: 8,
        side: Side::Attack,
        state: vec![0; 32],
        proof: Vec::new(),
    };
    let unasked = board.play(B, GameAction::Step(step.clone()));
    assert_eq!(unasked, Err(Revert::Message("pre-image must exist")));
    let add = GameAction::AddLocalData {
        ident: U256::from(4),
        leaf: 8,
        offset: U256::ZERO,
    };
    assert!(matches!(board.play(B, add), Ok(Effect::Loaded(_))));
    assert_eq!(
        board.play(B, GameAction::Step(step.clone())),
        Ok(Effect::Done)
    );
    assert_eq!(
        board.play(B, GameAction::Step(step)),
        Err(Revert::DuplicateStep)
    );
    let game = board.chain.game(0).expect("created");
    assert_eq!(game.claims()[8].countered_by, Some(B));

    board.now += CLOCK;
    for claim in (0..=8).rev() {
        let resolve = GameAction::ResolveClaim {
            claim,
            count: U256::ZERO,
        };
        assert_eq!(board.play(A, resolve), Ok(Effect::Done), "claim {claim}");
    }
    let resolved = board.play(A, GameAction::Resolve);
    assert_eq!(resolved, Ok(Effect::Resolved(GameStatus::ChallengerWins)));
    let game = board.chain.game(0).expect("created");
    let pot = 106_535_701_200 * GWEI;
    assert_eq!((game.credit(A), game.credit(B)), (0, pot));
    assert_eq!(BONDS.iter().sum::<u128>() * GWEI, pot);
    assert_eq!(game.resolved_at(), board.now);

    assert_eq!(board.claim_credit(A), Err(Revert::NoCreditToClaim));
    board.now += DELAY - 1;
    let early = board.claim_credit(B);
    assert_eq!(
        early,
        Err(Revert::Message("DelayedWETH: withdrawal delay not met"))
    );
    board.now += 1;
    assert_eq!(board.claim_credit(B), Ok(Effect::Paid(pot)));
    let lost: u128 = BONDS.iter().step_by(2).sum();
    assert_eq!(board.chain.balance(A), 1_000 * ETHER - lost * GWEI);
    assert_eq!(board.chain.balance(B), 1_000 * ETHER + lost * GWEI);
    assert_eq!(board.chain.vault.ether(), 0);
    // A wrong proposal leaves the anchor where it was.
    assert_eq!(board.chain.registry.anchor(GAME_TYPE).block, U256::ZERO);
}

/// The claim that the step proves A's to differ from.
#[test]
fn the_alphabet() {
    let state = dispute::vm::alphabet::encode(U256::ZERO, U256::ZERO);
    let claim = VmStatus::Invalid.stamp(keccak256(state));
    assert_eq!(
        claim,
        b256!("013228b676f7d3cd4284a5443f17f1962b36e491b30a40b2405849e597ba5fb5")
    );
}
