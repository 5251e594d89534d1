//! What goes wrong, told once for as long as it does.

use std::collections::BTreeMap;

use alloy_primitives::Address;

use crate::event::{Event, Tell};

/// What went wrong at the last look, by game or oracle.
#[derive(Debug, Default)]
pub(super) struct Troubles(BTreeMap<Address, Vec<String>>);

impl Troubles {
    /// Tells of what goes wrong at `place` now what did not at the last look.
    pub(super) fn tell(&mut self, place: Address, now: Vec<String>, tell: &mut Tell<'_>) {
        let before = self.0.remove(&place).unwrap_or_default();
        for why in now.iter().filter(|why| !before.contains(why)) {
            tell.event(Event::trouble(place, why));
        }
        if !now.is_empty() {
            self.0.insert(place, now);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::Name;

    #[test]
    fn each_is_told_once_for_as_long_as_it_lasts() {
        let [game, oracle] = [1, 2].map(Address::repeat_byte);
        let mut troubles = Troubles::default();
        let mut told = |place, now: &[&str]| {
            let mut told = Vec::new();
            let mut collect = |event: &Event| {
                assert_eq!((event.event, event.game), (Name::Trouble, Some(place)));
                told.push(event.why.clone());
            };
            let now = now.iter().map(ToString::to_string).collect();
            troubles.tell(place, now, &mut Tell(&mut collect));
            told
        };
        assert_eq!(told(game, &["a"]), ["a"]);
        assert_eq!(told(oracle, &["a", "b"]), ["a", "b"]);
        assert_eq!(told(oracle, &["c", "b"]), ["c"]);
        assert!(told(oracle, &["b", "c"]).is_empty());
        assert!(told(game, &["a"]).is_empty());
        assert_eq!(told(game, &["b"]), ["b"]);
        // What has passed and comes again is told again.
        assert!(told(game, &[]).is_empty());
        assert_eq!(told(game, &["b"]), ["b"]);
    }
}
