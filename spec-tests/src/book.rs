//! Generated parts of the book: compared with what stands in it, or written anew.
//!
//! A generated part stands in the page itself, between `<!-- NAME -->` and `<!-- /NAME -->`, because a forge shows
//! Markdown as it is and knows nothing of mdBook's includes. Where the name is that of a text or a source, the part is
//! fenced code.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

/// One test at a time writes pages: several have parts in one page.
static PAGES: Mutex<()> = Mutex::new(());

/// A path in the repository, given from its root.
#[must_use]
pub fn repository(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(path)
}

/// The chapters of the book, and its summary.
///
/// # Panics
/// Where the folder cannot be read.
#[must_use]
pub fn chapters() -> Vec<PathBuf> {
    let entries = fs::read_dir(repository("docs/src")).expect("the book");
    let paths = entries.map(|entry| entry.expect("an entry").path());
    let mut chapters: Vec<_> = paths
        .filter(|path| path.extension().is_some_and(|extension| extension == "md"))
        .collect();
    chapters.sort();
    chapters
}

/// Compares a text with the part `name` of every chapter that has one, or writes it there where `UPDATE_DOCS` is set.
///
/// # Panics
/// Where the book has another text, with the command that writes it anew; where no chapter has such a part, or it
/// can't be written.
pub fn current(name: &str, text: &str) {
    let _pages = PAGES.lock().unwrap_or_else(PoisonError::into_inner);
    let part = part(name, text);
    let mut count = 0;
    for path in chapters() {
        let page = fs::read_to_string(&path).expect("a chapter");
        let Some(range) = find(&page, name) else {
            continue;
        };
        count += 1;
        if page[range.clone()] == part {
            continue;
        }
        assert!(
            std::env::var_os("UPDATE_DOCS").is_some(),
            "{name} in {} is not what the program gives: run \
             `UPDATE_DOCS=1 cargo test -p spec-tests -p fpvm-cli --test docs`",
            path.display()
        );
        let (before, after) = (&page[..range.start], &page[range.end..]);
        fs::write(&path, format!("{before}{part}{after}")).expect("the book can be written");
    }
    assert!(count > 0, "no chapter has a line `<!-- {name} -->`");
}

/// The names of the generated parts of a page, in order.
#[must_use]
pub fn parts(page: &str) -> Vec<&str> {
    let ends = page.lines().filter_map(|line| line.strip_prefix("<!-- /"));
    ends.filter_map(|name| name.strip_suffix(" -->")).collect()
}

/// Where a page has what stands between the two lines of a part.
fn find(page: &str, name: &str) -> Option<std::ops::Range<usize>> {
    let (begin, end) = (format!("<!-- {name} -->\n"), format!("<!-- /{name} -->"));
    let from = page.find(&begin)? + begin.len();
    Some(from..from + page[from..].find(&end)?)
}

/// What stands between the two lines.
fn part(name: &str, text: &str) -> String {
    let language = match name.rsplit_once('.') {
        Some((_, "md")) => return format!("\n{text}\n"),
        Some((_, "rs")) => "rust,ignore",
        _ => "text",
    };
    format!("\n```{language}\n{text}```\n\n")
}
