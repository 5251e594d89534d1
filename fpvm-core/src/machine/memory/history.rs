//! Memory roots over time: the root after each of many writes, several hashed at once.
//!
//! The nodes on one path depend on each other, so a single update fills one lane. But at one level
//! all updates are independent of each other once the level below is known for all of them: the node
//! after write `k` has as children what `k` made of the one, and of the other what the last write
//! before `k` made of it. So the levels are gone through from the bottom up, each for all writes.

use super::copy_on_write::FrozenMemory;
use super::paged::PAGE_SIZE;
use super::{Node, PAGE_LEVELS, tree_depth};
use crate::keccak::{self, PageNodes, hash_nodes, zero_root};
use rustc_hash::FxHashMap;

/// The memory before the writes.
struct Before<'a> {
    memory: &'a FrozenMemory,
    /// Inner nodes of the pages that are written; `None` for one that is not allocated.
    pages: FxHashMap<u64, Option<Box<PageNodes>>>,
}

impl Before<'_> {
    /// A node by its height above the leaves and its place at that height.
    fn node(&mut self, height: usize, index: u64) -> Node {
        if height >= PAGE_LEVELS {
            return self.memory.node(height - PAGE_LEVELS, index);
        }
        let levels = PAGE_LEVELS - height;
        let number = index >> levels;
        let place = index as usize & ((1 << levels) - 1);
        let page = self.memory.page(number);
        if height == 0 {
            let leaves = page.map(|page| page.bytes().as_chunks::<32>().0);
            return leaves.map_or([0; 32], |leaves| leaves[place]);
        }
        let nodes = self.pages.entry(number).or_insert_with(|| {
            let mut nodes = Box::new([[0; 32]; 128]);
            keccak::page_nodes(page?.bytes(), &mut nodes);
            Some(nodes)
        });
        nodes.as_ref().map_or(zero_root(height), |nodes| {
            nodes[(1 << levels | place) % nodes.len()]
        })
    }
}

/// The memory root after each of these writes of whole leaves (number of the leaf, new contents),
/// for addresses of this many bits.
pub(crate) fn roots_after(
    before: &FrozenMemory,
    address_bits: u32,
    writes: &[(u64, Node)],
) -> Vec<Node> {
    debug_assert_eq!(PAGE_SIZE, 32 << PAGE_LEVELS);
    let mut before = Before {
        memory: before,
        pages: FxHashMap::default(),
    };
    // The written nodes of this height, each once, and which of them each write is at.
    let mut indices: Vec<u64> = writes.iter().map(|(leaf, _)| *leaf).collect();
    indices.sort_unstable();
    indices.dedup();
    let place = |(leaf, _): &(u64, Node)| indices.partition_point(|index| index < leaf);
    let mut places: Vec<usize> = writes.iter().map(place).collect();
    // What each write made of its node.
    let mut nodes: Vec<Node> = writes.iter().map(|(_, node)| *node).collect();
    let mut children = vec![[[0; 32]; 2]; writes.len()];
    for height in 0..tree_depth(address_bits) {
        let mut parents: Vec<u64> = indices.iter().map(|index| index / 2).collect();
        let above: Vec<usize> = (0..parents.len())
            .scan(0, |parent, i| {
                *parent += usize::from(i > 0 && parents[i] != parents[i - 1]);
                Some(*parent)
            })
            .collect();
        parents.dedup();
        let pair = |parent: &u64| [0, 1].map(|side| before.node(height, 2 * parent + side));
        // The children of each parent as of now.
        let mut pairs: Vec<[Node; 2]> = parents.iter().map(pair).collect();
        for ((place, node), children) in places.iter_mut().zip(&nodes).zip(&mut children) {
            let parent = above[*place];
            pairs[parent][(indices[*place] & 1) as usize] = *node;
            *children = pairs[parent];
            *place = parent;
        }
        hash_nodes(children.as_flattened().as_flattened(), &mut nodes);
        indices = parents;
    }
    nodes
}
