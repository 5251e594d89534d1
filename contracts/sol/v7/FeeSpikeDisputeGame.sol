// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.28;

import { Bonds } from "../game/Bonds.sol";
import { InvalidFeeSpikes } from "../game/Errors.sol";
import { FaultDisputeGame } from "./FaultDisputeGame.sol";

/// @title FeeSpikeDisputeGame: the game with time for fee spikes
/// @notice All chess clocks run in game time, `L1 time - held`. Anyone may sample the base fee of L1; a
///         sample above the one that the bonds were computed for holds the clocks for the next `window`
///         seconds or until the next sample, and in the whole game for at most `cap` seconds. Without
///         samples it is the game without the option. The specification is the book's chapter.
contract FeeSpikeDisputeGame is FaultDisputeGame {
    /// @notice Parameters of the option. Encoded as two plain arguments after the game's.
    struct Spikes {
        /// How long a sample above the threshold holds the clocks, in seconds.
        uint64 window;
        /// The most that the clocks of one game are held, in seconds.
        uint64 cap;
    }

    /// @notice What a game remembers of the samples.
    struct Meter {
        /// Seconds held by the holds that are over.
        uint64 held;
        /// L1 time at which the last sample's hold began and ends; 0 if it began none.
        uint64 from;
        uint64 until;
    }

    /// @notice The base fee was sampled: what the clocks were held so far, and until when they are now.
    event BaseFeeSampled(uint256 baseFee, uint64 held, uint64 until);

    /// @notice How long a sample above the threshold holds the clocks, in seconds.
    uint64 public immutable feeSpikeWindow;
    /// @notice The most that the clocks of one game are held, in seconds.
    uint64 public immutable feeSpikeCap;

    /// @notice What the samples have done.
    Meter public feeMeter;

    constructor(Parameters memory p, Spikes memory spikes) FaultDisputeGame(p) {
        if (spikes.window == 0 || spikes.window > spikes.cap || spikes.cap > p.maxClockDuration) {
            revert InvalidFeeSpikes();
        }
        (feeSpikeWindow, feeSpikeCap) = (spikes.window, spikes.cap);
    }

    /// @notice Samples the base fee of this block.
    function sampleBaseFee() external inProgress {
        uint64 now_ = uint64(block.timestamp);
        Meter memory meter = Meter(_held(now_), 0, 0);
        if (block.basefee > Bonds.ASSUMED_BASE_FEE) (meter.from, meter.until) = (now_, now_ + feeSpikeWindow);
        feeMeter = meter;
        emit BaseFeeSampled(block.basefee, meter.held, meter.until);
    }

    /// @notice The time that the chess clocks show: L1 time less what they have been held.
    function gameTime() external view returns (uint64) {
        return _time();
    }

    function _time() internal view override returns (uint64) {
        return uint64(block.timestamp) - _held(uint64(block.timestamp));
    }

    /// Seconds that the clocks have been held up to `now_`.
    function _held(uint64 now_) private view returns (uint64) {
        Meter memory meter = feeMeter;
        uint64 end = now_ < meter.until ? now_ : meter.until;
        uint64 held = meter.held + (end - meter.from);
        return held < feeSpikeCap ? held : feeSpikeCap;
    }
}
