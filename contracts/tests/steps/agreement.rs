//! Interpreter, Rust verifier and contract come to the same, or refuse alike: on random instructions
//! with edge operands, and with witnesses that were tampered with. Upstream's contracts are a fourth
//! party where the environment variable `FPVM_UPSTREAM_CONTRACTS` names a folder with their artifacts.

#[path = "../common/random.rs"]
mod random;

use crate::common::{proofs_of_imac, proofs_of_steps};
use fpvm_contracts::abi;
use fpvm_contracts::artifact::PREIMAGE_ORACLE;
use fpvm_contracts::harness::{Harness, UPSTREAM};
use fpvm_contracts::verifier::{OnChain, Refused};
use fpvm_contracts::{IMAC_ARTIFACT, MIPS_ARTIFACT, MIPS64_ARTIFACT, RISCV_ARTIFACT, TOY_ARTIFACT};
use fpvm_core::definition::isa::{Isa, Source};
use fpvm_core::definition::operand::Cell;
use fpvm_core::definition::threads::thread_proof_len;
use fpvm_core::definition::word::Word as _;
use fpvm_core::keccak::{hash_pair, keccak256};
use fpvm_core::machine::memory::tree_depth;
use fpvm_core::machine::vm::Host;
use fpvm_core::step::compact::{is_compact, map_len};
use fpvm_core::step::oracle::{Oracle, OracleError, Silent};
use fpvm_core::step::proof::StepProof;
use fpvm_isa_mips::Mips32;
use fpvm_isa_mips64::{Mips64, Newest};
use fpvm_isa_riscv::Rv64;
use fpvm_isa_riscv::imac::Imac;
use random::{Calls, Generator};
use std::sync::Arc;
use toy_isa::Toy;

const MIPS: Calls = Calls {
    number: (2, &[4003, 4004, 4045, 4055, 4090, 4120, 4246, 4001, 0]),
    arguments: &[4, 5, 6],
    buffer: (5, 6),
};
const MIPS64: Calls = Calls {
    number: (
        2,
        &[
            5000, 5000, 5001, 5001, 5009, 5012, 5002, 5003, 5023, 5034, 5055, 5058, 5070, 5178,
            5194, 5205, 5222, 5222, 5284, 5313, 5313, 5297, 5298, 0,
        ],
    ),
    arguments: &[4, 5, 6],
    buffer: (5, 6),
};
const RISCV: Calls = Calls {
    number: (
        17,
        &[
            93, 94, 214, 222, 63, 63, 64, 64, 25, 56, 113, 220, 163, 261, 422, 101, 98, 0,
        ],
    ),
    arguments: &[10, 11, 12, 13],
    buffer: (11, 12),
};
const TOY: Calls = Calls {
    number: (1, &[1, 2, 3, 4, 5, 6, 0]),
    arguments: &[2, 3],
    buffer: (2, 3),
};

/// The same value for every key.
struct Value(Arc<[u8]>);

impl Oracle for Value {
    fn hint(&mut self, _hint: &[u8]) -> Result<(), OracleError> {
        Ok(())
    }

    fn preimage(&mut self, _key: [u8; 32]) -> Result<Arc<[u8]>, OracleError> {
        Ok(self.0.clone())
    }
}

fn harness<I: Isa>(ours: &str, theirs: Option<&str>) -> Harness {
    if theirs.is_some() && std::env::var_os(UPSTREAM).is_none() {
        eprintln!("upstream's contract is left out: {UPSTREAM} names no folder with its artifacts");
    }
    Harness::new::<I>(ours, theirs).expect("contracts")
}

