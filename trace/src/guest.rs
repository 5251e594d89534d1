//! A program and where its pre-images are: what starts it on the inputs of any dispute.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use alloy_primitives::{B256, U256};
use fpvm_checkpoints::GuestVm;
use fpvm_dispute::trace::Inputs;
use fpvm_oracle::Key;
use fpvm_oracle::store::{Memory, Store as _};

use crate::error::MachineError;
use crate::hosted::{Hosted, Hosts};
use crate::preimages::Preimages;
use crate::program::{Program, local_data};

type Load<'a, V> = Box<dyn Fn() -> Result<V, MachineError> + Send + Sync + 'a>;
/// What stands for a name in a host's command line.
type Value<'a> = &'a dyn Fn() -> Result<String, MachineError>;
type Head<'a> = Box<dyn Fn(U256) -> Result<B256, String> + Send + Sync + 'a>;

/// A program that is started on a dispute's inputs. Its local pre-images come from the dispute.
pub struct GuestProgram<'a, V> {
    load: Load<'a, V>,
    preimages: Preimages,
    /// L2 chain id of the games.
    chain_id: U256,
    head: Option<Head<'a>>,
    interrupted: Arc<AtomicBool>,
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
        }
    }

    /// The same, with where the hash of an L2 block comes from, which a host's `{l2.head}` stands for.
    #[must_use]
    pub fn with_head(self, head: impl Fn(U256) -> Result<B256, String> + Send + Sync + 'a) -> Self {
        Self {
            head: Some(Box::new(head)),
            ..self
        }
    }

    /// The same, and its machines end where `interrupted` is set.
    #[must_use]
    pub fn until(self, interrupted: Arc<AtomicBool>) -> Self {
        Self {
            interrupted,
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

    /// A word of the host's command line for a dispute.
    fn fill(&self, word: &str, inputs: &Inputs) -> Result<String, MachineError> {
        let head = || {
            let head = self.head.as_ref();
            let hash = match head {
                Some(head) => head(inputs.starting.block),
                None => Err("nobody here tells the hash of an L2 block".to_owned()),
            };
            hash.map(|hash| hash.to_string())
                .map_err(MachineError::NoHead)
        };
        let mut filled = word.to_owned();
        let values: [(&str, Value<'_>); 7] = [
            ("{l1.head}", &|| Ok(inputs.l1_head.to_string())),
            ("{l2.head}", &head),
            ("{l2.outputroot}", &|| Ok(inputs.starting.root.to_string())),
            ("{l2.claim}", &|| Ok(inputs.disputed.root.to_string())),
            ("{l2.blocknumber}", &|| {
                Ok(inputs.disputed.block.to_string())
            }),
            ("{l2.chainid}", &|| Ok(self.chain_id.to_string())),
            ("{dispute}", &|| Ok(dispute_name(inputs))),
        ];
        for (name, value) in values {
            if filled.contains(name) {
                filled = filled.replace(name, &value()?);
            }
        }
        match filled.split("{l").nth(1) {
            None => Ok(filled),
            Some(unknown) => Err(MachineError::NoSuchValue {
                word: word.to_owned(),
                name: unknown.split('}').next().unwrap_or(unknown).to_owned(),
            }),
        }
    }
}

/// A name for a dispute that no other has and that begins with its L1 head, for files and folders.
pub fn dispute_name(inputs: &Inputs) -> String {
    let number = |n: U256| n.to_be_bytes_vec();
    let parts = [
        inputs.starting.root.to_vec(),
        number(inputs.starting.block),
        inputs.disputed.root.to_vec(),
        number(inputs.disputed.block),
    ];
    let rest = alloy_primitives::keccak256(parts.concat());
    let rest: u64 = U256::from_be_bytes(rest.0).wrapping_to();
    format!("{}-{rest:016x}", inputs.l1_head)
}

impl<V: GuestVm> Program for GuestProgram<'_, V> {
    type Machine = Hosted<V>;
    type Error = MachineError;

    fn start(&self, inputs: &Inputs) -> Result<Hosted<V>, MachineError> {
        let vm = self.load()?;
        let mut local = Memory::default();
        for (index, value) in local_data(inputs, self.chain_id) {
            local.put(Key::local(index), &value)?;
        }
        let fill = |word: &str| self.fill(word, inputs);
        let source = self.preimages.open(Some(local), &self.interrupted, &fill)?;
        Ok(Hosts::over(source, self.interrupted.clone()).hosted(vm))
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
