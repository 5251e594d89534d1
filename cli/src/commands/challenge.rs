//! `challenge`: plays dispute games on a chain.

mod cheat;
mod second;
mod show;

use crate::app::App;
use crate::chain::{self, ChainArgs};
use crate::commands::doctor::{Needs, Programs, Role};
use crate::exit::{FalseProposal, Interrupted};
use crate::hosted::threads;
use crate::hosts::{HostArgs, Origins};
use crate::input::ReadingArgs;
use crate::interrupt;
use crate::oracles::StoreArgs;
use crate::output::Format;
use crate::programs::{ProgramArgs, guest};
use anyhow::{Context as _, ensure};
use cheat::CheatArgs;
use fpvm_challenger::factory::Factory;
use fpvm_challenger::game_type::GameType;
use fpvm_challenger::player::Settling;
use fpvm_challenger::rollup::Source;
use fpvm_challenger::scheduler::{GameScheduler, Games, Options};
use fpvm_challenger::service::{
    Exporter, GameInputs, Open, ProgramTraceSource, Service, ServiceError,
};
use fpvm_dispute::trace::outputs::OutputList;
use fpvm_l1::Address;
use second::SecondArgs;
use show::{show, with_flag};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

/// Flags of `challenge`.
#[derive(Debug, clap::Args)]
#[command(mut_arg("rpc", |rpc| rpc.required(true)))]
pub(crate) struct Args {
    /// Read flags from this file as well (TOML): each key is a flag's name. Flags and the environment go before it
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// Play this game and no other; may be given several times
    #[arg(
        long,
        alias = "game-allowlist",
        value_name = "ADDRESS",
        value_delimiter = ',',
        required_unless_present = "factory"
    )]
    game: Vec<Address>,
    /// Play all games that this factory creates
    #[arg(long, alias = "game-factory-address", value_name = "ADDRESS")]
    factory: Option<Address>,
    /// Only games of this type, by name (cannon, permissioned, cannon-kona, super-cannon-kona, …) or number; may be given
    /// several times [default: all]. With super-cannon-kona those of super-permissioned are watched as well
    #[arg(
        long,
        aliases = ["game-types", "trace-type"],
        value_name = "TYPE",
        value_delimiter = ',',
        requires = "factory"
    )]
    game_type: Vec<GameType>,
    /// Only games that are no older than this when they are found
    #[arg(long, value_name = "TIME", value_parser = crate::args::duration, default_value = "28d", requires = "factory")]
    game_window: Duration,
    #[command(flatten)]
    programs: ProgramArgs,
    /// Take the true outputs from the rollup's node (op-node with --safedb.path); may be given several times:
    /// then all that answer have to say the same
    #[arg(
        long,
        value_name = "URL",
        value_delimiter = ',',
        required_unless_present_any = ["outputs", "superroot_rpc"],
        conflicts_with = "outputs"
    )]
    rollup_rpc: Vec<String>,
    /// Take the true super roots from this node (op-node with --safedb.path, or op-supernode), for super games; may be
    /// given several times: then all that answer have to say the same
    #[arg(
        long,
        alias = "supernode-rpc",
        value_name = "URL",
        value_delimiter = ','
    )]
    superroot_rpc: Vec<String>,
    /// An L2 node: where blocks' headers come from that show a wrong block number, and what --host-preset is given; for
    /// kona-super once for each chain
    #[arg(long, alias = "l2-eth-rpc", value_name = "URL", value_delimiter = ',')]
    l2_rpc: Vec<String>,
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
    /// Resolve only what brings these accounts a bond, and close no game that owes them nothing
    #[arg(long)]
    selective_claim_resolution: bool,
    /// Answer no claim before it is so old, as long as less than half of the own clock is used up
    #[arg(long, value_name = "TIME", value_parser = crate::args::duration)]
    response_delay: Option<Duration>,
    /// Look at the games at most once in this time, unless something was done
    #[arg(long, value_name = "TIME", value_parser = crate::args::duration)]
    min_update_interval: Option<Duration>,
    /// Threads for each program [default: one a core]
    #[arg(long, value_name = "N", value_parser = crate::args::positive)]
    max_concurrency: Option<u64>,
    /// Say what would be done, and send nothing
    #[arg(long)]
    dry_run: bool,
    /// End when nothing is left to do at present
    #[arg(long)]
    once: bool,
    /// Serve metrics for Prometheus at this address (127.0.0.1:7300)
    #[arg(long, value_name = "HOST:PORT")]
    metrics: Option<String>,
    /// How what happens is printed
    #[arg(long, value_name = "FORM", default_value = "text")]
    format: Format,
    /// Remember the machine every so many steps
    #[arg(long, value_name = "K", value_parser = crate::args::number, default_value = "5000000")]
    every: u64,
    #[command(flatten)]
    second: SecondArgs,
    #[command(flatten)]
    hosts: HostArgs,
    #[command(flatten)]
    cheat: CheatArgs,
    #[command(flatten)]
    reading: ReadingArgs,
    #[command(flatten)]
    chain: ChainArgs,
    #[command(flatten)]
    source: StoreArgs,
}

impl Args {
    /// How what happens is printed.
    pub(crate) const fn format(&self) -> Format {
        self.format
    }

