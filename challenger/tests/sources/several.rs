//! One challenger, and games of several types, about several programs of several VMs.

use std::thread::scope;

use crate::common::players::{CHEAT, HONEST, LIE, cheat};
use crate::common::several::{FIRST, RISCV, SECOND, Shelf, Side, Types, settle, side, source};
use crate::common::table::check;
use crate::common::{CLOCK, DELAY, FINALITY};
use fpvm_challenger::event::{Event, Name};
use fpvm_challenger::game_type::GameType;
use fpvm_challenger::player::{Kind, Strategy};
use fpvm_challenger::service::PrestateSources;
use fpvm_dispute::trace::lie::Extent;
use fpvm_dispute::version::Version;
use fpvm_l1::{Address, Local};

/// Nothing is lied about.
const TRUTH: Extent = Extent {
    outputs_from: None,
    steps_from: None,
    salt: 0,
};

/// All programs of a shelf, as files.
fn files(shelf: &Shelf) -> PrestateSources {
    PrestateSources {
        files: [FIRST, SECOND, RISCV]
            .map(|program| shelf.file(program))
            .to_vec(),
        ..PrestateSources::default()
    }
}

/// Both play until nobody does anything, and then through all delays.
fn to_the_end(
    chain: &Local,
    honest: &mut Side<'_, '_>,
    liar: &mut Side<'_, '_>,
    events: &mut Vec<Event>,
) {
    let (mut others, mut idle) = (Vec::new(), 0);
    while idle < 3 {
        chain.advance(1_800);
        let made = settle(honest, events);
        chain.advance(1_800);
        idle = match made + settle(liar, &mut others) {
            0 => idle + 1,
            _ => 0,
        };
    }
    chain.advance(2 * CLOCK);
    settle(honest, events);
    // Today's games are closed first.
    chain.advance(2 * FINALITY);
    settle(honest, events);
    chain.advance(DELAY);
    settle(honest, events);
}

fn stepped(events: &[Event], game: Address) -> usize {
    let of_game = |event: &&Event| {
        event.game == Some(game) && event.event == Name::Done && event.kind == Some(Kind::Step)
    };
    events.iter().filter(of_game).count()
}

#[test]
fn three_types_about_three_programs_of_two_vms_are_played() {
    for version in [Version::V1_3, Version::V2_4] {
        three_types(version);
    }
}

fn three_types(version: Version) {
    let shelf = Shelf::new();
    let mut types = Types::of_version(&shelf, version);
    types.set(GameType::PERMISSIONED, &shelf, SECOND);
    types.set(GameType::CANNON_KONA, &shelf, RISCV);
    let mut games = vec![
        types.propose(GameType::CANNON, 0),
        types.propose(GameType::PERMISSIONED, 0),
        types.propose(GameType::CANNON_KONA, 0),
    ];
    // The pre-state rotates while the first game is open.
    types.set(GameType::CANNON, &shelf, SECOND);
    games.push(types.propose(GameType::CANNON, 1));

    let kept = tempfile::tempdir().expect("a folder");
    let chain = types.chain.clone();
    let mut events = Vec::new();
    scope(|scope| {
        let of = |extent, key, strategy| {
            let source = source(files(&shelf), kept.path(), &shelf, &chain, extent, scope);
            side(&types, key, source, strategy)
        };
        let mut honest = of(TRUTH, HONEST, Strategy::Honest);
        let mut liar = of(LIE, CHEAT, cheat(100));
        to_the_end(&chain, &mut honest, &mut liar, &mut events);
        let left: Vec<_> = honest.left().collect();
        assert!(left.is_empty(), "{left:?}");
    });
    for game in &games {
        check(&chain, *game);
        assert_eq!(stepped(&events, *game), 1, "{game}");
    }
    let found = events.iter().filter(|event| event.event == Name::Found);
    let mut found: Vec<_> = found.map(|event| event.what.as_str()).collect();
    found.sort_unstable();
    assert_eq!(
        found,
        [
            "play a game of type cannon about L2 block 15",
            "play a game of type cannon about L2 block 16",
            "play a game of type cannon-kona about L2 block 16",
            "play a game of type permissioned about L2 block 16",
        ]
    );
}
