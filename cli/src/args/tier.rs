//! How a guest is run, as flags.

use super::number::number;
use anyhow::ensure;
use clap::ValueEnum as _;
use fpvm::{CROSSCHECK_EVERY, Tier};
use std::ffi::OsString;

/// A choice of tier. All give the same results.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug, clap::ValueEnum)]
enum TierChoice {
    /// The translator where this machine has what it needs, else the interpreter.
    #[default]
    Auto,
    /// The translator.
    Jit,
    /// The interpreter.
    Interpreter,
    /// The definition's steps as they stand, with nothing decoded before.
    Plain,
    /// Both, compared now and then: a difference ends the run, and the trace that made it is shown.
    Crosscheck,
}

/// How guests are run.
#[derive(Clone, Copy, Default, Debug, clap::Args)]
pub(crate) struct TierArgs {
    /// How the guest is run; the results are the same
    #[arg(long, value_name = "TIER", default_value = "auto")]
    tier: TierChoice,
    /// With --tier crosscheck: steps from one comparison to the next [default: 10000000]
    #[arg(long, value_name = "STEPS", value_parser = number)]
    crosscheck_every: Option<u64>,
}

impl TierArgs {
    /// What was chosen.
    pub(crate) fn tier(&self) -> anyhow::Result<Tier> {
        ensure!(
            self.crosscheck_every.is_none() || self.tier == TierChoice::Crosscheck,
            "--crosscheck-every says how often tiers are compared: give --tier crosscheck too"
        );
        Ok(match self.tier {
            TierChoice::Auto => Tier::Auto,
            TierChoice::Jit => Tier::Jit,
            TierChoice::Interpreter => Tier::Interpreter,
            TierChoice::Plain => Tier::Plain,
            TierChoice::Crosscheck => {
                Tier::Crosscheck(self.crosscheck_every.unwrap_or(CROSSCHECK_EVERY))
            }
        })
    }

    /// The flags that say the same.
    pub(crate) fn words(&self) -> Vec<OsString> {
        let tier = self.tier.to_possible_value();
        let tier = tier.map(|tier| ["--tier".into(), tier.get_name().into()]);
        let every = self.crosscheck_every;
        let every = every.map(|every| ["--crosscheck-every".into(), every.to_string().into()]);
        tier.into_iter().chain(every).flatten().collect()
    }
}
