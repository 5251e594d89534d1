// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.28;

import {
    SuperchainConfig_AlreadyPaused, SuperchainConfig_NotAlreadyPaused, SuperchainConfig_OnlyGuardian
} from "./Errors.sol";
import { ISuperchainConfig } from "./Interfaces.sol";

/// @title SuperchainConfig: who may step in, and where they have
/// @notice Behaves as upstream's 2.4.3. A pause is of one chain, or of all under the identifier zero. It
///         lapses by itself, so that a guardian who is lost stops nothing for good. The guardian hands over
///         in two steps: it names a successor, and the successor accepts.
contract SuperchainConfig is ISuperchainConfig {
    /// @notice A pause was set, or extended.
    event Paused(address identifier);
    /// @notice A pause was taken back.
    event Unpaused(address identifier);
    /// @notice The guardian has named a successor; zero where it has taken that back.
    event GuardianOffered(address indexed guardian, address indexed successor);
    /// @notice Another account is the guardian.
    event GuardianChanged(address indexed previous, address indexed guardian);

    /// @notice Version of the behaviour.
    string public constant version = "2.4.3";
    /// @notice Seconds after which a pause lapses.
    uint256 public constant pauseExpiry = 7_884_000;

    /// @notice Who may step in. Never zero.
    address public guardian;
    /// @notice Who may become the guardian; zero for nobody.
    address public successor;
    /// @notice When a pause was set or extended last; 0 where there is none.
    mapping(address identifier => uint256) public pauseTimestamps;

    /// @param guardian_ Who may step in; not zero.
    constructor(address guardian_) {
        require(guardian_ != address(0), "SuperchainConfig: guardian is the zero address");
        guardian = guardian_;
        emit GuardianChanged(address(0), guardian_);
    }

    modifier onlyGuardian() {
        if (msg.sender != guardian) revert SuperchainConfig_OnlyGuardian();
        _;
    }

    /// @notice Stops closing and paying. One that has lapsed has to be taken back or extended.
    function pause(address identifier) external onlyGuardian {
        if (pauseTimestamps[identifier] != 0) revert SuperchainConfig_AlreadyPaused(identifier);
        pauseTimestamps[identifier] = block.timestamp;
        emit Paused(identifier);
    }

    /// @notice Takes a pause back.
    function unpause(address identifier) external onlyGuardian {
        pauseTimestamps[identifier] = 0;
        emit Unpaused(identifier);
    }

    /// @notice Lets a pause begin anew.
    function extend(address identifier) external onlyGuardian {
        if (pauseTimestamps[identifier] == 0) revert SuperchainConfig_NotAlreadyPaused(identifier);
        pauseTimestamps[identifier] = block.timestamp;
        emit Paused(identifier);
    }

    /// @notice Names who is to be the guardian. Until that account accepts, the guardian stays.
    /// @param successor_ That account; zero takes the offer back.
    function offerGuardian(address successor_) external onlyGuardian {
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

    /// @notice Whether all chains are paused.
    function paused() external view returns (bool) {
        return paused(address(0));
    }

    /// @notice Whether there is a pause with this identifier that has not lapsed.
    function paused(address identifier) public view returns (bool) {
        uint256 since = pauseTimestamps[identifier];
        return since != 0 && block.timestamp < since + pauseExpiry;
    }

    /// @notice Whether a pause with this identifier can be set.
    function pausable(address identifier) external view returns (bool) {
        return pauseTimestamps[identifier] == 0;
    }

    /// @notice When a pause lapses; 0 where there is none.
    function expiration(address identifier) external view returns (uint256) {
        uint256 since = pauseTimestamps[identifier];
        return since == 0 ? 0 : since + pauseExpiry;
    }
}
