//! `game deploy`: everything that games need, on a chain.

use super::manual_play::Common;
use crate::app::App;
use crate::chain;
use crate::input::ReadingArgs;
use crate::output::{Format, json, print, to_stdout};
use crate::precompiles;
use anyhow::{anyhow, bail};
use fpvm_challenger::deployment::{Deployment, Roles, Setup};
use fpvm_challenger::game_type::GameType;
use fpvm_contracts::artifact::Artifact;
use fpvm_dispute::arguments::Roles as Players;
use fpvm_dispute::claim::OutputRoot;
use fpvm_dispute::rules::Params;
use fpvm_dispute::version::Version;
use fpvm_l1::{Address, B256, U256};
use serde_json::json;
use std::path::PathBuf;
use std::time::Duration;

/// Flags of `game deploy`.
#[derive(Debug, clap::Args)]
pub(super) struct DeployArgs {
    /// The program (ELF) or its pre-state that the games are about; its VM's verifier is deployed too
    #[arg(long, value_name = "FILE")]
    prestate: PathBuf,
    /// The output root that games start from; of super games the super root
    #[arg(long, value_name = "0x…")]
    anchor_root: B256,
    /// Its L2 block; of super games its timestamp
    #[arg(long, value_name = "N", value_parser = crate::args::long_number, visible_alias = "anchor-timestamp")]
    anchor_block: U256,
    /// Chain id of the L2; of all but super games, which are about several chains
    #[arg(long, value_name = "N", value_parser = crate::args::long_number)]
    l2_chain_id: Option<U256>,
    /// The type of game
    #[arg(long, value_name = "TYPE", default_value = "cannon")]
    game_type: GameType,
    /// Depth of the deepest claims
    #[arg(long, value_name = "N", value_parser = crate::args::number, default_value = "73")]
    max_depth: u64,
    /// Depth of the deepest claims about output roots
    #[arg(long, value_name = "N", value_parser = crate::args::number, default_value = "30")]
    split_depth: u64,
    /// Time that each side has
    #[arg(long, value_name = "TIME", value_parser = crate::args::duration, default_value = "3d12h")]
    max_clock: Duration,
    /// Least time that a side is left with after its move
    #[arg(long, value_name = "TIME", value_parser = crate::args::duration, default_value = "3h")]
    clock_extension: Duration,
    /// For how long a large pre-image can be challenged
    #[arg(long, value_name = "TIME", value_parser = crate::args::duration, default_value = "24h")]
    challenge_period: Duration,
    /// From how many bytes on a pre-image is large
    #[arg(long, value_name = "SIZE", value_parser = crate::args::size, default_value = "126000")]
    min_proposal_size: u64,
    /// For how long bonds that were won wait in the vault
    #[arg(long, value_name = "TIME", value_parser = crate::args::duration, default_value = "7d")]
    bond_delay: Duration,
    /// For how long after its resolution a game cannot be closed, which is the guardian's time to step in; of 2.4.2
    #[arg(long, value_name = "TIME", value_parser = crate::args::duration, default_value = "84h")]
    finality_delay: Duration,
    /// Which of upstream's games it is: that of June 2026 (by default) or of October 2024. Super games have one version
    /// each: 0.8.0, and 1.0.0 of super-permissioned
    #[arg(long, value_name = "VERSION")]
    game_version: Option<GameVersion>,
    /// Only this account proposes, and plays: a permissioned game, of 2.4.2; takes --challenger. Of super-permissioned,
    /// which nobody plays: only this account proposes
    #[arg(long, value_name = "ADDRESS")]
    proposer: Option<Address>,
    /// Only this account plays besides the proposer
    #[arg(long, value_name = "ADDRESS", requires = "proposer")]
    challenger: Option<Address>,
    /// Who owns factory and vault; the sender on a development chain (31337 or 1337), else to be given
    #[arg(long, value_name = "ADDRESS")]
    owner: Option<Address>,
    /// Who may pause, and strike games off (of 1.3.1: correct the anchors); likewise
    #[arg(long, value_name = "ADDRESS")]
    guardian: Option<Address>,
    #[command(flatten)]
    reading: ReadingArgs,
    #[command(flatten)]
    common: Common,
}

/// Games that there are contracts of.
#[derive(Clone, Copy, PartialEq, Eq, Debug, clap::ValueEnum)]
enum GameVersion {
    /// Of op-contracts v7, June 2026
    #[value(name = "2.4.2")]
    V2_4,
    /// Of op-contracts v1.8, October 2024
    #[value(name = "1.3.1")]
    V1_3,
}

/// What the flags say of the game: its version, who plays it, the chain that it is about.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
struct Choice {
    version: Version,
    players: Option<Players>,
    l2_chain_id: U256,
}

