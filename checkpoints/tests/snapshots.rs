//! Snapshots: equal to the machine they were taken from, whatever ran between.

mod common;

use common::{Bare, Error, depot, hello_mips, hello_riscv, plain_roots};
use fpvm_checkpoints::maker::{MakeError, dense, make};
use fpvm_checkpoints::store::{self, Store};
use fpvm_checkpoints::{Machine, Root};
use fpvm_core::definition::isa::Isa;
use fpvm_core::formats::elf::Program;
use fpvm_core::machine::memory::{FrozenMemory, PagedMemory, Prover};
use proptest::prelude::*;

#[test]
fn made_roots_are_those_of_a_plain_run() {
    fn check<I: Program>(guest: fn() -> Bare<I>) {
        let every = 20_000;
        let mut made = Vec::new();
        let next = |step: u64| (step / every + 1) * every;
        let done = make(&mut guest(), u64::MAX, next, |snapshot, root| {
            made.push((snapshot.step(), root));
            Ok::<(), ()>(())
        });
        assert!(done.is_ok());
        assert_eq!(made, plain_roots(guest(), every));
    }
    check(hello_mips);
    check(hello_riscv);
}

#[test]
fn a_sink_that_fails_ends_the_run() {
    let mut count = 0;
    let done = make(
        &mut hello_mips(),
        u64::MAX,
        |step| step + 1000,
        |_, _| {
            count += 1;
            if count == 3 { Err("full") } else { Ok(()) }
        },
    );
    assert!(matches!(done, Err(MakeError::Sink("full"))));
    assert_eq!(count, 3);
}

/// The roots that [`dense`] finds.
fn found<I: Isa>(guest: fn() -> Bare<I>, from: u64, to: u64, threads: usize) -> Vec<(u64, Root)> {
    let mut machine = guest();
    machine.run(from).unwrap();
    let mut roots = Vec::new();
    let spawn = || Ok::<_, Error>(guest());
    let sink = |step, root| {
        roots.push((step, root));
        Ok(())
    };
    dense(&mut machine, to, threads, spawn, sink).unwrap();
    roots
}

#[test]
fn dense_roots_are_those_of_single_steps_whatever_the_threads() {
    fn check<I: Program>(guest: fn() -> Bare<I>, end: u64) {
        // More than a batch, from the first step on; one step; none; the end of the program.
        for (from, to) in [
            (0, 9000),
            (150_000, 150_001),
            (99, 99),
            (end - 300, end + 9),
        ] {
            let mut plain = guest();
            let expected: Vec<(u64, Root)> = (from..=to.min(end))
                .map(|step| {
                    plain.run(step).unwrap();
                    (step, plain.root().unwrap())
                })
                .collect();
            for threads in [1, 2, 3, 100] {
                let roots = found(guest, from, to, threads);
                assert!(roots == expected, "{from}..{to} on {threads} threads");
            }
        }
    }
    check(hello_mips, 302_090);
    check(hello_riscv, 219_533);
}

#[test]
fn roots_found_before_a_fault_are_given() {
    use fpvm_core::machine::vm::Host;
    use fpvm_core::step::oracle::{NoOracle, Silent};
    let mut machine = hello_mips();
    machine.run(1000).unwrap();
    let mut expected = Vec::new();
    for step in 1001..=1100 {
        machine.run(step).unwrap();
        expected.push(machine.root().unwrap().0);
    }
    let mut machine = hello_mips().0;
    let (oracle, console) = (&mut NoOracle, &mut Silent);
    let host = &mut Host { oracle, console };
    machine.run(1000, false, host).unwrap();
    // The first page that it needs is refused.
    let limit = machine.memory.page_count() as u64 * 4096;
    machine.memory.set_limit(limit);
    let mut roots = Vec::new();
    let stopped = machine.roots(u64::MAX, host, &mut roots);
    assert!(stopped.is_err());
    assert_eq!(roots.len() as u64, machine.state.step - 1000);
    assert_eq!(roots[..100], expected);
}

#[test]
fn a_machine_goes_back_and_ahead() {
    fn check<I: Program>(guest: fn() -> Bare<I>) {
        let mut machine = guest();
        let mut taken = Vec::new();
        for step in [0, 1, 70_000, 70_001, 140_000, 200_000] {
            machine.run(step).unwrap();
            taken.push((machine.freeze().unwrap(), machine.root().unwrap()));
        }
        for index in [2, 5, 0, 4, 1, 3, 3] {
            let (snapshot, root) = &taken[index];
            machine.restore(snapshot).unwrap();
            assert_eq!(machine.step(), snapshot.step());
            assert_eq!(Root(snapshot.root()), *root);
            assert_eq!(machine.root().unwrap(), *root);
            // And runs on as if it had never been anywhere else.
            let (later, root) = &taken[5];
            machine.run(later.step()).unwrap();
            assert_eq!(machine.root().unwrap(), *root, "from {index}");
            assert_eq!(machine.0.memory.pages(), pages(&later.memory));
        }
        let mut fresh = guest();
        fresh.restore(&taken[4].0).unwrap();
        assert_eq!(fresh.root().unwrap(), taken[4].1);
    }
    check(hello_mips);
    check(hello_riscv);
}

#[test]
fn a_snapshot_of_another_vm_is_refused() {
    let snapshot = hello_mips().freeze().unwrap();
    let mut machine = hello_riscv();
    let before = machine.root().unwrap();
    assert!(machine.restore(&snapshot).is_err());
    assert_eq!(machine.root().unwrap(), before);
}

#[test]
fn a_snapshot_larger_than_the_limit_is_refused_as_a_whole() {
    let mut big = hello_mips();
    big.run(200_000).unwrap();
    let snapshot = big.freeze().unwrap();
    let mut small = hello_mips();
    small.0.memory.set_limit(100 * 4096);
    let before = small.root().unwrap();
    assert!(small.restore(&snapshot).is_err());
    assert_eq!(small.root().unwrap(), before);
}

