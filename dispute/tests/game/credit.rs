//! Payment: the vault's delay, its owner, and recipients who do not take the money quietly.

use fpvm_dispute::call::{Action, Effect, GameAction, Receiver};
use fpvm_dispute::oracle::Preimage;
use fpvm_dispute::revert::Revert;

use crate::board::{Board, junk};
use crate::setup::{ANN, BLOCK, BOB, CLOCK, DELAY, EVE, OWNER, PURSE};

/// Bob has won everything, and may withdraw.
fn won() -> (Board, u128) {
    let mut board = Board::new();
    assert!(board.attack(BOB, 0, junk(1)).is_ok());
    board.now += 2 * CLOCK;
    assert!(board.resolve_all().is_ok());
    board.now += DELAY;
    let pot = board.game().credit(BOB);
    assert_eq!(
        pot,
        board
            .game()
            .claims()
            .iter()
            .map(|claim| claim.bond)
            .sum::<u128>()
    );
    (board, pot)
}

fn pay(board: &mut Board) -> Result<Effect, Revert> {
    board.play(EVE, GameAction::ClaimCredit(BOB))
}

#[test]
fn anyone_may_have_it_paid() {
    let (mut board, pot) = won();
    let lost = board.claim(0).bond;
    assert_eq!(pay(&mut board), Ok(Effect::Paid(pot)));
    assert_eq!(board.chain().balance(BOB), PURSE + lost);
    assert_eq!(board.chain().balance(ANN), PURSE - lost);
    assert_eq!(pay(&mut board), Err(Revert::NoCreditToClaim));
    assert_eq!(board.chain().vault.ether(), 0);
}

#[test]
fn the_delay_begins_with_the_last_unlock() {
    let mut board = Board::new();
    board.attack_down(0, 3);
    let delay = Err(Revert::Message("DelayedWETH: withdrawal delay not met"));
    board.now += 2 * CLOCK;
    assert!(board.resolve_claim(3, 0).is_ok());
    board.now += 100;
    assert!(board.resolve_claim(2, 0).is_ok());
    assert!(board.resolve_claim(1, 0).is_ok());
    board.now += DELAY - 1;
    // Paid out while the game is going on.
    assert_eq!(pay(&mut board), delay);
    board.now += 1;
    let credit = board.game().credit(BOB);
    assert_eq!(pay(&mut board), Ok(Effect::Paid(credit)));
    assert!(board.resolve_claim(0, 0).is_ok());
    assert_eq!(pay(&mut board), delay);
    board.now += DELAY;
    assert_eq!(pay(&mut board), Ok(Effect::Paid(board.claim(0).bond)));
}

#[test]
fn a_recipient_who_refuses() {
    let (mut board, pot) = won();
    board.set_receiver(BOB, &Receiver::Refuses);
    let before = (board.game().clone(), board.chain().vault.clone());
    assert_eq!(pay(&mut board), Err(Revert::BondTransferFailed));
    assert_eq!((board.game().clone(), board.chain().vault.clone()), before);
    board.set_receiver(BOB, &Receiver::Accepts);
    assert_eq!(pay(&mut board), Ok(Effect::Paid(pot)));
}

#[test]
fn a_recipient_who_comes_back() {
    let again = |action, insists| Receiver::Calls {
        action: Box::new(action),
        insists,
    };
    let claim_again = Action::Game(0, GameAction::ClaimCredit(BOB));

    let (mut board, pot) = won();
    board.set_receiver(BOB, &again(claim_again.clone(), false));
    assert_eq!(pay(&mut board), Ok(Effect::Paid(pot)));
    assert_eq!(board.chain().balance(BOB), PURSE + board.claim(0).bond);
    assert_eq!(board.chain().vault.ether(), 0);

    let (mut board, _) = won();
    board.set_receiver(BOB, &again(claim_again, true));
    let before = (
        board.game().clone(),
        board.chain().vault.clone(),
        board.chain().balance(BOB),
    );
    assert_eq!(pay(&mut board), Err(Revert::BondTransferFailed));
    let after = (
        board.game().clone(),
        board.chain().vault.clone(),
        board.chain().balance(BOB),
    );
    assert_eq!(after, before);

    // Something else meanwhile, which works.
    let (mut board, pot) = won();
    let load = Action::LoadPreimage(Preimage::keccak256(vec![7], Default::default()));
    board.set_receiver(BOB, &again(load, true));
    assert_eq!(pay(&mut board), Ok(Effect::Paid(pot)));
    let key = fpvm_dispute::oracle::keccak256_key(&[7]);
    assert!(board.chain().oracle.read(key, 0).is_ok());
}

