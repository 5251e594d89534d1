use super::*;

fn hex(digits: &str) -> [u8; 32] {
    const_hex::decode_to_array(digits).expect("64 hex digits")
}

/// Bytes without structure, the same in every run.
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

/// The tree by its definition: no lanes, no heap.
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
        keccak256(b""),
        hex("c5d2460186f7233c927e7db2dcc703c0e500b653ca82273b7bfad8045d85a470")
    );
    for (height, root) in [
        (
            0,
            "0000000000000000000000000000000000000000000000000000000000000000",
        ),
        (
            1,
            "ad3228b676f7d3cd4284a5443f17f1962b36e491b30a40b2405849e597ba5fb5",
        ),
        (
            7,
            "ffd70157e48063fc33c97a050f7f640233bf646cc98d9524c6b92bcf3ab56f83",
        ),
        (
            27,
            "838c5655cb21c6cb83313b5a631175dff4963772cce9108188b34ac87c81c41e",
        ),
        (
            59,
            "14af5385bcbb1e4738bbae8106046e6e2fca42875aa5c000c582587742bcc748",
        ),
    ] {
        assert_eq!(zero_root(height), hex(root), "height {height}");
    }
    assert_eq!(page_root(&[0; PAGE_BYTES]), zero_root(7));
}

#[test]
fn pairs_are_hashed_as_bytes() {
    for seed in 0..200 {
        let bytes = noise(64, seed);
        let (halves, _) = bytes.as_chunks::<32>();
        assert_eq!(hash_pair(&halves[0], &halves[1]), keccak256(&bytes));
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
