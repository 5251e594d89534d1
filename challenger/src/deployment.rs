//! Deploys everything that games need: for demonstrations, for tests, and for a first set of contracts.
//!
//! [`Roles`] says who owns the factory and the vault, and who is the guardian. The contracts are those of today's games
//! (2.4.2; super games 0.8.0, and permissioned super games 1.0.0) or of 2024's (1.3.1), as the rules' version says.
//! Permissioned super games do not use the vault, the oracle and the step verifier, which are deployed for types to
//! come.

use alloy_primitives::{Address, U256};
use alloy_sol_types::{SolCall, SolValue as _};
use fpvm_contracts::artifact::{Artifact, ArtifactError, PREIMAGE_ORACLE};
use fpvm_contracts::game::abi::{
    ArgsFactory, DisputeGameFactory, GameParameters, OutputRoot as Anchor, StartingAnchorRoot,
};
use fpvm_contracts::{game, game_v7};
use fpvm_dispute::arguments::{FaultArgs, SuperArgs};
use fpvm_dispute::claim::OutputRoot;
use fpvm_dispute::position::Position;
use fpvm_dispute::revert::Revert;
use fpvm_dispute::rules::{Params, Rules};
use fpvm_dispute::version::Version;
use fpvm_l1::{Progress, Request, SendError, Wallet};

alloy_sol_types::sol! {
    #[allow(missing_docs, reason = "made by the macro")]
    function transferOwnership(address newOwner) external;
}

/// The parameters of a deployment.
#[derive(Clone, Debug)]
pub struct Setup {
    /// The rules of its one type of game.
    pub params: Params,
    /// The root that games start from, and its block; for super games its timestamp.
    pub anchor: OutputRoot,
    /// Seconds between unlock and withdrawal of bonds.
    pub delay: u64,
    /// Seconds after its resolution during which a game cannot be closed; not used before 1.4.
    pub finality_delay: u64,
    /// The least number of bytes of a pre-image that is loaded by a proposal.
    pub min_proposal_size: u64,
    /// The step verifier.
    pub verifier: Artifact,
    /// The version of the states that it executes, if it asks for that.
    pub state_version: Option<u8>,
}

/// Who may do what once everything is deployed.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Roles {
    /// Owns the factory (which may set the code of new games) and the vault (which may take all ether).
    pub owner: Address,
    /// May stop withdrawals, and correct the anchors.
    pub guardian: Address,
}

/// The addresses of all contracts.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Deployment {
    /// Names the guardian.
    pub config: Address,
    /// Tells the pauses of this chain; none in 2024.
    pub system: Option<Address>,
    /// The vault of the bonds.
    pub vault: Address,
    /// Creates games.
    pub factory: Address,
    /// The anchors.
    pub registry: Address,
    /// The pre-image oracle.
    pub oracle: Address,
    /// The step verifier.
    pub vm: Address,
    /// The contract that games are clones of.
    pub implementation: Address,
    /// The type's number in the factory.
    pub game_type: u32,
}

