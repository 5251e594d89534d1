//! Lists of checkpoints: checked, merged, executed again, compared.

mod common;

use common::{Error, depot, hello_mips, plain_roots};
use fpvm_checkpoints::bisect::{Narrowed, bisect, marks, narrow};
use fpvm_checkpoints::depot::Depot;
use fpvm_checkpoints::library::{Library, LibraryError};
use fpvm_checkpoints::manifest::{Entry, Manifest, MergeError, Plan, Range, Shard, merge};
use fpvm_checkpoints::replay::verify;
use fpvm_checkpoints::store::{self, Store};
use fpvm_checkpoints::warm::Warm;
use fpvm_checkpoints::{Machine, Root};
use fpvm_core::definition::isa::Isa as _;
use fpvm_isa_mips::Mips32;
use serde_json::{Value, json};
use std::sync::Mutex;

const EVERY: u64 = 30_000;

/// Steps of the program.
const END: u64 = 302_090;

fn plan(until: Option<u64>) -> Plan {
    Plan {
        isa: Mips32::NAME.into(),
        vm_type: Mips32::VM_TYPE.into(),
        pre_state: hello_mips().root().unwrap(),
        first_step: 0,
        every: EVERY,
        until,
        dense: None,
    }
}

fn entries() -> Vec<Entry> {
    let roots = plain_roots(hello_mips(), EVERY).into_iter();
    roots.map(|(step, root)| Entry { step, root }).collect()
}

fn manifest() -> Manifest {
    let mut manifest = Manifest::new(plan(None), None);
    manifest.entries = entries();
    manifest
}

fn store_all(depot: &Depot) -> Store {
    let mut store = Store::open(depot, store::Vm::of::<Mips32>()).unwrap();
    let mut machine = hello_mips();
    for entry in entries() {
        machine.run(entry.step).unwrap();
        let snapshot = machine.freeze().unwrap();
        store.put(&snapshot, &entry.step.to_string()).unwrap();
    }
    store
}

#[test]
fn a_manifest_that_was_changed_anywhere_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let depot = depot(&folder);
    let path = folder.path().join("manifest.json");
    let load = || Manifest::load(&depot, "manifest.json");
    let absent = load().unwrap_err().to_string();
    assert!(absent.contains("manifest.json: there is none"), "{absent}");
    let mut whole = manifest();
    whole.save(&depot, "manifest.json").unwrap();
    assert_eq!(load().unwrap(), whole);
    assert!(whole.is_complete());

    let text = std::fs::read(&path).unwrap();
    let good: Value = serde_json::from_slice(&text).unwrap();
    let zero = Root([0; 32]).to_string();
    let changes: [(&str, Value); 14] = [
        ("/format", json!("other")),
        ("/version", json!(2)),
        ("/plan/pre-state", json!(zero)),
        ("/plan/first-step", json!(1)),
        ("/plan/every", json!(EVERY + 1)),
        ("/plan/every", json!(0)),
        ("/plan/every", json!(-1)),
        ("/entries/0/root", json!(zero)),
        ("/entries/3/root", json!(zero)),
        ("/entries/3/step", json!(3 * EVERY + 1)),
        ("/entries/3/step", json!("3")),
        ("/entries/11/step", json!(END + 1)),
        ("/commitment", json!(zero)),
        ("/entries", json!([])),
    ];
    for (place, value) in changes {
        let mut changed = good.clone();
        *changed.pointer_mut(place).unwrap() = value;
        std::fs::write(&path, changed.to_string()).unwrap();
        assert!(load().is_err(), "{place}");
    }
    let mut unknown = good.clone();
    unknown["more"] = json!(1);
    let mut shard = good.clone();
    shard["shard"] = json!({"index": 1, "count": 1});
    for changed in [unknown, shard] {
        std::fs::write(&path, changed.to_string()).unwrap();
        assert!(load().is_err());
    }
    for len in [0, 1, text.len() / 2, text.len() - 3] {
        std::fs::write(&path, &text[..len]).unwrap();
        let error = load().unwrap_err().to_string();
        assert!(error.contains("manifest.json"), "{error}");
    }
}

