//! Games since 2025, rule by rule: closing, refunds, payment in two steps, the judge, pauses, roles, and what a
//! game is made with. On this project's contracts of today, and where they are at hand on upstream's.

use alloy_primitives::{Address, B256, U256};
use fpvm_dispute::arguments::Roles;
use fpvm_dispute::call::{Action, Effect, GameAction, Guard, Receiver};
use fpvm_dispute::claim::{GameStatus, Side};
use fpvm_dispute::factory::{Create, uuid};
use fpvm_dispute::game::credits::BondMode;
use fpvm_dispute::revert::Revert;
use fpvm_dispute::rules::Params;
use fpvm_dispute::version::Version;

use crate::board::{Board, junk};
use crate::setup::{
    ANCHOR, ANN, BLOCK, BOB, CLOCK, DELAY, EVE, FINALITY, OWNER, PORTAL, PURSE, params,
};

fn today() -> Params {
    Params {
        version: Version::V2_4,
        ..params()
    }
}

fn guard(board: &mut Board, from: Address, guard: Guard) -> Result<Effect, Revert> {
    board.call(from, 0, Action::Guard(guard))
}

fn close(board: &mut Board) -> Result<Effect, Revert> {
    board.play(EVE, GameAction::Close)
}

fn claim(board: &mut Board, account: Address) -> Result<Effect, Revert> {
    board.play(EVE, GameAction::ClaimCredit(account))
}

/// Ann has proposed, Bob has attacked, and has won: 2 bonds are in the game.
fn lost() -> Board {
    let mut board = Board::with(today());
    assert!(board.attack(BOB, 0, junk(1)).is_ok());
    board.now += 2 * CLOCK;
    assert_eq!(close(&mut board), Err(Revert::GameNotResolved));
    assert!(board.resolve_all().is_ok());
    board
}

#[test]
fn a_game_that_was_struck_off_gives_the_bonds_back() {
    for strike in [Guard::Blacklist(0), Guard::Retire] {
        let mut board = lost();
        let refused = guard(&mut board, EVE, strike);
        assert_eq!(refused, Err(Revert::JudgeUnauthorized));
        assert_eq!(guard(&mut board, OWNER, strike), Ok(Effect::Done));
        board.now += FINALITY;
        assert_eq!(close(&mut board), Err(Revert::GameNotFinalized));
        board.now += 1;
        let (own, other) = (board.claim(0).bond, board.claim(1).bond);
        // The first call of anybody for anybody closes it.
        assert_eq!(claim(&mut board, ANN), Ok(Effect::Unlocked(own)));
        assert_eq!(board.game().credits().mode, BondMode::Refund);
        assert_eq!(claim(&mut board, BOB), Ok(Effect::Unlocked(other)));
        let early = Err(Revert::Message("DelayedWETH: withdrawal delay not met"));
        board.now += DELAY - 1;
        assert_eq!(claim(&mut board, ANN), early);
        board.now += 1;
        assert_eq!(claim(&mut board, ANN), Ok(Effect::Paid(own)));
        assert_eq!(claim(&mut board, BOB), Ok(Effect::Paid(other)));
        assert_eq!(claim(&mut board, BOB), Err(Revert::NoCreditToClaim));
        assert_eq!(board.chain().balance(ANN), PURSE);
        assert_eq!(board.chain().balance(BOB), PURSE);
    }
}

#[test]
fn what_is_struck_off_after_closing_stays_as_it_is() {
    let mut board = lost();
    board.now += FINALITY + 1;
    assert_eq!(close(&mut board), Ok(Effect::Closed(BondMode::Normal)));
    assert_eq!(
        guard(&mut board, OWNER, Guard::Blacklist(0)),
        Ok(Effect::Done)
    );
    assert_eq!(close(&mut board), Ok(Effect::Done));
    let pot = board.claim(0).bond + board.claim(1).bond;
    assert_eq!(claim(&mut board, BOB), Ok(Effect::Unlocked(pot)));
    assert_eq!(board.game().credits().mode, BondMode::Normal);
}

