//! The trace of a super game: what a node's answers come to, place by place.
//!
//! The cases named after upstream's are those of `op-challenger/game/fault/trace/super/provider_test.go` at
//! ethereum-optimism/optimism 4c8b17472b.

use std::collections::BTreeMap;

use alloy_primitives::{B256, Bytes, U256, keccak256};
use fpvm_dispute::super_root::{
    ChainOutput, INVALID, INVALID_CLAIM, OptimisticBlock, STEPS_PER_SECOND, SuperRoot, SuperState,
    SuperStep, TransitionState,
};
use fpvm_dispute::synthetic::{SuperProgram, SuperRollup};
use fpvm_dispute::trace::lie::{Extent, Lie};
use fpvm_dispute::trace::super_lie::StateLie;
use fpvm_dispute::trace::super_node::{
    NodeStates, OptimisticOutput, SuperNode, SuperRootAt, VerifiedSuperRoot,
};
use fpvm_dispute::trace::{Executions, SuperInputs, SuperStates, TraceError};

const L1_HEAD: u64 = 23_542;
const START: u64 = 1_000;
const END: u64 = 5_000;

/// A node that gives the answers it was told to.
#[derive(Clone, Default)]
struct Told(BTreeMap<u64, SuperRootAt>);

impl SuperNode for Told {
    fn super_root_at(&self, timestamp: u64) -> Result<SuperRootAt, TraceError> {
        let answer = self.0.get(&timestamp).cloned();
        answer.ok_or_else(|| TraceError::NoSuperRoot {
            timestamp,
            reason: "it was not told".into(),
        })
    }
}

impl Told {
    fn states(&self) -> NodeStates<&Self> {
        NodeStates {
            node: self,
            l1_head: L1_HEAD,
        }
    }

    /// The claim at trace index `index`.
    fn claim(&self, index: u128) -> Result<B256, TraceError> {
        let place = SuperStep::of_index(index, START, END);
        Ok(keccak256(self.states().state(place)?))
    }

    fn at(&mut self, timestamp: u64) -> &mut SuperRootAt {
        self.0.get_mut(&timestamp).expect("it was told")
    }

    /// That the indices are all invalid.
    fn assert_invalid(&self, indices: impl IntoIterator<Item = u128>) {
        for index in indices {
            assert_eq!(self.claim(index), Ok(INVALID_CLAIM), "index {index}");
        }
    }
}

fn block(byte: u8) -> OptimisticBlock {
    OptimisticBlock {
        block_hash: B256::repeat_byte(byte),
        output_root: keccak256([byte]),
    }
}

/// Chains 1 and 2 at a second, with blocks of these bytes, safe at the game's L1 head.
fn answer(timestamp: u64, blocks: [u8; 2]) -> SuperRootAt {
    let ids = [1, 2].map(U256::from);
    let outputs = blocks.map(|byte| OptimisticOutput {
        block: block(byte),
        required_l1: L1_HEAD,
    });
    let chains = ids.into_iter().zip(outputs);
    let chains = chains.map(|(chain_id, output)| ChainOutput {
        chain_id,
        output_root: output.block.output_root,
    });
    SuperRootAt {
        current_l1: L1_HEAD + 1,
        chain_ids: ids.to_vec(),
        optimistic: ids.into_iter().zip(outputs).collect(),
        verified: Some(VerifiedSuperRoot {
            super_root: SuperRoot::new(timestamp, chains.collect()),
            required_l1: L1_HEAD,
        }),
    }
}

/// The game's first two seconds, and its last.
fn told() -> Told {
    Told(
        [
            (START, answer(START, [0xa1, 0xb1])),
            (START + 1, answer(START + 1, [0xa2, 0xb2])),
            (END, answer(END, [0xa3, 0xb3])),
        ]
        .into(),
    )
}

fn root(answer: &SuperRootAt) -> SuperRoot {
    let verified = answer.verified.as_ref();
    verified.expect("a verified root").super_root.clone()
}

/// `ValidTransitionBetweenFirstTwoSuperRoots`, `AtNewTimestamp`, `AtPostState`.
#[test]
fn a_second_passes() {
    let told = told();
    let state = |progress: &[u8], step| {
        let state = TransitionState {
            super_root: root(&told.0[&START]),
            progress: progress.iter().map(|byte| block(*byte)).collect(),
            step,
        };
        Ok(state.hash())
    };
    assert_eq!(told.claim(0), state(&[0xa2], 1));
    assert_eq!(told.claim(1), state(&[0xa2, 0xb2], 2));
    for step in 3..STEPS_PER_SECOND {
        let claim = told.claim(u128::from(step) - 1);
        assert_eq!(claim, state(&[0xa2, 0xb2], step), "step {step}");
    }
    assert_eq!(told.claim(127), Ok(root(&told.0[&(START + 1)]).hash()));
    let end = root(&told.0[&END]).hash();
    for index in [4_000 * 128 - 1, (1 << 30) - 1, u128::MAX] {
        assert_eq!(told.claim(index), Ok(end));
    }
}

