// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.28;

import { Owned } from "../game/Owned.sol";
import { WrappedEther } from "../game/WrappedEther.sol";
import { ISuperchainConfig, ISystemConfig } from "./Interfaces.sol";

/// @title DelayedWETH: wrapped ether with delayed withdrawal, the vault of the bonds
/// @notice Behaves as upstream's 1.5.1. A game deposits bonds to its own account, unlocks what a player
///         gets, and can withdraw that for the player once the delay since the last unlock is over.
///         Meanwhile the owner can intervene.
contract DelayedWETH is Owned, WrappedEther {
    /// @notice What an account has unlocked for a player.
    struct WithdrawalRequest {
        /// In wei.
        uint256 amount;
        /// L1 time of the last unlock, in seconds.
        uint256 timestamp;
    }

    /// @notice Version of the behaviour.
    string public constant version = "1.5.1";

    /// @notice Seconds between unlock and withdrawal.
    uint256 public immutable delay;
    /// @notice Tells whether withdrawals are stopped.
    ISystemConfig public immutable systemConfig;

    /// @notice What the first account has unlocked for the second.
    mapping(address account => mapping(address player => WithdrawalRequest)) public withdrawals;

    /// @param delay_ Seconds between unlock and withdrawal.
    /// @param owner_ Who may intervene.
    /// @param systemConfig_ Tells whether withdrawals are stopped.
    constructor(uint256 delay_, address owner_, ISystemConfig systemConfig_) Owned(owner_) {
        delay = delay_;
        systemConfig = systemConfig_;
    }

    /// @notice Where the guardian is named.
    function config() external view returns (ISuperchainConfig) {
        return systemConfig.superchainConfig();
    }

    /// @notice Adds to what the sender has unlocked for a player, and starts the delay again.
    /// @param player Whom it is for.
    /// @param amount How much more, in wei.
    function unlock(address player, uint256 amount) external {
        WithdrawalRequest storage request = withdrawals[msg.sender][player];
        request.timestamp = block.timestamp;
        request.amount += amount;
    }

    /// @notice Pays the sender some of what it has unlocked for itself.
    /// @param amount How much, in wei.
    function withdraw(uint256 amount) external {
        withdraw(msg.sender, amount);
    }

    /// @notice Pays the sender some of what it has unlocked for a player.
    /// @param player Whom it was unlocked for.
    /// @param amount How much, in wei.
    function withdraw(address player, uint256 amount) public {
        require(!systemConfig.paused(), "DelayedWETH: contract is paused");
        WithdrawalRequest storage request = withdrawals[msg.sender][player];
        uint256 unlocked = request.amount;
        uint256 since = request.timestamp;
        require(unlocked >= amount, "DelayedWETH: insufficient unlocked withdrawal");
        require(since > 0, "DelayedWETH: withdrawal not unlocked");
        require(since + delay <= block.timestamp, "DelayedWETH: withdrawal delay not met");
        unchecked {
            request.amount = unlocked - amount;
        }
        _take(msg.sender, amount);
        // `transfer` gives 2,300 gas: the sender can take the ether and do nothing else.
        payable(msg.sender).transfer(amount);
        emit Withdrawal(msg.sender, amount);
    }

    /// @notice Takes ether out for the owner, whoever it belongs to.
    /// @param amount How much, in wei; all that there is, where that is less.
    function recover(uint256 amount) external {
        require(msg.sender == owner, "DelayedWETH: not owner");
        uint256 available = address(this).balance;
        (bool success,) = msg.sender.call{ value: amount < available ? amount : available }("");
        require(success, "DelayedWETH: recover failed");
    }

    /// @notice Takes all tokens of an account for the owner.
    /// @param account Whose tokens they are.
    function hold(address account) external {
        hold(account, balanceOf[account]);
    }

    /// @notice Takes tokens of an account for the owner.
    /// @param account Whose tokens they are.
    /// @param amount How much, in wei.
    function hold(address account, uint256 amount) public {
        require(msg.sender == owner, "DelayedWETH: not owner");
        // Leave of the owner to transfer just this, used up at once; it needs none for its own.
        emit Approval(account, msg.sender, amount);
        allowance[account][msg.sender] = account == msg.sender ? amount : 0;
        _take(account, amount);
        balanceOf[msg.sender] += amount;
        emit Transfer(account, msg.sender, amount);
    }
}
