//! Arguments: the data that a game is made with.
//!
//! A game is a clone of its type's implementation, with data of its own: who proposed, the proposal,
//! the L1 head. From 2.0 on the data also have the type, and after the proposal the arguments that the
//! factory keeps for the type: `gameArgs`. All are packed without padding, numbers big-endian.

mod super_clone;

use alloy_primitives::{Address, B256, U256};

use crate::revert::Revert;
pub use super_clone::{SuperArgs, SuperCloneData};

/// Who may play a permissioned game.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Roles {
    /// Proposes, and plays.
    pub proposer: Address,
    /// Plays.
    pub challenger: Address,
}

/// `gameArgs` of a fault dispute game: of types 0, 8 and 9, and with roles of type 1.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct FaultArgs {
    /// Claim about the VM state before the first instruction.
    pub absolute_prestate: B256,
    /// The VM's contract.
    pub vm: Address,
    /// The registry.
    pub registry: Address,
    /// The vault.
    pub vault: Address,
    /// Chain id of the L2; 0 for a super game.
    pub l2_chain_id: U256,
    /// Who may play, if not everybody may.
    pub roles: Option<Roles>,
}

/// `gameArgs` of a ZK dispute game (type 10).
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct ZkArgs {
    /// The program's key.
    pub absolute_prestate: B256,
    /// Checks proofs.
    pub verifier: Address,
    /// Seconds in which a proposal may be challenged.
    pub max_challenge_duration: u64,
    /// Seconds in which a challenged proposal may be proven.
    pub max_prove_duration: u64,
    /// Wei that a challenge takes.
    pub challenger_bond: U256,
    /// The registry.
    pub registry: Address,
    /// The vault.
    pub vault: Address,
    /// Chain id of the L2; none in games about super roots.
    pub l2_chain_id: Option<U256>,
}

/// `gameArgs`, distinguished by their length.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum GameArgs {
    /// 124 bytes, or with roles 164.
    Fault(FaultArgs),
    /// 40 bytes: the permissioned super game (type 5).
    SuperPermissioned {
        /// The registry.
        registry: Address,
        /// Who may propose.
        proposer: Address,
    },
    /// 172 bytes, or without a chain 140.
    Zk(ZkArgs),
}

impl FaultArgs {
    /// Bytes without roles.
    pub const BYTES: usize = 124;
    /// Bytes with roles.
    pub const BYTES_WITH_ROLES: usize = 164;

    /// Packs them.
    pub fn encode(&self) -> Vec<u8> {
        let chain: B256 = self.l2_chain_id.into();
        let mut packed = self.absolute_prestate.to_vec();
        for address in [self.vm, self.registry, self.vault] {
            packed.extend_from_slice(address.as_slice());
        }
        packed.extend_from_slice(chain.as_slice());
        if let Some(roles) = self.roles {
            packed.extend_from_slice(roles.proposer.as_slice());
            packed.extend_from_slice(roles.challenger.as_slice());
        }
        packed
    }

    fn read(packed: &mut Unpack<'_>, permissioned: bool) -> Self {
        Self {
            absolute_prestate: packed.word(),
            vm: packed.address(),
            registry: packed.address(),
            vault: packed.address(),
            l2_chain_id: packed.word().into(),
            roles: permissioned.then(|| Roles {
                proposer: packed.address(),
                challenger: packed.address(),
            }),
        }
    }
}

impl GameArgs {
    /// The arguments that `packed` encodes.
    ///
    /// # Errors
    /// `InvalidGameArgsLength` if no game has so many bytes.
    pub fn parse(packed: &[u8]) -> Result<Self, Revert> {
        let mut unpack = Unpack(packed);
        let bytes = &mut unpack;
        Ok(match packed.len() {
            FaultArgs::BYTES => Self::Fault(FaultArgs::read(bytes, false)),
            FaultArgs::BYTES_WITH_ROLES => Self::Fault(FaultArgs::read(bytes, true)),
            40 => Self::SuperPermissioned {
                registry: bytes.address(),
                proposer: bytes.address(),
            },
            length @ (140 | 172) => Self::Zk(ZkArgs {
                absolute_prestate: bytes.word(),
                verifier: bytes.address(),
                max_challenge_duration: bytes.number(),
                max_prove_duration: bytes.number(),
                challenger_bond: bytes.word().into(),
                registry: bytes.address(),
                vault: bytes.address(),
                l2_chain_id: (length == 172).then(|| bytes.word().into()),
            }),
            _ => return Err(Revert::InvalidGameArgsLength),
        })
    }
}

