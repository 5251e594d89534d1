//! The game's contracts on an EVM: this project's, upstream's, or some of each.

use std::path::PathBuf;

use alloy_primitives::{Address, B256, U256};
use alloy_sol_types::{SolEvent, SolValue};
use fpvm_challenger::deployment;
use fpvm_contracts::artifact::{Artifact, PREIMAGE_ORACLE};
use fpvm_contracts::game;
use fpvm_contracts::game::abi::{
    ArgsFactory, DisputeGameFactory, OutputRoot as AnchorRoot, StartingAnchorRoot,
};
use fpvm_contracts::game_v7 as v7;
use fpvm_dispute::arguments::{FaultArgs, SuperArgs};
use fpvm_dispute::rules::Params;
use fpvm_dispute::version::Version;

use crate::evm::Evm;
use crate::setup::{DELAY, FINALITY, OWNER, PORTAL, Setup};
use fpvm_e2e::upstream::{self, Around, Deployer, SetupV7, Who};

/// Administers upstream's proxies. Has no other part, for they treat their admin differently.
const ADMIN: Address = Address::repeat_byte(0xad);

/// Deploys the factory, so that games have the same addresses whoever has made the contracts.
const FOUNDER: Address = Address::repeat_byte(0xf0);

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
        upstream::folder_2024().map(Self::Upstream)
    }

    /// Upstream's of the release of a version of the game.
    pub(crate) fn upstream_of(version: Version) -> Option<Self> {
        let release = match version {
            Version::V1_3 => return Self::upstream(),
            Version::V1_4 => "v3",
            Version::V1_7 => "v4",
            Version::V1_8 => "v5",
            Version::V2_2 => "v6",
            Version::V2_4 => "v7",
            Version::Super0_8 | Version::SuperPermissioned1_0 => "v8",
        };
        upstream::folder_of(release).map(Self::Upstream)
    }

    /// Upstream's contract, or `ours`.
    pub(crate) fn artifact(&self, name: &str, ours: &str) -> Artifact {
        match self {
            Self::Ours => Artifact::parse(ours).expect(name),
            Self::Upstream(folder) => upstream::artifact(folder, name),
        }
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
    /// Where the vault and the registry ask for a pause; none in 2024.
    pub(crate) system: Option<Address>,
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
        let today = !params.version.pays_at_resolution();
        let mut system = None;
        let around = match source {
            Source::Ours if today => {
                let create = |evm: &mut Evm, code| evm.create(code).expect("deploys");
                let config = create(evm, v7::config(owner).expect("code"));
                let at = create(evm, v7::system_config(config, PORTAL).expect("code"));
                system = Some(at);
                let vault = create(evm, v7::vault(DELAY, owner, at).expect("code"));
                let factory = evm.create_by(FOUNDER, v7::factory(owner).expect("code"));
                let factory = factory.expect("deploys");
                let anchor = (root, block);
                let code = v7::registry(FINALITY, at, factory, anchor, game_type);
                Around {
                    config,
                    vault,
                    factory,
                    registry: create(evm, code.expect("code")),
                }
            }
            Source::Ours => {
                let create = |evm: &mut Evm, code| evm.create(code).expect("deploys");
                let config = create(evm, game::config(owner).expect("code"));
                let vault = create(evm, game::vault(DELAY, owner, config).expect("code"));
                let factory = evm.create_by(FOUNDER, game::factory(owner).expect("code"));
                let factory = factory.expect("deploys");
                let anchors = vec![StartingAnchorRoot {
                    gameType: game_type,
                    outputRoot: AnchorRoot {
                        root,
                        l2BlockNumber: block,
                    },
                }];
                let code = game::registry(factory, anchors, config).expect("code");
                Around {
                    config,
                    vault,
                    factory,
                    registry: create(evm, code),
                }
            }
            Source::Upstream(folder) => {
                let setup = upstream::Setup {
                    owner,
                    admin: ADMIN,
                    game_type,
                    anchor: *anchor,
                    delay: DELAY,
                };
                if today {
                    let more = SetupV7 {
                        finality_delay: FINALITY,
                        identifier: PORTAL,
                    };
                    let (around, at) = upstream::around_v7(evm, folder, &setup, more);
                    system = Some(at);
                    around
                } else {
                    upstream::around(evm, folder, &setup)
                }
            }
        };
        let Around {
            config,
            vault,
            factory,
            registry,
        } = around;
        Self {
            factory,
            registry,
            vault,
            config,
            system,
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
        let today = params.version.has_arguments();
        let parameters = v7::Parameters {
            max_depth: params.max_depth,
            split_depth: params.split_depth,
            clock_extension: params.clock_extension,
            max_clock_duration: params.max_clock_duration,
        };
        let spikes = params.fee_spikes.map(|spikes| game::FeeSpikes {
            window: spikes.window,
            cap: spikes.cap,
        });
        let code = match source {
            Source::Ours if params.version.is_won_at_creation() => {
                v7::super_permissioned_game().expect("code")
            }
            Source::Ours if params.version.is_super() => v7::super_game(&parameters).expect("code"),
            Source::Upstream(_) if params.version.is_won_at_creation() => {
                source.code("SuperPermissionedDisputeGame", "", &[])
            }
            Source::Upstream(_) if params.version.is_super() => {
                source.code("SuperFaultDisputeGame", "", &parameters.encode())
            }
            Source::Ours if today => match params.roles {
                None => v7::game(&parameters, spikes).expect("code"),
                Some(_) => v7::permissioned_game(&parameters).expect("code"),
            },
            Source::Upstream(_) if today => {
                let name = match params.roles {
                    None => "FaultDisputeGame",
                    Some(_) => "PermissionedDisputeGame",
                };
                source.code(name, "", &parameters.encode())
            }
            Source::Ours => deployment::implementation(params, vm, vault, registry).expect("code"),
            Source::Upstream(_) => {
                assert_eq!(
                    params.fee_spikes, None,
                    "upstream's game has no such option"
                );
                let parameters = deployment::parameters(params, vm, vault, registry);
                source.code("FaultDisputeGame", "", &parameters.abi_encode())
            }
        };
        evm.create(code)
    }

    /// The arguments of games with these rules, from 2.0 on.
    pub(crate) fn args(&self, params: &Params) -> FaultArgs {
        FaultArgs {
            absolute_prestate: params.absolute_prestate,
            vm: self.vm,
            registry: self.registry,
            vault: self.vault,
            l2_chain_id: params.l2_chain_id,
            roles: params.roles,
        }
    }

    /// The same, packed.
    pub(crate) fn packed_args(&self, params: &Params) -> Vec<u8> {
        match params.roles {
            Some(roles) if params.version.is_won_at_creation() => {
                let (registry, proposer) = (self.registry, roles.proposer);
                SuperArgs::Permissioned { registry, proposer }.encode()
            }
            _ => self.args(params).encode(),
        }
    }

    /// Lets the factory create such games, with these arguments, for so many wei.
    pub(crate) fn register_with(
        &self,
        evm: &mut Evm,
        game_type: u32,
        implementation: Address,
        args: &[u8],
        bond: u128,
    ) {
        let set = ArgsFactory::setImplementationCall {
            gameType: game_type,
            r#impl: implementation,
            args: args.to_vec().into(),
        };
        let done = evm.must(OWNER, self.factory, &set);
        let implementation = DisputeGameFactory::ImplementationSet {
            r#impl: implementation,
            gameType: game_type,
        };
        let args = ArgsFactory::ImplementationArgsSet {
            gameType: game_type,
            args: args.to_vec().into(),
        };
        let logs: Vec<_> = done.logs.iter().map(|log| log.data.clone()).collect();
        assert_eq!(
            logs,
            [implementation.encode_log_data(), args.encode_log_data()]
        );
        let set = DisputeGameFactory::setInitBondCall {
            gameType: game_type,
            initBond: U256::from(bond),
        };
        evm.must(OWNER, self.factory, &set);
    }

    /// Lets the factory create such games for so many wei.
    pub(crate) fn register(
        &self,
        evm: &mut Evm,
        game_type: u32,
        implementation: Address,
        bond: u128,
    ) {
        let requests = deployment::registration(self.factory, game_type, implementation, &[], bond);
        for request in requests {
            let done = evm.send(OWNER, self.factory, 0, request.data.to_vec());
            assert!(done.output.is_ok(), "{}: {:?}", request.what, done.output);
        }
    }
}

impl Deployer for Evm {
    fn create(&mut self, by: Who, code: Vec<u8>) -> Address {
        let created = match by {
            Who::Anybody => Self::create(self, code),
            Who::Founder => self.create_by(FOUNDER, code),
            Who::Admin => self.create_by(ADMIN, code),
            Who::Owner => self.create_by(OWNER, code),
        };
        created.expect("deploys")
    }

    fn call(&mut self, by: Who, to: Address, data: Vec<u8>) {
        let from = match by {
            Who::Owner => OWNER,
            _ => ADMIN,
        };
        let done = self.send(from, to, 0, data);
        assert!(done.output.is_ok(), "{:?}", done.output);
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
