//! What stands behind a factory or a game is told, and code of somebody else's is noticed.

use std::sync::Arc;

use crate::common::{account, alphabet, deployment, wallet};
use alloy_primitives::{Address, U256};
use fpvm_challenger::deployment::{Deployment, Setup};
use fpvm_challenger::installed::{Code, Installed};
use fpvm_challenger::read::Reader;
use fpvm_contracts::MIPS_ARTIFACT;
use fpvm_contracts::artifact::{Artifact, identify};
use fpvm_l1::{At, Chain as _, Local};

/// A world whose step verifier is that of MIPS32.
fn mips() -> Setup {
    Setup {
        verifier: Artifact::parse(MIPS_ARTIFACT).expect("an artifact"),
        state_version: None,
        ..alphabet()
    }
}

#[test]
fn all_that_a_factory_leads_to_is_told() {
    let (chain, world): (Local, Deployment) = deployment(&mips());
    let found = Installed::read(&Reader::newest(&chain).unwrap(), world.factory).unwrap();
    let of = |address: Address| {
        let contract = found
            .contracts
            .iter()
            .find(|found| found.address == address);
        contract.expect("it is found").code.clone()
    };
    assert_eq!(of(world.factory), Code::Ours("DisputeGameFactory"));
    assert_eq!(of(world.implementation), Code::Ours("FaultDisputeGame"));
    assert_eq!(of(world.vm), Code::Ours("FpvmMips"));
    assert_eq!(of(world.oracle), Code::Ours("PreimageOracle"));
    assert_eq!(of(world.registry), Code::Ours("AnchorStateRegistry"));
    assert_eq!(of(world.vault), Code::Ours("DelayedWETH"));
    assert_eq!(of(world.config), Code::Ours("SuperchainConfig"));
    assert_eq!(found.contracts.len(), 7);
    assert!(found.is_ours());

    let params = alphabet().params;
    let [game] = &*found.games else {
        panic!("one type of game: {:?}", found.games);
    };
    assert_eq!(
        (game.number, game.implementation),
        (params.game_type, world.implementation)
    );
    let value = |name: &str| {
        let named = game.parameters.iter().filter(|(known, _)| *known == name);
        let values: Vec<_> = named.map(|(_, value)| value.clone()).collect();
        assert_eq!(values.len(), 1, "{name}");
        values.concat()
    };
    assert_eq!(
        value("absolutePrestate"),
        params.absolute_prestate.to_string()
    );
    assert_eq!(value("maxGameDepth"), params.max_depth.to_string());
    assert_eq!(
        value("withdrawal delay, seconds"),
        alphabet().delay.to_string()
    );
    let roles: Vec<_> = found
        .powers
        .iter()
        .map(|power| (power.role, power.holder))
        .collect();
    assert_eq!(
        roles,
        [
            ("owner of the factory", account(1)),
            ("guardian", account(1)),
            ("owner of the vault", account(1)),
        ]
    );
}

#[test]
fn foreign_code_is_noticed() {
    // The alphabet's VM is a contract of the tests.
    let (chain, world) = deployment(&alphabet());
    let found = Installed::read(&Reader::newest(&chain).unwrap(), world.factory).unwrap();
    assert!(!found.is_ours());
    let foreign: Vec<_> = found
        .contracts
        .iter()
        .filter(|it| !matches!(it.code, Code::Ours(_)))
        .collect();
    assert_eq!(foreign.len(), 1);
    assert_eq!(foreign[0].address, world.vm);

    let nothing = Installed::read(&Reader::newest(&chain).unwrap(), Address::repeat_byte(9));
    assert!(
        nothing
            .unwrap_err()
            .to_string()
            .contains("where the factory or game should be")
    );
}

/// A byte that is not a constructor's value makes it another contract.
#[test]
fn code_is_compared_but_for_what_the_constructor_was_given() {
    let chain = Local::new(900);
    chain.fund(account(1), U256::MAX >> 8);
    let mut owner = wallet(Arc::new(chain.clone()), 1);
    let world = Deployment::deploy(&mut owner, &mips(), &mut |_| ());
    let world = world.expect("it deploys");
    let code = chain
        .code(world.implementation, At::Latest)
        .expect("code")
        .to_vec();
    assert_eq!(identify(&code), Some("FaultDisputeGame"));
    for at in [0, 1, code.len() / 3, code.len() - 1] {
        let mut changed = code.clone();
        changed[at] ^= 1;
        assert_eq!(identify(&changed), None, "byte {at}");
    }
    assert_eq!(identify(&code[1..]), None);
    assert_eq!(identify(&[]), None);
}
