//! The factory: creates games, at most one about the same proposal.

use std::collections::BTreeMap;
use std::sync::Arc;

use alloy_primitives::{Address, B256, U256, keccak256};

use crate::arguments::{CloneData, clone_code};
use crate::game::Game;
use crate::game::opening::Setting;
use crate::revert::Revert;
use crate::rlp;
use crate::rules::Rules;
use crate::version::Version;

/// The factory (upstream's `DisputeGameFactory`).
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Factory {
    address: Address,
    version: Version,
    owner: Address,
    implementations: BTreeMap<u32, Implementation>,
    args: BTreeMap<u32, Vec<u8>>,
    init_bonds: BTreeMap<u32, u128>,
    games: BTreeMap<B256, Address>,
    next_address: Option<Address>,
}

/// The implementation that games of a type are clones of.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Implementation {
    /// Its contract.
    pub address: Address,
    /// The rules of the games, or from 2.0 on the part of the rules that comes from the implementation.
    pub rules: Arc<Rules>,
}

impl<R: Into<Arc<Rules>>> From<R> for Implementation {
    /// An implementation whose address does not matter.
    fn from(rules: R) -> Self {
        Self {
            address: Address::ZERO,
            rules: rules.into(),
        }
    }
}

/// A request to create a game.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Create {
    /// The type of game.
    pub game_type: u32,
    /// The output root proposed, or the super root.
    pub root_claim: B256,
    /// The L2 block that the root is proposed for: 32 bytes, big-endian. Any other length is refused. For a super game
    /// these are the super root's bytes.
    pub extra_data: Vec<u8>,
}

impl Factory {
    /// A factory without any type of game, at an arbitrary address.
    pub const fn new(owner: Address) -> Self {
        Self::at(Address::repeat_byte(0xfa), owner)
    }

    /// A factory without any type of game, whose contract is at `address`.
    pub const fn at(address: Address, owner: Address) -> Self {
        Self::of(Version::V1_3, address, owner)
    }

    /// A factory of a release without any type of game, whose contract is at `address`.
    pub const fn of(version: Version, address: Address, owner: Address) -> Self {
        Self {
            address,
            version,
            owner,
            implementations: BTreeMap::new(),
            args: BTreeMap::new(),
            init_bonds: BTreeMap::new(),
            games: BTreeMap::new(),
            next_address: None,
        }
    }

    /// Sets what games of a type are clones of; those already created stay, and so do the arguments.
    ///
    /// # Errors
    /// A message if `from` is not the owner.
    pub fn set_implementation(
        &mut self,
        from: Address,
        game_type: u32,
        implementation: impl Into<Implementation>,
    ) -> Result<(), Revert> {
        self.require_owner(from)?;
        self.implementations
            .insert(game_type, implementation.into());
        Ok(())
    }

    /// The same, and sets the arguments of the type (`gameArgs`), which are not checked.
    ///
    /// # Errors
    /// A message if `from` is not the owner.
    pub fn set_implementation_with(
        &mut self,
        from: Address,
        game_type: u32,
        implementation: impl Into<Implementation>,
        args: Vec<u8>,
    ) -> Result<(), Revert> {
        self.set_implementation(from, game_type, implementation)?;
        self.args.insert(game_type, args);
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

    /// The arguments of a type of game; empty if there are none.
    pub fn args(&self, game_type: u32) -> &[u8] {
        self.args.get(&game_type).map_or(&[], Vec::as_slice)
    }

    /// The implementation that games of a type are clones of.
    pub fn implementation(&self, game_type: u32) -> Option<&Implementation> {
        self.implementations.get(&game_type)
    }

    /// Whether it made the game.
    pub fn made(&self, game: &Game) -> bool {
        let proposal = game.proposal();
        let game_type = game.rules().params().game_type;
        let made = self.game(game_type, proposal.root_claim, &proposal.extra_data());
        made == Some(game.address())
    }

    /// Sets the address of the next game, in place of the one that this project's factory would give it, because other
    /// factories make clones of other code.
    pub const fn set_next_address(&mut self, address: Address) {
        self.next_address = Some(address);
    }

    /// The game about a proposal.
    pub fn game(&self, game_type: u32, root_claim: B256, extra_data: &[u8]) -> Option<Address> {
        self.games
            .get(&uuid(game_type, root_claim, extra_data))
            .copied()
    }

    /// The address of the game of this number, in the order of creation: each takes the next nonce of the
    /// factory, from 1 on (EIP-161).
    pub fn game_address(&self, number: usize) -> Address {
        let nonce = (number as u64).saturating_add(1).to_be_bytes();
        let skip = nonce.iter().take_while(|byte| **byte == 0).count();
        let nonce = nonce.get(skip..).unwrap_or_default();
        let creation = rlp::encode_list(&[self.address.as_slice(), nonce]);
        Address::from_word(keccak256(creation))
    }

    /// Creates a game for `from`, who sends `bond` wei; it is the factory's game of this `number`. `l1_head`
    /// is the hash of the block before this one. The caller has still to deposit the bond in the vault.
    ///
    /// # Errors
    /// In this order: `NoImplementation`, `IncorrectBondAmount`, from 1.6 on `GameAlreadyExists`, then those of
    /// [`Game::initialize`], and before 1.6 `GameAlreadyExists`.
    pub fn create(
        &mut self,
        number: usize,
        from: Address,
        bond: u128,
        create: &Create,
        l1_head: B256,
        setting: &Setting<'_>,
    ) -> Result<Game, Revert> {
        let Create {
            game_type,
            root_claim,
            extra_data,
        } = create;
        let next_address = self.next_address.take();
        let implementation = self.implementations.get(game_type);
        let implementation = implementation.ok_or(Revert::NoImplementation(*game_type))?;
        if bond != self.init_bond(*game_type) {
            return Err(Revert::IncorrectBondAmount);
        }
        let uuid = uuid(*game_type, *root_claim, extra_data);
        let is_new = if self.games.contains_key(&uuid) {
            Err(Revert::GameAlreadyExists(uuid))
        } else {
            Ok(())
        };
        if self.version.creates_by_salt() {
            is_new.clone()?;
        }
        let args = self.args(*game_type);
        let data = CloneData::pack(from, *root_claim, l1_head, *game_type, extra_data, args);
        let address = next_address.unwrap_or_else(|| {
            if self.version.creates_by_salt() {
                let code = clone_code(implementation.address, &data);
                self.address.create2_from_code(uuid, code)
            } else {
                self.game_address(number)
            }
        });
        let game = Game::initialize(&implementation.rules, address, &data, bond, setting)?;
        is_new?;
        self.games.insert(uuid, address);
        Ok(game)
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
