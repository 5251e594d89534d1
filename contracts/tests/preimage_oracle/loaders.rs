//! Every kind of pre-image can be loaded: what [`plan`] says to send makes a part readable, in our
//! oracle and, where `FPVM_UPSTREAM_CONTRACTS` names a folder with its artifact, in upstream's.

use crate::oracles::{Chain, Preimages, chains};
use alloy_primitives::U256;
use alloy_sol_types::SolCall as _;
use fpvm_contracts::abi::PreimageOracle;
use fpvm_contracts::loader::{
    BLOCK, Call, Challenge, LoadError, Loading, MAX_BLOCKS, Metadata, Proposal, Terms, blob_point,
    plan, stored_key,
};
use fpvm_core::keccak::keccak256;
use fpvm_core::step::oracle::PreimagePart;
use fpvm_evm::{Address, SENDER};
use fpvm_oracle::Key;

/// Loads a part as planned, and reads it.
fn loaded(chain: &mut Chain, terms: &Terms, key: Key, offset: u64, preimages: &mut Preimages) {
    let value = preimages.0.get(&key).expect("a value").clone();
    let loading = plan(terms, key, offset, preimages).expect("a plan");
    for call in loading.calls() {
        chain.evm.wait(call.wait);
        let sent = chain.evm.send_from(SENDER, call.to, &call.data, call.value);
        let sent = sent.expect("the EVM");
        assert!(
            sent.succeeded,
            "{}: {key}: {} reverts with {:x?}",
            chain.name, call.function, sent.output
        );
    }
    let part = PreimagePart::of(&value, offset).expect("a part");
    assert_eq!(
        chain.read(stored_key(terms, key), offset),
        Some(part.bytes[..part.len].to_vec()),
        "{}: {key} at {offset}",
        chain.name
    );
}

/// Offsets with all cases of prefix, value and end.
fn offsets(len: usize) -> impl Iterator<Item = u64> {
    let end = len as u64 + 8;
    let mut all = vec![
        0,
        1,
        7,
        8,
        9,
        31,
        40,
        end / 2,
        end.saturating_sub(33),
        end - 1,
    ];
    all.retain(move |offset| *offset < end);
    all.sort_unstable();
    all.dedup();
    all.into_iter()
}

#[test]
fn local_and_hashed() {
    for mut chain in chains() {
        let mut terms = Terms::mainnet(chain.oracle, SENDER);
        for context in [[0; 32], [7; 32]] {
            terms.local_context = context;
            for (index, len) in [(1, 32), (4, 8), (5, 1), (6, 0), (u64::MAX, 31)] {
                let key = Key::local(index);
                let mut preimages = Preimages::default();
                preimages.put(key, &vec![0xa5; len]);
                for offset in offsets(len) {
                    loaded(&mut chain, &terms, key, offset, &mut preimages);
                }
            }
        }
        for len in [0, 1, 31, 32, 33, 135, 136, 137, 5000] {
            let value: Vec<u8> = (0..len).map(|i| (i * 7 + i / 256) as u8).collect();
            let mut preimages = Preimages::default();
            for key in [Key::keccak256(&value), Key::sha256(&value)] {
                preimages.put(key, &value);
                for offset in offsets(len) {
                    loaded(&mut chain, &terms, key, offset, &mut preimages);
                }
            }
        }
    }
}

#[test]
fn precompiles() {
    let address = |number: u8| [&[0; 19][..], &[number]].concat();
    // A call that succeeds, of identity and SHA-256; one that fails, of pairing on bad points.
    let cases: [(u8, &[u8], &[u8]); 3] = [
        (4, b"identity", b"\x01identity"),
        (2, b"abc", &{
            use sha2::Digest as _;
            let mut answer = vec![1];
            answer.extend(sha2::Sha256::digest(b"abc"));
            answer
        }),
        (8, &[0xff; 192], b"\x00"),
    ];
    for mut chain in chains() {
        let terms = Terms::mainnet(chain.oracle, SENDER);
        for (precompile, input, answer) in &cases {
            let named = [&address(*precompile)[..], &100_000u64.to_be_bytes(), input].concat();
            let mut preimages = Preimages::default();
            let key = preimages.named(6, &named);
            preimages.put(key, answer);
            for offset in offsets(answer.len()) {
                loaded(&mut chain, &terms, key, offset, &mut preimages);
            }
        }
    }
}