/// Every row of the table this many times; how many steps were accepted, how many refused.
fn random_steps<I: Isa>(mut harness: Harness, calls: &Calls, times: usize) -> (u32, u32) {
    let (mut accepted, mut refused) = (0, 0);
    for row in 0..Generator::rows::<I>() {
        let mut generator = Generator::new(row as u64 + 1);
        // A system call is many instructions in one.
        let calls_too = I::TABLE.get(row).is_some_and(|row| row.format.is_empty());
        let mut met = false;
        for i in 0..if calls_too { 8 * times } else { times } {
            let mut vm = generator.machine::<I>(row, calls);
            let value: Vec<u8> = (1..40).collect();
            let mut host = Host {
                oracle: &mut Value(value.into()),
                console: &mut Silent,
            };
            let name = I::TABLE.get(row).map_or("undefined", |row| row.name);
            let agreed = harness.step(&mut vm, &mut host);
            let agreed = agreed.unwrap_or_else(|error| panic!("{name}, case {i}: {error}"));
            met |= agreed.is_some();
            *(if agreed.is_some() {
                &mut accepted
            } else {
                &mut refused
            }) += 1;
        }
        let always_faults = fpvm_core::definition::effects::Effects::of::<I>(op::<I>(row)).faults;
        assert!(
            met || always_faults,
            "no step of {:?} was accepted",
            I::TABLE.get(row)
        );
    }
    (accepted, refused)
}

fn op<I: Isa>(row: usize) -> I::Op {
    use fpvm_core::definition::isa::Op as _;
    I::Op::ALL[row]
}

#[test]
fn mips_instructions_agree() {
    let counts = random_steps::<Mips32>(
        harness::<Mips32>(MIPS_ARTIFACT, Some("MIPS.json")),
        &MIPS,
        40,
    );
    assert!(counts.0 > 1000 && counts.1 > 200, "{counts:?}");
}

#[test]
fn mips64_instructions_agree() {
    let newest = harness::<Newest>(MIPS64_ARTIFACT, Some("MIPS64.json"));
    let counts = random_steps::<Newest>(newest, &MIPS64, 40);
    assert!(counts.0 > 1000 && counts.1 > 200, "{counts:?}");
    let before = harness::<Mips64<7>>(MIPS64_ARTIFACT, None);
    let counts = random_steps::<Mips64<7>>(before, &MIPS64, 10);
    assert!(counts.0 > 250 && counts.1 > 50, "{counts:?}");
}

#[test]
fn riscv_instructions_agree() {
    let counts = random_steps::<Rv64>(
        harness::<Rv64>(RISCV_ARTIFACT, Some("RISCV.json")),
        &RISCV,
        40,
    );
    assert!(counts.0 > 1000 && counts.1 > 200, "{counts:?}");
}

#[test]
fn imac_instructions_agree() {
    let counts = random_steps::<Imac>(harness::<Imac>(IMAC_ARTIFACT, None), &RISCV, 40);
    assert!(counts.0 > 1000 && counts.1 > 200, "{counts:?}");
}

#[test]
fn toy_instructions_agree() {
    let counts = random_steps::<Toy>(harness::<Toy>(TOY_ARTIFACT, None), &TOY, 100);
    assert!(counts.0 > 300 && counts.1 > 100, "{counts:?}");
}

/// Where the branches of a compact proof begin: each with a map, a leaf, and a sibling for each of the
/// map's bits.
fn branches<I: Isa>(compact: &[u8]) -> Vec<usize> {
    let len = map_len(tree_depth(I::Word::BITS));
    let mut at = vec![thread_proof_len::<I>()];
    while let Some(map) = at.last().and_then(|at| compact.get(*at..at + len)) {
        let siblings: u32 = map.iter().map(|byte| byte.count_ones()).sum();
        at.push(at[at.len() - 1] + len + 32 * (1 + siblings as usize));
    }
    at.pop();
    at
}

