//! Games to look at, and a browser to look with.
#![allow(dead_code, reason = "each test uses its part")]

pub(crate) mod board;
pub(crate) mod rollup;

use std::path::{Path, PathBuf};
use std::process::Command;

use dispute::simulate::run::{self, Record};
use dispute::simulate::scenario::{Presets, Scenario};
use play::report::Report;
use play::simulated;

/// A simulated game and its report.
pub(crate) fn simulated(seed: u64) -> (Report, Record) {
    let presets = Presets::new().expect("legal rules");
    let scenario = Scenario::random(&presets, seed);
    let record = run::record(&scenario).expect("it can be played");
    (simulated::report(&scenario, &record), record)
}

/// Chromium, under one of its names.
pub(crate) fn browser() -> Option<PathBuf> {
    let names = ["chromium", "chromium-browser", "google-chrome"];
    let folders = std::env::var_os("PATH")?;
    let folders: Vec<PathBuf> = std::env::split_paths(&folders).collect();
    let paths = names
        .iter()
        .flat_map(|name| folders.iter().map(move |folder| folder.join(name)));
    paths.into_iter().find(|path| path.is_file())
}

/// The page at `path` after its script has run.
pub(crate) fn draw(browser: &Path, path: &Path, profile: &Path) -> String {
    let output = Command::new(browser)
        .args(["--headless", "--no-sandbox", "--disable-gpu", "--dump-dom"])
        .arg(format!("--user-data-dir={}", profile.display()))
        .arg(format!("file://{}", path.display()))
        .output()
        .expect("the browser starts");
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    String::from_utf8(output.stdout).expect("text")
}
