//! All dispute games of a factory, watched: who is right, whose money is where, and what is wrong.
//!
//! A [`survey::Monitor`] reads all games of a factory at one block of L1, with the challenger's reader, and asks a
//! rollup's nodes what is true ([`truth`], [`agreement`]). For each game it finds how it would end ([`forecast`]), what
//! should have been resolved ([`clocks`]) and where the money is ([`money`]). [`problems`] says what is wrong;
//! [`metrics`] has metrics under op-dispute-mon's names, [`status`] has everything as data, and [`web`] serves pages.
//! [`service`] does this round after round. Nothing here has a key or sends anything.

#![allow(
    clippy::result_large_err,
    reason = "beside a request to a node, the size of an error is nothing"
)]

pub mod agreement;
pub mod clocks;
pub mod forecast;
pub mod metrics;
pub mod money;
pub mod problems;
pub mod report;
pub mod service;
pub mod status;
pub mod survey;
pub mod truth;
pub mod web;
