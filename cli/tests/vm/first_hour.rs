//! What a new user tries first.

use crate::common::{Shop, guests, gzip, json, mips, mips_state, vectors};
use std::fs;
use std::io::Write as _;
use std::process::Stdio;

/// A place that cannot be written to is told before anything is run, and trying it leaves nothing behind.
#[test]
fn outputs_are_tried_before_a_run() {
    let shop = Shop::new();
    // It would run for ever.
    shop.write("spin.bin", mips_state(&[mips::SPIN, mips::NOP]));
    for line in [
        "run spin.bin --output nodir/x.bin.gz",
        "run spin.bin --snapshot-at %1000 --snapshot-fmt nodir/%d.bin",
        "run spin.bin --proof-at =5000000000000 --proof-fmt nodir/%d.json",
        "run spin.bin --debug-info nodir/x.json",
        "run spin.bin --output .",
        "profile spin.bin --folded nodir/x",
        "prove spin.bin --step 5000000000000 --output nodir/x",
        "demo --report nodir/x.html",
        "contract compile --isa riscv --solc nodir/solc --output nodir/x.json",
        "game report --rpc http://127.0.0.1:1 --game 0x0000000000000000000000000000000000000001 --output nodir/x",
    ] {
        shop.run(line).fails(1, "cannot write");
    }
    assert_eq!(shop.files(), ["spin.bin"]);
    // So is the program that a run is to be compared with.
    shop.run("bench spin.bin --steps 5000000000000 --against ./nosuch")
        .fails(1, "cannot run ./nosuch, which --against names");
    shop.run("run spin.bin --stop-at =10 --output kept.bin")
        .ok();
    assert_eq!(shop.files(), ["kept.bin", "spin.bin"]);
}

/// A run says as JSON why it ended, and nothing else is between the JSON.
#[test]
fn a_run_says_why_it_ended() {
    let shop = Shop::new();
    // lui t0, 1; sb t0, 0(t0); then it spins.
    shop.write(
        "spin.bin",
        mips_state(&[mips::NOP, mips::NOP, mips::SPIN, mips::NOP]),
    );
    shop.write("bad.bin", mips_state(&[mips::NOP, 0xffff_ffff]));
    for (line, why) in [
        ("run spin.bin --stop-at =2", "at-step"),
        ("run spin.bin --stop-at-pc 0x1008", "at-address"),
        ("run bad.bin", "fault"),
    ] {
        let done = shop.run(&format!("{line} --json"));
        let told = json(&done.out);
        assert_eq!(told["ended"], why, "{line}: {}", done.err);
        assert_eq!(told["error"].is_string(), why == "fault", "{told}");
    }
    let claim = guests("bin/claim.mips");
    let claim = claim.to_str().unwrap();
    let store = guests("preimages");
    let words = [
        "run",
        claim,
        "--json",
        "--preimages",
        store.to_str().unwrap(),
    ];
    let why = |more: &[&str]| json(shop.run_words(&[&words, more].concat()).ok())["ended"].clone();
    assert_eq!(why(&[]), "exited");
    assert_eq!(why(&["--stop-at-symbol", "main.main"]), "at-symbol");
    assert_eq!(why(&["--stop-at-preimage-type", "local"]), "at-preimage");
    for flag in [
        "run spin.bin --output -",
        "run spin.bin --debug-info -",
        "run spin.bin --proof-at always --proof-fmt -",
        "run spin.bin --snapshot-at always --snapshot-fmt -",
        "load-elf spin.bin --meta -",
        "load-elf spin.bin --out -",
    ] {
        let done = shop.run(&format!("{flag} --json"));
        assert_eq!(done.out, "", "{flag}");
        done.fails(1, "would both write to standard output");
    }
}

/// Words of a library are no help: how many digits it takes is.
#[test]
fn accounts_and_hashes_say_what_they_take() {
    let shop = Shop::new();
    for (line, words) in [
        (
            "game list --rpc http://127.0.0.1:1 --factory 0x12",
            "an address is 0x and 40 hexadecimal digits, and these are 2",
        ),
        (
            "game show --rpc http://127.0.0.1:1 --game latest",
            "an address is 0x and 40 hexadecimal digits; 'l' is none",
        ),
        (
            "game create --rpc http://127.0.0.1:1 --factory 0x0000000000000000000000000000000000000001 --block 1 --root 0x123",
            "a hash is 0x and 64 hexadecimal digits, and these are 3",
        ),
    ] {
        let done = shop.run(line);
        assert!(done.err.contains(words), "{}", done.err);
    }
}

