//! The super games, rule by rule, in the model: `SuperFaultDisputeGame` 0.8.0 (type 9) and
//! `SuperPermissionedDisputeGame` 1.0.0 (type 5).
//!
//! Source of each rule: `packages/contracts-bedrock/src/dispute` at ethereum-optimism/optimism 4c8b17472b, the function
//! that each test names.

use alloy_primitives::{Address, B256, U256, keccak256};
use fpvm_dispute::arguments::FaultArgs;
use fpvm_dispute::call::{Action, Block, Call, Effect, GameAction, Guard};
use fpvm_dispute::chain::Chain;
use fpvm_dispute::claim::{GameStatus, OutputRoot, Side, VmStatus};
use fpvm_dispute::factory::{Create, Factory, Implementation, uuid};
use fpvm_dispute::game::Game;
use fpvm_dispute::game::credits::BondMode;
use fpvm_dispute::game::moves::Move;
use fpvm_dispute::oracle::local_key;
use fpvm_dispute::position::Position;
use fpvm_dispute::registry::Judge;
use fpvm_dispute::revert::{Panic, Revert};
use fpvm_dispute::rules::{Params, Rules};
use fpvm_dispute::super_root::{ChainOutput, INVALID_CLAIM, SuperRoot, SuperStep};
use fpvm_dispute::superchain::Superchain;
use fpvm_dispute::synthetic::Rollup;
use fpvm_dispute::vault::Vault;
use fpvm_dispute::version::Version;

const OWNER: Address = Address::repeat_byte(0x01);
const ANN: Address = Address::repeat_byte(0xaa);
const BOB: Address = Address::repeat_byte(0xbb);
const REGISTRY: Address = Address::repeat_byte(0x51);
const VAULT: Address = Address::repeat_byte(0x52);
const VM: Address = Address::repeat_byte(0x53);
const PURSE: u128 = 1_000_000_000_000_000_000_000;
const NOW: u64 = 1_790_000_000;
/// Timestamp of the anchor.
const ANCHOR: u64 = 1_789_000_000;
/// Seconds until a game that is over is final.
const FINALITY: u64 = 302_400;
const CLOCK: u64 = 302_400;
const DELAY: u64 = 604_800;

fn chain(chain_id: u64, output: u8) -> ChainOutput {
    ChainOutput {
        chain_id: U256::from(chain_id),
        output_root: B256::repeat_byte(output),
    }
}

fn root(timestamp: u64) -> SuperRoot {
    SuperRoot::new(timestamp, vec![chain(10, 0x11), chain(130, 0x22)])
}

fn create(game_type: u32, root: &SuperRoot) -> Create {
    Create {
        game_type,
        root_claim: root.hash(),
        extra_data: root.encode(),
    }
}

fn args() -> FaultArgs {
    FaultArgs {
        absolute_prestate: B256::repeat_byte(3),
        vm: VM,
        registry: REGISTRY,
        vault: VAULT,
        l2_chain_id: U256::ZERO,
        roles: None,
    }
}

fn params() -> Params {
    Params {
        max_depth: 8,
        split_depth: 4,
        ..Params::mainnet_super(B256::ZERO)
    }
}

/// A chain of today with both super games.
struct Board {
    chain: Chain<Rollup>,
    now: u64,
}

impl Board {
    fn new() -> Self {
        Self::with(params(), &args(), ANCHOR)
    }

