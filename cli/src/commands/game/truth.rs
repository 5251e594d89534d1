//! What is true in a game, as far as files tell: the outputs, and the program with its pre-images.

use crate::app::App;
use crate::input::ReadingArgs;
use crate::interrupt;
use anyhow::{Context as _, ensure};
use fpvm::AnyVm;
use fpvm_dispute::rules::Rules;
use fpvm_dispute::trace::outputs::OutputList;
use fpvm_dispute::trace::split::SplitTrace;
use fpvm_l1::B256;
use fpvm_report::Instruction;
use fpvm_report::instruction::Contest;
use fpvm_trace::{GuestProgram, MachineError, Preimages, Vms};
use std::path::PathBuf;

/// Steps from one remembered state to the next.
const EVERY: u64 = 5_000_000;

/// What the truth is taken from; without it nobody is right or wrong.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Who is right")]
pub(super) struct TruthArgs {
    /// The true output roots: a line for each L2 block without gaps, its number and the root
    #[arg(long, value_name = "FILE")]
    outputs: Option<PathBuf>,
    /// The program (ELF) or its pre-state that the game is about, for claims about states
    #[arg(
        long,
        value_name = "FILE",
        requires = "outputs",
        requires = "preimages"
    )]
    prestate: Option<PathBuf>,
    /// Its pre-images, besides the local ones, which follow from the game
    #[arg(long, value_name = "DIR|DB", requires = "prestate")]
    preimages: Option<PathBuf>,
    #[command(flatten)]
    reading: ReadingArgs,
}

impl TruthArgs {
    /// What there is of it, for a game by these rules.
    pub(super) fn open<'a>(
        &'a self,
        app: &'a App,
        rules: &Rules,
    ) -> anyhow::Result<Option<Truth<'a>>> {
        let Some(path) = &self.outputs else {
            return Ok(None);
        };
        let text = std::fs::read_to_string(path);
        let text = text.with_context(|| format!("cannot read {}", path.display()))?;
        let outputs = text.parse().with_context(|| path.display().to_string())?;
        let vms = match (&self.prestate, &self.preimages) {
            (Some(prestate), Some(preimages)) => {
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
                let guest = guest.until(interrupted);
                Some(Vms::new(guest, EVERY))
            }
            _ => None,
        };
        Ok(Some(SplitTrace {
            outputs,
            executions: vms,
        }))
    }
}

/// What is true: the outputs, and the executions where there is a program.
pub(super) type Truth<'a> = SplitTrace<OutputList, Option<Vms<GuestProgram<'a, Box<dyn AnyVm>>>>>;

/// What the instruction that contests a claim does, where there is a program.
pub(super) fn instruction(
    truth: &Truth<'_>,
    contest: &Contest,
) -> anyhow::Result<Option<Instruction>> {
    let vms = truth.executions.as_ref();
    let instruction = vms.map(|vms| {
        vms.at(&contest.inputs, contest.index, |machine| {
            Instruction::at(contest, machine).map_err(MachineError::Other)
        })
    });
    Ok(instruction.transpose()?)
}
