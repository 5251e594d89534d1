//! The contracts behind a factory or a game: whose code each contract is, the parameters of each type of game, and
//! who may do what.

use alloy_primitives::{Address, B256, U256, keccak256};
use alloy_sol_types::SolCall;
use fpvm_contracts::abi::StepVerifier;
use fpvm_contracts::artifact::identify;
use fpvm_contracts::game::abi::{
    ArgsFactory, DelayedWETH, DisputeGameFactory, FaultDisputeGame, SuperchainConfig,
};
use fpvm_dispute::arguments::{GameArgs, Roles};
use fpvm_l1::At;

use crate::game_type;
use crate::read::{ReadError, Reader};

alloy_sol_types::sol! {
    #[allow(missing_docs, reason = "made by the macro")]
    interface Owned {
        function owner() external view returns (address);
        function config() external view returns (address);
        function systemConfig() external view returns (address);
        function superchainConfig() external view returns (address);
        function disputeGameFactory() external view returns (address);
    }
}

/// A contract on the chain.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Contract {
    /// What it is for.
    pub role: String,
    /// Where it is.
    pub address: Address,
    /// What is there.
    pub code: Code,
}

/// What is at an address.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Code {
    /// The contract of this name of this release of fpvm, except for its constructor's arguments.
    Ours(&'static str),
    /// Something else.
    Other {
        /// Its size in bytes.
        size: usize,
        /// Its keccak256.
        hash: B256,
    },
    /// Nothing.
    None,
}

/// A type of game.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct GameType {
    /// Its number.
    pub number: u32,
    /// Its implementation.
    pub implementation: Address,
    /// The bond of a proposal, in wei; `None` if only a game was looked at.
    pub bond: Option<U256>,
    /// Its constants by the names of the contract's functions.
    pub parameters: Vec<(&'static str, String)>,
}

/// Somebody who may do more than others.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Power {
    /// Who.
    pub holder: Address,
    /// What the role is called.
    pub role: &'static str,
    /// What it permits.
    pub may: &'static str,
}

/// What was found.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Installed {
    /// All contracts that were found, each once.
    pub contracts: Vec<Contract>,
    /// Types of games.
    pub games: Vec<GameType>,
    /// Who may do what.
    pub powers: Vec<Power>,
}

impl Installed {
    /// Looks at a factory and all types of games that it creates, or at one game.
    ///
    /// # Errors
    /// If there is nothing at the address, it is neither, or the chain does not answer.
    pub fn read(reader: &Reader<'_>, at: Address) -> Result<Self, ReadError> {
        reader.require_contract(at, "factory or game")?;
        let mut found = Self::default();
        let count = ask_if(reader, at, &DisputeGameFactory::gameCountCall {});
        if matches!(count, Ok(Some(_))) {
            found.factory(reader, at)?;
        } else {
            // A game is a clone; its implementation has the code.
            let call = FaultDisputeGame::gameTypeCall {};
            let number = reader.ask(at, &call)?;
            let registry = reader.ask(at, &FaultDisputeGame::anchorStateRegistryCall {})?;
            let factory = reader.ask(registry, &Owned::disputeGameFactoryCall {})?;
            let implementation = reader.ask(
                factory,
                &DisputeGameFactory::gameImplsCall { gameType: number },
            )?;
            found.factory_itself(reader, factory)?;
            found.game(reader, factory, number, implementation, None)?;
        }
        Ok(found)
    }

    /// Whether every contract is one of this release.
    pub fn is_ours(&self) -> bool {
        let is_ours = |contract: &Contract| matches!(contract.code, Code::Ours(_));
        self.contracts.iter().all(is_ours)
    }

    fn factory(&mut self, reader: &Reader<'_>, factory: Address) -> Result<(), ReadError> {
        self.factory_itself(reader, factory)?;
        for game_type::GameType(number) in game_type::GameType::named() {
            let call = DisputeGameFactory::gameImplsCall { gameType: number };
            let implementation = reader.ask(factory, &call)?;
            if implementation.is_zero() {
                continue;
            }
            let call = DisputeGameFactory::initBondsCall { gameType: number };
            let bond = reader.ask(factory, &call)?;
            self.game(reader, factory, number, implementation, Some(bond))?;
        }
        Ok(())
    }

    fn factory_itself(&mut self, reader: &Reader<'_>, factory: Address) -> Result<(), ReadError> {
        self.contract(reader, "factory", factory)?;
        let may = "sets the code and the bond of new games";
        self.owner(reader, "owner of the factory", factory, may)
    }

