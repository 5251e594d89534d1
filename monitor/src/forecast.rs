//! How a game would end if nobody did anything more.

use alloy_primitives::{Address, U256};
use fpvm_dispute::claim::GameStatus;
use fpvm_dispute::game::Game;
use fpvm_dispute::vault::Vault;

/// Seconds after which all clocks have run out, whatever has held them.
const LONG: u64 = 1 << 40;

/// How a game would end.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Forecast {
    /// Who wins.
    pub status: GameStatus,
    /// For how many more seconds the other side could change that by an answer; none if it no longer can.
    pub time_left: Option<u64>,
}

/// Resolves the game as it stands at L1 time `now`, in seconds, by the rules of the model. The forecast of a resolved
/// game is its result.
pub fn forecast(game: &Game, now: u64) -> Forecast {
    if game.status() != GameStatus::InProgress {
        return Forecast {
            status: game.status(),
            time_left: None,
        };
    }
    let mut ended = game.clone();
    let mut vault = Vault::new(Address::ZERO, 0);
    let then = now.saturating_add(LONG);
    let all = U256::from(game.claims().len());
    for index in (0..game.claims().len()).rev() {
        // A claim that has been resolved before is refused, and stays as it is.
        let _ = ended.resolve_claim(&mut vault, then, index, all);
    }
    let status = ended.resolve(then).unwrap_or_default();
    if game.block_challenger().is_some() {
        return Forecast {
            status,
            time_left: None,
        };
    }
    // Claims of the winner's side that stand; at even depths they are the proposal's side's.
    let winners = u8::from(status == GameStatus::ChallengerWins);
    let claims = ended.claims().iter().enumerate();
    let standing = claims
        .filter(|(_, claim)| claim.countered_by.is_none() && claim.position.depth() % 2 == winners);
    let left = standing.filter_map(|(index, _)| time_left(game, index, now));
    Forecast {
        status,
        time_left: left.max().filter(|left| *left > 0),
    }
}

/// For how many more seconds the claim at `index` can be answered at L1 time `now`; none in a game that is over.
pub fn time_left(game: &Game, index: usize, now: u64) -> Option<u64> {
    let used = game.challenger_duration(index, now).ok()?;
    Some(game.rules().max_clock_duration().saturating_sub(used))
}
