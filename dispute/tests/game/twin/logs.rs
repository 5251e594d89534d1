//! Every event of today's contracts, against what the model says was done.

use alloy_primitives::{Address, LogData, U256};
use alloy_sol_types::{SolEvent, sol};
use fpvm_contracts::game::abi::{DisputeGameFactory, FaultDisputeGame, Judge, Pauses};
use fpvm_dispute::call::{Action, Call, Effect, GameAction, Guard};
use fpvm_dispute::game::credits::BondMode;
use fpvm_dispute::revert::Revert;
use fpvm_dispute::vm::Vm;

use super::Twin;
use crate::deploy::Contracts;
use crate::evm::Outcome;

sol! {
    event Deposit(address indexed account, uint256 value);
    event Withdrawal(address indexed account, uint256 value);
    event Transfer(address indexed from, address indexed to, uint256 value);
    event Approval(address indexed holder, address indexed spender, uint256 value);
    /// What upstream's clones say when ether comes in; this project's say nothing, for less gas.
    event ReceiveETH(uint256 value);
}

/// What of the model a call may change, that events tell of.
#[derive(Clone, Copy, Debug)]
pub(super) struct Before {
    anchor_game: Option<Address>,
    mode: BondMode,
}

impl<V: Vm> Twin<V> {
    pub(super) fn seen_before(&self, action: &Action) -> Before {
        let mode = match action {
            Action::Game(number, _) => self.model.game(*number).map(|game| game.credits().mode),
            _ => None,
        };
        Before {
            anchor_game: self.anchor_game(),
            mode: mode.unwrap_or_default(),
        }
    }

    fn anchor_game(&self) -> Option<Address> {
        let judge = self.model.registry.judge();
        judge.and_then(fpvm_dispute::registry::Judge::anchor_game)
    }

    pub(super) fn compare_logs(
        &self,
        call: &Call,
        before: &Before,
        result: &Result<Effect, Revert>,
        outcome: &Outcome,
    ) {
        let Ok(effect) = result else {
            assert_eq!(outcome.logs, [], "{call:?}");
            return;
        };
        let Contracts {
            factory,
            registry,
            vault,
            config,
            oracle,
            vm,
            ..
        } = self.contracts;
        // What those say is the business of other tests.
        let logs = outcome
            .logs
            .iter()
            .filter(|log| ![oracle, vm].contains(&log.address));
        let logs =
            logs.filter(|log| log.data.topics().first() != Some(&ReceiveETH::SIGNATURE_HASH));
        let logs: Vec<_> = logs.map(|log| (log.address, log.data.clone())).collect();
        let game = |number: usize| self.model.game(number).expect("was called");
        let mut expected: Vec<(Address, LogData)> = Vec::new();
        let mut say = |at: Address, event: LogData| expected.push((at, event));
        let now = U256::from(self.evm.now());
        // Whatever moved the anchor, and whatever closed a game.
        if let (Some(game), true) = (self.anchor_game(), self.anchor_game() != before.anchor_game) {
            say(registry, Judge::AnchorUpdated { game }.encode_log_data());
        }
        if let Action::Game(number, GameAction::Close | GameAction::ClaimCredit(_)) = call.action
            && game(number).credits().mode != before.mode
        {
            let event = FaultDisputeGame::GameClosed {
                bondDistributionMode: game(number).credits().mode as u8,
            };
            say(game(number).address(), event.encode_log_data());
        }
        let deposit = |account, value| {
            let value = U256::from(value);
            Deposit { account, value }.encode_log_data()
        };
        match (&call.action, effect) {
            (Action::Create(create), Effect::Created(number)) => {
                let at = game(*number).address();
                if game(*number).version().is_won_at_creation() {
                    let status = game(*number).status() as u8;
                    say(at, FaultDisputeGame::Resolved { status }.encode_log_data());
                } else {
                    say(vault, deposit(at, call.value));
                }
                let event = DisputeGameFactory::DisputeGameCreated {
                    disputeProxy: at,
                    gameType: create.game_type,
                    rootClaim: create.root_claim,
                };
                say(factory, event.encode_log_data());
            }
            (Action::Game(number, GameAction::Move(mv)), _) => {
                let at = game(*number).address();
                say(vault, deposit(at, call.value));
                let event = FaultDisputeGame::Move {
                    parentIndex: U256::from(mv.parent),
                    claim: mv.claim,
                    claimant: call.from,
                };
                say(at, event.encode_log_data());
            }
            // It only says so again.
            (Action::Game(number, _), Effect::Resolved(_))
                if game(*number).version().is_won_at_creation() => {}
            (Action::Game(number, _), Effect::Resolved(status)) => {
                let status = *status as u8;
                let event = FaultDisputeGame::Resolved { status };
                say(game(*number).address(), event.encode_log_data());
            }
            (Action::Game(number, _), Effect::Paid(wei)) => {
                let account = game(*number).address();
                let value = U256::from(*wei);
                say(vault, Withdrawal { account, value }.encode_log_data());
            }
            (Action::Game(number, GameAction::SampleFee), _) => {
                let game = game(*number);
                let event = FaultDisputeGame::BaseFeeSampled {
                    baseFee: U256::from(self.evm.base_fee()),
                    held: game.fees().held,
                    until: game.fees().until,
                };
                say(game.address(), event.encode_log_data());
            }
            (Action::Hold(holder, wei), _) => {
                let (holder, spender, value) = (*holder, call.from, U256::from(*wei));
                let approval = Approval {
                    holder,
                    spender,
                    value,
                };
                say(vault, approval.encode_log_data());
                let (from, to) = (holder, spender);
                say(vault, Transfer { from, to, value }.encode_log_data());
            }
            (Action::TransferFrom(from, to, wei), _) => {
                let (from, to, value) = (*from, *to, U256::from(*wei));
                say(vault, Transfer { from, to, value }.encode_log_data());
            }
            (Action::Guard(guard), _) => match *guard {
                Guard::Respect(game_type) => {
                    let event = Judge::RespectedGameTypeSet {
                        gameType: game_type,
                    };
                    say(registry, event.encode_log_data());
                }
                Guard::Retire => {
                    let event = Judge::RetirementTimestampSet { timestamp: now };
                    say(registry, event.encode_log_data());
                }
                Guard::Blacklist(number) => {
                    let event = Judge::DisputeGameBlacklisted {
                        disputeGame: game(number).address(),
                    };
                    say(registry, event.encode_log_data());
                }
                Guard::Pause(identifier) | Guard::Extend(identifier) => {
                    say(config, Pauses::Paused { identifier }.encode_log_data());
                }
                Guard::Unpause(identifier) => {
                    say(config, Pauses::Unpaused { identifier }.encode_log_data());
                }
            },
            _ => {}
        }
        assert_eq!(logs, expected, "{call:?}");
    }
}