#[test]
fn a_wrong_entry_is_named_with_and_without_states() {
    let folder = tempfile::tempdir().unwrap();
    let store = Mutex::new(store_all(&depot(&folder)));
    let right = entries();
    let has = |entry: &Entry| store.lock().unwrap().has(entry.root);
    let none = |_: &Entry| false;
    let state =
        |entry: &Entry| -> Result<_, Error> { Ok(store.lock().unwrap().get(entry.root)?.unwrap()) };
    let spawn = || Ok::<_, Error>(hello_mips());
    for jobs in [1, 2, 5] {
        assert_eq!(
            verify(&right, 0..right.len(), jobs, has, state, spawn).unwrap(),
            None
        );
        for wrong in [0, 4, 11] {
            let mut changed = right.clone();
            changed[wrong].root.0[9] ^= 1;
            for stored in [true, false] {
                let has = |entry: &Entry| if stored { has(entry) } else { none(entry) };
                let found = verify(&changed, 0..changed.len(), jobs, has, state, spawn).unwrap();
                let found = found.unwrap();
                assert_eq!((found.index, found.root), (wrong, right[wrong].root));
            }
            // One interval alone.
            let alone = verify(&changed, wrong..wrong + 1, jobs, has, state, spawn).unwrap();
            assert_eq!(alone.unwrap().index, wrong);
        }
    }
    // An end that the program does not have.
    let mut longer = right.clone();
    longer.last_mut().unwrap().step += 1;
    let found = verify(&longer, 0..longer.len(), 2, has, state, spawn)
        .unwrap()
        .unwrap();
    assert_eq!((found.index, found.step), (11, END));
}

/// A list with every step from 59990 to 60010, past a checkpoint.
fn with_dense_range() -> Manifest {
    let mut manifest = Manifest::new(plan(None), None);
    manifest.plan.dense = Some(Range {
        from: 59_990,
        to: 60_010,
    });
    let mut machine = hello_mips();
    loop {
        let (step, root) = (machine.step(), machine.root().unwrap());
        manifest.entries.push(Entry { step, root });
        if machine.exited() {
            return manifest;
        }
        machine.run(manifest.plan.next(step)).unwrap();
    }
}

#[test]
fn a_list_can_have_every_step_of_a_range() {
    let folder = tempfile::tempdir().unwrap();
    let depot = depot(&folder);
    let mut whole = with_dense_range();
    whole.save(&depot, "list.json").unwrap();
    assert_eq!(Manifest::load(&depot, "list.json").unwrap(), whole);
    let steps: Vec<u64> = whole.entries.iter().map(|entry| entry.step).collect();
    let expected = [0, 30_000].into_iter().chain(59_990..=60_010);
    let expected = expected.chain((90_000..END).step_by(EVERY as usize));
    assert_eq!(steps, expected.chain([END]).collect::<Vec<_>>());

    let none = |_: &Entry| false;
    let state = |_: &Entry| Err(Error::from("there are no states"));
    let spawn = || Ok::<_, Error>(hello_mips());
    let verify = |list: &[Entry], range| verify(list, range, 1, none, state, spawn).unwrap();
    let right = &whole.entries;
    assert_eq!(verify(right, 0..right.len()), None);
    for wrong in [1, 2, 11, 22, 23] {
        let mut changed = right.clone();
        changed[wrong].root.0[9] ^= 1;
        let found = verify(&changed, 0..changed.len()).unwrap();
        assert_eq!((found.index, found.root), (wrong, right[wrong].root));
    }
    // Left out, or in a plan that does not have them.
    let mut shorter = whole.clone();
    shorter.entries.remove(5);
    assert!(shorter.check().is_err());
    whole.plan.dense = None;
    assert!(whole.check().is_err());
}

