//! The one instruction that a game comes down to: which claim it contests, and what it does.

use std::fmt::Write as _;

use alloy_primitives::{B256, hex};
use fpvm_core::definition::disasm::disassemble;
use fpvm_core::definition::isa::{Isa, Source};
use fpvm_core::definition::operand::Cell;
use fpvm_core::definition::state::State;
use fpvm_core::definition::word::Word as _;
use fpvm_core::step::oracle::PreimagePart;
use fpvm_core::step::proof::StepProof;
use fpvm_core::step::verify::{LeafAccess, Step, VerifyError, verify};
use fpvm_dispute::claim::Side;
use fpvm_dispute::game::Game;
use fpvm_dispute::player::Answer;
use fpvm_dispute::trace::split::SplitTrace;
use fpvm_dispute::trace::{Inputs, Outputs};
use fpvm_oracle::Key;
use serde::Serialize;

use crate::Opinion;

/// An instruction that contests a claim at the deepest level.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Contest {
    /// The claim.
    pub claim: usize,
    /// Attack: the claim's own value is what the instruction does not lead to. Defend: the value claimed
    /// next is.
    pub side: Side,
    /// What the execution is run on.
    pub inputs: Inputs,
    /// The instruction's index in the execution, from 0.
    pub index: u128,
    /// Hash of the state after it, as it was claimed.
    pub claimed: B256,
}

impl Contest {
    /// What a game came down to: the instruction that an honest player ran against a claim, or else
    /// would run next. `None` while the game has no claim that it is about, and for the instructions of
    /// players who are not honest.
    pub fn of<O: Outputs, E>(
        game: &Game,
        trace: &SplitTrace<O, E>,
        opinion: &Opinion,
    ) -> Option<Self> {
        let honest =
            (0..game.claims().len()).filter_map(|index| match opinion.why(index)?.answer? {
                Answer::Step { claim, side } => Some((claim, side)),
                Answer::Move(_) => None,
            });
        let is_run = |claim: usize| game.claim(claim).is_ok_and(|c| c.countered_by.is_some());
        // What was run decided; of those that wait any is as good as another.
        let (claim, side) = honest.max_by_key(|(claim, _)| (is_run(*claim), usize::MAX - claim))?;
        let position = game.claim(claim).ok()?.position;
        let position = match side {
            Side::Attack => position,
            Side::Defend => position.right_neighbour()?,
        };
        let (inputs, index) = trace.execution(game, claim, position).ok()?;
        Some(Self {
            claim,
            side,
            inputs,
            index,
            claimed: game.contested_state(claim, side).ok()?,
        })
    }
}

/// An instruction that was run on chain, or could be, and what it does.
#[derive(Clone, Debug, Serialize)]
pub struct Instruction {
    /// The claim that it contests.
    pub claim: usize,
    /// Its index in the execution, from 0, in decimal digits.
    pub index: String,
    /// The VM.
    pub vm: String,
    /// Where it is.
    pub pc: String,
    /// The function it is in.
    pub symbol: Option<String>,
    /// What it is.
    pub assembly: String,
    /// It and its neighbours in memory.
    pub code: Vec<Line>,
    /// The registers before and after it.
    pub registers: Vec<Register>,
    /// The memory that it touches.
    pub memory: Vec<Change>,
    /// The pre-image that it reads.
    pub preimage: Option<Preimage>,
    /// What the VM's contract is handed.
    pub proof: Sizes,
    /// Hash of the state before.
    pub before: B256,
    /// Hash of the state after.
    pub after: B256,
    /// Hash of the state after, as it was claimed.
    pub claimed: B256,
}

/// A line of the program.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Line {
    /// Its address.
    pub pc: String,
    /// The instruction there.
    pub assembly: String,
    /// Whether it is the one.
    pub here: bool,
}

/// A register, or another word of the VM's state.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Register {
    /// Its name.
    pub name: String,
    /// What it holds before.
    pub before: String,
    /// What it holds after.
    pub after: String,
}

/// A leaf of memory, 32 bytes in hex.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Change {
    /// Its address.
    pub at: String,
    /// Its bytes before.
    pub before: String,
    /// Its bytes after.
    pub after: String,
}

/// A pre-image that an instruction reads of.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Preimage {
    /// The kind of its key, and the key.
    pub key: String,
    /// Bytes of its value.
    pub bytes: usize,
    /// Where the instruction reads, counted from the 8 bytes of length in front of the value.
    pub offset: u64,
    /// What the contract has of it from there on, 32 bytes at most, in hex.
    pub part: String,
}

