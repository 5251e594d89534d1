//! What the challenger holds to be true: nodes, programs, and the threads that run them.

#[path = "../common/mod.rs"]
mod common;

#[cfg(feature = "service")]
mod intervals;
#[cfg(feature = "service")]
mod prestates;
mod recent;
mod rollup;
#[cfg(feature = "service")]
mod several;
mod super_roots;
mod workers;
