// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.28;

/// @title Owned: a contract with an owner, who may pass it on
/// @notice In one step, as upstream's do, or in two: the owner names a successor, and the successor
///         accepts. After two steps the owner is an account that somebody has the key of.
abstract contract Owned {
    /// @notice The owner changed.
    event OwnershipTransferred(address indexed previousOwner, address indexed newOwner);
    /// @notice The owner has named a successor; zero where it has taken that back.
    event OwnershipOffered(address indexed currentOwner, address indexed offeredTo);

    /// @notice The owner; zero for none.
    address public owner;
    /// @notice Who may become the owner; zero for nobody.
    address public successor;

    /// @param owner_ The owner; not zero.
    constructor(address owner_) {
        require(owner_ != address(0), "Ownable: new owner is the zero address");
        _transferOwnership(owner_);
    }

    modifier onlyOwner() {
        require(msg.sender == owner, "Ownable: caller is not the owner");
        _;
    }

    /// @notice Makes another account the owner, at once.
    /// @param newOwner That account; not zero.
    function transferOwnership(address newOwner) external onlyOwner {
        require(newOwner != address(0), "Ownable: new owner is the zero address");
        _transferOwnership(newOwner);
    }

    /// @notice Names who is to be the owner. Until that account accepts, the owner stays.
    /// @param successor_ That account; zero takes the offer back.
    function offerOwnership(address successor_) external onlyOwner {
        successor = successor_;
        emit OwnershipOffered(msg.sender, successor_);
    }

    /// @notice Makes the sender the owner, if it was named.
    function acceptOwnership() external {
        require(msg.sender == successor, "Ownable: caller is not the successor");
        _transferOwnership(msg.sender);
    }

    /// @notice Leaves the contract without an owner.
    function renounceOwnership() external onlyOwner {
        _transferOwnership(address(0));
    }

    function _transferOwnership(address newOwner) private {
        emit OwnershipTransferred(owner, newOwner);
        owner = newOwner;
        // An offer is the former owner's.
        delete successor;
    }
}
