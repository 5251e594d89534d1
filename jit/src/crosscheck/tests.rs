//! Traces that are translated wrong on purpose are found.

use super::{Crosscheck, Difference};
use crate::Jit;
use crate::ir::Node;
use crate::lower::Trace;
use fpvm_core::definition::machine::Bin;
use fpvm_core::formats::elf::{Program, load};
use fpvm_core::machine::vm::{Event, Host, Vm, VmError};
use fpvm_core::step::oracle::{NoOracle, Silent};
use fpvm_isa_mips::Mips32;
use fpvm_isa_riscv::Rv64;
use std::path::Path;

/// The wrong translation: sums are differences. Not those with constants, which tell how far apart
/// addresses are: stores that are looked at together would no longer be where it was looked.
pub(crate) fn spoil(trace: &mut Trace) {
    let nodes = &mut trace.nodes;
    for i in 0..nodes.list.len() {
        if let Node::Bin(Bin::Add, a, b) = nodes.list[i]
            && nodes.as_constant(b).is_none()
        {
            nodes.list[i] = Node::Bin(Bin::Sub, a, b);
        }
    }
}

fn guest<I: Program>(name: &str) -> Vm<I> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../examples/guests/bin");
    let bytes = std::fs::read(path.join(name)).expect(name);
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
    jit.watch.fault = fault;
    let check = Crosscheck::with(every, jit).expect("memory");
    let shared = super::Shared(check.jit.0.clone());
    let mut vm = guest::<I>(name);
    vm.set_tier(Some(Box::new(check)));
    (vm, shared)
}

/// Runs a guest whose traces are wrong one after the other, until each is found or was never run.
fn finds_wrong_traces<I: Program>(name: &str) {
    let (mut vm, jit) = checked::<I>(name, 50_000, None);
    assert_eq!(
        run(&mut vm, 3_000_000).expect("tiers agree"),
        Event::Reached
    );
    let mut heads: Vec<u64> = match &jit.get().watch.paths {
        Some(paths) => paths.keys().copied().collect(),
        None => Vec::new(),
    };
    heads.sort_unstable();
    assert!(heads.len() > 20, "{} traces", heads.len());
    let mut found = 0;
    for head in heads.into_iter().step_by(7) {
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
        jit.get().watch.fault = None;
        assert_eq!(
            run(&mut vm, 3_000_000).expect("tiers agree"),
            Event::Reached
        );
    }
    assert!(found > 2, "{found} found");
}

#[test]
fn wrong_mips_traces_are_found() {
    finds_wrong_traces::<Mips32>("sort.mips");
}

#[test]
fn wrong_riscv_traces_are_found() {
    finds_wrong_traces::<Rv64>("sort.riscv64");
}
