//! Several nodes of one chain: who is asked, and whether they say the same.
//!
//! They are asked in the order they are named in. One that fails rests for a while, and the next one answers. Every so often
//! all that answer are compared: one that is on another chain, behind, or on another fork is left out until it is no more.

use super::node::{LeftOut, Node};
use super::refusal::Silence;
use super::{Failed, Rpc};
use crate::{B256, Error};
use alloy::rpc::types::Block;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use std::sync::PoisonError;
use std::time::{Duration, Instant};

/// How several nodes are dealt with.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Limits {
    /// How long one gets for an answer.
    pub timeout: Duration,
    /// How often they are compared.
    pub compare_every: Duration,
    /// How many blocks behind the others a node may be.
    pub behind: u64,
    /// So many blocks below the newest that all have they have to agree: above that reorgs are usual.
    pub depth: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            timeout: Duration::from_secs(10),
            compare_every: Duration::from_secs(12),
            behind: 5,
            depth: 3,
        }
    }
}

/// What nodes said in place of an answer that is taken.
pub(super) struct Missed<T> {
    /// The first answer that is not what was hoped for, such as a block that is not there.
    other: Option<T>,
    /// The first error that counts as an answer, else the first that may be one.
    answered: Option<Failed>,
    may_be: Option<Failed>,
    /// Who did not answer, and why.
    silent: Vec<(String, String)>,
    /// How long to wait, where somebody says so.
    after: Option<Duration>,
}

impl<T> Missed<T> {
    pub(super) fn take(&mut self, node: &Node, failed: Failed) {
        let place = match failed.silence {
            Silence::Answered => &mut self.answered,
            Silence::MayPass => &mut self.may_be,
            Silence::Passes => {
                self.silent.push((node.name.clone(), failed.why));
                self.after = self.after.max(failed.after);
                return;
            }
        };
        place.get_or_insert(failed);
    }

    /// What it comes to: an answer, or whether to ask again, and why.
    pub(super) fn end(self) -> Result<T, Again> {
        if let Some(other) = self.other {
            return Ok(other);
        }
        if let Some(failed) = self.answered {
            return Err(Again::No(failed.error));
        }
        if let Some(failed) = self.may_be {
            return Err(Again::Maybe(failed.error, failed.why));
        }
        let why = match &*self.silent {
            [(_, why)] => why.clone(),
            all => {
                let all = all.iter().map(|(node, why)| format!("{node}: {why}"));
                all.collect::<Vec<_>>().join("; ")
            }
        };
        Err(Again::Yes(why, self.after))
    }
}

/// Whether nodes are asked again.
pub(super) enum Again {
    /// No: the error is the answer.
    No(Error),
    /// For a while.
    Maybe(Error, String),
    /// As long as there is patience, after so long a wait at least.
    Yes(String, Option<Duration>),
}

impl Rpc {
    /// Asks one after the other until an answer is as hoped for.
    pub(super) fn ask_each<T: DeserializeOwned>(
        &self,
        method: &'static str,
        params: &Value,
        hoped: &dyn Fn(&T) -> bool,
    ) -> Result<T, Again> {
        let mut missed = Missed {
            other: None,
            answered: None,
            may_be: None,
            silent: Vec::new(),
            after: None,
        };
        if let [only] = &*self.nodes {
            match only.ask(method, params) {
                Ok(answer) => return Ok(answer),
                Err(failed) => missed.take(only, failed),
            }
            return missed.end();
        }
        if !self
            .nodes
            .iter()
            .any(|node| node.is_trusted() && node.is_awake())
        {
            self.compare();
        }
        for node in &self.nodes {
            if !self.is_ready(node) {
                let why = node.trouble().unwrap_or_default();
                missed.silent.push((node.name.clone(), why));
                continue;
            }
            let begun = Instant::now();
            match node.ask(method, params) {
                Ok(answer) if hoped(&answer) => return Ok(answer),
                Ok(answer) => {
                    missed.other.get_or_insert(answer);
                }
                // No other node knows better.
                Err(failed) if matches!(failed.error, Error::Reverted(_)) => {
                    return Err(Again::No(failed.error));
                }
                Err(failed) => {
                    node.rest(&failed, begun);
                    missed.take(node, failed);
                }
            }
        }
        let rests = self.nodes.iter().filter_map(|node| node.rests_until());
        let rest = rests
            .min()
            .map(|until| until.saturating_duration_since(Instant::now()));
        missed.after = missed.after.or(rest);
        missed.end()
    }

    /// Whether a node can be asked: one that was away has to be on the right chain.
    fn is_ready(&self, node: &Node) -> bool {
        if !node.is_awake() || node.left_out().is_some() {
            return false;
        }
        node.is_checked() || self.check(node)
    }

    /// Asks a node which chain it is on; whether it is the right one.
    fn check(&self, node: &Node) -> bool {
        let begun = Instant::now();
        match super::chain_id(node) {
            Ok(found) if found == self.chain_id => {
                node.is_back();
                true
            }
            Ok(found) => {
                node.leave_out(Some(LeftOut::Chain(found)));
                false
            }
            Err(failed) => {
                node.rest(&failed, begun);
                false
            }
        }
    }

