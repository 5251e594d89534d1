//! A second opinion before money moves: each execution is run by two tiers, and nothing is answered about its states before
//! both have come to the same ones.
//!
//! The tier that is chosen for its speed is the most intricate part of a machine, and a wrong state in a claim costs a bond.
//! So [`Seconded`] has the whole execution run by another as well, beside it, and compares their roots on the way and at the
//! end; after that each answer of one is compared with the other's. Where they part, the slower one is believed, because it
//! is the simpler one; that is said ([`Seconded::take_notes`]), and what it takes to find the fault is kept ([`Bundles`]).
//!
//! The second opinion may also be that of another VM altogether ([`ThirdParty`]), which runs once the first has ended.

mod bundle;
mod difference;
mod opinion;
mod third;

use std::hash::Hash;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use alloy_primitives::{B256, keccak256};
use fpvm_checkpoints::Root;
use fpvm_dispute::trace::{Executions, Inputs, StepData, TraceError};

use crate::inputs::DisputeInputs;
use crate::program::Program;
use crate::shared::SharedSources;
use crate::workers::Workers;

pub use bundle::Bundles;
pub use difference::{Difference, Side};
use opinion::{Opinion, Who};
pub use third::{ThirdParty, ThirdPartyVm};

/// What was found out about executions, to be told.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Note {
    /// Two tiers come to different states; the second is believed.
    Difference(String),
    /// What shows the difference is kept; where, in words.
    Kept(String),
    /// There is no second opinion about an execution, or not the one that was asked for.
    Missing(String),
}

/// How many executions were looked at twice.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub struct Opinions {
    /// Both came to the same states.
    pub agreed: u64,
    /// They did not.
    pub differed: u64,
    /// Nobody gave a second opinion.
    pub missing: u64,
}

/// Who gives the second opinion, and what comes of it.
pub struct Second<P: Program<I>, I: Clone + Eq + Hash = Inputs> {
    /// The program, run by the slower tier: what is believed where two differ.
    pub slower: Workers<P, I>,
    /// How the tiers are called, the first and this one.
    pub names: [String; 2],
    /// Where the pre-images of both programs come from.
    pub sources: SharedSources,
    /// Another VM, to be asked in the place of the slower tier.
    pub third: Option<Arc<ThirdParty>>,
    /// Steps from one comparison to the next.
    pub every: u64,
    /// Where it is kept how two differ.
    pub bundles: Bundles,
}

/// The executions of a program, each run by two.
pub struct Seconded<P: Program<I>, I: Clone + Eq + Hash = Inputs> {
    first: Workers<P, I>,
    opinion: Option<Opinion<P, I>>,
}

impl<I: DisputeInputs, P: Program<I>> Seconded<P, I> {
    /// Executions that are run once.
    pub const fn alone(first: Workers<P, I>) -> Self {
        Self {
            first,
            opinion: None,
        }
    }

    /// Executions that are run twice.
    pub fn new(first: Workers<P, I>, second: Second<P, I>) -> Self {
        Self {
            first,
            opinion: Some(Opinion {
                second,
                verdicts: Mutex::default(),
                notes: Mutex::default(),
                count: Mutex::default(),
            }),
        }
    }

    /// Who runs them first.
    pub const fn first(&self) -> &Workers<P, I> {
        &self.first
    }

    /// Who runs them by the slower tier, where there is one.
    pub fn slower(&self) -> Option<&Workers<P, I>> {
        Some(&self.opinion.as_ref()?.second.slower)
    }

    /// Whether something has been answered since this was asked last.
    pub fn has_news(&self) -> bool {
        let opinion = self.opinion.as_ref();
        let news = [
            self.first.has_news(),
            opinion.is_some_and(|opinion| opinion.second.slower.has_news()),
            opinion.is_some_and(|opinion| {
                let third = opinion.second.third.as_ref();
                third.is_some_and(|third| third.has_news())
            }),
        ];
        news.contains(&true)
    }

    /// What is to be told since this was asked last.
    pub fn take_notes(&self) -> Vec<Note> {
        let opinion = self.opinion.as_ref();
        opinion.map_or(Vec::new(), |opinion| {
            std::mem::take(&mut *lock(&opinion.notes))
        })
    }

    /// How many executions were looked at twice so far.
    pub fn opinions(&self) -> Opinions {
        let opinion = self.opinion.as_ref();
        opinion.map_or(Opinions::default(), |opinion| *lock(&opinion.count))
    }

    /// See [`Workers::forget`].
    pub fn forget(&self, l1_head: B256) {
        self.first.forget(l1_head);
        let Some(opinion) = &self.opinion else {
            return;
        };
        opinion.second.slower.forget(l1_head);
        lock(&opinion.verdicts).retain(|inputs, _| inputs.l1_head() != l1_head);
        let begin = l1_head.to_string();
        opinion.second.sources.forget(&begin);
        if let Some(third) = &opinion.second.third {
            third.forget(&begin);
        }
    }

    /// What is asked about the state after `step` steps, as who is believed answers it.
    fn opine<T: PartialEq>(
        &self,
        inputs: &I,
        step: u128,
        ask: impl Fn(&Workers<P, I>) -> Result<T, TraceError>,
        words: impl Fn(&T) -> Side,
    ) -> Result<T, TraceError> {
        let Some(opinion) = &self.opinion else {
            return ask(&self.first);
        };
        let slower = &opinion.second.slower;
        let run = match opinion.verdict(&self.first, inputs)? {
            Who::First => return ask(&self.first),
            Who::Second => return ask(slower),
            Who::Both(run) => run,
        };
        let sides = match (ask(&self.first), ask(slower)) {
            (Err(pending @ TraceError::Pending { .. }), _)
            | (_, Err(pending @ TraceError::Pending { .. })) => return Err(pending),
            (Ok(first), Ok(second)) if first == second => return Ok(first),
            (Ok(first), Ok(second)) => [words(&first), words(&second)],
            (Err(why), Ok(second)) => [Side::Failed(why.to_string()), words(&second)],
            // They agree as far as is known, and the second may answer again later.
            (_, Err(why)) => return Err(why),
        };
        opinion.differ(&self.first, inputs, Difference::at(&run, step, sides));
        Err(TraceError::Pending { index: step })
    }
}

impl<I: DisputeInputs, P: Program<I>> Executions<I> for Seconded<P, I> {
    fn claim(&self, inputs: &I, index: u128) -> Result<B256, TraceError> {
        let words = |claim: &B256| Side::Root(Root(claim.0));
        let ask = |workers: &Workers<P, I>| workers.claim(inputs, index);
        self.opine(inputs, index.saturating_add(1), ask, words)
    }

    fn step(&self, inputs: &I, index: u128) -> Result<StepData, TraceError> {
        let words = |data: &StepData| {
            let sent = [data.state.as_slice(), &data.proof].concat();
            Side::Proof(Root(keccak256(sent).0))
        };
        let ask = |workers: &Workers<P, I>| workers.step(inputs, index);
        self.opine(inputs, index.saturating_add(1), ask, words)
    }
}

impl<P: Program<I>, I: Clone + Eq + Hash> std::fmt::Debug for Seconded<P, I> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Seconded").finish_non_exhaustive()
    }
}

impl<P: Program<I>, I: Clone + Eq + Hash> std::fmt::Debug for Second<P, I> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Second")
            .field("names", &self.names)
            .finish_non_exhaustive()
    }
}

/// What a holder that panicked leaves is whole: each change is one call.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
