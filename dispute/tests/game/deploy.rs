//! The game's contracts on an EVM: this project's, upstream's, or some of each.

use std::path::PathBuf;

use alloy_primitives::{Address, B256, U256};
use alloy_sol_types::{SolCall, SolValue, sol};
use challenger::world;
use contracts::artifact::{Artifact, PREIMAGE_ORACLE};
use contracts::game;
use contracts::game::abi::{DisputeGameFactory, OutputRoot as AnchorRoot, StartingAnchorRoot};
use dispute::rules::Params;

use crate::evm::Evm;
use crate::setup::{DELAY, OWNER, Setup};

/// Names a folder with upstream's compiled contracts: `FaultDisputeGame.json`, `DisputeGameFactory.json`,
/// `AnchorStateRegistry.json`, `DelayedWETH.json`, `SuperchainConfig.json`, `Proxy.json`,
/// `PreimageOracle.json`, `MIPS.json` and `RISCV.json` of October 2024, and `MIPS64.json` of 2026, with
/// fields `abi` and `bytecode`.
pub(crate) const UPSTREAM: &str = "FPVM_UPSTREAM_CONTRACTS";

/// Administers upstream's proxies. Has no other part, for they treat their admin differently.
const ADMIN: Address = Address::repeat_byte(0xad);

/// Deploys the factory, so that games have the same addresses whoever has made the contracts.
const FOUNDER: Address = Address::repeat_byte(0xf0);

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

/// Whose contracts.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum Source {
    Ours,
    /// In this folder.
    Upstream(PathBuf),
}

impl Source {
    /// Upstream's, if the environment names their folder; says so if not.
    pub(crate) fn upstream() -> Option<Self> {
        let folder = std::env::var_os(UPSTREAM);
        if folder.is_none() {
            eprintln!(
                "SKIPPED: no comparison with upstream's contracts, {UPSTREAM} names no folder"
            );
        }
        folder.map(|folder| Self::Upstream(folder.into()))
    }

    /// Upstream's contract, or `ours`.
    pub(crate) fn artifact(&self, name: &str, ours: &str) -> Artifact {
        let json = match self {
            Self::Ours => ours.to_owned(),
            Self::Upstream(folder) => {
                let path = folder.join(format!("{name}.json"));
                std::fs::read_to_string(&path)
                    .unwrap_or_else(|error| panic!("{}: {error}", path.display()))
            }
        };
        Artifact::parse(&json).expect(name)
    }

    /// Creation code of upstream's contract, or of `ours`.
    fn code(&self, name: &str, ours: &str, arguments: &[u8]) -> Vec<u8> {
        let mut code = self.artifact(name, ours).bytecode;
        code.extend_from_slice(arguments);
        code
    }

    /// A pre-image oracle with a challenge period in seconds.
    pub(crate) fn oracle(&self, evm: &mut Evm, challenge_period: U256) -> Address {
        let arguments = (U256::from(126_000), challenge_period).abi_encode_params();
        let code = self.code("PreimageOracle", PREIMAGE_ORACLE, &arguments);
        evm.create(code).expect("an oracle")
    }
}

/// Who has made which part.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Sources {
    pub(crate) game: Source,
    /// Factory, registry, vault and configuration.
    pub(crate) surroundings: Source,
    pub(crate) oracle: Source,
}

impl Sources {
    pub(crate) fn all(source: Source) -> Self {
        Self {
            game: source.clone(),
            surroundings: source.clone(),
            oracle: source,
        }
    }
}

/// Where everything is.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Contracts {
    pub(crate) factory: Address,
    pub(crate) registry: Address,
    pub(crate) vault: Address,
    pub(crate) config: Address,
    pub(crate) oracle: Address,
    pub(crate) vm: Address,
}

