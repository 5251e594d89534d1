//! Reports of simulated games: the data, and the page in a browser.

mod common;

use common::{browser, simulated};
use fpvm_e2e::{Tool, skip};
use fpvm_report::{Role, Status, html};

#[test]
fn every_bond_is_told() {
    for seed in 0..60 {
        let (report, record) = simulated(seed);
        assert_ne!(report.status, Status::InProgress, "seed {seed}");
        assert_eq!(report.claims.len() as u64, record.outcome.claims);
        let posted: u128 = report.claims.iter().map(|claim| claim.bond).sum();
        let sum = |part: fn(&fpvm_report::Account) -> u128| {
            report.accounts.iter().map(part).sum::<u128>()
        };
        assert_eq!(sum(|account| account.posted), posted, "seed {seed}");
        assert_eq!(sum(|account| account.won), posted, "seed {seed}");
        assert_eq!(sum(|account| account.open), 0, "seed {seed}");
        for account in &report.accounts {
            assert_eq!(account.won, account.paid, "seed {seed}: {}", account.name);
            let honest_and_loses = account.role == Role::Honest && account.won < account.posted;
            assert!(!honest_and_loses, "seed {seed}: {}", account.name);
        }
    }
}

/// The words agree with the deeds: what the honest player says it answers has been answered, and what
/// it leaves has not been answered by it.
#[test]
fn reasons_fit_what_was_done() {
    for seed in 0..60 {
        let (report, record) = simulated(seed);
        if record.outcome.honest_timeouts > 0 || record.game.block_challenger().is_some() {
            continue;
        }
        let honest = |address| {
            let mut accounts = report.accounts.iter();
            accounts.any(|a| a.role == Role::Honest && a.address == address)
        };
        for (index, claim) in report.claims.iter().enumerate() {
            let why = claim.why.as_deref().expect("every claim is read");
            let is_left = why.ends_with("left alone.") || why.ends_with("never countered.");
            let mut answers = report
                .claims
                .iter()
                .filter(|other| other.parent == Some(index));
            let answered = answers.any(|other| other.honest == Some(true));
            assert_eq!(
                answered || claim.stepped && !is_left,
                !is_left,
                "seed {seed}, claim {index}: {why}"
            );
            let by_honest = report
                .claims
                .iter()
                .any(|c| c.parent == Some(index) && honest(c.claimant));
            assert!(!(by_honest && is_left), "seed {seed}, claim {index}: {why}");
        }
    }
}

#[test]
fn text_has_a_line_for_each_claim() {
    for seed in 0..20 {
        let (report, _) = simulated(seed);
        let text = fpvm_report::view::text(&report, usize::MAX);
        for (index, claim) in report.claims.iter().enumerate() {
            let mark = if claim.truth == Some(claim.value) {
                '+'
            } else {
                '-'
            };
            let begin = format!("{mark} #{index:<3} ");
            let found = text.lines().filter(|line| line.starts_with(&begin)).count();
            assert_eq!(found, 1, "seed {seed}: `{begin}` in\n{text}");
        }
        let cut = fpvm_report::view::text(&report, 20);
        assert!(cut.lines().all(|line| line.chars().count() <= 20));
    }
}

#[test]
fn data_cannot_leave_their_element() {
    let (mut report, _) = simulated(1);
    report.title = "</script><script>alert(1)</script>".into();
    let page = html::page(&report).expect("a page");
    assert!(
        !page.contains("alert(1)</script>"),
        "the title ended the script element"
    );
    let scripts = page.matches("</script>").count();
    assert_eq!(scripts, 2, "the page has two scripts");
    for forbidden in ["http://", "https://", "src=", "@import", "url("] {
        let fetched = page.matches(forbidden).filter(|_| true).count();
        let allowed = page.matches("http://www.w3.org/2000/svg").count()
            * usize::from(forbidden == "http://");
        assert_eq!(fetched, allowed, "the page names {forbidden}");
    }
}

#[test]
fn a_browser_draws_it() {
    let Some(browser) = browser() else {
        skip(Tool::Chromium, "no Chromium found, so no report was drawn");
        return;
    };
    for seed in [1, 2, 3] {
        let (report, _) = simulated(seed);
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("report.html");
        std::fs::write(&path, html::page(&report).expect("a page")).expect("written");
        let drawn = common::draw(&browser, &path, folder.path());
        assert!(
            drawn.contains("id=\"headline\""),
            "seed {seed}: the script did not run"
        );
        for part in ["tree", "timeline", "money", "facts"] {
            assert!(
                drawn.contains(&format!("<section id=\"{part}\"")),
                "seed {seed}: no {part}"
            );
        }
        let rows = drawn.matches("<details class=\"claim\"").count();
        assert_eq!(rows, report.claims.len(), "seed {seed}");
        for account in &report.accounts {
            assert!(
                drawn.contains(&account.name),
                "seed {seed}: {}",
                account.name
            );
        }
    }
}

/// On a telephone and on a desk, by day and by night.
#[test]
fn it_fits_any_screen() {
    let Some(browser) = browser() else {
        skip(
            Tool::Chromium,
            "no Chromium found, so no report was measured",
        );
        return;
    };
    for seed in [2, 3] {
        let (report, _) = simulated(seed);
        let page = html::page(&report).expect("a page");
        let last = report.claims.len() - 1;
        let mut backgrounds = Vec::new();
        for (width, dark) in [(360, false), (400, true), (1100, false), (1100, true)] {
            let looks = common::measure(&browser, &page, width, dark, last);
            let at = format!("seed {seed}, {width} pixels: {looks:?}");
            assert!(looks.errors.is_empty(), "{at}");
            assert!(looks.width <= width, "{at}");
            assert!(looks.opened, "{at}");
            backgrounds.push(looks.background);
        }
        assert_eq!(backgrounds[0], backgrounds[2], "seed {seed}");
        assert_eq!(backgrounds[1], backgrounds[3], "seed {seed}");
        assert_ne!(backgrounds[0], backgrounds[1], "seed {seed}");
    }
}
