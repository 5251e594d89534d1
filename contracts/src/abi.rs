//! The contracts' interfaces: `step` as upstream's MIPS.sol and RISCV.sol have it, the oracle as
//! upstream's PreimageOracle.sol.
#![allow(
    missing_docs,
    missing_debug_implementations,
    clippy::too_many_arguments,
    reason = "made by the macro"
)]

use alloy_sol_types::SolCall as _;

/// A 32-byte word of calldata or of a return value.
pub type Word = [u8; 32];

/// A number as a word.
pub fn number(value: u64) -> Word {
    let mut word = [0; 32];
    word[24..].copy_from_slice(&value.to_be_bytes());
    word
}

/// The calldata of `step`.
pub fn step(state: &[u8], proof: &[u8], local_context: Word) -> Vec<u8> {
    let call = StepVerifier::stepCall {
        stateData: state.to_vec().into(),
        proof: proof.to_vec().into(),
        localContext: local_context.into(),
    };
    call.abi_encode()
}

alloy_sol_types::sol! {
    /// A verifier of steps.
    #[derive(Debug, PartialEq, Eq)]
    interface StepVerifier {
        function step(bytes stateData, bytes proof, bytes32 localContext) external returns (bytes32);
        function oracle() external view returns (address);
        function version() external view returns (string);
    }

    /// The state of Keccak-f[1600], lane (x, y) at index x + 5y.
    #[derive(Debug, PartialEq, Eq)]
    struct StateMatrix {
        uint64[25] state;
    }

    /// A block that a large pre-image absorbs, and what that leads to.
    #[derive(Debug, PartialEq, Eq)]
    struct Leaf {
        bytes input;
        uint256 index;
        bytes32 stateCommitment;
    }

    /// A pre-image oracle.
    #[derive(Debug, PartialEq, Eq)]
    interface PreimageOracle {
        error PartOffsetOOB();
        error NotEnoughGas();
        error InvalidProof();
        error InvalidPreimage();
        error InvalidInputSize();
        error WrongStartingBlock();
        error StatesNotContiguous();
        error PostStateMatches();
        error TreeSizeOverflow();
        error AlreadyFinalized();
        error ActiveProposal();
        error BadProposal();
        error NotInitialized();
        error AlreadyInitialized();
        error NotEOA();
        error InsufficientBond();
        error BondTransferFailed();

        function version() external view returns (string);
        function PRECOMPILE_CALL_RESERVED_GAS() external view returns (uint256);
        function preimageLengths(bytes32 key) external view returns (uint256);
        function preimageParts(bytes32 key, uint256 offset) external view returns (bytes32);
        function preimagePartOk(bytes32 key, uint256 offset) external view returns (bool);
        function readPreimage(bytes32 key, uint256 offset) external view returns (bytes32 dat, uint256 datLen);

        function loadLocalData(uint256 ident, bytes32 localContext, bytes32 word, uint256 size, uint256 partOffset) external returns (bytes32 key);
        function loadKeccak256PreimagePart(uint256 partOffset, bytes preimage) external;
        function loadSha256PreimagePart(uint256 partOffset, bytes preimage) external;
        function loadBlobPreimagePart(uint256 z, uint256 y, bytes commitment, bytes proof, uint256 partOffset) external;
        function loadPrecompilePreimagePart(uint256 partOffset, address precompile, uint64 requiredGas, bytes input) external;

        function MIN_BOND_SIZE() external view returns (uint256);
        function KECCAK_TREE_DEPTH() external view returns (uint256);
        function MAX_LEAF_COUNT() external view returns (uint256);
        function challengePeriod() external view returns (uint256);
        function minProposalSize() external view returns (uint256);
        function zeroHashes(uint256 height) external view returns (bytes32);
        function proposals(uint256 index) external view returns (address claimant, uint256 uuid);
        function proposalCount() external view returns (uint256);
        function proposalBranches(address claimant, uint256 uuid, uint256 height) external view returns (bytes32);
        function proposalMetadata(address claimant, uint256 uuid) external view returns (bytes32);
        function proposalBonds(address claimant, uint256 uuid) external view returns (uint256);
        function proposalParts(address claimant, uint256 uuid) external view returns (bytes32);
        function proposalBlocks(address claimant, uint256 uuid, uint256 index) external view returns (uint64);
        function proposalBlocksLen(address claimant, uint256 uuid) external view returns (uint256);
        function getTreeRootLPP(address claimant, uint256 uuid) external view returns (bytes32);

        function initLPP(uint256 uuid, uint32 partOffset, uint32 claimedSize) external payable;
        function addLeavesLPP(uint256 uuid, uint256 inputStartBlock, bytes input, bytes32[] stateCommitments, bool finalize) external;
        function challengeLPP(address claimant, uint256 uuid, StateMatrix stateMatrix, Leaf preState, bytes32[] preStateProof, Leaf postState, bytes32[] postStateProof) external;
        function challengeFirstLPP(address claimant, uint256 uuid, Leaf postState, bytes32[] postStateProof) external;
        function squeezeLPP(address claimant, uint256 uuid, StateMatrix stateMatrix, Leaf preState, bytes32[] preStateProof, Leaf postState, bytes32[] postStateProof) external;
    }
}
