//! `rehearse`: runs the programs that games are about on recent blocks, again and again.

use crate::app::App;
use crate::chain::{self, NodeArgs};
use crate::commands::doctor::{Needs, Programs, Role};
use crate::exit::{Found, Interrupted};
use crate::hosts::{HostArgs, Origins};
use crate::input::ReadingArgs;
use crate::interrupt;
use crate::oracles::StoreArgs;
use crate::output::{Format, FormatArgs, json_line, print, to_stdout};
use crate::programs::{ProgramArgs, guest};
use anyhow::{Context as _, ensure};
use fpvm_challenger::game_type::GameType;
use fpvm_challenger::host_preset::HostPreset;
use fpvm_challenger::installed::NewGames;
use fpvm_challenger::read::Reader;
use fpvm_challenger::rollup::{Age, Nodes};
use fpvm_challenger::service::{Exporter, Open};
use fpvm_l1::{Address, B256, Chain, U256};
use fpvm_rehearsal::{Bundles, Plan, Prestate, Rehearsal, Rehearser, Service, ServiceError};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

/// The most failed executions that are kept: each is as large as a state and its pre-images.
const KEPT: usize = 8;

/// Flags of `rehearse`.
#[derive(Debug, clap::Args)]
#[command(mut_arg("rpc", |rpc| rpc.required(true)))]
pub(crate) struct Args {
    /// Read flags from this file as well (TOML): each key is a flag's name. Flags and the environment go before it
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// The game factory, which says which programs new games are about
    #[arg(long, alias = "game-factory-address", value_name = "ADDRESS")]
    factory: Option<Address>,
    /// Rehearse this program; may be given several times. TYPE is the type of its games by name (cannon, cannon-kona,
    /// super-cannon-kona, …) or number, NAME what metrics call it [default: TYPE], PRESTATE its pre-state's hash, or
    /// file:PATH [default: that of new games, as the factory says each time]
    #[arg(long, value_name = "TYPE[/NAME[/PRESTATE]]", value_delimiter = ',')]
    run: Vec<Plan>,
    /// Without --run: rehearse the program of new games of this type; may be given several times [default: of all types
    /// that the factory creates and whose programs are known]
    #[arg(
        long,
        aliases = ["game-types", "trace-type"],
        value_name = "TYPE",
        value_delimiter = ',',
        conflicts_with = "run",
        requires = "factory"
    )]
    game_type: Vec<GameType>,
    #[command(flatten)]
    programs: ProgramArgs,
    /// Take blocks and their outputs from the rollup's node (op-node with --safedb.path); may be given several times: then
    /// all that answer have to say the same
    #[arg(
        long,
        value_name = "URL",
        value_delimiter = ',',
        required_unless_present = "superroot_rpc"
    )]
    rollup_rpc: Vec<String>,
    /// Take super roots from this node (op-node with --safedb.path, or op-supernode), for programs of super games; may be
    /// given several times
    #[arg(
        long,
        alias = "supernode-rpc",
        value_name = "URL",
        value_delimiter = ','
    )]
    superroot_rpc: Vec<String>,
    /// The L2 node that --host-preset is given; for kona-super once for each chain
    #[arg(long, alias = "l2-eth-rpc", value_name = "URL", value_delimiter = ',')]
    l2_rpc: Vec<String>,
    /// The L2 chain's id [default: as the factory has it]
    #[arg(long, value_name = "N", value_parser = crate::args::number)]
    l2_chain_id: Option<u64>,
    /// The time from one rehearsal of a program to its next, unless it takes longer
    #[arg(long, value_name = "TIME", value_parser = crate::args::duration, default_value = "1m")]
    interval: Duration,
    /// The longest that an execution may take, its host included (0s: as long as it takes)
    #[arg(long, value_name = "TIME", value_parser = crate::args::duration, default_value = "3h")]
    vm_timeout: Duration,
    /// Rehearse blocks as old as games can become: by L1 up to 16 days ago, and of a further 7 days before
    #[arg(long)]
    age_game_inputs: bool,
    /// Do not run the program about a false claim as well
    #[arg(long)]
    only_valid_claims: bool,
    /// Rehearse each program once, and end with 0 where all agree with the chain, 3 where something could not be run, 4
    /// where one does not agree, faults or does not end in time
    #[arg(long)]
    once: bool,
    /// Serve metrics for Prometheus at this address (127.0.0.1:7304)
    #[arg(long, value_name = "HOST:PORT")]
    metrics: Option<String>,
    #[command(flatten)]
    format: FormatArgs,
    #[command(flatten)]
    hosts: HostArgs,
    #[command(flatten)]
    reading: ReadingArgs,
    #[command(flatten)]
    node: NodeArgs,
    #[command(flatten)]
    source: StoreArgs,
}

