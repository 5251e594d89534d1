//! Lists of checkpoints: checked, merged, executed again, compared.

mod common;

use checkpoints::bisect::{Narrowed, bisect, narrow};
use checkpoints::manifest::{Entry, Manifest, MergeError, Plan, Shard, merge};
use checkpoints::replay::verify;
use checkpoints::store::{self, Store};
use checkpoints::warm::Warm;
use checkpoints::{Machine, Root};
use common::{Error, hello_mips, plain_roots};
use fpvm_core::isa::Isa as _;
use isa_mips::Mips32;
use serde_json::{Value, json};
use std::path::Path;
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

fn store_all(folder: &Path) -> Store {
    let mut store = Store::open(folder, store::Vm::of::<Mips32>()).unwrap();
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
    let path = folder.path().join("manifest.json");
    let mut whole = manifest();
    whole.save(&path).unwrap();
    assert_eq!(Manifest::load(&path).unwrap(), whole);
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
        assert!(Manifest::load(&path).is_err(), "{place}");
    }
    let mut unknown = good.clone();
    unknown["more"] = json!(1);
    let mut shard = good.clone();
    shard["shard"] = json!({"index": 1, "count": 1});
    for changed in [unknown, shard] {
        std::fs::write(&path, changed.to_string()).unwrap();
        assert!(Manifest::load(&path).is_err());
    }
    for len in [0, 1, text.len() / 2, text.len() - 3] {
        std::fs::write(&path, &text[..len]).unwrap();
        let error = Manifest::load(&path).unwrap_err().to_string();
        assert!(error.contains("manifest.json"), "{error}");
    }
}

#[test]
fn a_wrong_entry_is_named_with_and_without_states() {
    let folder = tempfile::tempdir().unwrap();
    let store = Mutex::new(store_all(folder.path()));
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
                let path = folder.path().join("part.json");
                part.save(&path).unwrap();
                assert_eq!(Manifest::load(&path).unwrap(), *part, "{name} of {count}");
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
        let (mut a, mut b) = (hello_mips(), hello_mips());
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
            fn freeze(&mut self) -> Result<fpvm_core::frozen::Snapshot, Error> {
                self.0.freeze()
            }
            fn restore(&mut self, snapshot: &fpvm_core::frozen::Snapshot) -> Result<(), Error> {
                self.0.restore(snapshot)
            }
            fn root(&mut self) -> Result<Root, Error> {
                self.0.root()
            }
        }
        if changed_at == 0 {
            b.0.memory.write_slice(0xffff_0000, &[1]).unwrap();
        }
        let found = bisect(&mut a, &mut Changed(b, changed_at), u64::MAX, stride);
        let found = found.unwrap().unwrap();
        assert_eq!(found.after.a.step(), changed_at);
        assert_eq!(found.after.b.step(), changed_at);
        let before = found.before.map(|before| before.step());
        assert_eq!(before, changed_at.checked_sub(1));
        assert!(found.executed <= 2 * END + 100, "{}", found.executed);
    }
    let none = bisect(&mut hello_mips(), &mut hello_mips(), u64::MAX, 100_000).unwrap();
    assert!(none.is_none());
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

#[test]
fn a_warm_machine_answers_in_any_order() {
    let expected = |step: u64| {
        let mut plain = hello_mips();
        plain.run(step).unwrap();
        (plain.step(), plain.root().unwrap())
    };
    let mut warm = Warm::new(hello_mips(), 1000).unwrap();
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
