// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.28;

import { BadAuth } from "./Errors.sol";
import { FaultDisputeGame } from "./FaultDisputeGame.sol";

/// @title PermissionedDisputeGame: the game of two
/// @notice Only its proposer has it created; only its proposer and its challenger make moves and steps.
///         All else is open to anyone. Behaves as upstream's 2.4.0.
contract PermissionedDisputeGame is FaultDisputeGame {
    constructor(Parameters memory p) FaultDisputeGame(p) { }

    /// @notice Version of upstream's game that this one behaves as. Tools choose by it how to talk.
    function version() external pure override returns (string memory) {
        return "2.4.0";
    }

    /// @notice Who may propose, by a transaction of its own, and play.
    function proposer() public pure returns (address) {
        return _address(ARGUMENTS);
    }

    /// @notice Who may play, too.
    function challenger() public pure returns (address) {
        return _address(ARGUMENTS + 20);
    }

    function _argumentBytes() internal pure override returns (uint256) {
        return ARGUMENTS + 40;
    }

    function _authorize() internal view override {
        if (msg.sender != proposer() && msg.sender != challenger()) revert BadAuth();
    }

    function _authorizeCreation() internal view override {
        // The factory calls; it is the account behind that counts.
        if (tx.origin != proposer()) revert BadAuth();
    }
}
