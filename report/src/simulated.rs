//! Reports of simulated games.

use std::collections::BTreeMap;

use fpvm_dispute::simulate::opinion::{Opinion as Believed, Truth};
use fpvm_dispute::simulate::run::Record;
use fpvm_dispute::simulate::scenario::Scenario;

use crate::{Happened, Opinion, Party, Report, Role, Subject};

/// A report of the simulated game that `scenario` describes.
pub fn report(scenario: &Scenario, record: &Record) -> Report {
    let truth = Truth::new(scenario.rollup);
    let opinion = Opinion::of(&record.game, &Believed::new(&truth, None));
    let honest = scenario
        .participants
        .iter()
        .filter(|participant| participant.cheat.is_none())
        .count();
    let parties: BTreeMap<_, _> = scenario
        .participants
        .iter()
        .enumerate()
        .map(|(number, participant)| {
            let party = match &participant.cheat {
                None if honest == 1 => Party {
                    name: "Honest".into(),
                    role: Role::Honest,
                },
                None => Party {
                    name: format!("Honest {}", number + 1),
                    role: Role::Honest,
                },
                Some(cheat) => Party {
                    name: format!("Cheat {} ({})", number + 1 - honest, cheat.way.name()),
                    role: Role::Cheat,
                },
            };
            (participant.account, party)
        })
        .collect();
    let subject = Subject {
        title: format!("Simulated game, seed {}", scenario.seed),
        game: &record.game,
        now: record.game.resolved_at(),
        parties,
        happened: Happened::Calls(&record.made),
        instruction: None,
        bonds: Default::default(),
        alarm: None,
    };
    crate::report(subject, &opinion)
}
