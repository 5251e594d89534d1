//! The tree of a game's claims, as a list that is indented.

use std::fmt::Write as _;

use fpvm_dispute::claim::GameStatus;
use fpvm_dispute::game::Game;
use fpvm_report::money::rounded;
use fpvm_report::time::span;

use super::escape;
use crate::forecast::time_left;

/// The most claims of a game that are drawn here: the report has all.
const MOST: usize = 60;
/// The most levels by which a claim is indented.
const LEVELS: usize = 12;

/// The claims from the root down, each below the one that it answers.
pub(super) fn tree(game: &Game, now: u64) -> String {
    let mut html = String::from("<ul class=\"claims\">");
    let mut stack = vec![(0, 0)];
    let mut drawn = 0;
    while let Some((index, level)) = stack.pop() {
        if drawn == MOST {
            let left = game.claims().len() - drawn;
            let _ = write!(html, "<li class=\"dim\">and {left} more</li>");
            break;
        }
        drawn += 1;
        line(&mut html, game, index, level, now);
        if let Some(subgame) = game.subgame(index) {
            let answers = subgame.answers.iter().rev();
            stack.extend(answers.map(|answer| (*answer, level + 1)));
        }
    }
    html + "</ul>"
}

fn line(html: &mut String, game: &Game, index: usize, level: usize, now: u64) {
    let Ok(claim) = game.claim(index) else { return };
    let above = claim.parent.and_then(|parent| game.claim(parent).ok());
    let side = match above {
        None => "proposal",
        Some(above) if above.position.attack() == claim.position => "attack",
        Some(_) => "defend",
    };
    let resolved = game.subgame(index).is_some_and(|subgame| subgame.resolved);
    let fate = match (claim.countered_by, resolved, game.status()) {
        (Some(_), ..) => "countered".to_owned(),
        (None, true, _) => "stands".to_owned(),
        (None, false, GameStatus::InProgress) => match time_left(game, index, now) {
            Some(left) if left > 0 => format!("{} left to answer", span(left)),
            _ => "can be resolved".to_owned(),
        },
        _ => String::new(),
    };
    let team = if claim.position.depth() % 2 == 0 {
        "defends"
    } else {
        "attacks"
    };
    let _ = write!(
        html,
        "<li class=\"{team}\" style=\"margin-left:{}em\"><b>#{index}</b> {side} at depth {} <span class=\"dim\">by <code>{}</code>, {} ETH, {}</span></li>",
        level.min(LEVELS),
        claim.position.depth(),
        escape(short(claim.claimant)),
        escape(rounded(claim.bond)),
        escape(fate),
    );
}

/// An address in short.
pub(super) fn short(address: alloy_primitives::Address) -> String {
    let text = address.to_string();
    let ends = text.get(..8).zip(text.get(text.len().saturating_sub(4)..));
    ends.map_or_else(|| text.clone(), |(begin, end)| format!("{begin}…{end}"))
}
