// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.28;

import { GameStatus } from "../game/Interfaces.sol";

// What today's contracts of the game ask of each other, as upstream declares it.

/// @notice Who gets the bonds of a closed game.
enum BondDistributionMode {
    UNDECIDED,
    /// Whoever won them.
    NORMAL,
    /// Whoever posted them.
    REFUND
}

/// @notice A root, and where in the L2's sequence it stands: an output root and its block.
struct Proposal {
    bytes32 root;
    uint256 l2SequenceNumber;
}

interface IDisputeGame {
    function initialize() external payable;
    function createdAt() external view returns (uint64);
    function resolvedAt() external view returns (uint64);
    function status() external view returns (GameStatus);
    function rootClaim() external view returns (bytes32);
    function extraData() external view returns (bytes memory);
    function l2SequenceNumber() external view returns (uint256);
    function gameData() external view returns (uint32 gameType, bytes32 rootClaim, bytes memory extraData);
    function wasRespectedGameTypeWhenCreated() external view returns (bool);
}

interface IDisputeGameFactory {
    function games(uint32 gameType, bytes32 rootClaim, bytes calldata extraData)
        external
        view
        returns (IDisputeGame proxy, uint64 timestamp);
}

/// @notice The judge: which games count.
interface IAnchorStateRegistry {
    function getAnchorRoot() external view returns (bytes32 root, uint256 l2SequenceNumber);
    function respectedGameType() external view returns (uint32);
    function paused() external view returns (bool);
    function isGameFinalized(IDisputeGame game) external view returns (bool);
    function isGameProper(IDisputeGame game) external view returns (bool);
    function setAnchorState(IDisputeGame game) external;
}

interface ISuperchainConfig {
    function guardian() external view returns (address);
    function paused(address identifier) external view returns (bool);
}

/// @notice Of one chain of the superchain.
interface ISystemConfig {
    function superchainConfig() external view returns (ISuperchainConfig);
    function guardian() external view returns (address);
    function paused() external view returns (bool);
}
