// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.28;

import { IBigStepper, IDelayedWETH } from "../game/Interfaces.sol";
import { CloneArguments } from "./CloneArguments.sol";
import { IAnchorStateRegistry } from "./Interfaces.sol";

/// @title GameArguments: what every game that is played has among its arguments
/// @notice What differs between chains, types and prestates is there and not in the implementation, so
///         that one implementation serves them all.
abstract contract GameArguments is CloneArguments {
    /// @notice Claim about the VM state before the first instruction.
    function absolutePrestate() public pure virtual returns (bytes32);

    /// @notice Runs the one instruction.
    function vm() public pure virtual returns (IBigStepper);

    /// @notice Knows where games start, and which count.
    function anchorStateRegistry() public pure virtual returns (IAnchorStateRegistry);

    /// @notice Keeps the bonds.
    function weth() public pure virtual returns (IDelayedWETH);
}
