//! Files at the edge: programs, state files and symbols.

pub mod elf;
pub mod files;
pub mod guest;
pub mod state_file;
pub mod symbols;
