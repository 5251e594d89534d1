//! Says of which commit a release build is: `fpvm --version` prints it.
//!
//! Other builds only say that they are none, so that a commit does not have everything built anew.

use std::path::Path;
use std::process::Command;

/// Digits of a commit's hash that are shown.
const DIGITS: usize = 12;

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-env-changed=FPVM_COMMIT");
    let build = match std::env::var("PROFILE").as_deref() {
        Ok("release") => match given().or_else(packaged).or_else(checked_out) {
            Some(commit) => format!(" ({commit})"),
            None => String::new(),
        },
        _ => " (development build)".to_owned(),
    };
    println!("cargo::rustc-env=FPVM_BUILD={build}");
}

/// What whoever builds from a tree without Git says, in `FPVM_COMMIT`.
fn given() -> Option<String> {
    let commit = std::env::var("FPVM_COMMIT").ok()?;
    let is_commit = !commit.is_empty() && commit.bytes().all(|byte| byte.is_ascii_alphanumeric());
    is_commit.then(|| short(&commit))
}

/// The commit that a package from a registry was made of.
fn packaged() -> Option<String> {
    let text = std::fs::read_to_string(".cargo_vcs_info.json").ok()?;
    let (_, rest) = text.split_once("\"sha1\"")?;
    let commit = rest.split('"').nth(1)?;
    Some(short(commit))
}

/// The commit that is checked out, and whether files differ from it.
fn checked_out() -> Option<String> {
    // The log of HEAD grows with each commit and checkout; the index changes with what is added.
    for file in ["logs/HEAD", "index"] {
        let path = git(&["rev-parse", "--git-path", file])?;
        if Path::new(&path).exists() {
            println!("cargo::rerun-if-changed={path}");
        }
    }
    let commit = git(&["rev-parse", "HEAD"])?;
    let differs = !git(&["status", "--porcelain", "--untracked-files=no"])?.is_empty();
    Some(format!(
        "{}{}",
        short(&commit),
        if differs { ", changed" } else { "" }
    ))
}

fn git(words: &[&str]) -> Option<String> {
    let output = Command::new("git").args(words).output().ok()?;
    let text = String::from_utf8(output.stdout).ok()?;
    output.status.success().then(|| text.trim().to_owned())
}

fn short(commit: &str) -> String {
    commit.chars().take(DIGITS).collect()
}
