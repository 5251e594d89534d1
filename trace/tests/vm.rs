//! The executions of a real program as a trace, against what upstream's Cannon made of them.

use alloy_primitives::{B256, U256, b256, keccak256};
use fpvm_dispute::claim::OutputRoot;
use fpvm_dispute::trace::{Executions, Inputs};
use fpvm_e2e::rollup::{output, rollup};
use fpvm_trace::Vms;

/// Steps of one block, as Cannon counts them.
const STEPS: u128 = 380_326_018;
/// The last state where block 102 is claimed as it is, as Cannon has it.
const LAST: B256 = b256!("007fe85a7d00007e1ae69e12ed8fc3575282915314a1f1a1bd80bd3df78b8a57");

/// The dispute about block 102, where the output of `claimed` is claimed for it.
fn inputs(claimed: u64) -> Inputs {
    Inputs {
        l1_head: B256::repeat_byte(0x11),
        starting: OutputRoot {
            root: output(101),
            block: U256::from(101),
        },
        disputed: OutputRoot {
            root: output(claimed),
            block: U256::from(102),
        },
    }
}

#[test]
fn as_upstream_has_it() {
    let vms = Vms::new(rollup(), 5_000_000);
    let truth = inputs(102);
    let claim = |index| vms.claim(&truth, index).expect("it runs");
    // The root of an execution is about a step far behind its end.
    assert_eq!(claim((1 << 42) - 1), LAST);
    assert_eq!(claim(STEPS - 1), LAST);
    assert_eq!(claim(STEPS - 2)[0], 3, "it ends a step too early");
    // A claim that is false is found out: status 1.
    let lie = vms
        .claim(&inputs(103), u128::from(u64::MAX))
        .expect("it runs");
    assert_eq!(lie[0], 1);
}

#[test]
fn steps_lead_from_claim_to_claim() {
    let vms = Vms::new(rollup(), 5_000_000);
    let truth = inputs(102);
    for index in [1, 123_456_789, STEPS - 1, STEPS, 1 << 40] {
        let step = vms.step(&truth, index).expect("it runs");
        let before = vms.claim(&truth, index - 1).expect("it runs");
        assert_eq!(keccak256(&step.state)[1..], before[1..], "before {index}");
        let proof = vms.proof(&truth, index).expect("it runs");
        assert_eq!(B256::from(proof.pre), before, "before {index}");
        let after = vms.claim(&truth, index).expect("it runs");
        assert_eq!(B256::from(proof.post), after, "after {index}");
    }
}
