//! Super games, rule by rule: what a proposal must be, and what is not as in other games. On this project's contracts,
//! and where they are at hand on upstream's (op-contracts v8). Each call is compared with the model, revert data too.

use alloy_primitives::{Address, B256, U256, keccak256};
use fpvm_dispute::arguments::Roles;
use fpvm_dispute::call::{Action, Effect, GameAction, Guard};
use fpvm_dispute::claim::{GameStatus, Side, VmStatus};
use fpvm_dispute::factory::Create;
use fpvm_dispute::game::credits::BondMode;
use fpvm_dispute::oracle::local_key;
use fpvm_dispute::revert::Revert;
use fpvm_dispute::rules::Params;
use fpvm_dispute::super_root::{ChainOutput, INVALID_CLAIM, SuperRoot};
use fpvm_dispute::version::Version;

use crate::board::{Board, junk};
use crate::setup::{ANCHOR, ANN, BOB, CLOCK, DELAY, EVE, FINALITY, OWNER, params};

/// The number that each of the two has in the factory here: the game of all, and that of Ann alone.
const OF_ALL: u32 = 0;
const OF_ANN: u32 = 1;

fn of_all() -> Params {
    Params {
        version: Version::Super0_8,
        game_type: OF_ALL,
        l2_chain_id: U256::ZERO,
        ..params()
    }
}

fn board() -> Board {
    let mut board = Board::empty(of_all());
    board.register(&Params {
        version: Version::SuperPermissioned1_0,
        game_type: OF_ANN,
        roles: Some(Roles {
            proposer: ANN,
            challenger: Address::ZERO,
        }),
        ..of_all()
    });
    board
}

fn chain(chain_id: u64, output: u8) -> ChainOutput {
    ChainOutput {
        chain_id: U256::from(chain_id),
        output_root: B256::repeat_byte(output),
    }
}

fn root(timestamp: u64) -> SuperRoot {
    SuperRoot::new(timestamp, vec![chain(10, 0x11), chain(130, 0x22)])
}

fn create(
    board: &mut Board,
    from: Address,
    game_type: u32,
    root_claim: B256,
    extra_data: Vec<u8>,
) -> Result<Effect, Revert> {
    let bond = board.chain().factory.init_bond(game_type);
    let create = Create {
        game_type,
        root_claim,
        extra_data,
    };
    board.call(from, bond, Action::Create(create))
}

fn propose(board: &mut Board, game_type: u32, root: &SuperRoot) -> Result<Effect, Revert> {
    create(board, ANN, game_type, root.hash(), root.encode())
}

#[test]
fn extra_data_of_any_length() {
    let mut board = board();
    let bytes = root(ANCHOR + 1).encode();
    for length in (0..=210).chain([4_105, 4_106]) {
        let extra: Vec<u8> = bytes.iter().copied().cycle().take(length).collect();
        let is_whole = length > 9 && (length - 9) % 64 == 0;
        for game_type in [OF_ALL, OF_ANN] {
            let made = create(&mut board, ANN, game_type, keccak256(&extra), extra.clone());
            if is_whole {
                assert!(matches!(made, Ok(Effect::Created(_))), "{length}: {made:?}");
            } else {
                assert_eq!(made, Err(Revert::BadExtraData), "{length}");
            }
        }
    }
}

#[test]
fn versions_and_hashes_that_are_none() {
    let mut board = board();
    let good = root(ANCHOR + 1);
    for version in [0, 2, 0x80, 0xff] {
        let mut extra = good.encode();
        extra[0] = version;
        for game_type in [OF_ALL, OF_ANN] {
            // The version comes before the hash.
            for claim in [keccak256(&extra), junk(1)] {
                let made = create(&mut board, ANN, game_type, claim, extra.clone());
                assert_eq!(made, Err(Revert::InvalidSuperRootVersion));
            }
        }
        // The invalid state comes before the version in one, and is a wrong hash in the other.
        let made = create(&mut board, ANN, OF_ALL, INVALID_CLAIM, extra.clone());
        assert_eq!(made, Err(Revert::InvalidSuperRootClaim));
        let made = create(&mut board, ANN, OF_ANN, INVALID_CLAIM, extra);
        assert_eq!(made, Err(Revert::InvalidSuperRootVersion));
    }
    for game_type in [OF_ALL, OF_ANN] {
        let made = create(&mut board, ANN, game_type, junk(1), good.encode());
        assert_eq!(made, Err(Revert::BadExtraData));
    }
    let early = root(ANCHOR);
    let refused = Err(Revert::UnexpectedRootClaim(early.hash()));
    assert_eq!(propose(&mut board, OF_ALL, &early), refused);
    assert_eq!(
        propose(&mut board, OF_ANN, &early),
        Err(Revert::BadExtraData)
    );
    // Ann's own transaction comes before the anchor, after the hash.
    let made = create(&mut board, BOB, OF_ANN, early.hash(), early.encode());
    assert_eq!(made, Err(Revert::BadAuth));
    let made = create(&mut board, BOB, OF_ANN, junk(1), early.encode());
    assert_eq!(made, Err(Revert::BadExtraData));
}

