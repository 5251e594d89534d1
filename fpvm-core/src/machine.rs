//! The running machine: memory, the engine that drives an ISA over it, and snapshots.

#[cfg(feature = "std")]
pub mod code;
#[cfg(feature = "std")]
pub mod hot_code;
pub mod memory;
#[cfg(feature = "std")]
pub mod observer;
#[cfg(feature = "std")]
pub mod snapshot;
#[cfg(feature = "std")]
pub mod vm;
