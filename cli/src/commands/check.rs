//! `check`: looks at a program before anybody runs it.

use crate::app::App;
use crate::exit::{Refused, describe};
use crate::input::ReadingArgs;
use crate::output::{FormatArgs, Target, print};
use fpvm::analysis::check::{Report, counted};
use fpvm::{OWN, Patches, check_program};
use serde::Serialize;
use std::path::PathBuf;

/// Flags of `check`.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The program (ELF); - for standard input
    #[arg(value_name = "FILE")]
    file: PathBuf,
    #[command(flatten)]
    format: FormatArgs,
    #[command(flatten)]
    reading: ReadingArgs,
}

/// What `--json` prints.
#[derive(Serialize)]
struct Checked<'a> {
    file: String,
    problems: usize,
    #[serde(flatten)]
    report: &'a Report,
}

pub(crate) fn run(app: &App, args: &Args) -> anyhow::Result<()> {
    let mut input = app.inputs.open(&args.file)?;
    let file = args.file.display().to_string();
    if let Some(isa) = app.vms.of_state(&mut input) {
        let vm_type = isa.vm_type();
        let words = "check looks at programs (ELF), and a state's program is gone into its memory";
        return Err(Refused(format!("{file} is a state of {vm_type}: {words}")).into());
    }
    let report = look(app, args, &input.into_bytes()?)?;
    let problems = report.problems();
    if args.format.is_json() {
        Target::Stdout.write_json(&Checked {
            file,
            problems,
            report: &report,
        })?;
    } else {
        print(&report.to_string())?;
    }
    match problems {
        0 => Ok(()),
        n => {
            let file = args.file.display();
            let problems = counted(n, "problem");
            Err(Refused(format!("{file} will not run: {problems}")).into())
        }
    }
}

fn look(app: &App, args: &Args, bytes: &[u8]) -> anyhow::Result<Report> {
    let vms = args.reading.vms(app)?;
    let isa = match vms.of_program(bytes) {
        Ok(isa) => isa,
        Err(error) => {
            let mut report = Report::default();
            report.problem(
                describe(&error.into()),
                "",
                "build the program for one of these VMs",
            );
            return Ok(report);
        }
    };
    let mut report = check_program(isa, bytes, args.reading.patches());
    // With the changes that were asked for, and with the others that make sense.
    let of_go = args.reading.patches() != Patches::None && isa.about().upstream != OWN;
    let patches: &[_] = if of_go && fpvm::analysis::go::release(bytes).is_some() {
        &[(Patches::Upstream, "upstream"), (Patches::Auto, "auto")]
    } else {
        match args.reading.patches() {
            Patches::Upstream => &[(Patches::Upstream, "upstream")],
            Patches::Auto => &[(Patches::Auto, "auto")],
            Patches::None => &[(Patches::None, "none")],
        }
    };
    for (patches, name) in patches {
        if let Ok(mut vm) = isa.load_program(bytes, *patches) {
            let root = const_hex::encode_prefixed(vm.state_root());
            report.fact("pre-state", &format!("{root} with --patch {name}"));
        }
    }
    Ok(report)
}
