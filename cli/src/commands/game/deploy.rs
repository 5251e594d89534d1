//! `game deploy`: everything that games need, on a chain.

use super::manual_play::Common;
use crate::app::App;
use crate::chain::tell;
use crate::input::ReadingArgs;
use crate::output::{Format, json, print, to_stdout};
use anyhow::Context as _;
use fpvm_challenger::deployment::{Deployment, Setup};
use fpvm_contracts::artifact::Artifact;
use fpvm_dispute::claim::OutputRoot;
use fpvm_dispute::rules::Params;
use fpvm_l1::{B256, U256};
use serde_json::json;
use std::path::PathBuf;
use std::time::Duration;

/// Flags of `game deploy`.
#[derive(Debug, clap::Args)]
pub(super) struct DeployArgs {
    /// The program (ELF) or its pre-state that the games are about; its VM's verifier is deployed too
    #[arg(long, value_name = "FILE")]
    prestate: PathBuf,
    /// The output root that games start from
    #[arg(long, value_name = "0x…")]
    anchor_root: B256,
    /// Its L2 block
    #[arg(long, value_name = "N")]
    anchor_block: U256,
    /// Chain id of the L2
    #[arg(long, value_name = "N")]
    l2_chain_id: U256,
    /// The type of game
    #[arg(long, value_name = "N", default_value = "0")]
    game_type: u32,
    /// Depth of the deepest claims
    #[arg(long, value_name = "N", value_parser = crate::args::number, default_value = "73")]
    max_depth: u64,
    /// Depth of the deepest claims about output roots
    #[arg(long, value_name = "N", value_parser = crate::args::number, default_value = "30")]
    split_depth: u64,
    /// Time that each side has
    #[arg(long, value_name = "TIME", value_parser = crate::args::duration, default_value = "84h")]
    max_clock: Duration,
    /// Least time that a side is left with after its move
    #[arg(long, value_name = "TIME", value_parser = crate::args::duration, default_value = "3h")]
    clock_extension: Duration,
    /// For how long a large pre-image can be challenged
    #[arg(long, value_name = "TIME", value_parser = crate::args::duration, default_value = "24h")]
    challenge_period: Duration,
    /// From how many bytes on a pre-image is large
    #[arg(long, value_name = "BYTES", value_parser = crate::args::number, default_value = "126000")]
    min_proposal_size: u64,
    /// For how long bonds that were won wait in the vault
    #[arg(long, value_name = "TIME", value_parser = crate::args::duration, default_value = "168h")]
    bond_delay: Duration,
    #[command(flatten)]
    reading: ReadingArgs,
    #[command(flatten)]
    common: Common,
}

pub(super) fn run(app: &App, args: &DeployArgs) -> anyhow::Result<()> {
    let mut vm = args.reading.open(app, &args.prestate)?;
    let (prestate, isa) = (B256::from(vm.state_root()), vm.isa());
    let contract = app.contract(isa);
    let contract =
        contract.with_context(|| format!("there is no contract for {}", isa.vm_type()))?;
    let setup = Setup {
        params: Params {
            game_type: args.game_type,
            absolute_prestate: prestate,
            max_depth: args.max_depth,
            split_depth: args.split_depth,
            clock_extension: args.clock_extension.as_secs(),
            max_clock_duration: args.max_clock.as_secs(),
            challenge_period: args.challenge_period.as_secs().into(),
            l2_chain_id: args.l2_chain_id,
            fee_spikes: None,
        },
        anchor: OutputRoot {
            root: args.anchor_root,
            block: args.anchor_block,
        },
        delay: args.bond_delay.as_secs(),
        min_proposal_size: args.min_proposal_size,
        verifier: Artifact::parse(contract)?,
        state_version: isa.version(),
    };
    let chain = args.common.connect()?;
    let mut wallet = args.common.chain.wallet(chain)?;
    let world = Deployment::deploy(&mut wallet, &setup, &mut tell)?;
    let contracts = [
        ("factory", world.factory),
        ("game", world.implementation),
        ("registry", world.registry),
        ("vault", world.vault),
        ("config", world.config),
        ("oracle", world.oracle),
        ("verifier", world.vm),
    ];
    match args.common.format {
        Format::Text => {
            let line = |(name, at): &(&str, _)| format!("{name:<9} {at}\n");
            let lines: String = contracts.iter().map(line).collect();
            print(&format!("{lines}prestate  {prestate}\n"))
        }
        Format::Json => {
            let mut told = json!({"game-type": args.game_type, "prestate": prestate});
            for (name, at) in contracts {
                told[name] = json!(at);
            }
            to_stdout(|out| json(out, &told))
        }
    }
}
