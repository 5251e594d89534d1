//! The program and its commands.

use crate::app::App;
use crate::commands::{
    self, bench, bisect, challenge, check, checkpoints, completions, config, contract, demo,
    deploy, disasm, doctor, explain, game, list, load_elf, memory, monitor, preimages, profile,
    propose, prove, rehearse, run, serve, state_root, verify, witness,
};
use clap::{CommandFactory as _, Parser, Subcommand};

/// The version of the package, and the commit that the program was built of.
const VERSION: &str = concat!(env!("CARGO_PKG_VERSION"), env!("FPVM_BUILD"));

/// Run, prove and verify fault proof programs: for Cannon's MIPS32 and MIPS64 and Asterisc's RV64 byte for
/// byte, and for RV64IMAC.
#[derive(Debug, Parser)]
#[command(version = VERSION, subcommand_required = true, arg_required_else_help = true)]
pub(crate) struct Cli {
    /// Log warnings and errors only; what the guest prints in a `run` is printed all the same
    #[arg(long, short, global = true)]
    pub(crate) quiet: bool,
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Load a program into a first state
    LoadElf(load_elf::Args),
    /// Run a program or a state; write proofs, snapshots and the final state
    Run(Box<run::Args>),
    /// Print a state's packed form and hash as JSON
    Witness(witness::Args),
    /// Print the state root (state hash) at a step
    StateRoot(state_root::Args),
    /// Prove one step
    Prove(prove::Args),
    /// Check proofs, and tell what their steps did
    Verify(verify::Args),
    /// Print or compile the contract that verifies a VM's steps
    Contract(contract::Args),
    /// Put the contracts that verify steps on a chain
    Deploy(Box<deploy::Args>),
    /// Look at a program before it runs: does it fit the VM, and what may go wrong
    Check(check::Args),
    /// Show instructions of a program or a state
    Disasm(disasm::Args),
    /// Say what a step reads and writes, in whole words
    Explain(Box<explain::Args>),
    /// Say the same of each step from one to another, a line each
    Trace(Box<explain::TraceArgs>),
    /// Show the guest's memory at a step
    Memory(Box<memory::Args>),
    /// Measure how fast a program runs, is hashed, proved and verified
    Bench(Box<bench::Args>),
    /// Show in which functions and by which instructions a program spends its steps
    Profile(Box<profile::Args>),
    /// Serve, list, check or copy a store of pre-images
    Preimages(preimages::Args),
    /// Write down state roots and states along a run, check and merge them
    Checkpoints(Box<checkpoints::Args>),
    /// Answer for any step: roots, witnesses, proofs, a line of JSON each
    Serve(Box<serve::Args>),
    /// Find the first step at which two runs part
    Bisect(Box<bisect::Args>),
    /// Play dispute games on a chain, honestly
    Challenge(Box<challenge::Args>),
    /// Watch all dispute games of a factory, and say what is wrong
    Monitor(Box<monitor::Args>),
    /// Propose a rollup's outputs or super roots at an interval
    Propose(Box<propose::Args>),
    /// Run the programs that games are about on recent blocks, again and again, to see that they agree with the chain
    Rehearse(Box<rehearse::Args>),
    /// Look over the file of flags that the daemons share
    Config(config::Args),
    /// Check what a challenger, monitor or proposer needs, and say what is missing
    Doctor(doctor::Args),
    /// Dispute games
    Game(game::Args),
    /// List the VMs
    List(list::Args),
    /// See it all once on a program that is built in: run, prove, verify, refuse
    Tour,
    /// See a whole dispute game over a program that is built in, on a chain in this process
    Demo(Box<demo::Args>),
    /// Print a script that completes commands and flags in a shell
    Completions(completions::Args),
}

