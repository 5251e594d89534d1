//! Memory as of one step, never changed again: what snapshots are made of.
//!
//! Pages hang in a tree of 16 children a branch. A new snapshot copies only the branches above pages
//! that changed and shares the rest with the one before; each page and branch keeps its Merkle node
//! once it is known. So a snapshot costs its changed pages, its root can be hashed in any thread
//! while the machine runs on, and what two snapshots differ in is found without looking at the rest.

use super::paged::{PAGE_SIZE, Page};
use super::{Node, PAGE_LEVELS, hash_page_roots};
use crate::keccak::{hash_nodes, hash_pair, zero_root};
use std::sync::{Arc, OnceLock};

/// Children of a branch.
const FAN: usize = 16;
const FAN_BITS: u32 = FAN.trailing_zeros();

/// A page's bytes, and its Merkle root once somebody asked for it.
#[derive(Debug)]
pub struct FrozenPage {
    bytes: Page,
    root: OnceLock<Node>,
}

/// A page, shared by all snapshots that have it.
pub type SharedPage = Arc<FrozenPage>;

impl FrozenPage {
    /// A page of these bytes.
    pub fn new(bytes: &Page) -> SharedPage {
        Arc::new(Self {
            bytes: *bytes,
            root: OnceLock::new(),
        })
    }

    /// The bytes.
    pub fn bytes(&self) -> &Page {
        &self.bytes
    }

    /// The Merkle root of the page's leaves.
    pub fn root(&self) -> Node {
        *self
            .root
            .get_or_init(|| crate::keccak::page_root(&self.bytes))
    }

    /// The root, where it has been hashed before.
    pub fn known_root(&self) -> Option<Node> {
        self.root.get().copied()
    }
}

/// What hangs below a branch.
#[derive(Clone, Debug)]
enum Child {
    Branch(Arc<Branch>),
    Page(SharedPage),
}

impl Child {
    fn is(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Branch(a), Self::Branch(b)) => Arc::ptr_eq(a, b),
            (Self::Page(a), Self::Page(b)) => Arc::ptr_eq(a, b),
            _ => false,
        }
    }
}

/// Sixteen children and what is known of them.
#[derive(Clone, Debug, Default)]
struct Branch {
    children: [Option<Child>; FAN],
    /// The Merkle node.
    node: OnceLock<Node>,
    /// What [`FrozenMemory::fold`] made of it.
    key: OnceLock<Node>,
}

impl Branch {
    /// The Merkle nodes of the children.
    fn child_nodes(&self, level: u32) -> [Node; FAN] {
        let mut nodes = [zero_root(PAGE_LEVELS + (level * FAN_BITS) as usize); FAN];
        for (node, child) in nodes.iter_mut().zip(&self.children) {
            match child {
                Some(Child::Branch(below)) => *node = branch_node(below, level.max(1) - 1),
                Some(Child::Page(page)) => *node = page.root(),
                None => {}
            }
        }
        nodes
    }
}

/// A memory that does not change. Clones share everything.
#[derive(Clone, Debug)]
pub struct FrozenMemory {
    /// Levels of branches; the pages lie below the last.
    depth: u32,
    root: Arc<Branch>,
}

