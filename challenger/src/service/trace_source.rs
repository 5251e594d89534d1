//! The challenger's source of true traces: the rollup's outputs, and the executions of each game's program.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::thread::Scope;

use fpvm_dispute::trace::lie::Extent;
use fpvm_dispute::trace::{Inputs, SuperInputs};
use fpvm_l1::{B256, Chain, U256};
use fpvm_trace::second::{Note, Opinions, Second, Seconded, ThirdParty};
use fpvm_trace::workers::{Options, Workers};
use fpvm_trace::{DisputeInputs, GuestProgram, Preimages, SharedSources};

use super::game_trace::{self, GameProgram, GameTrace, Running};
use super::prestates::{Guest, Open, PrestateError, PrestateSources, Prestates, is_prestate};
use super::second_opinion::SecondOpinion;
use crate::event::Event;
use crate::game_type::{ByType, GameType};
use crate::metrics::Metrics;
use crate::read::game_params::GameParams;
use crate::rollup::{Source, SourceError, SuperNodes};
use crate::scheduler::{TraceSource, Unplayable};

/// What games are played with, of several types and about several programs.
pub struct GameInputs<'a> {
    /// Where the programs come from.
    pub prestates: PrestateSources,
    /// Opens one of them.
    pub open: Open<'a>,
    /// The folder in which programs from elsewhere are kept; made where it is not there.
    pub kept: PathBuf,
    /// Where pre-images come from.
    pub preimages: ByType<Preimages>,
    /// What the rollup's outputs are; without it games about outputs are not played.
    pub outputs: Option<Source>,
    /// The nodes that know super roots; without them super games are not played.
    pub super_roots: Option<Arc<SuperNodes>>,
    /// The extent of its lies, for tests and demonstrations.
    pub extent: Extent,
    /// The folder of hosts that need one for each dispute, which begins with the name of its L1 head; what lies there is
    /// removed when no game needs it any more.
    pub host_data: Option<PathBuf>,
    /// Steps from one remembered state to the next.
    pub every: u64,
    /// Threads for each program.
    pub threads: usize,
    /// Who runs each execution a second time before anything is claimed about its states; nobody without it.
    pub second_opinion: Option<SecondOpinion<'a>>,
    /// Set from outside to end all machines.
    pub interrupted: Arc<AtomicBool>,
}

/// What is true, for all games, each about a program of its own.
pub struct ProgramTraceSource<'s, 'a> {
    prestates: Prestates<'s, 'a>,
    preimages: ByType<Preimages>,
    chain: Arc<dyn Chain>,
    outputs: Option<Source>,
    super_roots: Option<Arc<SuperNodes>>,
    extent: Extent,
    host_data: Option<PathBuf>,
    options: Options,
    second_opinion: Option<SecondOpinion<'a>>,
    /// The other VM that gives it, where one does.
    third: Option<Arc<ThirdParty>>,
    interrupted: Arc<AtomicBool>,
    /// Of the threads that run programs.
    scope: &'s Scope<'s, 'a>,
    workers: Pools<'a, Inputs>,
    super_workers: Pools<'a, SuperInputs>,
}

/// The key of a program's threads: its pre-state, the type of the games, and the L2 chain.
type Played = (B256, GameType, U256);

/// The threads of each program.
struct Pools<'a, I: DisputeInputs>(BTreeMap<Played, Running<'a, I>>);

impl<I: DisputeInputs> Pools<'_, I> {
    /// Whether a program has answered something since this was asked last.
    fn has_news(&self) -> bool {
        // Each is asked, because what it says counts as seen then.
        let news = self.0.values().map(|workers| workers.has_news());
        news.fold(false, |any, news| any | news)
    }

    /// Takes how programs fare into figures.
    fn measure(&self, metrics: &mut Metrics) {
        for ((_, game_type, _), seconded) in &self.0 {
            let workers = seconded.first();
            for length in workers.take_turns() {
                metrics.executed_within(*game_type, length);
            }
            let add = |sums: &mut [u64; 2], [one, other]: [u64; 2]| {
                let [first, second] = *sums;
                *sums = [first + one, second + other];
            };
            add(
                &mut metrics.programs,
                [workers.seconds(), workers.failures()],
            );
            add(&mut metrics.threads, workers.threads());
            if let Some(slower) = seconded.slower() {
                metrics.second_seconds += slower.seconds();
                add(&mut metrics.threads, slower.threads());
            }
            let Opinions {
                agreed,
                differed,
                missing,
            } = seconded.opinions();
            for (sum, more) in metrics.opinions.iter_mut().zip([agreed, differed, missing]) {
                *sum += more;
            }
        }
    }

    /// What is to be told of second opinions.
    fn take_notes(&self) -> Vec<Note> {
        let all = self.0.values();
        all.flat_map(|workers| workers.take_notes()).collect()
    }

    fn forget(&self, l1_head: B256) {
        for workers in self.0.values() {
            workers.forget(l1_head);
        }
    }
}

