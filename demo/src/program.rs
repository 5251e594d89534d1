//! The program that a game is about: where its pre-images are, and what is true of it.

use std::fmt;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use anyhow::{Context as _, ensure};
use fpvm::{AnyIsa, AnyVm, Options, Patches};
use fpvm_checkpoints::Machine as _;
use fpvm_dispute::claim::OutputRoot;
use fpvm_dispute::game::context::ident;
use fpvm_dispute::trace::outputs::OutputList;
use fpvm_dispute::trace::{Inputs, Outputs as _};
use fpvm_guests::{ROLLUP, ROLLUP_CHAIN_ID, ROLLUP_OUTPUTS, rollup_preimages};
use fpvm_l1::{B256, U256};
use fpvm_oracle::store::{self, Memory, Shared, Store as _};
use fpvm_oracle::{Key, Kind};
use fpvm_trace::{GuestProgram, Hosted, MachineError, Preimages, Program};

use crate::narrator::Narrator;

/// The program in any VM, and where its pre-images are.
pub(crate) type Guest = GuestProgram<'static, Box<dyn AnyVm>>;

/// Bytes in front of a pre-image's value: its length.
const LENGTH_PREFIX: u64 = 8;

/// A program that says whether an output root is right, and the outputs that are.
pub struct DemoProgram {
    /// What it is, in words.
    pub(crate) about: String,
    /// Its VM.
    pub(crate) isa: &'static dyn AnyIsa,
    guest: Guest,
    /// The output that all agree on.
    pub(crate) anchor: OutputRoot,
    /// What is true.
    pub(crate) outputs: OutputList,
    /// Chain id of the L2.
    pub(crate) chain_id: U256,
    /// The L1 block that its pre-images were recorded at, where they say that.
    pub(crate) l1_head: Option<B256>,
    /// The most steps that it takes, where that is known.
    most_steps: Option<u64>,
}

