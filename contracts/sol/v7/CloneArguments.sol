// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.28;

/// @title CloneArguments: what the factory made a game with
/// @notice Stands behind the calldata of every call to a clone, and then its length plus 2, in 2 bytes:
///         creator 20, root claim 32, L1 head 32, type 4; then the extra data of the proposal; then the
///         arguments of the type.
abstract contract CloneArguments {
    /// Bytes before the extra data.
    uint256 internal constant HEAD = 88;

    /// @notice Who proposed.
    function gameCreator() public pure returns (address) {
        return _address(0);
    }

    /// @notice The root proposed.
    function rootClaim() public pure returns (bytes32) {
        return _argument(20);
    }

    /// @notice Hash of the L1 block before the game's creation.
    function l1Head() public pure returns (bytes32) {
        return _argument(52);
    }

    /// @notice The type under which the factory made the game.
    function gameType() public pure returns (uint32) {
        return uint32(bytes4(_argument(84)));
    }

    /// @notice What the proposal was made with besides its root, as the factory was given it.
    function extraData() public pure virtual returns (bytes memory);

    /// @notice What identifies the game in the factory.
    function gameData() external pure returns (uint32, bytes32, bytes memory) {
        return (gameType(), rootClaim(), extraData());
    }

    function _address(uint256 offset) internal pure returns (address) {
        return address(bytes20(_argument(offset)));
    }

    function _argument(uint256 offset) internal pure returns (bytes32 word) {
        assembly ("memory-safe") {
            let size := shr(240, calldataload(sub(calldatasize(), 2)))
            word := calldataload(add(sub(calldatasize(), size), offset))
        }
    }
}
