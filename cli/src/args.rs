//! Values that flags take, each parsed by a function of its own.

mod matcher;
mod preimage;
mod value;

pub(crate) use matcher::StepMatcher;
pub(crate) use preimage::{PreimageKind, PreimagePrefix, PreimageStop};
pub(crate) use value::{duration, number, size, steps};
