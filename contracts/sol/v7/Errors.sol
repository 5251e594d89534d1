// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.28;

// Reasons for refusal that the contracts of 2024 have not, under upstream's names; the others are in
// `game/Errors.sol`.

// The game.
/// @notice Closing waits until the guardian's pause is over.
error GamePaused();
/// @notice The game has not been resolved.
error GameNotResolved();
/// @notice The time between resolution and closing is not over.
error GameNotFinalized();
/// @notice Only the proposer and the challenger of this game may do this.
error BadAuth();
/// @notice The game is about another chain.
error UnknownChainId();

// A super game.
/// @notice No super root has this hash: it is what is claimed of an invalid state.
error SuperFaultDisputeGameInvalidRootClaim();
/// @notice The version of the super root is not known.
error Encoding_InvalidSuperRootVersion();
/// @notice The arguments name a chain, of which a super game has none.
error NoChainIdNeeded();

// The anchor registry.
/// @notice The game is not valid, or not newer than the anchor.
error AnchorStateRegistry_InvalidAnchorGame();
/// @notice Only the guardian may do this.
error AnchorStateRegistry_Unauthorized();

// The configuration.
/// @notice Only the guardian may do this.
error SuperchainConfig_OnlyGuardian();
/// @notice This pause has been set, and neither taken back nor extended.
error SuperchainConfig_AlreadyPaused(address identifier);
/// @notice There is no such pause to extend.
error SuperchainConfig_NotAlreadyPaused(address identifier);
