//! Decides what is to be done about all games.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use alloy_primitives::Address;
use fpvm_dispute::game::payment::Stage;
use fpvm_dispute::trace::Trace;

use super::{GameScheduler, Games, Round, TraceSource, TrackedGame, is_in_progress};
use crate::event::{Event, EventSink};
use crate::parallel;
use crate::player::{Kind, PlannedTx, Strategy, Turn, pause};
use crate::proposals::Proposals;
use crate::read::{ReadError, Reader};

/// After how many blocks a game that is over is forgotten, because no reorg is that deep.
const SETTLED: u64 = 64;
/// The number of games that are looked at at once.
const BESIDE: usize = 8;

impl<K: TraceSource> GameScheduler<K> {
    /// What is to be done about these games, which are sorted; the most urgent first.
    pub(super) fn decide(
        &mut self,
        reader: &Reader<'_>,
        games: &[Address],
        round: &mut Round,
        sink: &mut EventSink<'_>,
    ) -> Vec<PlannedTx> {
        let mut planned = Vec::new();
        let tracked_games = self.tracked_games.iter_mut();
        let tracked_games: Vec<_> = tracked_games
            .filter(|(game, _)| games.binary_search(game).is_ok())
            .collect();
        for (game, tracked, turn, length) in turns(tracked_games, reader) {
            self.looks.push(length);
            let turn = turn.unwrap_or_else(|error| Turn {
                trouble: Some(error.to_string()),
                ..Turn::default()
            });
            self.troubles
                .report(*game, turn.trouble.iter().cloned().collect(), sink);
            round.waiting += usize::from(turn.is_waiting);
            if turn.is_waiting && tracked.waiting_since.is_none() {
                sink.emit(Event::waiting(*game));
            }
            let since = tracked.waiting_since.unwrap_or(reader.block.time);
            tracked.waiting_since = turn.is_waiting.then_some(since);
            round.look_again = match (round.look_again, turn.look_again) {
                (Some(a), Some(b)) => Some(a.min(b)),
                (a, b) => a.or(b),
            };
            for (account, bonds) in &turn.bonds {
                let before = tracked.bonds.insert(*account, bonds.stage);
                if let Some(seen) = tracked.player.snapshot()
                    && before.unwrap_or(Stage::None) != bonds.stage
                {
                    sink.emit(Event::bonds(seen, *account, bonds));
                }
            }
            tracked.paused = turn.paused;
            if let Some(why) = turn
                .alarm
                .as_ref()
                .filter(|why| tracked.alarm.as_ref() != Some(why))
            {
                sink.emit(Event::alarm(*game, why));
            }
            // Findings from before a source fell silent still hold.
            if turn.trouble.is_none() && !turn.is_waiting {
                tracked.alarm = turn.alarm;
            }
            match (turn.is_over, tracked.over_since) {
                (true, None) => {
                    tracked.over_since = Some(reader.block.number);
                    if let Some(snapshot) = tracked.player.snapshot() {
                        sink.emit(Event::over(&snapshot.game));
                    }
                }
                (false, Some(_)) => tracked.over_since = None,
                _ => {}
            }
            planned.extend(turn.planned);
        }
        self.forget();
        self.report_pauses(sink);
        if self.options.strategy == Strategy::Honest {
            self.accuse(reader, &mut planned, sink);
        }
        let number = reader.block.number;
        let is_settled = |tracked: &TrackedGame<K::Trace>| {
            let since = tracked.over_since;
            since.is_some_and(|since| number > since.saturating_add(SETTLED))
        };
        if let Games::Created { .. } = self.games {
            self.tracked_games.retain(|_, tracked| !is_settled(tracked));
        }
        planned.sort_by_key(|tx| urgency(tx.kind));
        for tx in &planned {
            sink.emit(Event::planned(tx));
        }
        planned
    }

    /// Reports the pauses for which games wait, each once for all of them and for as long as it lasts.
    fn report_pauses(&mut self, sink: &mut EventSink<'_>) {
        let tracked = self.tracked_games.values();
        let paused: BTreeSet<_> = tracked.filter_map(|tracked| tracked.paused).collect();
        for registry in self.paused.union(&paused) {
            let now = paused.contains(registry).then(|| pause(*registry));
            self.troubles
                .report(*registry, now.into_iter().collect(), sink);
        }
        self.paused = paused;
    }

    /// Contests wrong pre-images that others load into the oracles of these games.
    fn accuse(
        &mut self,
        reader: &Reader<'_>,
        planned: &mut Vec<PlannedTx>,
        sink: &mut EventSink<'_>,
    ) {
        for tracked in self
            .tracked_games
            .values()
            .filter(|tracked| tracked.over_since.is_none())
        {
            let game_params = tracked.player.game_params();
            if game_params.is_won_at_creation() {
                continue;
            }
            let oracle = self.proposals.entry(game_params.oracle.oracle);
            oracle.or_insert_with(|| Proposals::of(game_params));
        }
        for (oracle, proposals) in &mut self.proposals {
            let (wrong, troubles) = proposals.challenges(reader);
            planned.extend(wrong);
            let troubles = troubles.iter().map(ToString::to_string).collect();
            self.troubles.report(*oracle, troubles, sink);
        }
    }

    /// Drops what is kept for disputes whose games have all been resolved.
    fn forget(&mut self) {
        let playing = self.tracked_games.values().map(|tracked| &tracked.player);
        let playing = playing.filter(|player| is_in_progress(player));
        let heads = playing
            .map(|player| player.game_params().proposal.l1_head)
            .collect();
        let before = std::mem::replace(&mut self.heads, heads);
        for over in before.difference(&self.heads) {
            self.trace_source.forget(*over);
        }
    }
}

/// The decision of each player, in the games' order. Several games are looked at at once, so that one whose
/// sources are slow holds up only the end of the round.
fn turns<'t, T: Trace + Send>(
    games: Vec<(&'t Address, &'t mut TrackedGame<T>)>,
    reader: &Reader<'_>,
) -> Vec<TurnOf<'t, T>> {
    let turn = |(game, tracked): (&'t Address, &'t mut TrackedGame<T>)| {
        let begun = Instant::now();
        let turn = tracked.player.turn(reader);
        (game, tracked, turn, begun.elapsed())
    };
    parallel::each(BESIDE, games, turn)
}

/// A game, its player's decision, and how long that took.
type TurnOf<'t, T> = (
    &'t Address,
    &'t mut TrackedGame<T>,
    Result<Turn, ReadError>,
    Duration,
);

/// The order in which transactions are sent.
const fn urgency(kind: Kind) -> u8 {
    match kind {
        Kind::Step | Kind::Challenge | Kind::Accuse | Kind::Sample => 0,
        Kind::Load => 1,
        Kind::Move => 2,
        Kind::Resolve => 3,
        Kind::Close | Kind::Anchor | Kind::Unlock | Kind::Pay => 4,
    }
}
