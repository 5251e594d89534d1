//! The game's rules, one by one and at their edges, and whole games: in the model and on the contracts
//! at once.

mod block_number;
mod board;
mod context;
mod credit;
mod deploy;
mod evm;
mod fee_spikes;
mod guests;
mod moves;
mod random;
mod resolution;
mod setup;
mod steps;
mod super_games;
mod super_guests;
mod surroundings;
mod today;
mod twin;
mod worked_game;
