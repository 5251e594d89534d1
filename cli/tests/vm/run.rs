//! Runs end as upstream's did, and leave the files that upstream's left.

use crate::common::{CODE, Shop, contents, guests, json, mips, mips_state, riscv_state, vectors};
use fpvm_e2e::{Tool, skip};
use std::fs;
use std::path::Path;

/// The guests of the vectors that are short enough to be run here step by step, and their VMs.
const RUNS: [(&str, &str); 4] = [
    ("hello.go122.mips32", "hello.go122.mips"),
    ("hello.go122.riscv64", "hello.go122.riscv64"),
    ("preimage.go122.mips32", "preimage.go122.mips"),
    ("preimage.go122.riscv64", "preimage.go122.riscv64"),
];

fn path(path: &Path) -> &str {
    path.to_str().unwrap()
}

#[test]
fn runs_of_the_vectors_are_upstream_s() {
    for (name, guest) in RUNS {
        let shop = Shop::new();
        let folder = vectors("runs").join(name);
        let expected = json(fs::read(folder.join("expected.json")).unwrap());
        let (guest, preimages) = (vectors("guests").join(guest), vectors("preimages"));
        shop.run_words(&["load-elf", "--path", path(&guest), "--meta", ""])
            .ok();
        let state = json(shop.run("witness --input state.bin.gz").ok());
        assert_eq!(state["witnessHash"], expected["pre-state-hash"], "{name}");

        let run = [
            "run",
            "--input",
            "state.bin.gz",
            "--output",
            "end.bin.gz",
            "--meta",
            "",
        ];
        let run = [&run[..], &["--preimages", path(&preimages)]].concat();
        shop.run_words(&run).ok();
        let end = json(shop.run("witness --input end.bin.gz").ok());
        assert_eq!(end["stateHash"], expected["final-state-hash"], "{name}");
        assert_eq!(end["step"], expected["steps"], "{name}");
        assert_eq!(end["exitCode"], expected["exit-code"], "{name}");

        // All proofs, of one run from the ELF file and each by itself.
        for proof in expected["proofs"].as_array().unwrap() {
            let step = proof["step"].as_u64().unwrap();
            let file = format!("proof-{step}.json");
            let at = format!("={step}");
            let stop = format!("={}", step + 1);
            let run = [
                "run",
                path(&guest),
                "--preimages",
                path(&preimages),
                "--proof-at",
                &at,
            ];
            shop.run_words(&[&run[..], &["--stop-at", &stop]].concat())
                .ok();
            let upstream = fs::read(folder.join(&file)).unwrap();
            assert!(shop.read(&file) == upstream, "{name} {file}");
            let step = step.to_string();
            let prove = [
                "prove",
                path(&guest),
                "--preimages",
                path(&preimages),
                "--step",
                &step,
            ];
            assert!(
                shop.run_words(&prove).ok().as_bytes() == upstream,
                "{name} {file}"
            );
        }
    }
}

#[test]
fn states_of_upstream_are_read_and_written() {
    let shop = Shop::new();
    let hashes = fs::read_to_string(vectors("states/hashes.txt")).unwrap();
    for vm in ["mips32", "riscv64"] {
        for at in ["step-0", "step-100000", "final"] {
            let file = vectors("states").join(format!("hello.{vm}.{at}.bin.gz"));
            let root = shop.run_words(&["state-root", path(&file)]).ok();
            assert!(hashes.contains(root.trim()), "{vm} {at}: {root}");
        }
        // From the first state to the next, through each format.
        let first = vectors("states").join(format!("hello.{vm}.step-0.bin.gz"));
        let next = vectors("states").join(format!("hello.{vm}.step-100000.bin.gz"));
        let mut from = path(&first).to_string();
        for (stop, to) in [
            (30_000, "a.json.gz"),
            (60_000, "b.json"),
            (100_000, "c.bin"),
        ] {
            let stop = format!("={stop}");
            shop.run_words(&["run", &from, "--stop-at", &stop, "--output", to])
                .ok();
            from = to.into();
        }
        let root = |file: &str| shop.run_words(&["state-root", file]).ok();
        assert_eq!(root("c.bin"), root(path(&next)), "{vm}");
        if vm == "mips32" {
            // Asterisc's pages have no order; Cannon's do.
            assert!(shop.read("c.bin") == contents(&next));
        }
    }
}

