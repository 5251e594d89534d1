//! `check` and `disasm` on programs, and `--patch`.

use crate::common::{Shop, guests, vectors};

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
        // What Go's own packages have, and come to only where the machine has it, is one line.
        assert!(
            text.contains("in Go's own packages") || text.contains("Go's own packages have them"),
            "{text}"
        );
        assert!(
            text.ends_with("nothing speaks against running it\n"),
            "{text}"
        );
        let told = crate::common::json(check(&shop, &[file.to_str().unwrap(), "--json"]));
        let grades = told["findings"].as_array().unwrap().iter();
        assert!(grades.clone().count() > 1, "{told}");
        assert!(
            grades
                .map(|found| &found["grade"])
                .all(|grade| grade == "harmless"),
            "{told}"
        );
        assert_eq!(told["problems"], 0);
    }
}

fn odd(name: &str) -> String {
    vectors("odd").join(name).to_str().unwrap().into()
}

/// Encodings of later releases and of extensions that the VM takes for others.
#[test]
fn words_that_the_vm_takes_for_others_are_named() {
    let shop = Shop::new();
    for (file, named, taken_for) in [
        ("ror.mips64", "rotr of MIPS release 2", "srl"),
        ("r6n.mips64", "dmod of MIPS release 6", "ddiv"),
        ("r6n.mips64", "the program was built for MIPS release 6", ""),
        ("zb.riscv64", "ctz of the extension Zbb", "slli"),
    ] {
        let done = shop.run_words(&["check", &odd(file)]);
        let problem = done
            .out
            .lines()
            .find(|line| line.starts_with("problem: ") && line.contains(named));
        assert!(
            problem.is_some_and(|line| line.contains(taken_for)),
            "{}",
            done.out
        );
        done.fails(1, "will not run");
        // The same in one warning where it is loaded; upstream's programs say nothing.
        let run = shop.run_words(&["run", &odd(file), "--stop-at", "=1"]);
        assert_eq!(run.err.matches("level=WARN").count(), 1, "{}", run.err);
        assert!(run.err.contains(named), "{}", run.err);
    }
    let cannon = Shop::named("cannon");
    let run = cannon.run_words(&[
        "run",
        "--input",
        &odd("ror.mips64"),
        "--stop-at",
        "=1",
        "--meta",
        "",
        "--output",
        "",
    ]);
    assert!(!run.err.contains("WARN"), "{}", run.err);
    run.ok();
    let said = shop.run_words(&["check", &odd("zb.riscv64"), "--json"]);
    let said = crate::common::json(said.out);
    assert_eq!(said["findings"][0]["grade"], "problem");
    assert!(
        said["facts"]
            .as_array()
            .unwrap()
            .iter()
            .any(|fact| fact["text"] == "rv64i2p1_m2p0_a2p1_zmmul1p0_zbb1p0")
    );
}

/// Nobody would load a library: the file is refused, whichever of its marks is left.
#[test]
fn dynamically_linked_programs_are_refused() {
    let shop = Shop::new();
    let elf = std::fs::read(odd("dyn.mips64")).unwrap();
    shop.write("interpreted", &elf);
    // Without the program header of the interpreter, PT_INTERP, the libraries are left, DT_NEEDED.
    let (headers, count) = (64, u16::from_be_bytes([elf[56], elf[57]]) as usize);
    let mut needing = elf;
    for header in 0..count {
        let at = headers + 56 * header;
        if needing[at..at + 4] == [0, 0, 0, 3] {
            needing[at + 3] = 0;
        }
    }
    shop.write("needing", needing);
    for (file, why) in [
        ("interpreted", "its interpreter is /lib64/ld.so.1"),
        ("needing", "it needs 1 libraries"),
    ] {
        let done = shop.run_words(&["check", file]);
        assert!(done.out.contains(why), "{}", done.out);
        done.fails(1, "will not run");
        shop.run_words(&["run", file]).fails(1, why);
    }
}

