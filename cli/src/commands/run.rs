//! `run`: what op-challenger starts. Runs a guest, and writes proofs and snapshots on the way.

mod ended;
mod info;
mod traceback;

use crate::app::App;
use crate::args::{PlaceArg, PreimageKind, PreimagePrefix, PreimageStop, StepMatcher};
use crate::encoding::ProofEncoding;
use crate::exit::{GuestExit, is_interrupted, is_of_vm};
use crate::input::InputArgs;
use crate::oracles::SourceArgs;
use crate::output::{FormatArgs, StepFormat, Target};
use crate::runner::{Runner, warn_of_end};
use crate::upstream_compat::UpstreamCompat;
use anyhow::{bail, ensure};
use ended::{Cause, Ended, Passed};
use fpvm::AnyVm;
use fpvm::analysis::sample::{EVERY, Samples};
use fpvm::analysis::stack::place;
use fpvm_core::formats::symbols::Symbol;
use info::{DebugInfo, Info};
use std::time::Instant;
use traceback::traceback;

/// Flags of `run`.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(flatten)]
    input: InputArgs,
    /// Where the last state is written to ("" for nowhere, - for stdout) [default: nowhere; as
    /// cannon or asterisc: out.json, or out.bin.gz for VM types of 64 bits]
    #[arg(long, short, alias = "out", value_name = "FILE", value_parser = Target::parser())]
    output: Option<Target>,
    /// Steps that are proved: never, always, =N (step N), %N (every N steps)
    #[arg(long, value_name = "STEPS", value_parser = StepMatcher::parse, default_value = "never")]
    proof_at: StepMatcher,
    /// Names of the proof files (%d is the step; - for stdout)
    #[arg(long, value_name = "FORMAT", value_parser = StepFormat::parse, default_value = "proof-%d.json")]
    proof_fmt: StepFormat,
    /// The form of the memory branches in proofs
    #[arg(long, value_name = "FORM", default_value = "upstream")]
    proof_encoding: ProofEncoding,
    /// Steps before which the state is written: never, always, =N, %N
    #[arg(long, value_name = "STEPS", value_parser = StepMatcher::parse, default_value = "never")]
    snapshot_at: StepMatcher,
    /// Names of these state files (%d is the step) [default: state-%d.bin.gz; as cannon or
    /// asterisc, for older VM types: state-%d.json]
    #[arg(long, value_name = "FORMAT", value_parser = StepFormat::parse)]
    snapshot_fmt: Option<StepFormat>,
    /// Steps before which the run stops: never, always, =N, %N
    #[arg(long, value_name = "STEPS", value_parser = StepMatcher::parse, default_value = "never")]
    stop_at: StepMatcher,
    /// Stop where the program comes to this function, or SYMBOL+N (it is run step by step to there)
    #[arg(long, value_name = "SYMBOL")]
    stop_at_symbol: Option<PlaceArg>,
    /// Stop where the program comes to this address, or to SYMBOL+N (it is run step by step to there)
    #[arg(long, value_name = "ADDRESS|SYMBOL")]
    stop_at_pc: Option<PlaceArg>,
    /// Stop after the first read of a pre-image whose key starts so, at this offset (0 where left
    /// out), not before this step
    #[arg(long, value_name = "KEY[@OFFSET[@STEP]]", value_parser = PreimagePrefix::parse)]
    stop_at_preimage: Option<PreimagePrefix>,
    /// Stop after the first read of a pre-image of this kind
    #[arg(long, value_name = "KIND")]
    stop_at_preimage_type: Option<PreimageKind>,
    /// Stop after the first read of a pre-image of more bytes, its 8-byte length counted in
    #[arg(long, value_name = "SIZE", value_parser = crate::args::size)]
    stop_at_preimage_larger_than: Option<u64>,
    /// Steps at which a line is logged: never, always, =N, %N [default: %1000000000; as cannon or
    /// asterisc, for older VM types: %100000]
    #[arg(long, value_name = "STEPS", value_parser = StepMatcher::parse)]
    info_at: Option<StepMatcher>,
    /// End with the guest's exit code, where it exits
    #[arg(long)]
    exit_code: bool,
    #[command(flatten)]
    format: FormatArgs,
    /// Where memory use and pre-image counts are written to
    #[arg(long, value_name = "FILE", value_parser = Target::parser())]
    debug_info: Option<Target>,
    /// Warn where the guest reads or writes page 0, which is no fault in these VMs; each load and store is run by itself,
    /// which takes many times as long
    #[arg(long, conflicts_with = "debug_info")]
    strict: bool,
    /// Print the guest's call stack and registers to stderr in the end; needs symbols
    #[arg(long)]
    debug: bool,
    /// Print to stderr in the end in which functions the guest spent its steps (upstream's flag
    /// profiles the VM instead)
    #[arg(long = "pprof.cpu")]
    profile: bool,
    #[command(flatten)]
    source: SourceArgs,
}

