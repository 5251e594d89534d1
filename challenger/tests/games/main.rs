//! Games on chains in the process and on a node, between challengers.

#[path = "../common/mod.rs"]
mod common;

mod delays;
mod economy;
mod installed;
mod play;
mod preimages;
mod race;
mod read;
mod recent_state;
mod roles;
mod rules;
mod super_deployment;
mod super_games;
mod today;
mod together;
mod trouble;
mod versions;
