//! A program and the source of its pre-images, which can be started on the inputs of any dispute.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use alloy_primitives::{B256, U256};
use fpvm_checkpoints::GuestVm;
use fpvm_oracle::store::{Memory, Store as _};

use crate::error::MachineError;
use crate::hosted::{Hosted, Hosts};
use crate::inputs::DisputeInputs;
use crate::preimages::Preimages;
use crate::program::Program;
use crate::shared::{SharedSource, SharedSources};

type Load<'a, V> = Box<dyn Fn() -> Result<V, MachineError> + Send + Sync + 'a>;
type Head<'a> = Box<dyn Fn(U256) -> Result<B256, String> + Send + Sync + 'a>;

/// A program that is started on the inputs of a dispute of either kind. Its local pre-images come from the dispute.
pub struct GuestProgram<'a, V> {
    load: Load<'a, V>,
    preimages: Preimages,
    /// L2 chain id of the games.
    chain_id: U256,
    head: Option<Head<'a>>,
    interrupted: Arc<AtomicBool>,
    sources: Option<SharedSources>,
}

impl<'a, V: GuestVm> GuestProgram<'a, V> {
    /// A program that `load` puts into a VM before its first step.
    pub fn new(
        load: impl Fn() -> Result<V, MachineError> + Send + Sync + 'a,
        preimages: Preimages,
        chain_id: U256,
    ) -> Self {
        Self {
            load: Box::new(load),
            preimages,
            chain_id,
            head: None,
            interrupted: Arc::default(),
            sources: None,
        }
    }

    /// The same, with a source for the hash of an L2 block, which replaces a host's `{l2.head}`.
    #[must_use]
    pub fn with_head(self, head: impl Fn(U256) -> Result<B256, String> + Send + Sync + 'a) -> Self {
        Self {
            head: Some(Box::new(head)),
            ..self
        }
    }

    /// The same, but its machines end when `interrupted` is set.
    #[must_use]
    pub fn until(self, interrupted: Arc<AtomicBool>) -> Self {
        Self {
            interrupted,
            ..self
        }
    }

    /// The same, and each execution has the source of pre-images of another program's that is about the same inputs.
    #[must_use]
    pub fn sharing(self, sources: SharedSources) -> Self {
        Self {
            sources: Some(sources),
            ..self
        }
    }

    /// The program, loaded.
    ///
    /// # Errors
    /// If it cannot be loaded.
    pub fn load(&self) -> Result<V, MachineError> {
        (self.load)()
    }

    /// A word of the host's command line, with its placeholders replaced for a dispute.
    fn fill(&self, word: &str, inputs: &impl DisputeInputs) -> Result<String, MachineError> {
        let head = |block| {
            let hash = match &self.head {
                Some(head) => head(block),
                None => Err("nobody here tells the hash of an L2 block".to_owned()),
            };
            hash.map_err(MachineError::NoHead)
        };
        let (mut filled, mut rest) = (String::new(), word);
        while let Some((before, after)) = rest.split_once('{') {
            filled.push_str(before);
            let named = after.split_once('}').and_then(|(name, rest)| {
                let value = inputs.host_value(name, self.chain_id, &head)?;
                Some((value, rest))
            });
            rest = match (named, after.strip_prefix('l')) {
                (Some((value, rest)), _) => {
                    filled.push_str(&value?);
                    rest
                }
                (None, Some(unknown)) => {
                    return Err(MachineError::NoSuchValue {
                        word: word.to_owned(),
                        name: unknown.split('}').next().unwrap_or(unknown).to_owned(),
                    });
                }
                (None, None) => {
                    filled.push('{');
                    after
                }
            };
        }
        filled.push_str(rest);
        Ok(filled)
    }
}

impl<V: GuestVm, I: DisputeInputs> Program<I> for GuestProgram<'_, V> {
    type Machine = Hosted<V>;
    type Error = MachineError;

    fn start(&self, inputs: &I) -> Result<Hosted<V>, MachineError> {
        let vm = self.load()?;
        let mut local = Memory::default();
        for (key, value) in inputs.preimages(self.chain_id) {
            local.put(key, &value)?;
        }
        let fill = |word: &str| self.fill(word, inputs);
        let open = || self.preimages.open(Some(local), &self.interrupted, &fill);
        let source = match &self.sources {
            Some(sources) => sources.open(&inputs.dispute_name(), open)?,
            None => SharedSource::new(open()?),
        };
        Ok(Hosts::sharing(source, self.interrupted.clone()).hosted(vm))
    }

    fn is_fault(error: &MachineError) -> bool {
        matches!(error, MachineError::Faulted { .. })
    }
}

impl<V> fmt::Debug for GuestProgram<'_, V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("GuestProgram")
            .field("preimages", &self.preimages)
            .field("chain_id", &self.chain_id)
            .finish_non_exhaustive()
    }
}
