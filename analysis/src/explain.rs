//! What a proved step did: as data for reports, as text for people.

use fpvm_core::definition::disasm::disassemble;
use fpvm_core::definition::fetch;
use fpvm_core::definition::isa::{Isa, Source, Threads};
use fpvm_core::definition::operand::Cell;
use fpvm_core::definition::state::{State, state_hash};
use fpvm_core::definition::word::Word as _;
use fpvm_core::machine::memory::LEAF_SIZE;
use fpvm_core::step::oracle::PreimagePart;
use fpvm_core::step::proof::StepProof;
use fpvm_core::step::verify::{LeafAccess, Parts, Step, Verified, VerifyError, verify};
use fpvm_oracle::Key;
use serde::{Serialize, Serializer};
use std::fmt;

/// What a verified step did. Its text has a line that says what the step was, and one for each change.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct StepExplanation {
    /// The VM type.
    pub vm: &'static str,
    /// Step counter before.
    #[serde(skip)]
    pub step: u64,
    /// Program counter before; `0x…` in JSON.
    #[serde(serialize_with = "hex_number")]
    pub pc: u64,
    /// The instruction, or in words what the step did instead of one.
    pub assembly: String,
    /// What the step was.
    #[serde(skip)]
    pub kind: Step,
    /// The words of the state before and after, the registers among them, in the state's order; in a VM with
    /// threads the registers are those of the thread that ran.
    pub registers: Vec<Register>,
    /// The leaves of memory that the instruction accessed, without its own, in order.
    pub memory: Vec<LeafChange>,
    /// The pre-image that the step read.
    pub preimage: Option<Preimage>,
    /// The key of the pre-image that will be read next, if the step changed it.
    #[serde(skip)]
    pub new_key: Option<[u8; 32]>,
    /// Bytes of the proof.
    pub proof: Sizes,
    /// Hash of the packed state before.
    #[serde(rename = "before", serialize_with = "hex_bytes")]
    pub pre: [u8; 32],
    /// Hash of the packed state after.
    #[serde(rename = "after", serialize_with = "hex_bytes")]
    pub post: [u8; 32],
}

/// A register, or another word of the VM's state.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Register {
    /// Its name.
    pub name: &'static str,
    /// What it holds before.
    pub before: Value,
    /// What it holds after.
    pub after: Value,
    /// Whether it is a program counter that only went on to the next instruction.
    #[serde(skip)]
    pub goes_on: bool,
}

/// A guest word. Its text is `0x…`, in JSON with all of its digits.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Value {
    /// The number.
    pub number: u64,
    /// Bytes of a guest word.
    pub bytes: usize,
}

impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:#0width$x}", self.number, width = 2 + 2 * self.bytes)
    }
}

impl Serialize for Value {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// A leaf of memory.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct LeafChange {
    /// Its address; `0x…` in JSON.
    #[serde(serialize_with = "hex_number")]
    pub at: u64,
    /// Its bytes before; hex digits in JSON.
    #[serde(serialize_with = "hex_digits")]
    pub before: [u8; LEAF_SIZE],
    /// Its bytes after; hex digits in JSON.
    #[serde(serialize_with = "hex_digits")]
    pub after: [u8; LEAF_SIZE],
}

/// A pre-image that a step reads.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Preimage {
    /// The kind of its key, and the key.
    pub key: String,
    /// Bytes of its value.
    pub bytes: usize,
    /// Where the step reads, counted from the 8 bytes of length in front of the value.
    pub offset: u64,
    /// The part of it that the oracle contract gives from there on, 32 bytes at most, as hex digits.
    pub part: String,
}

/// Sizes, in bytes, of what a VM's contract gets.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize)]
pub struct Sizes {
    /// Of the packed state.
    pub state: usize,
    /// Of the proof of the memory that the step touches.
    pub memory: usize,
}

