//! `completions`: a script for a shell.

use crate::app::App;
use crate::output::to_stdout;
use clap_complete::Shell;

/// Flags of `completions`.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The shell
    shell: Shell,
}

/// Prints the script; `command` is the program with all its commands.
pub(crate) fn run(app: &App, args: &Args, mut command: clap::Command) -> anyhow::Result<()> {
    // Made in memory first: the generator panics where it cannot write.
    let mut script = Vec::new();
    let name = app.compat.name();
    clap_complete::generate(args.shell, &mut command, name, &mut script);
    to_stdout(|out| out.write_all(&script))
}
