//! A super game, played over the toy rollups that are built in.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

use alloy_primitives::keccak256;
use anyhow::{Context as _, bail};
use fpvm::AnyIsa;
use fpvm_challenger::deployment::Setup;
use fpvm_challenger::factory::{Claimed, Factory};
use fpvm_checkpoints::Machine as _;
use fpvm_contracts::artifact::Artifact;
use fpvm_dispute::claim::OutputRoot;
use fpvm_dispute::rules::{Params, Rules};
use fpvm_dispute::super_root::{STEPS_PER_SECOND, SuperState, SuperStep};
use fpvm_dispute::trace::lie::{Extent, Lie};
use fpvm_dispute::trace::super_node::NodeStates;
use fpvm_dispute::trace::super_split::SuperSplitTrace;
use fpvm_dispute::trace::{SuperInputs, SuperStates as _};
use fpvm_guests::SUPER_ROLLUP;
use fpvm_l1::U256;
use fpvm_oracle::Key;
use fpvm_oracle::store::{Memory, Shared, Store as _};
use fpvm_trace::{GuestProgram, Hosted, MachineError, Preimages, Program, Vms};

use crate::chain::{Account, DemoChain};
use crate::game::Parties;
use crate::narrator::{Narrator, Screen};
use crate::program::{Guest, Narrated, built_in, load, reading, shown};
use crate::super_rollup::{CHAINS, GENESIS, ToyRollups};
use crate::{EVERY, READS, Stage, deploy, max_depth, mixed};

/// Seconds from the anchor, the chains' genesis, to the proposal.
const SECONDS: u64 = 4;
/// Room for eight seconds.
const SPLIT_DEPTH: u64 = 10;
/// Steps that the program takes at most; it takes less than half of them.
const STEPS: u64 = (1 << 24) - 1;
/// All data of the toy rollups are on L1 from the start: which of its blocks a game looks up to is of no matter.
const L1_HEAD: u64 = 0;

/// A super game that is to be played.
pub struct SuperDemo {
    /// The program's VM.
    pub isa: &'static dyn AnyIsa,
    /// Where it is played.
    pub chain: DemoChain,
    /// The artifact of the VM's step verifier, as JSON.
    pub contract: &'static str,
    /// Which lie: odd numbers have it begin at an instruction that reads a pre-image, even ones anywhere.
    pub seed: u64,
    /// The clock of each side, where the chain's time cannot be moved.
    pub clock: Duration,
    /// Ends the program where it is set.
    pub interrupted: Arc<AtomicBool>,
}

impl SuperDemo {
    /// Plays the game to its end; gives its report, a page of HTML.
    ///
    /// # Errors
    /// If no such program is built in for the VM, the chain, the program or the screen fails, or the game ends
    /// otherwise than it should.
    pub fn play(self, screen: Arc<dyn Screen>) -> anyhow::Result<String> {
        let Self {
            isa, chain, seed, ..
        } = &self;
        let narrator = &Narrator::new(screen);
        let rollups = ToyRollups::new(&CHAINS, SECONDS + 1);
        let states = NodeStates {
            node: &rollups,
            l1_head: L1_HEAD,
        };
        let guest = self.guest(&rollups)?;
        let (extent, place) = extent(*seed, states, &guest)?;
        let prestate = guest.load()?.state_root().into();
        let params = Params {
            split_depth: SPLIT_DEPTH,
            max_depth: max_depth(SPLIT_DEPTH, STEPS),
            ..Params::mainnet_super(prestate)
        };
        let mainnet = params.max_clock_duration;
        let (params, delay) = chain.times(params, self.clock);
        let finality_delay = if params.max_clock_duration == mainnet {
            302_400
        } else {
            1
        };
        let rules = Rules::new(params.clone()).map_err(|reason| {
            anyhow::anyhow!(
                "a game cannot be played with clocks of {:?}: {reason}",
                self.clock
            )
        })?;
        narrator.say(&format!(
            "`super-rollup` is a program for {} that makes one of the 128 steps from a second of three toy\nrollups to \
             the next. Somebody claims a wrong super root, and somebody else shows that, on {}.\n\n",
            isa.vm_type(),
            chain.name(),
        ))?;
        let anchor = rollups.super_root(GENESIS).context("a genesis")?;
        let setup = Setup {
            params,
            anchor: OutputRoot {
                root: anchor.hash(),
                block: U256::from(GENESIS),
            },
            delay,
            finality_delay,
            min_proposal_size: 126_000,
            verifier: Artifact::parse(self.contract)?,
            state_version: isa.version(),
        };
        let deployment = deploy(chain, narrator, &rules, &setup)?;

        let (honest, mut cheat) = (
            chain.wallet(Account::Honest)?,
            chain.wallet(Account::Cheat)?,
        );
        let parties = Parties {
            honest: honest.address(),
            cheat: cheat.address(),
        };
        parties.fund(chain, &rules)?;
        let before = parties.balances(chain)?;
        let truth = SuperSplitTrace {
            states,
            executions: Vms::new(
                Narrated {
                    guest,
                    narrator: narrator.clone(),
                },
                EVERY,
            ),
        };
        let false_states = Lie {
            truth: states,
            extent,
        };
        let end = SuperStep::start_of(GENESIS + SECONDS);
        let SuperState::SuperRoot(proposed) = SuperState::decode(&false_states.state(end)?)? else {
            bail!("the cheat has no super root to propose");
        };
        let root = proposed.hash();
        let game = Factory(deployment.factory).create_about(
            &mut cheat,
            deployment.game_type,
            &Claimed::SuperRoot(proposed),
            &mut |progress| narrator.sending(&progress),
        )?;
        narrator.say(&format!(
            "2. Propose  Cheat {} proposes\n            {root} for timestamp {}: {game}\n            \
             It lies about step {} after timestamp {} and all that follow.\n            \
             All agree on the super root of timestamp {GENESIS}. Honest is {}\n\n3. Play\n",
            parties.cheat, end.timestamp, place.step, place.timestamp, parties.honest,
        ))?;
        let false_trace = SuperSplitTrace {
            states: false_states,
            executions: Lie {
                truth: &truth.executions,
                extent,
            },
        };
        let stage = Stage {
            narrator,
            chain,
            parties,
            honest,
            cheat,
            game,
            seed: *seed,
            // More than the registry's: the game can be closed only after it.
            delays: vec![finality_delay.saturating_add(1), delay],
            before,
        };
        stage.finish(&truth, false_trace)
    }

