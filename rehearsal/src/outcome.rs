//! What came of a rehearsal.

use std::path::PathBuf;

use alloy_primitives::{B256, Bytes};
use fpvm_challenger::game_type::GameType;
use fpvm_dispute::trace::{Inputs, SuperInputs};
use serde::Serialize;

/// A rehearsal of a program on one block, or on one step of several chains.
#[derive(Clone, PartialEq, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Rehearsal {
    /// What metrics call the program.
    pub name: String,
    /// The type of the games that are about it.
    pub game_type: GameType,
    /// What came of it.
    pub verdict: Verdict,
    /// Why it did not succeed, in words.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub why: Option<String>,
    /// The program's pre-state, where it was found.
    pub prestate: Option<B256>,
    /// What it was executed on, where that was chosen.
    #[serde(flatten)]
    pub subject: Option<Subject>,
    /// Its executions that ended.
    pub executions: Vec<Execution>,
    /// What it takes to repeat the execution that failed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub kept: Option<Kept>,
}

/// What came of a rehearsal: op-challenger's words.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// The program agrees with the chain.
    Success,
    /// Nothing was executed to its end, and the program is not to blame: a node, the host or a file is missing or fails.
    SetupFailure,
    /// The program ended with another exit code than it should have.
    IncorrectStatus,
    /// The VM faulted, or the program read a pre-image that nobody has.
    Panic,
    /// The program, or its host, did not end in time.
    Timeout,
}

impl Verdict {
    /// As metrics have it.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Success => "success",
            Self::SetupFailure => "setup_failure",
            Self::IncorrectStatus => "incorrect_status",
            Self::Panic => "panic",
            Self::Timeout => "timeout",
        }
    }

    /// Whether the program agrees with the chain.
    pub const fn is_success(self) -> bool {
        matches!(self, Self::Success)
    }

    /// Whether the program, its VM or its host is at fault, and not what is around them.
    pub const fn is_of_vm(self) -> bool {
        matches!(self, Self::IncorrectStatus | Self::Panic | Self::Timeout)
    }
}

/// What a program is executed on, as its local pre-images have it.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
#[serde(rename_all = "camelCase", rename_all_fields = "camelCase", untagged)]
pub enum Subject {
    /// A block.
    Output {
        /// The block of L1 that data are taken up to.
        l1_head: B256,
        /// The output root before the block.
        agreed_output_root: B256,
        /// The block's number.
        l2_block: u64,
        /// Its output root.
        output_root: B256,
    },
    /// A step of several chains.
    Super {
        /// The block of L1 that data are taken up to.
        l1_head: B256,
        /// The hash of the state before the step.
        agreed_claim: B256,
        /// That state.
        agreed_state: Option<Bytes>,
        /// The hash of the state after it.
        claim: B256,
        /// The game's time.
        timestamp: u64,
    },
}

impl From<&Inputs> for Subject {
    fn from(inputs: &Inputs) -> Self {
        Self::Output {
            l1_head: inputs.l1_head,
            agreed_output_root: inputs.starting.root,
            l2_block: inputs.disputed.block.saturating_to(),
            output_root: inputs.disputed.root,
        }
    }
}

impl From<&SuperInputs> for Subject {
    fn from(inputs: &SuperInputs) -> Self {
        Self::Super {
            l1_head: inputs.l1_head,
            agreed_claim: inputs.agreed,
            agreed_state: inputs.agreed_state.clone(),
            claim: inputs.claim,
            timestamp: inputs.timestamp,
        }
    }
}

/// Which claim a program is asked about.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum Claim {
    /// The one that the rollup's nodes call true.
    Valid,
    /// Another one.
    Invalid,
}

impl Claim {
    /// As metrics have it.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Valid => "valid",
            Self::Invalid => "invalid",
        }
    }

    /// The first byte of the state hash with which a program has to end that agrees: 0 for exit code 0, 1 for 1.
    pub const fn expected(self) -> u8 {
        match self {
            Self::Valid => 0,
            Self::Invalid => 1,
        }
    }
}

/// An execution that came to its end.
#[derive(Clone, Copy, PartialEq, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Execution {
    /// What it was asked.
    pub claim: Claim,
    /// How it ended: 0 for exit code 0, 1 for 1, 2 for any other.
    pub status: u8,
    /// Steps.
    pub steps: u64,
    /// Seconds that it took, with its host.
    pub seconds: f64,
    /// Bytes of the guest's memory.
    pub memory_bytes: u64,
}

/// Where it lies what an execution takes.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Kept {
    /// The folder.
    pub folder: PathBuf,
    /// The command line that repeats it.
    pub command: String,
}

/// In one line, without what was kept.
impl std::fmt::Display for Rehearsal {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}: ", self.name)?;
        f.write_str(match self.verdict {
            Verdict::Success => "agrees",
            Verdict::SetupFailure => "could not be run",
            Verdict::IncorrectStatus => "INCORRECT STATUS",
            Verdict::Panic => "PANIC",
            Verdict::Timeout => "TIMEOUT",
        })?;
        match &self.subject {
            Some(Subject::Output {
                l2_block, l1_head, ..
            }) => write!(f, ", L2 block {l2_block} by L1 up to {l1_head}")?,
            Some(Subject::Super {
                timestamp, l1_head, ..
            }) => write!(
                f,
                ", a step of a game of second {timestamp} by L1 up to {l1_head}"
            )?,
            None => {}
        }
        if let Some(valid) = self.executions.first() {
            write!(f, ", {} steps in {:.1} s", valid.steps, valid.seconds)?;
        }
        match &self.why {
            Some(why) => write!(f, ": {why}"),
            None => Ok(()),
        }
    }
}
