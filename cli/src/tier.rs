//! How a guest is run: by the interpreter, by the translator with the interpreter behind it, or by
//! both side by side.

use crate::isa::Guest;
use anyhow::{Context as _, ensure};
use fpvm_core::vm::{Tier, Vm};
use jit::{Crosscheck, Jit};

/// Steps from one comparison of tiers to the next, if nobody says otherwise: some hundredths of a
/// second.
const EVERY: u64 = 10_000_000;

/// A choice of tier. All give the same results.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug, clap::ValueEnum)]
pub(crate) enum TierChoice {
    /// The translator where this machine has what it needs, else the interpreter.
    #[default]
    Auto,
    /// The translator.
    Jit,
    /// The interpreter.
    Interpreter,
    /// Both, compared now and then: a difference ends the run, and the trace that made it is shown.
    Crosscheck,
}

/// How guests are run.
#[derive(Clone, Copy, Debug, clap::Args)]
pub struct TierArgs {
    /// How the guest is run; the results are the same
    #[arg(long, value_name = "TIER", default_value = "auto")]
    tier: TierChoice,
    /// With --tier crosscheck: steps from one comparison to the next [default: 10000000]
    #[arg(long, value_name = "STEPS", value_parser = crate::args::number)]
    crosscheck_every: Option<u64>,
}

impl TierArgs {
    /// Makes a machine run so from now on.
    pub(crate) fn apply<I: Guest>(&self, vm: &mut Vm<I>) -> anyhow::Result<()> {
        ensure!(
            self.crosscheck_every.is_none() || self.tier == TierChoice::Crosscheck,
            "--crosscheck-every says how often tiers are compared: give --tier crosscheck too"
        );
        let none = "cannot translate guests on this machine; use --tier interpreter";
        let tier: Option<Box<dyn Tier<I>>> = match self.tier {
            TierChoice::Interpreter => None,
            TierChoice::Jit => Some(Box::new(Jit::<I>::new().context(none)?)),
            TierChoice::Crosscheck => {
                let every = self.crosscheck_every.unwrap_or(EVERY);
                Some(Box::new(Crosscheck::<I>::new(every).context(none)?))
            }
            // Executable memory can be refused where the processor has all it takes.
            TierChoice::Auto => Jit::<I>::new().ok().map(|jit| Box::new(jit) as _),
        };
        vm.set_tier(tier);
        Ok(())
    }
}