/// Neither the order of chains nor that one is named twice is looked at. The outputs by chain are compared.
#[test]
fn chains_in_any_order_and_twice() {
    let mut board = board();
    let roots = [
        vec![chain(130, 1), chain(10, 2)],
        vec![chain(10, 1), chain(10, 2)],
        vec![chain(130, 1), chain(10, 2), chain(130, 3)],
        vec![ChainOutput {
            chain_id: U256::MAX,
            output_root: B256::ZERO,
        }],
        (0..50)
            .rev()
            .map(|id| chain(id % 7, id as u8 + 1))
            .collect(),
    ];
    for (n, chains) in roots.into_iter().enumerate() {
        for (which, game_type) in [OF_ALL, OF_ANN].into_iter().enumerate() {
            let root = SuperRoot {
                timestamp: u64::MAX - n as u64,
                chains: chains.clone(),
            };
            let made = propose(&mut board, game_type, &root);
            assert_eq!(made, Ok(Effect::Created(2 * n + which)));
        }
    }
}

#[test]
fn local_data_are_of_the_games_own_second() {
    let mut board = board();
    assert!(propose(&mut board, OF_ALL, &root(ANCHOR + 7)).is_ok());
    let last = board.attack_down(0, 4);
    let invalid = VmStatus::Invalid.stamp(junk(9));
    assert!(board.answer(ANN, last, Side::Attack, invalid).is_ok());
    let leaf = last + 1;
    let add = |ident: u64, leaf| GameAction::AddLocalData {
        ident: U256::from(ident),
        leaf,
        offset: U256::from(8),
    };
    let context = board.game().local_context(leaf).expect("an execution");
    let game = board.game().address();
    for ident in 1..=4 {
        let key = local_key(game, U256::from(ident), context);
        // What was loaded is read from the contract's oracle and compared with the model's.
        assert_eq!(board.play(BOB, add(ident, leaf)), Ok(Effect::Loaded(key)));
        let read = board.chain().oracle.read(key, 8).map(|(word, _)| word);
        if ident == 4 {
            let second = U256::from(ANCHOR + 7) << 192;
            assert_eq!(read, Ok(B256::from(second)));
        }
    }
    for ident in [0, 5, 6, u64::MAX] {
        let refused = board.play(BOB, add(ident, leaf));
        assert_eq!(refused, Err(Revert::InvalidLocalIdent), "{ident}");
    }
    assert_eq!(board.play(BOB, add(4, last)), Err(Revert::ClaimAboveSplit));
}

/// In a `FaultDisputeGame` the first step of a closed game's payment works in a pause.
#[test]
fn a_pause_stops_closed_games_too() {
    let mut board = board();
    assert!(propose(&mut board, OF_ALL, &root(ANCHOR + 1)).is_ok());
    board.now += CLOCK;
    assert!(board.resolve_all().is_ok());
    board.now += FINALITY + 1;
    let close = GameAction::Close;
    let closed = board.play(EVE, close.clone());
    assert_eq!(closed, Ok(Effect::Closed(BondMode::Normal)));
    assert_eq!(
        board.chain().registry.anchor(0).block,
        U256::from(ANCHOR + 1)
    );
    let pause = Action::Guard(Guard::Pause(Address::ZERO));
    assert_eq!(board.call(OWNER, 0, pause), Ok(Effect::Done));
    let claim = GameAction::ClaimCredit(ANN);
    for action in [close, claim.clone()] {
        assert_eq!(board.play(EVE, action), Err(Revert::GamePaused));
    }
    let unpause = Action::Guard(Guard::Unpause(Address::ZERO));
    assert_eq!(board.call(OWNER, 0, unpause), Ok(Effect::Done));
    let bond = board.claim(0).bond;
    assert_eq!(board.play(EVE, claim.clone()), Ok(Effect::Unlocked(bond)));
    board.now += DELAY;
    assert_eq!(board.play(EVE, claim), Ok(Effect::Paid(bond)));
}

#[test]
fn a_game_of_ann_alone_is_won_at_once() {
    let mut board = board();
    assert!(propose(&mut board, OF_ANN, &root(ANCHOR + 1)).is_ok());
    assert_eq!(board.game().status(), GameStatus::DefenderWins);
    let won = Ok(Effect::Resolved(GameStatus::DefenderWins));
    assert_eq!(board.play(EVE, GameAction::Resolve), won);
    // It has no other functions.
    let resolve_claim = GameAction::ResolveClaim {
        claim: 0,
        count: U256::ZERO,
    };
    for action in [
        resolve_claim,
        GameAction::Close,
        GameAction::ClaimCredit(ANN),
    ] {
        let refused = board.play(ANN, action.clone());
        assert_eq!(refused, Err(Revert::Empty), "{action:?}");
    }
    // Its type is not the one that counts here.
    board.now += FINALITY + 1;
    let set = Action::SetAnchor(0);
    assert_eq!(
        board.call(EVE, 0, set.clone()),
        Err(Revert::InvalidAnchorGame)
    );
    let respect = Action::Guard(Guard::Respect(OF_ANN));
    assert_eq!(board.call(OWNER, 0, respect), Ok(Effect::Done));
    assert!(propose(&mut board, OF_ANN, &root(ANCHOR + 2)).is_ok());
    board.now += FINALITY;
    let set = Action::SetAnchor(1);
    assert_eq!(
        board.call(EVE, 0, set.clone()),
        Err(Revert::InvalidAnchorGame)
    );
    board.now += 1;
    assert_eq!(board.call(EVE, 0, set), Ok(Effect::Done));
    assert_eq!(
        board.chain().registry.anchor(0).block,
        U256::from(ANCHOR + 2)
    );
}
