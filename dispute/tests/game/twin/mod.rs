//! The model and the contracts, given the same calls: whatever they differ in is found.

mod calldata;
mod compare;
mod logs;
mod picture;

use alloy_primitives::{Address, U256};
use alloy_sol_types::{SolValue, sol};
use fpvm_contracts::artifact::Artifact;
use fpvm_contracts::game::abi::SuperchainConfig;
use fpvm_dispute::call::{Action, Block, Call, Effect, GameAction, Receiver};
use fpvm_dispute::chain::Chain;
use fpvm_dispute::factory::{Factory, Implementation};
use fpvm_dispute::game::step::Step;
use fpvm_dispute::position::Position;
use fpvm_dispute::registry::{AnchorRegistry, Judge, Registry};
use fpvm_dispute::revert::Revert;
use fpvm_dispute::rules::{Params, Rules};
use fpvm_dispute::superchain::Superchain;
use fpvm_dispute::vault::Vault;
use fpvm_dispute::vm::{StepContext, Vm};

use crate::deploy::{Contracts, Source, Sources, test_code, test_contract};
use crate::evm::{Evm, word};
use crate::setup::{DELAY, FINALITY, OWNER, PORTAL, Setup};

sol! {
    interface PreimageOracle {
        function loadKeccak256PreimagePart(uint256 partOffset, bytes preimage) external;
        function readPreimage(bytes32 key, uint256 offset) external view returns (bytes32 dat, uint256 datLen);
    }
    interface ScriptedVm {
        function expect(address game, bytes stateData, bytes proof, bytes32 context, bytes answer) external;
    }
    interface Payee {
        function refuse() external;
        function callBack(address target, bytes data, bool insists) external;
    }
}

/// The VM's contract.
pub(crate) enum VmContract {
    /// Answers what the model's VM answers.
    Scripted,
    /// Is the model's VM, made by this code; the oracle's address is appended.
    Code(Vec<u8>),
    /// A step verifier, for states of some version where there are several.
    Verifier(Artifact, Option<u8>),
}

pub(crate) struct Twin<V> {
    pub(crate) model: Chain<V>,
    pub(crate) evm: Evm,
    pub(crate) contracts: Contracts,
    /// Whose game it is.
    game: Source,
    /// Whose factory, registry and vault.
    surroundings: Source,
    accounts: Vec<Address>,
    scripted: bool,
}

impl<V: Vm> Twin<V> {
    pub(crate) fn new(vm: V, contract: VmContract, sources: &Sources, setup: &Setup) -> Self {
        let mut evm = Evm::new();
        let oracle = sources
            .oracle
            .oracle(&mut evm, U256::from(setup.params.challenge_period));
        let (code, scripted) = match contract {
            VmContract::Scripted => (test_code("ScriptedVm", &[word(oracle)]), true),
            VmContract::Code(code) => ([code, oracle.abi_encode()].concat(), false),
            VmContract::Verifier(artifact, version) => {
                let arguments = artifact.arguments(oracle, version);
                ([artifact.bytecode, arguments].concat(), false)
            }
        };
        let at = evm.create(code).expect("a VM");
        let contracts = Contracts::around(&mut evm, &sources.surroundings, setup, at, oracle);
        let version = setup.params.version;
        let factory = Factory::of(version, contracts.factory, OWNER);
        let game_type = setup.params.game_type;
        let vault = Vault::at(contracts.vault, version, OWNER, DELAY);
        let registry: Registry = if version.pays_at_resolution() {
            AnchorRegistry::new(OWNER, [(game_type, setup.anchor)]).into()
        } else {
            let (at, now) = (contracts.registry, evm.now());
            Judge::new(at, version, OWNER, FINALITY, setup.anchor, game_type, now).into()
        };
        let mut model = Chain::new(vm, vault, registry, factory);
        model.vm_address = contracts.vm;
        if !version.pays_at_resolution() {
            model.superchain = Superchain::new(OWNER, PORTAL);
        }
        let mut twin = Self {
            model,
            evm,
            contracts,
            game: sources.game.clone(),
            surroundings: sources.surroundings.clone(),
            accounts: vec![OWNER],
            scripted,
        };
        twin.register(&setup.params);
        twin
    }

    /// Deploys an implementation of games with these rules.
    pub(crate) fn implementation(&mut self, params: &Params) -> Address {
        let made = self
            .contracts
            .implementation(&mut self.evm, &self.game, params);
        made.expect("legal parameters")
    }

    /// Whether an account has code.
    pub(crate) fn is_contract(&mut self, account: Address) -> bool {
        self.evm.has_code(account)
    }

    /// Lets the factory create games with these rules.
    pub(crate) fn register(&mut self, params: &Params) {
        let implementation = self.implementation(params);
        if params.version.has_arguments() {
            let args = self.contracts.packed_args(params);
            return self.register_with(params, implementation, args);
        }
        let game_type = params.game_type;
        let rules = Rules::new(params.clone()).expect("legal parameters");
        let bond = rules.required_bond(Position::ROOT).expect("has a root");
        self.contracts
            .register(&mut self.evm, game_type, implementation, bond);
        let factory = &mut self.model.factory;
        let set = factory.set_implementation(OWNER, game_type, rules);
        set.expect("the owner");
        let set = factory.set_init_bond(OWNER, game_type, bond);
        set.expect("the owner");
    }

