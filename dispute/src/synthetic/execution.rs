//! The executions of a made-up rollup, and the VM that runs them.
//!
//! An execution reads its starting output, the output in dispute and its block in its first three
//! instructions, then counts, reading a pre-image at every [`PREIMAGE_EVERY`]th, and with its last
//! instruction exits with the status that the two outputs deserve.

use alloy_primitives::{B256, U256, keccak256};

use super::Rollup;
use crate::claim::VmStatus;
use crate::game::context::ident;
use crate::oracle::{Preimage, keccak256_key, local_key};
use crate::revert::Revert;
use crate::trace::{Executions, Inputs, StepData, SuperInputs, TraceError};
use crate::vm::{StepContext, Vm};

/// Bytes of a packed state.
const STATE_SIZE: usize = 89;

/// The number of instructions from one that reads a pre-image to the next.
pub const PREIMAGE_EVERY: u128 = 5;

/// The offset at which the content of a datum begins, after its length.
const CONTENT: u64 = 8;

/// A state of the VM.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
struct State {
    /// Instructions run.
    index: u128,
    status: VmStatus,
    starting: B256,
    disputed: B256,
    number: u64,
}

impl State {
    const FIRST: Self = Self {
        index: 0,
        status: VmStatus::Unfinished,
        starting: B256::ZERO,
        disputed: B256::ZERO,
        number: 0,
    };

    /// Index, status, starting output, disputed output, number; numbers big-endian.
    fn encode(&self) -> [u8; STATE_SIZE] {
        let mut bytes = [0; STATE_SIZE];
        bytes[..16].copy_from_slice(&self.index.to_be_bytes());
        bytes[16] = self.status as u8;
        bytes[17..49].copy_from_slice(self.starting.as_slice());
        bytes[49..81].copy_from_slice(self.disputed.as_slice());
        bytes[81..].copy_from_slice(&self.number.to_be_bytes());
        bytes
    }

    fn decode(bytes: &[u8]) -> Option<Self> {
        let bytes: &[u8; STATE_SIZE] = bytes.try_into().ok()?;
        let status = B256::repeat_byte(bytes[16]);
        Some(Self {
            index: u128::from_be_bytes(bytes[..16].try_into().ok()?),
            status: VmStatus::of(&status)?,
            starting: B256::from_slice(&bytes[17..49]),
            disputed: B256::from_slice(&bytes[49..81]),
            number: u64::from_be_bytes(bytes[81..].try_into().ok()?),
        })
    }

    fn claim(&self) -> B256 {
        self.status.stamp(keccak256(self.encode()))
    }
}

/// The claim about the state from which every execution starts.
pub fn absolute_prestate() -> B256 {
    State::FIRST.claim()
}

/// A program of the made-up VM, of which only the length and the outcome matter.
pub(super) trait Scripted {
    /// Tells one program from another.
    fn seed(&self) -> u64;

    /// Instructions that each execution takes; at least 4.
    fn length(&self) -> u128;

    /// The status at the end of an execution about `disputed` on top of `starting`, which reads `number` under local
    /// key 4: an L2 block, or in a super game the game's L2 time.
    fn outcome(&self, starting: B256, disputed: B256, number: u64) -> VmStatus;

    /// What instruction `index` reads from the pre-images.
    fn preimage(&self, index: u128) -> Option<Vec<u8>> {
        let reads = index % PREIMAGE_EVERY == PREIMAGE_EVERY - 1 && index < self.length();
        reads.then(|| {
            let (seed, index) = (self.seed().to_be_bytes(), index.to_be_bytes());
            [&seed[..], &index[..]].concat()
        })
    }
}

impl Scripted for Rollup {
    fn seed(&self) -> u64 {
        self.seed
    }

    fn length(&self) -> u128 {
        self.execution_length
    }

    fn outcome(&self, starting: B256, disputed: B256, block: u64) -> VmStatus {
        let honest = |block: u64| self.honest_root(U256::from(block));
        let expected = honest(block);
        if starting != expected && starting != honest(block.saturating_sub(1)) {
            // Nothing is known about an output that no chain has.
            VmStatus::Panic
        } else if disputed == expected {
            VmStatus::Valid
        } else {
            VmStatus::Invalid
        }
    }
}

