// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.28;

import { IBigStepper, IDelayedWETH } from "../game/Interfaces.sol";
import { UnknownChainId } from "./Errors.sol";
import { IAnchorStateRegistry } from "./Interfaces.sol";

/// @title Arguments: what a game was created with
/// @notice Stands behind the calldata of every call to a clone, and then its length plus 2, in 2 bytes.
///         What differs between chains, types and prestates is here and not in the implementation, so
///         that one implementation serves them all.
abstract contract Arguments {
    /// Creator 20, root claim 32, L1 head 32, type 4, L2 block 32, prestate 32, VM 20, registry 20,
    /// vault 20, chain id 32.
    uint256 internal constant ARGUMENTS = 244;

    /// @notice Who proposed.
    function gameCreator() public pure returns (address) {
        return _address(0);
    }

    /// @notice The output root proposed.
    function rootClaim() public pure returns (bytes32) {
        return _argument(20);
    }

    /// @notice The output root proposed, of the chain with this id: there is but one.
    function rootClaimByChainId(uint256 chainId) external pure returns (bytes32) {
        if (chainId != l2ChainId()) revert UnknownChainId();
        return rootClaim();
    }

    /// @notice Hash of the L1 block before the game's creation.
    function l1Head() public pure returns (bytes32) {
        return _argument(52);
    }

    /// @notice The type under which the factory made the game.
    function gameType() public pure returns (uint32) {
        return uint32(bytes4(_argument(84)));
    }

    /// @notice The L2 block that the output root is proposed for.
    function l2BlockNumber() public pure returns (uint256) {
        return uint256(_argument(88));
    }

    /// @notice Where in the L2's sequence the proposal stands: its block.
    function l2SequenceNumber() external pure returns (uint256) {
        return l2BlockNumber();
    }

    /// @notice The L2 block number as the factory was given it.
    function extraData() public pure returns (bytes memory) {
        return abi.encode(l2BlockNumber());
    }

    /// @notice What identifies the game in the factory.
    function gameData() external pure returns (uint32, bytes32, bytes memory) {
        return (gameType(), rootClaim(), extraData());
    }

    /// @notice Claim about the VM state before the first instruction.
    function absolutePrestate() public pure returns (bytes32) {
        return _argument(120);
    }

    /// @notice Runs the one instruction.
    function vm() public pure returns (IBigStepper) {
        return IBigStepper(_address(152));
    }

    /// @notice Knows where games start, and which count.
    function anchorStateRegistry() public pure returns (IAnchorStateRegistry) {
        return IAnchorStateRegistry(_address(172));
    }

    /// @notice Keeps the bonds.
    function weth() public pure returns (IDelayedWETH) {
        return IDelayedWETH(_address(192));
    }

    /// @notice Chain id of the L2.
    function l2ChainId() public pure returns (uint256) {
        return uint256(_argument(212));
    }

    /// How many bytes of arguments there have to be.
    function _argumentBytes() internal pure virtual returns (uint256) {
        return ARGUMENTS;
    }

    function _address(uint256 offset) internal pure returns (address) {
        return address(bytes20(_argument(offset)));
    }

    function _argument(uint256 offset) private pure returns (bytes32 word) {
        assembly ("memory-safe") {
            let size := shr(240, calldataload(sub(calldatasize(), 2)))
            word := calldataload(add(sub(calldatasize(), size), offset))
        }
    }
}
