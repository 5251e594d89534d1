//! Games of the versions between 2024's and today's, of which there are no contracts here: today's, with somebody in
//! between who answers as contracts of an older release do. How a game is played is the same in all of them; how
//! it and what is around it are read is not.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use crate::common::between::{Between, Hook};
use crate::common::players::{HONEST, LIE, Truth, lie, scheduler, sides};
use crate::common::table::{play, proposed};
use crate::common::{CLOCK, DELAY, FINALITY, today};
use alloy_primitives::{Address, U256};
use alloy_sol_types::{SolCall, SolValue as _};
use fpvm_challenger::event::{Event, Name};
use fpvm_challenger::player::{Kind, Strategy};
use fpvm_challenger::read::Reader;
use fpvm_challenger::read::watch::game;
use fpvm_challenger::scheduler::Games;
use fpvm_dispute::game::payment::Closing;
use fpvm_dispute::version::Version;
use fpvm_l1::{At, Bytes, Call, Chain as _, Error, Local, Revert};

alloy_sol_types::sol! {
    function version() external view returns (string);
    function paused() external view returns (bool);
    function portal() external view returns (address);
    function disputeGameFinalityDelaySeconds() external view returns (uint256);
    function systemConfig() external view returns (address);
    function config() external view returns (address);
}

/// Whom the registry of 1.4 asks for its delay, and the vault of 1.4 for a pause.
const PORTAL: Address = Address::repeat_byte(0x90);
const CONFIG: Address = Address::repeat_byte(0xc0);

/// Answers as contracts of this version's release do.
struct Older {
    version: Version,
    /// Whether the guardian has paused, in 1.4.
    is_paused: AtomicBool,
}

impl Hook for Older {
    fn answer(&self, call: &Call) -> Option<Result<Bytes, Error>> {
        let Some(to) = call.to else {
            // Many questions in one call pass nobody in between.
            return Some(Err(Error::Setup("one question at a time".into())));
        };
        let asks = |selector: [u8; 4]| call.data.starts_with(&selector);
        let says = |data: Vec<u8>| Some(Ok(data.into()));
        let no_such_function = || Some(Err(Error::Reverted(Revert::default())));
        if asks(versionCall::SELECTOR) {
            return says(self.version.number().to_owned().abi_encode());
        }
        if self.version != Version::V1_4 {
            return None;
        }
        if asks(portalCall::SELECTOR) {
            return says(PORTAL.abi_encode());
        }
        if asks(configCall::SELECTOR) {
            return says(CONFIG.abi_encode());
        }
        if asks(disputeGameFinalityDelaySecondsCall::SELECTOR) && to == PORTAL {
            return says(U256::from(FINALITY).abi_encode());
        }
        if asks(pausedCall::SELECTOR) && to == CONFIG {
            return says(self.is_paused.load(Ordering::Relaxed).abi_encode());
        }
        let newer = [
            pausedCall::SELECTOR,
            disputeGameFinalityDelaySecondsCall::SELECTOR,
            systemConfigCall::SELECTOR,
        ];
        newer.into_iter().any(asks).then(no_such_function)?
    }

    fn pause(&self, chain: &Local) {
        chain.mine(1);
    }
}

fn done(events: &[Event], kind: Kind) -> usize {
    let of_kind = |event: &&Event| event.event == Name::Done && event.kind == Some(kind);
    events.iter().filter(of_kind).count()
}

#[test]
fn games_of_the_releases_in_between_are_read_played_and_paid() {
    for version in [Version::V1_4, Version::V1_7, Version::V1_8, Version::V2_2] {
        let (chain, world, games) = proposed(&today(), &[lie()]);
        let older = Arc::new(Between {
            chain: chain.clone(),
            hook: Older {
                version,
                is_paused: AtomicBool::new(false),
            },
        });
        let listed = Games::Listed(games.clone());
        let mut honest = scheduler(older.clone(), HONEST, listed, Truth, Strategy::Honest);
        let (_, mut liar) = sides(Arc::new(chain.clone()), &games, LIE);
        let mut events = Vec::new();
        for _ in 0..12 {
            chain.advance(1_800);
            play(&mut honest, &mut events);
            chain.advance(1_800);
            play(&mut liar, &mut Vec::new());
        }
        chain.advance(2 * CLOCK);
        play(&mut honest, &mut events);
        let seen = || {
            let reader = Reader::newest(&*older).expect("a block");
            game(&reader, games[0]).expect("a game")
        };
        let (params, resolved) = seen();
        assert_eq!(params.version, version.number());
        assert_eq!(params.rules.params().version, version);
        assert!(params.was_respected);
        let time = resolved.game.resolved_at() + FINALITY + 1;
        let closing = resolved.game.closing(&resolved.around);
        assert!(
            matches!(closing, Closing::From { time: at, .. } if at == time),
            "{closing:?}"
        );

        // In 1.4 a pause stops payment alone.
        let is_first = version == Version::V1_4;
        older.hook.is_paused.store(is_first, Ordering::Relaxed);
        chain.advance(FINALITY);
        assert_eq!(play(&mut honest, &mut events), 1, "{version}");
        chain.advance(DELAY);
        if is_first {
            for _ in 0..3 {
                assert_eq!(play(&mut honest, &mut events), 0);
                chain.mine(1);
            }
            let troubles = events.iter().filter(|event| event.event == Name::Trouble);
            assert_eq!(troubles.count(), 1);
            older.hook.is_paused.store(false, Ordering::Relaxed);
            chain.mine(1);
        }
        assert_eq!(play(&mut honest, &mut events), 1, "{version}");
        assert_eq!(
            (done(&events, Kind::Unlock), done(&events, Kind::Pay)),
            (1, 1)
        );
        let left = chain.balance(world.vault, At::Latest).expect("a number");
        assert_eq!(left, U256::ZERO);
        assert!(events.iter().all(|event| event.event != Name::Refused));
    }
}
