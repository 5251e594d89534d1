//! Super roots and transition states: encodings, hashes, what is refused and why.

use alloy_primitives::{B256, U256, b256, keccak256};
use fpvm_dispute::revert::Revert;
use fpvm_dispute::super_root::{
    ChainOutput, INVALID, INVALID_CLAIM, OptimisticBlock, SuperRoot, SuperRootError, SuperState,
    SuperStep, TransitionError, TransitionState,
};
use proptest::prelude::*;

fn chain(chain_id: u64, output: u8) -> ChainOutput {
    ChainOutput {
        chain_id: U256::from(chain_id),
        output_root: B256::repeat_byte(output),
    }
}

fn block(hash: u8, output: u8) -> OptimisticBlock {
    OptimisticBlock {
        block_hash: B256::repeat_byte(hash),
        output_root: B256::repeat_byte(output),
    }
}

/// Two chains at timestamp 1000.
fn root() -> SuperRoot {
    SuperRoot::new(1_000, vec![chain(130, 0x22), chain(10, 0x11)])
}

#[test]
fn super_roots() {
    let root = root();
    let bytes = root.encode();
    assert_eq!(bytes.len(), 137);
    let hash = b256!("1f4802e63bd1ece359b7ff95155f89617c14b0011c35ee00da6e187e0f78f695");
    assert_eq!(root.hash(), hash);
    assert_eq!(SuperRoot::decode(&bytes), Ok(root));
    let alone = SuperRoot::new(1_000, vec![chain(10, 0x11)]);
    assert_eq!(alone.encode().len(), 73);
    let hash = b256!("394ed288396fabd3999246d69058a993add99058e7a153dd4c4939b801e373df");
    assert_eq!(alone.hash(), hash);
}

#[test]
fn transition_states() {
    let state = |progress: Vec<_>, step| TransitionState {
        super_root: root(),
        progress,
        step,
    };
    let first = state(vec![block(0x33, 0x44)], 1);
    let bytes = first.encode();
    assert_eq!(bytes.len(), 213);
    assert_eq!(bytes[..6], [0xff, 0xf8, 0xd2, 0xb8, 0x89, 0x01]);
    let hash = b256!("4be311a59e49f41d4c9789047eafdff807a98f32df891dda626287c06ebf0ad4");
    assert_eq!(first.hash(), hash);
    let both = vec![block(0x33, 0x44), block(0x55, 0x66)];
    let second = state(both.clone(), 2);
    assert_eq!(second.encode().len(), 282);
    let hash = b256!("956244c778d724e277d68a9ac5f1a45dafea4404e06f1a4c5cbd4724ebb07f05");
    assert_eq!(second.hash(), hash);
    let last = state(both, 127);
    let bytes = last.encode();
    assert_eq!((bytes.len(), &bytes[280..]), (282, &[0x66, 0x7f][..]));
    let hash = b256!("a657ffcd4f332fffe75bb1a16691e11a40150310ec9c9490929e8c69a304568c");
    assert_eq!(last.hash(), hash);
}

#[test]
fn the_invalid_state() {
    assert_eq!(INVALID, b"invalid");
    assert_eq!(keccak256(INVALID), INVALID_CLAIM);
    assert_eq!(SuperState::decode(INVALID), Ok(SuperState::Invalid));
    assert_eq!(SuperState::Invalid.hash(), INVALID_CLAIM);
    assert_eq!(SuperState::Invalid.place(), None);
}

/// Upstream: `TestUnmarshalSuperRoot_*` and `TestSuperRootV1Codec`, `Encoding.decodeSuperRootProof`.
#[test]
fn bytes_that_are_no_super_root() {
    let whole = root().encode();
    let cases = [
        (
            0,
            SuperRootError::Short(0),
            Revert::InvalidSuperRootEncoding,
        ),
        (
            8,
            SuperRootError::Short(8),
            Revert::InvalidSuperRootEncoding,
        ),
        (9, SuperRootError::NoChains, Revert::EmptySuperRoot),
        (
            9 + 3,
            SuperRootError::Ragged(3),
            Revert::InvalidSuperRootEncoding,
        ),
        (
            9 + 63,
            SuperRootError::Ragged(63),
            Revert::InvalidSuperRootEncoding,
        ),
        // Half a chain: a mistake that upstream's decoder once made.
        (
            137 - 32,
            SuperRootError::Ragged(32),
            Revert::InvalidSuperRootEncoding,
        ),
    ];
    for (length, error, revert) in cases {
        assert_eq!(SuperRoot::decode(&whole[..length]), Err(error), "{length}");
        assert_eq!(error.revert(), revert);
    }
    for version in [0, 2, 0x0a, 0xff] {
        let mut other = whole.clone();
        other[0] = version;
        let error = SuperRootError::Version(version);
        assert_eq!(SuperRoot::decode(&other), Err(error));
        assert_eq!(error.revert(), Revert::InvalidSuperRootVersion);
        // The length comes first, as in the contract.
        assert_eq!(
            SuperRoot::decode(&other[..8]),
            Err(SuperRootError::Short(8))
        );
    }
}

