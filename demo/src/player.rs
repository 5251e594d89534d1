//! A player of the game, with its account.

use anyhow::{anyhow, bail};
use fpvm_challenger::player::{Kind, Player, Strategy, Turn};
use fpvm_challenger::read::Reader;
use fpvm_challenger::read::watch::GameWatcher;
use fpvm_challenger::reasons;
use fpvm_dispute::trace::Trace;
use fpvm_l1::{Address, SendError, Wallet};

use crate::narrator::Narrator;

/// A player of one game.
pub(crate) struct DemoPlayer<T> {
    wallet: Wallet,
    player: Player<T>,
    is_honest: bool,
}

/// Something that was done.
pub(crate) struct Done {
    /// Who did it.
    pub(crate) by: Address,
    /// What it was.
    pub(crate) kind: Kind,
    /// What it took.
    pub(crate) gas: u64,
}

impl<T: Trace> DemoPlayer<T> {
    /// A player that looks at a game for the first time.
    pub(crate) fn new(
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

    pub(crate) fn account(&self) -> Address {
        self.wallet.address()
    }

    /// Does what there is to do now. What the contracts refuse a cheat is left.
    pub(crate) fn turn(&mut self, narrator: &Narrator) -> anyhow::Result<Vec<Done>> {
        let progress = &mut |progress: fpvm_l1::Progress<'_>| narrator.sending(&progress);
        let mut nonce = self.wallet.settle(progress)?;
        let chain = self.wallet.chain().clone();
        let Turn {
            planned, trouble, ..
        } = self.player.turn(&Reader::newest(&*chain)?)?;
        if let Some(trouble) = trouble {
            bail!(trouble);
        }
        let mut all = Vec::new();
        for tx in planned {
            let receipts = match self.wallet.send_from(nonce, &[tx.request], progress) {
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
