//! `demo`: a whole dispute game over a program that is built in, or one's own, on a chain, with nothing else at
//! hand.

use crate::app::App;
use crate::chain::{self, ChainArgs};
use crate::exit::Interrupted;
use crate::interrupt;
use crate::output::{Target, print};
use anyhow::Context as _;
use fpvm::{Options, Registry};
use fpvm_challenger::service::http::{Answer, Request, serve};
use fpvm_demo::{Demo, DemoChain, DemoProgram, Screen, SuperDemo, ToyNode};
use fpvm_trace::MachineError;
use indicatif::ProgressBar;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

/// How often a server looks whether it is to end.
const LOOK: Duration = Duration::from_millis(100);

/// Flags of `demo`.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// About what the game is: an output of one toy rollup, or states of several
    #[arg(
        long,
        value_name = "GAME",
        default_value = "output",
        conflicts_with = "program"
    )]
    game: Kind,
    /// The VM [default: mips; of super games mips64, see `list`]
    #[arg(long, value_name = "ISA")]
    isa: Option<String>,
    /// Its type, where it has several [see `list`]
    #[arg(long = "type", value_name = "TYPE")]
    vm_type: Option<String>,
    /// A program (ELF) or pre-state of your own that the game is about [default: one that is built in]
    #[arg(long, value_name = "FILE", requires = "preimages")]
    program: Option<PathBuf>,
    /// The pre-images that it reads; local ones say which block and outputs it was recorded for
    #[arg(long, value_name = "DIR|DB", requires = "program")]
    preimages: Option<PathBuf>,
    /// Where the report of the game goes, a page of HTML
    #[arg(long, short = 'o', aliases = ["output", "out"], value_name = "FILE", default_value = "fpvm-demo.html", value_parser = Target::parser())]
    report: Target,
    /// Which lie: odd numbers have it begin at an instruction that reads a pre-image, even ones anywhere
    #[arg(long, value_name = "N", value_parser = crate::args::number, default_value = "1")]
    seed: u64,
    /// The clock of each side, where the chain's time cannot be moved
    #[arg(long, value_name = "TIME", value_parser = crate::args::duration, default_value = "3m")]
    clock: Duration,
    /// Play no game, but answer at this address as the toy rollup's node (op-node) does, over the L1 behind --rpc: for
    /// `propose`, `challenge` and `monitor` on a chain of your own
    #[arg(
        long,
        value_name = "HOST:PORT",
        requires = "rpc",
        conflicts_with_all = ["game", "isa", "vm_type", "program", "report", "seed", "clock"]
    )]
    serve: Option<String>,
    /// How many blocks of L1 lie between two blocks of the rollup that is served
    #[arg(long, value_name = "N", value_parser = crate::args::number, default_value = "10", requires = "serve")]
    l1_blocks: u64,
    #[command(flatten)]
    chain: ChainArgs,
}

/// What a game is about.
#[derive(Clone, Copy, PartialEq, Eq, Debug, clap::ValueEnum)]
enum Kind {
    /// An output root, in the game of October 2024
    Output,
    /// A super root, in the game of September 2026
    Super,
}

pub(crate) fn run(app: &App, args: &Args) -> anyhow::Result<()> {
    if let Some(address) = &args.serve {
        return serve_node(args, address);
    }
    args.report.try_place()?;
    // There is no program for the first VM of all.
    let isa = match (args.game, &args.isa, &args.vm_type) {
        (Kind::Super, None, None) => Some("mips64"),
        (_, isa, _) => isa.as_deref(),
    };
    let vms = app.vms(isa, args.vm_type.as_deref())?;
    let interrupted = interrupt::watch().context("cannot watch for signals")?;
    let bar = app.screen.spinner();
    let screen = Arc::new(Terminal(bar.clone()));
    let page = match args.game {
        Kind::Super => {
            let isa = *vms.isas().first().context("no VM")?;
            let demo = SuperDemo {
                isa,
                chain: chain_of(args)?,
                contract: app.contract(isa)?,
                seed: args.seed,
                clock: args.clock,
                interrupted,
            };
            demo.play(screen)
        }
        Kind::Output => output_game(app, args, vms, interrupted)?.play(screen),
    };
    bar.finish_and_clear();
    let page = page?;
    args.report.write(|out| out.write_all(page.as_bytes()))?;
    if let Target::File(path) = &args.report {
        let path = path.display();
        print(&format!(
            "\nThe report is in {path}: open it in a browser.\n"
        ))?;
    }
    Ok(())
}

/// Answers as the toy rollup's node until it is interrupted.
fn serve_node(args: &Args, address: &str) -> anyhow::Result<()> {
    let interrupted = interrupt::watch().context("cannot watch for signals")?;
    let node = ToyNode::new(chain::needed(args.chain.node.connect()?)?, args.l1_blocks)?;
    let (first, last) = node.range();
    let answer = move |request: &Request| Answer {
        status: "200 OK",
        kind: "application/json",
        headers: &[],
        body: node.answer(&request.body),
    };
    let bound = serve(address, answer);
    let bound = bound.with_context(|| format!("cannot listen at {address}"))?;
    print(&format!(
        "The toy rollup's node answers at http://{bound}, about blocks {first} to {last}\n"
    ))?;
    while !interrupted.load(Ordering::Relaxed) {
        std::thread::sleep(LOOK);
    }
    Err(Interrupted.into())
}

/// A game about an output.
fn output_game(
    app: &App,
    args: &Args,
    vms: Registry,
    interrupted: Arc<AtomicBool>,
) -> anyhow::Result<Demo> {
    let program = match args.program.as_ref().zip(args.preimages.as_ref()) {
        Some((path, preimages)) => {
            let (path, all, inputs) = (path.clone(), app.vms.clone(), app.inputs.clone());
            let name = path.display().to_string();
            let load = move || {
                let vm = inputs
                    .open(&path)
                    .and_then(|mut input| vms.open_among(&all, &mut input, &Options::default()));
                vm.map_err(|error| MachineError::Other(error.into()))
            };
            DemoProgram::recorded(&name, load, preimages, interrupted)?
        }
        None => DemoProgram::rollup(*vms.isas().first().context("no VM")?, interrupted)?,
    };
    let isa = program.isa();
    let contract = app.contract(isa)?;
    Ok(Demo {
        program,
        chain: chain_of(args)?,
        contract,
        seed: args.seed,
        clock: args.clock,
    })
}

/// The chain behind `--rpc`, or one in this process.
fn chain_of(args: &Args) -> anyhow::Result<DemoChain> {
    let policy = args.chain.policy();
    match args.chain.node.node()? {
        Some(rpc) => DemoChain::node(rpc, args.chain.signer()?, policy, args.seed),
        None => DemoChain::local(policy, args.seed),
    }
}

/// The story on stdout, and what is going on beside it where there is a terminal.
struct Terminal(ProgressBar);

impl Screen for Terminal {
    fn print(&self, text: &str) -> anyhow::Result<()> {
        self.0.suspend(|| print(text))
    }

    fn show(&self, what: String) {
        self.0.set_message(what);
        self.0.tick();
    }
}
