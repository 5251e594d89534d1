//! What the challenger holds to be true: the rollup's outputs, and what the program makes of them.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::thread::Scope;

use fpvm_checkpoints::GuestVm;
use fpvm_dispute::trace::lie::{Extent, Lie};
use fpvm_dispute::trace::split::SplitTrace;
use fpvm_l1::{B256, Chain, U256};
use fpvm_trace::workers::{Options, Workers};
use fpvm_trace::{GuestProgram, MachineError, Preimages};

use crate::read::game_params::GameParams;
use crate::rollup::{GameOutputs, Source};
use crate::scheduler::{TraceSource, Unplayable};

/// A program that games are about.
pub struct TracedProgram<'a, V> {
    /// What messages call it: its file.
    pub name: String,
    /// The hash of its pre-state.
    pub prestate: B256,
    /// Puts it into a VM before its first step.
    pub load: Arc<dyn Fn() -> Result<V, MachineError> + Send + Sync + 'a>,
    /// Where its pre-images come from.
    pub preimages: Preimages,
    /// Steps from one remembered state to the next.
    pub every: u64,
    /// Set from outside to end its machines.
    pub interrupted: Arc<AtomicBool>,
}

/// What is true, for all games about one program.
pub struct ProgramTraceSource<'s, 'a, V: GuestVm + Send + 'static> {
    program: TracedProgram<'a, V>,
    chain: Arc<dyn Chain>,
    outputs: Source,
    extent: Extent,
    /// Of the threads that run the program.
    scope: &'s Scope<'s, 'a>,
    /// By L2 chain.
    workers: BTreeMap<U256, Arc<Workers<GuestProgram<'a, V>>>>,
}

impl<'s, 'a, V: GuestVm + Send + 'static> ProgramTraceSource<'s, 'a, V> {
    /// From a program and a rollup's outputs; `chain` is the L1, whose blocks say how far the outputs are
    /// determined. The program runs on threads of `scope`. What lies in `extent` is lied about.
    pub fn new(
        program: TracedProgram<'a, V>,
        chain: Arc<dyn Chain>,
        outputs: Source,
        extent: Extent,
        scope: &'s Scope<'s, 'a>,
    ) -> Self {
        Self {
            program,
            chain,
            outputs,
            extent,
            scope,
            workers: BTreeMap::new(),
        }
    }

    /// Whether the program has answered something since this was asked last.
    pub fn has_news(&self) -> bool {
        // Each is asked, because what it says counts as seen then.
        let news = self.workers.values().map(|workers| workers.has_news());
        news.fold(false, |any, news| any | news)
    }

    /// Seconds for which the program has been run, and how often it or its host failed.
    pub fn programs(&self) -> [u64; 2] {
        let sum = |figure: fn(&Workers<GuestProgram<'a, V>>) -> u64| {
            self.workers.values().map(|workers| figure(workers)).sum()
        };
        [sum(Workers::seconds), sum(Workers::failures)]
    }
}

impl<'a, V: GuestVm + Send + 'static> TraceSource for ProgramTraceSource<'_, 'a, V> {
    type Trace = SplitTrace<Lie<Known<'a, V>>, Lie<Known<'a, V>>>;

    fn of(&mut self, game_params: &GameParams) -> Result<Self::Trace, Unplayable> {
        let (params, program) = (game_params.rules.params(), &self.program);
        if params.absolute_prestate != program.prestate {
            return Err(Unplayable {
                why: format!(
                    "it is about the program with pre-state {}, and {} has {}",
                    params.absolute_prestate, program.name, program.prestate
                ),
                is_final: true,
            });
        }
        let outputs = self.outputs.seen_by(game_params, &*self.chain);
        let outputs = outputs.map_err(|error| Unplayable {
            why: error.to_string(),
            is_final: false,
        })?;
        let workers = self.workers.entry(params.l2_chain_id).or_insert_with(|| {
            let (load, node) = (program.load.clone(), self.outputs.clone());
            let head = move |block| node.block_hash(block).map_err(|error| error.to_string());
            let preimages = program.preimages.clone();
            let guest = GuestProgram::new(move || load(), preimages, params.l2_chain_id);
            let guest = guest.with_head(head).until(program.interrupted.clone());
            let options = Options::new(program.every);
            Arc::new(Workers::start(self.scope, guest, options))
        });
        let known = Lie {
            truth: SplitTrace {
                outputs,
                executions: workers.clone(),
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
    }
}

/// What is true in one game.
type Known<'a, V> = SplitTrace<GameOutputs, Arc<Workers<GuestProgram<'a, V>>>>;

impl<V> std::fmt::Debug for TracedProgram<'_, V> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("TracedProgram")
            .field("name", &self.name)
            .field("prestate", &self.prestate)
            .finish_non_exhaustive()
    }
}

impl<V: GuestVm + Send + 'static> std::fmt::Debug for ProgramTraceSource<'_, '_, V> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ProgramTraceSource")
            .field("program", &self.program)
            .finish_non_exhaustive()
    }
}
