//! The contracts of the game against the model, and against upstream's.

mod deploy;
mod evm;
mod guests;
mod random;
mod receivers;
mod twin;
mod worked_game;
