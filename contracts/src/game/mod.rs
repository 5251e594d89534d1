//! The contracts of the dispute game: what they are called with, and what creates them.
//!
//! They stand without proxies: an address is a behaviour for good.

pub mod abi;

use alloy_primitives::{Address, U256};
use alloy_sol_types::SolValue as _;

use crate::artifact::{Artifact, ArtifactError};
use abi::{GameParameters, StartingAnchorRoot};

/// The artifacts of the contracts, as JSON.
pub mod artifacts {
    /// The game.
    pub const GAME: &str = include_str!("../../artifacts/FaultDisputeGame.json");
    /// The game with time for fee spikes.
    pub const FEE_SPIKE_GAME: &str = include_str!("../../artifacts/FeeSpikeDisputeGame.json");
    /// The factory.
    pub const FACTORY: &str = include_str!("../../artifacts/DisputeGameFactory.json");
    /// The anchor registry.
    pub const REGISTRY: &str = include_str!("../../artifacts/AnchorStateRegistry.json");
    /// The vault.
    pub const VAULT: &str = include_str!("../../artifacts/DelayedWETH.json");
    /// Who may step in.
    pub const CONFIG: &str = include_str!("../../artifacts/SuperchainConfig.json");

    /// All of them, by name.
    pub const ALL: &[(&str, &str)] = &[
        ("FaultDisputeGame", GAME),
        ("FeeSpikeDisputeGame", FEE_SPIKE_GAME),
        ("DisputeGameFactory", FACTORY),
        ("AnchorStateRegistry", REGISTRY),
        ("DelayedWETH", VAULT),
        ("SuperchainConfig", CONFIG),
    ];
}

/// Time for fee spikes: how long a sample holds the clocks and for how long at most in one game, both
/// in seconds.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct FeeSpikes {
    /// Of one sample.
    pub window: u64,
    /// Of one game.
    pub cap: u64,
}

/// What creates the contract that names the guardian.
///
/// # Errors
/// None for the artifacts as they come with this crate, here and below.
pub fn config(guardian: Address) -> Result<Vec<u8>, ArtifactError> {
    creation(artifacts::CONFIG, &guardian.abi_encode())
}

/// What creates the vault. `delay` is in seconds.
///
/// # Errors
/// As [`config`].
pub fn vault(delay: u64, owner: Address, config: Address) -> Result<Vec<u8>, ArtifactError> {
    let arguments = (U256::from(delay), owner, config).abi_encode_params();
    creation(artifacts::VAULT, &arguments)
}

/// What creates the factory.
///
/// # Errors
/// As [`config`].
pub fn factory(owner: Address) -> Result<Vec<u8>, ArtifactError> {
    creation(artifacts::FACTORY, &owner.abi_encode())
}

/// What creates the registry.
///
/// # Errors
/// As [`config`].
pub fn registry(
    factory: Address,
    anchors: Vec<StartingAnchorRoot>,
    config: Address,
) -> Result<Vec<u8>, ArtifactError> {
    let arguments = (factory, anchors, config).abi_encode_params();
    creation(artifacts::REGISTRY, &arguments)
}

/// What creates an implementation of the game. Its constructor reverts under the reasons' names if
/// the parameters do not fit each other or the VM's oracle.
///
/// # Errors
/// As [`config`].
pub fn game(
    parameters: &GameParameters,
    spikes: Option<FeeSpikes>,
) -> Result<Vec<u8>, ArtifactError> {
    let plain = parameters.abi_encode();
    match spikes {
        None => creation(artifacts::GAME, &plain),
        Some(FeeSpikes { window, cap }) => {
            let arguments = [plain, (window, cap).abi_encode_params()].concat();
            creation(artifacts::FEE_SPIKE_GAME, &arguments)
        }
    }
}

fn creation(artifact: &str, arguments: &[u8]) -> Result<Vec<u8>, ArtifactError> {
    let mut code = Artifact::parse(artifact)?.bytecode;
    code.extend_from_slice(arguments);
    Ok(code)
}
