//! How a guest is run: by the interpreter, by the translator with the interpreter behind it, or by
//! both side by side.

use crate::isa::Guest;
use anyhow::{Context as _, ensure};
use clap::ValueEnum as _;
use fpvm_core::machine::vm::{Tier, Vm};
use fpvm_jit::{Crosscheck, Jit};
use std::ffi::OsString;
use std::io;

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
#[derive(Clone, Copy, Default, Debug, clap::Args)]
pub struct TierArgs {
    /// How the guest is run; the results are the same
    #[arg(long, value_name = "TIER", default_value = "auto")]
    tier: TierChoice,
    /// With --tier crosscheck: steps from one comparison to the next [default: 10000000]
    #[arg(long, value_name = "STEPS", value_parser = crate::args::number)]
    crosscheck_every: Option<u64>,
}

impl TierArgs {
    /// The interpreter.
    pub(crate) const INTERPRETER: Self = TierArgs {
        tier: TierChoice::Interpreter,
        crosscheck_every: None,
    };

    /// The flags that say the same.
    pub(crate) fn words(&self) -> Vec<OsString> {
        let tier = self.tier.to_possible_value();
        let tier = tier.map(|tier| ["--tier".into(), tier.get_name().into()]);
        let every = self.crosscheck_every;
        let every = every.map(|every| ["--crosscheck-every".into(), every.to_string().into()]);
        tier.into_iter().chain(every).flatten().collect()
    }

    /// Makes a machine run so from now on.
    pub(crate) fn apply<I: Guest>(&self, vm: &mut Vm<I>) -> anyhow::Result<()> {
        ensure!(
            self.crosscheck_every.is_none() || self.tier == TierChoice::Crosscheck,
            "--crosscheck-every says how often tiers are compared: give --tier crosscheck too"
        );
        vm.set_tier(self.tier(Jit::new)?);
        Ok(())
    }

    /// The tier, by a translator that can perhaps not be made.
    fn tier<I: Guest>(
        &self,
        translator: impl FnOnce() -> io::Result<Jit<I>>,
    ) -> anyhow::Result<Option<Box<dyn Tier<I>>>> {
        let none = "cannot translate guests on this machine; use --tier interpreter";
        Ok(match self.tier {
            TierChoice::Interpreter => None,
            TierChoice::Jit => Some(Box::new(translator().context(none)?)),
            TierChoice::Crosscheck => {
                let every = self.crosscheck_every.unwrap_or(EVERY);
                Some(Box::new(Crosscheck::<I>::every(every).context(none)?))
            }
            // Executable memory can be refused where the processor has all it takes.
            TierChoice::Auto => translator().ok().map(|jit| Box::new(jit) as _),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use fpvm_isa_mips::Mips32;

    #[test]
    fn without_a_translator_guests_are_interpreted() {
        let refused = || Err(io::Error::new(io::ErrorKind::Unsupported, "no BMI2"));
        let tier = |tier| {
            let args = TierArgs {
                tier,
                crosscheck_every: None,
            };
            args.tier::<Mips32>(refused)
        };
        assert!(tier(TierChoice::Auto).is_ok_and(|tier| tier.is_none()));
        assert!(tier(TierChoice::Interpreter).is_ok_and(|tier| tier.is_none()));
        let said = format!("{:#}", tier(TierChoice::Jit).expect_err("no translator"));
        assert_eq!(
            said,
            "cannot translate guests on this machine; use --tier interpreter: no BMI2"
        );
    }
}
