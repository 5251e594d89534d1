//! `demo`: a whole dispute game over a program that is built in, on a chain, with nothing else at hand.

mod ground;
mod rollup;
mod seat;
mod story;
mod table;

use crate::app::App;
use crate::chain::ChainArgs;
use crate::instruction::instruction;
use crate::interrupt;
use crate::output::Target;
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
use fpvm_dispute::trace::Outputs as _;
use fpvm_dispute::trace::lie::{Extent, Lie};
use fpvm_dispute::trace::outputs::OutputList;
use fpvm_dispute::trace::split::SplitTrace;
use fpvm_l1::U256;
use fpvm_report::instruction::Contest;
use fpvm_report::money::ether;
use fpvm_report::time::span;
use fpvm_report::{Happened, Instruction, Opinion, Party, Report, Role, Subject, html, report};
use fpvm_trace::{MachineError, Vms};
use ground::{Ground, Who};
use rollup::Rollup;
use seat::Seat;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;
use story::Teller;
use table::{Parties, Table, bond, money};

/// Flags of `demo`.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The VM [default: mips, see `list`]
    #[arg(long, value_name = "ISA")]
    isa: Option<String>,
    /// Its type, where it has several [see `list`]
    #[arg(long = "type", value_name = "TYPE")]
    vm_type: Option<String>,
    /// Where the report of the game goes, a page of HTML
    #[arg(long, value_name = "FILE", default_value = "fpvm-demo.html", value_parser = Target::parser())]
    report: Target,
    /// Which lie: odd numbers have it begin at an instruction that reads a pre-image, even ones anywhere
    #[arg(long, value_name = "N", value_parser = crate::args::number, default_value = "1")]
    seed: u64,
    /// The clock of each side, where the chain's time cannot be moved
    #[arg(long, value_name = "TIME", value_parser = crate::args::duration, default_value = "3m")]
    clock: Duration,
    #[command(flatten)]
    chain: ChainArgs,
}

/// Room for the rollup's four blocks, and for 2^29 steps of one. Even, so that the deepest claim is the
/// proposer's, and an instruction contests it.
const MAX_DEPTH: u64 = 32;
const SPLIT_DEPTH: u64 = 2;
/// Steps from one remembered state to the next.
const EVERY: u64 = 5_000_000;
/// The lie begins with one of the first so many instructions, or pre-images read.
const INSTRUCTIONS: u64 = 1 << 27;
const READS: u64 = 200;

type Truth = SplitTrace<OutputList, Vms<Rollup>>;
type Honest<'a> = Seat<&'a Truth>;
type Cheating<'a> = Seat<SplitTrace<Lie<&'a Truth>, Lie<&'a Truth>>>;

pub(crate) fn run(app: &App, args: &Args) -> anyhow::Result<()> {
    let teller = Arc::new(Teller::new(app));
    let result = play(app, args, &teller);
    teller.end();
    result
}