impl DeployArgs {
    fn choice(&self) -> anyhow::Result<Choice> {
        let (game_type, given) = (self.game_type, self.game_version);
        let version = match (game_type, given) {
            (other, _) if other.is_proven() => bail!(
                "games of type {other} are decided by proofs, and there are no contracts of them here: --game-type takes \
                 cannon, permissioned, cannon-kona, super-cannon-kona, super-permissioned, and others that are played by \
                 bisection"
            ),
            (GameType(4 | 5 | 7 | 9), Some(_)) => bail!(
                "--game-version is of games about output roots, and {game_type} is of super games: leave it out"
            ),
            (GameType(5), None) => Version::SuperPermissioned1_0,
            (GameType(4 | 7 | 9), None) => Version::Super0_8,
            (_, Some(GameVersion::V1_3)) => Version::V1_3,
            (_, Some(GameVersion::V2_4) | None) => Version::V2_4,
        };
        let players = match (self.proposer, self.challenger) {
            (Some(proposer), None) if version.is_won_at_creation() => Some(Players {
                proposer,
                challenger: Address::ZERO,
            }),
            _ if version.is_won_at_creation() => bail!(
                "a game of type {game_type} has a proposer and nobody else: say who by --proposer ADDRESS, and leave out \
                 --challenger"
            ),
            (None, None) => None,
            _ if version.is_super() => bail!(
                "a game of type {game_type} is open to all: leave out --proposer and --challenger, or deploy \
                 super-permissioned"
            ),
            (Some(proposer), Some(challenger)) => Some(Players {
                proposer,
                challenger,
            }),
            _ => bail!("a permissioned game has both: --proposer ADDRESS and --challenger ADDRESS"),
        };
        let l2_chain_id = match self.l2_chain_id {
            Some(_) if version.is_super() => {
                bail!("a super game is about several chains: leave out --l2-chain-id")
            }
            None if version.is_super() => U256::ZERO,
            Some(id) => id,
            None => bail!("say by --l2-chain-id N which chain the games are about"),
        };
        if version.is_super() && self.anchor_block > U256::from(u64::MAX) {
            bail!(
                "{} is no timestamp: a super game takes seconds of 64 bits by --anchor-block",
                self.anchor_block
            );
        }
        Ok(Choice {
            version,
            players,
            l2_chain_id,
        })
    }
}

/// Who owns what is deployed and guards it. A key that deploys is a hot one: off a development chain it gets
/// neither role unless somebody says so.
fn roles(
    chain: u64,
    owner: Option<Address>,
    guardian: Option<Address>,
    sender: Address,
) -> anyhow::Result<Roles> {
    /// Those of anvil and of geth's development mode.
    const DEVELOPMENT: [u64; 2] = [31337, 1337];
    let of = |flag: &str, given: Option<Address>, may: &str| match given {
        Some(address) => Ok(address),
        None if DEVELOPMENT.contains(&chain) => Ok(sender),
        None => Err(anyhow!(
            "chain {chain} is no development chain: say by --{flag} ADDRESS who {may} \
             (the sender, {sender}, if that is meant)"
        )),
    };
    Ok(Roles {
        owner: of("owner", owner, "owns the factory and the vault")?,
        guardian: of("guardian", guardian, "may pause, and strike games off")?,
    })
}

