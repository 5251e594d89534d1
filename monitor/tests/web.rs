//! The pages, fetched over HTTP: what is on them, that nothing from a chain is markup there, and how they look in a
//! browser.

#![allow(
    clippy::result_large_err,
    reason = "beside a request to a node, the size of an error is nothing"
)]

#[path = "../../report/tests/common/browser.rs"]
#[allow(dead_code, reason = "pages of games are measured there")]
mod browser;
mod common;

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::sync::Arc;
use std::time::{Duration, Instant};

use alloy_primitives::{Address, B256};
use common::chain::between::Between;
use common::chain::players::{HONEST, PROPOSED};
use common::chain::today;
use common::{Look, Strange, World, node, root};
use fpvm_e2e::{Tool, skip};
use fpvm_l1::{At, Chain as _};
use fpvm_monitor::survey::{Game, State};
use fpvm_monitor::web::Web;

/// What somebody may write to be more than text.
const HOSTILE: &str = "<script>alert(1)</script>\"'><img src=x onerror=alert(2)>&lt;\u{202e}";

/// What a server answers: the head and the body.
fn ask(web: &Web, method: &str, path: &str) -> (String, String) {
    let mut stream = TcpStream::connect(web.address()).expect("it listens");
    write!(
        stream,
        "{method} {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
    )
    .expect("sent");
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).expect("an answer");
    let answer = String::from_utf8(answer).expect("text");
    let (head, body) = answer.split_once("\r\n\r\n").expect("a head");
    (head.to_owned(), body.to_owned())
}

fn get(web: &Web, path: &str) -> String {
    let (head, body) = ask(web, "GET", path);
    assert!(head.starts_with("HTTP/1.1 200"), "{path}: {head}");
    assert!(head.contains("default-src 'none'"), "{path}: {head}");
    body
}

/// A look at games, of which one names its version as an attacker would.
fn look() -> (Look, Vec<Address>) {
    let world = World::new(&today());
    let roots = [
        root(PROPOSED),
        B256::repeat_byte(1),
        B256::repeat_byte(2),
        B256::repeat_byte(3),
    ];
    let games = roots.map(|root| world.propose(root, PROPOSED));
    world.attack(HONEST, games[1], 0);
    let strange = Strange {
        versions: vec![(games[3], HOSTILE.into())],
        types: vec![(2, 9, games[2])],
        time: world.chain.block(At::Latest).expect("a block").time,
    };
    let chain = Between {
        chain: world.chain.clone(),
        hook: strange,
    };
    let node = node();
    let mut monitor = world.monitor_by(Arc::new(chain), &[&node]);
    (Look::at(&mut monitor), games.to_vec())
}

/// Serves a look.
fn served(look: &Look) -> Web {
    let web = Web::serve("127.0.0.1:0").expect("a free port");
    let seen = (Arc::new(look.survey.clone()), look.problems.clone());
    web.set(Some(seen), look.metrics.clone());
    web
}

#[test]
fn pages_are_served_and_nothing_on_them_is_markup() {
    let (look, games) = look();
    let web = Web::serve("127.0.0.1:0").expect("a free port");
    let (head, body) = ask(&web, "GET", "/");
    assert!(
        head.starts_with("HTTP/1.1 503") && body.contains("not done yet"),
        "{head}"
    );

    let web = served(&look);
    let page = get(&web, "/");
    assert!(
        page.contains("&lt;script&gt;alert(1)&lt;/script&gt;&quot;&#39;&gt;&lt;img"),
        "{page}"
    );
    assert_eq!(page.matches("<script>").count(), 1, "its own");
    assert!(!page.contains("<img") && !page.contains('\u{202e}'));
    // It asks nobody else for anything.
    let mut links = page.split("href=\"").skip(1);
    assert!(links.all(
        |link| link.starts_with('/') && !link.starts_with("//") || link.starts_with("data:,\"")
    ));
    for outside in [
        "<img",
        "<iframe",
        "<object",
        "<script src",
        "url(",
        "@import",
    ] {
        assert!(!page.contains(outside), "the page has {outside}");
    }
    let places = |text: &str| page.find(text).unwrap_or_else(|| panic!("no {text}"));
    assert!(places("What is wrong") < places("<h2>Games</h2>"));
    for what in [
        "not readable",
        "not judged",
        "would be refuted",
        "would stand",
        "Money",
        "works on L1 block",
    ] {
        places(what);
    }
    // A report is one click away, but of a game that was not read.
    for (game, is_read) in games.iter().zip([true, true, false, false]) {
        let link = format!("href=\"/game/{game}\"");
        assert_eq!(page.contains(&link), is_read, "{game}");
        let (head, body) = ask(&web, "GET", &format!("/game/{game}"));
        assert_eq!(head.starts_with("HTTP/1.1 200"), is_read, "{head}");
        assert_eq!(body.contains("<script id=\"data\""), is_read);
    }
    let report = get(&web, &format!("/game/{}", games[1]));
    assert!(
        report.contains("\"right\":false"),
        "it knows that the proposal is wrong"
    );

    // Parts of the games.
    let count = |path: &str| get(&web, path).matches("<li id=\"game-").count();
    let counts = [
        "/",
        "/?show=open",
        "/?show=disputed",
        "/?show=wrong",
        "/?show=unread",
        "/?show=x&page=9",
    ];
    assert_eq!(counts.map(count), [4, 2, 1, 0, 2, 4]);

    let json: serde_json::Value = serde_json::from_str(&get(&web, "/status.json")).expect("JSON");
    assert_eq!(json["games"].as_array().map(Vec::len), Some(4));
    assert_eq!(json["grade"], "blind");
    assert_eq!(get(&web, "/metrics"), look.metrics);
    for (method, path, status) in [
        ("GET", "/nothing", "404"),
        ("GET", "/game/0x00", "404"),
        ("GET", "/game/<script>", "404"),
        ("POST", "/", "405"),
    ] {
        let (head, body) = ask(&web, method, path);
        assert!(
            head.starts_with(&format!("HTTP/1.1 {status}")),
            "{path}: {head}"
        );
        assert!(!body.contains('<'), "{path}: {body}");
    }
    // Nobody waits for who connects and says nothing.
    let idle: Vec<_> = (0..8).map(|_| TcpStream::connect(web.address())).collect();
    let begun = Instant::now();
    get(&web, "/");
    assert!(
        begun.elapsed() < Duration::from_secs(2),
        "{} others",
        idle.len()
    );
}

