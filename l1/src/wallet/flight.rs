//! One transaction on its way.

use super::watch::Trouble;
use super::{Progress, Request, SendError, Wallet};
use crate::signer::{Signed, Transaction};
use crate::{At, B256, Block, Error, Receipt, U256};
use std::time::Duration;

/// The most gas that one transaction may have since Osaka (EIP-7825).
const MOST_GAS: u64 = 1 << 24;

/// After how many looks in a row at which the nonce is used and none of ours is found that counts as
/// lost. One look is not enough, because a node may know a block a little before its receipts.
const MISSES: u32 = 3;

/// A node's words for: another transaction of the nonce waits, or the price is too low.
const TOO_CHEAP: [&str; 2] = ["underpriced", "replacementnotallowed"];
/// A node's words for: a transaction of the nonce is in the chain.
const NONCE_GONE: [&str; 2] = ["nonce too low", "oldnonce"];

/// A transaction on its way, with all transactions that were sent in its place.
pub(super) struct Flight<'a> {
    /// Its index among the transactions that are sent together.
    pub(super) place: usize,
    request: &'a Request,
    nonce: u64,
    gas: u64,
    fees: Fees,
    /// All transactions of this nonce, the newest last.
    signed: Vec<Signed>,
    /// Whether the node has not taken the newest yet.
    unsent: bool,
    /// The newest block when the first was sent, and when the last was.
    first_sent: Moment,
    last_sent: Moment,
    misses: u32,
    receipt: Option<Receipt>,
}

/// Wei for a unit of gas.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
struct Fees {
    max: u128,
    tip: u128,
}

impl Fees {
    /// The least fees of a replacement. Nodes ask for a tenth more.
    fn raised(self) -> Self {
        let raise = |fee: u128| fee.saturating_add(fee / 8).saturating_add(1);
        Self {
            max: raise(self.max),
            tip: raise(self.tip),
        }
    }

    fn at_least(self, other: Self) -> Self {
        Self {
            max: self.max.max(other.max),
            tip: self.tip.max(other.tip),
        }
    }
}

/// A block, as a moment.
#[derive(Clone, Copy, Debug)]
struct Moment {
    number: u64,
    time: u64,
}

impl Moment {
    const fn of(block: &Block) -> Self {
        Self {
            number: block.number,
            time: block.time,
        }
    }

    /// Whether this many blocks and this much L1 time lie between this and a later block.
    const fn is_past(self, head: &Block, blocks: u64, time: Duration) -> bool {
        head.number >= self.number.saturating_add(blocks)
            && head.time >= self.time.saturating_add(time.as_secs())
    }
}

impl<'a> Flight<'a> {
    pub(super) fn is_included(&self) -> bool {
        self.receipt.is_some()
    }

    pub(super) fn receipt(&self) -> Option<&Receipt> {
        self.receipt.as_ref()
    }

    pub(super) const fn request(&self) -> &'a Request {
        self.request
    }

    /// The wei that it may still take from the account.
    pub(super) fn cost(&self) -> U256 {
        match self.receipt {
            Some(_) => U256::ZERO,
            None => cost(self.request.value, self.gas, self.fees),
        }
    }

    pub(super) fn unsettled(&self, why: &str) -> SendError {
        SendError::Unsettled {
            what: self.request.what.clone(),
            why: why.to_owned(),
            nonce: self.nonce,
            transactions: self.signed.iter().map(|signed| signed.hash).collect(),
        }
    }
}

fn cost(value: U256, gas: u64, fees: Fees) -> U256 {
    let gas = U256::from(gas).saturating_mul(U256::from(fees.max));
    value.saturating_add(gas)
}

