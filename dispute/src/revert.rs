//! Why a call was refused, under the name that the contracts revert with.
//!
//! Every rule of the model that refuses a call does so with a [`Revert`], and checks its conditions
//! in the contracts' order, so that for any call in any state model and contract give the same
//! reason. [`Revert::data`] is the reason as an EVM call returns it.

use alloy_primitives::{Address, B256, U256, keccak256};
use thiserror::Error;

/// A check that the Solidity compiler put in.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[repr(u8)]
pub enum Panic {
    /// Arithmetic overflow or underflow.
    Arithmetic = 0x11,
    /// Array index out of bounds.
    Index = 0x32,
}

macro_rules! reverts {
    (@source $name:ident) => { stringify!($name) };
    (@source $name:ident $source:literal) => { $source };
    ($($name:ident $(as $source:literal)?: $text:literal,)*) => {
        /// A refused call.
        #[derive(Clone, PartialEq, Eq, Debug, Error)]
        pub enum Revert {
            $(
                #[doc = $text]
                #[error("{}: {}", reverts!(@source $name $($source)?), $text)]
                $name,
            )*
            /// the proposal is not above the anchor, or the status byte of an execution root is not
            /// the one that its place asks for
            #[error("UnexpectedRootClaim: {0} cannot be claimed here: a proposal must be above the \
                     anchor block, an execution root carry the VM status that its place asks for")]
            UnexpectedRootClaim(B256),
            /// no game of this type can be created
            #[error("NoImplementation: the factory has no game of type {0}")]
            NoImplementation(u32),
            /// a game about the same proposal exists
            #[error("GameAlreadyExists: there is a game about this proposal, uuid {0}")]
            GameAlreadyExists(B256),
            /// this pause has been set, and neither taken back nor extended
            #[error("SuperchainConfig_AlreadyPaused: there is a pause of {0}; take it back or extend it")]
            AlreadyPaused(Address),
            /// there is no such pause to extend
            #[error("SuperchainConfig_NotAlreadyPaused: there is no pause of {0}")]
            NotAlreadyPaused(Address),
            /// a `require` with a message
            #[error("{0}")]
            Message(&'static str),
            /// a check of the Solidity compiler
            #[error("Panic(0x{:02x})", *.0 as u8)]
            Panic(Panic),
            /// a revert without data: a bare `require`, value sent to a function that takes none, or
            /// no such function
            #[error("refused without a reason")]
            Empty,
            /// what the VM's contract reverted with
            #[error("the VM refused the step with {} bytes of data", .0.len())]
            Vm(Vec<u8>),
            /// not a revert: the EVM does not make a call that the sender cannot pay
            #[error("the sender has less than the value sent")]
            OutOfFunds,
        }

        impl Revert {
            /// The name of the reason in the contracts' source; empty where it has none.
            pub const fn name(&self) -> &'static str {
                match self {
                    $(Self::$name => reverts!(@source $name $($source)?),)*
                    Self::AlreadyPaused(_) => "SuperchainConfig_AlreadyPaused",
                    Self::NotAlreadyPaused(_) => "SuperchainConfig_NotAlreadyPaused",
                    Self::UnexpectedRootClaim(_) => "UnexpectedRootClaim",
                    Self::NoImplementation(_) => "NoImplementation",
                    Self::GameAlreadyExists(_) => "GameAlreadyExists",
                    Self::Message(_) => "Error",
                    Self::Panic(_) => "Panic",
                    Self::Empty | Self::Vm(_) | Self::OutOfFunds => "",
                }
            }
        }
    };
}

