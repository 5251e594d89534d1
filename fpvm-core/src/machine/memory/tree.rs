//! The Merkle tree beside the pages: page roots and all above them, and for pages that were proved
//! lately the nodes inside. What is stored depends on the contents alone, never on when roots were
//! taken before.

use super::Node;
use super::paged::{PAGE_SIZE, Page};
use crate::keccak::{self, PageNodes, hash_pair, zero_root};
use rustc_hash::FxHashMap;

/// Levels of the tree inside a page.
pub(super) const PAGE_LEVELS: usize = 7;
/// How many proved pages keep their inner nodes; 8 KiB each.
const INNER_PAGES: usize = 1024;
/// From this many changed leaves on, a page is hashed anew.
const FEW_LEAVES: usize = 24;
/// Pages hashed together.
const BATCH: usize = 64;

/// A page's leaves and inner nodes as of the last root.
#[derive(Clone, Debug)]
struct Inner {
    leaves: Page,
    nodes: PageNodes,
}

impl Inner {
    fn new(page: &Page) -> Self {
        let mut nodes = [[0; 32]; 128];
        keccak::page_nodes(page, &mut nodes);
        Self {
            leaves: *page,
            nodes,
        }
    }

    /// Follows the page, hashing only what lies above changed leaves.
    fn follow(&mut self, page: &Page) {
        let (old, new) = (self.leaves.as_chunks::<64>().0, page.as_chunks::<64>().0);
        let mut changed: Vec<usize> = (64..)
            .zip(old.iter().zip(new))
            .filter(|(_, (old, new))| old != new)
            .map(|(node, _)| node)
            .collect();
        if changed.len() > FEW_LEAVES {
            *self = Self::new(page);
            return;
        }
        for node in &changed {
            let pair = &new[node - 64];
            self.leaves.as_chunks_mut::<64>().0[node - 64] = *pair;
            let halves = pair.as_chunks::<32>().0;
            self.nodes[*node] = hash_pair(&halves[0], &halves[1]);
        }
        while changed.first().is_some_and(|node| *node > 1) {
            changed.iter_mut().for_each(|node| *node /= 2);
            changed.dedup();
            for node in &changed {
                self.nodes[*node] = hash_pair(&self.nodes[2 * node], &self.nodes[2 * node + 1]);
            }
        }
    }
}

/// The tree over pages of an address space.
#[derive(Debug)]
pub(super) struct Tree {
    /// Levels above the page roots.
    levels: usize,
    /// Nodes that are not zero subtrees, by generalised index: 1 is the root, page `p` is
    /// `1 << levels | p`.
    nodes: FxHashMap<u64, Node>,
    inner: FxHashMap<u64, Box<Inner>>,
}

impl Tree {
    pub(super) fn new(address_bits: u32) -> Self {
        let levels = address_bits as usize - PAGE_SIZE.trailing_zeros() as usize;
        Self {
            levels,
            nodes: FxHashMap::default(),
            inner: FxHashMap::default(),
        }
    }

    pub(super) fn root(&self) -> Node {
        self.node(1)
    }

    /// A node above the pages or a page root, by generalised index.
    fn node(&self, index: u64) -> Node {
        let level = self.levels - index.ilog2() as usize;
        self.nodes
            .get(&index)
            .copied()
            .unwrap_or_else(|| zero_root(PAGE_LEVELS + level))
    }

    fn set(&mut self, index: u64, node: Node) {
        let level = self.levels - index.ilog2() as usize;
        if node == zero_root(PAGE_LEVELS + level) {
            self.nodes.remove(&index);
        } else {
            self.nodes.insert(index, node);
        }
    }

    /// Takes in pages that may have changed.
    pub(super) fn update(&mut self, dirty: &[(u64, &Page)]) {
        if dirty.is_empty() {
            return;
        }
        let mut unknown: Vec<(u64, &Page)> = Vec::new();
        for (number, page) in dirty {
            match self.inner.get_mut(number) {
                Some(inner) => {
                    inner.follow(page);
                    let root = inner.nodes[1];
                    self.set(1 << self.levels | number, root);
                }
                None => unknown.push((*number, page)),
            }
        }
        for (number, root) in page_roots(&unknown) {
            self.set(1 << self.levels | number, root);
        }
        self.hash_above(dirty.iter().map(|(number, _)| *number));
    }