/// `Step0SuperRootIsSafeBeforeGameL1Head`, `NextSuperRootSafeBeforeGameL1Head`: earlier is as good.
#[test]
fn what_was_safe_before_is_safe() {
    let mut told = told();
    let usual: Vec<_> = (0..128).map(|index| told.claim(index)).collect();
    for (timestamp, l1) in [(START, L1_HEAD - 10), (START + 1, L1_HEAD - 5)] {
        let verified = told.at(timestamp).verified.as_mut();
        verified.expect("a root").required_l1 = l1;
    }
    let earlier: Vec<_> = (0..128).map(|index| told.claim(index)).collect();
    assert_eq!(earlier, usual);
}

/// `Step0SuperRootNotSafeAtGameL1Head`, `PreviousSuperRootNotSafeAtGameL1Head`,
/// `PreviousSuperRootTimestampBeyondChainHead`.
#[test]
fn a_second_that_is_not_safe_is_invalid_with_all_its_steps() {
    let mut late = told();
    for timestamp in [START, START + 1, END] {
        let verified = late.at(timestamp).verified.as_mut();
        verified.expect("a root").required_l1 = L1_HEAD + 1;
    }
    late.assert_invalid((0..=128).chain([u128::MAX]));
    let mut none = told();
    for timestamp in [START, START + 1] {
        none.at(timestamp).verified = None;
    }
    none.assert_invalid(0..=128);
}

/// `FirstChainUnsafe`, `SecondChainUnsafe`, `NextSuperRootTimestampBeyond{All,First,Second}ChainHead…`.
#[test]
fn chains_that_are_not_derived() {
    let usual = told();
    for (chain, first_invalid) in [(1, 0), (2, 1)] {
        let chain = U256::from(chain);
        let mut late = told();
        late.at(START + 1)
            .verified
            .as_mut()
            .expect("a root")
            .required_l1 = L1_HEAD + 1;
        let optimistic = late.at(START + 1).optimistic.get_mut(&chain);
        optimistic.expect("a block").required_l1 = L1_HEAD + 1;
        let mut missing = told();
        missing.at(START + 1).verified = None;
        missing.at(START + 1).optimistic.remove(&chain);
        for told in [late, missing] {
            for index in 0..first_invalid {
                assert_eq!(told.claim(index), usual.claim(index));
            }
            told.assert_invalid(first_invalid..=128);
        }
    }
    let mut nothing = told();
    nothing.at(START + 1).verified = None;
    nothing.at(START + 1).optimistic.clear();
    nothing.assert_invalid(0..=128);
}

/// `Step0NotInSync`, `PreviousSuperRootNotInSync`, `NextSuperRootNotInSync`: a node that is behind is waited for, and
/// not believed in what it says either.
#[test]
fn a_node_that_is_behind() {
    for current_l1 in [0, L1_HEAD - 1, L1_HEAD] {
        let waits = |timestamp| {
            Err(TraceError::NotInSync {
                timestamp,
                current_l1,
                l1_head: L1_HEAD,
            })
        };
        let mut told = told();
        told.at(END).current_l1 = current_l1;
        assert_eq!(told.claim(u128::MAX), waits(END));
        told.at(END).verified = None;
        assert_eq!(told.claim(u128::MAX), waits(END));
        told.at(START + 1).current_l1 = current_l1;
        assert_eq!(told.claim(1), waits(START + 1));
        assert_eq!(told.claim(127), waits(START + 1));
        told.at(START).current_l1 = current_l1;
        assert_eq!(told.claim(1), waits(START));
        // The start is an anchor; but that there is none is not believed.
        assert!(told.states().start(START).is_ok());
        told.at(START).verified = None;
        assert_eq!(told.states().start(START).map(|_| B256::ZERO), waits(START));
    }
}

#[test]
fn the_start_is_the_nodes_own() {
    let mut told = told();
    let start = told.states().start(START).expect("a root");
    assert_eq!(start, root(&told.0[&START]).encode());
    // Whatever L1 blocks it takes.
    told.at(START)
        .verified
        .as_mut()
        .expect("a root")
        .required_l1 = u64::MAX;
    assert_eq!(told.states().start(START), Ok(start));
    told.at(START).verified = None;
    let missing = told.states().start(START);
    assert!(
        matches!(missing, Err(TraceError::NoSuperRoot { .. })),
        "{missing:?}"
    );
}

/// Chains are taken in ascending order, in whatever order the node names them.
#[test]
fn chains_are_sorted() {
    let usual = told();
    let mut reversed = told();
    reversed.at(START + 1).chain_ids.reverse();
    for index in 0..128 {
        assert_eq!(reversed.claim(index), usual.claim(index));
    }
}

