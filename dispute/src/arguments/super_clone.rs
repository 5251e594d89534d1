//! The data of a clone of a super game.
//!
//! | at | bytes | what |
//! | --- | --- | --- |
//! | 0 | 20 | who proposed |
//! | 20 | 32 | the super root proposed |
//! | 52 | 32 | hash of the L1 block before the game's creation |
//! | 84 | 4 | the type under which the factory made the game |
//! | 88 | 9 + 64·n, n ≥ 1 | the super root's pre-image: the `extraData` of the proposal |
//! | after that | 124 or 40 | `gameArgs`: of a game that all may play, or of a permissioned one |
//!
//! Source: `SuperFaultDisputeGame._verifyInitCallDataLength` and `SuperPermissionedDisputeGame` at
//! ethereum-optimism/optimism 4c8b17472b.

use alloy_primitives::{Address, B256};

use super::{FaultArgs, GameArgs, Unpack};
use crate::revert::Revert;

/// The data of a super game's clone.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct SuperCloneData {
    /// Who proposed.
    pub creator: Address,
    /// The super root proposed.
    pub root_claim: B256,
    /// Hash of the L1 block before the game's creation.
    pub l1_head: B256,
    /// The type under which the factory made the game.
    pub game_type: u32,
    /// The claimed pre-image of the super root: `9 + 64·n` bytes, n at least 1.
    pub extra_data: Vec<u8>,
    /// The arguments after the extra data.
    pub args: SuperArgs,
}

/// `gameArgs` of the super games.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum SuperArgs {
    /// 124 bytes: a game that all may play.
    Fault(FaultArgs),
    /// 40 bytes: a permissioned game.
    Permissioned {
        /// The registry.
        registry: Address,
        /// Who may propose.
        proposer: Address,
    },
}

impl SuperArgs {
    /// Packs them, as the factory keeps them (`gameArgs`).
    pub fn encode(&self) -> Vec<u8> {
        match self {
            Self::Fault(args) => args.encode(),
            Self::Permissioned { registry, proposer } => {
                [registry.as_slice(), proposer.as_slice()].concat()
            }
        }
    }
}

impl SuperCloneData {
    /// Bytes before the extra data.
    const HEAD: usize = 88;
    /// Bytes of a super root before its chains, and of each chain.
    const SUPER_ROOT: (usize, usize) = (9, 64);

    /// Parses the data as the game reads them; `permissioned` is whether it is the permissioned game.
    ///
    /// # Errors
    /// `BadExtraData` if no super root with a chain or more has the length that is left between head and arguments.
    /// Whether those bytes are a super root is not checked.
    pub fn parse(data: &[u8], permissioned: bool) -> Result<Self, Revert> {
        let args = if permissioned { 40 } else { FaultArgs::BYTES };
        let (head, rest) = data
            .split_at_checked(Self::HEAD)
            .ok_or(Revert::BadExtraData)?;
        let length = rest.len().checked_sub(args).ok_or(Revert::BadExtraData)?;
        let (extra_data, args) = rest.split_at_checked(length).ok_or(Revert::BadExtraData)?;
        let (before, chain) = Self::SUPER_ROOT;
        match length.checked_sub(before) {
            Some(chains) if chains > 0 && chains.is_multiple_of(chain) => (),
            _ => return Err(Revert::BadExtraData),
        }
        let args = match GameArgs::parse(args)? {
            GameArgs::Fault(args) => SuperArgs::Fault(args),
            GameArgs::SuperPermissioned { registry, proposer } => {
                SuperArgs::Permissioned { registry, proposer }
            }
            GameArgs::Zk(_) => return Err(Revert::BadExtraData),
        };
        let mut bytes = Unpack(head);
        Ok(Self {
            creator: bytes.address(),
            root_claim: bytes.word(),
            l1_head: bytes.word(),
            game_type: u32::from_be_bytes(bytes.take()),
            extra_data: extra_data.to_vec(),
            args,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::arguments::CloneData;

    #[test]
    fn lengths() {
        let (creator, word) = (Address::repeat_byte(7), B256::repeat_byte);
        let pack = |extra: usize, args: usize| {
            let extra: Vec<u8> = (0..extra).map(|byte| byte as u8).collect();
            CloneData::pack(creator, word(8), word(9), 5, &extra, &vec![3; args])
        };
        for extra in (0..300).filter(|extra| ![73, 137, 201, 265].contains(extra)) {
            for (args, permissioned) in [(40, true), (124, false)] {
                let refused = SuperCloneData::parse(&pack(extra, args), permissioned);
                assert_eq!(refused, Err(Revert::BadExtraData), "{extra}");
            }
        }
        let read = SuperCloneData::parse(&pack(137, 40), true).expect("two chains");
        assert_eq!((read.creator, read.game_type), (creator, 5));
        assert_eq!((read.root_claim, read.l1_head), (word(8), word(9)));
        assert_eq!(read.extra_data, (0..137).collect::<Vec<u8>>());
        let args = SuperArgs::Permissioned {
            registry: Address::repeat_byte(3),
            proposer: Address::repeat_byte(3),
        };
        assert_eq!(read.args, args);
        assert_eq!(args.encode(), [3; 40]);
        let read = SuperCloneData::parse(&pack(73, 124), false).expect("a chain");
        assert!(matches!(read.args, SuperArgs::Fault(_)));
        assert_eq!(read.args.encode(), [3; 124]);
        for length in [0, 87, 88, 127, 128] {
            let short = SuperCloneData::parse(&vec![0; length], true);
            assert_eq!(short, Err(Revert::BadExtraData));
        }
    }
}
