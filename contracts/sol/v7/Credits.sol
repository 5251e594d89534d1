// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.28;

import { BondTransferFailed, NoCreditToClaim } from "../game/Errors.sol";
import { Claims } from "./Claims.sol";
import { GameNotFinalized, GameNotResolved, GamePaused } from "./Errors.sol";
import { GameArguments } from "./GameArguments.sol";
import { BondDistributionMode, IAnchorStateRegistry, IDisputeGame } from "./Interfaces.sol";

/// @title Credits: who gets the bonds of a game, and when
/// @notice A game that is over is closed, once the judge has had its time: for good, its bonds then go
///         to whoever won them, or back to whoever posted them where the judge has struck the game off.
///         An account is paid in two steps: its credit is unlocked in the vault, and withdrawn from
///         there when the vault's delay is over.
abstract contract Credits is GameArguments, Claims {
    /// What an account has in a game, in wei: more than there is ether.
    struct Account {
        /// Won, as far as subgames are resolved.
        uint120 normal;
        /// Posted.
        uint120 refund;
        /// Whether the first step was made.
        bool unlocked;
    }

    /// @notice Who gets the bonds was decided.
    event GameClosed(BondDistributionMode bondDistributionMode);

    mapping(address => Account) private _accounts;

    /// @notice Decides who gets the bonds, once the judge's time is over; and offers the proposal as the
    ///         anchor. Does nothing where that was done.
    function closeGame() public virtual {
        if (bondDistributionMode != BondDistributionMode.UNDECIDED) return;
        _requireNoPause();
        _close();
    }

    /// @notice Takes the next step towards an account's payment; closes the game first.
    function claimCredit(address recipient) external {
        closeGame();
        Account memory account = _accounts[recipient];
        uint256 wei_ = bondDistributionMode == BondDistributionMode.REFUND ? account.refund : account.normal;
        if (!account.unlocked) {
            _accounts[recipient].unlocked = true;
            weth().unlock(recipient, wei_);
            return;
        }
        if (wei_ == 0) revert NoCreditToClaim();
        // Before anything is called.
        _accounts[recipient] = Account(0, 0, true);
        weth().withdraw(recipient, wei_);
        (bool success,) = recipient.call{ value: wei_ }("");
        if (!success) revert BondTransferFailed();
    }

    /// @notice What an account gets: what it won, while nothing else is decided.
    function credit(address account) external view returns (uint256) {
        bool refund = bondDistributionMode == BondDistributionMode.REFUND;
        return refund ? _accounts[account].refund : _accounts[account].normal;
    }

    /// @notice Wei that an account has won.
    function normalModeCredit(address account) external view returns (uint256) {
        return _accounts[account].normal;
    }

    /// @notice Wei that an account has posted.
    function refundModeCredit(address account) external view returns (uint256) {
        return _accounts[account].refund;
    }

    /// @notice Whether the credit of an account was unlocked.
    function hasUnlockedCredit(address account) external view returns (bool) {
        return _accounts[account].unlocked;
    }

    /// Takes what was sent as the bond of an account.
    function _post(address account) internal {
        _accounts[account].refund += uint120(msg.value);
        weth().deposit{ value: msg.value }();
    }

    /// Gives a bond to an account.
    function _award(address account, uint120 bond) internal {
        _accounts[account].normal += bond;
    }

    /// A pause makes every game improper for a time: that is no reason to give the bonds back.
    function _requireNoPause() internal view {
        if (anchorStateRegistry().paused()) revert GamePaused();
    }

    /// Decides who gets the bonds.
    function _close() internal {
        IAnchorStateRegistry judge = anchorStateRegistry();
        if (resolvedAt == 0) revert GameNotResolved();
        IDisputeGame game = IDisputeGame(address(this));
        if (!judge.isGameFinalized(game)) revert GameNotFinalized();
        // It may be older than the anchor, or lost; that matters to nobody here.
        try judge.setAnchorState(game) { } catch { }
        BondDistributionMode mode =
            judge.isGameProper(game) ? BondDistributionMode.NORMAL : BondDistributionMode.REFUND;
        bondDistributionMode = mode;
        emit GameClosed(mode);
    }
}
