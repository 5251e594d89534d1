//! What the contracts came to, against what the model says: outcomes and events, games, money.

use alloy_primitives::{Address, Bytes, U256};
use alloy_sol_types::{SolEvent, SolValue};
use fpvm_contracts::game::abi::{
    AnchorStateRegistry, DelayedWETH, DisputeGameFactory, FaultDisputeGame, Judge, Pauses,
    SystemConfig,
};
use fpvm_dispute::call::{Action, Call, Effect, GameAction};
use fpvm_dispute::claim::GameStatus;
use fpvm_dispute::oracle::Preimage;
use fpvm_dispute::registry::Moment;
use fpvm_dispute::revert::Revert;
use fpvm_dispute::vm::Vm;

use super::picture::{picture_of_contract, picture_of_model};
use super::{PreimageOracle, Twin};
use crate::deploy::Contracts;
use crate::evm::Outcome;

impl<V: Vm> Twin<V> {
    pub(super) fn compare_outcome(
        &mut self,
        call: &Call,
        model: &Result<Effect, Revert>,
        outcome: &Outcome,
    ) {
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
            // The events of today's contracts are compared all at once.
            (Effect::Claimed(_) | Effect::Resolved(_), _) if self.contracts.system.is_some() => {
                if let Effect::Resolved(status) = effect {
                    assert_eq!(output, U256::from(*status as u8).abi_encode());
                }
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
                    Action::LoadPreimage(Preimage { offset, .. })
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

    pub(super) fn compare_money(&mut self) {
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
        self.compare_judge();
        let games = self.model.games().iter();
        let games: Vec<_> = games
            .map(|game| (game.address(), game.rules().params().game_type))
            .collect();
        for (game, game_type) in games {
            let own = self
                .evm
                .view(vault, &DelayedWETH::balanceOfCall { src: game });
            assert_eq!(own, U256::from(self.model.vault.balance(game)));
            assert_eq!(
                self.evm.balance(game),
                self.model.balance(game),
                "ether of {game}"
            );
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

    pub(super) fn compare_game(&mut self, number: usize) {
        let Some(game) = self.model.game(number) else {
            return;
        };
        let now = self.evm.now();
        let expected = picture_of_model(game, &self.accounts, now, &self.contracts);
        let spikes = game.rules().params().fee_spikes.is_some();
        let contract = game.address();
        let seen = picture_of_contract(&mut self.evm, contract, &expected, &self.accounts, spikes);
        assert_eq!(seen, expected, "game {number} at {now}");
    }

    /// What the judge says of every game, and the pauses and money that go with it.
    fn compare_judge(&mut self) {
        let Contracts {
            registry,
            vault,
            config,
            system: Some(system),
            ..
        } = self.contracts
        else {
            return;
        };
        let now = self.evm.now();
        let model = &self.model;
        let judge = model.registry.judge().expect("there is one");
        let paused = model.superchain.is_paused(now);
        let moment = Moment { paused, now };
        let evm = &mut self.evm;
        let anchor = evm.view(registry, &Judge::getAnchorRootCall {});
        let expected = judge.anchor();
        assert_eq!(
            (anchor.root, anchor.l2SequenceNumber),
            (expected.root, expected.block)
        );
        let anchor_game = evm.view(registry, &Judge::anchorGameCall {});
        assert_eq!(anchor_game, judge.anchor_game().unwrap_or_default());
        assert_eq!(
            evm.view(registry, &Judge::respectedGameTypeCall {}),
            judge.respected_type()
        );
        assert_eq!(
            evm.view(registry, &Judge::retirementTimestampCall {}),
            judge.retirement_timestamp()
        );
        assert_eq!(evm.view(registry, &Judge::pausedCall {}), paused);
        assert_eq!(evm.view(system, &SystemConfig::pausedCall {}), paused);
        for identifier in [Address::ZERO, model.superchain.chain()] {
            let since = evm.view(config, &Pauses::pauseTimestampsCall { identifier });
            assert_eq!(
                since,
                U256::from(model.superchain.pause_timestamp(identifier))
            );
        }
        for account in &self.accounts {
            let own = evm.view(vault, &DelayedWETH::balanceOfCall { src: *account });
            assert_eq!(own, U256::from(model.vault.balance(*account)));
        }
        for of in model.games() {
            let game = of.address();
            let candidate = of.candidate(model.factory.made(of));
            let seen = [
                evm.view(registry, &Judge::isGameRegisteredCall { game }),
                evm.view(registry, &Judge::isGameRespectedCall { game }),
                evm.view(registry, &Judge::isGameBlacklistedCall { game }),
                evm.view(registry, &Judge::disputeGameBlacklistCall { game }),
                evm.view(registry, &Judge::isGameRetiredCall { game }),
                evm.view(registry, &Judge::isGameResolvedCall { game }),
                evm.view(registry, &Judge::isGameProperCall { game }),
                evm.view(registry, &Judge::isGameFinalizedCall { game }),
                evm.view(registry, &Judge::isGameClaimValidCall { game }),
            ];
            let expected = [
                candidate.registered,
                of.was_respected(),
                judge.is_blacklisted(game),
                judge.is_blacklisted(game),
                judge.is_retired(&candidate),
                of.status() != GameStatus::InProgress,
                judge.is_proper(&candidate, moment),
                judge.is_finalized(&candidate, now),
                judge.is_claim_valid(&candidate, moment),
            ];
            assert_eq!(seen, expected, "{game} at {now}");
        }
    }
}