    /// What it needs from outside.
    ///
    /// # Errors
    /// If flags do not fit together.
    pub(crate) fn needs(&self, app: &App) -> anyhow::Result<Needs> {
        let opener = self.reading.opener(app)?;
        let open = move |path: &Path| guest(opener(path));
        let folder = self.programs.given_folder();
        let host_data = folder.clone().unwrap_or_default().join("hosts");
        let needs = Needs {
            factory: self.factory,
            types: self.game_type.clone(),
            rollup: self.rollup_rpc.clone(),
            super_roots: self.superroot_rpc.clone(),
            l2: self.l2_rpc.clone(),
            beacon: self.hosts.beacon(),
            programs: self.programs.is_given().then_some(Programs {
                sources: self.programs.sources()?,
                open: Arc::new(open),
            }),
            hosts: self.origins().programs(&host_data)?,
            folder,
            signer: Some(chain::account(&self.chain)),
            ..Needs::of(Role::Challenger, &self.chain.node)
        };
        Ok(needs.serving(&[("--metrics", self.metrics.as_ref())]))
    }
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

impl Args {
    /// Where pre-images come from.
    const fn origins(&self) -> Origins<'_> {
        Origins {
            hosts: &self.hosts,
            source: &self.source,
            l1: self.chain.node.rpc.as_slice(),
            l2: self.l2_rpc.as_slice(),
        }
    }

    /// Whether all games are of one proposer alone, which nobody plays: they take neither programs nor pre-images.
    fn only_watches(&self) -> bool {
        let is_watched = |of: &GameType| *of == GameType::SUPER_PERMISSIONED;
        !self.game_type.is_empty() && self.game_type.iter().all(is_watched)
    }
}

pub(crate) fn run(app: &App, args: &Args) -> anyhow::Result<()> {
    ensure!(
        args.programs.is_given() || args.only_watches(),
        "which program are the games about? Name it with --prestate FILE, or where it is found with --prestates-dir DIR \
         or --prestates-url URL"
    );
    let data_dir = args.programs.data_dir()?;
    let second_opinion = args
        .second
        .opinion(app, &args.reading, args.every, &data_dir)?;
    let interrupted = interrupt::watch().context("cannot watch for signals")?;
    // The threads that run the program end when the service is gone.
    std::thread::scope(|scope| {
        let (outputs, super_roots) = (
            outputs(app, args)?,
            args.chain.node.super_nodes(&args.superroot_rpc)?,
        );
        let chain = chain::needed(args.chain.node.connect()?)?;
        let open: Open<'_> = Arc::new(|path: &Path| guest(args.reading.open(app, path)));
        let host_data = data_dir.path().join("hosts");
        let inputs = GameInputs {
            prestates: args.programs.sources()?,
            open,
            kept: data_dir.path().join("prestates"),
            preimages: args.origins().preimages(&host_data, !args.only_watches())?,
            host_data: Some(host_data),
            outputs,
            super_roots,
            extent: args.cheat.extent(),
            every: args.every,
            threads: concurrency(args),
            second_opinion,
            interrupted: interrupted.clone(),
        };
        let truth = ProgramTraceSource::new(inputs, chain.clone(), scope)?;
        let games = match args.factory {
            Some(factory) if args.game.is_empty() => Games::Created {
                factory: Factory(factory),
                types: types(&args.game_type),
                window: args.game_window.as_secs(),
            },
            _ => Games::Listed(args.game.clone()),
        };
        let options = Options {
            strategy: args.cheat.strategy(),
            dry_run: args.dry_run,
            policy: args.chain.policy(),
            settling: Settling {
                claimants: args.additional_bond_claimants.clone(),
                close_after: args.close_after.0.map(|after| after.as_secs()),
                selective: args.selective_claim_resolution,
            },
        };
        let exporter = args.metrics.as_deref().map(Exporter::serve).transpose()?;
        let signer = args.chain.signer()?;
        let mut service = Service {
            chain: chain.clone(),
            scheduler: GameScheduler::new(chain, signer, games, truth, options)
                .responding_after(args.response_delay.unwrap_or_default().as_secs()),
            exporter,
            data: args.programs.data_folder(),
            once: args.once || args.dry_run,
            min_interval: args.min_update_interval.unwrap_or_default(),
            interrupted,
        };
        let ended = service.run(&mut |event| show(event, args.format, args.dry_run));
        ended.map_err(|error| match error {
            ServiceError::Interrupted => Interrupted.into(),
            ServiceError::Report(error) => error,
            ServiceError::FalseProposal { game, why } => FalseProposal(game, why).into(),
            ServiceError::Unplayable { game, why } => {
                anyhow::anyhow!("{game} cannot be played: {}", with_flag(&why))
            }
            other => anyhow::anyhow!("{other}"),
        })
    })
}

fn concurrency(args: &Args) -> usize {
    let given = args.max_concurrency.map(usize::try_from);
    given.map_or_else(threads, |given| given.unwrap_or(usize::MAX))
}

/// Which types of games are played. Who plays super games watches those of a proposer alone, as op-challenger does: a
/// false one becomes the anchor that they start from.
fn types(named: &[GameType]) -> Vec<u32> {
    let mut types: Vec<u32> = named.iter().map(|of| of.0).collect();
    if named.contains(&GameType::SUPER_CANNON_KONA)
        && !named.contains(&GameType::SUPER_PERMISSIONED)
    {
        types.push(GameType::SUPER_PERMISSIONED.0);
    }
    types
}

fn outputs(app: &App, args: &Args) -> anyhow::Result<Option<Source>> {
    if let Some(path) = &args.outputs {
        let text = app.read_text(path)?;
        let list: OutputList = text.parse().with_context(|| path.display().to_string())?;
        return Ok(Some(Source::List(Arc::new(list))));
    }
    let rollup = args.chain.node.rollup_nodes(&args.rollup_rpc)?;
    if rollup.is_empty() {
        return Ok(None);
    }
    // A rollup's outputs are of one chain.
    let l2 = args.l2_rpc.get(..1).unwrap_or_default();
    let l2 = args.chain.node.rollup_nodes(l2)?.into_iter().next();
    Ok(Some(Source::nodes(rollup, l2)))
}
