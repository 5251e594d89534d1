//! A game on its way: what each look at it finds.
//!
//! Claims are only ever added, and of a claim nothing changes but that it is countered, by a step at
//! the deepest level or when its subgame is resolved, which happens once, after its clock has run out.
//! So a look at a block that lies on top of the last one asks for little. After a reorg everything is
//! read anew.

use std::collections::BTreeSet;

use alloy_primitives::{Address, Bytes, U256};
use alloy_sol_types::SolCall as _;
use fpvm_contracts::game::abi::{AnchorStateRegistry, FaultDisputeGame as Calls};
use fpvm_dispute::claim::{ClaimData, GameStatus, OutputRoot};
use fpvm_dispute::clock::Clock;
use fpvm_dispute::fees::FeeMeter;
use fpvm_dispute::game::credits::Credits;
use fpvm_dispute::game::parts::Parts;
use fpvm_dispute::game::payment::{Bonds, Surroundings};
use fpvm_dispute::game::{Checkpoint, Game};
use fpvm_dispute::player::View;
use fpvm_dispute::position::Position;
use fpvm_l1::Block;

use super::game_params::GameParams;
use super::{ReadError, Reader, fit, surroundings};

/// The most blocks between two looks that are followed one by one; after more everything is read anew.
const FOLLOWED: u64 = 64;
/// How often a look begins anew if the node's answers are not of one block.
const AGAIN: u32 = 3;
/// The parent of a root claim.
const NO_PARENT: u32 = u32::MAX;

/// A game at the end of a block.
#[derive(Clone, Debug)]
pub struct GameSnapshot {
    /// The block.
    pub block: Block,
    /// The game.
    pub game: Game,
    /// The anchor that new games of its type start from.
    pub anchor: OutputRoot,
    /// What the contracts around it say; nothing while the game is in progress, because it does not matter then.
    pub around: Surroundings,
}

impl GameSnapshot {
    /// What a player of the model sees.
    pub const fn view(&self) -> View<'_> {
        View {
            game: &self.game,
            now: self.block.time,
            base_fee: self.block.base_fee,
        }
    }

    /// The state of an account's bonds.
    pub fn bonds(&self, account: Address) -> Bonds {
        self.game.bonds(account, &self.around)
    }

    /// Everybody who can have bonds in the game.
    pub fn players(&self) -> BTreeSet<Address> {
        players(self.game.claims(), self.game.block_challenger())
    }
}

/// A game that is looked at again and again.
#[derive(Clone, Debug)]
pub struct GameWatcher {
    /// What never changes.
    pub game_params: GameParams,
    snapshot: Option<GameSnapshot>,
    /// Claims that were read by a look that failed later, and the block of that look.
    begun: Option<(Block, Vec<ClaimData>)>,
}

impl GameWatcher {
    /// Begins with the game at an address.
    ///
    /// # Errors
    /// As [`GameParams::read`].
    pub fn open(reader: &Reader<'_>, game: Address) -> Result<Self, ReadError> {
        let game_params = GameParams::read(reader, game)?;
        Ok(Self {
            game_params,
            snapshot: None,
            begun: None,
        })
    }

    /// What the last look found.
    pub const fn snapshot(&self) -> Option<&GameSnapshot> {
        self.snapshot.as_ref()
    }

    /// Looks at the game. The second result says whether claims that were seen before may have changed, as after
    /// a reorg.
    ///
    /// # Errors
    /// If the chain does not answer, or the contract gives an answer that no game gives. The last snapshot stays.
    pub fn look(&mut self, reader: &Reader<'_>) -> Result<(&GameSnapshot, bool), ReadError> {
        let snapshot = self.snapshot.as_ref();
        let goes_on = snapshot
            .map(|snapshot| reader.descends(&snapshot.block, FOLLOWED))
            .transpose()?;
        let before = self.snapshot.take_if(|_| goes_on == Some(true));
        let anew = before.is_none();
        let mut begun = Vec::new();
        if let Some((block, claims)) = self.begun.take()
            && reader.descends(&block, FOLLOWED)?
        {
            begun = claims;
        }
        let game_params = &self.game_params;
        let game = before.as_ref().map(|snapshot| &snapshot.game);
        let snapshot = match look(game_params, reader, game, &mut begun) {
            Ok(snapshot) => snapshot,
            Err(error) => {
                self.snapshot = before;
                // So one failed call does not lose the other claims of a game with hundreds of them.
                self.begun = (!begun.is_empty()).then_some((reader.block, begun));
                return Err(error);
            }
        };
        Ok((self.snapshot.insert(snapshot), anew))
    }
}

