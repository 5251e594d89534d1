//! `bisect`: the first step at which two runs part, and both states there.

mod effects;
mod external_vm;
mod outcome;

use crate::app::App;
use crate::exit::Refused;
use crate::hosted::{self, Hosted};
use crate::input::InputArgs;
use crate::oracles::SourceArgs;
use crate::output::{FormatArgs, Target, print};
use anyhow::{Context as _, ensure};
use external_vm::{ExternalVm, is_vm};
use fpvm::AnyVm;
use fpvm_checkpoints::bisect::{Pair, Parting, bisect, narrow};
use fpvm_checkpoints::depot::Depot;
use fpvm_checkpoints::manifest::{Entry, Manifest};
use fpvm_checkpoints::warm::Warm;
use fpvm_checkpoints::{Machine, Root, step_by_step};
use fpvm_core::definition::state::{STATUS_UNFINISHED, state_hash};
use fpvm_core::machine::memory::PAGE_SIZE;
use fpvm_core::machine::snapshot::Snapshot;
use fpvm_trace::{Hosts, MachineError};
use outcome::{Both, Outcome, Register, Side, Word};
use std::path::{Path, PathBuf};

/// Flags of `bisect`.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Another program or state; another VM with the same commands (./cannon, …), which runs the
    /// same; or checkpoints that somebody claims: their place, or a manifest's file
    #[arg(value_name = "OTHER")]
    other: PathBuf,
    #[command(flatten)]
    input: InputArgs,
    /// Look no further than this step [default: the end of the programs]
    #[arg(long, value_name = "N", value_parser = crate::args::number)]
    until: Option<u64>,
    /// Compare every so many steps first
    #[arg(long, value_name = "K", value_parser = crate::args::number, default_value = "10000000")]
    stride: u64,
    #[command(flatten)]
    format: FormatArgs,
    #[command(flatten)]
    source: SourceArgs,
}

/// Prints what a comparison came to, as JSON or as this text.
fn told(format: FormatArgs, outcome: &Outcome, text: &str) -> anyhow::Result<()> {
    if format.is_json() {
        Target::Stdout.write_json(outcome)
    } else {
        print(text)
    }
}

/// As JSON, what is an error otherwise: where two part.
fn part(format: FormatArgs, outcome: &Outcome, text: String) -> anyhow::Result<()> {
    if format.is_json() {
        Target::Stdout.write_json(outcome)?;
    }
    Err(Refused(text).into())
}

/// Places of memory that are shown.
const SHOWN: usize = 16;

pub(crate) fn run(app: &App, args: &Args) -> anyhow::Result<()> {
    let claimed = manifest(&args.other)?;
    if let (Some(claimed), Some(own)) = (&claimed, manifest(args.input.path())?) {
        return two_manifests(args.format, claimed, &own);
    }
    if claimed.is_none()
        && !is_vm(app, &args.other)
        && let Some(builds) = two_builds(app, args)?
    {
        let until = args.until.unwrap_or(u64::MAX);
        return effects::compare(&args.source, builds, until, args.format);
    }
    let hosts = hosted::open(&args.source)?;
    let found = search(app, args, claimed.as_ref(), &hosts);
    hosted::finish(hosts, found)
}

/// Both programs, where they are two whose functions have names, at the same step and with other memory.
fn two_builds(app: &App, args: &Args) -> anyhow::Result<Option<[Box<dyn AnyVm>; 2]>> {
    let mut other = args.input.open_other(app, &args.other)?;
    if other.symbols().all().is_empty() {
        return Ok(None);
    }
    let mut own = args.input.open(app, "")?;
    let differ = own.step() == other.step() && own.state_root() != other.state_root();
    Ok((differ && !own.symbols().all().is_empty()).then_some([other, own]))
}

/// The manifest in a file, or at a place of checkpoints; `None` where it is something else.
fn manifest(path: &Path) -> anyhow::Result<Option<Manifest>> {
    if let Some(place) = path.to_str()
        && (path.is_dir() || place.contains("://"))
    {
        let depot = Depot::open(place)?;
        return Ok(Some(Manifest::load(&depot, &Manifest::file_name(None))?));
    }
    if path.extension().is_none_or(|extension| extension != "json") {
        return Ok(None);
    }
    let bytes = fpvm::read_file(path)?;
    if Manifest::is_one(&bytes) {
        Ok(Some(Manifest::parse(&bytes, &path.display().to_string())?))
    } else {
        Ok(None)
    }
}

