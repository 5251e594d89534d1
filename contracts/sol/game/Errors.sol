// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.28;

// The reasons for refusal, under upstream's names, so that tools read both alike.

// Creation of a game.
/// @notice The factory has no game of this type.
error NoImplementation(uint32 gameType);
/// @notice A game about the same proposal exists.
error GameAlreadyExists(bytes32 uuid);
/// @notice The clone could not be deployed.
error DeploymentFailed();
/// @notice The game has been initialized already.
error AlreadyInitialized();
/// @notice There is no anchor for this type of game.
error AnchorRootNotFound();
/// @notice The extra data must be exactly the 32 bytes of an L2 block number.
error BadExtraData();

// Parameters of an implementation.
/// @notice A game is at most 125 levels deep.
error MaxDepthTooLarge();
/// @notice The split depth must be at least 2, and at least 2 above the deepest level.
error InvalidSplitDepth();
/// @notice The oracle's challenge period does not fit 64 bits.
error InvalidChallengePeriod();
/// @notice The longest clock extension does not fit the clock.
error InvalidClockExtension();
/// @notice A fee sample must hold the clocks for some time, at most the cap, at most the clock.
error InvalidFeeSpikes();

// Moves.
/// @notice The game has been resolved.
error GameNotInProgress();
/// @notice The claim at this index is not the one meant; L1 may have reorganised.
error InvalidDisputedClaimIndex();
/// @notice A root commits to everything below it and can only be attacked.
error CannotDefendRootClaim();
/// @notice The root's L2 block number has been challenged already.
error L2BlockNumberChallenged();
/// @notice The position lies below the deepest level of the game.
error GameDepthExceeded();
/// @notice The proposal is not above the anchor, or the status byte of an execution's root is not the
///         one that its place asks for.
error UnexpectedRootClaim(bytes32 rootClaim);
/// @notice The value sent is not exactly the bond asked for.
error IncorrectBondAmount();
/// @notice The chess clock of the mover's side has run out.
error ClockTimeExceeded();
/// @notice The same claim has been made against the same parent.
error ClaimAlreadyExists();

// Steps.
/// @notice A step can only be made against a claim at the deepest level.
error InvalidParent();
/// @notice The state given is not the pre-image of the pre-state claimed.
error InvalidPrestate();
/// @notice The step shows nothing wrong with the claim.
error ValidStep();
/// @notice The claim has been countered already.
error DuplicateStep();
/// @notice There is no local datum with this identifier.
error InvalidLocalIdent();
/// @notice The claim is about an output root, not about an execution.
error ClaimAboveSplit();

// The L2 block number.
/// @notice The proof is not the pre-image of the root claim.
error InvalidOutputRootProof();
/// @notice The header does not belong to the output root, or its number is malformed.
error InvalidHeaderRLP();
/// @notice The header's number is the one that was proposed.
error BlockNumberMatches();

// Resolution and payment.
/// @notice The chess clock of those who could answer is still running.
error ClockNotExpired();
/// @notice The subgame of this claim has been resolved already.
error ClaimAlreadyResolved();
/// @notice A subgame below has not been resolved yet.
error OutOfOrderResolution();
/// @notice The account has no credit in this game.
error NoCreditToClaim();
/// @notice The recipient did not accept the money.
error BondTransferFailed();

// The anchor registry.
/// @notice The factory does not know this game.
error UnregisteredGame();
/// @notice The game was not resolved in favour of its root claim.
error InvalidGameStatus();
/// @notice Only the guardian may do this.
error Unauthorized();

// RLP.
/// @notice An RLP item has no bytes.
error EmptyItem();
/// @notice An RLP list was expected, not a string.
error UnexpectedString();
/// @notice An RLP string was expected, not a list.
error UnexpectedList();
/// @notice An RLP item has bytes behind its end.
error InvalidDataRemainder();
/// @notice An RLP item is shorter than its header says.
error ContentLengthMismatch();
/// @notice An RLP header is not in its shortest form.
error InvalidHeader();

// Fixed-point arithmetic.
/// @notice An exponential does not fit.
error ExpOverflow();