impl<'s, 'a> ProgramTraceSource<'s, 'a> {
    /// From all that games are played with; `chain` is the L1, whose blocks say how far the outputs are
    /// determined. Programs run on threads of `scope`.
    ///
    /// # Errors
    /// If a program that is named cannot be opened, or there is nowhere to keep what is found.
    pub fn new(
        inputs: GameInputs<'a>,
        chain: Arc<dyn Chain>,
        scope: &'s Scope<'s, 'a>,
    ) -> Result<Self, PrestateError> {
        let GameInputs {
            prestates,
            open,
            kept,
            preimages,
            outputs,
            super_roots,
            extent,
            host_data,
            every,
            threads,
            second_opinion,
            interrupted,
        } = inputs;
        let options = Options {
            threads,
            ..Options::new(every)
        };
        let third = second_opinion.as_ref().and_then(|opinion| {
            let vm = opinion.third_party(interrupted.clone())?;
            Some(Arc::new(ThirdParty::start(scope, vm)))
        });
        Ok(Self {
            prestates: Prestates::new(prestates, open, kept, interrupted.clone(), scope)?,
            preimages,
            chain,
            outputs,
            super_roots,
            extent,
            host_data,
            options,
            second_opinion,
            third,
            interrupted,
            scope,
            workers: Pools(BTreeMap::new()),
            super_workers: Pools(BTreeMap::new()),
        })
    }

    /// Whether a program, or a server that was asked for one, has answered something since this was asked last.
    pub fn has_news(&self) -> bool {
        let news = [
            self.workers.has_news(),
            self.super_workers.has_news(),
            self.prestates.has_news(),
        ];
        news.contains(&true)
    }

    /// Whether a server is being asked for a program.
    pub fn is_asking(&self) -> bool {
        self.prestates.is_asking()
    }

    /// What has been found out since this was asked last that is of no one game.
    pub fn take_events(&self) -> Vec<Event> {
        let mut notes = self.workers.take_notes();
        notes.extend(self.super_workers.take_notes());
        let event = |note| match note {
            Note::Difference(what) | Note::Kept(what) => Event::difference(&what),
            Note::Missing(why) => Event::general(&why),
        };
        notes.into_iter().map(event).collect()
    }

    /// Takes how programs fare into figures.
    pub fn measure(&self, metrics: &mut Metrics) {
        (metrics.programs, metrics.threads) = ([0; 2], [0; 2]);
        (metrics.opinions, metrics.second_seconds) = ([0; 3], 0);
        self.workers.measure(metrics);
        self.super_workers.measure(metrics);
    }

