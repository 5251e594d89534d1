//! `checkpoints make`.

use super::told;
use crate::App;
use crate::hosted::{Hosted, Hosts, packs};
use crate::input::InputArgs;
use crate::oracles::SourceArgs;
use anyhow::{Context as _, ensure};
use checkpoints::maker::{MakeError, make};
use checkpoints::manifest::{Entry, Manifest, Plan, Shard};
use checkpoints::store::Store;
use checkpoints::{Machine as _, Root};
use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// Flags of `checkpoints make`.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(flatten)]
    input: InputArgs,
    /// A checkpoint at each multiple of this many steps, and at both ends
    #[arg(long, value_name = "K", value_parser = crate::args::number)]
    every: u64,
    /// The folder that they are written to; one with unfinished checkpoints is gone on with
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
    /// Write the states too, each page once, so that runs can go on from them
    #[arg(long)]
    states: bool,
    /// The last step [default: the program's end]
    #[arg(long, value_name = "N", value_parser = crate::args::number)]
    until: Option<u64>,
    /// Make only part I (from 0) of N equal parts, for `checkpoints merge`
    #[arg(long, value_name = "I/N", value_parser = super::shard, requires = "until")]
    shard: Option<Shard>,
    #[command(flatten)]
    source: SourceArgs,
}

/// How often the manifest is written while it grows.
const SAVE_EVERY: Duration = Duration::from_millis(500);

pub(crate) fn run(app: &App, args: &Args) -> anyhow::Result<()> {
    ensure!(args.every > 0, "--every has to be above zero");
    let folder = &args.out;
    fs::create_dir_all(folder).with_context(|| format!("cannot make {}", folder.display()))?;
    let hosts = Hosts::open(&args.source)?;
    let made = hosts
        .machine(app, &args.input)
        .and_then(|mut machine| checkpoints(args, &mut machine));
    told(&hosts.finish(made)?)
}

fn checkpoints(args: &Args, machine: &mut Hosted) -> anyhow::Result<Manifest> {
    let plan = Plan {
        isa: machine.vm.isa().name().into(),
        vm_type: machine.vm.isa().vm_type().into(),
        pre_state: machine.root()?,
        first_step: machine.step(),
        every: args.every,
        until: args.until,
    };
    ensure!(
        args.until.is_none_or(|until| until >= plan.first_step),
        "--until lies before the input's step, {}",
        plan.first_step
    );
    let path = args.out.join(Manifest::file_name(args.shard));
    let mut manifest = started(&path, plan, args.shard)?;
    if manifest.is_complete() && !args.states {
        return Ok(manifest);
    }
    let mut store = Store::open(&packs(&args.out), machine.vm.isa().store_vm())?;
    let (start, end) = manifest.range();

    // Go on from the last state that is there; what lies behind it is made again.
    let stored = manifest
        .entries
        .iter()
        .rposition(|entry| store.has(entry.root));
    let goes_on = match stored.and_then(|index| manifest.entries.get(index).map(|e| e.root)) {
        Some(root) => store.get(root)?,
        None => None,
    };
    match &goes_on {
        Some(snapshot) => {
            machine.restore(snapshot)?;
            manifest.entries.truncate(stored.unwrap_or(0));
        }
        None => {
            manifest.entries.clear();
            machine.run(start)?;
        }
    }
    let next = manifest.plan.clone();
    let mut saved = Instant::now();
    let done = make(
        machine,
        end,
        |step| next.next(step),
        |snapshot, root: Root| -> anyhow::Result<()> {
            let step = snapshot.step();
            if args.states {
                let name = match args.shard {
                    Some(Shard { index, count }) => format!("{step:020}-{index}-of-{count}"),
                    None => format!("{step:020}"),
                };
                store.put(snapshot, &name)?;
            }
            manifest.entries.push(Entry { step, root });
            if saved.elapsed() >= SAVE_EVERY {
                manifest.save(&path)?;
                saved = Instant::now();
            }
            Ok(())
        },
    );
    // Whatever ended the run, what has been made is kept.
    let kept = manifest.save(&path);
    match done {
        Ok(()) => {}
        Err(MakeError::Machine(error) | MakeError::Sink(error)) => return Err(error),
    }
    kept?;
    Ok(manifest)
}

/// The manifest to go on with: the one that is there, where it is of the same run.
fn started(path: &Path, plan: Plan, shard: Option<Shard>) -> anyhow::Result<Manifest> {
    if !path.exists() {
        return Ok(Manifest::new(plan, shard));
    }
    let manifest = Manifest::load(path)?;
    ensure!(
        manifest.plan == plan && manifest.shard == shard,
        "{} is of another run (pre-state {}, every {} steps): choose another --out, or remove it",
        path.display(),
        manifest.plan.pre_state,
        manifest.plan.every
    );
    Ok(manifest)
}
