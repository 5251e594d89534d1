//! The model and the contracts, given the same calls: whatever they differ in is found.

use alloy_primitives::{Address, B256, Bytes, U256, keccak256};
use alloy_sol_types::{SolCall, SolEvent, SolValue, sol};
use contracts::game::abi::{
    AnchorStateRegistry, DelayedWETH, DisputeGameFactory, FaultDisputeGame, OutputRootProof,
    SuperchainConfig,
};
use dispute::call::{Action, Block, Call, Effect, GameAction, Receiver};
use dispute::chain::Chain;
use dispute::claim::Side;
use dispute::factory::Factory;
use dispute::game::Game;
use dispute::game::step::Step;
use dispute::registry::AnchorRegistry;
use dispute::revert::Revert;
use dispute::rules::Rules;
use dispute::vault::Vault;
use dispute::vm::{StepContext, Vm};

use crate::deploy::{Contracts, Setup, Sources, test_code, test_contract};
use crate::evm::{Evm, Outcome, word};

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
}

pub(crate) struct Twin<V> {
    pub(crate) model: Chain<V>,
    pub(crate) evm: Evm,
    pub(crate) contracts: Contracts,
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
        };
        let at = evm.create(code).expect("a VM");
        let contracts = Contracts::around(&mut evm, &sources.surroundings, setup, at, oracle);
        let implementation = contracts.implementation(&mut evm, &sources.game, &setup.params);
        let implementation = implementation.expect("legal parameters");
        contracts.register(&mut evm, setup, implementation);

        let (owner, game_type) = (setup.owner, setup.params.game_type);
        let rules = Rules::new(setup.params.clone()).expect("legal parameters");
        let bond = rules.required_bond(dispute::position::Position::ROOT);
        let mut factory = Factory::at(contracts.factory, owner);
        let set = factory.set_implementation(owner, game_type, rules.into());
        set.expect("the owner");
        let set = factory.set_init_bond(owner, game_type, bond.expect("has a root"));
        set.expect("the owner");
        let registry = AnchorRegistry::new(owner, [(game_type, setup.anchor)]);
        let model = Chain::new(vm, Vault::new(owner, setup.delay), registry, factory);
        Self {
            model,
            evm,
            contracts,
            accounts: vec![owner],
            scripted,
        }
    }

    pub(crate) fn fund(&mut self, account: Address, wei: u128) {
        self.model.fund(account, wei);
        self.evm.fund(account, wei);
        if !self.accounts.contains(&account) {
            self.accounts.push(account);
        }
    }

    /// Stops the vault, or lets it go on.
    pub(crate) fn set_paused(&mut self, guardian: Address, paused: bool) {
        self.model.vault.paused = paused;
        let config = self.contracts.config;
        if paused {
            let identifier = "test".to_owned();
            let pause = SuperchainConfig::pauseCall { identifier };
            self.evm.must(guardian, config, &pause);
        } else {
            let unpause = SuperchainConfig::unpauseCall {};
            self.evm.must(guardian, config, &unpause);
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
        if result.is_ok() {
            if let Action::Game(number, _) = call.action {
                self.compare_game(number);
            }
            self.compare_money();
        }
        (result, outcome.gas)
    }

    /// The contract and the calldata of an action; none where the model names a game that is not.
    fn encode(&self, action: &Action) -> Option<(Address, Vec<u8>)> {
        let Contracts {
            factory,
            registry,
            vault,
            oracle,
            ..
        } = self.contracts;
        // The model's amounts have 128 bits; the greatest stands for the contract's.
        let wide = |wei: u128| match wei {
            u128::MAX => U256::MAX,
            wei => U256::from(wei),
        };
        Some(match action {
            Action::Create(create) => {
                let call = DisputeGameFactory::createCall {
                    gameType: create.game_type,
                    rootClaim: create.root_claim,
                    extraData: create.extra_data.clone().into(),
                };
                (factory, call.abi_encode())
            }
            Action::LoadPreimage { preimage, offset } => {
                let call = PreimageOracle::loadKeccak256PreimagePartCall {
                    partOffset: *offset,
                    preimage: preimage.clone().into(),
                };
                (oracle, call.abi_encode())
            }
            Action::SetAnchor(number) => {
                let game = self.model.game(*number)?.address();
                let call = AnchorStateRegistry::setAnchorStateCall { game };
                (registry, call.abi_encode())
            }
            Action::Recover(wad) => {
                let call = DelayedWETH::recoverCall { wad: wide(*wad) };
                (vault, call.abi_encode())
            }
            Action::Hold(guy, wad) => {
                let (guy, wad) = (*guy, wide(*wad));
                (vault, DelayedWETH::holdCall { guy, wad }.abi_encode())
            }
            Action::TransferFrom(src, dst, wad) => {
                let (src, dst, wad) = (*src, *dst, wide(*wad));
                let call = DelayedWETH::transferFromCall { src, dst, wad };
                (vault, call.abi_encode())
            }
            Action::Game(number, action) => {
                (self.model.game(*number)?.address(), encode_game(action))
            }
        })
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

    fn compare_outcome(&mut self, call: &Call, model: &Result<Effect, Revert>, outcome: &Outcome) {
        match (model, &outcome.output) {
            (Err(reason), Err(data)) => {
                let data = Bytes::from(data.clone());
                let expected = Bytes::from(reason.data());
                assert_eq!(data, expected, "{call:?}: the model says {reason}");
            }
            (Ok(effect), Ok(output)) => self.compare_effect(call, effect, output, outcome),
            (model, contract) => {
                panic!("{call:?}: the model says {model:?}, the contract {contract:?}")
            }
        }
    }

    fn compare_effect(&mut self, call: &Call, effect: &Effect, output: &[u8], outcome: &Outcome) {
        let emitted = |from: Address| -> Vec<_> {
            let logs = outcome.logs.iter().filter(|log| log.address == from);
            logs.map(|log| log.data.clone()).collect()
        };
        match (effect, &call.action) {
            (Effect::Created(number), Action::Create(create)) => {
                let game = self.model.game(*number).expect("created").address();
                assert_eq!(output, game.abi_encode());
                let event = DisputeGameFactory::DisputeGameCreated {
                    disputeProxy: game,
                    gameType: create.game_type,
                    rootClaim: create.root_claim,
                };
                assert_eq!(emitted(self.contracts.factory), [event.encode_log_data()]);
                self.compare_game(*number);
            }
            (Effect::Claimed(_), Action::Game(number, GameAction::Move(mv))) => {
                let game = self.model.game(*number).expect("was called").address();
                let event = FaultDisputeGame::Move {
                    parentIndex: U256::from(mv.parent),
                    claim: mv.claim,
                    claimant: call.from,
                };
                assert_eq!(emitted(game), [event.encode_log_data()]);
            }
            (Effect::Resolved(status), Action::Game(number, _)) => {
                let game = self.model.game(*number).expect("was called").address();
                let status = *status as u8;
                assert_eq!(output, U256::from(status).abi_encode());
                let event = FaultDisputeGame::Resolved { status };
                assert_eq!(emitted(game), [event.encode_log_data()]);
            }
            (Effect::Loaded(key), action) => {
                let offset = match action {
                    Action::LoadPreimage { offset, .. }
                    | Action::Game(_, GameAction::AddLocalData { offset, .. }) => *offset,
                    other => panic!("{other:?} loads nothing"),
                };
                let read = self.model.oracle.read(*key, offset.to());
                let (part, length) = read.expect("just loaded");
                let call = PreimageOracle::readPreimageCall { key: *key, offset };
                let read = self.evm.view(self.contracts.oracle, &call);
                assert_eq!((read.dat, read.datLen), (part, U256::from(length)));
            }
            _ => {}
        }
    }

    /// Compares everything that there is.
    pub(crate) fn compare_all(&mut self) {
        for number in 0..self.model.games().len() {
            self.compare_game(number);
        }
        self.compare_money();
    }

    fn compare_money(&mut self) {
        let Contracts {
            factory,
            registry,
            vault,
            ..
        } = self.contracts;
        let ether = self.evm.balance(vault);
        assert_eq!(ether, self.model.vault.ether(), "ether in the vault");
        let count = self
            .evm
            .view(factory, &DisputeGameFactory::gameCountCall {});
        assert_eq!(count, U256::from(self.model.games().len()));
        for account in self.accounts.clone() {
            let balance = self.evm.balance(account);
            assert_eq!(balance, self.model.balance(account), "ether of {account}");
        }
        let games = self.model.games().iter();
        let games: Vec<_> = games
            .map(|game| (game.address(), game.rules().params().game_type))
            .collect();
        for (game, game_type) in games {
            let own = self
                .evm
                .view(vault, &DelayedWETH::balanceOfCall { src: game });
            assert_eq!(own, U256::from(self.model.vault.balance(game)));
            let call = AnchorStateRegistry::anchorsCall {
                gameType: game_type,
            };
            let anchor = self.evm.view(registry, &call);
            let expected = self.model.registry.anchor(game_type);
            assert_eq!(
                (anchor.root, anchor.l2BlockNumber),
                (expected.root, expected.block)
            );
            for guy in self.accounts.clone() {
                let call = DelayedWETH::withdrawalsCall { account: game, guy };
                let unlocked = self.evm.view(vault, &call);
                let expected = self.model.vault.withdrawal(game, guy);
                assert_eq!(unlocked.amount, U256::from(expected.amount));
                assert_eq!(unlocked.timestamp, U256::from(expected.timestamp));
            }
        }
    }

    fn compare_game(&mut self, number: usize) {
        let Some(game) = self.model.game(number) else {
            return;
        };
        let now = self.evm.now();
        let expected = picture_of_model(game, &self.accounts, now);
        let spikes = game.rules().params().fee_spikes.is_some();
        let contract = game.address();
        let seen = picture_of_contract(&mut self.evm, contract, &expected, &self.accounts, spikes);
        assert_eq!(seen, expected, "game {number} at {now}");
    }
}

/// Configures contracts of the tests; plays no part.
const fn account_of_tests() -> Address {
    Address::repeat_byte(0x77)
}

fn encode_game(action: &GameAction) -> Vec<u8> {
    match action {
        GameAction::Move(mv) => {
            // The short forms and the general one do the same.
            let (disputed, claim, parent) = (mv.disputed, mv.claim, U256::from(mv.parent));
            match (mv.side, mv.parent % 2) {
                (side, 0) => FaultDisputeGame::moveCall {
                    disputed,
                    challengeIndex: parent,
                    claim,
                    isAttack: side == Side::Attack,
                }
                .abi_encode(),
                (Side::Attack, _) => FaultDisputeGame::attackCall {
                    disputed,
                    parentIndex: parent,
                    claim,
                }
                .abi_encode(),
                (Side::Defend, _) => FaultDisputeGame::defendCall {
                    disputed,
                    parentIndex: parent,
                    claim,
                }
                .abi_encode(),
            }
        }
        GameAction::Step(step) => FaultDisputeGame::stepCall {
            claimIndex: U256::from(step.claim),
            isAttack: step.side == Side::Attack,
            stateData: step.state.clone().into(),
            proof: step.proof.clone().into(),
        }
        .abi_encode(),
        GameAction::AddLocalData {
            ident,
            leaf,
            offset,
        } => FaultDisputeGame::addLocalDataCall {
            ident: *ident,
            execLeafIdx: U256::from(*leaf),
            partOffset: *offset,
        }
        .abi_encode(),
        GameAction::ChallengeBlockNumber(evidence) => FaultDisputeGame::challengeRootL2BlockCall {
            outputRootProof: OutputRootProof {
                version: evidence.proof.version,
                stateRoot: evidence.proof.state_root,
                messagePasserStorageRoot: evidence.proof.message_passer_storage_root,
                latestBlockhash: evidence.proof.latest_block_hash,
            },
            headerRLP: evidence.header.clone().into(),
        }
        .abi_encode(),
        GameAction::ResolveClaim { claim, count } => FaultDisputeGame::resolveClaimCall {
            claimIndex: U256::from(*claim),
            numToResolve: *count,
        }
        .abi_encode(),
        GameAction::Resolve => FaultDisputeGame::resolveCall {}.abi_encode(),
        GameAction::ClaimCredit(recipient) => FaultDisputeGame::claimCreditCall {
            recipient: *recipient,
        }
        .abi_encode(),
        GameAction::SampleFee => FaultDisputeGame::sampleBaseFeeCall {}.abi_encode(),
    }
}

/// All that a game shows.
#[derive(Clone, PartialEq, Eq, Debug)]
struct Picture {
    /// Of creation and of resolution.
    times: (u64, u64),
    status: u8,
    block_challenge: (bool, Address),
    starting: (B256, U256),
    /// Creator, root claim, L1 head, L2 block.
    proposal: (Address, B256, B256, U256),
    claims: Vec<ClaimPicture>,
    credits: Vec<u128>,
    /// Held, from, until.
    fees: Option<(u64, u64, u64)>,
    game_time: Option<u64>,
}

#[derive(Clone, PartialEq, Eq, Debug)]
struct ClaimPicture {
    parent: u32,
    countered_by: Address,
    claimant: Address,
    bond: u128,
    claim: B256,
    position: u128,
    clock: u128,
    answers: Vec<usize>,
    is_listed: bool,
    is_resolved: bool,
    checkpoint: (bool, u32, u128, Address),
    num_to_resolve: usize,
    challenger_duration: Result<u64, Bytes>,
    next_bond: Result<u128, Bytes>,
}

fn picture_of_model(game: &Game, accounts: &[Address], now: u64) -> Picture {
    let proposal = game.proposal();
    let fees = game.fees();
    let spikes = game.rules().params().fee_spikes;
    let claims = game.claims().iter().enumerate();
    let claims = claims.map(|(index, claim)| {
        let subgame = game.subgame(index).expect("each has one");
        let checkpoint = subgame.checkpoint.as_ref().map(|page| {
            let leftmost = page.leftmost;
            let (position, claimant) = leftmost
                .map_or((u128::MAX, Address::ZERO), |(position, claimant)| {
                    (position.gindex(), claimant)
                });
            (true, page.cursor as u32, position, claimant)
        });
        let bond = game.rules().required_bond(claim.position.attack());
        ClaimPicture {
            parent: claim.parent.map_or(u32::MAX, |parent| parent as u32),
            countered_by: claim.countered_by.unwrap_or_default(),
            claimant: claim.claimant,
            bond: claim.bond,
            claim: claim.claim,
            position: claim.position.gindex(),
            clock: claim.clock.packed(),
            answers: subgame.answers.clone(),
            is_listed: index != 0,
            is_resolved: subgame.resolved,
            checkpoint: checkpoint.unwrap_or_default(),
            num_to_resolve: game.num_to_resolve(index),
            challenger_duration: game
                .challenger_duration(index, now)
                .map_err(|reason| reason.data().into()),
            next_bond: bond.map_err(|reason| reason.data().into()),
        }
    });
    Picture {
        times: (game.created_at(), game.resolved_at()),
        status: game.status() as u8,
        block_challenge: (
            game.block_challenger().is_some(),
            game.block_challenger().unwrap_or_default(),
        ),
        starting: (game.starting().root, game.starting().block),
        proposal: (
            proposal.creator,
            proposal.root_claim,
            proposal.l1_head,
            proposal.l2_block,
        ),
        claims: claims.collect(),
        credits: accounts
            .iter()
            .map(|account| game.credit(*account))
            .collect(),
        fees: spikes.map(|_| (fees.held, fees.from, fees.until)),
        game_time: spikes.map(|_| game.game_time(now)),
    }
}

fn picture_of_contract(
    evm: &mut Evm,
    game: Address,
    expected: &Picture,
    accounts: &[Address],
    spikes: bool,
) -> Picture {
    use FaultDisputeGame as Calls;
    let starting = evm.view(game, &Calls::startingOutputRootCall {});
    assert_eq!(
        starting.l2BlockNumber,
        evm.view(game, &Calls::startingBlockNumberCall {})
    );
    assert_eq!(
        starting.root,
        evm.view(game, &Calls::startingRootHashCall {})
    );
    let l2_block = evm.view(game, &Calls::l2BlockNumberCall {});
    assert_eq!(
        evm.view(game, &Calls::extraDataCall {}).to_vec(),
        l2_block.to_be_bytes_vec()
    );
    let count: usize = evm.view(game, &Calls::claimDataLenCall {}).to();
    let claims = (0..count).map(|index| {
        let answers = expected
            .claims
            .get(index)
            .map_or(0, |claim| claim.answers.len());
        claim_of_contract(evm, game, index, answers)
    });
    let claims = claims.collect();
    // Beyond the end.
    for index in [U256::from(count), U256::MAX] {
        let none = evm.try_view(game, &Calls::claimDataCall { index });
        assert_eq!(none.err(), Some(Vec::new()));
        let claim_index = Calls::getNumToResolveCall { claimIndex: index };
        assert_eq!(evm.view(game, &claim_index), U256::ZERO);
        assert!(!evm.view(game, &Calls::resolvedSubgamesCall { claimIndex: index }));
    }
    let credits = accounts.iter().map(|account| {
        let credit = evm.view(game, &Calls::creditCall { account: *account });
        credit.to()
    });
    let credits = credits.collect();
    let fees = spikes.then(|| evm.view(game, &Calls::feeMeterCall {}));
    Picture {
        times: (
            evm.view(game, &Calls::createdAtCall {}),
            evm.view(game, &Calls::resolvedAtCall {}),
        ),
        status: evm.view(game, &Calls::statusCall {}),
        block_challenge: (
            evm.view(game, &Calls::l2BlockNumberChallengedCall {}),
            evm.view(game, &Calls::l2BlockNumberChallengerCall {}),
        ),
        starting: (starting.root, starting.l2BlockNumber),
        proposal: (
            evm.view(game, &Calls::gameCreatorCall {}),
            evm.view(game, &Calls::rootClaimCall {}),
            evm.view(game, &Calls::l1HeadCall {}),
            l2_block,
        ),
        claims,
        credits,
        fees: fees.map(|meter| (meter.held, meter.from, meter.until)),
        game_time: spikes.then(|| evm.view(game, &Calls::gameTimeCall {})),
    }
}

fn claim_of_contract(evm: &mut Evm, game: Address, index: usize, answers: usize) -> ClaimPicture {
    use FaultDisputeGame as Calls;
    let number = U256::from(index);
    let claim = evm.view(game, &Calls::claimDataCall { index: number });
    let key = {
        let place: U256 = (U256::from(claim.position) << 128) | U256::from(claim.parentIndex);
        keccak256([claim.claim, B256::from(place)].concat())
    };
    let answers: Vec<usize> = (0..answers)
        .map(|n| {
            let (claim_index, n) = (number, U256::from(n));
            let call = Calls::subgamesCall {
                claimIndex: claim_index,
                n,
            };
            evm.view(game, &call).to()
        })
        .collect();
    let (claim_index, n) = (number, U256::from(answers.len()));
    let beyond = Calls::subgamesCall {
        claimIndex: claim_index,
        n,
    };
    assert_eq!(evm.try_view(game, &beyond).err(), Some(Vec::new()));
    let page = evm.view(
        game,
        &Calls::resolutionCheckpointsCall { claimIndex: number },
    );
    let duration = Calls::getChallengerDurationCall { claimIndex: number };
    let next_bond = Calls::getRequiredBondCall {
        position: claim.position << 1,
    };
    ClaimPicture {
        parent: claim.parentIndex,
        countered_by: claim.counteredBy,
        claimant: claim.claimant,
        bond: claim.bond,
        claim: claim.claim,
        position: claim.position,
        clock: claim.clock,
        answers,
        is_listed: evm.view(game, &Calls::claimsCall { key }),
        is_resolved: evm.view(game, &Calls::resolvedSubgamesCall { claimIndex: number }),
        checkpoint: (
            page.initialCheckpointComplete,
            page.subgameIndex,
            page.leftmostPosition,
            page.counteredBy,
        ),
        num_to_resolve: evm
            .view(game, &Calls::getNumToResolveCall { claimIndex: number })
            .to(),
        challenger_duration: evm.try_view(game, &duration).map_err(Bytes::from),
        next_bond: evm
            .try_view(game, &next_bond)
            .map(|bond| bond.to())
            .map_err(Bytes::from),
    }
}