/// The same games over and over, as if there were so many.
fn many(count: u64) -> Look {
    let (mut look, _) = look();
    let read: Vec<_> = look.survey.games.clone();
    let is_read = |game: &&Game| matches!(game.state, State::Read(_));
    let read: Vec<_> = read.iter().filter(is_read).cloned().collect();
    let games = (0..count).zip(read.iter().cycle());
    let games = games.map(|(number, game)| {
        let mut game = game.clone();
        game.listed.number = count - number;
        game
    });
    look.survey.games = games.collect();
    look
}

#[test]
fn ten_thousand_games_make_no_larger_a_page() {
    let look = many(10_000);
    let web = served(&look);
    let begun = Instant::now();
    let page = get(&web, "/");
    let taken = begun.elapsed();
    assert_eq!(page.matches("<li id=\"game-").count(), 100);
    assert!(page.contains("page 1 of 100"));
    assert!(page.len() < 200_000, "{} bytes", page.len());
    assert!(taken < Duration::from_secs(2), "{taken:?}");
    let last = get(&web, "/?page=100");
    assert!(last.contains("page 100 of 100") && last.contains("id=\"game-1\""));
    println!("{} bytes in {taken:?}", page.len());
}

/// On a telephone and on a desk, by day and by night.
#[test]
fn it_fits_any_screen() {
    let Some(browser) = browser::browser() else {
        skip(Tool::Chromium, "no Chromium found, so no page was measured");
        return;
    };
    let web = served(&many(10_000));
    let page = get(&web, "/");
    let mut backgrounds = Vec::new();
    for (width, dark) in [(360, false), (400, true), (1100, false), (1100, true)] {
        let (wide, background, games) = measure(&browser, &page, width, dark);
        assert!(wide <= width, "{wide} of {width} pixels");
        assert_eq!(games, 100);
        backgrounds.push(background);
    }
    assert_eq!(
        (&backgrounds[0], &backgrounds[1]),
        (&backgrounds[2], &backgrounds[3])
    );
    assert_ne!(backgrounds[0], backgrounds[1]);

    // As it is served: its script runs, and may do nothing else.
    let folder = tempfile::tempdir().expect("a folder");
    let output = std::process::Command::new(&browser)
        .args([
            "--headless",
            "--no-sandbox",
            "--disable-gpu",
            "--dump-dom",
            "--virtual-time-budget=25000",
        ])
        .arg(format!("--user-data-dir={}", folder.path().display()))
        .arg(format!("http://{}/", web.address()))
        .output()
        .expect("the browser starts");
    let drawn = String::from_utf8(output.stdout).expect("text");
    assert_eq!(drawn.matches("<li id=\"game-").count(), 100);
    assert!(
        !drawn.contains("class=\"stale\""),
        "it could draw itself anew"
    );
}

/// Pixels that a page takes from left to right in a frame so many wide, the colour behind it, and games on it.
fn measure(browser: &std::path::Path, page: &str, width: u32, dark: bool) -> (u32, String, usize) {
    let page = page.replace('&', "&amp;").replace('"', "&quot;");
    let harness = format!(
        r#"<!doctype html><meta charset="utf-8"><iframe id="frame" style="border:0;width:{width}px;height:800px" srcdoc="{page}"></iframe>
<pre id="looks"></pre><script>
document.getElementById("frame").addEventListener("load", event => {{
  const inside = event.target.contentWindow, all = inside.document;
  for (const one of all.querySelectorAll("details")) one.open = true;
  const looks = [all.documentElement.scrollWidth, inside.getComputedStyle(all.body).backgroundColor, all.querySelectorAll(".games > li").length];
  document.getElementById("looks").textContent = looks.join("|");
}});
</script>"#
    );
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("harness.html");
    std::fs::write(&path, harness).expect("written");
    let scheme = format!("--blink-settings=preferredColorScheme={}", u8::from(!dark));
    let output = std::process::Command::new(browser)
        .args([
            "--headless",
            "--no-sandbox",
            "--disable-gpu",
            "--dump-dom",
            "--virtual-time-budget=5000",
        ])
        .args([&scheme, "--window-size=1400,900"])
        .arg(format!("--user-data-dir={}", folder.path().display()))
        .arg(format!("file://{}", path.display()))
        .output()
        .expect("the browser starts");
    let drawn = String::from_utf8(output.stdout).expect("text");
    let looks = drawn
        .split("<pre id=\"looks\">")
        .nth(1)
        .and_then(|rest| rest.split("</pre>").next());
    let looks: Vec<_> = looks.expect("a place for it").split('|').collect();
    let [wide, background, games] = &*looks else {
        panic!("{looks:?}");
    };
    (
        wide.parse().expect("a number"),
        (*background).to_owned(),
        games.parse().expect("a number"),
    )
}