/// A fault says through which calls the program came to it, and what `check` knows.
#[test]
fn a_fault_has_its_callers_and_what_check_says() {
    let shop = Shop::new();
    let elf = std::fs::read(vectors("guests/hello.go122.mips")).unwrap();
    let swapped = swap(&elf, b"runtime.init.5\0", b"runtime.init.4\0");
    shop.write("moved", swapped);
    let run = shop.run("run moved");
    assert!(
        run.err
            .contains("level=WARN msg=\"moved: upstream's patches do not fit go1.22.10"),
        "{}",
        run.err
    );
    // A pre-image that there is nowhere ends a run as a fault does.
    let claim = guests("bin/claim.mips");
    let run = shop.run_words(&["run", claim.to_str().unwrap()]);
    assert!(
        run.err
            .contains("  in runtime/internal/syscall.Syscall6+0x34 (0x12484)\n"),
        "{}",
        run.err
    );
    assert!(run.err.contains("  called by main.main+0x"), "{}", run.err);
    assert!(
        run.err
            .ends_with("  called by runtime.main+0x32c (0x555ec)\n"),
        "{}",
        run.err
    );
    // What check says stands behind the fault.
    let compressed = guests("bin/atomics.imac");
    let words = ["run", compressed.to_str().unwrap(), "--type", "riscv64"];
    let said = shop.run_words(&words).fails(1, "unknown opcode");
    assert!(said.contains("\n  called by _start (0x"), "{said}");
    let last = said.lines().last().unwrap();
    assert!(
        last.starts_with("  check: ") && last.contains("compressed"),
        "{said}"
    );
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
    refused.fails(1, "moved will not run: 1 problem");
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
    refused.fails(1, "untold will not run: 1 problem");
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
    let done = shop.run_words(&["check", "float"]);
    let text = done.out.clone();
    done.fails(1, "float will not run: 1 problem");
    assert!(
        text.contains("silently do nothing (float.op): 1 in 1 function: guest (0x"),
        "{text}"
    );
    assert!(
        text.contains("come to them (unknown opcode): 1 in 1 function: guest (0x")
            || text.contains("comes to them (unknown opcode): 1 in 1 function: guest (0x"),
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
    refused.fails(1, "will not run: 1 problem");
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
    refused.fails(1, "will not run: 1 problem");
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
    let figures = crate::common::json(shop.run_words(&words).ok());
    assert_eq!(figures["steps"], 1_000_000);
    assert!(figures["stepsPerCpuSecond"].as_f64().unwrap() > 0.0);
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
    let alone = crate::common::json(shop.run_words(&words).ok());
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

/// Reasons and places add up to what the interpreter did, and name functions and instructions.
#[test]
fn a_bench_explains_where_code_is_not_translated() {
    if !fpvm_jit::supported() {
        return;
    }
    let shop = Shop::new();
    let (guest, store) = (guests("bin/claim.mips"), guests("preimages"));
    let (guest, store) = (guest.to_str().unwrap(), store.to_str().unwrap());
    let words = [
        "bench",
        guest,
        "--preimages",
        store,
        "--steps",
        "4000000",
        "--explain",
    ];
    let figures = crate::common::json(shop.run_words(&[&words[..], &["--json"]].concat()).ok());
    let outside = &figures["outside"];
    let number = |value: &serde_json::Value| value.as_u64().expect("a number");
    let steps = |rows: &serde_json::Value| {
        let rows = rows.as_array().expect("rows").clone();
        rows.iter().map(|row| number(&row["steps"])).sum::<u64>()
    };
    assert_eq!(steps(&outside["reasons"]), number(&outside["interpreted"]));
    assert!(number(&outside["interpreted"]) < 4_000_000, "{outside}");
    let reason = |id: &str| {
        let rows = outside["reasons"].as_array().expect("rows");
        let row = rows.iter().find(|row| row["reason"] == id);
        number(&row.expect("a row of each reason")["times"])
    };
    assert!(reason("not-hot") > 100 && reason("recorded") > 100);
    assert!(reason("system-call") > 0, "{outside}");
    let places = outside["places"].as_array().expect("places");
    assert_eq!(places.len(), 20);
    assert!(steps(&outside["places"]) > number(&outside["interpreted"]) / 20);
    assert!(places.iter().any(|place| place["function"].is_string()));
    let is_call = |place: &&serde_json::Value| place["reason"] == "system-call";
    for call in places.iter().filter(is_call) {
        assert!(
            call["instruction"].as_str().unwrap().starts_with("syscall"),
            "{call}"
        );
    }

    let table = shop.run_words(&words).ok();
    assert!(table.contains("outside of translated code"), "{table}");
    assert!(table.contains("code that is not hot"), "{table}");
}

#[test]
fn every_shell_has_completions() {
    let shop = Shop::new();
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let script = shop.run_words(&["completions", shell]).ok();
        assert!(script.contains("state-root"), "{shell}");
    }
}

/// A program of RISC-V with other bytes at a place of its header.
fn with_header(at: usize, bytes: &[u8]) -> Vec<u8> {
    let mut elf = std::fs::read(guests("bin/bare.riscv64")).unwrap();
    elf[at..at + bytes.len()].copy_from_slice(bytes);
    elf
}

/// What only can fail later is said before: files that are no programs, and entries where no code is. They are loaded as
/// upstream loads them.
#[test]
fn files_that_cannot_begin_are_named() {
    const TYPE: usize = 16;
    const ENTRY: usize = 24;
    let shop = Shop::new();
    let cannon = Shop::named("asterisc");
    let root = |shop: &Shop, file: &str| shop.run_words(&["state-root", file]).ok();
    for (file, at, bytes, words) in [
        (
            "object",
            TYPE,
            &[1u8, 0][..],
            "an object file (ET_REL), and no program",
        ),
        (
            "core",
            TYPE,
            &[4, 0],
            "a memory image of a process (ET_CORE), and no program",
        ),
        (
            "outside",
            ENTRY,
            &[0, 0, 0, 0x7f],
            "its entry 0x7f000000 lies outside all segments that are loaded",
        ),
        ("odd", ENTRY, &[0x22], "is no address of an instruction"),
    ] {
        let elf = with_header(at, bytes);
        shop.write(file, &elf);
        cannon.write(file, &elf);
        let done = shop.run_words(&["check", file]);
        let problem = done.out.lines().find(|line| line.starts_with("problem: "));
        assert!(
            problem.is_some_and(|line| line.contains(words)),
            "{}",
            done.out
        );
        done.fails(1, "will not run: 1 problem");
        let run = shop.run_words(&["run", file, "--stop-at", "=1"]);
        assert!(
            run.err.contains("level=WARN") && run.err.contains(words),
            "{}",
            run.err
        );
        // The state is what it was, and under upstream's name nothing is said.
        let quiet = cannon.run_words(&[
            "load-elf",
            "--path",
            file,
            "--out",
            "state.json",
            "--meta",
            "",
        ]);
        assert!(!quiet.err.contains("warn"), "{}", quiet.err);
        quiet.ok();
        assert_eq!(root(&shop, file), root(&cannon, "state.json"));
    }
    // An object file as compilers make them has no segments: why it cannot be loaded says what it is.
    let mut object = with_header(TYPE, &[1, 0]);
    object[56..58].copy_from_slice(&[0, 0]);
    shop.write("made.o", object);
    shop.run("run made.o")
        .fails(1, "made.o is an object file (ET_REL), and no program");
}