#[cfg(unix)]
#[test]
fn files_are_not_programs() {
    use std::os::unix::fs::PermissionsExt as _;
    let shop = Shop::new();
    shop.write("spin.bin", mips_state(&[mips::SPIN, mips::NOP]));
    shop.run("run spin.bin --stop-at =10 --output end.bin").ok();
    let mode = fs::metadata(shop.path("end.bin"))
        .unwrap()
        .permissions()
        .mode();
    assert_eq!(mode & 0o111, 0, "{mode:o}");
}

/// Runs a command with bytes on its standard input, which is a pipe.
fn piped(shop: &Shop, line: &str, bytes: &[u8]) -> crate::common::Done {
    let mut command = shop.process();
    command.args(line.split_whitespace());
    command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    let mut stdin = child.stdin.take().unwrap();
    let bytes = bytes.to_vec();
    let writer = std::thread::spawn(move || {
        // Whoever has read enough closes its end.
        let _ = stdin.write_all(&bytes);
    });
    let output = child.wait_with_output().unwrap();
    writer.join().unwrap();
    output.into()
}

/// Commands open a program several times: for each tier, for each machine, for a fault's lines.
#[test]
fn what_can_be_read_once_is_opened_again() {
    let shop = Shop::new();
    let program = guests("bin/bare.mips");
    let bytes = fs::read(&program).unwrap();
    shop.bring(&program);
    let equal = piped(&shop, "bisect bare.mips - --until 1000", &bytes).ok();
    assert_eq!(
        equal,
        shop.run("bisect bare.mips bare.mips --until 1000").ok()
    );
    assert_eq!(
        piped(&shop, "bisect - bare.mips --until 1000", &bytes).ok(),
        equal
    );
    let measured = piped(&shop, "bench - --json", &bytes).ok();
    let steps = json(shop.run("bench bare.mips --json").ok())["steps"].clone();
    assert!(steps.is_u64());
    assert_eq!(json(measured)["steps"], steps);
    shop.run("checkpoints make bare.mips --every 1000 --until 3000 --out list")
        .ok();
    piped(&shop, "checkpoints verify list -", &bytes).ok();
    let state = mips_state(&[0x7c05_3420, mips::NOP]);
    let fault = piped(&shop, "run -", &state);
    assert!(
        fault.err.contains(
            "by the manual the instruction is seb of MIPS release 2: build the program for MIPS32"
        ),
        "{}",
        fault.err
    );
    piped(&shop, "check -", &state).fails(1, "- is a state of singlethreaded-2");
}

#[test]
fn standard_input_is_read_once_whatever_is_in_it() {
    let shop = Shop::new();
    let binary = mips_state(&[mips::SPIN, mips::NOP]);
    shop.write("state.bin", &binary);
    let root = shop.run("state-root state.bin").ok();
    shop.run("run state.bin --stop-at =0 --output state.json")
        .ok();
    let text = shop.read("state.json");
    let program = fs::read(guests("bin/bare.mips")).unwrap();
    let program_root = shop
        .run_words(&["state-root", guests("bin/bare.mips").to_str().unwrap()])
        .ok();
    for (bytes, root) in [(binary, &root), (text, &root), (program, &program_root)] {
        for place in ["-", "/dev/stdin", "--input -"] {
            let line = format!("state-root {place}");
            assert_eq!(&piped(&shop, &line, &bytes).ok(), root, "{place}");
            assert_eq!(
                &piped(&shop, &line, &gzip(&bytes)).ok(),
                root,
                "{place}, gzip"
            );
        }
        let one = piped(&shop, "state-root - --isa mips", &bytes);
        assert_eq!(&one.ok(), root);
    }
    let cannon = Shop::named("cannon");
    let text = shop.read("state.json");
    let told = piped(&cannon, "witness --input /dev/stdin", &text);
    assert_eq!(json(told.ok())["witnessHash"], root.trim());
    // What is nothing is named so.
    piped(&shop, "run -", b"#!/bin/sh\n").fails(1, "- is neither a program nor a state");
    shop.write("notes.txt", "hello");
    shop.run("run notes.txt")
        .fails(1, "notes.txt is neither a program nor a state");
    let check = piped(
        &shop,
        "check -",
        &fs::read(vectors("odd/ror.mips64")).unwrap(),
    );
    assert!(
        check.out.contains("rotr of MIPS release 2"),
        "{}",
        check.out
    );
}

