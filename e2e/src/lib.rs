//! What tests share that need something from outside this repository.
//!
//! [`skip`] says that a test is skipped, and makes that a failure where `FPVM_REQUIRE` asks for the
//! tool. [`node`] starts anvil and geth, [`l1_node`] answers as a node of L1 with made-up blocks, and fails as nodes do,
//! [`op_node`] answers as a rollup's node does (both by [`http`]), `rollup`
//! runs the bundled program that a game is about, `proposal` makes a game on a chain, `super_roots` is what a node says
//! of made-up super roots, and `upstream` deploys upstream's contracts of the dispute game.

pub mod files;
pub mod http;
pub mod l1_node;
pub mod node;
pub mod op_node;
#[cfg(feature = "proposal")]
pub mod proposal;
mod require;
#[cfg(feature = "rollup")]
pub mod rollup;
#[cfg(feature = "super")]
pub mod super_roots;
#[cfg(feature = "upstream")]
pub mod upstream;

pub use require::{REQUIRE, Tool, skip};