impl Args {
    /// How what happens is printed.
    pub(crate) fn format(&self) -> Format {
        self.format.get()
    }

    /// What it needs from outside.
    ///
    /// # Errors
    /// If flags do not fit together.
    pub(crate) fn needs(&self, app: &App) -> anyhow::Result<Needs> {
        let folder = self.programs.given_folder();
        let host_data = folder.clone().unwrap_or_default().join("hosts");
        let named = self.run.iter().map(|plan| plan.game_type);
        let needs = Needs {
            factory: self.factory,
            types: named.chain(self.game_type.iter().copied()).collect(),
            rollup: self.rollup_rpc.clone(),
            super_roots: self.superroot_rpc.clone(),
            l2: self.l2_rpc.clone(),
            beacon: self.hosts.beacon(),
            programs: self.programs.is_given().then_some(Programs {
                sources: self.programs.sources()?,
                open: self.open(app)?,
            }),
            prestates: self.run.iter().filter_map(by_hash).collect(),
            hosts: self.origins().programs(&host_data)?,
            folder,
            ..Needs::of(Role::Rehearser, &self.node)
        };
        Ok(needs.serving(&[("--metrics", self.metrics.as_ref())]))
    }

    /// Opens a program.
    fn open(&self, app: &App) -> anyhow::Result<Open<'static>> {
        let opener = self.reading.opener(app)?;
        Ok(Arc::new(move |path: &Path| guest(opener(path))))
    }

    /// Where pre-images come from.
    const fn origins(&self) -> Origins<'_> {
        Origins {
            hosts: &self.hosts,
            source: &self.source,
            l1: self.node.rpc.as_slice(),
            l2: self.l2_rpc.as_slice(),
        }
    }

    /// Whether a node is named that knows what a type's programs are about.
    fn has_node(&self, game_type: GameType) -> bool {
        let nodes = if game_type.is_super() {
            &self.superroot_rpc
        } else {
            &self.rollup_rpc
        };
        !nodes.is_empty()
    }

    /// What is rehearsed.
    fn plans(&self, chain: &dyn Chain) -> anyhow::Result<Vec<Plan>> {
        let mut plans = self.run.clone();
        for game_type in &self.game_type {
            plans.push(Plan::new(*game_type)?);
        }
        if plans.is_empty() {
            let factory = self.factory.context(
                "which programs? Name them with --run, or the factory that creates games about them with --factory",
            )?;
            let reader = Reader::newest(chain)?;
            for game_type in GameType::named() {
                let is_known = HostPreset::of(game_type).is_some() && self.has_node(game_type);
                if !is_known || NewGames::read(&reader, factory, game_type)?.is_none() {
                    continue;
                }
                plans.push(Plan::new(game_type)?);
            }
            ensure!(
                !plans.is_empty(),
                "{factory} creates no games whose programs can be rehearsed with these nodes: name programs with --run"
            );
        }
        for (number, plan) in plans.iter().enumerate() {
            self.check(plan)?;
            let before = plans.iter().take(number);
            ensure!(
                before.clone().all(|other| other.name != plan.name),
                "two programs are called {}: give them names with --run TYPE/NAME/PRESTATE",
                plan.name
            );
        }
        Ok(plans)
    }

    /// Whether all is named that a plan takes.
    fn check(&self, plan: &Plan) -> anyhow::Result<()> {
        let Plan {
            game_type,
            prestate,
            ..
        } = plan;
        ensure!(
            self.has_node(*game_type),
            "games of type {game_type} are about {}",
            if game_type.is_super() {
                "super roots: name a node that knows them with --superroot-rpc"
            } else {
                "outputs: name the rollup's node with --rollup-rpc"
            }
        );
        ensure!(
            *prestate != Prestate::OnChain || self.factory.is_some(),
            "which program is {}? Name the factory that knows with --factory, or its pre-state with --run TYPE/NAME/PRESTATE",
            plan.name
        );
        ensure!(
            self.factory.is_some() || self.l2_chain_id.is_some() || game_type.is_super(),
            "of which L2 chain is {}? Name it with --l2-chain-id, or the factory that knows with --factory",
            plan.name
        );
        ensure!(
            self.programs.is_given() || matches!(prestate, Prestate::File(_)),
            "where is {} found? Name a file with --prestate, a folder with --prestates-dir or a server with --prestates-url",
            plan.name
        );
        Ok(())
    }
}