#[test]
fn a_pause_stops_closing_and_paying_until_it_lapses() {
    let pause_of = |board: &mut Board, identifier| {
        let refused = guard(board, EVE, Guard::Pause(identifier));
        assert_eq!(refused, Err(Revert::OnlyGuardian));
        let none = guard(board, OWNER, Guard::Extend(identifier));
        assert_eq!(none, Err(Revert::NotAlreadyPaused(identifier)));
        let set = guard(board, OWNER, Guard::Pause(identifier));
        assert_eq!(set, Ok(Effect::Done));
        let again = guard(board, OWNER, Guard::Pause(identifier));
        assert_eq!(again, Err(Revert::AlreadyPaused(identifier)));
    };
    for identifier in [Address::ZERO, PORTAL] {
        let mut board = lost();
        pause_of(&mut board, identifier);
        board.now += 7_884_000 - 1;
        assert_eq!(close(&mut board), Err(Revert::GamePaused));
        assert_eq!(
            guard(&mut board, OWNER, Guard::Extend(identifier)),
            Ok(Effect::Done)
        );
        board.now += 7_884_000 - 1;
        assert_eq!(claim(&mut board, BOB), Err(Revert::GamePaused));
        board.now += 1;
        assert_eq!(close(&mut board), Ok(Effect::Closed(BondMode::Normal)));

        // One that has lapsed still has to be taken back. In a pause a closed game's credit is unlocked, but
        // not paid.
        let unpause = Guard::Unpause(identifier);
        assert_eq!(guard(&mut board, OWNER, unpause), Ok(Effect::Done));
        pause_of(&mut board, identifier);
        let pot = board.claim(0).bond + board.claim(1).bond;
        assert_eq!(claim(&mut board, BOB), Ok(Effect::Unlocked(pot)));
        board.now += DELAY;
        let paused = Err(Revert::Message("DelayedWETH: contract is paused"));
        assert_eq!(claim(&mut board, BOB), paused);
        assert_eq!(guard(&mut board, OWNER, unpause), Ok(Effect::Done));
        assert_eq!(claim(&mut board, BOB), Ok(Effect::Paid(pot)));
    }
    // A pause of another chain is nothing to this one.
    let mut board = lost();
    pause_of(&mut board, EVE);
    board.now += FINALITY + 1;
    assert_eq!(close(&mut board), Ok(Effect::Closed(BondMode::Normal)));
}

/// Ann's proposal stands; nobody contests it.
fn won(board: &mut Board, number: usize) {
    board.now += CLOCK;
    let resolve = GameAction::ResolveClaim {
        claim: 0,
        count: U256::ZERO,
    };
    for action in [resolve, GameAction::Resolve] {
        let done = board.call(EVE, 0, Action::Game(number, action));
        assert!(done.is_ok(), "{done:?}");
    }
}

#[test]
fn the_anchor_is_the_newest_valid_proposal() {
    let mut board = Board::with(today());
    // The type counts as it did when a game was made.
    assert_eq!(
        guard(&mut board, OWNER, Guard::Respect(7)),
        Ok(Effect::Done)
    );
    assert_eq!(board.propose(junk(2), BLOCK + 9), Ok(Effect::Created(1)));
    assert_eq!(
        guard(&mut board, OWNER, Guard::Respect(0)),
        Ok(Effect::Done)
    );
    assert_eq!(board.propose(junk(3), BLOCK - 1), Ok(Effect::Created(2)));
    for number in 0..3 {
        won(&mut board, number);
    }
    board.now += FINALITY;
    let set = |board: &mut Board, number| board.call(EVE, 0, Action::SetAnchor(number));
    let invalid = Err(Revert::InvalidAnchorGame);
    assert_eq!(set(&mut board, 2), invalid);
    board.now += 1;
    assert_eq!(set(&mut board, 1), invalid);
    assert_eq!(set(&mut board, 2), Ok(Effect::Done));
    assert_eq!(set(&mut board, 2), invalid);
    assert_eq!(close(&mut board), Ok(Effect::Closed(BondMode::Normal)));
    let anchor = |board: &Board| board.chain().registry.anchor(0).block;
    assert_eq!(anchor(&board), U256::from(BLOCK));
    // The one that does not count is closed like any other, and moves nothing; nor does an older one.
    for number in [1, 2] {
        let closed = board.call(EVE, 0, Action::Game(number, GameAction::Close));
        assert_eq!(closed, Ok(Effect::Closed(BondMode::Normal)));
        assert_eq!(anchor(&board), U256::from(BLOCK));
    }
    // An anchor that is struck off stays one.
    assert_eq!(
        guard(&mut board, OWNER, Guard::Blacklist(0)),
        Ok(Effect::Done)
    );
    assert_eq!(anchor(&board), U256::from(BLOCK));
    // Retired with its own second.
    assert_eq!(board.propose(junk(4), BLOCK + 20), Ok(Effect::Created(3)));
    assert_eq!(guard(&mut board, OWNER, Guard::Retire), Ok(Effect::Done));
    board.now += 1;
    assert_eq!(board.propose(junk(5), BLOCK + 30), Ok(Effect::Created(4)));
    won(&mut board, 3);
    won(&mut board, 4);
    board.now += FINALITY + 1;
    assert_eq!(set(&mut board, 3), invalid);
    assert_eq!(set(&mut board, 4), Ok(Effect::Done));
}