    fn with(params: Params, args: &FaultArgs, anchor: u64) -> Self {
        let version = Version::Super0_8;
        let mut factory = Factory::of(version, Address::repeat_byte(0xfa), OWNER);
        let rules = |params| Rules::new(params).expect("legal rules");
        let of_all = Implementation::from(rules(params.clone()));
        factory
            .set_implementation_with(OWNER, 9, of_all, args.encode())
            .expect("the owner may");
        let bond = rules(params.clone()).required_bond(Position::ROOT);
        factory
            .set_init_bond(OWNER, 9, bond.expect("a bond"))
            .expect("the owner may");
        let of_a_proposer = Implementation::from(rules(Params {
            version: Version::SuperPermissioned1_0,
            game_type: 5,
            ..params
        }));
        let of_ann = [REGISTRY.as_slice(), ANN.as_slice()].concat();
        factory
            .set_implementation_with(OWNER, 5, of_a_proposer, of_ann)
            .expect("the owner may");
        let anchor = OutputRoot {
            root: match anchor {
                0 => B256::ZERO,
                _ => root(anchor).hash(),
            },
            block: U256::from(anchor),
        };
        let judge = Judge::new(REGISTRY, version, OWNER, FINALITY, anchor, 9, NOW - 1);
        let vm = Rollup {
            seed: 1,
            safe_head: 1,
            execution_length: 8,
        };
        let vault = Vault::at(VAULT, version, OWNER, DELAY);
        let mut chain = Chain::new(vm, vault, judge, factory);
        chain.vm_address = VM;
        chain.superchain = Superchain::new(OWNER, Address::repeat_byte(0x90));
        for account in [ANN, BOB] {
            chain.fund(account, PURSE);
        }
        Self { chain, now: NOW }
    }

    fn call(&mut self, from: Address, value: u128, action: Action) -> Result<Effect, Revert> {
        let call = Call {
            from,
            value,
            action,
        };
        let block = Block {
            timestamp: self.now,
            parent_hash: B256::repeat_byte(0x11),
            ..Block::default()
        };
        let before = format!("{:?}", self.chain);
        let result = self.chain.apply(&call, &block);
        if result.is_err() {
            assert_eq!(format!("{:?}", self.chain), before, "{call:?}");
        }
        result
    }

    fn create(&mut self, from: Address, create: Create) -> Result<Effect, Revert> {
        let bond = self.chain.factory.init_bond(create.game_type);
        self.call(from, bond, Action::Create(create))
    }

    fn play(&mut self, from: Address, action: GameAction) -> Result<Effect, Revert> {
        self.call(from, 0, Action::Game(0, action))
    }

    fn answer(&mut self, parent: usize, side: Side, claim: B256) -> Result<Effect, Revert> {
        let above = self.game().claim(parent)?;
        let bond = self
            .game()
            .rules()
            .required_bond(above.position.answered(side))?;
        let mv = Move {
            disputed: above.claim,
            parent,
            claim,
            side,
        };
        let from = [BOB, ANN][usize::from(above.position.depth()) % 2];
        self.call(from, bond, Action::Game(0, GameAction::Move(mv)))
    }

    fn game(&self) -> &Game {
        self.chain.game(0).expect("a game")
    }
}

/// A board with Ann's game about the second `timestamp`.
fn playing(timestamp: u64) -> Board {
    let mut board = Board::new();
    let made = board.create(ANN, create(9, &root(timestamp)));
    assert_eq!(made, Ok(Effect::Created(0)));
    board
}

