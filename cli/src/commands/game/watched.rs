//! A game on a chain, looked at: what `show`, `watch` and `report` share.

use super::truth::{Deciding, Truth, TruthArgs};
use crate::app::App;
use crate::chain::{self, NodeArgs};
use anyhow::Context as _;
use fpvm_challenger::read::Reader;
use fpvm_challenger::read::history::{self, Part};
use fpvm_challenger::read::watch::GameWatcher;
use fpvm_l1::{Address, Chain};
use fpvm_monitor::report::{alarm, standings};
use fpvm_report::{self as report, Happened, Opinion, Party, Report, Role, Subject};
use std::collections::BTreeMap;
use std::sync::Arc;

/// Which game, and what is known besides.
#[derive(Debug, clap::Args)]
pub(super) struct WatchedArgs {
    /// The game's contract
    #[arg(long, value_name = "ADDRESS")]
    game: Address,
    /// What an account is called in what is shown; may be given several times
    #[arg(long = "name", value_name = "ADDRESS=NAME", value_parser = named)]
    names: Vec<(Address, String)>,
    #[command(flatten)]
    truth: TruthArgs,
    #[command(flatten)]
    node: NodeArgs,
}

fn named(text: &str) -> Result<(Address, String), String> {
    let (address, name) = text.split_once('=').ok_or("0x…=NAME is expected")?;
    let address = address
        .parse()
        .map_err(|_| format!("`{address}` is no address"))?;
    Ok((address, name.to_owned()))
}

/// How far down a game is looked at.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(super) enum Extent {
    /// Its claims.
    Claims,
    /// The instruction that it has come down to as well.
    Instruction,
    /// And its past.
    History,
}

/// A game that is looked at again and again.
pub(super) struct WatchedGame<'a> {
    chain: Arc<dyn Chain>,
    watcher: GameWatcher,
    truth: Option<Truth<'a>>,
    parties: BTreeMap<Address, Party>,
}

impl<'a> WatchedGame<'a> {
    pub(super) fn open(app: &'a App, args: &'a WatchedArgs) -> anyhow::Result<Self> {
        Self::over(app, chain::needed(args.node.connect()?)?, args)
    }

    fn over(app: &'a App, chain: Arc<dyn Chain>, args: &'a WatchedArgs) -> anyhow::Result<Self> {
        let watcher = GameWatcher::open(&Reader::newest(&*chain)?, args.game)?;
        let truth = args.truth.open(app, &watcher.game_params, &*chain)?;
        let party = |(address, name): &(Address, String)| {
            let (name, role) = (name.clone(), Role::Unknown);
            (*address, Party { name, role })
        };
        Ok(Self {
            chain,
            watcher,
            truth,
            parties: args.names.iter().map(party).collect(),
        })
    }

    /// The game as it is now, as far down as asked.
    pub(super) fn report(&mut self, extent: Extent) -> anyhow::Result<Report> {
        let reader = Reader::newest(&*self.chain)?;
        self.watcher.look(&reader)?;
        let seen = self.watcher.snapshot().context("nothing was seen")?;
        let params = &self.watcher.game_params;
        let truth = self.truth.as_ref();
        let opinion = truth.map(|truth| Opinion::of(&seen.game, truth));
        let opinion = opinion.unwrap_or_default();
        let deciding = truth.filter(|_| extent >= Extent::Instruction);
        let deciding = deciding.map(|truth| Deciding::of(&seen.game, truth, &opinion));
        let deciding = deciding
            .transpose()
            .context("the instruction that decides cannot be shown")?
            .flatten();
        let mut history = Vec::new();
        if extent == Extent::History {
            let parts = deciding.as_ref();
            let parts = parts.map(|deciding| Part::of(&seen.game, deciding.claim, &deciding.step));
            let parts = parts.unwrap_or_default();
            history = history::history(&reader, params, seen, &parts).unwrap_or_else(|error| {
                let error = error.to_string();
                tracing::warn!(target: "l1", error, "The times of steps, resolutions and payments are missing");
                Vec::new()
            });
        }
        let subject = Subject {
            title: format!("Dispute game on chain {}", self.chain.chain_id()),
            game: &seen.game,
            now: seen.block.time,
            parties: self.parties.clone(),
            happened: Happened::History(&history),
            instruction: deciding.and_then(|deciding| deciding.instruction),
            bonds: standings(params, seen),
            alarm: alarm(params, seen, opinion.proposal()),
        };
        Ok(report::report(subject, &opinion))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::screen::Screen;
    use crate::upstream_compat::UpstreamCompat;
    use clap::Parser;
    use fpvm::Registry;
    use fpvm_e2e::proposal::{output, played};
    use fpvm_l1::signer::Signer;
    use fpvm_l1::{B256, Local, U256};

    #[derive(Parser)]
    struct Line {
        #[command(flatten)]
        args: WatchedArgs,
    }

    #[test]
    fn a_game_on_a_chain_is_reported() {
        let chain = Local::new(900);
        let signers = [1, 2].map(|key| Signer::from_key(&B256::repeat_byte(key)).expect("a key"));
        for signer in &signers {
            chain.fund(signer.address(), U256::from(10_u128.pow(22)));
        }
        let connection: Arc<dyn Chain> = Arc::new(chain.clone());
        let game = played(&connection, signers, || chain.advance(3_600));
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("outputs");
        let outputs: String = (0..=2)
            .map(|block| format!("{block} {}\n", output(block)))
            .collect();
        std::fs::write(&file, outputs).expect("written");
        let app = App {
            vms: Registry::builtin(),
            verifiers: &[],
            compat: UpstreamCompat::Fpvm,
            screen: Screen::default(),
            problems: Default::default(),
            inputs: Default::default(),
            program: Default::default(),
        };
        let look = |more: &[&str]| {
            let game = game.to_string();
            let words = [&["x", "--game", &game], more].concat();
            let Line { args } = Line::try_parse_from(words).expect("flags");
            let mut seen = WatchedGame::over(&app, connection.clone(), &args).expect("a game");
            seen.report(Extent::History).expect("a report")
        };
        let plain = look(&[]);
        assert_eq!(plain.claims.len(), 2);
        assert_eq!((plain.claims[0].truth, plain.proposal.right), (None, None));
        // The attack stopped the clock of the proposal's challenger after an hour and a bit.
        let left = plain.claims[1].left.expect("it is open");
        assert!((302_000..=302_400).contains(&left), "{left}");
        let left = plain.claims[0].left.expect("it is open");
        assert!((298_000..298_800).contains(&left), "{left}");

        let proposer = plain.proposal.creator.to_string();
        let named = format!("{proposer}=Ann");
        let judged = look(&["--outputs", file.to_str().expect("text"), "--name", &named]);
        assert_eq!(judged.proposal.right, Some(false));
        assert_eq!(judged.claims[0].truth, Some(output(2)));
        assert_eq!(judged.name(judged.proposal.creator), "Ann");
        assert!(
            judged.claims[1].honest == Some(true),
            "block 2 is the last there is"
        );
        assert!(
            judged.instruction.is_none(),
            "it is far from an instruction"
        );

        // Nobody answers: what can be done then is judged.
        chain.advance(400_000);
        let over = fpvm_report::view::text(&look(&[]), 200);
        assert!(
            over.contains("they can be resolved, the last first"),
            "{over}"
        );
    }

    #[test]
    fn names_have_an_address() {
        assert!(named("0x0000000000000000000000000000000000000001=Ann").is_ok());
        assert!(named("Ann").is_err() && named("1=Ann").is_err());
    }
}