/// What there is of a step behind the end would be of the last state, and is not given for it.
#[test]
fn no_step_is_behind_the_end() {
    let shop = Shop::new();
    shop.write("exit.bin", mips_state(&EXIT));
    let last = "the program exits after step 3; its last state is that of --step 3";
    for line in [
        "state-root exit.bin --step 50",
        "state-root exit.bin --dense 50..60",
        "prove exit.bin --step 50",
        "explain exit.bin --step 50",
        "trace exit.bin --from 50 --to 60",
        "memory exit.bin --step 50 --at 0x1000",
    ] {
        shop.run(line)
            .fails(1, &format!("there is no step 50: {last}"));
    }
    for line in [
        "explain exit.bin --step 3",
        "trace exit.bin --from 3 --to 4",
    ] {
        let none = "there is no step 3: the program exits after step 3; its last step is 2";
        shop.run(line).fails(1, none);
    }
    for line in [
        "state-root exit.bin --step 3",
        "prove exit.bin --step 3",
        "explain exit.bin --step 2",
    ] {
        shop.run(line).ok();
    }
    // Of a range there is the part before the end, and what is missing is told.
    for (line, flag) in [
        ("state-root exit.bin --dense 1..9", "--dense A.. 9"),
        ("trace exit.bin --from 1 --to 9", "--to 9"),
        (
            "checkpoints make exit.bin --every 2 --until 9 --out list",
            "--until 9",
        ),
        ("run exit.bin --proof-at =9", "--proof-at 9"),
        ("run exit.bin --snapshot-at 9", "--snapshot-at 9"),
        ("run exit.bin --stop-at =9", "--stop-at 9"),
    ] {
        let done = shop.run(line);
        let told = format!("msg=\"The program exits before {flag}\" module=vm step=3");
        assert!(done.err.contains(&told), "{line}: {}", done.err);
        done.ok();
    }
    let within = shop.run("run exit.bin --proof-at =1 --stop-at =2");
    assert!(!within.err.contains("exits before"), "{}", within.err);
    shop.run("verify proof-1.json").ok();
    // Upstream's traces go on with the last state.
    let cannon = Shop::named("cannon");
    cannon.write("exit.bin", mips_state(&EXIT));
    let done = cannon.run("run --input exit.bin --meta= --output= --proof-at =9");
    assert!(!done.err.contains("exits before --"), "{}", done.err);
    done.ok();
    let last = cannon.run("state-root exit.bin --step 3").ok();
    assert_eq!(cannon.run("state-root exit.bin --step 50").ok(), last);
}

/// Sizes, steps and times are taken as people write them, and what is taken is said where one is not.
#[test]
fn numbers_are_taken_as_people_write_them() {
    let shop = Shop::new();
    shop.write("spin.bin", mips_state(&[mips::SPIN, mips::NOP]));
    let stops = |at: &str| {
        json(
            shop.run(&format!("run spin.bin --json --stop-at {at}"))
                .ok(),
        )["step"]
            .clone()
    };
    for (at, step) in [
        ("1.5k", 1500),
        ("=0.5k", 500),
        ("2_000", 2000),
        ("2,000", 2000),
        ("1e3", 1000),
        ("%1.5e3", 0),
    ] {
        assert_eq!(stops(at), step, "{at}");
    }
    for size in ["1.5GiB", "0.5G", "1gb", "512mb", "512m", "1_000_000k"] {
        shop.run(&format!("run spin.bin --stop-at 10 --max-memory {size}"))
            .ok();
    }
    for (line, why) in [
        (
            "run spin.bin --max-memory much",
            "`much` is no size, such as 4096, 512MiB, 1.5GiB, 0.5G",
        ),
        (
            "run spin.bin --max-memory 1.5XB",
            "there are KiB, MiB, GiB, TiB",
        ),
        (
            "run spin.bin --stop-at often",
            "one of never, always, N or =N",
        ),
        (
            "explain spin.bin --step 1.5",
            "such as 2000000, 2_000_000, 2e6, 1.5M or 0x1f",
        ),
        (
            "run spin.bin --host-timeout soon -- host",
            "such as 90, 90s, 500ms, 1.5h or 3d12h",
        ),
        ("disasm spin.bin -n x", "such as 2000000"),
    ] {
        shop.run(line).fails(1, why);
    }
    let few = shop.run("memory spin.bin --at 0x1000 --len 0.5K").ok();
    assert_eq!(few.lines().count(), 32);
}

