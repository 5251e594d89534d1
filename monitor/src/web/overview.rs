//! The page about all games.

use std::fmt::Write as _;

use fpvm_challenger::bonds::utc;
use fpvm_challenger::game_type::GameType;
use fpvm_dispute::claim::GameStatus;
use fpvm_report::html::STYLE;
use fpvm_report::money::rounded;
use fpvm_report::time::span;

use super::escape;
use super::tree::{short, tree};
use crate::metrics::stakes;
use crate::problems::{Grade, Problem, required};
use crate::survey::{Game, State, Survey, SurveyedGame};

/// Games on a page.
const PAGE: usize = 100;
/// The most problems that are shown; the rest is counted.
const TROUBLES: usize = 200;

/// Which games are shown.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(super) enum Show {
    /// All.
    #[default]
    All,
    /// Those in progress.
    Open,
    /// Those with more than a proposal.
    Disputed,
    /// Those that end, or would end, with the wrong winner.
    Wrong,
    /// Those that were not read.
    Unread,
}

impl Show {
    const ALL: [(Self, &'static str); 5] = [
        (Self::All, "all"),
        (Self::Open, "in progress"),
        (Self::Disputed, "disputed"),
        (Self::Wrong, "going wrong"),
        (Self::Unread, "not read"),
    ];

    fn fits(self, game: &Game) -> bool {
        let seen = match &game.state {
            State::Read(seen) => Some(seen),
            State::Ignored | State::Unjudged(_) | State::Failed(_) => None,
        };
        match (self, seen) {
            (Self::All, _) | (Self::Unread, None) => true,
            (Self::Unread, Some(_)) | (_, None) => false,
            (Self::Open, Some(seen)) => is_open(seen),
            (Self::Disputed, Some(seen)) => seen.snapshot.game.claims().len() > 1,
            (Self::Wrong, Some(seen)) => goes_wrong(seen),
        }
    }
}

fn is_open(seen: &SurveyedGame) -> bool {
    seen.snapshot.game.status() == GameStatus::InProgress
}

/// Whether a game ends, or would end, with the wrong winner.
fn goes_wrong(seen: &SurveyedGame) -> bool {
    let defended = seen.forecast.status == GameStatus::DefenderWins;
    seen.agreement.is_some_and(|said| said.agrees != defended)
}

/// Which games are shown, and from where on.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(super) struct View {
    show: Show,
    /// Counted from 1.
    page: usize,
}

impl View {
    /// Reads the query of an address, and ignores what it does not know.
    pub(super) fn parse(query: &str) -> Self {
        let mut view = Self::default();
        for (name, value) in query.split('&').filter_map(|pair| pair.split_once('=')) {
            let mut all = Show::ALL.into_iter();
            match name {
                "show" => {
                    let found = all.find(|(show, _)| show.word() == value);
                    view.show = found.map_or(view.show, |(show, _)| show);
                }
                "page" => view.page = value.parse().unwrap_or(0),
                _ => {}
            }
        }
        view.page = view.page.max(1);
        view
    }
}

/// The page before anything was seen.
pub(super) fn waiting() -> String {
    whole(
        "Dispute games",
        "<h1>Dispute games</h1><p>The first look at them is not done yet.</p>",
    )
}

/// The page.
pub(super) fn page(survey: &Survey, problems: &[Problem], view: View) -> String {
    let mut html = String::new();
    // Writing to a string does not fail.
    let _ = head(&mut html, survey, problems);
    let _ = troubles(&mut html, survey, problems);
    let _ = games(&mut html, survey, view);
    let _ = money(&mut html, survey);
    let _ = truth(&mut html, survey);
    let worst = problems.iter().map(|problem| problem.grade).max();
    let mark = worst.map_or("", |grade| match grade {
        Grade::Notice => "",
        Grade::Late | Grade::Blind => "! ",
        Grade::Wrong => "!! ",
    });
    whole(
        &format!("{mark}Dispute games on chain {}", survey.chain_id),
        &html,
    )
}

