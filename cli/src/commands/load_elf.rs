//! `load-elf`: from a program to a first state, and its symbols.

use crate::app::App;
use crate::input::ReadingArgs;
use crate::output::Target;
use crate::upstream_compat::UpstreamCompat;
use anyhow::{Context as _, bail};
use std::path::PathBuf;

/// Flags of `load-elf`.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The program (ELF); - for standard input
    #[arg(value_name = "FILE", required_unless_present = "path")]
    file: Option<PathBuf>,
    /// The same, as upstream's flag
    #[arg(long, value_name = "FILE", conflicts_with = "file")]
    path: Option<PathBuf>,
    /// Where the state is written to ("" for nowhere, - for stdout)
    #[arg(long, short, alias = "output", value_name = "FILE", value_parser = Target::parser(), default_value = "state.bin.gz")]
    out: Target,
    /// Where the symbols are written to ("" for nowhere, - for stdout)
    #[arg(long, value_name = "FILE", value_parser = Target::parser(), default_value = "meta.json")]
    meta: Target,
    #[command(flatten)]
    reading: ReadingArgs,
}

pub(crate) fn run(app: &App, args: &Args) -> anyhow::Result<()> {
    let path = args
        .file
        .as_deref()
        .or(args.path.as_deref())
        .context("no program is given")?;
    if app.compat == UpstreamCompat::Cannon && !args.reading.has_type() {
        let types = app.own_vms().types();
        bail!("--type is missing: the types of VM that there are: {types}");
    }
    args.meta.try_place()?;
    args.out.try_place()?;
    let mut vm = args.reading.open_program(app, path)?;
    args.meta.write_json(vm.symbols())?;
    args.out.write_state(vm.as_mut())
}
