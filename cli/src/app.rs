//! What every command has at hand.

use crate::isa::AnyIsa;
use crate::personality::Personality;
use crate::screen::Screen;

/// What every command has at hand.
pub(crate) struct App {
    /// The ISAs there are.
    pub(crate) isas: &'static [&'static dyn AnyIsa],
    /// Whose defaults and output forms apply.
    pub(crate) personality: Personality,
    /// The terminal, shared by log and progress bar.
    pub(crate) screen: Screen,
}
