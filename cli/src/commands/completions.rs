//! `completions`: a script for a shell.

use crate::App;
use crate::args::Cli;
use crate::output::to_stdout;
use clap::CommandFactory as _;
use clap_complete::Shell;

/// Flags of `completions`.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The shell
    shell: Shell,
}

pub(crate) fn run(app: &App, args: &Args) -> anyhow::Result<()> {
    // Made in memory first: the generator panics where it cannot write.
    let mut script = Vec::new();
    let name = app.personality.name();
    clap_complete::generate(args.shell, &mut Cli::command(), name, &mut script);
    to_stdout(|out| out.write_all(&script))
}
