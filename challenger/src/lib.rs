//! Dispute games on real chains.
//!
//! [`read`] takes a game, and everything around it, from a chain into the model of `dispute`, all of
//! one block: players, reports and views of the model then work on it unchanged. [`factory`] finds and
//! creates games; [`world`] deploys everything that games need. [`calls`] makes transactions of the
//! model's calls, and [`reasons`] tells why a contract refused.

#![allow(
    clippy::result_large_err,
    reason = "beside a request to a node, the size of an error is nothing"
)]

pub mod calls;
pub mod factory;
pub mod read;
pub mod reasons;
pub mod world;
