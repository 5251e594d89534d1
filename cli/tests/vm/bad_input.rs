//! Bad input gets one clear error, exit code 1, no panic, and leaves what was there.

use crate::common::{CODE, Shop, contents, guests, gzip, mips, mips_state, riscv_state, vectors};
use std::fmt::Write as _;
use std::fs;
use std::path::Path;

/// Runs commands that fail; gives each with its exit code and what it says.
fn said(shop: &Shop, lines: &[&str]) -> String {
    let mut text = String::new();
    for line in lines {
        let done = shop.run(line);
        assert!(!done.err.contains("panicked"), "{}", done.err);
        let code = done.code.expect("an exit code");
        let _ = writeln!(text, "$ fpvm {line}\n{}[exit code {code}]\n", done.err);
    }
    text
}

fn insta_settings() -> insta::Settings {
    let mut settings = insta::Settings::clone_current();
    settings.set_omit_expression(true);
    settings.add_filter(r"\.tmp\w+", "FOLDER");
    settings.add_filter(r"seconds=[\d.e-]+", "seconds=S");
    settings.add_filter(r"VM types? [\w, -]+ and \w+", "VM types TYPES");
    settings
}

#[test]
fn wrong_usage_is_explained() {
    let shop = Shop::new();
    shop.bring(&guests("bin/bare.mips"));
    shop.bring(&guests("bin/bare.riscv64"));
    let text = said(
        &shop,
        &[
            "run",
            "run missing.bin",
            "run bare.mips --isa sparc",
            "run bare.mips --isa riscv",
            "run bare.mips --stop-at 5x",
            "run bare.mips --stop-at %0",
            "run bare.mips --stop-at-preimage xyz",
            "run bare.mips --stop-at-preimage-type foo",
            "run bare.mips --proof-fmt %s",
            "run bare.mips --snapshot-at always --snapshot-fmt state.bin",
            "run bare.mips --max-memory 1000",
            "run bare.mips --max-memory 10XB",
            "run bare.mips --preimage-cache db",
            "run bare.mips --debug --patch none --meta missing.json",
            "load-elf bare.mips --type multithreaded64-5",
            "load-elf bare.riscv64 --type singlethreaded-2",
            "prove bare.mips --step 99999999999999999999",
            "disasm bare.mips --symbol nothing",
            "verify missing.json",
            "preimages list missing",
        ],
    );
    insta_settings().bind(|| insta::assert_snapshot!("usage", text));
    assert_eq!(shop.files(), ["bare.mips", "bare.riscv64"]);
}

/// An ELF file with some bytes replaced.
fn patched(elf: &[u8], patches: &[(usize, &[u8])]) -> Vec<u8> {
    let mut elf = elf.to_vec();
    for (at, bytes) in patches {
        elf[*at..*at + bytes.len()].copy_from_slice(bytes);
    }
    elf
}