/// The data of a clone, which every game reads at fixed places.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct CloneData {
    /// Who proposed.
    pub creator: Address,
    /// The output root proposed.
    pub root_claim: B256,
    /// Hash of the L1 block before the game's creation.
    pub l1_head: B256,
    /// The type under which the factory made the game; none before 2.0.
    pub game_type: Option<u32>,
    /// The L2 block proposed for.
    pub l2_block: U256,
    /// The arguments after the block number; none before 2.0.
    pub args: Option<FaultArgs>,
}

impl CloneData {
    /// Bytes before the extra data, without a type.
    const HEAD: usize = 84;
    /// Bytes of the data of a game before 2.0.
    pub const PLAIN_BYTES: usize = Self::HEAD + 32;

    /// The data as the factory packs them.
    pub fn pack(
        creator: Address,
        root_claim: B256,
        l1_head: B256,
        game_type: u32,
        extra_data: &[u8],
        args: &[u8],
    ) -> Vec<u8> {
        let mut data = [creator.as_slice(), &root_claim.0, &l1_head.0].concat();
        if !args.is_empty() {
            data.extend_from_slice(&game_type.to_be_bytes());
        }
        data.extend_from_slice(extra_data);
        data.extend_from_slice(args);
        data
    }

    /// Parses the data as a game before 2.0 reads them.
    ///
    /// # Errors
    /// `BadExtraData` if it is not exactly that long.
    pub fn parse_plain(data: &[u8]) -> Result<Self, Revert> {
        if data.len() != Self::PLAIN_BYTES {
            return Err(Revert::BadExtraData);
        }
        let mut bytes = Unpack(data);
        Ok(Self {
            creator: bytes.address(),
            root_claim: bytes.word(),
            l1_head: bytes.word(),
            game_type: None,
            l2_block: bytes.word().into(),
            args: None,
        })
    }

    /// Parses the data as a game of 2.0 or later reads them.
    ///
    /// # Errors
    /// `BadExtraData` if it is not exactly that long.
    pub fn parse(data: &[u8], permissioned: bool) -> Result<Self, Revert> {
        let args = if permissioned {
            FaultArgs::BYTES_WITH_ROLES
        } else {
            FaultArgs::BYTES
        };
        if data.len() != Self::PLAIN_BYTES + 4 + args {
            return Err(Revert::BadExtraData);
        }
        let mut bytes = Unpack(data);
        Ok(Self {
            creator: bytes.address(),
            root_claim: bytes.word(),
            l1_head: bytes.word(),
            game_type: Some(u32::from_be_bytes(bytes.take())),
            l2_block: bytes.word().into(),
            args: Some(FaultArgs::read(&mut bytes, permissioned)),
        })
    }
}

/// The creation code of a clone of this project's contracts (`Clones.sol`): its address follows from it.
pub fn clone_code(implementation: Address, data: &[u8]) -> Vec<u8> {
    const PROLOGUE: usize = 0x3b;
    let extra = data.len().saturating_add(2);
    let two = |length: usize| (length as u16).to_be_bytes();
    [
        &[0x61][..],
        &two(PROLOGUE + extra),
        b"\x80\x60\x0a\x5f\x39\x5f\xf3\x36\x60\x05\x57\x00\x5b\x36\x5f\x5f\x37\x5f\x5f\x61",
        &two(extra),
        b"\x80\x60\x3b\x36\x39\x36\x01\x5f\x73",
        implementation.as_slice(),
        b"\x5a\xf4\x3d\x5f\x5f\x3e\x5f\x3d\x91\x60\x39\x57\xfd\x5b\xf3",
        data,
        &two(extra),
    ]
    .concat()
}

/// Reads packed data in order; after their end it reads zeros.
struct Unpack<'a>(&'a [u8]);

