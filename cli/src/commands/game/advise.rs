//! `game advise`: what an honest player answers to the claims of a game, why, and by which command; and the same for the
//! commands that play by hand, with `--honest`.

use super::truth::{Truth, TruthArgs};
use crate::app::App;
use crate::chain::{self, NodeArgs};
use crate::output::{FormatArgs, json, print, to_stdout};
use anyhow::{Context as _, anyhow, bail};
use fpvm_challenger::player::false_proposal;
use fpvm_challenger::read::Reader;
use fpvm_challenger::read::game_params::GameParams;
use fpvm_challenger::read::watch::{GameSnapshot, game as read_game};
use fpvm_dispute::claim::{GameStatus, Side};
use fpvm_dispute::game::Game;
use fpvm_dispute::player::Answer;
use fpvm_dispute::player::honest::{Reading, Unread};
use fpvm_dispute::player::why::Why;
use fpvm_dispute::position::Position;
use fpvm_dispute::trace::Trace as _;
use fpvm_l1::{Address, B256, Chain};
use serde::Serialize;
use std::fmt;

/// Flags of `game advise`.
#[derive(Debug, clap::Args)]
#[command(mut_arg("rpc", |rpc| rpc.required(true)), mut_arg("outputs", |outputs| outputs.required_unless_present("superroot_rpc")))]
pub(super) struct Args {
    /// The game's contract
    #[arg(long, value_name = "ADDRESS")]
    game: Address,
    #[command(flatten)]
    format: FormatArgs,
    #[command(flatten)]
    truth: TruthArgs,
    #[command(flatten)]
    node: NodeArgs,
}

/// What an honest player does about a claim.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Advice {
    claim: usize,
    /// `move` or `step`.
    action: &'static str,
    /// `attack` or `defend`.
    side: &'static str,
    /// What a move claims.
    #[serde(skip_serializing_if = "Option::is_none")]
    value: Option<B256>,
    why: String,
}

impl Advice {
    fn of(game: &Game, reading: &Reading, answer: &Answer) -> Self {
        let (action, side, value) = match answer {
            Answer::Move(mv) => ("move", mv.side, Some(mv.claim)),
            Answer::Step { side, .. } => ("step", *side, None),
        };
        let claim = answer.to();
        let why = Why::of(game, reading, claim).map_or(String::new(), |why| why.to_string());
        Self {
            claim,
            action,
            side: word(side),
            value,
            why,
        }
    }
}

/// How a side is called in flags.
const fn word(side: Side) -> &'static str {
    match side {
        Side::Attack => "attack",
        Side::Defend => "defend",
    }
}

impl fmt::Display for Advice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            claim, side, why, ..
        } = self;
        match self.value {
            Some(value) => writeln!(f, "{side} claim {claim} with {value}")?,
            None => writeln!(f, "{side} claim {claim} by its instruction")?,
        }
        writeln!(f, "    {why}")
    }
}

pub(super) fn run(app: &App, args: &Args) -> anyhow::Result<()> {
    let chain = chain::needed(args.node.connect()?)?;
    let (game_params, seen) = read_game(&Reader::newest(&*chain)?, args.game)?;
    let truth = args
        .truth
        .open(app, &game_params, &*chain)?
        .context(MISSING)?;
    let game = &seen.game;
    if game_params.is_won_at_creation() {
        return advise_guardian(args, &game_params, &seen, &truth);
    }
    let mut reading = Reading::default();
    let unread = reading.read(game, &truth);
    let open = game.status() == GameStatus::InProgress;
    let advice: Vec<_> = reading
        .unmade(game)
        .filter(|_| open)
        .map(|answer| Advice::of(game, &reading, answer))
        .collect();
    if args.format.is_json() {
        return to_stdout(|out| json(out, &advice));
    }
    let mut text: String = advice.iter().map(Advice::to_string).collect();
    match (advice.first(), open) {
        (Some(first), _) => text.push_str(&format!(
            "to do the first: fpvm game {} --game {} --claim {} --honest, with the same flags as this command\n",
            first.action, args.game, first.claim
        )),
        (None, true) => text.push_str("an honest player has nothing to answer now\n"),
        (None, false) => text.push_str("the game is over\n"),
    }
    if let Some(trouble) = unread.trouble {
        text.push_str(&format!("some claims cannot be judged: {trouble}\n"));
    }
    print(&text)
}

/// What the guardian does about a proposal that was won at its creation, because nobody else can do something.
#[derive(Serialize)]
struct GuardianAdvice {
    /// `blacklist`.
    action: &'static str,
    /// The registry at which that is done.
    registry: Address,
    /// The true super root.
    truth: B256,
    /// From when on the proposal is relied on, in seconds since 1970.
    until: u64,
    why: String,
}

fn advise_guardian(
    args: &Args,
    game_params: &GameParams,
    seen: &GameSnapshot,
    truth: &Truth<'_>,
) -> anyhow::Result<()> {
    let own = truth.claim_at(&seen.game, 0, Position::ROOT);
    let own = own.context("whether the proposal is true cannot be told")?;
    let advice = false_proposal(game_params, seen, own).map(|found| GuardianAdvice {
        action: "blacklist",
        registry: game_params.registry,
        truth: own,
        until: found.until,
        why: found.words,
    });
    if args.format.is_json() {
        return to_stdout(|out| json(out, &advice.into_iter().collect::<Vec<_>>()));
    }
    match advice {
        Some(advice) => print(&format!(
            "tell the guardian: the proposal is FALSE\n    {}\n",
            advice.why
        )),
        None if own == game_params.proposal.root_claim => print(&format!(
            "the proposal is true, and nobody has to do anything; `fpvm game close --game {}` makes it the anchor once \
             the registry's delay is over\n",
            args.game
        )),
        None => print(&format!(
            "the proposal is wrong, the true one is {own}; the guardian has struck it off, and nothing is left to do\n"
        )),
    }
}

/// What to say where the truth is asked for, and no flag tells it.
const MISSING: &str = "what is true is not known: give --outputs, of a super game --superroot-rpc, and for claims about states --prestate and --preimages";

/// The honest answer to a claim, which nobody has made yet, and the truth that it was found by.
pub(super) fn answer<'a>(
    app: &'a App,
    params: &GameParams,
    chain: &dyn Chain,
    game: &Game,
    truth: &'a TruthArgs,
    claim: usize,
) -> anyhow::Result<(Answer, Truth<'a>)> {
    let truth = truth.open(app, params, chain)?.context(MISSING)?;
    let mut reading = Reading::default();
    let unread = reading.read(game, &truth);
    if claim >= game.claims().len() {
        bail!("the game has no claim {claim}");
    }
    let Some(why) = Why::of(game, &reading, claim) else {
        return Err(cannot_judge(claim, unread));
    };
    let unmade = reading.unmade(game).find(|answer| answer.to() == claim);
    match (unmade.copied(), why.answer) {
        (Some(answer), _) => Ok((answer, truth)),
        (None, Some(_)) => bail!("the honest answer to claim {claim} has been made already. {why}"),
        (None, None) => bail!("an honest player does not answer claim {claim}. {why}"),
    }
}

fn cannot_judge(claim: usize, unread: Unread) -> anyhow::Error {
    match unread.trouble {
        Some(trouble) => {
            anyhow::Error::new(trouble).context(format!("claim {claim} cannot be judged"))
        }
        None => anyhow!("claim {claim} cannot be judged yet"),
    }
}