#[test]
fn hostile_elf_files_are_refused() {
    let shop = Shop::new();
    let elf = fs::read(guests("bin/bare.mips")).unwrap();
    // The third program header is the first that is loaded.
    let segment = 52 + 2 * 32;
    let (offset, address, in_file, in_memory) =
        (segment + 4, segment + 8, segment + 16, segment + 20);
    let second = segment + 32;
    let cases: &[(&str, Vec<u8>)] = &[
        ("short", elf[..40].into()),
        ("cut", elf[..0x300].into()),
        ("machine", patched(&elf, &[(18, &[0, 62])])),
        ("unknown-machine", patched(&elf, &[(18, &[0xab, 0xcd])])),
        ("little-endian", patched(&elf, &[(5, &[1])])),
        ("64-bit", patched(&elf, &[(4, &[2])])),
        (
            "outside",
            patched(&elf, &[(offset, &[0xff, 0xff, 0xff, 0])]),
        ),
        ("wraps", patched(&elf, &[(address, &[0xff, 0xff, 0xff, 0])])),
        ("heap", patched(&elf, &[(address, &[5, 0, 0, 0])])),
        ("shrinks", patched(&elf, &[(in_memory, &[0, 0, 0, 1])])),
        ("overlaps", patched(&elf, &[(second + 8, &[0, 1, 0, 0])])),
        (
            "huge",
            patched(&elf, &[(in_memory, &[0xff, 0xff, 0xff, 0xff])]),
        ),
        (
            "tls",
            patched(
                &elf,
                &[(segment, &[0, 0, 0, 7]), (in_memory, &[0, 0, 0x10, 0])],
            ),
        ),
        ("headers", patched(&elf, &[(44, &[0xff, 0xff])])),
        ("nothing", Vec::new()),
        ("text", b"hello".to_vec()),
    ];
    let _ = in_file;
    let mut lines = Vec::new();
    for (name, bytes) in cases {
        shop.write(name, bytes);
        lines.push(format!("load-elf {name}"));
    }
    // RISC-V: 32-bit, big-endian, thread-local storage.
    let elf = fs::read(guests("bin/bare.riscv64")).unwrap();
    for (name, at, byte) in [("riscv32", 4, 1), ("riscv-be", 5, 2)] {
        shop.write(name, patched(&elf, &[(at, &[byte])]));
        lines.push(format!("load-elf {name}"));
    }
    let lines: Vec<_> = lines.iter().map(String::as_str).collect();
    let text = said(&shop, &lines);
    insta_settings().bind(|| insta::assert_snapshot!("elf", text));
    assert!(!shop.path("state.bin.gz").exists() && !shop.path("meta.json").exists());
}

