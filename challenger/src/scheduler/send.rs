//! Sends transactions together, as far as the account's money allows.

use alloy_primitives::U256;
use fpvm_l1::{At, Call, Error, Progress, Request};

use super::{GameScheduler, Round, SchedulerError, TraceSource};
use crate::event::{Event, EventSink};
use crate::player::PlannedTx;
use crate::read::Reader;
use crate::reasons;

/// The most transactions that are on their way at once, because nodes are sure to keep only a few of an account.
const BATCH: usize = 16;

/// Why a transaction is not sent.
enum Undone {
    /// Somebody else has done it first.
    Overtaken,
    /// The reason, in words.
    Refused(String),
}

impl<K: TraceSource> GameScheduler<K> {
    /// Sends the transactions that can be sent; gives those that are refused, and why. None depends on another, so a
    /// refusal holds up nothing, and what to do is decided anew at the next block.
    pub(super) fn send<'d>(
        &mut self,
        nonce: u64,
        planned: &'d [PlannedTx],
        reader: &Reader<'_>,
        round: &mut Round,
        sink: &mut EventSink<'_>,
    ) -> Result<Vec<(&'d PlannedTx, String)>, SchedulerError> {
        let account = self.account();
        let mut left = match round.done {
            0 => self.balance(&reader.block)?,
            // Transactions that were sent in this round have cost something.
            _ => self.chain.balance(account, At::Latest)?,
        };
        let price = reader.block.base_fee.saturating_mul(2);
        let price = price.saturating_add(self.chain.tip()?);
        let price = U256::from(price.min(self.options.policy.max_fee));
        let (mut going, mut undone): (Vec<(&PlannedTx, Request)>, Vec<_>) =
            (Vec::new(), Vec::new());
        for tx in planned {
            if going.len() == BATCH {
                break;
            }
            let request = match self.estimated(&tx.request) {
                Ok(request) => request,
                Err(Error::Reverted(revert)) => {
                    let why = if reasons::is_done_already(tx.kind, &revert) {
                        Undone::Overtaken
                    } else {
                        Undone::Refused(reasons::describe(&revert))
                    };
                    undone.push((tx, why));
                    continue;
                }
                // geth says this about calls that cost more than the account has.
                Err(Error::Refused { message, .. }) => {
                    undone.push((tx, Undone::Refused(message)));
                    continue;
                }
                Err(other) => return Err(other.into()),
            };
            let gas = U256::from(request.gas.unwrap_or_default());
            let cost = gas.saturating_mul(price).saturating_add(request.value);
            match left.checked_sub(cost) {
                Some(rest) => left = rest,
                None => {
                    let (have, cost) = (fpvm_l1::ether(left), fpvm_l1::ether(cost));
                    let why = format!("{account} has {have} left, and it takes up to {cost}");
                    undone.push((tx, Undone::Refused(why)));
                    continue;
                }
            }
            going.push((tx, request));
        }
        let requests: Vec<_> = going.iter().map(|(_, request)| request.clone()).collect();
        let mut report = |progress: Progress<'_>| sink.progress(&progress);
        let outcomes = self.hasty.send_each_from(nonce, &requests, &mut report)?;
        for ((tx, _), outcome) in going.iter().zip(outcomes) {
            match outcome {
                Ok(receipt) => {
                    round.done += 1;
                    sink.emit(Event::done(tx, &receipt));
                }
                Err(error) if reasons::was_done_already(tx.kind, &error) => {
                    undone.push((tx, Undone::Overtaken));
                }
                Err(error) => undone.push((tx, Undone::Refused(reasons::sending(&error)))),
            }
        }
        let mut refused = Vec::new();
        for (tx, why) in undone {
            match why {
                Undone::Overtaken => {
                    round.overtaken += 1;
                    sink.emit(Event::overtaken(tx));
                }
                Undone::Refused(why) => refused.push((tx, why)),
            }
        }
        Ok(refused)
    }

    /// A request with a gas limit, so that several can be sent at once.
    fn estimated(&self, request: &Request) -> Result<Request, Error> {
        let gas = match request.gas {
            Some(gas) => gas,
            None => {
                let gas = self.chain.estimate(&Call {
                    from: self.account(),
                    to: request.to,
                    data: request.data.clone(),
                    value: request.value,
                })?;
                // Other transactions of the same block may change its cost.
                gas.saturating_add(gas / 3)
            }
        };
        Ok(Request {
            gas: Some(gas),
            ..request.clone()
        })
    }
}
