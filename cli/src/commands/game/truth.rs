//! What is true in a game: the outputs from a file or the super roots from nodes, and the program with its pre-images.

use crate::app::App;
use crate::chain::{NODE_PATIENCE, rollup_nodes};
use crate::input::ReadingArgs;
use crate::interrupt;
use anyhow::{Context as _, ensure};
use fpvm::AnyVm;
use fpvm_challenger::read::game_params::GameParams;
use fpvm_challenger::rollup::{GameStates, SuperNodes};
use fpvm_dispute::game::Game;
use fpvm_dispute::rules::Rules;
use fpvm_dispute::trace::either::EitherTrace;
use fpvm_dispute::trace::outputs::OutputList;
use fpvm_dispute::trace::split::SplitTrace;
use fpvm_dispute::trace::super_split::SuperSplitTrace;
use fpvm_dispute::trace::{Executions, Inputs, StepData, SuperInputs};
use fpvm_l1::{B256, Chain};
use fpvm_report::instruction::{Contest, ExecutionTrace};
use fpvm_report::{Instruction, Opinion};
use fpvm_trace::{DisputeInputs, GuestProgram, MachineError, Preimages, Program, Vms};
use std::path::PathBuf;
use std::sync::Arc;

/// Steps from one remembered state to the next.
const EVERY: u64 = 5_000_000;

/// What the truth is taken from; without it nobody is right or wrong.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Who is right")]
pub(super) struct TruthArgs {
    /// The true output roots: a line for each L2 block without gaps, its number and the root
    #[arg(long, value_name = "FILE", group = "roots")]
    outputs: Option<PathBuf>,
    /// Take the true super roots from this node (op-node with --safedb.path, or op-supernode), for a super game; may be
    /// given several times: then all that answer have to say the same
    #[arg(
        long,
        alias = "supernode-rpc",
        value_name = "URL",
        value_delimiter = ',',
        group = "roots"
    )]
    superroot_rpc: Vec<String>,
    /// The program (ELF) or its pre-state that the game is about, for claims about states
    #[arg(long, value_name = "FILE", requires = "roots", requires = "preimages")]
    prestate: Option<PathBuf>,
    /// Its pre-images, besides the local ones, which follow from the game
    #[arg(long, value_name = "DIR|DB", requires = "prestate")]
    preimages: Option<PathBuf>,
    #[command(flatten)]
    reading: ReadingArgs,
}

impl TruthArgs {
    /// What there is of it, for a game on a chain.
    pub(super) fn open<'a>(
        &'a self,
        app: &'a App,
        params: &GameParams,
        chain: &dyn Chain,
    ) -> anyhow::Result<Option<Truth<'a>>> {
        let is_super = params.rules.params().version.is_super();
        if !self.superroot_rpc.is_empty() {
            ensure!(
                is_super,
                "the game is about outputs: give --outputs instead of --superroot-rpc"
            );
            let nodes = rollup_nodes(&self.superroot_rpc, NODE_PATIENCE)?;
            return Ok(Some(Truth::SuperRoots(SuperSplitTrace {
                states: Arc::new(SuperNodes::new(nodes)).seen_by(params, chain)?,
                executions: self.vms(app, &params.rules)?,
            })));
        }
        let Some(path) = &self.outputs else {
            return Ok(None);
        };
        ensure!(
            !is_super,
            "the game is about super roots: give --superroot-rpc instead of --outputs"
        );
        let outputs = app.read_text(path)?;
        let outputs = outputs
            .parse()
            .with_context(|| path.display().to_string())?;
        Ok(Some(Truth::Outputs(SplitTrace {
            outputs,
            executions: self.vms(app, &params.rules)?,
        })))
    }

    /// The program, where one is named.
    fn vms<'a, I>(&'a self, app: &'a App, rules: &Rules) -> anyhow::Result<Option<Programs<'a, I>>>
    where
        GuestProgram<'a, Box<dyn AnyVm>>: Program<I>,
        I: Clone + PartialEq,
    {
        let (Some(prestate), Some(preimages)) = (&self.prestate, &self.preimages) else {
            return Ok(None);
        };
        let params = rules.params();
        let found = B256::from(self.reading.open(app, prestate)?.state_root());
        ensure!(
            found == params.absolute_prestate,
            "the game is about the program with pre-state {}, and {} has {found}",
            params.absolute_prestate,
            prestate.display()
        );
        let load = || {
            let vm = self.reading.open(app, prestate);
            vm.map_err(|error| MachineError::Other(error.into()))
        };
        let preimages = Preimages::stored(preimages)?;
        let interrupted = interrupt::watch().context("cannot watch for signals")?;
        let guest = GuestProgram::new(load, preimages, params.l2_chain_id);
        Ok(Some(Vms::new(guest.until(interrupted), EVERY)))
    }
}

/// The executions of a program.
type Programs<'a, I> = Vms<GuestProgram<'a, Box<dyn AnyVm>>, I>;

/// What is true of a game, whatever it is about: the roots, and the executions where there is a program.
pub(super) type Truth<'a> = EitherTrace<
    SplitTrace<OutputList, Option<Programs<'a, Inputs>>>,
    SuperSplitTrace<GameStates, Option<Programs<'a, SuperInputs>>>,
>;

/// The instruction that a game has come down to.
pub(super) struct Deciding {
    /// The claim that it contests.
    pub(super) claim: usize,
    /// What the contract is given for it; nothing where there is no program.
    pub(super) step: StepData,
    /// What it does; likewise.
    pub(super) instruction: Option<Instruction>,
}

impl Deciding {
    /// That of a game, where its claims have come so far.
    pub(super) fn of(
        game: &Game,
        truth: &Truth<'_>,
        opinion: &Opinion,
    ) -> anyhow::Result<Option<Self>> {
        match truth {
            Truth::Outputs(trace) => Self::by(game, trace, trace.executions.as_ref(), opinion),
            Truth::SuperRoots(trace) => Self::by(game, trace, trace.executions.as_ref(), opinion),
        }
    }

    fn by<'a, I>(
        game: &Game,
        trace: &impl ExecutionTrace<Inputs = I>,
        programs: Option<&Programs<'a, I>>,
        opinion: &Opinion,
    ) -> anyhow::Result<Option<Self>>
    where
        I: DisputeInputs,
    {
        let Some(contest) = Contest::of(game, trace, opinion) else {
            return Ok(None);
        };
        let (inputs, index) = (&contest.inputs, contest.index);
        let instruction = programs.map(|vms| {
            vms.at(inputs, index, |machine| {
                Instruction::at(&contest, machine).map_err(MachineError::Other)
            })
        });
        let step = programs.and_then(|vms| vms.step(inputs, index).ok());
        Ok(Some(Self {
            claim: contest.claim,
            step: step.unwrap_or_default(),
            instruction: instruction.transpose()?,
        }))
    }
}
