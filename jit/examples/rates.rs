//! Steps per CPU-second of a guest by each tier, and by another VM if its path is given.
//!
//! `cargo run --release -p fpvm-jit --example rates -- [--against PATH] [--only TIER] [--hot N]
//! [--explain] [--again] [--preimages PLACE] GUEST…`
//!
//! `--hot` says how often code is reached before it is translated; `--preimages` where the guests'
//! pre-images were recorded. `--explain` prints why control was not in translated code, and where most of it.
//! `--again` runs each guest twice: the second time it is known which code is hot.
//! A guest is an ELF file whose name ends in `.mips`, `.mips64`, `.riscv64` or `.imac`. The other VM has
//! Cannon's command line (`load-elf`, `run`); its CPU time is that of the whole `run`.

use fpvm_core::formats::elf::{Program, load};
use fpvm_core::machine::hot_code::HotCode;
use fpvm_core::machine::vm::{Host, Tier};
use fpvm_core::step::oracle::{NoOracle, Oracle, Silent};
use fpvm_isa_mips::Mips32;
use fpvm_isa_mips64::Newest as Mips64;
use fpvm_isa_riscv::Rv64;
use fpvm_isa_riscv::imac::Imac;
use fpvm_jit::{Counters, Departure, Jit};
use fpvm_oracle::{Checked, Replay};
use std::error::Error;
use std::path::PathBuf;
use std::process::Command;
use std::sync::atomic::Ordering;

type Result<T> = core::result::Result<T, Box<dyn Error>>;

/// CPU seconds of this process, or of its children that have ended.
fn cpu_seconds(whose: libc::c_int) -> f64 {
    // SAFETY: the structure is plain numbers, for which zeros are fine, and the call fills it.
    let usage = unsafe {
        let mut usage = core::mem::zeroed::<libc::rusage>();
        libc::getrusage(whose, &mut usage);
        usage
    };
    let seconds = |time: libc::timeval| time.tv_sec as f64 + time.tv_usec as f64 / 1e6;
    seconds(usage.ru_utime) + seconds(usage.ru_stime)
}

/// Steps, million steps a CPU-second, state root.
fn measure<I: Program>(
    guest: &str,
    args: &Args,
    jit: Option<Jit<I>>,
) -> Result<(u64, f64, String)> {
    let bytes = std::fs::read(guest)?;
    let mut vm = load::<I>(&bytes, I::PATCHES)?;
    let mut counters = None;
    if let Some(tier) = jit {
        counters = Some(tier.counters());
        let tier: Box<dyn Tier<I>> = Box::new(tier);
        vm.set_tier(Some(tier));
        vm.share_hot_code(&args.known);
    }
    let mut oracle: Box<dyn Oracle> = match &args.preimages {
        Some(place) => {
            let store = Replay::new(fpvm_oracle::store::open(place)?);
            Box::new(Checked::new(store, "the store"))
        }
        None => Box::new(NoOracle),
    };
    let mut host = Host {
        oracle: oracle.as_mut(),
        console: &mut Silent,
    };
    let before = cpu_seconds(libc::RUSAGE_SELF);
    vm.run(u64::MAX, false, &mut host)?;
    let seconds = cpu_seconds(libc::RUSAGE_SELF) - before;
    if let Some(counters) = counters {
        if args.explain {
            explain(&counters);
        }
        let count = |counter: &std::sync::atomic::AtomicU64| counter.load(Ordering::Relaxed);
        println!(
            "    {} traces, {} instructions, {} refused, {} bytes of code, {} steps interpreted, {} exits",
            count(&counters.traces),
            count(&counters.instructions),
            count(&counters.refused),
            count(&counters.code_bytes),
            count(&counters.interpreted),
            count(&counters.exits),
        );
    }
    let root = const_hex::encode(vm.state_root());
    Ok((vm.state.step, vm.state.step as f64 / seconds / 1e6, root))
}

/// Places that are listed.
const PLACES: usize = 12;

/// Prints the reasons for which control was not in translated code, and the places of the most steps.
fn explain(counters: &Counters) {
    println!(
        "    {:<32}{:>12}{:>14}",
        "outside of translated code", "times", "steps"
    );
    for why in Departure::ALL {
        let departed = counters.departed(why);
        println!(
            "    {:<32}{:>12}{:>14}",
            why.name(),
            departed.times,
            departed.steps
        );
    }
    for (why, pc, departed) in counters.places().into_iter().take(PLACES) {
        let what = format!("{pc:#x} {}", why.name());
        println!("    {what:<44}{:>10}{:>14}", departed.times, departed.steps);
    }
}

