// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.28;

import { IBigStepper, IDelayedWETH } from "../game/Interfaces.sol";
import { UnknownChainId } from "./Errors.sol";
import { GameArguments } from "./GameArguments.sol";
import { IAnchorStateRegistry } from "./Interfaces.sol";

/// @title Arguments: what a game about an output root was created with
abstract contract Arguments is GameArguments {
    /// Creator 20, root claim 32, L1 head 32, type 4, L2 block 32, prestate 32, VM 20, registry 20,
    /// vault 20, chain id 32.
    uint256 internal constant ARGUMENTS = 244;

    /// @notice The output root proposed, of the chain with this id: there is but one.
    function rootClaimByChainId(uint256 chainId) external pure returns (bytes32) {
        if (chainId != l2ChainId()) revert UnknownChainId();
        return rootClaim();
    }

    /// @notice The L2 block that the output root is proposed for.
    function l2BlockNumber() public pure returns (uint256) {
        return uint256(_argument(HEAD));
    }

    /// @notice Where in the L2's sequence the proposal stands: its block.
    function l2SequenceNumber() external pure returns (uint256) {
        return l2BlockNumber();
    }

    /// @notice The L2 block number as the factory was given it.
    function extraData() public pure override returns (bytes memory) {
        return abi.encode(l2BlockNumber());
    }

    /// @notice Claim about the VM state before the first instruction.
    function absolutePrestate() public pure override returns (bytes32) {
        return _argument(120);
    }

    /// @notice Runs the one instruction.
    function vm() public pure override returns (IBigStepper) {
        return IBigStepper(_address(152));
    }

    /// @notice Knows where games start, and which count.
    function anchorStateRegistry() public pure override returns (IAnchorStateRegistry) {
        return IAnchorStateRegistry(_address(172));
    }

    /// @notice Keeps the bonds.
    function weth() public pure override returns (IDelayedWETH) {
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
}
