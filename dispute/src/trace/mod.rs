//! Traces: the values that a party holds to be true and would claim, and its evidence for them.
//!
//! A player knows a game only through a [`Trace`]. The usual one is [`split::SplitTrace`]: above the
//! split depth a list of output roots ([`Outputs`]), below it one execution of the VM for each
//! dispute ([`Executions`]). [`outputs::OutputList`] holds outputs, [`crate::synthetic`] both and a
//! VM to match, and [`lie::Lie`] turns an honest party's trace into a cheat's.
//!
//! In a super game [`super_split::SuperSplitTrace`] takes its place: above the split depth it has the states of several
//! chains ([`SuperStates`]), as [`super_node::NodeStates`] takes them from a node's answers. A player of
//! both kinds of games has an [`either::EitherTrace`].

pub mod either;
mod forward;
pub mod lie;
pub mod memo;
pub mod outputs;
pub mod split;
pub mod super_lie;
pub mod super_node;
pub mod super_split;

use alloy_primitives::{B256, Bytes, U256};
use thiserror::Error;

use crate::claim::OutputRoot;
use crate::game::Game;
use crate::game::block_number::BlockEvidence;
use crate::oracle::Preimage;
use crate::position::Position;
use crate::revert::Revert;
use crate::super_root::SuperStep;

/// Why a party cannot say what is true.
#[derive(Clone, PartialEq, Eq, Debug, Error)]
pub enum TraceError {
    /// The game does not have the claim, or lacks claims around it that are needed.
    #[error("the game does not say what this claim is about: {0}")]
    Game(#[from] Revert),
    /// The party does not know an output.
    #[error("no output root is known for L2 block {0}; supply the outputs up to it")]
    UnknownOutput(U256),
    /// The party's source does not give an output.
    #[error("no output root is known for L2 block {block}: {reason}")]
    NoOutput {
        /// The block.
        block: U256,
        /// What the source says instead.
        reason: String,
    },
    /// The header of a block, which shows that a proposal is about another block, cannot be had.
    #[error(
        "the header of L2 block {block}, which shows that the proposal's block number is wrong, cannot be had: {reason}"
    )]
    NoHeader {
        /// The block.
        block: U256,
        /// Why.
        reason: String,
    },
    /// The node of several chains has not seen enough of L1; the question is to be asked again later.
    #[error(
        "the node is at L1 block {current_l1} and has to get beyond block {l1_head}, the game's L1 head, before \
         it can be asked for the super root at timestamp {timestamp}"
    )]
    NotInSync {
        /// L2 time asked for, in seconds.
        timestamp: u64,
        /// Number of the L1 block that the node is working on.
        current_l1: u64,
        /// Number of the game's L1 head.
        l1_head: u64,
    },
    /// The party's node does not give a super root, or gives an answer that cannot be true.
    #[error("no super root is known at timestamp {timestamp}: {reason}")]
    NoSuperRoot {
        /// L2 time asked for, in seconds.
        timestamp: u64,
        /// What the node says instead.
        reason: String,
    },
    /// The game starts from another super root than the party's.
    #[error(
        "the game starts from super root {game} at timestamp {timestamp}, but the node's is {node}; \
         the game is not played"
    )]
    WrongStart {
        /// L2 time of the start, in seconds.
        timestamp: u64,
        /// The game's root.
        game: B256,
        /// The node's.
        node: B256,
    },
    /// No claim of the execution can be at this position.
    #[error("{0:?} lies outside the execution that claim {1} belongs to")]
    OutsideExecution(Position, usize),
    /// The party has no program to run.
    #[error("the program is not known, and only it tells how an execution ends")]
    NoProgram,
    /// The VM could not be run that far.
    #[error("the execution gave no state for trace index {index}: {reason}")]
    Execution {
        /// Index into the trace of the execution.
        index: u128,
        /// What went wrong.
        reason: String,
    },
    /// The VM is being run to that point; ask again later.
    #[error("the program is still being run, for trace index {index}")]
    Pending {
        /// Index into the trace of the execution.
        index: u128,
    },
}

/// Everything that a step against a claim needs.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct StepData {
    /// The VM's state before the instruction, packed.
    pub state: Vec<u8>,
    /// What the VM needs to check the instruction.
    pub proof: Vec<u8>,
    /// Local data that the instruction reads: identifier and offset of the part.
    pub local: Vec<(U256, U256)>,
    /// Other pre-images that it reads.
    pub preimages: Vec<Preimage>,
}

