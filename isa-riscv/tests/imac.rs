//! What RV64IMAC has beyond Asterisc's VM: instructions across leaves, named faults, Linux's errors,
//! and states that the other VM refuses.

use fpvm_core::definition::isa::{Isa, witness_len};
use fpvm_core::definition::operand::Cell;
use fpvm_core::definition::state::State;
use fpvm_core::formats::files::FileKind;
use fpvm_core::formats::state_file;
use fpvm_core::machine::memory::{PagedMemory, branch_len};
use fpvm_core::machine::vm::{Event, Host, Vm, VmError};
use fpvm_core::step::compact::encode;
use fpvm_core::step::oracle::{NoOracle, Silent};
use fpvm_core::step::proof::StepProof;
use fpvm_core::step::verify::{VerifyError, verify};
use fpvm_isa_riscv::Rv64;
use fpvm_isa_riscv::imac::{Imac, VERSION};

const CODE: u64 = 0x1_0000;

/// A machine in front of some halfwords of code, with registers.
fn machine(at: u64, code: &[u16], registers: &[(u8, u64)]) -> Vm<Imac> {
    let (mut state, mut memory) = (State::default(), PagedMemory::new().unwrap());
    let bytes: Vec<u8> = code.iter().flat_map(|half| half.to_le_bytes()).collect();
    memory.write_slice(at, &bytes).unwrap();
    memory.write_slice(0x2_0000, &[7; 64]).unwrap();
    state.set(Imac::PC, at);
    for (register, value) in registers {
        state.set(Cell(*register), *value);
    }
    Vm::new(state, memory)
}

