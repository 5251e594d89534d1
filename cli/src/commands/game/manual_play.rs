//! A game played by hand.

use super::advise;
use super::truth::TruthArgs;
use crate::app::App;
use crate::chain::{self, ChainArgs, NodeArgs};
use crate::input::read_json;
use crate::output::{Format, FormatArgs, json, print, to_stdout};
use anyhow::{Context as _, bail, ensure};
use fpvm_challenger::bonds::State;
use fpvm_challenger::calls;
use fpvm_challenger::game_type::GameType;
use fpvm_challenger::loads::{self, Load};
use fpvm_challenger::player::{Kind as PlannedTx, resolutions};
use fpvm_challenger::read::Reader;
use fpvm_challenger::read::game_params::GameParams;
use fpvm_challenger::read::watch::{GameSnapshot, game as read_game};
use fpvm_challenger::reasons;
use fpvm_core::step::proof::StepProof;
use fpvm_dispute::call::{Action, GameAction};
use fpvm_dispute::claim::{Side, VmStatus};
use fpvm_dispute::game::moves::Move;
use fpvm_dispute::game::payment::{Closing, Stage};
use fpvm_dispute::game::step::Step;
use fpvm_dispute::oracle::Preimage;
use fpvm_dispute::player::{Answer, bond_of};
use fpvm_l1::{Address, B256, Chain, Receipt, Request, U256, Wallet};
use fpvm_oracle::{Key, Kind};
use serde_json::json;
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

/// Which chain, and how results are printed.
#[derive(Debug, clap::Args)]
#[command(mut_arg("rpc", |rpc| rpc.required(true)))]
pub(super) struct Common {
    #[command(flatten)]
    pub(super) format: FormatArgs,
    #[command(flatten)]
    pub(super) chain: ChainArgs,
}

/// The same for what only reads the chain.
#[derive(Debug, clap::Args)]
#[command(mut_arg("rpc", |rpc| rpc.required(true)))]
pub(super) struct ReadOnly {
    #[command(flatten)]
    pub(super) format: FormatArgs,
    #[command(flatten)]
    pub(super) node: NodeArgs,
}

/// Flags of all about one game.
#[derive(Debug, clap::Args)]
pub(super) struct GameArgs {
    /// The game's contract
    #[arg(long, value_name = "ADDRESS")]
    game: Address,
    #[command(flatten)]
    common: Common,
}

/// A claim, and how it is answered.
#[derive(Debug, clap::Args)]
struct Answered {
    /// The number of the claim that is answered
    #[arg(long, value_name = "N", value_parser = crate::args::index)]
    claim: usize,
    /// It is wrong
    #[arg(long, required_unless_present_any = ["defend", "honest"], conflicts_with = "defend")]
    attack: bool,
    /// It is right, what follows from it is not
    #[arg(long)]
    defend: bool,
    /// Answer it as an honest player would; --outputs or --superroot-rpc, and for claims about states --prestate and
    /// --preimages, tell what is true
    #[arg(long, conflicts_with_all = ["attack", "defend"], requires = "roots")]
    honest: bool,
}

impl Answered {
    const fn side(&self) -> Side {
        if self.defend {
            Side::Defend
        } else {
            Side::Attack
        }
    }
}

/// Flags of `game move`.
#[derive(Debug, clap::Args)]
pub(super) struct MoveArgs {
    #[command(flatten)]
    answered: Answered,
    /// The value that is claimed
    #[arg(
        long,
        value_name = "0x…",
        required_unless_present = "honest",
        conflicts_with = "honest"
    )]
    value: Option<B256>,
    #[command(flatten)]
    game: GameArgs,
    #[command(flatten)]
    truth: TruthArgs,
}

/// Flags of `game step`.
#[derive(Debug, clap::Args)]
pub(super) struct StepArgs {
    #[command(flatten)]
    answered: Answered,
    /// The proof of the instruction; what it reads is loaded first
    #[arg(
        long,
        value_name = "FILE",
        required_unless_present = "honest",
        conflicts_with = "honest"
    )]
    proof: Option<PathBuf>,
    #[command(flatten)]
    game: GameArgs,
    #[command(flatten)]
    truth: TruthArgs,
}

/// Flags of `game resolve`.
#[derive(Debug, clap::Args)]
pub(super) struct ResolveArgs {
    /// Resolve only this claim
    #[arg(long, value_name = "N", value_parser = crate::args::index)]
    claim: Option<usize>,
    #[command(flatten)]
    game: GameArgs,
}