#[test]
fn parts_make_the_whole_and_disagreement_is_named() {
    for until in [END, END + 100_000, 100_000, 45_000] {
        for count in [1, 2, 3, 16] {
            let part = |index| {
                let shard = Shard { index, count };
                let mut part = Manifest::new(plan(Some(until)), Some(shard));
                let (start, end) = part.range();
                let mut machine = hello_mips();
                machine.run(start).unwrap();
                loop {
                    let (step, root) = (machine.step(), machine.root().unwrap());
                    part.entries.push(Entry { step, root });
                    if step >= end || machine.exited() {
                        break;
                    }
                    machine.run(part.plan.next(step).min(end)).unwrap();
                }
                (index.to_string(), part)
            };
            let mut parts: Vec<_> = (0..count).map(part).collect();
            for (name, part) in &mut parts {
                let folder = tempfile::tempdir().unwrap();
                let depot = depot(&folder);
                part.save(&depot, "part.json").unwrap();
                let loaded = Manifest::load(&depot, "part.json").unwrap();
                assert_eq!(loaded, *part, "{name} of {count}");
            }
            let whole = merge(&parts).unwrap();
            let last = whole.entries.last().unwrap();
            assert_eq!(last.step, until.min(END));
            let mut right = entries();
            right.retain(|entry| entry.step < last.step);
            assert_eq!(whole.entries[..whole.entries.len() - 1], right);
            parts.reverse();
            assert_eq!(merge(&parts).unwrap(), whole);
            if count == 3 && until == END {
                let one_less = merge(&parts[1..]);
                assert!(matches!(one_less, Err(MergeError::Unfinished(_))));
                parts[0].1.entries[0].root.0[1] ^= 1;
                assert!(matches!(merge(&parts), Err(MergeError::Root { .. })));
                parts[0].1.plan.every += 1;
                assert!(matches!(merge(&parts), Err(MergeError::Plan { .. })));
            }
        }
    }
    assert!(matches!(merge(&[]), Err(MergeError::Nothing)));
}

#[test]
fn two_machines_part_where_one_was_changed() {
    for (changed_at, stride) in [
        (0, 1000),
        (77_777, 1 << 40),
        (200_000, 50_000),
        (302_000, 7),
    ] {
        let (a, mut b) = (hello_mips(), hello_mips());
        // From this step on the other machine finds another instruction: an unused page's word that
        // only the root sees.
        struct Changed(common::Bare<Mips32>, u64);
        impl Machine for Changed {
            type Error = Error;
            fn step(&self) -> u64 {
                self.0.step()
            }
            fn exited(&self) -> bool {
                self.0.exited()
            }
            fn run(&mut self, until: u64) -> Result<(), Error> {
                if self.0.step() < self.1 && until >= self.1 {
                    self.0.run(self.1)?;
                    self.0.0.memory.write_slice(0xffff_0000, &[1])?;
                }
                self.0.run(until)
            }
            fn freeze(&mut self) -> Result<fpvm_core::machine::snapshot::Snapshot, Error> {
                self.0.freeze()
            }
            fn restore(
                &mut self,
                snapshot: &fpvm_core::machine::snapshot::Snapshot,
            ) -> Result<(), Error> {
                self.0.restore(snapshot)
            }
            fn root(&mut self) -> Result<Root, Error> {
                self.0.root()
            }
        }
        if changed_at == 0 {
            b.0.memory.write_slice(0xffff_0000, &[1]).unwrap();
        }
        let mut a = Warm::new(a, stride, None).unwrap();
        let mut b = Warm::new(Changed(b, changed_at), stride, None).unwrap();
        let found = bisect(&mut a, &mut b, 0, u64::MAX, stride);
        let found = found.unwrap().unwrap();
        assert_eq!(found.after.a.step(), changed_at);
        assert_eq!(found.after.b.step(), changed_at);
        let before = found.before.map(|before| before.a.step());
        assert_eq!(before, changed_at.checked_sub(1));
    }
    let warm = || Warm::new(hello_mips(), 100_000, None).unwrap();
    for until in [u64::MAX, END, 10] {
        let none = bisect(&mut warm(), &mut warm(), 0, until, 100_000).unwrap();
        assert!(none.is_none());
    }
}

#[test]
fn lists_narrow_a_parting_down_without_a_run() {
    let a = entries();
    let mut b = a.clone();
    assert_eq!(narrow(&a, &b).differs, None);
    b[5].root.0[0] ^= 1;
    b[7].root.0[0] ^= 1;
    let narrowed = Narrowed {
        equal: Some(4 * EVERY),
        differs: Some(5 * EVERY),
    };
    assert_eq!(narrow(&a, &b), narrowed);
}

/// A machine that does not run.
struct Still(common::Bare<Mips32>);

impl Machine for Still {
    type Error = Error;
    fn step(&self) -> u64 {
        self.0.step()
    }
    fn exited(&self) -> bool {
        self.0.exited()
    }
    fn run(&mut self, _until: u64) -> Result<(), Error> {
        Err("it runs".into())
    }
    fn freeze(&mut self) -> Result<fpvm_core::machine::snapshot::Snapshot, Error> {
        self.0.freeze()
    }
    fn restore(&mut self, snapshot: &fpvm_core::machine::snapshot::Snapshot) -> Result<(), Error> {
        self.0.restore(snapshot)
    }
    fn root(&mut self) -> Result<Root, Error> {
        self.0.root()
    }
}

