//! Whole programs against upstream's answers: first and last state, steps, exit code, and every
//! proof kept, as text. All proofs of a guest are made in one run, upstream's in a process each.

use fpvm_core::definition::isa::Isa;
use fpvm_core::definition::state::State;
use fpvm_core::formats::elf::{Program, load};
use fpvm_core::machine::vm::{Event, Host, Vm};
use fpvm_core::step::oracle::{NoOracle, Oracle};
use fpvm_core::step::proof::StepProof;
use fpvm_core::step::verify::verify;
use fpvm_isa_mips::Mips32;
use fpvm_isa_mips64::Newest as Mips64;
use fpvm_isa_riscv::Rv64;
use serde::Deserialize;
use spec_tests::vectors::{Folder, example, json, path, read};

/// What upstream answered for a guest.
#[derive(Deserialize)]
#[serde(rename_all = "kebab-case")]
struct Expected {
    guest: String,
    vm: String,
    elf: String,
    pre_state_hash: String,
    final_state_hash: String,
    steps: u64,
    exit_code: u8,
    #[serde(default)]
    proofs: Vec<KeptProof>,
    /// Of the vectors' guests.
    host: Option<String>,
    /// Of the examples.
    preimages: Option<String>,
    #[serde(default)]
    pages: Option<usize>,
    #[serde(default)]
    stdout: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case")]
struct KeptProof {
    step: u64,
    pre: String,
    post: String,
    oracle_key: Option<String>,
}

fn hex(bytes: impl AsRef<[u8]>) -> String {
    const_hex::encode_prefixed(bytes)
}

/// A proof as upstream's files have it: indented, with an empty line at the end.
fn text(proof: &StepProof) -> String {
    serde_json::to_string_pretty(proof).unwrap() + "\n\n"
}

fn assert_verifies<I: Isa>(proof: &StepProof, name: &str) {
    let mut part = |key: &[u8; 32], offset| proof.part(key, offset);
    let verified = verify::<I>(&proof.state_data, &proof.proof_data, &mut part).unwrap();
    assert_eq!(hex(verified.post), hex(proof.post), "{name}");
}

/// Makes a proof and compares it with the file.
fn assert_proof_as_upstream<I: Isa>(
    vm: &mut Vm<I>,
    host: &mut Host<'_>,
    dir: &str,
    kept: &KeptProof,
) {
    let name = format!("runs/{dir}/proof-{}.json", kept.step);
    let proof = vm.prove(host).unwrap();
    assert_eq!(
        (hex(proof.pre), hex(proof.post)),
        (kept.pre.clone(), kept.post.clone()),
        "{name}"
    );
    assert_eq!(proof.oracle_key.map(hex), kept.oracle_key, "{name}");
    let file = String::from_utf8(read(&path(&name)).unwrap()).unwrap();
    assert!(text(&proof) == file, "{name} differs:\n{}", text(&proof));
    assert_verifies::<I>(&proof, &name);
    let parsed: StepProof = serde_json::from_str(&file).unwrap();
    assert_eq!(parsed, proof, "{name}, read again");
}

/// Runs a guest from its ELF file to its end, proving all kept steps on the way.
fn assert_run_as_upstream<I: Program>(elf: &[u8], expected: &Expected, oracle: &mut dyn Oracle) {
    let name = format!(
        "{}.{} {:?}",
        expected.guest, expected.vm, expected.preimages
    );
    let dir = format!("{}.{}", expected.guest, expected.vm);
    let mut vm = load::<I>(elf, I::PATCHES).unwrap();
    vm.repeat_branches();
    assert_eq!(
        hex(vm.state_root()),
        expected.pre_state_hash,
        "{name}: first state"
    );

    let mut printed = Vec::new();
    let mut console = |stream: u8, bytes: &[u8]| {
        assert_eq!(stream, 1, "{name} writes to stderr");
        printed.extend_from_slice(bytes);
    };
    let mut host = Host {
        oracle,
        console: &mut console,
    };
    let mut kept: Vec<&KeptProof> = expected.proofs.iter().collect();
    kept.sort_unstable_by_key(|proof| proof.step);
    for proof in kept {
        let event = vm.run(proof.step, false, &mut host).unwrap();
        assert_eq!(event, Event::Reached, "{name}: step {}", proof.step);
        assert_proof_as_upstream(&mut vm, &mut host, &dir, proof);
    }
    assert_eq!(
        vm.run(u64::MAX, false, &mut host).unwrap(),
        Event::Exited,
        "{name}"
    );
    let (steps, code) = (vm.state.step, vm.state.exit_code());
    assert_eq!(
        (steps, code),
        (expected.steps, expected.exit_code),
        "{name}"
    );
    assert_eq!(
        hex(vm.state_root()),
        expected.final_state_hash,
        "{name}: last state"
    );
    if let Some(pages) = expected.pages {
        assert_eq!(vm.memory.page_count(), pages, "{name}: pages");
    }
    if let Some(stdout) = &expected.stdout {
        assert_eq!(&String::from_utf8(printed).unwrap(), stdout, "{name}");
    }
}

fn assert_vector<I: Program>(guest: &str, vm: &str) {
    let expected: Expected = json(&path(&format!("runs/{guest}.{vm}/expected.json"))).unwrap();
    assert!(expected.proofs.len() >= 6, "{guest}.{vm} has its proofs");
    let elf = read(&path("guests").join(&expected.elf)).unwrap();
    let mut folder = Folder::new(path("preimages"));
    let oracle: &mut dyn Oracle = match expected.host {
        Some(_) => &mut folder,
        None => &mut NoOracle,
    };
    assert_run_as_upstream::<I>(&elf, &expected, oracle);
    assert_eq!(folder.hints, if guest == "preimage.go122" { 64 } else { 0 });
}

macro_rules! vectors {
    ($($name:ident: $guest:literal;)*) => {$(
        mod $name {
            #[test]
            fn mips32() {
                super::assert_vector::<super::Mips32>($guest, "mips32");
            }

            #[test]
            fn riscv64() {
                super::assert_vector::<super::Rv64>($guest, "riscv64");
            }

            #[test]
            fn mips64() {
                super::assert_vector::<super::Mips64>($guest, "mips64");
            }
        }
    )*};
}

vectors! {
    hello: "hello.go122";
    preimage: "preimage.go122";
    keccak_c: "keccak.c";
    primes_c: "primes.c";
}

/// Threads that contend for reserved words; two of the steps proved are the end of a turn.
#[test]
fn threads() {
    assert_vector::<Mips64>("threads.c", "mips64");
}

/// All roots of a stretch in which threads begin and take turns: of proofs one after the other, of
/// the steps together, and of states that nothing was hashed of before.
#[test]
fn roots_while_threads_take_turns() {
    const FROM: u64 = 20;
    const STEPS: usize = 2_000;
    let elf = read(&path("guests/threads.c.mips64")).unwrap();
    let (oracle, console) = (&mut NoOracle, &mut |_: u8, _: &[u8]| {});
    let mut host = Host { oracle, console };
    let mut machines = [(); 2].map(|()| load::<Mips64>(&elf, Mips64::PATCHES).unwrap());
    for vm in &mut machines {
        vm.run(FROM, false, &mut host).unwrap();
    }
    let [mut proving, mut together] = machines;
    let (mut posts, mut turns, mut threads) = (Vec::new(), 0, 0);
    for i in 0..STEPS {
        posts.push(proving.prove(&mut host).unwrap().post);
        let turned = proving.state.steps_since_switch() == 0;
        turns += usize::from(turned);
        threads = threads.max(proving.state.thread_count());
        if turned || i % 100 == 0 {
            let root = proving.memory_root();
            let fresh = State::<Mips64>::from_bytes(&proving.state.to_bytes()).unwrap();
            assert_eq!(fresh.hash(&root), posts[i], "step {i}");
        }
    }
    assert!(
        turns > 10 && threads > 3,
        "{turns} turns of {threads} threads"
    );
    let mut roots = Vec::new();
    let until = FROM + STEPS as u64;
    together.roots(until, &mut host, &mut roots).unwrap();
    assert_eq!(roots.len(), posts.len());
    for (i, (root, post)) in roots.iter().zip(&posts).enumerate() {
        assert_eq!(root, post, "step {i}");
    }
}

/// The same guest in the state versions before, which do not give it random bytes. Upstream's programs
/// of either version, each its own release, wrote the same files.
#[test]
fn threads_in_versions_before() {
    assert_vector::<fpvm_isa_mips64::Mips64<7>>("threads.c", "mips64-7");
    assert_vector::<fpvm_isa_mips64::Mips64<6>>("threads.c", "mips64-7");
}

/// The claim in Rust and the bare program in C, for a processor that Go is not asked to build them for.
#[test]
fn examples_of_mips64() {
    assert_examples::<Mips64>("mips64", &["claim", "bare"]);
}

/// A program of the newest Go, with goroutines on threads of their own and the collector.
#[test]
fn threads_of_go_1_26() {
    assert_vector::<Mips64>("threads.go126", "mips64");
}

/// The guests of `examples/guests`, each with each of its sets of pre-images.
fn assert_examples<I: Program>(vm: &str, guests: &[&str]) {
    let all: Vec<Expected> = json(&path("guests/expected.json")).unwrap();
    for guest in guests {
        let of_guest = || all.iter().filter(|run| run.vm == vm && run.guest == *guest);
        assert!(of_guest().count() > 0, "no answer for {guest}");
        for expected in of_guest() {
            let elf = read(&example("bin").join(&expected.elf)).unwrap();
            let folder = expected
                .preimages
                .as_ref()
                .map(|dir| Folder::new(example(dir)));
            match folder {
                Some(mut folder) => assert_run_as_upstream::<I>(&elf, expected, &mut folder),
                None => assert_run_as_upstream::<I>(&elf, expected, &mut NoOracle),
            }
        }
    }
}

macro_rules! examples {
    ($($name:ident: $guests:expr;)*) => {
        mod examples {$(
            mod $name {
                #[test]
                fn mips32() {
                    super::super::assert_examples::<fpvm_isa_mips::Mips32>("mips32", $guests);
                }

                #[test]
                fn riscv64() {
                    super::super::assert_examples::<fpvm_isa_riscv::Rv64>("riscv64", $guests);
                }
            }
        )*}

        #[test]
        fn no_example_is_left_out() {
            let tested = [$($guests.as_slice()),*].concat();
            let all: Vec<Expected> = json(&path("guests/expected.json")).unwrap();
            for run in all {
                assert!(tested.contains(&run.guest.as_str()), "{}", run.guest);
            }
        }
    };
}

examples! {
    claim: &["claim"];
    alloc: &["alloc"];
    sort: &["sort"];
    maps: &["maps"];
    copy: &["copy"];
    primes: &["primes"];
    keccak: &["keccak"];
    bare: &["bare"];
}
