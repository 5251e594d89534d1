// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.28;

/// @title ScriptedVm: a VM that answers as it was told to
/// @notice For games over made-up executions. An answer is bound to the game, the state, the proof and the
///         local context, so that a game which asks anything else is found out.
contract ScriptedVm {
    /// @notice The question has no answer.
    error Unexpected();

    /// @notice The pre-image oracle of the games.
    address public immutable oracle;
    mapping(bytes32 => bytes) private _answers;

    constructor(address oracle_) {
        oracle = oracle_;
    }

    /// @notice Sets the answer to a question: a word to return after the byte 1, or what to revert with
    ///         after the byte 0.
    function expect(address game, bytes calldata stateData, bytes calldata proof, bytes32 context, bytes calldata answer)
        external
    {
        _answers[keccak256(abi.encode(game, stateData, proof, context))] = answer;
    }

    /// @notice Gives the answer.
    function step(bytes calldata stateData, bytes calldata proof, bytes32 context) external view returns (bytes32) {
        bytes memory answer = _answers[keccak256(abi.encode(msg.sender, stateData, proof, context))];
        if (answer.length == 0) revert Unexpected();
        bool succeeds = answer[0] != 0;
        assembly ("memory-safe") {
            let size := sub(mload(answer), 1)
            if iszero(succeeds) { revert(add(answer, 0x21), size) }
            return(add(answer, 0x21), size)
        }
    }
}
