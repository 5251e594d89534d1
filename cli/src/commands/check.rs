//! `check`: looks at a program before anybody runs it.

use crate::app::App;
use crate::exit::{Refused, told};
use crate::input::ReadingArgs;
use crate::output::print;
use fpvm::analysis::check::{Code, Report, check};
use fpvm::analysis::go;
use fpvm::{AnyIsa, OWN, Patches, read_file};
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
    let bytes = read_file(&args.file)?;
    let mut report = Report::default();
    look(app, args, &bytes, &mut report)?;
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

fn look(app: &App, args: &Args, bytes: &[u8], report: &mut Report) -> anyhow::Result<()> {
    let vms = args.reading.vms(app)?;
    let isa = match vms.of_program(bytes) {
        Ok(isa) => isa,
        Err(error) => {
            report.problem(
                &told(&error.into()),
                "",
                "build the program for one of these VMs",
            );
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
    check(&code, bytes, report);
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
            report.problem(
                &format!(
                    "it cannot be loaded: {}",
                    told(&anyhow::Error::from_boxed(error))
                ),
                "",
                "",
            );
            None
        }
    };
    if args.reading.patches() == Patches::None || release.is_none() || isa.about().upstream == OWN {
        root(args.reading.patches(), report);
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
    } else if args.reading.patches() == Patches::Auto {
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
