//! What the challenger holds to be true: the rollup's outputs, and what the program makes of them.

use super::Args;
use crate::app::App;
use fpvm::AnyVm;
use fpvm_challenger::read::game_params::GameParams;
use fpvm_challenger::rollup::{GameOutputs, Source};
use fpvm_challenger::scheduler::{TraceSource, Unplayable};
use fpvm_dispute::trace::lie::{Extent, Lie};
use fpvm_dispute::trace::split::SplitTrace;
use fpvm_l1::{B256, Chain, U256};
use fpvm_trace::workers::{Options, Workers};
use fpvm_trace::{GuestProgram, MachineError, Preimages};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::thread::Scope;

/// What is true, for all games about one program.
pub(super) struct ProgramTraceSource<'s, 'a> {
    app: &'a App,
    args: &'a Args,
    /// Of the threads that run the program.
    scope: &'s Scope<'s, 'a>,
    outputs: Source,
    preimages: Preimages,
    interrupted: Arc<AtomicBool>,
    /// The program's own pre-state.
    prestate: B256,
    chain: Option<Arc<dyn Chain>>,
    extent: Extent,
    /// By L2 chain.
    vms: BTreeMap<U256, Arc<Workers<Guest<'a>>>>,
}

impl<'s, 'a> ProgramTraceSource<'s, 'a> {
    /// Opens the program.
    pub(super) fn open(
        app: &'a App,
        args: &'a Args,
        outputs: Source,
        interrupted: Arc<AtomicBool>,
        scope: &'s Scope<'s, 'a>,
    ) -> anyhow::Result<Self> {
        let mut vm = args.reading.open(app, &args.prestate)?;
        Ok(Self {
            app,
            args,
            scope,
            outputs,
            preimages: args.source.preimages()?,
            interrupted,
            prestate: vm.state_root().into(),
            chain: None,
            extent: args.cheat.extent(),
            vms: BTreeMap::new(),
        })
    }

    /// Whether the program has told something new.
    pub(super) fn has_news(&self) -> bool {
        // Each is asked: what is told counts as seen then.
        let news = self.vms.values().map(|vms| vms.has_news());
        news.fold(false, |any, news| any | news)
    }

    /// Seconds for which the program has been run, and how often it or its host failed.
    pub(super) fn programs(&self) -> [u64; 2] {
        let sum =
            |figure: fn(&Workers<Guest<'a>>) -> u64| self.vms.values().map(|vms| figure(vms)).sum();
        [sum(Workers::seconds), sum(Workers::failures)]
    }

    /// On a chain, whose blocks tell what L1's data determine.
    pub(super) fn on(self, chain: Arc<dyn Chain>) -> Self {
        Self {
            chain: Some(chain),
            ..self
        }
    }
}

impl<'a> TraceSource for ProgramTraceSource<'_, 'a> {
    type Trace = SplitTrace<Lie<Known<'a>>, Lie<Known<'a>>>;

    fn of(&mut self, game_params: &GameParams) -> Result<Self::Trace, Unplayable> {
        let params = game_params.rules.params();
        if params.absolute_prestate != self.prestate {
            return Err(Unplayable {
                why: format!(
                    "it is about the program with pre-state {}, and {} has {}: name the right one with --prestate",
                    params.absolute_prestate,
                    self.args.prestate.display(),
                    self.prestate
                ),
                is_final: true,
            });
        }
        let passing = |why: String| Unplayable {
            why,
            is_final: false,
        };
        let chain = self.chain.as_ref();
        let chain = chain.ok_or_else(|| passing("there is no chain".into()))?;
        let outputs = self.outputs.seen_by(game_params, &**chain);
        let outputs = outputs.map_err(|error| passing(error.to_string()))?;
        let vms = self.vms.entry(params.l2_chain_id).or_insert_with(|| {
            let (app, args, node) = (self.app, self.args, self.outputs.clone());
            let load = move || {
                let vm = args.reading.open(app, &args.prestate);
                vm.map_err(|error| MachineError::Other(error.into()))
            };
            let head = move |block| node.block_hash(block).map_err(|error| error.to_string());
            let guest = GuestProgram::new(load, self.preimages.clone(), params.l2_chain_id);
            let guest = guest.with_head(head).until(self.interrupted.clone());
            let options = Options::new(self.args.every);
            Arc::new(Workers::start(self.scope, guest, options))
        });
        let known = Lie {
            truth: SplitTrace {
                outputs,
                executions: vms.clone(),
            },
            extent: self.extent,
        };
        Ok(SplitTrace {
            outputs: known.clone(),
            executions: known,
        })
    }

    fn forget(&mut self, l1_head: B256) {
        self.vms.values().for_each(|vms| vms.forget(l1_head));
    }
}

/// What is true in one game.
type Known<'a> = SplitTrace<GameOutputs, Arc<Workers<Guest<'a>>>>;

/// The program, with its pre-images.
type Guest<'a> = GuestProgram<'a, Box<dyn AnyVm>>;
