//! `preimages`: stores of pre-images, served, listed, checked and copied.

pub(crate) mod load;

use crate::app::App;
use crate::exit::Refused;
use crate::output::{FormatArgs, Target, json, to_stdout};
use anyhow::Context as _;
use clap::Subcommand;
use fpvm::analysis::check::counted;
use fpvm_oracle::store::{self, Store};
use fpvm_oracle::wire::Limits;
use fpvm_oracle::{Checked, HostEnds, Key, Replay, serve};
use serde::Serialize;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// Flags of `preimages`.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// Be the host of a VM: answer on file descriptors 3 to 6 from a store
    Serve {
        /// Directory of files or database
        store: PathBuf,
    },
    /// Print the keys, with kind and size of what they stand for
    List(StoreArgs),
    /// Check every value against its key
    Check(StoreArgs),
    /// Load a part of a pre-image into the oracle on a chain, or print what does that
    Load(Box<load::Args>),
    /// Copy all pre-images into another store; values that contradict their key are left out
    Copy {
        /// Directory of files or database
        from: PathBuf,
        /// A store that is there, or a new database; a new directory where it ends with a slash
        to: PathBuf,
    },
}

/// A store that is looked at.
#[derive(Debug, clap::Args)]
struct StoreArgs {
    /// Directory of files or database
    store: PathBuf,
    #[command(flatten)]
    format: FormatArgs,
}

/// What `list --json` prints of a pre-image.
#[derive(Serialize)]
struct Listed {
    key: String,
    kind: String,
    bytes: usize,
}

/// What `check --json` prints.
#[derive(Serialize)]
struct Sifted {
    store: String,
    right: usize,
    kinds: Vec<OfKind>,
    wrong: Vec<Wrong>,
}

/// The pre-images of a kind that are right.
#[derive(Serialize)]
struct OfKind {
    kind: String,
    count: usize,
    bytes: u64,
}

/// A pre-image that contradicts its key, or cannot be read.
#[derive(Serialize)]
struct Wrong {
    key: String,
    why: String,
}

pub(crate) fn run(app: &App, args: &Args) -> anyhow::Result<()> {
    match &args.action {
        Action::Serve { store } => serve_store(store),
        Action::List(args) => list(&args.store, args.format),
        Action::Check(args) => check(app, &args.store, args.format),
        Action::Load(args) => load::run(args),
        Action::Copy { from, to } => copy(app, from, to),
    }
}

fn serve_store(path: &Path) -> anyhow::Result<()> {
    // Taken before the store opens files, which must not get these numbers.
    let ends = HostEnds::inherited()?;
    let store = store::open(path)?;
    let name = store.to_string();
    let mut oracle = Checked::new(Replay::new(store), name);
    serve(&mut oracle, ends, &Limits::default()).map_err(anyhow::Error::from_boxed)
}

fn list(path: &Path, format: FormatArgs) -> anyhow::Result<()> {
    let store = store::open(path)?;
    let keys = store.keys()?;
    if format.is_json() {
        let mut listed = Vec::new();
        for key in keys {
            listed.push(Listed {
                key: format!("0x{}", key.hex()),
                kind: key.kind().to_string(),
                bytes: store.get(key)?.map_or(0, |value| value.len()),
            });
        }
        return to_stdout(|out| json(out, &listed));
    }
    let mut failed = None;
    to_stdout(|out| {
        for key in keys {
            match store.get(key) {
                Ok(value) => {
                    let len = value.map_or(0, |value| value.len());
                    writeln!(out, "0x{} {} {len}", key.hex(), key.kind())?;
                }
                Err(error) => {
                    failed = Some(error);
                    break;
                }
            }
        }
        Ok(())
    })?;
    failed.map_or(Ok(()), |error| Err(error.into()))
}

/// Goes through a store; hands on what is right, tells what is not. Gives the number of the one, and the other.
fn sift(
    app: &App,
    store: &dyn Store,
    mut take: impl FnMut(Key, &[u8]) -> anyhow::Result<()>,
) -> anyhow::Result<(usize, Vec<Wrong>)> {
    let (mut right, mut wrong) = (0, Vec::new());
    for key in store.keys()? {
        let problem = match store.get(key) {
            Ok(Some(value)) => match key.check(&value) {
                Ok(()) => {
                    take(key, &value)?;
                    right += 1;
                    continue;
                }
                Err(why) => format!("{} bytes, {why}", value.len()),
            },
            Ok(None) => "it is gone".into(),
            Err(error) => error.to_string(),
        };
        app.screen.print(&format!("{key}: {problem}\n"));
        wrong.push(Wrong {
            key: format!("0x{}", key.hex()),
            why: problem,
        });
    }
    Ok((right, wrong))
}

fn check(app: &App, path: &Path, format: FormatArgs) -> anyhow::Result<()> {
    let store = store::open(path)?;
    let mut kinds: BTreeMap<String, (usize, u64)> = BTreeMap::new();
    let (right, wrong) = sift(app, &*store, |key, value| {
        let kind = kinds.entry(key.kind().to_string()).or_default();
        *kind = (kind.0 + 1, kind.1.saturating_add(value.len() as u64));
        Ok(())
    })?;
    let count = wrong.len();
    if format.is_json() {
        let kinds = kinds.into_iter();
        let kinds = kinds.map(|(kind, (count, bytes))| OfKind { kind, count, bytes });
        Target::Stdout.write_json(&Sifted {
            store: store.to_string(),
            right,
            kinds: kinds.collect(),
            wrong,
        })?;
        return refused(count, right + count);
    }
    to_stdout(|out| {
        for (kind, (count, bytes)) in &kinds {
            writeln!(
                out,
                "{kind}: {}, {bytes} bytes",
                counted(*count, "pre-image")
            )?;
        }
        writeln!(out, "{store}: {right} right, {count} wrong")
    })?;
    refused(count, right + count)
}

fn copy(app: &App, from: &Path, to: &Path) -> anyhow::Result<()> {
    let from = store::open(from)?;
    let mut to = store::create(to)?;
    let (right, wrong) = sift(app, &*from, |key, value| Ok(to.put(key, value)?))?;
    to.flush().context("cannot write all pre-images")?;
    to_stdout(|out| writeln!(out, "{} copied to {to}", counted(right, "pre-image")))?;
    refused(wrong.len(), right + wrong.len())
}

fn refused(wrong: usize, all: usize) -> anyhow::Result<()> {
    if wrong == 0 {
        return Ok(());
    }
    Err(Refused(format!("{wrong} of {all} pre-images contradict their key")).into())
}
