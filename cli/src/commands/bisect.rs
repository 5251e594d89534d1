//! `bisect`: the first step at which two runs part, and both states there.

use crate::App;
use crate::any::AnyVm;
use crate::failure::Refused;
use crate::hosted::{Hosted, Hosts};
use crate::input::InputArgs;
use crate::oracles::SourceArgs;
use crate::output::print;
use anyhow::ensure;
use checkpoints::bisect::{Pair, Parting, bisect, narrow};
use checkpoints::manifest::Manifest;
use checkpoints::{Machine as _, Root};
use fpvm_core::memory::PAGE_SIZE;
use std::fmt::Write as _;
use std::path::PathBuf;

/// Flags of `bisect`.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Another program or state, or a manifest of checkpoints that somebody else claims
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
    source: SourceArgs,
}

/// Places of memory that are shown.
const SHOWN: usize = 16;

pub(crate) fn run(app: &App, args: &Args) -> anyhow::Result<()> {
    let hosts = Hosts::open(&args.source)?;
    let found = search(app, args, &hosts);
    hosts.finish(found)
}

fn search(app: &App, args: &Args, hosts: &Hosts) -> anyhow::Result<()> {
    let mut machine = hosts.machine(app, &args.input)?;
    if let Ok(claimed) = Manifest::load(&args.other) {
        return against_manifest(&mut machine, &claimed);
    }
    let mut other = hosts.hosted(args.input.open_other(app, &args.other)?);
    ensure!(
        machine.step() == other.step(),
        "one starts at step {} and the other at {}: they have to start together",
        machine.step(),
        other.step()
    );
    let until = args.until.unwrap_or(u64::MAX);
    match bisect(&mut machine, &mut other, until, args.stride)? {
        None => print(&format!(
            "they do not part; both end at step {}\n",
            machine.step()
        )),
        Some(parting) => {
            let text = tell(&mut machine, &mut other, &parting)?;
            print(&text)?;
            let step = parting.after.a.step().max(parting.after.b.step());
            Err(Refused(format!("the two part at step {step}")).into())
        }
    }
}

/// Compares a claimed list with a run of our own, checkpoint by checkpoint.
fn against_manifest(machine: &mut Hosted, claimed: &Manifest) -> anyhow::Result<()> {
    let mut own = Vec::new();
    for entry in &claimed.entries {
        machine.run(entry.step)?;
        own.push(checkpoints::manifest::Entry {
            step: entry.step,
            root: machine.root()?,
        });
        let narrowed = narrow(&own, &claimed.entries);
        if narrowed.differs.is_some() {
            let after = narrowed
                .equal
                .map_or("the start".into(), |step| format!("step {step}"));
            let text = format!(
                "the list parts from the run after {after}: at step {} it has {}, and it is {}",
                entry.step,
                entry.root,
                machine.root()?
            );
            return Err(Refused(text).into());
        }
    }
    print("the list and the run do not part\n")
}

/// Both states at a parting, and the last common one.
fn tell(a: &mut Hosted, b: &mut Hosted, parting: &Parting) -> anyhow::Result<String> {
    let mut text = String::new();
    if let Some(before) = &parting.before {
        a.restore(before)?;
        b.restore(before)?;
        let _ = writeln!(
            text,
            "last common state, step {}: {}",
            before.step(),
            Root(before.root())
        );
        let _ = writeln!(
            text,
            "  next instruction in A: {}",
            instruction(a.vm.as_mut())
        );
        let _ = writeln!(
            text,
            "  next instruction in B: {}",
            instruction(b.vm.as_mut())
        );
    }
    let Pair { a: left, b: right } = &parting.after;
    a.restore(left)?;
    b.restore(right)?;
    for (name, machine) in [("A", &mut *a), ("B", &mut *b)] {
        let (step, root) = (machine.step(), machine.root()?);
        let at = instruction(machine.vm.as_mut());
        let _ = writeln!(text, "{name}, step {step}: {root}\n  at {at}");
    }
    let pairs = a.vm.registers().into_iter().zip(b.vm.registers());
    for ((name, one), (_, other)) in pairs.filter(|((_, one), (_, other))| one != other) {
        let _ = writeln!(text, "  {name}: {one:#x} in A, {other:#x} in B");
    }
    let mut shown = 0;
    for (number, _) in left.memory.changes(&right.memory) {
        let zero = [0; PAGE_SIZE];
        let one = left.memory.page(number).map_or(&zero, |page| page.bytes());
        let other = right.memory.page(number).map_or(&zero, |page| page.bytes());
        let words = one.as_chunks::<8>().0.iter().zip(other.as_chunks::<8>().0);
        for (word, (one, other)) in (0u64..).zip(words).filter(|(_, (one, other))| one != other) {
            if shown < SHOWN {
                let at = number * PAGE_SIZE as u64 + word * 8;
                let (one, other) = (const_hex::encode(one), const_hex::encode(other));
                let _ = writeln!(text, "  memory {at:#x}: {one} in A, {other} in B");
            }
            shown += 1;
        }
    }
    if shown > SHOWN {
        let _ = writeln!(text, "  and {} more places of memory", shown - SHOWN);
    }
    Ok(text)
}

/// The instruction at the program counter, with its function where that is known.
fn instruction(vm: &mut dyn AnyVm) -> String {
    let (pc, insn) = (vm.pc(), vm.insn());
    let text = vm.isa().disassemble(insn, pc);
    let symbol = vm
        .symbols()
        .at(pc)
        .map(|symbol| format!(" in {}", symbol.name));
    format!("{pc:#x}{}: {text}", symbol.unwrap_or_default())
}