fn whole(title: &str, main: &str) -> String {
    format!(
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <meta name=\"color-scheme\" content=\"light dark\">\n<link rel=\"icon\" href=\"data:,\">\n\
         <title>{}</title>\n<style>\n{STYLE}{}</style>\n</head>\n<body>\n<main id=\"page\">{main}</main>\n\
         <script>\n{}</script>\n</body>\n</html>\n",
        escape(title),
        include_str!("overview.css"),
        include_str!("live.js"),
    )
}

fn head(html: &mut String, survey: &Survey, problems: &[Problem]) -> std::fmt::Result {
    let worst = problems.iter().map(|problem| problem.grade).max();
    let (class, words) = match worst {
        None | Some(Grade::Notice) => ("right", "nothing is wrong"),
        Some(Grade::Late) => ("late", "something is late"),
        Some(Grade::Blind) => ("blind", "something cannot be told"),
        Some(Grade::Wrong) => ("wrong", "something is wrong"),
    };
    write!(
        html,
        "<div class=\"top\"><h1>Dispute games on chain {}</h1><span class=\"pill {class}\" id=\"grade\">{words}</span></div>\
         <p class=\"lead\">At L1 block {}, {}. Factory <code>{}</code></p>",
        survey.chain_id,
        survey.block.number,
        escape(utc(survey.block.time)),
        survey.factory,
    )?;
    let seen =
        |is: &dyn Fn(&SurveyedGame) -> bool| survey.seen().filter(|(_, seen)| is(seen)).count();
    let owed = required(survey)
        .values()
        .fold(0_u128, |sum, wei| sum.saturating_add(*wei));
    let unread = survey.games.len() - seen(&|_| true);
    let cards = [
        (survey.games.len().to_string(), "games"),
        (seen(&is_open).to_string(), "in progress"),
        (
            seen(&|seen| seen.snapshot.game.claims().len() > 1).to_string(),
            "disputed",
        ),
        (seen(&goes_wrong).to_string(), "going wrong"),
        (unread.to_string(), "not read"),
        (format!("{} ETH", rounded(owed)), "in bonds"),
    ];
    html.push_str("<div class=\"cards\">");
    for (value, what) in cards {
        write!(
            html,
            "<div class=\"card\"><b>{}</b><span>{what}</span></div>",
            escape(value)
        )?;
    }
    html.push_str("</div>");
    Ok(())
}

fn troubles(html: &mut String, survey: &Survey, problems: &[Problem]) -> std::fmt::Result {
    html.push_str("<section id=\"problems\"><h2>What is wrong</h2>");
    if problems.is_empty() {
        html.push_str("<p class=\"dim\">Nothing.</p>");
    } else {
        html.push_str("<ul class=\"problems\">");
    }
    for problem in problems.iter().take(TROUBLES) {
        let class = problem.grade.word();
        write!(
            html,
            "<li><span class=\"tag {class}\">{class}</span><span>{}</span>",
            escape(&problem.words)
        )?;
        let left = problem
            .until
            .and_then(|until| until.checked_sub(survey.block.time));
        if let Some(game) = problem.game {
            write!(html, "<span class=\"dim\">{}", game_link(survey, game))?;
            if let Some(left) = left.filter(|left| *left > 0) {
                write!(html, ", {} left", span(left))?;
            }
            html.push_str("</span>");
        }
        html.push_str("</li>");
    }
    if !problems.is_empty() {
        html.push_str("</ul>");
    }
    if let Some(more) = problems
        .len()
        .checked_sub(TROUBLES)
        .filter(|more| *more > 0)
    {
        write!(
            html,
            "<p class=\"dim\">And {more} more: <a href=\"/status.json\">all as data</a></p>"
        )?;
    }
    html.push_str("</section>");
    Ok(())
}

/// A game's name, which leads to its report where there is one.
fn game_link(survey: &Survey, game: alloy_primitives::Address) -> String {
    let found = survey.games.iter().find(|other| other.listed.game == game);
    match found.map(|game| (game.listed.number, &game.state)) {
        Some((number, State::Read(_))) => format!("<a href=\"/game/{game}\">game #{number}</a>"),
        Some((number, _)) => format!("game #{number} <code>{game}</code>"),
        None => format!("game <code>{game}</code>"),
    }
}

