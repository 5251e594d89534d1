//! Single steps: interpreter, verifier and printed contract come to the same.

#[path = "../common/mod.rs"]
mod common;

mod agreement;
mod edges;
mod emitted;
mod guests;
mod vectors;
