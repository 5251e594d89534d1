//! Two VMs with the same commands, side by side: whole commands, by their processor time.

use super::Args;
use crate::app::App;
use crate::output::print;
use anyhow::{Context as _, bail};
use nix::sys::resource::{UsageWho, getrusage};
use nix::sys::time::TimeVal;
use serde::Serialize;
use std::ffi::OsString;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// Processor times of both, in seconds, their hosts' included.
#[derive(Debug, Serialize)]
pub(super) struct Comparison {
    program: PathBuf,
    steps: u64,
    /// `run`: all steps, without what a run of no step takes.
    run: [f64; 2],
    /// `run` of no step: read a state, and write it.
    files: [f64; 2],
    /// `witness`: read the last state, and hash it.
    witness: [f64; 2],
    /// Whether both end with the same state.
    equal: bool,
}

/// Tries whether the other VM can be started at all, before anything is measured.
pub(super) fn try_program(program: &Path) -> anyhow::Result<()> {
    let mut command = Command::new(program);
    command.arg("--help").stdin(Stdio::null());
    let started = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn();
    let ended = started.and_then(|mut child| child.wait());
    ended
        .map(drop)
        .with_context(|| format!("cannot run {}, which --against names", program.display()))
}

/// Runs the same commands with this program and with another.
pub(super) fn compare(
    args: &Args,
    app: &App,
    program: &Path,
    steps: u64,
) -> anyhow::Result<Comparison> {
    let own = std::env::current_exe().context("cannot find this program")?;
    let folder = tempfile::tempdir().context("cannot make a folder for states")?;
    let file = |name: &str| folder.path().join(name);
    let mut vm = args.input.open(app, "")?;
    let start = file("start.bin.gz");
    vm.save(&start)?;
    let first = vm.step();
    let host = args.source.host_command(&own)?;

    let (mut run, mut files, mut witness) = ([0.0; 2], [0.0; 2], [0.0; 2]);
    let mut said = Vec::new();
    for (i, program) in [own.as_path(), program].into_iter().enumerate() {
        let end = file(&format!("end-{i}.bin.gz"));
        let stopped = |stop: u64, host: &[OsString]| {
            let mut words: Vec<OsString> =
                vec!["run".into(), "--input".into(), start.clone().into()];
            words.extend(["--output".into(), end.clone().into()]);
            words.extend(["--meta", "", "--info-at", "never"].map(OsString::from));
            words.extend(["--stop-at".into(), format!("={stop}").into()]);
            if i == 0 {
                words.extend(args.input.tier_words());
            }
            if !host.is_empty() {
                words.push("--".into());
                words.extend_from_slice(host);
            }
            words
        };
        files[i] = time(program, &stopped(first, &[]))?.0;
        run[i] = time(program, &stopped(first.saturating_add(steps), &host))?.0 - files[i];
        let words: Vec<OsString> = vec!["witness".into(), "--input".into(), end.into()];
        let (seconds, stdout) = time(program, &words)?;
        witness[i] = seconds;
        said.push(witness_of(&stdout));
    }
    let equal =
        said.windows(2).all(|pair| pair.first() == pair.last()) && said.iter().all(Option::is_some);
    if !equal {
        print("the two VMs end in different states\n")?;
    }
    Ok(Comparison {
        program: program.into(),
        steps,
        run,
        files,
        witness,
        equal,
    })
}

/// Runs a command; gives its processor time and what it printed.
fn time(program: &Path, words: &[OsString]) -> anyhow::Result<(f64, Vec<u8>)> {
    let shown = || {
        format!(
            "{} {}",
            program.display(),
            words.join(" ".as_ref()).to_string_lossy()
        )
    };
    let before = children()?;
    let mut command = Command::new(program);
    command
        .args(words)
        .stdin(Stdio::null())
        .stderr(Stdio::piped());
    let done = command
        .output()
        .with_context(|| format!("cannot run `{}`", shown()))?;
    if !done.status.success() {
        let said = String::from_utf8_lossy(&done.stderr);
        let last = said.trim_end().lines().next_back().unwrap_or_default();
        bail!("`{}` failed ({}): {last}", shown(), done.status);
    }
    Ok((children()? - before, done.stdout))
}

/// Processor time of all child processes that have ended, in seconds.
fn children() -> anyhow::Result<f64> {
    let usage = getrusage(UsageWho::RUSAGE_CHILDREN).context("cannot read processor times")?;
    let seconds = |time: TimeVal| time.tv_sec() as f64 + time.tv_usec() as f64 / 1e6;
    Ok(seconds(usage.user_time()) + seconds(usage.system_time()))
}

fn witness_of(stdout: &[u8]) -> Option<String> {
    let said: serde_json::Value = serde_json::from_slice(stdout).ok()?;
    Some(said.get("witness")?.as_str()?.to_string())
}

impl Comparison {
    /// With the interpreter's steps a CPU-second, where the translator ran.
    pub(super) fn table(&self, interpreter: Option<f64>) -> String {
        let mut text = format!(
            "\n{:<26}{:>12}{:>12}",
            "CPU-seconds of commands", "this", "other"
        );
        let _ = writeln!(text, "{:>10}   other: {}", "ratio", self.program.display());
        let rows = [
            ("run", self.run),
            ("run of no step", self.files),
            ("witness of the end", self.witness),
        ];
        for (name, [own, other]) in rows {
            let ratio = other / own;
            let _ = writeln!(text, "{name:<26}{own:>12.3}{other:>12.3}{ratio:>9.1}×");
        }
        let [own, other] = self.run.map(|seconds| self.steps as f64 / seconds / 1e6);
        let mut rate = |name: &str, own: f64| {
            let ratio = own / other;
            let _ = writeln!(text, "{name:<26}{own:>12.1}{other:>12.1}{ratio:>9.1}×");
        };
        rate("million steps a second", own);
        if let Some(interpreter) = interpreter {
            rate("  by the interpreter", interpreter / 1e6);
        }
        let equal = if self.equal { "equal" } else { "DIFFERENT" };
        let _ = writeln!(text, "{:<26}{equal}", "last states");
        text
    }
}
