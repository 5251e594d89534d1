//! The toy rollup that comes with the example guests, and a node of it.
#![allow(dead_code, reason = "each test uses its part")]

use std::fs;
use std::path::PathBuf;

use fpvm_dispute::trace::Outputs as _;
use fpvm_dispute::trace::outputs::OutputList;
use fpvm_l1::{B256, U256};

use fpvm_e2e::op_node::{Known, OpNode, Output};
use fpvm_guests::{ROLLUP, ROLLUP_OUTPUTS, rollup_preimages};
use tempfile::TempDir;

/// The toy rollup that is built in, as files.
pub(crate) struct Rollup {
    pub(crate) program: PathBuf,
    pub(crate) preimages: PathBuf,
    pub(crate) outputs: PathBuf,
    pub(crate) list: OutputList,
    _folder: TempDir,
}

/// Where its outputs are agreed upon.
pub(crate) const ANCHOR: u64 = 100;

impl Rollup {
    pub(crate) fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let [program, preimages, outputs] =
            ["rollup.mips", "preimages", "outputs.txt"].map(|name| folder.path().join(name));
        let (_, elf) = ROLLUP.iter().find(|(vm, _)| *vm == "mips").unwrap();
        fs::write(&program, elf).unwrap();
        fs::write(&outputs, ROLLUP_OUTPUTS).unwrap();
        fs::create_dir(&preimages).unwrap();
        for (key, value) in rollup_preimages() {
            fs::write(preimages.join(key), value).unwrap();
        }
        Self {
            program,
            preimages,
            outputs,
            list: ROLLUP_OUTPUTS.parse().unwrap(),
            _folder: folder,
        }
    }

    pub(crate) fn output(&self, block: u64) -> B256 {
        self.list.output(U256::from(block)).unwrap()
    }

    /// A node that tells its outputs.
    pub(crate) fn node(&self) -> OpNode {
        let zero = B256::ZERO.to_string();
        let output = |block| Output {
            root: self.output(block).to_string(),
            state_root: zero.clone(),
            withdrawals: zero.clone(),
            hash: zero.clone(),
            header: String::new(),
        };
        let last = self.list.safe_head().to();
        OpNode::start(Known {
            first: ANCHOR,
            outputs: (ANCHOR..=last).map(output).collect(),
            current_l1: 1_000_000,
            safe_heads: vec![(0, last)],
            keeps_safe_heads: true,
            ..Known::default()
        })
    }
}