/// An execution on its inputs.
pub(super) struct Execution<'a, P> {
    program: &'a P,
    starting: B256,
    disputed: B256,
    number: u64,
}

impl<'a, P: Scripted> Execution<'a, P> {
    fn of(program: &'a P, inputs: &Inputs) -> Self {
        Self {
            program,
            starting: inputs.starting.root,
            disputed: inputs.disputed.root,
            number: inputs.disputed.block.wrapping_to(),
        }
    }

    pub(super) const fn of_super(program: &'a P, inputs: &SuperInputs) -> Self {
        Self {
            program,
            starting: inputs.agreed,
            disputed: inputs.claim,
            number: inputs.timestamp,
        }
    }

    /// The state after `count` instructions.
    fn state(&self, count: u128) -> State {
        let Self {
            program,
            starting,
            disputed,
            number,
        } = *self;
        let mut state = State {
            index: count.min(program.length()),
            ..State::FIRST
        };
        if count > 0 {
            state.starting = starting;
        }
        if count > 1 {
            state.disputed = disputed;
        }
        if count > 2 {
            state.number = number;
        }
        if count >= program.length() {
            state.status = program.outcome(starting, disputed, number);
        }
        state
    }

    /// The claim about the state after instruction `index`.
    pub(super) fn claim(&self, index: u128) -> B256 {
        self.state(index.saturating_add(1)).claim()
    }

    /// The data that a step of instruction `index` needs.
    pub(super) fn step(&self, index: u128) -> StepData {
        let at = |datum| (datum, U256::from(CONTENT));
        StepData {
            state: self.state(index).encode().to_vec(),
            proof: Vec::new(),
            local: local_datum(index).map(at).into_iter().collect(),
            preimages: self
                .program
                .preimage(index)
                .map(|data| Preimage::keccak256(data, U256::ZERO))
                .into_iter()
                .collect(),
        }
    }
}

/// The local datum that instruction `index` reads.
fn local_datum(index: u128) -> Option<U256> {
    let ident = match index {
        0 => ident::STARTING_OUTPUT,
        1 => ident::DISPUTED_OUTPUT,
        2 => ident::L2_BLOCK,
        _ => return None,
    };
    Some(U256::from(ident))
}

impl Executions for Rollup {
    fn claim(&self, inputs: &Inputs, index: u128) -> Result<B256, TraceError> {
        Ok(Execution::of(self, inputs).claim(index))
    }

    fn step(&self, inputs: &Inputs, index: u128) -> Result<StepData, TraceError> {
        Ok(Execution::of(self, inputs).step(index))
    }
}

impl Vm for Rollup {
    fn step(&self, at: &StepContext<'_>, state: &[u8], _proof: &[u8]) -> Result<B256, Revert> {
        run(self, at, state)
    }
}

