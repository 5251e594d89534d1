//! The report as one page of HTML: styles, script and data inside, nothing fetched.

use serde::Serialize as _;

use crate::Report;

/// The page around its parts.
const PAGE: &str = include_str!("page/page.html");
/// The page's style sheet, which pages that link to it use too.
pub const STYLE: &str = include_str!("page/style.css");
/// What draws it: helpers, its sections, and what calls them.
const SCRIPTS: [&str; 8] = [
    include_str!("page/base.js"),
    include_str!("page/head.js"),
    include_str!("page/tree.js"),
    include_str!("page/trace.js"),
    include_str!("page/instruction.js"),
    include_str!("page/timeline.js"),
    include_str!("page/money.js"),
    include_str!("page/main.js"),
];

/// The page. It may be opened from a disk, and loads nothing from a network.
///
/// # Errors
/// None: everything in a report can be written as JSON.
pub fn page(report: &Report) -> Result<String, serde_json::Error> {
    let mut json = Vec::new();
    report.serialize(&mut serde_json::Serializer::new(&mut json))?;
    // A name in it must not be able to end the script element it stands in.
    let json = String::from_utf8_lossy(&json).replace('<', "\\u003c");
    let page = PAGE.replacen("@STYLE@", STYLE, 1);
    let page = page.replacen("@SCRIPT@", &SCRIPTS.concat(), 1);
    // Last, so that nothing in the data is taken for a place to fill.
    Ok(page.replacen("@REPORT@", &json, 1))
}
