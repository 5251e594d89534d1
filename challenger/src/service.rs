//! The daemon: round after round, as long as there are games to play.
//!
//! [`Service::run`] is its loop. [`ProgramTraceSource`] gives it the true traces, from programs and from a
//! rollup's outputs, and [`Exporter`] serves its metrics. [`PrestateSources`] says where programs come from.

pub mod data_folder;
mod exporter;
mod game_trace;
pub mod http;
mod prestates;
mod second_opinion;
mod trace_source;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use alloy_primitives::Address;
use fpvm_dispute::claim::GameStatus;
use fpvm_l1::{At, Chain, SendError};

pub use exporter::{ExportError, Exporter};
pub use game_trace::{GameProgram, GameTrace};
pub use prestates::{Guest, Limits, Open, PrestateError, PrestateSources, PrestateUrl};
pub use second_opinion::{SecondOpinion, ThirdVm};
pub use trace_source::{GameInputs, NO_HOST, NO_OUTPUTS, NO_SUPER_ROOTS, ProgramTraceSource};

use crate::event::{Event, EventSink, Name};
use crate::metrics::{Metrics, Tracked, l1_nodes};
use crate::player::Player;
use crate::said::Said;
use crate::scheduler::{GameScheduler, Round, SchedulerError};
use data_folder::{DataFolder, Needed};

/// A challenger that goes on as long as there are games to play.
#[allow(missing_debug_implementations, reason = "a chain need not have one")]
pub struct Service<'s, 'a> {
    /// The chain.
    pub chain: Arc<dyn Chain>,
    /// The games.
    pub scheduler: GameScheduler<ProgramTraceSource<'s, 'a>>,
    /// The server of its metrics.
    pub exporter: Option<Exporter>,
    /// The folder of its data, which is kept below a limit.
    pub data: Option<DataFolder>,
    /// Whether it ends once nothing is left to do at present.
    pub once: bool,
    /// The least time from one round to the next, unless something was done.
    pub min_interval: Duration,
    /// Set from outside to end it after the round.
    pub interrupted: Arc<AtomicBool>,
}

/// Why a service ended, other than because it was done.
#[derive(Debug, thiserror::Error)]
pub enum ServiceError<E> {
    /// It was asked to end.
    #[error("interrupted")]
    Interrupted,
    /// The only game there was cannot be played.
    #[error("{game} cannot be played: {why}")]
    Unplayable {
        /// The game.
        game: Address,
        /// Why, in words.
        why: String,
    },
    /// It was to run once, and a proposal is false that only the guardian can stop.
    #[error("{game} is won, and its proposal is false: {why}")]
    FalseProposal {
        /// The game.
        game: Address,
        /// Why, in words.
        why: String,
    },
    /// A round failed that cannot be tried again.
    #[error(transparent)]
    Scheduler(#[from] SchedulerError),
    /// The receiver of the events failed.
    #[error("an event could not be reported: {0}")]
    Report(E),
}

impl Service<'_, '_> {
    /// Plays until all games are over; where it is to run once, until nothing is left to do. `report` gets
    /// each event, and the service ends where it fails.
    ///
    /// # Errors
    /// See [`ServiceError`].
    pub fn run<E>(
        &mut self,
        report: &mut dyn FnMut(&Event) -> Result<(), E>,
    ) -> Result<(), ServiceError<E>> {
        let mut metrics = Metrics::default();
        let said = Said::new();
        loop {
            let (begun, resolved) = (Instant::now(), metrics.resolutions());
            let mut reported = Ok(());
            let mut emit = |event: &Event| {
                metrics.count(event);
                // What is wrong with the chain or the account is found anew at each round.
                let is_general = event.event == Name::Trouble && event.game.is_none();
                if reported.is_ok() && (!is_general || said.is_due(&event.why)) {
                    reported = report(event);
                }
            };
            let round = self.scheduler.round(&mut EventSink(&mut emit));
            for event in self.scheduler.trace_source().take_events() {
                emit(&event);
            }
            reported.map_err(ServiceError::Report)?;
            if self.interrupted.load(Ordering::Relaxed) {
                return Err(ServiceError::Interrupted);
            }
            if metrics.resolutions() > resolved {
                metrics.resolved_within(begun.elapsed());
            }
            for length in self.scheduler.take_looks() {
                metrics.acted_within(length);
            }
            if round.is_ok() {
                self.tidy();
            }
            self.measure(&mut metrics);
            match round {
                Ok(Round { done: 1.., .. }) => {
                    said.pass();
                    continue;
                }
                Ok(round) if round.is_over => {
                    return match (
                        self.scheduler.players().count(),
                        self.scheduler.left().next(),
                    ) {
                        (0, Some((game, why))) => Err(ServiceError::Unplayable {
                            game,
                            why: why.to_owned(),
                        }),
                        _ => self.without_alarm(),
                    };
                }
                Ok(Round {
                    overtaken: 0,
                    waiting: 0,
                    ..
                }) if self.once && !self.scheduler.trace_source().is_asking() => {
                    return self.without_alarm();
                }
                Ok(_) => said.pass(),
                Err(error @ SchedulerError::Send(SendError::Signer(_))) => {
                    return Err(error.into());
                }
                Err(error) if self.once => return Err(error.into()),
                Err(error) => {
                    let error = error.to_string();
                    if said.is_due(&error) {
                        tracing::warn!(target: "challenger", error, "This round came to nothing");
                    }
                }
            }
            self.wait(begun);
        }
    }

