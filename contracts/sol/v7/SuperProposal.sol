// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.28;

import { BadExtraData } from "../game/Errors.sol";
import { CloneArguments } from "./CloneArguments.sol";
import { Encoding_InvalidSuperRootVersion, UnknownChainId } from "./Errors.sol";

/// @title SuperProposal: the super root that a game is about
/// @notice Its extra data are the pre-image of the root claim: version 1, timestamp 8, and for each chain
///         its id 32 and its output root 32. So a claim is always a well-formed super root of the claimed
///         timestamp, and there is one game at most about each. That chains are in order, or named once,
///         is not asked.
abstract contract SuperProposal is CloneArguments {
    /// Bytes of a super root before its chains.
    uint256 private constant BEFORE_CHAINS = 9;
    /// Bytes of a super root for each chain.
    uint256 private constant CHAIN = 64;
    /// The one version of super roots.
    uint8 private constant VERSION = 1;

    /// @notice The super root's pre-image.
    function extraData() public pure override returns (bytes memory) {
        return _extraData();
    }

    /// @notice Where in the L2's sequence the proposal stands: its timestamp.
    function l2SequenceNumber() public pure returns (uint256) {
        return uint64(bytes8(_argument(HEAD + 1)));
    }

    /// @notice The output root that the super root has for a chain: the first, if it names the chain twice.
    function rootClaimByChainId(uint256 chainId) external pure returns (bytes32) {
        uint256 end = HEAD + _extraData().length;
        for (uint256 at = HEAD + BEFORE_CHAINS; at < end; at += CHAIN) {
            if (uint256(_argument(at)) == chainId) return _argument(at + 32);
        }
        revert UnknownChainId();
    }

    /// How many bytes of arguments the type has, behind the extra data.
    function _typeArgumentBytes() internal pure virtual returns (uint256);

    /// An argument of the type: the word that begins so many bytes before the arguments' end.
    function _typeArgument(uint256 fromEnd) internal pure returns (bytes32 word) {
        assembly ("memory-safe") {
            word := calldataload(sub(sub(calldatasize(), 2), fromEnd))
        }
    }

    /// Refuses extra data that no super root with a chain or more has the length of: other extra data
    /// would be another game about the same proposal. To be asked in `initialize`, which takes nothing.
    function _requireSuperRootLength() internal pure {
        uint256 others = 4 + HEAD + _typeArgumentBytes() + 2 + BEFORE_CHAINS;
        if (msg.data.length <= others || (msg.data.length - others) % CHAIN != 0) revert BadExtraData();
    }

    /// Refuses extra data that are no super root, or not the one claimed.
    function _requireSuperRoot() internal pure {
        if (uint8(_extraData()[0]) != VERSION) revert Encoding_InvalidSuperRootVersion();
        if (keccak256(_extraData()) != rootClaim()) revert BadExtraData();
    }

    function _extraData() private pure returns (bytes calldata data) {
        uint256 more = _typeArgumentBytes();
        assembly ("memory-safe") {
            let end := sub(calldatasize(), 2)
            let size := shr(240, calldataload(end))
            data.offset := add(sub(calldatasize(), size), HEAD)
            data.length := sub(sub(end, more), data.offset)
        }
    }
}
