//! `tour`: what fpvm is for, shown on a program that is built in. It checks what it shows, so it is
//! also a quick test of a build on the machine where it will run.

use crate::app::App;
use crate::commands::verify;
use crate::exit;
use crate::output::print;
use anyhow::{Context as _, ensure};
use fpvm::AnyVm;
use fpvm::Options;
use fpvm_core::machine::vm::{Event, Host};
use fpvm_core::step::proof::StepProof;
use fpvm_guests as guests;
use fpvm_oracle::store::{Memory, Store as _};
use fpvm_oracle::{Checked, Key, Kind, Replay};
use std::time::Instant;

/// Index of the claim among the local pre-images.
const CLAIM: u64 = 2;

/// The offset at which a pre-image's value begins: its length stands in front.
const VALUE: u64 = 8;

type Store = Checked<Replay<Memory>>;

pub(crate) fn run(app: &App) -> anyhow::Result<()> {
    let mut vm = load(app)?;
    let root = hex(&vm.state_root());
    print(&format!(
        "`claim` is a Go program for Cannon's MIPS32 that checks a claim about a toy rollup.\n\n\
         1. Load     {} bytes of ELF give {} pages of memory\n            state root {root}\n\n",
        guests::CLAIM.len(),
        vm.page_count(),
    ))?;

    let truth = run_to_end(vm.as_mut(), preimages()?)?;
    print(&format!(
        "2. Run      {truth}\n            state root {}\n\n",
        hex(&vm.state_root())
    ))?;
    ensure!(
        vm.exit_code() == 0,
        "the program refuses a claim that is true"
    );

    let step = truth
        .read_at
        .context("the program reads no hashed pre-image")?;
    let proof = prove(app, step)?;
    let preimage = proof.oracle_value.as_ref().map_or(0, Vec::len);
    print(&format!(
        "3. Prove    step {step}: {} bytes of state, {} of memory proof, {preimage} of pre-image\n            \
         from {}\n            to   {}\n\n",
        proof.state_data.len(),
        proof.proof_data.len(),
        hex(&proof.pre),
        hex(&proof.post),
    ))?;

    let verified = verify::check(&app.vms, &proof, vm.symbols())?;
    print(&format!(
        "4. Verify   from the proof alone\n{}\n5. Tamper   one bit at a time\n",
        indented(&verified, 10)
    ))?;
    for (name, bad) in tampered(&proof) {
        let refused = verify::check(&app.vms, &bad, vm.symbols()).err();
        let refused =
            refused.with_context(|| format!("a proof with another {name} is accepted"))?;
        print(&format!(
            "            {name}: refused, {}\n",
            exit::describe(&refused)
        ))?;
    }

    let mut lied_to = load(app)?;
    let mut lie = preimages()?;
    lie.put(Key::local(CLAIM), guests::FALSE_CLAIM)?;
    let lie = run_to_end(lied_to.as_mut(), lie)?;
    print(&format!(
        "\n6. Dispute  the same program over a false claim\n            {lie}\n            state root {}\n\n",
        hex(&lied_to.state_root())
    ))?;
    ensure!(
        lied_to.exit_code() == 1,
        "the program accepts a claim that is false"
    );
    print(&format!(
        "The first byte of a state root is the status: 03 unfinished, 00 valid, 01 invalid. Whoever calls\n\
         the false claim valid has to stand by some step on the way that no verifier accepts.\n\n\
         The same by hand, in the source tree:\n  \
         fpvm run examples/guests/bin/claim.mips --preimages examples/guests/preimages\n  \
         fpvm state-root examples/guests/bin/claim.mips --preimages examples/guests/preimages --step {step}\n  \
         fpvm prove examples/guests/bin/claim.mips --preimages examples/guests/preimages --step {step} --output proof.json\n  \
         fpvm verify proof.json\n"
    ))
}

fn load(app: &App) -> anyhow::Result<Box<dyn AnyVm>> {
    Ok(app.vms.load(guests::CLAIM, &Options::default())?)
}

/// The built-in pre-images of the true claim.
fn preimages() -> anyhow::Result<Memory> {
    let mut store = Memory::default();
    for (key, value) in guests::claim_preimages() {
        store.put(key.parse()?, value)?;
    }
    Ok(store)
}

fn checked(preimages: Memory) -> Store {
    Checked::new(Replay::new(preimages), "the built-in store")
}

/// What came of a run.
struct Outcome {
    steps: u64,
    seconds: f64,
    requests: u64,
    exit_code: u8,
    said: String,
    /// The first step that reads from the value of a keccak256 pre-image.
    read_at: Option<u64>,
}

impl std::fmt::Display for Outcome {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self {
            steps,
            seconds,
            requests,
            exit_code,
            said,
            ..
        } = self;
        let said = said.lines().last().unwrap_or_default();
        write!(
            f,
            "{steps} steps in {seconds:.2} s, {requests} pre-images; exit code {exit_code}, \"{said}\""
        )
    }
}

fn run_to_end(vm: &mut dyn AnyVm, preimages: Memory) -> anyhow::Result<Outcome> {
    let mut oracle = checked(preimages);
    let (mut said, mut read_at) = (Vec::new(), None);
    let mut console = |_stream: u8, bytes: &[u8]| said.extend_from_slice(bytes);
    let mut host = Host {
        oracle: &mut oracle,
        console: &mut console,
    };
    let began = Instant::now();
    while vm.run(u64::MAX, read_at.is_none(), &mut host)? != Event::Exited {
        let value_of_hash = vm
            .last_read()
            .is_some_and(|read| Key(read.key).kind() == Kind::Keccak256 && read.offset == VALUE);
        read_at = value_of_hash.then(|| vm.step().saturating_sub(1));
    }
    Ok(Outcome {
        steps: vm.step(),
        seconds: began.elapsed().as_secs_f64(),
        requests: oracle.stats().requests,
        exit_code: vm.exit_code(),
        said: String::from_utf8_lossy(&said).into_owned(),
        read_at,
    })
}

/// Runs anew to a step of the true claim's run, and proves it.
fn prove(app: &App, step: u64) -> anyhow::Result<StepProof> {
    let mut vm = load(app)?;
    let mut oracle = checked(preimages()?);
    let mut silent = fpvm_core::step::oracle::Silent;
    let mut host = Host {
        oracle: &mut oracle,
        console: &mut silent,
    };
    vm.run(step, false, &mut host)?;
    Ok(vm.prove(&mut host)?)
}

/// Copies of a proof, each with one bit changed.
fn tampered(proof: &StepProof) -> Vec<(&'static str, StepProof)> {
    let flip = |bytes: &mut [u8]| {
        if let Some(last) = bytes.last_mut() {
            *last ^= 1;
        }
    };
    let changed = |name, change: &dyn Fn(&mut StepProof)| {
        let mut bad = proof.clone();
        change(&mut bad);
        (name, bad)
    };
    vec![
        changed("state", &|bad| flip(&mut bad.state_data)),
        changed("memory proof", &|bad| flip(&mut bad.proof_data)),
        changed("pre-image", &|bad| {
            flip(bad.oracle_value.as_deref_mut().unwrap_or_default());
        }),
        changed("post-state", &|bad| flip(&mut bad.post)),
    ]
}

fn indented(text: &str, columns: usize) -> String {
    text.lines()
        .map(|line| format!("{:columns$}{line}\n", ""))
        .collect()
}

fn hex(hash: &[u8; 32]) -> String {
    const_hex::encode_prefixed(hash)
}
