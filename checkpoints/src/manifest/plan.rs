//! The plan of a list of checkpoints: the run that it is about, and the steps at which it has entries.

use crate::Root;
use serde::{Deserialize, Serialize};

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

/// The plan of a list of checkpoints: two lists with the same plan can be compared and merged.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Plan {
    /// The ISA, by its name, [`Isa::NAME`](fpvm_core::Isa::NAME).
    pub isa: String,
    /// VM type as upstream names it.
    pub vm_type: String,
    /// State root of the input.
    pub pre_state: Root,
    /// Step counter of the input.
    pub first_step: u64,
    /// A checkpoint at each multiple of this many steps, and at both ends.
    pub every: u64,
    /// The last step, if the run does not go on to the program's end.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<u64>,
    /// The range with a checkpoint at every step.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dense: Option<Range>,
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

    /// Whether the state of a step is kept: not for steps that only the dense range has.
    pub fn keeps_state(&self, step: u64) -> bool {
        self.dense
            .is_none_or(|range| step <= range.from || step >= range.to)
    }

    /// The first and the last step of a part of the list; both are checkpoints. `None` without a last step.
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
