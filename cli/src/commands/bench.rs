//! `bench`: how fast this machine runs a program, alone or beside another VM with the same commands.

mod against;
mod explain;
mod tiers;

use crate::app::App;
use crate::input::InputArgs;
use crate::oracles::SourceArgs;
use crate::output::{FormatArgs, Target, print};
use crate::runner::Runner;
use anyhow::Context as _;
use fpvm::AnyVm;
use fpvm_core::formats::files::{self, FileKind};
use fpvm_core::step::proof::StepProof;
use rustix::time::{ClockId, clock_gettime};
use serde::Serialize;
use std::fmt::Write as _;
use std::path::PathBuf;
use std::time::{Duration, Instant};

/// Flags of `bench`.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(flatten)]
    input: InputArgs,
    /// At most so many steps
    #[arg(long, value_name = "N", value_parser = crate::args::number, default_value = "1000000000")]
    steps: u64,
    /// Run this VM beside, with the same commands: a cannon, an asterisc, another fpvm. What is
    /// measured are then whole commands
    #[arg(long, value_name = "PROGRAM")]
    against: Option<PathBuf>,
    /// Say too where the program was outside of translated code, and why: by reason, and by address
    #[arg(long)]
    explain: bool,
    #[command(flatten)]
    format: FormatArgs,
    #[command(flatten)]
    source: SourceArgs,
}

/// How many proofs are verified.
const PROOFS: u32 = 20;

/// How many steps in a row are proved, at most, and how many have their root taken.
const ROW: u64 = 200_000;

/// Steps between the first root and the next.
const WARM: u64 = 1_000_000;

/// What was measured. Times are in seconds; where it says so of the processor, over all threads.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Figures {
    vm: &'static str,
    steps: u64,
    exited: bool,
    cpu_seconds: f64,
    steps_per_cpu_second: f64,
    /// The same run by the interpreter, where the one above was the translator's.
    #[serde(skip_serializing_if = "Option::is_none")]
    interpreter: Option<tiers::Interpreter>,
    /// Where the translator's run was outside of its code.
    #[serde(skip_serializing_if = "Option::is_none")]
    outside: Option<explain::Untranslated>,
    pages: usize,
    cold_root_seconds: f64,
    cold_root_cpu_microseconds_per_page: f64,
    warm_root_seconds: f64,
    prove_cpu_seconds: f64,
    roots_per_cpu_second: f64,
    verify_seconds: f64,
    save_seconds: f64,
    load_seconds: f64,
    #[serde(skip_serializing_if = "Option::is_none")]
    against: Option<against::Comparison>,
}

pub(crate) fn run(app: &App, args: &Args) -> anyhow::Result<()> {
    if let Some(program) = &args.against {
        against::try_program(program)?;
    }
    let mut vm = args.input.open(app, "")?;
    let (isa, first) = (vm.isa(), vm.step());
    let end = first.saturating_add(args.steps);

    // To the end, or as far as asked: the whole run's speed.
    let mut runner = Runner::new(app, &args.source, Some(end))?.silent();
    let (_, cpu, ran) = timed(|| runner.seek(vm.as_mut(), end));
    runner.finish(ran)?;
    let (steps, exited) = (vm.step() - first, vm.exited());
    let pages = vm.page_count();
    // No root was taken before, so this one hashes every page.
    let (cold, cold_cpu, root) = timed(|| vm.state_root());
    let files = save_and_load(vm.as_mut())?;

    // Once more to the middle: the root after a stretch of the program, proofs.
    let mut vm = args.input.open(app, "")?;
    let mut runner = Runner::new(app, &args.source, None)?.silent();
    let middle = middle(vm.as_mut(), &mut runner, first + steps / 2);
    let Middle {
        warm,
        proofs,
        prove,
        roots,
    } = runner.finish(middle)?;
    let began = Instant::now();
    for proof in &proofs {
        isa.verify(proof, &mut |key, offset| proof.part(key, offset))?;
    }
    let verify = began.elapsed() / (proofs.len().max(1) as u32);

    let cpu = cpu.as_secs_f64();
    let interpreter = if vm.is_translated() {
        Some(tiers::compare(app, args, end, steps, cpu, root)?)
    } else {
        None
    };
    let outside = if args.explain {
        Some(explain::explain(app, args, end, steps)?)
    } else {
        None
    };
    let against = match &args.against {
        Some(program) => Some(against::compare(args, app, program, steps)?),
        None => None,
    };
    let figures = Figures {
        vm: isa.vm_type(),
        steps,
        exited,
        cpu_seconds: cpu,
        steps_per_cpu_second: steps as f64 / cpu,
        interpreter,
        outside,
        pages,
        cold_root_seconds: cold.as_secs_f64(),
        cold_root_cpu_microseconds_per_page: cold_cpu.as_secs_f64() * 1e6 / pages as f64,
        warm_root_seconds: warm.as_secs_f64(),
        prove_cpu_seconds: prove,
        roots_per_cpu_second: roots,
        verify_seconds: verify.as_secs_f64(),
        save_seconds: files.0.as_secs_f64(),
        load_seconds: files.1.as_secs_f64(),
        against,
    };
    if args.format.is_json() {
        return Target::Stdout.write_json(&figures);
    }
    print(&figures.table())
}

