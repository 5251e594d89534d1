//! `checkpoints verify`.

use crate::app::App;
use crate::exit::Refused;
use crate::hosted::{self, library, threads};
use crate::input::InputArgs;
use crate::oracles::SourceArgs;
use crate::output::print;
use anyhow::{Context as _, ensure};
use fpvm::analysis::check::counted;
use fpvm_checkpoints::library::Library;
use fpvm_checkpoints::manifest::Shard;
use fpvm_checkpoints::replay;
use fpvm_trace::Hosts;
use std::ops::Range;
use std::sync::Mutex;

/// Flags of `checkpoints verify`.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The place of the checkpoints: a folder, or s3://BUCKET/PREFIX
    #[arg(value_name = "PLACE")]
    place: String,
    #[command(flatten)]
    input: InputArgs,
    /// Only the interval that ends in this entry, from 0 (the input itself)
    #[arg(long, value_name = "I", value_parser = crate::args::number, conflicts_with = "shard")]
    interval: Option<u64>,
    /// Only part I (from 0) of N equal parts of the intervals
    #[arg(long, value_name = "I/N", value_parser = super::shard)]
    shard: Option<Shard>,
    /// Machines side by side [default: one a core]
    #[arg(long, value_name = "N", value_parser = crate::args::number)]
    jobs: Option<u64>,
    #[command(flatten)]
    source: SourceArgs,
}

pub(crate) fn run(app: &App, args: &Args) -> anyhow::Result<()> {
    let hosts = hosted::open(&args.source)?;
    let verified = verify(app, args, &hosts);
    hosted::finish(hosts, verified)
}

fn verify(app: &App, args: &Args, hosts: &Hosts) -> anyhow::Result<()> {
    let mut vm = args.input.open(app, "")?;
    let Library { manifest, store } = library(&args.place, vm.as_mut())?;
    ensure!(
        vm.step() == manifest.plan.first_step,
        "the input is at step {}, and the list starts at {}",
        vm.step(),
        manifest.plan.first_step
    );
    drop(vm);
    let entries = &manifest.entries;
    let range = range(args, entries.len())?;
    let jobs = args.jobs.and_then(|jobs| usize::try_from(jobs).ok());
    let jobs = jobs.unwrap_or_else(threads);
    let stored: Vec<bool> = entries.iter().map(|entry| store.has(entry.root)).collect();
    let has_state = |entry: &fpvm_checkpoints::manifest::Entry| {
        let index = entries.partition_point(|other| other.step < entry.step);
        stored.get(index).copied().unwrap_or(false)
    };
    let store = Mutex::new(store);
    let state = |entry: &fpvm_checkpoints::manifest::Entry| {
        let mut store = store
            .lock()
            .map_err(|_| anyhow::anyhow!("the store failed"))?;
        store.get(entry.root)?.context("a state has vanished")
    };
    let spawn = || hosted::machine(hosts, app, &args.input);
    let count = range.len();
    match replay::verify(entries, range, jobs, has_state, state, spawn)? {
        Some(wrong) => {
            let (index, claimed, root) = (wrong.index, wrong.entry.root, wrong.root);
            let (step, reached) = (wrong.entry.step, wrong.step);
            let place = if step == reached {
                format!("step {step}")
            } else {
                format!("step {step} (the program ends at step {reached})")
            };
            let text = format!("entry {index}, {place}: the list has {claimed}, and it is {root}");
            Err(Refused(text).into())
        }
        None => {
            let are = if count == 1 { "is" } else { "are" };
            print(&format!("{} {are} right\n", counted(count, "entry")))
        }
    }
}

/// The entries whose intervals are executed.
fn range(args: &Args, len: usize) -> anyhow::Result<Range<usize>> {
    if let Some(index) = args.interval {
        let index = usize::try_from(index).ok().filter(|index| *index < len);
        let index = index.with_context(|| format!("the list has {}", counted(len, "entry")))?;
        return Ok(index..index + 1);
    }
    let whole = Shard { index: 0, count: 1 };
    let Shard { index, count } = args.shard.unwrap_or(whole);
    let bound = |index: u64| {
        let bound = len as u128 * u128::from(index) / u128::from(count.max(1));
        usize::try_from(bound).unwrap_or(len)
    };
    Ok(bound(index)..bound(index + 1))
}
