// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.28;

import "../game/Errors.sol";
import { HeaderRlp } from "../game/HeaderRlp.sol";
import { OutputRootProof } from "../game/Interfaces.sol";
import { Positions } from "../game/Positions.sol";
import { Arguments } from "./Arguments.sol";
import { DisputeGame } from "./DisputeGame.sol";
import { Proposal } from "./Interfaces.sol";

/// @title FaultDisputeGame: an output root, contested claim by claim down to one instruction
/// @notice Behaves as upstream's game of June 2026 (2.4.2): its functions, events, reasons for refusal
///         and every number. Storage is laid out differently, for less gas. Claims down to the split
///         depth are output roots, by block.
contract FaultDisputeGame is Arguments, DisputeGame {
    using Positions for uint128;

    /// @notice Who showed that the root's L2 block number is wrong.
    address public l2BlockNumberChallenger;

    constructor(Parameters memory p) DisputeGame(p) { }

    /// @notice Version of upstream's game that this one behaves as. Tools choose by it how to talk.
    function version() external pure virtual returns (string memory) {
        return "2.4.2";
    }

    /// @notice Makes the root claim. Called once, by the factory, with the bond that it asks for.
    function initialize() external payable {
        if (_initialized) revert AlreadyInitialized();
        // Other extra data would be another game about the same proposal.
        if (msg.data.length != 4 + _argumentBytes() + 2) revert BadExtraData();
        Proposal memory anchor = _anchor();
        uint256 number = l2BlockNumber();
        if (number <= anchor.l2SequenceNumber || number > type(uint64).max) revert UnexpectedRootClaim(rootClaim());
        _checkChallengePeriod();
        _begin(anchor);
        _authorizeCreation();
    }

    /// @notice Whether the root's L2 block number was shown to be wrong.
    function l2BlockNumberChallenged() public view returns (bool) {
        return _blockNumberChallenged;
    }

    /// @notice What both sides agree on: the anchor at the game's creation.
    function startingOutputRoot() external view returns (bytes32 root, uint256 l2SequenceNumber) {
        return (_starting.root, _starting.l2SequenceNumber);
    }

    /// @notice L2 block of the anchor that the game starts from.
    function startingBlockNumber() external view returns (uint256) {
        return _starting.l2SequenceNumber;
    }

    /// @notice Shows that the output root proposed belongs to another L2 block than the proposal says.
    ///         That counters the root for good: its bond goes to the caller.
    /// @param headerRLP The header of the block that the root belongs to.
    function challengeRootL2Block(OutputRootProof calldata outputRootProof, bytes calldata headerRLP)
        external
        inProgress
    {
        if (_blockNumberChallenged) revert L2BlockNumberChallenged();
        if (keccak256(abi.encode(outputRootProof)) != rootClaim()) revert InvalidOutputRootProof();
        if (keccak256(headerRLP) != outputRootProof.latestBlockhash) revert InvalidHeaderRLP();
        if (HeaderRlp.blockNumber(headerRLP) == l2BlockNumber()) revert BlockNumberMatches();
        l2BlockNumberChallenger = msg.sender;
        _blockNumberChallenged = true;
    }

    /// May refuse who has the game created.
    function _authorizeCreation() internal view virtual { }

    /// The block that the position stands for, but never one after the proposal's; or the chain's id.
    function _localNumber(uint256 ident, uint128 disputed) internal view override returns (uint256) {
        if (ident == CHAIN_ID) return l2ChainId();
        if (ident != SEQUENCE_NUMBER) revert InvalidLocalIdent();
        uint256 number = _starting.l2SequenceNumber + disputed.traceIndex(splitDepth) + 1;
        return number > l2BlockNumber() ? l2BlockNumber() : number;
    }

    function _requireRootOpen() internal view override {
        if (_blockNumberChallenged) revert L2BlockNumberChallenged();
    }

    function _rootWinner(address winner) internal view override returns (address) {
        return _blockNumberChallenged ? l2BlockNumberChallenger : winner;
    }
}
