//! The alphabet VM, upstream's toy for tests of the game: a state is a letter, the next state is the
//! next letter. It works for executions of up to 16 instructions.

use alloy_primitives::{B256, U256, keccak256};

use super::{StepContext, Vm};
use crate::claim::VmStatus;
use crate::game::context::ident;
use crate::oracle::local_key;
use crate::revert::{Panic, Revert};

/// The VM, for executions that start at the state that `absolute_prestate` claims.
#[derive(Clone, Copy, Debug)]
pub struct AlphabetVm {
    /// Claim about the first state, which is one word: the letter before the first.
    pub absolute_prestate: B256,
}

impl Vm for AlphabetVm {
    fn step(&self, at: &StepContext<'_>, state: &[u8], _proof: &[u8]) -> Result<B256, Revert> {
        let overflow = Revert::Panic(Panic::Arithmetic);
        let word = |index: usize| {
            let bytes = state.get(32 * index..32 * (index + 1));
            bytes.map(U256::from_be_slice).ok_or(Revert::Empty)
        };
        let is_first = keccak256(state).get(1..) == self.absolute_prestate.get(1..);
        let (index, letter) = if is_first {
            let key = local_key(at.game, U256::from(ident::L2_BLOCK), at.context);
            let (block, _) = at.oracle.read(key, 0)?;
            // The part is the length and then the number; upstream takes the number's low 32 bits.
            let block = U256::from_be_bytes(block.0).wrapping_shr(128) & U256::from(u32::MAX);
            let before = block.checked_sub(U256::ONE).ok_or(overflow.clone())?;
            let index = before.wrapping_shl(4);
            (index, word(0)?.checked_add(index).ok_or(overflow)?)
        } else {
            let next = |index| word(index)?.checked_add(U256::ONE).ok_or(overflow.clone());
            // Both words are decoded before either is counted up.
            word(1)?;
            (next(0)?, next(1)?)
        };
        Ok(VmStatus::Invalid.stamp(keccak256(encode(index, letter))))
    }
}

/// A state: its trace index and its letter, a word each.
pub fn encode(index: U256, letter: U256) -> Vec<u8> {
    [B256::from(index), B256::from(letter)].concat()
}
