//! The program that a game is about: where its pre-images are, and what is true of it.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use anyhow::Context as _;
use fpvm::{AnyIsa, AnyVm, Options, Patches};
use fpvm_checkpoints::Machine as _;
use fpvm_dispute::claim::OutputRoot;
use fpvm_dispute::trace::outputs::OutputList;
use fpvm_dispute::trace::{Inputs, Outputs as _};
use fpvm_guests::{ROLLUP, ROLLUP_CHAIN_ID, ROLLUP_OUTPUTS, rollup_preimages};
use fpvm_l1::{B256, U256};
use fpvm_oracle::store::{Memory, Shared, Store as _};
use fpvm_oracle::{Key, Kind};
use fpvm_trace::{GuestProgram, Hosted, MachineError, Preimages, Program};

use crate::narrator::Narrator;

/// Bytes in front of a pre-image's value: its length.
const LENGTH_PREFIX: u64 = 8;

/// A program that says whether an output root is right, and the outputs that are.
pub struct DemoProgram {
    /// Its VM.
    pub(crate) isa: &'static dyn AnyIsa,
    guest: GuestProgram<'static, Box<dyn AnyVm>>,
    /// The output that all agree on.
    pub(crate) anchor: OutputRoot,
    /// What is true.
    pub(crate) outputs: OutputList,
    /// Chain id of the L2.
    pub(crate) chain_id: U256,
}

impl DemoProgram {
    /// The toy rollup that is built in, on a VM; it ends where `interrupted` is set.
    ///
    /// # Errors
    /// If there is no such program for the VM.
    pub fn rollup(isa: &'static dyn AnyIsa, interrupted: Arc<AtomicBool>) -> anyhow::Result<Self> {
        let is_for = |name: &str| [isa.name(), isa.vm_type()].contains(&name);
        let program = ROLLUP.iter().find(|(name, _)| is_for(name));
        let (_, program) = program.with_context(|| {
            format!(
                "no program for {} is built in: --isa and --type choose another VM",
                isa.vm_type()
            )
        })?;
        let load = || {
            let loaded = isa.load_program(program, Patches::Upstream);
            let mut vm = loaded.map_err(MachineError::Other)?;
            let set_up = Options::default().apply(vm.as_mut());
            set_up.map_err(|error| MachineError::Other(error.into()))?;
            Ok(vm)
        };
        let mut store = Memory::default();
        for (key, value) in rollup_preimages() {
            store.put(key.parse()?, value)?;
        }
        let preimages = Preimages::Store(Shared::new(Box::new(store)));
        let chain_id = U256::from(ROLLUP_CHAIN_ID);
        let outputs: OutputList = ROLLUP_OUTPUTS.parse()?;
        let first = ROLLUP_OUTPUTS.split(' ').next().unwrap_or_default();
        let block = U256::from(first.parse::<u64>()?);
        let root = outputs.output(block)?;
        Ok(Self {
            isa,
            guest: GuestProgram::new(load, preimages, chain_id).until(interrupted),
            anchor: OutputRoot { root, block },
            outputs,
            chain_id,
        })
    }

    /// The program, loaded.
    pub(crate) fn load(&self) -> anyhow::Result<Box<dyn AnyVm>> {
        Ok(self.guest.load()?)
    }

    /// The step at which the program, on these inputs, reads the value of its `number`-th keccak256
    /// pre-image, or of the last before that.
    pub(crate) fn read(&self, inputs: &Inputs, number: u64) -> anyhow::Result<u64> {
        let (mut machine, mut found, mut count) = (self.guest.start(inputs)?, None, 0);
        while !machine.exited() && count <= number {
            let read = machine.next_read()?;
            let begins_value = read.is_some_and(|read| {
                Key(read.key).kind() == Kind::Keccak256 && read.offset == LENGTH_PREFIX
            });
            if begins_value && !machine.exited() {
                found = Some(machine.step().saturating_sub(1));
                count += 1;
            }
        }
        found.context("the program reads no pre-images")
    }

    /// What the execution of a block starts from and is about, where `disputed` is claimed for it; for a game
    /// that there is not yet.
    pub(crate) fn inputs(&self, block: U256, disputed: B256) -> anyhow::Result<Inputs> {
        let before = block.saturating_sub(U256::ONE);
        Ok(Inputs {
            l1_head: B256::ZERO,
            starting: OutputRoot {
                root: self.outputs.output(before)?,
                block: before,
            },
            disputed: OutputRoot {
                root: disputed,
                block,
            },
        })
    }

    /// The same program, whose executions are narrated.
    pub(crate) fn narrated(self, narrator: &Narrator) -> Narrated {
        Narrated {
            guest: self.guest,
            narrator: narrator.clone(),
        }
    }
}

impl fmt::Debug for DemoProgram {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DemoProgram")
            .field("vm", &self.isa.vm_type())
            .field("anchor", &self.anchor)
            .finish_non_exhaustive()
    }
}

/// A program whose executions are narrated.
pub(crate) struct Narrated {
    guest: GuestProgram<'static, Box<dyn AnyVm>>,
    narrator: Narrator,
}

impl Program for Narrated {
    type Machine = Hosted<Box<dyn AnyVm>>;
    type Error = MachineError;

    fn start(&self, inputs: &Inputs) -> Result<Self::Machine, MachineError> {
        let (block, furthest) = (inputs.disputed.block, AtomicU64::new(0));
        let narrator = self.narrator.clone();
        // Only what is executed for the first time is shown.
        let show = move |step: u64, ended: bool| {
            if furthest.fetch_max(step, Ordering::Relaxed) < step {
                narrator.executed(block, step, ended);
            }
        };
        Ok(self.guest.start(inputs)?.with_progress(Arc::new(show)))
    }
}
