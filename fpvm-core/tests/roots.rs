//! A memory root depends on the contents alone: not on when earlier roots were taken, nor on
//! branches, snapshots and allocations in between (upstream's Asterisc gets this wrong). Checked
//! against a fresh memory with the same contents and against a tree made from its definition.

use fpvm_core::definition::word::Word;
use fpvm_core::machine::memory::{
    Memory, Node, PAGE_SIZE, PagedMemory, Prover, fold_branch, tree_depth,
};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::Index;
use sha3::{Digest, Keccak256};
use std::collections::{BTreeMap, BTreeSet};

/// Memory as a map of bytes that are not zero, and its tree by definition: every level from the
/// leaves up, with the hash that stands for all nodes that are not listed.
#[derive(Clone, Default)]
struct Naive {
    bytes: BTreeMap<u64, u8>,
}

fn pair(left: &Node, right: &Node) -> Node {
    Keccak256::new_with_prefix(left)
        .chain_update(right)
        .finalize()
        .into()
}

impl Naive {
    fn write(&mut self, at: u64, bytes: &[u8], mask: u64) {
        for (i, byte) in (0..).zip(bytes) {
            self.bytes.insert(at.wrapping_add(i) & mask, *byte);
        }
    }

    fn leaf(&self, index: u64) -> Node {
        let mut leaf = [0; 32];
        for (at, byte) in self.bytes.range(index * 32..=index * 32 + 31) {
            leaf[*at as usize % 32] = *byte;
        }
        leaf
    }

    fn root(&self, depth: usize) -> Node {
        let indices: BTreeSet<u64> = self.bytes.keys().map(|at| at / 32).collect();
        let mut level: BTreeMap<u64, Node> = indices
            .into_iter()
            .map(|index| (index, self.leaf(index)))
            .collect();
        let mut zero = [0; 32];
        for _ in 0..depth {
            let parents: BTreeSet<u64> = level.keys().map(|index| index / 2).collect();
            let node = |index: u64| level.get(&index).unwrap_or(&zero);
            level = parents
                .into_iter()
                .map(|index| (index, pair(node(2 * index), node(2 * index + 1))))
                .collect();
            zero = pair(&zero, &zero);
        }
        level.get(&0).copied().unwrap_or(zero)
    }
}

/// What is done to a memory.
#[derive(Clone, Debug)]
enum Action {
    Write(u64, Vec<u8>),
    WriteWord(u64, u64),
    Root,
    Branch(u64),
    /// Whether its root is asked for at once.
    Snapshot(bool),
    /// Back to one of the snapshots taken so far.
    Restore(Index),
    Allocate(u64),
    MarkCode(u64),
}

/// Addresses close to each other, at page and line borders, at both ends, and anywhere.
fn address(bits: u32) -> impl Strategy<Value = u64> {
    let mask = u64::MAX >> (64 - bits);
    prop_oneof![
        3 => 0u64..96,
        3 => (0u64..8, 0u64..PAGE_SIZE as u64).prop_map(|(page, at)| 0x40_0000 + page * PAGE_SIZE as u64 + at),
        3 => (1u64..96).prop_map(move |back| mask - back + 1),
        2 => (0u64..4, 0u64..64).prop_map(|(page, at)| (page + 1) * PAGE_SIZE as u64 + at - 32),
        2 => (0..bits, 0u64..64).prop_map(move |(bit, at)| (1u64 << bit).wrapping_add(at).wrapping_sub(32) & mask),
        1 => any::<u64>().prop_map(move |at| at & mask),
    ]
}

fn action(bits: u32) -> impl Strategy<Value = Action> {
    let byte = prop_oneof![Just(0u8), any::<u8>()];
    prop_oneof![
        3 => (address(bits), vec(byte, 1..96)).prop_map(|(at, bytes)| Action::Write(at, bytes)),
        // Long enough for a page to be hashed anew rather than followed.
        1 => (address(bits), any::<u8>(), 1000usize..9000)
            .prop_map(|(at, byte, len)| Action::Write(at, vec![byte; len])),
        4 => (address(bits), prop_oneof![Just(0), any::<u64>()])
            .prop_map(|(at, word)| Action::WriteWord(at, word)),
        2 => Just(Action::Root),
        2 => address(bits).prop_map(Action::Branch),
        1 => any::<bool>().prop_map(Action::Snapshot),
        1 => any::<Index>().prop_map(Action::Restore),
        1 => address(bits).prop_map(Action::Allocate),
        1 => address(bits).prop_map(Action::MarkCode),
    ]
}

fn fresh<A: Word>(naive: &Naive) -> PagedMemory<A> {
    let mut memory = PagedMemory::new().unwrap();
    for (at, byte) in &naive.bytes {
        memory.write(*at, [*byte]).unwrap();
    }
    memory
}