/// Reads a game once.
///
/// # Errors
/// As [`GameWatcher::look`].
pub fn game(reader: &Reader<'_>, game: Address) -> Result<(GameParams, GameSnapshot), ReadError> {
    let game_params = GameParams::read(reader, game)?;
    let snapshot = look(&game_params, reader, None, &mut Vec::new())?;
    Ok((game_params, snapshot))
}

/// Looks, and looks again if the answers are not of one block.
fn look(
    game_params: &GameParams,
    reader: &Reader<'_>,
    before: Option<&Game>,
    begun: &mut Vec<ClaimData>,
) -> Result<GameSnapshot, ReadError> {
    let (mut left, mut reader) = (AGAIN, *reader);
    loop {
        match look_once(game_params, &reader, before, begun) {
            Err(ReadError::Torn { .. } | ReadError::Parts { .. }) if left > 0 => {
                left -= 1;
                begun.clear();
            }
            other => return other,
        }
        reader.chain.pause();
        reader = reader.anew();
    }
}

fn look_once(
    game_params: &GameParams,
    reader: &Reader<'_>,
    before: Option<&Game>,
    begun: &mut Vec<ClaimData>,
) -> Result<GameSnapshot, ReadError> {
    let game = game_params.game;
    let misfit = |source| ReadError::Parts { game, source };
    let mut parts = outside(game_params, reader)?;
    claims(game_params, reader, before, begun, &mut parts)?;
    let clocks = Game::from_parts(Parts {
        status: GameStatus::InProgress,
        ..parts.clone()
    });
    resolution(reader, &clocks.map_err(misfit)?, &mut parts)?;
    let call = AnchorStateRegistry::anchorsCall {
        gameType: game_params.rules.params().game_type,
    };
    let anchor = reader.ask(game_params.registry, &call)?;
    let anchor = OutputRoot {
        root: anchor.root,
        block: anchor.l2BlockNumber,
    };
    let around = surroundings::read(game_params, reader, anchor, &mut parts)?;
    Ok(GameSnapshot {
        block: reader.block,
        game: Game::from_parts(parts).map_err(misfit)?,
        anchor,
        around,
    })
}

/// The game without its claims.
fn outside(game_params: &GameParams, reader: &Reader<'_>) -> Result<Parts, ReadError> {
    let game = game_params.game;
    let questions = [
        Calls::statusCall {}.abi_encode(),
        Calls::l2BlockNumberChallengedCall {}.abi_encode(),
        Calls::resolvedAtCall {}.abi_encode(),
        Calls::claimDataLenCall {}.abi_encode(),
    ];
    reader.expect_each(game, questions.map(Bytes::from))?;
    let status = match reader.ask(game, &Calls::statusCall {})? {
        0 => GameStatus::InProgress,
        1 => GameStatus::ChallengerWins,
        2 => GameStatus::DefenderWins,
        other => {
            return Err(ReadError::Answer {
                contract: game,
                function: "status()",
                why: format!("{other} is no status"),
            });
        }
    };
    let is_super = game_params.rules.params().version.is_super();
    // A super game has no such challenge: its timestamp is part of the root claim.
    let challenger = if !is_super && reader.ask(game, &Calls::l2BlockNumberChallengedCall {})? {
        Some(reader.ask(game, &Calls::l2BlockNumberChallengerCall {})?)
    } else {
        None
    };
    let fees = match game_params.rules.params().fee_spikes {
        None => FeeMeter::default(),
        Some(_) => {
            let meter = reader.ask(game, &Calls::feeMeterCall {})?;
            FeeMeter {
                held: meter.held,
                from: meter.from,
                until: meter.until,
            }
        }
    };
    Ok(Parts {
        rules: game_params.rules.clone(),
        address: game,
        proposal: game_params.proposal.clone(),
        starting: game_params.starting,
        created_at: game_params.created_at,
        resolved_at: reader.ask(game, &Calls::resolvedAtCall {})?,
        status,
        block_challenger: challenger,
        claims: Vec::new(),
        resolved: Vec::new(),
        checkpoints: Vec::new(),
        credits: Credits::default(),
        was_respected: game_params.was_respected,
        fees,
    })
}

