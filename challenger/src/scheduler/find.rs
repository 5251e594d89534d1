//! Finds games, and decides which of them are played.

use std::collections::BTreeSet;

use alloy_primitives::Address;
use fpvm_l1::{At, Block, Error};

use super::{GameScheduler, Games, TraceSource, Unplayable};
use crate::event::{Event, EventSink};
use crate::player::Player;
use crate::read::watch::GameWatcher;
use crate::read::{ReadError, Reader};

/// The most games of a factory that are looked through for new ones at a reorg.
const SCAN: u64 = 100_000;

impl<K: TraceSource> GameScheduler<K> {
    /// Finds new games.
    pub(super) fn find(
        &mut self,
        reader: &Reader<'_>,
        sink: &mut EventSink<'_>,
    ) -> Result<(), ReadError> {
        let found = match &self.games {
            Games::Listed(games) => games.clone(),
            Games::Created {
                factory,
                types,
                window,
            } => {
                let count = factory.count(reader)?;
                let from = match &self.listed {
                    Some((listed, block)) if is_below(reader, block)? => *listed,
                    _ => count.saturating_sub(SCAN),
                };
                let mut found = Vec::new();
                for number in (from.min(count)..count).rev() {
                    let listed = factory.game(reader, number)?;
                    if listed.created_at.saturating_add(*window) < reader.block.time {
                        break;
                    }
                    if types.is_empty() || types.contains(&listed.game_type) {
                        found.push(listed.game);
                    }
                }
                self.listed = Some((count, reader.block));
                found
            }
        };
        let known = |game: &Address| match self.left.get(game) {
            Some(refused) => refused.is_final,
            None => self.tracked_games.contains_key(game),
        };
        // Games that could not be begun with are tried again.
        let again = self.left.keys().copied();
        let new: BTreeSet<_> = found.into_iter().chain(again).collect();
        let new: Vec<_> = new.into_iter().filter(|game| !known(game)).collect();
        for game in new {
            match self.open(reader, game) {
                Opened::Tracked(player) => {
                    sink.emit(if player.plays() {
                        Event::found(player.game_params())
                    } else {
                        Event::watched(player.game_params())
                    });
                    self.left.remove(&game);
                    self.tracked_games.insert(game, player.into());
                }
                Opened::Left(refused, bystander) => {
                    if self.left.get(&game) != Some(&refused) {
                        let also = match &bystander {
                            Some(_) => "; its bonds are looked after",
                            None => "",
                        };
                        sink.emit(Event::left(game, &format!("{}{also}", refused.why)));
                    }
                    self.left.insert(game, refused);
                    if let Some(player) = bystander {
                        self.tracked_games
                            .entry(game)
                            .or_insert_with(|| player.into());
                    }
                }
            }
        }
        Ok(())
    }

    /// Finds who deals with a game.
    fn open(&mut self, reader: &Reader<'_>, game: Address) -> Opened<K::Trace> {
        let is_listed = matches!(self.games, Games::Listed(_));
        let unreadable = |error: ReadError| {
            let unplayable = Unplayable {
                // A game that a reorg has taken from the factory may come again.
                is_final: match error {
                    ReadError::UnknownGame { .. } => true,
                    ReadError::NoContract { .. } => is_listed,
                    _ => false,
                },
                why: error.to_string(),
            };
            Opened::Left(unplayable, None)
        };
        let watcher = match GameWatcher::open(reader, game) {
            Ok(watcher) => watcher,
            Err(error) => return unreadable(error),
        };
        let (account, settling) = (self.account(), self.options.settling.clone());
        let is_watched = watcher.game_params.is_won_at_creation();
        if !is_watched && !watcher.game_params.may_play(account) {
            let bystander = Player::bystander(watcher, account, true);
            return Opened::Tracked(bystander.settling(settling));
        }
        match self.trace_source.of(&watcher.game_params) {
            Ok(trace) => {
                let player = Player::new(watcher, account, trace, self.options.strategy);
                let player = player.responding_after(self.response_delay);
                Opened::Tracked(player.settling(settling))
            }
            Err(unplayable) => {
                // Permissioned games are resolved and closed even if nobody can say what is true in them, because
                // their pre-state often belongs to no program. A game that can be played later must not be
                // resolved before.
                let is_permissioned =
                    !is_watched && watcher.game_params.rules.params().roles.is_some();
                let bystander = Player::bystander(watcher, account, unplayable.is_final);
                let mut bystander = bystander.settling(settling);
                match bystander.is_concerned(reader) {
                    Ok(concerned) => {
                        let stays = concerned || is_permissioned && unplayable.is_final;
                        Opened::Left(unplayable, stays.then_some(bystander))
                    }
                    Err(error) => unreadable(error),
                }
            }
        }
    }
}

/// Whoever deals with a game.
enum Opened<T> {
    /// A player, or a bystander if the account has no part in the game.
    Tracked(Player<T>),
    /// The game cannot be played; a bystander looks after bonds, if there are some.
    Left(Unplayable, Option<Player<T>>),
}

/// The most blocks since the last round that are followed one by one.
const FOLLOWED: u64 = 64;

/// Whether a block is still in the chain below the reader's.
fn is_below(reader: &Reader<'_>, block: &Block) -> Result<bool, ReadError> {
    if reader.descends(block, FOLLOWED)? {
        return Ok(true);
    }
    match reader.chain.block(At::Number(block.number)) {
        Ok(there) => Ok(there.hash == block.hash),
        Err(Error::NoBlock { .. }) => Ok(false),
        Err(other) => Err(other.into()),
    }
}