/// `SuperFaultDisputeGame.initialize`, `_verifyInitCallDataLength`; `DisputeGameFactory.create` around it.
#[test]
fn what_a_proposal_must_be() {
    let mut board = Board::new();
    let good = root(ANCHOR + 1);
    let with = |root_claim, extra_data: Vec<u8>| Create {
        game_type: 9,
        root_claim,
        extra_data,
    };
    let bytes = good.encode();
    let mut refused = |create: Create| match board.create(ANN, create) {
        Ok(effect) => panic!("{effect:?}"),
        Err(revert) => revert,
    };
    for length in [0, 8, 9, 32, 72, 74, 136, 138] {
        let extra: Vec<u8> = bytes.iter().copied().cycle().take(length).collect();
        // The length is looked at before the claim, even one about the invalid state.
        for claim in [keccak256(&extra), INVALID_CLAIM] {
            let revert = refused(with(claim, extra.clone()));
            assert_eq!(revert, Revert::BadExtraData, "{length}");
        }
    }
    let mut other = bytes.clone();
    other[0] = 2;
    // Then the claim about the invalid state, then the version, then the hash, then the anchor.
    let revert = refused(with(INVALID_CLAIM, other.clone()));
    assert_eq!(revert, Revert::InvalidSuperRootClaim);
    assert_eq!(revert.name(), "SuperFaultDisputeGameInvalidRootClaim");
    let revert = refused(with(keccak256(&other), other));
    assert_eq!(revert, Revert::InvalidSuperRootVersion);
    assert_eq!(revert.name(), "Encoding_InvalidSuperRootVersion");
    let early = root(ANCHOR);
    let revert = refused(with(good.hash(), early.encode()));
    assert_eq!(revert, Revert::BadExtraData);
    let revert = refused(create(9, &early));
    assert_eq!(revert, Revert::UnexpectedRootClaim(early.hash()));
    // The factory's tests come before.
    let revert = refused(create(4, &good));
    assert_eq!(revert, Revert::NoImplementation(4));
    let cheap = board.call(ANN, 0, Action::Create(create(9, &early)));
    assert_eq!(cheap, Err(Revert::IncorrectBondAmount));
    assert_eq!(board.create(ANN, create(9, &good)), Ok(Effect::Created(0)));
    let again = board.create(ANN, create(9, &good));
    let exists = Revert::GameAlreadyExists(uuid(9, good.hash(), &bytes));
    assert_eq!(again, Err(exists));
    // Chains in any order, and twice: another claim, so another game.
    let odd = SuperRoot {
        timestamp: ANCHOR + 1,
        chains: vec![chain(130, 1), chain(10, 2), chain(10, 3)],
    };
    assert_eq!(board.create(BOB, create(9, &odd)), Ok(Effect::Created(1)));
    let game = board.chain.game(1).expect("a game");
    let of = |id| game.root_claim_by_chain(U256::from(id));
    assert_eq!(of(10), Ok(B256::repeat_byte(2)));
    assert_eq!(of(130), Ok(B256::repeat_byte(1)));
    assert_eq!(of(7), Err(Revert::UnknownChainId));
    assert!(board.chain.factory.made(game));
}

/// `SuperFaultDisputeGame.initialize`: the checks that depend on what the game is set up with, in their order.
#[test]
fn what_a_game_is_made_with() {
    let late = root(ANCHOR + 1);
    let early = root(ANCHOR);
    let made = |params: Params, args: FaultArgs, anchor, root: &SuperRoot| {
        let mut board = Board::with(params, &args, anchor);
        board.create(ANN, create(9, root))
    };
    let none = Address::repeat_byte(0x99);
    let wrong_registry = FaultArgs {
        registry: none,
        ..args()
    };
    let wrong_vm = FaultArgs { vm: none, ..args() };
    let with_chain = FaultArgs {
        l2_chain_id: U256::from(10),
        ..args()
    };
    let wrong_vault = FaultArgs {
        vault: none,
        ..args()
    };
    let slow_oracle = Params {
        challenge_period: 1 << 64,
        ..params()
    };
    let long_oracle = Params {
        challenge_period: u128::from(CLOCK),
        ..params()
    };
    let revert = |result: Result<Effect, Revert>| result.expect_err("refused");
    assert_eq!(
        revert(made(params(), wrong_registry, 0, &late)),
        Revert::Empty
    );
    // No anchor comes before the oracle, that before the chain id, that before the timestamp.
    let no_anchor = revert(made(slow_oracle.clone(), with_chain, 0, &late));
    assert_eq!(no_anchor, Revert::AnchorRootNotFound);
    assert_eq!(
        revert(made(params(), wrong_vm, ANCHOR, &early)),
        Revert::Empty
    );
    let slow = revert(made(slow_oracle, with_chain, ANCHOR, &early));
    assert_eq!(slow, Revert::InvalidChallengePeriod);
    let long = revert(made(long_oracle, with_chain, ANCHOR, &early));
    assert_eq!(long, Revert::InvalidClockExtension);
    let with_chain = revert(made(params(), with_chain, ANCHOR, &early));
    assert_eq!(with_chain, Revert::NoChainIdNeeded);
    assert_eq!(with_chain.data(), [0x22, 0x3d, 0xb3, 0x94]);
    let old = revert(made(params(), wrong_vault, ANCHOR, &early));
    assert_eq!(old, Revert::UnexpectedRootClaim(early.hash()));
    assert_eq!(
        revert(made(params(), wrong_vault, ANCHOR, &late)),
        Revert::Empty
    );
    assert_eq!(
        made(params(), args(), ANCHOR, &late),
        Ok(Effect::Created(0))
    );
}

