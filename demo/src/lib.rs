//! A whole dispute game, with everything that it takes: a chain, contracts, a program, an honest player and a
//! cheat, and the report at the end. `fpvm demo` plays it.
//!
//! - [`DemoChain`] is where it is played: a chain in the process, or a node for tests
//! - [`DemoProgram`] is what it is about: the toy rollup that is built in, or a program of one's own
//! - [`Demo::play`] plays it, and tells what happens on a [`Screen`]
//! - [`SuperDemo::play`] plays a super game, over the [toy rollups](super_rollup) that are built in
//! - [`ToyNode`] answers as the toy rollup's node does, to whoever proposes, challenges and watches on a chain of one's own

mod chain;
mod game;
mod narrator;
mod node;
mod player;
mod program;
mod super_demo;
pub mod super_rollup;
mod truth;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, ensure};
use fpvm_challenger::deployment::{Deployment, Setup};
use fpvm_challenger::factory::Factory;
use fpvm_challenger::player::Strategy;
use fpvm_challenger::read::Reader;
use fpvm_challenger::read::watch::{GameSnapshot, GameWatcher};
use fpvm_contracts::artifact::Artifact;
use fpvm_dispute::game::Game;
use fpvm_dispute::history::HistoryEvent;
use fpvm_dispute::player::cheat::{Cheat, Way};
use fpvm_dispute::rules::{Params, Rules};
use fpvm_dispute::trace::lie::{Extent, Lie};
use fpvm_dispute::trace::split::SplitTrace;
use fpvm_dispute::trace::{Outputs as _, Trace};
use fpvm_l1::{Address, U256, Wallet};
use fpvm_report::instruction::Contest;
use fpvm_report::money::ether;
use fpvm_report::time::span;
use fpvm_report::{Happened, Instruction, Opinion, Party, Report, Role, Subject, html, report};
use fpvm_trace::Vms;

pub use chain::DemoChain;
pub use narrator::Screen;
pub use node::ToyNode;
pub use program::DemoProgram;
pub use super_demo::SuperDemo;

use chain::Account;
use game::{DemoGame, Parties, bond, money};
use narrator::Narrator;
use player::DemoPlayer;
use truth::Known;

/// Room for the rollup's four blocks, and for 2^29 steps of one.
const LEAST_DEPTH: u64 = 32;
const SPLIT_DEPTH: u64 = 2;
/// Steps from one remembered state to the next.
const EVERY: u64 = 5_000_000;
/// The lie begins with one of the first so many instructions, or pre-images read.
const INSTRUCTIONS: u64 = 1 << 27;
const READS: u64 = 200;

/// A game that is to be played.
#[derive(Debug)]
pub struct Demo {
    /// What it is about.
    pub program: DemoProgram,
    /// Where it is played.
    pub chain: DemoChain,
    /// The artifact of the VM's step verifier, as JSON.
    pub contract: &'static str,
    /// Which lie: odd numbers have it begin at an instruction that reads a pre-image, even ones anywhere.
    pub seed: u64,
    /// The clock of each side, where the chain's time cannot be moved.
    pub clock: Duration,
}

