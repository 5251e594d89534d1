//! A game's report: what `fpvm game report` shows, as far as a monitor knows it.

use std::collections::BTreeMap;

use alloy_primitives::Address;
use fpvm_challenger::bonds::State;
use fpvm_challenger::read::game_params::GameParams;
use fpvm_challenger::read::watch::GameSnapshot;
use fpvm_dispute::game::payment::Stage;
use fpvm_report::{Happened, Opinion, Report, Standing, Subject};

use crate::survey::Seen;

/// How far everybody's bonds in a game are.
pub fn standings(params: &GameParams, snapshot: &GameSnapshot) -> BTreeMap<Address, Standing> {
    let standing = |account| {
        let bonds = State::of(params, snapshot, account);
        let paid = matches!(bonds.stage, Stage::Paid(_));
        let standing = Standing {
            state: bonds.state,
            next: bonds.next,
            paid: if paid { bonds.wei } else { 0 },
            words: match bonds.hindrance {
                Some(why) => format!("{}, but {why}", bonds.words),
                None => bonds.words,
            },
        };
        (account, standing)
    };
    snapshot.players().into_iter().map(standing).collect()
}

/// The report of a game at the last look. Of all claims, it knows of the proposal alone whether it is right.
pub fn report(chain_id: u64, seen: &Seen) -> Report {
    let snapshot = &seen.snapshot;
    let subject = Subject {
        title: format!("Dispute game on chain {chain_id}"),
        game: &snapshot.game,
        now: snapshot.block.time,
        parties: BTreeMap::new(),
        happened: Happened::History(&[]),
        instruction: None,
        bonds: standings(&seen.params, snapshot),
    };
    let mut report = fpvm_report::report(subject, &Opinion::default());
    report.proposal.right = seen.agreement.map(|agreement| agreement.agrees);
    if let Some(root) = report.claims.first_mut() {
        root.truth = seen.agreement.and_then(|agreement| agreement.expected);
        root.honest = report.proposal.right;
    }
    report
}
