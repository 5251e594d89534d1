//! The subject, the players and the rules of a simulated game.

use std::ops::RangeInclusive;
use std::sync::Arc;

use alloy_primitives::{Address, B256, U256};
use rand::{RngExt, SeedableRng};
use rand_xoshiro::Xoshiro256PlusPlus;

use super::subject::Subject;
use crate::bond::ASSUMED_BASE_FEE;
use crate::fees::FeeSpikes;
use crate::player::cheat::{Cheat, Way};
use crate::revert::Revert;
use crate::rules::{Params, Rules};
use crate::synthetic::{Rollup, execution};
use crate::trace::lie::Extent;

/// The rules that simulated games are played by.
#[derive(Clone, Debug)]
pub struct Presets(Vec<Arc<Rules>>);

impl Presets {
    /// Depths from the smallest to mainnet's, clocks from the tightest to mainnet's; each with and
    /// without time for fee spikes.
    ///
    /// # Errors
    /// None: they are legal rules.
    pub fn new() -> Result<Self, Revert> {
        let mut all = Vec::new();
        // Depth, split depth, extension, clock, challenge period; the second clock is the shortest
        // that its extension allows.
        let shapes = [
            (8, 4, 10_800, 302_400, 86_400),
            (6, 2, 600, 2_400, 1_800),
            (14, 4, 10_800, 302_400, 86_400),
            (24, 8, 3_600, 100_000, 20_000),
            (73, 30, 10_800, 302_400, 86_400),
        ];
        for (max_depth, split_depth, clock_extension, max_clock_duration, challenge_period) in
            shapes
        {
            let spikes = FeeSpikes {
                window: max_clock_duration / 100,
                cap: max_clock_duration / 2,
            };
            for fee_spikes in [None, Some(spikes)] {
                all.push(Arc::new(Rules::new(Params {
                    version: crate::version::Version::default(),
                    roles: None,
                    game_type: 0,
                    absolute_prestate: execution::absolute_prestate(),
                    max_depth,
                    split_depth,
                    clock_extension,
                    max_clock_duration,
                    l2_chain_id: U256::from(10),
                    challenge_period,
                    fee_spikes,
                })?));
            }
        }
        Ok(Self(all))
    }

    /// Shallow games more often: they are quick to play and have their own edges.
    fn pick(&self, rng: &mut Xoshiro256PlusPlus) -> Arc<Rules> {
        let shape = [0, 0, 0, 1, 1, 1, 2, 2, 3, 4][rng.random_range(0..10)];
        let with_spikes = usize::from(rng.random_bool(0.25));
        self.0[2 * shape + with_spikes].clone()
    }
}

/// Who takes part in a game.
#[derive(Clone, Debug)]
pub struct Participant {
    /// The account played from.
    pub account: Address,
    /// How it cheats, if it does.
    pub cheat: Option<Cheat>,
    /// What it lies about, if it does.
    pub lie: Option<Extent>,
    /// How slow it is: for a cheat, the longest it takes to look again, in seconds; for an honest
    /// player, the longest it takes to answer, in thousandths of the time that the rules leave it.
    pub reaction: u64,
}

/// A game to be played.
#[derive(Clone, Debug)]
pub struct Scenario<S = Rollup> {
    /// The seed from which everything follows.
    pub seed: u64,
    /// The rules.
    pub rules: Arc<Rules>,
    /// The subject of the game.
    pub rollup: S,
    /// L2 block of the anchor; its timestamp in a super game.
    pub anchor_block: u64,
    /// L2 block of the proposal; its timestamp in a super game.
    pub block: u64,
    /// The output proposed, or the super root.
    pub root: B256,
    /// Which participant proposes.
    pub proposer: usize,
    /// Who plays; the honest ones first.
    pub participants: Vec<Participant>,
    /// Whether somebody resolves each claim the second its clock has run out.
    pub impatient: bool,
    /// When L1's base fee is high, in seconds from the game's start; ascending.
    pub spikes: Vec<(u64, u64)>,
}

