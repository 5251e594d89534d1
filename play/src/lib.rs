//! Looking at dispute games: what each claim says, who is right, why an honest player answers it,
//! and where the money goes.
//!
//! [`report`] tells a whole game as data and as one page of HTML.
//! It reads the game through the model of `dispute`, wherever the game itself is.

pub mod money;
pub mod report;
pub mod simulated;