/// All claims. Those of the last snapshot and those in `begun` have changed at most by steps. Claims that were read
/// are in `begun` afterwards, whether the rest could be read or not.
fn claims(
    game_params: &GameParams,
    reader: &Reader<'_>,
    before: Option<&Game>,
    begun: &mut Vec<ClaimData>,
    parts: &mut Parts,
) -> Result<(), ReadError> {
    if game_params.is_won_at_creation() {
        return Ok(());
    }
    if let Some(before) = before.map(Game::parts) {
        parts.claims = before.claims;
        parts.resolved = before.resolved;
        parts.checkpoints = before.checkpoints;
    }
    let more = begun.get(parts.claims.len()..).unwrap_or_default();
    parts.claims.extend_from_slice(more);
    let deepest = game_params.rules.max_depth();
    for (index, known) in parts.claims.iter_mut().enumerate() {
        let may_be_stepped = known.position.depth() == deepest && known.countered_by.is_none();
        if may_be_stepped {
            *known = claim(reader, game_params.game, index)?;
        }
    }
    let count = reader.ask(game_params.game, &Calls::claimDataLenCall {})?;
    let count = fit(game_params.game, "claimDataLen()", count)?;
    let missing = parts.claims.len()..count;
    let missing = missing.map(|index| Calls::claimDataCall {
        index: U256::from(index),
    });
    reader.expect(game_params.game, missing)?;
    for index in parts.claims.len()..count {
        let counted = claim(reader, game_params.game, index).map_err(|error| match error {
            ReadError::Reverted { contract, .. } => ReadError::Torn {
                contract,
                block: reader.block.hash,
            },
            other => other,
        });
        match counted {
            Ok(claim) => parts.claims.push(claim),
            Err(error) => {
                begun.clone_from(&parts.claims);
                return Err(error);
            }
        }
    }
    begun.clone_from(&parts.claims);
    parts.resolved.resize(count, false);
    parts.checkpoints.resize(count, None);
    Ok(())
}

fn claim(reader: &Reader<'_>, game: Address, index: usize) -> Result<ClaimData, ReadError> {
    let call = Calls::claimDataCall {
        index: U256::from(index),
    };
    let found = reader.ask(game, &call)?;
    let position = Position::from_gindex(found.position).ok_or_else(|| ReadError::Answer {
        contract: game,
        function: "claimData(uint256)",
        why: format!("claim {index} has no position"),
    })?;
    let set = |account: Address| (!account.is_zero()).then_some(account);
    Ok(ClaimData {
        parent: (found.parentIndex != NO_PARENT).then_some(found.parentIndex as usize),
        countered_by: set(found.counteredBy),
        claimant: found.claimant,
        bond: found.bond,
        claim: found.claim,
        position,
        clock: Clock::from_packed(found.clock),
    })
}

/// The resolutions since the last look. `clocks` is the game as if it were still in progress.
fn resolution(reader: &Reader<'_>, clocks: &Game, parts: &mut Parts) -> Result<(), ReadError> {
    let (game, now) = (parts.address, reader.block.time);
    let may_be_resolved = |index: &usize| {
        let used = clocks.challenger_duration(*index, now);
        let has_run_out = used.is_ok_and(|used| used >= clocks.rules().max_clock_duration());
        has_run_out && parts.resolved.get(*index) != Some(&true)
    };
    let indices: Vec<_> = (0..parts.claims.len()).filter(may_be_resolved).collect();
    let questions = indices.iter().flat_map(|index| {
        let index = U256::from(*index);
        let resolved = Calls::resolvedSubgamesCall { claimIndex: index };
        let page = Calls::resolutionCheckpointsCall { claimIndex: index };
        [resolved.abi_encode(), page.abi_encode()].map(Bytes::from)
    });
    reader.expect_each(game, questions)?;
    for index in indices {
        let claim_index = U256::from(index);
        let call = Calls::resolvedSubgamesCall {
            claimIndex: claim_index,
        };
        let resolved = reader.ask(game, &call)?;
        let call = Calls::resolutionCheckpointsCall {
            claimIndex: claim_index,
        };
        let page = reader.ask(game, &call)?;
        let leftmost = Position::from_gindex(page.leftmostPosition);
        let leftmost = leftmost.filter(|_| page.leftmostPosition != u128::MAX);
        let checkpoint = page.initialCheckpointComplete.then(|| Checkpoint {
            cursor: page.subgameIndex as usize,
            leftmost: leftmost.map(|position| (position, page.counteredBy)),
        });
        if resolved {
            let resolved = claim(reader, game, index)?;
            if let Some(known) = parts.claims.get_mut(index) {
                *known = resolved;
            }
        }
        if let Some(known) = parts.resolved.get_mut(index) {
            *known = resolved;
        }
        if let Some(known) = parts.checkpoints.get_mut(index) {
            *known = checkpoint;
        }
    }
    Ok(())
}

/// Everybody who can have posted or won a bond.
pub(super) fn players(
    claims: &[ClaimData],
    block_challenger: Option<Address>,
) -> BTreeSet<Address> {
    let claims = claims.iter();
    let players = claims.flat_map(|claim| [Some(claim.claimant), claim.countered_by]);
    players.chain([block_challenger]).flatten().collect()
}
