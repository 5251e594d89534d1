//! Upstream's contracts of the dispute game, compiled by whoever runs the tests, behind their proxies as on
//! mainnet. Where nobody has, the tests say so.

use crate::{Tool, skip};
use std::path::{Path, PathBuf};

use alloy_primitives::{Address, U256};
use alloy_sol_types::{SolCall, SolValue, sol};
use fpvm_contracts::artifact::Artifact;
use fpvm_contracts::game_v7;
use fpvm_contracts::harness::UPSTREAM;
use fpvm_dispute::claim::OutputRoot;

sol! {
    interface Proxied {
        function upgradeToAndCall(address implementation, bytes data) external payable returns (bytes);
    }
    interface Factory {
        function initialize(address owner) external;
    }
    interface Registry {
        struct Root { bytes32 root; uint256 l2BlockNumber; }
        struct Start { uint32 gameType; Root outputRoot; }
        function initialize(Start[] roots, address config) external;
    }
    interface Vault {
        function initialize(address owner, address config) external;
    }
    interface Config {
        function initialize(address guardian, bool paused) external;
    }
}

/// The folder, if the environment names one; says so if not. It has `FaultDisputeGame.json`,
/// `DisputeGameFactory.json`, `AnchorStateRegistry.json`, `DelayedWETH.json`, `SuperchainConfig.json`,
/// `Proxy.json`, `PreimageOracle.json`, `MIPS.json` and `RISCV.json` of October 2024, and `MIPS64.json` of
/// 2026, with fields `abi` and `bytecode`.
pub fn folder() -> Option<PathBuf> {
    let folder = std::env::var_os(UPSTREAM);
    if folder.is_none() {
        skip(
            Tool::UpstreamContracts,
            &format!("nothing with upstream's contracts, {UPSTREAM} names no folder"),
        );
    }
    folder.map(PathBuf::from)
}

/// A contract of upstream's.
pub fn artifact(folder: &Path, name: &str) -> Artifact {
    let path = folder.join(format!("{name}.json"));
    let json = std::fs::read_to_string(&path);
    let json = json.unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    Artifact::parse(&json).expect(name)
}

/// What creates a contract of upstream's.
pub fn creation(folder: &Path, name: &str, arguments: &[u8]) -> Vec<u8> {
    [artifact(folder, name).bytecode, arguments.to_vec()].concat()
}

/// The folder of upstream's contracts of a release since 2025 (`v4` to `v8`), which is in [`folder`], if there
/// is one; says so if not. It has `FaultDisputeGame.json`, `PermissionedDisputeGame.json`, `DisputeGameFactory.json`,
/// `AnchorStateRegistry.json`, `DelayedWETH.json`, `SuperchainConfig.json`, `Proxy.json`, `ProxyAdmin.json` and
/// `PreimageOracle.json`. Games of v6 are upstream's `FaultDisputeGameV2` and `PermissionedDisputeGameV2`; of v8 it has
/// `SuperFaultDisputeGame.json` and `SuperPermissionedDisputeGame.json` instead.
pub fn folder_of(release: &str) -> Option<PathBuf> {
    let its = folder()?.join(release);
    let is_there = its.is_dir();
    if !is_there {
        skip(
            Tool::UpstreamContracts,
            &format!(
                "nothing with upstream's contracts of {release}, {UPSTREAM} has no folder for them"
            ),
        );
    }
    is_there.then_some(its)
}

/// The folder of upstream's contracts of 2024: [`folder`], if it has them.
pub fn folder_2024() -> Option<PathBuf> {
    let folder = folder()?;
    let is_there = folder.join("FaultDisputeGame.json").is_file();
    if !is_there {
        skip(
            Tool::UpstreamContracts,
            &format!("nothing with upstream's contracts of 2024, {UPSTREAM} has none"),
        );
    }
    is_there.then_some(folder)
}

/// Whose transaction something is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Who {
    /// Creates what has no owner.
    Anybody,
    /// Creates the factory's proxy.
    Founder,
    /// Administers the proxies. Has no other part, for they treat their admin differently.
    Admin,
    /// Owns what administers the proxies of 2026.
    Owner,
}

/// Where contracts are deployed.
pub trait Deployer {
    /// Creates a contract; what its constructor reverts with is an end of the test.
    fn create(&mut self, by: Who, code: Vec<u8>) -> Address;

    /// Calls a contract, which must not revert.
    fn call(&mut self, by: Who, to: Address, data: Vec<u8>);
}

/// Who is what, and from where games start.
#[derive(Clone, Copy, Debug)]
pub struct Setup {
    /// Owns factory and vault, and is the guardian.
    pub owner: Address,
    /// The account of [`Who::Admin`].
    pub admin: Address,
    /// The type under which games are created.
    pub game_type: u32,
    /// Where the first game starts.
    pub anchor: OutputRoot,
    /// Of the vault, in seconds.
    pub delay: u64,
}

/// What is around games.
#[derive(Clone, Copy, Debug)]
pub struct Around {
    /// SuperchainConfig.
    pub config: Address,
    /// DelayedWETH.
    pub vault: Address,
    /// DisputeGameFactory.
    pub factory: Address,
    /// AnchorStateRegistry.
    pub registry: Address,
}

