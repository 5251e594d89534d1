//! The games of a factory: created, and listed.

use super::manual_play::{Common, ReadOnly};
use crate::chain;
use crate::output::{Format, json, print, to_stdout};
use anyhow::{Context as _, bail};
use fpvm_challenger::bonds::{State, utc};
use fpvm_challenger::factory::{Claimed, Factory, Listed};
use fpvm_challenger::game_type::GameType;
use fpvm_challenger::read::Reader;
use fpvm_challenger::read::game_params::GameParams;
use fpvm_challenger::read::memory::Memory;
use fpvm_challenger::read::together::together;
use fpvm_challenger::read::watch::{GameSnapshot, game as read_game};
use fpvm_dispute::claim::GameStatus;
use fpvm_dispute::game::credits::BondMode;
use fpvm_dispute::game::payment::Closing;
use fpvm_l1::{Address, B256, Chain, U256};
use serde::Serialize;
use serde_json::json;

/// Calls that go to the node at once.
const CALLS: usize = 5;

/// Flags of `game create`.
#[derive(Debug, clap::Args)]
pub(super) struct CreateArgs {
    /// The game factory
    #[arg(long, value_name = "ADDRESS")]
    factory: Address,
    /// The type of game [default: cannon, with --timestamp super-cannon-kona]
    #[arg(long, value_name = "TYPE")]
    game_type: Option<GameType>,
    /// The output root that is proposed
    #[arg(
        long,
        value_name = "0x…",
        required_unless_present = "timestamp",
        requires = "block"
    )]
    root: Option<B256>,
    /// The L2 block that it is proposed for
    #[arg(long, value_name = "N", value_parser = crate::args::long_number, requires = "root")]
    block: Option<U256>,
    /// Propose the super root at this L2 time, in seconds, as the nodes of --superroot-rpc have it
    #[arg(
        long,
        value_name = "N",
        value_parser = crate::args::number,
        conflicts_with_all = ["root", "block"],
        requires = "superroot_rpc"
    )]
    timestamp: Option<u64>,
    /// Take the super root from this node (op-node with --safedb.path, or op-supernode); may be given several times:
    /// then all that answer have to say the same
    #[arg(
        long,
        alias = "supernode-rpc",
        value_name = "URL",
        value_delimiter = ','
    )]
    superroot_rpc: Vec<String>,
    #[command(flatten)]
    common: Common,
}

/// Flags of `game list`.
#[derive(Debug, clap::Args)]
pub(super) struct ListArgs {
    /// The game factory
    #[arg(long, value_name = "ADDRESS")]
    factory: Address,
    /// The most games, the newest first
    #[arg(long, value_name = "N", value_parser = crate::args::number, default_value = "20")]
    count: u64,
    #[command(flatten)]
    common: ReadOnly,
}

pub(super) fn create(args: &CreateArgs) -> anyhow::Result<()> {
    let chain = args.common.connect()?;
    let mut wallet = args.common.chain.wallet(chain)?;
    let factory = Factory(args.factory);
    let (claimed, usual) = match (args.timestamp, args.root.zip(args.block)) {
        (Some(timestamp), _) => {
            let nodes = args.common.chain.node.super_nodes(&args.superroot_rpc)?;
            let nodes = nodes
                .context("which super root? Name a node that knows it with --superroot-rpc")?;
            let newest = Reader::newest(&**wallet.chain())?;
            let root = nodes.super_root(timestamp, &newest.block)?;
            (Claimed::SuperRoot(root), GameType::SUPER_CANNON_KONA)
        }
        (None, Some((root, block))) => (Claimed::Output { root, block }, GameType::CANNON),
        (None, None) => bail!("what is proposed? Give --root and --block, or --timestamp"),
    };
    let game_type = args.game_type.unwrap_or(usual);
    let game = factory.create_about(&mut wallet, game_type.0, &claimed, &mut chain::log)?;
    match args.common.format.get() {
        Format::Text => print(&format!("{game}\n")),
        Format::Json => to_stdout(|out| json(out, &json!({"game": game}))),
    }
}

