// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.28;

import { ISuperchainConfig } from "./Interfaces.sol";

/// @title SuperchainConfig: who may step in, and whether they have
contract SuperchainConfig is ISuperchainConfig {
    /// @notice Withdrawals were stopped.
    event Paused(string identifier);
    /// @notice Withdrawals go on.
    event Unpaused();

    /// @notice Who may stop withdrawals, and correct the anchors.
    address public immutable guardian;
    /// @notice Whether withdrawals are stopped.
    bool public paused;

    /// @param guardian_ Who may step in.
    constructor(address guardian_) {
        guardian = guardian_;
    }

    /// @notice Stops withdrawals.
    /// @param identifier Why, for people.
    function pause(string calldata identifier) external {
        require(msg.sender == guardian, "SuperchainConfig: only guardian can pause");
        paused = true;
        emit Paused(identifier);
    }

    /// @notice Lets withdrawals go on.
    function unpause() external {
        require(msg.sender == guardian, "SuperchainConfig: only guardian can unpause");
        paused = false;
        emit Unpaused();
    }
}
