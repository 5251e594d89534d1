//! `load-elf`: from a program to a first state, and its symbols.

use crate::app::App;
use crate::input::ReadingArgs;
use crate::output::{FormatArgs, Target};
use crate::upstream_compat::UpstreamCompat;
use anyhow::{Context as _, bail};
use serde::Serialize;
use std::path::{Path, PathBuf};

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
    #[command(flatten)]
    format: FormatArgs,
}

/// What `--json` prints.
#[derive(Serialize)]
struct Loaded<'a> {
    vm: &'static str,
    pc: String,
    root: String,
    pages: usize,
    /// How many symbols there are.
    symbols: usize,
    /// Where the state was written to.
    out: Option<&'a Path>,
    /// Where the symbols were written to.
    meta: Option<&'a Path>,
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
    args.format
        .alone([("--out", &args.out), ("--meta", &args.meta)])?;
    args.meta.try_place()?;
    args.out.try_place()?;
    let mut vm = args.reading.open_program(app, path)?;
    args.meta.write_json(vm.symbols())?;
    args.out.write_state(vm.as_mut())?;
    if !args.format.is_json() {
        return Ok(());
    }
    Target::Stdout.write_json(&Loaded {
        vm: vm.isa().vm_type(),
        pc: format!("{:#x}", vm.pc()),
        root: const_hex::encode_prefixed(vm.state_root()),
        pages: vm.page_count(),
        symbols: vm.symbols().all().len(),
        out: args.out.path(),
        meta: args.meta.path(),
    })
}