    /// The end, if no proposal is false that the guardian should know of.
    fn without_alarm<E>(&self) -> Result<(), ServiceError<E>> {
        match self.scheduler.alarms().next() {
            Some((game, why)) => Err(ServiceError::FalseProposal {
                game,
                why: why.to_owned(),
            }),
            None => Ok(()),
        }
    }

    /// Keeps the folder below its limit, without what games in progress need.
    fn tidy(&mut self) {
        let Some(data) = &mut self.data else {
            return;
        };
        let mut needed = Needed::default();
        for player in self.scheduler.players() {
            let snapshot = player.snapshot();
            if snapshot.is_none_or(|seen| seen.game.status() == GameStatus::InProgress) {
                let params = player.game_params();
                needed.l1_heads.insert(params.proposal.l1_head);
                let prestate = params.rules.params().absolute_prestate;
                needed.prestates.insert(prestate);
            }
        }
        data.tidy(&needed);
    }

    /// Takes the figures of a round.
    fn measure(&mut self, metrics: &mut Metrics) {
        let Some(exporter) = &self.exporter else {
            return;
        };
        let scheduler = &self.scheduler;
        metrics.games = Tracked {
            left: scheduler.left().count() as u64,
            ..Tracked::default()
        };
        let snapshots = scheduler.players().filter_map(Player::snapshot);
        for snapshot in snapshots {
            *match snapshot.game.status() {
                GameStatus::InProgress => &mut metrics.games.in_progress,
                GameStatus::DefenderWins => &mut metrics.games.defender_won,
                GameStatus::ChallengerWins => &mut metrics.games.challenger_won,
            } += 1;
        }
        metrics.block = scheduler.head().map_or(0, |head| head.number);
        metrics.block_time = scheduler.head().map_or(0, |head| head.time);
        let (waiting, since) = scheduler.waiting();
        metrics.waiting = [waiting as u64, since.unwrap_or(0)];
        metrics.data_bytes = self.data.as_ref().map_or(0, DataFolder::bytes);
        metrics.large_preimages = scheduler.large_preimages() as u64;
        metrics.false_proposals = scheduler.alarms().count() as u64;
        scheduler.trace_source().measure(metrics);
        if let Some(head) = scheduler.head().copied()
            && let Ok(balance) = self.scheduler.balance(&head)
        {
            metrics.balance = balance.saturating_to();
        }
        exporter.set(metrics.text() + &l1_nodes(&*self.chain));
    }

    /// Waits for a block that was not seen yet, or for news of the program; the last round has `begun` then.
    fn wait(&self, begun: Instant) {
        let seen = self.scheduler.head().map(|head| head.hash);
        while !self.interrupted.load(Ordering::Relaxed) {
            self.chain.pause();
            if begun.elapsed() < self.min_interval {
                continue;
            }
            if self.scheduler.trace_source().has_news() {
                return;
            }
            match self.chain.block(At::Latest) {
                Ok(head) if Some(head.hash) == seen => {}
                // The next round has to say what is wrong.
                _ => return,
            }
        }
    }
}

/// Waits until a round that has `begun` is `interval` ago, or until it is set from outside to end.
pub fn sleep(begun: Instant, interval: Duration, interrupted: &AtomicBool) {
    const NAP: Duration = Duration::from_millis(100);
    while begun.elapsed() < interval && !interrupted.load(Ordering::Relaxed) {
        std::thread::sleep(NAP.min(interval));
    }
}