fn with_host<T>(run: impl FnOnce(&mut Host<'_>) -> T) -> T {
    run(&mut Host {
        oracle: &mut NoOracle,
        console: &mut Silent,
    })
}

fn prove(vm: &mut Vm<Imac>) -> StepProof {
    with_host(|host| vm.prove(host)).unwrap()
}

fn check(proof: &StepProof, data: &[u8]) -> Result<[u8; 32], VerifyError> {
    let verified = verify::<Imac>(&proof.state_data, data, &mut |_, _| None)?;
    Ok(verified.post)
}

/// sd a1, 0(a0)
const SD: [u16; 2] = [0x3023, 0x00b5];

#[test]
fn each_leaf_of_an_instruction_and_its_data_takes_a_branch() {
    let branch = branch_len(64);
    for (at, data, branches) in [
        (CODE, 0x2_0000, 2),
        (CODE + 28, 0x2_0001, 2),
        (CODE + 30, 0x2_0008, 3),
        (CODE + 28, 0x2_001c, 3),
        (CODE + 30, 0x2_001c, 4),
        // An instruction that writes over its own second half.
        (CODE + 30, CODE + 32, 3),
    ] {
        let mut vm = machine(at, &SD, &[(10, data), (11, u64::MAX)]);
        let proof = prove(&mut vm);
        assert_eq!(
            proof.proof_data.len(),
            branches * branch,
            "{at:#x} {data:#x}"
        );
        assert_eq!(check(&proof, &proof.proof_data), Ok(proof.post));

        let compact = encode::<Imac>(&proof.state_data, &proof.proof_data, &mut |_, _| None);
        let compact = compact.unwrap();
        assert_eq!(check(&proof, &compact), Ok(proof.post), "{at:#x} {data:#x}");
        assert!(!compact.len().is_multiple_of(32));
        // Four maps of 8 bytes, and the byte that tells the encoding.
        assert_eq!(branches == 4, compact.len() % 32 == 1);
        assert!(check(&proof, &[&compact[..], &[0]].concat()).is_err());
        assert!(check(&proof, &compact[..compact.len() - 1]).is_err());

        // The branch of the second half is looked at.
        let mut tampered = proof.proof_data.clone();
        tampered[branch] ^= 1;
        let refused = check(&proof, &tampered).unwrap_err();
        assert!(
            matches!(refused, VerifyError::BadBranch { branch: 1, .. }),
            "{refused}"
        );
    }
}

#[test]
fn a_short_instruction_at_the_end_of_a_line_takes_one_branch() {
    // c.addi a0, 1, in front of what would be the first half of a long one.
    let mut vm = machine(CODE + 30, &[0x0505, 0xffff], &[(10, 5)]);
    let proof = prove(&mut vm);
    assert_eq!(proof.proof_data.len(), branch_len(64));
    assert_eq!((vm.state.pc(), vm.state.get(Cell(10))), (CODE + 32, 6));
}

#[test]
fn a_call_of_either_length_links_what_follows_it() {
    for (code, back) in [(&[0x9502_u16, 0][..], 2), (&[0x00e7, 0x0005][..], 4)] {
        let mut vm = machine(CODE, code, &[(10, CODE + 0x102)]);
        prove(&mut vm);
        assert_eq!(vm.state.pc(), CODE + 0x102);
        assert_eq!(vm.state.get(Cell(1)), CODE + back);
    }
}

/// The plain step, chains of any beginning, and a page's end in the middle of an instruction.
#[test]
fn runs_of_any_length_count_their_steps() {
    // c.nop and addi a0, a0, 1, over a page's end, and a jump back.
    let mut code = Vec::new();
    for _ in 0..700 {
        code.extend([0x0001, 0x0513, 0x0015]);
    }
    let back = (2 * code.len() as u32).wrapping_neg();
    let jump = 0x6f | (back >> 1 & 0x3ff) << 21 | (back >> 11 & 1) << 20 | back & 0xff000 | 1 << 31;
    code.extend([jump as u16, (jump >> 16) as u16]);
    let at = CODE + 0x1000 - 4;
    for until in [1, 2, 3, 255, 256, 257, 699, 1400, 1401, 1402, 9999] {
        let mut vm = machine(at, &code, &[]);
        let event = with_host(|host| vm.run(until, false, host)).unwrap();
        assert_eq!((event, vm.state.step), (Event::Reached, until));
        let (rounds, rest) = (until / 1401, until % 1401);
        assert_eq!(
            vm.state.get(Cell(10)),
            700 * rounds + rest / 2,
            "{until} steps"
        );
        assert_eq!(
            vm.state.pc(),
            at + rest / 2 * 6 + rest % 2 * 2,
            "{until} steps"
        );
    }
}

#[test]
fn what_is_not_there_faults_by_name() {
    for (code, text) in [
        ([0x7053, 0x0220], "floating-point instruction"), // fadd.d
        ([0x2000, 0], "floating-point instruction"),      // c.fld
        ([0x2573, 0x0030], "floating-point instruction"), // frcsr a0
        ([0x0073, 0x0010], "breakpoint"),
        ([0x9002, 0], "breakpoint"), // c.ebreak
        ([0, 0], "illegal instruction"),
        ([0x7033, 0x40b5], "illegal instruction"), // andn, of an extension
    ] {
        let mut vm = machine(CODE, &code, &[]);
        match with_host(|host| vm.run(1, false, host)) {
            Err(VmError::Fault(fault)) => assert_eq!(fault.fault.text, text, "{code:x?}"),
            other => panic!("{code:x?}: {other:?}"),
        }
    }
    let mut vm = machine(CODE + 1, &[0x0505, 0], &[]);
    let odd = with_host(|host| vm.run(1, false, host)).unwrap_err();
    assert!(odd.to_string().contains("odd address"), "{odd}");
}

#[test]
fn system_calls_fail_as_linux_s_do() {
    const ECALL: [u16; 2] = [0x0073, 0];
    for (number, a0, result) in [(64, 77, 9), (1000, 1, 38), (220, 0, 11), (56, 0, 13)] {
        let mut vm = machine(CODE, &ECALL, &[(17, number), (10, a0), (11, 5)]);
        prove(&mut vm);
        assert_eq!(vm.state.get(Cell(10)) as i64, -result, "call {number}");
        assert_eq!(vm.state.get(Cell(11)), 5, "no second result");
    }
}

#[test]
fn states_of_the_other_vm_are_refused_by_name() {
    assert_eq!(witness_len(Imac::STATE), witness_len(Rv64::STATE) + 1);
    let mut vm = machine(CODE, &SD, &[(10, 7)]);
    let witness = vm.witness();
    assert_eq!(witness[0], VERSION);
    assert!(State::<Rv64>::from_witness(&witness).is_err());
    let mut other = witness.clone();
    other[0] = 1;
    let refused = State::<Imac>::from_witness(&other).unwrap_err().to_string();
    assert!(refused.contains("imac-1 has version 129"), "{refused}");

    let mut theirs = Vm::<Rv64>::new(State::default(), PagedMemory::new().unwrap());
    let dir = std::env::temp_dir().join(format!("fpvm-imac-{}", std::process::id()));
    std::fs::create_dir_all(&dir).unwrap();
    for (name, kind) in [
        ("state.bin", FileKind::Binary),
        ("state.json", FileKind::Json),
    ] {
        let path = dir.join(name);
        state_file::save(&mut vm, &path).unwrap();
        let bytes = std::fs::read(&path).unwrap();
        let mut again = state_file::read::<Imac>(&bytes[..], kind, u64::MAX).unwrap();
        assert_eq!(again.state_root(), vm.state_root());
        let refused = state_file::read::<Rv64>(&bytes[..], kind, u64::MAX).unwrap_err();
        let text = refused.to_string();
        assert!(
            text.contains("version 129, and states of riscv64 have none"),
            "{text}"
        );

        state_file::save(&mut theirs, &path).unwrap();
        let bytes = std::fs::read(&path).unwrap();
        let refused = state_file::read::<Imac>(&bytes[..], kind, u64::MAX).unwrap_err();
        let text = refused.to_string();
        assert!(text.contains("imac-1"), "{text}");
    }
    std::fs::remove_dir_all(&dir).unwrap();
}
