//! The model's calls as the contracts take them.

use alloy_primitives::{Address, U256};
use alloy_sol_types::SolCall;
use fpvm_challenger::calls;
use fpvm_contracts::game::abi::{
    AnchorStateRegistry, DelayedWETH, DisputeGameFactory, FaultDisputeGame, Judge, Pauses,
};
use fpvm_dispute::call::{Action, GameAction, Guard};
use fpvm_dispute::claim::Side;
use fpvm_dispute::vm::Vm;

use super::{PreimageOracle, Twin};
use crate::deploy::Contracts;

impl<V: Vm> Twin<V> {
    /// The contract and the calldata of an action; none where the model names a game that is not.
    pub(super) fn encode(&self, action: &Action) -> Option<(Address, Vec<u8>)> {
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
            Action::LoadPreimage(preimage) => {
                let call = PreimageOracle::loadKeccak256PreimagePartCall {
                    partOffset: preimage.offset,
                    preimage: preimage.value().to_vec().into(),
                };
                (oracle, call.abi_encode())
            }
            Action::SetAnchor(number) => {
                let game = self.model.game(*number)?.address();
                let call = AnchorStateRegistry::setAnchorStateCall { game };
                (registry, call.abi_encode())
            }
            Action::Guard(guard) => self.encode_guard(guard)?,
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
}

impl<V: Vm> Twin<V> {
    /// What the guardian does.
    fn encode_guard(&self, guard: &Guard) -> Option<(Address, Vec<u8>)> {
        let Contracts {
            registry, config, ..
        } = self.contracts;
        Some(match *guard {
            Guard::Respect(game_type) => {
                let call = Judge::setRespectedGameTypeCall {
                    gameType: game_type,
                };
                (registry, call.abi_encode())
            }
            Guard::Retire => (
                registry,
                Judge::updateRetirementTimestampCall {}.abi_encode(),
            ),
            Guard::Blacklist(number) => {
                let game = self.model.game(number)?.address();
                (
                    registry,
                    Judge::blacklistDisputeGameCall { game }.abi_encode(),
                )
            }
            Guard::Pause(identifier) => (config, Pauses::pauseCall { identifier }.abi_encode()),
            Guard::Unpause(identifier) => (config, Pauses::unpauseCall { identifier }.abi_encode()),
            Guard::Extend(identifier) => (config, Pauses::extendCall { identifier }.abi_encode()),
        })
    }
}

fn encode_game(action: &GameAction) -> Vec<u8> {
    // The short forms of a move and the general one do the same: every second is short.
    match action {
        GameAction::Move(mv) if mv.parent % 2 == 1 => {
            let (disputed, claim, parent) = (mv.disputed, mv.claim, U256::from(mv.parent));
            match mv.side {
                Side::Attack => FaultDisputeGame::attackCall {
                    disputed,
                    parentIndex: parent,
                    claim,
                }
                .abi_encode(),
                Side::Defend => FaultDisputeGame::defendCall {
                    disputed,
                    parentIndex: parent,
                    claim,
                }
                .abi_encode(),
            }
        }
        _ => calls::data(action),
    }
}
