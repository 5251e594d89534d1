// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.28;

import { ISuperchainConfig, ISystemConfig } from "./Interfaces.sol";

/// @title SystemConfig: who may step in at one chain, and whether they have
/// @notice Of upstream's contract of this name only what the games' judge and vault ask.
contract SystemConfig is ISystemConfig {
    /// @notice Names the guardian, and keeps the pauses.
    ISuperchainConfig public immutable superchainConfig;
    /// @notice What a pause of this chain alone goes by: upstream's portal, or its lockbox.
    address public immutable identifier;

    constructor(ISuperchainConfig superchainConfig_, address identifier_) {
        (superchainConfig, identifier) = (superchainConfig_, identifier_);
    }

    /// @notice Who may pause, and strike games off.
    function guardian() external view returns (address) {
        return superchainConfig.guardian();
    }

    /// @notice Whether all chains are paused, or this one.
    function paused() external view returns (bool) {
        return superchainConfig.paused(address(0)) || superchainConfig.paused(identifier);
    }
}