/// Wherever an address can be meant, a symbol can, with an offset or without.
#[test]
fn a_place_is_an_address_or_a_symbol() {
    let shop = Shop::new();
    let guest = guests("bin/claim.mips");
    let run = |words: &[&str]| {
        let (command, flags) = words.split_first().unwrap();
        shop.run_words(&[&[*command, guest.to_str().unwrap()], flags].concat())
    };
    let whole = run(&["disasm", "--symbol", "main.main"]).ok();
    let first = whole
        .lines()
        .nth(1)
        .unwrap()
        .trim()
        .split(':')
        .next()
        .unwrap();
    let start = u64::from_str_radix(first, 16).unwrap();
    let lines = |text: &str| {
        text.lines()
            .filter(|line| line.starts_with([' ', '>']))
            .map(str::to_owned)
            .collect::<Vec<_>>()
    };
    let behind = run(&["disasm", "--symbol", "main.main+0x10"]).ok();
    assert!(behind.starts_with("main.main+0x10:\n"), "{behind}");
    assert_eq!(lines(&behind), lines(&whole)[4..]);
    assert_eq!(run(&["disasm", "--symbol", "main.main+16"]).ok(), behind);
    run(&["disasm", "--symbol", "main.main+0x100000"])
        .fails(1, "main.main+0x100000 is outside of main.main, which has");
    let from = run(&["disasm", "--from", "main.main", "--to", "main.main+8"]).ok();
    assert_eq!(lines(&from), lines(&whole)[..2]);
    assert_eq!(
        run(&["disasm", "--from", &format!("{start:#x}"), "-n", "2"]).ok(),
        from
    );
    let before = run(&["disasm", "--from", "main.main-4", "--to", "main.main"]).ok();
    assert!(
        lines(&before)[0]
            .trim_start_matches(['>', ' '])
            .starts_with(&format!("{:x}:", start - 4)),
        "{before}"
    );
    let stop = |flags: &[&str]| {
        let done = claim(&shop, &[&["run", "--json"], flags].concat());
        json(done.ok())["step"].as_u64().unwrap()
    };
    let step = stop(&["--stop-at-pc", "main.main"]);
    assert_eq!(stop(&["--stop-at-symbol", &format!("{start:#x}")]), step);
    assert_eq!(stop(&["--stop-at-pc", "main.main+4"]), step + 1);
    for words in [
        &["disasm", "--symbol", "main.mian"][..],
        &["disasm", "--symbol", "main.mian+4"],
        &["disasm", "--from", "main.mian"],
        &["disasm", "--from", "main.main", "--to", "main.mian"],
        &["run", "--stop-at-pc", "main.mian+8"],
        &["run", "--stop-at-symbol", "main.mian"],
        &["memory", "--at", "main.mian+0x10"],
    ] {
        run(words).fails(1, "there is no symbol main.mian; is it one of main.main?");
    }
}

/// A file that is written is named by one flag, whichever of its usual names is typed.
#[test]
fn outputs_are_named_in_one_way() {
    let shop = Shop::new();
    shop.write("spin.bin", mips_state(&[mips::SPIN, mips::NOP]));
    shop.bring(&guests("bin/bare.mips"));
    for line in [
        "run spin.bin --stop-at 9",
        "witness spin.bin",
        "prove spin.bin",
        "contract emit --isa mips",
        "load-elf bare.mips --meta=",
        "checkpoints make spin.bin --every 5 --until 9",
        "profile spin.bin --steps 9",
    ] {
        for (i, flag) in ["-o", "--out", "--output"].into_iter().enumerate() {
            let name = format!("{}-{i}", line.split(' ').next().unwrap());
            shop.run(&format!("{line} {flag} {name}")).ok();
            assert!(shop.path(&name).exists(), "{line} {flag}");
        }
    }
}

/// What sends nothing has no flags of who sends.
#[test]
fn flags_that_are_not_used_are_refused() {
    let shop = Shop::new();
    let game = "0x0000000000000000000000000000000000000001";
    for line in [
        format!("game list --factory {game}"),
        format!("game show --game {game}"),
        format!("game advise --game {game} --outputs x"),
        format!("game watch --game {game}"),
        format!("game report --game {game}"),
        format!("game verify {game}"),
    ] {
        for flag in ["--keystore x", "--max-fee 5", "--confirmations 2"] {
            shop.run(&format!("{line} --rpc http://127.0.0.1:1 {flag}"))
                .fails(1, "unexpected argument");
        }
    }
}