/// Bytes that the VM's contract is handed.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize)]
pub struct Sizes {
    /// Of the packed state.
    pub state: usize,
    /// Of the proof of the memory that the instruction touches.
    pub memory: usize,
}

/// What is known of the program around an instruction.
#[derive(Clone, PartialEq, Eq, Default, Debug)]
pub struct Code {
    /// The function it is in.
    pub symbol: Option<String>,
    /// Addresses around it with the instruction words there, ascending.
    pub words: Vec<(u64, u32)>,
}

impl Instruction {
    /// What the instruction of a proof does, as a verifier has it; `code` is where it comes from.
    ///
    /// # Errors
    /// If the proof shows nothing.
    pub fn of<I: Isa>(
        proof: &StepProof,
        contest: &Contest,
        code: Code,
    ) -> Result<Self, VerifyError> {
        let part = &mut |key: &[u8; 32], offset| proof.part(key, offset);
        let done = verify::<I>(&proof.state_data, &proof.proof_data, part)?;
        let pc = done.before.pc();
        let assembly = match done.step {
            Step::Instruction(insn) => disassemble::<I>(insn, pc),
            Step::ThreadSwitch => "no instruction: the VM switches to another thread".into(),
            Step::Exited => "nothing: the program has ended".into(),
        };
        let line = |(at, insn): &(u64, u32)| Line {
            pc: format!("{at:#x}"),
            assembly: disassemble::<I>(*insn, *at),
            here: *at == pc,
        };
        let word =
            |value: I::Word| format!("{:#0width$x}", value.zext(), width = 2 + 2 * I::Word::BYTES);
        let registers = cells(&done.before, &done.after);
        let registers = registers.into_iter().map(|cell| Register {
            name: cell.name.to_owned(),
            before: word(cell.before),
            after: word(cell.after),
        });
        let memory = done
            .data
            .iter()
            .map(|LeafAccess { at, before, after }| Change {
                at: format!("{at:#x}"),
                before: hex::encode(before),
                after: hex::encode(after),
            });
        Ok(Self {
            claim: contest.claim,
            index: contest.index.to_string(),
            vm: I::VM_TYPE.to_owned(),
            pc: format!("{pc:#x}"),
            symbol: code.symbol,
            assembly,
            code: code.words.iter().map(line).collect(),
            registers: registers.collect(),
            memory: memory.collect(),
            preimage: preimage(proof),
            proof: Sizes {
                state: proof.state_data.len(),
                memory: proof.proof_data.len(),
            },
            before: proof.pre.into(),
            after: done.post.into(),
            claimed: contest.claimed,
        })
    }
}

fn preimage(proof: &StepProof) -> Option<Preimage> {
    let (key, value) = proof.preimage()?;
    let part = PreimagePart::of(value, proof.oracle_offset)?;
    let mut text = String::new();
    for byte in part.bytes.iter().take(part.len) {
        // Writing to a string does not fail.
        let _ = write!(text, "{byte:02x}");
    }
    Some(Preimage {
        key: Key(key).to_string(),
        bytes: value.len(),
        offset: proof.oracle_offset,
        part: text,
    })
}

/// A word of a VM's state, before and after a step.
#[derive(Clone, Copy, Debug)]
pub struct Compared<W> {
    /// The register's name, or the field's.
    pub name: &'static str,
    /// The cell that it is.
    pub cell: Cell,
    /// What it holds before.
    pub before: W,
    /// What it holds after.
    pub after: W,
}

/// The words of a state, registers among them, before and after a step, in the order of the state; of
/// a VM with threads those of the thread that runs.
pub fn cells<I: Isa>(before: &State<I>, after: &State<I>) -> Vec<Compared<I::Word>> {
    let compared = |name, cell| Compared {
        name,
        cell,
        before: before.get(cell),
        after: after.get(cell),
    };
    let mut cells = Vec::new();
    let thread = I::THREADS.map_or(&[][..], |threads| threads.fields);
    for field in I::STATE.iter().chain(thread) {
        match field.source {
            Source::Cell(cell) => cells.push(compared(field.name, cell)),
            Source::Cells(first, count) => {
                for (i, cell) in (first.0..first.0.saturating_add(count)).enumerate() {
                    let name = I::REGISTERS.get(i).copied().unwrap_or(field.name);
                    cells.push(compared(name, Cell(cell)));
                }
            }
            Source::Version(_)
            | Source::MemoryRoot
            | Source::PreimageKey
            | Source::Step
            | Source::TurnSteps
            | Source::Threads(_) => {}
        }
    }
    cells
}