/// While this many steps are run one by one, a program that waits for ever passes its function that
/// waits: the loop of `runtime.notesleep` has well under a hundred.
const PROBE: u64 = 1000;

/// Steps from one probe to the next.
const PROBE_EVERY: u64 = 50_000_000;

pub(crate) fn run(app: &App, args: &Args) -> anyhow::Result<()> {
    let compat = app.compat;
    check_names("--proof-fmt", args.proof_at, &args.proof_fmt)?;
    if let Some(format) = &args.snapshot_fmt {
        check_names("--snapshot-fmt", args.snapshot_at, format)?;
    }

    args.format.alone(args.targets())?;
    let mut vm = args.input.open(app, compat.meta())?;
    let isa = vm.isa();
    let snapshot_fmt = match &args.snapshot_fmt {
        Some(format) => format.clone(),
        None => StepFormat::parse(compat.snapshot_fmt(isa)).map_err(anyhow::Error::msg)?,
    };
    let info_at = match args.info_at {
        Some(matcher) => matcher,
        None => StepMatcher::parse(compat.info_at(isa)).map_err(anyhow::Error::msg)?,
    };
    try_places(args, &snapshot_fmt, vm.step(), compat.output(isa))?;
    // Upstream's program leaves a branch of earlier steps where a step uses none; nobody looks at it.
    if args.proof_at != StepMatcher::Never && compat == UpstreamCompat::Cannon {
        vm.repeat_branches();
    }
    if args.debug && vm.symbols().all().is_empty() {
        bail!("--debug needs symbols: give --meta, or run the ELF file they are in");
    }
    if args.debug_info.is_some() {
        vm.count();
    }
    if args.strict {
        vm.watch_page_zero();
    }
    tracing::info!(target: "vm", version = vm.isa().vm_type(), "Loaded input state");
    let end = match args.stop_at {
        StepMatcher::At(step) => Some(step),
        _ => None,
    };
    let address = |place: &Option<PlaceArg>| {
        let place = place.as_ref().map(|place| place.address(vm.as_ref()));
        place.transpose()
    };
    let stops = [address(&args.stop_at_symbol)?, address(&args.stop_at_pc)?];
    let (began, first) = (Instant::now(), vm.step());
    let mut run = Run {
        info: Info::new(info_at, vm.as_ref()),
        reads: PreimageStop::new(
            args.stop_at_preimage.clone(),
            args.stop_at_preimage_type,
            args.stop_at_preimage_larger_than,
        ),
        sleep: vm
            .isa()
            .about()
            .sleep
            .and_then(|name| vm.symbols().named(name).cloned()),
        profile: args.profile.then(|| Samples::new(EVERY)),
        snapshot_fmt,
        stops,
        first,
        args,
    };
    let mut runner = Runner::new(app, &args.source, end)?;
    if compat == UpstreamCompat::Fpvm {
        let results = args.writes_to_stdout();
        runner = runner.with_console(Box::new(Passed::new(app.screen.clone(), results)));
    }
    let ran = run.execute(vm.as_mut(), &mut runner);
    let (exited, code) = (vm.exited(), vm.exit_code());
    if compat != UpstreamCompat::Fpvm {
        tracing::info!(target: "vm", exited, code, "Execution stopped");
    }
    let stats = runner.stats();
    let cause = ran.as_ref().map_or_else(Cause::of, |cause| *cause);
    let ran = runner.finish(ran.map(drop));
    if let Some(profile) = &run.profile {
        app.screen
            .print(&profile.profile(vm.as_ref(), vm.step()).table(false));
    }
    if compat == UpstreamCompat::Fpvm && exited {
        warn_of_steps_behind(args, vm.step());
    }
    if args.strict {
        info::warn_of_page_zero(vm.as_ref());
    }
    if args.debug {
        app.screen
            .print(&traceback(vm.as_mut(), app.lines().as_ref()));
    }

    // Whatever ended the run, the state before the step that failed is a good one.
    let default = Target::from(compat.output(isa));
    let output = match (&args.output, &ran) {
        (Some(output), Ok(())) => output,
        (Some(output), Err(error)) if is_of_the_run(error) => output,
        (None, Ok(())) => &default,
        (_, Err(_)) => &Target::Nowhere,
    };
    let written = output
        .write_state(vm.as_mut())
        .and_then(|()| match &args.debug_info {
            Some(target) => target.write_json(&DebugInfo::new(vm.as_ref(), stats)),
            None => Ok(()),
        });
    if compat == UpstreamCompat::Fpvm {
        let error = ran.as_ref().err();
        let cause = match (error, cause) {
            // The run was well, and what came after it was not.
            (Some(error), cause) if !cause.is_of_an_error() => Cause::of(error),
            (_, cause) => cause,
        };
        let ended = Ended::of(vm.as_mut(), first, began.elapsed(), cause, error);
        if error.is_none_or(is_of_the_run) {
            ended.log();
        }
        if args.format.is_json() {
            Target::Stdout.write_json(&ended)?;
        }
    }
    ran.and(written)?;
    if args.exit_code && exited && code != 0 {
        Err(GuestExit(code).into())
    } else {
        Ok(())
    }
}

