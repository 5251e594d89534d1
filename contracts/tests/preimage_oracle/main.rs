//! The pre-image oracle, ours beside upstream's, and what is loaded into it.

#[path = "../common/oracles.rs"]
mod oracles;

mod audit;
mod loaders;
mod oracle;
