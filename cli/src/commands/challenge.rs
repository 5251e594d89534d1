//! `challenge`: plays dispute games on a chain.

use crate::app::App;
use crate::chain::{self, ChainArgs};
use crate::exit::Interrupted;
use crate::input::ReadingArgs;
use crate::interrupt;
use crate::oracles::SourceArgs;
use crate::output::{Format, print, to_stdout};
use anyhow::{Context as _, bail};
use fpvm_challenger::event::{Event, Name};
use fpvm_challenger::factory::Factory;
use fpvm_challenger::player::{Settling, Strategy};
use fpvm_challenger::rollup::Source;
use fpvm_challenger::scheduler::{GameScheduler, Games, Options};
use fpvm_challenger::service::{
    Exporter, ProgramTraceSource, Service, ServiceError, TracedProgram,
};
use fpvm_dispute::player::cheat::{Cheat, Way};
use fpvm_dispute::trace::lie::Extent;
use fpvm_dispute::trace::outputs::OutputList;
use fpvm_l1::{Address, Rpc, U256};
use fpvm_trace::MachineError;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

/// Flags of `challenge`.
#[derive(Debug, clap::Args)]
#[command(mut_arg("rpc", |rpc| rpc.required(true)))]
pub(crate) struct Args {
    /// Play this game; may be given several times
    #[arg(long, value_name = "ADDRESS", required_unless_present = "factory")]
    game: Vec<Address>,
    /// Play all games that this factory creates
    #[arg(long, value_name = "ADDRESS", conflicts_with = "game")]
    factory: Option<Address>,
    /// Only games of this type; may be given several times [default: all]
    #[arg(long, value_name = "N", requires = "factory")]
    game_type: Vec<u32>,
    /// Only games that are no older than this when they are found
    #[arg(long, value_name = "TIME", value_parser = crate::args::duration, default_value = "672h", requires = "factory")]
    game_window: Duration,
    /// The program (ELF) or its pre-state that the games are about
    #[arg(long, value_name = "FILE")]
    prestate: PathBuf,
    /// Take the true outputs from the rollup's node (op-node with --safedb.path); may be given several times:
    /// then all that answer have to say the same
    #[arg(
        long,
        value_name = "URL",
        required_unless_present = "outputs",
        conflicts_with = "outputs"
    )]
    rollup_rpc: Vec<String>,
    /// Where blocks' headers come from that show a wrong block number: an L2 node
    #[arg(long, value_name = "URL", requires = "rollup_rpc")]
    l2_rpc: Option<String>,
    /// Take the true outputs from this file: a line for each L2 block without gaps, its number and
    /// its output root
    #[arg(long, value_name = "FILE")]
    outputs: Option<PathBuf>,
    /// Help this account to its bonds, too; may be given several times
    #[arg(long, value_name = "ADDRESS", value_delimiter = ',')]
    additional_bond_claimants: Vec<Address>,
    /// Close a game that owes nothing to these accounts so long after it can be closed, if nobody else has: that
    /// moves the anchor (never: close none)
    #[arg(long, value_name = "TIME", value_parser = close_after, default_value = "1h")]
    close_after: CloseAfter,
    /// Say what would be done, and send nothing
    #[arg(long)]
    dry_run: bool,
    /// End when nothing is left to do at present
    #[arg(long)]
    once: bool,
    /// Serve figures for Prometheus at this address (127.0.0.1:7300)
    #[arg(long, value_name = "HOST:PORT")]
    metrics: Option<String>,
    /// How what happens is printed
    #[arg(long, value_name = "FORM", default_value = "text")]
    format: Format,
    /// Remember the machine every so many steps
    #[arg(long, value_name = "K", value_parser = crate::args::number, default_value = "5000000")]
    every: u64,
    #[command(flatten)]
    cheat: CheatArgs,
    #[command(flatten)]
    reading: ReadingArgs,
    #[command(flatten)]
    chain: ChainArgs,
    #[command(flatten)]
    source: SourceArgs,
}

/// When games are closed that owe nothing; none for never.
#[derive(Clone, Copy, Debug)]
struct CloseAfter(Option<Duration>);

fn close_after(text: &str) -> Result<CloseAfter, String> {
    match text {
        "never" => Ok(CloseAfter(None)),
        time => crate::args::duration(time).map(|time| CloseAfter(Some(time))),
    }
}

/// How to play dishonestly.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "For tests and demonstrations")]
struct CheatArgs {
    /// Play dishonestly, and lose the bonds
    #[arg(long, value_name = "WAY")]
    cheat: Option<CheatWay>,
    /// Lie about the outputs of this L2 block and all later ones
    #[arg(long, value_name = "BLOCK", value_parser = crate::args::number, requires = "cheat")]
    lie_from_block: Option<u64>,
    /// Lie about the states after this step and all later ones
    #[arg(long, value_name = "STEP", value_parser = crate::args::number, requires = "cheat")]
    lie_from_step: Option<u64>,
    /// The most claims to make
    #[arg(long, value_name = "N", value_parser = crate::args::number, default_value = "100", requires = "cheat")]
    cheat_budget: u64,
}

/// The model's ways to cheat.
#[derive(Clone, Copy, PartialEq, Eq, Debug, clap::ValueEnum)]
enum CheatWay {
    /// By the honest rule, with a false trace
    Liar,
    /// A liar who answers only some claims
    Lazy,
    /// A liar who answers as late as can be
    LastSecond,
    /// Answers everything, in several ways
    Spammer,
    /// A liar who also steps with what does not belong there
    BadPreimages,
}