/// What no honest node says is an error, and neither a claim nor "invalid".
#[test]
fn answers_that_cannot_be_true() {
    type Spoil = fn(&mut SuperRootAt);
    let spoil: [(&str, Spoil); 4] = [
        ("chain 1 is twice", |answer| {
            answer.chain_ids.push(U256::ONE);
        }),
        ("timestamp 7", |answer| {
            answer
                .verified
                .as_mut()
                .expect("a root")
                .super_root
                .timestamp = 7;
        }),
        ("not sorted", |answer| {
            let verified = answer.verified.as_mut();
            verified.expect("a root").super_root.chains.reverse();
        }),
        ("empty", |answer| {
            let verified = answer.verified.as_mut();
            verified.expect("a root").super_root.chains.clear();
        }),
    ];
    for (text, spoil) in spoil {
        let mut told = told();
        spoil(told.at(START));
        for claim in [told.claim(0).err(), told.states().start(START).err()] {
            let claim = claim.map(|error| error.to_string()).unwrap_or_default();
            assert!(claim.contains(text), "{text}: {claim}");
            assert!(claim.contains("timestamp 1000"), "{claim}");
        }
    }
    // Nothing at all, and no second after the last.
    assert!(matches!(
        told().claim(300),
        Err(TraceError::NoSuperRoot { .. })
    ));
    let last = Told([(u64::MAX, answer(u64::MAX, [1, 2]))].into());
    let place = SuperStep {
        timestamp: u64::MAX,
        step: 1,
    };
    assert!(matches!(
        last.states().state(place),
        Err(TraceError::NoSuperRoot { .. })
    ));
}

/// Over random chains with late, missing and replaced blocks: what the node's answers come to is what the program
/// makes of each state in turn, for ever invalid once it is. And that these chains are worth the name.
#[test]
fn the_program_follows_the_trace() {
    let (mut invalid, mut replaced) = (0, 0);
    for seed in 0..60 {
        let chains = 1 + seed as usize % 5;
        let seconds = 6;
        let rollup = SuperRollup::random(seed, chains, START, seconds);
        let end = START + seconds;
        let l1_head = SuperRollup::l1_block_at(end) + seed % 3;
        let states = NodeStates {
            node: &rollup,
            l1_head,
        };
        let program = SuperProgram::new(&rollup, l1_head, START, end, 4);
        let outcome = |agreed: B256, claim: B256| {
            let inputs = SuperInputs {
                l1_head: B256::ZERO,
                agreed,
                agreed_state: None,
                claim,
                timestamp: end,
            };
            let last = program.claim(&inputs, 3).expect("always known");
            last.0[0]
        };
        let mut agreed = keccak256(states.start(START).expect("a root"));
        if states.state(SuperStep::start_of(START)) == Ok(INVALID.into()) {
            // The start itself needs later L1 blocks: an anchor has not.
            continue;
        }
        for index in 0..u128::from(seconds * STEPS_PER_SECOND + 3) {
            let place = SuperStep::of_index(index, START, end);
            let state = states.state(place).expect("the node has seen all of L1");
            let claim = keccak256(&state);
            assert_eq!(outcome(agreed, claim), 0, "seed {seed}, {place:?}");
            if agreed == INVALID_CLAIM {
                assert_eq!(claim, INVALID_CLAIM, "seed {seed}, {place:?}");
            }
            let wrong = keccak256([&state[..], &[0]].concat());
            assert_ne!(outcome(agreed, wrong), 0);
            agreed = claim;
        }
        invalid += usize::from(agreed == INVALID_CLAIM);
        let blocks = rollup.chains.iter().map(|chain| chain.replaced.len());
        replaced += blocks.sum::<usize>();
        // A state of the future makes it panic, one that no chain has as well.
        let ahead = rollup.super_root(end + 1).expect("a root").hash();
        if agreed != INVALID_CLAIM {
            assert_eq!(outcome(B256::repeat_byte(7), ahead), 2);
            assert_eq!(outcome(ahead, ahead), 2);
        }
    }
    assert!(invalid > 10 && invalid < 50, "{invalid}");
    assert!(replaced > 20, "{replaced}");
}

/// A liar tells the truth before its place, and from there on something else than anybody with another salt.
#[test]
fn lies_at_every_kind_of_place() {
    let rollup = SuperRollup::random(4, 3, START, 4);
    let l1_head = SuperRollup::l1_block_at(START + 4) + 9;
    let truth = NodeStates {
        node: &rollup,
        l1_head,
    };
    // A whole second, chains, steps beyond them, consolidation, the end.
    for number in [128, 129, 130, 131, 200, 255, 256, 4 * 128] {
        let from = SuperStep::start_of(START).number() + number;
        for salt in 0..4 {
            let extent = Extent {
                outputs_from: Some(U256::from(from)),
                steps_from: None,
                salt,
            };
            let lie = Lie { truth, extent };
            let mut place = SuperStep::start_of(START);
            for index in 0..=4 * 128 {
                let (told, known) = (lie.state(place), truth.state(place));
                if index < number {
                    assert_eq!(told, known);
                } else {
                    assert_ne!(told, known, "{place:?}, salt {salt}");
                }
                let state = SuperState::decode(&told.expect("a lie"));
                if index >= number && extent.state_lie() == StateLie::OtherOutputs {
                    let told = state.expect("a well-formed state").place();
                    assert_eq!(told, Some(place));
                }
                place = place.next();
            }
        }
    }
    let none: Bytes = truth.start(START).expect("a root");
    assert_eq!(none.len(), 9 + 3 * 64);
}