/// Compares two claimed lists, without running anything.
fn two_manifests(format: FormatArgs, a: &Manifest, b: &Manifest) -> anyhow::Result<()> {
    let root = |manifest: &Manifest, step| {
        let entry = manifest.before(step).map(|entry| entry.root);
        entry.unwrap_or(manifest.plan.pre_state)
    };
    let narrowed = narrow(&a.entries, &b.entries);
    let mut outcome = Outcome {
        compared: "manifests",
        equal: narrowed.equal,
        ..Outcome::default()
    };
    let Some(step) = narrowed.differs else {
        let last = narrowed
            .equal
            .context("the two lists have no step in common")?;
        let text = format!("the two lists do not part up to step {last}, their last in common\n");
        return told(format, &outcome, &text);
    };
    let after = narrowed
        .equal
        .map_or("the start".into(), |step| format!("step {step}"));
    let (a, b) = (root(a, step), root(b, step));
    (outcome.parts, outcome.after) = (
        true,
        Some(Both {
            a: Side::listed(step, a),
            b: Side::listed(step, b),
        }),
    );
    let text =
        format!("the two lists part after {after}: at step {step} one has {a}, the other {b}");
    part(format, &outcome, text)
}

fn search(app: &App, args: &Args, claimed: Option<&Manifest>, hosts: &Hosts) -> anyhow::Result<()> {
    let mut machine = hosted::machine(hosts, app, &args.input)?;
    if let Some(claimed) = claimed {
        return against_manifest(args.format, &mut machine, claimed);
    }
    let first = machine.step();
    let until = args.until.unwrap_or(u64::MAX);
    let mut compared_by = "roots";
    // A machine to show the other's states with.
    let mut shown;
    let found = if is_vm(app, &args.other) {
        let own = std::env::current_exe().context("cannot find this program")?;
        let host = args.source.host_command(&own)?;
        let start = machine.vm.as_mut();
        let mut other = ExternalVm::new(app, &args.input, hosts, &args.other, host, start)?;
        shown = hosted::machine(hosts, app, &args.input)?;
        let mut warm = Warm::new(machine, args.stride, None)?;
        let found = bisect(&mut other, &mut warm, first, until, args.stride)?;
        machine = warm.into_machine();
        found
    } else {
        shown = hosts.hosted(args.input.open_other(app, &args.other)?);
        ensure!(
            first == shown.step(),
            "one starts at step {first} and the other at {}: they have to start together",
            shown.step()
        );
        let by_registers =
            machine.root()? != shown.root()? && registers(&machine) == registers(&shown);
        if by_registers {
            compared_by = "registers";
        }
        if by_registers && !args.format.is_json() {
            print("their memory differs from the start; their registers are compared\n")?;
        }
        let compared = |machine| Compared {
            machine,
            by_registers,
        };
        let mut a = Warm::new(compared(shown), args.stride, None)?;
        let mut b = Warm::new(compared(machine), args.stride, None)?;
        let found = bisect(&mut a, &mut b, first, until, args.stride)?;
        (shown, machine) = (a.into_machine().machine, b.into_machine().machine);
        found
    };
    match found {
        None => {
            let step = machine.step();
            let outcome = Outcome {
                compared: compared_by,
                equal: Some(step),
                ..Outcome::default()
            };
            let end = if machine.exited() { "end" } else { "are" };
            let text = format!("they do not part; both {end} at step {step}\n");
            told(args.format, &outcome, &text)
        }
        Some(parting) => {
            let mut outcome = tell(&mut shown, &mut machine, &parting)?;
            outcome.compared = compared_by;
            told(args.format, &outcome, &outcome.to_string())?;
            let step = parting.after.a.step().max(parting.after.b.step());
            Err(Refused(format!("the two part at step {step}")).into())
        }
    }
}

/// A machine that is compared by its state root or, where that is of no use, by its registers alone:
/// two builds of a program differ in memory all the time.
struct Compared {
    machine: Hosted,
    by_registers: bool,
}

/// A hash of a machine's registers and program counter, with the status as a state root has it.
fn registers(machine: &Hosted) -> Root {
    let vm = &machine.vm;
    let words = vm.registers().into_iter().map(|(_, value)| value);
    let words: Vec<[u8; 8]> = words.chain([vm.pc()]).map(u64::to_be_bytes).collect();
    let status = if vm.exited() {
        vm.exit_code().min(2)
    } else {
        STATUS_UNFINISHED
    };
    Root(state_hash(status, words.as_flattened()))
}

