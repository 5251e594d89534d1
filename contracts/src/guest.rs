//! Whole programs through a [`Harness`], step by step.

use crate::harness::{Harness, HarnessError};
use fpvm_core::formats::elf::{ElfError, Program, load};
use fpvm_core::machine::vm::{Host, Vm, VmError};
use fpvm_core::step::oracle::{Oracle, OracleError, Silent};
use fpvm_oracle::Key;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Which steps of a program go through the harness; the others only run.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Plan {
    /// The first steps, all of them.
    pub first: u64,
    /// How many of the rest.
    pub sampled: u64,
    /// Up to which step the sample reaches; a program that ends before is sampled up to its end.
    pub within: u64,
}

/// Why a program did not go through.
#[derive(Debug, thiserror::Error)]
pub enum GuestError {
    /// The program's file cannot be read.
    #[error("cannot read {path}: {source}")]
    File {
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// It is no program of this ISA.
    #[error(transparent)]
    Elf(#[from] ElfError),
    /// It failed.
    #[error(transparent)]
    Vm(#[from] VmError),
    /// A step did not agree.
    #[error(transparent)]
    Harness(#[from] HarnessError),
}

/// What a program reads.
#[derive(Clone, Copy, Debug)]
pub struct Preimages<'a> {
    /// A folder with files named by their keys, in hex.
    pub folder: &'a Path,
    /// The local inputs 1, 2 and so on, where they are not in the folder.
    pub inputs: &'a [Vec<u8>],
}

impl Oracle for Preimages<'_> {
    fn hint(&mut self, _hint: &[u8]) -> Result<(), OracleError> {
        Ok(())
    }

    fn preimage(&mut self, key: [u8; 32]) -> Result<Arc<[u8]>, OracleError> {
        let inputs = (1..).zip(self.inputs);
        let mut inputs = inputs.map(|(index, value)| (Key::local(index), value));
        if let Some((_, value)) = inputs.find(|(known, _)| known.0 == key) {
            return Ok(value.as_slice().into());
        }
        Ok(std::fs::read(self.folder.join(const_hex::encode(key)))?.into())
    }
}

/// State hashes that upstream recorded, by the number of the step that they are after.
pub type Recorded = BTreeMap<u64, [u8; 32]>;

/// Loads a program and runs it by a plan; how many steps agreed. Steps with a recorded hash are in
/// every plan.
pub fn agree<I: Program>(
    harness: &mut Harness,
    elf: &Path,
    mut preimages: Preimages<'_>,
    plan: Plan,
    recorded: &Recorded,
) -> Result<u64, GuestError> {
    let file = std::fs::read(elf).map_err(|source| {
        let path = elf.to_owned();
        GuestError::File { path, source }
    })?;
    let mut vm: Vm<I> = load(&file, I::PATCHES)?;
    let mut host = Host {
        oracle: &mut preimages,
        console: &mut Silent,
    };
    let mut rehearsal: Vm<I> = load(&file, I::PATCHES)?;
    rehearsal.run(plan.within, false, &mut host)?;
    let end = rehearsal.state.step;
    let mut agreed = 0;
    let rest = end.saturating_sub(plan.first);
    let stride = rest.checked_div(plan.sampled).unwrap_or(rest).max(1);
    // A multiplicative sequence: a sample without order that is the same every time.
    let mut random = 0x9e37_79b9_7f4a_7c15u64;
    while !vm.state.exited() && vm.state.step < end {
        if vm.state.step >= plan.first {
            random = random.wrapping_mul(0x5851_f42d_4c95_7f2d).wrapping_add(1);
            let skip = (random >> 33) % (2 * stride - 1).max(1);
            let next = vm.state.step.saturating_add(skip);
            let recorded = recorded.range(vm.state.step..).next();
            let next = recorded.map_or(next, |(step, _)| next.min(*step));
            vm.run(next, false, &mut host)?;
            if vm.state.exited() {
                break;
            }
        }
        let Some(step) = harness.step(&mut vm, &mut host)? else {
            break;
        };
        let at = step.verified.before.step;
        if let Some(post) = recorded
            .get(&at)
            .filter(|post| **post != step.verified.post)
        {
            let (post, found) = (
                const_hex::encode(post),
                const_hex::encode(step.verified.post),
            );
            let text = format!("all come to {found}, upstream came to {post}");
            return Err(HarnessError::Disagree { step: at, text }.into());
        }
        agreed += 1;
    }
    Ok(agreed)
}
