//! The interactive dispute game.
pub mod bond;
pub mod chain;
pub mod claim;
pub mod clock;
pub mod factory;
pub mod fees;
pub mod fixed_point;
pub mod game;
pub mod oracle;
pub mod position;
pub mod registry;
pub mod revert;
pub mod rlp;
pub mod rules;
pub mod vault;
pub mod vm;