fn check<A: Word>(actions: &[Action]) -> Result<(), TestCaseError> {
    let (depth, mask) = (tree_depth(A::BITS), u64::MAX >> (64 - A::BITS));
    let (mut memory, mut naive) = (PagedMemory::<A>::new().unwrap(), Naive::default());
    let mut snapshots = Vec::new();
    for action in actions {
        match action {
            Action::Write(at, bytes) => {
                memory.write_slice(*at, bytes).unwrap();
                naive.write(*at, bytes, mask);
                let mut again = vec![0; bytes.len()];
                memory.read_slice(*at, &mut again);
                prop_assert_eq!(&again, bytes);
            }
            Action::WriteWord(at, word) => {
                memory.write(*at, word.to_le_bytes()).unwrap();
                naive.write(*at, &word.to_le_bytes(), mask);
                prop_assert_eq!(memory.read::<8>(*at), Ok(word.to_le_bytes()));
            }
            Action::Root => prop_assert_eq!(memory.root(), naive.root(depth)),
            Action::Branch(at) => {
                let branch = memory.branch(*at);
                prop_assert_eq!(branch.len(), depth + 1);
                prop_assert_eq!(branch[0], naive.leaf(at / 32));
                let root = fold_branch(&branch[0], branch[1..].iter().copied(), at / 32);
                prop_assert_eq!(root, naive.root(depth));
            }
            Action::Snapshot(root) => {
                let snapshot = memory.freeze();
                if *root {
                    prop_assert_eq!(snapshot.root(), naive.root(depth), "a snapshot");
                }
                snapshots.push((snapshot, naive.clone()));
            }
            Action::Restore(index) => {
                if !snapshots.is_empty() {
                    let (snapshot, then) = index.get(&snapshots);
                    memory.restore(snapshot).unwrap();
                    naive = then.clone();
                }
            }
            Action::Allocate(at) => {
                let before = memory.root();
                memory.allocate(at / PAGE_SIZE as u64).unwrap();
                prop_assert!(memory.is_allocated(at / PAGE_SIZE as u64));
                prop_assert_eq!(memory.root(), before, "a page of zeros changes the root");
            }
            Action::MarkCode(at) => {
                memory.mark_code(at / PAGE_SIZE as u64);
            }
        }
    }
    let root = memory.root();
    prop_assert_eq!(root, naive.root(depth), "by definition");
    prop_assert_eq!(root, fresh::<A>(&naive).root(), "a fresh memory");
    prop_assert_eq!(root, memory.root(), "again");
    // Snapshots still hold what there was when they were taken.
    for (snapshot, then) in snapshots {
        prop_assert_eq!(snapshot.root(), then.root(depth), "a snapshot");
        let mut memory = PagedMemory::<A>::new().unwrap();
        memory.restore(&snapshot).unwrap();
        prop_assert_eq!(memory.root(), then.root(depth), "a snapshot restored");
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 192, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn roots_of_32_bit_memories_depend_on_contents_alone(actions in vec(action(32), 1..40)) {
        check::<u32>(&actions)?;
    }

    #[test]
    fn roots_of_64_bit_memories_depend_on_contents_alone(actions in vec(action(64), 1..40)) {
        check::<u64>(&actions)?;
    }
}

/// Many pages at once take the parallel path.
#[test]
fn many_pages_hash_to_the_same_root() {
    fn check<A: Word>(far: u64) {
        let (mut all_at_once, mut one_by_one) = (
            PagedMemory::<A>::new().unwrap(),
            PagedMemory::<A>::new().unwrap(),
        );
        let mut naive = Naive::default();
        for page in 0..300u64 {
            // Every seventh page stays zero, though it is written.
            let word = if page % 7 == 0 {
                0
            } else {
                page.wrapping_mul(0x9e37_79b9_7f4a_7c15)
            };
            let at = far * (page / 100) + page * PAGE_SIZE as u64 + page % 61 * 8;
            all_at_once.write(at, word.to_be_bytes()).unwrap();
            one_by_one.write(at, word.to_be_bytes()).unwrap();
            one_by_one.root();
            naive.write(at, &word.to_be_bytes(), u64::MAX);
        }
        let expected = naive.root(tree_depth(A::BITS));
        assert_eq!(all_at_once.root(), expected);
        assert_eq!(one_by_one.root(), expected);
    }
    check::<u32>(0x2000_0000);
    check::<u64>(0x7f00_0000_0000);
}

/// More proved pages than the tree keeps the inside of.
#[test]
fn branches_of_many_pages_stay_right() {
    let mut memory = PagedMemory::<u64>::new().unwrap();
    for page in 0..2500u64 {
        memory
            .write(page * PAGE_SIZE as u64 + page % 4096, [1])
            .unwrap();
    }
    for round in 0..2u8 {
        for page in (0..2500u64).step_by(if round == 0 { 1 } else { 97 }) {
            let at = page * PAGE_SIZE as u64 + page % 4096;
            let root = memory.root();
            let branch = memory.branch(at);
            assert_eq!(
                fold_branch(&branch[0], branch[1..].iter().copied(), at / 32),
                root
            );
            memory.write(at, [round + 2]).unwrap();
        }
    }
}

#[test]
fn an_empty_memory_has_the_root_of_zeros() {
    let zeros = Naive::default();
    assert_eq!(PagedMemory::<u32>::new().unwrap().root(), zeros.root(27));
    assert_eq!(PagedMemory::<u64>::new().unwrap().root(), zeros.root(59));
}

/// A memory limit refuses the write, and leaves everything else.
#[test]
fn a_limit_leaves_the_memory_as_it_was() {
    let mut memory = PagedMemory::<u64>::new().unwrap();
    memory.set_limit(2 * PAGE_SIZE as u64);
    memory.write(0, [1]).unwrap();
    memory.write(1 << 40, [2]).unwrap();
    let root = memory.root();
    let refused = memory.write(1 << 50, [3]).unwrap_err();
    assert_eq!((refused.at, refused.limit), (1 << 50, 2 * PAGE_SIZE as u64));
    assert_eq!(memory.page_count(), 2);
    assert_eq!((memory.read::<1>(1 << 50), memory.root()), (Ok([0]), root));
}
