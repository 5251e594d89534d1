//! When those events of a game happened that leave no log: steps, resolutions, loads, payments.
//!
//! A block's state tells whether something has happened, so the block in which it did is found by bisection.
//! That takes a node that has the states since the game began (an archive node for all but young games).
//! The state does not tell who resolved. The block does: it is the sender of the transaction.

use alloy_primitives::{Address, B256, U256};
use alloy_sol_types::SolCall as _;
use fpvm_contracts::abi::PreimageOracle;
use fpvm_contracts::game::abi::FaultDisputeGame as Calls;
use fpvm_dispute::claim::GameStatus;
use fpvm_dispute::game::Game;
use fpvm_dispute::game::credits::BondMode;
use fpvm_dispute::history::{HistoryEvent, What};
use fpvm_dispute::oracle::local_key;
use fpvm_dispute::trace::StepData;
use fpvm_l1::{At, Block};

use super::game_params::GameParams;
use super::watch::GameSnapshot;
use super::{ReadError, Reader};

/// A part that a step reads.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Part {
    /// The claim that the step is against.
    pub claim: usize,
    /// The key that the oracle has it under.
    pub key: B256,
    /// Its offset.
    pub offset: U256,
}

impl Part {
    /// What the step against a claim reads.
    pub fn of(game: &Game, claim: usize, step: &StepData) -> Vec<Self> {
        let context = game.local_context(claim).unwrap_or_default();
        let local = step.local.iter().map(|(ident, offset)| Self {
            claim,
            key: local_key(game.address(), *ident, context),
            offset: *offset,
        });
        let others = step.preimages.iter().map(|preimage| Self {
            claim,
            key: preimage.key,
            offset: preimage.offset,
        });
        local.chain(others).collect()
    }
}

/// All events in a game up to a look at it, oldest first, with the loads of these parts.
///
/// # Errors
/// If the chain does not tell, often because the node does not have such old states.
pub fn history(
    reader: &Reader<'_>,
    game_params: &GameParams,
    snapshot: &GameSnapshot,
    parts: &[Part],
) -> Result<Vec<HistoryEvent>, ReadError> {
    let (game, address) = (&snapshot.game, game_params.game);
    let now = snapshot.block.number;
    let span = Span {
        reader,
        first: first(0, now, |number| {
            let block = reader.chain.block(At::Number(number))?;
            Ok(block.time >= game_params.created_at)
        })?,
        last: now,
    };
    let mut all = Vec::new();
    let deepest = game_params.rules.max_depth();
    for (index, claim) in game.claims().iter().enumerate() {
        let claim_index = U256::from(index);
        if claim.position.depth() == deepest && claim.countered_by.is_some() {
            let countered = |reader: &Reader<'_>| {
                if reader.ask(address, &Calls::claimDataLenCall {})? <= claim_index {
                    return Ok(false);
                }
                let call = Calls::claimDataCall { index: claim_index };
                Ok(!reader.ask(address, &call)?.counteredBy.is_zero())
            };
            let at = span.when(countered)?;
            all.push(HistoryEvent {
                at: at.time,
                by: claim.countered_by,
                what: What::Stepped(index),
            });
        }
        if game.subgame(index).is_some_and(|subgame| subgame.resolved) {
            let call = Calls::resolvedSubgamesCall {
                claimIndex: claim_index,
            };
            let at = span.when(|reader| reader.ask(address, &call))?;
            let by = span.caller(&at, address, |data| {
                let call = Calls::resolveClaimCall::abi_decode(data);
                call.is_ok_and(|call| call.claimIndex == claim_index)
            })?;
            all.push(HistoryEvent {
                at: at.time,
                by,
                what: What::Resolved(index),
            });
        }
    }
    for part in parts {
        let Part { claim, key, offset } = *part;
        let call = PreimageOracle::preimagePartOkCall { key, offset };
        if reader.ask(game_params.oracle.oracle, &call)? {
            let at = span.when(|reader| reader.ask(game_params.oracle.oracle, &call))?;
            all.push(HistoryEvent {
                at: at.time,
                by: None,
                what: What::Loaded(key, claim),
            });
        }
    }
    if game.status() != GameStatus::InProgress {
        let resolved_at = game.resolved_at();
        let at = span.when(|reader| Ok(reader.block.time >= resolved_at))?;
        let is_end = |data: &[u8]| Calls::resolveCall::abi_decode(data).is_ok();
        all.push(HistoryEvent {
            at: at.time,
            by: span.caller(&at, address, is_end)?,
            what: What::Ended,
        });
        all.extend(payments(&span, game_params, snapshot, at.number)?);
    }
    // What happens in one block stays as it is: a load goes before its step.
    all.sort_by_key(|history| (history.at, matches!(history.what, What::Stepped(_))));
    Ok(all)
}

