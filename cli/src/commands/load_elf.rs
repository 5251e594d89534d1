//! `load-elf`: from a program to a first state, and its symbols.

use crate::App;
use crate::input::{ReadingArgs, version_name};
use crate::output::Target;
use crate::personality::Personality;
use anyhow::{Context as _, bail};
use std::path::PathBuf;

/// Flags of `load-elf`.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The program (ELF)
    #[arg(value_name = "FILE", required_unless_present = "path")]
    file: Option<PathBuf>,
    /// The same, as upstream's flag
    #[arg(long, value_name = "FILE", conflicts_with = "file")]
    path: Option<PathBuf>,
    /// VM type, as upstream's flag: singlethreaded-2 or riscv64
    #[arg(long = "type", value_name = "TYPE")]
    vm_type: Option<String>,
    /// Where the state is written to ("" for nowhere, - for stdout)
    #[arg(long, value_name = "FILE", value_parser = Target::parser(), default_value = "state.bin.gz")]
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
    match &args.vm_type {
        Some(vm_type) => check_type(app, args, vm_type)?,
        None if app.personality == Personality::Cannon => {
            bail!(
                "--type is missing: {} is the type of VM that there is",
                types(app).join(" or ")
            )
        }
        None => {}
    }
    let mut vm = args.reading.open_program(app, path)?;
    if let Some(vm_type) = &args.vm_type
        && vm.isa().vm_type() != vm_type
    {
        let (isa, fits) = (vm.isa().programs(), vm.isa().vm_type());
        bail!(
            "{} is a program for {isa}, whose VM type is {fits} and not {vm_type}",
            path.display()
        );
    }
    args.meta.write_json(vm.symbols())?;
    args.out.write_state(vm.as_mut())
}

fn check_type(app: &App, args: &Args, vm_type: &str) -> anyhow::Result<()> {
    let types = types(app);
    if !types.contains(&vm_type) {
        let exists = (0..=u8::MAX)
            .map_while(version_name)
            .any(|name| name == vm_type);
        let what = if exists {
            "is not supported"
        } else {
            "does not exist"
        };
        bail!(
            "the VM type {vm_type} {what}; there are {}",
            types.join(" and ")
        );
    }
    if let Some(isa) = args
        .reading
        .isa(app)?
        .filter(|isa| isa.vm_type() != vm_type)
    {
        bail!(
            "--type {vm_type} is not the VM type of --isa {}: {}",
            isa.name(),
            isa.vm_type()
        );
    }
    Ok(())
}

fn types(app: &App) -> Vec<&'static str> {
    app.isas.iter().map(|isa| isa.vm_type()).collect()
}