impl DemoProgram {
    /// The toy rollup that is built in, on a VM; it ends where `interrupted` is set.
    ///
    /// # Errors
    /// If there is no such program for the VM.
    pub fn rollup(isa: &'static dyn AnyIsa, interrupted: Arc<AtomicBool>) -> anyhow::Result<Self> {
        let program = built_in(ROLLUP, isa)?;
        let load = move || load(isa, program);
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
            l1_head: None,
            most_steps: Some((1 << 29) - 1),
            about: format!(
                "`rollup` is a program for {} that executes one block of a toy rollup.",
                isa.vm_type()
            ),
        })
    }

    /// A program of one's own, with the pre-images that it reads; it ends where `interrupted` is set. The game
    /// is about one block: local pre-images 1 to 5, where the store has them, are the L1 head, the output to
    /// start from, the true output, the block's number and the chain id.
    ///
    /// # Errors
    /// If it cannot be loaded, or there is no store.
    pub fn recorded(
        name: &str,
        load: impl Fn() -> Result<Box<dyn AnyVm>, MachineError> + Send + Sync + 'static,
        preimages: &Path,
        interrupted: Arc<AtomicBool>,
    ) -> anyhow::Result<Self> {
        let isa = load()?.isa();
        let store = Shared::new(store::open(preimages)?);
        let local = |index: u64| -> anyhow::Result<Option<U256>> {
            let value = store.get(Key::local(index))?;
            Ok(value.and_then(|value| U256::try_from_be_slice(&value)))
        };
        let word = |index, other: u8| -> anyhow::Result<B256> {
            Ok(local(index)?.map_or(B256::repeat_byte(other), B256::from))
        };
        let block = local(ident::L2_BLOCK)?.unwrap_or_default().max(U256::ONE);
        let anchor = OutputRoot {
            root: word(ident::STARTING_OUTPUT, 0xa0)?,
            block: block - U256::ONE,
        };
        let output = word(ident::DISPUTED_OUTPUT, 0xa1)?;
        let chain_id = local(ident::CHAIN_ID)?.unwrap_or(U256::from(ROLLUP_CHAIN_ID));
        let l1_head = local(ident::L1_HEAD)?.map(B256::from);
        let preimages = Preimages::Store(store.clone());
        Ok(Self {
            isa,
            guest: GuestProgram::new(load, preimages, chain_id).until(interrupted),
            outputs: OutputList::new(anchor.block, vec![anchor.root, output]),
            anchor,
            chain_id,
            l1_head,
            most_steps: None,
            about: format!("`{name}` is a program for {}.", isa.vm_type()),
        })
    }

    /// Its VM.
    pub const fn isa(&self) -> &'static dyn AnyIsa {
        self.isa
    }

    /// Steps that the program takes on these inputs, at most.
    ///
    /// # Errors
    /// If it cannot be run, or does not find the disputed output wrong.
    pub(crate) fn steps(&self, inputs: &Inputs) -> anyhow::Result<u64> {
        if let Some(most) = self.most_steps {
            return Ok(most);
        }
        let mut machine = self.guest.start(inputs)?;
        while !machine.exited() {
            machine.next_read()?;
        }
        ensure!(
            machine.vm.exit_code() != 0,
            "the program ends with exit code 0 on a wrong output root: it has to read the disputed root, which is local pre-image 3, and to end with another code where that is wrong"
        );
        Ok(machine.step())
    }

    /// The program, loaded.
    pub(crate) fn load(&self) -> anyhow::Result<Box<dyn AnyVm>> {
        Ok(self.guest.load()?)
    }

    /// The step at which the program, on these inputs, reads the value of its `number`-th keccak256
    /// pre-image, or of the last before that; `None` where it reads none.
    pub(crate) fn read(&self, inputs: &Inputs, number: u64) -> anyhow::Result<Option<u64>> {
        reading(&mut self.guest.start(inputs)?, number)
    }

    /// What the execution of a block starts from and is about, where `disputed` is claimed for it; for a game
    /// that there is not yet.
    pub(crate) fn inputs(&self, block: U256, disputed: B256) -> anyhow::Result<Inputs> {
        let before = block.saturating_sub(U256::ONE);
        Ok(Inputs {
            l1_head: self.l1_head.unwrap_or_default(),
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

/// The one of these programs that is for a VM.
pub(crate) fn built_in(
    programs: &'static [(&str, &[u8])],
    isa: &'static dyn AnyIsa,
) -> anyhow::Result<&'static [u8]> {
    let is_for = |name: &str| [isa.name(), isa.vm_type()].contains(&name);
    let program = programs.iter().find(|(name, _)| is_for(name));
    let (_, program) = program.with_context(|| {
        format!(
            "no program for {} is built in: --isa and --type choose another VM",
            isa.vm_type()
        )
    })?;
    Ok(program)
}

/// A program that is built in, in its VM.
pub(crate) fn load(
    isa: &'static dyn AnyIsa,
    program: &'static [u8],
) -> Result<Box<dyn AnyVm>, MachineError> {
    let loaded = isa.load_program(program, Patches::Upstream);
    let mut vm = loaded.map_err(MachineError::Other)?;
    let set_up = Options::default().apply(vm.as_mut());
    set_up.map_err(|error| MachineError::Other(error.into()))?;
    Ok(vm)
}

/// The step at which a machine reads the value of its `number`-th keccak256 pre-image, or of the last before that;
/// `None` where it reads none.
pub(crate) fn reading(
    machine: &mut Hosted<Box<dyn AnyVm>>,
    number: u64,
) -> anyhow::Result<Option<u64>> {
    let (mut found, mut count) = (None, 0);
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
    Ok(found)
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
    pub(crate) guest: Guest,
    pub(crate) narrator: Narrator,
}

/// A machine, on the inputs that `what` names, of which is shown how far it has come.
pub(crate) fn shown(
    machine: Hosted<Box<dyn AnyVm>>,
    narrator: &Narrator,
    what: String,
) -> Hosted<Box<dyn AnyVm>> {
    let (narrator, furthest) = (narrator.clone(), AtomicU64::new(0));
    // Only what is executed for the first time is shown.
    let show = move |step: u64, ended: bool| {
        if furthest.fetch_max(step, Ordering::Relaxed) < step {
            narrator.executed(&what, step, ended);
        }
    };
    machine.with_progress(Arc::new(show))
}

impl Program for Narrated {
    type Machine = Hosted<Box<dyn AnyVm>>;
    type Error = MachineError;

    fn start(&self, inputs: &Inputs) -> Result<Self::Machine, MachineError> {
        let what = format!("L2 block {}", inputs.disputed.block);
        Ok(shown(self.guest.start(inputs)?, &self.narrator, what))
    }
}
