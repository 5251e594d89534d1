//! The rules, one by one and at their edges, on a small board.

mod block_number;
mod board;
mod context;
mod contracts;
mod credit;
mod fee_spikes;
mod moves;
mod random_calls;
mod resolution;
mod steps;