/// What is measured in the middle of a run.
struct Middle {
    /// Time of a root [`WARM`] steps after the last.
    warm: Duration,
    /// Proofs of some of the steps that follow.
    proofs: Vec<StepProof>,
    /// Seconds of the processor that the proof of a step takes, step after step.
    prove: f64,
    /// State roots a second of the processor, after each step.
    roots: f64,
}

/// Runs to the middle and measures there.
fn middle(vm: &mut dyn AnyVm, runner: &mut Runner, step: u64) -> anyhow::Result<Middle> {
    runner.seek(vm, step)?;
    vm.state_root();
    runner.seek(vm, step.saturating_add(WARM))?;
    let (warm, ..) = timed(|| vm.state_root());
    let mut proofs = Vec::new();
    let mut proved = 0;
    let (_, cpu, done) = timed(|| -> anyhow::Result<()> {
        while proved < ROW && (!vm.exited() || proved == 0) {
            let proof = runner.prove(vm)?;
            if proofs.len() < PROOFS as usize {
                proofs.push(proof);
            }
            proved += 1;
        }
        Ok(())
    });
    done?;
    let prove = cpu.as_secs_f64() / proved as f64;
    let (_, cpu, roots) = timed(|| runner.roots(vm, ROW));
    let roots = roots? as f64 / cpu.as_secs_f64();
    Ok(Middle {
        warm,
        proofs,
        prove,
        roots,
    })
}

/// Times of writing and of reading the state as .bin.gz.
fn save_and_load(vm: &mut dyn AnyVm) -> anyhow::Result<(Duration, Duration)> {
    let folder = tempfile::tempdir().context("cannot make a folder for a state")?;
    let path = folder.path().join("state.bin.gz");
    let (save, _, saved) = timed(|| vm.save(&path));
    saved?;
    let (load, _, loaded) = timed(|| {
        let mut file = files::open(&path)?;
        let loaded = vm
            .isa()
            .load_state(&path, FileKind::of(&path), &mut file, u64::MAX);
        loaded.map_err(anyhow::Error::new)
    });
    loaded?;
    Ok((save, load))
}

/// Time by the clock and of the processor that something takes.
fn timed<T>(what: impl FnOnce() -> T) -> (Duration, Duration, T) {
    let (began, cpu) = (Instant::now(), cpu_time());
    let value = what();
    (began.elapsed(), cpu_time().saturating_sub(cpu), value)
}

/// Processor time of this process so far.
fn cpu_time() -> Duration {
    let time = clock_gettime(ClockId::ProcessCPUTime);
    let seconds = u64::try_from(time.tv_sec).unwrap_or_default();
    Duration::new(seconds, u32::try_from(time.tv_nsec).unwrap_or_default())
}

impl Figures {
    fn table(&self) -> String {
        let mut text = String::new();
        let end = if self.exited { "to its end" } else { "of it" };
        let mut row = |name: &str, value: String| {
            let _ = writeln!(text, "{name:<26}{value}");
        };
        row("VM", self.vm.into());
        row(
            "steps",
            format!("{} {end}, {:.2} s of CPU", self.steps, self.cpu_seconds),
        );
        row(
            "steps per CPU-second",
            format!("{:.1} million", self.steps_per_cpu_second / 1e6),
        );
        if let Some(interpreter) = &self.interpreter {
            row("  by the interpreter", interpreter.text());
        }
        let (cold, each) = (
            self.cold_root_seconds,
            self.cold_root_cpu_microseconds_per_page,
        );
        let pages = self.pages;
        row(
            "cold root",
            format!("{} ({pages} pages, {each:.1} µs of CPU each)", time(cold)),
        );
        row("root a million steps on", time(self.warm_root_seconds));
        row("prove each step", time(self.prove_cpu_seconds) + " of CPU");
        row(
            "roots per CPU-second",
            format!(
                "{:.2} million, after each step",
                self.roots_per_cpu_second / 1e6
            ),
        );
        row("verify a step", time(self.verify_seconds));
        row("write the state, .bin.gz", time(self.save_seconds));
        row("read it", time(self.load_seconds));
        if let Some(outside) = &self.outside {
            text.push_str(&outside.table());
        }
        if let Some(against) = &self.against {
            let interpreter = self.interpreter.as_ref();
            text.push_str(&against.table(interpreter.map(|run| run.steps_per_cpu_second)));
        }
        text
    }
}

/// A time with three digits.
fn time(seconds: f64) -> String {
    match seconds {
        s if s < 1e-3 => format!("{:.1} µs", s * 1e6),
        s if s < 1.0 => format!("{:.2} ms", s * 1e3),
        s => format!("{s:.2} s"),
    }
}