fn play(app: &App, args: &Args, teller: &Arc<Teller>) -> anyhow::Result<()> {
    let isas = app.vms(args.isa.as_deref(), args.vm_type.as_deref())?;
    let isa = *isas.isas().first().context("no VM")?;
    let contract = app.contract(isa);
    let contract = contract.with_context(|| format!("there is no contract for {}", isa.name()))?;
    let interrupted = interrupt::watch().context("cannot watch for signals")?;
    let rollup = Rollup::new(isa, interrupted, teller.clone())?;
    let (anchor, outputs) = rollup::outputs()?;
    let ground = Ground::open(&args.chain, args.seed)?;
    let mainnet = Params::mainnet(rollup.load()?.state_root().into());
    let params = Params {
        max_depth: MAX_DEPTH,
        split_depth: SPLIT_DEPTH,
        l2_chain_id: U256::from(fpvm_guests::ROLLUP_CHAIN_ID),
        ..mainnet
    };
    let (params, delay) = ground.times(params, args.clock);
    let rules = Rules::new(params.clone()).map_err(|reason| {
        let clock = args.clock;
        anyhow::anyhow!("a game cannot be played with clocks of {clock:?}: {reason}")
    })?;
    let extent = extent(args.seed, &rollup, &outputs, anchor.block)?;
    teller.say(&format!(
        "`rollup` is a program for {} that executes one block of a toy rollup. Somebody claims a wrong \
         output\nfor such a block, and somebody else shows that, on {}.\n\n",
        isa.vm_type(),
        ground.name(),
    ))?;
    let setup = Setup {
        params,
        anchor,
        delay,
        min_proposal_size: 126_000,
        verifier: Artifact::parse(contract)?,
        state_version: isa.version(),
    };
    let deployment = deploy(&ground, teller, &rules, &setup)?;

    let (honest, mut cheat) = (ground.wallet(Who::Honest)?, ground.wallet(Who::Cheat)?);
    let parties = Parties {
        honest: honest.address(),
        cheat: cheat.address(),
    };
    parties.fund(&ground, &rules)?;
    let before = parties.balances(&ground)?;

    let last = outputs.safe_head();
    let truth = SplitTrace {
        outputs,
        executions: Vms::new(rollup, EVERY),
    };
    let lie = Lie {
        truth: &truth,
        extent,
    };
    let (factory, proposed) = (Factory(deployment.factory), lie.output(last)?);
    let game = factory.create(
        &mut cheat,
        deployment.game_type,
        proposed,
        last,
        &mut |progress| {
            teller.sending(&progress);
        },
    )?;
    teller.say(&format!(
        "2. Propose  Cheat {} proposes\n            {proposed} for L2 block {last}: {game}\n            \
         It lies about block {} and those after it.\n            \
         All agree on the output of block {}. Honest is {}\n\n3. Play\n",
        parties.cheat,
        extent.outputs_from.unwrap_or_default(),
        anchor.block,
        parties.honest,
    ))?;

    let mut table = Table {
        teller,
        ground: &ground,
        parties,
        watcher: GameWatcher::open(&Reader::newest(&*ground.chain)?, game)?,
        told: 1,
        done: Vec::new(),
    };
    let mut honest = Honest::new(honest, &truth, Strategy::Honest, game)?;
    let cheating = Cheat {
        way: Way::Liar,
        seed: args.seed,
        budget: usize::MAX,
    };
    let false_trace = SplitTrace {
        outputs: lie.clone(),
        executions: lie,
    };
    let mut cheat = Cheating::new(cheat, false_trace, Strategy::Cheat(cheating), game)?;
    while table.turn(&mut honest)? | table.turn(&mut cheat)? {}

    let opinion = Opinion::of(&table.look()?.game, &truth);
    let decided = decided(&table.look()?.game, &truth, &opinion)?;
    teller.say(&format!("\n4. Decide\n{}", story::instruction(&decided)))?;
    teller.say(&table.step())?;
    table.settle(&mut honest, &mut cheat, delay)?;

    let after = parties.balances(&ground)?;
    let history = table.history(&truth, &opinion)?;
    let report = told(table.look()?, &parties, &opinion, &history, decided);
    ensure!(
        report.accounts.iter().any(|account| {
            account.address == parties.cheat && account.won == 0 && account.open == 0
        }),
        "the cheat has got bonds back"
    );
    teller.say(&money(&report, &parties, before, after))?;
    let page = html::page(&report)?;
    args.report.write(|out| out.write_all(page.as_bytes()))?;
    if let Target::File(path) = &args.report {
        let path = path.display();
        teller.say(&format!(
            "\nThe report is in {path}: open it in a browser.\n"
        ))?;
    }
    Ok(())
}

/// Puts everything that games need on the chain.
fn deploy(
    ground: &Ground,
    teller: &Teller,
    rules: &Rules,
    setup: &Setup,
) -> anyhow::Result<Deployment> {
    let deployment = Deployment::deploy(&mut ground.wallet(Who::Owner)?, setup, &mut |progress| {
        teller.sending(&progress);
    })?;
    teller.say(&format!(
        "1. Deploy   game factory {}\n            step verifier {}, the program's pre-state {}\n            \
         depth {MAX_DEPTH}, the last {} for the steps of one block; clocks of {}, bonds of {} to {} ETH\n\n",
        deployment.factory,
        deployment.vm,
        rules.params().absolute_prestate,
        MAX_DEPTH - SPLIT_DEPTH - 1,
        span(rules.max_clock_duration()),
        ether(bond(rules, 0)),
        ether(bond(rules, rules.max_depth())),
    ))?;
    Ok(deployment)
}

/// What is lied about.
fn extent(
    seed: u64,
    rollup: &Rollup,
    outputs: &OutputList,
    anchor: U256,
) -> anyhow::Result<Extent> {
    // A number that follows from the seed (its golden ratio hash).
    let mixed = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 32;
    let blocks = outputs.safe_head().saturating_sub(anchor);
    let block = anchor + U256::ONE + U256::from(mixed) % blocks.max(U256::ONE);
    let mut extent = Extent {
        outputs_from: Some(block),
        steps_from: None,
        salt: seed,
    };
    let wrong = extent.output(block, outputs.output(block)?);
    let from = match seed % 2 {
        1 => rollup.read(&rollup::inputs(outputs, block, wrong)?, mixed % READS)?,
        _ => mixed % INSTRUCTIONS,
    };
    extent.steps_from = Some(from.into());
    Ok(extent)
}

/// The instruction that the game came down to.
fn decided(game: &Game, truth: &Truth, opinion: &Opinion) -> anyhow::Result<Instruction> {
    let contest = Contest::of(game, truth, opinion);
    let contest = contest.context("the game came down to no instruction")?;
    let told = truth
        .executions
        .at(&contest.inputs, contest.index, |machine| {
            instruction(machine, &contest).map_err(|error| MachineError::Other(error.into()))
        });
    Ok(told?)
}

/// The report of the game.
fn told(
    seen: &GameSnapshot,
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
        game: &seen.game,
        now: seen.block.time,
        parties: BTreeMap::from([
            (parties.honest, party("Honest", Role::Honest)),
            (parties.cheat, party("Cheat", Role::Cheat)),
        ]),
        happened: Happened::History(history),
        instruction: Some(decided),
    };
    report(subject, opinion)
}