    /// Lets the factory create games of this implementation, with these arguments, whatever they are.
    pub(crate) fn register_with(
        &mut self,
        params: &Params,
        implementation: Address,
        args: Vec<u8>,
    ) {
        let rules = Rules::new(params.clone()).expect("legal parameters");
        let bond = if params.version.is_won_at_creation() {
            // It asks for none; this is what it would keep.
            7
        } else {
            rules.required_bond(Position::ROOT).expect("has a root")
        };
        let (evm, game_type) = (&mut self.evm, params.game_type);
        self.contracts
            .register_with(evm, game_type, implementation, &args, bond);
        let implementation = Implementation {
            address: implementation,
            rules: rules.into(),
        };
        let factory = &mut self.model.factory;
        let set = factory.set_implementation_with(OWNER, game_type, implementation, args);
        set.expect("the owner");
        let set = factory.set_init_bond(OWNER, game_type, bond);
        set.expect("the owner");
    }

    /// A call of the factory that the model has no action for; what it reverts with if it does.
    pub(crate) fn call_factory(&mut self, from: Address, data: Vec<u8>) -> Result<(), Vec<u8>> {
        let outcome = self.evm.send(from, self.contracts.factory, 0, data);
        outcome.output.map(|_| ())
    }

    pub(crate) fn fund(&mut self, account: Address, wei: u128) {
        self.model.fund(account, wei);
        self.evm.fund(account, wei);
        if !self.accounts.contains(&account) {
            self.accounts.push(account);
        }
    }

    /// Stops the vault, or lets it go on.
    pub(crate) fn set_paused(&mut self, paused: bool) {
        let set = if paused {
            self.model.superchain.pause(OWNER, Address::ZERO, 1)
        } else {
            self.model.superchain.unpause(OWNER, Address::ZERO)
        };
        set.expect("the guardian");
        let config = self.contracts.config;
        if paused {
            let identifier = "test".to_owned();
            let pause = SuperchainConfig::pauseCall { identifier };
            self.evm.must(OWNER, config, &pause);
        } else {
            let unpause = SuperchainConfig::unpauseCall {};
            self.evm.must(OWNER, config, &unpause);
        }
    }

    /// Decides what an account does when it is paid. It can no longer send transactions then.
    pub(crate) fn set_receiver(&mut self, account: Address, receiver: &Receiver) {
        self.model.set_receiver(account, receiver.clone());
        let code = test_contract("Receiver").deployed_bytecode;
        match receiver {
            Receiver::Accepts => self.evm.set_code(account, Vec::new()),
            Receiver::Refuses => {
                self.evm.set_code(account, code);
                self.evm
                    .must(account_of_tests(), account, &Payee::refuseCall {});
            }
            Receiver::Calls { action, insists } => {
                let (target, data) = self.encode(action).expect("a contract to call");
                self.evm.set_code(account, code);
                let (data, insists) = (data.into(), *insists);
                let set = Payee::callBackCall {
                    target,
                    data,
                    insists,
                };
                self.evm.must(account_of_tests(), account, &set);
            }
        }
    }

    /// Makes a call on both sides. Returns what the model says, with what the transaction cost where
    /// there was one.
    pub(crate) fn apply(&mut self, call: &Call, block: &Block) -> (Result<Effect, Revert>, u64) {
        self.evm.set_block(block);
        if let (true, Action::Game(number, GameAction::Step(step))) = (self.scripted, &call.action)
        {
            self.script(*number, step);
        }
        let target = self.encode(&call.action);
        if let (Action::Create(_), Some((to, data)), Source::Upstream(_)) =
            (&call.action, &target, &self.surroundings)
            && self.contracts.system.is_some()
            && self.model.balance(call.from) >= call.value
        {
            // Upstream's clones are made of other code, and so are elsewhere.
            let made = self.evm.simulate(call.from, *to, call.value, data.clone());
            let made = made.map(|word| Address::abi_decode(&word).expect("an address"));
            if let Ok(address) = made {
                self.model.factory.set_next_address(address);
            }
        }
        let before = self.seen_before(&call.action);
        let result = self.model.apply(call, block);
        // No transaction: nothing to call, or nothing to pay with.
        let Some((to, data)) = target else {
            assert_eq!(result, Err(Revert::Empty), "{call:?}");
            return (result, 0);
        };
        if result == Err(Revert::OutOfFunds) {
            return (result, 0);
        }
        let outcome = self.evm.send(call.from, to, call.value, data);
        self.compare_outcome(call, &result, &outcome);
        if self.contracts.system.is_some() {
            self.compare_logs(call, &before, &result, &outcome);
        }
        if result.is_ok() {
            if let Action::Game(number, _) = call.action {
                self.compare_game(number);
            }
            self.compare_money();
        }
        (result, outcome.gas)
    }

    /// Tells the VM's contract what the model's VM says to a step, if the step gets so far.
    fn script(&mut self, number: usize, step: &Step) {
        let Some(game) = self.model.game(number) else {
            return;
        };
        let Ok(context) = game.local_context(step.claim) else {
            return;
        };
        let at = StepContext {
            oracle: &self.model.oracle,
            game: game.address(),
            context,
        };
        let answer = match self.model.vm.step(&at, &step.state, &step.proof) {
            Ok(claim) => [&[1][..], claim.as_slice()].concat(),
            Err(reason) => [&[0][..], &reason.data()].concat(),
        };
        let expect = ScriptedVm::expectCall {
            game: game.address(),
            stateData: step.state.clone().into(),
            proof: step.proof.clone().into(),
            context,
            answer: answer.into(),
        };
        self.evm
            .must(account_of_tests(), self.contracts.vm, &expect);
    }
}

/// Configures contracts of the tests; plays no part.
const fn account_of_tests() -> Address {
    Address::repeat_byte(0x77)
}
