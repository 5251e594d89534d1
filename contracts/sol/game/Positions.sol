// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.28;

/// @title Positions: where in the game's binary tree a claim stands
/// @notice A position is a generalised index, `2^depth + index`: the root is 1, the children of p are
///         2p and 2p + 1. A claim there commits to the state after the right-most leaf below it.
library Positions {
    /// @notice The longest position that a game may use, in bits.
    uint256 internal constant MAX_BITS = 126;

    /// @notice Levels below the root; 0 for position 0 too.
    function depth(uint128 position) internal pure returns (uint256 levels) {
        unchecked {
            uint256 rest = position;
            for (uint256 half = 64; half > 0; half >>= 1) {
                if (rest >> half != 0) {
                    rest >>= half;
                    levels += half;
                }
            }
        }
    }

    /// @notice Whether a position lies below the level `bound`.
    function isBelow(uint128 position, uint256 bound) internal pure returns (bool) {
        unchecked {
            return uint256(position) >> (bound + 1) != 0;
        }
    }

    /// @notice Where a move against a claim here is put: an attack to the left child, a defence to the
    ///         left child of the node to the right.
    function answered(uint128 position, bool isAttack) internal pure returns (uint128) {
        return (isAttack ? position : position | 1) << 1;
    }

    /// @notice The index at depth `level` of the right-most node below; `level` is not above.
    function traceIndex(uint128 position, uint256 level) internal pure returns (uint256) {
        unchecked {
            uint256 below = level - depth(position);
            return ((uint256(position) + 1) << below) - 1 - (1 << level);
        }
    }

    /// @notice The highest node that commits to the same state: the way up while it comes from the
    ///         right. From the right edge that is the root.
    function traceAncestor(uint128 position) internal pure returns (uint128) {
        unchecked {
            // The lowest zero; all below it are ones, each a turn to the right.
            uint256 zero = ~uint256(position) & (uint256(position) + 1);
            uint128 ancestor = uint128(position / zero);
            return ancestor == 0 ? 1 : ancestor;
        }
    }

    /// @notice The highest node below the level `bound` that commits to the same state, from a
    ///         position below `bound`.
    function traceAncestorBelow(uint128 position, uint256 bound) internal pure returns (uint128) {
        unchecked {
            uint128 ancestor = traceAncestor(position);
            if (isBelow(ancestor, bound)) return ancestor;
            // Only where it commits to the last state of a subtree rooted just below the bound.
            return uint128(((uint256(ancestor) + 1) << (bound + 1 - depth(ancestor))) - 1);
        }
    }
}
