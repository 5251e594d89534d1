//! What is true of a game, so that the instruction that it comes down to can be shown.

use fpvm::AnyVm;
use fpvm_checkpoints::library::LibraryError;
use fpvm_dispute::trace::outputs::OutputList;
use fpvm_dispute::trace::split::SplitTrace;
use fpvm_dispute::trace::super_node::NodeStates;
use fpvm_dispute::trace::super_split::SuperSplitTrace;
use fpvm_dispute::trace::{Executions as _, Inputs, StepData, SuperInputs, Trace, TraceError};
use fpvm_report::Instruction;
use fpvm_report::instruction::{Contest, ExecutionTrace};
use fpvm_trace::{Hosted, MachineError, Program, Vms};

use crate::program::Narrated;
use crate::super_rollup::ToyRollups;

/// The outputs of a rollup, and the executions of its program.
pub(crate) type Truth = SplitTrace<OutputList, Vms<Narrated>>;

/// The states of several rollups, and the executions of their program.
pub(crate) type SuperTruth<'a> =
    SuperSplitTrace<NodeStates<&'a ToyRollups>, Vms<Narrated, SuperInputs>>;

/// A trace of one who can run the program.
pub(crate) trait Known: Trace + ExecutionTrace {
    /// What a step takes.
    fn step_data(&self, inputs: &Self::Inputs, index: u128) -> Result<StepData, TraceError>;

    /// The instruction that contests a claim.
    fn instruction(&self, contest: &Contest<Self::Inputs>) -> Result<Instruction, TraceError>;
}

impl Known for Truth {
    fn step_data(&self, inputs: &Inputs, index: u128) -> Result<StepData, TraceError> {
        self.executions.step(inputs, index)
    }

    fn instruction(&self, contest: &Contest) -> Result<Instruction, TraceError> {
        instruction(&self.executions, contest)
    }
}

impl Known for SuperTruth<'_> {
    fn step_data(&self, inputs: &SuperInputs, index: u128) -> Result<StepData, TraceError> {
        self.executions.step(inputs, index)
    }

    fn instruction(&self, contest: &Contest<SuperInputs>) -> Result<Instruction, TraceError> {
        instruction(&self.executions, contest)
    }
}

fn instruction<I: Clone + PartialEq, P>(
    executions: &Vms<P, I>,
    contest: &Contest<I>,
) -> Result<Instruction, TraceError>
where
    P: Program<I, Machine = Hosted<Box<dyn AnyVm>>, Error = MachineError>,
    MachineError: From<LibraryError>,
{
    executions.at(&contest.inputs, contest.index, |machine| {
        Instruction::at(contest, machine).map_err(MachineError::Other)
    })
}