impl StepExplanation {
    /// Verifies a step, over the parts of pre-images that `parts` gives, and says what it did.
    ///
    /// # Errors
    /// If the proof shows nothing.
    pub fn verify<I: Isa>(proof: &StepProof, parts: Parts<'_>) -> Result<Self, VerifyError> {
        let done = verify::<I>(&proof.state_data, &proof.proof_data, parts)?;
        Ok(Self::of(proof, &done))
    }

    fn of<I: Isa>(proof: &StepProof, done: &Verified<I>) -> Self {
        let pc = done.before.pc();
        let (assembly, len) = match done.step {
            Step::Instruction(insn) => (disassemble::<I>(insn, pc), Some(fetch::len::<I>(insn))),
            Step::ThreadSwitch => (thread_switch(&done.before), None),
            Step::Exited => {
                let code = done.before.exit_code();
                let text = format!("nothing: the program had exited with code {code}");
                (text, None)
            }
        };
        let memory = done.data.iter().map(|access| {
            let LeafAccess { at, before, after } = *access;
            LeafChange { at, before, after }
        });
        let key = done.after.preimage_key;
        Self {
            vm: I::VM_TYPE,
            step: done.before.step,
            pc,
            assembly,
            kind: done.step,
            registers: registers(&done.before, &done.after, len),
            memory: memory.collect(),
            preimage: preimage(proof),
            new_key: (done.before.preimage_key != key).then_some(key),
            proof: Sizes {
                state: proof.state_data.len(),
                memory: proof.proof_data.len(),
            },
            pre: state_hash(done.before.status(), &proof.state_data),
            post: done.post,
        }
    }
}

impl fmt::Display for StepExplanation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.assembly)?;
        let changed = |register: &&Register| register.before != register.after && !register.goes_on;
        for Register {
            name,
            before,
            after,
            ..
        } in self.registers.iter().filter(changed)
        {
            write!(f, "\n{name}: {:#x} → {:#x}", before.number, after.number)?;
        }
        if let Some(key) = self.new_key {
            write!(f, "\npreimageKey: now {}", const_hex::encode_prefixed(key))?;
        }
        self.memory
            .iter()
            .try_for_each(|leaf| write!(f, "\n{leaf}"))
    }
}

impl fmt::Display for LeafChange {
    /// The bytes that differ.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { at, before, after } = self;
        let differ = |i: &usize| before.get(*i) != after.get(*i);
        let first = (0..LEAF_SIZE).find(differ);
        let last = (0..LEAF_SIZE).rev().find(differ);
        let (Some(first), Some(last)) = (first, last) else {
            return write!(f, "memory: reads of the leaf at {at:#x}");
        };
        let hex = |bytes: &[u8]| const_hex::encode(bytes.get(first..=last).unwrap_or(bytes));
        let (from, old, new) = (at.wrapping_add(first as u64), hex(before), hex(after));
        write!(f, "memory: {old} → {new} at {from:#x}")
    }
}

/// A step without an instruction, in which the VM takes up another thread.
fn thread_switch<I: Isa>(before: &State<I>) -> String {
    let has_ended = |threads: Threads| before.get(threads.ended) != I::Word::default();
    match I::THREADS {
        Some(threads) if !has_ended(threads) => format!(
            "no instruction: the running thread has had its {} steps, and gives way to the next",
            before.steps_since_switch()
        ),
        _ => {
            "no instruction: the running thread has ended, and the next one takes its place".into()
        }
    }
}