impl Demo {
    /// Plays the game to its end; gives its report, a page of HTML.
    ///
    /// # Errors
    /// If the chain, the program or the screen fails, or the game ends otherwise than it should.
    pub fn play(self, screen: Arc<dyn Screen>) -> anyhow::Result<String> {
        let Self {
            program,
            chain,
            contract,
            seed,
            clock,
        } = self;
        let narrator = Narrator::new(screen);
        let narrator = &narrator;
        let (anchor, outputs) = (program.anchor, program.outputs.clone());
        let l1_head = program.l1_head;
        let (extent, steps) = extent(seed, &program)?;
        let max_depth = max_depth(SPLIT_DEPTH, steps);
        let mainnet = Params::mainnet(program.load()?.state_root().into());
        let params = Params {
            max_depth,
            split_depth: SPLIT_DEPTH,
            l2_chain_id: program.chain_id,
            ..mainnet
        };
        let (params, delay) = chain.times(params, clock);
        let rules = Rules::new(params.clone()).map_err(|reason| {
            anyhow::anyhow!("a game cannot be played with clocks of {clock:?}: {reason}")
        })?;
        narrator.say(&format!(
            "{} Somebody claims a wrong \
             output\nfor such a block, and somebody else shows that, on {}.\n\n",
            program.about,
            chain.name(),
        ))?;
        let setup = Setup {
            params,
            anchor,
            delay,
            finality_delay: 302_400,
            min_proposal_size: 126_000,
            verifier: Artifact::parse(contract)?,
            state_version: program.isa.version(),
        };
        let deployment = deploy(&chain, narrator, &rules, &setup)?;

        let (honest, mut cheat) = (
            chain.wallet(Account::Honest)?,
            chain.wallet(Account::Cheat)?,
        );
        let parties = Parties {
            honest: honest.address(),
            cheat: cheat.address(),
        };
        parties.fund(&chain, &rules)?;
        let before = parties.balances(&chain)?;

        let last = outputs.safe_head();
        let truth = SplitTrace {
            outputs,
            executions: Vms::new(program.narrated(narrator), EVERY),
        };
        let lie = Lie {
            truth: &truth,
            extent,
        };
        if let Some(hash) = l1_head {
            chain.set_l1_head(hash);
        }
        let (factory, proposed) = (Factory(deployment.factory), lie.output(last)?);
        let game = factory.create(
            &mut cheat,
            deployment.game_type,
            proposed,
            last,
            &mut |progress| {
                narrator.sending(&progress);
            },
        )?;
        narrator.say(&format!(
            "2. Propose  Cheat {} proposes\n            {proposed} for L2 block {last}: {game}\n            \
             It lies about block {} and those after it.\n            \
             All agree on the output of block {}. Honest is {}\n\n3. Play\n",
            parties.cheat,
            extent.outputs_from.unwrap_or_default(),
            anchor.block,
            parties.honest,
        ))?;

        let false_trace = SplitTrace {
            outputs: lie.clone(),
            executions: lie,
        };
        let stage = Stage {
            narrator,
            chain: &chain,
            parties,
            honest,
            cheat,
            game,
            seed,
            delays: vec![delay],
            before,
        };
        stage.finish(&truth, false_trace)
    }
}

/// A game that is made, and who plays it.
struct Stage<'a> {
    narrator: &'a Narrator,
    chain: &'a DemoChain,
    parties: Parties,
    honest: Wallet,
    cheat: Wallet,
    game: Address,
    seed: u64,
    /// Between resolution and payment, in seconds.
    delays: Vec<u64>,
    /// What both parties had.
    before: [U256; 2],
}

impl Stage<'_> {
    /// Plays the game to its end; gives its report.
    fn finish<T: Known, L: Trace>(self, truth: &T, false_trace: L) -> anyhow::Result<String> {
        let Self {
            narrator,
            chain,
            parties,
            honest,
            cheat,
            game,
            seed,
            delays,
            before,
        } = self;
        let mut game_played = DemoGame {
            narrator,
            chain,
            parties,
            watcher: GameWatcher::open(&Reader::newest(&*chain.connection)?, game)?,
            narrated: 1,
            done: Vec::new(),
        };
        let mut honest = DemoPlayer::new(honest, truth, Strategy::Honest, game)?;
        let cheating = Cheat {
            way: Way::Liar,
            seed,
            budget: usize::MAX,
        };
        let mut cheat = DemoPlayer::new(cheat, false_trace, Strategy::Cheat(cheating), game)?;
        while game_played.turn(&mut honest)? | game_played.turn(&mut cheat)? {}

        let opinion = Opinion::of(&game_played.look()?.game, truth);
        let decided = decided(&game_played.look()?.game, truth, &opinion)?;
        narrator.say(&format!("\n4. Decide\n{}", narrator::instruction(&decided)))?;
        narrator.say(&game_played.step())?;
        game_played.settle(&mut honest, &mut cheat, &delays)?;

        let after = parties.balances(chain)?;
        let history = game_played.history(truth, &opinion)?;
        let report = summary(game_played.look()?, &parties, &opinion, &history, decided);
        ensure!(
            report.accounts.iter().any(|account| {
                account.address == parties.cheat && account.won == 0 && account.open == 0
            }),
            "the cheat has got bonds back"
        );
        narrator.say(&money(&report, &parties, before, after))?;
        Ok(html::page(&report)?)
    }
}

