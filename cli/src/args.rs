//! Values that flags take, each parsed by a function of its own, and flags that several commands have.

mod address;
mod hexadecimal;
mod matcher;
mod number;
mod preimage;
mod tier;
mod time;
mod typed;

pub(crate) use address::{LONGEST, PlaceArg, likely};
pub(crate) use hexadecimal::with_words;
pub(crate) use matcher::StepMatcher;
pub(crate) use number::{index, long_number, number, positive, size, steps};
pub(crate) use preimage::{PreimageKind, PreimagePrefix, PreimageStop};
pub(crate) use tier::TierArgs;
pub(crate) use time::duration;
pub(crate) use typed::{Typed, by_type};
