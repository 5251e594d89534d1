//! The bond of a move. It grows exponentially with depth, from the gas of a plain move to the
//! gas of the most expensive step with its pre-images, at an assumed base fee.

use alloy_primitives::{I256, U256, uint};

use crate::fixed_point::{WAD, div_wad, exp_wad, ln_wad, mul_wad, pow_wad};
use crate::revert::Revert;

/// The base fee of L1 at which the bonds cover the gas they stand for, in wei.
pub const ASSUMED_BASE_FEE: u128 = 200_000_000_000;

/// Gas charged for the root claim.
const BASE_GAS: U256 = uint!(400_000_U256);

/// Gas charged for a claim at the deepest level.
const HIGH_GAS: U256 = uint!(300_000_000_U256);

/// The bond, in wei, of a claim at `depth` in a game of `max_depth` levels.
///
/// The gas is `400,000 * b^depth` with `b = (300,000,000 / 400,000)^(1 / max_depth)`, taken as
/// `e^(ln 750 / max_depth)`. The truncations of upstream's computation are part of the rule.
///
/// # Errors
/// Those of the fixed-point functions, for a `max_depth` of 0 or a `depth` far below it.
pub fn required_bond(depth: u8, max_depth: u8) -> Result<u128, Revert> {
    let ratio = HIGH_GAS / BASE_GAS;
    let ln_ratio = ln_wad(I256::from_raw(ratio * WAD))?.into_raw();
    let share = div_wad(WAD, U256::from(max_depth) * WAD)?;
    let base = exp_wad(I256::from_raw(mul_wad(ln_ratio, share)?))?;
    let growth = pow_wad(base, I256::from_raw(U256::from(depth) * WAD))?;
    let gas = mul_wad(BASE_GAS, growth.into_raw())?;
    u128::try_from(gas)
        .ok()
        .and_then(|gas| gas.checked_mul(ASSUMED_BASE_FEE))
        .ok_or(Revert::ExpOverflow)
}

/// The bonds of every depth of a game, from the root's to the deepest, in wei.
///
/// # Errors
/// As [`required_bond`]; none for the depths that a game may have.
pub fn schedule(max_depth: u8) -> Result<Vec<u128>, Revert> {
    (0..=max_depth)
        .map(|depth| required_bond(depth, max_depth))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const GWEI: u128 = 1_000_000_000;

    /// Upstream's contract's own answers, in gwei.
    #[test]
    fn mainnet() {
        let asked: [(u8, u128); 13] = [
            (0, 80_000_000),
            (1, 87_594_000),
            (2, 95_908_800),
            (10, 198_122_400),
            (29, 1_109_781_800),
            (30, 1_215_127_800),
            (31, 1_330_474_000),
            (40, 3_009_303_600),
            (50, 7_452_638_000),
            (60, 18_456_699_400),
            (70, 45_708_613_400),
            (72, 54_798_270_200),
            (73, 59_999_999_800),
        ];
        for (depth, gwei) in asked {
            assert_eq!(required_bond(depth, 73), Ok(gwei * GWEI), "depth {depth}");
        }
        assert_eq!(schedule(73).map(|bonds| bonds.len()), Ok(74));
    }

    #[test]
    fn the_small_game() {
        let gwei = [
            80_000_000,
            183_009_000,
            418_654_000,
            957_718_600,
            2_190_890_200,
            5_011_910_000,
            11_465_313_400,
            26_228_206_200,
            59_999_999_800,
        ];
        assert_eq!(schedule(8), Ok(gwei.map(|g: u128| g * GWEI).to_vec()));
    }

    #[test]
    fn every_depth_a_game_may_have() {
        for max_depth in 4..=125 {
            let bonds = schedule(max_depth).expect("in range");
            assert_eq!(bonds.first(), Some(&(80_000_000 * GWEI)));
            assert!(bonds.is_sorted(), "max depth {max_depth}");
            let last = bonds.last().copied().unwrap_or_default();
            assert!((59_999_000_000 * GWEI..=60_001_000_000 * GWEI).contains(&last));
        }
        assert_eq!(required_bond(0, 0), Err(Revert::DivWadFailed));
    }
}