/// Compact proofs that say of a branch that it has other siblings than it has, or that go on where
/// there are no more bytes; and ones that send what need not be sent, which is no lie.
fn headers_that_lie<I: Isa>(mut harness: Harness, proofs: &[StepProof]) {
    let mut generator = Generator::new(7);
    let depth = tree_depth(I::Word::BITS);
    let (len, mut told) = (map_len(depth), 0);
    for original in proofs.iter().filter(|proof| proof.pre[0] == 3) {
        let compact = original.compact::<I>().expect("a proof");
        for at in branches::<I>(&compact) {
            let mut judge = |map: u64, tail: &[&[u8]]| {
                let mut proof = original.clone();
                let map = &map.to_be_bytes()[8 - len..];
                proof.proof_data = [&[&compact[..at], map], tail].concat().concat();
                let agreed = harness.judge::<I>(&proof);
                agreed.unwrap_or_else(|error| panic!("{error}")).is_some()
            };
            let map = compact[at..at + len].iter();
            let map = map.fold(0u64, |map, byte| map << 8 | u64::from(*byte));
            let rest = &compact[at + len..];
            assert!(judge(map, &[rest]));
            let all = u64::MAX >> (64 - 8 * len);
            let above = 1 << (depth + generator.below(8 * len - depth));
            let lies = [0, all, map | above, map ^ 1 << generator.below(depth)];
            for lie in lies.into_iter().filter(|lie| *lie != map) {
                assert!(!judge(lie, &[rest]), "step {}", original.step);
                // With as many bytes as it says, and more.
                assert!(!judge(lie, &[rest, &[0; 96]]), "step {}", original.step);
                assert!(
                    !judge(lie, &[rest, &vec![0; 32 * 64]]),
                    "step {}",
                    original.step
                );
            }
            // The lowest sibling that is not sent: the root of an empty subtree.
            let level = (!map).trailing_zeros() as usize;
            if at == thread_proof_len::<I>() && level < depth {
                let empty = (0..level).fold([0; 32], |node, _| hash_pair(&node, &node));
                let (before, after) = rest.split_at(32 * (1 + level));
                assert!(judge(map | 1 << level, &[before, &empty, after]));
                told += 1;
            }
        }
    }
    assert!(told > 0, "no sibling to be told that need not be");
}

#[test]
fn compact_headers_that_lie_are_refused_alike() {
    headers_that_lie::<Mips32>(
        harness::<Mips32>(MIPS_ARTIFACT, None),
        &proofs_of_steps("mips32"),
    );
    headers_that_lie::<Newest>(
        harness::<Newest>(MIPS64_ARTIFACT, None),
        &proofs_of_steps("mips64"),
    );
    headers_that_lie::<Rv64>(
        harness::<Rv64>(RISCV_ARTIFACT, None),
        &proofs_of_steps("riscv64"),
    );
    headers_that_lie::<Imac>(
        harness::<Imac>(IMAC_ARTIFACT, None),
        &proofs_of_imac(10_000, 53),
    );
}

/// Compact proofs with a bit changed, a byte cut off or added.
fn tampered_compact<I: Isa>(mut harness: Harness, proofs: &[StepProof]) {
    let mut generator = Generator::new(6);
    for original in proofs.iter().filter(|proof| proof.pre[0] == 3) {
        let compact = original.compact::<I>().expect("a proof");
        assert!(compact.len() < original.proof_data.len());
        assert!(is_compact::<I>(compact.len()));
        let mut variants: Vec<Vec<u8>> = (0..10).map(|_| compact.clone()).collect();
        for (i, variant) in variants.iter_mut().enumerate() {
            // The map of the first branch, then anywhere.
            let place = if i < 4 {
                i
            } else {
                generator.below(compact.len())
            };
            variant[place] ^= 1 << generator.below(8);
        }
        variants.push(compact[..compact.len() - 1].to_vec());
        variants.push([&compact[..], &[0]].concat());
        variants.push([&compact[..], &[0; 32]].concat());
        variants.push(vec![0xff; 7]);
        for variant in variants {
            let mut proof = original.clone();
            proof.proof_data = variant;
            let agreed = harness.judge::<I>(&proof);
            let agreed = agreed.unwrap_or_else(|error| panic!("{error}"));
            assert!(agreed.is_none(), "step {}: accepted", proof.step);
        }
    }
}

