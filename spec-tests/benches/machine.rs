//! How fast a guest runs, and what roots, witnesses, proofs and state files cost, for both ISAs.
//!
//! `cargo bench -p spec-tests` runs all; a name as argument picks some (`riscv/step`).

use criterion::measurement::WallTime;
use criterion::{
    BatchSize, BenchmarkGroup, Criterion, Throughput, criterion_group, criterion_main,
};
use fpvm_core::definition::word::Word;
use fpvm_core::formats::elf::{Program, load};
use fpvm_core::formats::state_file;
use fpvm_core::machine::memory::{PAGE_SIZE, PagedMemory, Prover};
use fpvm_core::machine::vm::{Event, Host, Vm};
use fpvm_core::step::oracle::{NoOracle, Silent};
use fpvm_core::step::verify::verify;
use fpvm_isa_mips::Mips32;
use fpvm_isa_riscv::Rv64;
use spec_tests::vectors::{example, read};
use std::time::Duration;

/// Steps before a guest is measured: start-up is over, memory in use.
const WARM: u64 = 20_000_000;
/// Steps of a measured piece.
const STEPS: u64 = 5_000_000;
/// Pages of 100 MiB.
const PAGES: u64 = (100 << 20) / PAGE_SIZE as u64;

type Group<'a> = BenchmarkGroup<'a, WallTime>;

fn run<I: Program>(vm: &mut Vm<I>, until: u64) -> Event {
    let mut host = Host {
        oracle: &mut NoOracle,
        console: &mut Silent,
    };
    vm.run(until, false, &mut host).expect("the guest runs")
}

/// A guest of ours, some way into its work.
fn warm<I: Program>(guest: &str) -> Vm<I> {
    let elf = read(&example("bin").join(guest)).expect("the guest is there");
    let mut vm = load::<I>(&elf, I::PATCHES).expect("it loads");
    run(&mut vm, WARM);
    vm
}

/// 100 MiB of pages that all differ.
fn filled<A: Word>() -> PagedMemory<A> {
    let mut memory = PagedMemory::new().expect("address space");
    let mut page = [0; PAGE_SIZE];
    for number in 0..PAGES {
        for (i, word) in page.as_chunks_mut::<8>().0.iter_mut().enumerate() {
            *word = (number << 32 | i as u64)
                .wrapping_mul(0x9e37_79b9_7f4a_7c15)
                .to_le_bytes();
        }
        memory
            .write_slice(number * PAGE_SIZE as u64, &page)
            .expect("within the limit");
    }
    memory
}

fn stepping<I: Program>(group: &mut Group<'_>, guests: &[&str], suffix: &str) {
    group.throughput(Throughput::Elements(STEPS));
    for guest in guests {
        let file = format!("{guest}.{suffix}");
        let mut vm = warm::<I>(&file);
        group.bench_function(format!("step/{guest}"), |bench| {
            bench.iter(|| {
                let until = vm.state.step + STEPS;
                if run(&mut vm, until) == Event::Exited {
                    vm = warm(&file);
                }
            });
        });
    }
}

fn roots<I: Program>(group: &mut Group<'_>) {
    group.throughput(Throughput::Elements(PAGES));
    group.bench_function("root of 100 MiB, cold", |bench| {
        bench.iter_batched_ref(
            filled::<I::Word>,
            PagedMemory::root,
            BatchSize::PerIteration,
        );
    });
    let mut memory = filled::<I::Word>();
    memory.root();
    for changed in [1, 100] {
        group.throughput(Throughput::Elements(changed));
        let mut round = 0u64;
        group.bench_function(
            format!("root of 100 MiB, {changed} pages changed"),
            |bench| {
                bench.iter(|| {
                    for i in 0..changed {
                        round += 1;
                        let at =
                            (i * 251 % PAGES) * PAGE_SIZE as u64 + round * 8 % PAGE_SIZE as u64;
                        memory
                            .write_slice(at, &round.to_le_bytes())
                            .expect("within the limit");
                    }
                    memory.root()
                });
            },
        );
    }
}

fn proofs<I: Program>(group: &mut Group<'_>, guest: &str) {
    let mut host = Host {
        oracle: &mut NoOracle,
        console: &mut Silent,
    };
    let mut vm = warm::<I>(guest);
    group.throughput(Throughput::Elements(1));
    group.bench_function("witness", |bench| bench.iter(|| vm.witness()));
    group.bench_function("prove, step after step", |bench| {
        bench.iter(|| vm.prove(&mut host).expect("a proof"));
    });
    let proof = vm.prove(&mut host).expect("a proof");
    group.bench_function("verify", |bench| {
        bench.iter(|| {
            verify::<I>(&proof.state_data, &proof.proof_data, &mut |_, _| None).expect("it holds")
        });
    });
}

fn files<I: Program>(group: &mut Group<'_>, guest: &str) {
    let dir = tempfile::tempdir().expect("a directory");
    let mut vm = warm::<I>(guest);
    let bytes = (vm.memory.page_count() * PAGE_SIZE) as u64;
    group.throughput(Throughput::Bytes(bytes));
    for name in ["state.bin", "state.bin.gz", "state.json"] {
        let file = dir.path().join(name);
        group.bench_function(format!("save {name}"), |bench| {
            bench.iter(|| state_file::save(&mut vm, &file).expect("it is written"));
        });
        group.bench_function(format!("load {name}"), |bench| {
            bench.iter(|| state_file::load::<I>(&file).expect("it is read"));
        });
    }
    let elf = read(&example("bin").join(guest)).expect("the guest is there");
    group.throughput(Throughput::Bytes(elf.len() as u64));
    group.bench_function("load ELF", |bench| {
        bench.iter(|| load::<I>(&elf, I::PATCHES).expect("it loads"));
    });
}

fn machine<I: Program>(criterion: &mut Criterion, suffix: &str) {
    let mut group = criterion.benchmark_group(I::NAME);
    group
        .sample_size(10)
        .measurement_time(Duration::from_secs(3));
    stepping::<I>(&mut group, &["keccak", "sort", "maps", "copy"], suffix);
    roots::<I>(&mut group);
    proofs::<I>(&mut group, &format!("sort.{suffix}"));
    files::<I>(&mut group, &format!("alloc.{suffix}"));
    group.finish();
}

fn mips(criterion: &mut Criterion) {
    machine::<Mips32>(criterion, "mips");
}

fn riscv(criterion: &mut Criterion) {
    machine::<Rv64>(criterion, "riscv64");
}

criterion_group!(benches, mips, riscv);
criterion_main!(benches);
