//! The model's calls as transactions.

use alloy_primitives::{Address, U256};
use alloy_sol_types::SolCall;
use fpvm_contracts::abi::PreimageOracle;
use fpvm_contracts::game::abi::{FaultDisputeGame as Calls, Judge, OutputRootProof};
use fpvm_dispute::call::GameAction;
use fpvm_dispute::claim::Side;
use fpvm_l1::Request;

/// More gas than a sample of the base fee takes.
const SAMPLE_GAS: u64 = 150_000;

/// The transaction that does something about a game; `value` is what goes with it, in wei.
pub fn game(game: Address, action: &GameAction, value: u128) -> Request {
    let request = request(what(action), game, data(action), value);
    // Nodes estimate without a gas price, and then the contract sees a base fee of 0.
    let gas = matches!(action, GameAction::SampleFee).then_some(SAMPLE_GAS);
    Request { gas, ..request }
}

/// The transaction that makes the proposal of a game the anchor of a registry.
pub fn set_anchor(registry: Address, game: Address) -> Request {
    let call = Judge::setAnchorStateCall { game };
    request(
        "make its proposal the anchor".into(),
        registry,
        call.abi_encode(),
        0,
    )
}

/// The transaction that loads the part of a keccak256 pre-image at an offset.
pub fn load(oracle: Address, preimage: &[u8], offset: U256) -> Request {
    let call = PreimageOracle::loadKeccak256PreimagePartCall {
        partOffset: offset,
        preimage: preimage.to_vec().into(),
    };
    let what = format!("load a pre-image of {} bytes", preimage.len());
    request(what, oracle, call.abi_encode(), 0)
}

pub(crate) fn request(what: String, to: Address, data: Vec<u8>, value: u128) -> Request {
    Request {
        what,
        to: Some(to),
        data: data.into(),
        value: U256::from(value),
        gas: None,
    }
}

/// What an action does, for messages: "attack claim 3".
pub fn what(action: &GameAction) -> String {
    match action {
        GameAction::Move(mv) => match mv.side {
            Side::Attack => format!("attack claim {}", mv.parent),
            Side::Defend => format!("defend claim {}", mv.parent),
        },
        GameAction::Step(step) => format!("counter claim {} by an instruction", step.claim),
        GameAction::AddLocalData { ident, leaf, .. } => {
            format!("load local datum {ident} for claim {leaf}")
        }
        GameAction::ChallengeBlockNumber(_) => "contest the proposal's L2 block number".into(),
        GameAction::ResolveClaim { claim, .. } => format!("resolve claim {claim}"),
        GameAction::Resolve => "resolve the game".into(),
        GameAction::Close => "close the game".into(),
        GameAction::ClaimCredit(account) => format!("have {account} paid its credit"),
        GameAction::SampleFee => "sample the base fee".into(),
    }
}

/// The calldata of an action.
pub fn data(action: &GameAction) -> Vec<u8> {
    match action {
        GameAction::Move(mv) => Calls::moveCall {
            disputed: mv.disputed,
            challengeIndex: U256::from(mv.parent),
            claim: mv.claim,
            isAttack: mv.side == Side::Attack,
        }
        .abi_encode(),
        GameAction::Step(step) => Calls::stepCall {
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
        } => Calls::addLocalDataCall {
            ident: *ident,
            execLeafIdx: U256::from(*leaf),
            partOffset: *offset,
        }
        .abi_encode(),
        GameAction::ChallengeBlockNumber(evidence) => {
            let proof = &evidence.proof;
            Calls::challengeRootL2BlockCall {
                outputRootProof: OutputRootProof {
                    version: proof.version,
                    stateRoot: proof.state_root,
                    messagePasserStorageRoot: proof.message_passer_storage_root,
                    latestBlockhash: proof.latest_block_hash,
                },
                headerRLP: evidence.header.clone().into(),
            }
            .abi_encode()
        }
        GameAction::ResolveClaim { claim, count } => Calls::resolveClaimCall {
            claimIndex: U256::from(*claim),
            numToResolve: *count,
        }
        .abi_encode(),
        GameAction::Resolve => Calls::resolveCall {}.abi_encode(),
        GameAction::Close => Calls::closeGameCall {}.abi_encode(),
        GameAction::ClaimCredit(recipient) => Calls::claimCreditCall {
            recipient: *recipient,
        }
        .abi_encode(),
        GameAction::SampleFee => Calls::sampleBaseFeeCall {}.abi_encode(),
    }
}