impl Args {
    /// What the run writes besides the end of it, with the flags that say where.
    fn targets(&self) -> impl Iterator<Item = (&'static str, &Target)> {
        let flags = [
            ("--output", self.output.as_ref()),
            ("--debug-info", self.debug_info.as_ref()),
        ];
        let stdout = &Target::Stdout;
        let formats = [
            ("--proof-fmt", self.proof_at, Some(&self.proof_fmt)),
            (
                "--snapshot-fmt",
                self.snapshot_at,
                self.snapshot_fmt.as_ref(),
            ),
        ];
        let formats = formats.into_iter().filter(|(_, at, format)| {
            let goes = format.is_some_and(|format| format.target(0) == Target::Stdout);
            *at != StepMatcher::Never && goes
        });
        let flags = flags.into_iter();
        let flags = flags.filter_map(|(flag, target)| Some((flag, target?)));
        flags.chain(formats.map(move |(flag, ..)| (flag, stdout)))
    }

    /// Whether results of the run go to stdout, where what the guest prints would spoil them.
    fn writes_to_stdout(&self) -> bool {
        let mut targets = self.targets();
        self.format.is_json() || targets.any(|(_, target)| *target == Target::Stdout)
    }
}

/// Tries whether all that the run will write can be written, before it runs.
fn try_places(args: &Args, snapshots: &StepFormat, step: u64, output: &str) -> anyhow::Result<()> {
    let each = |at: StepMatcher, format: &StepFormat| at.next(step).map(|step| format.target(step));
    let output = args.output.clone().unwrap_or(Target::from(output));
    let places = [
        Some(output),
        args.debug_info.clone(),
        each(args.snapshot_at, snapshots),
        each(args.proof_at, &args.proof_fmt),
    ];
    places.iter().flatten().try_for_each(Target::try_place)
}

/// Says which steps that flags name there were not, because the program has exited.
fn warn_of_steps_behind(args: &Args, end: u64) {
    let flags = [
        ("--proof-at", args.proof_at),
        ("--snapshot-at", args.snapshot_at),
        ("--stop-at", args.stop_at),
    ];
    for (flag, at) in flags {
        match at {
            StepMatcher::At(step) if step >= end => warn_of_end(flag, step, end),
            _ => {}
        }
    }
}

/// Whether an error left the machine between two steps, and nothing else is wrong.
fn is_of_the_run(error: &anyhow::Error) -> bool {
    is_of_vm(error) || is_interrupted(error)
}

/// Refuses names that would have each file overwrite the one before.
fn check_names(flag: &str, at: StepMatcher, format: &StepFormat) -> anyhow::Result<()> {
    let overwrites = at.repeats() && format.is_constant() && format.target(0) != Target::Stdout;
    ensure!(
        !overwrites,
        "{flag} has no %d: each file would overwrite the one before"
    );
    Ok(())
}

