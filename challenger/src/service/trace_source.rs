//! What the challenger holds to be true: the rollup's outputs, and what each game's program makes of them.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::thread::Scope;

use fpvm_dispute::trace::lie::{Extent, Lie};
use fpvm_dispute::trace::split::SplitTrace;
use fpvm_dispute::trace::{Executions, Inputs, StepData, TraceError};
use fpvm_l1::{B256, Chain, U256};
use fpvm_trace::workers::{Options, Workers};
use fpvm_trace::{GuestProgram, Preimages};

use super::prestates::{Guest, Open, PrestateError, PrestateSources, Prestates, is_prestate};
use crate::game_type::{ByType, GameType};
use crate::metrics::Metrics;
use crate::read::game_params::GameParams;
use crate::rollup::{GameOutputs, Source};
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
    /// What the rollup's outputs are.
    pub outputs: Source,
    /// What is lied about.
    pub extent: Extent,
    /// The folder of hosts that need one for each dispute, which begins with the name of its L1 head; what lies there is
    /// removed when no game needs it any more.
    pub host_data: Option<PathBuf>,
    /// Steps from one remembered state to the next.
    pub every: u64,
    /// Threads for each program.
    pub threads: usize,
    /// Set from outside to end all machines.
    pub interrupted: Arc<AtomicBool>,
}

/// What is true, for all games, each about a program of its own.
pub struct ProgramTraceSource<'s, 'a> {
    prestates: Prestates<'s, 'a>,
    preimages: ByType<Preimages>,
    chain: Arc<dyn Chain>,
    outputs: Source,
    extent: Extent,
    host_data: Option<PathBuf>,
    options: Options,
    interrupted: Arc<AtomicBool>,
    /// Of the threads that run programs.
    scope: &'s Scope<'s, 'a>,
    workers: BTreeMap<Played, Running<'a>>,
}

/// What decides which program runs, and on what: its pre-state, the type of the games, and the L2 chain.
type Played = (B256, GameType, U256);

/// The threads of a program.
type Running<'a> = Arc<Workers<GuestProgram<'a, Guest>>>;

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
            extent,
            host_data,
            every,
            threads,
            interrupted,
        } = inputs;
        let options = Options {
            threads,
            ..Options::new(every)
        };
        Ok(Self {
            prestates: Prestates::new(prestates, open, kept, interrupted.clone(), scope)?,
            preimages,
            chain,
            outputs,
            extent,
            host_data,
            options,
            interrupted,
            scope,
            workers: BTreeMap::new(),
        })
    }

    /// Whether a program, or a server that was asked for one, has answered something since this was asked last.
    pub fn has_news(&self) -> bool {
        // Each is asked, because what it says counts as seen then.
        let news = self.workers.values().map(|workers| workers.has_news());
        news.fold(self.prestates.has_news(), |any, news| any | news)
    }

    /// Whether a server is being asked for a program.
    pub fn is_asking(&self) -> bool {
        self.prestates.is_asking()
    }

    /// Takes how programs fare into figures.
    pub fn measure(&self, metrics: &mut Metrics) {
        (metrics.programs, metrics.threads) = ([0; 2], [0; 2]);
        for ((_, game_type, _), workers) in &self.workers {
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
        }
    }

    /// The threads of the program that a game is about, which are started by the first such game.
    fn running(&mut self, game_params: &GameParams) -> Result<Running<'a>, Unplayable> {
        let params = game_params.rules.params();
        let game_type = GameType(params.game_type);
        let played = (params.absolute_prestate, game_type, params.l2_chain_id);
        if let Some(workers) = self.workers.get(&played) {
            return Ok(workers.clone());
        }
        let path = self.prestates.find(params.absolute_prestate, game_type)?;
        let preimages = self.preimages.of(game_type).next().cloned();
        let preimages = preimages.ok_or_else(|| Unplayable {
            why: format!("nobody hands out pre-images for games of type {game_type}: name a host"),
            is_final: true,
        })?;
        let load = self.prestates.program(params.absolute_prestate, path);
        let node = self.outputs.clone();
        let head = move |block| node.block_hash(block).map_err(|error| error.to_string());
        let guest = GuestProgram::new(load, preimages, params.l2_chain_id);
        let guest = guest.with_head(head).until(self.interrupted.clone());
        let workers = Arc::new(Workers::start(self.scope, guest, self.options));
        self.workers.insert(played, workers.clone());
        Ok(workers)
    }
}

impl<'a> TraceSource for ProgramTraceSource<'_, 'a> {
    type Trace = SplitTrace<Lie<Known<'a>>, Lie<Known<'a>>>;

    fn of(&mut self, game_params: &GameParams) -> Result<Self::Trace, Unplayable> {
        let params = game_params.rules.params();
        let has_none = GameType(params.game_type) == GameType::PERMISSIONED
            && !is_prestate(params.absolute_prestate);
        let executions = if has_none {
            GameProgram::None
        } else {
            GameProgram::Running(self.running(game_params)?)
        };
        let outputs = self.outputs.seen_by(game_params, &*self.chain);
        let outputs = outputs.map_err(|error| Unplayable {
            why: error.to_string(),
            is_final: false,
        })?;
        let known = Lie {
            truth: SplitTrace {
                outputs,
                executions,
            },
            extent: self.extent,
        };
        Ok(SplitTrace {
            outputs: known.clone(),
            executions: known,
        })
    }

    fn forget(&mut self, l1_head: B256) {
        for workers in self.workers.values() {
            workers.forget(l1_head);
        }
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

/// What is true in one game.
type Known<'a> = SplitTrace<GameOutputs, GameProgram<'a>>;

/// The program that a game is about.
#[derive(Clone)]
pub enum GameProgram<'a> {
    /// It runs on threads.
    Running(Arc<Workers<GuestProgram<'a, Guest>>>),
    /// There is none: the pre-state of a permissioned game need not be one, because its two players trust each other so
    /// far. Such a game is played down to the outputs, resolved, and paid out.
    None,
}

impl Executions for GameProgram<'_> {
    fn claim(&self, inputs: &Inputs, index: u128) -> Result<B256, TraceError> {
        match self {
            Self::Running(workers) => workers.claim(inputs, index),
            Self::None => Err(TraceError::NoProgram),
        }
    }

    fn step(&self, inputs: &Inputs, index: u128) -> Result<StepData, TraceError> {
        match self {
            Self::Running(workers) => workers.step(inputs, index),
            Self::None => Err(TraceError::NoProgram),
        }
    }
}

impl std::fmt::Debug for GameProgram<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Running(_) => "Running",
            Self::None => "None",
        })
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
            .field("programs", &self.workers.keys())
            .finish_non_exhaustive()
    }
}
