// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.28;

import { Bonds } from "../game/Bonds.sol";
import "../game/Errors.sol";
import { GameStatus } from "../game/Interfaces.sol";
import { Positions } from "../game/Positions.sol";
import { Claims } from "./Claims.sol";
import { Credits } from "./Credits.sol";
import { Proposal } from "./Interfaces.sol";

/// @title DisputeGame: a root, contested claim by claim down to one instruction
/// @notice Claims down to the split depth are about roots; those below are states of the VM that derives
///         one from the other, by instruction. Each takes a bond, and is answered by an attack ("it is
///         wrong") or a defence ("it is right, what follows is wrong"). Against a claim at the deepest
///         level an instruction is run. Each side has a chess clock. When all have run out, every claim's
///         bond goes to whoever won its subgame, from the leaves up.
///
///         What the roots are of, and how one is proposed, is for the games that derive from this one.
abstract contract DisputeGame is Credits {
    using Positions for uint128;

    /// @notice What an implementation is made of. Encoded as four plain arguments, like upstream's.
    struct Parameters {
        /// Depth of the deepest claims.
        uint256 maxGameDepth;
        /// Depth of the deepest claims about roots.
        uint256 splitDepth;
        /// Least time that a side is left with after its move, in seconds.
        uint64 clockExtension;
        /// Time each side has, in seconds.
        uint64 maxClockDuration;
    }

    /// @notice The game ended.
    event Resolved(GameStatus indexed status);
    /// @notice A claim was made.
    event Move(uint256 indexed parentIndex, bytes32 indexed claim, address indexed claimant);

    // What the first byte of a claim about the last state of an execution says.
    uint8 private constant VALID = 0;
    uint8 private constant INVALID = 1;
    uint8 private constant PANIC = 2;

    // Identifiers of local data.
    uint256 private constant L1_HEAD = 1;
    uint256 private constant STARTING_ROOT = 2;
    uint256 private constant DISPUTED_ROOT = 3;
    uint256 internal constant SEQUENCE_NUMBER = 4;
    uint256 internal constant CHAIN_ID = 5;

    /// @notice Depth of the deepest claims; a step contests those.
    uint256 public immutable maxGameDepth;
    /// @notice Least time that a side is left with after its move, in seconds, but for two depths.
    uint64 public immutable clockExtension;
    /// Logarithm of the growth of the bonds from one level to the next.
    int256 private immutable _bondGrowth;

    constructor(Parameters memory p) Claims(p.splitDepth, p.maxClockDuration) {
        if (p.maxGameDepth > Positions.MAX_BITS - 1) revert MaxDepthTooLarge();
        if (p.splitDepth >= p.maxGameDepth || p.splitDepth + 1 >= p.maxGameDepth || p.splitDepth < 2) {
            revert InvalidSplitDepth();
        }
        if (2 * uint256(p.clockExtension) > p.maxClockDuration) revert InvalidClockExtension();
        (maxGameDepth, clockExtension) = (p.maxGameDepth, p.clockExtension);
        _bondGrowth = Bonds.growth(p.maxGameDepth);
    }

    // Play.

    /// @notice Answers a claim by another. Takes the bond.
    /// @param disputed The value that the mover takes the claim to have: a guard against L1 reorganising
    ///        another claim into its place.
    /// @param challengeIndex Index of the claim answered.
    /// @param claim The value claimed.
    function move(bytes32 disputed, uint256 challengeIndex, bytes32 claim, bool isAttack) public payable {
        _authorize();
        _requireInProgress();
        Node storage parent = _claims[challengeIndex];
        if (parent.claim != disputed) revert InvalidDisputedClaimIndex();
        uint128 parentPosition = parent.position;
        uint128 position = parentPosition.answered(isAttack);
        uint256 depth = position.depth();
        if (!isAttack && (challengeIndex == 0 || depth == splitDepth + 2)) revert CannotDefendRootClaim();
        if (challengeIndex == 0) _requireRootOpen();
        if (depth > maxGameDepth) revert GameDepthExceeded();
        if (depth == splitDepth + 1) _checkExecutionRoot(claim, challengeIndex, parentPosition, isAttack);
        if (msg.value != Bonds.required(_bondGrowth, depth)) revert IncorrectBondAmount();

        uint64 duration = _challengerDuration(parent);
        if (duration == maxClockDuration) revert ClockTimeExceeded();
        // A later answer of this side may come from somebody who inherits the clock of another's slow
        // moves: it is left with the extension at least.
        uint64 most = maxClockDuration - _extension(depth);
        if (duration > most) duration = most;

        bytes32 key = keccak256(abi.encode(claim, uint256(position) << 128 | challengeIndex));
        if (claims[key]) revert ClaimAlreadyExists();
        claims[key] = true;
        _answers[challengeIndex].push(uint32(_claims.length));
        _push(uint32(challengeIndex), msg.sender, claim, position, duration);
        _post(msg.sender);
        emit Move(challengeIndex, claim, msg.sender);
    }

    /// @notice Answers a claim: it is wrong.
    function attack(bytes32 disputed, uint256 parentIndex, bytes32 claim) external payable {
        move(disputed, parentIndex, claim, true);
    }

    /// @notice Answers a claim: it is right, what follows from it is wrong.
    function defend(bytes32 disputed, uint256 parentIndex, bytes32 claim) external payable {
        move(disputed, parentIndex, claim, false);
    }

    /// @notice Counters a claim at the deepest level by running an instruction. Takes no bond, and looks
    ///         at no clock.
    /// @param isAttack Attack: the claim is not what the instruction before it gives. Defence: the claim
    ///        is right, what follows from it is not the state claimed next.
    /// @param stateData The VM's pre-state, packed.
    /// @param proof What the VM needs to check the instruction.
    function step(uint256 claimIndex, bool isAttack, bytes calldata stateData, bytes calldata proof)
        external
    {
        _authorize();
        _requireInProgress();
        Node storage contested = _claims[claimIndex];
        uint128 position = contested.position;
        if (position.depth() != maxGameDepth) revert InvalidParent();

        bytes32 pre = contested.claim;
        Node storage post = contested;
        if (!isAttack) {
            post = _claims[_ancestor((position + 1).traceAncestorBelow(splitDepth), contested.parentIndex)];
        } else if (position & ((1 << (maxGameDepth - splitDepth - 1)) - 1) == 0) {
            // The left-most leaf of its execution.
            pre = absolutePrestate();
        } else {
            pre = _claims[_ancestor((position - 1).traceAncestorBelow(splitDepth), contested.parentIndex)].claim;
        }
        // The status byte was put over the hash's first byte, so that one cannot be compared.
        if (keccak256(stateData) << 8 != pre << 8) revert InvalidPrestate();

        bytes32 result = vm().step(stateData, proof, _localContext(claimIndex));
        bool sameSide = (maxGameDepth - post.position.depth()) % 2 == 0;
        if ((result == post.claim) == sameSide) revert ValidStep();
        if (contested.counteredBy != address(0)) revert DuplicateStep();
        contested.counteredBy = msg.sender;
    }

    /// @notice Loads a part of a local datum into the VM's oracle, for steps of one execution.
    /// @param ident Which datum.
    /// @param execLeafIdx Index of a claim of the execution.
    /// @param partOffset Where the part begins, counted from the datum's length prefix.
    function addLocalData(uint256 ident, uint256 execLeafIdx, uint256 partOffset) external inProgress {
        (bytes32 starting, uint128 startingPosition, bytes32 disputed, uint128 disputedPosition) =
            _dispute(execLeafIdx);
        bytes32 context = _localContext(starting, startingPosition, disputed, disputedPosition);
        bytes32 word;
        uint256 size = 32;
        if (ident == L1_HEAD) {
            word = l1Head();
        } else if (ident == STARTING_ROOT) {
            word = starting;
        } else if (ident == DISPUTED_ROOT) {
            word = disputed;
        } else {
            (word, size) = (bytes32(_localNumber(ident, disputedPosition) << 192), 8);
        }
        vm().oracle().loadLocalData(ident, context, word, size, partOffset);
    }

    // Resolution.

    /// @notice Resolves the subgame of a claim whose clock has run out and whose answers are resolved:
    ///         the left-most answer that stands uncountered counters it and gets its bond, the oldest
    ///         of several there.
    /// @param numToResolve How many answers to look at; 0 in the first call for all.
    function resolveClaim(uint256 claimIndex, uint256 numToResolve) external inProgress {
        Node storage root = _claims[claimIndex];
        if (_challengerDuration(root) < maxClockDuration) revert ClockNotExpired();
        uint8 resolution = root.resolution;
        if (resolution & RESOLVED != 0) revert ClaimAlreadyResolved();

        uint32[] storage answers = _answers[claimIndex];
        uint256 count = answers.length;
        if (count == 0 && claimIndex != 0) {
            root.resolution = RESOLVED;
            // By a step, if at all.
            address stepper = root.counteredBy;
            _award(stepper == address(0) ? root.claimant : stepper, root.bond);
            return;
        }

        uint256 cursor = root.cursor;
        if (resolution & BEGUN == 0 && numToResolve == 0) numToResolve = count;
        uint256 end = cursor + numToResolve;
        if (end > count) end = count;
        uint256 leftmost = root.leftmost;
        uint128 leftmostPosition = leftmost == 0 ? type(uint128).max : _claims[leftmost].position;
        for (; cursor < end; cursor++) {
            uint256 index = answers[cursor];
            Node storage answer = _claims[index];
            if (answer.resolution & RESOLVED == 0) revert OutOfOrderResolution();
            if (answer.counteredBy == address(0) && answer.position < leftmostPosition) {
                (leftmost, leftmostPosition) = (index, answer.position);
            }
        }
        (root.cursor, root.leftmost) = (uint32(end), uint32(leftmost));
        if (end < count) {
            root.resolution = BEGUN;
            return;
        }
        root.resolution = BEGUN | RESOLVED;
        address winner = leftmost == 0 ? address(0) : _claims[leftmost].claimant;
        if (claimIndex == 0) winner = _rootWinner(winner);
        root.counteredBy = winner;
        _award(winner == address(0) ? root.claimant : winner, root.bond);
    }

    /// @notice Ends the game, once the root's subgame is resolved.
    function resolve() external inProgress returns (GameStatus) {
        if (!resolvedSubgames(0)) revert OutOfOrderResolution();
        bool stands = _claims[0].counteredBy == address(0);
        GameStatus result = stands ? GameStatus.DEFENDER_WINS : GameStatus.CHALLENGER_WINS;
        (status, resolvedAt) = (result, uint64(block.timestamp));
        emit Resolved(result);
        return result;
    }

    /// @notice The exact bond, in wei, of a claim at a position.
    function getRequiredBond(uint128 position) external view returns (uint256) {
        uint256 depth = position.depth();
        if (depth > maxGameDepth) revert GameDepthExceeded();
        return Bonds.required(_bondGrowth, depth);
    }

    // Creation.

    /// What games start from now.
    function _anchor() internal view returns (Proposal memory anchor) {
        (anchor.root, anchor.l2SequenceNumber) = anchorStateRegistry().getAnchorRoot();
        if (anchor.root == 0) revert AnchorRootNotFound();
    }

    /// Refuses a VM whose oracle takes more time for a large pre-image than a clock has.
    function _checkChallengePeriod() internal view {
        uint256 challengePeriod = vm().oracle().challengePeriod();
        if (challengePeriod > type(uint64).max) revert InvalidChallengePeriod();
        if (clockExtension + challengePeriod > maxClockDuration) revert InvalidClockExtension();
    }

    /// Makes the root claim, over an anchor, with what was sent as its bond.
    function _begin(Proposal memory anchor) internal {
        // What a claim keeps of its bond.
        if (msg.value > type(uint88).max) revert IncorrectBondAmount();
        _starting = anchor;
        _push(NO_PARENT, gameCreator(), rootClaim(), 1, 0);
        _initialized = true;
        _post(gameCreator());
        createdAt = uint64(block.timestamp);
        wasRespectedGameTypeWhenCreated = anchorStateRegistry().respectedGameType() == gameType();
    }

    // What the games differ in.

    /// A local datum that is a number of 64 bits, for the dispute about a position.
    function _localNumber(uint256 ident, uint128 disputed) internal view virtual returns (uint256);

    /// May refuse the caller of a move or a step.
    function _authorize() internal view virtual { }

    /// May refuse that the root is answered.
    function _requireRootOpen() internal view virtual { }

    /// Who gets the root's bond, if by the answers it is `winner`; zero for the proposer.
    function _rootWinner(address winner) internal view virtual returns (address) {
        return winner;
    }

    // Within.

    /// Time that a side is left with at least after its claim at a depth: more where its next answer
    /// may need a large pre-image, or a first run of the VM.
    function _extension(uint256 depth) private view returns (uint64) {
        if (depth == maxGameDepth - 1) return clockExtension + uint64(vm().oracle().challengePeriod());
        if (depth == splitDepth - 1) return clockExtension * 2;
        return clockExtension;
    }

    /// An attack says that the root was wrong, and so does a defence of the next root, unless that
    /// comes from the mover's own side. Sides alternate with depth.
    function _checkExecutionRoot(bytes32 claim, uint256 rootIndex, uint128 root, bool isAttack) private view {
        uint8 vmStatus = uint8(claim[0]);
        bool saysWrong = isAttack;
        if (!isAttack) {
            uint128 next = _claims[_ancestor((root + 1).traceAncestor(), rootIndex)].position;
            saysWrong = next.depth() % 2 == splitDepth % 2;
        }
        if (saysWrong ? vmStatus != INVALID && vmStatus != PANIC : vmStatus != VALID) {
            revert UnexpectedRootClaim(claim);
        }
    }
}
