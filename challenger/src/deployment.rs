//! Everything that games need, on a chain: for demonstrations and tests, and to begin with.
//!
//! Who owns the factory and the vault, and who is the guardian, is said by [`Roles`].

use alloy_primitives::{Address, U256};
use alloy_sol_types::{SolCall, SolValue as _};
use fpvm_contracts::artifact::{Artifact, ArtifactError, PREIMAGE_ORACLE};
use fpvm_contracts::game;
use fpvm_contracts::game::abi::{
    DisputeGameFactory, GameParameters, OutputRoot as Anchor, StartingAnchorRoot,
};
use fpvm_dispute::claim::OutputRoot;
use fpvm_dispute::position::Position;
use fpvm_dispute::revert::Revert;
use fpvm_dispute::rules::{Params, Rules};
use fpvm_l1::{Progress, Request, SendError, Wallet};

alloy_sol_types::sol! {
    #[allow(missing_docs, reason = "made by the macro")]
    function transferOwnership(address newOwner) external;
}

/// What a world is set up with.
#[derive(Clone, Debug)]
pub struct Setup {
    /// The rules of its one type of game.
    pub params: Params,
    /// The output that games start from.
    pub anchor: OutputRoot,
    /// Seconds between unlock and withdrawal of bonds.
    pub delay: u64,
    /// From how many bytes on a pre-image is loaded by proposal.
    pub min_proposal_size: u64,
    /// The step verifier.
    pub verifier: Artifact,
    /// The version of the states that it executes, if it asks for that.
    pub state_version: Option<u8>,
}

/// Who may do what when all is deployed.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Roles {
    /// Owns the factory (which may set the code of new games) and the vault (which may take all ether).
    pub owner: Address,
    /// May stop withdrawals, and correct the anchors.
    pub guardian: Address,
}

/// Where everything is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Deployment {
    /// Names the guardian.
    pub config: Address,
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
    /// What games are clones of.
    pub implementation: Address,
    /// The type's number in the factory.
    pub game_type: u32,
}

/// A world is not there, or not all of it.
#[derive(Debug, thiserror::Error)]
pub enum DeployError {
    /// The rules are none.
    #[error("a game cannot be played by these rules: {0}")]
    Rules(Revert),
    /// The owner or the guardian is the zero address.
    #[error(
        "owner and guardian have to be accounts that somebody has the keys of, not the zero address"
    )]
    NoRole,
    /// A contract that came with the program is none.
    #[error(transparent)]
    Artifact(#[from] ArtifactError),
    /// A transaction is not done.
    #[error("{}", crate::reasons::sending(.0))]
    Send(#[from] SendError),
}

impl Deployment {
    /// Deploys it all for the wallet's own account, which is then owner and guardian: for development.
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

    /// Deploys it all, lets the factory create games, and hands the factory to its owner last.
    ///
    /// # Errors
    /// If the rules are none, a role is nobody's, or a transaction is not done.
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
        let rules = Rules::new(params.clone()).map_err(DeployError::Rules)?;
        let bond = rules.required_bond(Position::ROOT);
        let bond = bond.map_err(DeployError::Rules)?;
        let sender = wallet.address();
        let first = wallet.settle(report)?;
        let deployment = Self::at(params.game_type, |n| sender.create(first.saturating_add(n)));
        let requests = deployment.requests(setup, sender, roles, bond)?;
        wallet.send_from(first, &requests, report)?;
        Ok(deployment)
    }

    /// The world whose contracts are created one after the other.
    fn at(game_type: u32, created: impl Fn(u64) -> Address) -> Self {
        Self {
            config: created(0),
            vault: created(1),
            factory: created(2),
            registry: created(3),
            oracle: created(4),
            vm: created(5),
            implementation: created(6),
            game_type,
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
        } = setup;
        let game_type = params.game_type;
        let anchors = vec![StartingAnchorRoot {
            gameType: game_type,
            outputRoot: Anchor {
                root: anchor.root,
                l2BlockNumber: anchor.block,
            },
        }];
        let numbers = (
            U256::from(*min_proposal_size),
            U256::from(params.challenge_period),
        );
        let oracle = Artifact::parse(PREIMAGE_ORACLE)?.bytecode;
        let oracle = [oracle, numbers.abi_encode_params()].concat();
        let report = verifier.arguments(self.oracle, *state_version);
        let vm = [&*verifier.bytecode, &report].concat();
        let creations = [
            ("configuration", game::config(roles.guardian)?),
            ("vault", game::vault(*delay, roles.owner, self.config)?),
            ("factory", game::factory(sender)?),
            (
                "registry",
                game::registry(self.factory, anchors, self.config)?,
            ),
            ("pre-image oracle", oracle),
            ("step verifier", vm),
            (
                "game",
                implementation(params, self.vm, self.vault, self.registry)?,
            ),
        ];
        let creations = creations.map(|(name, code)| Request {
            what: format!("deploy the {name}"),
            to: None,
            data: code.into(),
            value: U256::ZERO,
            gas: None,
        });
        let sets = registration(self.factory, game_type, self.implementation, bond);
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
        Ok(creations.into_iter().chain(sets).chain(handover).collect())
    }
}

/// What lets a factory create games of a type, for a bond in wei; its owner sends it.
pub fn registration(
    factory: Address,
    game_type: u32,
    implementation: Address,
    bond: u128,
) -> [Request; 2] {
    let set = |what: &str, data: Vec<u8>| Request {
        what: format!("set the {what} of games of type {game_type}"),
        to: Some(factory),
        data: data.into(),
        value: U256::ZERO,
        gas: None,
    };
    let implementation = DisputeGameFactory::setImplementationCall {
        gameType: game_type,
        r#impl: implementation,
    };
    let bond = DisputeGameFactory::setInitBondCall {
        gameType: game_type,
        initBond: U256::from(bond),
    };
    [
        set("implementation", implementation.abi_encode()),
        set("bond", bond.abi_encode()),
    ]
}

/// What the implementation of a type of game is constructed with: its rules, and the contracts around it.
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

/// What creates this project's implementation of a type of game.
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
    game::game(&parameters(params, vm, vault, registry), spikes)
}
