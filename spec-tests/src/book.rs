//! Generated parts of the book: compared with what stands in it, or written anew.

use std::fs;
use std::path::{Path, PathBuf};

/// A path in the repository, given from its root.
#[must_use]
pub fn repository(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(path)
}

/// Compares a text with `docs/src/NAME`, or writes it there where `UPDATE_DOCS` is set.
///
/// # Panics
/// Where the book has another text, with the command that writes it anew; where it can't be written.
pub fn current(name: &str, text: &str) {
    let path = repository("docs/src").join(name);
    if std::env::var_os("UPDATE_DOCS").is_some() {
        path.parent()
            .map(fs::create_dir_all)
            .transpose()
            .expect("a folder");
        fs::write(&path, text).expect("the book can be written");
    }
    let found = fs::read_to_string(&path).unwrap_or_default();
    assert!(
        found == text,
        "{} is not what the program gives: run `UPDATE_DOCS=1 cargo test -p spec-tests -p fpvm-cli --test docs`",
        path.display()
    );
}