    fn guest(&self, rollups: &ToyRollups) -> anyhow::Result<Guest> {
        let (isa, program) = (self.isa, built_in(SUPER_ROLLUP, self.isa)?);
        let mut store = Memory::default();
        for (_, preimage) in rollups.preimages() {
            store.put(Key::keccak256(preimage), preimage)?;
        }
        let preimages = Preimages::Store(Shared::new(Box::new(store)));
        let guest = GuestProgram::new(move || load(isa, program), preimages, U256::ZERO);
        Ok(guest.until(self.interrupted.clone()))
    }
}

impl fmt::Debug for SuperDemo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SuperDemo")
            .field("vm", &self.isa.vm_type())
            .field("chain", &self.chain)
            .field("seed", &self.seed)
            .finish_non_exhaustive()
    }
}

/// What is lied about, and from which place on.
fn extent(
    seed: u64,
    states: NodeStates<&ToyRollups>,
    guest: &Guest,
) -> anyhow::Result<(Extent, SuperStep)> {
    let mixed = mixed(seed);
    let before = mixed % (SECONDS * STEPS_PER_SECOND);
    let agreed = SuperStep {
        timestamp: GENESIS + before / STEPS_PER_SECOND,
        step: before % STEPS_PER_SECOND,
    };
    let place = agreed.next();
    let mut extent = Extent {
        outputs_from: Some(U256::from(place.number())),
        steps_from: None,
        // Of the ways to lie about a state the one that makes a super root of a super root.
        salt: seed.wrapping_mul(4),
    };
    let agreed = states.state(agreed)?;
    let wrong = extent.other_outputs(place, &states.state(place)?);
    let inputs = SuperInputs {
        l1_head: Default::default(),
        agreed: keccak256(&agreed),
        agreed_state: Some(agreed),
        claim: wrong.hash(),
        timestamp: GENESIS + SECONDS,
    };
    let mut machine = guest.start(&inputs)?;
    while !machine.exited() {
        machine.next_read()?;
    }
    let steps = machine.step();
    let read = match seed % 2 {
        1 => reading(&mut guest.start(&inputs)?, mixed % READS)?,
        _ => None,
    };
    let from = read.unwrap_or(mixed % steps.max(1));
    extent.steps_from = Some(from.into());
    Ok((extent, place))
}

impl Program<SuperInputs> for Narrated {
    type Machine = Hosted<Box<dyn fpvm::AnyVm>>;
    type Error = MachineError;

    fn start(&self, inputs: &SuperInputs) -> Result<Self::Machine, MachineError> {
        let agreed = inputs.agreed_state.as_deref();
        let agreed = agreed.and_then(|state| SuperState::decode(state).ok());
        let what = match agreed.and_then(|state| state.place()) {
            Some(SuperStep { timestamp, step }) => {
                format!("step {step} after timestamp {timestamp}")
            }
            None => "the invalid state".into(),
        };
        Ok(shown(self.guest.start(inputs)?, &self.narrator, what))
    }
}
