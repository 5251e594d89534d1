// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.28;

/// @title Receiver: what an account may do when it is paid
contract Receiver {
    bool private _refuses;
    bool private _insists;
    address private _target;
    bytes private _data;

    /// @notice Refuses all money.
    function refuse() external {
        _refuses = true;
    }

    /// @notice Makes a call before it accepts.
    /// @param insists Whether to refuse the money if the call fails.
    function callBack(address target, bytes calldata data, bool insists) external {
        (_target, _data, _insists) = (target, data, insists);
    }

    receive() external payable {
        require(!_refuses);
        if (_target == address(0)) return;
        (bool success,) = _target.call(_data);
        require(success || !_insists);
    }
}
