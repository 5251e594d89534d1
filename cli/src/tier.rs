//! How a guest is run: by the interpreter, or by the translator with the interpreter behind it.

use crate::isa::Guest;
use anyhow::Context as _;
use fpvm_core::vm::Vm;
use jit::Jit;

/// A choice of tier. All give the same results.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug, clap::ValueEnum)]
pub enum TierChoice {
    /// The translator where this machine has what it needs, else the interpreter.
    #[default]
    Auto,
    /// The translator.
    Jit,
    /// The interpreter.
    Interpreter,
}

impl TierChoice {
    /// Makes a machine run so from now on.
    pub(crate) fn apply<I: Guest>(self, vm: &mut Vm<I>) -> anyhow::Result<()> {
        let jit = match self {
            TierChoice::Interpreter => None,
            TierChoice::Jit => Some(
                Jit::<I>::new()
                    .context("cannot translate guests on this machine; use --tier interpreter")?,
            ),
            // Executable memory can be refused where the processor has all it takes.
            TierChoice::Auto => Jit::<I>::new().ok(),
        };
        vm.set_tier(jit.map(|jit| Box::new(jit) as _));
        Ok(())
    }
}
