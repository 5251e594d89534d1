//! `checkpoints make`, `verify`, `prove`, `merge`, and what starts from checkpoints.

use crate::common::{Shop, json, vectors};
use fpvm_checkpoints::Root;
use fpvm_checkpoints::depot::Depot;
use fpvm_checkpoints::manifest::Manifest;
use fpvm_e2e::{Tool, skip};
use serde_json::{Value, json as value};
use std::fs;
use std::process::Stdio;
use std::time::Duration;

/// Steps of the program.
const END: u64 = 302_090;

fn shop() -> Shop {
    let shop = Shop::new();
    shop.bring(&vectors("guests/hello.go122.mips"));
    shop.bring(&vectors("guests/hello.go122.riscv64"));
    shop
}

fn make(shop: &Shop, more: &str) -> String {
    let line = format!("checkpoints make hello.go122.mips --every 30000 {more}");
    shop.run(&line).ok()
}

fn manifest(shop: &Shop, folder: &str) -> Value {
    json(shop.read(&format!("{folder}/manifest.json")))
}

/// Whatever the interval, the shards and the threads.
#[test]
fn the_roots_are_upstreams() {
    for vm in ["mips32", "mips64", "riscv64"] {
        let expected = fs::read(vectors(&format!("runs/hello.go122.{vm}/expected.json"))).unwrap();
        let expected = json(expected);
        let (elf, end) = (expected["elf"].as_str().unwrap(), &expected["steps"]);
        let shop = Shop::new();
        shop.bring(&vectors(&format!("guests/{elf}")));
        let make = |out: &str, more: &str| {
            let line = format!("checkpoints make {elf} --every 50000 --states --out {out}");
            shop.run(&format!("{line} --until {end} {more}")).ok();
        };
        make("whole", "--dense 1..2000");
        for shard in 0..3 {
            make("parts", &format!("--shard {shard}/3"));
        }
        shop.run("checkpoints merge parts").ok();
        for place in ["whole", "parts"] {
            let made = manifest(&shop, place);
            let entries = made["entries"].as_array().unwrap();
            assert_eq!(entries[0]["root"], expected["pre-state-hash"]);
            let last = entries.last().unwrap();
            assert_eq!(
                (&last["step"], &last["root"]),
                (end, &expected["final-state-hash"])
            );
            for proof in expected["proofs"].as_array().unwrap() {
                let step = proof["step"].as_u64().unwrap();
                for (step, root) in [(step, &proof["pre"]), (step + 1, &proof["post"])] {
                    let line = format!("state-root {elf} --step {step} --checkpoints {place}");
                    assert_eq!(shop.run(&line).ok().trim(), root.as_str().unwrap());
                    let mut listed = entries.iter().filter(|entry| entry["step"] == step);
                    assert!(listed.all(|entry| entry["root"] == *root));
                }
            }
        }
    }
}

#[test]
fn a_list_is_made_verified_and_proved() {
    let shop = shop();
    let told = make(&shop, "--out run --states");
    assert!(
        told.starts_with("12 checkpoints, the last at step 302090: 0x00"),
        "{told}"
    );
    let made = manifest(&shop, "run");
    for entry in made["entries"].as_array().unwrap() {
        let step = &entry["step"];
        let line = format!("state-root hello.go122.mips --step {step}");
        assert_eq!(shop.run(&line).ok().trim(), entry["root"].as_str().unwrap());
        let late = format!("{line} --checkpoints run");
        assert_eq!(shop.run(&late).ok().trim(), entry["root"].as_str().unwrap());
    }
    assert_eq!(
        shop.run("checkpoints verify run hello.go122.mips").ok(),
        "12 entries are right\n"
    );
    let one = "checkpoints verify run hello.go122.mips --interval 4 --jobs 1";
    assert_eq!(shop.run(one).ok(), "1 entry is right\n");
    for part in 0..3 {
        let part = format!("checkpoints verify run hello.go122.mips --shard {part}/3");
        assert_eq!(shop.run(&part).ok(), "4 entries are right\n");
    }
    let proof = json(shop.run("checkpoints prove run 5").ok());
    assert_eq!(proof["step"], 150_000);
    assert_eq!(proof["root"], made["entries"][5]["root"]);
    assert_eq!(proof["commitment"], made["commitment"]);
    assert_eq!(proof["siblings"].as_array().unwrap().len(), 4);
    shop.run("checkpoints prove run 12")
        .fails(1, "there is no entry 12; the list has 12");

    // The same list whatever the way it was made.
    make(&shop, "--out bare");
    assert_eq!(manifest(&shop, "bare"), made);
    make(&shop, "--out run --states");
    assert_eq!(manifest(&shop, "run"), made);
    assert_eq!(
        shop.run("checkpoints verify bare hello.go122.mips").ok(),
        "12 entries are right\n"
    );
}