fn compare<I: Program>(guest: &str, args: &Args) -> Result<()> {
    println!("{guest}");
    let (only, against) = (args.only.as_deref(), args.against.as_deref());
    let interpreter = match only {
        None | Some("interpreter") => Some(measure::<I>(guest, args, None)?),
        _ => None,
    };
    let jit = match only {
        None | Some("jit") => {
            let mut tier = Jit::new()?;
            if let Some(visits) = args.hot {
                tier = tier.hot_after(visits);
            }
            if args.explain {
                tier = tier.explain();
            }
            Some(measure::<I>(guest, args, Some(tier))?)
        }
        _ => None,
    };
    let of = |rate: &Option<(u64, f64, String)>| rate.as_ref().map_or(f64::NAN, |rate| rate.1);
    if let (Some(a), Some(b)) = (&interpreter, &jit)
        && (a.0 != b.0 || a.2 != b.2)
    {
        return Err(format!("tiers differ: {a:?} {b:?}").into());
    }
    println!(
        "    interpreter {:.0} M/s, jit {:.0} M/s (x{:.1})",
        of(&interpreter),
        of(&jit),
        of(&jit) / of(&interpreter)
    );
    if let Some(against) = against {
        let state = std::env::temp_dir().join(format!("rates-{}.bin.gz", std::process::id()));
        let mut prepare = Command::new(against);
        prepare.args(["load-elf", "--path", guest, "--meta", "", "--out"]);
        if I::NAME == "mips" {
            prepare.args([&state.display().to_string(), "--type", I::VM_TYPE]);
        } else {
            prepare.arg(&state);
        }
        prepare.output()?;
        let before = cpu_seconds(libc::RUSAGE_CHILDREN);
        let run = Command::new(against)
            .args([
                "run",
                "--meta",
                "",
                "--output",
                "",
                "--info-at",
                "never",
                "--input",
            ])
            .arg(&state)
            .output()?;
        let seconds = cpu_seconds(libc::RUSAGE_CHILDREN) - before;
        std::fs::remove_file(&state)?;
        let steps = jit.as_ref().or(interpreter.as_ref()).map_or(0, |run| run.0);
        let rate = steps as f64 / seconds / 1e6;
        println!(
            "    other {rate:.1} M/s ({}): interpreter x{:.1}, jit x{:.1}",
            run.status,
            of(&interpreter) / rate,
            of(&jit) / rate
        );
    }
    Ok(())
}

#[derive(Default)]
struct Args {
    against: Option<String>,
    only: Option<String>,
    hot: Option<u8>,
    explain: bool,
    preimages: Option<PathBuf>,
    again: bool,
    /// What was hot in a run before, where guests are run again.
    known: HotCode,
}

fn main() -> Result<()> {
    let (mut args, mut guests) = (Args::default(), Vec::new());
    let mut words = std::env::args().skip(1);
    while let Some(word) = words.next() {
        match word.as_str() {
            "--against" => args.against = words.next(),
            "--only" => args.only = words.next(),
            "--preimages" => args.preimages = words.next().map(PathBuf::from),
            "--explain" => args.explain = true,
            "--again" => args.again = true,
            "--hot" => args.hot = words.next().map(|word| word.parse()).transpose()?,
            _ => guests.push(word),
        }
    }
    if args.again {
        // The same once more: what the first run of each found hot, the second translates at once.
        guests = guests
            .iter()
            .flat_map(|guest| [guest.clone(), guest.clone()])
            .collect();
    }
    for (number, guest) in guests.into_iter().enumerate() {
        if !(args.again && number % 2 == 1) {
            args.known = HotCode::default();
        }
        if guest.ends_with(".mips64") {
            compare::<Mips64>(&guest, &args)?;
        } else if guest.ends_with(".mips") {
            compare::<Mips32>(&guest, &args)?;
        } else if guest.ends_with(".imac") {
            compare::<Imac>(&guest, &args)?;
        } else {
            compare::<Rv64>(&guest, &args)?;
        }
    }
    Ok(())
}
