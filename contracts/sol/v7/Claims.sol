// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.28;

import { ClaimAboveSplit, GameNotInProgress } from "../game/Errors.sol";
import { GameStatus } from "../game/Interfaces.sol";
import { Positions } from "../game/Positions.sol";
import { BondDistributionMode, Proposal } from "./Interfaces.sol";

/// @title Claims: the claims of a game, and what can be read of them
abstract contract Claims {
    using Positions for uint128;

    /// A claim, and what has come of the answers to it.
    struct Node {
        /// Index of the claim that it answers; NO_PARENT for the root.
        uint32 parentIndex;
        /// Who countered it: set by a step, or when its subgame is resolved.
        address counteredBy;
        /// Answers that its resolution has looked at.
        uint32 cursor;
        /// Index of the left-most answer that stands uncountered, among those; 0 for none.
        uint32 leftmost;
        // Second slot.
        address claimant;
        /// In wei: more than all ether that there is.
        uint88 bond;
        /// BEGUN | RESOLVED.
        uint8 resolution;
        // Third slot.
        bytes32 claim;
        // Fourth slot.
        uint128 position;
        /// Seconds its side had used, in the upper 64 bits, and the time it was made.
        uint128 clock;
    }

    uint32 internal constant NO_PARENT = type(uint32).max;
    /// Its resolution has begun: it has looked at the first answers, or found that there are none.
    uint8 internal constant BEGUN = 1;
    /// Its bond has been given away.
    uint8 internal constant RESOLVED = 2;

    /// @notice Depth of the deepest claims about roots.
    uint256 public immutable splitDepth;
    /// @notice Time each side has, in seconds.
    uint64 public immutable maxClockDuration;

    /// @notice L1 time of creation.
    uint64 public createdAt;
    /// @notice L1 time of resolution; 0 before.
    uint64 public resolvedAt;
    /// @notice How the game stands.
    GameStatus public status;
    bool internal _initialized;
    /// Whether the root's L2 block number was shown to be wrong. Stands with the others in one slot.
    bool internal _blockNumberChallenged;
    /// @notice Whether the game's type was the one that withdrawals go by when the game was created.
    bool public wasRespectedGameTypeWhenCreated;
    /// @notice Who gets the bonds. Stands with the others above in one slot.
    BondDistributionMode public bondDistributionMode;

    /// What both sides agree on: the anchor at the game's creation.
    Proposal internal _starting;
    /// @notice Whether an answer has been made: keccak256(claim, position << 128 | parent's index).
    mapping(bytes32 => bool) public claims;

    Node[] internal _claims;
    /// Indices of the answers to a claim, oldest first.
    mapping(uint256 => uint32[]) internal _answers;

    constructor(uint256 splitDepth_, uint64 maxClockDuration_) {
        (splitDepth, maxClockDuration) = (splitDepth_, maxClockDuration_);
    }

    modifier inProgress() {
        _requireInProgress();
        _;
    }

    /// @notice Root of the anchor that the game starts from.
    function startingRootHash() external view returns (bytes32) {
        return _starting.root;
    }

    /// @notice How many claims there are.
    function claimDataLen() external view returns (uint256) {
        return _claims.length;
    }

    /// @notice A claim; the parent of the root is 2^32 - 1.
    function claimData(uint256 index)
        external
        view
        returns (
            uint32 parentIndex,
            address counteredBy,
            address claimant,
            uint128 bond,
            bytes32 claim,
            uint128 position,
            uint128 clock
        )
    {
        // No reason given, as by a getter that the compiler makes.
        require(index < _claims.length);
        Node storage node = _claims[index];
        return (
            node.parentIndex, node.counteredBy, node.claimant, node.bond, node.claim, node.position, node.clock
        );
    }

    /// @notice The index of the n-th answer to a claim.
    function subgames(uint256 claimIndex, uint256 n) external view returns (uint256) {
        require(n < _answers[claimIndex].length);
        return _answers[claimIndex][n];
    }

    /// @notice Answers to a claim that its resolution still has to look at.
    function getNumToResolve(uint256 claimIndex) external view returns (uint256) {
        return claimIndex < _claims.length ? _answers[claimIndex].length - _claims[claimIndex].cursor : 0;
    }

    /// @notice Whether the bond of a claim has been given away.
    function resolvedSubgames(uint256 claimIndex) public view returns (bool) {
        return claimIndex < _claims.length && _claims[claimIndex].resolution & RESOLVED != 0;
    }

    /// @notice How far the resolution of a claim's subgame has come. The left-most position is the
    ///         largest number while no uncountered answer was seen.
    function resolutionCheckpoints(uint256 claimIndex)
        external
        view
        returns (
            bool initialCheckpointComplete,
            uint32 subgameIndex,
            uint128 leftmostPosition,
            address counteredBy
        )
    {
        if (claimIndex >= _claims.length || _claims[claimIndex].resolution & BEGUN == 0) return (false, 0, 0, address(0));
        Node storage node = _claims[claimIndex];
        (initialCheckpointComplete, subgameIndex, leftmostPosition) = (true, node.cursor, type(uint128).max);
        if (node.leftmost != 0) {
            Node storage answer = _claims[node.leftmost];
            (leftmostPosition, counteredBy) = (answer.position, answer.claimant);
        }
    }

    /// @notice Seconds used by the side that could answer a claim; at most the whole clock.
    function getChallengerDuration(uint256 claimIndex) external view inProgress returns (uint64) {
        return _challengerDuration(_claims[claimIndex]);
    }

    /// @notice What the chess clocks go by.
    function _time() internal view virtual returns (uint64) {
        return uint64(block.timestamp);
    }

    function _requireInProgress() internal view {
        if (status != GameStatus.IN_PROGRESS) revert GameNotInProgress();
    }

    function _push(uint32 parentIndex, address claimant, bytes32 claim, uint128 position, uint64 duration) internal {
        Node storage node = _claims.push();
        node.parentIndex = parentIndex;
        node.claimant = claimant;
        node.bond = uint88(msg.value);
        node.claim = claim;
        node.position = position;
        node.clock = uint128(duration) << 64 | _time();
    }

    /// The time since the claim, on top of what the side had used for the claim's parent.
    function _challengerDuration(Node storage node) internal view returns (uint64) {
        uint32 parentIndex = node.parentIndex;
        uint256 before = parentIndex == NO_PARENT ? 0 : _claims[parentIndex].clock >> 64;
        uint64 duration = uint64(before + (_time() - uint64(node.clock)));
        return duration < maxClockDuration ? duration : maxClockDuration;
    }

    /// The nearest claim at a position on the way up from a claim.
    function _ancestor(uint128 position, uint256 start) internal view returns (uint256 index) {
        index = start;
        while (_claims[index].position != position) index = _claims[index].parentIndex;
    }

    /// The two roots, one place of the trace apart, that the execution of a claim is about. Where the first
    /// is the anchor, its position is 0.
    function _dispute(uint256 claimIndex)
        internal
        view
        returns (bytes32 starting, uint128 startingPosition, bytes32 disputed, uint128 disputedPosition)
    {
        Node storage node = _claims[claimIndex];
        uint128 position = node.position;
        if (!position.isBelow(splitDepth)) revert ClaimAboveSplit();
        uint128 executionRoot;
        uint256 outputIndex;
        while (position.isBelow(splitDepth)) {
            (executionRoot, outputIndex) = (position, node.parentIndex);
            node = _claims[outputIndex];
            position = node.position;
        }
        if (executionRoot >> 1 == position) {
            (disputed, disputedPosition) = (node.claim, position);
            // Without a left neighbour it is the first after the anchor.
            if (position & (position - 1) == 0) {
                starting = _starting.root;
            } else {
                node = _claims[_ancestor((position - 1).traceAncestor(), outputIndex)];
                (starting, startingPosition) = (node.claim, node.position);
            }
        } else {
            (starting, startingPosition) = (node.claim, position);
            node = _claims[_ancestor((position + 1).traceAncestor(), outputIndex)];
            (disputed, disputedPosition) = (node.claim, node.position);
        }
    }

    /// Identifies the dispute that a claim about a VM state belongs to.
    function _localContext(uint256 claimIndex) internal view returns (bytes32) {
        (bytes32 starting, uint128 startingPosition, bytes32 disputed, uint128 disputedPosition) = _dispute(claimIndex);
        return _localContext(starting, startingPosition, disputed, disputedPosition);
    }

    function _localContext(bytes32 starting, uint128 startingPosition, bytes32 disputed, uint128 disputedPosition)
        internal
        pure
        returns (bytes32)
    {
        return startingPosition == 0
            ? keccak256(abi.encode(disputed, disputedPosition))
            : keccak256(abi.encode(starting, startingPosition, disputed, disputedPosition));
    }
}
