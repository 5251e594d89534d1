//! The contracts around the game: factory and registry.

use alloy_primitives::{B256, U256};
use alloy_sol_types::SolCall;
use fpvm_contracts::game::abi::DisputeGameFactory;
use fpvm_dispute::call::{Action, Effect};
use fpvm_dispute::claim::GameStatus;
use fpvm_dispute::factory::{Create, uuid};
use fpvm_dispute::registry::Registry;
use fpvm_dispute::revert::Revert;

use crate::board::{Board, junk};
use crate::setup::{ANCHOR, ANN, BLOCK, BOB, CLOCK, EVE, OWNER, params};

fn create(game_type: u32, root: B256, block: U256) -> Create {
    Create {
        game_type,
        root_claim: root,
        extra_data: block.to_be_bytes_vec(),
    }
}

#[test]
fn creation_is_refused_in_order() {
    let mut board = Board::empty(params());
    let bond = board.chain().factory.init_bond(0);
    let root = B256::repeat_byte(9);
    let at = |block: u64| create(0, root, U256::from(block));
    let mut long = at(BLOCK);
    long.extra_data.push(0);
    let mut try_it = |value, create: Create| board.call(ANN, value, Action::Create(create));

    assert_eq!(
        try_it(0, create(7, root, U256::ZERO)),
        Err(Revert::NoImplementation(7))
    );
    for wrong in [0, bond - 1, bond + 1] {
        assert_eq!(
            try_it(wrong, long.clone()),
            Err(Revert::IncorrectBondAmount)
        );
    }
    assert_eq!(try_it(bond, long), Err(Revert::BadExtraData));
    for block in [0, ANCHOR] {
        assert_eq!(
            try_it(bond, at(block)),
            Err(Revert::UnexpectedRootClaim(root))
        );
    }
    assert_eq!(try_it(bond, at(ANCHOR + 1)), Ok(Effect::Created(0)));
    let id = uuid(0, root, &at(ANCHOR + 1).extra_data);
    assert_eq!(
        try_it(bond, at(ANCHOR + 1)),
        Err(Revert::GameAlreadyExists(id))
    );
    assert_eq!(try_it(bond, at(ANCHOR + 2)), Ok(Effect::Created(1)));
    assert_eq!(
        try_it(bond, create(0, root, U256::MAX)),
        Ok(Effect::Created(2))
    );
}

#[test]
fn a_type_without_anchor() {
    let mut board = Board::empty(params());
    let other = fpvm_dispute::rules::Params {
        game_type: 3,
        ..params()
    };
    board.register(&other);
    let bond = board.chain().factory.init_bond(3);
    let asked = create(3, junk(1), U256::from(BLOCK));
    let refused = board.call(ANN, bond, Action::Create(asked));
    assert_eq!(refused, Err(Revert::AnchorRootNotFound));
}

#[test]
fn only_the_owner_configures() {
    let mut board = Board::empty(params());
    let mut factory = board.chain().factory.clone();
    let rules = std::sync::Arc::new(fpvm_dispute::rules::Rules::new(params()).expect("legal"));
    let refused = Err(Revert::Message("Ownable: caller is not the owner"));
    assert_eq!(factory.set_implementation(EVE, 0, rules), refused);
    assert_eq!(factory.set_init_bond(EVE, 0, 1), refused);
    assert_eq!(factory.set_init_bond(OWNER, 0, 1), Ok(()));
    assert_eq!(factory.init_bond(0), 1);
    let bond = DisputeGameFactory::setInitBondCall {
        gameType: 0,
        initBond: U256::ONE,
    };
    let implementation = DisputeGameFactory::setImplementationCall {
        gameType: 0,
        r#impl: EVE,
    };
    let refused = refused.map_err(|reason: Revert| reason.data());
    for data in [bond.abi_encode(), implementation.abi_encode()] {
        assert_eq!(board.call_factory(EVE, &data), refused);
        assert_eq!(board.call_factory(OWNER, &data), Ok(()));
    }
}

#[test]
fn the_guardian_sets_the_anchor() {
    let mut board = Board::new();
    let set = |board: &mut Board, from| board.call(from, 0, Action::SetAnchor(0));
    assert_eq!(set(&mut board, EVE), Err(Revert::Unauthorized));
    assert_eq!(set(&mut board, OWNER), Err(Revert::InvalidGameStatus));
    board.now += CLOCK;
    assert_eq!(
        board.resolve_all(),
        Ok(Effect::Resolved(GameStatus::DefenderWins))
    );
    assert_eq!(set(&mut board, OWNER), Ok(Effect::Done));
    assert_eq!(
        board.call(OWNER, 0, Action::SetAnchor(1)),
        Err(Revert::Empty)
    );

    // A game that the factory has not made.
    let mut stranger = Board::new();
    stranger.attack_down(0, 1);
    let (game, other) = (stranger.game(), Board::empty(params()));
    let Registry::Anchors(mut registry) = stranger.chain().registry.clone() else {
        panic!("it is of 2024");
    };
    let candidate = game.candidate(other.chain().factory.made(game));
    let refused = registry.try_update(&candidate);
    assert_eq!(refused, Err(Revert::UnregisteredGame));
    let refused = registry.set_anchor(OWNER, &candidate);
    assert_eq!(refused, Err(Revert::UnregisteredGame));
}

#[test]
fn a_game_that_was_lost_is_no_anchor() {
    let mut board = Board::new();
    assert!(board.attack(BOB, 0, junk(1)).is_ok());
    board.now += 2 * CLOCK;
    assert_eq!(
        board.resolve_all(),
        Ok(Effect::Resolved(GameStatus::ChallengerWins))
    );
    assert_eq!(board.chain().registry.anchor(0).block, U256::from(ANCHOR));
    let refused = board.call(OWNER, 0, Action::SetAnchor(0));
    assert_eq!(refused, Err(Revert::InvalidGameStatus));
}