reverts! {
    // The game.
    GameNotInProgress: "the game has been resolved",
    InvalidDisputedClaimIndex: "the claim at this index is not the one meant; L1 may have reorganised",
    CannotDefendRootClaim: "a root commits to everything below it and can only be attacked",
    L2BlockNumberChallenged: "the root's L2 block number has been challenged already",
    GameDepthExceeded: "the position lies below the deepest level of the game",
    IncorrectBondAmount: "the value sent is not exactly the bond asked for",
    ClockTimeExceeded: "the chess clock of the mover's side has run out",
    ClaimAlreadyExists: "the same claim has been made against the same parent",
    InvalidParent: "a step can only be made against a claim at the deepest level",
    InvalidPrestate: "the state given is not the pre-image of the pre-state claimed",
    ValidStep: "the step shows nothing wrong with the claim",
    DuplicateStep: "the claim has been countered already",
    InvalidLocalIdent: "there is no local datum with this identifier",
    ClaimAboveSplit: "the claim is about an output root, not about an execution",
    ClockNotExpired: "the chess clock of those who could answer is still running",
    ClaimAlreadyResolved: "the subgame of this claim has been resolved already",
    OutOfOrderResolution: "a subgame below has not been resolved yet",
    InvalidOutputRootProof: "the proof is not the pre-image of the root claim",
    InvalidHeaderRLP: "the header does not belong to the output root, or its number is malformed",
    BlockNumberMatches: "the header's number is the one that was proposed",
    NoCreditToClaim: "the account has no credit in this game",
    BondTransferFailed: "the recipient did not accept the money",
    GamePaused: "closing waits until the guardian's pause is over",
    GameNotResolved: "the game has not been resolved",
    GameNotFinalized: "the registry's delay since the game's resolution is not over",
    BadAuth: "only the proposer and the challenger of this game may do this",
    UnknownChainId: "the game is about another chain",
    // Creation of a game.
    AnchorRootNotFound: "there is no anchor for this type of game",
    BadExtraData: "the extra data must be exactly the 32 bytes of an L2 block number, or in a super game the \
        encoding of the super root that is claimed",
    InvalidSuperRootClaim as "SuperFaultDisputeGameInvalidRootClaim": "no proposal is about the invalid state",
    NoChainIdNeeded: "a super game is about several chains, so that the chain id of its arguments must be 0",
    MaxDepthTooLarge: "a game is at most 125 levels deep",
    InvalidSplitDepth: "the split depth must be at least 2, and at least 2 above the deepest level",
    InvalidChallengePeriod: "the oracle's challenge period does not fit 64 bits",
    InvalidClockExtension: "the longest clock extension does not fit the clock",
    InvalidGameArgsLength: "no game has arguments of this length",
    ReservedGameType: "no game has the last of all types",
    InvalidSuperRootEncoding as "Encoding_InvalidSuperRootEncoding":
        "the super root is too short, or its last chain is not whole",
    InvalidSuperRootVersion as "Encoding_InvalidSuperRootVersion":
        "only super roots of version 1 are known",
    EmptySuperRoot as "Encoding_EmptySuperRoot": "the super root has no chain",
    InvalidFeeSpikes: "a fee sample must hold the clocks for some time, at most the cap, at most the clock",
    // The anchor registry.
    UnregisteredGame: "the factory does not know this game",
    InvalidGameStatus: "the game was not resolved in favour of its root claim",
    Unauthorized: "only the guardian may do this",
    InvalidAnchorGame as "AnchorStateRegistry_InvalidAnchorGame":
        "the game's proposal is not valid, or not newer than the anchor",
    JudgeUnauthorized as "AnchorStateRegistry_Unauthorized": "only the guardian may do this",
    // The guardian and its pauses.
    OnlyGuardian as "SuperchainConfig_OnlyGuardian": "only the guardian may do this",
    // The pre-image oracle.
    PartOffsetOOB: "the offset lies behind the end of the pre-image",
    // RLP.
    EmptyItem: "an RLP item has no bytes",
    UnexpectedString: "an RLP list was expected, not a string",
    UnexpectedList: "an RLP string was expected, not a list",
    InvalidDataRemainder: "an RLP item has bytes behind its end",
    ContentLengthMismatch: "an RLP item is shorter than its header says",
    InvalidHeader: "an RLP header is not in its shortest form",
    // Fixed-point arithmetic.
    MulWadFailed: "a fixed-point product does not fit",
    DivWadFailed: "a fixed-point quotient does not exist",
    LnWadUndefined: "the logarithm of a number that is not positive",
    ExpOverflow: "an exponential does not fit",
}

