//! `check` and `disasm` on programs, and `--patch`.

mod common;

use common::{Shop, guests, vectors};

fn check(shop: &Shop, words: &[&str]) -> String {
    shop.run_words(&[&["check"], words].concat()).ok()
}

#[test]
fn programs_of_go_1_22_fit() {
    let shop = Shop::new();
    for guest in ["hello.go122.mips", "hello.go122.riscv64"] {
        let file = vectors("guests").join(guest);
        let text = check(&shop, &[file.to_str().unwrap()]);
        assert!(text.contains("made by     go1.22.10\n"), "{text}");
        assert!(
            text.contains("patches     upstream's fit this Go release\n"),
            "{text}"
        );
        assert!(
            text.ends_with("it runs, unless it comes to what the warnings name\n"),
            "{text}"
        );
    }
}

#[test]
fn bare_programs_have_nothing_against_them() {
    let shop = Shop::new();
    for guest in ["bare.mips", "bare.riscv64"] {
        let text = check(&shop, &[guests("bin").join(guest).to_str().unwrap()]);
        assert!(text.contains("made by     not Go"), "{text}");
        assert!(
            text.ends_with("nothing speaks against running it\n"),
            "{text}"
        );
    }
}

/// A Go 1.22 program in which the two functions that Go 1.23 swapped have each other's names.
#[test]
fn patches_follow_the_go_release() {
    let shop = Shop::new();
    let elf = std::fs::read(vectors("guests/hello.go122.mips")).unwrap();
    let swapped = swap(&elf, b"runtime.init.5\0", b"runtime.init.4\0");
    shop.write("moved", swapped);
    let refused = shop.run("check moved");
    assert!(
        refused
            .out
            .contains("problem: upstream's patches do not fit go1.22.10"),
        "{}",
        refused.out
    );
    assert!(
        refused.out.contains("remedy: load it with --patch auto"),
        "{}",
        refused.out
    );
    refused.fails(1, "moved will not run: 1 problems");
    let text = check(&shop, &["moved", "--patch", "auto"]);
    assert!(text.contains("are moved by --patch auto"), "{text}");

    // What auto makes of it is what upstream makes of the program as it was.
    shop.write("plain", &elf);
    let root = |line: &str| shop.run(line).ok();
    let right = root("state-root plain");
    assert_eq!(root("state-root moved --patch auto"), right);
    assert_eq!(root("state-root plain --patch auto"), right);
    assert_ne!(root("state-root moved"), right);
    assert_ne!(root("state-root plain --patch none"), right);
    shop.run("run plain --patch none")
        .fails(1, "waits in runtime.notesleep");
}

/// Go names its memory by a system call since 1.25, which Cannon's 64-bit VM does not have.
#[test]
fn newer_go_has_to_be_told_not_to_name_memory() {
    let shop = Shop::new();
    let elf = std::fs::read(vectors("guests/threads.go126.mips64")).unwrap();
    shop.write("told", &elf);
    let text = check(&shop, &["told"]);
    assert!(text.contains("made by     go1.26.0\n"), "{text}");
    assert!(!text.contains("problem"), "{text}");

    let (off, on) = (b"decoratemappings=0", b"decoratemappings=1");
    let mut untold = elf;
    let ends = (off.len()..=untold.len()).filter(|end| untold[..*end].ends_with(off));
    for end in ends.collect::<Vec<_>>() {
        untold[end - on.len()..end].copy_from_slice(on);
    }
    shop.write("untold", untold);
    let refused = shop.run("check untold");
    assert!(
        refused.out.contains("problem: the system call prctl"),
        "{}",
        refused.out
    );
    assert!(
        refused
            .out
            .contains("remedy: put //go:debug decoratemappings=0"),
        "{}",
        refused.out
    );
    refused.fails(1, "untold will not run: 1 problems");
}

fn swap(bytes: &[u8], a: &[u8], b: &[u8]) -> Vec<u8> {
    let at = |what: &[u8]| {
        bytes
            .windows(what.len())
            .rposition(|window| window == what)
            .unwrap()
    };
    let (at_a, at_b) = (at(a), at(b));
    let mut swapped = bytes.to_vec();
    swapped[at_a..at_a + a.len()].copy_from_slice(b);
    swapped[at_b..at_b + b.len()].copy_from_slice(a);
    swapped
}

