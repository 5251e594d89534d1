//! The report as one page of HTML: styles, script and data inside, nothing fetched.

use serde::Serialize as _;

use super::Report;

/// The page around the data.
const PAGE: &str = include_str!("page.html");
/// Where the data go in it.
const DATA: &str = "@REPORT@";

/// The page. It may be opened from a disk, and asks no network for anything.
///
/// # Errors
/// None: everything in a report can be written as JSON.
pub fn page(report: &Report) -> Result<String, serde_json::Error> {
    let mut json = Vec::new();
    report.serialize(&mut serde_json::Serializer::new(&mut json))?;
    // A name in it must not be able to end the script element it stands in.
    let json = String::from_utf8_lossy(&json).replace('<', "\\u003c");
    Ok(PAGE.replacen(DATA, &json, 1))
}
