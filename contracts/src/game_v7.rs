//! The contracts of today's games (op-contracts v7; of v8 the super games): what creates them. They are called as those of
//! [`crate::game`] are, see [`crate::game::abi`], and stand without proxies, too.

use alloy_primitives::{Address, B256, U256};
use alloy_sol_types::SolValue as _;

use crate::artifact::{Artifact, ArtifactError};
use crate::game::FeeSpikes;

/// The artifacts of the contracts, as JSON.
pub mod artifacts {
    /// The game.
    pub const GAME: &str = include_str!("../artifacts/v7/FaultDisputeGame.json");
    /// The game with time for fee spikes.
    pub const FEE_SPIKE_GAME: &str = include_str!("../artifacts/v7/FeeSpikeDisputeGame.json");
    /// The game of two.
    pub const PERMISSIONED_GAME: &str =
        include_str!("../artifacts/v7/PermissionedDisputeGame.json");
    /// The game about a super root.
    pub const SUPER_GAME: &str = include_str!("../artifacts/v7/SuperFaultDisputeGame.json");
    /// The super root that one account proposes.
    pub const SUPER_PERMISSIONED_GAME: &str =
        include_str!("../artifacts/v7/SuperPermissionedDisputeGame.json");
    /// The factory.
    pub const FACTORY: &str = include_str!("../artifacts/v7/DisputeGameFactory.json");
    /// The anchor registry, and judge.
    pub const REGISTRY: &str = include_str!("../artifacts/v7/AnchorStateRegistry.json");
    /// The vault.
    pub const VAULT: &str = include_str!("../artifacts/v7/DelayedWETH.json");
    /// Who may step in.
    pub const CONFIG: &str = include_str!("../artifacts/v7/SuperchainConfig.json");
    /// Who may step in at one chain.
    pub const SYSTEM_CONFIG: &str = include_str!("../artifacts/v7/SystemConfig.json");

    /// All of them, by name.
    pub const ALL: &[(&str, &str)] = &[
        ("FaultDisputeGame", GAME),
        ("FeeSpikeDisputeGame", FEE_SPIKE_GAME),
        ("PermissionedDisputeGame", PERMISSIONED_GAME),
        ("SuperFaultDisputeGame", SUPER_GAME),
        ("SuperPermissionedDisputeGame", SUPER_PERMISSIONED_GAME),
        ("DisputeGameFactory", FACTORY),
        ("AnchorStateRegistry", REGISTRY),
        ("DelayedWETH", VAULT),
        ("SuperchainConfig", CONFIG),
        ("SystemConfig", SYSTEM_CONFIG),
    ];
}

/// What an implementation of the game is made of. All else is a game's arguments.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Parameters {
    /// Depth of the deepest claims.
    pub max_depth: u64,
    /// Depth of the deepest claims about output roots or super roots.
    pub split_depth: u64,
    /// Least time that a side is left with after its move, in seconds.
    pub clock_extension: u64,
    /// Time each side has, in seconds.
    pub max_clock_duration: u64,
}

/// What creates the contract that names the guardian and keeps the pauses.
///
/// # Errors
/// None for the artifacts as they come with this crate, here and below.
pub fn config(guardian: Address) -> Result<Vec<u8>, ArtifactError> {
    creation(artifacts::CONFIG, &guardian.abi_encode())
}

/// What creates the contract that tells the pauses of one chain: those under `identifier`, and all chains'.
///
/// # Errors
/// As [`config`].
pub fn system_config(config: Address, identifier: Address) -> Result<Vec<u8>, ArtifactError> {
    let arguments = (config, identifier).abi_encode_params();
    creation(artifacts::SYSTEM_CONFIG, &arguments)
}

/// What creates the vault. `delay` is in seconds.
///
/// # Errors
/// As [`config`].
pub fn vault(delay: u64, owner: Address, system: Address) -> Result<Vec<u8>, ArtifactError> {
    let arguments = (U256::from(delay), owner, system).abi_encode_params();
    creation(artifacts::VAULT, &arguments)
}

/// What creates the factory.
///
/// # Errors
/// As [`config`].
pub fn factory(owner: Address) -> Result<Vec<u8>, ArtifactError> {
    creation(artifacts::FACTORY, &owner.abi_encode())
}

/// What creates the registry: games that were resolved are final after `delay` seconds, the first starts from
/// the root `anchor` and its block or, of super games, its timestamp, and games of the type `respected` count.
///
/// # Errors
/// As [`config`].
pub fn registry(
    delay: u64,
    system: Address,
    factory: Address,
    anchor: (B256, U256),
    respected: u32,
) -> Result<Vec<u8>, ArtifactError> {
    let (root, block) = anchor;
    let arguments = (U256::from(delay), system, factory, root, block, respected);
    creation(artifacts::REGISTRY, &arguments.abi_encode_params())
}

/// What creates an implementation of the game. Its constructor reverts under the reasons' names if
/// the parameters do not fit each other.
///
/// # Errors
/// As [`config`].
pub fn game(parameters: &Parameters, spikes: Option<FeeSpikes>) -> Result<Vec<u8>, ArtifactError> {
    let plain = parameters.encode();
    match spikes {
        None => creation(artifacts::GAME, &plain),
        Some(FeeSpikes { window, cap }) => {
            let arguments = [plain, (window, cap).abi_encode_params()].concat();
            creation(artifacts::FEE_SPIKE_GAME, &arguments)
        }
    }
}

/// What creates an implementation of the permissioned game, as [`game`].
///
/// # Errors
/// As [`config`].
pub fn permissioned_game(parameters: &Parameters) -> Result<Vec<u8>, ArtifactError> {
    creation(artifacts::PERMISSIONED_GAME, &parameters.encode())
}

/// What creates an implementation of the game about a super root, as [`game`].
///
/// # Errors
/// As [`config`].
pub fn super_game(parameters: &Parameters) -> Result<Vec<u8>, ArtifactError> {
    creation(artifacts::SUPER_GAME, &parameters.encode())
}

/// What creates an implementation of the super root that one account proposes. It takes nothing.
///
/// # Errors
/// As [`config`].
pub fn super_permissioned_game() -> Result<Vec<u8>, ArtifactError> {
    creation(artifacts::SUPER_PERMISSIONED_GAME, &[])
}

impl Parameters {
    /// As a constructor takes them; upstream's takes the same.
    pub fn encode(&self) -> Vec<u8> {
        (
            U256::from(self.max_depth),
            U256::from(self.split_depth),
            self.clock_extension,
            self.max_clock_duration,
        )
            .abi_encode_params()
    }
}

fn creation(artifact: &str, arguments: &[u8]) -> Result<Vec<u8>, ArtifactError> {
    let mut code = Artifact::parse(artifact)?.bytecode;
    code.extend_from_slice(arguments);
    Ok(code)
}
