//! How `challenge` plays dishonestly.

use fpvm_challenger::player::Strategy;
use fpvm_dispute::player::cheat::{Cheat, Way};
use fpvm_dispute::trace::lie::Extent;
use fpvm_l1::U256;

/// How to play dishonestly.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "For tests and demonstrations")]
pub(super) struct CheatArgs {
    /// Play dishonestly, and lose the bonds
    #[arg(long, value_name = "WAY")]
    cheat: Option<CheatWay>,
    /// Lie about the outputs of this L2 block and all later ones
    #[arg(long, value_name = "BLOCK", value_parser = crate::args::number, requires = "cheat")]
    lie_from_block: Option<u64>,
    /// Lie about the states after this step and all later ones
    #[arg(long, value_name = "STEP", value_parser = crate::args::number, requires = "cheat")]
    lie_from_step: Option<u64>,
    /// The most claims to make
    #[arg(long, value_name = "N", value_parser = crate::args::number, default_value = "100", requires = "cheat")]
    cheat_budget: u64,
}

/// The model's ways to cheat.
#[derive(Clone, Copy, PartialEq, Eq, Debug, clap::ValueEnum)]
enum CheatWay {
    /// By the honest rule, with a false trace
    Liar,
    /// A liar who answers only some claims
    Lazy,
    /// A liar who answers as late as can be
    LastSecond,
    /// Answers everything, in several ways
    Spammer,
    /// A liar who also steps with what does not belong there
    BadPreimages,
}

impl CheatArgs {
    pub(super) fn strategy(&self) -> Strategy {
        let Some(way) = self.cheat else {
            return Strategy::Honest;
        };
        Strategy::Cheat(Cheat {
            way: match way {
                CheatWay::Liar => Way::Liar,
                CheatWay::Lazy => Way::Lazy,
                CheatWay::LastSecond => Way::LastSecond,
                CheatWay::Spammer => Way::Spammer,
                CheatWay::BadPreimages => Way::BadPreimages,
            },
            seed: 1,
            budget: usize::try_from(self.cheat_budget).unwrap_or(usize::MAX),
        })
    }

    pub(super) fn extent(&self) -> Extent {
        Extent {
            outputs_from: self.lie_from_block.map(U256::from),
            steps_from: self.lie_from_step.map(u128::from),
            salt: 1,
        }
    }
}
