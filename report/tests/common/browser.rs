//! A browser to look with: Chromium, without a window.

use std::path::{Path, PathBuf};
use std::process::Command;

use serde::Deserialize;

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
    dump(browser, path, profile, &[])
}

fn dump(browser: &Path, path: &Path, profile: &Path, flags: &[&str]) -> String {
    let output = Command::new(browser)
        .args(["--headless", "--no-sandbox", "--disable-gpu", "--dump-dom"])
        .args(flags)
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

/// What a page looks like in a frame of some width.
#[derive(Debug, Deserialize)]
pub(crate) struct Looks {
    /// Pixels that its contents take from left to right.
    pub(crate) width: u32,
    /// The colour behind it, as CSS writes it.
    pub(crate) background: String,
    /// Rows of the tree that are on the page, and not folded away.
    pub(crate) rows: usize,
    /// Whether the claim that was linked to is opened and to be seen.
    pub(crate) opened: bool,
    /// What went wrong in its script.
    pub(crate) errors: Vec<String>,
}

/// Looks at a page in a frame so many pixels wide, in light or dark colours, and follows the link to a
/// claim in the end.
pub(crate) fn measure(browser: &Path, page: &str, width: u32, dark: bool, claim: usize) -> Looks {
    let page = page.replace('&', "&amp;").replace('"', "&quot;");
    let harness = format!(
        r##"<!doctype html><meta charset="utf-8"><iframe id="frame" style="border:0;width:{width}px;height:800px" srcdoc="{page}"></iframe>
<pre id="looks"></pre><script>
const frame = document.getElementById("frame"), errors = [];
frame.addEventListener("load", () => {{
  const inside = frame.contentWindow, body = inside.document.body;
  inside.addEventListener("error", event => errors.push(event.message));
  if (!inside.document.getElementById("headline")) errors.push("it is not drawn");
  const shown = node => node.checkVisibility();
  const rows = [...body.querySelectorAll(".claim")].filter(shown).length;
  const looks = {{ width: inside.document.documentElement.scrollWidth, background: inside.getComputedStyle(body).backgroundColor, rows }};
  inside.location.hash = "#claim-{claim}";
  setTimeout(() => {{
    const target = inside.document.getElementById("claim-{claim}");
    looks.opened = target.open && shown(target);
    document.getElementById("looks").textContent = JSON.stringify({{ ...looks, errors }});
  }}, 200);
}});
</script>"##
    );
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("harness.html");
    std::fs::write(&path, harness).expect("written");
    let scheme = format!("--blink-settings=preferredColorScheme={}", u8::from(!dark));
    let flags = [
        &scheme,
        "--virtual-time-budget=5000",
        "--window-size=1400,900",
    ];
    let drawn = dump(browser, &path, folder.path(), &flags);
    let begin = "<pre id=\"looks\">";
    let looks = drawn
        .split(begin)
        .nth(1)
        .and_then(|rest| rest.split("</pre>").next());
    let looks = looks.expect("the harness has a place for it");
    serde_json::from_str(looks).unwrap_or_else(|error| panic!("{error}: `{looks}`"))
}
