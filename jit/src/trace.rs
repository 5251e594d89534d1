//! A path through the guest's code as data: lowering makes it, and the later passes change and read it.

use crate::Departure;
use crate::ir::{ExitId, Nodes, Val};

/// A way out of a trace.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Exit {
    pub(crate) kind: ExitKind,
    /// The address at which the guest goes on; unused if that is only known at run time.
    pub(crate) pc: u64,
    /// Steps of the trace that are done there.
    pub(crate) steps: u32,
    /// Whether the trace does not expect the addresses of the instruction to be aligned.
    pub(crate) assume_unaligned: bool,
}

/// What happens at a way out.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum ExitKind {
    /// The interpreter does the instruction, for this reason.
    Interpret(Departure),
    /// Another trace goes on.
    Go,
    /// Another trace goes on at an address that is a value.
    Find,
}

/// How a trace ends.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum End {
    /// At a known address.
    Go(ExitId),
    /// At the address that is this value.
    Find(Val, ExitId),
}

/// A path through the guest's code and what it does.
#[derive(Debug, Default)]
pub(crate) struct Trace {
    pub(crate) nodes: Nodes,
    pub(crate) exits: Vec<Exit>,
    pub(crate) end: Option<End>,
    /// Guest instructions from begin to end.
    pub(crate) steps: u32,
}
