//! `checkpoints make`.

use super::print_manifest;
use crate::app::App;
use crate::hosted::{self, Hosted, threads};
use crate::input::InputArgs;
use crate::oracles::SourceArgs;
use crate::runner::warn_of_end;
use anyhow::ensure;
use fpvm_checkpoints::depot::Depot;
use fpvm_checkpoints::maker::{MakeError, dense, make};
use fpvm_checkpoints::manifest::{Entry, LoadError, Manifest, Plan, Range, Shard};
use fpvm_checkpoints::store::Store;
use fpvm_checkpoints::{Machine as _, Root};
use fpvm_core::machine::snapshot::Snapshot;
use std::time::{Duration, Instant};

/// Flags of `checkpoints make`.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(flatten)]
    input: InputArgs,
    /// A checkpoint at each multiple of this many steps, and at both ends
    #[arg(long, value_name = "K", value_parser = crate::args::number)]
    every: u64,
    /// The place that they are written to, a folder or s3://BUCKET/PREFIX; unfinished checkpoints
    /// there are gone on with
    #[arg(long, short, alias = "output", value_name = "PLACE")]
    out: String,
    /// Write the states too, each page once, so that runs can go on from them
    #[arg(long)]
    states: bool,
    /// The last step [default: the program's end]
    #[arg(long, value_name = "N", value_parser = crate::args::number)]
    until: Option<u64>,
    /// Make only part I (from 0) of N equal parts, for `checkpoints merge`
    #[arg(long, value_name = "I/N", value_parser = super::shard, requires = "until")]
    shard: Option<Shard>,
    /// A checkpoint at each step from A to B as well; the states between are not written
    #[arg(long, value_name = "A..B", value_parser = crate::args::steps)]
    dense: Option<Range>,
    #[command(flatten)]
    source: SourceArgs,
}

/// The most steps that `--dense` takes: a manifest with more would not be read.
const DENSE_LIMIT: u64 = 5_000_000;

/// How often the manifest is written while it grows.
const SAVE_EVERY: Duration = Duration::from_millis(500);

pub(crate) fn run(app: &App, args: &Args) -> anyhow::Result<()> {
    ensure!(args.every > 0, "--every has to be above zero");
    let depot = Depot::create(&args.out)?;
    let hosts = hosted::open(&args.source)?;
    let made = hosted::machine(&hosts, app, &args.input).and_then(|mut machine| {
        let spawn = || hosted::machine(&hosts, app, &args.input);
        checkpoints(args, &depot, &mut machine, spawn)
    });
    print_manifest(&hosted::finish(hosts, made)?)
}