#[test]
fn the_vault_is_paused_or_empty() {
    let (mut board, pot) = won();
    board.set_paused(true);
    let paused = Err(Revert::Message("DelayedWETH: contract is paused"));
    assert_eq!(pay(&mut board), paused);
    board.set_paused(false);
    assert_eq!(
        board.call(OWNER, 0, Action::Recover(1)),
        Ok(Effect::Paid(1))
    );
    assert_eq!(pay(&mut board), Err(Revert::Empty));
    assert_eq!(board.game().credit(BOB), pot);
    // Another game's bond is as good.
    assert_eq!(board.propose(junk(2), BLOCK + 1), Ok(Effect::Created(1)));
    assert_eq!(pay(&mut board), Ok(Effect::Paid(pot)));
    let left = board.chain().factory.init_bond(0) - 1;
    let rest = board.call(OWNER, 0, Action::Recover(u128::MAX));
    assert_eq!(rest, Ok(Effect::Paid(left)));
}

#[test]
fn the_owner_holds_the_money_of_a_game() {
    let (mut board, pot) = won();
    let game = board.game().address();
    let not_owner = Err(Revert::Message("DelayedWETH: not owner"));
    assert_eq!(board.call(EVE, 0, Action::Hold(game, pot)), not_owner);
    assert_eq!(board.call(EVE, 0, Action::Recover(1)), not_owner);
    let take = Action::TransferFrom(game, OWNER, pot);
    let give_back = Action::TransferFrom(OWNER, game, pot);
    assert_eq!(board.call(OWNER, 0, take.clone()), Err(Revert::Empty));
    assert_eq!(
        board.call(OWNER, 0, Action::Hold(game, pot - 1)),
        Ok(Effect::Done)
    );
    assert_eq!(board.call(OWNER, 0, take.clone()), Err(Revert::Empty));
    assert_eq!(
        board.call(OWNER, 0, Action::Hold(game, pot)),
        Ok(Effect::Done)
    );
    assert_eq!(board.call(EVE, 0, take.clone()), Err(Revert::Empty));
    assert_eq!(board.call(OWNER, 0, take.clone()), Ok(Effect::Done));
    assert_eq!(board.chain().vault.balance(OWNER), pot);
    assert_eq!(pay(&mut board), Err(Revert::Empty));
    // The allowance is used up.
    assert_eq!(board.call(OWNER, 0, give_back.clone()), Ok(Effect::Done));
    assert_eq!(board.call(OWNER, 0, take.clone()), Err(Revert::Empty));
    // One without limit is not.
    assert_eq!(
        board.call(OWNER, 0, Action::Hold(game, u128::MAX)),
        Ok(Effect::Done)
    );
    assert_eq!(board.call(OWNER, 0, take.clone()), Ok(Effect::Done));
    assert_eq!(board.call(OWNER, 0, give_back.clone()), Ok(Effect::Done));
    assert_eq!(board.call(OWNER, 0, take), Ok(Effect::Done));
}

#[test]
fn what_was_not_unlocked() {
    let board = Board::new();
    let game = board.game().address();
    let mut vault = board.chain().vault.clone();
    let more = Err(Revert::Message(
        "DelayedWETH: insufficient unlocked withdrawal",
    ));
    assert_eq!(vault.withdraw(game, ANN, 1, board.now, false), more);
    let never = Err(Revert::Message("DelayedWETH: withdrawal not unlocked"));
    assert_eq!(vault.withdraw(game, ANN, 0, board.now, false), never);
    vault.unlock(game, ANN, 5, board.now);
    assert_eq!(vault.withdraw(game, ANN, 6, board.now + DELAY, false), more);
    assert_eq!(
        vault.withdraw(game, ANN, 3, board.now + DELAY, false),
        Ok(())
    );
    assert_eq!(vault.withdrawal(game, ANN).amount, 2);
}
