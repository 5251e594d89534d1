//! A game as text: the tree, the clocks, the money.

use std::fmt::Write as _;

use alloy_primitives::B256;

use crate::money::ether;
use crate::time::span;
use crate::{Account, Claim, Report, Role, Status};

/// The game for a terminal; `width` columns at most.
pub fn text(report: &Report, width: usize) -> String {
    let mut text = String::new();
    // Writing to a string does not fail.
    let _ = write(&mut text, report);
    let cut = |line: &str| line.chars().take(width).collect::<String>();
    text.lines().map(|line| cut(line) + "\n").collect()
}

fn write(text: &mut String, report: &Report) -> std::fmt::Result {
    let status = status(report.status);
    let after = report.now.saturating_sub(report.created_at);
    writeln!(text, "{}  {}", report.title, report.game)?;
    writeln!(
        text,
        "{}: {status}, {} after its proposal",
        report.proposal.about(),
        span(after)
    )?;
    if let Some(alarm) = &report.alarm {
        writeln!(text, "The proposal is FALSE: {}", alarm.words)?;
    } else if report.rules.play.is_none() {
        let known = match report.proposal.right {
            Some(true) => "and its proposal is right",
            Some(false) => "and its proposal is wrong, but it was struck off",
            None => "and whether its proposal is right is not known here",
        };
        writeln!(
            text,
            "Nobody disputes it: it was won at its creation, {known}"
        )?;
    }
    writeln!(text)?;
    for (index, claim) in report.claims.iter().enumerate() {
        writeln!(text, "{}", line(report, index, claim))?;
    }
    writeln!(text)?;
    if let Some(instruction) = &report.instruction {
        let claim = report.claims.get(instruction.claim);
        let verb = match claim {
            Some(claim) if claim.stepped => "decided",
            _ => "would decide",
        };
        writeln!(
            text,
            "instruction {} {verb} claim {}: {}{}",
            instruction.index,
            instruction.claim,
            instruction.step.assembly,
            match &instruction.place.symbol {
                Some(symbol) => format!(", in {symbol}"),
                None => String::new(),
            }
        )?;
        writeln!(
            text,
            "  state before    {}",
            B256::from(instruction.step.pre)
        )?;
        writeln!(
            text,
            "  leads to        {}",
            B256::from(instruction.step.post)
        )?;
        writeln!(text, "  was claimed     {}", instruction.claimed)?;
        writeln!(text)?;
    }
    for next in &report.next {
        writeln!(text, "next: {next}")?;
    }
    for account in &report.accounts {
        let role = match account.role {
            Role::Honest => " (honest)",
            Role::Cheat => " (cheat)",
            Role::Unknown => "",
        };
        writeln!(
            text,
            "{}{role}: posted {} ETH, won or back {}, undecided {}{}",
            account.name,
            ether(account.posted),
            ether(account.won),
            ether(account.open),
            standing(account)
        )?;
    }
    Ok(())
}

/// The state of an account's bonds; empty while the game goes on, because then it is the same for all accounts.
fn standing(account: &Account) -> String {
    match &account.bonds {
        Some(bonds) if !["posted", "none"].contains(&bonds.state) => format!("; {}", bonds.words),
        _ => String::new(),
    }
}

fn line(report: &Report, index: usize, claim: &Claim) -> String {
    let mark = mark(claim);
    let answers = claim
        .parent
        .map_or(String::new(), |parent| format!(" {parent}"));
    let left = claim.left.filter(|left| *left > 0);
    let left = left.map_or(String::new(), |left| {
        format!(", can be answered for {}", span(left))
    });
    let fate = match fate(claim) {
        "" => left,
        fate => format!(", {fate}"),
    };
    let play = report.rules.play.as_ref();
    let of = play.map_or(String::new(), |play| {
        format!(" of {}", span(play.max_clock_duration))
    });
    format!(
        "{mark} #{index:<3} {:<8} depth {:<2} {}, {} ETH, by {}, clock {}{of}{fate}",
        format!("{}{answers}", claim.side.unwrap_or("proposal")),
        claim.depth,
        claim.about,
        ether(claim.bond),
        report.name(claim.claimant),
        span(claim.used),
    )
}

/// The status of a game, in words.
pub(crate) const fn status(status: Status) -> &'static str {
    match status {
        Status::InProgress => "in progress",
        Status::ChallengerWins => "the proposal is refuted",
        Status::DefenderWins => "the proposal stands",
    }
}

/// `+` for a claim that is right, `-` for one that is wrong, a space if that is not known.
pub(crate) fn mark(claim: &Claim) -> char {
    match claim.truth {
        None => ' ',
        Some(truth) if truth == claim.value => '+',
        Some(_) => '-',
    }
}

/// The outcome of a claim; empty as long as it is open.
pub(crate) fn fate(claim: &Claim) -> &'static str {
    match (claim.stepped, claim.countered_by, claim.bond_to) {
        (true, ..) => "countered by an instruction",
        (_, Some(_), _) => "countered",
        (_, None, Some(_)) => "stands",
        _ => "",
    }
}
