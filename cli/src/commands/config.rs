//! `config`: looks over a file of flags.

use crate::config::{self, check};
use crate::exit::Refused;
use crate::output::{FormatArgs, json_line, print, to_stdout};
use fpvm::analysis::check::counted;
use std::path::PathBuf;

/// Flags of `config`.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(subcommand)]
    command: Sub,
}

#[derive(Debug, clap::Subcommand)]
enum Sub {
    /// Say which command takes which key of a file, and what is wrong with it: unknown, mistyped, missing, contradictory.
    /// Values are not shown. Ends with 1 where something is wrong
    Check(CheckArgs),
}

#[derive(Debug, clap::Args)]
struct CheckArgs {
    /// The file (TOML), as --config takes it
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// Check it for this command; may be given several times [default: those it has a section of, else those that take all
    /// its keys]
    #[arg(long = "command", value_name = "COMMAND", value_delimiter = ',')]
    commands: Vec<String>,
    #[command(flatten)]
    format: FormatArgs,
}

pub(crate) fn run(args: &Args, root: &clap::Command) -> anyhow::Result<()> {
    let Sub::Check(args) = &args.command;
    let (text, table) = config::read(&args.file)?;
    let report = check::check(root, &text, &table, &args.commands)?;
    if args.format.is_json() {
        to_stdout(|out| json_line(out, &report))?;
    } else {
        print(&described(&report))?;
    }
    match report.problems.len() {
        0 => Ok(()),
        count => {
            let (problems, file) = (counted(count, "problem"), args.file.display());
            Err(Refused(format!("{problems} in {file}")).into())
        }
    }
}

/// A line for each key and each problem.
fn described(report: &check::Report) -> String {
    let name = |key: &check::Key| match &key.section {
        Some(section) => format!("{section}.{}", key.key),
        None => key.key.clone(),
    };
    let width = report.keys.iter().map(|key| name(key).len()).max();
    let width = width.unwrap_or_default();
    let mut text = format!("for {}\n", report.commands.join(", "));
    for key in &report.keys {
        let commands = match &*key.commands {
            [] => "nobody".to_owned(),
            some => some.join(", "),
        };
        text.push_str(&format!("  {:width$}  {commands}\n", name(key)));
    }
    for problem in &report.problems {
        let line = problem.line.map(|line| format!("line {line}: "));
        let command = problem.command.as_ref().map(|name| format!("{name}: "));
        let (line, command) = (line.unwrap_or_default(), command.unwrap_or_default());
        text.push_str(&format!("{line}{command}{}\n", problem.message));
    }
    text
}
