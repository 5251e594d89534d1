//! The library of fpvm, used: one file for each thing that one may want.
//!
//! | example | shows |
//! |---|---|
//! | `run` | a program run to its end, and its state root |
//! | `prove` | a step proved, and the proof verified |
//! | `oracle` | pre-images from a source of one's own |
//! | `verify` | a proof checked by the crate of one ISA, which needs no `std` |
//! | `claim` | what an honest player answers to a claim of a game |
//! | `observe` | a run that is followed, step by step |
//!
//! `cargo run -p fpvm-examples --example run`.
