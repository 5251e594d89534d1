// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.28;

/// @title PreimageOracle: parts of pre-images, for steps that read them
/// @notice A part is the 32 bytes from some offset of `length as 8 bytes big-endian ++ pre-image`,
///         zero where that ends. Whoever needs a part loads it; a wrong one cannot be loaded, since
///         its key is computed from what was given. A pre-image that is too large for one transaction
///         comes by proposal: its claimant posts it block by block with a commitment to Keccak's state
///         after each, and a bond; whoever shows one commitment to be wrong takes the bond, and
///         where nobody does in time, the claimant has the last block absorbed here.
/// @dev    Interface and storage are those of the OP Stack's contract of this name.
contract PreimageOracle {
    /// @notice The offset is at or past the end of length prefix and pre-image; or a proposal's part
    ///         is not all in the call that it begins in.
    error PartOffsetOOB();
    /// @notice The point evaluation does not hold, or a block is not in the proposal's tree.
    error InvalidProof();
    /// @notice The call has less gas than the precompile may need.
    error NotEnoughGas();
    /// @notice The state given is not the one committed to.
    error InvalidPreimage();
    /// @notice The proposal is too small, or its blocks have other sizes or another number.
    error InvalidInputSize();
    /// @notice The blocks do not go on where the proposal is.
    error WrongStartingBlock();
    /// @notice The two blocks do not follow each other, or are not the ones asked for.
    error StatesNotContiguous();
    /// @notice The commitment is right.
    error PostStateMatches();
    /// @notice The proposal has more blocks than its tree.
    error TreeSizeOverflow();
    /// @notice All blocks of the proposal are there.
    error AlreadyFinalized();
    /// @notice The proposal is not whole, or can still be challenged.
    error ActiveProposal();
    /// @notice The proposal was shown to be wrong.
    error BadProposal();
    /// @notice There is no such proposal.
    error NotInitialized();
    /// @notice There is such a proposal.
    error AlreadyInitialized();
    /// @notice The caller is a contract.
    error NotEOA();
    /// @notice The bond is too small.
    error InsufficientBond();
    /// @notice The bond could not be paid out.
    error BondTransferFailed();
    /// @notice The challenge period is longer than games can reckon with.
    error ChallengePeriodTooLong();

    /// @notice Who proposed, and the number that the proposal has with them.
    struct ProposalKeys {
        address claimant;
        uint256 uuid;
    }

    /// @notice A block of a proposal.
    struct Leaf {
        bytes input;
        uint256 index;
        bytes32 stateCommitment;
    }

    /// @notice What is known of a proposal, in one word: the first field in its lowest bits.
    struct Metadata {
        uint64 countered;
        uint32 bytesProcessed;
        uint32 blocksProcessed;
        uint32 claimedSize;
        uint32 partOffset;
        uint64 timestamp;
    }

    /// @notice Version of the behaviour.
    string public constant version = "1.1.0";
    /// @notice Gas that is left for this contract after a precompile took its own.
    uint256 public constant PRECOMPILE_CALL_RESERVED_GAS = 100_000;
    /// @notice The least bond of a proposal, in wei.
    uint256 public constant MIN_BOND_SIZE = 0.25 ether;
    /// @notice Levels of a proposal's tree, which has a leaf for each block.
    uint256 public constant KECCAK_TREE_DEPTH = 16;
    /// @notice The most blocks that a proposal can have; the tree's last leaf stays empty.
    uint256 public constant MAX_LEAF_COUNT = 2 ** KECCAK_TREE_DEPTH - 1;

    uint256 private immutable MIN_PROPOSAL_SIZE;
    uint256 private immutable CHALLENGE_PERIOD;

    /// @notice Length of the pre-image with a key.
    mapping(bytes32 => uint256) public preimageLengths;
    /// @notice Part of the pre-image with a key, by offset.
    mapping(bytes32 => mapping(uint256 => bytes32)) public preimageParts;
    /// @notice Whether the part at an offset is loaded.
    mapping(bytes32 => mapping(uint256 => bool)) public preimagePartOk;

    /// @notice Roots of empty trees by their height.
    bytes32[KECCAK_TREE_DEPTH] public zeroHashes;
    /// @notice All proposals.
    ProposalKeys[] public proposals;
    /// @notice The left siblings on the way from a proposal's next leaf up, by height; others are stale.
    mapping(address => mapping(uint256 => bytes32[KECCAK_TREE_DEPTH])) public proposalBranches;
    mapping(address => mapping(uint256 => Metadata)) private metadataOf;
    /// @notice The bond of a proposal, in wei.
    mapping(address => mapping(uint256 => uint256)) public proposalBonds;
    /// @notice The part that a proposal is for.
    mapping(address => mapping(uint256 => bytes32)) public proposalParts;
    /// @notice The numbers of the L1 blocks in which a proposal's blocks were posted.
    mapping(address => mapping(uint256 => uint64[])) public proposalBlocks;

    /// @param minSize Bytes that a proposal has at least.
    /// @param period Seconds that a proposal can be challenged after it is whole.
    constructor(uint256 minSize, uint256 period) {
        if (period > type(uint64).max) revert ChallengePeriodTooLong();
        MIN_PROPOSAL_SIZE = minSize;
        CHALLENGE_PERIOD = period;
        for (uint256 height = 1; height < KECCAK_TREE_DEPTH; height++) {
            zeroHashes[height] = _pair(zeroHashes[height - 1], zeroHashes[height - 1]);
        }
    }

    /// @notice Reads a part.
    /// @return dat The part, left-aligned.
    /// @return datLen How many of its bytes are of the pre-image or its length prefix.
    function readPreimage(bytes32 key, uint256 offset) external view returns (bytes32 dat, uint256 datLen) {
        dat = preimageParts[key][offset];
        // A part that is not zero has been loaded; only one that is may be missing.
        require(dat != 0 || preimagePartOk[key][offset], "pre-image must exist");
        uint256 end;
        int256 left;
        unchecked {
            end = preimageLengths[key] + 8;
            left = int256(end) - int256(offset);
        }
        datLen = 32;
        // A local pre-image can be loaded again with another length: a part of the longer one may then lie
        // past the end of the shorter one. There is no length for that: the subtraction panics.
        if (left < 32) datLen = end - offset;
        // Both words are returned from where the compiler keeps nothing.
        assembly ("memory-safe") {
            mstore(0, dat)
            mstore(0x20, datLen)
            return(0, 0x40)
        }
    }

    /// @notice Loads a part of a local pre-image: the caller's own word on its own question.
    /// @param ident The low 31 bytes of the key as the guest has it.
    /// @param localContext What the key is bound to besides the caller.
    /// @param word The value, left-aligned.
    /// @param size Its length, up to 32.
    /// @return key The key that the part is kept under.
    function loadLocalData(uint256 ident, bytes32 localContext, bytes32 word, uint256 size, uint256 partOffset)
        external
        returns (bytes32 key)
    {
        key = _key(1, keccak256(abi.encode(_key(1, bytes32(ident)), msg.sender, localContext)));
        if (partOffset >= size + 8 || size > 32) revert PartOffsetOOB();
        _load(key, size, partOffset, _joined(size, uint256(word), partOffset));
    }

    /// @notice Loads a part of a pre-image that is known by its keccak256 hash.
    function loadKeccak256PreimagePart(uint256 partOffset, bytes calldata preimage) external {
        _load(_key(2, keccak256(preimage)), preimage.length, partOffset, _part(preimage, partOffset));
    }

    /// @notice Loads a part of a pre-image that is known by its SHA-256 hash.
    function loadSha256PreimagePart(uint256 partOffset, bytes calldata preimage) external {
        _load(_key(4, sha256(preimage)), preimage.length, partOffset, _part(preimage, partOffset));
    }

    /// @notice Loads a part of a field element of a blob (EIP-4844).
    /// @param z Where the blob's polynomial is evaluated.
    /// @param y Its value there.
    /// @param commitment The blob's commitment, 48 bytes.
    /// @param proof The proof of the evaluation, 48 bytes.
    function loadBlobPreimagePart(
        uint256 z,
        uint256 y,
        bytes calldata commitment,
        bytes calldata proof,
        uint256 partOffset
    ) external {
        if (commitment.length != 48 || proof.length != 48) revert InvalidProof();
        (bool holds, bytes memory constants) = address(0x0a).staticcall(
            abi.encodePacked(_key(1, sha256(commitment)), z, y, commitment, proof)
        );
        // Where there is no precompile the call succeeds too, with no output.
        if (!holds || constants.length != 64) revert InvalidProof();
        bytes32 key = _key(5, keccak256(abi.encodePacked(commitment, z)));
        _load(key, 32, partOffset, _joined(32, y, partOffset));
    }

    /// @notice Loads a part of what a precompile answers: a byte that is 1 where it succeeded, and its
    ///         output.
    /// @param requiredGas What the precompile has to be given at least.
    function loadPrecompilePreimagePart(
        uint256 partOffset,
        address precompile,
        uint64 requiredGas,
        bytes calldata input
    ) external {
        // Address (20 bytes), gas (8 bytes) and input: the key is of all, and the call takes the input where
        // it is. Memory's price is quadratic, so that a second copy of a long input would cost much; and one
        // made after the check would take gas that the check has counted for the precompile.
        bytes memory named = abi.encodePacked(precompile, requiredGas, input);
        bytes32 key = _key(6, keccak256(named));
        // A call gets all but a 64th of what is left.
        if (gasleft() * 63 < uint256(requiredGas) * 64 + PRECOMPILE_CALL_RESERVED_GAS * 63) revert NotEnoughGas();
        uint256 size;
        bytes32 part;
        assembly ("memory-safe") {
            let success := staticcall(gas(), precompile, add(named, 0x3c), sub(mload(named), 28), 0, 0)
            size := add(returndatasize(), 1)
            // The length in 8 bytes, whether it succeeded in one, the output, and zeros.
            let answer := mload(0x40)
            mstore(answer, or(shl(192, size), shl(184, success)))
            returndatacopy(add(answer, 9), 0, returndatasize())
            mstore(add(answer, add(size, 8)), 0)
            if lt(partOffset, add(size, 8)) { part := mload(add(answer, partOffset)) }
        }
        _load(key, size, partOffset, part);
    }

    // ---- Large pre-images ----

    /// @notice How many proposals there are.
    function proposalCount() external view returns (uint256) {
        return proposals.length;
    }

    /// @notice In how many calls a proposal's blocks were posted.
    function proposalBlocksLen(address claimant, uint256 uuid) external view returns (uint256) {
        return proposalBlocks[claimant][uuid].length;
    }

    /// @notice Seconds that a proposal can be challenged after it is whole.
    function challengePeriod() external view returns (uint256) {
        return CHALLENGE_PERIOD;
    }

    /// @notice Bytes that a proposal has at least.
    function minProposalSize() external view returns (uint256) {
        return MIN_PROPOSAL_SIZE;
    }

    /// @notice What is known of a proposal: from the top when it became whole (8 bytes, 0 before),
    ///         offset of its part, size, blocks and bytes posted (4 bytes each), and whether it was
    ///         shown to be wrong (8 bytes).
    function proposalMetadata(address claimant, uint256 uuid) external view returns (bytes32 word) {
        Metadata storage metadata = metadataOf[claimant][uuid];
        assembly ("memory-safe") {
            word := sload(metadata.slot)
        }
    }

    /// @notice Begins a proposal, with its bond.
    /// @param uuid Any number that the caller has not used for a proposal.
    /// @param partOffset Offset of the part that is wanted.
    /// @param claimedSize The pre-image's length.
    function initLPP(uint256 uuid, uint32 partOffset, uint32 claimedSize) external payable {
        if (msg.value < MIN_BOND_SIZE) revert InsufficientBond();
        // As upstream. Since EIP-7702 an account may have code, so that blocks can be posted by a call within
        // a transaction too: a challenger reads the logs.
        if (msg.sender != tx.origin) revert NotEOA();
        if (partOffset >= claimedSize + 8) revert PartOffsetOOB();
        if (claimedSize < MIN_PROPOSAL_SIZE) revert InvalidInputSize();
        Metadata storage metadata = metadataOf[msg.sender][uuid];
        if (metadata.claimedSize != 0) revert AlreadyInitialized();
        metadata.claimedSize = claimedSize;
        metadata.partOffset = partOffset;
        proposals.push(ProposalKeys(msg.sender, uuid));
        proposalBonds[msg.sender][uuid] = msg.value;
    }

    /// @notice Posts the next blocks of a proposal. Logs caller and calldata.
    /// @param inputStartBlock How many blocks were posted before.
    /// @param input Whole blocks of 136 bytes; where it is the end, what is left, without padding.
    /// @param stateCommitments keccak256 of Keccak's state after each block, as 25 words.
    /// @param finalize Whether it is the end.
    function addLeavesLPP(
        uint256 uuid,
        uint256 inputStartBlock,
        bytes calldata input,
        bytes32[] calldata stateCommitments,
        bool finalize
    ) external {
        Metadata memory metadata = metadataOf[msg.sender][uuid];
        if (msg.sender != tx.origin) revert NotEOA();
        if (metadata.claimedSize == 0) revert NotInitialized();
        if (metadata.timestamp != 0) revert AlreadyFinalized();
        if (metadata.blocksProcessed != inputStartBlock) revert WrongStartingBlock();
        _takePart(uuid, input, finalize, metadata);

        uint256 blocks = input.length / 136;
        if (finalize) blocks += 1;
        else if (input.length % 136 != 0) revert InvalidInputSize();
        if (stateCommitments.length != blocks) revert InvalidInputSize();
        if (inputStartBlock + blocks > MAX_LEAF_COUNT) revert TreeSizeOverflow();
        bytes32[KECCAK_TREE_DEPTH] memory branch = proposalBranches[msg.sender][uuid];
        _append(branch, inputStartBlock, input, stateCommitments);
        proposalBranches[msg.sender][uuid] = branch;

        unchecked {
            metadata.blocksProcessed = uint32(inputStartBlock + blocks);
            metadata.bytesProcessed += uint32(input.length);
        }
        if (finalize) {
            metadata.timestamp = uint64(block.timestamp);
            if (metadata.bytesProcessed != metadata.claimedSize) revert InvalidInputSize();
        }
        metadataOf[msg.sender][uuid] = metadata;
        proposalBlocks[msg.sender][uuid].push(uint64(block.number));
        assembly {
            // Nothing comes after this: all memory is free.
            mstore(0, shl(96, caller()))
            calldatacopy(20, 0, calldatasize())
            log0(0, add(20, calldatasize()))
        }
    }

    /// @notice Shows a commitment of a proposal to be wrong, for its bond.
    /// @param state Keccak's state before the block.
    /// @param preState The block before, whose commitment is that of the state.
    /// @param preStateProof Siblings of its leaf from the bottom up.
    /// @param postState The block with the wrong commitment.
    /// @param postStateProof Siblings of its leaf from the bottom up.
    function challengeLPP(
        address claimant,
        uint256 uuid,
        Keccak.StateMatrix memory state,
        Leaf calldata preState,
        bytes32[] calldata preStateProof,
        Leaf calldata postState,
        bytes32[] calldata postStateProof
    ) external {
        bytes32 root = getTreeRootLPP(claimant, uuid);
        _checkLeaf(root, preState, preStateProof);
        _checkLeaf(root, postState, postStateProof);
        if (Keccak.commitment(state) != preState.stateCommitment) revert InvalidPreimage();
        if (!_follow(preState, postState)) revert StatesNotContiguous();
        _counter(claimant, uuid, state, postState);
    }

    /// @notice Shows the first commitment of a proposal to be wrong, for its bond.
    /// @param postState The first block.
    /// @param postStateProof Siblings of its leaf from the bottom up.
    function challengeFirstLPP(
        address claimant,
        uint256 uuid,
        Leaf calldata postState,
        bytes32[] calldata postStateProof
    ) external {
        _checkLeaf(getTreeRootLPP(claimant, uuid), postState, postStateProof);
        if (postState.index != 0) revert StatesNotContiguous();
        Keccak.StateMatrix memory empty;
        _counter(claimant, uuid, empty, postState);
    }

    /// @notice Ends a proposal that nobody showed to be wrong: its part can be read, and its bond goes
    ///         back.
    /// @param state Keccak's state before the last block.
    /// @param preState The block before the last, whose commitment is that of the state.
    /// @param preStateProof Siblings of its leaf from the bottom up.
    /// @param postState The last block.
    /// @param postStateProof Siblings of its leaf from the bottom up.
    function squeezeLPP(
        address claimant,
        uint256 uuid,
        Keccak.StateMatrix memory state,
        Leaf calldata preState,
        bytes32[] calldata preStateProof,
        Leaf calldata postState,
        bytes32[] calldata postStateProof
    ) external {
        Metadata memory metadata = metadataOf[claimant][uuid];
        if (metadata.countered != 0) revert BadProposal();
        if (metadata.timestamp == 0) revert ActiveProposal();
        if (block.timestamp - metadata.timestamp <= CHALLENGE_PERIOD) revert ActiveProposal();
        bytes32 root = getTreeRootLPP(claimant, uuid);
        _checkLeaf(root, preState, preStateProof);
        _checkLeaf(root, postState, postStateProof);
        if (Keccak.commitment(state) != preState.stateCommitment) revert InvalidPreimage();
        if (!_follow(preState, postState) || postState.index != metadata.blocksProcessed - 1) {
            revert StatesNotContiguous();
        }
        _absorb(state, postState);
        bytes32 key = _key(2, Keccak.digest(state));
        _load(key, metadata.claimedSize, metadata.partOffset, proposalParts[claimant][uuid]);
        _payBond(claimant, uuid, claimant);
    }

    /// @notice The root of a proposal's tree.
    function getTreeRootLPP(address claimant, uint256 uuid) public view returns (bytes32 root) {
        uint256 size = metadataOf[claimant][uuid].blocksProcessed;
        for (uint256 height = 0; height < KECCAK_TREE_DEPTH; height++) {
            root = size & 1 == 1
                ? _pair(proposalBranches[claimant][uuid][height], root)
                : _pair(root, zeroHashes[height]);
            size >>= 1;
        }
    }

    /// Notes the part that a proposal is for, where it begins in this input.
    function _takePart(uint256 uuid, bytes calldata input, bool finalize, Metadata memory metadata) private {
        uint256 offset = metadata.partOffset;
        uint256 from = metadata.bytesProcessed;
        bytes32 part;
        if (offset < 8) {
            if (from != 0) return;
            assembly ("memory-safe") {
                part := calldataload(input.offset)
            }
            part = _joined(metadata.claimedSize, uint256(part), offset);
        } else {
            offset -= 8;
            if (offset < from || offset >= from + input.length) return;
            offset -= from;
            // Only the end of the pre-image may cut a part short.
            if (offset + 32 >= input.length && !finalize) revert PartOffsetOOB();
            assembly ("memory-safe") {
                part := calldataload(add(input.offset, offset))
            }
        }
        proposalParts[msg.sender][uuid] = part;
    }

    /// Appends the leaves of blocks to a tree of `count` leaves. What the input lacks of a last block is
    /// Keccak's padding.
    function _append(
        bytes32[KECCAK_TREE_DEPTH] memory branch,
        uint256 count,
        bytes calldata input,
        bytes32[] calldata stateCommitments
    ) private pure {
        assembly ("memory-safe") {
            let leaf := mload(0x40)
            for { let i := 0 } lt(i, stateCommitments.length) { i := add(i, 1) } {
                let at := mul(i, 136)
                let left := sub(input.length, at)
                calldatacopy(leaf, add(input.offset, at), 136)
                if lt(left, 136) {
                    // The padding is of bits, lowest first: a one at either end, which may share a byte.
                    calldatacopy(add(leaf, left), calldatasize(), sub(136, left))
                    mstore8(add(leaf, left), 0x01)
                    mstore8(add(leaf, 135), or(0x80, eq(left, 135)))
                }
                mstore(add(leaf, 136), count)
                mstore(add(leaf, 168), calldataload(add(stateCommitments.offset, shl(5, i))))
                let node := keccak256(leaf, 200)
                count := add(count, 1)
                let place := branch
                for { let size := count } iszero(and(size, 1)) { size := shr(1, size) } {
                    mstore(0, mload(place))
                    mstore(0x20, node)
                    node := keccak256(0, 0x40)
                    place := add(place, 0x20)
                }
                mstore(place, node)
            }
        }
    }

    function _pair(bytes32 left, bytes32 right) private pure returns (bytes32 node) {
        assembly ("memory-safe") {
            mstore(0, left)
            mstore(0x20, right)
            node := keccak256(0, 0x40)
        }
    }

    /// Refuses a block that is not in a tree.
    function _checkLeaf(bytes32 root, Leaf calldata leaf, bytes32[] calldata proof) private pure {
        if (proof.length < KECCAK_TREE_DEPTH) revert InvalidProof();
        bytes32 node = keccak256(abi.encodePacked(leaf.input, leaf.index, leaf.stateCommitment));
        for (uint256 height = 0; height < KECCAK_TREE_DEPTH; height++) {
            bool right = leaf.index >> height & 1 == 1;
            node = right ? _pair(proof[height], node) : _pair(node, proof[height]);
        }
        if (node != root) revert InvalidProof();
    }

    function _follow(Leaf calldata preState, Leaf calldata postState) private pure returns (bool) {
        return preState.index + 1 == postState.index;
    }

    function _absorb(Keccak.StateMatrix memory state, Leaf calldata leaf) private pure {
        // A leaf of another length cannot be in a tree, but as a hash's accident.
        if (leaf.input.length != 136) revert InvalidInputSize();
        Keccak.absorb(state, leaf.input);
    }

    /// Pays a proposal's bond to the caller if a block leads to another state than committed to.
    function _counter(address claimant, uint256 uuid, Keccak.StateMatrix memory state, Leaf calldata leaf)
        private
    {
        _absorb(state, leaf);
        if (Keccak.commitment(state) == leaf.stateCommitment) revert PostStateMatches();
        metadataOf[claimant][uuid].countered = 1;
        _payBond(claimant, uuid, msg.sender);
    }

    function _payBond(address claimant, uint256 uuid, address to) private {
        uint256 bond = proposalBonds[claimant][uuid];
        proposalBonds[claimant][uuid] = 0;
        (bool paid,) = to.call{value: bond}("");
        if (!paid) revert BondTransferFailed();
    }

    // ---- Parts ----

    function _load(bytes32 key, uint256 size, uint256 partOffset, bytes32 part) private {
        if (partOffset >= size + 8) revert PartOffsetOOB();
        preimagePartOk[key][partOffset] = true;
        preimageParts[key][partOffset] = part;
        preimageLengths[key] = size;
    }

    /// A hash with its first byte replaced by the kind of key.
    function _key(uint8 kind, bytes32 hash) private pure returns (bytes32) {
        return bytes32(uint256(kind) << 248 | uint256(hash) << 8 >> 8);
    }

    /// The part of length prefix and pre-image.
    function _part(bytes calldata preimage, uint256 partOffset) private pure returns (bytes32 part) {
        uint256 from = partOffset < 8 ? 0 : partOffset - 8;
        if (from > preimage.length) return 0;
        uint256 left = preimage.length - from;
        uint256 word = uint256(bytes32(preimage[from:from + (left < 32 ? left : 32)]));
        return partOffset < 8 ? _joined(preimage.length, word, partOffset) : bytes32(word);
    }

    /// The word from an offset of 8 bytes of length and 32 of value.
    function _joined(uint256 size, uint256 value, uint256 partOffset) private pure returns (bytes32) {
        if (partOffset >= 40) return 0;
        if (partOffset >= 8) return bytes32(value << (8 * (partOffset - 8)));
        return bytes32(size << (192 + 8 * partOffset) | value >> (8 * (8 - partOffset)));
    }
}

