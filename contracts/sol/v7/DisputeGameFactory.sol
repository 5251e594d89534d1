// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.28;

import { Clones } from "../game/Clones.sol";
import { GameAlreadyExists, IncorrectBondAmount, NoImplementation } from "../game/Errors.sol";
import { Owned } from "../game/Owned.sol";
import { IDisputeGame } from "./Interfaces.sol";

/// @title DisputeGameFactory: creates games, at most one about the same proposal
/// @notice Behaves as upstream's 1.6.1. What differs between chains and prestates can stand in the arguments
///         of a type of game, and the implementation then serves many.
contract DisputeGameFactory is Owned {
    /// @notice A game was created.
    event DisputeGameCreated(address indexed disputeProxy, uint32 indexed gameType, bytes32 indexed rootClaim);
    /// @notice Games of a type will be clones of another implementation.
    event ImplementationSet(address indexed impl, uint32 indexed gameType);
    /// @notice Games of a type will have other arguments.
    event ImplementationArgsSet(uint32 indexed gameType, bytes args);
    /// @notice The creation of games of a type takes another bond.
    event InitBondUpdated(uint32 indexed gameType, uint256 indexed newBond);

    /// @notice A game that `findLatestGames` found. `metadata` packs type (32 bits), time of creation
    ///         (64) and address (160).
    struct GameSearchResult {
        uint256 index;
        bytes32 metadata;
        uint64 timestamp;
        bytes32 rootClaim;
        bytes extraData;
    }

    /// @notice Version of the behaviour.
    string public constant version = "1.6.1";

    /// @notice What games of a type are clones of.
    mapping(uint32 => IDisputeGame) public gameImpls;
    /// @notice Wei that the creation of a game of a type takes.
    mapping(uint32 => uint256) public initBonds;
    /// @notice What games of a type are made with besides the proposal; empty for implementations of before
    ///         2.0, which have it built in.
    mapping(uint32 => bytes) public gameArgs;

    mapping(bytes32 => bytes32) private _games;
    bytes32[] private _list;

    constructor(address owner_) Owned(owner_) { }

    /// @notice Creates a game about a proposal. Its address follows from the proposal, the sender, the block
    ///         before, the implementation and its arguments.
    /// @param extraData What the implementation takes besides the root claim: the L2 block number.
    function create(uint32 gameType, bytes32 rootClaim, bytes calldata extraData)
        external
        payable
        returns (IDisputeGame proxy)
    {
        address implementation = address(gameImpls[gameType]);
        if (implementation == address(0)) revert NoImplementation(gameType);
        if (msg.value != initBonds[gameType]) revert IncorrectBondAmount();
        bytes32 uuid = getGameUUID(gameType, rootClaim, extraData);
        if (_games[uuid] != 0) revert GameAlreadyExists(uuid);

        bytes memory arguments = abi.encodePacked(msg.sender, rootClaim, blockhash(block.number - 1));
        bytes memory more = gameArgs[gameType];
        // Implementations of before 2.0 know their type.
        arguments = more.length == 0
            ? abi.encodePacked(arguments, extraData)
            : abi.encodePacked(arguments, gameType, extraData, more);
        proxy = IDisputeGame(Clones.clone(implementation, arguments, uuid));
        proxy.initialize{ value: msg.value }();

        bytes32 id = bytes32(uint256(gameType) << 224 | block.timestamp << 160 | uint160(address(proxy)));
        _games[uuid] = id;
        _list.push(id);
        emit DisputeGameCreated(address(proxy), gameType, rootClaim);
    }

    /// @notice Identifies a proposal.
    function getGameUUID(uint32 gameType, bytes32 rootClaim, bytes calldata extraData)
        public
        pure
        returns (bytes32)
    {
        return keccak256(abi.encode(gameType, rootClaim, extraData));
    }

    /// @notice Games created so far.
    function gameCount() external view returns (uint256) {
        return _list.length;
    }

    /// @notice The game about a proposal; zero where there is none.
    function games(uint32 gameType, bytes32 rootClaim, bytes calldata extraData)
        external
        view
        returns (IDisputeGame proxy, uint64 timestamp)
    {
        (, timestamp, proxy) = _unpack(_games[getGameUUID(gameType, rootClaim, extraData)]);
    }

    /// @notice The game of an index in the order of creation.
    function gameAtIndex(uint256 index)
        external
        view
        returns (uint32 gameType, uint64 timestamp, IDisputeGame proxy)
    {
        return _unpack(_list[index]);
    }

    /// @notice Up to `n` games of a type, from the index `start` on to older ones.
    function findLatestGames(uint32 gameType, uint256 start, uint256 n)
        external
        view
        returns (GameSearchResult[] memory found)
    {
        if (start >= _list.length || n == 0) return found;
        uint256 most = n < start + 1 ? n : start + 1;
        found = new GameSearchResult[](most);
        uint256 count;
        for (uint256 i = start + 1; i > 0 && count < most; i--) {
            bytes32 id = _list[i - 1];
            (uint32 gameType_, uint64 timestamp, IDisputeGame proxy) = _unpack(id);
            if (gameType_ != gameType) continue;
            found[count++] = GameSearchResult(i - 1, id, timestamp, proxy.rootClaim(), proxy.extraData());
        }
        assembly ("memory-safe") {
            mstore(found, count)
        }
    }

    /// @notice Sets what games of a type are clones of; those already created stay, and so do the arguments.
    function setImplementation(uint32 gameType, IDisputeGame impl) external onlyOwner {
        gameImpls[gameType] = impl;
        emit ImplementationSet(address(impl), gameType);
    }

    /// @notice Sets what games of a type are clones of, and with which arguments; those already created stay.
    function setImplementation(uint32 gameType, IDisputeGame impl, bytes calldata args) external onlyOwner {
        gameImpls[gameType] = impl;
        gameArgs[gameType] = args;
        emit ImplementationSet(address(impl), gameType);
        emit ImplementationArgsSet(gameType, args);
    }

    /// @notice Sets the wei that the creation of a game of a type takes.
    function setInitBond(uint32 gameType, uint256 initBond) external onlyOwner {
        initBonds[gameType] = initBond;
        emit InitBondUpdated(gameType, initBond);
    }

    function _unpack(bytes32 id) private pure returns (uint32 gameType, uint64 timestamp, IDisputeGame proxy) {
        uint256 packed = uint256(id);
        return (uint32(packed >> 224), uint64(packed >> 160), IDisputeGame(address(uint160(packed))));
    }
}
