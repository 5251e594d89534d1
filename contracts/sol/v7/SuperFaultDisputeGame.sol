// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.28;

import { AlreadyInitialized, BadExtraData, InvalidLocalIdent, UnexpectedRootClaim } from "../game/Errors.sol";
import { IBigStepper, IDelayedWETH } from "../game/Interfaces.sol";
import { DisputeGame } from "./DisputeGame.sol";
import { NoChainIdNeeded, SuperFaultDisputeGameInvalidRootClaim } from "./Errors.sol";
import { BondDistributionMode, IAnchorStateRegistry, Proposal } from "./Interfaces.sol";
import { SuperProposal } from "./SuperProposal.sol";

/// @title SuperFaultDisputeGame: a super root, contested claim by claim down to one instruction
/// @notice Behaves as upstream's 0.8.0: its functions, events, reasons for refusal and every number.
///         Storage is laid out differently, for less gas.
///
///         Claims down to the split depth are about states between two super roots, 128 to a second: the
///         sequence number of anchor and proposal is a timestamp. All below is as in a
///         `FaultDisputeGame`. That a proposal is of another time cannot be, and so not be challenged.
contract SuperFaultDisputeGame is SuperProposal, DisputeGame {
    /// Prestate 32, VM 20, registry 20, vault 20, chain id 32, which is none.
    uint256 private constant TYPE_ARGUMENTS = 124;
    /// What is claimed of an invalid state.
    bytes32 private constant INVALID_STATE = keccak256("invalid");

    constructor(Parameters memory p) DisputeGame(p) { }

    /// @notice Version of upstream's game that this one behaves as. Tools choose by it how to talk.
    function version() external pure returns (string memory) {
        return "0.8.0";
    }

    /// @notice Makes the root claim. Called once, by the factory, with the bond that it asks for.
    function initialize() external payable {
        if (_initialized) revert AlreadyInitialized();
        _requireSuperRootLength();
        // No super root has this hash.
        if (rootClaim() == INVALID_STATE) revert SuperFaultDisputeGameInvalidRootClaim();
        _requireSuperRoot();
        Proposal memory anchor = _anchor();
        _checkChallengePeriod();
        // It stands in the arguments for the sake of their length.
        if (_typeArgument(32) != 0) revert NoChainIdNeeded();
        if (l2SequenceNumber() <= anchor.l2SequenceNumber) revert UnexpectedRootClaim(rootClaim());
        _begin(anchor);
    }

    /// @notice Decides who gets the bonds, see `Credits`. A pause stops that also where it was done: so
    ///         it stops payments.
    function closeGame() public override {
        _requireNoPause();
        if (bondDistributionMode == BondDistributionMode.UNDECIDED) _close();
    }

    /// @notice What both sides agree on: the anchor at the game's creation.
    function startingProposal() external view returns (bytes32 root, uint256 l2SequenceNumber) {
        return (_starting.root, _starting.l2SequenceNumber);
    }

    /// @notice Timestamp of the anchor that the game starts from.
    function startingSequenceNumber() external view returns (uint256) {
        return _starting.l2SequenceNumber;
    }

    /// @notice Claim about the VM state before the first instruction.
    function absolutePrestate() public pure override returns (bytes32) {
        return _typeArgument(124);
    }

    /// @notice Runs the one instruction.
    function vm() public pure override returns (IBigStepper) {
        return IBigStepper(address(bytes20(_typeArgument(92))));
    }

    /// @notice Knows where games start, and which count.
    function anchorStateRegistry() public pure override returns (IAnchorStateRegistry) {
        return IAnchorStateRegistry(address(bytes20(_typeArgument(72))));
    }

    /// @notice Keeps the bonds.
    function weth() public pure override returns (IDelayedWETH) {
        return IDelayedWETH(address(bytes20(_typeArgument(52))));
    }

    function _typeArgumentBytes() internal pure override returns (uint256) {
        return TYPE_ARGUMENTS;
    }

    /// The game's own timestamp, wherever in the trace the dispute is: a program that is to go further must not.
    function _localNumber(uint256 ident, uint128) internal pure override returns (uint256) {
        if (ident != SEQUENCE_NUMBER) revert InvalidLocalIdent();
        return l2SequenceNumber();
    }
}