#[test]
fn blobs() {
    let settings = c_kzg::ethereum_kzg_settings(0);
    let mut bytes = [0; c_kzg::BYTES_PER_BLOB];
    for (i, element) in bytes.chunks_exact_mut(32).enumerate() {
        // Below the field's order.
        element[1..].copy_from_slice(&keccak256(&i.to_be_bytes())[1..]);
    }
    let commitment = settings.blob_to_kzg_commitment(&c_kzg::Blob::new(bytes));
    let commitment = commitment.expect("a commitment").to_bytes().into_inner();
    let mut preimages = Preimages::default();
    let mut keys = Vec::new();
    for (i, element) in bytes.chunks_exact(32).enumerate() {
        let point = blob_point(i);
        let key = preimages.named(5, &[&commitment[..], &point].concat());
        preimages.put(key, element);
        keys.push(key);
    }
    for mut chain in chains() {
        let terms = Terms::mainnet(chain.oracle, SENDER);
        for (key, offset) in [(0, 0), (1, 8), (2, 20), (2048, 3), (4095, 39)] {
            loaded(&mut chain, &terms, keys[key], offset, &mut preimages);
        }
    }
    // A field element that is none of the blob's.
    preimages.put(keys[5], &[1; 32]);
    let terms = Terms::mainnet(SENDER, SENDER);
    let refused = plan(&terms, keys[0], 0, &mut preimages);
    assert!(
        matches!(refused, Err(LoadError::Blob { .. })),
        "{refused:?}"
    );
}

#[test]
fn what_cannot_be_loaded() {
    let terms = Terms::mainnet(SENDER, SENDER);
    let mut preimages = Preimages::default();
    let mut refused = |key: Key, value: &[u8], offset| {
        preimages.put(key, value);
        plan(&terms, key, offset, &mut preimages).expect_err("an error")
    };
    let error = refused(Key::local(1), &[0; 33], 0);
    assert!(matches!(error, LoadError::LocalSize { size: 33, .. }));
    let error = refused(Key::local(1), &[0; 32], 40);
    assert!(matches!(error, LoadError::Offset { size: 40, .. }));
    let error = refused(Key::keccak256(b"a"), b"b", 0);
    assert!(matches!(error, LoadError::Value { .. }));
    let error = refused(Key::sha256(b"a"), b"a", 9);
    assert!(matches!(error, LoadError::Offset { .. }));
    let error = refused(Key([3; 32]), b"a", 0);
    assert!(matches!(error, LoadError::Kind(_)));
    let value = vec![1; MAX_BLOCKS * BLOCK];
    let error = refused(Key::keccak256(&value), &value, 0);
    assert!(matches!(error, LoadError::TooLarge { .. }));
    let error = plan(&terms, Key([6; 32]), 0, &mut preimages).expect_err("an error");
    let text = error.to_string();
    assert!(matches!(error, LoadError::Missing { .. }), "{text}");
    // What the key is the hash of is looked for under the keccak256 key.
    assert!(text.contains("0x0206060606"), "{text}");
    let short = preimages.named(6, b"short");
    let error = plan(&terms, short, 0, &mut preimages).expect_err("an error");
    assert!(matches!(error, LoadError::Preimage { found: 5, .. }));
}

#[test]
fn a_plan_is_direct_below_the_limit() {
    let terms = Terms::mainnet(SENDER, SENDER);
    for (len, proposed) in [(125_999, false), (126_000, true)] {
        let value = vec![1; len];
        let mut preimages = Preimages::default();
        let key = Key::keccak256(&value);
        preimages.put(key, &value);
        let loading = plan(&terms, key, 0, &mut preimages).expect("a plan");
        assert_eq!(matches!(loading, Loading::Proposed(_)), proposed);
    }
}

fn bytes(len: usize) -> Vec<u8> {
    (0..len).map(|i| (i * 31 + i / 251) as u8).collect()
}

/// Lengths around whole blocks and whole calls, offsets around the ends of calls.
#[test]
fn large_by_proposal() {
    let call = 300 * BLOCK;
    let cases = [
        (126_000, vec![0, 7, 8, 63_000, 126_007]),
        (927 * BLOCK, vec![8 + 927 * BLOCK - 1]),
        (928 * BLOCK - 1, vec![20]),
        (
            4 * call,
            vec![8 + call - 33, 8 + call - 32, 8 + call - 1, 8 + call],
        ),
        (
            4 * call + 1,
            vec![8 + 2 * call - 31, 8 + 4 * call, 8 + 4 * call - 1],
        ),
    ];
    for mut chain in chains() {
        chain.evm.fund(SENDER, u128::MAX);
        let terms = Terms::mainnet(chain.oracle, SENDER);
        for (len, offsets) in &cases {
            let value = bytes(*len);
            let key = Key::keccak256(&value);
            let mut preimages = Preimages::default();
            preimages.put(key, &value);
            for offset in offsets {
                loaded(&mut chain, &terms, key, *offset as u64, &mut preimages);
            }
        }
    }
}

