//! A second opinion: two tiers run the same, and what a wrong one says is not believed.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::thread::scope;
use std::time::{Duration, Instant};

use alloy_primitives::{B256, U256, b256};
use fpvm_checkpoints::manifest::Entry;
use fpvm_checkpoints::{Machine as _, Root};
use fpvm_core::formats::state_file;
use fpvm_core::machine::vm::{Tier, Vm};
use fpvm_dispute::claim::OutputRoot;
use fpvm_dispute::trace::{Executions, Inputs, StepData, TraceError};
use fpvm_e2e::rollup::{output, rollup_for};
use fpvm_isa_mips::Mips32;
use fpvm_jit::Jit;
use fpvm_oracle::store;
use fpvm_trace::second::{Bundles, Note, Opinions, Second, Seconded, ThirdParty, ThirdPartyVm};
use fpvm_trace::workers::{Options, Workers};
use fpvm_trace::{GuestProgram, Program as _, SharedSources};
use tempfile::TempDir;

/// Steps of the execution, as Cannon counts them.
const STEPS: u128 = 380_326_018;
/// Its last state.
const LAST: B256 = b256!("007fe85a7d00007e1ae69e12ed8fc3575282915314a1f1a1bd80bd3df78b8a57");
/// Steps from one comparison to the next.
const EVERY: u64 = 50_000_000;
/// An instruction in the middle.
const MIDDLE: u128 = 222_222_222;

type Guest = GuestProgram<'static, Vm<Mips32>>;

fn inputs() -> Inputs {
    let of = |block| OutputRoot {
        root: output(block),
        block: U256::from(block),
    };
    Inputs {
        l1_head: B256::repeat_byte(0x11),
        starting: of(101),
        disputed: of(102),
    }
}

fn translator() -> Option<Box<dyn Tier<Mips32>>> {
    Some(Box::new(Jit::<Mips32>::new().ok()?))
}

/// The translator with a wrong trace.
fn spoiled<const TRACE: u64>() -> Option<Box<dyn Tier<Mips32>>> {
    Some(Box::new(Jit::<Mips32>::new().ok()?.spoil(TRACE)))
}

/// Traces that are wrong so that the program shows the claim to be false, panics, comes to another state with the right
/// status, asks for a pre-image that there is not, and does not end.
const REFUTES: u64 = 133;
const PANICS: u64 = 31;
const PASSES: u64 = 193;
const ASKS: u64 = 63;
const HANGS: u64 = 25;

/// How two of the program are run.
struct Side {
    sources: SharedSources,
    options: Options,
}

impl Side {
    fn new() -> Self {
        Self {
            sources: SharedSources::default(),
            options: Options {
                threads: 1,
                ..Options::new(5_000_000)
            },
        }
    }

    fn program(&self, tier: fn() -> Option<Box<dyn Tier<Mips32>>>) -> Guest {
        rollup_for("mips", tier).sharing(self.sources.clone())
    }
}

/// Where differences are kept.
fn bundles(folder: &TempDir) -> Bundles {
    Bundles {
        folder: folder.path().join("differences"),
        most: 4,
        own: "fpvm".into(),
    }
}

/// Executions by a tier, with the interpreter's opinion or another VM's.
fn with_seconded<T>(
    tier: fn() -> Option<Box<dyn Tier<Mips32>>>,
    third: Option<(PathBuf, Duration)>,
    folder: &TempDir,
    test: impl FnOnce(&Seconded<Guest>) -> T,
) -> T {
    scope(|scope| {
        let side = Side::new();
        let first = Workers::start(scope, side.program(tier), side.options);
        let slower = Workers::start(scope, side.program(|| None), side.options);
        let third = third.map(|(program, patience)| {
            let read = |path: &Path| {
                let vm = state_file::load::<Mips32>(path);
                let mut vm = vm.map_err(|why| why.to_string())?;
                let (step, root) = (vm.state.step, Root(vm.state_root()));
                Ok(Entry { step, root })
            };
            let vm = ThirdPartyVm {
                program,
                host: Vec::new(),
                patience,
                read: Box::new(read),
                interrupted: std::sync::Arc::default(),
            };
            std::sync::Arc::new(ThirdParty::start(scope, vm))
        });
        let second = Second {
            slower,
            names: ["translator".into(), "interpreter".into()],
            sources: side.sources,
            third,
            every: EVERY,
            bundles: bundles(folder),
        };
        test(&Seconded::new(first, second))
    })
}

