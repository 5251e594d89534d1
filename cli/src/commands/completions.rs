//! `completions`: a script for a shell.

use crate::app::App;
use crate::output::to_stdout;
use clap::Command;
use clap::builder::PossibleValuesParser;
use clap_complete::Shell;
use fpvm::AnyIsa;

/// Flags of `completions`.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The shell
    shell: Shell,
}

/// Prints the script; `command` is the program with all its commands.
pub(crate) fn run(app: &App, args: &Args, mut command: Command) -> anyhow::Result<()> {
    let names = |of: fn(&dyn AnyIsa) -> &'static str| {
        let mut names: Vec<_> = app.vms.isas().iter().map(|isa| of(*isa)).collect();
        names.dedup();
        names
    };
    let (isas, types) = (names(|isa| isa.name()), names(|isa| isa.vm_type()));
    command = with_values(command, &isas, &types);
    // Made in memory first: the generator panics where it cannot write.
    let mut script = Vec::new();
    let name = app.compat.name();
    clap_complete::generate(args.shell, &mut command, name, &mut script);
    to_stdout(|out| out.write_all(&script))
}

/// The command, whose flags for VMs know what there is. When the command runs, the list of VMs has more to say of a value
/// that is none.
fn with_values(command: Command, isas: &[&'static str], types: &[&'static str]) -> Command {
    let command = command.mut_args(|arg| match arg.get_long() {
        Some("isa") => arg.value_parser(PossibleValuesParser::new(isas.iter().copied())),
        Some("type") => arg.value_parser(PossibleValuesParser::new(types.iter().copied())),
        _ => arg,
    });
    command.mut_subcommands(|inner| with_values(inner, isas, types))
}