fn proposal(chain: &Chain, value: &[u8]) -> Proposal {
    let key = Key::keccak256(value);
    let mut preimages = Preimages::default();
    preimages.put(key, value);
    let terms = Terms::mainnet(chain.oracle, SENDER);
    match plan(&terms, key, 50_000, &mut preimages) {
        Ok(Loading::Proposed(proposal)) => *proposal,
        other => panic!("{other:?}"),
    }
}

fn metadata(chain: &mut Chain, proposal: &Proposal) -> Metadata {
    let call = PreimageOracle::proposalMetadataCall {
        claimant: SENDER,
        uuid: proposal.uuid(),
    };
    let outcome = chain
        .evm
        .call(chain.oracle, &call.abi_encode())
        .expect("the EVM");
    let word: [u8; 32] = outcome.output.as_slice().try_into().expect("a word");
    word.into()
}

fn send(chain: &mut Chain, call: &Call) {
    chain.evm.wait(call.wait);
    let sent = chain.evm.send_from(SENDER, call.to, &call.data, call.value);
    let sent = sent.expect("the EVM");
    assert!(sent.succeeded, "{}: {:x?}", call.function, sent.output);
}

#[test]
fn a_proposal_is_gone_on_with() {
    for mut chain in chains() {
        chain.evm.fund(SENDER, u128::MAX);
        let proposal = proposal(&chain, &bytes(130_000));
        let all = proposal.remaining(&Metadata::default());
        for (sent, call) in all.iter().enumerate() {
            let known = metadata(&mut chain, &proposal);
            let rest = proposal.remaining(&known);
            assert_eq!(rest, all[sent..], "after {sent} calls");
            send(&mut chain, call);
        }
        let known = metadata(&mut chain, &proposal);
        assert_eq!(
            (known.claimed_size, known.bytes_processed),
            (130_000, 130_000)
        );
        assert_eq!((known.blocks_processed, known.countered), (956, false));
    }
}

/// A proposer with a wrong commitment, at the begin, in the middle and for the padded block.
#[test]
fn a_wrong_commitment_is_challenged() {
    let value = bytes(130_000);
    for mut chain in chains() {
        for wrong in [0usize, 1, 500, 955] {
            chain.evm.fund(SENDER, u128::MAX / 2);
            let mut honest = value.clone();
            honest[0] = wrong as u8;
            let proposal = proposal(&chain, &honest);
            let (mut input, mut commitments) = (Vec::new(), Vec::new());
            for call in proposal.remaining(&Metadata::default()) {
                let Ok(mut leaves) = PreimageOracle::addLeavesLPPCall::abi_decode(&call.data)
                else {
                    if call.wait == 0 {
                        send(&mut chain, &call);
                    }
                    continue;
                };
                let first = commitments.len();
                if let Some(commitment) = wrong
                    .checked_sub(first)
                    .and_then(|i| leaves.stateCommitments.get_mut(i))
                {
                    commitment.0[31] ^= 1;
                }
                commitments.extend(leaves.stateCommitments.iter().map(|word| word.0));
                input.extend(&leaves.input[..]);
                let data = leaves.abi_encode();
                send(&mut chain, &Call { data, ..call });
            }
            assert_eq!(input, honest);
            let found = Challenge::find(SENDER, proposal.uuid(), &input, &commitments);
            let found = found.expect("a challenge");
            assert_eq!(found.block as usize, wrong);
            let challenger = Address::repeat_byte(0x33);
            let before = chain.evm.balance(challenger);
            let sent = chain
                .evm
                .send_from(challenger, chain.oracle, &found.data, 0);
            let sent = sent.expect("the EVM");
            assert!(sent.succeeded, "{}: {:x?}", chain.name, sent.output);
            let bond = U256::from(Terms::mainnet(SENDER, SENDER).bond);
            assert_eq!(chain.evm.balance(challenger) - before, bond);
            assert!(metadata(&mut chain, &proposal).countered);

            commitments[wrong][31] ^= 1;
            let none = Challenge::find(SENDER, proposal.uuid(), &input, &commitments);
            assert!(none.is_none());
        }
    }
}
