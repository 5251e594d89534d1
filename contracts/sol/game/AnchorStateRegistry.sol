// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.28;

import { InvalidGameStatus, Unauthorized, UnregisteredGame } from "./Errors.sol";
import { GameStatus, IDisputeGame, IDisputeGameFactory, ISuperchainConfig, OutputRoot } from "./Interfaces.sol";

/// @title AnchorStateRegistry: the newest output root of each type of game that a game has confirmed
/// @notice New games start from it.
contract AnchorStateRegistry {
    /// @notice The first anchor of a type of game.
    struct StartingAnchorRoot {
        uint32 gameType;
        OutputRoot outputRoot;
    }

    /// @notice Version of the behaviour.
    string public constant version = "2.0.1";

    /// @notice Knows which games are real.
    IDisputeGameFactory public immutable disputeGameFactory;
    /// @notice Names the guardian.
    ISuperchainConfig public immutable superchainConfig;

    /// @notice The anchor of a type of game; all zero where there is none.
    mapping(uint32 => OutputRoot) public anchors;

    constructor(
        IDisputeGameFactory disputeGameFactory_,
        StartingAnchorRoot[] memory startingAnchorRoots,
        ISuperchainConfig superchainConfig_
    ) {
        disputeGameFactory = disputeGameFactory_;
        superchainConfig = superchainConfig_;
        for (uint256 i = 0; i < startingAnchorRoots.length; i++) {
            anchors[startingAnchorRoots[i].gameType] = startingAnchorRoots[i].outputRoot;
        }
    }

    /// @notice Takes the calling game's proposal as the anchor, if it was confirmed and is newer.
    function tryUpdateAnchorState() external {
        IDisputeGame game = IDisputeGame(msg.sender);
        (uint32 gameType, OutputRoot memory proposal) = _proposal(game);
        if (proposal.l2BlockNumber <= anchors[gameType].l2BlockNumber) return;
        if (game.status() != GameStatus.DEFENDER_WINS) return;
        anchors[gameType] = proposal;
    }

    /// @notice Takes a confirmed game's proposal as the anchor, even an older one, for the guardian.
    function setAnchorState(IDisputeGame game) external {
        if (msg.sender != superchainConfig.guardian()) revert Unauthorized();
        (uint32 gameType, OutputRoot memory proposal) = _proposal(game);
        if (game.status() != GameStatus.DEFENDER_WINS) revert InvalidGameStatus();
        anchors[gameType] = proposal;
    }

    /// What a game of the factory is about.
    function _proposal(IDisputeGame game) private view returns (uint32 gameType, OutputRoot memory proposal) {
        bytes memory extraData;
        (gameType, proposal.root, extraData) = game.gameData();
        (IDisputeGame registered,) = disputeGameFactory.games(gameType, proposal.root, extraData);
        if (registered != game) revert UnregisteredGame();
        proposal.l2BlockNumber = game.l2BlockNumber();
    }
}