impl Wallet {
    /// Prepares a transaction and sends it. `spent` is what others on their way may take, in wei.
    pub(super) fn launch<'a>(
        &self,
        place: usize,
        request: &'a Request,
        nonce: u64,
        spent: U256,
        report: &mut dyn FnMut(Progress<'_>),
    ) -> Result<Flight<'a>, SendError> {
        let gas = match request.gas {
            Some(gas) => gas,
            None => self.gas(request)?,
        };
        let head = self.chain.block(At::Latest)?;
        let fees = self.fees(&head)?;
        let needed = cost(request.value, gas, fees).saturating_add(spent);
        let balance = self.chain.balance(self.address(), At::Latest)?;
        if balance < needed {
            return Err(SendError::Funds {
                what: request.what.clone(),
                account: self.address(),
                balance,
                needed,
                value: request.value,
                gas,
                max_fee: fees.max,
            });
        }
        let mut flight = Flight {
            place,
            request,
            nonce,
            gas,
            fees,
            signed: Vec::new(),
            unsent: true,
            first_sent: Moment::of(&head),
            last_sent: Moment::of(&head),
            misses: 0,
            receipt: None,
        };
        let hash = self.sign(&mut flight)?;
        report(Progress::Sending(request, nonce, hash));
        match self.hand_in(&mut flight, report) {
            Ok(()) => Ok(flight),
            Err(Trouble::Over(error)) => Err(error),
            Err(Trouble::Silent(error)) => {
                report(Progress::Silent(&error));
                Ok(flight)
            }
        }
    }

    /// A gas limit with something to spare, because the state may change before its block.
    fn gas(&self, request: &Request) -> Result<u64, SendError> {
        match self.chain.estimate(&self.call(request)) {
            Ok(gas) => Ok(gas.saturating_add(gas / 4).min(MOST_GAS.max(gas))),
            Err(Error::Reverted(revert)) => Err(SendError::WouldRevert {
                what: request.what.clone(),
                revert,
            }),
            Err(other) => Err(other.into()),
        }
    }

    /// The fees that are offered now: enough for a base fee that doubles.
    fn fees(&self, head: &Block) -> Result<Fees, Error> {
        let tip = self.chain.tip()?;
        let max = head.base_fee.saturating_mul(2).saturating_add(tip);
        Ok(self.capped(Fees { max, tip }))
    }

    fn capped(&self, fees: Fees) -> Fees {
        let max = fees.max.min(self.policy.max_fee);
        Fees {
            max,
            tip: fees.tip.min(max),
        }
    }

    fn sign(&self, flight: &mut Flight<'_>) -> Result<B256, SendError> {
        let signed = self.signer.sign(Transaction {
            chain_id: self.chain.chain_id(),
            nonce: flight.nonce,
            to: flight.request.to,
            data: flight.request.data.clone(),
            value: flight.request.value,
            gas: flight.gas,
            max_fee: flight.fees.max,
            tip: flight.fees.tip,
        })?;
        let hash = signed.hash;
        flight.signed.push(signed);
        flight.unsent = true;
        Ok(hash)
    }

    /// Sends the newest; if another transaction of its nonce waits, it is sent again with higher and
    /// higher fees. If the node refuses the nonce, the next look finds the reason.
    fn hand_in(
        &self,
        flight: &mut Flight<'_>,
        report: &mut dyn FnMut(Progress<'_>),
    ) -> Result<(), Trouble> {
        while let Some(newest) = flight.signed.last() {
            match self.chain.submit(&newest.raw) {
                Ok(()) => {
                    flight.unsent = false;
                    return Ok(());
                }
                Err(Error::Refused { message, .. }) if says(&message, &TOO_CHEAP) => {
                    if !self.raise(flight, flight.fees.raised(), report)? {
                        return Ok(());
                    }
                }
                Err(Error::Refused { message, .. }) if says(&message, &NONCE_GONE) => {
                    return Ok(());
                }
                Err(error @ Error::Refused { .. }) if flight.signed.len() > 1 => {
                    return Err(Trouble::Over(flight.unsettled(&error.to_string())));
                }
                Err(error) => return Err(error.into()),
            }
        }
        Ok(())
    }

    /// Signs a replacement that pays more, if the policy allows that much.
    fn raise(
        &self,
        flight: &mut Flight<'_>,
        dearer: Fees,
        report: &mut dyn FnMut(Progress<'_>),
    ) -> Result<bool, Trouble> {
        if self.capped(dearer) != dearer {
            return Ok(false);
        }
        let before = std::mem::replace(&mut flight.fees, dearer);
        let hash = match self.sign(flight) {
            Ok(hash) => hash,
            Err(error) => {
                flight.fees = before;
                return Err(match error {
                    SendError::Chain(
                        error @ (Error::Unreachable { .. } | Error::Refused { .. }),
                    ) => Trouble::Silent(error),
                    other => Trouble::Over(other),
                });
            }
        };
        report(Progress::Replacing(flight.request, hash));
        Ok(true)
    }

    /// Finds the transaction's state, and does what it needs.
    pub(super) fn look_after(
        &self,
        flight: &mut Flight<'_>,
        head: &Block,
        report: &mut dyn FnMut(Progress<'_>),
    ) -> Result<(), Trouble> {
        if let Some(receipt) = self.receipt(flight)? {
            let known = flight.receipt.as_ref().map(|known| known.block_hash);
            if known != Some(receipt.block_hash) {
                report(Progress::Included(flight.request, &receipt));
            }
            (flight.receipt, flight.misses) = (Some(receipt), 0);
            return Ok(());
        }
        if let Some(gone) = flight.receipt.take() {
            report(Progress::Dropped(flight.request, gone.transaction));
            (flight.first_sent, flight.last_sent) = (Moment::of(head), Moment::of(head));
            return self.hand_in(flight, report);
        }
        if self.chain.nonce(self.address(), false)? > flight.nonce {
            flight.misses += 1;
            if flight.misses >= MISSES {
                return Err(Trouble::Over(SendError::Taken {
                    what: flight.request.what.clone(),
                    nonce: flight.nonce,
                }));
            }
            return Ok(());
        }
        flight.misses = 0;
        let policy = &self.policy;
        if flight
            .first_sent
            .is_past(head, policy.give_up_after, policy.give_up_time)
        {
            let blocks = self.policy.give_up_after;
            let (fee, most) = (flight.fees.max, self.policy.max_fee);
            let why = format!(
                "at up to {fee} wei a unit of gas (at most {most} are allowed) it got into none of {blocks} blocks"
            );
            return Err(Trouble::Over(flight.unsettled(&why)));
        }
        if flight
            .last_sent
            .is_past(head, policy.replace_after, policy.replace_time)
        {
            flight.last_sent = Moment::of(head);
            let dearer = flight.fees.raised().at_least(self.fees(head)?);
            // If that is not allowed, the same is sent again, because the node may have forgotten it.
            self.raise(flight, dearer, report)?;
            return self.hand_in(flight, report);
        }
        if flight.unsent {
            return self.hand_in(flight, report);
        }
        Ok(())
    }

    fn receipt(&self, flight: &Flight<'_>) -> Result<Option<Receipt>, Error> {
        for signed in flight.signed.iter().rev() {
            if let Some(receipt) = self.chain.receipt(signed.hash)? {
                return Ok(Some(receipt));
            }
        }
        Ok(None)
    }
}

/// Whether a node says one of these in its own way: geth in words, Nethermind as `OldNonce`.
fn says(message: &str, words: &[&str]) -> bool {
    let message = message.to_ascii_lowercase();
    words.iter().any(|words| message.contains(words))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blocks_alone_are_no_clock() {
        let block = |number, time| Block {
            number,
            time,
            hash: B256::ZERO,
            parent: B256::ZERO,
            base_fee: 0,
        };
        let sent = Moment::of(&block(10, 1_000));
        let past = |number, time| sent.is_past(&block(number, time), 3, Duration::from_secs(30));
        // A node that makes a block for each transaction of a batch.
        assert!(!past(26, 1_016));
        assert!(!past(12, 1_100));
        assert!(past(13, 1_030));
    }
}