impl Contracts {
    /// Deploys everything around the game; `vm` and `oracle` are there.
    pub(crate) fn around(
        evm: &mut Evm,
        source: &Source,
        setup: &Setup,
        vm: Address,
        oracle: Address,
    ) -> Self {
        let Setup { params, anchor } = setup;
        let (owner, game_type) = (OWNER, params.game_type);
        let (root, block) = (anchor.root, anchor.block);
        let create_by = |evm: &mut Evm, by, code| evm.create_by(by, code).expect("deploys");
        let create = |evm: &mut Evm, code| evm.create(code).expect("deploys");
        let (config, vault, factory, registry);
        match source {
            Source::Ours => {
                config = create(evm, game::config(owner).expect("code"));
                vault = create(evm, game::vault(DELAY, owner, config).expect("code"));
                factory = create_by(evm, FOUNDER, game::factory(owner).expect("code"));
                let anchors = vec![StartingAnchorRoot {
                    gameType: game_type,
                    outputRoot: AnchorRoot {
                        root,
                        l2BlockNumber: block,
                    },
                }];
                let code = game::registry(factory, anchors, config).expect("code");
                registry = create(evm, code);
            }
            Source::Upstream(_) => {
                let mut proxied = |by, name: &str, arguments: &[u8], data: Vec<u8>| {
                    let implementation = create(evm, source.code(name, "", arguments));
                    let proxy = create_by(evm, by, source.code("Proxy", "", &ADMIN.abi_encode()));
                    let upgrade = Proxied::upgradeToAndCallCall {
                        implementation,
                        data: data.into(),
                    };
                    evm.must(ADMIN, proxy, &upgrade);
                    proxy
                };
                let (guardian, paused) = (owner, false);
                let initialize = Config::initializeCall { guardian, paused };
                config = proxied(ADMIN, "SuperchainConfig", &[], initialize.abi_encode());
                let initialize = Vault::initializeCall { owner, config };
                let arguments = U256::from(DELAY).abi_encode();
                vault = proxied(ADMIN, "DelayedWETH", &arguments, initialize.abi_encode());
                let initialize = Factory::initializeCall { owner };
                factory = proxied(FOUNDER, "DisputeGameFactory", &[], initialize.abi_encode());
                let roots = vec![Registry::Start {
                    gameType: game_type,
                    outputRoot: Registry::Root {
                        root,
                        l2BlockNumber: block,
                    },
                }];
                let initialize = Registry::initializeCall { roots, config };
                let arguments = factory.abi_encode();
                registry = proxied(
                    ADMIN,
                    "AnchorStateRegistry",
                    &arguments,
                    initialize.abi_encode(),
                );
            }
        }
        Self {
            factory,
            registry,
            vault,
            config,
            oracle,
            vm,
        }
    }

    /// Deploys an implementation of the game; what its constructor reverts with if it does.
    pub(crate) fn implementation(
        &self,
        evm: &mut Evm,
        source: &Source,
        params: &Params,
    ) -> Result<Address, Vec<u8>> {
        let (vm, vault, registry) = (self.vm, self.vault, self.registry);
        let code = match source {
            Source::Ours => world::implementation(params, vm, vault, registry).expect("code"),
            Source::Upstream(_) => {
                assert_eq!(
                    params.fee_spikes, None,
                    "upstream's game has no such option"
                );
                let parameters = world::parameters(params, vm, vault, registry);
                source.code("FaultDisputeGame", "", &parameters.abi_encode())
            }
        };
        evm.create(code)
    }

    /// Lets the factory create such games for so many wei.
    pub(crate) fn register(
        &self,
        evm: &mut Evm,
        game_type: u32,
        implementation: Address,
        bond: u128,
    ) {
        let set = DisputeGameFactory::setImplementationCall {
            gameType: game_type,
            r#impl: implementation,
        };
        evm.must(OWNER, self.factory, &set);
        let set = DisputeGameFactory::setInitBondCall {
            gameType: game_type,
            initBond: U256::from(bond),
        };
        evm.must(OWNER, self.factory, &set);
    }
}

/// An artifact of a contract that only tests use.
pub(crate) fn test_contract(name: &str) -> Artifact {
    let path = format!(
        "{}/../contracts/artifacts/{name}.json",
        env!("CARGO_MANIFEST_DIR")
    );
    let json = std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{path}: {error}"));
    Artifact::parse(&json).expect(name)
}

/// Creation code of a contract that only tests use.
pub(crate) fn test_code(name: &str, arguments: &[B256]) -> Vec<u8> {
    let mut code = test_contract(name).bytecode;
    code.extend(arguments.iter().flatten());
    code
}
