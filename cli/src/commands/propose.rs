//! `propose`: proposes a rollup's outputs or super roots at an interval.

use crate::app::App;
use crate::chain::{self, ChainArgs};
use crate::commands::doctor::{Needs, Role};
use crate::exit::Interrupted;
use crate::interrupt;
use crate::output::{Format, json_line, print, to_stdout};
use anyhow::{Context as _, ensure};
use fpvm_challenger::bonds::utc;
use fpvm_challenger::factory::Factory;
use fpvm_challenger::game_type::GameType;
use fpvm_challenger::rollup::{Finality, Nodes};
use fpvm_challenger::service::Exporter;
use fpvm_l1::Address;
use fpvm_proposer::{Options, Outcome, Proposal, Proposer, Service, ServiceError, Source};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

/// Flags of `propose`.
#[derive(Debug, clap::Args)]
#[command(mut_arg("rpc", |rpc| rpc.required(true)))]
pub(crate) struct Args {
    /// Read flags from this file as well (TOML): each key is a flag's name. Flags and the environment go before it
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// The game factory
    #[arg(long, alias = "game-factory-address", value_name = "ADDRESS")]
    factory: Address,
    /// The type of the games that are created, by name (cannon, permissioned, cannon-kona, …) or number [default:
    /// super-cannon-kona with --superroot-rpc, else cannon]
    #[arg(long, value_name = "TYPE")]
    game_type: Option<GameType>,
    /// The rollup's node (op-node); may be given several times: then the newest block that all have is proposed, and all
    /// have to say the same of it
    #[arg(
        long,
        value_name = "URL",
        value_delimiter = ',',
        required_unless_present = "superroot_rpc"
    )]
    rollup_rpc: Vec<String>,
    /// For games about super roots: the node that knows them (op-node or op-supernode); may be given several times
    #[arg(
        long,
        aliases = ["superroot-rpcs", "supernode-rpc"],
        value_name = "URL",
        value_delimiter = ','
    )]
    superroot_rpc: Vec<String>,
    /// The least time from one game of the account to its next
    #[arg(long, value_name = "TIME", value_parser = crate::args::duration, default_value = "1h")]
    proposal_interval: Duration,
    /// How often the chain and the nodes are asked
    #[arg(long, value_name = "TIME", value_parser = crate::args::duration, default_value = "12s")]
    poll_interval: Duration,
    /// Propose blocks that follow from L1 blocks which are not final yet: a reorg of L1 may make such a proposal wrong,
    /// and cost its bond
    #[arg(long)]
    allow_non_finalized: bool,
    /// Propose nothing before the rollup's nodes have read L1 as far as it is at the beginning
    #[arg(long)]
    wait_node_sync: bool,
    /// Say what would be proposed, send nothing, and end
    #[arg(long)]
    dry_run: bool,
    /// End after one look
    #[arg(long)]
    once: bool,
    /// Serve metrics for Prometheus at this address (127.0.0.1:7302)
    #[arg(long, value_name = "HOST:PORT")]
    metrics: Option<String>,
    /// How what happens is printed
    #[arg(long, value_name = "FORM", default_value = "text")]
    format: Format,
    #[command(flatten)]
    chain: ChainArgs,
}

impl Args {
    /// How what happens is printed.
    pub(crate) const fn format(&self) -> Format {
        self.format
    }

    /// What it needs from outside.
    pub(crate) fn needs(&self) -> Needs {
        Needs {
            factory: Some(self.factory),
            types: vec![self.game_type()],
            rollup: self.rollup_rpc.clone(),
            super_roots: self.superroot_rpc.clone(),
            signer: Some(chain::account(&self.chain)),
            ..Needs::of(Role::Proposer, &self.chain.node)
        }
        .serving(&[("--metrics", self.metrics.as_ref())])
    }

    fn game_type(&self) -> GameType {
        let default = if self.superroot_rpc.is_empty() {
            GameType::CANNON
        } else {
            GameType::SUPER_CANNON_KONA
        };
        self.game_type.unwrap_or(default)
    }
}

pub(crate) fn run(_: &App, args: &Args) -> anyhow::Result<()> {
    let interrupted = interrupt::watch().context("cannot watch for signals")?;
    let game_type = args.game_type();
    let source = if game_type.is_super() {
        let nodes = args.chain.node.super_nodes(&args.superroot_rpc)?;
        Source::SuperRoots(nodes.with_context(|| {
            format!(
                "games of type {game_type} are about super roots: name a node that knows them with --superroot-rpc"
            )
        })?)
    } else {
        ensure!(
            !args.rollup_rpc.is_empty(),
            "games of type {game_type} are about outputs: name the rollup's node with --rollup-rpc"
        );
        let nodes = args.chain.node.rollup_nodes(&args.rollup_rpc)?;
        Source::Outputs(Arc::new(Nodes::new(nodes, None)))
    };
    let chain = chain::needed(args.chain.node.connect()?)?;
    let options = Options {
        factory: Factory(args.factory),
        game_type,
        interval: args.proposal_interval.as_secs(),
        finality: if args.allow_non_finalized {
            Finality::Safe
        } else {
            Finality::Finalized
        },
        dry_run: args.dry_run,
    };
    let wallet = args.chain.wallet(chain)?;
    let mut service = Service {
        proposer: Proposer::new(wallet, source, options),
        poll_interval: args.poll_interval,
        wait_node_sync: args.wait_node_sync,
        once: args.once || args.dry_run,
        exporter: args.metrics.as_deref().map(Exporter::serve).transpose()?,
        interrupted,
    };
    let ended = service.run(&mut |outcome| show(outcome, args), &mut chain::log);
    ended.map_err(|error| match error {
        ServiceError::Interrupted => Interrupted.into(),
        ServiceError::Report(error) => error,
        other => anyhow::anyhow!("{other}"),
    })
}

/// Prints what a round came to.
fn show(outcome: &Outcome, args: &Args) -> anyhow::Result<()> {
    if args.format == Format::Json {
        return to_stdout(|out| json_line(out, outcome));
    }
    let text = match outcome {
        Outcome::Waiting { game, until } => {
            format!(
                "{game} is the last proposal; the next is due from {} on\n",
                utc(*until)
            )
        }
        Outcome::Genesis => "the rollup has no block to propose yet but its first\n".into(),
        Outcome::Unchanged { game } => {
            format!("{game} is about the newest block: there is nothing new to propose\n")
        }
        Outcome::Behind {
            game,
            sequence_number,
        } => format!(
            "the rollup's nodes are at {sequence_number}, which is before what {game} is about: waiting for them\n"
        ),
        Outcome::Exists { game, proposal } => {
            format!("{game} is about {} already\n", words(args, proposal))
        }
        Outcome::Planned { proposal } => format!("would propose {}\n", words(args, proposal)),
        Outcome::Proposed { game, proposal } => {
            format!("{game} proposes {}\n", words(args, proposal))
        }
    };
    print(&text)
}

/// What is proposed, in words.
fn words(args: &Args, proposal: &Proposal) -> String {
    let Proposal {
        sequence_number,
        root,
    } = proposal;
    if args.game_type().is_super() {
        format!("{root} as the super root at timestamp {sequence_number}")
    } else {
        format!("{root} as the output root of L2 block {sequence_number}")
    }
}