#[test]
fn a_shelved_machine_goes_on_where_it_was() {
    let expected = |step: u64| {
        let mut plain = hello_mips();
        plain.run(step).unwrap();
        plain.root().unwrap()
    };
    let vm = store::Vm::of::<Mips32>();
    let mut warm = Warm::new(hello_mips(), 1000, None).unwrap();
    warm.seek(200_500).unwrap();
    // From a machine that does not run: the states on disk do.
    let disk = warm.spill(vm).unwrap();
    let mut still = Warm::restart(Still(hello_mips()), 1000, disk).unwrap();
    assert_eq!(
        still.seek(200_500).unwrap().root().unwrap(),
        expected(200_500)
    );
    // Again, after it has gone back and on to its end.
    let disk = still.spill(vm).unwrap();
    let mut warm = Warm::restart(hello_mips(), 1000, disk).unwrap();
    for step in [100_100, u64::MAX] {
        assert_eq!(warm.seek(step).unwrap().root().unwrap(), expected(step));
    }
    let end = warm.end();
    let disk = warm.spill(vm).unwrap();
    let mut still = Warm::restart(Still(hello_mips()), 1000, disk).unwrap();
    assert_eq!((still.end(), end), (Some(END), Some(END)));
    for step in [END, 200_500] {
        assert_eq!(still.seek(step).unwrap().root().unwrap(), expected(step));
    }
}

#[test]
fn a_warm_machine_answers_in_any_order() {
    let expected = |step: u64| {
        let mut plain = hello_mips();
        plain.run(step).unwrap();
        (plain.step(), plain.root().unwrap())
    };
    let mut warm = Warm::new(hello_mips(), 1000, None).unwrap();
    for step in [
        100,
        300_000,
        5,
        150_001,
        150_000,
        0,
        150_002,
        END,
        END + 1,
        u64::MAX,
        299_999,
    ] {
        let machine = warm.seek(step).unwrap();
        let found = (machine.step(), machine.root().unwrap());
        assert_eq!(found, expected(step), "step {step}");
    }
}

#[test]
fn marks_are_the_multiples_between_and_the_end() {
    let all = |from, to, every| marks(from, to, every).collect::<Vec<_>>();
    assert_eq!(all(0, 10, 4), [4, 8, 10]);
    assert_eq!(all(4, 8, 4), [8]);
    assert_eq!(all(5, 7, 10), [7]);
    assert_eq!(all(7, 7, 3), [] as [u64; 0]);
    assert_eq!(all(u64::MAX - 1, u64::MAX, 1 << 40), [u64::MAX]);
    assert_eq!(all(1, 3, 0), [2, 3]);
}

#[test]
fn a_warm_machine_starts_from_stored_states() {
    let folder = tempfile::tempdir().unwrap();
    let depot = depot(&folder);
    let place = folder.path().to_str().unwrap();
    let vm = store::Vm::of::<Mips32>();
    let open = |step| {
        let mut machine = hello_mips();
        machine.run(step).unwrap();
        Library::open(place, vm, step, machine.root().unwrap())
    };
    assert!(matches!(open(0), Err(LibraryError::Manifest(_))));
    manifest().save(&depot, "manifest.json").unwrap();
    store_all(&depot);
    assert!(matches!(open(7), Err(LibraryError::Program { .. })));
    assert!(open(3 * EVERY).is_ok());
    let library = open(0).unwrap();
    assert_eq!(library.nearest(EVERY - 1).unwrap().step, 0);
    assert_eq!(library.nearest(u64::MAX).unwrap().step, END);
    let of_another = Library::open(
        place,
        store::Vm::of::<fpvm_isa_riscv::Rv64>(),
        0,
        Root([0; 32]),
    );
    assert!(matches!(of_another, Err(LibraryError::Isa { .. })));

    // A machine that cannot run: all that it answers comes from the store.
    let mut warm = Warm::new(Still(hello_mips()), 1000, Some(library)).unwrap();
    for index in [5, 11, 2, 0, 9] {
        let entry = &entries()[index];
        assert_eq!(warm.seek(entry.step).unwrap().root().unwrap(), entry.root);
    }
    assert!(warm.seek(EVERY + 1).is_err());
}
