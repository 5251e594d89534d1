//! The manifest of a run's checkpoints: the program that ran, and the state roots at its steps.

#![warn(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "what comes from outside must not make the program panic"
)]

mod merge;
mod plan;

pub use merge::{MergeError, merge};
pub use plan::{Plan, Range, Shard};

use crate::Root;
use crate::commitment::commit;
use crate::depot::{Depot, DepotError};
pub use crate::entry::Entry;
use serde::{Deserialize, Serialize};

/// The name of the format, which a manifest has.
const FORMAT: &str = "fpvm-checkpoints";
/// The version of the format.
const VERSION: u32 = 1;
/// The largest manifest that is read, in bytes: some ten million entries.
const LIMIT: u64 = 1 << 30;

/// The checkpoints of a run, or as many as are made so far.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Manifest {
    format: String,
    version: u32,
    /// The run and the steps that it is about.
    pub plan: Plan,
    /// Which part of the list it is, if it is not the whole.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub shard: Option<Shard>,
    /// The checkpoints, ascending by step.
    pub entries: Vec<Entry>,
    /// The commitment to the entries.
    pub commitment: Root,
}

/// A manifest cannot be read or written, or is wrong.
#[derive(Debug, thiserror::Error)]
#[error("manifest {name}: {kind}")]
pub struct ManifestError {
    /// Its name, with the place that it is in.
    pub name: String,
    /// What is wrong with it.
    pub kind: ManifestErrorKind,
}

