//! Hashing of Merkle nodes: one after another along a branch, many at a time, whole pages.

use std::hint::black_box;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use fpvm_core::keccak::{self, Lanes, PAGE_BYTES};

fn branch(c: &mut Criterion) {
    const LEVELS: u64 = 27;
    let mut group = c.benchmark_group("branch");
    group.throughput(Throughput::Elements(LEVELS));
    let sibling = black_box([7; 32]);
    let walk =
        |hash: &dyn Fn(&[u8; 32]) -> [u8; 32]| (0..LEVELS).fold([1; 32], |node, _| hash(&node));
    for lanes in Lanes::available() {
        group.bench_function(lanes.to_string(), |b| {
            b.iter(|| walk(&|node| lanes.hash_pair(node, &sibling)));
        });
    }
    group.bench_function("detected at run time", |b| {
        b.iter(|| walk(&|node| keccak::hash_pair(node, &sibling)));
    });
    group.bench_function("as any bytes", |b| {
        b.iter(|| walk(&|node| keccak::keccak256([*node, sibling].as_flattened())));
    });
    group.finish();
}

fn message(c: &mut Criterion) {
    let message = black_box([7; 298]);
    let mut group = c.benchmark_group("message of 298 bytes");
    for lanes in Lanes::available() {
        group.bench_function(lanes.to_string(), |b| b.iter(|| lanes.hash(&message)));
    }
    group.finish();
}

fn nodes(c: &mut Criterion) {
    for count in [2, 8, 4096] {
        let nodes: Vec<u8> = (0..64 * count).map(|i| ((i * 31) >> 3) as u8).collect();
        let mut out = vec![[0; 32]; count];
        let mut group = c.benchmark_group(format!("nodes/{count}"));
        group.throughput(Throughput::Elements(count as u64));
        for lanes in Lanes::available() {
            group.bench_function(lanes.to_string(), |b| {
                b.iter(|| keccak::hash_nodes_with(lanes, black_box(&nodes), black_box(&mut out)));
            });
        }
        group.finish();
    }
}

fn pages(c: &mut Criterion) {
    const PAGES: usize = 64;
    let bytes: Vec<u8> = (0..PAGES * PAGE_BYTES)
        .map(|i| ((i * 31) >> 3) as u8)
        .collect();
    let pages: Vec<_> = bytes.as_chunks::<PAGE_BYTES>().0.iter().collect();
    let mut nodes = [[0; 32]; 128];
    let mut roots = [[0; 32]; PAGES];
    let mut group = c.benchmark_group("pages");
    group.throughput(Throughput::Elements(PAGES as u64));
    group.bench_function("inner nodes of each", |b| {
        b.iter(|| {
            for page in black_box(&pages) {
                keccak::page_nodes(page, black_box(&mut nodes));
            }
        });
    });
    group.bench_function("roots of all", |b| {
        b.iter(|| keccak::page_roots(black_box(&pages), black_box(&mut roots)));
    });
    group.finish();
}

criterion_group!(benches, branch, message, nodes, pages);
criterion_main!(benches);
