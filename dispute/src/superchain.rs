//! The guardian and its pauses: upstream's `SuperchainConfig`, with what its `SystemConfig` asks of it
//! for one chain.

use std::collections::BTreeMap;

use alloy_primitives::Address;

use crate::revert::Revert;

/// Seconds after which a pause lapses.
const PAUSE_EXPIRY: u64 = 7_884_000;

/// The guardian and its pauses.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Superchain {
    guardian: Address,
    /// The identifier of a pause of this chain alone: its portal or lockbox.
    chain: Address,
    /// Seconds after which a pause lapses; none if it does not.
    expiry: Option<u64>,
    /// By identifier, when each pause was set or extended last.
    pauses: BTreeMap<Address, u64>,
}

impl Superchain {
    /// A configuration without a pause. A pause under the identifier `chain` is for this chain, one under zero for all.
    pub const fn new(guardian: Address, chain: Address) -> Self {
        Self {
            guardian,
            chain,
            expiry: Some(PAUSE_EXPIRY),
            pauses: BTreeMap::new(),
        }
    }

    /// The configuration of 2024: one pause, under the identifier zero, which does not lapse.
    pub const fn of_2024(guardian: Address) -> Self {
        let mut superchain = Self::new(guardian, Address::ZERO);
        superchain.expiry = None;
        superchain
    }

    /// The guardian.
    pub const fn guardian(&self) -> Address {
        self.guardian
    }

    /// The identifier of a pause of this chain alone.
    pub const fn chain(&self) -> Address {
        self.chain
    }

    /// When the pause of this identifier was set or extended last, in seconds; 0 if there is none.
    pub fn pause_timestamp(&self, identifier: Address) -> u64 {
        self.pauses.get(&identifier).copied().unwrap_or_default()
    }

    /// Whether this chain is paused at `now`.
    pub fn is_paused(&self, now: u64) -> bool {
        [Address::ZERO, self.chain].into_iter().any(|identifier| {
            let since = self.pause_timestamp(identifier);
            let lapsed = |expiry| now >= since.saturating_add(expiry);
            since != 0 && !self.expiry.is_some_and(lapsed)
        })
    }

    /// Sets a pause.
    ///
    /// # Errors
    /// In this order: `SuperchainConfig_OnlyGuardian`, `SuperchainConfig_AlreadyPaused`, even if that pause has lapsed.
    pub fn pause(&mut self, from: Address, identifier: Address, now: u64) -> Result<(), Revert> {
        self.require_guardian(from)?;
        if self.pause_timestamp(identifier) != 0 {
            return Err(Revert::AlreadyPaused(identifier));
        }
        self.pauses.insert(identifier, now);
        Ok(())
    }

    /// Takes a pause back, if there is one.
    ///
    /// # Errors
    /// `SuperchainConfig_OnlyGuardian`.
    pub fn unpause(&mut self, from: Address, identifier: Address) -> Result<(), Revert> {
        self.require_guardian(from)?;
        self.pauses.remove(&identifier);
        Ok(())
    }

    /// Lets a pause begin anew.
    ///
    /// # Errors
    /// In this order: `SuperchainConfig_OnlyGuardian`, `SuperchainConfig_NotAlreadyPaused`.
    pub fn extend(&mut self, from: Address, identifier: Address, now: u64) -> Result<(), Revert> {
        self.require_guardian(from)?;
        if self.pause_timestamp(identifier) == 0 {
            return Err(Revert::NotAlreadyPaused(identifier));
        }
        self.pauses.insert(identifier, now);
        Ok(())
    }

    fn require_guardian(&self, from: Address) -> Result<(), Revert> {
        if from != self.guardian {
            return Err(Revert::OnlyGuardian);
        }
        Ok(())
    }
}
