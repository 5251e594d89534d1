//! Values that flags take, each parsed by a function of its own, and flags that several commands have.

mod address;
mod matcher;
mod preimage;
mod tier;
mod typed;
mod value;

pub(crate) use address::{address, likely, missing};
pub(crate) use matcher::StepMatcher;
pub(crate) use preimage::{PreimageKind, PreimagePrefix, PreimageStop};
pub(crate) use tier::TierArgs;
pub(crate) use typed::{Typed, by_type};
pub(crate) use value::{duration, number, positive, size, steps};
