//! Checks for an instruction set of fpvm, of this tree or of anybody's.
//!
//! [`conformance()`] is all of them in one call, for a test of the ISA's crate:
//!
//! ```no_run
//! # use fpvm_core::Isa;
//! # fn test<MyIsa: Isa>() {
//! let report = fpvm_lint::conformance::<MyIsa>().unwrap();
//! println!("{report}");
//! # }
//! ```
//!
//! | module | checks or shows |
//! |---|---|
//! | [`rules`] | the semantics on every path, the table, the state |
//! | [`tiers`] | one program on all tiers, beside plain steps |
//! | [`proofs`] | proofs of a program's steps, and proofs that were tampered with |
//! | [`random`] | programs that reach all rows of a table |
//! | [`listing`] | each instruction's meaning as text, to be kept and reviewed |
//!
//! [`rules`] and [`listing`] run the same semantics as the interpreter, without any guest value. Because they
//! can, no instruction looks into a value or an operand.

mod conformance;
pub mod listing;
pub mod proofs;
pub mod random;
pub mod rules;
mod state;
mod table;
pub mod tiers;

pub use conformance::{Effort, Nonconformance, Report, conformance, conformance_with};