#[test]
fn tampered_compact_proofs_are_refused_alike() {
    tampered_compact::<Mips32>(
        harness::<Mips32>(MIPS_ARTIFACT, None),
        &proofs_of_steps("mips32"),
    );
    tampered_compact::<Newest>(
        harness::<Newest>(MIPS64_ARTIFACT, None),
        &proofs_of_steps("mips64"),
    );
    tampered_compact::<Rv64>(
        harness::<Rv64>(RISCV_ARTIFACT, None),
        &proofs_of_steps("riscv64"),
    );
    tampered_compact::<Imac>(
        harness::<Imac>(IMAC_ARTIFACT, None),
        &proofs_of_imac(10_000, 53),
    );
}

/// Upstream's proofs with a bit changed somewhere in state or proof, or of another length.
fn tampered<I: Isa>(mut harness: Harness, proofs: &[StepProof]) {
    let mut generator = Generator::new(5);
    let mut refused = 0;
    let exited_at = field_at::<I>(I::EXITED);
    for original in proofs {
        let (state, length) = (original.state_data.len(), original.proof_data.len());
        for i in 0..13 {
            let mut proof = original.clone();
            let place = match i {
                0 => exited_at,
                // Little of a proof is not branches.
                1..5 => generator.below(state + thread_proof_len::<I>()),
                _ => generator.below(state + length),
            };
            let byte = match place.checked_sub(state) {
                Some(place) => &mut proof.proof_data[place],
                None => &mut proof.state_data[place],
            };
            *byte ^= 1 << generator.below(8);
            // Asterisc's contract takes any number there for an exited state. Ours says what is wrong.
            let exited = proof.state_data[exited_at] > 1;
            let agreed = if exited {
                alone(&mut harness, |ours| ours.judge::<I>(&proof))
            } else {
                harness.judge::<I>(&proof)
            };
            let agreed = agreed.unwrap_or_else(|error| panic!("byte {place}: {error}"));
            assert!(agreed.is_none() || !exited);
            refused += u32::from(agreed.is_none());
        }
        // Upstream's contracts look no further than the branches they use. No game sends such proofs.
        for len in [0, 32, length - 32, length + 32] {
            let mut proof = original.clone();
            proof.proof_data.resize(len, 0);
            let agreed = alone(&mut harness, |ours| ours.judge::<I>(&proof));
            let agreed = agreed.unwrap_or_else(|error| panic!("{len} bytes: {error}"));
            let needs_none = proof.pre[0] != 3 && len == 0;
            assert_eq!(agreed.is_some(), needs_none, "{len} bytes of a proof");
        }
    }
    assert!(refused > 300, "{refused}");
}

/// Where a cell is in the packed state.
fn field_at<I: Isa>(cell: Cell) -> usize {
    let before = I::STATE.iter();
    let before = before.take_while(|field| field.source != Source::Cell(cell));
    before.map(|field| field.len()).sum()
}

/// Does something with our contract alone.
fn alone<T>(harness: &mut Harness, run: impl FnOnce(&mut Harness) -> T) -> T {
    let theirs = harness.theirs.take();
    let done = run(harness);
    harness.theirs = theirs;
    done
}

#[test]
fn tampered_witnesses_are_refused_alike() {
    let mips = harness::<Mips32>(MIPS_ARTIFACT, Some("MIPS.json"));
    tampered::<Mips32>(mips, &proofs_of_steps("mips32"));
    let mips64 = harness::<Newest>(MIPS64_ARTIFACT, Some("MIPS64.json"));
    tampered::<Newest>(mips64, &proofs_of_steps("mips64"));
    let riscv = harness::<Rv64>(RISCV_ARTIFACT, Some("RISCV.json"));
    tampered::<Rv64>(riscv, &proofs_of_steps("riscv64"));
    let imac = harness::<Imac>(IMAC_ARTIFACT, None);
    tampered::<Imac>(imac, &proofs_of_imac(10_000, 53));
}

