//! A rollup, its executions and a VM to match, made from a number: everything that a game needs, without
//! a chain or a program to run. For super games there are several rollups, and the program over them.
//!
//! Any state of any execution costs one hash, so whole games at full depth are played in
//! microseconds. The rules see no difference from a real VM, because they know only a VM's states,
//! statuses and the data to be loaded before some of the steps.

pub mod execution;
pub mod rollup;
pub mod super_execution;
pub mod super_rollup;

pub use rollup::Rollup;
pub use super_execution::SuperProgram;
pub use super_rollup::{SuperChain, SuperRollup};
