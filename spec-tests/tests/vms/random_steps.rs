//! Random instructions on edge operands, in three interpretations: what the interpreter does, the
//! recorder proves and the verifier finds again; and the root after it is that of a fresh memory.
//! Here nothing is compared with upstream; the ISAs' own tests do that.

use fpvm_core::definition::decode::{Decoder, decode};
use fpvm_core::definition::isa::{Isa, Op};
use fpvm_core::definition::operand::{CELLS, Cell};
use fpvm_core::definition::state::State;
use fpvm_core::definition::word::Word;
use fpvm_core::machine::memory::{PAGE_SIZE, PagedMemory, Prover};
use fpvm_core::machine::vm::{Event, Host, Vm, VmError};
use fpvm_core::step::oracle::{Oracle, OracleError, Silent};
use fpvm_core::step::proof::StepProof;
use fpvm_core::step::verify::{VerifyError, verify};
use fpvm_isa_mips::Mips32;
use fpvm_isa_riscv::Rv64;
use fpvm_isa_riscv::imac::Imac;
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::Index;
use std::sync::Arc;
use toy_isa::Toy;

/// Gives the same value for each key.
struct Value(Vec<u8>);

impl Oracle for Value {
    fn hint(&mut self, _hint: &[u8]) -> Result<(), OracleError> {
        Ok(())
    }

    fn preimage(&mut self, _key: [u8; 32]) -> Result<Arc<[u8]>, OracleError> {
        Ok(self.0.as_slice().into())
    }
}

/// A step: a state, some memory, an instruction and a pre-image.
#[derive(Clone, Debug)]
struct Case {
    pc: u64,
    row: Index,
    free_bits: u32,
    words: Vec<u64>,
    key: [u8; 32],
    offset: u8,
    call: u8,
    value: Vec<u8>,
    fill: u64,
}

/// Numbers and addresses at edges: signs, lines, pages, the ends of the address space.
fn word() -> impl Strategy<Value = u64> {
    prop_oneof![
        4 => (0u64..64).prop_map(|near| 0x1_0000 + near),
        2 => 0u64..40,
        2 => (1u64..40).prop_map(|back| 0u64.wrapping_sub(back)),
        2 => (0u32..64, 0u64..3).prop_map(|(bit, more)| (1u64 << bit).wrapping_add(more).wrapping_sub(1)),
        1 => (0u64..16).prop_map(|near| 0xffff_fff8 + near),
        2 => (0u64..40).prop_map(|near| 0x1_0fe0 + near),
        1 => any::<u64>(),
    ]
}

fn case() -> impl Strategy<Value = Case> {
    let pc = prop_oneof![
        6 => (0u64..16).prop_map(|i| 0x1_0000 + 4 * i),
        1 => Just(0x1_0ffc),
        1 => Just(u64::MAX - 3),
        1 => (0u64..64).prop_map(|at| 0x1_0000 + at),
    ];
    let value = (vec(any::<u8>(), 0..60), any::<[u8; 32]>(), 0u8..70);
    (
        pc,
        any::<Index>(),
        any::<u32>(),
        vec(word(), CELLS),
        value,
        any::<u8>(),
        any::<u64>(),
    )
        .prop_map(
            |(pc, row, free_bits, words, (value, key, offset), call, fill)| Case {
                pc,
                row,
                free_bits,
                words,
                key,
                offset,
                call,
                value,
                fill,
            },
        )
}