impl Unpack<'_> {
    fn take<const N: usize>(&mut self) -> [u8; N] {
        let (head, rest) = self.0.split_at(N.min(self.0.len()));
        self.0 = rest;
        let mut taken = [0; N];
        for (to, from) in taken.iter_mut().zip(head) {
            *to = *from;
        }
        taken
    }

    fn word(&mut self) -> B256 {
        self.take().into()
    }

    fn address(&mut self) -> Address {
        self.take().into()
    }

    fn number(&mut self) -> u64 {
        u64::from_be_bytes(self.take())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arguments_of_every_length() {
        let args = FaultArgs {
            absolute_prestate: B256::repeat_byte(1),
            vm: Address::repeat_byte(2),
            registry: Address::repeat_byte(3),
            vault: Address::repeat_byte(4),
            l2_chain_id: U256::from(10),
            roles: None,
        };
        let packed = args.encode();
        assert_eq!(packed.len(), 124);
        assert_eq!(GameArgs::parse(&packed), Ok(GameArgs::Fault(args)));
        let roles = Roles {
            proposer: Address::repeat_byte(5),
            challenger: Address::repeat_byte(6),
        };
        let permissioned = FaultArgs {
            roles: Some(roles),
            ..args
        };
        let packed = permissioned.encode();
        assert_eq!(packed.len(), 164);
        assert_eq!(GameArgs::parse(&packed), Ok(GameArgs::Fault(permissioned)));

        let two = [[3; 20], [5; 20]].concat();
        let one_proposer = GameArgs::SuperPermissioned {
            registry: Address::repeat_byte(3),
            proposer: Address::repeat_byte(5),
        };
        assert_eq!(GameArgs::parse(&two), Ok(one_proposer));

        let mut zk = [&[1; 32][..], &[2; 20], &7u64.to_be_bytes()].concat();
        zk.extend_from_slice(&[&9u64.to_be_bytes()[..], &[0; 31], &[8]].concat());
        zk.extend_from_slice(&[[3; 20], [4; 20]].concat());
        let Ok(GameArgs::Zk(of_super)) = GameArgs::parse(&zk) else {
            panic!("140 bytes are a ZK game's");
        };
        assert_eq!(of_super.max_challenge_duration, 7);
        assert_eq!(of_super.max_prove_duration, 9);
        assert_eq!(of_super.challenger_bond, U256::from(8));
        assert_eq!(of_super.vault, Address::repeat_byte(4));
        assert_eq!(of_super.l2_chain_id, None);
        zk.extend_from_slice(&[&[0; 31][..], &[10]].concat());
        let with_chain = ZkArgs {
            l2_chain_id: Some(U256::from(10)),
            ..of_super
        };
        assert_eq!(GameArgs::parse(&zk), Ok(GameArgs::Zk(with_chain)));

        for length in [0, 1, 39, 41, 123, 125, 139, 163, 165, 171, 173, 1_000] {
            let refused = GameArgs::parse(&vec![0; length]);
            assert_eq!(refused, Err(Revert::InvalidGameArgsLength), "{length}");
        }
    }

    #[test]
    fn the_data_of_a_clone() {
        let roles = Roles {
            proposer: Address::repeat_byte(5),
            challenger: Address::repeat_byte(6),
        };
        let args = FaultArgs {
            absolute_prestate: B256::repeat_byte(1),
            vm: Address::repeat_byte(2),
            registry: Address::repeat_byte(3),
            vault: Address::repeat_byte(4),
            l2_chain_id: U256::from(10),
            roles: Some(roles),
        };
        let (creator, root, head) = (
            Address::repeat_byte(7),
            B256::repeat_byte(8),
            B256::repeat_byte(9),
        );
        let block: [u8; 32] = U256::from(77).to_be_bytes();
        let data = CloneData::pack(creator, root, head, 1, &block, &args.encode());
        assert_eq!(data.len(), 284);
        let read = CloneData {
            creator,
            root_claim: root,
            l1_head: head,
            game_type: Some(1),
            l2_block: U256::from(77),
            args: Some(args),
        };
        assert_eq!(CloneData::parse(&data, true), Ok(read));
        assert_eq!(CloneData::parse(&data, false), Err(Revert::BadExtraData));
        assert_eq!(CloneData::parse_plain(&data), Err(Revert::BadExtraData));
        let plain = CloneData::pack(creator, root, head, 1, &block, &[]);
        assert_eq!(plain.len(), 116);
        let read = CloneData::parse_plain(&plain).expect("as long as it is to be");
        assert_eq!(
            (read.l2_block, read.game_type, read.args),
            (U256::from(77), None, None)
        );
    }
}
