//! Simulation: many games over the model alone, between honest players and cheats of all kinds.
//!
//! Everything in a game follows from its seed, and the seeds from one number: the same call gives
//! the same table, on however many cores.

mod board;
pub mod opinion;
mod outcome;
pub mod random_call;
mod random_judged;
pub mod run;
pub mod scenario;
mod settle;
pub mod subject;
pub mod super_scenario;
pub mod table;

use rand::SeedableRng;
use rand::rand_core::Rng;
use rand_xoshiro::SplitMix64;
use rayon::prelude::*;

use crate::revert::Revert;
use scenario::{Presets, Scenario};
use super_scenario::SuperPresets;
pub use table::Table;

/// Plays `games` random games; which ones follows from `seed`.
///
/// # Errors
/// None with the presets as they are: they are legal rules.
pub fn simulate(games: u64, seed: u64) -> Result<Table, Revert> {
    let presets = Presets::new()?;
    let table = (0..games)
        .into_par_iter()
        .map(|number| {
            let scenario = Scenario::random(&presets, game_seed(seed, number));
            run::play(&scenario).map(|outcome| Table::of(&scenario, &outcome))
        })
        .try_reduce(Table::default, |a, b| Ok(a.merge(b)))?;
    Ok(table)
}

/// Plays `games` random super games; which ones follows from `seed`.
///
/// # Errors
/// As [`simulate`].
pub fn simulate_super(games: u64, seed: u64) -> Result<Table, Revert> {
    let presets = SuperPresets::new()?;
    let table = (0..games)
        .into_par_iter()
        .map(|number| {
            let scenario = presets.scenario(game_seed(seed, number))?;
            run::play(&scenario).map(|outcome| Table::of(&scenario, &outcome))
        })
        .try_reduce(Table::default, |a, b| Ok(a.merge(b)))?;
    Ok(table)
}

/// The seed of the game of this number, to play it alone.
pub fn game_seed(seed: u64, number: u64) -> u64 {
    // The numbers of one seed must not be those of its neighbour, shifted.
    let base = SplitMix64::seed_from_u64(seed).next_u64();
    SplitMix64::seed_from_u64(base.wrapping_add(number)).next_u64()
}
