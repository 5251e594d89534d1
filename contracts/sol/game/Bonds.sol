// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.28;

import { ExpOverflow } from "./Errors.sol";

/// @title Bonds: what a claim costs
/// @notice The gas a bond stands for grows exponentially from 400,000 at the root to 300,000,000 at the
///         deepest level: `400,000 * b^depth`, `b = 750^(1 / maxDepth)`, all with 18 decimals. The
///         truncations are part of the rule; logarithm and exponential are those of solady's
///         `FixedPointMathLib` (MIT; the method is Remco Bloemen's), bit for bit.
library Bonds {
    uint256 private constant WAD = 1e18;
    /// ln 750.
    int256 private constant LN_RATIO = 6_620_073_206_530_356_124;
    uint256 private constant BASE_GAS = 400_000;
    /// @notice The base fee of L1 at which the bonds cover the gas they stand for, in wei.
    uint256 internal constant ASSUMED_BASE_FEE = 200 gwei;

    /// @notice The logarithm of the growth from one level to the next.
    function growth(uint256 maxDepth) internal pure returns (int256) {
        uint256 share = WAD * WAD / (maxDepth * WAD);
        return ln(exp(int256(uint256(LN_RATIO) * share / WAD)));
    }

    /// @notice The bond at a depth, in wei, of a game with this growth.
    function required(int256 growth_, uint256 depth) internal pure returns (uint256) {
        // `growth * (depth * WAD) / WAD`.
        return ASSUMED_BASE_FEE * (BASE_GAS * uint256(exp(growth_ * int256(depth))) / WAD);
    }

    /// @notice e^x.
    function exp(int256 x) internal pure returns (int256) {
        unchecked {
            if (x <= -41_446_531_673_892_822_313) return 0;
            if (x >= 135_305_999_368_893_231_589) revert ExpOverflow();
            // From 10^18 to 2^96 fixed point, then x = k ln 2 + x' with |x'| <= ln 2 / 2.
            x = (x << 78) / 5 ** 18;
            int256 k = ((x << 96) / 54_916_777_467_707_473_351_141_471_128 + 2 ** 95) >> 96;
            x -= k * 54_916_777_467_707_473_351_141_471_128;

            // A rational approximation p / q.
            int256 y = x + 1_346_386_616_545_796_478_920_950_773_328;
            y = ((y * x) >> 96) + 57_155_421_227_552_351_082_224_309_758_442;
            int256 p = y + x - 94_201_549_194_550_492_254_356_042_504_812;
            p = ((p * y) >> 96) + 28_719_021_644_029_726_153_956_944_680_412_240;
            p = p * x + (4_385_272_521_454_847_904_659_076_985_693_276 << 96);
            int256 q = x - 2_855_989_394_907_223_263_936_484_059_900;
            q = ((q * x) >> 96) + 50_020_603_652_535_783_019_961_831_881_945;
            q = ((q * x) >> 96) - 533_845_033_583_426_703_283_633_433_725_380;
            q = ((q * x) >> 96) + 3_604_857_256_930_695_427_073_651_918_091_429;
            q = ((q * x) >> 96) - 14_423_608_567_350_463_180_887_372_962_807_573;
            q = ((q * x) >> 96) + 26_449_188_498_355_588_339_934_803_723_976_023;
            // The scale of the approximation, 2^k and the way back to 10^18 at once, in 2^213.
            uint256 scaled = uint256(p / q) * 3_822_833_074_963_236_453_042_738_258_902_158_003_155_416_615_667;
            return int256(scaled >> uint256(195 - k));
        }
    }

    /// @notice The natural logarithm of x > 0.
    function ln(int256 x) internal pure returns (int256) {
        unchecked {
            // x = 2^k x' with x' in [1, 2) of 2^96 fixed point.
            int256 k = -96;
            for (uint256 rest = uint256(x); rest > 1; rest >>= 1) k++;
            x = int256(uint256(x) << uint256(159 - k) >> 159);

            // A rational approximation p / q.
            int256 p = x + 3_273_285_459_638_523_848_632_254_066_296;
            p = ((p * x) >> 96) + 24_828_157_081_833_163_892_658_089_445_524;
            p = ((p * x) >> 96) + 43_456_485_725_739_037_958_740_375_743_393;
            p = ((p * x) >> 96) - 11_111_509_109_440_967_052_023_855_526_967;
            p = ((p * x) >> 96) - 45_023_709_667_254_063_763_336_534_515_857;
            p = ((p * x) >> 96) - 14_706_773_417_378_608_786_704_636_184_526;
            p = p * x - (795_164_235_651_350_426_258_249_787_498 << 96);
            int256 q = x + 5_573_035_233_440_673_466_300_451_813_936;
            q = ((q * x) >> 96) + 71_694_874_799_317_883_764_090_561_454_958;
            q = ((q * x) >> 96) + 283_447_036_172_924_575_727_196_451_306_956;
            q = ((q * x) >> 96) + 401_686_690_394_027_663_651_624_208_769_553;
            q = ((q * x) >> 96) + 204_048_457_590_392_012_362_485_061_816_622;
            q = ((q * x) >> 96) + 31_853_899_698_501_571_402_653_359_427_138;
            q = ((q * x) >> 96) + 909_429_971_244_387_300_277_376_558_375;
            // Scale, add k ln 2 and ln(2^96 / 10^18), go back to 10^18.
            int256 r = p / q * 1_677_202_110_996_718_588_342_820_967_067_443_963_516_166;
            r += 16_597_577_552_685_614_221_487_285_958_193_947_469_193_820_559_219_878_177_908_093_499_208_371 * k;
            return (r + 600_920_179_829_731_861_736_702_779_321_621_459_595_472_258_049_074_101_567_377_883_020_018_308)
                >> 174;
        }
    }
}
