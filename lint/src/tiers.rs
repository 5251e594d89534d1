//! Compares the tiers: a program runs by plain steps, by the interpreter's cached code and translated, and
//! after each leg all machines are in the same state or have failed alike.

use fpvm_core::definition::fetch;
use fpvm_core::definition::isa::Isa;
use fpvm_core::definition::state::State;
use fpvm_core::definition::word::Word as _;
use fpvm_core::machine::code::Code;
use fpvm_core::machine::memory::{MemoryLimit, PagedMemory};
use fpvm_core::machine::vm::{Event, Host, Running, Tier, Vm, VmError};
use fpvm_core::step::concrete::{Concrete, Stop};
use fpvm_core::step::oracle::{Oracle, OracleError, Silent};
use fpvm_jit::Jit;
use std::sync::Arc;

/// Where the code of the programs is.
pub const CODE: u64 = 0x1_0000;

/// Two machines that should be in the same state and are not.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error("{tier} and plain steps differ after step {step}: {what}")]
pub struct Difference {
    /// The tier that is compared with plain steps.
    pub tier: &'static str,
    /// The step counter.
    pub step: u64,
    /// What differs.
    pub what: String,
}

/// An oracle that has a pre-image for every key, made from the key: 8 to 39 bytes.
#[derive(Clone, Copy, Default, Debug)]
pub struct MadeUp;

impl Oracle for MadeUp {
    fn hint(&mut self, _hint: &[u8]) -> Result<(), OracleError> {
        Ok(())
    }

    fn preimage(&mut self, key: [u8; 32]) -> Result<Arc<[u8]>, OracleError> {
        let len = 8 + usize::from(key[31] % 32);
        Ok(key.iter().copied().cycle().take(len).collect())
    }
}

/// Makes a machine go on at an address.
pub fn go_to<I: Isa>(state: &mut State<I>, pc: u64) {
    state.set(I::PC, I::Word::truncate(pc));
    if let Some(next) = I::NEXT_PC {
        state.set(next, I::Word::truncate(pc.wrapping_add(4)));
    }
}

/// Runs a machine up to a step, with [`MadeUp`] pre-images and without output.
///
/// # Errors
/// As [`Vm::run`].
pub fn run<I: Isa>(vm: &mut Vm<I>, until: u64) -> Result<Event, VmError> {
    let mut host = Host {
        oracle: &mut MadeUp,
        console: &mut Silent,
    };
    vm.run(until, false, &mut host)
}

/// The definition that every tier is measured by: fetch, decode, run, one step after the other.
#[derive(Debug)]
struct PlainStep;

impl<I: Isa> Tier<I> for PlainStep {
    fn run(
        &mut self,
        _code: &mut Code<I>,
        state: &mut State<I>,
        memory: &mut PagedMemory<I::Word>,
        env: &mut Running<'_, '_>,
        _until: u64,
    ) -> Result<(), Stop<MemoryLimit, OracleError>> {
        Concrete::step(state, memory, env).map(|_| ())
    }

    fn forget(&mut self, _pages: &[u64]) {}
}

/// Makes a machine run by plain steps.
pub fn stepped<I: Isa>(mut vm: Vm<I>) -> Vm<I> {
    vm.set_tier(Some(Box::new(PlainStep)));
    vm
}

/// Gives a machine the translator; leaves it to the interpreter if guests cannot be translated here.
pub fn translated<I: Isa>(mut vm: Vm<I>, hot_after: u8) -> Vm<I> {
    if let Ok(jit) = Jit::new() {
        vm.set_tier(Some(Box::new(jit.hot_after(hot_after))));
    }
    vm
}

/// A machine with code at an address, and nothing else.
///
/// # Panics
/// If there is no address space for its memory.
pub fn bare<I: Isa>(at: u64, words: &[u32], state: &State<I>) -> Vm<I> {
    let mut memory = PagedMemory::new().expect("address space");
    for (address, word) in (at..).step_by(4).zip(words) {
        let bytes = if I::BIG_ENDIAN {
            word.to_be_bytes()
        } else {
            word.to_le_bytes()
        };
        memory.write_slice(address, &bytes).expect("memory");
    }
    Vm::new(state.clone(), memory)
}