#[test]
fn late_proofs_are_those_of_a_run_from_the_start() {
    let shop = shop();
    make(&shop, "--out run --states");
    for step in [0, 29_999, 30_000, 200_001, END - 1] {
        let line = format!("prove hello.go122.mips --step {step}");
        let late = shop.run(&format!("{line} --checkpoints run")).ok();
        assert_eq!(late, shop.run(&line).ok());
    }
    let refused = "prove hello.go122.riscv64 --step 5 --checkpoints run";
    let text =
        "run has checkpoints of mips (singlethreaded-2), and the program is for riscv (riscv64)";
    shop.run(refused).fails(1, text);
    shop.run("prove hello.go122.mips --step 5 --checkpoints nowhere")
        .fails(1, "nowhere");
    fs::create_dir(shop.path("empty")).unwrap();
    let text = "empty/manifest.json: there is none; `checkpoints make`";
    shop.run("prove hello.go122.mips --step 5 --checkpoints empty")
        .fails(1, text);
    shop.bring(&vectors("guests/primes.c.mips"));
    let text = "run has checkpoints of another program: its pre-state is 0x03";
    shop.run("state-root primes.c.mips --step 5 --checkpoints run")
        .fails(1, text);
}

#[test]
fn every_root_of_a_range_is_in_the_list() {
    let shop = shop();
    make(&shop, "--out run --states --dense 59000..61000");
    let made = manifest(&shop, "run");
    let entries = made["entries"].as_array().unwrap();
    assert_eq!(entries.len(), 12 + 2000);
    assert_eq!(
        made["plan"]["dense"],
        value!({"from": 59_000, "to": 61_000})
    );
    let dense = shop
        .run("state-root hello.go122.mips --dense 59000..61000")
        .ok();
    let listed = entries[2..2003].iter();
    let listed: String = listed
        .map(|entry| format!("{} {}\n", entry["step"], entry["root"].as_str().unwrap()))
        .collect();
    assert_eq!(dense, listed);
    for step in [59_000, 59_001, 60_500, 61_000] {
        let line = format!("state-root hello.go122.mips --step {step}");
        assert!(dense.contains(&format!("{step} {}", shop.run(&line).ok())));
    }
    let late = "state-root hello.go122.mips --dense 60999..61001 --checkpoints run";
    assert_eq!(shop.run(late).ok().lines().count(), 3);
    let verified = shop
        .run("checkpoints verify run hello.go122.mips --jobs 2")
        .ok();
    assert_eq!(verified, "2012 entries are right\n");

    let line = "checkpoints make hello.go122.mips --out x --every 9 --dense";
    shop.run(&format!("{line} 5..4"))
        .fails(1, "the first step lies behind the second");
    shop.run(&format!("{line} 5"))
        .fails(1, "two steps are expected");
    shop.run(&format!("{line} 5..20 --until 10"))
        .fails(1, "--dense has to lie between");
    shop.run(&format!("{line} 0..9000000"))
        .fails(1, "--dense takes 5000000 steps at most");
}

/// Writes a manifest whose commitment fits whatever the entries are.
fn rewrite(shop: &Shop, folder: &str, name: &str, change: impl FnOnce(&mut Manifest)) {
    let depot = Depot::open(shop.path(folder).to_str().unwrap()).unwrap();
    let mut manifest = Manifest::load(&depot, name).unwrap();
    change(&mut manifest);
    manifest.save(&depot, name).unwrap();
}

