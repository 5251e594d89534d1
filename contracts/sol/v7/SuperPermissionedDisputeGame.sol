// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.28;

import { AlreadyInitialized, BadExtraData } from "../game/Errors.sol";
import { GameStatus } from "../game/Interfaces.sol";
import { BadAuth } from "./Errors.sol";
import { IAnchorStateRegistry } from "./Interfaces.sol";
import { SuperProposal } from "./SuperProposal.sol";

/// @title SuperPermissionedDisputeGame: a super root that one account proposes and nobody contests
/// @notice Behaves as upstream's 1.0.0, and has its storage. It is won when it is made. Its root counts
///         when the judge's time is over: until then the guardian can strike it off, which is the one
///         thing that anybody can do about a false one. There are no bonds; what is sent along stays.
contract SuperPermissionedDisputeGame is SuperProposal {
    /// @notice The game ended.
    event Resolved(GameStatus indexed status);

    /// Registry 20, proposer 20.
    uint256 private constant TYPE_ARGUMENTS = 40;

    /// @notice Version of upstream's game that this one behaves as. Tools choose by it how to talk.
    string public constant version = "1.0.0";

    /// @notice L1 time of creation.
    uint64 public createdAt;
    /// @notice L1 time of resolution: that of creation.
    uint64 public resolvedAt;
    /// @notice How the game stands: won.
    GameStatus public status;
    /// @notice Whether the game's type was the one that withdrawals go by when the game was created.
    bool public wasRespectedGameTypeWhenCreated;
    bool private _initialized;

    /// @notice Makes the proposal, and decides for it. Called once, by the factory.
    function initialize() external payable {
        if (_initialized) revert AlreadyInitialized();
        _requireSuperRootLength();
        _requireSuperRoot();
        // The factory calls; it is the account behind that counts.
        if (tx.origin != proposer()) revert BadAuth();
        IAnchorStateRegistry judge = anchorStateRegistry();
        (, uint256 newest) = judge.getAnchorRoot();
        if (l2SequenceNumber() <= newest) revert BadExtraData();
        (createdAt, resolvedAt) = (uint64(block.timestamp), uint64(block.timestamp));
        status = GameStatus.DEFENDER_WINS;
        wasRespectedGameTypeWhenCreated = judge.respectedGameType() == gameType();
        _initialized = true;
        emit Resolved(GameStatus.DEFENDER_WINS);
    }

    /// @notice Does nothing: the game ended when it was made.
    function resolve() external pure returns (GameStatus) {
        return GameStatus.DEFENDER_WINS;
    }

    /// @notice Knows where proposals start, and which count.
    function anchorStateRegistry() public pure returns (IAnchorStateRegistry) {
        return IAnchorStateRegistry(address(bytes20(_typeArgument(40))));
    }

    /// @notice Who may propose, by a transaction of its own.
    function proposer() public pure returns (address) {
        return address(bytes20(_typeArgument(20)));
    }

    function _typeArgumentBytes() internal pure override returns (uint256) {
        return TYPE_ARGUMENTS;
    }
}
