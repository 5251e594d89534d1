//! The daemons: their configuration, nodes, secrets and packages.

#[path = "../common/challengers.rs"]
mod challengers;
#[path = "../common/mod.rs"]
mod common;
#[path = "../common/rollup.rs"]
mod rollup;
#[path = "../common/super_table.rs"]
mod super_table;
#[path = "../common/table.rs"]
mod table;

mod config;
mod doctor;
mod migration;
mod monitor;
mod nodes;
mod packages;
mod rehearse;
mod second_opinion;
mod secrets;