impl Scenario {
    /// The scenario of this seed.
    pub fn random(presets: &Presets, seed: u64) -> Self {
        let rng = &mut Xoshiro256PlusPlus::seed_from_u64(seed);
        let rules = presets.pick(rng);
        let anchor_block = rng.random_range(0..1_000);
        let blocks = 1u64 << rules.split_depth().min(12);
        let block = anchor_block + rng.random_range(1..=blocks);
        let leaves = 1u128 << (rules.max_depth() - rules.split_depth() - 1);
        let case = rng.random_range(0..20);
        let honest_proposal = case < 8;
        let wrong_block = case >= 17;
        let safe_head = if wrong_block {
            rng.random_range(anchor_block..block)
        } else {
            block + rng.random_range(0..50)
        };
        // Short executions are more frequent, so that lies also fall after their end.
        let longest = leaves.min(1 << rng.random_range(2..64));
        let execution_length = rng.random_range(4..=longest);
        let rollup = Rollup {
            seed,
            safe_head,
            execution_length,
        };

        let (participants, lies) =
            random_participants(rng, &rules, anchor_block + 1..=block, execution_length);
        let honest = participants.len() - lies.len();
        let proposer = if honest_proposal { 0 } else { honest };
        let root = match lies.first() {
            _ if honest_proposal => rollup.root(U256::from(block)),
            // Right for the safe head, or an output that L1's data do not determine yet.
            _ if wrong_block && rng.random_bool(0.7) => rollup.honest_root(U256::from(block)),
            _ if wrong_block => rollup.root(U256::from(block)),
            Some(lie) => lie.output(U256::from(block), rollup.root(U256::from(block))),
            None => B256::ZERO,
        };
        let impatient = rng.random_bool(0.5);
        let spikes = random_spikes(rng, rules.max_clock_duration());
        Self {
            seed,
            rules,
            rollup,
            anchor_block,
            block,
            root,
            proposer,
            participants,
            impatient,
            spikes,
        }
    }

    /// Whether the proposal is right.
    pub fn is_right(&self) -> bool {
        Rollup::is_right(self)
    }
}

impl<S> Scenario<S> {
    /// L1's base fee `elapsed` seconds after the game's start, in wei.
    pub fn base_fee(&self, elapsed: u64) -> u128 {
        let high = self
            .spikes
            .iter()
            .any(|(from, to)| (*from..*to).contains(&elapsed));
        if high {
            ASSUMED_BASE_FEE * 3
        } else {
            ASSUMED_BASE_FEE / 10
        }
    }
}

/// One honest player or two, and up to four cheats after them; and what each of those lies about, if it does: the
/// outputs (or the places in a super game) from one of `outputs` on.
pub(super) fn random_participants(
    rng: &mut Xoshiro256PlusPlus,
    rules: &Rules,
    outputs: RangeInclusive<u64>,
    execution_length: u128,
) -> (Vec<Participant>, Vec<Extent>) {
    let honest = 1 + usize::from(rng.random_bool(0.2));
    let cheats = rng.random_range(1..=4);
    let extension = rules.params().clock_extension;
    let mut participants: Vec<Participant> = (0..honest)
        .map(|number| Participant {
            account: account(number),
            cheat: None,
            lie: None,
            reaction: rng.random_range(1..=1_000),
        })
        .collect();
    let mut lies = Vec::new();
    for number in honest..honest + cheats {
        let lie = Extent {
            outputs_from: match rng.random_range(0..6) {
                0 => Some(*outputs.end()),
                _ => Some(rng.random_range(outputs.clone())),
            }
            .map(U256::from),
            steps_from: match rng.random_range(0..8) {
                0 => None,
                1 => Some(0),
                _ => Some(rng.random_range(0..execution_length)),
            },
            salt: rng.random(),
        };
        let next = if number + 1 < honest + cheats {
            number + 1
        } else {
            honest
        };
        let cheat = random_cheat(rng, rules, account(next));
        let truthful = cheat.way == Way::Spammer && rng.random_bool(0.5);
        participants.push(Participant {
            account: account(number),
            cheat: Some(cheat),
            lie: (!truthful).then_some(lie),
            reaction: rng.random_range(12..2 * extension),
        });
        lies.push(lie);
    }
    (participants, lies)
}

fn random_cheat(rng: &mut Xoshiro256PlusPlus, rules: &Rules, partner: Address) -> Cheat {
    let way = match rng.random_range(0..7) {
        0 | 1 => Way::Liar,
        2 => Way::Lazy,
        3 => Way::LastSecond,
        4 => Way::Spammer,
        5 => Way::Colluder { partner },
        _ => Way::BadPreimages,
    };
    // A whole line of play, and some more.
    let line = usize::from(rules.max_depth()) / 2 + 1;
    let budget = line * rng.random_range(1..6);
    Cheat {
        way,
        seed: rng.random(),
        budget,
    }
}

/// Up to four times of high fees, some longer than any game would wait.
fn random_spikes(rng: &mut Xoshiro256PlusPlus, clock: u64) -> Vec<(u64, u64)> {
    let mut at = 0;
    (0..rng.random_range(0..5))
        .map(|_| {
            let from = at + rng.random_range(0..clock);
            at = from + rng.random_range(1..=clock);
            (from, at)
        })
        .collect()
}

/// The account of a participant.
fn account(number: usize) -> Address {
    Address::left_padding_from(&(number as u64 + 1).to_be_bytes())
}