/// Deploys what is around games.
pub fn around(deployer: &mut impl Deployer, folder: &Path, setup: &Setup) -> Around {
    let Setup { owner, anchor, .. } = *setup;
    let mut proxied = |by, name: &str, arguments: &[u8], data: Vec<u8>| {
        let implementation = deployer.create(Who::Anybody, creation(folder, name, arguments));
        let proxy = deployer.create(by, creation(folder, "Proxy", &setup.admin.abi_encode()));
        let upgrade = Proxied::upgradeToAndCallCall {
            implementation,
            data: data.into(),
        };
        deployer.call(Who::Admin, proxy, upgrade.abi_encode());
        proxy
    };
    let (guardian, paused) = (owner, false);
    let initialize = Config::initializeCall { guardian, paused };
    let config = proxied(Who::Admin, "SuperchainConfig", &[], initialize.abi_encode());
    let initialize = Vault::initializeCall { owner, config };
    let arguments = U256::from(setup.delay).abi_encode();
    let vault = proxied(
        Who::Admin,
        "DelayedWETH",
        &arguments,
        initialize.abi_encode(),
    );
    let initialize = Factory::initializeCall { owner };
    let factory = proxied(
        Who::Founder,
        "DisputeGameFactory",
        &[],
        initialize.abi_encode(),
    );
    let roots = vec![Registry::Start {
        gameType: setup.game_type,
        outputRoot: Registry::Root {
            root: anchor.root,
            l2BlockNumber: anchor.block,
        },
    }];
    let initialize = Registry::initializeCall { roots, config };
    let arguments = factory.abi_encode();
    let registry = proxied(
        Who::Admin,
        "AnchorStateRegistry",
        &arguments,
        initialize.abi_encode(),
    );
    Around {
        config,
        vault,
        factory,
        registry,
    }
}

sol! {
    interface ProxyAdmin {
        function upgradeAndCall(address proxy, address implementation, bytes data) external payable;
    }
    interface FactoryV7 {
        function initialize(address owner) external;
    }
    interface RegistryV7 {
        struct Proposal { bytes32 root; uint256 l2SequenceNumber; }
        function initialize(address systemConfig, address factory, Proposal start, uint32 respected) external;
    }
    interface VaultV7 {
        function initialize(address systemConfig) external;
    }
    interface ConfigV7 {
        function initialize(address guardian) external;
    }
}

/// What is around games of 2026, besides [`Setup`].
#[derive(Clone, Copy, Debug)]
pub struct SetupV7 {
    /// Seconds after which a game that was resolved is final.
    pub finality_delay: u64,
    /// What a pause of this chain goes by.
    pub identifier: Address,
}

/// A proxy for a contract of upstream's, administered by `admin`.
fn proxied_v7(
    deployer: &mut impl Deployer,
    (folder, admin): (&Path, Address),
    by: Who,
    name: &str,
    arguments: &[u8],
    data: Vec<u8>,
) -> Address {
    let implementation = deployer.create(Who::Anybody, creation(folder, name, arguments));
    let proxy = deployer.create(by, creation(folder, "Proxy", &admin.abi_encode()));
    let upgrade = ProxyAdmin::upgradeAndCallCall {
        proxy,
        implementation,
        data: data.into(),
    };
    deployer.call(Who::Owner, admin, upgrade.abi_encode());
    proxy
}

/// Deploys what is around games of 2026, with a system configuration; returns that too. Of upstream's that
/// is the one contract which is this project's: what it adds is not the games'.
pub fn around_v7(
    deployer: &mut impl Deployer,
    folder: &Path,
    setup: &Setup,
    more: SetupV7,
) -> (Around, Address) {
    let Setup { owner, anchor, .. } = *setup;
    // Who owns this owns the vault.
    let admin = creation(folder, "ProxyAdmin", &owner.abi_encode());
    let admin = deployer.create(Who::Anybody, admin);
    let place = (folder, admin);
    let initialize = ConfigV7::initializeCall { guardian: owner };
    let config = proxied_v7(
        deployer,
        place,
        Who::Admin,
        "SuperchainConfig",
        &[],
        initialize.abi_encode(),
    );
    let initialize = FactoryV7::initializeCall { owner };
    let factory = proxied_v7(
        deployer,
        place,
        Who::Founder,
        "DisputeGameFactory",
        &[],
        initialize.abi_encode(),
    );
    let system = game_v7::system_config(config, more.identifier).expect("this project's");
    let system = deployer.create(Who::Anybody, system);
    let initialize = VaultV7::initializeCall {
        systemConfig: system,
    };
    let arguments = U256::from(setup.delay).abi_encode();
    let vault = proxied_v7(
        deployer,
        place,
        Who::Admin,
        "DelayedWETH",
        &arguments,
        initialize.abi_encode(),
    );
    let initialize = RegistryV7::initializeCall {
        systemConfig: system,
        factory,
        start: RegistryV7::Proposal {
            root: anchor.root,
            l2SequenceNumber: anchor.block,
        },
        respected: setup.game_type,
    };
    let arguments = U256::from(more.finality_delay).abi_encode();
    let registry = proxied_v7(
        deployer,
        place,
        Who::Admin,
        "AnchorStateRegistry",
        &arguments,
        initialize.abi_encode(),
    );
    let around = Around {
        config,
        vault,
        factory,
        registry,
    };
    (around, system)
}
