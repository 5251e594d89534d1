//! A player at the game, with its account.

use super::story::Teller;
use anyhow::{anyhow, bail};
use fpvm_challenger::player::{Kind, Player, Strategy, Turn};
use fpvm_challenger::read::Reader;
use fpvm_challenger::read::watch::GameWatcher;
use fpvm_challenger::reasons;
use fpvm_dispute::trace::Trace;
use fpvm_l1::{Address, SendError, Wallet};

/// A player at a game.
pub(super) struct Seat<T> {
    wallet: Wallet,
    player: Player<T>,
    is_honest: bool,
}

/// Something that was done.
pub(super) struct Done {
    /// Who did it.
    pub(super) by: Address,
    /// What it was.
    pub(super) kind: Kind,
    /// What it took.
    pub(super) gas: u64,
}

impl<T: Trace> Seat<T> {
    /// A player that looks at a game for the first time.
    pub(super) fn new(
        wallet: Wallet,
        trace: T,
        strategy: Strategy,
        game: Address,
    ) -> anyhow::Result<Self> {
        let chain = wallet.chain().clone();
        let watcher = GameWatcher::open(&Reader::newest(&*chain)?, game)?;
        Ok(Self {
            player: Player::new(watcher, wallet.address(), trace, strategy),
            is_honest: strategy == Strategy::Honest,
            wallet,
        })
    }

    pub(super) fn account(&self) -> Address {
        self.wallet.address()
    }

    /// Does what there is to do now. What the contracts refuse a cheat is left.
    pub(super) fn turn(&mut self, teller: &Teller) -> anyhow::Result<Vec<Done>> {
        let told = &mut |progress: fpvm_l1::Progress<'_>| teller.sending(&progress);
        let mut nonce = self.wallet.settle(told)?;
        let chain = self.wallet.chain().clone();
        let Turn {
            planned, trouble, ..
        } = self.player.turn(&Reader::newest(&*chain)?)?;
        if let Some(trouble) = trouble {
            bail!(trouble);
        }
        let mut all = Vec::new();
        for tx in planned {
            let receipts = match self.wallet.send_from(nonce, &[tx.request], told) {
                Err(SendError::WouldRevert { .. }) if !self.is_honest => continue,
                sent => sent.map_err(|error| anyhow!(reasons::sending(&error)))?,
            };
            nonce = nonce.saturating_add(1);
            all.extend(receipts.into_iter().map(|receipt| Done {
                by: self.wallet.address(),
                kind: tx.kind,
                gas: receipt.gas_used,
            }));
        }
        Ok(all)
    }
}
