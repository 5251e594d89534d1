//! Rehearsals: the programs that games are about, run on recent blocks before a game is.
//!
//! A [`Plan`] names a program. A [`Rehearser`] executes it, with its host, on a recent block, or on a recent step of several
//! chains, which the rollup's nodes choose: once with the claim that is true, which has to end with exit code 0, and once
//! with another claim, which has to end with 1. What came of it is a [`Rehearsal`]. Where the program ends otherwise,
//! faults, or does not end in time, all that it takes to run it again without any node is [kept](Bundles).
//!
//! [`Service`] does so again and again, and serves [`Metrics`] under the names that op-challenger's `run-trace` has.

#![allow(
    clippy::result_large_err,
    reason = "beside an execution, the size of an error is nothing"
)]

mod bundle;
mod execute;
mod metrics;
mod outcome;
mod plan;
mod rehearser;
mod service;

pub use bundle::Bundles;
pub use metrics::Metrics;
pub use outcome::{Claim, Execution, Kept, Rehearsal, Subject, Verdict};
pub use plan::{Plan, PlanError, Prestate};
pub use rehearser::{Rehearser, Running};
pub use service::{Service, ServiceError};