/// `SuperFaultDisputeGame.initialize`, `startingProposal`, `l2SequenceNumber`.
#[test]
fn what_a_game_begins_with() {
    let board = playing(ANCHOR + 7);
    let game = board.game();
    assert_eq!(game.proposal().super_root, Some(root(ANCHOR + 7)));
    assert_eq!(game.proposal().extra_data(), root(ANCHOR + 7).encode());
    assert_eq!(game.proposal().l2_block, U256::from(ANCHOR + 7));
    assert_eq!(game.starting().root, root(ANCHOR).hash());
    assert_eq!(game.starting().block, U256::from(ANCHOR));
    assert_eq!(
        (game.starting_timestamp(), game.timestamp()),
        (Ok(ANCHOR), Ok(ANCHOR + 7))
    );
    assert_eq!(
        game.super_step(Position::ROOT),
        Ok(SuperStep {
            timestamp: ANCHOR,
            step: 16
        })
    );
    assert!(game.was_respected());
    assert_eq!(game.claims().len(), 1);
    assert_eq!(
        (game.claims()[0].claimant, game.claims()[0].claim),
        (ANN, root(ANCHOR + 7).hash())
    );
    assert_eq!(
        board.chain.vault.balance(game.address()),
        game.claims()[0].bond
    );
    assert_eq!(Game::from_parts(game.parts()).as_ref(), Ok(game));
}

/// `SuperFaultDisputeGame` has no `challengeRootL2Block`.
#[test]
fn the_block_number_cannot_be_challenged() {
    let mut board = playing(ANCHOR + 1);
    let challenge = GameAction::ChallengeBlockNumber(Box::default());
    assert_eq!(board.play(BOB, challenge), Err(Revert::Empty));
}

/// `SuperFaultDisputeGame.addLocalData`: 4 is the game's timestamp wherever in the trace, 5 is nothing.
#[test]
fn local_data() {
    let mut board = playing(ANCHOR + 7);
    for depth in 1..=5 {
        let claim = VmStatus::Invalid.stamp(B256::repeat_byte(depth));
        let made = board.answer(usize::from(depth) - 1, Side::Attack, claim);
        assert_eq!(made, Ok(Effect::Claimed(depth.into())));
    }
    let add = |ident: u64, leaf| GameAction::AddLocalData {
        ident: U256::from(ident),
        leaf,
        offset: U256::from(8),
    };
    // The dispute is about the first step of the first second: not about the game's end.
    let place = board.game().super_step(board.game().claims()[4].position);
    assert_eq!(
        place,
        Ok(SuperStep {
            timestamp: ANCHOR,
            step: 1
        })
    );
    let context = board.game().local_context(5).expect("an execution");
    let game = board.game().address();
    let expected = [
        (1, B256::repeat_byte(0x11)),
        (2, root(ANCHOR).hash()),
        (3, board.game().claims()[4].claim),
        (4, B256::from(U256::from(ANCHOR + 7) << 192)),
    ];
    for (ident, word) in expected {
        let loaded = board.play(BOB, add(ident, 5));
        let key = local_key(game, U256::from(ident), context);
        assert_eq!(loaded, Ok(Effect::Loaded(key)));
        let (read, _) = board.chain.oracle.read(key, 8).expect("it was loaded");
        assert_eq!(read, word, "ident {ident}");
    }
    for ident in [0, 5, 6] {
        assert_eq!(
            board.play(BOB, add(ident, 5)),
            Err(Revert::InvalidLocalIdent)
        );
        assert_eq!(board.play(BOB, add(ident, 4)), Err(Revert::ClaimAboveSplit));
        let nowhere = board.play(BOB, add(ident, 6));
        assert_eq!(nowhere, Err(Revert::Panic(Panic::Index)));
    }
}

