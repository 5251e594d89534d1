//! Files at the edge: programs, state files and symbols.

#![warn(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "what comes from outside must not make the program panic"
)]

pub mod elf;
pub mod files;
pub mod guest;
pub mod state_file;
pub mod symbols;
