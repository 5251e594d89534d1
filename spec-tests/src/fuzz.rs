//! What is done with random bytes: each function takes a fuzzer's input and panics where a promise is
//! broken. The fuzz targets in `fuzz/` call them, and so do the property tests in
//! `spec-tests/tests/vms/fuzz.rs`.

pub mod tiers;

use fpvm_checkpoints::manifest::Manifest;
use fpvm_core::definition::isa::{Isa, witness_len};
use fpvm_core::formats::elf::{self, Program};
use fpvm_core::formats::files::FileKind;
use fpvm_core::formats::state_file;
use fpvm_core::machine::vm::{Host, VmError};
use fpvm_core::step::compact;
use fpvm_core::step::oracle::Silent;
use fpvm_core::step::proof::StepProof;
use fpvm_core::step::verify::verify;
use fpvm_isa_mips::Mips32;
use fpvm_isa_mips64::Newest;
use fpvm_isa_riscv::Rv64;
use fpvm_isa_riscv::imac::Imac;
use fpvm_lint::tiers::{CODE, MadeUp};
use fpvm_oracle::wire::{self, Limits};
use tiers::{Fuzzed, Program as Random};
use toy_isa::Toy;

/// Calls a function that takes an ISA and arguments for each of the ISAs that are listed, or for all.
macro_rules! each {
    ($function:ident($($argument:expr),*)) => {
        each!([Mips32, Newest, Rv64, Imac, Toy] $function($($argument),*))
    };
    ([$($isa:ty),*] $function:ident $arguments:tt) => {{ $(each!(@ $isa, $function $arguments);)* }};
    (@ $isa:ty, $function:ident($($argument:expr),*)) => { $function::<$isa>($($argument),*) };
}

/// Memory that an input may take.
const MEMORY: u64 = 64 << 20;

/// A function that is given a fuzzer's bytes.
pub type Target = fn(&[u8]);

/// All of them by name.
pub const TARGETS: [(&str, Target); 11] = [
    ("elf", elf),
    ("state", state),
    ("proof_json", proof_json),
    ("tampered_proof", tampered_proof),
    ("wire", wire),
    ("manifest", manifest),
    ("tiers_mips", tiers::<Mips32>),
    ("tiers_mips64", tiers::<Newest>),
    ("tiers_riscv", tiers::<Rv64>),
    ("tiers_imac", tiers::<Imac>),
    ("tiers_toy", tiers::<Toy>),
];

/// Calls a target by name.
///
/// # Panics
/// Where there is no such target, and as the target does.
pub fn target(name: &str, bytes: &[u8]) {
    let (_, target) = TARGETS
        .iter()
        .find(|(known, _)| *known == name)
        .expect("a target's name");
    target(bytes);
}

/// A file that may be a program: it is refused, or runs some steps.
pub fn elf(bytes: &[u8]) {
    fn one<I: Program>(bytes: &[u8]) {
        if let Ok(mut vm) = elf::load::<I>(bytes, I::PATCHES) {
            // A fault is no failure.
            let _ = tiers::run(&mut vm, 2000);
            vm.state_root();
        }
    }
    each!([Mips32, Newest, Rv64, Imac] one(bytes));
}

/// A file that may be a state: it is refused, or written so that it reads back the same.
pub fn state(bytes: &[u8]) {
    fn one<I: Isa>(bytes: &[u8]) {
        for kind in [FileKind::Binary, FileKind::Json] {
            let Ok(mut vm) = state_file::read::<I>(bytes, kind, MEMORY) else {
                continue;
            };
            let mut written = Vec::new();
            let json = state_file::write_json(&mut vm, &mut written);
            json.expect("a list of bytes takes anything");
            let again = state_file::read::<I>(&*written, FileKind::Json, MEMORY);
            let mut again = again.expect("what was written can be read");
            assert_eq!(vm.state_root(), again.state_root());
            assert_eq!(vm.last_hint, again.last_hint);
        }
    }
    each!(one(bytes));
}

/// A file that may be a proof: it is refused, or has a compact form that proves the same.
pub fn proof_json(bytes: &[u8]) {
    fn one<I: Isa>(proof: &StepProof) {
        if proof.state_data.len() != witness_len(I::STATE) {
            return;
        }
        let mut parts = |key: &[u8; 32], offset| proof.part(key, offset);
        let (state, data) = (&proof.state_data, &proof.proof_data);
        let Ok(verified) = verify::<I>(state, data, &mut parts) else {
            return;
        };
        let short = compact::encode::<I>(state, data, &mut parts).expect("it is a proof");
        let again = verify::<I>(state, &short, &mut parts).expect("a compact proof");
        assert_eq!(verified.post, again.post);
    }
    let Ok(proof) = serde_json::from_slice::<StepProof>(bytes) else {
        return;
    };
    each!(one(&proof));
}

