//! `checkpoints merge`.

use super::print_manifest;
use fpvm_checkpoints::depot::Depot;
use fpvm_checkpoints::manifest::{Manifest, merge};
use fpvm_checkpoints::store::copy_packs;

/// Flags of `checkpoints merge`.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The place that gets the whole list, and perhaps has parts: a folder, or s3://BUCKET/PREFIX
    #[arg(value_name = "PLACE")]
    place: String,
    /// Other places with parts
    #[arg(value_name = "PLACE")]
    others: Vec<String>,
}

pub(crate) fn run(args: &Args) -> anyhow::Result<()> {
    let own = Depot::create(&args.place)?;
    let others = args.others.iter().map(|place| Depot::open(place));
    let others = others.collect::<Result<Vec<_>, _>>()?;
    let mut parts = Vec::new();
    for depot in std::iter::once(&own).chain(&others) {
        for object in depot.list("")? {
            let name = &object.name;
            if name.starts_with("manifest-") && name.ends_with(".json") {
                parts.push((depot.full_name(name), Manifest::load(depot, name)?));
            }
        }
    }
    let mut whole = merge(&parts)?;
    for other in &others {
        copy_packs(other, &own)?;
    }
    whole.save(&own, &Manifest::file_name(None))?;
    print_manifest(&whole)
}