/// @title Keccak-f[1600] and the sponge of Keccak256, one block at a time
/// @notice FIPS 202 with Ethereum's padding. Lane (x, y) is at index x + 5y.
library Keccak {
    struct StateMatrix {
        uint64[25] state;
    }

    /// The hash of the 25 lanes as words.
    function commitment(StateMatrix memory matrix) internal pure returns (bytes32 hash) {
        uint64[25] memory lanes = matrix.state;
        assembly ("memory-safe") {
            hash := keccak256(lanes, 0x320)
        }
    }

    /// The hash that the state stands for after the last block.
    function digest(StateMatrix memory matrix) internal pure returns (bytes32) {
        uint64[25] memory lanes = matrix.state;
        return bytes32(
            uint256(_reversed(lanes[0])) << 192 | uint256(_reversed(lanes[1])) << 128
                | uint256(_reversed(lanes[2])) << 64 | _reversed(lanes[3])
        );
    }

    /// Absorbs a block of 136 bytes: 17 lanes, little-endian.
    function absorb(StateMatrix memory matrix, bytes calldata input) internal pure {
        uint64[25] memory lanes = matrix.state;
        for (uint256 i = 0; i < 17; i++) {
            lanes[i] ^= _reversed(uint64(bytes8(input[8 * i:8 * i + 8])));
        }
        _permute(lanes);
    }

    function _reversed(uint64 lane) private pure returns (uint64) {
        lane = lane >> 8 & 0x00ff00ff00ff00ff | (lane & 0x00ff00ff00ff00ff) << 8;
        lane = lane >> 16 & 0x0000ffff0000ffff | (lane & 0x0000ffff0000ffff) << 16;
        return lane >> 32 | lane << 32;
    }

    function _permute(uint64[25] memory a) private pure {
        // The constants of the rounds, four to a word.
        uint256[6] memory constants = [
            0x00000000000000010000000000008082800000000000808a8000000080008000,
            0x000000000000808b000000008000000180000000800080818000000000008009,
            0x000000000000008a00000000000000880000000080008009000000008000000a,
            0x000000008000808b800000000000008b80000000000080898000000000008003,
            0x80000000000080028000000000000080000000000000800a800000008000000a,
            uint256(0x8000000080008081800000000000808000000000800000018000000080008008)
        ];
        uint256[25] memory b;
        assembly ("memory-safe") {
            // The exclusive or of a column, given its first lane's place.
            function column(lanes) -> parity {
                parity := xor(mload(lanes), mload(add(lanes, 0xa0)))
                parity := xor(parity, xor(mload(add(lanes, 0x140)), mload(add(lanes, 0x1e0))))
                parity := xor(parity, mload(add(lanes, 0x280)))
            }
            function rotated(lane, left) -> out {
                out := and(or(shl(left, lane), shr(sub(64, left), lane)), 0xffffffffffffffff)
            }
            // Theta's change d, rho's rotation and pi's new place of a lane.
            function move(from, to, source, place, left, d) {
                mstore(add(to, place), rotated(xor(mload(add(from, source)), d), left))
            }
            // Chi of a row.
            function row(from, to) {
                let b0, b1 := pair(from)
                let b2, b3 := pair(add(from, 0x40))
                let b4 := mload(add(from, 0x80))
                mstore(to, xor(b0, and(not(b1), b2)))
                mstore(add(to, 0x20), xor(b1, and(not(b2), b3)))
                mstore(add(to, 0x40), xor(b2, and(not(b3), b4)))
                mstore(add(to, 0x60), xor(b3, and(not(b4), b0)))
                mstore(add(to, 0x80), xor(b4, and(not(b0), b1)))
            }
            function pair(from) -> first, second {
                first := mload(from)
                second := mload(add(from, 0x20))
            }
            function mix(from, to) {
                let c0 := column(from)
                let c1 := column(add(from, 0x20))
                let c2 := column(add(from, 0x40))
                let c3 := column(add(from, 0x60))
                let c4 := column(add(from, 0x80))
                let d0 := xor(c4, rotated(c1, 1))
                let d1 := xor(c0, rotated(c2, 1))
                let d2 := xor(c1, rotated(c3, 1))
                let d3 := xor(c2, rotated(c4, 1))
                let d4 := xor(c3, rotated(c0, 1))
                move(from, to, 0x000, 0x000,  0, d0)
                move(from, to, 0x020, 0x140,  1, d1)
                move(from, to, 0x040, 0x280, 62, d2)
                move(from, to, 0x060, 0x0a0, 28, d3)
                move(from, to, 0x080, 0x1e0, 27, d4)
                move(from, to, 0x0a0, 0x200, 36, d0)
                move(from, to, 0x0c0, 0x020, 44, d1)
                move(from, to, 0x0e0, 0x160,  6, d2)
                move(from, to, 0x100, 0x2a0, 55, d3)
                move(from, to, 0x120, 0x0c0, 20, d4)
                move(from, to, 0x140, 0x0e0,  3, d0)
                move(from, to, 0x160, 0x220, 10, d1)
                move(from, to, 0x180, 0x040, 43, d2)
                move(from, to, 0x1a0, 0x180, 25, d3)
                move(from, to, 0x1c0, 0x2c0, 39, d4)
                move(from, to, 0x1e0, 0x2e0, 41, d0)
                move(from, to, 0x200, 0x100, 45, d1)
                move(from, to, 0x220, 0x240, 15, d2)
                move(from, to, 0x240, 0x060, 21, d3)
                move(from, to, 0x260, 0x1a0,  8, d4)
                move(from, to, 0x280, 0x1c0, 18, d0)
                move(from, to, 0x2a0, 0x300,  2, d1)
                move(from, to, 0x2c0, 0x120, 61, d2)
                move(from, to, 0x2e0, 0x260, 56, d3)
                move(from, to, 0x300, 0x080, 14, d4)
            }
            for { let round := 0 } lt(round, 24) { round := add(round, 1) } {
                mix(a, b)
                for { let y := 0 } lt(y, 0x320) { y := add(y, 0xa0) } { row(add(b, y), add(a, y)) }
                // Iota.
                mstore(a, xor(mload(a), shr(192, mload(add(constants, shl(3, round))))))
            }
        }
    }
}
