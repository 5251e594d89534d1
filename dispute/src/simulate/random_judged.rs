//! Random calls about what comes after a game's resolution: closing, paying in two steps, and the judge, the
//! guardian and its pauses meanwhile. For games from 1.4 on.

use alloy_primitives::Address;
use rand::seq::{IndexedRandom, IteratorRandom};
use rand::{Rng, RngExt};

use crate::call::{Action, Block, Call, GameAction, Guard};
use crate::chain::Chain;
use crate::claim::GameStatus;
use crate::game::Game;
use crate::game::credits::BondMode;
use crate::synthetic::Rollup;

/// Seconds after which a pause lapses.
const PAUSE: u64 = 7_884_000;

/// A game that is over, preferably one whose bonds have not been paid; otherwise any game.
fn random_over<R: Rng>(chain: &Chain<Rollup>, rng: &mut R) -> usize {
    let is_over = |game: &Game| game.status() != GameStatus::InProgress;
    let owes = |game: &Game| chain.vault.balance(game.address()) > 0;
    let games = || chain.games().iter().enumerate();
    let owing = games().filter(|(_, game)| is_over(game) && owes(game));
    let over = games().filter(|(_, game)| is_over(game));
    let chosen = match rng.random_range(0..10) {
        0..7 => owing.choose(rng),
        7..9 => over.choose(rng),
        _ => games().choose(rng),
    };
    chosen.map_or(0, |(number, _)| number)
}

/// A call about the end of a game: by anyone; a call that only the guardian may make is more often the guardian's.
pub(super) fn random_call<R: Rng>(
    chain: &Chain<Rollup>,
    accounts: &[Address],
    rng: &mut R,
) -> Call {
    let number = random_over(chain, rng);
    let mut from = accounts.choose(rng).copied().unwrap_or_default();
    let recipient = accounts.choose(rng).copied().unwrap_or_default();
    let guardian = chain.superchain.guardian();
    let action = match rng.random_range(0..20) {
        0..3 => Action::Game(number, GameAction::Close),
        3..14 => Action::Game(number, GameAction::ClaimCredit(recipient)),
        14..16 => Action::SetAnchor(number),
        _ => {
            if rng.random_bool(0.8) {
                from = guardian;
            }
            let all_or_one = [Address::ZERO, chain.superchain.chain(), recipient];
            let identifier = all_or_one.choose(rng).copied().unwrap_or_default();
            Action::Guard(match rng.random_range(0..16) {
                0..3 => Guard::Respect(rng.random_range(0..3)),
                3 => Guard::Retire,
                4..6 => Guard::Blacklist(rng.random_range(0..chain.games().len().max(1))),
                6..8 => Guard::Pause(identifier),
                8 => Guard::Extend(identifier),
                _ => Guard::Unpause(identifier),
            })
        }
    };
    Call {
        from,
        value: 0,
        action,
    }
}

/// A time at the very edge of a delay of the judge, of the vault, or of a pause, if there is any to come.
pub(super) fn random_edge<R: Rng>(
    chain: &Chain<Rollup>,
    block: &Block,
    rng: &mut R,
) -> Option<u64> {
    let judge = chain.registry.judge()?;
    let ends = chain.games().iter().filter_map(|game| {
        let is_over = game.status() != GameStatus::InProgress;
        let is_open = game.credits().mode == BondMode::Undecided;
        (is_over && is_open).then(|| game.resolved_at() + judge.delay())
    });
    let payments = chain.games().iter().flat_map(|game| {
        let unlocked = game.credits().unlocked.iter();
        unlocked.map(|account| {
            let withdrawal = chain.vault.withdrawal(game.address(), *account);
            withdrawal.timestamp + chain.vault.delay()
        })
    });
    let to_come = |at: &u64| *at > block.timestamp;
    let mut edges: Vec<u64> = ends.chain(payments).filter(to_come).collect();
    // A pause is long, and everything else is over after it.
    if rng.random_bool(0.2) {
        let pauses = [Address::ZERO, chain.superchain.chain()].into_iter();
        let since = pauses.map(|pause| chain.superchain.pause_timestamp(pause));
        edges.extend(
            since
                .filter(|since| *since > 0)
                .map(|since| since + PAUSE)
                .filter(to_come),
        );
    }
    let edge = edges.choose(rng)?;
    Some((edge + rng.random_range(0..3)).saturating_sub(1))
}
