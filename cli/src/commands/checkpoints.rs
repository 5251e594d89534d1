//! `checkpoints`: state roots and states along a run: make, prove, verify, merge.

mod make;
mod merge;
mod verify;

use crate::app::App;
use crate::output::{Target, print};
use anyhow::Context as _;
use fpvm::analysis::check::counted;
use fpvm_checkpoints::commitment::Membership;
use fpvm_checkpoints::depot::Depot;
use fpvm_checkpoints::manifest::{Manifest, Shard};

/// Flags of `checkpoints`.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, clap::Subcommand)]
enum Command {
    /// Run a program and write down its state root every so many steps; goes on where it was ended
    Make(make::Args),
    /// Execute the intervals of a list again; ends with 1 at the first wrong entry
    Verify(verify::Args),
    /// Prove that an entry is in the list that a manifest commits to, as JSON
    Prove(ProveArgs),
    /// Make one list of those that several processes made with --shard
    Merge(merge::Args),
}

#[derive(Debug, clap::Args)]
struct ProveArgs {
    /// The place of the checkpoints: a folder, or s3://BUCKET/PREFIX
    #[arg(value_name = "PLACE")]
    place: String,
    /// Which entry, from 0
    #[arg(value_name = "I", value_parser = crate::args::number)]
    index: u64,
}

pub(crate) fn run(app: &App, args: &Args) -> anyhow::Result<()> {
    match &args.command {
        Command::Make(args) => make::run(app, args),
        Command::Verify(args) => verify::run(app, args),
        Command::Prove(args) => prove(args),
        Command::Merge(args) => merge::run(args),
    }
}

fn prove(args: &ProveArgs) -> anyhow::Result<()> {
    let depot = Depot::open(&args.place)?;
    let manifest = Manifest::load(&depot, &Manifest::file_name(None))?;
    let index = usize::try_from(args.index).unwrap_or(usize::MAX);
    let proof = Membership::new(&manifest.entries, index).with_context(|| {
        let count = manifest.entries.len();
        format!("there is no entry {}; the list has {count}", args.index)
    })?;
    Target::Stdout.write_json(&proof)
}

/// `I/N`: part I (from 0) of N.
fn shard(text: &str) -> Result<Shard, String> {
    let parts = text.split_once('/');
    let numbers = parts.and_then(|(index, count)| Some((index.parse().ok()?, count.parse().ok()?)));
    match numbers {
        Some((index, count)) if index < count => Ok(Shard { index, count }),
        _ => Err("I/N is expected, a part and how many parts there are: 0/4 to 3/4".into()),
    }
}

fn print_manifest(manifest: &Manifest) -> anyhow::Result<()> {
    let last = manifest.entries.last();
    let (step, root) = last.map_or((0, manifest.plan.pre_state), |last| (last.step, last.root));
    print(&format!(
        "{}, the last at step {step}: {root}\ncommitment {}\n",
        counted(manifest.entries.len(), "checkpoint"),
        manifest.commitment
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_are_counted_from_zero() {
        assert_eq!(shard("3/4"), Ok(Shard { index: 3, count: 4 }));
        for bad in ["", "4/4", "1", "0/0", "-1/2", "a/b", "1/2/3"] {
            assert!(shard(bad).is_err(), "{bad}");
        }
    }
}
