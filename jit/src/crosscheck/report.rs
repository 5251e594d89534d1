//! A difference between two tiers: at which step, in which values, and by which trace.

use crate::Jit;
use fpvm_core::definition::disasm::disassemble;
use fpvm_core::definition::fetch;
use fpvm_core::definition::isa::{Isa, Source};
use fpvm_core::definition::machine::Fault;
use fpvm_core::definition::state::State;
use fpvm_core::definition::word::Word as _;
use fpvm_core::machine::memory::{PAGE_SIZE, PagedMemory};
use fpvm_core::machine::vm::Vm;
use fpvm_core::step::oracle::OracleError;
use iced_x86::{Decoder, DecoderOptions, FastFormatter};
use std::fmt::{self, Write as _};

/// Differing pages that are listed.
const PAGES: usize = 8;

/// Translated code does something other than the interpreter.
#[derive(Debug)]
pub struct Difference {
    /// The last step at which both were compared and equal.
    pub equal_at: u64,
    /// The step at which they were compared and found to differ.
    pub noticed_at: u64,
    /// The first difference, if it shows again when the steps between are run trace by trace.
    pub wrong: Option<Wrong>,
    /// Why the search for it failed, if it did.
    pub(super) failed: Option<OracleError>,
}

/// The first difference, and the trace that makes it.
#[derive(Debug)]
pub struct Wrong {
    /// The step at which the states are compared: just after that trace.
    pub step: u64,
    /// What differs, a line each.
    pub what: Vec<String>,
    /// The trace; `None` if the difference is made outside of translated code.
    pub trace: Option<WrongTrace>,
}

/// A trace that was translated wrong.
#[derive(Debug)]
pub struct WrongTrace {
    /// The step before it.
    pub step: u64,
    /// The address that it begins at.
    pub head: u64,
    /// Its instructions, a line each: address, word, assembly.
    pub guest: Vec<String>,
    /// Its host code, a line each: offset, bytes, assembly.
    pub host: Vec<String>,
}

impl Difference {
    pub(super) fn between(equal_at: u64, noticed_at: u64) -> Self {
        Self {
            equal_at,
            noticed_at,
            wrong: None,
            failed: None,
        }
    }

    /// The interpreter faults in a step that translated code does.
    pub(super) fn fault<I: Isa>(
        state: &State<I>,
        memory: &mut PagedMemory<I::Word>,
        fault: Fault,
    ) -> Self {
        let line = guest_line::<I>(memory, state.pc());
        let what = format!("the interpreter faults ({fault}), the translator does not: {line}");
        Self {
            wrong: Some(Wrong {
                step: state.step + 1,
                what: vec![what],
                trace: None,
            }),
            ..Self::between(state.step, state.step + 1)
        }
    }
}

impl Wrong {
    /// The differences of two machines, after the translator's was run a trace at a time.
    pub(super) fn new<I: Isa>(jit: &Jit<I>, reference: &mut Vm<I>, twin: &mut Vm<I>) -> Self {
        let trace = jit.hooks.entered.map(|(head, step)| {
            let path = jit.hooks.paths.as_ref().and_then(|paths| paths.get(&head));
            let path = path.map_or(&[][..], |path| path);
            let line = |pc: &u64| guest_line::<I>(&mut reference.memory, *pc);
            WrongTrace {
                step,
                head,
                guest: path.iter().map(line).collect(),
                host: host_lines(jit.cache.code(head)),
            }
        });
        Self {
            step: reference.state.step,
            what: differences(reference, twin),
            trace,
        }
    }
}

fn guest_line<I: Isa>(memory: &mut PagedMemory<I::Word>, pc: u64) -> String {
    let mut bytes = [0; 4];
    memory.read_slice(pc, &mut bytes);
    let insn = fetch::word::<I>(bytes);
    format!("{pc:08x}  {insn:08x}  {}", disassemble::<I>(insn, pc))
}

/// Host code as assembly. Addresses are offsets from the beginning of the trace.
fn host_lines(code: &[u8]) -> Vec<String> {
    let mut decoder = Decoder::new(64, code, DecoderOptions::NONE);
    let mut formatter = FastFormatter::new();
    let mut lines = Vec::new();
    while decoder.can_decode() {
        let at = decoder.position();
        let instruction = decoder.decode();
        let bytes = code.get(at..decoder.position()).unwrap_or_default();
        let hex: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
        let mut text = String::new();
        formatter.format(&instruction, &mut text);
        lines.push(format!("{at:04x}  {hex:<22}  {text}"));
    }
    lines
}