impl Case {
    /// The machine before the step. `calls` has a register and the numbers that it often holds.
    fn machine<I: Isa>(&self, calls: (Cell, &[u64]), fds: Cell) -> Vm<I> {
        let mut state = State::<I>::default();
        for (i, word) in (0u8..).zip(&self.words).skip(1) {
            state.set(Cell(i), I::Word::truncate(*word));
        }
        let number = usize::from(self.call) % (2 * calls.1.len());
        if let Some(number) = calls.1.get(number) {
            state.set(calls.0, I::Word::truncate(*number));
            state.set(fds, I::Word::truncate(u64::from(self.call) % 8));
        }
        state.set(I::PREIMAGE_OFFSET, I::Word::truncate(self.offset.into()));
        state.set(I::EXITED, I::Word::default());
        state.set(I::EXIT_CODE, I::Word::default());
        state.set(I::PC, I::Word::truncate(self.pc));
        if let Some(next) = I::NEXT_PC {
            let delayed = self.free_bits.is_multiple_of(5);
            state.set(
                next,
                I::Word::truncate(self.pc.wrapping_add(if delayed { 44 } else { 4 })),
            );
        }
        state.preimage_key = self.key;
        // Cells that are no part of this ISA's state stay zero.
        let (state, _) = State::from_witness(&state.witness(&[0; 32])).unwrap();

        let mut memory = PagedMemory::new().unwrap();
        for (i, at) in [0x1_0000, 0x1_0f80, 0x1_1000, 0, u64::MAX - 63]
            .into_iter()
            .enumerate()
        {
            for offset in (0..128u64).step_by(8) {
                let word = self.fill.rotate_left((offset + 7 * i as u64) as u32 % 64);
                memory
                    .write_slice(at + offset % 64, &word.to_le_bytes())
                    .unwrap();
            }
        }
        let row = I::TABLE[self.row.index(I::TABLE.len())];
        let insn = row.value | self.free_bits & !row.mask;
        let bytes = if I::BIG_ENDIAN {
            insn.to_be_bytes()
        } else {
            insn.to_le_bytes()
        };
        memory.write_slice(self.pc, &bytes).unwrap();
        Vm::new(state, memory)
    }
}

/// The root of a fresh memory with the same contents.
fn fresh_root<A: Word>(memory: &mut PagedMemory<A>) -> [u8; 32] {
    let mut fresh = PagedMemory::<A>::new().unwrap();
    for number in memory.pages() {
        fresh
            .write_slice(number * PAGE_SIZE as u64, memory.page(number))
            .unwrap();
    }
    fresh.root()
}

fn check<I: Isa + PartialEq>(
    case: &Case,
    calls: (Cell, &[u64]),
    fds: Cell,
) -> Result<(), TestCaseError> {
    let mut oracle = Value(case.value.clone());
    let mut host = Host {
        oracle: &mut oracle,
        console: &mut Silent,
    };
    let mut prover = case.machine::<I>(calls, fds);
    let mut runner = case.machine::<I>(calls, fds);
    let before = prover.state_root();
    prop_assert_eq!(before, runner.state_root());
    let (proof, event) = (prover.prove(&mut host), runner.run(1, false, &mut host));
    match (proof, event) {
        (Ok(proof), Ok(event)) => {
            let exited = runner.state.exited();
            prop_assert_eq!(
                event,
                if exited {
                    Event::Exited
                } else {
                    Event::Reached
                }
            );
            prop_assert_eq!(&prover.state, &runner.state);
            prop_assert_eq!((proof.step, runner.state.step), (0, 1));
            prop_assert_eq!((proof.pre, proof.post), (before, runner.state_root()));
            prop_assert_eq!(fresh_root(&mut runner.memory), prover.memory_root());

            let text = serde_json::to_string(&proof).unwrap();
            prop_assert_eq!(&serde_json::from_str::<StepProof>(&text).unwrap(), &proof);
            let mut part = |key: &[u8; 32], offset| proof.part(key, offset);
            let verified = verify::<I>(&proof.state_data, &proof.proof_data, &mut part).unwrap();
            prop_assert_eq!(verified.post, proof.post);
            prop_assert_eq!(&verified.after, &prover.state);
            prop_assert_eq!(&verified.witness, &prover.witness());
        }
        (Err(VmError::Fault(fault)), Err(VmError::Fault(same))) => {
            prop_assert_eq!(&fault, &same);
            prop_assert_eq!((fault.step, fault.pc), (0, prover.state.pc()));
            prop_assert_eq!(prover.state_root(), before, "a fault leaves the state");
            prop_assert_eq!(runner.state_root(), before, "a fault leaves the state");
            // Without branches the verifier may miss one before it finds the fault, no more.
            let refused = verify::<I>(&prover.witness(), &[], &mut |_, _| None).unwrap_err();
            let known = matches!(
                refused,
                VerifyError::Fault(_)
                    | VerifyError::MissingBranch { .. }
                    | VerifyError::ProofLength { .. }
            );
            prop_assert!(known, "{}", refused);
        }
        (proof, event) => prop_assert!(false, "{:?} and {:?}", proof, event),
    }
    Ok(())
}

