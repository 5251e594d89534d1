//! The subject of a simulated super game.

use std::sync::Arc;

use rand::{RngExt, SeedableRng};
use rand_xoshiro::Xoshiro256PlusPlus;

use super::scenario::{Scenario, random_participants};
use super::subject::SuperSubject;
use crate::revert::Revert;
use crate::rules::{Params, Rules};
use crate::super_root::{STEPS_PER_SECOND, SuperRoot, SuperState, SuperStep};
use crate::synthetic::{SuperProgram, SuperRollup, execution};
use crate::trace::SuperStates;

/// When simulated super games start, in L2 time.
const START: u64 = 5_000;

/// The rules that simulated super games are played by.
#[derive(Clone, Debug)]
pub struct SuperPresets(Vec<Arc<Rules>>);

impl SuperPresets {
    /// Depths from the smallest in which a second has room to mainnet's.
    ///
    /// # Errors
    /// None: they are legal rules.
    pub fn new() -> Result<Self, Revert> {
        let shapes = [(10, 7), (13, 9), (20, 10), (73, 30)];
        let rules = shapes.map(|(max_depth, split_depth)| {
            let rules = Rules::new(Params {
                max_depth,
                split_depth,
                ..Params::mainnet_super(execution::absolute_prestate())
            });
            rules.map(Arc::new)
        });
        Ok(Self(rules.into_iter().collect::<Result<_, _>>()?))
    }

    /// The scenario of this seed: 1 to 5 chains over some seconds; the data on L1 suffice for all of them, or not.
    ///
    /// # Errors
    /// None: the chains begin before the game.
    pub fn scenario(&self, seed: u64) -> Result<Scenario<SuperSubject>, Revert> {
        let rng = &mut Xoshiro256PlusPlus::seed_from_u64(seed);
        let shape = [0, 0, 1, 1, 1, 2, 2, 3][rng.random_range(0..8)];
        let rules = self.0.get(shape).ok_or(Revert::Empty)?.clone();
        let room = (1u64 << rules.split_depth().min(10)) / STEPS_PER_SECOND;
        let end = START + rng.random_range(1..=room);
        let seconds = end - START;
        let rollup = SuperRollup::random(seed, rng.random_range(1..=5), START, seconds);
        let l1_head = SuperRollup::l1_block_at(end) + rng.random_range(0..6);
        let leaves = 1u128 << (rules.max_depth() - rules.split_depth() - 1);
        let longest = leaves.min(1 << rng.random_range(2..64));
        let execution_length = rng.random_range(4..=longest.max(4));
        let number = |timestamp| SuperStep::start_of(timestamp).number() as u64;
        let places = number(START) + 1..=number(end);
        let (mut participants, mut lies) =
            random_participants(rng, &rules, places, execution_length);
        let honest = participants.len() - lies.len();
        let program = SuperProgram::new(&rollup, l1_head, START, end, execution_length);
        let mut subject = SuperSubject {
            rollup,
            l1_head,
            program,
            proposed: SuperRoot::default(),
        };
        let truth = subject.states().state(SuperStep::start_of(end));
        let truth = truth.map_err(|_| Revert::Empty)?;
        let proposal = match SuperState::decode(&truth) {
            Ok(SuperState::SuperRoot(root)) if rng.random_bool(0.4) => Some(root),
            _ => None,
        };
        let (proposer, proposed) = match (proposal, lies.first_mut()) {
            (Some(root), _) => (0, root),
            (None, lie) => {
                // A proposal must be a super root of that second, even if it is a lie.
                let lie = lie.ok_or(Revert::Empty)?;
                lie.salt &= !3;
                if let Some(participant) = participants.get_mut(honest) {
                    participant.lie = Some(*lie);
                }
                match lie.other_outputs(SuperStep::start_of(end), &truth) {
                    SuperState::SuperRoot(root) => (honest, root),
                    _ => return Err(Revert::Empty),
                }
            }
        };
        let root = proposed.hash();
        subject.proposed = proposed;
        Ok(Scenario {
            seed,
            rules,
            rollup: subject,
            anchor_block: START,
            block: end,
            root,
            proposer,
            participants,
            impatient: rng.random_bool(0.5),
            spikes: Vec::new(),
        })
    }
}
