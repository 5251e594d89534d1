//! What is on the screen.

use ratatui::Frame;
use ratatui::layout::{Constraint, Layout, Rect};
use ratatui::style::{Color, Modifier, Style, Stylize as _};
use ratatui::text::{Line, Span};
use ratatui::widgets::{Block, Gauge, Paragraph, Row, Table, Wrap};

use super::Watch;
use crate::money::ether;
use crate::time::span;
use crate::view::{fate, mark, status};
use crate::{Account, Claim, Kind, Report, Role, Status};

/// The least number of columns with which the claim in full stands beside the tree.
const WIDE: u16 = 100;
/// The most lines about what can happen next.
const NEXT: u16 = 4;

const RIGHT: Color = Color::Green;
const WRONG: Color = Color::Red;
const DIM: Style = Style::new().add_modifier(Modifier::DIM);

/// Draws a game.
pub fn draw(frame: &mut Frame<'_>, report: &Report, watch: &mut Watch) {
    let accounts = u16::try_from(report.accounts.len()).unwrap_or(u16::MAX);
    let next = &report.next;
    let lines = u16::try_from(next.len()).unwrap_or(NEXT).clamp(1, NEXT);
    let [head, middle, money, coming, keys] = Layout::vertical([
        Constraint::Length(3),
        Constraint::Min(6),
        Constraint::Length(accounts.min(6) + 3),
        Constraint::Length(lines + 2),
        Constraint::Length(1),
    ])
    .areas(frame.area());
    header(frame, report, head);
    let (tree_area, claim_area) = if middle.width >= WIDE {
        let [tree, claim] =
            Layout::horizontal([Constraint::Fill(3), Constraint::Fill(2)]).areas(middle);
        (tree, claim)
    } else {
        let [tree, claim] =
            Layout::vertical([Constraint::Fill(3), Constraint::Fill(2)]).areas(middle);
        (tree, claim)
    };
    tree(frame, report, watch, tree_area);
    if let Some(claim) = report.claims.get(watch.selected(report)) {
        detail(frame, report, watch.selected(report), claim, claim_area);
    }
    accounts_table(frame, report, money);
    let text: Vec<Line<'_>> = if next.is_empty() {
        vec![Line::from("nothing: the game is over").style(DIM)]
    } else {
        next.iter().map(|line| Line::from(line.as_str())).collect()
    };
    frame.render_widget(
        Paragraph::new(text).block(Block::bordered().title(" Next ")),
        coming,
    );
    let help = "↑ ↓ PgUp PgDn  choose a claim   Home  the proposal   End  the newest   q  quit";
    let foot = match &watch.trouble {
        None => Line::from(help).style(DIM),
        Some(trouble) => Line::from(format!("not the newest: {trouble}")).fg(WRONG),
    };
    frame.render_widget(foot, keys);
}

fn header(frame: &mut Frame<'_>, report: &Report, area: Rect) {
    let colour = match report.status {
        Status::InProgress => Color::Yellow,
        Status::ChallengerWins => WRONG,
        Status::DefenderWins => RIGHT,
    };
    let after = span(report.now.saturating_sub(report.created_at));
    let deepest = report.claims.iter().map(|claim| claim.depth).max();
    let depth = match &report.rules.play {
        Some(play) => format!(
            ", depth {} of {}",
            deepest.unwrap_or_default(),
            play.max_depth
        ),
        None => ", won at its creation".to_owned(),
    };
    let line = Line::from(vec![
        Span::from(format!("{}: ", report.proposal.about())),
        Span::from(status(report.status)).fg(colour).bold(),
        Span::from(format!(
            ", {after} old, {} claims{depth}",
            report.claims.len()
        )),
    ]);
    let title = format!(" {}  {} ", report.title, report.game);
    frame.render_widget(
        Paragraph::new(line).block(Block::bordered().title(title)),
        area,
    );
}

fn tree(frame: &mut Frame<'_>, report: &Report, watch: &mut Watch, area: Rect) {
    let legend = " + right  - wrong   ● stands  ○ countered  · not judged ";
    let block = Block::bordered().title(" Claims ").title_bottom(legend);
    let height = usize::from(block.inner(area).height);
    let top = watch.scroll(report, height);
    let selected = watch.selected(report);
    let shown = report.claims.iter().enumerate().skip(top).take(height);
    let lines: Vec<Line<'_>> = shown
        .map(|(index, claim)| {
            let line = row(report, index, claim);
            if index == selected {
                line.reversed()
            } else {
                line
            }
        })
        .collect();
    frame.render_widget(Paragraph::new(lines).block(block), area);
}

