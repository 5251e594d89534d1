// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.28;

import { DeploymentFailed } from "../game/Errors.sol";

/// @title Clones: small contracts that run an implementation's code with arguments of their own
/// @notice The clones of `game/Clones.sol`, at addresses that follow from what they are made of and a salt.
library Clones {
    /// Bytes of a clone's code before the arguments.
    uint256 private constant PROLOGUE = 0x3b;

    /// @notice Deploys a clone by CREATE2.
    function clone(address implementation, bytes memory arguments, bytes32 salt) internal returns (address instance) {
        uint256 extra = arguments.length + 2;
        // More than a contract may have; also keeps the lengths in 2 bytes.
        if (PROLOGUE + extra > 24_576) revert DeploymentFailed();
        bytes memory creation = abi.encodePacked(
            // PUSH2 size DUP1 PUSH1 10 PUSH0 CODECOPY PUSH0 RETURN
            hex"61", uint16(PROLOGUE + extra), hex"80600a5f395ff3",
            // CALLDATASIZE PUSH1 5 JUMPI STOP JUMPDEST
            hex"36600557005b",
            // calldatacopy(0, 0, calldatasize); codecopy(calldatasize, PROLOGUE, extra)
            hex"365f5f375f5f61", uint16(extra), hex"80603b3639",
            // delegatecall(gas, implementation, 0, calldatasize + extra, 0, 0)
            hex"36015f73", implementation, hex"5af4",
            // returndatacopy(0, 0, returndatasize); return or revert with it
            hex"3d5f5f3e5f3d91603957fd5bf3",
            arguments, uint16(extra)
        );
        assembly ("memory-safe") {
            instance := create2(0, add(creation, 0x20), mload(creation), salt)
        }
        if (instance == address(0)) revert DeploymentFailed();
    }
}