/// A proof of a step that there is not would be one of the last state.
#[test]
fn no_step_behind_the_end_is_proved() {
    let shop = Shop::new();
    let bare = guests("bin/bare.mips");
    shop.run_words(&["prove", bare.to_str().unwrap(), "--step", "999999999"])
        .fails(
            1,
            "there is no step 999999999: the program exits after step ",
        );
}

fn claim(shop: &Shop, words: &[&str]) -> crate::common::Done {
    let (guest, store) = (guests("bin/claim.mips"), guests("preimages"));
    let (guest, store) = (guest.to_str().unwrap(), store.to_str().unwrap());
    let (command, flags) = words.split_first().unwrap();
    shop.run_words(&[&[*command, guest, "--preimages", store], flags].concat())
}

const PRINTED: &str = "blocks 32\n";

/// What the guest prints is ours, its exit code where asked for, and the last line says how it ended.
#[test]
fn a_run_hands_on_what_the_guest_prints() {
    let shop = Shop::new();
    for flags in [&["run"][..], &["run", "-q"]] {
        let done = claim(&shop, flags);
        assert!(
            done.out.starts_with(PRINTED) && done.out.ends_with("the claim is true\n"),
            "{}",
            done.out
        );
        assert!(!done.err.contains("module=guest"), "{}", done.err);
        done.ok();
    }
    let done = claim(&shop, &["run"]);
    let last = done.err.lines().last().unwrap();
    for part in [
        "msg=\"Execution stopped\"",
        "exited=true",
        "code=0",
        " steps=",
        " seconds=",
        " root=0x00",
    ] {
        assert!(last.contains(part), "{part} is not in {last}");
    }
    // Results on stdout are not mixed with it.
    let done = claim(&shop, &["run", "--json"]);
    assert!(done.err.contains(PRINTED), "{}", done.err);
    let ended = json(done.ok());
    assert_eq!(
        (&ended["exited"], &ended["exitCode"]),
        (&true.into(), &0.into())
    );
    let root = claim(&shop, &["state-root", "--step", &ended["step"].to_string()]).ok();
    assert_eq!(ended["root"], root.trim());
    // Upstream's names print as upstream does.
    let cannon = Shop::named("cannon");
    let done = claim(&cannon, &["run", "--output", "", "--meta", ""]);
    assert_eq!(done.out, "");
    assert!(
        done.err
            .contains("module=guest stream=stdout text=\"blocks 32\\n\""),
        "{}",
        done.err
    );
    assert!(
        done.err
            .trim_end()
            .ends_with("msg=\"Execution stopped\" module=vm exited=true code=0"),
        "{}",
        done.err
    );
}

/// `exit(3)`: addiu a0, zero, 3; addiu v0, zero, 4246; syscall.
const EXIT: [u32; 3] = [0x2404_0003, 0x2402_1096, 0x0000_000c];

#[test]
fn the_guest_s_exit_code_is_ours_where_asked_for() {
    let shop = Shop::new();
    shop.write("exit.bin", mips_state(&EXIT));
    shop.run("run exit.bin").ok();
    assert_eq!(shop.run("run exit.bin --exit-code").code, Some(3));
    assert_eq!(json(shop.run("run exit.bin --json").ok())["exitCode"], 3);
}

#[test]
fn a_run_stops_at_a_symbol_or_an_address() {
    let shop = Shop::new();
    let stop = |flags: &[&str]| {
        let done = claim(&shop, &[&["run", "--json"], flags].concat());
        let ended = json(done.ok());
        (
            ended["step"].as_u64().unwrap(),
            ended["pc"].as_str().unwrap().to_string(),
        )
    };
    let (step, pc) = stop(&["--stop-at-symbol", "main.main"]);
    assert_eq!(stop(&["--stop-at-pc", &pc]), (step, pc.clone()));
    let (later, _) = stop(&["--stop-at-symbol", "main.main+4"]);
    assert_eq!(later, step + 1);
    let text = claim(&shop, &["explain", "--step", &step.to_string()]).ok();
    assert!(
        text.starts_with(&format!("step {step} in main.main ({pc})\n")),
        "{text}"
    );
    let past = claim(
        &shop,
        &[
            "run",
            "--stop-at-pc",
            "0x10",
            "--stop-at",
            &step.to_string(),
        ],
    );
    assert!(
        past.err.contains("has not come to the address"),
        "{}",
        past.err
    );
    claim(&shop, &["run", "--stop-at-symbol", "main.mian"]).fails(1, "is it one of main.main");
}

