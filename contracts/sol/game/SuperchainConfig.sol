// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.28;

import { ISuperchainConfig } from "./Interfaces.sol";

/// @title SuperchainConfig: who may step in, and whether they have
/// @notice The guardian hands over in two steps: it names a successor, and the successor accepts. So an
///         account that nobody has the key of never becomes guardian.
contract SuperchainConfig is ISuperchainConfig {
    /// @notice Withdrawals were stopped.
    event Paused(string identifier);
    /// @notice Withdrawals go on.
    event Unpaused();
    /// @notice The guardian has named a successor; zero where it has taken that back.
    event GuardianOffered(address indexed guardian, address indexed successor);
    /// @notice Another account is the guardian.
    event GuardianChanged(address indexed previous, address indexed guardian);

    /// @notice Version of the behaviour.
    string public constant version = "1.1.0";

    /// @notice Who may stop withdrawals, and correct the anchors. Never zero.
    address public guardian;
    /// @notice Who may become the guardian; zero for nobody.
    address public successor;
    /// @notice Whether withdrawals are stopped.
    bool public paused;

    /// @param guardian_ Who may step in; not zero.
    constructor(address guardian_) {
        require(guardian_ != address(0), "SuperchainConfig: guardian is the zero address");
        guardian = guardian_;
        emit GuardianChanged(address(0), guardian_);
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

    /// @notice Names who is to be the guardian. Until that account accepts, the guardian stays.
    /// @param successor_ That account; zero takes the offer back.
    function offerGuardian(address successor_) external {
        require(msg.sender == guardian, "SuperchainConfig: only guardian can hand over");
        successor = successor_;
        emit GuardianOffered(guardian, successor_);
    }

    /// @notice Makes the sender the guardian, if it was named.
    function acceptGuardian() external {
        require(msg.sender == successor, "SuperchainConfig: only successor can accept");
        emit GuardianChanged(guardian, msg.sender);
        guardian = msg.sender;
        successor = address(0);
    }
}