/// The program of a plan, where it is named by its hash.
fn by_hash(plan: &Plan) -> Option<(GameType, B256)> {
    match plan.prestate {
        Prestate::Hash(prestate) => Some((plan.game_type, prestate)),
        Prestate::OnChain | Prestate::File(_) => None,
    }
}

pub(crate) fn run(app: &App, args: &Args) -> anyhow::Result<()> {
    let interrupted = interrupt::watch().context("cannot watch for signals")?;
    let exporter = args.metrics.as_deref().map(Exporter::serve).transpose()?;
    let data_dir = args.programs.data_dir()?;
    let host_data = data_dir.path().join("hosts");
    let preimages = args.origins().preimages(&host_data, true)?;
    let chain = chain::needed(args.node.connect()?)?;
    let plans = args.plans(&*chain)?;
    let outputs = args.node.rollup_nodes(&args.rollup_rpc)?;
    let service = Service {
        rehearser: Rehearser {
            chain,
            factory: args.factory,
            prestates: args.programs.sources()?,
            open: args.open(app)?,
            found: data_dir.path().join("prestates"),
            preimages,
            outputs: (!outputs.is_empty()).then(|| Arc::new(Nodes::new(outputs, None))),
            super_roots: args.node.super_nodes(&args.superroot_rpc)?,
            l2_chain_id: args.l2_chain_id.map(U256::from),
            age: if args.age_game_inputs {
                Age::PLAYED
            } else {
                Age::NONE
            },
            only_valid: args.only_valid_claims,
            patience: Some(args.vm_timeout).filter(|time| !time.is_zero()),
            host_data,
            bundles: Bundles {
                // Whoever reads the command line that repeats a failure is in some other folder.
                folder: std::path::absolute(data_dir.lasting("failures"))
                    .context("cannot find the data folder")?,
                most: KEPT,
                own: std::env::current_exe().context("cannot find this program")?,
            },
            running: Default::default(),
            interrupted: interrupted.clone(),
        },
        plans,
        interval: args.interval,
        once: args.once,
        exporter,
        data: args.programs.data_folder(),
        interrupted,
    };
    let worst = service.run(&mut |rehearsal| show(rehearsal, args.format()));
    match worst {
        Ok(verdict) if verdict.is_of_vm() => Err(Found(4).into()),
        Ok(verdict) if !verdict.is_success() => Err(Found(3).into()),
        Ok(_) => Ok(()),
        Err(ServiceError::Interrupted) => Err(Interrupted.into()),
        Err(ServiceError::Report(error)) => Err(error),
    }
}

/// Prints what a rehearsal came to.
fn show(rehearsal: &Rehearsal, format: Format) -> anyhow::Result<()> {
    if format == Format::Json {
        return to_stdout(|out| json_line(out, rehearsal));
    }
    let kept = rehearsal.kept.as_ref().map_or(String::new(), |kept| {
        format!("  to repeat it: {}\n", kept.command)
    });
    print(&format!("{rehearsal}\n{kept}"))
}
