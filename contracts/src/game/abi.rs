//! The calls, events and structures of the game's contracts, as upstream declared them in October
//! 2024. What only this project's contracts have says so.
#![allow(
    missing_docs,
    missing_debug_implementations,
    clippy::too_many_arguments,
    reason = "made by the macro"
)]

alloy_sol_types::sol! {
    /// An output root and its L2 block.
    #[derive(Debug, PartialEq, Eq)]
    struct OutputRoot {
        bytes32 root;
        uint256 l2BlockNumber;
    }

    /// The pre-image of an output root.
    #[derive(Debug, PartialEq, Eq)]
    struct OutputRootProof {
        bytes32 version;
        bytes32 stateRoot;
        bytes32 messagePasserStorageRoot;
        bytes32 latestBlockhash;
    }

    /// The first anchor of a type of game.
    #[derive(Debug, PartialEq, Eq)]
    struct StartingAnchorRoot {
        uint32 gameType;
        OutputRoot outputRoot;
    }

    /// What an implementation of the game is constructed with.
    #[derive(Debug, PartialEq, Eq)]
    struct GameParameters {
        uint32 gameType;
        bytes32 absolutePrestate;
        uint256 maxGameDepth;
        uint256 splitDepth;
        uint64 clockExtension;
        uint64 maxClockDuration;
        address vm;
        address weth;
        address anchorStateRegistry;
        uint256 l2ChainId;
    }

    /// A game of the factory.
    #[derive(Debug, PartialEq, Eq)]
    struct GameSearchResult {
        uint256 index;
        bytes32 metadata;
        uint64 timestamp;
        bytes32 rootClaim;
        bytes extraData;
    }

    /// One game.
    #[derive(Debug, PartialEq, Eq)]
    interface FaultDisputeGame {
        event Resolved(uint8 indexed status);
        /// From 1.4 on.
        event GameClosed(uint8 bondDistributionMode);
        event Move(uint256 indexed parentIndex, bytes32 indexed claim, address indexed claimant);
        /// Of this project's game with time for fee spikes.
        event BaseFeeSampled(uint256 baseFee, uint64 held, uint64 until);

        function initialize() external payable;
        function move(bytes32 disputed, uint256 challengeIndex, bytes32 claim, bool isAttack) external payable;
        function attack(bytes32 disputed, uint256 parentIndex, bytes32 claim) external payable;
        function defend(bytes32 disputed, uint256 parentIndex, bytes32 claim) external payable;
        function step(uint256 claimIndex, bool isAttack, bytes stateData, bytes proof) external;
        function addLocalData(uint256 ident, uint256 execLeafIdx, uint256 partOffset) external;
        function challengeRootL2Block(OutputRootProof outputRootProof, bytes headerRLP) external;
        function resolveClaim(uint256 claimIndex, uint256 numToResolve) external;
        function resolve() external returns (uint8 status);
        function claimCredit(address recipient) external;
        /// From 1.4 on, like the next five.
        function closeGame() external;
        function bondDistributionMode() external view returns (uint8);
        function normalModeCredit(address account) external view returns (uint256);
        function refundModeCredit(address account) external view returns (uint256);
        function hasUnlockedCredit(address account) external view returns (bool);
        function wasRespectedGameTypeWhenCreated() external view returns (bool);
        /// From 1.7 on.
        function l2SequenceNumber() external view returns (uint256);
        /// From 2.4 on.
        function rootClaimByChainId(uint256 chainId) external view returns (bytes32);
        /// Of permissioned games, like the next.
        function proposer() external view returns (address);
        function challenger() external view returns (address);
        /// Of this project's game with time for fee spikes, like the next four.
        function sampleBaseFee() external;
        function feeSpikeWindow() external view returns (uint64);
        function feeSpikeCap() external view returns (uint64);
        function feeMeter() external view returns (uint64 held, uint64 from, uint64 until);
        function gameTime() external view returns (uint64);

        function version() external view returns (string);
        function gameType() external view returns (uint32);
        function absolutePrestate() external view returns (bytes32);
        function maxGameDepth() external view returns (uint256);
        function splitDepth() external view returns (uint256);
        function clockExtension() external view returns (uint64);
        function maxClockDuration() external view returns (uint64);
        function vm() external view returns (address);
        function weth() external view returns (address);
        function anchorStateRegistry() external view returns (address);
        function l2ChainId() external view returns (uint256);

        function createdAt() external view returns (uint64);
        function resolvedAt() external view returns (uint64);
        function status() external view returns (uint8);
        function l2BlockNumberChallenged() external view returns (bool);
        function l2BlockNumberChallenger() external view returns (address);
        function startingOutputRoot() external view returns (bytes32 root, uint256 l2BlockNumber);
        function startingBlockNumber() external view returns (uint256);
        function startingRootHash() external view returns (bytes32);
        function gameCreator() external view returns (address);
        function rootClaim() external view returns (bytes32);
        function l1Head() external view returns (bytes32);
        function l2BlockNumber() external view returns (uint256);
        function extraData() external view returns (bytes);
        function gameData() external view returns (uint32 gameType, bytes32 rootClaim, bytes extraData);
        function credit(address account) external view returns (uint256);
        function claims(bytes32 key) external view returns (bool);
        function claimDataLen() external view returns (uint256);
        function claimData(uint256 index) external view returns (
            uint32 parentIndex,
            address counteredBy,
            address claimant,
            uint128 bond,
            bytes32 claim,
            uint128 position,
            uint128 clock
        );
        function subgames(uint256 claimIndex, uint256 n) external view returns (uint256);
        function resolvedSubgames(uint256 claimIndex) external view returns (bool);
        function resolutionCheckpoints(uint256 claimIndex) external view returns (
            bool initialCheckpointComplete,
            uint32 subgameIndex,
            uint128 leftmostPosition,
            address counteredBy
        );
        function getNumToResolve(uint256 claimIndex) external view returns (uint256);
        function getRequiredBond(uint128 position) external view returns (uint256);
        function getChallengerDuration(uint256 claimIndex) external view returns (uint64);
    }

    /// Creates games.
    #[derive(Debug, PartialEq, Eq)]
    interface DisputeGameFactory {
        event DisputeGameCreated(
            address indexed disputeProxy, uint32 indexed gameType, bytes32 indexed rootClaim
        );

        function create(uint32 gameType, bytes32 rootClaim, bytes extraData)
            external
            payable
            returns (address proxy);
        event ImplementationSet(address indexed impl, uint32 indexed gameType);
        event InitBondUpdated(uint32 indexed gameType, uint256 indexed newBond);

        function setImplementation(uint32 gameType, address impl) external;
        function version() external view returns (string);
        function setInitBond(uint32 gameType, uint256 initBond) external;
        function owner() external view returns (address);
        function gameImpls(uint32 gameType) external view returns (address);
        function initBonds(uint32 gameType) external view returns (uint256);
        function gameCount() external view returns (uint256);
        function gameAtIndex(uint256 index)
            external
            view
            returns (uint32 gameType, uint64 timestamp, address proxy);
        function games(uint32 gameType, bytes32 rootClaim, bytes extraData)
            external
            view
            returns (address proxy, uint64 timestamp);
        function getGameUUID(uint32 gameType, bytes32 rootClaim, bytes extraData)
            external
            view
            returns (bytes32);
        function findLatestGames(uint32 gameType, uint256 start, uint256 n)
            external
            view
            returns (GameSearchResult[] games);
    }

    /// What the factory takes from 1.3 on: arguments of a type of game.
    #[derive(Debug, PartialEq, Eq)]
    interface ArgsFactory {
        event ImplementationArgsSet(uint32 indexed gameType, bytes args);

        function setImplementation(uint32 gameType, address impl, bytes args) external;
        function gameArgs(uint32 gameType) external view returns (bytes);
    }

    /// The anchors.
    #[derive(Debug, PartialEq, Eq)]
    interface AnchorStateRegistry {
        function anchors(uint32 gameType) external view returns (bytes32 root, uint256 l2BlockNumber);
        function setAnchorState(address game) external;
        function tryUpdateAnchorState() external;
    }

    /// The judge: the registry from 2.2 on.
    #[derive(Debug, PartialEq, Eq)]
    interface Judge {
        event AnchorUpdated(address indexed game);
        event RespectedGameTypeSet(uint32 gameType);
        event RetirementTimestampSet(uint256 timestamp);
        event DisputeGameBlacklisted(address indexed disputeGame);

        function setRespectedGameType(uint32 gameType) external;
        function updateRetirementTimestamp() external;
        function blacklistDisputeGame(address game) external;
        function setAnchorState(address game) external;
        function paused() external view returns (bool);
        function getAnchorRoot() external view returns (bytes32 root, uint256 l2SequenceNumber);
        function anchors(uint32 gameType) external view returns (bytes32 root, uint256 l2SequenceNumber);
        function getStartingAnchorRoot() external view returns (bytes32 root, uint256 l2SequenceNumber);
        function anchorGame() external view returns (address);
        function respectedGameType() external view returns (uint32);
        function retirementTimestamp() external view returns (uint64);
        function disputeGameBlacklist(address game) external view returns (bool);
        function disputeGameFinalityDelaySeconds() external view returns (uint256);
        function systemConfig() external view returns (address);
        function isGameRegistered(address game) external view returns (bool);
        function isGameRespected(address game) external view returns (bool);
        function isGameBlacklisted(address game) external view returns (bool);
        function isGameRetired(address game) external view returns (bool);
        function isGameResolved(address game) external view returns (bool);
        function isGameProper(address game) external view returns (bool);
        function isGameFinalized(address game) external view returns (bool);
        function isGameClaimValid(address game) external view returns (bool);
        function version() external view returns (string);
    }

    /// The vault of the bonds.
    #[derive(Debug, PartialEq, Eq)]
    interface DelayedWETH {
        function deposit() external payable;
        function unlock(address guy, uint256 wad) external;
        function withdraw(address guy, uint256 wad) external;
        function transferFrom(address src, address dst, uint256 wad) external returns (bool);
        function recover(uint256 wad) external;
        function hold(address guy, uint256 wad) external;
        function delay() external view returns (uint256);
        function balanceOf(address src) external view returns (uint256);
        function allowance(address owner, address spender) external view returns (uint256);
        function withdrawals(address account, address guy)
            external
            view
            returns (uint256 amount, uint256 timestamp);
    }

    /// Who may step in.
    #[derive(Debug, PartialEq, Eq)]
    interface SuperchainConfig {
        function guardian() external view returns (address);
        function paused() external view returns (bool);
        function pause(string identifier) external;
        function unpause() external;
    }

    /// Where the guardian pauses, from 2025 on: one chain, or under the identifier zero all.
    #[derive(Debug, PartialEq, Eq)]
    interface Pauses {
        event Paused(address identifier);
        event Unpaused(address identifier);

        function guardian() external view returns (address);
        function pause(address identifier) external;
        function unpause(address identifier) external;
        function extend(address identifier) external;
        function paused(address identifier) external view returns (bool);
        function pauseTimestamps(address identifier) external view returns (uint256);
        function expiration(address identifier) external view returns (uint256);
    }

    /// What the judge and the vault of one chain ask, from 2025 on.
    #[derive(Debug, PartialEq, Eq)]
    interface SystemConfig {
        function superchainConfig() external view returns (address);
        function guardian() external view returns (address);
        function paused() external view returns (bool);
    }
}
