//! What can happen next in a game, in words.

use crate::time::span;
use crate::{Report, Status};

/// The next things that can be done, the most urgent first. Empty once the game is over.
pub(super) fn next(report: &Report) -> Vec<String> {
    if report.status != Status::InProgress {
        return Vec::new();
    }
    let mut lines = Vec::new();
    let claims = || report.claims.iter().enumerate();
    // A claim that an instruction has countered needs no other answer.
    let open = claims().filter(|(_, claim)| !claim.stepped);
    let mut open: Vec<_> = open
        .filter_map(|(index, claim)| Some((claim.left.filter(|left| *left > 0)?, index)))
        .collect();
    open.sort_unstable();
    let answered = |index| claims().any(|(_, claim)| claim.parent == Some(index));
    let (waiting, others): (Vec<_>, Vec<_>) =
        open.into_iter().partition(|(_, index)| !answered(*index));
    for (left, index) in waiting {
        let by = report
            .claims
            .get(index)
            .map(|claim| report.name(claim.claimant));
        lines.push(format!(
            "claim {index} of {} stands unless it is answered within {}",
            by.unwrap_or_default(),
            span(left)
        ));
    }
    match others[..] {
        [] => {}
        [(left, index)] => lines.push(format!(
            "claim {index} is answered; others can answer it for {}",
            span(left)
        )),
        [(first, _), .., (last, _)] => lines.push(format!(
            "{} claims are answered; others can answer them for {} to {}",
            others.len(),
            span(first),
            span(last)
        )),
    }
    let over: Vec<usize> = claims()
        .filter_map(|(index, claim)| (claim.left == Some(0)).then_some(index))
        .collect();
    match over[..] {
        [] if claims().all(|(_, claim)| claim.left.is_none()) => {
            lines.push("all claims are resolved: the game can be resolved now".into());
        }
        [] => {}
        [claim] => lines.push(format!("the clock of claim {claim} has run out: it can be resolved once its answers are")),
        [first, .., last] => lines.push(format!(
            "the clocks of {} claims from {first} to {last} have run out: they can be resolved, the last first",
            over.len()
        )),
    }
    lines
}