#[test]
fn a_changed_field_is_refused_or_the_entry_named() {
    let shop = shop();
    make(&shop, "--out run --states");
    let good = manifest(&shop, "run");
    let zero = Root([0; 32]).to_string();
    let refusals = [
        (
            "/format",
            value!("x"),
            "the format is x, version 1; this is made for fpvm-checkpoints",
        ),
        (
            "/version",
            value!(7),
            "the format is fpvm-checkpoints, version 7",
        ),
        (
            "/plan/isa",
            value!("riscv"),
            "has checkpoints of riscv (singlethreaded-2)",
        ),
        (
            "/plan/vm-type",
            value!("multithreaded"),
            "has checkpoints of mips (multithreaded)",
        ),
        ("/plan/pre-state", value!(zero), "entry 0: root 0x03"),
        (
            "/plan/first-step",
            value!(1),
            "entry 0: step 0 stands where step 1 belongs",
        ),
        (
            "/plan/every",
            value!(0),
            "a checkpoint every 0 steps is none",
        ),
        (
            "/plan/every",
            value!(10),
            "entry 1: step 30000 stands where step 10 belongs",
        ),
        (
            "/plan/until",
            value!(5),
            "entry 1: step 30000 stands where step 5 belongs",
        ),
        (
            "/plan/dense",
            value!({"from": 9, "to": 8}),
            "ends before it starts",
        ),
        (
            "/plan/dense",
            value!({"from": 1, "to": 2}),
            "entry 1: step 30000 stands where step 1",
        ),
        (
            "/shard",
            value!({"index": 2, "count": 2}),
            "there is no part 2 of 2",
        ),
        (
            "/shard",
            value!({"index": 0, "count": 2}),
            "parts of a list need its last step",
        ),
        (
            "/entries/3/step",
            value!(90_001),
            "entry 3: step 90001 stands where step 90000 belongs",
        ),
        (
            "/entries/3/root",
            value!(zero),
            "entry 4: step 120000 comes after the program's end",
        ),
        ("/entries/3/root", value!("0x12"), "is no hash of 32 bytes"),
        (
            "/entries/11/step",
            value!(400_000),
            "entry 11: step 400000 stands where",
        ),
        ("/commitment", value!(zero), "the commitment is 0x00"),
        ("/entries", value!([]), "one of them was changed"),
        ("/more", value!(1), "unknown field `more`"),
    ];
    for (place, with, text) in refusals {
        let mut changed = good.clone();
        let (above, field) = place.rsplit_once('/').unwrap();
        let above = changed.pointer_mut(above).unwrap();
        match above.as_array_mut() {
            Some(list) => list[field.parse::<usize>().unwrap()] = with,
            None => above[field] = with,
        }
        shop.write("run/manifest.json", changed.to_string());
        let verify = shop.run("checkpoints verify run hello.go122.mips");
        verify.fails(1, text);
    }
    shop.write("run/manifest.json", good.to_string());
    for wrong in [1, 6, 11] {
        let mut right = Root([0; 32]);
        rewrite(&shop, "run", "manifest.json", |manifest| {
            right = manifest.entries[wrong].root;
            manifest.entries[wrong].root.0[20] ^= 1;
        });
        let text = format!("error: entry {wrong}, step ");
        let told = shop
            .run("checkpoints verify run hello.go122.mips")
            .fails(1, &text);
        assert!(told.contains(&format!("and it is {right}")), "{told}");
        shop.write("run/manifest.json", good.to_string());
    }
    // An end that the program does not have.
    rewrite(&shop, "run", "manifest.json", |manifest| {
        manifest.entries[11].step -= 7;
    });
    let text = "error: entry 11, step 302083: the list has 0x00";
    shop.run("checkpoints verify run hello.go122.mips")
        .fails(1, text);
    let text = "is of another run (pre-state 0x03";
    let other = "checkpoints make hello.go122.mips --every 7 --out run";
    shop.run(other).fails(1, text);
}

#[test]
fn packs_that_are_changed_mixed_up_or_gone_are_named() {
    let shop = shop();
    make(&shop, "--out run --states");
    let prove = "state-root hello.go122.mips --step 100001 --checkpoints run";
    let right = shop.run(prove).ok();
    let packs = shop.path("run/packs");
    let name = |step: u64| packs.join(format!("{step:020}.pack"));
    let whole = fs::read(name(90_000)).unwrap();
    for len in [0, 7, 30, whole.len() - 1] {
        fs::write(name(90_000), &whole[..len]).unwrap();
        let told = shop.run(prove).fails(1, "00000000000000090000.pack");
        assert!(
            told.contains("it was changed or cut off: remove it"),
            "{told}"
        );
    }
    // Removed, as the error says, the nearest state is another, and `make` makes it again.
    fs::remove_file(name(90_000)).unwrap();
    assert_eq!(shop.run(prove).ok(), right);
    make(&shop, "--out run --states");
    assert_eq!(shop.run(prove).ok(), right);
    assert_eq!(
        shop.run("checkpoints verify run hello.go122.mips").ok(),
        "12 entries are right\n"
    );
    // Under each other's names they hold the same states as before.
    fs::rename(name(90_000), packs.join("x")).unwrap();
    fs::rename(name(60_000), name(90_000)).unwrap();
    fs::rename(packs.join("x"), name(60_000)).unwrap();
    assert_eq!(shop.run(prove).ok(), right);
    // What the later ones share with the first is missing.
    fs::remove_file(name(0)).unwrap();
    shop.run(prove).fails(1, "a pack is missing");
    // Those of another program do no harm, and give nothing.
    let other = "checkpoints make hello.go122.riscv64 --every 50000 --out other --states";
    shop.run(other).ok();
    fs::remove_dir_all(&packs).unwrap();
    fs::rename(shop.path("other/packs"), &packs).unwrap();
    assert_eq!(shop.run(prove).ok(), right);
}

