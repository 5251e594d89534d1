//! The virtual machine's side of the command: programs, runs, proofs, checkpoints, contracts.

#[path = "../common/mod.rs"]
mod common;

mod bad_input;
mod bisect;
mod bucket;
mod check;
mod checkpoints;
mod contract;
mod first_hour;
mod hosts;
mod names;
mod processors;
mod run;
mod serve;
mod verify;
