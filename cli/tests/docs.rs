//! The book shows what the command prints.
//!
//! `UPDATE_DOCS=1 cargo test -p fpvm-cli --test docs` writes it anew.

use assert_cmd::Command;
use spec_tests::book::{current, repository};
use std::fs;
use std::path::Path;

/// Runs fpvm in a folder; gives what it prints to stdout and to stderr.
fn fpvm(folder: &Path, arguments: &[&str]) -> (String, String) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_fpvm"));
    command
        .current_dir(folder)
        .env("COLUMNS", "100")
        .env("NO_COLOR", "1")
        .write_stdin("");
    let output = command.args(arguments).output().expect("it runs");
    let text = |bytes| String::from_utf8(bytes).expect("text");
    let (out, err) = (text(output.stdout), text(output.stderr));
    assert!(output.status.success(), "fpvm {arguments:?}: {err}");
    (out, err)
}

/// The names in the list of commands that a help text has.
fn commands(help: &str) -> Vec<&str> {
    let list = help.lines().skip_while(|line| *line != "Commands:").skip(1);
    let list = list.take_while(|line| !line.is_empty());
    list.filter_map(|line| {
        line.strip_prefix("  ")?
            .split(' ')
            .next()
            .filter(|name| !name.is_empty())
    })
    .filter(|name| *name != "help")
    .collect()
}

#[test]
fn help_is_in_the_book() {
    let here = repository("");
    let (help, _) = fpvm(&here, &["--help"]);
    current("help/fpvm.txt", &help);
    for command in commands(&help) {
        let (mut text, _) = fpvm(&here, &[command, "--help"]);
        for inner in commands(&text.clone()) {
            text = format!("{text}\n{}", fpvm(&here, &[command, inner, "--help"]).0);
        }
        // It fails for a command that the chapter has no place for.
        current(&format!("help/{command}.txt"), &text);
    }
}

/// The commands of the chapter "Getting started", and what they print.
#[test]
fn samples_are_what_comes_out() {
    let here = repository("");
    let claim = [
        "examples/guests/bin/claim.mips",
        "--preimages",
        "examples/guests/preimages",
    ];
    let with = |command: &'static str, more: &[&'static str]| {
        let words: Vec<&str> = [command]
            .iter()
            .chain(&claim)
            .chain(more)
            .copied()
            .collect();
        fpvm(&here, &words)
    };
    // On a terminal what the guest prints stands between the log's lines.
    let (out, log) = with("run", &[]);
    let (before, last) = log.trim_end().rsplit_once('\n').expect("two lines");
    let seconds = |word: &str| {
        if word.starts_with("seconds=") {
            "seconds=1.5".to_string()
        } else {
            word.to_string()
        }
    };
    let last: Vec<String> = last.split(' ').map(seconds).collect();
    let last = last.join(" ");
    current("samples/run.txt", &format!("{before}\n{out}{last}\n"));
    current(
        "samples/state-root.txt",
        &with("state-root", &["--step", "374437"]).0,
    );

    let folder = tempfile::tempdir().expect("a folder");
    let (proof, _) = with("prove", &["--step", "374437"]);
    fs::write(folder.path().join("proof.json"), proof).expect("a proof");
    current(
        "samples/verify.txt",
        &fpvm(folder.path(), &["verify", "proof.json"]).0,
    );

    let guest = "examples/guests/bin/claim.mips";
    current("samples/check.txt", &fpvm(&here, &["check", guest]).0);
    let function = "runtime/internal/syscall.Syscall6";
    current(
        "samples/disasm.txt",
        &fpvm(&here, &["disasm", guest, "--symbol", function]).0,
    );
}

/// A game on the chain in the process comes out the same to the wei.
#[test]
fn the_demonstration_is_in_the_book() {
    let folder = tempfile::tempdir().expect("a folder");
    let (demo, _) = fpvm(folder.path(), &["demo"]);
    current("samples/demo.txt", &demo);

    let readme = fs::read_to_string(repository("README.md")).expect("the README");
    let part = readme.split("```").find(|text| text.contains("3. Play"));
    let part = part.expect("a part of it in the README").lines().skip(1);
    for line in part.filter(|line| line.trim() != "…") {
        assert!(
            demo.contains(line),
            "README.md shows another game, with: {line}"
        );
    }
}

/// A line without the time that a run took.
fn timeless(line: &str) -> String {
    match (line.split_once(" steps in "), line.split_once(" s, ")) {
        (Some((before, _)), Some((_, after))) => format!("{before} steps, {after}"),
        _ => line.into(),
    }
}

/// `tour` checks what it shows; here what it shows is checked against upstream's answers.
#[test]
fn the_tour_ends_as_upstream_does() {
    let (tour, _) = fpvm(&repository(""), &["tour"]);
    let answers = fs::read(repository("spec-tests/vectors/guests/expected.json")).expect("answers");
    let answers: serde_json::Value = serde_json::from_slice(&answers).expect("JSON");
    let answers = answers.as_array().expect("a list").iter();
    let of_claim = answers.filter(|answer| answer["elf"] == "claim.mips");
    let mut count = 0;
    for answer in of_claim {
        for key in ["pre-state-hash", "final-state-hash"] {
            let hash = answer[key].as_str().expect(key);
            assert!(tour.contains(hash), "{key} {hash} is missing in\n{tour}");
        }
        count += 1;
    }
    assert_eq!((count, tour.matches(": refused, ").count()), (2, 4));

    let readme = fs::read_to_string(repository("README.md")).expect("the README");
    let readme: Vec<String> = readme.lines().map(timeless).collect();
    for line in tour.lines().map(timeless) {
        assert!(
            readme.contains(&line),
            "README.md shows another tour, without: {line}"
        );
    }
}