impl Revert {
    /// The data that the contract's revert returns: ABI-encoded error, `Error(string)` or
    /// `Panic(uint256)`. Empty for [`Revert::OutOfFunds`], which never reaches a contract.
    pub fn data(&self) -> Vec<u8> {
        match self {
            Self::UnexpectedRootClaim(word) => call("UnexpectedRootClaim(bytes32)", &[*word]),
            Self::GameAlreadyExists(word) => call("GameAlreadyExists(bytes32)", &[*word]),
            Self::NoImplementation(game_type) => {
                call("NoImplementation(uint32)", &[word(u64::from(*game_type))])
            }
            Self::AlreadyPaused(pause) => call(
                "SuperchainConfig_AlreadyPaused(address)",
                &[pause.into_word()],
            ),
            Self::NotAlreadyPaused(pause) => call(
                "SuperchainConfig_NotAlreadyPaused(address)",
                &[pause.into_word()],
            ),
            Self::Panic(code) => call("Panic(uint256)", &[word(*code as u64)]),
            Self::Message(text) => {
                let mut data = call("Error(string)", &[word(32), word(text.len() as u64)]);
                data.extend_from_slice(text.as_bytes());
                data.resize(4 + (data.len() - 4).next_multiple_of(32), 0);
                data
            }
            Self::Vm(data) => data.clone(),
            Self::Empty | Self::OutOfFunds => Vec::new(),
            plain => call(&format!("{}()", plain.name()), &[]),
        }
    }
}

fn word(value: u64) -> B256 {
    U256::from(value).into()
}

fn call(signature: &str, words: &[B256]) -> Vec<u8> {
    let hash = keccak256(signature);
    let selector = hash.iter().take(4);
    selector.chain(words.iter().flatten()).copied().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn as_the_evm_returns_it() {
        // Selectors that appear as literals in upstream's assembly.
        assert_eq!(Revert::ClaimAboveSplit.data(), [0xb3, 0x4b, 0x5c, 0x22]);
        assert_eq!(Revert::BadExtraData.data(), [0x98, 0x24, 0xbd, 0xab]);
        assert_eq!(Revert::PartOffsetOOB.data(), [0xfe, 0x25, 0x49, 0x87]);
        assert_eq!(Revert::InvalidAnchorGame.data(), [0x47, 0xad, 0x36, 0x7a]);
        assert_eq!(Revert::JudgeUnauthorized.data(), [0x2e, 0x53, 0x21, 0xac]);
        assert_eq!(Revert::GamePaused.data(), [0x37, 0x9a, 0x7e, 0xd9]);
        assert_eq!(Revert::MulWadFailed.data(), [0xba, 0xc6, 0x5e, 0x5b]);

        let panic = Revert::Panic(Panic::Index).data();
        assert_eq!(panic[..4], [0x4e, 0x48, 0x7b, 0x71]);
        assert_eq!((panic.len(), panic.last()), (36, Some(&0x32)));

        let message = Revert::Message("DelayedWETH: not owner").data();
        assert_eq!(message[..4], [0x08, 0xc3, 0x79, 0xa0]);
        assert_eq!(message.len(), 4 + 3 * 32);
        assert_eq!(&message[68..90], b"DelayedWETH: not owner");
        assert!(Revert::Empty.data().is_empty());
    }

    #[test]
    fn names_and_texts() {
        assert_eq!(Revert::InvalidHeaderRLP.name(), "InvalidHeaderRLP");
        let text = Revert::ValidStep.to_string();
        assert!(
            text.starts_with("ValidStep: the step shows nothing wrong"),
            "{text}"
        );
    }
}