/// One run.
struct Run<'a> {
    args: &'a Args,
    info: Info,
    reads: PreimageStop,
    /// The function in which a program waits for ever.
    sleep: Option<Symbol>,
    profile: Option<Samples>,
    snapshot_fmt: StepFormat,
    /// Addresses at which the run stops, but not where it began.
    stops: [Option<u64>; 2],
    first: u64,
}

impl Run<'_> {
    /// Upstream's loop, in its order: log, stop, snapshot, proof, then what was read. It turns only
    /// at steps where there is something to do.
    fn execute(&mut self, vm: &mut dyn AnyVm, runner: &mut Runner) -> anyhow::Result<Cause> {
        let args = self.args;
        let mut probe = vm.step().saturating_add(PROBE_EVERY);
        let mut cause = Cause::Exited;
        while !vm.exited() {
            let step = vm.step();
            if self.info.at.matches(step) {
                self.info.log(vm);
            }
            self.check_asleep(vm)?;
            if args.stop_at.matches(step) {
                tracing::info!(target: "vm", "Reached stop at");
                cause = Cause::AtStep;
                break;
            }
            if step > self.first && self.stops.contains(&Some(vm.pc())) {
                let (pc, place) = (format!("{:#x}", vm.pc()), place(vm, vm.pc()).to_string());
                let (pc, place) = (pc.as_str(), place.as_str());
                tracing::info!(target: "vm", step, pc, place, "Reached the address to stop at");
                let [symbol, _] = self.stops;
                let is_symbol = symbol == Some(vm.pc());
                return Ok(if is_symbol {
                    Cause::AtSymbol
                } else {
                    Cause::AtAddress
                });
            }
            if args.snapshot_at.matches(step) {
                self.snapshot_fmt.target(step).write_state(vm)?;
            }
            if args.proof_at.matches(step) {
                let proof = runner.prove(vm)?;
                let proof = args.proof_encoding.of(vm.isa(), proof)?;
                args.proof_fmt.target(step).write_json(&proof)?;
            } else {
                if step >= probe.saturating_add(PROBE) {
                    probe = step.saturating_add(PROBE_EVERY);
                }
                let until = self
                    .next(step)
                    .min(if step < probe { probe } else { step + 1 });
                runner.slice(vm, until, self.reads.is_set())?;
                if let Some(profile) = &mut self.profile {
                    profile.take(vm);
                }
            }
            if self.reads.is_set()
                && let Some(read) = vm.last_read()
                && self.reads.matches(step, read)
            {
                let (key, offset) = (const_hex::encode(read.key), read.offset);
                let size = read.value.len() as u64 + 8;
                tracing::info!(target: "vm", key, offset, size, "Stopping at preimage read");
                cause = Cause::AtPreimage;
                break;
            }
        }
        if self.stops != [None; 2] {
            tracing::warn!(target: "vm", "The program has not come to the address to stop at; the step where the run begins does not count");
        }
        Ok(cause)
    }

    /// The next step after this at which there is something to do.
    fn next(&self, step: u64) -> u64 {
        let args = self.args;
        let at = [self.info.at, args.stop_at, args.snapshot_at, args.proof_at];
        let after = step.saturating_add(1);
        if self.stops != [None; 2] {
            return after;
        }
        let next = at.iter().filter_map(|at| at.next(after)).min();
        let look = self.profile.as_ref().map(|_| step.saturating_add(EVERY));
        next.into_iter().chain(look).min().unwrap_or(u64::MAX)
    }

    /// Upstream looks at every step whether the program waits for another thread, of which there is
    /// none. It never gets out of that, so it is enough to look now and then, closely.
    fn check_asleep(&self, vm: &dyn AnyVm) -> anyhow::Result<()> {
        if let Some(symbol) = &self.sleep
            && vm
                .pc()
                .checked_sub(symbol.start)
                .is_some_and(|at| at < symbol.size)
        {
            let (step, name) = (vm.step(), symbol.readable());
            bail!(
                "detected an infinite loop at step {step}: the program waits in {name} for another thread, and there is none"
            );
        }
        Ok(())
    }
}