const MIPS_CALLS: &[u64] = &[4003, 4004, 4003, 4004, 4045, 4055, 4090, 4120, 4246];
const RISCV_CALLS: &[u64] = &[93, 94, 214, 222, 63, 64, 63, 64, 25, 56, 113, 220, 163, 261];

proptest! {
    #![proptest_config(ProptestConfig { cases: 4000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn mips_steps_agree(case in case()) {
        check::<Mips32>(&case, (Cell(2), MIPS_CALLS), Cell(4))?;
    }

    #[test]
    fn riscv_steps_agree(case in case()) {
        check::<Rv64>(&case, (Cell(17), RISCV_CALLS), Cell(10))?;
    }

    #[test]
    fn imac_steps_agree(case in case()) {
        check::<Imac>(&case, (Cell(17), RISCV_CALLS), Cell(10))?;
    }

    /// The decoder's tree decides as a look at all rows of the table does.
    #[test]
    fn decoders_agree(words in vec(any::<u32>(), 200), row in any::<Index>()) {
        fn agree<I: Isa>(words: &[u32], row: Index) -> Result<(), TestCaseError> {
            let decoder = Decoder::<I>::default();
            let row = I::TABLE[row.index(I::TABLE.len())];
            for word in words {
                // Anything, something that fits a row, and something that just does not.
                let fits = row.value | word & !row.mask;
                for insn in [*word, fits, fits ^ 1 << (word % 32)] {
                    prop_assert_eq!(decoder.decode(insn).index(), decode::<I>(insn).index(), "{:#x}", insn);
                }
            }
            Ok(())
        }
        agree::<Mips32>(&words, row)?;
        agree::<Rv64>(&words, row)?;
        agree::<Imac>(&words, row)?;
        agree::<Toy>(&words, row)?;
    }

    /// What a packed state holds comes back, whatever the values.
    #[test]
    fn packed_states_round_trip(words in vec(any::<u64>(), CELLS), key in any::<[u8; 32]>(), root in any::<[u8; 32]>(), step in any::<u64>()) {
        fn round_trip<I: Isa>(words: &[u64], key: [u8; 32], root: [u8; 32], step: u64) -> Result<(), TestCaseError> {
            let mut state = State::<I> { step, preimage_key: key, ..State::default() };
            for (i, word) in (0u8..).zip(words) {
                state.set(Cell(i), I::Word::truncate(*word));
            }
            state.set(I::EXITED, state.get(I::EXITED) & I::Word::truncate(1));
            let packed = state.witness(&root);
            let (again, same_root) = State::<I>::from_witness(&packed).unwrap();
            prop_assert_eq!(again.witness(&same_root), packed);
            prop_assert_eq!((again.step, again.preimage_key, same_root), (step, key, root));
            prop_assert_eq!(again.hash(&root), state.hash(&root));
            prop_assert_eq!(state.hash(&root)[0], state.status());
            Ok(())
        }
        round_trip::<Mips32>(&words, key, root, step)?;
        round_trip::<Rv64>(&words, key, root, step)?;
        round_trip::<Imac>(&words, key, root, step)?;
        round_trip::<Toy>(&words, key, root, step)?;
    }
}
