//! `monitor`: watches all games of a factory, and says what is wrong. It needs no key, and sends nothing.

use crate::chain::{self, NodeArgs};
use crate::commands::doctor::{Needs, Role};
use crate::exit::{Found, Interrupted};
use crate::interrupt;
use crate::output::{Format, FormatArgs, json, json_line, print, to_stdout};
use anyhow::Context as _;
use fpvm_challenger::factory::Factory;
use fpvm_challenger::said::Said;
use fpvm_challenger::service::Exporter;
use fpvm_l1::Address;
use fpvm_monitor::problems::Problem;
use fpvm_monitor::service::{Round, Service, ServiceError};
use fpvm_monitor::status::Status;
use fpvm_monitor::survey::{Monitor, Options, Survey};
use fpvm_monitor::truth::Truth;
use fpvm_monitor::web::Web;
use std::path::PathBuf;
use std::time::Duration;

/// Flags of `monitor`.
#[derive(Debug, clap::Args)]
#[command(mut_arg("rpc", |rpc| rpc.required(true)))]
pub(crate) struct Args {
    /// Read flags from this file as well (TOML): each key is a flag's name. Flags and the environment go before it
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// Watch all games that this factory creates
    #[arg(long, alias = "game-factory-address", value_name = "ADDRESS")]
    factory: Address,
    /// Ask this node of the rollup what is true (op-node, best with --safedb.path); may be given several times
    #[arg(
        long,
        value_name = "URL",
        value_delimiter = ',',
        required_unless_present = "superroot_rpc"
    )]
    rollup_rpc: Vec<String>,
    /// Ask this node what is true about super roots (op-node or op-supernode); may be given several times. Without it
    /// super games are not judged
    #[arg(
        long,
        alias = "supernode-rpc",
        value_name = "URL",
        value_delimiter = ','
    )]
    superroot_rpc: Vec<String>,
    /// Tell of each claim that this account loses, and of money that waits for it; may be given several times
    #[arg(long, value_name = "ADDRESS", value_delimiter = ',')]
    honest_actors: Vec<Address>,
    /// Leave this game out; may be given several times
    #[arg(long, value_name = "ADDRESS", value_delimiter = ',')]
    ignored_games: Vec<Address>,
    /// Only games that are no older than this
    #[arg(long, value_name = "TIME", value_parser = crate::args::duration, default_value = "28d")]
    game_window: Duration,
    /// Look at the games once in this time
    #[arg(long, value_name = "TIME", value_parser = crate::args::duration, default_value = "30s")]
    monitor_interval: Duration,
    /// Questions that go to nodes at once
    #[arg(long, value_name = "N", value_parser = crate::args::positive, default_value = "5")]
    max_concurrency: u64,
    /// Look once, print all that is wrong, and end with 0 where nothing is, 2 where something is late, 3 where something
    /// cannot be told, 4 where something is wrong
    #[arg(long)]
    once: bool,
    /// Serve pages to look at on this address (127.0.0.1:7301)
    #[arg(long, value_name = "HOST:PORT")]
    http: Option<String>,
    /// Serve metrics for Prometheus at this address (127.0.0.1:7300)
    #[arg(long, value_name = "HOST:PORT")]
    metrics: Option<String>,
    #[command(flatten)]
    format: FormatArgs,
    #[command(flatten)]
    node: NodeArgs,
}

impl Args {
    /// How what happens is printed.
    pub(crate) fn format(&self) -> Format {
        self.format.get()
    }

    /// What it needs from outside.
    pub(crate) fn needs(&self) -> Needs {
        Needs {
            factory: Some(self.factory),
            rollup: self.rollup_rpc.clone(),
            super_roots: self.superroot_rpc.clone(),
            ..Needs::of(Role::Monitor, &self.node)
        }
        .serving(&[
            ("--metrics", self.metrics.as_ref()),
            ("--http", self.http.as_ref()),
        ])
    }
}

pub(crate) fn run(args: &Args) -> anyhow::Result<()> {
    let interrupted = interrupt::watch().context("cannot watch for signals")?;
    // Whoever cannot listen says so before anything is asked.
    let exporter = args.metrics.as_deref().map(Exporter::serve).transpose()?;
    let web = args.http.as_deref().map(Web::serve).transpose()?;
    if let Some(web) = &web {
        let address = web.address();
        tracing::info!(target: "monitor", address, "Serving pages");
    }
    let nodes = args.node.rollup_nodes(&args.rollup_rpc)?;
    let truth = Truth::new(nodes, args.node.super_nodes(&args.superroot_rpc)?);
    let options = Options {
        factory: Factory(args.factory),
        window: args.game_window.as_secs(),
        honest: args.honest_actors.iter().copied().collect(),
        ignored: args.ignored_games.iter().copied().collect(),
        threads: usize::try_from(args.max_concurrency).unwrap_or(usize::MAX),
    };
    let chain = chain::needed(args.node.connect()?)?;
    let mut service = Service {
        monitor: Monitor::new(chain, truth, options),
        interval: args.monitor_interval,
        once: args.once,
        exporter,
        web,
        interrupted,
    };
    let (mut code, mut before) = (0, Vec::new());
    // Of rounds that fail, and of those in which nothing is wrong.
    let (said, quiet) = (Said::new(), Said::new());
    let ended = service.run(&mut |round| match round {
        Round::Failed(error) => {
            let error = error.to_string();
            if said.is_due(&error) {
                tracing::warn!(target: "monitor", error, "This round came to nothing");
            }
            Ok(())
        }
        Round::Done(survey, problems) => {
            said.pass();
            let status = Status::of(survey, problems);
            code = status.exit_code();
            match args.format.get() {
                Format::Json if args.once => to_stdout(|out| json(out, &status)),
                Format::Json => to_stdout(|out| json_line(out, &status)),
                Format::Text => {
                    let before = std::mem::replace(&mut before, problems.to_vec());
                    text(survey, problems, &before, &quiet)
                }
            }
        }
    });
    ended.map_err(|error| match error {
        ServiceError::Interrupted => Interrupted.into(),
        ServiceError::Report(error) => error,
        ServiceError::Read(error) => anyhow::Error::from(error),
    })?;
    match code {
        0 => Ok(()),
        code => Err(Found(code).into()),
    }
}

/// What has been wrong since this look and was not before, and what no longer is.
fn text(
    survey: &Survey,
    problems: &[Problem],
    before: &[Problem],
    quiet: &Said,
) -> anyhow::Result<()> {
    // What something is worded like may tell the time.
    let same = |a: &Problem, b: &Problem| {
        (a.grade, a.kind, a.game, a.account) == (b.grade, b.kind, b.game, b.account)
    };
    let line = |mark: &str, problem: &Problem| {
        let game = problem
            .game
            .map_or(String::new(), |game| format!("{game}: "));
        format!(
            "{mark}{:<6} {game}{}\n",
            problem.grade.word(),
            problem.words
        )
    };
    let read = survey.seen().count();
    let mut out = String::new();
    for problem in problems {
        if !before.iter().any(|old| same(old, problem)) {
            out.push_str(&line("", problem));
        }
    }
    for old in before {
        if !problems.iter().any(|problem| same(old, problem)) {
            out.push_str(&line("over:  ", old));
        }
    }
    if !problems.is_empty() {
        quiet.pass();
    } else if quiet.is_due("Nothing is wrong") {
        let (all, block) = (survey.games.len(), survey.block.number);
        tracing::info!(target: "monitor", block, games = all, read, "Nothing is wrong");
    }
    print(&out)
}
