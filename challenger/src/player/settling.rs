//! How the bonds of a resolved game are paid: the game is closed, credits are unlocked, and paid.
//!
//! The model says what can be done when ([`fpvm_dispute::game::payment`]). A claim of credit makes each next step,
//! and closes the game on the way. So only a game that owes nothing to any account here is closed by itself, because
//! that moves the anchor.

use alloy_primitives::{Address, U256};
use fpvm_dispute::call::GameAction;
use fpvm_dispute::game::Game;
use fpvm_dispute::game::credits::BondMode;
use fpvm_dispute::game::payment::{Bonds, Closing, Stage};
use fpvm_dispute::revert::Revert;
use fpvm_dispute::vault::Vault;
use fpvm_l1::Request;

use super::{Kind, PlannedTx, Turn};
use crate::bonds::{self, is_pause, struck_off};
use crate::calls;
use crate::read::game_params::GameParams;
use crate::read::watch::GameSnapshot;

/// Whose bonds are looked after, and which games are closed.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Settling {
    /// The accounts whose bonds are claimed, besides the player's own.
    pub claimants: Vec<Address>,
    /// After how many seconds a game that owes nothing to any of them is closed, counted from when it can be, if
    /// nobody else has closed it; none for never.
    pub close_after: Option<u64>,
    /// Whether only claims that bring one of them a bond are resolved, and no game that owes them nothing is closed.
    pub selective: bool,
}

impl Default for Settling {
    /// An hour, because an account that is owed something closes a game much earlier.
    fn default() -> Self {
        Self {
            claimants: Vec::new(),
            close_after: Some(3_600),
            selective: false,
        }
    }
}

impl Settling {
    /// Whose bonds are looked after, each once.
    pub(super) fn accounts(&self, own: Address) -> Vec<Address> {
        let mut accounts = vec![own];
        for account in &self.claimants {
            if !accounts.contains(account) {
                accounts.push(*account);
            }
        }
        accounts
    }

    /// Whether a claim or game that can be resolved now has to be: always, or, if `selective`, only if that brings
    /// one of the accounts a bond. The resolution of the game does so from 1.4 on, because nothing is paid before it.
    pub(super) fn resolves(
        &self,
        own: Address,
        game: &Game,
        action: &GameAction,
        now: u64,
    ) -> bool {
        if !self.selective {
            return true;
        }
        let accounts = self.accounts(own);
        match action {
            GameAction::ResolveClaim { claim, .. } => {
                let mut resolved = game.clone();
                // The vault's contents do not matter here.
                let mut vault = Vault::new(Address::ZERO, 0);
                let done = resolved.resolve_claim(&mut vault, now, *claim, U256::ZERO);
                let claim = resolved.claim(*claim);
                let winner = claim.map(|claim| claim.countered_by.unwrap_or(claim.claimant));
                done.is_ok() && winner.is_ok_and(|winner| accounts.contains(&winner))
            }
            _ => accounts.iter().any(|account| game.won(*account) > 0),
        }
    }

    /// Whether a game has bonds of an account that is looked after, or has paid it.
    pub(super) fn concerns(&self, own: Address, seen: &GameSnapshot) -> bool {
        let accounts = self.accounts(own).into_iter();
        let mut stages = accounts.map(|account| seen.bonds(account).stage);
        stages.any(|stage| stage != Stage::None)
    }
}

/// What is left to do once a game is resolved.
pub(super) fn settle(
    game_params: &GameParams,
    seen: &GameSnapshot,
    own: Address,
    settling: &Settling,
) -> Turn {
    let now = seen.block.time;
    let mut turn = Turn::default();
    let mut is_owed = false;
    for account in settling.accounts(own) {
        let bonds = seen.bonds(account);
        is_owed |= bonds.next.is_some();
        match bonds.next {
            None => {}
            Some(next) if next > now => turn.look_at(next),
            Some(_) => match &bonds.refused {
                Some(pause) if is_pause(pause) => turn.paused = Some(game_params.registry),
                Some(_) => turn.trouble = bonds::hindrance(game_params, account, &bonds),
                None => turn.planned.push(claim(seen, account, &bonds)),
            },
        }
        turn.bonds.push((account, bonds));
    }
    turn.is_over = !is_owed;
    if let Closing::From { time, refused, .. } = seen.game.closing(&seen.around)
        && let Some(wait) = settling.close_after.filter(|_| !settling.selective)
        && !is_owed
    {
        turn.is_over = false;
        let time = time.saturating_add(wait);
        match refused {
            _ if time > now => turn.look_at(time),
            Some(pause) if is_pause(&pause) => turn.paused = Some(game_params.registry),
            Some(other) => turn.trouble = Some(format!("it cannot be closed: {other}")),
            None => turn.planned.push(close(seen)),
        }
    }
    turn
}

/// The next step towards the payment of an account's bonds.
fn claim(seen: &GameSnapshot, account: Address, bonds: &Bonds) -> PlannedTx {
    let game = seen.game.address();
    let request = calls::game(game, &GameAction::ClaimCredit(account), 0);
    let unlock = Request {
        what: format!("unlock the credit of {account}"),
        ..request.clone()
    };
    let (kind, why, request) = match bonds.stage {
        Stage::Won(BondMode::Refund) => (
            Kind::Unlock,
            format!(
                "It closes the game, and bonds go back to who posted them, because {}.",
                struck_off(seen)
            ),
            unlock,
        ),
        Stage::Won(_) => (
            Kind::Unlock,
            "The registry's delay since the game's resolution is over: it closes the game, too."
                .into(),
            unlock,
        ),
        Stage::Closed(_) => (Kind::Unlock, "The game is closed.".into(), unlock),
        _ => (
            Kind::Pay,
            "The game has ended, and the vault's delay is over.".into(),
            request,
        ),
    };
    PlannedTx {
        game,
        kind,
        why,
        request,
    }
}

fn close(seen: &GameSnapshot) -> PlannedTx {
    let game = seen.game.address();
    PlannedTx {
        game,
        kind: Kind::Close,
        why: "The registry's delay since the game's resolution is over, and nobody else has closed it: it may \
              become the anchor."
            .into(),
        request: calls::game(game, &GameAction::Close, 0),
    }
}

/// Why nothing is sent in a pause.
pub(crate) fn pause(registry: Address) -> String {
    format!(
        "the guardian has paused (registry {registry}): games are closed and bonds paid once that is over. {}",
        Revert::GamePaused
    )
}
