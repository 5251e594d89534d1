//! `doctor`: looks whether a service has all that it needs, and says what is missing and what to do about it.

mod daemon;
mod examine;
mod games;
mod here;
mod l1;
mod needs;
mod rollup;

use crate::app::App;
use crate::cli::Command;
use crate::exit::Found;
use crate::output::{Format, json, print, to_stdout};
use anyhow::bail;
use examine::{Finding, Grade, examine};
use std::ffi::OsString;
use std::sync::Arc;
use std::time::Duration;

pub(crate) use needs::{Needs, Programs, Role};

/// For how long a node that does not answer is asked again.
const PATIENCE: Duration = Duration::from_secs(3);

/// Flags of `doctor`.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Ask a service that runs and serves its figures at this address (127.0.0.1:7300) whether it is well, and nothing else
    #[arg(long, value_name = "HOST:PORT", conflicts_with = "line")]
    daemon: Option<String>,
    /// With --daemon: the oldest that the L1 block may be which it has seen last
    #[arg(long, value_name = "TIME", value_parser = crate::args::duration, default_value = "10m", requires = "daemon")]
    max_age: Duration,
    /// A check that has not ended after this time has failed
    #[arg(long, value_name = "TIME", value_parser = crate::args::duration, default_value = "1m")]
    deadline: Duration,
    /// The command line that is to be checked, with all its flags: challenge, monitor, propose or rehearse. With --format json among
    /// them the findings are printed so
    #[arg(
        value_name = "COMMAND",
        required_unless_present = "daemon",
        trailing_var_arg = true,
        allow_hyphen_values = true
    )]
    line: Vec<OsString>,
}

pub(crate) fn run(app: &App, args: &Args) -> anyhow::Result<()> {
    if let Some(address) = &args.daemon {
        return report(&daemon::look(address, args.max_age), Format::Text);
    }
    let line = crate::read(app.compat, args.line.clone())?;
    let (needs, format) = match &line.command {
        Command::Challenge(args) => (args.needs(app)?, args.format()),
        Command::Monitor(args) => (args.needs(), args.format()),
        Command::Propose(args) => (args.needs(), args.format()),
        Command::Rehearse(args) => (args.needs(app)?, args.format()),
        _ => bail!(
            "doctor looks after challenge, monitor, propose and rehearse: write one of them, with its flags, behind `doctor`"
        ),
    };
    let needs = Arc::new(needs);
    let findings = examine(needs::checks(&needs), args.deadline);
    report(&findings, format)
}

/// Prints what was found. The exit code is 1 where something has failed.
fn report(findings: &[Finding], format: Format) -> anyhow::Result<()> {
    let count = |grade| findings.iter().filter(|found| found.grade == grade).count();
    let (failures, warnings) = (count(Grade::Failure), count(Grade::Warning));
    match format {
        Format::Json => to_stdout(|out| json(out, &findings))?,
        Format::Text => {
            let lines: String = findings.iter().map(ToString::to_string).collect();
            let end = match (failures, warnings) {
                (0, 0) => "all is well".into(),
                _ => format!(
                    "{failures} of {} checks failed, {warnings} warn",
                    findings.len()
                ),
            };
            print(&format!("{lines}{end}\n"))?;
        }
    }
    match failures {
        0 => Ok(()),
        _ => Err(Found(1).into()),
    }
}