/// Upstream's contract and challenger take these; no honest node has them.
#[test]
fn chains_out_of_order_or_twice_are_taken_and_found() {
    let of = |chains: Vec<_>| SuperRoot {
        timestamp: 7,
        chains,
    };
    let unsorted = of(vec![chain(3, 1), chain(2, 2), chain(2, 3)]);
    assert_eq!(SuperRoot::decode(&unsorted.encode()), Ok(unsorted.clone()));
    let reason = SuperRootError::Unsorted {
        after: U256::from(3),
        before: U256::from(2),
    };
    assert_eq!(unsorted.check_order(), Err(reason));
    let twice = of(vec![chain(2, 1), chain(3, 2), chain(2, 3)]);
    assert_eq!(SuperRoot::decode(&twice.encode()), Ok(twice.clone()));
    assert_eq!(
        twice.check_order(),
        Err(SuperRootError::ChainTwice(U256::from(2)))
    );
    assert_eq!(twice.output_of(U256::from(2)), Some(B256::repeat_byte(1)));
    assert_eq!(twice.output_of(U256::from(4)), None);
    assert_eq!(of(vec![]).check_order(), Err(SuperRootError::NoChains));
    assert_eq!(root().check_order(), Ok(()));
    // Sorting keeps the order of a chain's two outputs.
    let sorted = SuperRoot::new(7, twice.chains);
    assert_eq!(sorted.chains, [chain(2, 1), chain(2, 3), chain(3, 2)]);
}

/// One state has one encoding: what go-ethereum's decoder refuses is refused by name.
#[test]
fn bytes_that_are_no_transition_state() {
    let small = TransitionState {
        super_root: SuperRoot::new(1, vec![chain(1, 1)]),
        progress: vec![],
        step: 5,
    };
    let good = small.encode();
    assert_eq!(good[..6], [0xff, 0xf8, 77, 0xb8, 73, 1]);
    assert_eq!(good[78..], [0xc0, 5]);
    let refused = |bytes: &[u8]| match TransitionState::decode(bytes) {
        Ok(state) => panic!("{state:?}"),
        Err(error) => error,
    };
    let rlp = TransitionError::Rlp;
    assert_eq!(refused(&[]), TransitionError::Empty);
    assert_eq!(SuperState::decode(&[]), Err(TransitionError::Empty));
    assert_eq!(refused(b"invalid"), TransitionError::Kind(b'i'));
    let other = SuperState::decode(b"invalid!");
    assert_eq!(other, Err(TransitionError::Kind(b'i')));
    assert_eq!(refused(&good[..1]), rlp("fewer bytes than announced"));
    assert_eq!(refused(&good[..79]), rlp("fewer bytes than announced"));
    assert_eq!(
        refused(&[&good[..], &[0]].concat()),
        rlp("bytes behind the end")
    );
    let with = |at: usize, bytes: &[u8], more: u8| {
        let mut changed = good.clone();
        changed[2] += more;
        changed.splice(at.., bytes.iter().copied());
        changed
    };
    assert_eq!(
        refused(&with(79, &[0], 0)),
        rlp("a number with leading zeros")
    );
    assert_eq!(
        refused(&with(79, &[0x81, 5], 1)),
        rlp("a byte that is not in its shortest form")
    );
    assert_eq!(
        refused(&with(79, &[0x89, 1, 0, 0, 0, 0, 0, 0, 0, 0], 9)),
        rlp("a number of more than 64 bits")
    );
    assert_eq!(refused(&with(79, &[5, 5], 1)), rlp("bytes behind the end"));
    assert_eq!(
        refused(&with(79, &[0xc0], 0)),
        rlp("a list where a string is expected")
    );
    assert_eq!(
        refused(&with(78, &[0x80, 5], 0)),
        rlp("a string where a list is expected")
    );
    assert_eq!(
        refused(&with(78, &[0xc2, 0xc1, 0x80, 5], 2)),
        rlp("a hash that has not 32 bytes")
    );
    assert_eq!(
        refused(&[0xff, 0xf8, 2, 0x80, 0xc0]),
        rlp("a length that is not in its shortest form")
    );
    // Zero is the empty string.
    let start = TransitionState { step: 0, ..small };
    assert_eq!(start.encode().last(), Some(&0x80));
    let mut ragged = good;
    ragged[5] = 7;
    assert_eq!(
        refused(&ragged),
        TransitionError::SuperRoot(SuperRootError::Version(7))
    );
}

