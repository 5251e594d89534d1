//! A memory for what is asked again and again.

use std::cell::RefCell;
use std::hash::Hash;

use alloy_primitives::{B256, U256};
use rustc_hash::FxHashMap;

use super::{Executions, Inputs, Outputs, StepData, TraceError};
use crate::game::block_number::BlockEvidence;

/// Remembers the outputs and claims of `T`. Several claims of a game stand for the same block or
/// instruction, and several players may ask.
#[derive(Clone, Debug, Default)]
pub struct Memo<T> {
    source: T,
    outputs: RefCell<FxHashMap<U256, B256>>,
    claims: RefCell<FxHashMap<(Inputs, u128), B256>>,
}

impl<T> Memo<T> {
    /// A memory with nothing in it.
    pub fn new(source: T) -> Self {
        Self {
            source,
            outputs: RefCell::default(),
            claims: RefCell::default(),
        }
    }

    /// What is asked.
    pub const fn source(&self) -> &T {
        &self.source
    }
}

/// The value of `key`, asked for only once if it can be told.
fn recall<K: Copy + Eq + Hash>(
    memory: &RefCell<FxHashMap<K, B256>>,
    key: K,
    ask: impl FnOnce() -> Result<B256, TraceError>,
) -> Result<B256, TraceError> {
    if let Some(known) = memory.borrow().get(&key) {
        return Ok(*known);
    }
    let value = ask()?;
    memory.borrow_mut().insert(key, value);
    Ok(value)
}

impl<T: Outputs> Outputs for Memo<T> {
    fn output(&self, block: U256) -> Result<B256, TraceError> {
        recall(&self.outputs, block, || self.source.output(block))
    }

    fn safe_head(&self) -> U256 {
        self.source.safe_head()
    }

    fn evidence(&self, block: U256) -> Result<BlockEvidence, TraceError> {
        self.source.evidence(block)
    }
}

impl<T: Executions> Executions for Memo<T> {
    fn claim(&self, inputs: &Inputs, index: u128) -> Result<B256, TraceError> {
        recall(&self.claims, (*inputs, index), || {
            self.source.claim(inputs, index)
        })
    }

    fn step(&self, inputs: &Inputs, index: u128) -> Result<StepData, TraceError> {
        self.source.step(inputs, index)
    }
}