/// The words of a state, registers among them, before and after a step with an instruction of this many
/// bytes, in the order of the state.
fn registers<I: Isa>(before: &State<I>, after: &State<I>, len: Option<u64>) -> Vec<Register> {
    let value = |word: I::Word| Value {
        number: word.zext(),
        bytes: I::Word::BYTES,
    };
    let register = |name, cell| {
        let (before, after) = (before.get(cell), after.get(cell));
        let is_counter = cell == I::PC || Some(cell) == I::NEXT_PC;
        Register {
            name,
            before: value(before),
            after: value(after),
            goes_on: is_counter
                && len.is_some_and(|len| after.zext() == before.zext().wrapping_add(len)),
        }
    };
    let mut registers = Vec::new();
    let thread = I::THREADS.map_or(&[][..], |threads| threads.fields);
    for field in I::STATE.iter().chain(thread) {
        match field.source {
            Source::Cell(cell) => registers.push(register(field.name, cell)),
            Source::Cells(first, count) => {
                for (i, cell) in (first.0..first.0.saturating_add(count)).enumerate() {
                    let name = I::REGISTERS.get(i).copied().unwrap_or(field.name);
                    registers.push(register(name, Cell(cell)));
                }
            }
            Source::Version(_)
            | Source::MemoryRoot
            | Source::PreimageKey
            | Source::Step
            | Source::StepsSinceSwitch
            | Source::Threads(_) => {}
        }
    }
    registers
}

fn preimage(proof: &StepProof) -> Option<Preimage> {
    let (key, value) = proof.preimage()?;
    let part = PreimagePart::of(value, proof.oracle_offset)?;
    let bytes = part.bytes.get(..part.len).unwrap_or(&part.bytes);
    Some(Preimage {
        key: Key(key).to_string(),
        bytes: value.len(),
        offset: proof.oracle_offset,
        part: const_hex::encode(bytes),
    })
}

pub(crate) fn hex_number<S: Serializer>(number: &u64, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(&format_args!("{number:#x}"))
}

fn hex_bytes<S: Serializer>(bytes: &[u8; 32], serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(&const_hex::encode_prefixed(bytes))
}

fn hex_digits<S: Serializer>(bytes: &[u8; LEAF_SIZE], serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(&const_hex::encode(bytes))
}

#[cfg(test)]
mod tests {
    use super::*;
    use fpvm_isa_mips64::Mips64;
    use std::path::Path;

    fn proof(run: &str, step: u64) -> StepProof {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../spec-tests/vectors/runs");
        let path = path.join(format!("{run}/proof-{step}.json"));
        serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap()
    }

    fn explain<I: Isa>(proof: &StepProof) -> StepExplanation {
        StepExplanation::verify::<I>(proof, &mut |key, offset| proof.part(key, offset)).unwrap()
    }

    /// Upstream's proof of a step that preempts a thread.
    #[test]
    fn a_thread_switch_is_neither_an_instruction_nor_the_end() {
        let proof = proof("threads.c.mips64", 1_378_508);
        let explained = explain::<Mips64<8>>(&proof);
        assert_eq!(
            (explained.kind, explained.post),
            (Step::ThreadSwitch, proof.post)
        );
        let text = "no instruction: the running thread has had its 100000 steps, and gives way to \
                    the next";
        assert_eq!(explained.to_string(), text);
        let json = serde_json::to_value(&explained).unwrap();
        assert_eq!(json["assembly"], text);
        assert_eq!(json["vm"], "multithreaded64-5");
    }

    /// What the report of a game prints of an instruction, key by key.
    #[test]
    fn an_instruction_is_data_with_all_its_digits() {
        let proof = proof("threads.c.mips64", 1);
        let explained = explain::<Mips64<8>>(&proof);
        assert!(matches!(explained.kind, Step::Instruction(_)));
        let json = serde_json::to_value(&explained).unwrap();
        let keys: Vec<&str> = json
            .as_object()
            .unwrap()
            .keys()
            .map(String::as_str)
            .collect();
        let mut expected = vec![
            "vm",
            "pc",
            "assembly",
            "registers",
            "memory",
            "preimage",
            "proof",
            "before",
            "after",
        ];
        expected.sort_unstable();
        let mut found = keys;
        found.sort_unstable();
        assert_eq!(found, expected);
        assert_eq!(json["after"], const_hex::encode_prefixed(proof.post));
        assert_eq!(json["pc"], format!("{:#x}", explained.pc));
        let pc = explained
            .registers
            .iter()
            .find(|register| register.name == "pc")
            .unwrap();
        assert!(pc.goes_on);
        assert_eq!(pc.before.to_string(), format!("{:#018x}", explained.pc));
    }
}