fn row<'a>(report: &'a Report, index: usize, claim: &'a Claim) -> Line<'a> {
    let colour = match mark(claim) {
        '+' => Style::new().fg(RIGHT),
        '-' => Style::new().fg(WRONG),
        _ => Style::new(),
    };
    let sign = match (claim.truth.is_some(), claim.countered_by.is_some()) {
        (_, true) => "○",
        (true, false) => "●",
        (false, false) => "·",
    };
    let answers = match (claim.side, claim.parent) {
        (Some(side), Some(parent)) => format!("{side} #{parent}"),
        _ => "proposal".into(),
    };
    let kind = match claim.kind {
        Kind::Output => "output",
        Kind::State => "state",
    };
    let state = match (fate(claim), claim.left) {
        ("", Some(0)) => "clock run out".into(),
        ("", Some(left)) => format!("{} left", span(left)),
        (fate, _) => fate.into(),
    };
    Line::from(vec![
        Span::from(format!("{sign} {} ", mark(claim))).style(colour),
        Span::from(format!("#{index:<3} {answers:<12} ")),
        Span::from(format!("depth {:<2} {kind:<6} ", claim.depth)).style(DIM),
        Span::from(format!("{:<10.10} ", report.name(claim.claimant))).bold(),
        Span::from(state),
    ])
}

fn detail(frame: &mut Frame<'_>, report: &Report, index: usize, claim: &Claim, area: Rect) {
    let block = Block::bordered().title(format!(" Claim {index} "));
    let inner = block.inner(area);
    frame.render_widget(block, area);
    let [clock, text] = Layout::vertical([Constraint::Length(1), Constraint::Min(0)]).areas(inner);
    let play = report.rules.play.as_ref();
    let all = play.map_or(1, |play| play.max_clock_duration.max(1));
    let (ratio, label) = match claim.left {
        Some(left) => (
            left as f64 / all as f64,
            format!("{} of {} left to answer it", span(left), span(all)),
        ),
        None => (0.0, "resolved".into()),
    };
    let gauge = Gauge::default().ratio(ratio.clamp(0.0, 1.0)).label(label);
    frame.render_widget(gauge.gauge_style(Style::new().fg(Color::Blue)), clock);
    let mut lines = vec![
        Line::from(claim.about.clone()).bold(),
        Line::from(format!("says  {}", claim.value)),
    ];
    if let Some(truth) = claim.truth {
        lines.push(if truth == claim.value {
            Line::from("which is right").fg(RIGHT)
        } else {
            Line::from(format!("true is {truth}")).fg(WRONG)
        });
    }
    lines.push(Line::from(format!(
        "by {}, with {} ETH",
        report.name(claim.claimant),
        ether(claim.bond)
    )));
    if let Some(by) = claim.countered_by {
        lines.push(Line::from(format!(
            "{} by {}",
            fate(claim),
            report.name(by)
        )));
    }
    if let Some(why) = &claim.why {
        lines.push(Line::from(why.clone()).style(DIM));
    }
    frame.render_widget(Paragraph::new(lines).wrap(Wrap { trim: true }), text);
}

fn accounts_table(frame: &mut Frame<'_>, report: &Report, area: Rect) {
    let row = |account: &Account| {
        let role = match account.role {
            Role::Honest => "honest",
            Role::Cheat => "cheat",
            Role::Unknown => "",
        };
        Row::new([
            account.name.clone(),
            role.to_owned(),
            account.claims.to_string(),
            ether(account.posted),
            ether(account.open),
            ether(account.won),
            ether(account.paid),
        ])
    };
    let widths = [
        Constraint::Min(12),
        Constraint::Length(7),
        Constraint::Length(7),
        Constraint::Min(12),
        Constraint::Min(12),
        Constraint::Min(12),
        Constraint::Min(10),
    ];
    let names = [
        "account",
        "",
        "claims",
        "posted",
        "undecided",
        "won or back",
        "paid out",
    ];
    let table = Table::new(report.accounts.iter().map(row), widths)
        .header(Row::new(names).style(DIM))
        .block(Block::bordered().title(" Bonds, ETH "));
    frame.render_widget(table, area);
}
