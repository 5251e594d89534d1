//! A game's report: the parts of `fpvm game report` that a monitor knows.

use std::collections::BTreeMap;

use alloy_primitives::{Address, B256};
use fpvm_challenger::bonds::State;
use fpvm_challenger::player::false_proposal;
use fpvm_challenger::read::game_params::GameParams;
use fpvm_challenger::read::watch::GameSnapshot;
use fpvm_dispute::game::payment::Stage;
use fpvm_report::{Alarm, Happened, Opinion, Report, Standing, Subject};

use crate::survey::SurveyedGame;

/// The state of everybody's bonds in a game.
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

/// What the guardian has to know of a game whose proposal's true value is `own`.
pub fn alarm(params: &GameParams, snapshot: &GameSnapshot, own: Option<B256>) -> Option<Alarm> {
    let found = false_proposal(params, snapshot, own?)?;
    Some(Alarm {
        words: found.words,
        until: found.until,
    })
}

/// The report of a game at the last look. Of all claims, it knows of the proposal alone whether it is right.
pub fn report(chain_id: u64, seen: &SurveyedGame) -> Report {
    let snapshot = &seen.snapshot;
    let subject = Subject {
        title: format!("Dispute game on chain {chain_id}"),
        game: &snapshot.game,
        now: snapshot.block.time,
        parties: BTreeMap::new(),
        happened: Happened::History(&[]),
        instruction: None,
        bonds: standings(&seen.params, snapshot),
        alarm: alarm(
            &seen.params,
            snapshot,
            seen.agreement.and_then(|agreement| agreement.expected),
        ),
    };
    let mut report = fpvm_report::report(subject, &Opinion::default());
    report.proposal.right = seen.agreement.map(|agreement| agreement.agrees);
    report.proposal.truth = seen.agreement.and_then(|agreement| agreement.expected);
    if let Some(root) = report.claims.first_mut() {
        root.truth = seen.agreement.and_then(|agreement| agreement.expected);
        root.honest = report.proposal.right;
    }
    report
}
