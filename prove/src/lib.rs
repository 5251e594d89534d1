//! Proofs that the contracts on a chain do what the instruction definitions say: for every word that decodes
//! to a row, every state and every memory, not for samples.
//!
//! [`machine`] is one more interpretation of the definitions, in which a guest word is a term. [`yul`] reads
//! a contract as it is printed and [`evaluate`] runs it on terms. [`claim`] compares the states that both
//! lead to, part by part: most are the same term after rewriting ([`rewrite`], [`logic`]), the others are
//! put to a solver on `PATH` ([`solver`]).

pub mod claim;
pub mod counterexample;
pub mod dead;
pub mod evaluate;
pub mod faults;
pub mod helpers;
pub mod host;
pub mod logic;
pub mod machine;
pub mod mutant;
pub mod rewrite;
pub mod rows;
pub mod smtlib;
pub mod solver;
pub mod state;
pub mod term;
pub mod value;
pub mod vms;
pub mod words;
pub mod yul;
