//! Worlds for tests: chains in the process with the game's contracts and two parties on them.
#![allow(dead_code, reason = "each test uses its part")]

pub(crate) mod between;
pub(crate) mod players;
pub(crate) mod reader;
#[cfg(feature = "service")]
pub(crate) mod several;
pub(crate) mod super_players;
pub(crate) mod table;

use std::sync::Arc;

use alloy_primitives::{Address, B256, U256, keccak256};
use fpvm_challenger::deployment::{Deployment, Setup};
use fpvm_contracts::artifact::Artifact;
use fpvm_dispute::arguments::Roles;
use fpvm_dispute::claim::{OutputRoot, VmStatus};
use fpvm_dispute::rules::Params;
use fpvm_dispute::super_root::SuperRoot;
use fpvm_dispute::version::Version;
use fpvm_l1::signer::Signer;
use fpvm_l1::{Chain, Earlier, Local, Policy, Wallet};

/// Of both clocks, in seconds.
pub(crate) const CLOCK: u64 = 302_400;
/// Of the vault, in seconds.
pub(crate) const DELAY: u64 = 604_800;
/// Of the registry, in seconds, in games of today.
pub(crate) const FINALITY: u64 = 302_400;
/// What everybody begins with.
pub(crate) const PURSE: u128 = 10_000_000_000_000_000_000_000;

/// The claim about the state before the first letter.
pub(crate) fn alphabet_prestate() -> B256 {
    VmStatus::Unfinished.stamp(keccak256([0; 32]))
}

/// A game of depth 8 over the alphabet VM.
pub(crate) fn alphabet() -> Setup {
    let path = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../contracts/artifacts/AlphabetVm.json"
    );
    let json = std::fs::read_to_string(path).expect("the artifact");
    let mut verifier = Artifact::parse(&json).expect("the artifact");
    let prestate = alphabet_prestate();
    verifier.bytecode.extend_from_slice(prestate.as_slice());
    Setup {
        params: Params {
            game_type: 255,
            max_depth: 8,
            split_depth: 4,
            ..Params::mainnet(alphabet_prestate())
        },
        anchor: OutputRoot {
            root: B256::repeat_byte(0xac),
            block: U256::ZERO,
        },
        delay: DELAY,
        finality_delay: FINALITY,
        min_proposal_size: 126_000,
        verifier,
        state_version: None,
    }
}

/// The same, of today's games.
pub(crate) fn today() -> Setup {
    let mut setup = alphabet();
    setup.params.version = Version::V2_4;
    setup
}

/// The same of super games, or of those of one proposer: 256 states above and 16 letters below.
pub(crate) fn super_game(anchor: &SuperRoot, proposer: Option<Address>) -> Setup {
    let setup = alphabet();
    let (version, game_type) = match proposer {
        None => (Version::Super0_8, 9),
        Some(_) => (Version::SuperPermissioned1_0, 5),
    };
    Setup {
        params: Params {
            version,
            game_type,
            split_depth: 8,
            max_depth: 12,
            l2_chain_id: U256::ZERO,
            roles: proposer.map(|proposer| Roles {
                proposer,
                challenger: Address::ZERO,
            }),
            ..setup.params
        },
        anchor: OutputRoot {
            root: anchor.hash(),
            block: U256::from(anchor.timestamp),
        },
        ..setup
    }
}

pub(crate) fn signer(key: u8) -> Signer {
    Signer::from_key(&B256::repeat_byte(key)).expect("a key")
}

pub(crate) fn account(key: u8) -> Address {
    signer(key).address()
}

/// A wallet for the account of a key, which has money.
pub(crate) fn wallet(chain: Arc<dyn Chain>, key: u8) -> Wallet {
    let policy = Policy {
        earlier: Earlier::Replace,
        ..Policy::default()
    };
    Wallet::new(chain, signer(key), policy)
}

/// A chain with a world on it, owned by key 1; keys 2 to 9 have money too.
pub(crate) fn deployment(setup: &Setup) -> (Local, Deployment) {
    let chain = Local::new(900);
    for key in 1..10 {
        chain.fund(account(key), U256::from(PURSE));
    }
    let mut owner = wallet(Arc::new(chain.clone()), 1);
    let deployment = Deployment::deploy(&mut owner, setup, &mut |_| ()).expect("it deploys");
    (chain, deployment)
}
