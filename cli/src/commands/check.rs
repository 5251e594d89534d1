//! `check`: looks at a program before anybody runs it.

mod calls;
mod code;
mod report;

use crate::app::App;
use crate::failure::{Refused, told};
use crate::go;
use crate::input::{self, ReadingArgs};
use crate::isa::{AnyIsa, OWN, Patches};
use crate::output::print;
use calls::{check_calls, check_memory_names};
use code::{Code, check_code};
use report::Report;
use std::path::PathBuf;

/// Flags of `check`.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The program (ELF)
    #[arg(value_name = "FILE")]
    file: PathBuf,
    #[command(flatten)]
    reading: ReadingArgs,
}

pub(crate) fn run(app: &App, args: &Args) -> anyhow::Result<()> {
    let bytes = input::read_all(&args.file)?;
    let mut report = Report::default();
    check(app, args, &bytes, &mut report)?;
    print(&report.to_string())?;
    match report.problems() {
        0 => Ok(()),
        n => Err(Refused(format!(
            "{} will not run: {n} problems",
            args.file.display()
        ))
        .into()),
    }
}

fn check(app: &App, args: &Args, bytes: &[u8], report: &mut Report) -> anyhow::Result<()> {
    let vms = args.reading.vms(app)?;
    let isa = match input::vm_of_program(&vms, bytes) {
        Ok(isa) => isa,
        Err(error) => {
            report.problem(&told(&error), "", "build the program for one of these VMs");
            return Ok(());
        }
    };
    let (name, vm_type, programs) = (isa.name(), isa.vm_type(), isa.programs());
    report.fact("VM", &format!("--isa {name}, type {vm_type}: {programs}"));
    let release = go::release(bytes);
    report.fact(
        "made by",
        release
            .as_deref()
            .unwrap_or("not Go, or older than Go 1.18"),
    );

    let code = match Code::of(isa, bytes) {
        Ok(code) => code,
        Err(error) => {
            report.problem(
                &format!("the file is broken: {error}"),
                "",
                "build it again",
            );
            return Ok(());
        }
    };
    check_patches(args, isa, bytes, release.as_deref(), report);
    if code.is_compressed() {
        compressed(release.as_deref(), report);
        return Ok(());
    }
    check_code(isa, &code, release.is_some(), report);
    check_calls(isa, &code, report);
    check_memory_names(isa, bytes, release.as_deref(), &code, report);
    Ok(())
}

/// Loads the program; tells its pre-state hashes, and whether upstream's patches fit.
fn check_patches(
    args: &Args,
    isa: &dyn AnyIsa,
    bytes: &[u8],
    release: Option<&str>,
    report: &mut Report,
) {
    let root = |patches, report: &mut Report| match isa.load_program(bytes, patches) {
        Ok(mut vm) => {
            let root = const_hex::encode_prefixed(vm.state_root());
            let how = match patches {
                Patches::Upstream => "upstream",
                Patches::Auto => "auto",
                Patches::None => "none",
            };
            report.fact("pre-state", &format!("{root} with --patch {how}"));
            Some(root)
        }
        Err(error) => {
            report.problem(&format!("it cannot be loaded: {}", told(&error)), "", "");
            None
        }
    };
    if args.reading.patch == Patches::None || release.is_none() || isa.upstream() == OWN {
        root(args.reading.patch, report);
        return;
    }
    let (Some(upstream), Some(auto)) =
        (root(Patches::Upstream, report), root(Patches::Auto, report))
    else {
        return;
    };
    let release = release.unwrap_or_default();
    if upstream == auto {
        report.fact("patches", "upstream's fit this Go release");
    } else if args.reading.patch == Patches::Auto {
        report.fact(
            "patches",
            "upstream's do not fit this Go release, and are moved by --patch auto",
        );
    } else {
        report.problem(
            &format!("upstream's patches do not fit {release}"),
            "they go by names that Go numbers anew from release to release, and were made for Go \
             1.22: here they skip a function that the program needs",
            "load it with --patch auto (its pre-state hash is then not upstream's), or build it \
             with Go 1.22",
        );
    }
}

fn compressed(release: Option<&str>, report: &mut Report) {
    let remedy = match release.and_then(go::minor) {
        Some(26..) => {
            "build it with -gcflags=all=-d=compressinstructions=0 and \
             -asmflags=all=-d=compressinstructions=0, or with Go 1.25 or older. (The VM that has them, \
             --type imac-1, has no floating-point registers, and Go needs those)"
        }
        _ => {
            "run it with --type imac-1, a VM that has them; or build it without the C extension \
             (-march=rv64ima, target feature -c)"
        }
    };
    report.problem(
        "it has compressed (16-bit) instructions, and the VM faults on them",
        "the RISC-V C extension is on in the compiler; Go turned it on in Go 1.26",
        remedy,
    );
}
