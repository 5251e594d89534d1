//! The factory: creates games, at most one about the same proposal.

use std::collections::BTreeMap;
use std::sync::Arc;

use alloy_primitives::{Address, B256, U256, keccak256};

use crate::game::{Game, Proposal};
use crate::registry::AnchorRegistry;
use crate::revert::Revert;
use crate::rlp;
use crate::rules::Rules;
use crate::vault::Vault;

/// The factory (upstream's `DisputeGameFactory`).
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Factory {
    address: Address,
    owner: Address,
    implementations: BTreeMap<u32, Arc<Rules>>,
    init_bonds: BTreeMap<u32, u128>,
    games: BTreeMap<B256, Address>,
}

/// A request to create a game.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Create {
    /// The type of game.
    pub game_type: u32,
    /// The output root proposed.
    pub root_claim: B256,
    /// The L2 block it is proposed for: 32 bytes, big-endian. Any other length is refused.
    pub extra_data: Vec<u8>,
}

impl Factory {
    /// A factory without any type of game, at an arbitrary address.
    pub const fn new(owner: Address) -> Self {
        Self::at(Address::repeat_byte(0xfa), owner)
    }

    /// A factory without any type of game, whose contract is at `address`.
    pub const fn at(address: Address, owner: Address) -> Self {
        Self {
            address,
            owner,
            implementations: BTreeMap::new(),
            init_bonds: BTreeMap::new(),
            games: BTreeMap::new(),
        }
    }

    /// Sets the rules of a type of game; those of games already created stay.
    ///
    /// # Errors
    /// A message if `from` is not the owner.
    pub fn set_implementation(
        &mut self,
        from: Address,
        game_type: u32,
        rules: Arc<Rules>,
    ) -> Result<(), Revert> {
        self.require_owner(from)?;
        self.implementations.insert(game_type, rules);
        Ok(())
    }

    /// Sets the bond, in wei, for the creation of a game.
    ///
    /// # Errors
    /// A message if `from` is not the owner.
    pub fn set_init_bond(
        &mut self,
        from: Address,
        game_type: u32,
        bond: u128,
    ) -> Result<(), Revert> {
        self.require_owner(from)?;
        self.init_bonds.insert(game_type, bond);
        Ok(())
    }

    /// The bond, in wei, for the creation of a game.
    pub fn init_bond(&self, game_type: u32) -> u128 {
        self.init_bonds.get(&game_type).copied().unwrap_or_default()
    }

    /// The game about a proposal.
    pub fn game(&self, game_type: u32, root_claim: B256, extra_data: &[u8]) -> Option<Address> {
        self.games
            .get(&uuid(game_type, root_claim, extra_data))
            .copied()
    }

    /// Where the game of this number, in the order of creation, is deployed: each takes the next nonce
    /// of the factory, from 1 on (EIP-161).
    pub fn game_address(&self, number: usize) -> Address {
        let nonce = (number as u64).saturating_add(1).to_be_bytes();
        let skip = nonce.iter().take_while(|byte| **byte == 0).count();
        let nonce = nonce.get(skip..).unwrap_or_default();
        let creation = rlp::encode_list(&[self.address.as_slice(), nonce]);
        Address::from_word(keccak256(creation))
    }

    /// Creates a game at `address` for `from`, who sends `bond` wei. `l1_head` is the hash of the
    /// block before this one, `now` its time.
    ///
    /// # Errors
    /// In this order: `NoImplementation`, `IncorrectBondAmount`, `AnchorRootNotFound`,
    /// `BadExtraData`, `UnexpectedRootClaim` if the block is not above the anchor's,
    /// `GameAlreadyExists`.
    #[allow(clippy::too_many_arguments)] // Each is a part of the transaction or of the chain.
    pub fn create(
        &mut self,
        registry: &AnchorRegistry,
        vault: &mut Vault,
        address: Address,
        from: Address,
        bond: u128,
        create: &Create,
        l1_head: B256,
        now: u64,
    ) -> Result<Game, Revert> {
        let Create {
            game_type,
            root_claim,
            extra_data,
        } = create;
        let rules = self.implementations.get(game_type);
        let rules = rules.ok_or(Revert::NoImplementation(*game_type))?;
        if bond != self.init_bond(*game_type) {
            return Err(Revert::IncorrectBondAmount);
        }
        // The implementation asks for the anchor of its own type, under whatever number it is set.
        let starting = registry.anchor(rules.params().game_type);
        if starting.root.is_zero() {
            return Err(Revert::AnchorRootNotFound);
        }
        let l2_block: &[u8; 32] = extra_data
            .as_slice()
            .try_into()
            .map_err(|_| Revert::BadExtraData)?;
        let l2_block = U256::from_be_bytes(*l2_block);
        if l2_block <= starting.block {
            return Err(Revert::UnexpectedRootClaim(*root_claim));
        }
        let uuid = uuid(*game_type, *root_claim, extra_data);
        if self.games.contains_key(&uuid) {
            return Err(Revert::GameAlreadyExists(uuid));
        }
        self.games.insert(uuid, address);
        vault.deposit(address, bond);
        let proposal = Proposal {
            creator: from,
            root_claim: *root_claim,
            l1_head,
            l2_block,
        };
        Ok(Game::new(
            rules.clone(),
            address,
            proposal,
            starting,
            bond,
            now,
        ))
    }

    fn require_owner(&self, from: Address) -> Result<(), Revert> {
        if from != self.owner {
            return Err(Revert::Message("Ownable: caller is not the owner"));
        }
        Ok(())
    }
}

/// Identifies a proposal: `keccak256(abi.encode(game type, root claim, extra data))`.
pub fn uuid(game_type: u32, root_claim: B256, extra_data: &[u8]) -> B256 {
    let word = |n: usize| B256::from(U256::from(n));
    let head = [
        B256::from(U256::from(game_type)),
        root_claim,
        word(96),
        word(extra_data.len()),
    ];
    let mut encoded = head.concat();
    encoded.extend_from_slice(extra_data);
    encoded.resize(encoded.len().next_multiple_of(32), 0);
    keccak256(encoded)
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloy_primitives::address;

    /// Contracts that a well-known account created on mainnet.
    #[test]
    fn addresses_of_games() {
        let creator = address!("6ac7ea33f8831ea9dcc53393aaa88b25a785dbf0");
        let factory = Factory::at(creator, Address::ZERO);
        let created = [
            address!("343c43a37d37dff08ae8c4a11544c718abb4fcf8"),
            address!("f778b86fa74e846c4f0a1fbd1335fe81c00a0c91"),
            address!("fffd933a0bc612844eaf0c6fe3e5b8e9b6c1d19c"),
        ];
        for (number, address) in created.into_iter().enumerate() {
            assert_eq!(factory.game_address(number), address);
        }
    }
}