/// Sixteen bytes of changes, then a program: a proof of one of its steps with bytes changed is refused,
/// or proves nothing else.
pub fn tampered_proof(bytes: &[u8]) {
    fn one<I: Fuzzed>(program: &Random, changes: &[u8; 16]) {
        let (words, state) = I::program(program);
        let mut vm = tiers::bare(CODE, &words, &state);
        // Some steps on, so that threads have changed and pre-images are read; a fault ends them.
        let steps = program.legs.first().copied().unwrap_or_default();
        let _ = tiers::run(&mut vm, state.step + steps % 256);
        let before = vm.freeze();
        let mut host = Host {
            oracle: &mut MadeUp,
            console: &mut Silent,
        };
        let proof = match vm.prove(&mut host) {
            Ok(proof) => proof,
            Err(VmError::Fault(_)) => {
                // The step faults: so it does for the verifier.
                vm.restore(&before).expect("its own snapshot");
                let witness = vm.witness();
                let refused = verify::<I>(&witness, &[], &mut |_, _| None);
                assert!(refused.is_err());
                return;
            }
            Err(_) => return,
        };
        let mut parts = |key: &[u8; 32], offset| proof.part(key, offset);
        let short = compact::encode::<I>(&proof.state_data, &proof.proof_data, &mut parts);
        let short = short.expect("it is a proof");
        for data in [&proof.proof_data, &short] {
            let mut data = data.clone();
            for change in changes.as_chunks::<4>().0 {
                let at = usize::from(u16::from_le_bytes([change[0], change[1]]));
                let len = data.len();
                if let Some(byte) = data.get_mut(at % len.max(1)) {
                    *byte ^= change[2];
                }
            }
            if let Ok(verified) = verify::<I>(&proof.state_data, &data, &mut parts) {
                assert_eq!(verified.post, proof.post);
            }
        }
    }
    let Some((changes, rest)) = bytes.split_first_chunk::<16>() else {
        return;
    };
    let Some(program) = Random::from_bytes(rest) else {
        return;
    };
    each!(one(&program, changes));
}

/// Messages of a host or a VM: they are refused, or come out again as they went in.
pub fn wire(bytes: &[u8]) {
    let limits = Limits {
        hint: 1 << 16,
        preimage: 1 << 16,
    };
    let mut hints = bytes;
    while let Ok(Some(hint)) = wire::read_hint(&mut hints, &limits) {
        let mut sent = Vec::new();
        wire::send_hint(&mut sent, &hint, &limits).expect("it is short enough");
        let read = &bytes[..bytes.len() - hints.len()];
        assert!(read.ends_with(&sent));
    }
    if let Ok(value) = wire::read_preimage(&mut &*bytes, &limits) {
        let mut sent = Vec::new();
        wire::send_preimage(&mut sent, &value).expect("a list of bytes takes anything");
        assert!(bytes.starts_with(&sent));
    }
    let mut keys = bytes;
    while let Ok(Some(key)) = wire::read_key(&mut keys) {
        let mut sent = Vec::new();
        wire::send_key(&mut sent, key).expect("a list of bytes takes anything");
        assert_eq!(sent.len(), 32);
    }
    let _ = wire::read_ack(&mut &*bytes);
}

/// A file that may be a manifest of checkpoints: it is refused, or does not change when it is written.
pub fn manifest(bytes: &[u8]) {
    let Ok(manifest) = serde_json::from_slice::<Manifest>(bytes) else {
        return;
    };
    if manifest.check().is_err() {
        return;
    }
    let written = serde_json::to_vec(&manifest).expect("a manifest is JSON");
    let again: Manifest = serde_json::from_slice(&written).expect("what was written can be read");
    assert!(again.check().is_ok());
    assert_eq!(again.range(), manifest.range());
}

/// A program of an ISA, on all tiers.
pub fn tiers<I: Fuzzed>(bytes: &[u8]) {
    if let Some(program) = Random::from_bytes(bytes) {
        program.on::<I>();
    }
}