impl Machine for Compared {
    type Error = MachineError;

    fn step(&self) -> u64 {
        self.machine.step()
    }

    fn exited(&self) -> bool {
        self.machine.exited()
    }

    fn run(&mut self, until: u64) -> Result<(), MachineError> {
        self.machine.run(until)
    }

    fn freeze(&mut self) -> Result<Snapshot, MachineError> {
        self.machine.freeze()
    }

    fn restore(&mut self, snapshot: &Snapshot) -> Result<(), MachineError> {
        self.machine.restore(snapshot)
    }

    fn root(&mut self) -> Result<Root, MachineError> {
        if self.by_registers {
            Ok(registers(&self.machine))
        } else {
            self.machine.root()
        }
    }

    fn roots(&mut self, until: u64) -> Result<Vec<Root>, MachineError> {
        if self.by_registers {
            step_by_step(self, until)
        } else {
            self.machine.roots(until)
        }
    }
}

/// Compares a claimed list with a run of our own, checkpoint by checkpoint.
fn against_manifest(
    format: FormatArgs,
    machine: &mut Hosted,
    claimed: &Manifest,
) -> anyhow::Result<()> {
    let mut equal = None;
    for entry in &claimed.entries {
        machine.run(entry.step)?;
        let (step, root) = (machine.step(), machine.root()?);
        if (Entry { step, root }) != *entry {
            let after = equal.map_or("the start".into(), |step| format!("step {step}"));
            let text = format!(
                "the list parts from the run after {after}: at step {} it has {}, and at step {step} the run has {root}",
                entry.step, entry.root
            );
            let outcome = Outcome {
                parts: true,
                compared: "manifest",
                equal,
                after: Some(Both {
                    a: Side::listed(entry.step, entry.root),
                    b: Side::listed(step, root),
                }),
                ..Outcome::default()
            };
            return part(format, &outcome, text);
        }
        equal = Some(step);
    }
    let outcome = Outcome {
        compared: "manifest",
        equal,
        ..Outcome::default()
    };
    told(format, &outcome, "the list and the run do not part\n")
}

/// Both states at a parting, and the last common one; A is the one named first.
fn tell(a: &mut Hosted, b: &mut Hosted, parting: &Parting) -> anyhow::Result<Outcome> {
    let mut outcome = Outcome {
        parts: true,
        ..Outcome::default()
    };
    if let Some(before) = &parting.before {
        a.restore(&before.a)?;
        b.restore(&before.b)?;
        outcome.equal = Some(a.step());
        outcome.before = Some(both(a, b)?);
    }
    let Pair { a: left, b: right } = &parting.after;
    a.restore(left)?;
    b.restore(right)?;
    outcome.after = Some(both(a, b)?);
    let pairs = a.vm.registers().into_iter().zip(b.vm.registers());
    let differ = pairs.filter(|((_, one), (_, other))| one != other);
    let differ = differ.map(|((name, one), (_, other))| Register {
        name: name.to_string(),
        a: format!("{one:#x}"),
        b: format!("{other:#x}"),
    });
    outcome.registers = differ.collect();
    for (number, _) in left.memory.changes(&right.memory) {
        let zero = [0; PAGE_SIZE];
        let one = left.memory.page(number).map_or(&zero, |page| page.bytes());
        let other = right.memory.page(number).map_or(&zero, |page| page.bytes());
        let words = one.as_chunks::<8>().0.iter().zip(other.as_chunks::<8>().0);
        for (word, (one, other)) in (0u64..).zip(words).filter(|(_, (one, other))| one != other) {
            if outcome.memory.len() == SHOWN {
                outcome.more_memory += 1;
                continue;
            }
            outcome.memory.push(Word {
                at: format!("{:#x}", number * PAGE_SIZE as u64 + word * 8),
                a: const_hex::encode_prefixed(one),
                b: const_hex::encode_prefixed(other),
            });
        }
    }
    Ok(outcome)
}

/// Both where they are.
fn both(a: &mut Hosted, b: &mut Hosted) -> anyhow::Result<Both> {
    let (root_a, root_b) = (a.root()?, b.root()?);
    Ok(Both {
        a: Side::at(a.vm.as_mut(), root_a),
        b: Side::at(b.vm.as_mut(), root_b),
    })
}