/// What is wrong with a manifest.
#[derive(Debug, thiserror::Error)]
pub enum ManifestErrorKind {
    /// There is none.
    #[error("there is none; `checkpoints make` or `checkpoints merge` writes it")]
    Absent,
    /// Not JSON of a manifest.
    #[error("not a manifest of checkpoints: {0}")]
    Json(#[from] serde_json::Error),
    /// Another format or version.
    #[error("the format is {found}; this is made for {FORMAT}, version {VERSION}")]
    Format {
        /// What the file says.
        found: String,
    },
    /// The entries cannot be those of the plan.
    #[error("entry {index}: {why}")]
    Entry {
        /// Index in the list, from 0.
        index: usize,
        /// What is wrong with it.
        why: String,
    },
    /// The plan cannot be followed.
    #[error("{0}")]
    Plan(String),
    /// The entries are not the ones committed to.
    #[error("the commitment is {found}, and the entries make {expected}: one of them was changed")]
    Commitment {
        /// What the file says.
        found: Root,
        /// What the entries make.
        expected: Root,
    },
}

/// A manifest that cannot be had.
#[derive(Debug, thiserror::Error)]
pub enum LoadError {
    /// The place does not give it, or does not take it.
    #[error(transparent)]
    Depot(#[from] DepotError),
    /// It is not right.
    #[error(transparent)]
    Manifest(#[from] ManifestError),
}

impl Manifest {
    /// An empty list.
    pub fn new(plan: Plan, shard: Option<Shard>) -> Self {
        Self {
            format: FORMAT.into(),
            version: VERSION,
            plan,
            shard,
            entries: Vec::new(),
            commitment: commit(&[]),
        }
    }

    /// The name of a manifest's file in its folder.
    pub fn file_name(shard: Option<Shard>) -> String {
        match shard {
            None => "manifest.json".into(),
            Some(Shard { index, count }) => format!("manifest-{index}-of-{count}.json"),
        }
    }

    /// The first and the last step of the list. The last is `u64::MAX` if it is the program's end.
    pub fn range(&self) -> (u64, u64) {
        let whole = (self.plan.first_step, self.plan.until.unwrap_or(u64::MAX));
        self.shard
            .and_then(|shard| self.plan.range(shard))
            .unwrap_or(whole)
    }

    /// Whether nothing is left to be made.
    pub fn is_complete(&self) -> bool {
        let end = self.range().1;
        let last = self.entries.last();
        last.is_some_and(|last| last.root.exited() || last.step >= end)
    }

    /// The last entry at or before a step.
    pub fn before(&self, step: u64) -> Option<&Entry> {
        let after = self.entries.partition_point(|entry| entry.step <= step);
        self.entries.get(after.checked_sub(1)?)
    }

    /// Whether a file is meant as a manifest, right or not.
    pub fn is_one(bytes: &[u8]) -> bool {
        #[derive(Deserialize)]
        struct Named {
            format: String,
        }
        serde_json::from_slice::<Named>(bytes).is_ok_and(|named| named.format == FORMAT)
    }

    /// Reads a manifest, and checks everything that can be checked without running anything.
    pub fn parse(bytes: &[u8], name: &str) -> Result<Self, ManifestError> {
        let parse = || {
            let manifest: Self = serde_json::from_slice(bytes)?;
            manifest.check()?;
            Ok(manifest)
        };
        parse().map_err(|kind| ManifestError {
            name: name.into(),
            kind,
        })
    }

    /// Reads a manifest from its place; `None` if there is none of this name.
    pub fn find(depot: &Depot, name: &str) -> Result<Option<Self>, LoadError> {
        let bytes = depot.read(name, LIMIT)?;
        let parse = |bytes| Self::parse(bytes, &depot.full_name(name));
        Ok(bytes.as_deref().map(parse).transpose()?)
    }

    /// Reads a manifest that has to be there.
    pub fn load(depot: &Depot, name: &str) -> Result<Self, LoadError> {
        Self::find(depot, name)?.ok_or_else(|| {
            let (name, kind) = (depot.full_name(name), ManifestErrorKind::Absent);
            ManifestError { name, kind }.into()
        })
    }

    /// Writes a manifest as a whole or not at all. Before that it makes the manifest's states, which were
    /// written earlier, safe.
    pub fn save(&mut self, depot: &Depot, name: &str) -> Result<(), LoadError> {
        self.commitment = commit(&self.entries);
        let json = serde_json::to_vec_pretty(self).map_err(|error| ManifestError {
            name: depot.full_name(name),
            kind: error.into(),
        })?;
        depot.settle()?;
        Ok(depot.write(name, json)?)
    }

    /// Whether the entries are at the steps of the plan, with a status that fits, and committed to.
    pub fn check(&self) -> Result<(), ManifestErrorKind> {
        if self.format != FORMAT || self.version != VERSION {
            let found = format!("{}, version {}", self.format, self.version);
            return Err(ManifestErrorKind::Format { found });
        }
        self.check_plan().map_err(ManifestErrorKind::Plan)?;
        let (start, end) = self.range();
        let mut previous: Option<&Entry> = None;
        for (index, entry) in self.entries.iter().enumerate() {
            let wrong = |why: String| Err(ManifestErrorKind::Entry { index, why });
            let step = entry.step;
            let expected = match previous {
                None => start,
                Some(previous) => self.plan.next(previous.step).min(end),
            };
            if previous.is_some_and(|previous| previous.root.exited()) {
                return wrong(format!("step {step} comes after the program's end"));
            }
            let fits = match previous {
                // A program may end anywhere; a part after its end has only that end.
                None if self.plan.first_step < start => {
                    step == expected || entry.root.exited() && step < expected
                }
                None => step == expected,
                Some(previous) => {
                    step == expected
                        || entry.root.exited() && (previous.step + 1..=expected).contains(&step)
                }
            };
            if !fits || previous.is_some_and(|previous| previous.step >= step) {
                return wrong(format!("step {step} stands where step {expected} belongs"));
            }
            if step == self.plan.first_step && entry.root != self.plan.pre_state {
                return wrong(format!(
                    "root {} is not the pre-state's, {}",
                    entry.root, self.plan.pre_state
                ));
            }
            previous = Some(entry);
        }
        let expected = commit(&self.entries);
        if expected != self.commitment {
            return Err(ManifestErrorKind::Commitment {
                found: self.commitment,
                expected,
            });
        }
        Ok(())
    }

    fn check_plan(&self) -> Result<(), String> {
        let plan = &self.plan;
        if plan.every == 0 {
            return Err("a checkpoint every 0 steps is none".into());
        }
        if plan.until.is_some_and(|until| until < plan.first_step) {
            return Err("the last step lies before the first".into());
        }
        if plan.dense.is_some_and(|range| range.from > range.to) {
            return Err("the range with a root at every step ends before it starts".into());
        }
        if let Some(Shard { index, count }) = self.shard {
            if index >= count {
                return Err(format!("there is no part {index} of {count}"));
            }
            if plan.until.is_none() {
                return Err("parts of a list need its last step".into());
            }
        }
        Ok(())
    }
}
