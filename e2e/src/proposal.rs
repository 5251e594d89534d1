//! A game on a chain of whatever kind: a proposal about block 2, and an attack on it.

use std::sync::Arc;

use fpvm_challenger::calls;
use fpvm_challenger::deployment::{Deployment, Setup};
use fpvm_challenger::factory::Factory;
use fpvm_contracts::artifact::Artifact;
use fpvm_dispute::call::GameAction;
use fpvm_dispute::claim::{OutputRoot, Side};
use fpvm_dispute::game::moves::Move;
use fpvm_dispute::position::Position;
use fpvm_dispute::rules::{Params, Rules};
use fpvm_l1::signer::Signer;
use fpvm_l1::{Address, B256, Chain, Policy, U256, Wallet};

/// The output of a block that is right in the attacker's eyes.
pub fn output(block: u8) -> B256 {
    B256::repeat_byte(0xa0 + block)
}

/// Deploys everything and plays: the first signer proposes, the second attacks after `between`. Both have to
/// have ether. The game.
///
/// # Panics
/// If the chain does not do as it should.
pub fn played(chain: &Arc<dyn Chain>, signers: [Signer; 2], between: impl Fn()) -> Address {
    let policy = Policy::default;
    let [mut ann, mut bob] = signers.map(|signer| Wallet::new(chain.clone(), signer, policy()));
    let params = Params::mainnet(B256::repeat_byte(3));
    let rules = Rules::new(params.clone()).expect("legal rules");
    let verifier = Artifact::parse(fpvm_contracts::MIPS_ARTIFACT).expect("an artifact");
    let setup = Setup {
        params,
        anchor: OutputRoot {
            root: output(0),
            block: U256::ZERO,
        },
        delay: 604_800,
        finality_delay: 302_400,
        min_proposal_size: 126_000,
        verifier,
        state_version: None,
    };
    let deployment = Deployment::deploy(&mut ann, &setup, &mut |_| ()).expect("it deploys");
    let (factory, root) = (Factory(deployment.factory), B256::repeat_byte(0xff));
    let game = factory.create(&mut ann, 0, root, U256::from(2), &mut |_| ());
    let game = game.expect("it is created");
    between();
    let attack = Move {
        disputed: root,
        parent: 0,
        claim: output(2),
        side: Side::Attack,
    };
    let bond = rules
        .required_bond(Position::ROOT.attack())
        .expect("a bond");
    let attack = calls::game(game, &GameAction::Move(attack), bond);
    bob.send(&[attack], &mut |_| ()).expect("it is sent");
    game
}
