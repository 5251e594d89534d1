//! Reports what goes wrong, once for as long as it does.

use std::collections::BTreeMap;

use alloy_primitives::Address;

use crate::event::{Event, EventSink};
use crate::player::PlannedTx;

/// What went wrong at the last look, by game or oracle.
#[derive(Debug, Default)]
pub(super) struct Troubles(BTreeMap<Address, Vec<String>>);

impl Troubles {
    /// Reports what goes wrong at `place` now and did not at the last look.
    pub(super) fn report(&mut self, place: Address, now: Vec<String>, sink: &mut EventSink<'_>) {
        let before = self.0.remove(&place).unwrap_or_default();
        for why in now.iter().filter(|why| !before.contains(why)) {
            sink.emit(Event::trouble(place, why));
        }
        if !now.is_empty() {
            self.0.insert(place, now);
        }
    }
}

/// What was refused at the last look, and why.
#[derive(Debug, Default)]
pub(super) struct Refusals(Vec<(PlannedTx, String)>);

impl Refusals {
    /// Reports what is refused now and was not refused at the last look, or for another reason.
    pub(super) fn report(&mut self, now: &[(&PlannedTx, String)], sink: &mut EventSink<'_>) {
        for (tx, why) in now {
            let same = |(before, reason): &(PlannedTx, String)| {
                (before.game, &before.request, reason) == (tx.game, &tx.request, why)
            };
            if !self.0.iter().any(same) {
                sink.emit(Event::refused(tx, why));
            }
        }
        let kept = now.iter().map(|(tx, why)| ((*tx).clone(), why.clone()));
        self.0 = kept.collect();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::Name;
    use crate::player::Kind;
    use fpvm_l1::{Request, U256};

    #[test]
    fn each_is_reported_once_for_as_long_as_it_lasts() {
        let [game, oracle] = [1, 2].map(Address::repeat_byte);
        let mut troubles = Troubles::default();
        let mut report = |place, now: &[&str]| {
            let mut reported = Vec::new();
            let mut collect = |event: &Event| {
                assert_eq!((event.event, event.game), (Name::Trouble, Some(place)));
                reported.push(event.why.clone());
            };
            let now = now.iter().map(ToString::to_string).collect();
            troubles.report(place, now, &mut EventSink(&mut collect));
            reported
        };
        assert_eq!(report(game, &["a"]), ["a"]);
        assert_eq!(report(oracle, &["a", "b"]), ["a", "b"]);
        assert_eq!(report(oracle, &["c", "b"]), ["c"]);
        assert!(report(oracle, &["b", "c"]).is_empty());
        assert!(report(game, &["a"]).is_empty());
        assert_eq!(report(game, &["b"]), ["b"]);
        // A failure that has passed and comes again is reported again.
        assert!(report(game, &[]).is_empty());
        assert_eq!(report(game, &["b"]), ["b"]);
    }

    #[test]
    fn a_refusal_is_reported_once_for_each_reason() {
        let tx = PlannedTx {
            game: Address::repeat_byte(1),
            kind: Kind::Pay,
            why: String::new(),
            request: Request {
                what: "be paid".into(),
                to: None,
                data: Vec::new().into(),
                value: U256::ZERO,
                gas: None,
            },
        };
        let mut refusals = Refusals::default();
        let mut report = |why: Option<&str>| {
            let mut reported = 0;
            let mut count = |event: &Event| {
                assert_eq!(event.event, Name::Refused);
                reported += 1;
            };
            let now: Vec<_> = why.into_iter().map(|why| (&tx, why.into())).collect();
            refusals.report(&now, &mut EventSink(&mut count));
            reported
        };
        let [paused, poor] = [Some("paused"), Some("poor")];
        let times = [paused, paused, poor, poor, None, poor].map(&mut report);
        assert_eq!(times, [1, 0, 1, 0, 0, 1]);
    }
}