#[test]
fn op_challenger_s_command_leaves_its_files() {
    let shop = Shop::named("cannon");
    fs::create_dir(shop.path("proofs")).unwrap();
    fs::create_dir(shop.path("snapshots")).unwrap();
    let state = vectors("states/hello.mips32.step-0.bin.gz");
    let words = [
        "run",
        "--input",
        path(&state),
        "--output",
        "final.bin.gz",
        "--meta",
        "",
        "--info-at",
        "%100000",
        "--proof-at",
        "=100696",
        "--proof-fmt",
        "proofs/%d.json.gz",
        "--snapshot-at",
        "%100000",
        "--snapshot-fmt",
        "snapshots/%d.bin.gz",
        "--stop-at",
        "=100697",
        "--debug-info",
        "debug-info.json",
        "--",
        "true",
    ];
    let done = shop.run_words(&words);
    let info = "level=INFO msg=processing module=vm step=100000 pc=000483a4 insn=38a60001 ips=";
    assert!(done.err.contains(info), "{}", done.err);
    assert!(
        done.err
            .contains(r#" pages=335 mem="1.3 MiB" name=!unknown"#),
        "{}",
        done.err
    );
    assert_eq!(done.ok(), "");
    let proof = contents(&shop.path("proofs/100696.json.gz"));
    assert!(proof == fs::read(vectors("runs/hello.go122.mips32/proof-100696.json")).unwrap());
    let snapshot = contents(&shop.path("snapshots/100000.bin.gz"));
    assert!(snapshot == contents(&vectors("states/hello.mips32.step-100000.bin.gz")));
    assert!(snapshot != contents(&shop.path("final.bin.gz")));
    let debug = json(shop.read("debug-info.json"));
    assert_eq!(
        (&debug["memory_used"], &debug["pages"]),
        (&"0x14f000".into(), &335.into())
    );
    assert_eq!(
        json(shop.run("witness --input final.bin.gz").ok())["step"],
        100_697
    );
    // The end of the program, and beyond.
    let last = shop.run_words(&[
        "run",
        "--input",
        path(&state),
        "--meta",
        "",
        "--output",
        "o.bin.gz",
    ]);
    last.ok();
    assert_eq!(
        shop.run("prove o.bin.gz")
            .ok()
            .matches("0x0054c794")
            .count(),
        2
    );
}

#[test]
fn a_run_stops_where_it_is_told_to() {
    let shop = Shop::new();
    let (guest, preimages) = (
        vectors("guests/preimage.go122.riscv64"),
        vectors("preimages"),
    );
    let step = |flags: &[&str]| {
        let run = [
            "run",
            path(&guest),
            "--preimages",
            path(&preimages),
            "--output",
            "o.bin",
        ];
        shop.run_words(&[&run[..], flags].concat()).ok();
        json(shop.run("witness o.bin").ok())["step"]
            .as_u64()
            .unwrap()
    };
    assert_eq!(step(&["--stop-at", "=1000"]), 1000);
    assert_eq!(step(&["--stop-at", "%0x100"]), 0);
    assert_eq!(step(&["--stop-at-preimage-type", "any"]), 245_130);
    assert_eq!(step(&["--stop-at-preimage-type", "local"]), 245_130);
    assert_eq!(step(&["--stop-at-preimage", "0290c6"]), 255_910);
    assert_eq!(step(&["--stop-at-preimage-type", "keccak"]), 255_910);
    assert_eq!(step(&["--stop-at-preimage-larger-than", "40"]), 255_910);
    assert_eq!(step(&["--stop-at-preimage-larger-than", "1008"]), 6_622_275);
    let at_8 = step(&["--stop-at-preimage", "02@8"]);
    assert!(at_8 > 255_910, "{at_8}");
    assert_eq!(at_8, step(&["--stop-at-preimage", "0x02@8"]));
}

#[test]
fn a_fault_ends_a_run_with_its_vm_s_code_and_what_was_asked_for_is_there() {
    let shop = Shop::new();
    shop.write(
        "mips.bin",
        mips_state(&[mips::NOP, mips::NOP, mips::UNDEFINED]),
    );
    shop.write(
        "meta.json",
        format!(r#"{{"symbols":[{{"name":"main","start":{CODE},"size":12}}]}}"#),
    );
    let done = shop.run("run mips.bin --meta meta.json --proof-at always --output o.bin --debug");
    let err = done.fails(2, "error: the program faults at pc 0x1008 in main");
    assert!(err.contains("traceback at pc=1008 step=2"), "{err}");
    shop.run("verify proof-0.json proof-1.json").ok();
    assert!(!shop.path("proof-2.json").exists());
    assert_eq!(json(shop.run("witness o.bin").ok())["step"], 2);

    shop.write("riscv.json", riscv_state(&[0x13, 0]));
    shop.run("run riscv.json")
        .fails(1, "error: the program faults at pc 0x1004: unknown opcode");
    shop.run("state-root riscv.json --step 2")
        .fails(1, "step 1, instruction 0x00000000");
    shop.run("prove mips.bin --step 2")
        .fails(2, "faults at pc 0x1008");
}

#[test]
fn a_program_that_waits_for_a_thread_is_noticed() {
    let shop = Shop::new();
    shop.write("state.bin", mips_state(&[mips::NOP, mips::BACK, mips::NOP]));
    let start = CODE + 4;
    let symbols =
        format!(r#"{{"symbols":[{{"name":"runtime.notesleep","start":{start},"size":4}}]}}"#);
    shop.write("meta.json", symbols);
    let done = shop.run("run state.bin --meta meta.json --stop-at =100000000");
    done.fails(1, "detected an infinite loop at step 500000");
    // As upstream: looked at before each stop.
    shop.run("run state.bin --meta meta.json --stop-at =1")
        .fails(1, "detected an infinite loop at step 1");
}

#[test]
fn symbols_name_what_is_logged() {
    let shop = Shop::new();
    let guest = guests("bin/bare.mips");
    let done = shop.run_words(&["run", path(&guest), "--info-at", "=0", "--stop-at", "=1"]);
    assert!(done.err.contains(" name=_ftext\n"), "{}", done.err);
    let profile = shop.run_words(&["run", path(&guest), "--pprof.cpu"]);
    assert!(profile.err.contains("guest profile: "), "{}", profile.err);
}

/// A program that takes a new page every so many steps: `addiu t0, t0, 4096; b .-4; sw t0, 16384(t0)`.
const GROWS: [u32; 3] = [0x2508_1000, mips::BACK, 0xad08_4000];

#[test]
fn a_guest_that_outgrows_its_memory_loses_nothing() {
    for tier in ["jit", "interpreter", "crosscheck"] {
        let shop = Shop::new();
        shop.write("state.bin", mips_state(&GROWS));
        let done = shop.run(&format!(
            "run state.bin --tier {tier} --max-memory 4MiB --output full.bin.gz"
        ));
        let said = done.fails(
            1,
            "which needs more than the 4194304 bytes of memory it may use",
        );
        // The code is on one of the 1024 pages.
        assert!(said.contains("step 3071, pc 0x1008"), "{said}");
        let root = |line: &str| shop.run(line).ok();
        let full = root("state-root full.bin.gz");
        assert_eq!(full, root("state-root state.bin --step 3071"));
        assert_eq!(
            root("state-root full.bin.gz --step 6000"),
            root("state-root state.bin --step 6000 --tier interpreter")
        );
    }
}

#[test]
fn both_tiers_are_run_side_by_side() {
    let shop = Shop::new();
    let guest = guests("bin/claim.mips");
    let preimages = guests("preimages");
    let run = [
        "run",
        path(&guest),
        "--preimages",
        path(&preimages),
        "--output",
    ];
    shop.run_words(&[&run[..], &["plain.bin.gz", "--tier", "interpreter"]].concat())
        .ok();
    let every = ["--tier", "crosscheck", "--crosscheck-every", "1000"];
    shop.run_words(&[&run[..], &["both.bin.gz"], &every].concat())
        .ok();
    let root = |name: &str| shop.run(&format!("state-root {name}")).ok();
    assert_eq!(root("plain.bin.gz"), root("both.bin.gz"));
    let done = shop.run("run both.bin.gz --crosscheck-every 5");
    done.fails(1, "give --tier crosscheck too");
}

#[test]
fn a_profile_has_stacks_and_instructions() {
    let shop = Shop::new();
    let guest = guests("bin/sort.riscv64");
    let profile = ["profile", path(&guest), "--steps", "20000000"];
    let table = shop
        .run_words(&[&profile[..], &["--folded", "stacks"]].concat())
        .ok();
    for row in ["guest profile: 1998 samples", "  main.main\n", "  addi\n"] {
        assert!(table.contains(row), "{table}");
    }
    let stacks = String::from_utf8(shop.read("stacks")).unwrap();
    let count = |line: &str| line.rsplit(' ').next().and_then(|n| n.parse().ok());
    let counts: Option<Vec<u64>> = stacks.lines().map(count).collect();
    assert_eq!(counts.map(|counts| counts.iter().sum()), Some(1998));
    let sorting = "runtime.main;main.main;slices.Sort[go.shape.[]uint32,go.shape.uint32];";
    assert!(
        stacks.lines().any(|line| line.starts_with(sorting)),
        "{stacks}"
    );

    let json = json(
        shop.run_words(&[&profile[..], &["--json", "--every", "99991"]].concat())
            .ok(),
    );
    assert_eq!(json["samples"], 200);
    assert!(json["stacks"][0]["frames"][0].is_string());
    shop.run_words(&["profile", path(&guest), "--every", "0"])
        .fails(1, "--every 0");
}

#[test]
fn data_goes_to_stdout_and_nothing_else() {
    let shop = Shop::new();
    let guest = guests("bin/bare.riscv64");
    let run = ["run", path(&guest), "--stop-at", "=2", "--proof-at", "=1"];
    let proof = shop
        .run_words(&[&run[..], &["--proof-fmt", "-"]].concat())
        .ok();
    assert_eq!(json(&proof)["step"], 1);
    let state = shop
        .run_words(&[&run[..], &["--output", "-"]].concat())
        .ok();
    assert_eq!(json(&state)["step"], 2);
    // What the guest prints is data too.
    let printed = shop.run_words(&["run", path(&guest)]).ok();
    assert_eq!(printed, "c0f68319\n00008b47\n");
    shop.run_words(&["load-elf", path(&guest), "--out", "", "--meta", "-"])
        .ok();
    let names = shop.run_words(&[
        "run",
        path(&guest),
        "--stop-at",
        "=2",
        "--proof-at",
        "always",
    ]);
    names.ok();
    let flags = ["--proof-at", "always", "--proof-fmt", "one.json"];
    let overwriting = shop.run_words(&[&["run", path(&guest)][..], &flags].concat());
    overwriting.fails(1, "--proof-fmt has no %d");
}

/// Every field of the debug info of Cannon's newest, whoever runs the guest.
#[test]
fn threads_and_reservations_are_counted_as_upstream_counts_them() {
    let shop = Shop::new();
    for (guest, tier) in [
        ("hello.go122", "interpreter"),
        ("threads.c", "interpreter"),
        ("threads.c", "jit"),
        ("threads.go126", "auto"),
    ] {
        if tier == "jit" && !fpvm_jit::supported() {
            skip(Tool::Translator, "this machine has no translator");
            continue;
        }
        let elf = vectors(&format!("guests/{guest}.mips64"));
        let words = [
            "run",
            path(&elf),
            "--tier",
            tier,
            "--debug-info",
            "info.json",
        ];
        shop.run_words(&words).ok();
        let upstream = vectors(&format!("runs/{guest}.mips64/debug-info.json"));
        let upstream: serde_json::Value =
            serde_json::from_slice(&fs::read(upstream).unwrap()).unwrap();
        assert_eq!(json(shop.read("info.json")), upstream, "{guest}, {tier}");
    }
}