/// Asks until there is an answer.
fn until<T>(mut ask: impl FnMut() -> Result<T, TraceError>) -> Result<T, TraceError> {
    let begun = Instant::now();
    loop {
        match ask() {
            Err(TraceError::Pending { .. }) if begun.elapsed() < Duration::from_secs(240) => {
                std::thread::sleep(Duration::from_millis(5));
            }
            answer => return answer,
        }
    }
}

fn claim(executions: &impl Executions, index: u128) -> B256 {
    until(|| executions.claim(&inputs(), index)).expect("it runs")
}

fn step(executions: &impl Executions, index: u128) -> StepData {
    until(|| executions.step(&inputs(), index)).expect("it runs")
}

/// What the interpreter alone says.
fn truth() -> (B256, StepData) {
    scope(|scope| {
        let side = Side::new();
        let alone = Workers::start(scope, side.program(|| None), side.options);
        (claim(&alone, MIDDLE), step(&alone, MIDDLE))
    })
}

#[test]
fn where_tiers_agree_nothing_is_told() {
    let folder = tempfile::tempdir().expect("a folder");
    with_seconded(translator, None, &folder, |seconded| {
        assert_eq!(claim(seconded, STEPS - 1), LAST);
        let (middle, data) = truth();
        assert_eq!(claim(seconded, MIDDLE), middle);
        assert_eq!(step(seconded, MIDDLE), data);
        assert_eq!(seconded.take_notes(), []);
        let agreed = Opinions {
            agreed: 1,
            ..Opinions::default()
        };
        assert_eq!(seconded.opinions(), agreed);
    });
    assert!(!folder.path().join("differences").exists());
}

#[test]
fn a_fault_of_the_translator_is_found_before_anything_is_answered() {
    if !fpvm_jit::supported() {
        return;
    }
    // Alone it says what is not true.
    let alone = scope(|scope| {
        let side = Side::new();
        let alone = Workers::start(scope, side.program(spoiled::<REFUTES>), side.options);
        claim(&alone, STEPS - 1)
    });
    assert_eq!(alone[0], 1, "the claim is false");
    is_found(spoiled::<REFUTES>);
}

#[test]
fn whatever_a_fault_leads_to_it_is_found() {
    if !fpvm_jit::supported() {
        return;
    }
    is_found(spoiled::<PANICS>);
    is_found(spoiled::<PASSES>);
    is_found(spoiled::<ASKS>);
    is_found(spoiled::<HANGS>);
}

/// That a fault of a tier is found, the interpreter believed, and what shows it kept.
fn is_found(wrong: fn() -> Option<Box<dyn Tier<Mips32>>>) {
    let folder = tempfile::tempdir().expect("a folder");
    let command = with_seconded(wrong, None, &folder, |seconded| {
        let mut notes = Vec::new();
        let last = until(|| {
            let answer = seconded.claim(&inputs(), STEPS - 1);
            notes.extend(seconded.take_notes());
            answer
        });
        assert_eq!(last.expect("it runs"), LAST, "{notes:?}");
        let (middle, data) = truth();
        assert_eq!(claim(seconded, MIDDLE), middle);
        assert_eq!(step(seconded, MIDDLE), data);
        notes.extend(seconded.take_notes());
        let [Note::Difference(difference), Note::Kept(kept)] = notes.as_slice() else {
            panic!("{notes:#?}");
        };
        assert!(difference.contains("DIFFERENT STATES"), "{difference}");
        assert!(
            difference.contains("the interpreter is believed"),
            "{difference}"
        );
        assert_eq!(seconded.opinions().differed, 1);
        kept.clone()
    });

    // What is kept leads to the step.
    let bundle = std::fs::read_dir(folder.path().join("differences")).expect("a folder");
    let bundle = bundle.map(|entry| entry.expect("read").path()).next();
    let bundle = bundle.expect("a bundle");
    assert!(command.contains(&bundle.display().to_string()), "{command}");
    let known = std::fs::read_to_string(bundle.join("difference.json")).expect("there");
    let known: serde_json::Value = known.parse().expect("JSON");
    let [equal, differs] = ["equalAt", "differsAt"].map(|key| known[key].as_u64().expect(key));
    assert!(equal < differs && differs - equal <= EVERY, "{known}");
    let preimages = store::open(&bundle.join("preimages")).expect("a store");
    let keys: BTreeSet<_> = preimages.keys().expect("listed").into_iter().collect();
    assert!(!keys.is_empty());
    let before = bundle.join("before.bin.gz");
    let machine = |tier: fn() -> Option<Box<dyn Tier<Mips32>>>| {
        let load = move || {
            let vm = state_file::load::<Mips32>(&before);
            let mut vm = vm.map_err(|why| fpvm_trace::MachineError::Other(why.into()))?;
            vm.set_tier(tier());
            Ok(vm)
        };
        let preimages = fpvm_trace::Preimages::stored(&bundle.join("preimages"));
        let program = GuestProgram::new(load, preimages.expect("a store"), U256::from(901));
        program.start(&inputs()).expect("it starts")
    };
    let mut interpreter = machine(|| None);
    assert_eq!(interpreter.step(), equal);
    interpreter.run(differs).expect("it runs");
    assert_eq!(
        Some(interpreter.root().expect("a root").to_string().as_str()),
        known["second"]["root"].as_str()
    );
}