/// Runs one instruction of a program on a packed state, as the VM's contract does.
pub(super) fn run<P: Scripted>(
    program: &P,
    at: &StepContext<'_>,
    state: &[u8],
) -> Result<B256, Revert> {
    let mut state = State::decode(state).ok_or(Revert::Empty)?;
    if state.status != VmStatus::Unfinished {
        return Ok(state.claim());
    }
    if let Some(ident) = local_datum(state.index) {
        let (word, _) = at
            .oracle
            .read(local_key(at.game, ident, at.context), CONTENT)?;
        match state.index {
            0 => state.starting = word,
            1 => state.disputed = word,
            _ => state.number = word.0.first_chunk().map_or(0, |n| u64::from_be_bytes(*n)),
        }
    }
    if let Some(preimage) = program.preimage(state.index) {
        at.oracle.read(keccak256_key(&preimage), 0)?;
    }
    state.index = state.index.saturating_add(1);
    if state.index >= program.length() {
        state.status = program.outcome(state.starting, state.disputed, state.number);
    }
    Ok(state.claim())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::claim::OutputRoot;
    use crate::oracle::Oracle;
    use alloy_primitives::Address;

    const ROLLUP: Rollup = Rollup {
        seed: 3,
        safe_head: 20,
        execution_length: 11,
    };

    fn inputs(starting: u64, disputed: B256, block: u64) -> Inputs {
        let (from, to) = (U256::from(starting), U256::from(block));
        Inputs {
            l1_head: B256::ZERO,
            starting: OutputRoot {
                root: ROLLUP.root(from),
                block: from,
            },
            disputed: OutputRoot {
                root: disputed,
                block: to,
            },
        }
    }

    /// The VM, given what each step needs, walks through the very states that the trace claims.
    #[test]
    fn the_vm_follows_the_trace() {
        let inputs = inputs(6, ROLLUP.root(U256::from(7)), 7);
        let (game, context) = (Address::repeat_byte(1), B256::repeat_byte(2));
        let mut oracle = Oracle::default();
        for index in 0..14 {
            let step = Executions::step(&ROLLUP, &inputs, index).expect("known");
            let before = match index {
                0 => absolute_prestate(),
                _ => ROLLUP.claim(&inputs, index - 1).expect("known"),
            };
            assert_eq!(
                keccak256(&step.state)[1..],
                before[1..],
                "pre-state of {index}"
            );
            if !step.local.is_empty() || !step.preimages.is_empty() {
                let at = StepContext {
                    oracle: &oracle,
                    game,
                    context,
                };
                let unloaded = Vm::step(&ROLLUP, &at, &step.state, &step.proof);
                assert_eq!(unloaded, Err(Revert::Message("pre-image must exist")));
            }
            for (ident, offset) in step.local {
                let (word, size) = match ident.to::<u64>() {
                    ident::STARTING_OUTPUT => (inputs.starting.root, 32),
                    ident::DISPUTED_OUTPUT => (inputs.disputed.root, 32),
                    _ => (B256::from(inputs.disputed.block.wrapping_shl(192)), 8),
                };
                let loaded = oracle.load_local(game, ident, context, word, size, offset);
                assert!(loaded.is_ok());
            }
            for preimage in &step.preimages {
                assert!(oracle.load(preimage).is_ok());
            }
            let at = StepContext {
                oracle: &oracle,
                game,
                context,
            };
            let after = Vm::step(&ROLLUP, &at, &step.state, &step.proof);
            assert_eq!(
                after,
                Ok(ROLLUP.claim(&inputs, index).expect("known")),
                "step {index}"
            );
        }
    }

    #[test]
    fn outcomes() {
        let root = |block: u64| ROLLUP.root(U256::from(block));
        let ends = |inputs| VmStatus::of(&ROLLUP.claim(&inputs, 10).expect("known"));
        assert_eq!(ends(inputs(6, root(7), 7)), Some(VmStatus::Valid));
        assert_eq!(ends(inputs(6, root(8), 7)), Some(VmStatus::Invalid));
        assert_eq!(ends(inputs(4, root(7), 7)), Some(VmStatus::Panic));
        // Beyond the safe head nothing happens any more.
        assert_eq!(ends(inputs(20, root(20), 22)), Some(VmStatus::Valid));
        assert_eq!(ends(inputs(20, root(21), 21)), Some(VmStatus::Invalid));
        let early = ROLLUP.claim(&inputs(6, root(7), 7), 9).expect("known");
        assert_eq!(VmStatus::of(&early), Some(VmStatus::Unfinished));
    }

    #[test]
    fn malformed_states() {
        let oracle = Oracle::default();
        let at = StepContext {
            oracle: &oracle,
            game: Address::ZERO,
            context: B256::ZERO,
        };
        let mut bad_status = State::FIRST.encode();
        bad_status[16] = 9;
        for state in [&[][..], &[0; 88], &[0; 90], &bad_status] {
            assert_eq!(Vm::step(&ROLLUP, &at, state, &[]), Err(Revert::Empty));
        }
    }
}
