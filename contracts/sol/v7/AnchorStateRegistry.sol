// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.28;

import { GameStatus } from "../game/Interfaces.sol";
import { AnchorStateRegistry_InvalidAnchorGame, AnchorStateRegistry_Unauthorized } from "./Errors.sol";
import { IDisputeGame, IDisputeGameFactory, ISuperchainConfig, ISystemConfig, Proposal } from "./Interfaces.sol";

/// @title AnchorStateRegistry: the judge over games, and the newest proposal that one has confirmed
/// @notice Behaves as upstream's 3.9.0. A game is proper if the factory made it and the guardian has not
///         struck it off: alone, with all that are as old, or for the time of a pause. A proposal is valid
///         if its game is proper, of the type that was respected when it was made, won, and so long over
///         that the guardian could have looked at it. New games start from the newest valid one.
contract AnchorStateRegistry {
    /// @notice The anchor is the proposal of another game.
    event AnchorUpdated(IDisputeGame indexed game);
    /// @notice Other games count.
    event RespectedGameTypeSet(uint32 gameType);
    /// @notice All games up to this time are struck off.
    event RetirementTimestampSet(uint256 timestamp);
    /// @notice One game is struck off.
    event DisputeGameBlacklisted(IDisputeGame indexed disputeGame);

    /// @notice Version of the behaviour.
    string public constant version = "3.9.0";

    /// @notice Seconds after which a game that was resolved is final.
    uint256 public immutable disputeGameFinalityDelaySeconds;
    /// @notice Names the guardian, and knows of pauses.
    ISystemConfig public immutable systemConfig;
    /// @notice Knows which games are real.
    IDisputeGameFactory public immutable disputeGameFactory;

    /// @notice The game whose proposal is the anchor; zero while that is the starting one.
    IDisputeGame public anchorGame;
    /// @notice The type of game that counts.
    uint32 public respectedGameType;
    /// @notice Games that were made up to this time are struck off.
    uint64 public retirementTimestamp;
    /// @notice Games that are struck off one by one.
    mapping(IDisputeGame => bool) public disputeGameBlacklist;

    Proposal private _start;

    /// @param finalityDelay Seconds after which a game that was resolved is final.
    /// @param start What the first game starts from. Games made up to now do not count.
    constructor(
        uint256 finalityDelay,
        ISystemConfig systemConfig_,
        IDisputeGameFactory disputeGameFactory_,
        Proposal memory start,
        uint32 respectedGameType_
    ) {
        disputeGameFinalityDelaySeconds = finalityDelay;
        (systemConfig, disputeGameFactory) = (systemConfig_, disputeGameFactory_);
        _start = start;
        (respectedGameType, retirementTimestamp) = (respectedGameType_, uint64(block.timestamp));
    }

    modifier onlyGuardian() {
        if (msg.sender != systemConfig.guardian()) revert AnchorStateRegistry_Unauthorized();
        _;
    }

    // What the guardian does.

    /// @notice Sets the type of game that counts, of those still to be made.
    function setRespectedGameType(uint32 gameType) external onlyGuardian {
        respectedGameType = gameType;
        emit RespectedGameTypeSet(gameType);
    }

    /// @notice Strikes off all games made up to now.
    function updateRetirementTimestamp() external onlyGuardian {
        retirementTimestamp = uint64(block.timestamp);
        emit RetirementTimestampSet(block.timestamp);
    }

    /// @notice Strikes off a game. That cannot be taken back; an anchor stays one.
    function blacklistDisputeGame(IDisputeGame game) external onlyGuardian {
        disputeGameBlacklist[game] = true;
        emit DisputeGameBlacklisted(game);
    }

    // What anyone does.

    /// @notice Makes the proposal of a game the anchor, if it is valid and newer.
    function setAnchorState(IDisputeGame game) external {
        if (!isGameClaimValid(game)) revert AnchorStateRegistry_InvalidAnchorGame();
        (, uint256 newest) = getAnchorRoot();
        if (game.l2SequenceNumber() <= newest) revert AnchorStateRegistry_InvalidAnchorGame();
        anchorGame = game;
        emit AnchorUpdated(game);
    }

    // What can be read.

    /// @notice Whether the guardian has stopped closing and paying.
    function paused() public view returns (bool) {
        return systemConfig.paused();
    }

    /// @notice Where the guardian is named.
    function superchainConfig() external view returns (ISuperchainConfig) {
        return systemConfig.superchainConfig();
    }

    /// @notice What the first game started from.
    function getStartingAnchorRoot() external view returns (Proposal memory) {
        return _start;
    }

    /// @notice The anchor, as the registry of 2024 was asked: now one for all types.
    function anchors(uint32) external view returns (bytes32 root, uint256 l2SequenceNumber) {
        return getAnchorRoot();
    }

    /// @notice What new games start from.
    function getAnchorRoot() public view returns (bytes32 root, uint256 l2SequenceNumber) {
        IDisputeGame game = anchorGame;
        if (address(game) == address(0)) return (_start.root, _start.l2SequenceNumber);
        return (game.rootClaim(), game.l2SequenceNumber());
    }

    /// @notice Whether the factory made the game.
    function isGameRegistered(IDisputeGame game) public view returns (bool) {
        (uint32 gameType, bytes32 rootClaim, bytes memory extraData) = game.gameData();
        (IDisputeGame registered,) = disputeGameFactory.games(gameType, rootClaim, extraData);
        return registered == game;
    }

    /// @notice Whether the game's type counted when the game was made.
    function isGameRespected(IDisputeGame game) public view returns (bool) {
        return game.wasRespectedGameTypeWhenCreated();
    }

    /// @notice Whether the game alone was struck off.
    function isGameBlacklisted(IDisputeGame game) external view returns (bool) {
        return disputeGameBlacklist[game];
    }

    /// @notice Whether the game was struck off with all that are as old.
    function isGameRetired(IDisputeGame game) public view returns (bool) {
        return game.createdAt() <= retirementTimestamp;
    }

    /// @notice Whether the game is over.
    function isGameResolved(IDisputeGame game) public view returns (bool) {
        return game.resolvedAt() != 0 && game.status() != GameStatus.IN_PROGRESS;
    }

    /// @notice Whether the game is the factory's and not struck off.
    function isGameProper(IDisputeGame game) public view returns (bool) {
        return isGameRegistered(game) && !disputeGameBlacklist[game] && !isGameRetired(game) && !paused();
    }

    /// @notice Whether the game has been over for long enough.
    function isGameFinalized(IDisputeGame game) public view returns (bool) {
        uint64 resolvedAt = game.resolvedAt();
        return resolvedAt != 0 && game.status() != GameStatus.IN_PROGRESS
            && block.timestamp - resolvedAt > disputeGameFinalityDelaySeconds;
    }

    /// @notice Whether the game's proposal can be relied on.
    function isGameClaimValid(IDisputeGame game) public view returns (bool) {
        return isGameProper(game) && isGameRespected(game) && isGameFinalized(game)
            && game.status() == GameStatus.DEFENDER_WINS;
    }
}