fn games(html: &mut String, survey: &Survey, view: View) -> std::fmt::Result {
    html.push_str("<section id=\"games\"><h2>Games</h2><nav>");
    for (show, words) in Show::ALL {
        let class = if show == view.show {
            " class=\"on\""
        } else {
            ""
        };
        write!(
            html,
            "<a{class} href=\"/?show={}#games\">{words}</a>",
            show.word()
        )?;
    }
    html.push_str("</nav>");
    let fitting: Vec<_> = survey
        .games
        .iter()
        .filter(|game| view.show.fits(game))
        .collect();
    let pages = fitting.len().div_ceil(PAGE).max(1);
    let at = view.page.min(pages);
    if fitting.is_empty() {
        html.push_str("<p class=\"dim\">None.</p>");
    }
    html.push_str("<ul class=\"games\">");
    for game in fitting.iter().skip((at - 1) * PAGE).take(PAGE) {
        line(html, survey, game)?;
    }
    html.push_str("</ul>");
    if pages > 1 {
        html.push_str("<nav>");
        let link = |page: usize, words: &str| {
            format!(
                "<a href=\"/?show={}&amp;page={page}#games\">{words}</a>",
                view.show.word()
            )
        };
        if at > 1 {
            html.push_str(&link(at - 1, "newer"));
        }
        write!(html, "<span class=\"dim\">page {at} of {pages}</span>")?;
        if at < pages {
            html.push_str(&link(at + 1, "older"));
        }
        html.push_str("</nav>");
    }
    html.push_str("</section>");
    Ok(())
}

fn line(html: &mut String, survey: &Survey, game: &Game) -> std::fmt::Result {
    let listed = &game.listed;
    let age = span(survey.block.time.saturating_sub(listed.created_at));
    write!(
        html,
        "<li id=\"game-{}\"><div class=\"line\">",
        listed.number
    )?;
    let tag = |class: &str, words: &str| format!("<span class=\"tag {class}\">{words}</span>");
    let seen = match &game.state {
        State::Read(seen) => seen,
        other => {
            let (class, word, why) = match other {
                State::Failed(why) => ("blind", "not readable", why.as_str()),
                State::Unjudged(why) => ("", "not judged", *why),
                State::Ignored | State::Read(_) => ("", "left out", ""),
            };
            return write!(
                html,
                "<b>#{}</b> {} <span>{}</span> <span class=\"dim\">{}, {age} old</span> <code>{}</code></div><p class=\"dim\">{}</p></li>",
                listed.number,
                tag(class, word),
                escape(GameType(listed.game_type)),
                escape(utc(listed.created_at)),
                listed.game,
                escape(why),
            );
        }
    };
    let played = &seen.snapshot.game;
    let proposal = match seen.agreement.map(|said| said.agrees) {
        Some(true) => tag("right", "right"),
        Some(false) => tag("wrong", "wrong"),
        None => tag("blind", "right?"),
    };
    let class = if goes_wrong(seen) { "wrong" } else { "right" };
    let fate = match (played.status(), seen.forecast.status) {
        (GameStatus::InProgress, GameStatus::ChallengerWins) => tag(class, "would be refuted"),
        (GameStatus::InProgress, _) => tag(class, "would stand"),
        (GameStatus::ChallengerWins, _) => tag(class, "refuted"),
        (GameStatus::DefenderWins, _) => tag(class, "stands"),
    };
    write!(
        html,
        "<a href=\"/game/{}\">#{}</a> {proposal} {fate}{} <span>{}</span> <span>{}</span> <span class=\"dim\">{age} old</span>",
        listed.game,
        listed.number,
        if seen.ruling.is_struck_off() {
            tag("", "struck off")
        } else {
            String::new()
        },
        escape(GameType(listed.game_type)),
        escape(seen.params.about()),
    )?;
    if is_open(seen) {
        let clock = played.rules().max_clock_duration();
        let age = survey.block.time.saturating_sub(listed.created_at);
        // Both sides' clocks together.
        let share = age
            .saturating_mul(50)
            .checked_div(clock)
            .unwrap_or(100)
            .min(100);
        write!(
            html,
            " <span class=\"bar\" title=\"of both clocks\"><i style=\"width:{share}%\"></i></span>"
        )?;
        if let Some(left) = seen.forecast.time_left {
            write!(
                html,
                " <span class=\"dim\">can be turned for {}</span>",
                span(left)
            )?;
        }
    }
    write!(
        html,
        "</div><details id=\"tree-{}\"><summary>{} claims, {} ETH owed, version {}</summary>{}<p class=\"dim\"><code>{}</code> by <code>{}</code></p></details></li>",
        listed.number,
        played.claims().len(),
        escape(rounded(seen.money.required)),
        escape(&seen.params.version),
        tree(played, survey.block.time),
        listed.game,
        escape(short(seen.params.proposal.creator)),
    )
}

