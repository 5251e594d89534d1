//! Vectors and helpers that the tests of this crate share.
