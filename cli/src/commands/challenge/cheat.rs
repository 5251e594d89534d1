//! How `challenge` plays dishonestly.

use crate::args::number;
use fpvm_challenger::player::Strategy;
use fpvm_dispute::player::cheat::{Cheat, Way};
use fpvm_dispute::super_root::{STEPS_PER_SECOND, SuperStep};
use fpvm_dispute::trace::lie::Extent;
use fpvm_l1::U256;

/// How to play dishonestly.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "For tests and demonstrations")]
pub(super) struct CheatArgs {
    /// Play dishonestly, and lose the bonds
    #[arg(long, value_name = "WAY")]
    cheat: Option<CheatWay>,
    /// Lie about the outputs of this L2 block and all later ones; in super games --lie-from-timestamp says where
    #[arg(
        long,
        value_name = "BLOCK",
        value_parser = crate::args::number,
        requires = "cheat",
        conflicts_with = "lie_from_timestamp"
    )]
    lie_from_block: Option<u64>,
    /// In super games: lie about the state at this L2 time, in seconds, or at one of the 128 steps after it (10002/77),
    /// and about all later ones
    #[arg(long, value_name = "TIMESTAMP[/STEP]", value_parser = place, requires = "cheat")]
    lie_from_timestamp: Option<SuperStep>,
    /// What is said of these states
    #[arg(
        long,
        value_name = "LIE",
        default_value = "outputs",
        requires = "lie_from_timestamp"
    )]
    state_lie: CheatStates,
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

/// The model's lies about the states of several chains.
#[derive(Clone, Copy, PartialEq, Eq, Debug, clap::ValueEnum)]
enum CheatStates {
    /// They have other outputs
    Outputs,
    /// L1's data do not suffice for them
    Invalid,
    /// Bytes that are none
    Garbage,
    /// Those of the next step
    Ahead,
}

/// A place of the trace of a super game: a second, and perhaps a step after it.
fn place(text: &str) -> Result<SuperStep, String> {
    let (timestamp, step) = match text.split_once('/') {
        Some((timestamp, step)) => (timestamp, number(step)?),
        None => (text, 0),
    };
    if step >= STEPS_PER_SECOND {
        return Err(format!(
            "a second has the steps 0 to {}, and no step {step}",
            STEPS_PER_SECOND - 1
        ));
    }
    let timestamp = number(timestamp)?;
    Ok(SuperStep { timestamp, step })
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
        let place = self.lie_from_timestamp;
        let place = place.map(|place| U256::from(place.number()));
        let of_blocks = self.lie_from_block.map(U256::from);
        Extent {
            outputs_from: place.or(of_blocks),
            steps_from: self.lie_from_step.map(u128::from),
            // In super games its remainder by 4 says how it is lied about states.
            salt: match (place, self.state_lie) {
                (None, _) => 1,
                (Some(_), CheatStates::Outputs) => 4,
                (Some(_), CheatStates::Invalid) => 5,
                (Some(_), CheatStates::Garbage) => 6,
                (Some(_), CheatStates::Ahead) => 7,
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::Parser as _;
    use fpvm_dispute::trace::super_lie::StateLie;

    #[derive(Debug, clap::Parser)]
    struct Line {
        #[command(flatten)]
        cheat: CheatArgs,
    }

    fn extent(flags: &str) -> Result<Extent, String> {
        let words = format!("x --cheat liar {flags}");
        let line = Line::try_parse_from(words.split_whitespace());
        Ok(line.map_err(|error| error.to_string())?.cheat.extent())
    }

    #[test]
    fn lies_of_super_games_begin_at_a_second_or_a_step_after_it() {
        let begin = extent("--lie-from-timestamp 10002").expect("flags");
        let later = extent("--lie-from-timestamp 10002/77 --state-lie ahead").expect("flags");
        let place = |timestamp, step| SuperStep { timestamp, step };
        assert!(begin.covers(place(10_002, 0)) && !begin.covers(place(10_001, 127)));
        assert!(later.covers(place(10_002, 77)) && !later.covers(place(10_002, 76)));
        assert_eq!(begin.state_lie(), StateLie::OtherOutputs);
        assert_eq!(later.state_lie(), StateLie::Ahead);
        for (flags, why) in [
            ("--lie-from-timestamp 10002/128", "no step 128"),
            (
                "--lie-from-timestamp 1 --lie-from-block 1",
                "cannot be used with",
            ),
            ("--state-lie ahead", "--lie-from-timestamp"),
        ] {
            let refused = extent(flags).expect_err(flags);
            assert!(refused.contains(why), "{flags}: {refused}");
        }
    }
}