fn money(html: &mut String, survey: &Survey) -> std::fmt::Result {
    html.push_str("<section id=\"money\"><h2>Money</h2><div class=\"scroll\"><table class=\"stack\"><thead><tr><th>vault</th><th class=\"n\">owes</th><th class=\"n\">has</th></tr></thead><tbody>");
    for (vault, owed) in required(survey) {
        let has = survey.vaults.get(&vault).copied().unwrap_or_default();
        write!(
            html,
            "<tr><td><code>{vault}</code></td><td class=\"n\" data-label=\"owes\">{} ETH</td><td class=\"n\" data-label=\"has\">{} ETH</td></tr>",
            escape(rounded(owed)),
            escape(rounded(has.saturating_to())),
        )?;
    }
    html.push_str("</tbody></table></div>");
    let stakes = stakes(survey);
    if !stakes.is_empty() {
        html.push_str("<h3>Honest accounts</h3><div class=\"scroll\"><table class=\"stack\"><thead><tr><th>account</th><th class=\"n\">at stake</th><th class=\"n\">won</th><th class=\"n\">lost</th><th class=\"n\">to be had now</th></tr></thead><tbody>");
        for (account, stakes) in stakes {
            write!(html, "<tr><td><code>{account}</code></td>")?;
            for (label, wei) in [
                ("at stake", stakes.pending),
                ("won", stakes.won),
                ("lost", stakes.lost),
                ("to be had now", stakes.withdrawable),
            ] {
                write!(
                    html,
                    "<td class=\"n\" data-label=\"{label}\">{} ETH</td>",
                    escape(rounded(wei))
                )?;
            }
            html.push_str("</tr>");
        }
        html.push_str("</tbody></table></div>");
    }
    html.push_str("</section>");
    Ok(())
}

fn truth(html: &mut String, survey: &Survey) -> std::fmt::Result {
    html.push_str("<section id=\"truth\"><h2>Anchors and nodes</h2>");
    for (registry, anchor) in &survey.registries {
        write!(
            html,
            "<p>Registry <code>{registry}</code>: new games start from {} {}{}{}</p>",
            if anchor.is_super {
                "the super root at timestamp"
            } else {
                "block"
            },
            escape(anchor.root.block),
            anchor.respected.map_or(String::new(), |of| format!(
                ", games of type {} count",
                escape(of)
            )),
            if anchor.is_paused {
                ", <b>paused</b>"
            } else {
                ""
            },
        )?;
    }
    for node in &survey.nodes {
        let says = match &node.current_l1 {
            Ok(block) => format!("works on L1 block {block}"),
            Err(why) => format!("does not answer: {why}"),
        };
        write!(
            html,
            "<p>Node <code>{}</code> {}</p>",
            escape(&node.name),
            escape(says)
        )?;
    }
    html.push_str("<footer><a href=\"/status.json\">All as data</a>, <a href=\"/metrics\">figures</a></footer></section>");
    Ok(())
}