#[test]
fn creation_is_refused_in_order() {
    let mut board = Board::empty(today());
    let bond = board.chain().factory.init_bond(0);
    let root = B256::repeat_byte(9);
    let create = |game_type, extra_data: Vec<u8>| {
        Action::Create(Create {
            game_type,
            root_claim: root,
            extra_data,
        })
    };
    let at = |block: U256| block.to_be_bytes_vec();
    let good = at(U256::from(BLOCK));
    let long = [&good[..], &[0]].concat();
    let wrong = Err(Revert::UnexpectedRootClaim(root));
    let beyond = U256::from(u64::MAX) + U256::ONE;
    let mut refused = |value, action| board.call(ANN, value, action);
    assert_eq!(
        refused(0, create(7, long.clone())),
        Err(Revert::NoImplementation(7))
    );
    assert_eq!(
        refused(bond - 1, create(0, long.clone())),
        Err(Revert::IncorrectBondAmount)
    );
    assert_eq!(refused(bond, create(0, long)), Err(Revert::BadExtraData));
    assert_eq!(refused(bond, create(0, at(U256::from(ANCHOR)))), wrong);
    assert_eq!(refused(bond, create(0, at(beyond))), wrong);
    let made = refused(bond, create(0, good.clone()));
    assert_eq!(made, Ok(Effect::Created(0)));
    let exists = Err(Revert::GameAlreadyExists(uuid(0, root, &good)));
    assert_eq!(refused(bond, create(0, good)), exists);
    let last = refused(bond, create(0, at(beyond - U256::ONE)));
    assert_eq!(last, Ok(Effect::Created(1)));
}

#[test]
fn two_play_a_permissioned_game() {
    let roles = Roles {
        proposer: ANN,
        challenger: BOB,
    };
    let permissioned = Params {
        game_type: 1,
        roles: Some(roles),
        ..today()
    };
    let mut board = Board::empty(today());
    board.register(&permissioned);
    let bond = board.chain().factory.init_bond(1);
    let create = Action::Create(Create {
        game_type: 1,
        root_claim: junk(1),
        extra_data: U256::from(BLOCK).to_be_bytes_vec(),
    });
    for other in [BOB, EVE] {
        let refused = board.call(other, bond, create.clone());
        assert_eq!(refused, Err(Revert::BadAuth));
    }
    assert_eq!(board.call(ANN, bond, create), Ok(Effect::Created(0)));
    assert_eq!(board.attack(EVE, 0, junk(2)), Err(Revert::BadAuth));
    assert_eq!(board.attack(BOB, 0, junk(2)), Ok(Effect::Claimed(1)));
    assert_eq!(board.defend(EVE, 1, junk(3)), Err(Revert::BadAuth));
    assert_eq!(
        board.answer(ANN, 1, Side::Attack, junk(3)),
        Ok(Effect::Claimed(2))
    );
    board.now += 2 * CLOCK;
    let resolved = board.resolve_all();
    assert_eq!(resolved, Ok(Effect::Resolved(GameStatus::DefenderWins)));
    // It is not the type that counts: closed as usual, and no anchor.
    board.now += FINALITY + 1;
    assert_eq!(close(&mut board), Ok(Effect::Closed(BondMode::Normal)));
    assert_eq!(board.chain().registry.anchor(1).block, U256::from(ANCHOR));
}

#[test]
fn recipients_who_refuse_or_come_back() {
    let again = |insists| Receiver::Calls {
        action: Box::new(Action::Game(0, GameAction::ClaimCredit(BOB))),
        insists,
    };
    for (receiver, is_paid) in [
        (Receiver::Refuses, false),
        (again(true), false),
        (again(false), true),
    ] {
        let mut board = lost();
        board.now += FINALITY + 1;
        let pot = board.claim(0).bond + board.claim(1).bond;
        assert_eq!(claim(&mut board, BOB), Ok(Effect::Unlocked(pot)));
        board.now += DELAY;
        board.set_receiver(BOB, &receiver);
        let expected = if is_paid {
            Ok(Effect::Paid(pot))
        } else {
            Err(Revert::BondTransferFailed)
        };
        assert_eq!(claim(&mut board, BOB), expected);
        let left = if is_paid { 0 } else { pot };
        assert_eq!(board.chain().vault.ether(), left);
    }
}

#[test]
fn the_owner_takes_the_money_of_a_game() {
    let mut board = lost();
    board.now += FINALITY + 1;
    let game = board.game().address();
    let pot = board.claim(0).bond + board.claim(1).bond;
    assert_eq!(claim(&mut board, BOB), Ok(Effect::Unlocked(pot)));
    board.now += DELAY;
    let hold = |board: &mut Board, from, wei| board.call(from, 0, Action::Hold(game, wei));
    let not_owner = Err(Revert::Message("DelayedWETH: not owner"));
    assert_eq!(hold(&mut board, EVE, pot), not_owner);
    assert_eq!(hold(&mut board, OWNER, pot + 1), Err(Revert::Empty));
    assert_eq!(hold(&mut board, OWNER, pot), Ok(Effect::Done));
    assert_eq!(board.chain().vault.balance(OWNER), pot);
    assert_eq!(claim(&mut board, BOB), Err(Revert::Empty));
    // There is no leave left to take more.
    let take = Action::TransferFrom(game, OWNER, 1);
    assert_eq!(board.call(OWNER, 0, take), Err(Revert::Empty));
    let give_back = Action::TransferFrom(OWNER, game, pot);
    assert_eq!(board.call(OWNER, 0, give_back), Ok(Effect::Done));
    assert_eq!(claim(&mut board, BOB), Ok(Effect::Paid(pot)));
}
