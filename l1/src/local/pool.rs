//! Transactions that wait for a block.

use crate::{Address, B256, U256};
use alloy::consensus::{Signed, Transaction as _, TxEip1559};
use std::collections::BTreeMap;

/// A signed transaction and who sent it.
#[derive(Clone, Debug)]
pub(super) struct Waiting {
    pub(super) sender: Address,
    pub(super) signed: Signed<TxEip1559>,
}

impl Waiting {
    pub(super) fn hash(&self) -> B256 {
        *self.signed.hash()
    }

    pub(super) fn nonce(&self) -> u64 {
        self.signed.nonce()
    }

    /// The most wei that it takes from its sender.
    pub(super) fn cost(&self) -> U256 {
        let gas = U256::from(self.signed.gas_limit());
        let fee = gas.saturating_mul(U256::from(self.signed.max_fee_per_gas()));
        fee.saturating_add(self.signed.value())
    }

    /// Whether it pays a tenth more than another, as nodes require of a replacement.
    fn outbids(&self, other: &Self) -> bool {
        let more = |new: u128, old: u128| new >= old.saturating_add(old / 10) && new > old;
        let tip = |waiting: &Self| waiting.signed.max_priority_fee_per_gas().unwrap_or(0);
        more(
            self.signed.max_fee_per_gas(),
            other.signed.max_fee_per_gas(),
        ) && more(tip(self), tip(other))
    }
}

/// Transactions that wait, by sender and nonce.
#[derive(Default)]
pub(super) struct Pool(BTreeMap<(Address, u64), Waiting>);

impl Pool {
    /// Takes a transaction; `false` if another of its nonce waits and it does not pay enough more.
    pub(super) fn put(&mut self, waiting: Waiting) -> bool {
        let place = (waiting.sender, waiting.nonce());
        let refused = self
            .0
            .get(&place)
            .is_some_and(|other| other.hash() != waiting.hash() && !waiting.outbids(other));
        if !refused {
            self.0.insert(place, waiting);
        }
        !refused
    }

    /// The nonce after all transactions that wait without a gap.
    pub(super) fn next_nonce(&self, account: Address, mined: u64) -> u64 {
        let in_a_row = |nonce: &u64| self.0.contains_key(&(account, *nonce));
        mined.saturating_add((mined..).take_while(in_a_row).count() as u64)
    }

    /// Takes out all waiting transactions, those of each sender by nonce.
    pub(super) fn take(&mut self) -> impl Iterator<Item = Waiting> + use<> {
        std::mem::take(&mut self.0).into_values()
    }

    pub(super) fn clear(&mut self) {
        self.0.clear();
    }
}