/// Does what a command asks for.
pub(crate) fn dispatch(app: &App, command: Command) -> anyhow::Result<()> {
    match command {
        Command::LoadElf(args) => commands::load_elf::run(app, &args),
        Command::Run(args) => commands::run::run(app, &args),
        Command::Witness(args) => commands::witness::run(app, &args),
        Command::StateRoot(args) => commands::state_root::run(app, &args),
        Command::Prove(args) => commands::prove::run(app, &args),
        Command::Verify(args) => commands::verify::run(app, &args),
        Command::Bench(args) => commands::bench::run(app, &args),
        Command::Contract(args) => commands::contract::run(app, &args),
        Command::Deploy(args) => commands::deploy::run(app, &args),
        Command::Check(args) => commands::check::run(app, &args),
        Command::Disasm(args) => commands::disasm::run(app, &args),
        Command::Explain(args) => commands::explain::run(app, &args),
        Command::Trace(args) => commands::explain::trace(app, &args),
        Command::Memory(args) => commands::memory::run(app, &args),
        Command::Profile(args) => commands::profile::run(app, &args),
        Command::Preimages(args) => commands::preimages::run(app, &args),
        Command::Checkpoints(args) => commands::checkpoints::run(app, &args),
        Command::Serve(args) => commands::serve::run(app, &args),
        Command::Bisect(args) => commands::bisect::run(app, &args),
        Command::Challenge(args) => commands::challenge::run(app, &args),
        Command::Monitor(args) => commands::monitor::run(&args),
        Command::Propose(args) => commands::propose::run(app, &args),
        Command::Rehearse(args) => commands::rehearse::run(app, &args),
        Command::Config(args) => commands::config::run(&args, &whole(app.compat.name())),
        Command::Doctor(args) => commands::doctor::run(app, &args),
        Command::Game(args) => commands::game::run(app, &args),
        Command::List(args) => commands::list::run(app, &args),
        Command::Tour => commands::tour::run(app),
        Command::Demo(args) => commands::demo::run(app, &args),
        Command::Completions(args) => {
            commands::completions::run(app, &args, whole(app.compat.name()))
        }
    }
}

/// The commands in groups, as the list in `--help` has them.
const GROUPS: [(&str, &[&str]); 5] = [
    (
        "Run",
        &["load-elf", "run", "witness", "state-root", "list", "tour"],
    ),
    (
        "Look",
        &[
            "check", "disasm", "explain", "trace", "memory", "profile", "bench",
        ],
    ),
    (
        "Prove",
        &[
            "prove",
            "verify",
            "preimages",
            "checkpoints",
            "serve",
            "bisect",
        ],
    ),
    (
        "Dispute",
        &[
            "contract",
            "deploy",
            "challenge",
            "propose",
            "monitor",
            "rehearse",
            "config",
            "doctor",
            "game",
            "demo",
        ],
    ),
    ("Help", &["completions", "help"]),
];

/// The program's arguments, its commands listed in groups.
pub(crate) fn whole(name: &'static str) -> clap::Command {
    let command = Cli::command().name(name).bin_name(name);
    let list = grouped(&command);
    command.help_template(format!(
        "{{about-with-newline}}\n{{usage-heading}} {{usage}}\n\nCommands:\n{list}\nOptions:\n{{options}}"
    ))
}

/// A line for each command, under the names of the groups. A command that is in no group stands at the end.
fn grouped(command: &clap::Command) -> String {
    let width = command
        .get_subcommands()
        .map(|one| one.get_name().len())
        .max();
    let width = width.unwrap_or_default();
    let line = |name: &str| {
        let found = command.get_subcommands().find(|one| one.get_name() == name);
        let about = found.and_then(clap::Command::get_about);
        match (name, about) {
            (_, Some(about)) => format!("  {name:width$}  {about}\n"),
            ("help", None) => {
                format!("  {name:width$}  Print this message or the help of a command\n")
            }
            (_, None) => String::new(),
        }
    };
    let mut text = String::new();
    for (group, names) in GROUPS {
        text.push_str(&format!(" {group}\n"));
        text.extend(names.iter().map(|name| line(name)));
    }
    let in_none = command.get_subcommands().map(clap::Command::get_name);
    let in_none = in_none.filter(|name| !GROUPS.iter().any(|(_, names)| names.contains(name)));
    text.extend(in_none.map(line));
    text
}
