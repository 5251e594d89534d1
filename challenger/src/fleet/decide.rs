//! What is to be done about all games.

use super::{Fleet, Games, Knowledge, Round, Seat, is_in_progress};
use crate::event::{Event, Tell};
use crate::player::{Deed, Kind, Strategy, Turn};
use crate::proposals::Proposals;
use crate::read::Reader;

/// After how many blocks a game that is over is forgotten: no reorg comes that far.
const SETTLED: u64 = 64;

impl<K: Knowledge> Fleet<K> {
    /// What is to be done, the most urgent first.
    pub(super) fn decide(
        &mut self,
        reader: &Reader<'_>,
        round: &mut Round,
        tell: &mut Tell<'_>,
    ) -> Vec<Deed> {
        let mut deeds = Vec::new();
        for (game, seat) in &mut self.seats {
            let turn = seat.player.turn(reader);
            let turn = turn.unwrap_or_else(|error| Turn {
                trouble: Some(error.to_string()),
                ..Turn::default()
            });
            self.troubles
                .tell(*game, turn.trouble.into_iter().collect(), tell);
            round.waiting += usize::from(turn.is_waiting);
            if turn.is_waiting && !seat.is_waiting {
                tell.event(Event::waiting(*game));
            }
            seat.is_waiting = turn.is_waiting;
            round.look_again = match (round.look_again, turn.look_again) {
                (Some(a), Some(b)) => Some(a.min(b)),
                (a, b) => a.or(b),
            };
            match (turn.is_over, seat.over_since) {
                (true, None) => {
                    seat.over_since = Some(reader.block.number);
                    if let Some(seen) = seat.player.seen() {
                        tell.event(Event::over(&seen.game));
                    }
                }
                (false, Some(_)) => seat.over_since = None,
                _ => {}
            }
            deeds.extend(turn.deeds);
        }
        self.forget();
        if self.options.strategy == Strategy::Honest {
            self.accuse(reader, &mut deeds, tell);
        }
        let number = reader.block.number;
        let is_settled = |seat: &Seat<K::Trace>| {
            let since = seat.over_since;
            since.is_some_and(|since| number > since.saturating_add(SETTLED))
        };
        if let Games::Created { .. } = self.games {
            self.seats.retain(|_, seat| !is_settled(seat));
        }
        deeds.sort_by_key(|deed| urgency(deed.kind));
        for deed in &deeds {
            tell.event(Event::planned(deed));
        }
        deeds
    }

    /// Contests what others load wrongly into the oracles of these games.
    fn accuse(&mut self, reader: &Reader<'_>, deeds: &mut Vec<Deed>, tell: &mut Tell<'_>) {
        for seat in self.seats.values().filter(|seat| seat.over_since.is_none()) {
            let site = seat.player.site();
            let oracle = self.proposals.entry(site.oracle.oracle);
            oracle.or_insert_with(|| Proposals::of(site));
        }
        for (oracle, proposals) in &mut self.proposals {
            let (wrong, troubles) = proposals.challenges(reader);
            deeds.extend(wrong);
            let troubles = troubles.iter().map(ToString::to_string).collect();
            self.troubles.tell(*oracle, troubles, tell);
        }
    }

    /// Lets go of what is known of disputes whose games have all been resolved.
    fn forget(&mut self) {
        let playing = self.seats.values().map(|seat| &seat.player);
        let playing = playing.filter(|player| is_in_progress(player));
        let heads = playing
            .map(|player| player.site().proposal.l1_head)
            .collect();
        let before = std::mem::replace(&mut self.heads, heads);
        for over in before.difference(&self.heads) {
            self.knowledge.forget(*over);
        }
    }
}

/// What is done first.
const fn urgency(kind: Kind) -> u8 {
    match kind {
        Kind::Step | Kind::Challenge | Kind::Accuse | Kind::Sample => 0,
        Kind::Load => 1,
        Kind::Move => 2,
        Kind::Resolve => 3,
        Kind::Pay => 4,
    }
}
