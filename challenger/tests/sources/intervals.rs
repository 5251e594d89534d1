//! How often a service looks at its games: at each block, or at most once in the time that is given.

use std::collections::BTreeSet;
use std::convert::Infallible;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use crate::common::alphabet;
use crate::common::between::{Between, Hook};
use crate::common::players::HONEST;
use crate::common::table::proposed;
use alloy_primitives::B256;
use fpvm_challenger::factory::Factory;
use fpvm_challenger::player::{Settling, Strategy};
use fpvm_challenger::scheduler::{GameScheduler, Games, Options};
use fpvm_challenger::service::{
    GameInputs, PrestateSources, ProgramTraceSource, Service, ServiceError,
};
use fpvm_dispute::trace::lie::Extent;
use fpvm_l1::{At, Call, Local, Policy};

/// The blocks at which contracts were asked: a round asks at one.
#[derive(Default)]
struct Rounds(Mutex<BTreeSet<B256>>);

impl Hook for Rounds {
    fn at(&self, _call: &Call, at: At) -> At {
        if let At::Hash(block) = at {
            self.0.lock().expect("no panic").insert(block);
        }
        at
    }

    /// A new block each time that one is waited for.
    fn pause(&self, chain: &Local) {
        std::thread::sleep(Duration::from_millis(10));
        chain.mine(1);
    }
}

/// The rounds of a service within so long.
fn rounds(min_interval: Duration, within: Duration) -> usize {
    let (chain, deployment, _) = proposed(&alphabet(), &[B256::repeat_byte(7)]);
    let between = Arc::new(Between {
        chain,
        hook: Rounds::default(),
    });
    let interrupted = Arc::new(AtomicBool::new(false));
    let folder = tempfile::tempdir().expect("a folder");
    std::thread::scope(|scope| {
        let inputs = GameInputs {
            prestates: PrestateSources::default(),
            open: Arc::new(|path| panic!("no program at {}", path.display())),
            kept: folder.path().join("kept"),
            preimages: Default::default(),
            outputs: None,
            super_roots: None,
            extent: Extent {
                outputs_from: None,
                steps_from: None,
                salt: 0,
            },
            host_data: None,
            every: 1_000,
            threads: 1,
            second_opinion: None,
            interrupted: interrupted.clone(),
        };
        let truth = ProgramTraceSource::new(inputs, between.clone(), scope).expect("no program");
        let games = Games::Created {
            factory: Factory(deployment.factory),
            types: Vec::new(),
            window: u64::MAX,
        };
        let options = Options {
            strategy: Strategy::Honest,
            dry_run: false,
            policy: Policy::default(),
            settling: Settling::default(),
        };
        let signer = crate::common::signer(HONEST);
        let mut service = Service {
            chain: between.clone(),
            scheduler: GameScheduler::new(between.clone(), signer, games, truth, options),
            exporter: None,
            data: None,
            once: false,
            min_interval,
            interrupted: interrupted.clone(),
        };
        let stop = interrupted.clone();
        scope.spawn(move || {
            let begun = Instant::now();
            while begun.elapsed() < within {
                std::thread::sleep(Duration::from_millis(10));
            }
            stop.store(true, Ordering::Relaxed);
        });
        let ended = service.run(&mut |_| Ok::<_, Infallible>(()));
        assert!(matches!(ended, Err(ServiceError::Interrupted)));
    });
    let blocks = between.hook.0.lock().expect("no panic");
    blocks.len()
}

#[test]
fn games_are_looked_at_once_in_the_least_time() {
    let within = Duration::from_millis(1_500);
    let at_each_block = rounds(Duration::ZERO, within);
    let rarely = rounds(Duration::from_millis(700), within);
    println!("{at_each_block} rounds at each block, {rarely} with an interval");
    // At 0, 0.7 and 1.4 s, and one more on a busy machine.
    assert!((1..=4).contains(&rarely) && at_each_block > 4 * rarely);
}
