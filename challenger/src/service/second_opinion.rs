//! Who runs each execution a second time.

use std::ffi::OsString;
use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

use fpvm_checkpoints::Root;
use fpvm_checkpoints::manifest::Entry;
use fpvm_trace::second::{Bundles, ThirdPartyVm};

use super::prestates::Open;

/// Who runs each execution a second time before anything is claimed about its states.
#[derive(Clone)]
pub struct SecondOpinion<'a> {
    /// Opens a program, to be run by the slower tier: what is believed where two differ.
    pub open: Open<'a>,
    /// How the tiers are called, the first and this one.
    pub names: [String; 2],
    /// Another VM that is asked in the place of the slower tier.
    pub third: Option<ThirdVm>,
    /// Steps from one comparison to the next.
    pub every: u64,
    /// Where it is kept how two differ.
    pub bundles: Bundles,
}

/// Another VM: a program with the commands of Cannon and Asterisc.
#[derive(Clone, Debug)]
pub struct ThirdVm {
    /// The program.
    pub program: PathBuf,
    /// The words of a host that serves a folder of pre-images, which is put behind them.
    pub host: Vec<OsString>,
    /// The longest that it may take for an execution.
    pub patience: Duration,
}

impl<'a> SecondOpinion<'a> {
    /// The other VM, where one is asked.
    pub(super) fn third_party(&self, interrupted: Arc<AtomicBool>) -> Option<ThirdPartyVm<'a>> {
        let third = self.third.clone()?;
        let open = self.open.clone();
        let read = move |path: &Path| {
            let mut vm = open(path).map_err(|why| why.to_string())?;
            let (step, root) = (vm.step(), Root(vm.state_root()));
            Ok(Entry { step, root })
        };
        Some(ThirdPartyVm {
            program: third.program,
            host: third.host,
            patience: third.patience,
            read: Box::new(read),
            interrupted,
        })
    }
}

impl fmt::Debug for SecondOpinion<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SecondOpinion")
            .field("names", &self.names)
            .field("third", &self.third)
            .finish_non_exhaustive()
    }
}
