//! What a new user tries first.

mod common;

use common::{Shop, guests, gzip, json, mips, mips_state, vectors};
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
    ] {
        shop.run(line).fails(1, "cannot write");
    }
    assert_eq!(shop.files(), ["spin.bin"]);
    shop.run("run spin.bin --stop-at =10 --output kept.bin")
        .ok();
    assert_eq!(shop.files(), ["kept.bin", "spin.bin"]);
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
fn piped(shop: &Shop, line: &str, bytes: &[u8]) -> common::Done {
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
