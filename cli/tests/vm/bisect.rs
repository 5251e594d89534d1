//! `bisect`: two states, two builds, two lists, and another VM.

use crate::common::{CODE, Shop, guests, json, mips, mips_state, vectors};
use std::fs;
use std::os::unix::fs::PermissionsExt as _;

/// `addiu $rt, $zero, value`.
fn load(register: u32, value: u32) -> u32 {
    0x2400_0000 | register << 16 | value
}

#[test]
fn two_builds_part_at_an_instruction() {
    let shop = Shop::new();
    let code = [load(8, 1), load(9, 2), load(10, 3), mips::SPIN, mips::NOP];
    let mut other = code;
    other[2] = load(10, 4);
    shop.write("a.bin", mips_state(&code));
    shop.write("b.bin", mips_state(&other));
    for stride in [1, 2, 1000] {
        let done = shop.run(&format!(
            "bisect a.bin b.bin --until 5000 --stride {stride}"
        ));
        let out = done.out.clone();
        done.fails(1, "error: the two part at step 3\n");
        let expected = format!(
            "their memory differs from the start; their registers are compared\n\
             last common registers, step 2\n\
             \x20 next instruction in A: {0:#x}: addiu   t2, zero, 3\n\
             \x20 next instruction in B: {0:#x}: addiu   t2, zero, 4\n",
            CODE + 8
        );
        assert!(out.starts_with(&expected), "{out}");
        assert!(out.contains("\n  t2: 0x3 in A, 0x4 in B\n"), "{out}");
        let memory = "\n  memory 0x1008: 240a00031000ffff in A, 240a00041000ffff in B\n";
        assert!(out.contains(memory), "{out}");
    }
    let none = shop.run("bisect a.bin a.bin --until 5000").ok();
    assert_eq!(none, "they do not part; both are at step 5000\n");
    shop.run("run a.bin --stop-at =4 --output later.bin").ok();
    let text = "one starts at step 0 and the other at 4: they have to start together";
    shop.run("bisect later.bin a.bin").fails(1, text);
}

#[test]
fn a_list_parts_from_a_run_or_from_another_list() {
    let shop = Shop::new();
    shop.bring(&vectors("guests/hello.go122.mips"));
    shop.run("checkpoints make hello.go122.mips --every 50000 --out a")
        .ok();
    shop.run("checkpoints make hello.go122.mips --every 50000 --out b")
        .ok();
    let right = "the list and the run do not part\n";
    assert_eq!(
        shop.run("bisect a/manifest.json hello.go122.mips").ok(),
        right
    );
    let right = "the two lists do not part up to step 302090, their last in common\n";
    assert_eq!(
        shop.run("bisect a/manifest.json b/manifest.json").ok(),
        right
    );

    let depot = fpvm_checkpoints::depot::Depot::open(shop.path("b").to_str().unwrap()).unwrap();
    let name = "manifest.json";
    let mut list = fpvm_checkpoints::manifest::Manifest::load(&depot, name).unwrap();
    let root = list.entries[4].root;
    list.entries[4].root.0[31] ^= 1;
    list.entries[5].root.0[31] ^= 1;
    list.save(&depot, name).unwrap();
    let run = shop.run("bisect b/manifest.json hello.go122.mips");
    let text = "error: the list parts from the run after step 150000: at step 200000 it has 0x";
    let told = run.fails(1, text);
    assert!(told.contains(&root.to_string()), "{told}");
    // The place is enough, as for all other commands.
    let place = shop.run("bisect b hello.go122.mips");
    assert_eq!(place.fails(1, text), told);
    let lists = shop.run("bisect a/manifest.json b/manifest.json");
    let text = "the two lists part after step 150000: at step 200000 one has 0x";
    assert!(lists.fails(1, text).contains(&root.to_string()));
    let mut changed = json(shop.read("b/manifest.json"));
    changed["commitment"] = changed["plan"]["pre-state"].clone();
    shop.write("b/manifest.json", changed.to_string());
    let refused = shop.run("bisect b/manifest.json hello.go122.mips");
    refused.fails(1, "b/manifest.json: the commitment is");
}