/// `SuperFaultDisputeGame.closeGame`: the pause is looked for before anything else, so that it stops the credits of a
/// game that is closed as well; in a `FaultDisputeGame` it does not.
#[test]
fn a_pause_stops_closed_games_too() {
    let mut board = playing(ANCHOR + 1);
    let pause = Action::Guard(Guard::Pause(Address::ZERO));
    let unpause = Action::Guard(Guard::Unpause(Address::ZERO));
    let claim = || GameAction::ClaimCredit(ANN);
    assert_eq!(board.call(OWNER, 0, pause.clone()), Ok(Effect::Done));
    assert_eq!(board.play(BOB, GameAction::Close), Err(Revert::GamePaused));
    assert_eq!(board.call(OWNER, 0, unpause.clone()), Ok(Effect::Done));
    assert_eq!(
        board.play(BOB, GameAction::Close),
        Err(Revert::GameNotResolved)
    );
    board.now += CLOCK;
    let resolve = GameAction::ResolveClaim {
        claim: 0,
        count: U256::ZERO,
    };
    assert_eq!(board.play(BOB, resolve), Ok(Effect::Done));
    let won = Ok(Effect::Resolved(GameStatus::DefenderWins));
    assert_eq!(board.play(BOB, GameAction::Resolve), won);
    board.now += FINALITY;
    assert_eq!(
        board.play(BOB, GameAction::Close),
        Err(Revert::GameNotFinalized)
    );
    board.now += 1;
    assert_eq!(
        board.play(BOB, GameAction::Close),
        Ok(Effect::Closed(BondMode::Normal))
    );
    // It is the anchor now: a timestamp.
    assert_eq!(board.chain.registry.anchor(9).block, U256::from(ANCHOR + 1));
    assert_eq!(board.play(BOB, GameAction::Close), Ok(Effect::Done));
    assert_eq!(board.call(OWNER, 0, pause), Ok(Effect::Done));
    assert_eq!(board.play(BOB, GameAction::Close), Err(Revert::GamePaused));
    assert_eq!(board.play(BOB, claim()), Err(Revert::GamePaused));
    assert_eq!(board.call(OWNER, 0, unpause), Ok(Effect::Done));
    let bond = board.game().claims()[0].bond;
    assert_eq!(board.play(BOB, claim()), Ok(Effect::Unlocked(bond)));
    board.now += DELAY;
    assert_eq!(board.play(BOB, claim()), Ok(Effect::Paid(bond)));
    assert_eq!(board.chain.balance(ANN), PURSE);
}

