//! What has happened on a path through an instruction, and the branches that its accesses need.

use fpvm_core::machine::memory::LEAF_SIZE;

/// The base of constants.
pub(super) const ABSOLUTE: usize = 0;

/// A range of bytes that is accessed.
#[derive(Clone, Copy, Debug)]
pub(super) struct Access {
    pub(super) base: usize,
    pub(super) offset: u64,
    pub(super) bytes: u64,
}

/// An address known to be a multiple of `to`.
#[derive(Clone, Copy, Debug)]
pub(super) struct Aligned {
    pub(super) base: usize,
    pub(super) offset: u64,
    pub(super) to: u64,
}

impl Aligned {
    fn fits(self, place: u64) -> bool {
        place.wrapping_add(self.offset) & (self.to - 1) == 0
    }
}

/// What has happened on a path.
#[derive(Clone, Default, Debug)]
pub(super) struct Path {
    /// The first effect.
    pub(super) effect: Option<&'static str>,
    /// The first write of a register.
    pub(super) written: Option<&'static str>,
    /// Accesses since the last choice.
    pub(super) accesses: Vec<Access>,
    /// Branches that the accesses before it need.
    pub(super) leaves_before: usize,
    /// Whether the arms of a choice needed different numbers of branches.
    pub(super) uneven: bool,
    pub(super) aligned: Vec<Aligned>,
}

impl Path {
    /// The places in a leaf that a base can have.
    pub(super) fn places(&self, base: usize) -> impl Iterator<Item = u64> {
        let known = self.aligned.iter().filter(move |known| known.base == base);
        let last = if base == ABSOLUTE {
            0
        } else {
            LEAF_SIZE as u64 - 1
        };
        (0..=last).filter(move |place| known.clone().all(|known| known.fits(*place)))
    }

    /// The next access needs a branch of its own.
    pub(super) fn next_branch(&mut self) {
        self.leaves_before = self.leaves();
        self.accesses.clear();
    }

    /// How many branches the accesses need at most: a new one each time that the leaf changes.
    pub(super) fn leaves(&self) -> usize {
        let same_base = |a: &Access, b: &Access| a.base == b.base;
        let runs = self.accesses.chunk_by(same_base).map(|run| {
            let base = run.first().map_or(ABSOLUTE, |access| access.base);
            let visits = |place: u64| {
                let bytes = run
                    .iter()
                    .flat_map(|access| (0..access.bytes).map(|i| access.offset.wrapping_add(i)));
                let mut leaves: Vec<u64> = bytes
                    .map(|at| at.wrapping_add(place) / LEAF_SIZE as u64)
                    .collect();
                leaves.dedup();
                leaves.len()
            };
            self.places(base).map(visits).max().unwrap_or(0)
        });
        self.leaves_before + runs.sum::<usize>()
    }
}
