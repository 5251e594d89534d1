//! All checks of an ISA in one.

use crate::random::{Generator, Random};
use crate::rules;
use crate::{proofs, tiers};
use fpvm_core::definition::isa::{Isa, Source};
use fpvm_core::definition::state::State;
use fpvm_core::definition::word::Word as _;
use fpvm_core::formats::files::FileKind;
use fpvm_core::formats::state_file;
use fpvm_core::machine::memory::PagedMemory;
use fpvm_core::machine::vm::Vm;
use std::fmt;

/// How much is tried besides the rules, which are checked in full.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Effort {
    /// The number of random programs that run on all tiers.
    pub programs: u64,
    /// The number of steps of each program that are proved.
    pub proofs: u64,
    /// The number of random states that are packed and saved.
    pub states: u64,
    /// The seed of the random numbers.
    pub seed: u64,
}

impl Default for Effort {
    fn default() -> Self {
        Self {
            programs: 200,
            proofs: 40,
            states: 50,
            seed: 1,
        }
    }
}

/// What was tried and found right.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Report {
    /// Instructions whose semantics were checked on every path.
    pub instructions: usize,
    /// Programs that ran alike on all tiers.
    pub programs: u64,
    /// Steps that were proved and verified.
    pub proofs: u64,
    /// States that came back from their packed form and from state files.
    pub states: u64,
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} instructions keep the rules, {} programs ran alike on all tiers, {} steps were proved and \
             verified, {} states were saved and loaded",
            self.instructions, self.programs, self.proofs, self.states
        )
    }
}

/// The points in which an ISA does not do as the framework asks: each with its place (an instruction, a field, a
/// program) and what is wrong there.
#[derive(Clone, PartialEq, Eq, thiserror::Error)]
pub struct Nonconformance {
    /// The ISA.
    pub isa: &'static str,
    /// All that was found.
    pub findings: Vec<(String, String)>,
}

impl fmt::Display for Nonconformance {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "the ISA {} has {} faults:",
            self.isa,
            self.findings.len()
        )?;
        for (place, what) in &self.findings {
            write!(f, "\n  {place}: {what}")?;
        }
        Ok(())
    }
}

/// The same as the displayed text, so that `unwrap` in a test prints what there is to mend.
impl fmt::Debug for Nonconformance {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// Checks an ISA: that its semantics keep the rules on every path, that table and state are in order, that
/// states come back from their packed form and from files, that random programs run alike on every tier,
/// and that their steps are proved, verified and, with a proof that was tampered with, refused.
///
/// It does not know what an instruction should do. Compare that with somebody else's program.
///
/// # Errors
/// Everything that is wrong with table, state and semantics; or, if those are right, the first program or
/// state that does not come out as it should.
pub fn conformance<I: Isa>() -> Result<Report, Nonconformance> {
    conformance_with::<I>(Effort::default())
}

/// The same as [`conformance`], with more or less effort.
///
/// # Errors
/// As [`conformance`].
pub fn conformance_with<I: Isa>(effort: Effort) -> Result<Report, Nonconformance> {
    let fail = |findings: Vec<(String, String)>| Nonconformance {
        isa: I::NAME,
        findings,
    };
    let broken = rules::check::<I>();
    if !broken.is_empty() {
        let broken = broken.into_iter();
        return Err(fail(
            broken
                .map(|(place, rule)| (place, rule.to_string()))
                .collect(),
        ));
    }
    let mut random = Random::new(effort.seed);
    for i in 0..effort.states {
        let state = random_state::<I>(&mut random);
        saved::<I>(&state).map_err(|what| fail(vec![(format!("random state {i}"), what)]))?;
    }
    let generator = Generator::<I>::default();
    let mut proofs = 0;
    for i in 0..effort.programs {
        let seed = effort.seed.wrapping_add(i);
        let place = || format!("random program {seed}");
        let program = generator.program(seed);
        tiers::compare(&program.words, &program.state, &program.legs)
            .map_err(|difference| fail(vec![(place(), difference.to_string())]))?;
        proofs += proofs::check(&program, effort.proofs, seed)
            .map_err(|what| fail(vec![(place(), what)]))?;
    }
    if proofs == 0 && effort.programs > 0 && effort.proofs > 0 {
        let what = "not one step of any program has a state after it".to_owned();
        return Err(fail(vec![("random programs".to_owned(), what)]));
    }
    Ok(Report {
        instructions: I::TABLE.len(),
        programs: effort.programs,
        proofs,
        states: effort.states,
    })
}

/// A state with random numbers in all fields of the packed state.
fn random_state<I: Isa>(random: &mut Random) -> State<I> {
    let mut state = State::<I>::default();
    for field in crate::state::fields::<I>() {
        match field.source {
            Source::PreimageKey => {
                for chunk in state.preimage_key.chunks_mut(8) {
                    chunk.copy_from_slice(&random.number().to_be_bytes());
                }
            }
            Source::Step => state.step = random.number() >> 1,
            Source::Cell(cell) if cell == I::EXITED => {
                state.set(cell, I::Word::truncate(random.number() % 2));
            }
            Source::Cell(cell) => {
                let room = crate::state::room::<I>(cell);
                state.set(cell, I::Word::truncate(random.number() & room));
            }
            Source::Cells(first, count) => {
                for cell in (first.0..first.0 + count).filter(|cell| *cell != 0) {
                    state.cells[usize::from(cell)] = I::Word::truncate(random.number());
                }
            }
            Source::Version(_)
            | Source::MemoryRoot
            | Source::StepsSinceSwitch
            | Source::Threads(_) => {}
        }
    }
    state
}

/// Whether a state comes back from its packed form and from state files.
fn saved<I: Isa>(state: &State<I>) -> Result<(), String> {
    let packed = state.to_bytes();
    let again = State::<I>::from_bytes(&packed);
    let again = again.map_err(|error| format!("its packed form is refused: {error}"))?;
    if again.to_bytes() != packed || again.cells != state.cells {
        return Err("it does not come back from its packed form".to_owned());
    }
    let memory = PagedMemory::new().map_err(|error| error.to_string())?;
    let mut vm = Vm::new(state.clone(), memory);
    vm.memory
        .write_slice(tiers::CODE, &state.preimage_key)
        .map_err(|error| error.to_string())?;
    let root = vm.state_root();
    let mut json = Vec::new();
    let written = state_file::write_json(&mut vm, &mut json);
    written.map_err(|error| format!("it cannot be written as JSON: {error}"))?;
    let read = state_file::read::<I>(&*json, FileKind::Json, 1 << 30);
    let mut read = read.map_err(|error| format!("its JSON file is refused: {error}"))?;
    if read.state_root() != root {
        return Err("it does not come back from its JSON file".to_owned());
    }
    Ok(())
}
