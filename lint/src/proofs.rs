//! Proofs of the steps of a program: each leads to the same state as the run, in both encodings, and a proof
//! with a byte changed is refused or proves the same.

use crate::random::{Program, Random};
use crate::tiers::{CODE, MadeUp, bare, go_to};
use fpvm_core::definition::fetch;
use fpvm_core::definition::isa::Isa;
use fpvm_core::machine::vm::{Host, VmError};
use fpvm_core::step::compact;
use fpvm_core::step::oracle::Silent;
use fpvm_core::step::verify::verify;

/// Proves the first steps of a program and verifies each; gives how many had a state after them.
///
/// # Errors
/// What is wrong, in words.
pub fn check<I: Isa>(program: &Program<I>, steps: u64, seed: u64) -> Result<u64, String> {
    let mut random = Random::new(seed);
    let mut vm = bare::<I>(CODE, &program.words, &program.state);
    let end = CODE + 4 * program.words.len() as u64;
    let mut proved = 0;
    for _ in 0..steps {
        if vm.state.exited() {
            break;
        }
        let at = vm.state.pc();
        if !(CODE..end).contains(&at) {
            go_to(&mut vm.state, CODE);
        }
        let (at, step) = (vm.state.pc(), vm.state.step);
        let wrong = |what: String| format!("step {step} at {at:#x}: {what}");
        let witness = vm.witness();
        let mut host = Host {
            oracle: &mut MadeUp,
            console: &mut Silent,
        };
        let proof = match vm.prove(&mut host) {
            Ok(proof) => proof,
            Err(VmError::Fault(fault)) => {
                let refused = verify::<I>(&witness, &[], &mut |_, _| None);
                if refused.is_ok() {
                    let fault = fault.fault;
                    return Err(wrong(format!(
                        "the run faults ({fault}), and a verifier without proof accepts the step"
                    )));
                }
                let next = at.wrapping_add(fetch::unit::<I>()) & !(fetch::unit::<I>() - 1);
                go_to(
                    &mut vm.state,
                    if (CODE..end).contains(&next) {
                        next
                    } else {
                        CODE
                    },
                );
                continue;
            }
            // The host refuses, for example a hint that is too long: the run ends there too.
            Err(_) => {
                go_to(&mut vm.state, CODE);
                continue;
            }
        };
        let mut parts = |key: &[u8; 32], offset| proof.part(key, offset);
        let (state, data) = (&proof.state_data, &proof.proof_data);
        let full = verify::<I>(state, data, &mut parts);
        let full = full.map_err(|error| wrong(format!("its proof is refused: {error}")))?;
        if full.post != proof.post {
            return Err(wrong(
                "run and verifier come to different states".to_owned(),
            ));
        }
        let short = compact::encode::<I>(state, data, &mut parts);
        let short = short.map_err(|error| wrong(format!("it has no compact proof: {error}")))?;
        let compact = verify::<I>(state, &short, &mut parts);
        let compact =
            compact.map_err(|error| wrong(format!("its compact proof is refused: {error}")))?;
        if compact.post != proof.post {
            return Err(wrong("the compact proof proves another state".to_owned()));
        }
        for data in [data, &short] {
            let mut data = data.clone();
            let place = random.below(data.len() as u64) as usize;
            let Some(byte) = data.get_mut(place) else {
                continue;
            };
            *byte ^= 1 << random.below(8);
            if verify::<I>(state, &data, &mut parts)
                .is_ok_and(|tampered| tampered.post != proof.post)
            {
                return Err(wrong(format!(
                    "with byte {place} of the proof changed, it proves another state"
                )));
            }
        }
        proved += 1;
    }
    Ok(proved)
}
