//! Dispute games on real chains.
//!
//! [`read`] takes a game, and everything around it, from a chain into the model of `dispute`, all of
//! one block: players, reports and views of the model then work on it unchanged. [`player`] plays one
//! game by what the model's players decide, [`scheduler`] plays all of an account's games. [`loads`] loads
//! what steps read into the oracle, [`proposals`] contests wrong pre-images of others, and [`rollup`] asks
//! for the true outputs. What happens becomes [`event`]s, which [`metrics`] counts.
//!
//! [`factory`] finds and creates games; [`deployment`] deploys everything that games need, and [`installed`] tells which
//! contracts stand behind them. [`calls`] makes transactions of the model's calls, and [`reasons`] tells why a contract
//! refused.
//!
//! [`parallel`] does the same with several things at once, and [`said`] keeps the log from saying the same at each look. [`game_type`] has their types' names, and [`host_preset`] the command lines of the programs that hand out pre-images.
//!
//! With the feature `service` there is the daemon as well: `service::Service` runs the scheduler round after
//! round, with programs of `fpvm-trace` as the source of the true trace, and serves metrics for Prometheus.

#![allow(
    clippy::result_large_err,
    reason = "beside a request to a node, the size of an error is nothing"
)]

pub mod bonds;
pub mod calls;
pub mod deployment;
pub mod event;
pub mod factory;
pub mod game_type;
pub mod host_preset;
pub mod installed;
mod kind;
pub mod loads;
pub mod metrics;
pub mod parallel;
pub mod player;
pub mod proposals;
pub mod read;
pub mod reasons;
pub mod rollup;
pub mod said;
pub mod scheduler;
#[cfg(feature = "service")]
pub mod service;
