//! A memory for values that are asked for again and again.

use std::cell::RefCell;
use std::hash::Hash;

use alloy_primitives::{B256, Bytes, U256};
use rustc_hash::FxHashMap;

use super::{Executions, Inputs, Outputs, StepData, SuperStates, TraceError};
use crate::game::block_number::BlockEvidence;
use crate::super_root::SuperStep;

/// Remembers the outputs or states and the claims of `T`, on executions with inputs `I`. Several claims of a game
/// stand for the same block or instruction, and several players may ask.
#[derive(Clone, Debug)]
pub struct Memo<T, I = Inputs> {
    source: T,
    outputs: RefCell<FxHashMap<U256, B256>>,
    states: RefCell<FxHashMap<SuperStep, Bytes>>,
    claims: RefCell<FxHashMap<(I, u128), B256>>,
}

impl<T, I> Memo<T, I> {
    /// A memory with nothing in it.
    pub fn new(source: T) -> Self {
        Self {
            source,
            outputs: RefCell::default(),
            states: RefCell::default(),
            claims: RefCell::default(),
        }
    }

    /// The source of the values.
    pub const fn source(&self) -> &T {
        &self.source
    }
}

impl<T: Default, I> Default for Memo<T, I> {
    fn default() -> Self {
        Self::new(T::default())
    }
}

/// The value of `key`, asked for only once if it can be told.
fn recall<K: Eq + Hash, V: Clone>(
    memory: &RefCell<FxHashMap<K, V>>,
    key: K,
    ask: impl FnOnce(&K) -> Result<V, TraceError>,
) -> Result<V, TraceError> {
    if let Some(known) = memory.borrow().get(&key) {
        return Ok(known.clone());
    }
    let value = ask(&key)?;
    memory.borrow_mut().insert(key, value.clone());
    Ok(value)
}

impl<T: Outputs, I> Outputs for Memo<T, I> {
    fn output(&self, block: U256) -> Result<B256, TraceError> {
        recall(&self.outputs, block, |block| self.source.output(*block))
    }

    fn safe_head(&self) -> U256 {
        self.source.safe_head()
    }

    fn evidence(&self, block: U256) -> Result<BlockEvidence, TraceError> {
        self.source.evidence(block)
    }
}

impl<T: SuperStates, I> SuperStates for Memo<T, I> {
    fn state(&self, place: SuperStep) -> Result<Bytes, TraceError> {
        recall(&self.states, place, |place| self.source.state(*place))
    }

    fn start(&self, timestamp: u64) -> Result<Bytes, TraceError> {
        self.source.start(timestamp)
    }

    fn source(&self, place: SuperStep) -> Option<String> {
        self.source.source(place)
    }
}

impl<I: Clone + Eq + Hash, T: Executions<I>> Executions<I> for Memo<T, I> {
    fn claim(&self, inputs: &I, index: u128) -> Result<B256, TraceError> {
        let key = (inputs.clone(), index);
        recall(&self.claims, key, |(inputs, index)| {
            self.source.claim(inputs, *index)
        })
    }

    fn step(&self, inputs: &I, index: u128) -> Result<StepData, TraceError> {
        self.source.step(inputs, index)
    }
}