fn differences<I: Isa>(reference: &mut Vm<I>, twin: &mut Vm<I>) -> Vec<String> {
    let mut lines = Vec::new();
    let mut line = |what: &str, a: &str, b: &str| {
        if a != b {
            lines.push(format!("{what}: interpreter {a}, translator {b}"));
        }
    };
    let (a, b) = (&reference.state, &twin.state);
    line("step", &a.step.to_string(), &b.step.to_string());
    for (cell, (a, b)) in a.cells.iter().zip(&b.cells).enumerate() {
        let [a, b] = [a, b].map(|word| format!("{:#x}", word.zext()));
        line(&cell_name::<I>(cell), &a, &b);
    }
    line(
        "steps of the thread's turn",
        &a.steps_since_switch().to_string(),
        &b.steps_since_switch().to_string(),
    );
    for [what, a, b] in thread_values(a, b) {
        line(&what, &a, &b);
    }
    let key = |state: &State<I>| format!("{:02x?}", state.preimage_key);
    line("pre-image key", &key(a), &key(b));
    let hint = |vm: &Vm<I>| format!("{} bytes", vm.last_hint.len());
    line("incomplete hint", &hint(reference), &hint(twin));
    let mut pages = reference.memory.pages();
    pages.extend(twin.memory.pages());
    pages.sort_unstable();
    pages.dedup();
    let listed = lines.len() + PAGES;
    for page in pages {
        let (a, b) = (*reference.memory.page(page), *twin.memory.page(page));
        let first = a.iter().zip(&b).position(|(a, b)| a != b);
        if let Some(at) = first
            && lines.len() < listed
        {
            let address = page * PAGE_SIZE as u64 + at as u64;
            let (a, b) = (a[at], b[at]);
            lines.push(format!(
                "memory from {address:#x} on: interpreter {a:02x}, translator {b:02x}"
            ));
        }
    }
    if lines.is_empty() {
        lines.push("memory roots, with the same pages: a write was not noted".into());
    }
    lines
}

/// The values of the parked threads of two states, by their name. The running thread is in the cells.
fn thread_values<I: Isa>(a: &State<I>, b: &State<I>) -> Vec<[String; 3]> {
    let mut values = Vec::new();
    let fields = I::THREADS.map_or(&[][..], |threads| threads.fields);
    for (side, name) in [(0, "left"), (1, "right")] {
        let stacks = [a.stack(side), b.stack(side)];
        let [count, other] = [&stacks[0], &stacks[1]].map(|stack| stack.len().to_string());
        values.push([format!("threads on the {name} stack"), count, other]);
        let [one, other] = stacks;
        for (number, (one, other)) in one.iter().zip(&other).enumerate() {
            let (mut one, mut other) = (&one[..], &other[..]);
            for field in fields {
                let first = match field.source {
                    Source::Cell(cell) | Source::Cells(cell, _) => usize::from(cell.0),
                    // A packed thread consists of cells only.
                    _ => continue,
                };
                let (mine, rest) = one.split_at(field.len());
                let (yours, other_rest) = other.split_at(field.len());
                (one, other) = (rest, other_rest);
                let pairs = mine.chunks(field.size).zip(yours.chunks(field.size));
                for (cell, (mine, yours)) in (first..).zip(pairs) {
                    values.push([
                        format!(
                            "{} of thread {number} from the bottom of the {name} stack",
                            cell_name::<I>(cell)
                        ),
                        number_text(mine),
                        number_text(yours),
                    ]);
                }
            }
        }
    }
    values
}

/// A big-endian number of at most eight bytes.
fn number_text(bytes: &[u8]) -> String {
    let number = bytes
        .iter()
        .fold(0, |number, byte| number << 8 | u64::from(*byte));
    format!("{number:#x}")
}

/// A cell by the name of its register or its field of the state or of a thread.
fn cell_name<I: Isa>(cell: usize) -> String {
    if let Some(name) = I::REGISTERS.get(cell) {
        return (*name).into();
    }
    let threads = I::THREADS.map_or(&[][..], |threads| threads.fields);
    let field = I::STATE
        .iter()
        .chain(threads)
        .find(|field| matches!(field.source, Source::Cell(of) if usize::from(of.0) == cell));
    field.map_or_else(|| format!("cell {cell}"), |field| field.name.into())
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (equal, noticed) = (self.equal_at, self.noticed_at);
        write!(
            f,
            "translator and interpreter are equal at step {equal} and differ at step {noticed}"
        )?;
        match (&self.wrong, &self.failed) {
            (Some(wrong), _) => write!(f, "{wrong}"),
            (None, Some(error)) => write!(f, "; looking closer failed: {error}"),
            (None, None) => f.write_str(
                "; it does not show again when the steps are run trace by trace, so it is in what links or drops traces",
            ),
        }
    }
}

impl fmt::Display for Wrong {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut text = format!("\nthe first difference is at step {}:\n", self.step);
        for line in &self.what {
            writeln!(text, "  {line}")?;
        }
        match &self.trace {
            None => text.push_str("no trace was entered before it"),
            Some(trace) => {
                let (head, step) = (trace.head, trace.step);
                writeln!(
                    text,
                    "by the trace at {head:#x}, entered at step {step}; guest code:"
                )?;
                for line in &trace.guest {
                    writeln!(text, "  {line}")?;
                }
                text.push_str("host code:");
                for line in &trace.host {
                    write!(text, "\n  {line}")?;
                }
            }
        }
        f.write_str(&text)
    }
}

impl std::error::Error for Difference {}
