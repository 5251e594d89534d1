//! The guest programs that are built into the command `fpvm`, with the pre-images that they read.
//!
//! `README.md` says how each program was made; `build.sh` makes them anew. A package has to bring what it
//! builds in, so the programs are a crate of their own and not files beside the command.

use include_dir::{Dir, include_dir};

/// `claim` for MIPS32: a Go program that checks a claim about a toy rollup of 32 blocks.
pub const CLAIM: &[u8] = include_bytes!("bin/claim.mips");

/// What `claim` reads as local pre-image 2 where its claim is false.
pub const FALSE_CLAIM: &[u8] = include_bytes!(
    "preimages-false/0100000000000000000000000000000000000000000000000000000000000002"
);

/// `rollup`, by the name of its ISA or of its VM type: it executes one block of a toy rollup, and says
/// whether an output root is right.
pub const ROLLUP: &[(&str, &[u8])] = &[
    ("mips", include_bytes!("bin/rollup.mips")),
    ("mips64", include_bytes!("bin/rollup.mips64")),
    ("riscv64", include_bytes!("bin/rollup.riscv64")),
    ("imac-1", include_bytes!("bin/rollup.imac")),
];

/// `super-rollup`, by the name of its ISA or of its VM type: it makes one step of the states of several toy rollups,
/// and says whether a claim about the state after it is true.
pub const SUPER_ROLLUP: &[(&str, &[u8])] = &[
    ("mips64", include_bytes!("bin/super-rollup.mips64")),
    ("imac-1", include_bytes!("bin/super-rollup.imac")),
];

/// The rollup's true outputs: a line each, the block's number and the root.
pub const ROLLUP_OUTPUTS: &str = include_str!("outputs-rollup.txt");

/// The rollup's chain id, from which its blocks follow.
pub const ROLLUP_CHAIN_ID: u64 = 901;

static CLAIM_PREIMAGES: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/preimages");
static ROLLUP_PREIMAGES: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/preimages-rollup");

/// The pre-images that `claim` reads where its claim is true: the key in 64 hex digits, and the value.
pub fn claim_preimages() -> impl Iterator<Item = (&'static str, &'static [u8])> {
    preimages(&CLAIM_PREIMAGES)
}

/// The keccak256 pre-images below the rollup's outputs: the key in 64 hex digits, and the value.
pub fn rollup_preimages() -> impl Iterator<Item = (&'static str, &'static [u8])> {
    preimages(&ROLLUP_PREIMAGES)
}

/// A folder of files that are named after their keys, as `fpvm run --preimages` takes it.
fn preimages(folder: &'static Dir<'_>) -> impl Iterator<Item = (&'static str, &'static [u8])> {
    folder.files().filter_map(|file| {
        let key = file.path().to_str()?;
        let is_key = key.len() == 64 && key.bytes().all(|c| c.is_ascii_hexdigit());
        is_key.then_some((key, file.contents()))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A file with another name would be left out without a word.
    #[test]
    fn every_file_is_a_pre_image() {
        assert_eq!(claim_preimages().count(), CLAIM_PREIMAGES.files().count());
        assert_eq!(rollup_preimages().count(), ROLLUP_PREIMAGES.files().count());
        assert!(claim_preimages().count() > 30);
        assert!(rollup_preimages().count() > 100);
    }
}