fn checkpoints(
    args: &Args,
    depot: &Depot,
    machine: &mut Hosted,
    spawn: impl Fn() -> anyhow::Result<Hosted>,
) -> anyhow::Result<Manifest> {
    let plan = Plan {
        isa: machine.vm.isa().name().into(),
        vm_type: machine.vm.isa().vm_type().into(),
        pre_state: machine.root()?,
        first_step: machine.step(),
        every: args.every,
        until: args.until,
        dense: args.dense,
    };
    if let Some(Range { from, to }) = args.dense {
        let bounds = plan.first_step..=args.until.unwrap_or(u64::MAX);
        ensure!(
            bounds.contains(&from) && bounds.contains(&to),
            "--dense has to lie between the input's step, {}, and --until",
            plan.first_step
        );
        ensure!(
            to - from <= DENSE_LIMIT,
            "--dense takes {DENSE_LIMIT} steps at most; `state-root --dense` has no limit"
        );
    }
    ensure!(
        args.until.is_none_or(|until| until >= plan.first_step),
        "--until lies before the input's step, {}",
        plan.first_step
    );
    let name = Manifest::file_name(args.shard);
    let mut manifest = started(depot, &name, plan, args.shard)?;
    if manifest.is_complete() && !args.states {
        return Ok(manifest);
    }
    depot.try_write(&name)?;
    let mut store = Store::open(depot, machine.vm.isa().store_vm())?;
    store.forget_incomplete()?;
    let (start, end) = manifest.range();

    // Go on from the last state that is there, where they are written before the first that is not;
    // what lies behind it is made again.
    let entries = &manifest.entries;
    let missing = |entry: &Entry| {
        args.states && manifest.plan.keeps_state(entry.step) && !store.has(entry.root)
    };
    let there = entries.iter().position(missing).unwrap_or(entries.len());
    let before = entries.get(..there).unwrap_or_default();
    let stored = before.iter().rposition(|entry| store.has(entry.root));
    let goes_on = match stored.and_then(|index| entries.get(index)) {
        Some(entry) => store.get(entry.root)?,
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
    let plan = manifest.plan.clone();
    let mut saved = Instant::now();
    let mut patience = SAVE_EVERY;
    let mut enter = |step: u64, root: Root| -> anyhow::Result<()> {
        if manifest.entries.last().is_none_or(|last| last.step < step) {
            manifest.entries.push(Entry { step, root });
        }
        if saved.elapsed() >= patience {
            let before = Instant::now();
            manifest.save(depot, &name)?;
            saved = Instant::now();
            // A long list must not be written all the time.
            patience = SAVE_EVERY.max(20 * (saved - before));
        }
        Ok(())
    };
    let mut done = Ok(());
    for (until, every) in legs(plan.dense, machine.step(), end) {
        done = if every {
            dense(machine, until, threads(), &spawn, &mut enter)
        } else {
            make(
                machine,
                until,
                |step| plan.next(step),
                |snapshot, root| {
                    if args.states {
                        put(&mut store, snapshot, args.shard)?;
                    }
                    enter(snapshot.step(), root)
                },
            )
            .map_err(|error| match error {
                MakeError::Machine(error) => error.into(),
                MakeError::Sink(error) => error,
            })
        };
        if done.is_err() || machine.exited() {
            break;
        }
    }
    // Whatever ended the run, what has been made is kept. Where the disk is full, the list is worth
    // more than the last states.
    let mut kept = manifest.save(depot, &name);
    while matches!(&kept, Err(LoadError::Depot(error)) if error.full) && store.remove_newest()? {
        kept = manifest.save(depot, &name);
    }
    done?;
    kept?;
    if let Some(until) = args
        .until
        .filter(|until| machine.exited() && machine.step() < *until)
    {
        warn_of_end("--until", until, machine.step());
    }
    Ok(manifest)
}

/// Writes a state, under a name that no other part has.
fn put(store: &mut Store, snapshot: &Snapshot, shard: Option<Shard>) -> anyhow::Result<()> {
    let step = snapshot.step();
    let name = match shard {
        Some(Shard { index, count }) => format!("{step:020}-{index}-of-{count}"),
        None => format!("{step:020}"),
    };
    Ok(store.put(snapshot, &name)?)
}

/// Where the way from one step to another leads through the dense range: the end of each leg, and
/// whether it lies in that range.
fn legs(dense: Option<Range>, start: u64, end: u64) -> Vec<(u64, bool)> {
    let Some(Range { from, to }) = dense else {
        return vec![(end, false)];
    };
    let (from, to) = (from.clamp(start, end), to.clamp(start, end));
    vec![(from, false), (to, true), (end, false)]
}

/// The manifest to go on with: the one that is there, where it is of the same run.
fn started(
    depot: &Depot,
    name: &str,
    plan: Plan,
    shard: Option<Shard>,
) -> anyhow::Result<Manifest> {
    let Some(manifest) = Manifest::find(depot, name)? else {
        return Ok(Manifest::new(plan, shard));
    };
    ensure!(
        manifest.plan == plan && manifest.shard == shard,
        "{} is of another run (pre-state {}, every {} steps): choose another --out, or remove it",
        depot.full_name(name),
        manifest.plan.pre_state,
        manifest.plan.every
    );
    Ok(manifest)
}
