//! Traces that are translated wrong on purpose are found, and so is damage where no trace looks.

use super::{Crosscheck, Difference};
use crate::Jit;
use crate::engine::Fault;
use fpvm_core::definition::isa::Isa;
use fpvm_core::definition::state::State;
use fpvm_core::formats::elf::{Program, load};
use fpvm_core::machine::code::Code;
use fpvm_core::machine::memory::PagedMemory;
use fpvm_core::machine::vm::{Event, Host, Running, Tier, Vm, VmError};
use fpvm_core::step::oracle::{NoOracle, Silent};
use fpvm_isa_mips::Mips32;
use fpvm_isa_mips64::Newest as Mips64;
use fpvm_isa_riscv::Rv64;
use std::path::Path;

fn guest<I: Program>(name: &str) -> Vm<I> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let folder = if name.starts_with("threads") {
        "spec-tests/vectors/guests"
    } else {
        "examples/guests/bin"
    };
    let bytes = std::fs::read(root.join(folder).join(name)).expect(name);
    load::<I>(&bytes, I::PATCHES).expect(name)
}

fn run<I: Program>(vm: &mut Vm<I>, until: u64) -> Result<Event, VmError> {
    let mut host = Host {
        oracle: &mut NoOracle,
        console: &mut Silent,
    };
    vm.run(until, false, &mut host)
}

fn checked<I: Program>(name: &str, every: u64, fault: Option<u64>) -> (Vm<I>, super::Shared<I>) {
    let jit = Jit::<I>::new().expect("a machine that the translator knows");
    // Soon enough for many traces in a short run.
    let mut jit = jit.hot_after(24);
    jit.hooks.fault = fault.map(Fault::Head);
    let check = Crosscheck::with(every, jit).expect("memory");
    let shared = super::Shared(check.jit.0.clone());
    let mut vm = guest::<I>(name);
    vm.set_tier(Some(Box::new(check)));
    (vm, shared)
}

/// Runs a guest whose traces are wrong one after the other, one in so many, until each is found or was never
/// run.
fn finds_wrong_traces<I: Program>(name: &str, one_in: usize) {
    let (mut vm, jit) = checked::<I>(name, 50_000, None);
    assert_eq!(
        run(&mut vm, 3_000_000).expect("tiers agree"),
        Event::Reached
    );
    let mut heads: Vec<u64> = match &jit.get().hooks.paths {
        Some(paths) => paths.keys().copied().collect(),
        None => Vec::new(),
    };
    heads.sort_unstable();
    assert!(heads.len() > 20, "{} traces", heads.len());
    let mut found = 0;
    for head in heads.into_iter().step_by(one_in) {
        let (mut vm, jit) = checked::<I>(name, 50_000, Some(head));
        let Err(error) = run(&mut vm, 3_000_000) else {
            // No sum in the trace, or none that matters.
            continue;
        };
        let VmError::Oracle { step, source, .. } = error else {
            panic!("{error}");
        };
        let difference = source.downcast::<Difference>().expect("a difference");
        assert_eq!(step, difference.noticed_at);
        let text = difference.to_string();
        let wrong = difference.wrong.as_ref().expect(&text);
        let trace = wrong.trace.as_ref().expect(&text);
        assert_eq!(trace.head, head, "{text}");
        assert!(trace.step < wrong.step && wrong.step <= step, "{text}");
        assert!(trace.guest[0].starts_with(&format!("{head:08x}")), "{text}");
        assert!(trace.host[0].contains("sub r14"), "{text}");
        assert!(!wrong.what.is_empty());
        found += 1;

        // The machine is the interpreter's, and goes on.
        let mut plain = guest::<I>(name);
        run(&mut plain, step).expect("no fault");
        assert_eq!(plain.state, vm.state);
        assert_eq!(plain.state_root(), vm.state_root());
        jit.get().hooks.fault = None;
        assert_eq!(
            run(&mut vm, 3_000_000).expect("tiers agree"),
            Event::Reached
        );
    }
    assert!(found > 2, "{found} found");
}

#[test]
fn wrong_mips_traces_are_found() {
    finds_wrong_traces::<Mips32>("sort.mips", 5);
}

#[test]
fn wrong_riscv_traces_are_found() {
    finds_wrong_traces::<Rv64>("sort.riscv64", 7);
}

/// The translator, which at a step damages a register of a thread that is parked.
#[derive(Debug)]
struct Damaging<I: Isa>(super::Shared<I>, u64);

/// The last register of a packed thread.
const LAST: &str = "ra";

impl<I: Isa> Tier<I> for Damaging<I> {
    fn run(
        &mut self,
        code: &mut Code<I>,
        state: &mut State<I>,
        memory: &mut PagedMemory<I::Word>,
        env: &mut Running<'_, '_>,
        until: u64,
    ) -> Result<(), super::Stopped> {
        let before = state.step;
        self.0.run(code, state, memory, env, until)?;
        if (before..state.step).contains(&self.1) {
            let turn = state.steps_since_switch();
            let mut stacks = [state.stack(0), state.stack(1)];
            // The thread that runs is the top of its stack; beneath it, or on the other, lies one.
            let parked = stacks.iter_mut().find_map(|stack| match stack.len() {
                0 => None,
                _ => stack.first_mut(),
            });
            let last = parked.and_then(|thread| thread.last_mut());
            *last.expect("a thread") ^= 4;
            assert!(state.set_stacks(stacks));
            assert_eq!(state.steps_since_switch(), turn);
        }
        Ok(())
    }

    fn forget(&mut self, pages: &[u64]) {
        self.0.forget(pages);
    }
}

/// A register of a thread that does not run is wrong where the machines are compared, and right in every
/// cell. It was not compared once, and the next interval began from the interpreter's threads.
#[test]
fn a_damaged_register_of_a_parked_thread_is_found() {
    const EVERY: u64 = 1000;
    let name = "threads.c.mips64";
    // Two threads at least, neither of them at the end of its turn within the next comparison.
    let mut plain = guest::<Mips64>(name);
    let mut at = 0;
    while plain.state.thread_count() < 3 || plain.state.stack(0).len() < 2 {
        at += 500;
        assert_eq!(run(&mut plain, at).expect("no fault"), Event::Reached);
    }
    let jit = Jit::<Mips64>::new().expect("a machine that the translator knows");
    let mut check = Crosscheck::with(EVERY, jit.hot_after(24)).expect("memory");
    let shared = super::Shared(check.jit.0.clone());
    check.twin.set_tier(Some(Box::new(Damaging(shared, at))));
    let mut vm = guest::<Mips64>(name);
    vm.set_tier(Some(Box::new(check)));
    let error = run(&mut vm, at + 2 * EVERY).expect_err("the damage is found");
    let VmError::Oracle { step, source, .. } = error else {
        panic!("{error}");
    };
    assert!((at..=at + EVERY).contains(&step), "{step} after {at}");
    let difference = source.downcast::<Difference>().expect("a difference");
    let text = difference.to_string();
    let wrong = difference.wrong.as_ref().expect(&text);
    assert_eq!(wrong.what.len(), 1, "{text}");
    let line = &wrong.what[0];
    assert!(
        line.starts_with(&format!("{LAST} of thread 0 from the bottom of the ")),
        "{text}"
    );
}