/// Puts everything that games need on the chain.
fn deploy(
    chain: &DemoChain,
    narrator: &Narrator,
    rules: &Rules,
    setup: &Setup,
) -> anyhow::Result<Deployment> {
    let mut owner = chain.wallet(Account::Owner)?;
    let deployment = Deployment::deploy(&mut owner, setup, &mut |progress| {
        narrator.sending(&progress);
    })?;
    narrator.say(&format!(
        "1. Deploy   game factory {}\n            step verifier {}, the program's pre-state {}\n            \
         depth {}, the last {} for the steps of one {}; clocks of {}, bonds of {} to {} ETH\n\n",
        deployment.factory,
        deployment.vm,
        rules.params().absolute_prestate,
        rules.params().max_depth,
        rules.max_depth().saturating_sub(rules.split_depth().saturating_add(1)),
        if rules.params().version.is_super() { "execution" } else { "block" },
        span(rules.max_clock_duration()),
        ether(bond(rules, 0)),
        ether(bond(rules, rules.max_depth())),
    ))?;
    Ok(deployment)
}

/// The depth of a game about a program of so many steps. Even, so that the deepest claim is the proposer's, and
/// an instruction contests it.
fn max_depth(split_depth: u64, steps: u64) -> u64 {
    let bits = u64::BITS - steps.leading_zeros();
    let depth = split_depth + 1 + u64::from(bits);
    depth.next_multiple_of(2).max(LEAST_DEPTH)
}

/// A number that follows from the seed (its golden ratio hash).
const fn mixed(seed: u64) -> u64 {
    seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 32
}

/// What is lied about, and how many steps the program takes to find the lie.
fn extent(seed: u64, program: &DemoProgram) -> anyhow::Result<(Extent, u64)> {
    let mixed = mixed(seed);
    let (outputs, anchor) = (&program.outputs, program.anchor.block);
    let blocks = outputs.safe_head().saturating_sub(anchor);
    let block = anchor + U256::ONE + U256::from(mixed) % blocks.max(U256::ONE);
    let mut extent = Extent {
        outputs_from: Some(block),
        steps_from: None,
        salt: seed,
    };
    let wrong = extent.output(block, outputs.output(block)?);
    let inputs = program.inputs(block, wrong)?;
    let steps = program.steps(&inputs)?;
    let read = match seed % 2 {
        1 => program.read(&inputs, mixed % READS)?,
        _ => None,
    };
    let from = read.unwrap_or(mixed % steps.clamp(1, INSTRUCTIONS));
    extent.steps_from = Some(from.into());
    Ok((extent, steps))
}

/// The instruction that the game came down to.
fn decided<T: Known>(game: &Game, truth: &T, opinion: &Opinion) -> anyhow::Result<Instruction> {
    let contest = Contest::of(game, truth, opinion);
    let contest = contest.context("the game came down to no instruction")?;
    Ok(truth.instruction(&contest)?)
}

/// The report of the game.
fn summary(
    snapshot: &GameSnapshot,
    parties: &Parties,
    opinion: &Opinion,
    history: &[HistoryEvent],
    decided: Instruction,
) -> Report {
    let party = |name: &str, role| Party {
        name: name.into(),
        role,
    };
    let subject = Subject {
        title: "Demonstration".into(),
        game: &snapshot.game,
        now: snapshot.block.time,
        parties: BTreeMap::from([
            (parties.honest, party("Honest", Role::Honest)),
            (parties.cheat, party("Cheat", Role::Cheat)),
        ]),
        happened: Happened::History(history),
        instruction: Some(decided),
        bonds: Default::default(),
        alarm: None,
    };
    report(subject, opinion)
}