/// Upstream: `TestSuperNodeProvider_ComputeStep`.
#[test]
fn places_of_trace_indices() {
    let of = |index| SuperStep::of_index(index, 1_000, 5_000);
    let at = |timestamp, step| SuperStep { timestamp, step };
    for index in 0..127 {
        assert_eq!(of(index), at(1_000, index as u64 + 1));
    }
    for index in 127..255 {
        assert_eq!(of(index), at(1_001, index as u64 - 127));
    }
    assert_eq!(of(4_000 * 128 - 2), at(4_999, 127));
    for index in [4_000 * 128 - 1, 4_000 * 128, (1 << 30) - 1, u128::MAX] {
        assert_eq!(of(index), at(5_000, 0));
    }
    // Each place is the one after that before it.
    let mut place = SuperStep::start_of(1_000);
    for index in 0..5 * 128 {
        assert_eq!(of(index), place.next());
        assert_eq!(place.next().number(), place.number() + 1);
        place = place.next();
    }
    // A game whose end is not behind its start stands at its end; no index goes round.
    assert_eq!(SuperStep::of_index(3, 9, 9), at(9, 0));
    assert_eq!(SuperStep::of_index(3, 9, 4), at(4, 0));
    let end = u64::MAX;
    assert_eq!(SuperStep::of_index(u128::MAX, end - 1, end), at(end, 0));
}

fn outputs() -> impl Strategy<Value = Vec<ChainOutput>> {
    let output = (any::<[u8; 32]>(), any::<[u8; 32]>()).prop_map(|(id, root)| ChainOutput {
        chain_id: U256::from_be_bytes(id),
        output_root: root.into(),
    });
    prop::collection::vec(output, 1..6)
}

fn blocks() -> impl Strategy<Value = Vec<OptimisticBlock>> {
    let block = (any::<[u8; 32]>(), any::<[u8; 32]>()).prop_map(|(hash, root)| OptimisticBlock {
        block_hash: hash.into(),
        output_root: root.into(),
    });
    prop::collection::vec(block, 0..6)
}

proptest! {
    #[test]
    fn what_is_encoded_is_decoded(
        timestamp: u64, chains in outputs(), progress in blocks(), step: u64,
    ) {
        let super_root = SuperRoot { timestamp, chains };
        let root = SuperState::SuperRoot(super_root.clone());
        let transition = SuperState::Transition(TransitionState { super_root, progress, step });
        for state in [root, transition] {
            let bytes = state.encode();
            prop_assert_eq!(state.hash(), keccak256(&bytes));
            prop_assert_eq!(SuperState::decode(&bytes), Ok(state));
        }
    }

    /// Nothing panics, and what is taken has no second encoding.
    #[test]
    fn any_bytes(kind in prop::sample::select(vec![1u8, 0xff, 0, b'i']), tail: Vec<u8>) {
        let bytes = [&[kind][..], &tail].concat();
        if let Ok(state) = SuperState::decode(&bytes) {
            prop_assert_eq!(state.encode(), bytes);
        }
    }

    /// The same of bytes that are nearly a state.
    #[test]
    fn damaged_states(
        timestamp: u64, chains in outputs(), progress in blocks(), step: u64,
        at: prop::sample::Index, byte: u8, cut: bool,
    ) {
        let super_root = SuperRoot { timestamp, chains };
        let mut bytes = TransitionState { super_root, progress, step }.encode();
        let at = at.index(bytes.len());
        if cut {
            bytes.truncate(at);
        } else {
            bytes[at] = byte;
        }
        if let Ok(state) = SuperState::decode(&bytes) {
            prop_assert_eq!(state.encode(), bytes);
        }
    }
}
