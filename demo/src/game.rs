//! The two players, the game between them, and their money.

use anyhow::{Context as _, ensure};
use fpvm_challenger::player::Kind;
use fpvm_challenger::read::Reader;
use fpvm_challenger::read::history::{self, Part};
use fpvm_challenger::read::watch::{GameSnapshot, GameWatcher};
use fpvm_dispute::claim::GameStatus;
use fpvm_dispute::history::HistoryEvent;
use fpvm_dispute::position::Position;
use fpvm_dispute::rules::Rules;
use fpvm_dispute::trace::Trace;
use fpvm_l1::{Address, U256};
use fpvm_report::instruction::Contest;
use fpvm_report::money::rounded;
use fpvm_report::time::span;
use fpvm_report::{Opinion, Report};

use crate::chain::DemoChain;
use crate::narrator::{self, Narrator};
use crate::player::{DemoPlayer, Done};
use crate::truth::Known;

/// What an answer takes where time costs nothing, in seconds.
const ANSWER: u64 = 3_600;

/// Who plays.
#[derive(Clone, Copy)]
pub(crate) struct Parties {
    pub(crate) honest: Address,
    pub(crate) cheat: Address,
}

impl Parties {
    pub(crate) fn name(&self, account: Address) -> &'static str {
        if account == self.honest {
            "Honest"
        } else {
            "Cheat"
        }
    }

    /// Gives both what all their bonds can come to.
    pub(crate) fn fund(&self, chain: &DemoChain, rules: &Rules) -> anyhow::Result<()> {
        let depths = 0..=rules.max_depth();
        let bonds = depths.fold(0u128, |sum, depth| sum.saturating_add(bond(rules, depth)));
        // Both sides together post a bond at each depth; the rest is for gas.
        let purse = U256::from(bonds).saturating_add(U256::from(10 * bond(rules, 0)));
        for account in [self.honest, self.cheat] {
            chain.fund(account, purse)?;
        }
        Ok(())
    }

    /// In wei: the honest party's, the cheat's.
    pub(crate) fn balances(&self, chain: &DemoChain) -> anyhow::Result<[U256; 2]> {
        Ok([chain.balance(self.honest)?, chain.balance(self.cheat)?])
    }
}

/// The game on its way.
pub(crate) struct DemoGame<'a> {
    pub(crate) narrator: &'a Narrator,
    pub(crate) chain: &'a DemoChain,
    pub(crate) parties: Parties,
    pub(crate) watcher: GameWatcher,
    /// Claims that have been narrated.
    pub(crate) narrated: usize,
    pub(crate) done: Vec<Done>,
}

impl DemoGame<'_> {
    /// Whether a player has done something.
    pub(crate) fn turn<T: Trace>(&mut self, player: &mut DemoPlayer<T>) -> anyhow::Result<bool> {
        self.chain.think(ANSWER)?;
        let name = self.parties.name(player.account());
        self.narrator.doing(format!("{name} looks for an answer"));
        let done = player.turn(self.narrator)?;
        let moved = !done.is_empty();
        self.done.extend(done);
        let narrator = self.narrator;
        let narrated = self.narrated;
        let game = &self.look()?.game;
        for index in narrated..game.claims().len() {
            let line = narrator::claim(game, index, name).unwrap_or_default();
            narrator.say(&line)?;
        }
        self.narrated = game.claims().len();
        Ok(moved)
    }

    /// Ends the game once all clocks have run out, and has the winners paid after these delays, in seconds: that of
    /// the vault, and where there is one before it that of the registry.
    pub(crate) fn settle<H: Trace, C: Trace>(
        &mut self,
        honest: &mut DemoPlayer<H>,
        cheat: &mut DemoPlayer<C>,
        delays: &[u64],
    ) -> anyhow::Result<()> {
        let clock = self.watcher.game_params.rules.max_clock_duration();
        self.chain.wait(clock)?;
        // From the deepest claims up: each turn those whose answers are resolved.
        while !honest.turn(self.narrator)?.is_empty() {}
        let status = self.look()?.game.status();
        ensure!(
            status == GameStatus::ChallengerWins,
            "the wrong proposal stands: {status:?}"
        );
        self.narrator.say(&format!(
            "\n5. Resolve  after {}, when all clocks have run out: the proposal is refuted\n",
            span(clock)
        ))?;
        for delay in delays {
            self.chain.wait(*delay)?;
            while !honest.turn(self.narrator)?.is_empty() {}
            cheat.turn(self.narrator)?;
        }
        Ok(())
    }

    /// The game as it is now.
    pub(crate) fn look(&mut self) -> anyhow::Result<&GameSnapshot> {
        let reader = Reader::newest(&*self.chain.connection)?;
        Ok(self.watcher.look(&reader)?.0)
    }

    /// When what happened that left no log; nothing where the node has forgotten.
    pub(crate) fn history<T: Known>(
        &mut self,
        truth: &T,
        opinion: &Opinion,
    ) -> anyhow::Result<Vec<HistoryEvent>> {
        self.look()?;
        let reader = Reader::newest(&*self.chain.connection)?;
        let seen = self.watcher.snapshot().context("nothing was seen")?;
        let mut parts = Vec::new();
        if let Some(contest) = Contest::of(&seen.game, truth, opinion) {
            let step = truth.step_data(&contest.inputs, contest.index)?;
            parts = Part::of(&seen.game, contest.claim, &step);
        }
        Ok(history::history(&reader, &self.watcher.game_params, seen, &parts).unwrap_or_default())
    }

    /// What the step took.
    pub(crate) fn step(&self) -> String {
        let of = |kind| self.done.iter().filter(move |done| done.kind == kind);
        let loads = match of(Kind::Load).count() {
            0 => "",
            _ => ", after it has loaded what the instruction reads",
        };
        match of(Kind::Step).next() {
            None => "   nobody has run it on chain\n".into(),
            Some(step) => format!(
                "   {} has the contract run it{loads}: {} gas. The claim is countered.\n",
                self.parties.name(step.by),
                step.gas
            ),
        }
    }
}

/// What everybody had, posted, won and has.
pub(crate) fn money(
    report: &Report,
    parties: &Parties,
    before: [U256; 2],
    after: [U256; 2],
) -> String {
    use std::fmt::Write as _;
    let mut text = format!(
        "\n6. Pay      {:<8} {:>14} {:>14} {:>14} {:>14} ETH\n",
        "", "before", "bonds posted", "bonds won", "after"
    );
    let whole = |wei: U256| wei.saturating_to::<u128>();
    let accounts = [parties.honest, parties.cheat].into_iter();
    for (address, (before, after)) in accounts.zip(before.into_iter().zip(after)) {
        let Some(account) = report
            .accounts
            .iter()
            .find(|known| known.address == address)
        else {
            continue;
        };
        // Writing to a string does not fail.
        let _ = writeln!(
            text,
            "            {:<8} {:>14} {:>14} {:>14} {:>14}",
            account.name,
            rounded(whole(before)),
            rounded(account.posted),
            rounded(account.won),
            rounded(whole(after)),
        );
    }
    text
}

/// The bond at a depth, in wei.
pub(crate) fn bond(rules: &Rules, depth: u8) -> u128 {
    let position = Position::new(depth, 0);
    let bond = position.and_then(|position| rules.required_bond(position).ok());
    bond.unwrap_or_default()
}