    fn game(
        &mut self,
        reader: &Reader<'_>,
        factory: Address,
        number: u32,
        implementation: Address,
        bond: Option<U256>,
    ) -> Result<(), ReadError> {
        self.contract(reader, &format!("game, type {number}"), implementation)?;
        let mut parameters = Vec::new();
        macro_rules! parameter {
            ($($call:ident),*) => {$(
                let call = FaultDisputeGame::$call {};
                if let Some(value) = ask_if(reader, implementation, &call)? {
                    let name = <FaultDisputeGame::$call as SolCall>::SIGNATURE;
                    parameters.push((name.trim_end_matches("()"), value.to_string()));
                }
            )*};
        }
        parameter!(versionCall, maxGameDepthCall, splitDepthCall);
        parameter!(clockExtensionCall, maxClockDurationCall);
        parameter!(feeSpikeWindowCall, feeSpikeCapCall);
        let parts = Parts::read(reader, factory, number, implementation)?;
        parameters.extend(parts.parameters);
        self.games.push(GameType {
            number,
            implementation,
            bond,
            parameters,
        });
        self.powers.extend(parts.powers);
        if let Some(vm) = parts.vm {
            self.contract(reader, "step verifier", vm)?;
            let oracle = reader.ask(vm, &StepVerifier::oracleCall {})?;
            self.contract(reader, "pre-image oracle", oracle)?;
        }
        if let Some(registry) = parts.registry {
            self.contract(reader, "anchor registry", registry)?;
            self.config(reader, registry)?;
        }
        if let Some(vault) = parts.vault {
            self.contract(reader, "vault of the bonds", vault)?;
            self.owner(
                reader,
                "owner of the vault",
                vault,
                "takes any ether out of it",
            )?;
            let delay = ask_if(reader, vault, &DelayedWETH::delayCall {})?;
            if let Some((game, delay)) = self.games.last_mut().zip(delay) {
                game.parameters
                    .push(("withdrawal delay, seconds", delay.to_string()));
            }
            self.config(reader, vault)?;
        }
        Ok(())
    }

    /// The configuration that a registry or a vault asks, directly or by way of its chain's.
    fn config(&mut self, reader: &Reader<'_>, of: Address) -> Result<(), ReadError> {
        let system = ask_if(reader, of, &Owned::systemConfigCall {})?;
        if let Some(system) = system {
            self.contract(reader, "chain's configuration", system)?;
        }
        let of = system.unwrap_or(of);
        let config = match ask_if(reader, of, &Owned::superchainConfigCall {})? {
            Some(config) => Some(config),
            None => ask_if(reader, of, &Owned::configCall {})?,
        };
        let Some(config) = config else {
            return Ok(());
        };
        if self.contract(reader, "configuration", config)?
            && let Some(holder) = ask_if(reader, config, &SuperchainConfig::guardianCall {})?
        {
            let may = match system {
                None => "stops withdrawals from the vault, and makes a confirmed game the anchor",
                Some(_) => "pauses, blacklists and retires games, and says which type is respected",
            };
            self.powers.push(Power {
                holder,
                role: "guardian",
                may,
            });
        }
        Ok(())
    }

    /// Adds a contract, unless it is there; says whether it was new.
    fn contract(
        &mut self,
        reader: &Reader<'_>,
        role: &str,
        address: Address,
    ) -> Result<bool, ReadError> {
        if self.contracts.iter().any(|known| known.address == address) {
            return Ok(false);
        }
        let code = reader.chain.code(address, At::Hash(reader.block.hash))?;
        let code = match identify(&code) {
            _ if code.is_empty() => Code::None,
            Some(name) => Code::Ours(name),
            None => Code::Other {
                size: code.len(),
                hash: keccak256(&code),
            },
        };
        self.contracts.push(Contract {
            role: role.to_owned(),
            address,
            code,
        });
        Ok(true)
    }

    fn owner(
        &mut self,
        reader: &Reader<'_>,
        role: &'static str,
        of: Address,
        may: &'static str,
    ) -> Result<(), ReadError> {
        if let Some(holder) = ask_if(reader, of, &Owned::ownerCall {})? {
            let power = Power { holder, role, may };
            if !self.powers.contains(&power) {
                self.powers.push(power);
            }
        }
        Ok(())
    }
}

/// What a factory's new games of a type are about.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct NewGames {
    /// The pre-state of their program.
    pub prestate: B256,
    /// The id of their L2 chain; 0 or none for games about several.
    pub l2_chain_id: Option<U256>,
}