/// `SuperPermissionedDisputeGame.initialize`.
#[test]
fn a_game_of_a_proposer_is_won_when_it_is_made() {
    let mut board = Board::new();
    let good = root(ANCHOR + 1);
    let with = |root_claim, extra_data: Vec<u8>| Create {
        game_type: 5,
        root_claim,
        extra_data,
    };
    let bytes = good.encode();
    let mut other = bytes.clone();
    other[0] = 0;
    let early = root(ANCHOR);
    let cases = [
        // Bob may not, but that comes after encoding and hash.
        (
            BOB,
            with(good.hash(), bytes[..73 + 1].to_vec()),
            Revert::BadExtraData,
        ),
        (
            BOB,
            with(keccak256(&other), other),
            Revert::InvalidSuperRootVersion,
        ),
        (
            BOB,
            with(INVALID_CLAIM, bytes.clone()),
            Revert::BadExtraData,
        ),
        (BOB, create(5, &early), Revert::BadAuth),
        (BOB, create(5, &good), Revert::BadAuth),
        (ANN, create(5, &early), Revert::BadExtraData),
    ];
    for (from, create, revert) in cases {
        assert_eq!(
            board.create(from, create.clone()),
            Err(revert),
            "{create:?}"
        );
    }
    assert_eq!(board.create(ANN, create(5, &good)), Ok(Effect::Created(0)));
    let game = board.game();
    assert_eq!((game.created_at(), game.resolved_at()), (NOW, NOW));
    assert_eq!(game.status(), GameStatus::DefenderWins);
    assert!(game.claims().is_empty());
    assert!(!game.was_respected());
    assert_eq!(
        game.root_claim_by_chain(U256::from(130)),
        Ok(B256::repeat_byte(0x22))
    );
    assert_eq!(Game::from_parts(game.parts()).as_ref(), Ok(game));
    // There is nothing else that it does.
    let resolve_claim = GameAction::ResolveClaim {
        claim: 0,
        count: U256::ZERO,
    };
    let local = GameAction::AddLocalData {
        ident: U256::ONE,
        leaf: 0,
        offset: U256::ZERO,
    };
    let actions = [
        resolve_claim,
        local,
        GameAction::Close,
        GameAction::ClaimCredit(ANN),
        GameAction::SampleFee,
    ];
    for action in actions {
        assert_eq!(
            board.play(BOB, action.clone()),
            Err(Revert::Empty),
            "{action:?}"
        );
    }
    let won = Effect::Resolved(GameStatus::DefenderWins);
    assert_eq!(board.play(BOB, GameAction::Resolve), Ok(won));
    assert_eq!(board.play(BOB, GameAction::Resolve), Ok(won));
}

/// `SuperPermissionedDisputeGame.initialize`: there is no bond, but what the factory asks for stays with the game; that
/// there is no anchor yet is not looked at.
#[test]
fn a_game_of_a_proposer_keeps_what_it_is_sent() {
    let mut board = Board::with(params(), &args(), 0);
    let set = board.chain.factory.set_init_bond(OWNER, 5, 7);
    assert_eq!(set, Ok(()));
    let made = board.create(ANN, create(5, &root(1)));
    assert_eq!(made, Ok(Effect::Created(0)));
    let game = board.game().address();
    assert_eq!(board.chain.balance(game), 7);
    assert_eq!(board.chain.balance(ANN), PURSE - 7);
    assert_eq!(board.chain.vault.ether(), 0);
    let old = board.create(ANN, create(5, &root(0)));
    assert_eq!(old, Err(Revert::BadExtraData));
}

/// `AnchorStateRegistry.setAnchorState` on a game of type 5: the airgap passes, then anybody makes it the anchor, unless
/// the guardian has struck it off.
#[test]
fn a_game_of_a_proposer_becomes_the_anchor() {
    for strike in [None, Some(Guard::Blacklist(0)), Some(Guard::Retire)] {
        let mut board = Board::new();
        let respect = Action::Guard(Guard::Respect(5));
        assert_eq!(board.call(OWNER, 0, respect), Ok(Effect::Done));
        let made = board.create(ANN, create(5, &root(ANCHOR + 1)));
        assert_eq!(made, Ok(Effect::Created(0)));
        assert!(board.game().was_respected());
        board.now += FINALITY;
        let invalid = Err(Revert::InvalidAnchorGame);
        assert_eq!(board.call(BOB, 0, Action::SetAnchor(0)), invalid);
        board.now += 1;
        let expected = match strike {
            None => Ok(Effect::Done),
            Some(strike) => {
                let struck = board.call(OWNER, 0, Action::Guard(strike));
                assert_eq!(struck, Ok(Effect::Done));
                invalid
            }
        };
        assert_eq!(board.call(BOB, 0, Action::SetAnchor(0)), expected);
        let anchor = board.chain.registry.anchor(5).block;
        let moved = u64::from(strike.is_none());
        assert_eq!(anchor, U256::from(ANCHOR + moved));
    }
}