/// What differs between two states, if anything does.
fn state_difference<I: Isa>(a: &State<I>, b: &State<I>) -> Option<String> {
    if a.step != b.step {
        return Some(format!("the step counter is {} and {}", a.step, b.step));
    }
    for (cell, (x, y)) in a.cells.iter().zip(&b.cells).enumerate() {
        if x != y {
            let name = crate::state::name::<I>(fpvm_core::definition::operand::Cell(cell as u8));
            return Some(format!("{name} is {:#x} and {:#x}", x.zext(), y.zext()));
        }
    }
    if a.preimage_key != b.preimage_key {
        return Some("the pre-image's key".to_owned());
    }
    let threads = |state: &State<I>| (state.steps_since_switch(), state.stack(0), state.stack(1));
    if I::THREADS.is_some() && threads(a) != threads(b) {
        return Some("the threads".to_owned());
    }
    (a != b).then(|| "a part of the state beside cells, key and threads".to_owned())
}

/// What differs between two machines, if anything does: states and all pages of memory.
fn machine_difference<I: Isa>(a: &mut Vm<I>, b: &mut Vm<I>) -> Option<String> {
    if let Some(what) = state_difference(&a.state, &b.state) {
        return Some(what);
    }
    let pages = a.memory.pages();
    if pages != b.memory.pages() {
        return Some("which pages of memory there are".to_owned());
    }
    let differs = |page: &&u64| a.memory.page(**page) != b.memory.page(**page);
    let page = pages.iter().find(differs);
    page.map(|page| format!("page {page:#x} of memory"))
}

/// Asserts that two states are equal.
///
/// # Panics
/// If they differ.
pub fn assert_same_state<I: Isa>(a: &State<I>, b: &State<I>) {
    if let Some(what) = state_difference(a, b) {
        panic!("at step {}: {what}", a.step);
    }
}

/// Asserts that two machines are in the same state.
///
/// # Panics
/// If they are not.
pub fn assert_same<I: Isa>(a: &mut Vm<I>, b: &mut Vm<I>) {
    if let Some(what) = machine_difference(a, b) {
        panic!("at step {}: {what}", a.state.step);
    }
}

fn text(done: &Result<Event, VmError>) -> String {
    match done {
        Ok(event) => format!("{event:?}"),
        Err(error) => error.to_string(),
    }
}

/// Runs a program, which is at [`CODE`], by plain steps and on all tiers, in legs of these lengths. If it
/// faults, all go on after the instruction that faulted; if it leaves its code, all go on from the start.
///
/// # Errors
/// The first difference.
pub fn compare<I: Isa>(words: &[u32], state: &State<I>, legs: &[u64]) -> Result<(), Difference> {
    let machine = || bare::<I>(CODE, words, state);
    let mut plain = stepped(machine());
    let mut tiers = [
        ("the interpreter", machine()),
        ("the translator", translated(machine(), 2)),
    ];
    let end = CODE + 4 * words.len() as u64;
    for leg in legs {
        let until = plain.state.step + leg;
        let expected = text(&run(&mut plain, until));
        for (tier, vm) in &mut tiers {
            let found = text(&run(vm, until));
            let what = if found == expected {
                state_difference(&plain.state, &vm.state)
            } else {
                Some(format!("plain steps: {expected}; it: {found}"))
            };
            if let Some(what) = what {
                let step = plain.state.step;
                return Err(Difference { tier, step, what });
            }
        }
        if plain.state.exited() {
            break;
        }
        let unit = fetch::unit::<I>();
        let at = plain.state.pc();
        let faulted = plain.state.step < until;
        let next = if faulted { at.wrapping_add(unit) } else { at };
        let inside = (CODE..end).contains(&next);
        if faulted || !inside {
            let next = if inside { next & !(unit - 1) } else { CODE };
            go_to(&mut plain.state, next);
            for (_, vm) in &mut tiers {
                go_to(&mut vm.state, next);
            }
        }
    }
    for (tier, vm) in &mut tiers {
        if let Some(what) = machine_difference(&mut plain, vm) {
            let step = plain.state.step;
            return Err(Difference { tier, step, what });
        }
    }
    Ok(())
}

/// The same as [`compare`], for tests.
///
/// # Panics
/// If something differs.
pub fn agree<I: Isa>(words: &[u32], state: &State<I>, legs: &[u64]) {
    if let Err(difference) = compare(words, state, legs) {
        panic!("{difference}");
    }
}