/// Credits grow while claims are resolved, up to the block `ended`, and from 1.4 on are the account's once the game
/// is closed; they are gone when they are paid.
fn payments(
    span: &Span<'_>,
    game_params: &GameParams,
    snapshot: &GameSnapshot,
    ended: u64,
) -> Result<Vec<HistoryEvent>, ReadError> {
    let (game, mode) = (game_params.game, snapshot.game.credits().mode);
    let mut all = Vec::new();
    let mut due = ended;
    let is_closed_first = !snapshot.game.version().pays_at_resolution();
    if is_closed_first {
        if mode == BondMode::Undecided {
            return Ok(all);
        }
        let call = Calls::bondDistributionModeCall {};
        let from = Span {
            first: ended,
            ..*span
        };
        let at = from.when(|reader| Ok(reader.ask(game, &call)? != 0))?;
        let by = span.caller(&at, game, |data| {
            let closes = Calls::closeGameCall::abi_decode(data).is_ok();
            closes || Calls::claimCreditCall::abi_decode(data).is_ok()
        })?;
        all.push(HistoryEvent {
            at: at.time,
            by,
            what: What::Closed(mode),
        });
        due = at.number;
    }
    let when_due = span.reader_at(due)?;
    let span = Span {
        first: due,
        ..*span
    };
    for account in snapshot.players() {
        let call = Calls::creditCall { account };
        let credit = when_due.ask(game, &call)?;
        if credit.is_zero() {
            continue;
        }
        if is_closed_first {
            let call = Calls::hasUnlockedCreditCall { account };
            if !snapshot.game.credits().unlocked.contains(&account) {
                continue;
            }
            let at = span.when(|reader| reader.ask(game, &call))?;
            all.push(HistoryEvent {
                at: at.time,
                by: None,
                what: What::Unlocked(account, credit.saturating_to()),
            });
        }
        if snapshot.game.credit(account) > 0 {
            continue;
        }
        let at = span.when(|reader| Ok(reader.ask(game, &call)?.is_zero()))?;
        all.push(HistoryEvent {
            at: at.time,
            by: None,
            what: What::Paid(account, credit.saturating_to()),
        });
    }
    Ok(all)
}

/// Blocks among which something happened.
#[derive(Clone, Copy)]
struct Span<'a> {
    reader: &'a Reader<'a>,
    first: u64,
    last: u64,
}

impl Span<'_> {
    fn reader_at(&self, number: u64) -> Result<Reader<'_>, ReadError> {
        let chain = self.reader.chain;
        Ok(Reader::at(chain, chain.block(At::Number(number))?))
    }

    /// The first block at whose end a condition holds that stays true.
    fn when(
        &self,
        is: impl Fn(&Reader<'_>) -> Result<bool, ReadError>,
    ) -> Result<Block, ReadError> {
        let number = first(self.first, self.last, |number| is(&self.reader_at(number)?))?;
        Ok(self.reader_at(number)?.block)
    }

    /// Who made the last matching call of a contract in a block that succeeded; `None` if it was made by way of
    /// another contract.
    fn caller(
        &self,
        block: &Block,
        contract: Address,
        is: impl Fn(&[u8]) -> bool,
    ) -> Result<Option<Address>, ReadError> {
        let chain = self.reader.chain;
        let sent = chain.transactions(block.hash)?;
        let calls = sent.iter().filter(|sent| sent.to == Some(contract));
        for call in calls.filter(|call| is(&call.data)).rev() {
            let receipt = chain.receipt(call.hash)?;
            if receipt.is_some_and(|receipt| receipt.succeeded) {
                return Ok(Some(call.from));
            }
        }
        Ok(None)
    }
}

/// The first number for which a condition holds, up to one for which it does.
fn first(
    mut low: u64,
    mut high: u64,
    is: impl Fn(u64) -> Result<bool, ReadError>,
) -> Result<u64, ReadError> {
    while low < high {
        let middle = low + (high - low) / 2;
        if is(middle)? {
            high = middle;
        } else {
            low = middle + 1;
        }
    }
    Ok(low)
}
