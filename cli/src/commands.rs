//! One file for each command: its flags and what it does.

pub(crate) mod bench;
pub(crate) mod bisect;
pub(crate) mod challenge;
pub(crate) mod check;
pub(crate) mod checkpoints;
pub(crate) mod completions;
pub(crate) mod contract;
pub(crate) mod demo;
pub(crate) mod deploy;
pub(crate) mod disasm;
pub(crate) mod explain;
pub(crate) mod game;
pub(crate) mod list;
pub(crate) mod load_elf;
pub(crate) mod memory;
pub(crate) mod monitor;
pub(crate) mod preimages;
pub(crate) mod profile;
pub(crate) mod propose;
pub(crate) mod prove;
pub(crate) mod run;
pub(crate) mod serve;
pub(crate) mod state_root;
pub(crate) mod tour;
pub(crate) mod verify;
pub(crate) mod witness;