/// A program that has exited steps to itself, with a proof like any other or with none: what
/// op-challenger sends for claims past the end.
fn exited<I: Isa>(mut harness: Harness, proofs: &[StepProof]) {
    let (exited_at, code_at) = (field_at::<I>(I::EXITED), field_at::<I>(I::EXIT_CODE));
    for original in proofs.iter().take(6) {
        for (code, status) in [(0, 0), (1, 1), (2, 2), (255, 2)] {
            let mut proof = original.clone();
            proof.state_data[exited_at] = 1;
            proof.state_data[code_at] = code;
            let mut post = keccak256(&proof.state_data);
            post[0] = status;
            for len in [0, proof.proof_data.len()] {
                proof.proof_data.truncate(len);
                let agreed = harness.judge::<I>(&proof).expect("agreement");
                assert_eq!(agreed.map(|agreed| agreed.verified.post), Some(post));
                proof.proof_data.clone_from(&original.proof_data);
            }
        }
    }
}

#[test]
fn exited_programs_step_to_themselves() {
    let mips = harness::<Mips32>(MIPS_ARTIFACT, Some("MIPS.json"));
    exited::<Mips32>(mips, &proofs_of_steps("mips32"));
    let mips64 = harness::<Newest>(MIPS64_ARTIFACT, Some("MIPS64.json"));
    exited::<Newest>(mips64, &proofs_of_steps("mips64"));
    let riscv = harness::<Rv64>(RISCV_ARTIFACT, Some("RISCV.json"));
    exited::<Rv64>(riscv, &proofs_of_steps("riscv64"));
    let imac = harness::<Imac>(IMAC_ARTIFACT, None);
    exited::<Imac>(imac, &proofs_of_imac(500, 53));
}

/// A contract of several state versions is told at its construction which it is for.
#[test]
fn state_versions_are_told_and_kept() {
    for version in [0, 6, 7, 8, 9, 255] {
        let chain = OnChain::with_oracle(MIPS64_ARTIFACT, Some(version), PREIMAGE_ORACLE);
        let Ok(mut chain) = chain else {
            assert!(![7, 8].contains(&version), "{version}");
            continue;
        };
        assert!([7, 8].contains(&version), "{version}");
        let told = chain.call(&keccak256(b"stateVersion()")[..4]);
        let told = told.expect("the EVM").map(|told| told.post);
        assert_eq!(told, Ok(abi::number(version.into())));
    }
}

#[test]
fn calldata_that_is_not_canonical_is_refused() {
    let proof = &proofs_of_steps("mips32")[0];
    let mut chain = OnChain::new::<Mips32>(MIPS_ARTIFACT).expect("contracts");
    let good = abi::step(&proof.state_data, &proof.proof_data, [0; 32]);
    assert_eq!(
        chain.call(&good).expect("the EVM").map(|done| done.post),
        Ok(proof.post)
    );
    let selector = |data: &[u8]| keccak256(data)[..4].to_vec();
    let word = |data: &mut [u8], at: usize, value: u64| {
        data[at..at + 32].copy_from_slice(&abi::number(value));
    };
    let mut cases = Vec::new();
    for (at, value) in [
        (4, 0x80),
        (36, 0x180),
        (100, 225),
        (100, 227),
        (388, 1760),
        (388, 1824),
    ] {
        let mut data = good.clone();
        word(&mut data, at, value);
        data.resize(4096, 0);
        cases.push(data);
    }
    cases.push(good[..good.len() - 1].to_vec());
    cases.push([&good[..], &[0; 32]].concat());
    for (i, data) in cases.iter().enumerate() {
        let refused = chain.call(data).expect("the EVM").expect_err("a refusal").0;
        // Solidity's own decoder reverts without a name where something lies outside the calldata.
        let named = selector(b"NonCanonicalCalldata()");
        assert!(
            refused.is_empty() || refused == named,
            "case {i}: {refused:x?}"
        );
    }
    let mut state = proof.state_data.clone();
    state[89] = 2;
    let refused = chain.step(&state, &proof.proof_data).expect("the EVM");
    assert_eq!(
        refused.map(|done| done.post),
        Err(Refused(selector(b"InvalidExitedValue()")))
    );
}