    /// The threads of the program that a game is about, of some pools; they are started by the first such game.
    fn running<I: DisputeInputs + Send + 's>(
        &mut self,
        game_params: &GameParams,
        pools: fn(&mut Self) -> &mut Pools<'a, I>,
    ) -> Result<Running<'a, I>, Unplayable> {
        let params = game_params.rules.params();
        let game_type = GameType(params.game_type);
        let played = (params.absolute_prestate, game_type, params.l2_chain_id);
        if let Some(workers) = pools(self).0.get(&played).cloned() {
            // Its file may have been dropped while no game needed it: it is found again, at the same place.
            self.prestates.find(params.absolute_prestate, game_type)?;
            return Ok(workers);
        }
        let guest = self.guest(game_params, None)?;
        let (scope, options) = (self.scope, self.options);
        let seconded = match self.second_opinion.clone() {
            None => Seconded::alone(Workers::start(scope, guest, options)),
            Some(opinion) => {
                let sources = SharedSources::default();
                let slower = self.guest(game_params, Some(&opinion.open))?;
                let slower = slower.sharing(sources.clone());
                let first = Workers::start(scope, guest.sharing(sources.clone()), options);
                let second = Second {
                    slower: Workers::start(scope, slower, options),
                    names: opinion.names,
                    sources,
                    third: self.third.clone(),
                    every: opinion.every,
                    bundles: opinion.bundles,
                };
                Seconded::new(first, second)
            }
        };
        let workers = Arc::new(seconded);
        pools(self).0.insert(played, workers.clone());
        Ok(workers)
    }

    /// The program that a game is about; by `open` where it is not to be run as all are.
    fn guest(
        &mut self,
        game_params: &GameParams,
        open: Option<&Open<'a>>,
    ) -> Result<GuestProgram<'a, Guest>, Unplayable> {
        let params = game_params.rules.params();
        let game_type = GameType(params.game_type);
        let path = self.prestates.find(params.absolute_prestate, game_type)?;
        let preimages = self.preimages.of(game_type).next().cloned();
        let preimages = preimages.ok_or_else(|| Unplayable {
            why: format!("nobody hands out pre-images for games of type {game_type}{NO_HOST}"),
            is_final: true,
        })?;
        let load = self.prestates.program(params.absolute_prestate, path, open);
        let guest = GuestProgram::new(load, preimages, params.l2_chain_id);
        let guest = match self.outputs.clone() {
            Some(node) => guest
                .with_head(move |block| node.block_hash(block).map_err(|error| error.to_string())),
            None => guest,
        };
        Ok(guest.until(self.interrupted.clone()))
    }

    /// What is true of a game about outputs.
    fn of_outputs(&mut self, game_params: &GameParams) -> Result<GameTrace<'a>, Unplayable> {
        let params = game_params.rules.params();
        let source = self.outputs.clone();
        let source = source.ok_or_else(|| no_source(NO_OUTPUTS))?;
        let has_none = GameType(params.game_type) == GameType::PERMISSIONED
            && !is_prestate(params.absolute_prestate);
        let program = if has_none {
            GameProgram::None
        } else {
            GameProgram::Running(self.running(game_params, |all| &mut all.workers)?)
        };
        let outputs = source.seen_by(game_params, &*self.chain);
        let outputs = outputs.map_err(silent)?;
        Ok(game_trace::of_outputs(outputs, program, self.extent))
    }

    /// What is true of a game about super roots.
    fn of_super_roots(&mut self, game_params: &GameParams) -> Result<GameTrace<'a>, Unplayable> {
        let nodes = self.super_roots.clone();
        let nodes = nodes.ok_or_else(|| no_source(NO_SUPER_ROOTS))?;
        let program = if game_params.is_won_at_creation() {
            GameProgram::None
        } else {
            GameProgram::Running(self.running(game_params, |all| &mut all.super_workers)?)
        };
        let states = nodes.seen_by(game_params, &*self.chain);
        let states = states.map_err(silent)?;
        Ok(game_trace::of_super_roots(states, program, self.extent))
    }
}

/// Why a game about outputs is not played without a source of them.
pub const NO_OUTPUTS: &str =
    "nobody tells what the true outputs are: name a node that knows the outputs of its chain";
/// Why a super game is not played without a node that knows super roots.
pub const NO_SUPER_ROOTS: &str =
    "nobody tells what the true super roots are: name a node that knows super roots";
/// How it ends why a game is not played for whose type there is no host.
pub const NO_HOST: &str = ": name a host";

/// Nobody was named who knows what a game is about.
fn no_source(why: &str) -> Unplayable {
    Unplayable {
        why: why.to_owned(),
        is_final: true,
    }
}

/// The source that was named does not answer, or not yet.
fn silent(error: SourceError) -> Unplayable {
    Unplayable {
        why: error.to_string(),
        is_final: false,
    }
}

impl<'a> TraceSource for ProgramTraceSource<'_, 'a> {
    type Trace = GameTrace<'a>;

    fn of(&mut self, game_params: &GameParams) -> Result<Self::Trace, Unplayable> {
        if game_params.rules.params().version.is_super() {
            self.of_super_roots(game_params)
        } else {
            self.of_outputs(game_params)
        }
    }

    fn forget(&mut self, l1_head: B256) {
        self.workers.forget(l1_head);
        self.super_workers.forget(l1_head);
        if let Some(folder) = &self.host_data {
            remove(folder, l1_head);
        }
    }
}

/// Removes what hosts have kept for disputes about an L1 head.
fn remove(folder: &Path, l1_head: B256) {
    let Ok(entries) = std::fs::read_dir(folder) else {
        return;
    };
    for entry in entries.flatten() {
        let name = entry.file_name();
        if name.to_string_lossy().starts_with(&l1_head.to_string())
            && let Err(why) = std::fs::remove_dir_all(entry.path())
        {
            let (path, why) = (entry.path().display().to_string(), why.to_string());
            tracing::warn!(target: "challenger", path, why, "A host's data cannot be removed");
        }
    }
}

impl std::fmt::Debug for GameInputs<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("GameInputs")
            .field("prestates", &self.prestates)
            .field("preimages", &self.preimages)
            .finish_non_exhaustive()
    }
}

impl std::fmt::Debug for ProgramTraceSource<'_, '_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ProgramTraceSource")
            .field("programs", &self.workers.0.keys())
            .field("super_programs", &self.super_workers.0.keys())
            .finish_non_exhaustive()
    }
}
