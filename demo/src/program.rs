//! The toy rollup that is built in: its program, its outputs, and what the program reads.

use super::Teller;
use crate::hosted::Hosted;
use anyhow::Context as _;
use fpvm::AnyVm;
use fpvm::{AnyIsa, Options, Patches};
use fpvm_checkpoints::Machine as _;
use fpvm_dispute::claim::OutputRoot;
use fpvm_dispute::trace::outputs::OutputList;
use fpvm_dispute::trace::{Inputs, Outputs as _};
use fpvm_guests::{ROLLUP, ROLLUP_CHAIN_ID, ROLLUP_OUTPUTS, rollup_preimages};
use fpvm_l1::{B256, U256};
use fpvm_oracle::store::{Memory, Shared, Store as _};
use fpvm_oracle::{Key, Kind};
use fpvm_trace::{GuestProgram, MachineError, Preimages, Program};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

/// Bytes in front of a pre-image's value: its length.
const LENGTH_PREFIX: u64 = 8;

/// The program on one VM.
pub(super) struct Rollup {
    program: GuestProgram<'static, Box<dyn AnyVm>>,
    teller: Arc<Teller>,
}

impl Rollup {
    /// The program for a VM, where it is built in for that.
    pub(super) fn new(
        isa: &'static dyn AnyIsa,
        interrupted: Arc<AtomicBool>,
        teller: Arc<Teller>,
    ) -> anyhow::Result<Self> {
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
        let program = GuestProgram::new(load, preimages, U256::from(ROLLUP_CHAIN_ID));
        Ok(Self {
            program: program.until(interrupted),
            teller,
        })
    }

    /// The program, loaded.
    pub(super) fn load(&self) -> anyhow::Result<Box<dyn AnyVm>> {
        Ok(self.program.load()?)
    }

    /// The step at which the program, on these inputs, reads the value of its `number`-th keccak256
    /// pre-image, or of the last before that.
    pub(super) fn read(&self, inputs: &Inputs, number: u64) -> anyhow::Result<u64> {
        let (mut machine, mut found, mut count) = (self.program.start(inputs)?, None, 0);
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
}

impl Program for Rollup {
    type Machine = Hosted;
    type Error = MachineError;

    fn start(&self, inputs: &Inputs) -> Result<Hosted, MachineError> {
        let (block, furthest) = (inputs.disputed.block, AtomicU64::new(0));
        let teller = self.teller.clone();
        // Only what is executed for the first time is shown.
        let show = move |step: u64, ended: bool| {
            if furthest.fetch_max(step, Ordering::Relaxed) < step {
                teller.executed(block, step, ended);
            }
        };
        Ok(self.program.start(inputs)?.with_progress(Arc::new(show)))
    }
}

/// The rollup's outputs, and the first of them, which all agree on.
pub(super) fn outputs() -> anyhow::Result<(OutputRoot, OutputList)> {
    let outputs: OutputList = ROLLUP_OUTPUTS.parse()?;
    let first = ROLLUP_OUTPUTS.split(' ').next().unwrap_or_default();
    let block = U256::from(first.parse::<u64>()?);
    let root = outputs.output(block)?;
    Ok((OutputRoot { root, block }, outputs))
}

/// What the execution of a block starts from and is about, where `disputed` is claimed for it; for a game
/// that there is not yet.
pub(super) fn inputs(outputs: &OutputList, block: U256, disputed: B256) -> anyhow::Result<Inputs> {
    let before = block.saturating_sub(U256::ONE);
    Ok(Inputs {
        l1_head: B256::ZERO,
        starting: OutputRoot {
            root: outputs.output(before)?,
            block: before,
        },
        disputed: OutputRoot {
            root: disputed,
            block,
        },
    })
}