/// Two builds differ in memory, registers and steps all the time: what goes out is compared, then calls by name.
#[test]
fn two_builds_of_a_program_part_at_what_they_print() {
    let shop = Shop::new();
    let elf = fs::read(guests("bin/claim.mips")).unwrap();
    let changed = |from: &[u8], to: &[u8]| {
        let at = elf
            .windows(from.len())
            .position(|part| part == from)
            .unwrap();
        let mut changed = elf.clone();
        changed[at..at + to.len()].copy_from_slice(to);
        changed
    };
    shop.write("a.mips", &elf);
    shop.write("b.mips", changed(b"the claim is true", b"THE"));
    // Nothing of it goes out.
    shop.write("c.mips", changed(b"go1.22.10", b"go1.22.11"));
    let store = guests("preimages");
    let bisect = |a: &str, b: &str| {
        shop.run_words(&["bisect", a, b, "--preimages", store.to_str().unwrap()])
    };
    let done = bisect("b.mips", "a.mips");
    assert!(
        done.out
            .contains(": writes \"THE claim is true\\n\" to stdout\n"),
        "{}",
        done.out
    );
    assert!(
        done.out
            .contains(": writes \"the claim is true\\n\" to stdout\n"),
        "{}",
        done.out
    );
    assert!(
        done.out.contains("  called by main.main+0x"),
        "{}",
        done.out
    );
    assert!(
        done.out.contains("since then both call the same "),
        "{}",
        done.out
    );
    done.fails(1, "the two part at effect ");
    let same = bisect("c.mips", "a.mips").ok();
    assert!(same.ends_with("; both: exits with code 0\n"), "{same}");
}

/// A VM that is this one, but with other local data.
fn liar(shop: &Shop, name: &str, store: &str) {
    let fpvm = env!("CARGO_BIN_EXE_fpvm");
    // All up to `--` is passed on; the host behind it is replaced.
    let script = format!(
        "#!/bin/sh\necho run >>runs\nfor word; do shift; [ \"$word\" = -- ] && break; \
         set -- \"$@\" \"$word\"; done\n\
         while [ \"$1\" != run ]; do shift; done\nexec {fpvm} \"$@\" -- {fpvm} preimages serve {store}\n"
    );
    shop.write(name, script);
    fs::set_permissions(shop.path(name), fs::Permissions::from_mode(0o755)).unwrap();
}

#[test]
fn another_vm_parts_where_it_lies() {
    let shop = Shop::new();
    shop.bring(&vectors("guests/preimage.go122.riscv64"));
    for store in ["right", "wrong"] {
        fs::create_dir(shop.path(store)).unwrap();
        for file in fs::read_dir(vectors("preimages")).unwrap() {
            let path = file.unwrap().path();
            let name = path.file_name().unwrap().to_str().unwrap().to_string();
            let mut bytes = fs::read(&path).unwrap();
            // Local data is not bound to its key.
            if store == "wrong" && name.starts_with("01") {
                bytes[0] ^= 1;
            }
            shop.write(&format!("{store}/{name}"), bytes);
        }
    }
    liar(&shop, "honest", "right");
    liar(&shop, "liar", "wrong");
    let line = "preimage.go122.riscv64 --preimages right --stride 20000";
    let none = shop.run(&format!("bisect ./honest {line}")).ok();
    assert!(
        none.starts_with("they do not part; both end at step "),
        "{none}"
    );
    fs::remove_file(shop.path("runs")).unwrap();
    let done = shop.run(&format!("bisect ./liar {line} --until 300000"));
    let out = done.out.clone();
    let told = done.fails(1, "error: the two part at step ");
    let step: u64 = told.trim().rsplit_once(' ').unwrap().1.parse().unwrap();
    let before = format!("last common state, step {}: 0x03", step - 1);
    assert!(out.starts_with(&before) && out.contains("ecall"), "{out}");
    assert!(
        out.contains("\nA, step ") && out.contains("  memory 0x"),
        "{out}"
    );
    // Our own run really reads local data in that step.
    let proof = format!(
        "prove preimage.go122.riscv64 --preimages right --step {}",
        step - 1
    );
    let proof = json(shop.run(&proof).ok());
    assert!(
        proof["oracle-key"].as_str().unwrap().starts_with("0x01"),
        "{proof}"
    );
    let runs = String::from_utf8(shop.read("runs"))
        .unwrap()
        .lines()
        .count();
    assert!(runs <= 8, "{runs} runs of the other VM");

    shop.write("broken", "#!/bin/sh\necho no such thing >&2\nexit 3\n");
    fs::set_permissions(shop.path("broken"), fs::Permissions::from_mode(0o755)).unwrap();
    let broken = shop.run(&format!("bisect ./broken {line}"));
    broken.fails(1, "failed (exit status: 3): no such thing");
    shop.write("silent", "#!/bin/sh\n");
    fs::set_permissions(shop.path("silent"), fs::Permissions::from_mode(0o755)).unwrap();
    let silent = shop.run(&format!("bisect ./silent {line}"));
    silent.fails(1, "wrote a state that cannot be read");
}