#[test]
fn a_store_gives_back_what_it_was_given() {
    fn check<I: Program>(guest: fn() -> Bare<I>) {
        let folder = tempfile::tempdir().unwrap();
        let vm = store::Vm::of::<I>();
        let mut store = Store::open(&depot(&folder), vm).unwrap();
        let mut machine = guest();
        let mut taken = Vec::new();
        for step in [0, 50_000, 100_000, 200_000] {
            machine.run(step).unwrap();
            machine.0.last_hint = step.to_be_bytes().to_vec();
            let snapshot = machine.freeze().unwrap();
            store.put(&snapshot, &step.to_string()).unwrap();
            taken.push(snapshot);
        }
        let mut store = Store::open(&depot(&folder), vm).unwrap();
        for snapshot in &taken {
            let loaded = store.get(Root(snapshot.root())).unwrap().unwrap();
            assert_eq!(loaded, *snapshot);
        }
        assert!(store.get(Root([7; 32])).unwrap().is_none());
    }
    check(hello_mips);
    check(hello_riscv);
}

#[test]
fn a_store_that_was_changed_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let vm = store::Vm::of::<fpvm_isa_mips::Mips32>();
    let mut machine = hello_mips();
    let mut store = Store::open(&depot(&folder), vm).unwrap();
    let first = machine.freeze().unwrap();
    store.put(&first, "0").unwrap();
    machine.run(100_000).unwrap();
    let second = machine.freeze().unwrap();
    store.put(&second, "1").unwrap();
    let (zero, one) = (
        folder.path().join("packs/0.pack"),
        folder.path().join("packs/1.pack"),
    );
    let whole = std::fs::read(&one).unwrap();
    let load = || {
        let mut store = Store::open(&depot(&folder), vm)?;
        store.get(Root(second.root()))
    };
    assert_eq!(load().unwrap(), Some(second.clone()));
    for len in [0, 5, 47, whole.len() / 2, whole.len() - 1] {
        std::fs::write(&one, &whole[..len]).unwrap();
        let error = load().unwrap_err().to_string();
        assert!(error.contains("1.pack"), "{len}: {error}");
    }
    for at in (0..whole.len()).step_by(whole.len() / 40) {
        let mut changed = whole.clone();
        changed[at] ^= 0x40;
        std::fs::write(&one, &changed).unwrap();
        // What is changed is noticed, unless nobody reads it: bytes between records do not exist.
        assert!(load().is_err(), "byte {at}");
    }
    std::fs::write(&one, &whole).unwrap();
    std::fs::remove_file(&zero).unwrap();
    let error = load().unwrap_err().to_string();
    assert!(error.contains("a pack is missing"), "{error}");
}

fn pages(memory: &FrozenMemory) -> Vec<u64> {
    memory
        .pages()
        .into_iter()
        .map(|(number, _)| number)
        .collect()
}

/// What is done to a memory.
#[derive(Clone, Debug)]
enum Action {
    Write(u64, u8),
    Allocate(u64),
    Freeze,
    Restore(usize),
    Root,
}

fn actions() -> impl Strategy<Value = Vec<Action>> {
    // Few pages, so that they are hit often; some far away.
    let page = prop_oneof![0u64..6, Just(0xfffff), 0x12340u64..0x12344];
    let at = (page.clone(), 0u64..4096).prop_map(|(page, offset)| page * 4096 + offset);
    let action = prop_oneof![
        6 => (at, any::<u8>()).prop_map(|(at, byte)| Action::Write(at, byte)),
        1 => page.prop_map(Action::Allocate),
        2 => Just(Action::Freeze),
        2 => (0usize..8).prop_map(Action::Restore),
        1 => Just(Action::Root),
    ];
    proptest::collection::vec(action, 1..60)
}

fn follow<I: Isa>(actions: &[Action]) {
    let mut memory = PagedMemory::<I::Word>::new().unwrap();
    /// Page numbers and contents.
    type Pages = Vec<(u64, Vec<u8>)>;
    let mut taken: Vec<(FrozenMemory, Pages)> = Vec::new();
    let contents = |memory: &mut PagedMemory<I::Word>| -> Vec<(u64, Vec<u8>)> {
        let numbers = memory.pages();
        let page = |number: &u64| (*number, memory.page(*number).to_vec());
        numbers.iter().map(page).collect()
    };
    for action in actions {
        match action {
            Action::Write(at, byte) => memory.write_slice(*at, &[*byte]).unwrap(),
            Action::Allocate(page) => memory.allocate(*page).unwrap(),
            Action::Freeze => {
                let now = contents(&mut memory);
                taken.push((memory.freeze(), now));
            }
            Action::Restore(index) => {
                if let Some((frozen, expected)) = taken.get(*index) {
                    memory.restore(frozen).unwrap();
                    assert_eq!(contents(&mut memory), *expected);
                }
            }
            Action::Root => {
                memory.root();
            }
        }
    }
    for (frozen, expected) in &taken {
        let mut fresh = PagedMemory::<I::Word>::new().unwrap();
        for (number, bytes) in expected {
            fresh.allocate(*number).unwrap();
            fresh.write_slice(number * 4096, bytes).unwrap();
        }
        assert_eq!(frozen.root(), fresh.root());
        memory.restore(frozen).unwrap();
        assert_eq!(memory.root(), fresh.root());
        assert_eq!(pages(frozen), fresh.pages());
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn memory_is_what_it_was(actions in actions()) {
        follow::<fpvm_isa_mips::Mips32>(&actions);
        follow::<fpvm_isa_riscv::Rv64>(&actions);
    }
}
