//! The game's contracts on an EVM: this project's, upstream's, or some of each.

use std::path::PathBuf;

use alloy_primitives::{Address, B256, U256};
use alloy_sol_types::SolValue;
use fpvm_challenger::deployment;
use fpvm_contracts::artifact::{Artifact, PREIMAGE_ORACLE};
use fpvm_contracts::game;
use fpvm_contracts::game::abi::{OutputRoot as AnchorRoot, StartingAnchorRoot};
use fpvm_dispute::rules::Params;

use crate::evm::Evm;
use crate::setup::{DELAY, OWNER, Setup};
use fpvm_e2e::upstream::{self, Around, Ground, Who};

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
        upstream::folder().map(Self::Upstream)
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
        let around = match source {
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
                upstream::around(evm, folder, &setup)
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

    /// Lets the factory create such games for so many wei.
    pub(crate) fn register(
        &self,
        evm: &mut Evm,
        game_type: u32,
        implementation: Address,
        bond: u128,
    ) {
        let requests = deployment::registration(self.factory, game_type, implementation, bond);
        for request in requests {
            let done = evm.send(OWNER, self.factory, 0, request.data.to_vec());
            assert!(done.output.is_ok(), "{}: {:?}", request.what, done.output);
        }
    }
}

impl Ground for Evm {
    fn create(&mut self, by: Who, code: Vec<u8>) -> Address {
        let created = match by {
            Who::Anybody => Evm::create(self, code),
            Who::Founder => self.create_by(FOUNDER, code),
            Who::Admin => self.create_by(ADMIN, code),
        };
        created.expect("deploys")
    }

    fn call(&mut self, by: Who, to: Address, data: Vec<u8>) {
        assert_eq!(by, Who::Admin, "nobody else calls");
        let done = self.send(ADMIN, to, 0, data);
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