/// A party's knowledge of a game.
pub trait Trace {
    /// The value that the party would claim at `position`, in the context of the claim at index
    /// `of`: that claim's own position, or that of an answer to it. Below the split depth the value
    /// depends on the outputs claimed above.
    ///
    /// # Errors
    /// If the party cannot know.
    fn claim_at(&self, game: &Game, of: usize, position: Position) -> Result<B256, TraceError>;

    /// The data for a step of the instruction with the post-state at `position`, in the context of the
    /// claim at index `of`.
    ///
    /// # Errors
    /// If the party cannot know.
    fn step_at(&self, game: &Game, of: usize, position: Position) -> Result<StepData, TraceError>;

    /// The source of the value at `position`, in words, in the context of the claim at index `of`; `None`
    /// if it is the party itself.
    fn source_at(&self, game: &Game, of: usize, position: Position) -> Option<String> {
        let _ = (game, of, position);
        None
    }

    /// Evidence that the root claim's output belongs to a block before the proposed one, if the party
    /// thinks so. It is of use only while the party agrees with the root's value.
    ///
    /// # Errors
    /// If the party cannot know.
    fn wrong_block(&self, game: &Game) -> Result<Option<BlockEvidence>, TraceError>;
}

/// The output roots of a rollup, as a party knows them.
pub trait Outputs {
    /// The output root of `block`, which is at most the [`Outputs::safe_head`].
    ///
    /// # Errors
    /// If the party does not know it.
    fn output(&self, block: U256) -> Result<B256, TraceError>;

    /// The newest block that the data on L1 up to the game's L1 head determine. Positions of later
    /// blocks stand for this one.
    fn safe_head(&self) -> U256;

    /// Evidence that the output of `block` belongs to it.
    ///
    /// # Errors
    /// If the party has none.
    fn evidence(&self, block: U256) -> Result<BlockEvidence, TraceError>;

    /// The source of the output of `block`, in words; `None` if it is the party itself.
    fn source(&self, block: U256) -> Option<String> {
        let _ = block;
        None
    }
}

/// The inputs of an execution.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Inputs {
    /// Hash of the L1 block that the data are taken up to.
    pub l1_head: B256,
    /// The output that the execution starts from.
    pub starting: OutputRoot,
    /// The output in dispute, and its block.
    pub disputed: OutputRoot,
}

/// The inputs of an execution of a super game.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct SuperInputs {
    /// Hash of the L1 block that the data are taken up to (local key 1).
    pub l1_head: B256,
    /// Claim about the state that the execution starts from, as it stands in the game (local key 2).
    pub agreed: B256,
    /// The bytes of that state, of which `agreed` is the keccak256: program and VM must find them under that key. None
    /// if the party does not agree with that claim, and so does not know its pre-image.
    pub agreed_state: Option<Bytes>,
    /// Claim about the state in dispute, one step later (local key 3).
    pub claim: B256,
    /// L2 time of the game, in seconds: that of its root claim, wherever in the trace the dispute is (local key 4).
    pub timestamp: u64,
}

/// The states of several chains, as a party knows them.
pub trait SuperStates {
    /// The bytes of the state at a place, as the data on L1 up to the game's L1 head determine it. A claim is their
    /// keccak256.
    ///
    /// # Errors
    /// If the party does not know it.
    fn state(&self, place: SuperStep) -> Result<Bytes, TraceError>;

    /// The bytes of the super root that the game starts from, at L2 time `timestamp` in seconds. It is an anchor: it
    /// need not follow from the data up to the game's L1 head.
    ///
    /// # Errors
    /// If the party does not know it.
    fn start(&self, timestamp: u64) -> Result<Bytes, TraceError>;

    /// The source of the state, in words; `None` if it is the party itself.
    fn source(&self, place: SuperStep) -> Option<String> {
        let _ = place;
        None
    }
}

/// The executions of the VM, as a party knows them; each on its inputs.
pub trait Executions<I = Inputs> {
    /// The claim about the state after instruction `index` (from 0); after the last instruction the
    /// state stays as it is.
    ///
    /// # Errors
    /// If the VM cannot be run so far.
    fn claim(&self, inputs: &I, index: u128) -> Result<B256, TraceError>;

    /// The data that a step of instruction `index` needs.
    ///
    /// # Errors
    /// If the VM cannot be run so far.
    fn step(&self, inputs: &I, index: u128) -> Result<StepData, TraceError>;
}