/// A part of a memory, for those that store it: see [`FrozenMemory::fold`].
#[derive(Clone, Copy, Debug)]
pub enum Part<'a> {
    /// A page.
    Page(&'a SharedPage),
    /// A branch by its children: their positions, 0 to 15, and keys.
    Branch(&'a [(u8, Node)]),
}

impl FrozenMemory {
    /// An empty memory for addresses of this many bits.
    pub fn new(address_bits: u32) -> Self {
        let page_bits = address_bits - PAGE_SIZE.trailing_zeros();
        Self {
            depth: page_bits.div_ceil(FAN_BITS),
            root: Arc::default(),
        }
    }

    /// Levels of branches above the pages.
    pub fn depth(&self) -> u32 {
        self.depth
    }

    /// The position of a page below its branch at a level; level 0 is that right above the pages.
    fn position(number: u64, level: u32) -> usize {
        (number >> (level * FAN_BITS)) as usize % FAN
    }

    /// A page; `None` where none is allocated.
    pub fn page(&self, number: u64) -> Option<&SharedPage> {
        let mut branch = &self.root;
        for level in (0..self.depth).rev() {
            match branch.children[Self::position(number, level)].as_ref()? {
                Child::Branch(next) => branch = next,
                Child::Page(page) => return Some(page),
            }
        }
        None
    }

    /// Puts a page in, or takes one out.
    pub fn set(&mut self, number: u64, page: Option<SharedPage>) {
        fn set(branch: &mut Arc<Branch>, number: u64, level: u32, page: Option<SharedPage>) {
            let branch = Arc::make_mut(branch);
            branch.node = OnceLock::new();
            branch.key = OnceLock::new();
            let child = &mut branch.children[FrozenMemory::position(number, level)];
            if level == 0 {
                *child = page.map(Child::Page);
                return;
            }
            if let Some(Child::Branch(below)) = child {
                set(below, number, level - 1, page);
                if below.children.iter().all(Option::is_none) {
                    *child = None;
                }
            } else if page.is_some() {
                let mut below = Arc::default();
                set(&mut below, number, level - 1, page);
                *child = Some(Child::Branch(below));
            }
        }
        if let Some(top) = self.depth.checked_sub(1) {
            set(&mut self.root, number, top, page);
        }
    }

    /// All pages, ascending by number.
    pub fn pages(&self) -> Vec<(u64, &SharedPage)> {
        fn walk<'a>(branch: &'a Branch, above: u64, pages: &mut Vec<(u64, &'a SharedPage)>) {
            for (position, child) in (0u64..).zip(&branch.children) {
                let number = above << FAN_BITS | position;
                match child {
                    Some(Child::Branch(below)) => walk(below, number, pages),
                    Some(Child::Page(page)) => pages.push((number, page)),
                    None => {}
                }
            }
        }
        let mut pages = Vec::new();
        walk(&self.root, 0, &mut pages);
        pages
    }

    /// The pages of `other` that are not this memory's very own: changed ones, new ones, and `None`
    /// for those that `other` does not have. Ascending by number; pages shared by both cost nothing.
    pub fn changes<'a>(&self, other: &'a Self) -> Vec<(u64, Option<&'a SharedPage>)> {
        fn walk<'a>(
            old: Option<&Child>,
            new: Option<&'a Child>,
            number: u64,
            level: u32,
            changes: &mut Vec<(u64, Option<&'a SharedPage>)>,
        ) {
            match (old, new) {
                (None, None) => return,
                (Some(old), Some(new)) if old.is(new) => return,
                _ => {}
            }
            if level == 0 {
                let page = match new {
                    Some(Child::Page(page)) => Some(page),
                    _ => None,
                };
                changes.push((number, page));
                return;
            }
            for position in 0..FAN {
                walk(
                    child(old, position),
                    child(new, position),
                    number << FAN_BITS | position as u64,
                    level - 1,
                    changes,
                );
            }
        }
        fn child(above: Option<&Child>, position: usize) -> Option<&Child> {
            match above {
                Some(Child::Branch(branch)) => branch.children[position].as_ref(),
                _ => None,
            }
        }
        let mut changes = Vec::new();
        let top = |memory: &Self| Child::Branch(memory.root.clone());
        if top(self).is(&top(other)) {
            return changes;
        }
        for position in 0..FAN {
            let (old, new) = (
                &self.root.children[position],
                &other.root.children[position],
            );
            let level = self.depth.max(1) - 1;
            walk(
                old.as_ref(),
                new.as_ref(),
                position as u64,
                level,
                &mut changes,
            );
        }
        changes
    }

    /// The Merkle root. Hashes only what no one has hashed before, pages on all cores.
    pub fn root(&self) -> Node {
        fn unknown<'a>(branch: &'a Branch, pages: &mut Vec<&'a FrozenPage>) {
            if branch.node.get().is_some() {
                return;
            }
            for child in branch.children.iter().flatten() {
                match child {
                    Child::Branch(below) => unknown(below, pages),
                    Child::Page(page) if page.root.get().is_none() => pages.push(page),
                    Child::Page(_) => {}
                }
            }
        }
        let mut pages = Vec::new();
        unknown(&self.root, &mut pages);
        let numbered: Vec<_> = (0u64..)
            .zip(&pages)
            .map(|(i, page)| (i, &page.bytes))
            .collect();
        for (i, root) in hash_page_roots(&numbered) {
            if let Some(page) = pages.get(i as usize) {
                // Another thread may have hashed it meanwhile, to the same root.
                let _ = page.root.set(root);
            }
        }
        branch_node(&self.root, self.depth.max(1) - 1)
    }

    /// A node of the Merkle tree at a height above the page roots, by its place at that height.
    /// Needs [`FrozenMemory::root`] to be known for it to be quick.
    pub(super) fn node(&self, height: usize, index: u64) -> Node {
        // The level of the branch whose children it is over, and how many bits of their positions.
        let (level, bits) = (height as u32 / FAN_BITS, height as u32 % FAN_BITS);
        if level >= self.depth {
            return self.root();
        }
        let mut branch = &self.root;
        for above in (level + 1..self.depth).rev() {
            let shift = above * FAN_BITS - height as u32;
            match &branch.children[(index >> shift) as usize % FAN] {
                Some(Child::Branch(next)) => branch = next,
                _ => return zero_root(PAGE_LEVELS + height),
            }
        }
        let first = (index << bits) as usize % FAN;
        let mut nodes = branch.child_nodes(level);
        let nodes = &mut nodes[first..first + (1 << bits)];
        for done in 0..bits {
            let empty = zero_root(PAGE_LEVELS + height - (bits - done) as usize);
            for i in 0..nodes.len() >> (done + 1) {
                nodes[i] = match [nodes[2 * i], nodes[2 * i + 1]] {
                    [left, right] if left == empty && right == empty => {
                        zero_root(PAGE_LEVELS + height - (bits - done) as usize + 1)
                    }
                    [left, right] => hash_pair(&left, &right),
                };
            }
        }
        nodes[0]
    }

    /// Makes a key of each page and branch, from the bottom up, and gives that of the whole. A key
    /// has to depend on the part alone: a branch that had one before and is `known` by it is not
    /// looked into again. Ends at the first error.
    pub fn fold<E>(
        &self,
        known: &impl Fn(&Node) -> bool,
        make: &mut impl FnMut(Part<'_>) -> Result<Node, E>,
    ) -> Result<Node, E> {
        fn fold<E>(
            branch: &Branch,
            known: &impl Fn(&Node) -> bool,
            make: &mut impl FnMut(Part<'_>) -> Result<Node, E>,
        ) -> Result<Node, E> {
            if let Some(key) = branch.key.get().filter(|key| known(key)) {
                return Ok(*key);
            }
            let mut below = Vec::new();
            for (position, child) in (0u8..).zip(&branch.children) {
                match child {
                    Some(Child::Branch(branch)) => {
                        below.push((position, fold(branch, known, make)?));
                    }
                    Some(Child::Page(page)) => below.push((position, make(Part::Page(page))?)),
                    None => {}
                }
            }
            let key = make(Part::Branch(&below))?;
            Ok(*branch.key.get_or_init(|| key))
        }
        fold(&self.root, known, make)
    }
}

/// The Merkle node of a branch whose pages' roots are known.
fn branch_node(branch: &Branch, level: u32) -> Node {
    *branch.node.get_or_init(|| {
        let mut height = PAGE_LEVELS + (level * FAN_BITS) as usize;
        let mut nodes = branch.child_nodes(level);
        let mut len = FAN;
        while len > 1 {
            // In a sparse address space most branches have one child: its path alone is hashed.
            let empty = zero_root(height);
            let mut filled = (0..len).filter(|i| nodes[*i] != empty);
            let (first, last) = (filled.next(), filled.next_back());
            let mut parents = [zero_root(height + 1); FAN / 2];
            match (first, last) {
                (Some(only), None) => {
                    let pair = only / 2;
                    hash_nodes(
                        nodes[2 * pair..2 * pair + 2].as_flattened(),
                        &mut parents[pair..=pair],
                    );
                }
                (Some(_), Some(_)) => {
                    hash_nodes(nodes[..len].as_flattened(), &mut parents[..len / 2]);
                }
                (None, _) => {}
            }
            len /= 2;
            height += 1;
            nodes[..len].copy_from_slice(&parents[..len]);
        }
        nodes[0]
    })
}

impl PartialEq for FrozenMemory {
    /// Whether the same pages are allocated, with the same bytes.
    fn eq(&self, other: &Self) -> bool {
        self.depth == other.depth
            && self
                .changes(other)
                .into_iter()
                .all(|(number, new)| match (self.page(number), new) {
                    (Some(old), Some(new)) => old.bytes == new.bytes,
                    (old, new) => old.is_none() && new.is_none(),
                })
    }
}

impl Eq for FrozenMemory {}
