//! The two players, the game between them, and their money.

use super::Truth;
use super::ground::Ground;
use super::seat::{Done, Seat};
use super::story::{self, Teller};
use anyhow::{Context as _, ensure};
use fpvm_challenger::player::Kind;
use fpvm_challenger::read::Reader;
use fpvm_challenger::read::history::{self, Part};
use fpvm_challenger::read::watch::{GameSnapshot, GameWatcher};
use fpvm_dispute::claim::GameStatus;
use fpvm_dispute::history::HistoryEvent;
use fpvm_dispute::position::Position;
use fpvm_dispute::rules::Rules;
use fpvm_dispute::trace::{Executions as _, Trace};
use fpvm_l1::{Address, U256};
use fpvm_report::instruction::Contest;
use fpvm_report::money::rounded;
use fpvm_report::time::span;
use fpvm_report::{Opinion, Report};

/// What an answer takes where time costs nothing, in seconds.
const ANSWER: u64 = 3_600;

/// Who plays.
#[derive(Clone, Copy)]
pub(super) struct Parties {
    pub(super) honest: Address,
    pub(super) cheat: Address,
}

impl Parties {
    pub(super) fn name(&self, account: Address) -> &'static str {
        match account == self.honest {
            true => "Honest",
            false => "Cheat",
        }
    }

    /// Gives both what all their bonds can come to.
    pub(super) fn fund(&self, ground: &Ground, rules: &Rules) -> anyhow::Result<()> {
        let depths = 0..=rules.max_depth();
        let bonds = depths.fold(0u128, |sum, depth| sum.saturating_add(bond(rules, depth)));
        // Both sides together post a bond at each depth; the rest is for gas.
        let purse = U256::from(bonds).saturating_add(U256::from(10 * bond(rules, 0)));
        for account in [self.honest, self.cheat] {
            ground.fund(account, purse)?;
        }
        Ok(())
    }

    /// In wei: the honest party's, the cheat's.
    pub(super) fn balances(&self, ground: &Ground) -> anyhow::Result<[U256; 2]> {
        Ok([ground.balance(self.honest)?, ground.balance(self.cheat)?])
    }
}

/// The game on its way.
pub(super) struct Table<'a> {
    pub(super) teller: &'a Teller,
    pub(super) ground: &'a Ground,
    pub(super) parties: Parties,
    pub(super) watcher: GameWatcher,
    /// Claims told.
    pub(super) told: usize,
    pub(super) done: Vec<Done>,
}

impl Table<'_> {
    /// Whether a player has done something.
    pub(super) fn turn<T: Trace>(&mut self, seat: &mut Seat<T>) -> anyhow::Result<bool> {
        self.ground.think(ANSWER)?;
        let name = self.parties.name(seat.account());
        self.teller.doing(format!("{name} looks for an answer"));
        let done = seat.turn(self.teller)?;
        let moved = !done.is_empty();
        self.done.extend(done);
        let teller = self.teller;
        let told = self.told;
        let game = &self.look()?.game;
        for index in told..game.claims().len() {
            let line = story::claim(game, index, name).unwrap_or_default();
            teller.say(&line)?;
        }
        self.told = game.claims().len();
        Ok(moved)
    }

    /// Ends the game once all clocks have run out, and has the winners paid; `delay` is the vault's.
    pub(super) fn settle<H: Trace, C: Trace>(
        &mut self,
        honest: &mut Seat<H>,
        cheat: &mut Seat<C>,
        delay: u64,
    ) -> anyhow::Result<()> {
        let clock = self.watcher.game_params.rules.max_clock_duration();
        self.ground.wait(clock)?;
        // From the deepest claims up: each turn those whose answers are resolved.
        while !honest.turn(self.teller)?.is_empty() {}
        let status = self.look()?.game.status();
        ensure!(
            status == GameStatus::ChallengerWins,
            "the wrong proposal stands: {status:?}"
        );
        self.teller.say(&format!(
            "\n5. Resolve  after {}, when all clocks have run out: the proposal is refuted\n",
            span(clock)
        ))?;
        self.ground.wait(delay)?;
        honest.turn(self.teller)?;
        cheat.turn(self.teller)?;
        Ok(())
    }

    /// The game as it is now.
    pub(super) fn look(&mut self) -> anyhow::Result<&GameSnapshot> {
        let reader = Reader::newest(&*self.ground.chain)?;
        Ok(self.watcher.look(&reader)?.0)
    }

    /// When what happened that left no log; nothing where the node has forgotten.
    pub(super) fn history(
        &mut self,
        truth: &Truth,
        opinion: &Opinion,
    ) -> anyhow::Result<Vec<HistoryEvent>> {
        self.look()?;
        let reader = Reader::newest(&*self.ground.chain)?;
        let seen = self.watcher.snapshot().context("nothing was seen")?;
        let mut parts = Vec::new();
        if let Some(contest) = Contest::of(&seen.game, truth, opinion) {
            let step = truth.step(&contest.inputs, contest.index)?;
            parts = Part::of(&seen.game, contest.claim, &step);
        }
        Ok(history::history(&reader, &self.watcher.game_params, seen, &parts).unwrap_or_default())
    }

    /// What the step took.
    pub(super) fn step(&self) -> String {
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
pub(super) fn money(
    told: &Report,
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
        let Some(account) = told.accounts.iter().find(|known| known.address == address) else {
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
pub(super) fn bond(rules: &Rules, depth: u8) -> u128 {
    let position = Position::new(depth, 0);
    let bond = position.and_then(|position| rules.required_bond(position).ok());
    bond.unwrap_or_default()
}
