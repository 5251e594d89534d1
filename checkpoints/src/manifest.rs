//! The manifest of a run's checkpoints: what ran, and the state roots at the steps.

use crate::Root;
use crate::commitment::commit;
use crate::depot::{Depot, DepotError};
use serde::{Deserialize, Serialize};

/// What a manifest says of itself.
const FORMAT: &str = "fpvm-checkpoints";
/// The version of the format.
const VERSION: u32 = 1;
/// The largest manifest that is read, in bytes: some ten million entries.
const LIMIT: u64 = 1 << 30;

/// A checkpoint: the state root at a step.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Entry {
    /// The step counter.
    pub step: u64,
    /// The state root there.
    pub root: Root,
}

/// One of several parts of a list, made by one of several processes.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Shard {
    /// Which part, from 0.
    pub index: u64,
    /// How many parts there are.
    pub count: u64,
}

/// A range of steps, both ends included.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Range {
    /// The first.
    pub from: u64,
    /// The last.
    pub to: u64,
}

/// What a list of checkpoints is of: two lists with the same plan can be compared and merged.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Plan {
    /// The ISA, by its name for `--isa`.
    pub isa: String,
    /// VM type as upstream names it.
    pub vm_type: String,
    /// State root of the input.
    pub pre_state: Root,
    /// Step counter of the input.
    pub first_step: u64,
    /// A checkpoint at each multiple of this many steps, and at both ends.
    pub every: u64,
    /// The last step, where the run does not go on to the program's end.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<u64>,
    /// Where there is a checkpoint at every step.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dense: Option<Range>,
}

/// The checkpoints of a run, or as many as are made so far.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Manifest {
    format: String,
    version: u32,
    /// What it is of.
    pub plan: Plan,
    /// Which part of the list, where it is not the whole.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub shard: Option<Shard>,
    /// The checkpoints, ascending by step.
    pub entries: Vec<Entry>,
    /// The commitment to the entries.
    pub commitment: Root,
}

/// A manifest that cannot be read, written or right.
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
        /// Place in the list, from 0.
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

impl Plan {
    /// The first checkpoint after a step.
    pub fn next(&self, step: u64) -> u64 {
        let every = self.every.max(1);
        let next = (step / every).saturating_add(1).saturating_mul(every);
        let next = next.min(self.until.unwrap_or(u64::MAX));
        match self.dense {
            Some(Range { to, .. }) if step >= to => next,
            Some(Range { from, .. }) => next.min(from.max(step.saturating_add(1))),
            None => next,
        }
    }

    /// Whether states are kept of a step: not of those that only the dense range has.
    pub fn keeps_state(&self, step: u64) -> bool {
        self.dense
            .is_none_or(|range| step <= range.from || step >= range.to)
    }

    /// Where a part of the list starts and ends; both are checkpoints. `None` without a last step.
    pub fn range(&self, shard: Shard) -> Option<(u64, u64)> {
        let until = self.until?;
        let every = u128::from(self.every.max(1));
        let first = u128::from(self.first_step) / every;
        let intervals = u128::from(until).div_ceil(every).saturating_sub(first);
        let bound = |index: u64| {
            let skip = intervals * u128::from(index) / u128::from(shard.count.max(1));
            let step = (first + skip) * every;
            u64::try_from(step)
                .unwrap_or(u64::MAX)
                .clamp(self.first_step, until)
        };
        Some((bound(shard.index), bound(shard.index.saturating_add(1))))
    }
}

