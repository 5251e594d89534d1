//! One list, made of its parts.

use super::{Entry, Manifest, ManifestErrorKind};
use crate::Root;
use crate::commitment::commit;
use std::collections::BTreeMap;

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
    let mut merged: BTreeMap<u64, (&str, &Entry)> = Default::default();
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