    /// Asks all that are not at rest, at once.
    fn ask_all<'n, R: Send>(
        &'n self,
        ask: impl Fn(&'n Node) -> Option<R> + Sync,
    ) -> Vec<(&'n Node, R)> {
        at_once(
            self.nodes
                .iter()
                .filter(|node| node.is_awake())
                .map(|node| &**node),
            ask,
        )
    }

    /// Compares the nodes, if that was not done a short while ago.
    pub(super) fn compare(&self) {
        {
            let mut compared = self.compared.lock().unwrap_or_else(PoisonError::into_inner);
            let every = self.limits.compare_every;
            if compared.is_some_and(|at| at.elapsed() < every) {
                return;
            }
            *compared = Some(Instant::now());
        }
        let heads = self.ask_all(|node| {
            let is_right = match node.left_out() {
                // It may be another node by now.
                Some(LeftOut::Chain(_)) => self.check(node),
                _ => node.is_checked() || self.check(node),
            };
            let head = is_right.then(|| self.head(node, "latest".into())).flatten();
            head.map(|head| head.header.number)
        });
        self.judge(heads);
    }

    /// A block of a node; one that fails rests.
    fn head(&self, node: &Node, which: Value) -> Option<Block<B256>> {
        let begun = Instant::now();
        let found = node.ask("eth_getBlockByNumber", &json!([which, false]));
        found.map_err(|failed| node.rest(&failed, begun)).ok()?
    }

    /// Leaves out who is behind, or on another fork.
    fn judge(&self, heads: Vec<(&Node, u64)>) {
        let mut sorted: Vec<_> = heads.iter().map(|(_, head)| *head).collect();
        sorted.sort_unstable();
        // Not the newest: one node may be anywhere.
        let Some(middle) = sorted.get(sorted.len().saturating_sub(1) / 2) else {
            return;
        };
        let is_behind = |head: u64, best: u64| head.saturating_add(self.limits.behind) < best;
        let (slow, others): (Vec<_>, Vec<_>) = heads
            .into_iter()
            .partition(|(_, head)| is_behind(*head, *middle));
        let common = others.iter().map(|(_, head)| *head).min().unwrap_or(0);
        let number = common.saturating_sub(self.limits.depth);
        let hashes = at_once(others.iter().map(|(node, _)| *node), |node| {
            let block = self.head(node, format!("{number:#x}").into());
            block.map(|block| block.header.hash)
        });
        let Some((ours, by)) = self.common_hash(&hashes) else {
            return;
        };
        let mut best = *middle;
        for (node, hash) in &hashes {
            if *hash != ours {
                let why = format!("block {number} is {hash} there, and {ours} at {by}");
                node.leave_out(Some(LeftOut::Fork(why)));
            } else if let Some((_, head)) = others.iter().find(|(of, _)| of.name == node.name) {
                best = best.max(*head);
            }
        }
        let on_it = hashes.iter().filter(|(_, hash)| *hash == ours);
        let on_it =
            on_it.filter_map(|(node, _)| others.iter().find(|(of, _)| of.name == node.name));
        for (node, head) in on_it.chain(&slow) {
            let behind = is_behind(*head, best).then(|| LeftOut::Behind(best - head));
            match (node.left_out(), &behind) {
                // It does not show that it agrees.
                (Some(LeftOut::Fork(_)), Some(_)) => {}
                _ => node.leave_out(behind),
            }
        }
    }

    /// The hash that most have, and who has it first. Where as many say the one as the other, whoever was not on another
    /// fork before and is named first is believed; nodes that were all on another fork decide only where they are more
    /// than half of all.
    fn common_hash(&self, hashes: &[(&Node, B256)]) -> Option<(B256, String)> {
        let is_fork = |node: &Node| matches!(node.left_out(), Some(LeftOut::Fork(_)));
        let weight = |hash: B256| {
            let who = || hashes.iter().filter(move |(_, of)| *of == hash);
            (who().count(), who().any(|(node, _)| !is_fork(node)))
        };
        // Of equal ones the last is the greatest.
        let (node, hash) = hashes.iter().rev().max_by_key(|(_, hash)| weight(*hash))?;
        let (count, is_trusted) = weight(*hash);
        let decides = is_trusted || count * 2 > self.nodes.len();
        decides.then(|| (*hash, node.name.clone()))
    }

    /// Asks each node beside the first that can be asked, and gives the most that one says.
    pub(super) fn most(&self, method: &'static str, params: &Value) -> Option<u64> {
        let others = self.nodes.iter().filter(|node| node.is_trusted());
        let others = others.filter(|node| node.is_awake()).map(|node| &**node);
        let said = at_once(others, |node| {
            let number: crate::U256 = node.ask(method, params).ok()?;
            u64::try_from(number).ok()
        });
        said.into_iter().map(|(_, number)| number).max()
    }
}

/// Asks several at once; the answers of those that have one, in their order.
pub(super) fn at_once<'n, R: Send>(
    nodes: impl Iterator<Item = &'n Node>,
    ask: impl Fn(&'n Node) -> Option<R> + Sync,
) -> Vec<(&'n Node, R)> {
    let ask = &ask;
    std::thread::scope(|scope| {
        let asked: Vec<_> = nodes
            .map(|node| (node, scope.spawn(move || ask(node))))
            .collect();
        let answers = asked.into_iter();
        // Nobody panics there.
        let answers = answers.map(|(node, answer)| Some((node, answer.join().ok()??)));
        answers.flatten().collect()
    })
}