/// Flags of `game claim`.
#[derive(Debug, clap::Args)]
pub(super) struct ClaimArgs {
    /// Who is paid [default: the account with the key]
    #[arg(long, value_name = "ADDRESS")]
    account: Option<Address>,
    #[command(flatten)]
    game: GameArgs,
}

impl Common {
    pub(super) fn connect(&self) -> anyhow::Result<Arc<dyn Chain>> {
        chain::needed(self.chain.node.connect()?)
    }
}

impl ReadOnly {
    pub(super) fn connect(&self) -> anyhow::Result<Arc<dyn Chain>> {
        chain::needed(self.node.connect()?)
    }
}

/// A game and an account that plays it.
struct Hand {
    chain: Arc<dyn Chain>,
    wallet: Wallet,
    format: Format,
    game_params: GameParams,
    seen: GameSnapshot,
}

impl Hand {
    fn open(args: &GameArgs) -> anyhow::Result<Self> {
        let chain = args.common.connect()?;
        let wallet = args.common.chain.wallet(chain.clone())?;
        let (game_params, seen) = read_game(&Reader::newest(&*chain)?, args.game)?;
        Ok(Self {
            chain,
            wallet,
            format: args.common.format.get(),
            game_params,
            seen,
        })
    }

    fn send(&mut self, request: Request) -> anyhow::Result<()> {
        self.send_as(request, None)
    }

    /// Sends something; if it is of a kind that somebody else may do as well, being second is no error.
    fn send_as(&mut self, request: Request, planned: Option<PlannedTx>) -> anyhow::Result<()> {
        let what = request.what.clone();
        match self.wallet.send(&[request], &mut chain::log) {
            Ok(receipts) => self.done(&what, receipts.first().context("no receipt")?),
            Err(error) if planned.is_some_and(|tx| reasons::was_done_already(tx, &error)) => {
                tracing::info!(target: "l1", what, "Somebody else has done it first");
                Ok(())
            }
            Err(error) => Err(anyhow::anyhow!(reasons::sending(&error))),
        }
    }

    fn done(&self, what: &str, receipt: &Receipt) -> anyhow::Result<()> {
        let Receipt {
            transaction,
            block,
            gas_used,
            ..
        } = receipt;
        match self.format {
            Format::Text => print(&format!(
                "{what}: {transaction}, block {block}, {gas_used} gas\n"
            )),
            Format::Json => {
                let done = json!({"what": what, "transaction": transaction, "block": block, "gas": gas_used});
                to_stdout(|out| json(out, &done))
            }
        }
    }

    /// Resolves something, unless somebody else has done so first.
    fn resolve(&mut self, action: &GameAction) -> anyhow::Result<()> {
        let request = calls::game(self.game_params.game, action, 0);
        self.send_as(request, Some(PlannedTx::Resolve))
    }

    fn act(&mut self, action: &GameAction, value: u128) -> anyhow::Result<()> {
        self.send(calls::game(self.game_params.game, action, value))
    }

    /// Fails before a time in seconds from which on something can be done.
    fn until(&self, time: u64, may: &str) -> anyhow::Result<()> {
        let left = time.saturating_sub(self.seen.block.time);
        ensure!(left == 0, "{may} in {left} s: come back then");
        Ok(())
    }

    /// Fails in a game that is won at its creation, where there is nothing to answer and nothing to resolve.
    fn disputable(&self) -> anyhow::Result<()> {
        ensure!(
            !self.game_params.is_won_at_creation(),
            "nobody disputes a game of type {}: it was won at its creation. If its proposal is false, the guardian has to \
             blacklist it (`game advise` says so), and if it is true, `game close` makes it the anchor",
            GameType(self.game_params.rules.params().game_type)
        );
        Ok(())
    }

    fn look(&mut self) -> anyhow::Result<()> {
        self.seen = read_game(&Reader::newest(&*self.chain)?, self.game_params.game)?.1;
        Ok(())
    }
}

