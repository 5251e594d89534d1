// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.28;

import { DeploymentFailed } from "./Errors.sol";

/// @title Clones: small contracts that run an implementation's code with arguments of their own
/// @notice A clone appends to the calldata its arguments and their length plus 2, in 2 bytes, and
///         delegates. Money that comes without calldata it just takes, for next to no gas.
library Clones {
    /// Bytes of a clone's code before the arguments.
    uint256 private constant PROLOGUE = 0x3b;

    /// @notice Deploys a clone.
    function clone(address implementation, bytes memory arguments) internal returns (address instance) {
        bytes memory creation = creationCode(implementation, arguments);
        assembly ("memory-safe") {
            instance := create(0, add(creation, 0x20), mload(creation))
        }
        if (instance == address(0)) revert DeploymentFailed();
    }

    /// @notice Deploys a clone by CREATE2: its address follows from what it is made of and a salt.
    function clone(address implementation, bytes memory arguments, bytes32 salt) internal returns (address instance) {
        bytes memory creation = creationCode(implementation, arguments);
        assembly ("memory-safe") {
            instance := create2(0, add(creation, 0x20), mload(creation), salt)
        }
        if (instance == address(0)) revert DeploymentFailed();
    }

    /// @notice What a clone is created with.
    function creationCode(address implementation, bytes memory arguments) internal pure returns (bytes memory) {
        uint256 extra = arguments.length + 2;
        // More than a contract may have; also keeps the lengths in 2 bytes.
        if (PROLOGUE + extra > 24_576) revert DeploymentFailed();
        return abi.encodePacked(
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
    }
}

/// @title Cloned: what the implementation reads of a clone's arguments
abstract contract Cloned {
    /// @notice The word at an offset of arguments that are `size` bytes long.
    function _argument(uint256 size, uint256 offset) internal pure returns (bytes32 word) {
        assembly ("memory-safe") {
            word := calldataload(add(sub(calldatasize(), add(size, 2)), offset))
        }
    }
}
