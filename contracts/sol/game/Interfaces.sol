// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.28;

// What the contracts of the game ask of each other, as upstream declares it.

/// @notice How a game stands.
enum GameStatus {
    IN_PROGRESS,
    CHALLENGER_WINS,
    DEFENDER_WINS
}

/// @notice An output root and its L2 block.
struct OutputRoot {
    bytes32 root;
    uint256 l2BlockNumber;
}

/// @notice The pre-image of an output root.
struct OutputRootProof {
    bytes32 version;
    bytes32 stateRoot;
    bytes32 messagePasserStorageRoot;
    bytes32 latestBlockhash;
}

interface IPreimageOracle {
    function challengePeriod() external view returns (uint256);
    function loadLocalData(uint256 ident, bytes32 localContext, bytes32 word, uint256 size, uint256 partOffset)
        external
        returns (bytes32 key);
}

/// @notice A VM that runs one instruction.
interface IBigStepper {
    function step(bytes calldata stateData, bytes calldata proof, bytes32 localContext)
        external
        returns (bytes32 postState);
    function oracle() external view returns (IPreimageOracle);
}

interface IDelayedWETH {
    function deposit() external payable;
    function unlock(address guy, uint256 wad) external;
    function withdraw(address guy, uint256 wad) external;
}

interface IAnchorStateRegistry {
    function anchors(uint32 gameType) external view returns (bytes32 root, uint256 l2BlockNumber);
    function tryUpdateAnchorState() external;
}

interface IDisputeGame {
    function initialize() external payable;
    function status() external view returns (GameStatus);
    function rootClaim() external view returns (bytes32);
    function extraData() external view returns (bytes memory);
    function l2BlockNumber() external view returns (uint256);
    function gameData() external view returns (uint32 gameType, bytes32 rootClaim, bytes memory extraData);
}

interface IDisputeGameFactory {
    function games(uint32 gameType, bytes32 rootClaim, bytes calldata extraData)
        external
        view
        returns (IDisputeGame proxy, uint64 timestamp);
}

interface ISuperchainConfig {
    function guardian() external view returns (address);
    function paused() external view returns (bool);
}