/// Does what an honest player does about a claim: a move, or loads and a step.
fn play_honestly(
    app: &App,
    hand: &mut Hand,
    claim: usize,
    truth: &TruthArgs,
    by_step: bool,
) -> anyhow::Result<()> {
    let game = &hand.seen.game;
    let (answer, truth) = advise::answer(app, &hand.game_params, &*hand.chain, game, truth, claim)?;
    match (answer, by_step) {
        (Answer::Move(_), true) => {
            bail!("claim {claim} is answered by a claim: `game move` makes it")
        }
        (Answer::Step { .. }, false) => {
            bail!("claim {claim} is at the deepest level: `game step` counters it")
        }
        _ => {}
    }
    for action in answer.actions(0, game, &truth)? {
        match action {
            Action::Game(_, action) => hand.act(&action, bond_of(&hand.seen.game, &action))?,
            Action::LoadPreimage(preimage) => load_large(hand, &preimage)?,
            other => bail!("the honest answer takes what this command does not do: {other:?}"),
        }
    }
    Ok(())
}

pub(super) fn make_move(app: &App, args: &MoveArgs) -> anyhow::Result<()> {
    let mut hand = Hand::open(&args.game)?;
    hand.disputable()?;
    let Some(value) = args.value else {
        return play_honestly(app, &mut hand, args.answered.claim, &args.truth, false);
    };
    let (parent, side) = (args.answered.claim, args.answered.side());
    let claim = hand.seen.game.claim(parent);
    let claim = claim.map_err(|_| anyhow::anyhow!("the game has no claim {parent}"))?;
    let bond = hand
        .game_params
        .rules
        .required_bond(claim.position.answered(side));
    let bond = bond.map_err(|_| {
        anyhow::anyhow!("claim {parent} is at the deepest level: `game step` counters it")
    })?;
    let disputed = claim.claim;
    check_status(&hand, parent, side, value)?;
    let mv = Move {
        disputed,
        parent,
        claim: value,
        side,
    };
    hand.act(&GameAction::Move(mv), bond)
}

/// The first claim about an execution says how the program ends: fails where it says what its place does not allow.
fn check_status(hand: &Hand, parent: usize, side: Side, value: B256) -> anyhow::Result<()> {
    let game = &hand.seen.game;
    let depth = game.claim(parent)?.position.answered(side).depth();
    if depth != game.rules().split_depth().saturating_add(1) {
        return Ok(());
    }
    let allowed = game.execution_root_statuses(parent, side)?;
    if VmStatus::of(&value).is_some_and(|status| allowed.contains(&status)) {
        return Ok(());
    }
    let (bytes, why) = match allowed {
        [VmStatus::Valid] => (
            "0x00",
            "Whoever says that what follows is right claims that the program finds it valid",
        ),
        _ => (
            "0x01 or 0x02",
            "Whoever says that it is wrong claims that the program finds it invalid, or panics",
        ),
    };
    bail!(
        "this is the first claim about an execution, whose first byte says how the program ends: that has to be {bytes} \
         here, and is 0x{:02x} (the contract would revert: UnexpectedRootClaim). {why}",
        value[0]
    )
}

pub(super) fn step(app: &App, args: &StepArgs) -> anyhow::Result<()> {
    let mut hand = Hand::open(&args.game)?;
    hand.disputable()?;
    let claim = args.answered.claim;
    let Some(proof) = &args.proof else {
        return play_honestly(app, &mut hand, claim, &args.truth, true);
    };
    let proof: StepProof = read_json(proof, "proof")?;
    if let Some((key, value)) = proof.preimage() {
        load(
            &mut hand,
            claim,
            Key(key),
            value,
            U256::from(proof.oracle_offset),
        )?;
    }
    let step = Step {
        claim,
        side: args.answered.side(),
        state: proof.state_data.clone(),
        proof: proof.proof_data.clone(),
    };
    hand.act(&GameAction::Step(step), 0)
}

/// Loads what a step reads.
fn load(hand: &mut Hand, claim: usize, key: Key, value: &[u8], offset: U256) -> anyhow::Result<()> {
    let preimage = Preimage {
        key: key.0.into(),
        offset,
        values: BTreeMap::from([(key.0.into(), value.to_vec())]),
    };
    match key.kind() {
        Kind::Local => {
            let ident = U256::from_be_slice(key.0.get(1..).unwrap_or_default());
            let action = GameAction::AddLocalData {
                ident,
                leaf: claim,
                offset,
            };
            hand.act(&action, 0)
        }
        Kind::Keccak256 | Kind::Sha256 => load_large(hand, &preimage),
        _ => bail!("the step reads {key}: load it with `preimages load` first"),
    }
}

