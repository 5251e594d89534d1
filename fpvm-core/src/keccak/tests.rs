use alloc::{vec, vec::Vec};

use proptest::prelude::*;

use super::*;
use sha3::Digest as _;

/// The implementation of the `sha3` crate, to compare with.
fn keccak256(bytes: &[u8]) -> [u8; 32] {
    sha3::Keccak256::digest(bytes).into()
}

fn hex(digits: &str) -> [u8; 32] {
    const_hex::decode_to_array(digits).expect("64 hex digits")
}

/// Pseudo-random bytes, the same in every run.
fn noise(len: usize, mut seed: u64) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(len + 8);
    while bytes.len() < len {
        // splitmix64
        seed = seed.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = seed;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        bytes.extend((z ^ (z >> 31)).to_le_bytes());
    }
    bytes.truncate(len);
    bytes
}

/// The tree by its definition, without lanes or a heap.
fn root_by_definition(leaves: &[u8]) -> [u8; 32] {
    match <[u8; 32]>::try_from(leaves) {
        Ok(leaf) => leaf,
        Err(_) => {
            let (left, right) = leaves.split_at(leaves.len() / 2);
            keccak256(&[root_by_definition(left), root_by_definition(right)].concat())
        }
    }
}

#[test]
fn known_answers() {
    assert_eq!(
        super::keccak256(b""),
        hex("c5d2460186f7233c927e7db2dcc703c0e500b653ca82273b7bfad8045d85a470")
    );
    let zero_roots = [
        "0 0000000000000000000000000000000000000000000000000000000000000000",
        "1 ad3228b676f7d3cd4284a5443f17f1962b36e491b30a40b2405849e597ba5fb5",
        "7 ffd70157e48063fc33c97a050f7f640233bf646cc98d9524c6b92bcf3ab56f83",
        "27 838c5655cb21c6cb83313b5a631175dff4963772cce9108188b34ac87c81c41e",
        "59 14af5385bcbb1e4738bbae8106046e6e2fca42875aa5c000c582587742bcc748",
    ];
    for line in zero_roots {
        let (height, root) = line.split_once(' ').expect("height and root");
        let height = height.parse().expect("a height");
        assert_eq!(zero_root(height), hex(root), "height {height}");
    }
    assert_eq!(page_root(&[0; PAGE_BYTES]), zero_root(7));
}

#[test]
fn every_path_hashes_every_count_of_nodes() {
    for lanes in Lanes::available() {
        for count in 0..=40 {
            let nodes = noise(64 * count, count as u64);
            let mut out = [[0xee; 32]; 41];
            hash_nodes_with(lanes, &nodes, &mut out[..count]);
            for (node, hash) in nodes.as_chunks::<64>().0.iter().zip(out) {
                assert_eq!(hash, keccak256(node), "{lanes}, {count} nodes");
            }
            assert_eq!(
                out[count..],
                [[0xee; 32]; 41][count..],
                "{lanes} wrote too far"
            );
        }
    }
}

#[test]
fn nodes_are_hashed_as_far_as_input_and_output_go() {
    let nodes = noise(64 * 13 + 63, 1);
    for lanes in Lanes::available() {
        for (room, hashed) in [(0, 0), (1, 1), (7, 7), (12, 12), (13, 13), (20, 13)] {
            let mut out = [[0xee; 32]; 20];
            hash_nodes_with(lanes, &nodes, &mut out[..room]);
            for (i, hash) in out.iter().enumerate() {
                let expected = if i < hashed {
                    keccak256(&nodes[64 * i..64 * (i + 1)])
                } else {
                    [0xee; 32]
                };
                assert_eq!(*hash, expected, "{lanes}, room for {room}, hash {i}");
            }
        }
    }
}

#[test]
fn the_fastest_path_is_among_the_available() {
    assert!(Lanes::available().any(|lanes| lanes == Lanes::widest()));
    assert_eq!(Lanes::available().next(), Some(Lanes::SCALAR));
}

proptest! {
    #[test]
    fn every_path_is_keccak256(nodes in prop::collection::vec(any::<[[u8; 32]; 2]>(), 0..24)) {
        let bytes = nodes.as_flattened().as_flattened();
        let expected: Vec<_> = nodes.iter().map(|node| keccak256(node.as_flattened())).collect();
        for lanes in Lanes::available() {
            let mut out = vec![[0; 32]; nodes.len()];
            hash_nodes_with(lanes, bytes, &mut out);
            prop_assert_eq!(&out, &expected, "{}", lanes);
            for ([left, right], expected) in nodes.iter().zip(&expected) {
                prop_assert_eq!(&lanes.hash_pair(left, right), expected, "{}", lanes);
            }
        }
        if let Some(([left, right], expected)) = nodes.iter().zip(&expected).next() {
            prop_assert_eq!(&hash_pair(left, right), expected);
        }
    }
}

#[test]
fn pages_follow_the_definition_of_the_tree() {
    for seed in 0..4 {
        let page: [u8; PAGE_BYTES] = noise(PAGE_BYTES, seed).try_into().expect("one page");
        let mut nodes = [[0xee; 32]; 128];
        page_nodes(&page, &mut nodes);
        assert_eq!(nodes[0], [0xee; 32]);
        for level in 0..7 {
            for i in 0..1usize << level {
                let len = PAGE_BYTES >> level;
                let expected = root_by_definition(&page[len * i..][..len]);
                assert_eq!(nodes[(1 << level) + i], expected, "level {level}, node {i}");
            }
        }
        assert_eq!(page_root(&page), nodes[1]);
    }
}

#[test]
fn many_pages_have_the_roots_of_each() {
    for count in [0, 1, 2, 7, 8, 9, 20] {
        let bytes = noise(PAGE_BYTES * count, count as u64);
        let pages: Vec<_> = bytes.as_chunks::<PAGE_BYTES>().0.iter().collect();
        let mut roots = vec![[0xee; 32]; count];
        page_roots(&pages, &mut roots);
        for (page, root) in pages.iter().zip(&roots) {
            assert_eq!(*root, root_by_definition(*page), "{count} pages");
        }
    }
}

#[test]
fn heights_beyond_the_table_stay_at_its_end() {
    assert_eq!(zero_root(64), hash_pair(&zero_root(63), &zero_root(63)));
    assert_eq!(zero_root(usize::MAX), zero_root(64));
}

#[test]
fn every_path_hashes_a_message() {
    for len in 0..=600 {
        let message = noise(len, len as u64);
        for lanes in Lanes::available() {
            let hash = lanes.hash(&message);
            assert_eq!(hash, keccak256(&message), "{lanes}, {len} bytes");
        }
        assert_eq!(super::keccak256(&message), keccak256(&message));
    }
}

#[test]
fn every_path_hashes_messages_of_every_length() {
    for lanes in Lanes::available() {
        for len in [1, 7, 8, 127, 135, 136, 137, 226, 271, 272, 300] {
            for count in [0, 1, 3, 4, 7, 8, 9, 17] {
                let messages = noise(len * count, (len * 100 + count) as u64);
                let mut hashes = vec![[0; 32]; count];
                hash_messages_with(lanes, &messages, len, &mut hashes);
                let expected: Vec<_> = messages.chunks(len).map(keccak256).collect();
                assert_eq!(hashes, expected, "{lanes}, {count} of {len} bytes");
            }
        }
        // No more than there are of both, and nothing of no length.
        let mut hashes = [[7; 32]; 3];
        hash_messages_with(lanes, &[1; 25], 10, &mut hashes);
        assert_eq!(hashes, [keccak256(&[1; 10]), keccak256(&[1; 10]), [7; 32]]);
    }
}