/// A program that is no VM: a shell script. Its third and fifth words are the files of the first and the last state.
fn script(folder: &TempDir, text: &str) -> PathBuf {
    use std::os::unix::fs::PermissionsExt as _;
    let path = folder.path().join("vm");
    std::fs::write(&path, format!("#!/bin/sh\n{text}\n")).expect("written");
    let mode = std::fs::Permissions::from_mode(0o755);
    std::fs::set_permissions(&path, mode).expect("its mode");
    path
}

#[test]
fn another_vm_that_is_no_good_holds_up_nothing() {
    let folder = tempfile::tempdir().expect("a folder");
    let long = Duration::from_secs(60);
    let short = Duration::from_millis(300);
    for (text, patience, why) in [
        ("exit 0", long, "it wrote a state that cannot be read"),
        (
            "echo out of memory >&2; exit 3",
            long,
            "failed (exit status: 3): out of memory",
        ),
        ("kill -9 $$", long, "failed (signal: 9"),
        (
            "echo junk > $5",
            long,
            "it wrote a state that cannot be read",
        ),
        (
            "cp $3 $5",
            long,
            "it stopped at step 0, before the program has ended",
        ),
        (
            "exec sleep 100",
            short,
            "had not ended after 0 s, and was killed",
        ),
        (
            "exec yes >&2",
            short,
            "had not ended after 0 s, and was killed",
        ),
        ("rm $0", long, "it wrote a state that cannot be read"),
    ] {
        let vm = script(&folder, text);
        with_seconded(translator, Some((vm, patience)), &folder, |seconded| {
            assert_eq!(claim(seconded, STEPS - 1), LAST, "{text}");
            let notes = seconded.take_notes();
            let [Note::Missing(told)] = notes.as_slice() else {
                panic!("{text}: {notes:#?}");
            };
            assert!(told.contains("no second opinion of the /"), "{told}");
            assert!(told.contains(why), "{told}");
            // The interpreter was asked instead.
            let opinions = Opinions {
                agreed: 1,
                missing: 1,
                differed: 0,
            };
            assert_eq!(seconded.opinions(), opinions);
        });
    }
    let nowhere = folder.path().join("nowhere");
    with_seconded(translator, Some((nowhere, long)), &folder, |seconded| {
        assert_eq!(claim(seconded, STEPS - 1), LAST);
        let notes = seconded.take_notes();
        let [Note::Missing(told)] = notes.as_slice() else {
            panic!("{notes:#?}");
        };
        assert!(told.contains("cannot run /"), "{told}");
    });
}

#[test]
fn without_a_good_other_vm_a_fault_is_found_all_the_same() {
    if !fpvm_jit::supported() {
        return;
    }
    let folder = tempfile::tempdir().expect("a folder");
    let vm = script(&folder, "exit 1");
    let third = Some((vm, Duration::from_secs(60)));
    with_seconded(spoiled::<REFUTES>, third, &folder, |seconded| {
        assert_eq!(claim(seconded, STEPS - 1), LAST);
        let opinions = Opinions {
            missing: 1,
            differed: 1,
            agreed: 0,
        };
        assert_eq!(seconded.opinions(), opinions);
    });
}