#[test]
fn parts_of_several_processes_make_the_whole() {
    let shop = shop();
    make(&shop, "--out whole --until 300000 --states");
    let line = |part: &str| {
        let line = "checkpoints make hello.go122.mips --every 30000 --out parts --until 300000";
        format!("{line} --states --shard {part}")
    };
    let start = |part: &str| {
        let mut process = shop.process();
        process.args(line(part).split_whitespace());
        process.stdout(Stdio::null()).spawn().unwrap()
    };
    let merge = || shop.run("checkpoints merge parts");
    fs::create_dir(shop.path("parts")).unwrap();
    merge().fails(1, "there are no shard manifests to merge");
    let mut some = ["0/3", "2/3"].map(start);
    assert!(some.iter_mut().all(|part| part.wait().unwrap().success()));
    merge().fails(1, "the whole is not there yet: entry 4");
    shop.run(&line("1/3")).ok();
    merge().ok();
    assert_eq!(manifest(&shop, "parts"), manifest(&shop, "whole"));
    assert_eq!(
        shop.run("checkpoints verify parts hello.go122.mips").ok(),
        "11 entries are right\n"
    );
    let late = shop
        .run("prove hello.go122.mips --step 250000 --checkpoints parts")
        .ok();
    assert_eq!(late, shop.run("prove hello.go122.mips --step 250000").ok());

    // The first entry of a part is the last of the one before.
    rewrite(&shop, "parts", "manifest-1-of-3.json", |part| {
        part.entries[0].root.0[8] ^= 1;
    });
    let told = merge().fails(1, "disagree on step 90000: 0x03");
    assert!(told.contains("manifest-0-of-3.json and") && told.contains("manifest-1-of-3.json"));
    let other = "checkpoints make hello.go122.mips --every 10000 --out odd --until 300000";
    shop.run(&format!("{other} --shard 1/3")).ok();
    fs::remove_file(shop.path("parts/manifest-1-of-3.json")).unwrap();
    let told = shop.run("checkpoints merge parts odd");
    told.fails(
        1,
        "are of different runs: the distance of checkpoints differs",
    );
    let told = "checkpoints make hello.go122.mips --every 9 --out x --shard 1/3";
    shop.run(told).fails(1, "--until");
    let told = format!("{told} --until 9").replace("1/3", "3/3");
    shop.run(&told).fails(1, "I/N is expected");
}

#[test]
fn killed_at_any_moment_it_goes_on() {
    let shop = shop();
    let line = "checkpoints make hello.go122.mips --every 1000 --states --dense 200000..203000";
    shop.run(&format!("{line} --out whole")).ok();
    let right = manifest(&shop, "whole");
    let seed = std::time::SystemTime::UNIX_EPOCH
        .elapsed()
        .unwrap()
        .subsec_nanos();
    for round in 0..4u32 {
        let out = format!("run{round}");
        let mut kills = 0;
        for attempt in 1u32.. {
            let mut process = shop.process();
            process.args(line.split_whitespace()).args(["--out", &out]);
            let mut child = process.stdout(Stdio::null()).spawn().unwrap();
            // Any moment, and a later one each time, so that it ends.
            let random = seed.wrapping_mul(2 * round + 1).rotate_left(attempt) % 60;
            std::thread::sleep(Duration::from_millis(u64::from(random + 10 * attempt)));
            if child
                .try_wait()
                .unwrap()
                .is_some_and(|status| status.success())
            {
                break;
            }
            child.kill().unwrap();
            child.wait().unwrap();
            kills += 1;
            assert!(attempt < 300, "seed {seed}: it does not come to an end");
        }
        assert_eq!(manifest(&shop, &out), right, "seed {seed}, {kills} kills");
        let late = format!("state-root hello.go122.mips --step 250500 --checkpoints {out}");
        assert_eq!(
            shop.run(&late).ok(),
            shop.run("state-root hello.go122.mips --step 250500").ok()
        );
    }
}

