//! What a report must say of a game that an honest party has won.

use serde_json::Value;

fn wei(account: &Value, what: &str) -> u128 {
    account[what].as_str().expect(what).parse().expect(what)
}

/// The wrong proposal is refuted by one instruction, the cheat has nothing of its bonds back, the honest
/// party has all. The two accounts are told by a field that is `honest` for one and `cheat` for the other.
pub(crate) fn the_cheat_loses(report: &Value, depth: usize, field: &str) {
    assert_eq!(report["status"], "challenger-wins");
    assert_eq!(report["proposal"]["right"], false);
    let claims = report["claims"].as_array().expect("claims");
    assert_eq!(claims.len(), depth + 1, "one claim at each depth");
    let stepped: Vec<_> = claims.iter().filter(|c| c["stepped"] == true).collect();
    assert_eq!(stepped.len(), 1);
    assert_eq!(stepped[0]["depth"], depth);

    let account = |who: &str| {
        let mut accounts = report["accounts"].as_array().expect("accounts").iter();
        accounts.find(|account| account[field] == who).expect(who)
    };
    let (honest, cheat) = (account("honest"), account("cheat"));
    let posted = wei(honest, "posted") + wei(cheat, "posted");
    assert!(wei(cheat, "posted") > 0 && wei(honest, "posted") > 0);
    assert_eq!((wei(cheat, "won"), wei(honest, "won")), (0, posted));
    assert_eq!((wei(cheat, "open"), wei(honest, "open")), (0, 0));

    // The deepest claim is wrong about the state after the instruction, or right about the state before it,
    // and what is claimed to come next is wrong.
    let (told, claim) = (&report["instruction"], stepped[0]);
    if claim["value"] == claim["truth"] {
        assert_eq!(told["before"], claim["value"]);
    } else {
        assert_eq!(told["claimed"], claim["value"]);
        assert_eq!(told["after"], claim["truth"]);
    }
    assert_ne!(told["claimed"], told["after"]);
    assert!(told["symbol"].is_string(), "{told}");
}