impl NewGames {
    /// Those of a type; none where the factory creates no such games, or they are about no program.
    ///
    /// # Errors
    /// If the chain does not answer, or there is no factory.
    pub fn read(
        reader: &Reader<'_>,
        factory: Address,
        game_type: game_type::GameType,
    ) -> Result<Option<Self>, ReadError> {
        reader.require_contract(factory, "factory")?;
        let number = game_type.0;
        let call = DisputeGameFactory::gameImplsCall { gameType: number };
        let implementation = reader.ask(factory, &call)?;
        if implementation.is_zero() {
            return Ok(None);
        }
        let parts = Parts::read(reader, factory, number, implementation)?;
        let value = |name| parameter(&parts.parameters, name);
        let prestate = value("absolutePrestate").and_then(|hash| hash.parse().ok());
        Ok(prestate.map(|prestate| Self {
            prestate,
            l2_chain_id: value("l2ChainId").and_then(|id| id.parse().ok()),
        }))
    }
}

/// A parameter of games, by its name in [`GameType::parameters`].
pub fn parameter<'p>(parameters: &'p [(&'static str, String)], name: &str) -> Option<&'p str> {
    let mut all = parameters.iter();
    all.find(|(of, _)| *of == name)
        .map(|(_, value)| value.as_str())
}

/// Asks a contract for a function that it may not have. A contract that takes any call, as a vault of ether does,
/// answers an unknown one with nothing.
fn ask_if<C: SolCall>(
    reader: &Reader<'_>,
    contract: Address,
    call: &C,
) -> Result<Option<C::Return>, ReadError> {
    match reader.ask_if(contract, call) {
        Err(ReadError::Answer { .. }) => Ok(None),
        other => other,
    }
}

/// The parameters of a type of game: its constants, or the arguments that the factory has for it.
#[derive(Default)]
struct Parts {
    vm: Option<Address>,
    registry: Option<Address>,
    vault: Option<Address>,
    parameters: Vec<(&'static str, String)>,
    powers: Vec<Power>,
}

impl Parts {
    fn read(
        reader: &Reader<'_>,
        factory: Address,
        number: u32,
        implementation: Address,
    ) -> Result<Self, ReadError> {
        let call = ArgsFactory::gameArgsCall { gameType: number };
        let packed = ask_if(reader, factory, &call)?.unwrap_or_default();
        if packed.is_empty() {
            let prestate = FaultDisputeGame::absolutePrestateCall {};
            let chain = FaultDisputeGame::l2ChainIdCall {};
            let prestate = ask_if(reader, implementation, &prestate)?;
            let chain = ask_if(reader, implementation, &chain)?;
            let prestate = prestate.map(|hash| ("absolutePrestate", hash.to_string()));
            let chain = chain.map(|id| ("l2ChainId", id.to_string()));
            let registry = FaultDisputeGame::anchorStateRegistryCall {};
            return Ok(Self {
                vm: ask_if(reader, implementation, &FaultDisputeGame::vmCall {})?,
                registry: ask_if(reader, implementation, &registry)?,
                vault: ask_if(reader, implementation, &FaultDisputeGame::wethCall {})?,
                parameters: prestate.into_iter().chain(chain).collect(),
                powers: Vec::new(),
            });
        }
        Ok(match GameArgs::parse(&packed) {
            Ok(GameArgs::Fault(args)) => Self {
                vm: Some(args.vm),
                registry: Some(args.registry),
                vault: Some(args.vault),
                parameters: vec![
                    ("absolutePrestate", args.absolute_prestate.to_string()),
                    ("l2ChainId", args.l2_chain_id.to_string()),
                ],
                powers: args.roles.map_or(Vec::new(), Power::of),
            },
            Ok(GameArgs::SuperPermissioned { registry, proposer }) => Self {
                registry: Some(registry),
                powers: vec![Power::proposer(proposer)],
                ..Self::default()
            },
            Ok(GameArgs::Zk(args)) => Self {
                registry: Some(args.registry),
                vault: Some(args.vault),
                parameters: vec![("absolutePrestate", args.absolute_prestate.to_string())],
                ..Self::default()
            },
            Err(_) => Self {
                parameters: vec![("gameArgs of no known form", packed.to_string())],
                ..Self::default()
            },
        })
    }
}

impl Power {
    fn of(roles: Roles) -> Vec<Self> {
        let challenger = Self {
            holder: roles.challenger,
            role: "challenger",
            may: "plays games of the type with permission",
        };
        vec![Self::proposer(roles.proposer), challenger]
    }

    const fn proposer(holder: Address) -> Self {
        Self {
            holder,
            role: "proposer",
            may: "proposes in games of the type with permission",
        }
    }
}