#[test]
fn a_place_that_takes_nothing_is_told_before_the_run() {
    let shop = shop();
    let line = "checkpoints make hello.go122.mips --every 30000 --out";
    shop.run(&format!("{line} /proc"))
        .fails(1, "/proc/manifest.json.trial");
    shop.run(&format!("{line} here")).ok();
    let there = fs::read_dir(shop.path("here")).unwrap();
    let names: Vec<_> = there.map(|entry| entry.unwrap().file_name()).collect();
    assert_eq!(names, ["manifest.json"]);
}

/// In a file system of its own, mounted where nobody else sees it.
#[test]
fn on_a_full_disk_what_was_written_stays_usable() {
    let shop = shop();
    let script = r#"
        set -e
        mkdir disk && mount -t tmpfs -o size=SIZEk none disk
        make="$0 checkpoints make hello.go122.mips --every 5000 --states"
        if $make --out disk >first.out 2>first.err; then echo 'no error'; exit 1; fi
        $0 state-root hello.go122.mips --step 20001 --checkpoints disk >late.out
        $0 checkpoints verify disk hello.go122.mips >verified.out
        cp -r disk kept
        if $make --out disk 2>second.err; then echo 'no error'; exit 1; fi
        $make --out kept
    "#;
    let whole = "checkpoints make hello.go122.mips --every 5000 --states --out whole";
    shop.run(whole).ok();
    let size: u64 = fs::read_dir(shop.path("whole/packs"))
        .unwrap()
        .map(|entry| entry.unwrap().metadata().unwrap().len())
        .sum();
    let script = script.replace("SIZE", &(size / 1024 * 3 / 4).to_string());
    let unshare = |script: &str| {
        let mut command = std::process::Command::new("unshare");
        command.current_dir(shop.path(""));
        let words = ["--user", "--map-root-user", "--mount", "sh", "-c", script];
        command.args(words).arg(env!("CARGO_BIN_EXE_fpvm")).output()
    };
    let can = unshare("mkdir try && mount -t tmpfs -o size=8k none try");
    if !can.is_ok_and(|done| done.status.success()) {
        skip(
            Tool::Mounts,
            "file systems cannot be mounted here (unshare), so no disk is full",
        );
        return;
    }
    let done: crate::common::Done = unshare(&script).unwrap().into();
    done.ok();
    for log in ["first.err", "second.err"] {
        let told = String::from_utf8(shop.read(log)).unwrap();
        assert!(
            told.contains("No space left on device") && !told.contains("panicked"),
            "{told}"
        );
    }
    assert_eq!(
        shop.read("late.out"),
        shop.run("state-root hello.go122.mips --step 20001")
            .ok()
            .as_bytes()
    );
    assert!(
        String::from_utf8(shop.read("verified.out"))
            .unwrap()
            .ends_with(" are right\n")
    );
    assert_eq!(manifest(&shop, "kept"), manifest(&shop, "whole"));
}

/// The chapter's commands have the flags that the command has.
#[test]
fn the_chapter_names_flags_that_there_are() {
    let chapter = include_str!("../../../docs/src/checkpoints.md");
    let chapter = chapter
        .replace("\\\n", " ")
        .replace("/program.elf\n", "/program.elf ");
    let shop = Shop::new();
    let mut flags = 0;
    for line in chapter.lines() {
        let Some((_, line)) = line.split_once("fpvm ") else {
            continue;
        };
        let line = line.split(['\'', '`', ';']).next().unwrap_or_default();
        let words: Vec<&str> = line.split_whitespace().collect();
        let Some(command) = words
            .first()
            .filter(|word| word.chars().all(char::is_lowercase))
        else {
            continue;
        };
        let mut help = vec![*command];
        if matches!(*command, "checkpoints" | "preimages") {
            help.push(words[1]);
        }
        help.push("--help");
        let help = shop.run_words(&help).ok();
        for flag in words.iter().filter(|word| word.starts_with("--")) {
            assert!(
                help.split_whitespace().any(|word| word == *flag),
                "{flag} in: {line}"
            );
            flags += 1;
        }
    }
    assert!(flags > 15, "{flags}");
}
