// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.28;

interface IReadableOracle {
    function readPreimage(bytes32 key, uint256 offset) external view returns (bytes32 dat, uint256 datLen);
}

/// @title AlphabetVm: a state is a letter, the next state the next letter
/// @notice The toy with which upstream tests its game, for executions of up to 16 instructions.
contract AlphabetVm {
    /// @notice Knows which block the first letter stands for.
    IReadableOracle public immutable oracle;
    bytes32 private immutable _absolutePrestate;

    constructor(bytes32 absolutePrestate, IReadableOracle oracle_) {
        (_absolutePrestate, oracle) = (absolutePrestate, oracle_);
    }

    /// @notice The claim about the next letter.
    function step(bytes calldata stateData, bytes calldata, bytes32 localContext) external view returns (bytes32) {
        uint256 index;
        uint256 letter;
        if (keccak256(stateData) << 8 == _absolutePrestate << 8) {
            // The local datum 4, the disputed block's number, as the calling game loaded it.
            bytes32 key = keccak256(abi.encode(uint256(1) << 248 | 4, msg.sender, localContext));
            (bytes32 part,) = oracle.readPreimage(bytes32(uint256(1) << 248 | uint256(key) << 8 >> 8), 0);
            index = (uint256(uint32(uint256(part) >> 128)) - 1) << 4;
            letter = abi.decode(stateData, (uint256)) + index;
        } else {
            (index, letter) = abi.decode(stateData, (uint256, uint256));
            (index, letter) = (index + 1, letter + 1);
        }
        // With the status of an execution that found the output wrong.
        return bytes32(uint256(1) << 248 | uint256(keccak256(abi.encode(index, letter))) << 8 >> 8);
    }
}
