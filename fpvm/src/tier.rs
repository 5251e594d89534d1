//! How a guest is run: by the interpreter, by the translator with the interpreter behind it, or by
//! both side by side.

use crate::Error;
use fpvm_core::Isa;
use fpvm_core::definition::state::State;
use fpvm_core::machine::code::Code;
use fpvm_core::machine::memory::{MemoryLimit, PagedMemory};
use fpvm_core::machine::vm::{self, Running};
use fpvm_core::step::concrete::{Concrete, Stop};
use fpvm_core::step::oracle::OracleError;
#[cfg(feature = "jit")]
use fpvm_jit::{Crosscheck, Jit};
use std::io;

/// Steps from one comparison of tiers to the next by default: some hundredths of a second.
pub const CROSSCHECK_EVERY: u64 = 10_000_000;

/// A choice of tier. All give the same results.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub enum Tier {
    /// The translator if this machine has what it needs, otherwise the interpreter.
    #[default]
    Auto,
    /// The translator.
    Jit,
    /// The interpreter.
    Interpreter,
    /// The definition's steps as they stand: nothing is decoded or translated before. What verifies proofs does the same.
    Plain,
    /// Both, compared each so many steps: a difference ends the run with an error.
    Crosscheck(u64),
}

impl Tier {
    /// Whether guests are translated by this choice, on this machine.
    pub fn translates(self) -> bool {
        match self {
            Self::Auto => can_translate(),
            Self::Jit | Self::Crosscheck(_) => true,
            Self::Interpreter | Self::Plain => false,
        }
    }
}

#[cfg(feature = "jit")]
fn can_translate() -> bool {
    fpvm_jit::supported()
}

#[cfg(not(feature = "jit"))]
const fn can_translate() -> bool {
    false
}

/// One step of the definition at a time.
#[derive(Debug)]
struct PlainSteps;

impl<I: Isa> vm::Tier<I> for PlainSteps {
    fn run(
        &mut self,
        code: &mut Code<I>,
        state: &mut State<I>,
        memory: &mut PagedMemory<I::Word>,
        env: &mut Running<'_, '_>,
        _until: u64,
    ) -> Result<(), Stop<MemoryLimit, OracleError>> {
        if code.observer().is_some() {
            return code.step(state, memory, env);
        }
        Concrete::step(state, memory, env).map(|_| ())
    }

    fn forget(&mut self, _pages: &[u64]) {}
}

/// The tier; `None` is the interpreter alone.
#[cfg(feature = "jit")]
pub(crate) fn tier<I: Isa>(choice: Tier) -> Result<Option<Box<dyn vm::Tier<I>>>, Error> {
    by(choice, Jit::new)
}

/// The tier, by a translator that can perhaps not be made.
#[cfg(feature = "jit")]
fn by<I: Isa>(
    choice: Tier,
    translator: impl FnOnce() -> io::Result<Jit<I>>,
) -> Result<Option<Box<dyn vm::Tier<I>>>, Error> {
    Ok(match choice {
        Tier::Interpreter => None,
        Tier::Plain => Some(Box::new(PlainSteps)),
        Tier::Jit => Some(Box::new(translator().map_err(Error::NoTranslator)?)),
        Tier::Crosscheck(every) => {
            let both = Crosscheck::<I>::every(every).map_err(Error::NoTranslator)?;
            Some(Box::new(both))
        }
        // The system can refuse executable memory even if the processor has everything.
        Tier::Auto => translator().ok().map(|jit| Box::new(jit) as _),
    })
}

/// The same without a translator.
#[cfg(not(feature = "jit"))]
pub(crate) fn tier<I: Isa>(choice: Tier) -> Result<Option<Box<dyn vm::Tier<I>>>, Error> {
    match choice {
        Tier::Interpreter | Tier::Auto => Ok(None),
        Tier::Plain => Ok(Some(Box::new(PlainSteps))),
        Tier::Jit | Tier::Crosscheck(_) => Err(Error::NoTranslator(io::Error::new(
            io::ErrorKind::Unsupported,
            "fpvm was built without the feature `jit`",
        ))),
    }
}

#[cfg(all(test, feature = "jit", feature = "mips"))]
mod tests {
    use super::*;
    use fpvm_isa_mips::Mips32;
    use std::error::Error as _;

    #[test]
    fn without_a_translator_guests_are_interpreted() {
        let refused = || Err(io::Error::new(io::ErrorKind::Unsupported, "no BMI2"));
        let tier = |tier| by::<Mips32>(tier, refused);
        assert!(tier(Tier::Auto).is_ok_and(|tier| tier.is_none()));
        assert!(tier(Tier::Interpreter).is_ok_and(|tier| tier.is_none()));
        let error = tier(Tier::Jit).expect_err("no translator");
        assert_eq!(error.to_string(), "cannot translate guests on this machine");
        let cause = error.source().expect("a cause");
        assert_eq!(cause.to_string(), "no BMI2");
    }
}
