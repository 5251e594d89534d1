//! The last game of an account, and what it is about.

use alloy_primitives::{Address, U256};
use fpvm_challenger::factory::Listed;
use fpvm_challenger::read::{ReadError, Reader};
use fpvm_contracts::game::abi::FaultDisputeGame as Calls;

use crate::Options;

/// The number of newest games that are looked at in any case, so that the last proposal is known if nobody has proposed
/// anything for longer than the interval.
const LOOKED_AT: u64 = 16;

/// The newest game of the type that an account has created: the last within the interval, and beyond it one of the
/// factory's newest.
pub(crate) fn last(
    reader: &Reader<'_>,
    options: &Options,
    account: Address,
) -> Result<Option<Listed>, ReadError> {
    let from = reader.block.time.saturating_sub(options.interval);
    let count = options.factory.count(reader)?;
    for number in (0..count).rev() {
        let listed = options.factory.game(reader, number)?;
        if listed.created_at < from && count - number > LOOKED_AT {
            break;
        }
        if listed.game_type == options.game_type.0
            && reader.ask(listed.game, &Calls::gameCreatorCall {})? == account
        {
            return Ok(Some(listed));
        }
    }
    Ok(None)
}

/// The L2 block that a game is about; of a super game the timestamp.
pub(crate) fn sequence_number(reader: &Reader<'_>, game: Address) -> Result<U256, ReadError> {
    match reader.ask_if(game, &Calls::l2SequenceNumberCall {})? {
        Some(number) => Ok(number),
        // Games of 2024 have this name alone.
        None => reader.ask(game, &Calls::l2BlockNumberCall {}),
    }
}
