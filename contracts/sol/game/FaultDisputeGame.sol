// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.28;

import { Bonds } from "./Bonds.sol";
import { Cloned } from "./Clones.sol";
import "./Errors.sol";
import { HeaderRlp } from "./HeaderRlp.sol";
import {
    GameStatus,
    IAnchorStateRegistry,
    IBigStepper,
    IDelayedWETH,
    IDisputeGame,
    IPreimageOracle,
    OutputRoot,
    OutputRootProof
} from "./Interfaces.sol";
import { Positions } from "./Positions.sol";

/// @title FaultDisputeGame: an output root, contested claim by claim down to one instruction
/// @notice Behaves as upstream's game of October 2024 (1.3.1): its functions, events, reasons for
///         refusal and every number. Storage is laid out differently, for less gas.
///
///         Claims down to the split depth are output roots, by block; those below are states of the
///         VM that derives one block, by instruction. Each takes a bond, and is answered by an attack
///         ("it is wrong") or a defence ("it is right, what follows is wrong"). Against a claim at the
///         deepest level an instruction is run. Each side has a chess clock. When all have run out,
///         every claim's bond goes to whoever won its subgame, from the leaves up.
contract FaultDisputeGame is Cloned, IDisputeGame {
    using Positions for uint128;

    /// @notice What an implementation is made of. Encoded as ten plain arguments, like upstream's.
    struct Parameters {
        /// The type's number in the factory.
        uint32 gameType;
        /// Claim about the VM state before the first instruction.
        bytes32 absolutePrestate;
        /// Depth of the deepest claims.
        uint256 maxGameDepth;
        /// Depth of the deepest claims about output roots.
        uint256 splitDepth;
        /// Least time that a side is left with after its move, in seconds.
        uint64 clockExtension;
        /// Time each side has, in seconds.
        uint64 maxClockDuration;
        /// Runs the one instruction.
        IBigStepper vm;
        /// Keeps the bonds.
        IDelayedWETH weth;
        /// Knows where games start, and is told how they end.
        IAnchorStateRegistry anchorStateRegistry;
        /// Chain id of the L2.
        uint256 l2ChainId;
    }

    /// A claim, and what has come of the answers to it.
    struct Node {
        /// Index of the claim that it answers; NO_PARENT for the root.
        uint32 parentIndex;
        /// Who countered it: set by a step, or when its subgame is resolved.
        address counteredBy;
        /// Answers that its resolution has looked at.
        uint32 cursor;
        /// Index of the left-most answer that stands uncountered, among those; 0 for none.
        uint32 leftmost;
        // Second slot.
        address claimant;
        /// In wei: more than all ether that there is.
        uint88 bond;
        /// BEGUN | RESOLVED.
        uint8 resolution;
        // Third slot.
        bytes32 claim;
        // Fourth slot.
        uint128 position;
        /// Seconds its side had used, in the upper 64 bits, and the time it was made.
        uint128 clock;
    }

    /// @notice The game ended.
    event Resolved(GameStatus indexed status);
    /// @notice A claim was made.
    event Move(uint256 indexed parentIndex, bytes32 indexed claim, address indexed claimant);

    uint32 private constant NO_PARENT = type(uint32).max;
    /// Its resolution has begun: it has looked at the first answers, or found that there are none.
    uint8 private constant BEGUN = 1;
    /// Its bond has been given away.
    uint8 private constant RESOLVED = 2;

    /// Creator 20, root claim 32, L1 head 32, extra data 32.
    uint256 private constant ARGUMENTS = 116;

    // What the first byte of a claim about the last state of an execution says.
    uint8 private constant VALID = 0;
    uint8 private constant INVALID = 1;
    uint8 private constant PANIC = 2;

    // Identifiers of local data.
    uint256 private constant L1_HEAD = 1;
    uint256 private constant STARTING_OUTPUT = 2;
    uint256 private constant DISPUTED_OUTPUT = 3;
    uint256 private constant L2_BLOCK = 4;
    uint256 private constant CHAIN_ID = 5;

    /// @notice Version of upstream's game that this one behaves as. Tools choose by it how to talk.
    string public constant version = "1.3.1";

    /// @notice The type's number in the factory.
    uint32 public immutable gameType;
    /// @notice Claim about the VM state before the first instruction.
    bytes32 public immutable absolutePrestate;
    /// @notice Depth of the deepest claims; a step contests those.
    uint256 public immutable maxGameDepth;
    /// @notice Depth of the deepest claims about output roots.
    uint256 public immutable splitDepth;
    /// @notice Least time that a side is left with after its move, in seconds, but for two depths.
    uint64 public immutable clockExtension;
    /// @notice Time each side has, in seconds.
    uint64 public immutable maxClockDuration;
    /// @notice Runs the one instruction.
    IBigStepper public immutable vm;
    /// @notice Keeps the bonds.
    IDelayedWETH public immutable weth;
    /// @notice Knows where games start, and is told how they end.
    IAnchorStateRegistry public immutable anchorStateRegistry;
    /// @notice Chain id of the L2.
    uint256 public immutable l2ChainId;

    IPreimageOracle private immutable _oracle;
    /// Time that a large pre-image takes in the oracle.
    uint64 private immutable _challengePeriod;
    /// Logarithm of the growth of the bonds from one level to the next.
    int256 private immutable _bondGrowth;

    /// @notice L1 time of creation.
    uint64 public createdAt;
    /// @notice L1 time of resolution; 0 before.
    uint64 public resolvedAt;
    /// @notice How the game stands.
    GameStatus public status;
    bool private _initialized;
    /// @notice Whether the root's L2 block number was shown to be wrong.
    bool public l2BlockNumberChallenged;
    /// @notice Who showed it.
    address public l2BlockNumberChallenger;

    /// @notice The output that both sides agree on: the anchor at the game's creation.
    OutputRoot public startingOutputRoot;
    /// @notice Wei that an account may claim.
    mapping(address => uint256) public credit;
    /// @notice Whether an answer has been made: keccak256(claim, position << 128 | parent's index).
    mapping(bytes32 => bool) public claims;

    Node[] private _claims;
    /// Indices of the answers to a claim, oldest first.
    mapping(uint256 => uint32[]) private _answers;

    constructor(Parameters memory p) {
        if (p.maxGameDepth > Positions.MAX_BITS - 1) revert MaxDepthTooLarge();
        if (p.splitDepth >= p.maxGameDepth || p.splitDepth + 1 >= p.maxGameDepth || p.splitDepth < 2) {
            revert InvalidSplitDepth();
        }
        IPreimageOracle oracle = p.vm.oracle();
        uint256 challengePeriod = oracle.challengePeriod();
        if (challengePeriod > type(uint64).max) revert InvalidChallengePeriod();
        uint256 extension = p.clockExtension;
        if (2 * extension > p.maxClockDuration || extension + challengePeriod > p.maxClockDuration) {
            revert InvalidClockExtension();
        }
        gameType = p.gameType;
        absolutePrestate = p.absolutePrestate;
        maxGameDepth = p.maxGameDepth;
        splitDepth = p.splitDepth;
        clockExtension = p.clockExtension;
        maxClockDuration = p.maxClockDuration;
        vm = p.vm;
        weth = p.weth;
        anchorStateRegistry = p.anchorStateRegistry;
        l2ChainId = p.l2ChainId;
        _oracle = oracle;
        _challengePeriod = uint64(challengePeriod);
        _bondGrowth = Bonds.growth(p.maxGameDepth);
    }

    modifier inProgress() {
        _requireInProgress();
        _;
    }

    // Creation.

    /// @notice Makes the root claim. Called once, by the factory, with the bond that it asks for.
    function initialize() external payable {
        if (_initialized) revert AlreadyInitialized();
        (bytes32 root, uint256 block_) = anchorStateRegistry.anchors(gameType);
        if (root == 0) revert AnchorRootNotFound();
        // Other extra data would be another game about the same proposal.
        if (msg.data.length != 4 + ARGUMENTS + 2) revert BadExtraData();
        if (l2BlockNumber() <= block_) revert UnexpectedRootClaim(rootClaim());
        // What a claim keeps of its bond.
        if (msg.value > type(uint88).max) revert IncorrectBondAmount();
        startingOutputRoot = OutputRoot(root, block_);
        _push(NO_PARENT, gameCreator(), rootClaim(), 1, 0);
        (createdAt, _initialized) = (uint64(block.timestamp), true);
        weth.deposit{ value: msg.value }();
    }

    // Play.

    /// @notice Answers a claim by another. Takes the bond.
    /// @param disputed The value that the mover takes the claim to have: a guard against L1 reorganising
    ///        another claim into its place.
    /// @param challengeIndex Index of the claim answered.
    /// @param claim The value claimed.
    function move(bytes32 disputed, uint256 challengeIndex, bytes32 claim, bool isAttack)
        public
        payable
        inProgress
    {
        Node storage parent = _claims[challengeIndex];
        if (parent.claim != disputed) revert InvalidDisputedClaimIndex();
        uint128 parentPosition = parent.position;
        uint128 position = parentPosition.answered(isAttack);
        uint256 depth = position.depth();
        if (!isAttack && (challengeIndex == 0 || depth == splitDepth + 2)) revert CannotDefendRootClaim();
        if (challengeIndex == 0 && l2BlockNumberChallenged) revert L2BlockNumberChallenged();
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
        weth.deposit{ value: msg.value }();
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
        inProgress
    {
        Node storage contested = _claims[claimIndex];
        uint128 position = contested.position;
        if (position.depth() != maxGameDepth) revert InvalidParent();

        bytes32 pre = contested.claim;
        Node storage post = contested;
        if (!isAttack) {
            post = _claims[_ancestor((position + 1).traceAncestorBelow(splitDepth), contested.parentIndex)];
        } else if (position & ((1 << (maxGameDepth - splitDepth - 1)) - 1) == 0) {
            // The left-most leaf of its execution.
            pre = absolutePrestate;
        } else {
            pre = _claims[_ancestor((position - 1).traceAncestorBelow(splitDepth), contested.parentIndex)].claim;
        }
        // The status byte was put over the hash's first byte, so that one cannot be compared.
        if (keccak256(stateData) << 8 != pre << 8) revert InvalidPrestate();

        bytes32 result = vm.step(stateData, proof, _localContext(claimIndex));
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
        } else if (ident == STARTING_OUTPUT) {
            word = starting;
        } else if (ident == DISPUTED_OUTPUT) {
            word = disputed;
        } else if (ident == L2_BLOCK) {
            // The block that the position stands for, but never one after the proposal's.
            uint256 number = startingOutputRoot.l2BlockNumber + disputedPosition.traceIndex(splitDepth) + 1;
            if (number > l2BlockNumber()) number = l2BlockNumber();
            (word, size) = (bytes32(number << 192), 8);
        } else if (ident == CHAIN_ID) {
            (word, size) = (bytes32(l2ChainId << 192), 8);
        } else {
            revert InvalidLocalIdent();
        }
        _oracle.loadLocalData(ident, context, word, size, partOffset);
    }

    /// @notice Shows that the output root proposed belongs to another L2 block than the proposal says.
    ///         That counters the root for good: its bond goes to the caller.
    /// @param headerRLP The header of the block that the root belongs to.
    function challengeRootL2Block(OutputRootProof calldata outputRootProof, bytes calldata headerRLP)
        external
        inProgress
    {
        if (l2BlockNumberChallenged) revert L2BlockNumberChallenged();
        if (keccak256(abi.encode(outputRootProof)) != rootClaim()) revert InvalidOutputRootProof();
        if (keccak256(headerRLP) != outputRootProof.latestBlockhash) revert InvalidHeaderRLP();
        if (HeaderRlp.blockNumber(headerRLP) == l2BlockNumber()) revert BlockNumberMatches();
        l2BlockNumberChallenger = msg.sender;
        l2BlockNumberChallenged = true;
    }

    // Resolution and payment.

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
            _pay(stepper == address(0) ? root.claimant : stepper, root.bond);
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
        if (claimIndex == 0 && l2BlockNumberChallenged) winner = l2BlockNumberChallenger;
        root.counteredBy = winner;
        _pay(winner == address(0) ? root.claimant : winner, root.bond);
    }

    /// @notice Ends the game, once the root's subgame is resolved.
    function resolve() external inProgress returns (GameStatus) {
        if (!resolvedSubgames(0)) revert OutOfOrderResolution();
        bool stands = _claims[0].counteredBy == address(0);
        GameStatus result = stands ? GameStatus.DEFENDER_WINS : GameStatus.CHALLENGER_WINS;
        (status, resolvedAt) = (result, uint64(block.timestamp));
        emit Resolved(result);
        anchorStateRegistry.tryUpdateAnchorState();
        return result;
    }

    /// @notice Pays an account's credit, once the vault's delay is over.
    function claimCredit(address recipient) external {
        uint256 wei_ = credit[recipient];
        // Before anything is called.
        credit[recipient] = 0;
        if (wei_ == 0) revert NoCreditToClaim();
        weth.withdraw(recipient, wei_);
        (bool success,) = recipient.call{ value: wei_ }("");
        if (!success) revert BondTransferFailed();
    }

    // What can be read.

    /// @notice Who proposed.
    function gameCreator() public pure returns (address) {
        return address(bytes20(_argument(ARGUMENTS, 0)));
    }

    /// @notice The output root proposed.
    function rootClaim() public pure returns (bytes32) {
        return _argument(ARGUMENTS, 20);
    }

    /// @notice Hash of the L1 block before the game's creation.
    function l1Head() public pure returns (bytes32) {
        return _argument(ARGUMENTS, 52);
    }

    /// @notice The L2 block that the output root is proposed for.
    function l2BlockNumber() public pure returns (uint256) {
        return uint256(_argument(ARGUMENTS, 84));
    }

    /// @notice The L2 block number as the factory was given it.
    function extraData() public pure returns (bytes memory) {
        return abi.encode(l2BlockNumber());
    }

    /// @notice What identifies the game in the factory.
    function gameData() external view returns (uint32, bytes32, bytes memory) {
        return (gameType, rootClaim(), extraData());
    }

    /// @notice L2 block of the anchor that the game starts from.
    function startingBlockNumber() external view returns (uint256) {
        return startingOutputRoot.l2BlockNumber;
    }

    /// @notice Output root of the anchor that the game starts from.
    function startingRootHash() external view returns (bytes32) {
        return startingOutputRoot.root;
    }

    /// @notice How many claims there are.
    function claimDataLen() external view returns (uint256) {
        return _claims.length;
    }

    /// @notice A claim; the parent of the root is 2^32 - 1.
    function claimData(uint256 index)
        external
        view
        returns (
            uint32 parentIndex,
            address counteredBy,
            address claimant,
            uint128 bond,
            bytes32 claim,
            uint128 position,
            uint128 clock
        )
    {
        // No reason given, as by a getter that the compiler makes.
        require(index < _claims.length);
        Node storage node = _claims[index];
        return (
            node.parentIndex, node.counteredBy, node.claimant, node.bond, node.claim, node.position, node.clock
        );
    }

    /// @notice The index of the n-th answer to a claim.
    function subgames(uint256 claimIndex, uint256 n) external view returns (uint256) {
        require(n < _answers[claimIndex].length);
        return _answers[claimIndex][n];
    }

    /// @notice Answers to a claim that its resolution still has to look at.
    function getNumToResolve(uint256 claimIndex) external view returns (uint256) {
        return claimIndex < _claims.length ? _answers[claimIndex].length - _claims[claimIndex].cursor : 0;
    }

    /// @notice Whether the bond of a claim has been given away.
    function resolvedSubgames(uint256 claimIndex) public view returns (bool) {
        return claimIndex < _claims.length && _claims[claimIndex].resolution & RESOLVED != 0;
    }

    /// @notice How far the resolution of a claim's subgame has come. The left-most position is the
    ///         largest number while no uncountered answer was seen.
    function resolutionCheckpoints(uint256 claimIndex)
        external
        view
        returns (
            bool initialCheckpointComplete,
            uint32 subgameIndex,
            uint128 leftmostPosition,
            address counteredBy
        )
    {
        if (claimIndex >= _claims.length || _claims[claimIndex].resolution & BEGUN == 0) return (false, 0, 0, address(0));
        Node storage node = _claims[claimIndex];
        (initialCheckpointComplete, subgameIndex, leftmostPosition) = (true, node.cursor, type(uint128).max);
        if (node.leftmost != 0) {
            Node storage answer = _claims[node.leftmost];
            (leftmostPosition, counteredBy) = (answer.position, answer.claimant);
        }
    }

    /// @notice The exact bond, in wei, of a claim at a position.
    function getRequiredBond(uint128 position) external view returns (uint256) {
        uint256 depth = position.depth();
        if (depth > maxGameDepth) revert GameDepthExceeded();
        return Bonds.required(_bondGrowth, depth);
    }

    /// @notice Seconds used by the side that could answer a claim; at most the whole clock.
    function getChallengerDuration(uint256 claimIndex) external view inProgress returns (uint64) {
        return _challengerDuration(_claims[claimIndex]);
    }

    // Within.

    /// @notice What the chess clocks go by.
    function _time() internal view virtual returns (uint64) {
        return uint64(block.timestamp);
    }

    function _requireInProgress() internal view {
        if (status != GameStatus.IN_PROGRESS) revert GameNotInProgress();
    }

    function _push(uint32 parentIndex, address claimant, bytes32 claim, uint128 position, uint64 duration) private {
        Node storage node = _claims.push();
        node.parentIndex = parentIndex;
        node.claimant = claimant;
        node.bond = uint88(msg.value);
        node.claim = claim;
        node.position = position;
        node.clock = uint128(duration) << 64 | _time();
    }

    /// Gives a bond to an account, to be claimed when the vault allows.
    function _pay(address recipient, uint256 bond) private {
        credit[recipient] += bond;
        weth.unlock(recipient, bond);
    }

    /// The time since the claim, on top of what the side had used for the claim's parent.
    function _challengerDuration(Node storage node) private view returns (uint64) {
        uint32 parentIndex = node.parentIndex;
        uint256 before = parentIndex == NO_PARENT ? 0 : _claims[parentIndex].clock >> 64;
        uint64 duration = uint64(before + (_time() - uint64(node.clock)));
        return duration < maxClockDuration ? duration : maxClockDuration;
    }

    /// Time that a side is left with at least after its claim at a depth: more where its next answer
    /// may need a large pre-image, or a first run of the VM.
    function _extension(uint256 depth) private view returns (uint64) {
        if (depth == maxGameDepth - 1) return clockExtension + _challengePeriod;
        if (depth == splitDepth - 1) return clockExtension * 2;
        return clockExtension;
    }

    /// An attack says that the output was wrong, and so does a defence of the next output, unless that
    /// comes from the mover's own side. Sides alternate with depth.
    function _checkExecutionRoot(bytes32 claim, uint256 outputIndex, uint128 output, bool isAttack) private view {
        uint8 vmStatus = uint8(claim[0]);
        bool saysWrong = isAttack;
        if (!isAttack) {
            uint128 next = _claims[_ancestor((output + 1).traceAncestor(), outputIndex)].position;
            saysWrong = next.depth() % 2 == splitDepth % 2;
        }
        if (saysWrong ? vmStatus != INVALID && vmStatus != PANIC : vmStatus != VALID) {
            revert UnexpectedRootClaim(claim);
        }
    }

    /// The nearest claim at a position on the way up from a claim.
    function _ancestor(uint128 position, uint256 start) private view returns (uint256 index) {
        index = start;
        while (_claims[index].position != position) index = _claims[index].parentIndex;
    }

    /// The two outputs, one block apart, that the execution of a claim is about. Where the first is the
    /// anchor, its position is 0.
    function _dispute(uint256 claimIndex)
        private
        view
        returns (bytes32 starting, uint128 startingPosition, bytes32 disputed, uint128 disputedPosition)
    {
        Node storage node = _claims[claimIndex];
        uint128 position = node.position;
        if (!position.isBelow(splitDepth)) revert ClaimAboveSplit();
        uint128 executionRoot;
        uint256 outputIndex;
        while (position.isBelow(splitDepth)) {
            (executionRoot, outputIndex) = (position, node.parentIndex);
            node = _claims[outputIndex];
            position = node.position;
        }
        if (executionRoot >> 1 == position) {
            (disputed, disputedPosition) = (node.claim, position);
            // Without a left neighbour it is the first block after the anchor.
            if (position & (position - 1) == 0) {
                starting = startingOutputRoot.root;
            } else {
                node = _claims[_ancestor((position - 1).traceAncestor(), outputIndex)];
                (starting, startingPosition) = (node.claim, node.position);
            }
        } else {
            (starting, startingPosition) = (node.claim, position);
            node = _claims[_ancestor((position + 1).traceAncestor(), outputIndex)];
            (disputed, disputedPosition) = (node.claim, node.position);
        }
    }

    /// Identifies the dispute that a claim about a VM state belongs to.
    function _localContext(uint256 claimIndex) private view returns (bytes32) {
        (bytes32 starting, uint128 startingPosition, bytes32 disputed, uint128 disputedPosition) = _dispute(claimIndex);
        return _localContext(starting, startingPosition, disputed, disputedPosition);
    }

    function _localContext(bytes32 starting, uint128 startingPosition, bytes32 disputed, uint128 disputedPosition)
        private
        pure
        returns (bytes32)
    {
        return startingPosition == 0
            ? keccak256(abi.encode(disputed, disputedPosition))
            : keccak256(abi.encode(starting, startingPosition, disputed, disputedPosition));
    }
}
