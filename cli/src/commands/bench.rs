//! `bench`: how fast this machine runs a program, alone or beside another VM with the same commands.

mod against;

use crate::App;
use crate::any::AnyVm;
use crate::input::InputArgs;
use crate::oracles::SourceArgs;
use crate::output::{Target, print};
use crate::runner::Runner;
use anyhow::Context as _;
use fpvm_core::proof::StepProof;
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
    /// Print JSON
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    source: SourceArgs,
}

/// How many steps are proved and verified.
const PROOFS: u32 = 20;

/// Steps between the first root and the next.
const WARM: u64 = 1_000_000;

/// What was measured. Times are in seconds; where it says so of the processor, over all threads.
#[derive(Debug, Serialize)]
struct Figures {
    vm: &'static str,
    steps: u64,
    exited: bool,
    cpu_seconds: f64,
    steps_per_cpu_second: f64,
    pages: usize,
    cold_root_seconds: f64,
    cold_root_cpu_microseconds_per_page: f64,
    warm_root_seconds: f64,
    prove_seconds: f64,
    verify_seconds: f64,
    save_seconds: f64,
    load_seconds: f64,
    #[serde(skip_serializing_if = "Option::is_none")]
    against: Option<against::Comparison>,
}

pub(crate) fn run(app: &App, args: &Args) -> anyhow::Result<()> {
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
    let (cold, cold_cpu, _) = timed(|| vm.state_root());
    let files = save_and_load(vm.as_mut())?;

    // Once more to the middle: the root after a stretch of the program, proofs.
    let mut vm = args.input.open(app, "")?;
    let mut runner = Runner::new(app, &args.source, None)?.silent();
    let middle = middle(vm.as_mut(), &mut runner, first + steps / 2);
    let (warm, proofs, prove) = runner.finish(middle)?;
    let began = Instant::now();
    for proof in &proofs {
        isa.verify(proof, &mut |key, offset| proof.part(key, offset))?;
    }
    let verify = began.elapsed() / PROOFS;

    let against = match &args.against {
        Some(program) => Some(against::compare(args, app, program, steps)?),
        None => None,
    };
    let cpu = cpu.as_secs_f64();
    let figures = Figures {
        vm: isa.vm_type(),
        steps,
        exited,
        cpu_seconds: cpu,
        steps_per_cpu_second: steps as f64 / cpu,
        pages,
        cold_root_seconds: cold.as_secs_f64(),
        cold_root_cpu_microseconds_per_page: cold_cpu.as_secs_f64() * 1e6 / pages as f64,
        warm_root_seconds: warm.as_secs_f64(),
        prove_seconds: prove.as_secs_f64(),
        verify_seconds: verify.as_secs_f64(),
        save_seconds: files.0.as_secs_f64(),
        load_seconds: files.1.as_secs_f64(),
        against,
    };
    if args.json {
        return Target::Stdout.write_json(&figures);
    }
    print(&figures.table())
}

/// Runs to the middle; gives the time of a root after [`WARM`] more steps, proofs of the steps that
/// follow, and the time of one.
fn middle(
    vm: &mut dyn AnyVm,
    runner: &mut Runner,
    step: u64,
) -> anyhow::Result<(Duration, Vec<StepProof>, Duration)> {
    runner.seek(vm, step)?;
    vm.state_root();
    runner.seek(vm, step.saturating_add(WARM))?;
    let (warm, ..) = timed(|| vm.state_root());
    let began = Instant::now();
    let proofs = (0..PROOFS)
        .map(|_| runner.prove(vm))
        .collect::<Result<_, _>>()?;
    Ok((warm, proofs, began.elapsed() / PROOFS))
}

/// Times of writing and of reading the state as .bin.gz.
fn save_and_load(vm: &mut dyn AnyVm) -> anyhow::Result<(Duration, Duration)> {
    let folder = tempfile::tempdir().context("cannot make a folder for a state")?;
    let path = folder.path().join("state.bin.gz");
    let (save, _, saved) = timed(|| vm.save(&path));
    saved?;
    let (load, _, loaded) = timed(|| vm.isa().load_state(&path, u64::MAX));
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
        row("prove a step", time(self.prove_seconds));
        row("verify a step", time(self.verify_seconds));
        row("write the state, .bin.gz", time(self.save_seconds));
        row("read it", time(self.load_seconds));
        if let Some(against) = &self.against {
            text.push_str(&against.table());
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
