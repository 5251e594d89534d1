//! What the translator emits, as a hash for each guest: two translators that make the same code print the
//! same lines.
//!
//! `cargo run -p fpvm-jit --example emitted -- [--steps N] [--hot N] [GUEST…]`
//!
//! Without guests it runs those that are bundled and those of the vectors. `--steps` says how far, and
//! `--hot` how often code is reached before it is translated. A line has the guest, the steps that it was
//! run for, traces, guest instructions in them, and the hash of their code.

use fpvm_core::formats::elf::{Program, load};
use fpvm_core::machine::vm::{Host, Vm};
use fpvm_core::step::oracle::Silent;
use fpvm_isa_mips::Mips32;
use fpvm_isa_mips64::Newest as Mips64;
use fpvm_isa_riscv::Rv64;
use fpvm_isa_riscv::imac::Imac;
use fpvm_jit::Jit;
use fpvm_oracle::{Checked, Replay};
use std::error::Error;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

type Result<T> = core::result::Result<T, Box<dyn Error>>;

/// Guests and their pre-images.
const BUNDLED: [(&str, &str); 2] = [
    ("examples/guests/bin", "examples/guests/preimages"),
    ("spec-tests/vectors/guests", "spec-tests/vectors/preimages"),
];

struct Args {
    steps: u64,
    hot: u8,
}

fn digest<I: Program>(guest: &Path, preimages: &Path, args: &Args) -> Result<()> {
    let mut vm: Vm<I> = load(&std::fs::read(guest)?, I::PATCHES)?;
    let jit = Jit::<I>::new()?.hot_after(args.hot).digest_code();
    let counters = jit.counters();
    vm.set_tier(Some(Box::new(jit)));
    let store = Replay::new(fpvm_oracle::store::open(preimages)?);
    let mut oracle = Checked::new(store, "the store");
    let mut host = Host {
        oracle: &mut oracle,
        console: &mut Silent,
    };
    // A guest that lacks a pre-image has run so far all the same.
    let ended = vm.run(args.steps, false, &mut host);
    let count = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
    println!(
        "{:<24}{:>10}{:>7}{:>8}  {:016x}{}",
        guest.file_name().unwrap_or_default().to_string_lossy(),
        vm.state.step,
        count(&counters.traces),
        count(&counters.instructions),
        count(&counters.code_digest),
        ended.map_or_else(|error| format!("  {error}"), |_| String::new()),
    );
    Ok(())
}

fn one(guest: &Path, preimages: &Path, args: &Args) -> Result<()> {
    match guest.extension().and_then(|ending| ending.to_str()) {
        Some("mips") => digest::<Mips32>(guest, preimages, args),
        Some("mips64") => digest::<Mips64>(guest, preimages, args),
        Some("riscv64") => digest::<Rv64>(guest, preimages, args),
        Some("imac") => digest::<Imac>(guest, preimages, args),
        // The sources and hashes that lie beside the guests.
        _ => Ok(()),
    }
}

fn main() -> Result<()> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let mut args = Args {
        steps: 20_000_000,
        hot: 8,
    };
    let mut guests: Vec<PathBuf> = Vec::new();
    let mut words = std::env::args().skip(1);
    while let Some(word) = words.next() {
        let mut value = || words.next().ok_or(format!("{word} needs a number"));
        match word.as_str() {
            "--steps" => args.steps = value()?.parse()?,
            "--hot" => args.hot = value()?.parse()?,
            _ => guests.push(word.into()),
        }
    }
    for guest in &guests {
        one(guest, &root.join(BUNDLED[0].1), &args)?;
    }
    for (folder, preimages) in BUNDLED {
        if !guests.is_empty() {
            break;
        }
        let files = std::fs::read_dir(root.join(folder))?;
        let mut files: Vec<_> = files.map(|file| Ok(file?.path())).collect::<Result<_>>()?;
        files.sort();
        for guest in files {
            one(&guest, &root.join(preimages), &args)?;
        }
    }
    Ok(())
}