    /// Takes in pages whose roots are known.
    pub(super) fn adopt(&mut self, pages: &[(u64, Node)]) {
        for (number, root) in pages {
            self.inner.remove(number);
            self.set(1 << self.levels | number, *root);
        }
        self.hash_above(pages.iter().map(|(number, _)| *number));
    }

    /// Hashes anew all nodes above these pages.
    fn hash_above(&mut self, pages: impl Iterator<Item = u64>) {
        let mut changed: Vec<u64> = pages.map(|number| 1 << self.levels | number).collect();
        changed.sort_unstable();
        while changed.first().is_some_and(|index| *index > 1) {
            changed.iter_mut().for_each(|index| *index /= 2);
            changed.dedup();
            self.hash_level(&changed);
        }
    }

    /// Hashes the nodes of one level anew.
    fn hash_level(&mut self, indices: &[u64]) {
        if let [index] = indices {
            let node = hash_pair(&self.node(2 * index), &self.node(2 * index + 1));
            return self.set(*index, node);
        }
        let children: Vec<Node> = indices
            .iter()
            .flat_map(|i| [self.node(2 * i), self.node(2 * i + 1)])
            .collect();
        let mut hashes = vec![[0; 32]; indices.len()];
        keccak::hash_nodes(children.as_flattened(), &mut hashes);
        for (index, hash) in indices.iter().zip(hashes) {
            self.set(*index, hash);
        }
    }

    /// The branch of the leaf that holds an address, in a page that has not changed since the last
    /// update.
    pub(super) fn branch(&mut self, at: u64, page: &Page) -> Vec<Node> {
        let number = at / PAGE_SIZE as u64;
        let leaf = at as usize % PAGE_SIZE / 32;
        if self.inner.len() >= INNER_PAGES && !self.inner.contains_key(&number) {
            self.inner.clear();
        }
        let inner = self
            .inner
            .entry(number)
            .or_insert_with(|| Box::new(Inner::new(page)));
        let leaves = inner.leaves.as_chunks::<32>().0;
        let mut branch = Vec::with_capacity(1 + PAGE_LEVELS + self.levels);
        branch.extend([leaves[leaf], leaves[leaf ^ 1]]);
        let mut node = (128 + leaf) / 2;
        while node > 1 {
            branch.push(inner.nodes[node ^ 1]);
            node /= 2;
        }
        let mut index = 1 << self.levels | number;
        while index > 1 {
            branch.push(self.node(index ^ 1));
            index /= 2;
        }
        branch
    }
}

/// The roots of pages, several at a time and on all cores.
pub(super) fn page_roots(pages: &[(u64, &Page)]) -> Vec<(u64, Node)> {
    let batch = |pages: &[(u64, &Page)]| {
        let zero = |page: &Page| page.iter().all(|byte| *byte == 0);
        let (zeros, rest): (Vec<_>, Vec<_>) = pages.iter().partition(|(_, page)| zero(page));
        let bytes: Vec<&Page> = rest.iter().map(|(_, page)| *page).collect();
        let mut roots = vec![[0; 32]; bytes.len()];
        keccak::page_roots(&bytes, &mut roots);
        let numbers = rest.iter().map(|(number, _)| *number);
        let zeros = zeros
            .into_iter()
            .map(|(number, _)| (number, zero_root(PAGE_LEVELS)));
        numbers.zip(roots).chain(zeros).collect::<Vec<_>>()
    };
    #[cfg(feature = "rayon")]
    if pages.len() > BATCH {
        use rayon::prelude::*;
        return pages.par_chunks(BATCH).flat_map_iter(batch).collect();
    }
    pages.chunks(BATCH).flat_map(batch).collect()
}