/// Not all contracts were deployed.
#[derive(Debug, thiserror::Error)]
pub enum DeployError {
    /// The rules are not possible.
    #[error("a game cannot be played by these rules: {0}")]
    Rules(Revert),
    /// The owner or the guardian is the zero address.
    #[error(
        "owner and guardian have to be accounts that somebody has the keys of, not the zero address"
    )]
    NoRole,
    /// This release has no contracts of games of this version.
    #[error(
        "this release has contracts of games {}, {}, super {} and super permissioned {}, not of {which}",
        Version::V1_3,
        Version::V2_4,
        Version::Super0_8,
        Version::SuperPermissioned1_0
    )]
    NoContracts {
        /// The version, and what else is wrong.
        which: String,
    },
    /// A contract that came with the program is damaged.
    #[error(transparent)]
    Artifact(#[from] ArtifactError),
    /// A transaction is not done.
    #[error("{}", crate::reasons::sending(.0))]
    Send(#[from] SendError),
}

impl Deployment {
    /// Deploys everything for the wallet's own account, which is then owner and guardian: for development.
    ///
    /// # Errors
    /// As [`Deployment::deploy_for`].
    pub fn deploy(
        wallet: &mut Wallet,
        setup: &Setup,
        report: &mut dyn FnMut(Progress<'_>),
    ) -> Result<Self, DeployError> {
        let (owner, guardian) = (wallet.address(), wallet.address());
        Self::deploy_for(wallet, setup, Roles { owner, guardian }, report)
    }

    /// Deploys everything, lets the factory create games, and at last hands the factory to its owner.
    ///
    /// # Errors
    /// If the rules are not possible, a role is the zero address, or a transaction is not done.
    pub fn deploy_for(
        wallet: &mut Wallet,
        setup: &Setup,
        roles: Roles,
        report: &mut dyn FnMut(Progress<'_>),
    ) -> Result<Self, DeployError> {
        if roles.owner.is_zero() || roles.guardian.is_zero() {
            return Err(DeployError::NoRole);
        }
        let params = &setup.params;
        check(params)?;
        let rules = Rules::new(params.clone()).map_err(DeployError::Rules)?;
        let bond = if params.version.is_won_at_creation() {
            // The game would keep a bond for good.
            0
        } else {
            let bond = rules.required_bond(Position::ROOT);
            bond.map_err(DeployError::Rules)?
        };
        let sender = wallet.address();
        let first = wallet.settle(report)?;
        let deployment = Self::at(params, |n| sender.create(first.saturating_add(n)));
        let requests = deployment.requests(setup, sender, roles, bond)?;
        wallet.send_from(first, &requests, report)?;
        Ok(deployment)
    }

    /// The addresses of contracts that are created one after the other.
    fn at(params: &Params, created: impl Fn(u64) -> Address) -> Self {
        let today = params.version.has_arguments();
        let after = |n| created(n + u64::from(today));
        Self {
            config: created(0),
            system: today.then(|| created(1)),
            vault: after(1),
            factory: after(2),
            registry: after(3),
            oracle: after(4),
            vm: after(5),
            implementation: after(6),
            game_type: params.game_type,
        }
    }

    fn requests(
        &self,
        setup: &Setup,
        sender: Address,
        roles: Roles,
        bond: u128,
    ) -> Result<Vec<Request>, ArtifactError> {
        let Setup {
            params,
            anchor,
            delay,
            min_proposal_size,
            verifier,
            state_version,
            ..
        } = setup;
        let game_type = params.game_type;
        let numbers = (
            U256::from(*min_proposal_size),
            U256::from(params.challenge_period),
        );
        let oracle = Artifact::parse(PREIMAGE_ORACLE)?.bytecode;
        let oracle = [oracle, numbers.abi_encode_params()].concat();
        let report = verifier.arguments(self.oracle, *state_version);
        let vm = [&*verifier.bytecode, &report].concat();
        let around = match self.system {
            None => {
                let anchors = vec![StartingAnchorRoot {
                    gameType: game_type,
                    outputRoot: Anchor {
                        root: anchor.root,
                        l2BlockNumber: anchor.block,
                    },
                }];
                vec![
                    ("configuration", game::config(roles.guardian)?),
                    ("vault", game::vault(*delay, roles.owner, self.config)?),
                    ("factory", game::factory(sender)?),
                    (
                        "registry",
                        game::registry(self.factory, anchors, self.config)?,
                    ),
                ]
            }
            Some(system) => vec![
                ("configuration", game_v7::config(roles.guardian)?),
                // A pause of this chain alone is named by the factory, because there need not be a portal.
                (
                    "chain's configuration",
                    game_v7::system_config(self.config, self.factory)?,
                ),
                ("vault", game_v7::vault(*delay, roles.owner, system)?),
                ("factory", game_v7::factory(sender)?),
                (
                    "registry",
                    game_v7::registry(
                        setup.finality_delay,
                        system,
                        self.factory,
                        (anchor.root, anchor.block),
                        game_type,
                    )?,
                ),
            ],
        };
        let game = implementation(params, self.vm, self.vault, self.registry)?;
        let others = [
            ("pre-image oracle", oracle),
            ("step verifier", vm),
            ("game", game),
        ];
        let creations = around.into_iter().chain(others);
        let creations = creations.map(|(name, code)| Request {
            what: format!("deploy the {name}"),
            to: None,
            data: code.into(),
            value: U256::ZERO,
            gas: None,
        });
        let args = self.args(params);
        let sets = registration(self.factory, game_type, self.implementation, &args, bond);
        // The sender has to own the factory to register the game.
        let transfer = transferOwnershipCall {
            newOwner: roles.owner,
        };
        let handover = (roles.owner != sender).then(|| Request {
            what: "hand the factory to its owner".into(),
            to: Some(self.factory),
            data: transfer.abi_encode().into(),
            value: U256::ZERO,
            gas: None,
        });
        Ok(creations.chain(sets).chain(handover).collect())
    }

    /// The arguments of games with these rules among these contracts; empty before 2.0.
    pub fn args(&self, params: &Params) -> Vec<u8> {
        if !params.version.has_arguments() {
            return Vec::new();
        }
        if let Some(roles) = params.roles
            && params.version.is_won_at_creation()
        {
            let args = SuperArgs::Permissioned {
                registry: self.registry,
                proposer: roles.proposer,
            };
            return args.encode();
        }
        let args = FaultArgs {
            absolute_prestate: params.absolute_prestate,
            vm: self.vm,
            registry: self.registry,
            vault: self.vault,
            l2_chain_id: params.l2_chain_id,
            roles: params.roles,
        };
        args.encode()
    }
}

/// Checks that there are contracts of such games.
fn check(params: &Params) -> Result<(), DeployError> {
    let version = params.version;
    let none = |why| {
        let which = format!("{version}{why}");
        Err(DeployError::NoContracts { which })
    };
    match version {
        Version::V1_3 if params.roles.is_some() => none(" with a proposer and a challenger"),
        Version::V2_4 if params.roles.is_some() && params.fee_spikes.is_some() => {
            none(" with a proposer, a challenger and time for fee spikes")
        }
        Version::Super0_8 if params.roles.is_some() => {
            none(" with a proposer and a challenger: that is a game of a proposer alone")
        }
        Version::Super0_8 if params.fee_spikes.is_some() => none(" with time for fee spikes"),
        Version::Super0_8 if !params.l2_chain_id.is_zero() => {
            none(" with a chain's id: it is about several chains")
        }
        Version::SuperPermissioned1_0 if params.roles.is_none() => none(" without a proposer"),
        Version::V1_3 | Version::V2_4 | Version::Super0_8 | Version::SuperPermissioned1_0 => Ok(()),
        _ => none(""),
    }
}

/// The transactions of the factory's owner that let the factory create games of a type, for a bond in wei. They set the
/// arguments of the type (`gameArgs`), unless these are empty.
pub fn registration(
    factory: Address,
    game_type: u32,
    implementation: Address,
    args: &[u8],
    bond: u128,
) -> [Request; 2] {
    let set = |what: &str, data: Vec<u8>| Request {
        what: format!("set the {what} of games of type {game_type}"),
        to: Some(factory),
        data: data.into(),
        value: U256::ZERO,
        gas: None,
    };
    let implementation = if args.is_empty() {
        DisputeGameFactory::setImplementationCall {
            gameType: game_type,
            r#impl: implementation,
        }
        .abi_encode()
    } else {
        ArgsFactory::setImplementationCall {
            gameType: game_type,
            r#impl: implementation,
            args: args.to_vec().into(),
        }
        .abi_encode()
    };
    let bond = DisputeGameFactory::setInitBondCall {
        gameType: game_type,
        initBond: U256::from(bond),
    };
    [
        set("implementation", implementation),
        set("bond", bond.abi_encode()),
    ]
}

/// The constructor's arguments of the implementation of a type of game: its rules, and the contracts around it.
pub fn parameters(
    params: &Params,
    vm: Address,
    vault: Address,
    registry: Address,
) -> GameParameters {
    GameParameters {
        gameType: params.game_type,
        absolutePrestate: params.absolute_prestate,
        maxGameDepth: U256::from(params.max_depth),
        splitDepth: U256::from(params.split_depth),
        clockExtension: params.clock_extension,
        maxClockDuration: params.max_clock_duration,
        vm,
        weth: vault,
        anchorStateRegistry: registry,
        l2ChainId: params.l2_chain_id,
    }
}

/// The creation code of this project's implementation of a type of game. It does not have the values that are
/// arguments of the games from 2.0 on.
///
/// # Errors
/// None for the artifacts as they come with this program.
pub fn implementation(
    params: &Params,
    vm: Address,
    vault: Address,
    registry: Address,
) -> Result<Vec<u8>, ArtifactError> {
    let spikes = params.fee_spikes.map(|spikes| game::FeeSpikes {
        window: spikes.window,
        cap: spikes.cap,
    });
    if !params.version.has_arguments() {
        return game::game(&parameters(params, vm, vault, registry), spikes);
    }
    let parameters = game_v7::Parameters {
        max_depth: params.max_depth,
        split_depth: params.split_depth,
        clock_extension: params.clock_extension,
        max_clock_duration: params.max_clock_duration,
    };
    match (params.version, params.roles) {
        (Version::SuperPermissioned1_0, _) => game_v7::super_permissioned_game(),
        (Version::Super0_8, _) => game_v7::super_game(&parameters),
        (_, None) => game_v7::game(&parameters, spikes),
        (_, Some(_)) => game_v7::permissioned_game(&parameters),
    }
}
