//! Remembers the questions of each block, so that few calls ask them at the next.
//!
//! Looking at many games puts nearly the same questions at each block. A [`Memory`] keeps the questions of the
//! last round, asks them all at the beginning of the next one in a few calls, and answers from that. A question
//! that is new goes to the chain alone; one that was not asked in a round is dropped. Blocks are remembered by
//! their hashes, because those never change.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Mutex, MutexGuard, PoisonError};

use alloy_primitives::{Address, B256, Bytes};
use fpvm_l1::{At, Block, Chain};

use super::batch::{self, Answer, Question};

/// The most blocks that are remembered.
const BLOCKS: usize = 256;
/// The most rounds for which each question goes alone after a node has refused several in one call. The first
/// refusal takes one round, and each one after it twice as many as the one before.
const REST: u32 = 64;

/// The questions of one round after the other, and their answers at the newest block.
#[derive(Debug, Default)]
pub struct Memory(Mutex<Inner>);

#[derive(Debug, Default)]
struct Inner {
    /// The block that the answers are of.
    at: B256,
    answers: BTreeMap<Question, Answer>,
    /// What has been asked in this round.
    asked: BTreeSet<Question>,
    /// The addresses that are contracts at that block.
    contracts: BTreeSet<Address>,
    /// Questions that wait to be asked together; none if each goes to the chain at once.
    put_off: Option<BTreeSet<Question>>,
    /// Questions that found no answer together.
    alone: BTreeSet<Question>,
    /// Blocks by their hashes, and the hashes from the oldest on.
    blocks: BTreeMap<B256, Block>,
    /// The rounds that are left of a rest, and the length of the last rest in rounds.
    rest: [u32; 2],
}

impl Memory {
    fn inner(&self) -> MutexGuard<'_, Inner> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Begins a round at a block: asks there what was asked in the last one.
    pub(super) fn begin(&self, chain: &dyn Chain, block: &Block) {
        self.learn_block(block);
        let mut inner = self.inner();
        if inner.at == block.hash {
            return;
        }
        inner.at = block.hash;
        inner.contracts.clear();
        inner.alone.clear();
        let before = std::mem::take(&mut inner.answers);
        let asked = std::mem::take(&mut inner.asked);
        let [left, _] = &mut inner.rest;
        if *left > 0 {
            *left -= 1;
            return;
        }
        // The lock is not held while the chain is asked.
        drop(inner);
        let expected = |question: &Question| match before.get(question) {
            Some(Ok(data)) => data.len(),
            Some(Err(revert)) => revert.0.len(),
            None => 32,
        };
        let (mut answers, mut refused) = (BTreeMap::new(), false);
        let asked: Vec<_> = asked.into_iter().collect();
        let mut rest = asked.as_slice();
        while rest.len() > 1 && !refused {
            let count = batch::fitting(rest.iter().map(|question| (question, expected(question))));
            let (now, later) = rest.split_at(count);
            match batch::ask(chain, At::Hash(block.hash), now) {
                Ok(Some(found)) => answers.extend(now.iter().cloned().zip(found)),
                Ok(None) => refused = true,
                Err(error) => {
                    let error = error.to_string();
                    tracing::debug!(target: "l1", error, "Several questions in one call are refused");
                    refused = true;
                }
            }
            rest = later;
        }
        let mut inner = self.inner();
        inner.answers.append(&mut answers);
        let [_, before] = inner.rest;
        let next = if refused {
            (before * 2).clamp(1, REST)
        } else {
            0
        };
        inner.rest = [next; 2];
    }

    /// What is known of a question at a block.
    pub(super) fn answer(&self, block: &Block, contract: Address, data: &Bytes) -> Option<Answer> {
        let mut inner = self.inner();
        if inner.at != block.hash {
            return None;
        }
        let question = (contract, data.clone());
        let answer = inner.answers.get(&question).cloned();
        inner.asked.insert(question);
        answer
    }

    /// Remembers the answer to a question that was asked alone.
    pub(super) fn learn(&self, block: &Block, contract: Address, data: Bytes, answer: &Answer) {
        let mut inner = self.inner();
        if inner.at == block.hash {
            inner.answers.insert((contract, data), answer.clone());
        }
    }

    /// Puts off those questions that have no answer yet, if questions are put off; gives whether there are any.
    pub(super) fn puts_off(
        &self,
        block: &Block,
        contract: Address,
        calls: impl IntoIterator<Item = Bytes>,
    ) -> bool {
        let mut inner = self.inner();
        let inner = &mut *inner;
        let Some(put_off) = inner.put_off.as_mut().filter(|_| inner.at == block.hash) else {
            return false;
        };
        let questions = calls.into_iter().map(|data| (contract, data));
        let is_open = |question: &Question| {
            !inner.answers.contains_key(question) && !inner.alone.contains(question)
        };
        let mut is_any = false;
        for question in questions.filter(is_open) {
            is_any = true;
            put_off.insert(question);
        }
        is_any
    }

    /// Begins or ends to put questions off; those that wait.
    pub(super) fn put_off(&self, begin: bool) -> Vec<Question> {
        let next = begin.then(BTreeSet::new);
        let waiting = std::mem::replace(&mut self.inner().put_off, next);
        waiting.into_iter().flatten().collect()
    }

    /// Remembers the answers to questions that were asked together; none for those that have to be asked alone.
    pub(super) fn learn_together(
        &self,
        block: &Block,
        found: impl IntoIterator<Item = (Question, Option<Answer>)>,
    ) {
        let mut inner = self.inner();
        if inner.at != block.hash {
            return;
        }
        for (question, answer) in found {
            match answer {
                Some(answer) => drop(inner.answers.insert(question, answer)),
                None => drop(inner.alone.insert(question)),
            }
        }
    }

    pub(super) fn is_contract(&self, block: &Block, at: Address) -> bool {
        let inner = self.inner();
        inner.at == block.hash && inner.contracts.contains(&at)
    }

    pub(super) fn learn_contract(&self, block: &Block, at: Address) {
        let mut inner = self.inner();
        if inner.at == block.hash {
            inner.contracts.insert(at);
        }
    }

    pub(super) fn block(&self, hash: B256) -> Option<Block> {
        self.inner().blocks.get(&hash).copied()
    }

    pub(super) fn learn_block(&self, block: &Block) {
        let mut inner = self.inner();
        inner.blocks.insert(block.hash, *block);
        if inner.blocks.len() > BLOCKS {
            let newest = block.number;
            let kept = |old: &Block| old.number.saturating_add(BLOCKS as u64 / 2) > newest;
            inner.blocks.retain(|_, old| kept(old));
        }
    }
}
