//! Players over a real VM, whose program reads one pre-image from its beginning on and holds the output
//! in dispute for wrong.

use std::path::PathBuf;
use std::sync::Arc;

use alloy_primitives::{B256, U256};
use fpvm_challenger::deployment::Setup;
use fpvm_challenger::read::game_params::GameParams;
use fpvm_challenger::scheduler::{TraceSource, Unplayable};
use fpvm_checkpoints::Machine as _;
use fpvm_contracts::artifact::Artifact;
use fpvm_core::definition::isa::Isa as _;
use fpvm_core::formats::elf;
use fpvm_core::machine::vm::Vm;
use fpvm_dispute::claim::OutputRoot;
use fpvm_dispute::rules::Params;
use fpvm_dispute::trace::Inputs;
use fpvm_dispute::trace::lie::{Extent, Lie};
use fpvm_dispute::trace::outputs::OutputList;
use fpvm_dispute::trace::split::SplitTrace;
use fpvm_isa_mips::Mips32;
use fpvm_oracle::Key;
use fpvm_trace::{GuestProgram, Hosted, MachineError, Preimages, Program, Vms};

use super::players::outputs;

/// Where the program begins in memory, and the key that it reads.
const CODE: u32 = 0x1000;
const KEY: u32 = 0x2000;
/// `addiu to, from, value`.
const fn addiu(to: u32, from: u32, value: u16) -> u32 {
    0x2400_0000 | from << 21 | to << 16 | value as u32
}

/// `bne register, $zero, words`, counted from the instruction after it.
const fn unless_zero(register: u32, words: i16) -> u32 {
    0x1400_0000 | register << 21 | words as u16 as u32
}

const SYSCALL: u32 = 0xc;
const NOP: u32 = 0;
/// Registers.
const V0: u32 = 2;
const A0: u32 = 4;
const A1: u32 = 5;
const A2: u32 = 6;
const S0: u32 = 16;

/// The program, which reads 4 bytes so many times.
const fn program(reads: u16) -> [u32; 21] {
    [
        addiu(A1, 0, KEY as u16),
        addiu(A2, 0, 32),
        // write(6, …): the key, as many bytes at a time as it takes.
        addiu(V0, 0, 4004),
        addiu(A0, 0, 6),
        SYSCALL,
        A1 << 21 | V0 << 16 | A1 << 11 | 0x21,
        A2 << 21 | V0 << 16 | A2 << 11 | 0x23,
        unless_zero(A2, -6),
        NOP,
        addiu(S0, 0, reads),
        // read(5, …, 4)
        addiu(V0, 0, 4003),
        addiu(A0, 0, 5),
        addiu(A1, 0, 0x3000),
        addiu(A2, 0, 4),
        SYSCALL,
        addiu(S0, S0, 0xffff),
        unless_zero(S0, -7),
        NOP,
        // exit_group(1)
        addiu(V0, 0, 4246),
        addiu(A0, 0, 1),
        SYSCALL,
    ]
}

/// An ELF file of one segment with the program and the key.
fn file(reader: &Reader) -> Vec<u8> {
    let program = program(reader.reads);
    let mut segment: Vec<u8> = program.iter().flat_map(|word| word.to_be_bytes()).collect();
    segment.resize((KEY - CODE) as usize, 0);
    segment.extend(reader.key.0);
    let size = segment.len() as u32;
    let mut file = b"\x7fELF\x01\x02\x01\0\0\0\0\0\0\0\0\0\0\x02\0\x08".to_vec();
    // Version, entry, program headers, sections, flags.
    for word in [1, CODE, 52, 0, 0] {
        file.extend(word.to_be_bytes());
    }
    for half in [52u16, 32, 1, 40, 0, 0] {
        file.extend(half.to_be_bytes());
    }
    for word in [1, 84, CODE, CODE, size, size, 7, 4] {
        file.extend(word.to_be_bytes());
    }
    file.extend(segment);
    file
}

/// The program, and a folder with what it reads.
pub(crate) struct Reader {
    pub(crate) key: Key,
    /// How many times it reads 4 bytes.
    pub(crate) reads: u16,
    pub(crate) preimages: PathBuf,
}

impl Program for Reader {
    type Machine = Hosted<Vm<Mips32>>;
    type Error = MachineError;

    fn start(&self, inputs: &Inputs) -> Result<Hosted<Vm<Mips32>>, MachineError> {
        let load = || Ok(elf::load_segments::<Mips32>(&file(self))?);
        let preimages = Preimages::stored(&self.preimages)?;
        GuestProgram::new(load, preimages, U256::ONE).start(inputs)
    }
}

/// What somebody knows, or claims.
pub(crate) type Known = SplitTrace<OutputList, Arc<Vms<Reader>>>;

/// One side.
pub(crate) struct Side {
    pub(crate) known: Known,
    pub(crate) extent: Extent,
}

impl TraceSource for Side {
    type Trace = SplitTrace<Lie<Known>, Lie<Known>>;

    fn of(&mut self, _site: &GameParams) -> Result<Self::Trace, Unplayable> {
        let lie = Lie {
            truth: self.known.clone(),
            extent: self.extent,
        };
        Ok(SplitTrace {
            outputs: lie.clone(),
            executions: lie,
        })
    }
}

impl Reader {
    /// The program as an ELF file.
    pub(crate) fn elf(&self) -> Vec<u8> {
        file(self)
    }

    /// The inputs of no game.
    pub(crate) fn inputs() -> Inputs {
        let output = OutputRoot::default();
        Inputs {
            l1_head: B256::ZERO,
            starting: output,
            disputed: output,
        }
    }

    /// The instruction that reads from an offset on.
    pub(crate) fn instruction(&self, offset: u64) -> u64 {
        let mut machine = self.start(&Self::inputs()).expect("it starts");
        while let Some(read) = machine.next_read().expect("no fault") {
            if read.offset == offset {
                return machine.step() - 1;
            }
        }
        panic!("nothing reads from {offset} on");
    }

    /// A game of depth 12 over it; pre-images from so many bytes on are loaded by proposal.
    pub(crate) fn setup(&self, min_proposal_size: u64) -> Setup {
        let mut machine = self.start(&Self::inputs()).expect("it starts");
        let prestate = B256::from(machine.root().expect("a root").0);
        let anchor = OutputRoot {
            root: B256::repeat_byte(0xac),
            block: U256::ZERO,
        };
        Setup {
            params: Params {
                game_type: 0,
                max_depth: 12,
                split_depth: 4,
                l2_chain_id: U256::ONE,
                ..Params::mainnet(prestate)
            },
            anchor,
            delay: super::DELAY,
            finality_delay: 302_400,
            min_proposal_size,
            verifier: Artifact::parse(fpvm_contracts::MIPS_ARTIFACT).expect("an artifact"),
            state_version: Mips32::FILE.version,
        }
    }

    /// The truth about it, and a lie from block 5 and from an instruction on.
    pub(crate) fn sides(self, instruction: u64) -> [Side; 2] {
        let known = SplitTrace {
            outputs: outputs(),
            executions: Arc::new(Vms::new(self, 1 << 20)),
        };
        let extent = Extent {
            outputs_from: None,
            steps_from: None,
            salt: 0,
        };
        let lie = Extent {
            steps_from: Some(instruction.into()),
            ..super::players::LIE
        };
        [extent, lie].map(|extent| Side {
            known: known.clone(),
            extent,
        })
    }
}
