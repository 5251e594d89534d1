//! Super games that are deployed can be made: of type 9, which all may play, and of type 5, of a proposer alone.

use std::sync::Arc;

use crate::common::{FINALITY, account, alphabet, alphabet_prestate, deployment, wallet};
use alloy_primitives::{Address, B256, U256};
use alloy_sol_types::{SolCall as _, SolValue as _, sol};
use fpvm_challenger::deployment::{DeployError, Deployment, Setup};
use fpvm_contracts::artifact::identify;
use fpvm_contracts::game::abi::{
    AnchorStateRegistry, DisputeGameFactory, FaultDisputeGame as Game, Judge,
};
use fpvm_dispute::arguments::Roles;
use fpvm_dispute::claim::OutputRoot;
use fpvm_dispute::position::Position;
use fpvm_dispute::rules::{Params, Rules};
use fpvm_dispute::super_root::{ChainOutput, SuperRoot};
use fpvm_dispute::version::Version;
use fpvm_l1::{At, Call, Chain as _, Local, Request};

sol! {
    function startingSequenceNumber() external view returns (uint256);
    function rootClaimByChainId(uint256 chainId) external view returns (bytes32);
    function proposer() external view returns (address);
}

/// Proposes of type 5.
const PROPOSER: u8 = 2;
/// The anchor's second.
const START: u64 = 1_790_000_000;

fn root(timestamp: u64) -> SuperRoot {
    let chain = |id, output| ChainOutput {
        chain_id: U256::from(id),
        output_root: B256::repeat_byte(output),
    };
    SuperRoot::new(timestamp, vec![chain(10, 0x11), chain(130, 0x22)])
}

fn setup(version: Version, game_type: u32, roles: Option<Roles>) -> Setup {
    let plain = alphabet();
    Setup {
        params: Params {
            version,
            game_type,
            roles,
            max_depth: plain.params.max_depth,
            split_depth: plain.params.split_depth,
            ..Params::mainnet_super(alphabet_prestate())
        },
        anchor: OutputRoot {
            root: root(START).hash(),
            block: U256::from(START),
        },
        ..plain
    }
}

fn of_a_proposer() -> Setup {
    let roles = Roles {
        proposer: account(PROPOSER),
        challenger: Address::ZERO,
    };
    setup(Version::SuperPermissioned1_0, 5, Some(roles))
}

fn view(chain: &Local, to: Address, data: Vec<u8>) -> Vec<u8> {
    let call = Call {
        from: Address::ZERO,
        to: Some(to),
        data: data.into(),
        value: U256::ZERO,
    };
    chain
        .call(&call, At::Latest)
        .expect("an answer")
        .0
        .into_iter()
        .collect()
}

fn number(chain: &Local, to: Address, data: Vec<u8>) -> u64 {
    let word = U256::abi_decode(&view(chain, to, data)).expect("a word");
    word.to()
}

fn send(chain: &Local, key: u8, to: Address, value: U256, data: Vec<u8>) {
    let request = Request {
        what: "do it".into(),
        to: Some(to),
        data: data.into(),
        value,
        gas: None,
    };
    let mut sender = wallet(Arc::new(chain.clone()), key);
    sender.send(&[request], &mut |_| ()).expect("it is done");
}

/// Has a game made about `START + 7`, and returns it.
fn create(chain: &Local, at: &Deployment, key: u8, bond: u128) -> Address {
    let proposed = root(START + 7);
    let (game_type, root_claim) = (at.game_type, proposed.hash());
    let create = DisputeGameFactory::createCall {
        gameType: game_type,
        rootClaim: root_claim,
        extraData: proposed.encode().into(),
    };
    send(
        chain,
        key,
        at.factory,
        U256::from(bond),
        create.abi_encode(),
    );
    let games = DisputeGameFactory::gamesCall {
        gameType: game_type,
        rootClaim: root_claim,
        extraData: proposed.encode().into(),
    };
    let answer = view(chain, at.factory, games.abi_encode());
    let game = DisputeGameFactory::gamesCall::abi_decode_returns(&answer)
        .expect("a game")
        .proxy;
    assert_ne!(game, Address::ZERO);
    let outputs = [(10, 0x11), (130, 0x22)];
    for (id, output) in outputs {
        let call = rootClaimByChainIdCall {
            chainId: U256::from(id),
        };
        let of = view(chain, game, call.abi_encode());
        assert_eq!(of, [output; 32]);
    }
    assert_eq!(
        number(chain, game, Game::l2SequenceNumberCall {}.abi_encode()),
        START + 7
    );
    game
}

#[test]
fn a_super_game_is_deployed_and_made() {
    let setup = setup(Version::Super0_8, 9, None);
    let (chain, at) = deployment(&setup);
    let code = chain
        .code(at.implementation, At::Latest)
        .expect("an answer");
    assert_eq!(identify(&code), Some("SuperFaultDisputeGame"));
    let rules = Rules::new(setup.params).expect("legal");
    let bond = rules.required_bond(Position::ROOT).expect("a bond");
    let game = create(&chain, &at, 3, bond);
    let starting = startingSequenceNumberCall {}.abi_encode();
    assert_eq!(number(&chain, game, starting), START);
    let status = Game::statusCall {}.abi_encode();
    assert_eq!(number(&chain, game, status), 0);
    let count = Game::claimDataLenCall {}.abi_encode();
    assert_eq!(number(&chain, game, count), 1);
}

#[test]
fn a_game_of_a_proposer_becomes_the_anchor() {
    let (chain, at) = deployment(&of_a_proposer());
    let code = chain
        .code(at.implementation, At::Latest)
        .expect("an answer");
    assert_eq!(identify(&code), Some("SuperPermissionedDisputeGame"));
    let game = create(&chain, &at, PROPOSER, 0);
    let proposer = view(&chain, game, proposerCall {}.abi_encode());
    assert_eq!(Address::abi_decode(&proposer), Ok(account(PROPOSER)));
    let status = Game::statusCall {}.abi_encode();
    assert_eq!(number(&chain, game, status), 2);
    chain.advance(FINALITY + 1);
    let set = AnchorStateRegistry::setAnchorStateCall { game };
    send(&chain, 4, at.registry, U256::ZERO, set.abi_encode());
    let anchor = view(
        &chain,
        at.registry,
        Judge::getAnchorRootCall {}.abi_encode(),
    );
    let anchor = Judge::getAnchorRootCall::abi_decode_returns(&anchor).expect("an anchor");
    assert_eq!(anchor.root, root(START + 7).hash());
    assert_eq!(anchor.l2SequenceNumber, U256::from(START + 7));
}

#[test]
fn setups_that_are_no_super_games_are_refused() {
    let roles = of_a_proposer().params.roles;
    let mut of_a_chain = setup(Version::Super0_8, 9, None);
    of_a_chain.params.l2_chain_id = U256::from(10);
    let cases = [
        (setup(Version::Super0_8, 9, roles), "a proposer alone"),
        (
            setup(Version::SuperPermissioned1_0, 5, None),
            "without a proposer",
        ),
        (of_a_chain, "several chains"),
    ];
    for (setup, says) in cases {
        let chain = Arc::new(Local::new(900));
        let refused = Deployment::deploy(&mut wallet(chain, 1), &setup, &mut |_| ());
        let Err(refused @ DeployError::NoContracts { .. }) = refused else {
            panic!("{refused:?}");
        };
        assert!(refused.to_string().contains(says), "{refused}");
    }
}