/// Loads and stores show whole words, and operands their values.
#[test]
fn steps_say_what_they_read_and_write() {
    let shop = Shop::new();
    // addiu t0, zero, 0x1000; lw t1, 4(t0); addiu t1, t1, 1; sw t1, 8(t0), twice
    shop.write(
        "steps.bin",
        mips_state(&[
            0x2408_1000,
            0x8d09_0004,
            0x2529_0001,
            0xad09_0008,
            0xad09_0008,
        ]),
    );
    let explain = |step: &str| shop.run(&format!("explain steps.bin --step {step}")).ok();
    let load = explain("1");
    assert!(load.contains("lw      t1, 4(t0)\n"), "{load}");
    assert!(load.contains("  reads   t0 = 0x00001000\n"), "{load}");
    assert!(
        load.contains("  memory  0x1004: 0x8d090004 read\n"),
        "{load}"
    );
    assert!(
        load.contains("  writes  t1: 0x00000000 → 0x8d090004\n"),
        "{load}"
    );
    let again = explain("4");
    assert!(
        again.contains("  memory  0x1008: 0x8d090005 written, as it was\n"),
        "{again}"
    );
    let store = explain("3");
    assert!(store.contains("  reads   t1 = 0x8d090005\n"), "{store}");
    assert!(
        store.contains("  memory  0x1008: 0x25290001 → 0x8d090005\n"),
        "{store}"
    );
    let trace = shop.run("trace steps.bin --from 0 --to 3").ok();
    assert_eq!(trace.lines().count(), 4);
    assert!(
        trace
            .lines()
            .nth(1)
            .unwrap()
            .ends_with("[0x1004] 0x8d090004 read"),
        "{trace}"
    );
    let lines = shop.run("trace steps.bin --to 3 --json").ok();
    let last = json(lines.lines().last().unwrap());
    assert_eq!(last["memory"][0]["after"], "0x8d090005");
    let memory = shop
        .run("memory steps.bin --step 4 --at 0x1008 --len 4")
        .ok();
    assert_eq!(
        memory,
        format!("        1008  {:<48} ....\n", "8d 09 00 05")
    );
    let memory = json(shop.run("memory steps.bin --at 4104 --len 4 --json").ok());
    assert_eq!(memory["bytes"], "25290001");
    let beyond = shop.run("memory steps.bin --at 0x100000000");
    beyond.fails(1, "no address of this machine: they have 32 bits");
    let over = shop.run("memory steps.bin --at 0xfffffffc --len 8");
    over.fails(1, "more than the address space has");
    shop.run("memory steps.bin --at 0xfffffffc --len 4").ok();
    shop.write("exit.bin", mips_state(&EXIT));
    shop.run("explain exit.bin --step 50")
        .fails(1, "there is no step 50: the program exits after step 3");
    // The server says the same.
    let questions = b"{\"id\":1,\"method\":\"explain\",\"step\":3}\n\
        {\"id\":2,\"method\":\"trace\",\"step\":0,\"to\":3}\n\
        {\"id\":3,\"method\":\"memory\",\"step\":4,\"at\":\"0x1008\",\"len\":4}\n";
    let answers = piped(&shop, "serve steps.bin", questions).ok();
    let answers: Vec<_> = answers.lines().map(json).collect();
    assert_eq!(answers[0]["result"]["memory"][0]["after"], "0x8d090005");
    assert_eq!(answers[1]["result"][3], answers[0]["result"]);
    assert_eq!(answers[2]["result"]["bytes"], "8d090005");
}

#[test]
fn json_is_asked_for_in_one_way() {
    let shop = Shop::new();
    shop.write("exit.bin", mips_state(&EXIT));
    shop.bring(&guests("bin/bare.mips"));
    for line in [
        "run exit.bin",
        "explain exit.bin",
        "memory exit.bin --at 0x1000",
        "profile exit.bin",
        "check bare.mips",
    ] {
        let (long, short) = (format!("{line} --format json"), format!("{line} --json"));
        let (long, short) = (json(shop.run(&long).ok()), json(shop.run(&short).ok()));
        let keys = |value: &serde_json::Value| {
            value
                .as_object()
                .unwrap()
                .keys()
                .cloned()
                .collect::<Vec<_>>()
        };
        assert_eq!(keys(&long), keys(&short), "{line}");
        let text = shop.run(&format!("{line} --format text")).ok();
        assert!(
            serde_json::from_str::<serde_json::Value>(&text).is_err(),
            "{line}: {text}"
        );
    }
}

