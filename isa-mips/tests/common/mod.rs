//! What the step tests share: vectors, and a memory tree that does not rest on the core's.

use flate2::read::GzDecoder;
use fpvm_core::definition::decode::decode;
use fpvm_core::keccak::keccak256;
use fpvm_isa_mips::{Mips32, table};
use serde::de::DeserializeOwned;
use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::io::{BufRead, BufReader};
use std::path::Path;

pub(crate) type Node = [u8; 32];

/// Levels between leaves and root.
const DEPTH: usize = 27;

/// The JSON values, one a line, of a file relative to this crate.
pub(crate) fn vectors<T: DeserializeOwned>(name: &str) -> Vec<T> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(name);
    let file = File::open(path).expect(name);
    let lines = BufReader::new(GzDecoder::new(file)).lines();
    let parse = |line: String| serde_json::from_str(&line).expect(&line);
    lines.map(|line| parse(line.expect(name))).collect()
}

pub(crate) fn bytes(hex: &str) -> Vec<u8> {
    const_hex::decode(hex).expect(hex)
}

/// The mnemonic of an instruction.
pub(crate) fn mnemonic(insn: u32) -> &'static str {
    let row = decode::<Mips32>(insn) as usize;
    table::TABLE.get(row).map_or("undefined", |row| row.name)
}

/// A memory tree made of nothing but its definition.
#[derive(Default)]
pub(crate) struct Leaves(BTreeMap<u32, Node>);

impl Leaves {
    pub(crate) fn new(words: &[(u32, u32)]) -> Self {
        let mut leaves = Self::default();
        for (at, word) in words {
            leaves.set_word(*at, *word);
        }
        leaves
    }

    pub(crate) fn set_word(&mut self, at: u32, word: u32) {
        let leaf = self.0.entry(at >> 5).or_default();
        let from = (at & 28) as usize;
        leaf[from..from + 4].copy_from_slice(&word.to_be_bytes());
    }

    /// The nodes of every level from the leaves up, and the node that stands for all others there.
    fn levels(&self) -> Vec<(BTreeMap<u32, Node>, Node)> {
        let mut levels = vec![(self.0.clone(), [0; 32])];
        for level in 0..DEPTH {
            let (nodes, zero) = &levels[level];
            let hash = |i: u32| {
                let [left, right] = [2 * i, 2 * i + 1].map(|i| nodes.get(&i).unwrap_or(zero));
                keccak256(&[*left, *right].concat())
            };
            let parents: BTreeSet<u32> = nodes.keys().map(|i| i / 2).collect();
            let parents = parents.into_iter().map(|i| (i, hash(i))).collect();
            let zero = keccak256(&[*zero, *zero].concat());
            levels.push((parents, zero));
        }
        levels
    }

    pub(crate) fn root(&self) -> Node {
        let levels = self.levels();
        let (top, zero) = &levels[DEPTH];
        *top.get(&0).unwrap_or(zero)
    }

    /// The leaf of an address and its siblings, bottom up.
    pub(crate) fn branch(&self, at: u32) -> Vec<u8> {
        let leaf = at >> 5;
        let mut out = self.0.get(&leaf).copied().unwrap_or_default().to_vec();
        for (level, (nodes, zero)) in self.levels().iter().take(DEPTH).enumerate() {
            let sibling = (leaf >> level) ^ 1;
            out.extend(nodes.get(&sibling).unwrap_or(zero));
        }
        out
    }
}