#[test]
fn instructions_that_fault_or_do_nothing_are_found() {
    let shop = Shop::new();
    let mut elf = std::fs::read(guests("bin/bare.riscv64")).unwrap();
    // Two instructions of the program, from its `guest`.
    let text = shop.run_words(&[
        "disasm",
        guests("bin/bare.riscv64").to_str().unwrap(),
        "--symbol",
        "guest",
    ]);
    let text = text.ok();
    let words: Vec<u32> = text
        .lines()
        .filter_map(|line| {
            u32::from_str_radix(line.split(": ").nth(1)?.split(' ').next()?, 16).ok()
        })
        .collect();
    let at = elf
        .windows(8)
        .position(|window| window == [words[0].to_le_bytes(), words[1].to_le_bytes()].concat());
    let at = at.unwrap();
    elf[at..at + 8].copy_from_slice(&[0x53, 0, 0, 0, 0x43, 0, 0, 0]);
    shop.write("float", &elf);
    let text = check(&shop, &["float"]);
    assert!(
        text.contains("silently do nothing (float.op): 1 in 1 functions: guest (0x"),
        "{text}"
    );
    assert!(
        text.contains("come to them (unknown opcode): 1 in 1 functions: guest (0x")
            || text.contains("comes to them (unknown opcode): 1 in 1 functions: guest (0x"),
        "{text}"
    );
}

#[test]
fn the_vm_for_compressed_code_is_named() {
    let shop = Shop::new();
    let compressed = guests("bin/bare.imac");
    let refused = shop.run_words(&["check", compressed.to_str().unwrap()]);
    assert!(
        refused
            .out
            .contains("remedy: run it on the VM type imac-1, which has them"),
        "{}",
        refused.out
    );
    refused.fails(1, "will not run: 1 problems");
    let text = check(&shop, &[compressed.to_str().unwrap(), "--type", "imac-1"]);
    assert!(
        text.ends_with("nothing speaks against running it\n"),
        "{text}"
    );
    // Go is told what that VM does not have.
    let go = vectors("guests/hello.go122.riscv64");
    let refused = shop.run_words(&["check", go.to_str().unwrap(), "--type", "imac-1"]);
    assert!(
        refused.out.contains(
            "needs the floating-point registers (the extensions F and D), and the VM has none"
        ),
        "{}",
        refused.out
    );
    refused.fails(1, "will not run: 1 problems");
}

#[test]
fn instructions_are_shown_with_their_symbols() {
    let shop = Shop::new();
    let guest = vectors("guests/hello.go122.riscv64");
    let guest = guest.to_str().unwrap();
    let text = shop
        .run_words(&["disasm", guest, "--symbol", "_rt0_riscv64_linux"])
        .ok();
    insta::assert_snapshot!(text, @r"
    _rt0_riscv64_linux:
    >    6d3f0: 00013503  ld      a0, 0(sp)
         6d3f4: 00810593  addi    a1, sp, 8
         6d3f8: 0080006f  jal     zero, 0x6d400
    ");
    let range = shop
        .run_words(&["disasm", guest, "--from", "0x6d3f4", "--to", "0x6d3f8"])
        .ok();
    assert_eq!(
        range,
        "_rt0_riscv64_linux+0x4:\n     6d3f4: 00810593  addi    a1, sp, 8\n"
    );
    let all = shop
        .run_words(&["disasm", guest, "--symbol", "runtime.mem*"])
        .ok();
    assert!(
        all.contains("runtime.memmove:") || all.contains("runtime.memequal:"),
        "{all}"
    );
    let state = vectors("states/hello.mips32.step-100000.bin.gz");
    let text = shop
        .run_words(&["disasm", state.to_str().unwrap(), "-n", "1"])
        .ok();
    assert_eq!(text, ">    483a4: 38a60001  xori    a2, a1, 0x1\n");
}

#[test]
fn a_bench_measures_something() {
    let shop = Shop::new();
    let guest = guests("bin/bare.mips");
    let words = [
        "bench",
        guest.to_str().unwrap(),
        "--steps",
        "1000000",
        "--json",
    ];
    let figures = common::json(shop.run_words(&words).ok());
    assert_eq!(figures["steps"], 1_000_000);
    assert!(figures["steps_per_cpu_second"].as_f64().unwrap() > 0.0);
    // The tiers beside each other, where there are two.
    let interpreter = &figures["interpreter"];
    assert_eq!(interpreter.is_object(), fpvm_jit::supported());
    if fpvm_jit::supported() {
        assert!(interpreter["slower"].as_f64().unwrap() > 0.0);
    }
    let words = [
        "bench",
        words[1],
        "--steps",
        "1000000",
        "--tier",
        "interpreter",
        "--json",
    ];
    let alone = common::json(shop.run_words(&words).ok());
    assert!(alone["interpreter"].is_null(), "{alone}");
    let own = env!("CARGO_BIN_EXE_fpvm");
    let words = [
        "bench",
        guest.to_str().unwrap(),
        "--steps",
        "1000000",
        "--against",
        own,
    ];
    let table = shop.run_words(&words).ok();
    assert!(
        table.contains("last states               equal\n"),
        "{table}"
    );
}

#[test]
fn every_shell_has_completions() {
    let shop = Shop::new();
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let script = shop.run_words(&["completions", shell]).ok();
        assert!(script.contains("state-root"), "{shell}");
    }
}