#[test]
fn the_environment_sets_flags() {
    let shop = Shop::new();
    shop.write("spin.bin", mips_state(&[mips::SPIN, mips::NOP]));
    let run = |name: &str, variable: &str, value: &str| {
        let shop_words = [
            "run",
            "--input",
            "spin.bin",
            "--stop-at",
            "=10",
            "--meta",
            "",
            "--output",
            "",
        ];
        let mut command = std::process::Command::new(shop.path(name));
        let output = command
            .current_dir(shop.path(""))
            .args(shop_words)
            .env(variable, value);
        crate::common::Done::from(output.output().unwrap())
    };
    for name in ["fpvm", "cannon"] {
        std::os::unix::fs::symlink(env!("CARGO_BIN_EXE_fpvm"), shop.path(name)).unwrap();
    }
    run("fpvm", "FPVM_MAX_MEMORY", "1KiB").fails(1, "raise --max-memory");
    run("fpvm", "FPVM_MAX_MEMORY", "1GB").ok();
    run("cannon", "FPVM_MAX_MEMORY", "1KiB").ok();
    run("fpvm", "FPVM_OTHER", "x").ok();
    // Switches are on or off, and one that is off excludes nothing.
    for (value, is_on) in [
        ("1", true),
        ("true", true),
        ("yes", true),
        ("0", false),
        ("false", false),
        ("no", false),
    ] {
        let done = run("fpvm", "FPVM_JSON", value);
        assert_eq!(done.out.starts_with('{'), is_on, "{value}: {}", done.out);
        done.ok();
    }
    run("fpvm", "FPVM_STRICT", "often").fails(1, "often");
    assert_eq!(run("cannon", "FPVM_JSON", "1").out, "");
    // What means something else in another command has that one's name.
    run("fpvm", "FPVM_OUTPUT", "other.bin").ok();
    let with = |words: &[&str], variables: &[(&str, &str)]| {
        let mut command = std::process::Command::new(shop.path("fpvm"));
        command
            .current_dir(shop.path(""))
            .args(words)
            .envs(variables.iter().copied());
        crate::common::Done::from(command.output().unwrap())
    };
    let account = ("FPVM_FROM", "0x00000000000000000000000000000000000000aa");
    let three = with(&["trace", "spin.bin", "--to", "3"], &[account]).ok();
    assert_eq!(three.lines().count(), 4);
    let two = with(
        &["trace", "spin.bin", "--to", "3"],
        &[("FPVM_TRACE_FROM", "2")],
    )
    .ok();
    assert_eq!(two.lines().count(), 2);
    with(&["disasm", "spin.bin"], &[account]).ok();
    // A node is asked by who verifies through a contract, and by nobody else.
    let url = "http://127.0.0.1:1";
    let proof = with(&["prove", "spin.bin"], &[]).ok();
    shop.write("proof.json", proof);
    let contract = [
        "verify",
        "proof.json",
        "--patience",
        "10ms",
        "--contract",
        "0x00000000000000000000000000000000000000bb",
    ];
    for name in ["FPVM_RPC", "ETH_RPC_URL"] {
        with(&contract[..2], &[(name, url)]).ok();
        with(&contract, &[(name, url)]).fails(1, "127.0.0.1:1");
    }
    with(&contract, &[]).fails(1, "Name a node with --rpc URL");
}

#[test]
fn completions_know_the_vms() {
    let shop = Shop::new();
    let script = shop.run("completions bash").ok();
    assert!(
        script.contains("mips mips64 riscv") && script.contains("multithreaded64-5"),
        "{script}"
    );
    let help = shop.run("--help").ok();
    let look = help.find(" Look\n").unwrap();
    assert!(
        help.find("  load-elf").unwrap() < look && look < help.find("  check").unwrap(),
        "{help}"
    );
    assert!(!help.contains("challenge  \n"));
}

