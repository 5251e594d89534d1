//! The interactive dispute game of the OP Stack: its rules, its players, and games between them.
//!
//! Two parties who disagree about an output root narrow their disagreement down, claim by claim, to
//! one block and then to one instruction, which the VM's contract runs. This crate is that game as a
//! pure state machine, without I/O and without an EVM:
//!
//! - [`position`], [`claim`], [`clock`], [`bond`] and [`rules`] are the parts of a game; [`game`]
//!   is one game; [`vault`], [`registry`], [`factory`], [`oracle`] and [`vm`] are the contracts around
//!   it. [`chain`] holds them all, and makes a [`call`] at a time: an effect, or a [`revert`] under
//!   upstream's name and no change. Upstream's contracts are the source of every rule: those of October
//!   2024 (`FaultDisputeGame` 1.3.1) and of the releases since then, distinguished by their [`version`].
//! - [`arguments`] are the data that a game is made with, [`superchain`] says who may pause it.
//! - [`super_root`] has the claims of a super game, which are states of several chains at once.
//! - [`history`] has the events of a game besides its claims.
//! - [`fees`] is an option of the game that upstream does not have: time for fee spikes.
//! - [`trace`] gives the values that a party holds to be true, [`player`] the moves that follow from
//!   them: by the honest rule, and by many ways to cheat. [`synthetic`] makes up rollups, executions
//!   and a VM.
//! - [`simulate`] plays thousands of games a second between them.
//!
//! Amounts of money are wei in `u128`, more than there is ether; times are seconds. Numbers that the
//! contracts take in 256 bits, and that a caller may choose freely, are `U256` here too.

pub mod arguments;
pub mod bond;
pub mod call;
pub mod chain;
pub mod claim;
pub mod clock;
pub mod factory;
pub mod fees;
pub mod fixed_point;
pub mod game;
pub mod history;
pub mod oracle;
pub mod player;
pub mod position;
pub mod registry;
pub mod revert;
pub mod rlp;
pub mod rules;
mod side;
pub mod simulate;
pub mod super_root;
pub mod superchain;
pub mod synthetic;
pub mod trace;
pub mod vault;
pub mod version;
pub mod vm;
