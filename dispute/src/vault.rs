//! The vault that holds the bonds: wrapped ether with delayed withdrawal (upstream's
//! `DelayedWETH`).
//!
//! A game deposits bonds to its own account, *unlocks* what a player has won, and can withdraw that
//! for the player when the delay since the last unlock is over. The owner can intervene meanwhile.

use std::collections::BTreeMap;

use alloy_primitives::Address;

use crate::revert::Revert;
use crate::version::Version;

/// The amount that an account has unlocked for a player.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Withdrawal {
    /// In wei.
    pub amount: u128,
    /// L1 time of the last unlock, in seconds.
    pub timestamp: u64,
}

/// The vault. Amounts are wei in 128 bits: more than there will ever be.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Vault {
    owner: Address,
    delay: u64,
    address: Address,
    version: Version,
    ether: u128,
    balances: BTreeMap<Address, u128>,
    allowances: BTreeMap<(Address, Address), u128>,
    withdrawals: BTreeMap<(Address, Address), Withdrawal>,
}

impl Vault {
    /// An empty vault of `owner`, with `delay` seconds between unlock and withdrawal.
    pub const fn new(owner: Address, delay: u64) -> Self {
        Self {
            owner,
            delay,
            address: Address::ZERO,
            version: Version::V1_3,
            ether: 0,
            balances: BTreeMap::new(),
            allowances: BTreeMap::new(),
            withdrawals: BTreeMap::new(),
        }
    }

    /// An empty vault of a release, whose contract is at `address`.
    pub const fn at(address: Address, version: Version, owner: Address, delay: u64) -> Self {
        let mut vault = Self::new(owner, delay);
        (vault.address, vault.version) = (address, version);
        vault
    }

    /// Who may intervene.
    pub const fn owner(&self) -> Address {
        self.owner
    }

    /// Its contract.
    pub const fn address(&self) -> Address {
        self.address
    }

    /// Seconds between unlock and withdrawal.
    pub const fn delay(&self) -> u64 {
        self.delay
    }

    /// Ether that the vault holds, in wei.
    pub const fn ether(&self) -> u128 {
        self.ether
    }

    /// Wei that `account` has in the vault.
    pub fn balance(&self, account: Address) -> u128 {
        self.balances.get(&account).copied().unwrap_or_default()
    }

    /// The amount that `account` has unlocked for `player`.
    pub fn withdrawal(&self, account: Address, player: Address) -> Withdrawal {
        self.withdrawals
            .get(&(account, player))
            .copied()
            .unwrap_or_default()
    }

    /// The time from which on the amount that `account` has unlocked for `player` can be withdrawn, in seconds.
    pub fn payable_from(&self, account: Address, player: Address) -> u64 {
        let unlocked = self.withdrawal(account, player);
        unlocked.timestamp.saturating_add(self.delay)
    }

    /// Deposits `wei` for `account`.
    pub fn deposit(&mut self, account: Address, wei: u128) {
        self.ether = self.ether.saturating_add(wei);
        self.credit(account, wei);
    }

    /// Adds `wei` to the amount that `account` has unlocked for `player`, and starts the delay again.
    pub fn unlock(&mut self, account: Address, player: Address, wei: u128, now: u64) {
        let withdrawal = self.withdrawals.entry((account, player)).or_default();
        withdrawal.timestamp = now;
        withdrawal.amount = withdrawal.amount.saturating_add(wei);
    }

    /// Pays out to `account` `wei` of what it has unlocked for `player`, unless the guardian has `paused`
    /// that.
    ///
    /// # Errors
    /// Upstream's messages: paused, more than unlocked, never unlocked, delay not over; without a
    /// reason if the account or the vault does not have that much.
    pub fn withdraw(
        &mut self,
        account: Address,
        player: Address,
        wei: u128,
        now: u64,
        paused: bool,
    ) -> Result<(), Revert> {
        let unlocked = self.withdrawal(account, player);
        if paused {
            return Err(Revert::Message("DelayedWETH: contract is paused"));
        }
        if unlocked.amount < wei {
            return Err(Revert::Message(
                "DelayedWETH: insufficient unlocked withdrawal",
            ));
        }
        if unlocked.timestamp == 0 {
            return Err(Revert::Message("DelayedWETH: withdrawal not unlocked"));
        }
        if unlocked
            .timestamp
            .checked_add(self.delay)
            .is_none_or(|end| end > now)
        {
            return Err(Revert::Message("DelayedWETH: withdrawal delay not met"));
        }
        let balance = self
            .balance(account)
            .checked_sub(wei)
            .ok_or(Revert::Empty)?;
        self.ether = self.ether.checked_sub(wei).ok_or(Revert::Empty)?;
        self.balances.insert(account, balance);
        if let Some(withdrawal) = self.withdrawals.get_mut(&(account, player)) {
            withdrawal.amount -= wei;
        }
        Ok(())
    }

    /// Undoes a [`Vault::withdraw`].
    pub(crate) fn put_back(&mut self, account: Address, player: Address, wei: u128) {
        self.deposit(account, wei);
        let withdrawal = self.withdrawals.entry((account, player)).or_default();
        withdrawal.amount = withdrawal.amount.saturating_add(wei);
    }

    /// Takes ether out for the owner, whoever it belongs to: at most `wei`, and at most all. Returns the
    /// amount.
    ///
    /// # Errors
    /// A message if `from` is not the owner.
    pub fn recover(&mut self, from: Address, wei: u128) -> Result<u128, Revert> {
        self.require_owner(from)?;
        let amount = wei.min(self.ether);
        self.ether -= amount;
        Ok(amount)
    }

    /// Takes `wei` from `account` for the owner. In 2024 it allows the owner to transfer that much;
    /// `u128::MAX` stands for the contract's 2^256 - 1, which allows any amount for good.
    ///
    /// # Errors
    /// A message if `from` is not the owner; without a reason if it takes more than there is.
    pub fn hold(&mut self, from: Address, account: Address, wei: u128) -> Result<(), Revert> {
        self.require_owner(from)?;
        if !self.version.holds_at_once() {
            self.allowances.insert((account, from), wei);
            return Ok(());
        }
        let balance = self
            .balance(account)
            .checked_sub(wei)
            .ok_or(Revert::Empty)?;
        // The owner's allowance is used up at once; for its own account it needs none.
        let left = if account == from { wei } else { 0 };
        self.allowances.insert((account, from), left);
        self.balances.insert(account, balance);
        self.credit(from, wei);
        Ok(())
    }

    /// Transfers `wei` from `source` to `target`, as `from` has been allowed.
    ///
    /// # Errors
    /// Without a reason if the source does not have that much, or `from` is not allowed that much.
    pub fn transfer_from(
        &mut self,
        from: Address,
        source: Address,
        target: Address,
        wei: u128,
    ) -> Result<(), Revert> {
        let balance = self.balance(source).checked_sub(wei).ok_or(Revert::Empty)?;
        if source != from {
            let key = (source, from);
            let allowed = self.allowances.get(&key).copied().unwrap_or_default();
            let rest = allowed.checked_sub(wei).ok_or(Revert::Empty)?;
            if allowed != u128::MAX {
                self.allowances.insert(key, rest);
            }
        }
        self.balances.insert(source, balance);
        self.credit(target, wei);
        Ok(())
    }

    fn credit(&mut self, account: Address, wei: u128) {
        let balance = self.balances.entry(account).or_default();
        *balance = balance.saturating_add(wei);
    }

    fn require_owner(&self, from: Address) -> Result<(), Revert> {
        if from != self.owner {
            return Err(Revert::Message("DelayedWETH: not owner"));
        }
        Ok(())
    }
}