/// Page 0 can be read and written in these VMs; whoever asks hears where a program does so.
#[test]
fn accesses_to_page_zero_are_found_where_asked_for() {
    let shop = Shop::new();
    // lw t0, 8(zero); sw t0, 0xffc(zero); lw t0, 0x1000(zero); b .; nop
    let mips = mips_state(&[0x8c08_0008, 0xac08_0ffc, 0x8c08_1000, mips::SPIN, mips::NOP]);
    shop.write("null.bin", mips);
    // ld t0, 16(zero); j .
    shop.write(
        "null.json",
        crate::common::riscv_state(&[0x0100_3283, 0x0000_006f]),
    );
    for tier in ["interpreter", "jit"] {
        if tier == "jit" && !fpvm_jit::supported() {
            continue;
        }
        let run = |file: &str| {
            shop.run(&format!(
                "run {file} --stop-at =1000 --strict --tier {tier}"
            ))
        };
        let done = run("null.bin");
        let line = "The guest accessed page 0, a null pointer, first here";
        assert!(done.err.contains(line), "{}", done.err);
        assert!(
            done.err.contains("count=2 step=0") && done.err.contains("address=0x8"),
            "{}",
            done.err
        );
        let done = run("null.json");
        assert!(
            done.err.contains("count=1 step=0") && done.err.contains("address=0x10"),
            "{}",
            done.err
        );
        assert!(!shop.run("run null.bin --stop-at =1000").err.contains(line));
    }
    shop.write("spin.bin", mips_state(&[mips::SPIN, mips::NOP]));
    let none = shop.run("run spin.bin --stop-at =1000 --strict");
    assert!(!none.err.contains("page 0"), "{}", none.err);
}

/// Go's debug information says of which line a fault, a step and a caller are.
#[test]
fn places_have_their_lines_of_source() {
    let shop = Shop::new();
    let hello = vectors("guests/preimage.go122.mips");
    let hello = hello.to_str().unwrap();
    // Without pre-images the program gives up where it first reads one.
    let done = shop.run_words(&["run", hello, "--debug"]);
    let text = &done.err;
    assert!(text.contains(".go:"), "{text}");
    let at = shop.run_words(&["explain", hello, "--step", "1000"]).ok();
    let first = at.lines().next().unwrap();
    assert!(first.contains(") at ") && first.contains(".go:"), "{first}");
    let json_at = json(
        shop.run_words(&["explain", hello, "--step", "1000", "--json"])
            .ok(),
    );
    let source = json_at["place"]["source"].as_str().unwrap();
    assert!(first.ends_with(source), "{first}: {source}");
    let trace = shop
        .run_words(&["trace", hello, "--from", "1000", "--to", "1001"])
        .ok();
    assert_eq!(trace.matches(".go:").count(), 2, "{trace}");
    // Upstream's traceback has no lines.
    let cannon = Shop::named("cannon");
    cannon.write("meta.json", r#"{"symbols":[]}"#);
    let done = cannon.run_words(&["run", "--input", hello, "--debug", "--meta", "meta.json"]);
    assert!(!done.err.contains(".go:"), "{}", done.err);
}

/// A host that stands among the arguments without `--` is met by the word that is missing.
#[test]
fn a_host_without_dashes_is_told_of_them() {
    let shop = Shop::new();
    let tip = "tip: the host and its arguments stand behind `--`: -- ./host";
    shop.run("run program ./host --flag").fails(1, tip);
    shop.run("prove program ./host").fails(1, tip);
    let other = shop
        .run("run program --no-such-flag")
        .fails(1, "--no-such-flag");
    assert!(!other.contains("behind `--`"), "{other}");
    let no_host = shop.run("disasm program ./host").fails(1, "./host");
    assert!(!no_host.contains("behind `--`"), "{no_host}");
}

/// What a game puts into local pre-images can be given on the command line.
#[test]
fn local_preimages_come_from_flags() {
    let shop = Shop::new();
    let claim = guests("bin/claim.mips");
    let (claim, store) = (claim.to_str().unwrap(), guests("preimages"));
    let with = |more: &[&str]| {
        let words = [
            &[
                "run",
                claim,
                "--exit-code",
                "--preimages",
                store.to_str().unwrap(),
            ],
            more,
        ]
        .concat();
        shop.run_words(&words)
    };
    assert_eq!(with(&[]).code, Some(0));
    // Another claim than the store's is false.
    let false_claim = format!("2=0x{}", "ab".repeat(32));
    assert_eq!(with(&["--local", &false_claim]).code, Some(1));
    let words = ["run", claim, "--local", "1=0x00", "--", "host"];
    shop.run_words(&words).fails(1, "cannot be used with");
    shop.run_words(&["run", claim, "--local", "1:0x00"])
        .fails(1, "N=0x… or N=NUMBER is expected");
}

/// Who reports a fault has to say of which program it is.
#[test]
fn the_version_says_what_was_built() {
    let version = Shop::new().run("--version").ok();
    let (name, rest) = version.trim().split_once(' ').unwrap();
    assert_eq!(name, "fpvm");
    assert!(
        rest.starts_with(env!("CARGO_PKG_VERSION")) && rest.ends_with(')'),
        "{rest}"
    );
}