impl Manifest {
    /// An empty list.
    pub fn new(plan: Plan, shard: Option<Shard>) -> Self {
        Manifest {
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

    /// Where the list starts and ends. The end is `u64::MAX` where that is the program's.
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

    /// Reads a manifest, and checks all that can be checked without running anything.
    pub fn parse(bytes: &[u8], name: &str) -> Result<Self, ManifestError> {
        let parse = || {
            let manifest: Manifest = serde_json::from_slice(bytes)?;
            manifest.check()?;
            Ok(manifest)
        };
        parse().map_err(|kind| ManifestError {
            name: name.into(),
            kind,
        })
    }

    /// Reads a manifest from where it is kept; `None` where there is none of this name.
    pub fn find(depot: &Depot, name: &str) -> Result<Option<Self>, LoadError> {
        let bytes = depot.read(name, LIMIT)?;
        let parse = |bytes| Manifest::parse(bytes, &depot.told(name));
        Ok(bytes.as_deref().map(parse).transpose()?)
    }

    /// Reads a manifest that has to be there.
    pub fn load(depot: &Depot, name: &str) -> Result<Self, LoadError> {
        Manifest::find(depot, name)?.ok_or_else(|| {
            let (name, kind) = (depot.told(name), ManifestErrorKind::Absent);
            ManifestError { name, kind }.into()
        })
    }

    /// Writes a manifest as a whole or not at all.
    pub fn save(&mut self, depot: &Depot, name: &str) -> Result<(), LoadError> {
        self.commitment = commit(&self.entries);
        let json = serde_json::to_vec_pretty(self).map_err(|error| ManifestError {
            name: depot.told(name),
            kind: error.into(),
        })?;
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
                // A program may end anywhere; a part that lies behind has but that end.
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

/// Two lists that cannot be one.
#[derive(Debug, thiserror::Error)]
pub enum MergeError {
    /// There is nothing.
    #[error("there are no shard manifests to merge")]
    Nothing,
    /// They are of different runs.
    #[error("{first} and {second} are of different runs: {what} differs")]
    Plan {
        /// Name of the one.
        first: String,
        /// Name of the other.
        second: String,
        /// What differs.
        what: &'static str,
    },
    /// They disagree on a root.
    #[error("{first} and {second} disagree on step {step}: {one} and {other}")]
    Root {
        /// Name of the one.
        first: String,
        /// Name of the other.
        second: String,
        /// The step.
        step: u64,
        /// Root of the one.
        one: Root,
        /// Root of the other.
        other: Root,
    },
    /// A part is missing, or not finished.
    #[error("the whole is not there yet: {0}")]
    Missing(ManifestErrorKind),
    /// The last part is missing, or not finished.
    #[error("the whole is not there yet: it ends at step {0}")]
    Unfinished(u64),
}

/// Makes one list of its parts, which come with names for errors.
pub fn merge(parts: &[(String, Manifest)]) -> Result<Manifest, MergeError> {
    let (first, model) = parts.first().ok_or(MergeError::Nothing)?;
    let mut merged: std::collections::BTreeMap<u64, (&str, &Entry)> = Default::default();
    for (name, part) in parts {
        let (a, b) = (&model.plan, &part.plan);
        let what = [
            ("the ISA", a.isa != b.isa || a.vm_type != b.vm_type),
            ("the pre-state", a.pre_state != b.pre_state),
            ("the first step", a.first_step != b.first_step),
            ("the distance of checkpoints", a.every != b.every),
            ("the last step", a.until != b.until),
            ("the range with every root", a.dense != b.dense),
        ];
        if let Some((what, _)) = what.into_iter().find(|(_, differs)| *differs) {
            return Err(MergeError::Plan {
                first: first.clone(),
                second: name.clone(),
                what,
            });
        }
        for entry in &part.entries {
            let (owner, known) = *merged.entry(entry.step).or_insert((name, entry));
            if known.root != entry.root {
                return Err(MergeError::Root {
                    first: owner.into(),
                    second: name.clone(),
                    step: entry.step,
                    one: known.root,
                    other: entry.root,
                });
            }
        }
    }
    let mut whole = Manifest::new(model.plan.clone(), None);
    whole.entries = merged
        .into_values()
        .map(|(_, entry)| entry.clone())
        .collect();
    whole.commitment = commit(&whole.entries);
    whole.check().map_err(MergeError::Missing)?;
    match whole.entries.last() {
        Some(last) if !whole.is_complete() => Err(MergeError::Unfinished(last.step)),
        Some(_) => Ok(whole),
        None => Err(MergeError::Nothing),
    }
}
