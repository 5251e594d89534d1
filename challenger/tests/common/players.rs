//! Who plays over the alphabet VM: what is true, and a lie; and what threads that run a program hold to be true.

use std::sync::Arc;

use alloy_primitives::{Address, B256, U256};
use fpvm_challenger::player::{Settling, Strategy};
use fpvm_challenger::read::game_params::GameParams;
use fpvm_challenger::scheduler::{GameScheduler, Games, Options, TraceSource, Unplayable};
use fpvm_dispute::claim::VmStatus;
use fpvm_dispute::game::context::ident;
use fpvm_dispute::player::cheat::{Cheat, Way};
use fpvm_dispute::trace::lie::{Extent, Lie};
use fpvm_dispute::trace::outputs::OutputList;
use fpvm_dispute::trace::split::SplitTrace;
use fpvm_dispute::trace::{Executions, Inputs, Outputs, StepData, SuperInputs, TraceError};
use fpvm_dispute::vm::alphabet::encode;
use fpvm_l1::{Chain, Policy};
use fpvm_trace::Program;
use fpvm_trace::workers::Workers;

use super::{alphabet_prestate, signer};

pub(crate) const HONEST: u8 = 2;
pub(crate) const CHEAT: u8 = 3;
/// The L2 block that is proposed.
pub(crate) const PROPOSED: u64 = 16;

/// The executions of the alphabet VM.
#[derive(Clone, Copy, Default)]
pub(crate) struct Alphabet;

impl Alphabet {
    /// The state before instruction `index`: a letter, which begins at 16 times the number before that which the
    /// program reads: a block's, or a timestamp.
    fn state(number: U256, index: u128) -> Vec<u8> {
        let first = (number - U256::ONE) << 4;
        match index {
            0 => vec![0; 32],
            _ => {
                let letter = first + U256::from(index - 1);
                encode(letter, letter)
            }
        }
    }

    fn claim(number: U256, index: u128) -> B256 {
        let state = Self::state(number, index.saturating_add(1));
        VmStatus::Invalid.stamp(alloy_primitives::keccak256(state))
    }

    fn step(number: U256, index: u128) -> StepData {
        let local = match index {
            0 => vec![(U256::from(ident::L2_BLOCK), U256::ZERO)],
            _ => Vec::new(),
        };
        StepData {
            state: Self::state(number, index),
            local,
            ..StepData::default()
        }
    }
}

impl Executions for Alphabet {
    fn claim(&self, inputs: &Inputs, index: u128) -> Result<B256, TraceError> {
        Ok(Self::claim(inputs.disputed.block, index))
    }

    fn step(&self, inputs: &Inputs, index: u128) -> Result<StepData, TraceError> {
        Ok(Self::step(inputs.disputed.block, index))
    }
}

/// The same in super games, where the program reads the game's own timestamp.
impl Executions<SuperInputs> for Alphabet {
    fn claim(&self, inputs: &SuperInputs, index: u128) -> Result<B256, TraceError> {
        Ok(Self::claim(U256::from(inputs.timestamp), index))
    }

    fn step(&self, inputs: &SuperInputs, index: u128) -> Result<StepData, TraceError> {
        Ok(Self::step(U256::from(inputs.timestamp), index))
    }
}

pub(crate) fn outputs() -> OutputList {
    let roots = (0..=PROPOSED).map(|block| B256::repeat_byte(0xac ^ block as u8));
    OutputList::new(U256::ZERO, roots.collect())
}

/// What is true, for everybody who knows the alphabet.
#[derive(Default)]
pub(crate) struct Truth;

impl TraceSource for Truth {
    type Trace = All;

    fn of(&mut self, game_params: &GameParams) -> Result<Self::Trace, Unplayable> {
        known(game_params)?;
        Ok(all())
    }
}

pub(crate) fn known(game_params: &GameParams) -> Result<(), Unplayable> {
    if game_params.rules.params().absolute_prestate == alphabet_prestate() {
        Ok(())
    } else {
        Err(Unplayable {
            why: "another pre-state".into(),
            is_final: true,
        })
    }
}

/// What is true, from threads that run the program.
pub(crate) struct Working<P: Program>(pub(crate) Arc<Workers<P>>);

impl<P: Program + Send + Sync> TraceSource for Working<P>
where
    P::Machine: Send,
{
    type Trace = SplitTrace<OutputList, Arc<Workers<P>>>;

    fn of(&mut self, _site: &GameParams) -> Result<Self::Trace, Unplayable> {
        Ok(SplitTrace {
            outputs: outputs(),
            executions: self.0.clone(),
        })
    }

    fn forget(&mut self, l1_head: B256) {
        self.0.forget(l1_head);
    }
}

/// A lie from some block on.
pub(crate) struct False(pub(crate) Extent);

/// What everybody who knows the alphabet holds to be true.
pub(crate) type All = SplitTrace<OutputList, Alphabet>;

pub(crate) fn all() -> All {
    SplitTrace {
        outputs: outputs(),
        executions: Alphabet,
    }
}

impl TraceSource for False {
    type Trace = SplitTrace<Lie<All>, Lie<All>>;

    fn of(&mut self, game_params: &GameParams) -> Result<Self::Trace, Unplayable> {
        known(game_params)?;
        let lie = Lie {
            truth: all(),
            extent: self.0,
        };
        Ok(SplitTrace {
            outputs: lie.clone(),
            executions: lie,
        })
    }
}

pub(crate) const LIE: Extent = Extent {
    outputs_from: Some(U256::from_limbs([5, 0, 0, 0])),
    steps_from: Some(0),
    salt: 7,
};

pub(crate) fn scheduler<K: TraceSource>(
    chain: Arc<dyn Chain>,
    key: u8,
    games: Games,
    trace_source: K,
    strategy: Strategy,
) -> GameScheduler<K> {
    let options = Options {
        strategy,
        dry_run: false,
        policy: Policy::default(),
        settling: Settling::default(),
    };
    GameScheduler::new(chain, signer(key), games, trace_source, options)
}

pub(crate) fn cheat(budget: usize) -> Strategy {
    Strategy::Cheat(Cheat {
        way: Way::Liar,
        seed: 1,
        budget,
    })
}

/// Both sides of some games.
pub(crate) fn sides(
    chain: Arc<dyn Chain>,
    games: &[Address],
    lie: Extent,
) -> (GameScheduler<Truth>, GameScheduler<False>) {
    let listed = Games::Listed(games.to_vec());
    let honest = scheduler(
        chain.clone(),
        HONEST,
        listed.clone(),
        Truth,
        Strategy::Honest,
    );
    (
        honest,
        scheduler(chain, CHEAT, listed, False(lie), cheat(100)),
    )
}

/// The liar's root of the proposal.
pub(crate) fn lie() -> B256 {
    let block = U256::from(PROPOSED);
    LIE.output(block, outputs().output(block).expect("listed"))
}
