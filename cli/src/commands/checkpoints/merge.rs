//! `checkpoints merge`.

use super::told;
use crate::hosted::packs;
use anyhow::Context as _;
use checkpoints::manifest::{Manifest, merge};
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

/// Flags of `checkpoints merge`.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The folder that gets the whole list, and perhaps has parts
    #[arg(value_name = "DIR")]
    folder: PathBuf,
    /// Other folders with parts
    #[arg(value_name = "DIR")]
    others: Vec<PathBuf>,
}

pub(crate) fn run(args: &Args) -> anyhow::Result<()> {
    let mut parts = Vec::new();
    for folder in std::iter::once(&args.folder).chain(&args.others) {
        for path in files(folder)? {
            let name = path.file_name().unwrap_or_default().to_string_lossy();
            if name.starts_with("manifest-") && name.ends_with(".json") {
                parts.push((path.display().to_string(), Manifest::load(&path)?));
            }
        }
    }
    let mut whole = merge(&parts)?;
    for folder in &args.others {
        copy_packs(&packs(folder), &packs(&args.folder))?;
    }
    whole.save(&args.folder.join(Manifest::file_name(None)))?;
    told(&whole)
}

/// The files of a folder, by name; none where it does not exist.
fn files(folder: &Path) -> anyhow::Result<Vec<PathBuf>> {
    let read = || -> io::Result<Vec<PathBuf>> {
        let entries = match fs::read_dir(folder) {
            Ok(entries) => entries,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            Err(error) => return Err(error),
        };
        let mut paths: Vec<_> = entries
            .map(|entry| Ok(entry?.path()))
            .collect::<io::Result<_>>()?;
        paths.sort();
        Ok(paths)
    };
    read().with_context(|| format!("cannot read {}", folder.display()))
}

fn copy_packs(from: &Path, to: &Path) -> anyhow::Result<()> {
    for path in files(from)? {
        let Some(name) = path.file_name() else {
            continue;
        };
        let pack = path
            .extension()
            .is_some_and(|extension| extension == "pack");
        if !pack || name.to_string_lossy().starts_with('.') {
            continue;
        }
        let target = to.join(name);
        let copied = fs::create_dir_all(to).and_then(|()| {
            fpvm_core::files::write(&target, |out| {
                io::copy(&mut fs::File::open(&path)?, out).map(drop)
            })
        });
        copied.with_context(|| format!("cannot copy {}", path.display()))?;
    }
    Ok(())
}