/// Loads a part of a pre-image, in as many transactions as it takes.
fn load_large(hand: &mut Hand, preimage: &Preimage) -> anyhow::Result<()> {
    loop {
        let terms = hand.game_params.terms(hand.wallet.address());
        let chain = hand.chain.clone();
        let reader = Reader::newest(&*chain)?;
        match loads::part(&reader, &terms, preimage)? {
            Load::Done => return Ok(()),
            Load::Send(request) => hand.send(request)?,
            Load::Wait(until) => {
                let seconds = until.saturating_sub(reader.block.time);
                bail!("the pre-image's challenge period ends in {seconds} s: come back then");
            }
        }
    }
}

pub(super) fn resolve(args: &ResolveArgs) -> anyhow::Result<()> {
    let mut hand = Hand::open(&args.game)?;
    hand.disputable()?;
    if let Some(claim) = args.claim {
        let count = U256::ZERO;
        return hand.act(&GameAction::ResolveClaim { claim, count }, 0);
    }
    let mut done = false;
    loop {
        let ready = resolutions(&hand.seen.game, hand.seen.block.time);
        if ready.is_empty() {
            ensure!(
                done,
                "nothing of the game can be resolved now: clocks are running, or it is over"
            );
            return Ok(());
        }
        for (action, _) in ready {
            hand.resolve(&action)?;
            done = true;
        }
        hand.look()?;
    }
}

pub(super) fn close(args: &GameArgs) -> anyhow::Result<()> {
    let mut hand = Hand::open(args)?;
    if hand.game_params.is_won_at_creation() {
        return make_anchor(&mut hand);
    }
    match hand.seen.game.closing(&hand.seen.around) {
        Closing::Done(_) => bail!("the game is closed"),
        Closing::None if hand.game_params.rules.params().version.pays_at_resolution() => bail!(
            "a game {} is not closed: it pays once it is resolved",
            hand.game_params.version
        ),
        Closing::None => bail!("the game is not resolved"),
        Closing::From { time, refused, .. } => {
            hand.until(time, "the game can be closed")?;
            if let Some(reason) = refused {
                bail!("the game cannot be closed: {reason}");
            }
        }
    }
    hand.act(&GameAction::Close, 0)
}

/// What closing is in a game without bonds: its proposal becomes the anchor, if the registry takes it.
fn make_anchor(hand: &mut Hand) -> anyhow::Result<()> {
    let (seen, registry) = (&hand.seen, hand.game_params.registry);
    let judge = seen.around.judge.as_ref();
    let judge = judge.context("the game has no registry that would judge it")?;
    let candidate = seen.game.candidate(seen.around.registered);
    ensure!(
        candidate.registered,
        "its proposal never becomes the anchor: the factory does not know the game"
    );
    ensure!(
        !judge.is_blacklisted(candidate.game) && !judge.is_retired(&candidate),
        "its proposal never becomes the anchor: the guardian has struck the game off"
    );
    ensure!(
        candidate.respected,
        "its proposal never becomes the anchor: games of its type did not count when it was made"
    );
    ensure!(
        candidate.proposal.block > seen.anchor.block,
        "the anchor is at timestamp {}, and the game's proposal at {} is not newer",
        seen.anchor.block,
        candidate.proposal.block
    );
    hand.until(
        judge.final_from(&candidate),
        "the game has no bonds to pay, and its proposal can become the anchor",
    )?;
    ensure!(
        !seen.around.at.paused,
        "its proposal cannot become the anchor now: the guardian has paused"
    );
    let request = calls::set_anchor(registry, candidate.game);
    hand.send_as(request, Some(PlannedTx::Anchor))
}

pub(super) fn claim(args: &ClaimArgs) -> anyhow::Result<()> {
    let mut hand = Hand::open(&args.game)?;
    let account = args.account.unwrap_or_else(|| hand.wallet.address());
    let bonds = State::of(&hand.game_params, &hand.seen, account);
    let Some(next) = bonds.next else {
        bail!("the game has nothing for {account}, which {}", bonds.words);
    };
    let may = match bonds.stage {
        Stage::Unlocked(_) => format!("the vault pays {account}"),
        _ => "the game can be closed".into(),
    };
    hand.until(next, &may)?;
    if let Some(why) = bonds.hindrance {
        bail!("{why}");
    }
    hand.act(&GameAction::ClaimCredit(account), 0)?;
    hand.look()?;
    let bonds = State::of(&hand.game_params, &hand.seen, account);
    tracing::info!(target: "l1", state = bonds.state, "{account} {}", bonds.words);
    Ok(())
}
