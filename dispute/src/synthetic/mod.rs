//! A rollup, its executions and a VM to match, made from a number: everything a game needs, without
//! a chain or a program to run. For super games several rollups, and the program over them.
//!
//! Any state of any execution costs one hash, so that whole games at full depth are played in
//! microseconds; the rules see no difference to a real VM, which is also nothing to them but states,
//! statuses and data to be loaded before some of the steps.

pub mod execution;
pub mod rollup;
pub mod super_execution;
pub mod super_rollup;

pub use rollup::Rollup;
pub use super_execution::SuperProgram;
pub use super_rollup::{SuperChain, SuperRollup};
