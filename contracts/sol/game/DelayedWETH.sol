// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.28;

import { ISuperchainConfig } from "./Interfaces.sol";
import { Owned } from "./Owned.sol";

/// @title DelayedWETH: wrapped ether with delayed withdrawal, the vault of the bonds
/// @notice A game deposits bonds to its own account, unlocks what a player has won, and can withdraw
///         that for the player once the delay since the last unlock is over. Meanwhile the owner can
///         intervene.
contract DelayedWETH is Owned {
    /// @notice What an account has unlocked for a player.
    struct WithdrawalRequest {
        uint256 amount;
        uint256 timestamp;
    }

    event Deposit(address indexed dst, uint256 wad);
    event Withdrawal(address indexed src, uint256 wad);
    event Transfer(address indexed src, address indexed dst, uint256 wad);
    event Approval(address indexed src, address indexed guy, uint256 wad);

    string public constant name = "Wrapped Ether";
    string public constant symbol = "WETH";
    uint8 public constant decimals = 18;
    /// @notice Version of the behaviour.
    string public constant version = "1.2.0";

    /// @notice Seconds between unlock and withdrawal.
    uint256 public immutable delay;
    /// @notice Tells whether withdrawals are stopped.
    ISuperchainConfig public immutable config;

    /// @notice Wei of an account.
    mapping(address => uint256) public balanceOf;
    /// @notice Wei of the first account that the second may transfer.
    mapping(address => mapping(address => uint256)) public allowance;
    /// @notice What the first account has unlocked for the second.
    mapping(address => mapping(address => WithdrawalRequest)) public withdrawals;

    constructor(uint256 delay_, address owner_, ISuperchainConfig config_) Owned(owner_) {
        delay = delay_;
        config = config_;
    }

    receive() external payable {
        deposit();
    }

    fallback() external payable {
        deposit();
    }

    /// @notice Takes in what is sent, for the sender.
    function deposit() public payable {
        balanceOf[msg.sender] += msg.value;
        emit Deposit(msg.sender, msg.value);
    }

    /// @notice Wei in the vault.
    function totalSupply() external view returns (uint256) {
        return address(this).balance;
    }

    /// @notice Adds to what the sender has unlocked for a player, and starts the delay again.
    function unlock(address guy, uint256 wad) external {
        WithdrawalRequest storage request = withdrawals[msg.sender][guy];
        request.timestamp = block.timestamp;
        request.amount += wad;
    }

    /// @notice Pays the sender what it has unlocked for itself.
    function withdraw(uint256 wad) external {
        withdraw(msg.sender, wad);
    }

    /// @notice Pays the sender some of what it has unlocked for a player.
    function withdraw(address guy, uint256 wad) public {
        require(!config.paused(), "DelayedWETH: contract is paused");
        WithdrawalRequest storage request = withdrawals[msg.sender][guy];
        require(request.amount >= wad, "DelayedWETH: insufficient unlocked withdrawal");
        require(request.timestamp > 0, "DelayedWETH: withdrawal not unlocked");
        require(request.timestamp + delay <= block.timestamp, "DelayedWETH: withdrawal delay not met");
        request.amount -= wad;
        require(balanceOf[msg.sender] >= wad);
        balanceOf[msg.sender] -= wad;
        // With so little gas the sender can do nothing but take it.
        payable(msg.sender).transfer(wad);
        emit Withdrawal(msg.sender, wad);
    }

    /// @notice Allows an account to transfer money of the sender.
    function approve(address guy, uint256 wad) external returns (bool) {
        _approve(msg.sender, guy, wad);
        return true;
    }

    /// @notice Transfers money of the sender.
    function transfer(address dst, uint256 wad) external returns (bool) {
        return transferFrom(msg.sender, dst, wad);
    }

    /// @notice Transfers money as far as the sender is allowed to.
    function transferFrom(address src, address dst, uint256 wad) public returns (bool) {
        require(balanceOf[src] >= wad);
        if (src != msg.sender && allowance[src][msg.sender] != type(uint256).max) {
            require(allowance[src][msg.sender] >= wad);
            allowance[src][msg.sender] -= wad;
        }
        balanceOf[src] -= wad;
        balanceOf[dst] += wad;
        emit Transfer(src, dst, wad);
        return true;
    }

    /// @notice Takes ether out for the owner, whoever it belongs to: at most `wad`, at most all.
    function recover(uint256 wad) external {
        require(msg.sender == owner, "DelayedWETH: not owner");
        uint256 amount = wad < address(this).balance ? wad : address(this).balance;
        (bool success,) = msg.sender.call{ value: amount }("");
        require(success, "DelayedWETH: recover failed");
    }

    /// @notice Allows the owner to transfer money of an account.
    function hold(address guy, uint256 wad) external {
        require(msg.sender == owner, "DelayedWETH: not owner");
        _approve(guy, msg.sender, wad);
    }

    function _approve(address src, address guy, uint256 wad) private {
        allowance[src][guy] = wad;
        emit Approval(src, guy, wad);
    }
}
