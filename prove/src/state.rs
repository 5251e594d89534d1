//! A state as terms: what the definition's side and the contract's side have in common, so that they can be
//! compared part by part.

use crate::term::{Sort, Term, Terms};
use alloy_primitives::U256;
use fpvm_core::definition::isa::{Field, Isa, Source};
use fpvm_core::definition::operand::Cell;
use fpvm_core::definition::threads::NO_THREADS;
use fpvm_core::definition::word::Word as _;
use std::collections::BTreeMap;

/// A part of a state.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Part {
    /// The first fault's code or its error's selector; 0 where there is none.
    Fault,
    /// The general registers, by number.
    Registers,
    /// Memory, by byte.
    Memory,
    /// A cell that is no general register.
    Cell(u8),
    /// The step counter.
    Step,
    /// Steps since the turn began.
    TurnSteps,
    /// The pre-image key.
    Key,
    /// The root of the left (0) or right (1) stack without the thread that runs.
    Stack(u8),
    /// Whether the thread that ran runs on, 1 or 0.
    Runs,
    /// A word in the contract's memory that is no part of the state.
    Scratch(u64),
}

/// All parts of a state.
pub type State = BTreeMap<Part, Term>;

/// Width of a guest word in bits.
pub const fn bits<I: Isa>() -> u16 {
    <I::Word as fpvm_core::definition::word::Word>::BITS as u16
}

/// The state before a step, of symbols. A field of one byte is a byte, whatever the step.
pub fn before<I: Isa>(terms: &mut Terms) -> State {
    let n = bits::<I>();
    let mut state = State::new();
    let symbols = [
        (Part::Registers, "regs", Sort::Array(5, n)),
        (Part::Memory, "mem", Sort::Array(n, 8)),
        (Part::Step, "steps", Sort::Bits(64)),
        (Part::Key, "key", Sort::Bits(256)),
    ];
    let threads = [
        (Part::TurnSteps, "turn_steps", Sort::Bits(64)),
        (Part::Stack(0), "left", Sort::Bits(256)),
        (Part::Stack(1), "right", Sort::Bits(256)),
    ];
    let threads = I::THREADS.map_or(&[][..], |_| &threads[..]);
    for (part, name, sort) in symbols.iter().chain(threads).copied() {
        state.insert(part, terms.symbol(name, sort));
    }
    state.insert(Part::Fault, terms.small(0, 32));
    state.insert(Part::Runs, terms.small(1, 1));
    for (field, cell) in cells::<I>() {
        let symbol = terms.symbol(&format!("c{}", cell.0), Sort::Bits(8 * field.size as u16));
        state.insert(Part::Cell(cell.0), terms.zext(symbol, n));
    }
    // A step of a program that has ended is a claim of its own.
    state.insert(Part::Cell(I::EXITED.0), terms.small(0, n));
    if let Some(threads) = I::THREADS {
        state.insert(Part::Cell(threads.ended.0), terms.small(0, n));
    }
    state
}

/// The fields that are single cells, of the state and of the running thread.
pub fn cells<I: Isa>() -> impl Iterator<Item = (Field, Cell)> {
    let threads = I::THREADS.map_or(&[][..], |threads| threads.fields);
    let fields = I::STATE.iter().chain(threads);
    fields.filter_map(|field| match field.source {
        Source::Cell(cell) => Some((*field, cell)),
        _ => None,
    })
}

/// `when` in one state, else the other, part by part. A side that has ended leaves its fault alone: what
/// else it did is in no state.
pub fn merge(terms: &mut Terms, when: Term, yes: (&State, bool), no: (&State, bool)) -> State {
    let mut out = State::new();
    for (part, a) in yes.0 {
        let Some(b) = no.0.get(part) else {
            if !matches!(part, Part::Scratch(_)) || !yes.1 {
                out.insert(*part, *a);
            }
            continue;
        };
        let merged = match (*part == Part::Fault, yes.1, no.1) {
            (false, true, false) => *b,
            (false, false, true) => *a,
            _ => terms.ite(when, *a, *b),
        };
        out.insert(*part, merged);
    }
    for (part, b) in no.0 {
        out.entry(*part).or_insert(*b);
    }
    out
}

/// What a stack's root commits to when the running thread is put on it: a function of the root and of all
/// that a packed thread has. Keccak itself stays unknown.
pub fn stacked<I: Isa>(terms: &mut Terms, state: &State, root: Term) -> Term {
    let mut arguments = vec![root, state[&Part::Registers]];
    for field in I::THREADS.map_or(&[][..], |threads| threads.fields) {
        if let Source::Cell(cell) = field.source {
            arguments.push(state[&Part::Cell(cell.0)]);
        }
    }
    terms.apply("stacked", &arguments, Sort::Bits(256))
}

/// Whether the left stack is the active one.
pub fn left_is_active<I: Isa>(terms: &mut Terms, state: &State) -> Term {
    match I::THREADS {
        Some(threads) => {
            let zero = terms.small(0, bits::<I>());
            terms.equal(state[&Part::Cell(threads.side.0)], zero)
        }
        None => terms.truth(true),
    }
}

/// The root of a stack without threads.
pub fn no_threads(terms: &mut Terms) -> Term {
    terms.number(U256::from_be_bytes(NO_THREADS), 256)
}

/// The word's type in words, for messages.
pub fn width_of<I: Isa>() -> u32 {
    I::Word::BITS
}