pub(super) fn run(app: &App, args: &DeployArgs) -> anyhow::Result<()> {
    let choice = args.choice()?;
    let mut vm = args.reading.open(app, &args.prestate)?;
    let (prestate, isa) = (B256::from(vm.state_root()), vm.isa());
    let contract = app.contract(isa)?;
    let setup = Setup {
        params: Params {
            version: choice.version,
            roles: choice.players,
            game_type: args.game_type.0,
            absolute_prestate: prestate,
            max_depth: args.max_depth,
            split_depth: args.split_depth,
            clock_extension: args.clock_extension.as_secs(),
            max_clock_duration: args.max_clock.as_secs(),
            challenge_period: args.challenge_period.as_secs().into(),
            l2_chain_id: choice.l2_chain_id,
            fee_spikes: None,
        },
        anchor: OutputRoot {
            root: args.anchor_root,
            block: args.anchor_block,
        },
        delay: args.bond_delay.as_secs(),
        finality_delay: args.finality_delay.as_secs(),
        min_proposal_size: args.min_proposal_size,
        verifier: Artifact::parse(contract)?,
        state_version: isa.version(),
    };
    let chain = args.common.connect()?;
    precompiles::warn_of_missing(&*chain)?;
    let id = chain.chain_id();
    let mut wallet = args.common.chain.wallet(chain)?;
    let roles = roles(id, args.owner, args.guardian, wallet.address())?;
    let world = Deployment::deploy_for(&mut wallet, &setup, roles, &mut chain::log)?;
    let system = world.system.map(|system| ("system", system));
    let contracts = [
        ("factory", world.factory),
        ("game", world.implementation),
        ("registry", world.registry),
        ("vault", world.vault),
        ("config", world.config),
        ("oracle", world.oracle),
        ("verifier", world.vm),
        ("owner", roles.owner),
        ("guardian", roles.guardian),
    ];
    let contracts: Vec<_> = contracts.into_iter().chain(system).collect();
    match args.common.format.get() {
        Format::Text => {
            let line = |(name, at): &(&str, _)| format!("{name:<9} {at}\n");
            let lines: String = contracts.iter().map(line).collect();
            print(&format!("{lines}prestate  {prestate}\n"))
        }
        Format::Json => {
            let mut object = json!({"gameType": args.game_type.0, "prestate": prestate});
            for (name, at) in contracts {
                object[name] = json!(at);
            }
            to_stdout(|out| json(out, &object))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::Parser as _;

    /// Flags by themselves.
    #[derive(Debug, clap::Parser)]
    struct Flags {
        #[command(flatten)]
        deploy: DeployArgs,
    }

    fn choice(flags: &str) -> Result<Choice, String> {
        let root = B256::repeat_byte(1);
        let line = format!(
            "deploy --rpc http://localhost --prestate pre.bin --anchor-root {root} {flags}"
        );
        let parsed = Flags::try_parse_from(line.split(' ')).map_err(|error| error.to_string())?;
        parsed.deploy.choice().map_err(|error| error.to_string())
    }

    #[test]
    fn super_games_by_name_and_number() {
        let proposer = Address::repeat_byte(0xaa);
        let of_all = Choice {
            version: Version::Super0_8,
            players: None,
            l2_chain_id: U256::ZERO,
        };
        let of_a_proposer = Choice {
            version: Version::SuperPermissioned1_0,
            players: Some(Players {
                proposer,
                challenger: Address::ZERO,
            }),
            ..of_all
        };
        for name in ["super-cannon-kona", "9"] {
            let read = choice(&format!("--game-type {name} --anchor-timestamp 1790000000"));
            assert_eq!(read, Ok(of_all), "{name}");
        }
        for name in ["super-permissioned", "5"] {
            let flags = format!("--game-type {name} --anchor-block 1 --proposer {proposer}");
            assert_eq!(choice(&flags), Ok(of_a_proposer), "{name}");
        }
        let plain = choice("--anchor-block 1 --l2-chain-id 10").expect("cannon");
        assert_eq!((plain.version, plain.players), (Version::V2_4, None));
        let old = choice("--anchor-block 1 --l2-chain-id 10 --game-version 1.3.1");
        assert_eq!(old.map(|old| old.version), Ok(Version::V1_3));
    }

    #[test]
    fn flags_that_do_not_fit_a_game_are_refused() {
        let someone = Address::repeat_byte(0xaa);
        let cases = [
            (
                "--game-type 9 --anchor-block 1 --game-version 2.4.2".into(),
                "--game-version",
            ),
            (
                "--game-type 9 --anchor-block 1 --l2-chain-id 10".into(),
                "--l2-chain-id",
            ),
            (
                "--game-type 9 --anchor-block 18446744073709551616".into(),
                "no timestamp",
            ),
            (
                format!("--game-type 9 --anchor-block 1 --proposer {someone}"),
                "open to all",
            ),
            ("--game-type 5 --anchor-block 1".into(), "--proposer"),
            (
                format!(
                    "--game-type 5 --anchor-block 1 --proposer {someone} --challenger {someone}"
                ),
                "nobody else",
            ),
            ("--anchor-block 1".into(), "--l2-chain-id"),
            (
                format!("--anchor-block 1 --l2-chain-id 1 --proposer {someone}"),
                "--challenger",
            ),
            (
                "--anchor-block 1 --l2-chain-id 1 --game-type zk".into(),
                "no contracts",
            ),
            (
                "--anchor-block 1 --l2-chain-id 1 --game-type 1337 --game-version 1.3.1".into(),
                "no contracts",
            ),
        ];
        for (flags, says) in cases {
            let refused = choice(&flags).expect_err(&flags);
            assert!(refused.contains(says), "{flags}: {refused}");
        }
    }

    #[test]
    fn a_sender_gets_roles_by_default_on_development_chains_only() {
        let [ann, bob, eve] = [0xaa, 0xbb, 0xee].map(Address::repeat_byte);
        let both = |owner, guardian| Roles { owner, guardian };
        for chain in [31337, 1337] {
            assert_eq!(roles(chain, None, None, eve).unwrap(), both(eve, eve));
        }
        assert_eq!(roles(1, Some(ann), Some(bob), eve).unwrap(), both(ann, bob));
        for (owner, guardian, flag) in [
            (None, Some(bob), "--owner"),
            (Some(ann), None, "--guardian"),
        ] {
            let text = roles(10, owner, guardian, eve).unwrap_err().to_string();
            assert!(text.contains(flag) && text.contains("chain 10"), "{text}");
        }
    }
}