/// A game in a list.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Row {
    number: u64,
    game: Address,
    game_type: u32,
    created_at: u64,
    /// Nothing where it is of an unknown type, or about a super root.
    #[serde(skip_serializing_if = "Option::is_none")]
    block: Option<String>,
    /// Of the super root that it is about.
    #[serde(skip_serializing_if = "Option::is_none")]
    timestamp: Option<String>,
    status: &'static str,
    claims: usize,
    #[serde(skip_serializing_if = "Option::is_none")]
    version: Option<String>,
    /// How far its bonds are, from 1.4 on once it is resolved: when it can be closed, or how it was.
    #[serde(skip_serializing_if = "Option::is_none")]
    closing: Option<String>,
    /// The bonds of who has any in it.
    bonds: Vec<State>,
}

/// Whether a game is closed, in words.
fn closing(seen: &GameSnapshot) -> Option<String> {
    let of = |mode| match mode {
        BondMode::Refund => "refund",
        BondMode::Undecided | BondMode::Normal => "normal",
    };
    match seen.game.closing(&seen.around) {
        Closing::None => None,
        Closing::From { time, .. } if time > seen.block.time => {
            Some(format!("closes from {} on", utc(time)))
        }
        Closing::From { .. } => Some("can be closed".into()),
        Closing::Done(mode) => Some(format!("closed, {}", of(mode))),
    }
}

/// So many games, the newest first; of all of them is asked together.
fn rows(chain: &dyn Chain, factory: Factory, count: u64) -> anyhow::Result<Vec<Row>> {
    let memory = Memory::default();
    let reader = Reader::remembering(chain, &memory)?;
    let all = factory.count(&reader)?;
    let mut numbers: Vec<_> = (all.saturating_sub(count)..all).rev().collect();
    let listed = together(&reader, CALLS, &mut numbers, |reader, number| {
        factory.game(reader, *number)
    })?;
    let mut listed = listed.into_iter().collect::<Result<Vec<_>, _>>()?;
    let games = together(&reader, CALLS, &mut listed, |reader, listed| {
        read_game(reader, listed.game)
    })?;
    let rows = listed.iter().zip(games);
    Ok(rows.map(|(listed, read)| row(listed, read.ok())).collect())
}

/// A game, as far as it could be read.
fn row(listed: &Listed, read: Option<(GameParams, GameSnapshot)>) -> Row {
    let bonds = |(params, seen): &(GameParams, GameSnapshot)| {
        let players = seen.players().into_iter();
        players
            .map(|account| State::of(params, seen, account))
            .collect()
    };
    let seen = read.as_ref().map(|(_, seen)| &seen.game);
    let of_kind = |is_super: bool| {
        let proposal = seen?.proposal();
        (proposal.super_root.is_some() == is_super).then(|| proposal.l2_block.to_string())
    };
    Row {
        number: listed.number,
        game: listed.game,
        game_type: listed.game_type,
        created_at: listed.created_at,
        block: of_kind(false),
        timestamp: of_kind(true),
        status: match seen.map(|game| game.status()) {
            None => "unknown",
            Some(GameStatus::InProgress) => "in-progress",
            Some(GameStatus::ChallengerWins) => "challenger-wins",
            Some(GameStatus::DefenderWins) => "defender-wins",
        },
        claims: seen.map_or(0, |game| game.claims().len()),
        version: read.as_ref().map(|(params, _)| params.version.clone()),
        closing: read.as_ref().and_then(|(_, seen)| closing(seen)),
        bonds: read.as_ref().map_or_else(Vec::new, bonds),
    }
}

pub(super) fn list(args: &ListArgs) -> anyhow::Result<()> {
    let chain = args.common.connect()?;
    let rows = rows(&*chain, Factory(args.factory), args.count)?;
    if args.common.format.is_json() {
        return to_stdout(|out| json(out, &rows));
    }
    let line = |row: &Row| {
        format!(
            "#{:<4} {} {:<12} {} {:<10} {:<15} {} claims{}\n",
            row.number,
            row.game,
            GameType(row.game_type),
            if row.timestamp.is_some() {
                "time "
            } else {
                "block"
            },
            row.block
                .as_deref()
                .or(row.timestamp.as_deref())
                .unwrap_or("?"),
            row.status,
            row.claims,
            row.closing
                .as_ref()
                .map_or(String::new(), |closing| format!(", {closing}"))
        )
    };
    print(&rows.iter().map(line).collect::<String>())
}
