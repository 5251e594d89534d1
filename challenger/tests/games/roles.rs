//! Who owns what was deployed, and who guards it.

use std::sync::Arc;

use crate::common::{account, alphabet, wallet};
use alloy_primitives::{Address, U256};
use alloy_sol_types::{SolCall as _, SolValue as _, sol};
use fpvm_challenger::deployment::{DeployError, Deployment, Roles};
use fpvm_l1::{At, Call, Chain as _, Local};

sol! {
    function owner() external view returns (address);
    function guardian() external view returns (address);
}

#[test]
fn a_deployment_is_its_owners_and_not_the_senders() {
    let chain = Local::new(900);
    chain.fund(account(1), U256::MAX >> 8);
    let shared = Arc::new(chain.clone());
    let roles = Roles {
        owner: Address::repeat_byte(0xaa),
        guardian: Address::repeat_byte(0xbb),
    };
    let deployed = Deployment::deploy_for(
        &mut wallet(shared.clone(), 1),
        &alphabet(),
        roles,
        &mut |_| (),
    );
    let deployed = deployed.expect("it deploys");
    let read = |to: Address, data: Vec<u8>| {
        let call = Call {
            from: Address::ZERO,
            to: Some(to),
            data: data.into(),
            value: U256::ZERO,
        };
        let answer = chain.call(&call, At::Latest).expect("an answer");
        Address::abi_decode(&answer).expect("an address")
    };
    let owner = ownerCall {}.abi_encode();
    assert_eq!(read(deployed.factory, owner.clone()), roles.owner);
    assert_eq!(read(deployed.vault, owner), roles.owner);
    assert_eq!(
        read(deployed.config, guardianCall {}.abi_encode()),
        roles.guardian
    );

    for zero in [
        Roles {
            owner: Address::ZERO,
            ..roles
        },
        Roles {
            guardian: Address::ZERO,
            ..roles
        },
    ] {
        let refused = Deployment::deploy_for(
            &mut wallet(shared.clone(), 1),
            &alphabet(),
            zero,
            &mut |_| (),
        );
        assert!(matches!(refused, Err(DeployError::NoRole)));
    }
}