#[test]
fn hostile_states_are_refused() {
    let shop = Shop::new();
    let state = mips_state(&[mips::NOP]);
    let page_index = 5;
    let flag = state.len() - 4 - 128 - 8 - 1;
    let version = |version| [&[version], &state[1..]].concat();
    let two = |second: u32| {
        let page = &state[5..5 + 4 + 4096];
        let again = [&second.to_be_bytes(), &page[4..]].concat();
        [&[2, 0, 0, 0, 2], page, &again, &state[5 + 4 + 4096..]].concat()
    };
    let hint = [&state[..state.len() - 4], &[0xff; 4]].concat();
    let riscv = riscv_state(&[0x13]);
    let cases: &[(&str, Vec<u8>)] = &[
        ("empty.bin", Vec::new()),
        ("cut.bin", state[..state.len() - 1].into()),
        ("page.bin", state[..1000].into()),
        ("longer.bin", [&state[..], &[0]].concat()),
        ("v0.bin", version(0)),
        ("v8.bin", version(8)),
        ("v77.bin", version(77)),
        ("twice.bin", two(CODE >> 12)),
        ("outside.bin", patched(&state, &[(page_index, &[0xff; 4])])),
        ("flag.bin", patched(&state, &[(flag, &[7])])),
        ("hint.bin", hint),
        ("count.bin", patched(&state, &[(1, &[0xff; 4])])),
        ("not-gzip.bin.gz", state.clone()),
        ("cut.bin.gz", gzip(&state)[..40].into()),
        ("empty.json", Vec::new()),
        ("text.json", b"hello".to_vec()),
        ("list.json", b"[1,2]".to_vec()),
        ("other.json", br#"{"memory":[]}"#.to_vec()),
        ("cut.json", riscv.as_bytes()[..500].into()),
        ("longer.json", [riscv.as_bytes(), b"{}"].concat()),
        (
            "page.json",
            riscv
                .replace(r#""index":1"#, r#""index":4503599627370496"#)
                .into(),
        ),
        ("hex.json", riscv.replace("13000000", "xy000000").into()),
        ("short.json", riscv.replace("13000000", "13").into()),
        (
            "number.json",
            riscv.replace(r#""step":0"#, r#""step":-1"#).into(),
        ),
        ("field.json", riscv.replace(r#""heap":0,"#, "").into()),
        ("deep.json", "[".repeat(100_000).into()),
    ];
    let mut lines = Vec::new();
    for (name, bytes) in cases {
        shop.write(name, bytes);
        lines.push(format!("state-root {name}"));
    }
    lines.push("state-root hex.json --isa mips".into());
    lines.push("state-root v8.bin --isa mips".into());
    let lines: Vec<_> = lines.iter().map(String::as_str).collect();
    let text = said(&shop, &lines);
    insta_settings().bind(|| insta::assert_snapshot!("states", text));
    assert_eq!(shop.files().len(), cases.len());
}

/// Pages of zeros compress a thousand times.
#[test]
fn a_compressed_state_cannot_explode() {
    let shop = Shop::new();
    let pages = 40_000u64;
    let mut state = pages.to_be_bytes().to_vec();
    for index in 0..pages {
        state.extend(index.to_be_bytes());
        state.extend([0; 4096]);
    }
    shop.write("bomb.bin.gz", gzip(&state));
    assert!(shop.read("bomb.bin.gz").len() < 4 << 20);
    let done = shop.run("state-root bomb.bin.gz --max-memory 64MiB");
    done.fails(
        1,
        "needs more than the 67108864 bytes of memory it may use; raise --max-memory",
    );

    let long = "a".repeat(200 << 20);
    shop.write(
        "string.json.gz",
        gzip(format!(r#"{{"preimageKey":"{long}"}}"#).as_bytes()),
    );
    let done = shop.run("state-root string.json.gz --type riscv64 --max-memory 64MiB");
    done.fails(1, "a string of more than");
}

#[test]
fn proofs_that_are_none_are_refused() {
    let shop = Shop::new();
    let proof = fs::read_to_string(vectors("runs/hello.go122.mips32/proof-1.json")).unwrap();
    let riscv = fs::read_to_string(vectors("runs/hello.go122.riscv64/proof-1.json")).unwrap();
    let cases: &[(&str, String)] = &[
        ("empty.json", String::new()),
        ("text.json", "hello".into()),
        ("cut.json", proof[..200].into()),
        ("no-post.json", proof.replace("\"post\"", "\"past\"")),
        (
            "hex.json",
            proof.replace("\"pre\": \"0x03", "\"pre\": \"0xzz"),
        ),
        (
            "short-pre.json",
            proof.replace("\"pre\": \"0x03", "\"pre\": \"0x"),
        ),
        (
            "state.json",
            proof.replace("\"state-data\": \"0x", "\"state-data\": \"0x00"),
        ),
        (
            "proof.json",
            proof.replace("\"proof-data\": \"0x", "\"proof-data\": \"0x00"),
        ),
        ("step.json", proof.replace("\"step\": 1", "\"step\": 2")),
        (
            "pre.json",
            proof.replace("\"pre\": \"0x03", "\"pre\": \"0x02"),
        ),
        (
            "post.json",
            proof.replace("\"post\": \"0x03", "\"post\": \"0x02"),
        ),
        (
            "none.json",
            riscv.split("\"proof-data\"").next().unwrap().to_string() + "\"proof-data\": \"0x\"}",
        ),
    ];
    let mut lines = Vec::new();
    for (name, text) in cases {
        shop.write(name, text);
        lines.push(format!("verify {name}"));
    }
    let lines: Vec<_> = lines.iter().map(String::as_str).collect();
    let text = said(&shop, &lines);
    insta_settings().bind(|| insta::assert_snapshot!("proofs", text));
}

#[test]
fn files_that_cannot_be_written_leave_nothing() {
    let shop = Shop::new();
    shop.bring(&guests("bin/bare.mips"));
    let text = said(
        &shop,
        &[
            "load-elf bare.mips --out /dev/full --meta ",
            "load-elf bare.mips --out missing/state.bin",
            "run bare.mips --stop-at =1 --output /dev/full",
            "run bare.mips --stop-at =1 --proof-at =0 --proof-fmt missing/%d.json",
            "run bare.mips --stop-at =1 --snapshot-at =0 --snapshot-fmt /dev/full",
            "run bare.mips --stop-at =1 --debug-info missing/debug.json",
        ],
    );
    insta_settings().bind(|| insta::assert_snapshot!("writing", text));
    assert_eq!(shop.files(), ["bare.mips"]);
}

/// The disk is full in the middle of a file: what was there stays, and nothing else.
#[test]
fn a_full_disk_costs_nothing_that_was_there() {
    let shop = Shop::new();
    shop.bring(&vectors("guests/hello.go122.mips"));
    shop.write("state.bin", "what was there");
    let program = env!("CARGO_BIN_EXE_fpvm");
    let script = format!(
        "trap '' XFSZ; ulimit -f 64; exec {program} load-elf hello.go122.mips --out state.bin --meta ''"
    );
    let folder = shop.path("");
    let shell = std::process::Command::new("sh")
        .args(["-c", &script])
        .current_dir(folder)
        .output();
    crate::common::Done::from(shell.unwrap())
        .fails(1, "cannot write the state: state file state.bin: ");
    assert_eq!(shop.read("state.bin"), b"what was there");
    assert_eq!(shop.files(), ["hello.go122.mips", "state.bin"]);
}

#[test]
fn a_reader_that_goes_away_is_no_error() {
    use std::io::Read as _;
    use std::process::Stdio;
    let shop = Shop::new();
    let guest = vectors("guests/hello.go122.mips");
    for words in [
        &["disasm", "-n", "500000"][..],
        &["run", "--stop-at", "=1", "--output", "-"],
    ] {
        let mut command = shop.process();
        command
            .args(words)
            .arg(&guest)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let mut start = [0; 10];
        let mut out = child.stdout.take().unwrap();
        out.read_exact(&mut start).unwrap();
        drop(out);
        let done = crate::common::Done::from(child.wait_with_output().unwrap());
        assert_eq!(done.code, Some(0), "{}", done.err);
        assert!(!done.err.contains("error"), "{}", done.err);
    }
}

/// Every file of a real run, cut or with a byte changed, in every command that reads it.
#[test]
fn no_byte_makes_a_panic() {
    let shop = Shop::new();
    let state = contents(&vectors("states/hello.riscv64.step-0.bin.gz"));
    let elf = fs::read(guests("bin/bare.riscv64")).unwrap();
    let proof = fs::read(vectors("runs/hello.go122.riscv64/proof-1009.json")).unwrap();
    let tail = state.len() - 1200;
    let files: [(&str, &[u8], usize, &str); 4] = [
        ("state.bin", &state, 0, "state-root state.bin"),
        ("state.bin", &state, tail, "run state.bin --stop-at =1"),
        ("elf", &elf, 0, "check elf"),
        ("proof.json", &proof, 0, "verify proof.json"),
    ];
    for (name, bytes, from, line) in files {
        let window = 600.min(bytes.len() - from);
        for at in (from..from + window).step_by(23) {
            let mut broken = bytes.to_vec();
            broken[at] ^= 0x41;
            shop.write(name, &broken);
            check(&shop, line, at);
            shop.write(name, &bytes[..at]);
            check(&shop, line, at);
        }
    }
}

fn check(shop: &Shop, line: &str, at: usize) {
    let done = shop.run(line);
    assert!(
        matches!(done.code, Some(0 | 1)),
        "{line}, byte {at}: {:?} {}",
        done.code,
        done.err
    );
    assert!(
        !done.err.contains("panicked"),
        "{line}, byte {at}: {}",
        done.err
    );
}

#[test]
fn a_folder_is_no_input() {
    let shop = Shop::new();
    fs::create_dir(shop.path("folder.bin")).unwrap();
    for line in [
        "run folder.bin",
        "verify folder.bin",
        "load-elf folder.bin",
        "check folder.bin",
    ] {
        shop.run(line).fails(1, "irectory");
    }
    shop.bring(&guests("bin/bare.mips"));
    shop.run("load-elf bare.mips --out folder.bin")
        .fails(1, "folder.bin");
    assert!(Path::new(&shop.path("folder.bin")).is_dir());
}