impl CheatArgs {
    fn strategy(&self) -> Strategy {
        let Some(way) = self.cheat else {
            return Strategy::Honest;
        };
        Strategy::Cheat(Cheat {
            way: match way {
                CheatWay::Liar => Way::Liar,
                CheatWay::Lazy => Way::Lazy,
                CheatWay::LastSecond => Way::LastSecond,
                CheatWay::Spammer => Way::Spammer,
                CheatWay::BadPreimages => Way::BadPreimages,
            },
            seed: 1,
            budget: usize::try_from(self.cheat_budget).unwrap_or(usize::MAX),
        })
    }

    fn extent(&self) -> Extent {
        Extent {
            outputs_from: self.lie_from_block.map(U256::from),
            steps_from: self.lie_from_step.map(u128::from),
            salt: 1,
        }
    }
}

pub(crate) fn run(app: &App, args: &Args) -> anyhow::Result<()> {
    if !args.source.is_given() {
        bail!("where do pre-images come from? Name a store with --preimages, or a host after `--`");
    }
    let interrupted = interrupt::watch().context("cannot watch for signals")?;
    // The threads that run the program end when the service is gone.
    std::thread::scope(|scope| {
        let outputs = outputs(args)?;
        let load = || {
            let vm = args.reading.open(app, &args.prestate);
            vm.map_err(|error| MachineError::Other(error.into()))
        };
        let program = TracedProgram {
            name: args.prestate.display().to_string(),
            prestate: args.reading.open(app, &args.prestate)?.state_root().into(),
            load: Arc::new(load),
            preimages: args.source.preimages()?,
            every: args.every,
            interrupted: interrupted.clone(),
        };
        let chain = chain::needed(args.chain.connect()?)?;
        let extent = args.cheat.extent();
        let truth = ProgramTraceSource::new(program, chain.clone(), outputs, extent, scope);
        let games = match args.factory {
            None => Games::Listed(args.game.clone()),
            Some(factory) => Games::Created {
                factory: Factory(factory),
                types: args.game_type.clone(),
                window: args.game_window.as_secs(),
            },
        };
        let options = Options {
            strategy: args.cheat.strategy(),
            dry_run: args.dry_run,
            policy: args.chain.policy(),
            settling: Settling {
                claimants: args.additional_bond_claimants.clone(),
                close_after: args.close_after.0.map(|after| after.as_secs()),
            },
        };
        let exporter = args.metrics.as_deref().map(Exporter::serve).transpose()?;
        let signer = args.chain.signer()?;
        let mut service = Service {
            chain: chain.clone(),
            scheduler: GameScheduler::new(chain, signer, games, truth, options),
            exporter,
            once: args.once || args.dry_run,
            interrupted,
        };
        let ended = service.run(&mut |event| show(event, args.format, args.dry_run));
        ended.map_err(|error| match error {
            ServiceError::Interrupted => Interrupted.into(),
            ServiceError::Report(error) => error,
            other => anyhow::anyhow!("{other}"),
        })
    })
}

/// For how long a rollup's node is asked again before the games go on without it.
const NODE_PATIENCE: Duration = Duration::from_secs(10);

fn outputs(args: &Args) -> anyhow::Result<Source> {
    // What one does not tell in this time is asked for again at the next round, so that the games that do not
    // need it go on.
    let patience = args.chain.patience().min(NODE_PATIENCE);
    let node = |url: &String| Rpc::node(url, patience).map(Arc::new);
    if let Some(path) = &args.outputs {
        let text = std::fs::read_to_string(path);
        let text = text.with_context(|| format!("cannot read {}", path.display()))?;
        let list: OutputList = text.parse().with_context(|| path.display().to_string())?;
        return Ok(Source::List(Arc::new(list)));
    }
    let rollup: Vec<_> = args.rollup_rpc.iter().map(node).collect::<Result<_, _>>()?;
    if rollup.is_empty() {
        bail!("where do outputs come from? Give --rollup-rpc or --outputs");
    }
    let l2 = args.l2_rpc.as_ref().map(node).transpose()?;
    Ok(Source::nodes(rollup, l2))
}

/// Prints an event, and logs what only somebody who looks for an error wants to know.
fn show(event: &Event, format: Format, dry_run: bool) -> anyhow::Result<()> {
    if format == Format::Json {
        return to_stdout(|out| {
            serde_json::to_writer(&mut *out, event)?;
            writeln!(out)
        });
    }
    let game = event.game.map_or(String::new(), |game| game.to_string());
    let Event { what, why, .. } = event;
    match event.event {
        Name::Planned if dry_run => print(&format!("{game} would {what}\n    {why}\n")),
        Name::Planned | Name::Sending => {
            let hash = event.transaction.map(|hash| hash.to_string());
            tracing::debug!(target: "challenger", game, what, why, hash, "{:?}", event.event);
            Ok(())
        }
        Name::Overtaken => {
            tracing::info!(target: "challenger", game, what, "Somebody else has done it first");
            Ok(())
        }
        Name::Done => {
            let block = event.block.unwrap_or_default();
            print(&format!("{game} {what}, in block {block}\n    {why}\n"))
        }
        Name::Found | Name::Waiting | Name::Bonds => print(&format!("{game} {what}\n")),
        Name::Over => print(&format!("{game} is over: {what}\n")),
        Name::Left => print(&format!("{game} is not played: {why}\n")),
        Name::Refused | Name::Trouble | Name::Again => {
            tracing::warn!(target: "challenger", game, what, why, "{:?}", event.event);
            Ok(())
        }
    }
}
