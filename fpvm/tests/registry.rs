//! Lists of VMs: what a list must have so that each file says which VM it is for.

use fpvm::core::definition::isa::{
    ElfTarget, Field, FileFormat, Isa, Operand, Pattern, ProofShape, Reservation, Source, Visitor,
};
use fpvm::core::definition::machine::{Fault, Machine};
use fpvm::core::definition::operand::Cell;
use fpvm::core::formats::elf::Patch;
use fpvm::{About, Error, Guest, ISAS, LoadError, OWN, Registry, Vm, entry};
use fpvm_isa_mips::Mips32;

/// An ISA as MIPS32 is, but for what is given.
macro_rules! like_mips {
    ($name:ident: $isa:literal, $vm_type:literal, $version:expr, $elf:expr, $state:expr) => {
        #[derive(Clone, Copy, Default, Debug)]
        struct $name;

        impl Isa for $name {
            type Word = <Mips32 as Isa>::Word;
            type Op = <Mips32 as Isa>::Op;
            const NAME: &'static str = $isa;
            const VM_TYPE: &'static str = $vm_type;
            const BIG_ENDIAN: bool = Mips32::BIG_ENDIAN;
            const DELAY_SLOT: bool = Mips32::DELAY_SLOT;
            const TABLE: &'static [Pattern] = Mips32::TABLE;
            const OPERANDS: &'static [(&'static str, Operand)] = Mips32::OPERANDS;
            const REGISTERS: &'static [&'static str] = Mips32::REGISTERS;
            const STATE: &'static [Field] = $state;
            const PROOF: ProofShape = Mips32::PROOF;
            const FILE: FileFormat = FileFormat {
                version: $version,
                ..Mips32::FILE
            };
            const ELF: Option<ElfTarget> = $elf;
            const PC: Cell = Mips32::PC;
            const NEXT_PC: Option<Cell> = Mips32::NEXT_PC;
            const EXIT_CODE: Cell = Mips32::EXIT_CODE;
            const EXITED: Cell = Mips32::EXITED;
            const PREIMAGE_OFFSET: Cell = Mips32::PREIMAGE_OFFSET;
            const HEAP: Option<Cell> = Mips32::HEAP;
            const RESERVATION: Option<Reservation> = Mips32::RESERVATION;
            const UNDEFINED: Fault = Mips32::UNDEFINED;

            fn fetch<M: Machine>(m: &mut M) -> Result<(), M::Stop> {
                Mips32::fetch(m)
            }

            fn dispatch<V: Visitor>(op: Self::Op, visitor: V) -> V::Output {
                Mips32::dispatch(op, visitor)
            }
        }

        impl Guest for $name {
            fn about() -> About {
                About {
                    text: "a test",
                    upstream: OWN,
                    fault_exit: 1,
                    sleep: None,
                    later_patches: &[],
                }
            }

            fn is_program(_bytes: &[u8]) -> bool {
                false
            }

            fn load(_bytes: &[u8], _patches: &[Patch]) -> Result<Vm<Self>, LoadError> {
                Err("there are no programs for it".into())
            }
        }
    };
}

/// Another packed state than MIPS32's: one cell more.
const LONGER: &[Field] = &[
    Field {
        name: "memRoot",
        size: 32,
        source: Source::MemoryRoot,
    },
    Field {
        name: "pc",
        size: 4,
        source: Source::Cell(Mips32::PC),
    },
];

like_mips!(SameState: "x", "x-1", Mips32::FILE.version, None, Mips32::STATE);
like_mips!(OtherVersion: "x", "x-1", Some(99), None, Mips32::STATE);
like_mips!(SameElf: "x", "x-1", Some(99), Mips32::ELF, LONGER);
like_mips!(SameIsa: "mips", "mips-of-mine", Some(99), Mips32::ELF, LONGER);

fn with<I: Guest>() -> Result<Registry, Error> {
    let mut isas = ISAS.to_vec();
    isas.push(entry::<I>());
    Registry::new(&isas)
}

#[test]
fn vms_that_no_file_can_tell_apart_are_refused() {
    let refused = |list: Result<Registry, Error>| match list {
        Err(Error::Ambiguous { .. }) => list.err().map(|error| error.to_string()),
        _ => None,
    };
    let twice = refused(with::<Mips32>()).expect("twice the same");
    assert_eq!(
        twice,
        "the VMs singlethreaded-2 and singlethreaded-2 cannot be told apart: give one of them \
         another VM type (`Isa::VM_TYPE`)"
    );
    let state = refused(with::<SameState>()).expect("the same packed state");
    assert_eq!(
        state,
        "the VMs singlethreaded-2 and x-1 cannot be told apart: both have packed states of 226 bytes \
         and state files with version byte 2; give one of them another version byte (`Isa::FILE`)"
    );
    let elf = refused(with::<SameElf>()).expect("the same ELF files");
    assert_eq!(
        elf,
        "the VMs singlethreaded-2 and x-1 cannot be told apart: both take ELF files for 32-bit \
         big-endian MIPS, and they are of two ISAs, mips and x; give them one name (`Isa::NAME`), and \
         the first is the default"
    );
}

#[test]
fn vms_that_differ_are_a_list() {
    let builtin = Registry::new(ISAS).expect("they differ");
    assert_eq!(builtin.isas().len(), Registry::builtin().isas().len());
    assert!(with::<OtherVersion>().is_ok());
    // Of one ISA's VMs, the first takes the programs.
    let list = with::<SameIsa>().expect("one ISA");
    let elf = std::fs::read("../examples/guests/bin/sort.mips").expect("a guest");
    let vm = list.of_program(&elf).expect("a VM");
    assert_eq!(vm.vm_type(), "singlethreaded-2");
    let types = list.of_isa("mips").expect("two VMs").types();
    assert_eq!(types, "singlethreaded-2, mips-of-mine");
}

#[test]
fn a_choice_that_there_is_not_says_what_there_is() {
    let vms = Registry::builtin();
    let error = vms.of_isa("arm").expect_err("no ARM").to_string();
    assert_eq!(
        error,
        "there is no ISA `arm`; there are: mips, mips64, riscv"
    );
    let error = vms
        .of_type("multithreaded")
        .expect_err("upstream's")
        .to_string();
    assert!(
        error.contains("state version 1") && error.contains("v1.3.0"),
        "{error}"
    );
    let error = vms
        .of_witness(&[0; 3])
        .err()
        .expect("too short")
        .to_string();
    assert!(
        error.contains("3 bytes") && error.contains("226 (singlethreaded-2)"),
        "{error}"
    );
}
