//! Fixed-point arithmetic with 18 decimals ("WAD"), bit for bit as the contracts compute it.
//!
//! Bonds are wei-exact only if every truncation falls where upstream's falls, so the logarithm and
//! the exponential are those of solady's `FixedPointMathLib` (MIT; the method is Remco Bloemen's):
//! range reduction by powers of two, then a rational approximation over 2^96 fixed point.

use alloy_primitives::{I256, U256, uint};

use crate::revert::{Panic, Revert};

/// One, in WAD.
pub const WAD: U256 = uint!(1_000_000_000_000_000_000_U256);

macro_rules! int {
    ($digits:literal) => {
        I256::from_raw(uint!($digits))
    };
    (- $digits:literal) => {
        int!($digits).wrapping_neg()
    };
}

/// `x * y / WAD`, rounded down.
///
/// # Errors
/// `MulWadFailed` if the product needs more than 256 bits.
pub fn mul_wad(x: U256, y: U256) -> Result<U256, Revert> {
    Ok(x.checked_mul(y).ok_or(Revert::MulWadFailed)? / WAD)
}

/// `x * WAD / y`, rounded down.
///
/// # Errors
/// `DivWadFailed` if `y` is zero or the product needs more than 256 bits.
pub fn div_wad(x: U256, y: U256) -> Result<U256, Revert> {
    x.checked_mul(WAD)
        .and_then(|product| product.checked_div(y))
        .ok_or(Revert::DivWadFailed)
}

/// `x` to the power of `y`, all in WAD: `e^(ln(x) * y)`.
///
/// # Errors
/// `LnWadUndefined` for `x <= 0`, `ExpOverflow` if the result needs more than 255 bits, a panic
/// 0x11 if `ln(x) * y` does.
pub fn pow_wad(x: I256, y: I256) -> Result<I256, Revert> {
    let exponent = ln_wad(x)?
        .checked_mul(y)
        .ok_or(Revert::Panic(Panic::Arithmetic))?;
    exp_wad(exponent.wrapping_div(I256::from_raw(WAD)))
}

/// Steps of Horner's rule over 2^96 fixed point: `(acc * x >> 96) + c` for each coefficient.
fn horner(mut acc: I256, x: I256, coefficients: &[I256]) -> I256 {
    for &c in coefficients {
        acc = acc.wrapping_mul(x).asr(96).wrapping_add(c);
    }
    acc
}

/// `e^x`, in WAD.
///
/// # Errors
/// `ExpOverflow` if the result needs more than 255 bits.
pub fn exp_wad(x: I256) -> Result<I256, Revert> {
    if x <= int!(-41446531673892822313_U256) {
        return Ok(I256::ZERO);
    }
    if x >= int!(135305999368893231589_U256) {
        return Err(Revert::ExpOverflow);
    }
    const LN_2: I256 = int!(54916777467707473351141471128_U256);
    let half = I256::ONE.wrapping_shl(95);
    // From 10^18 to 2^96 fixed point, then x = k ln 2 + x' with |x'| <= ln 2 / 2.
    let x = x.wrapping_shl(78).wrapping_div(int!(3814697265625_U256));
    let k = x
        .wrapping_shl(96)
        .wrapping_div(LN_2)
        .wrapping_add(half)
        .asr(96);
    let x = x.wrapping_sub(k.wrapping_mul(LN_2));

    let y = horner(
        x.wrapping_add(int!(1346386616545796478920950773328_U256)),
        x,
        &[int!(57155421227552351082224309758442_U256)],
    );
    let p = y
        .wrapping_add(x)
        .wrapping_sub(int!(94201549194550492254356042504812_U256));
    let p = horner(p, y, &[int!(28719021644029726153956944680412240_U256)]);
    let p = p
        .wrapping_mul(x)
        .wrapping_add(int!(4385272521454847904659076985693276_U256).wrapping_shl(96));
    let q = horner(
        x.wrapping_sub(int!(2855989394907223263936484059900_U256)),
        x,
        &[
            int!(50020603652535783019961831881945_U256),
            int!(-533845033583426703283633433725380_U256),
            int!(3604857256930695427073651918091429_U256),
            int!(-14423608567350463180887372962807573_U256),
            int!(26449188498355588339934803723976023_U256),
        ],
    );
    let r = p.wrapping_div(q).into_raw();
    // The scale of the approximation, 2^k and the way back to 10^18 at once, in 2^213.
    let scaled = r.wrapping_mul(uint!(
        3822833074963236453042738258902158003155416615667_U256
    ));
    let shift = 195usize.saturating_add_signed(-k.as_isize());
    Ok(I256::from_raw(scaled.wrapping_shr(shift)))
}

/// The natural logarithm of `x`, in WAD.
///
/// # Errors
/// `LnWadUndefined` for `x <= 0`.
pub fn ln_wad(x: I256) -> Result<I256, Revert> {
    if x <= I256::ZERO {
        return Err(Revert::LnWadUndefined);
    }
    // x = 2^k x' with x' in [1, 2) of 2^96 fixed point.
    let zeros = x.leading_zeros();
    let k = I256::unchecked_from(159 - zeros as i64);
    let x = I256::from_raw(x.into_raw().wrapping_shl(zeros).wrapping_shr(159));

    let p = horner(
        x.wrapping_add(int!(3273285459638523848632254066296_U256)),
        x,
        &[
            int!(24828157081833163892658089445524_U256),
            int!(43456485725739037958740375743393_U256),
            int!(-11111509109440967052023855526967_U256),
            int!(-45023709667254063763336534515857_U256),
            int!(-14706773417378608786704636184526_U256),
        ],
    );
    let p = p
        .wrapping_mul(x)
        .wrapping_sub(int!(795164235651350426258249787498_U256).wrapping_shl(96));
    let q = horner(
        x.wrapping_add(int!(5573035233440673466300451813936_U256)),
        x,
        &[
            int!(71694874799317883764090561454958_U256),
            int!(283447036172924575727196451306956_U256),
            int!(401686690394027663651624208769553_U256),
            int!(204048457590392012362485061816622_U256),
            int!(31853899698501571402653359427138_U256),
            int!(909429971244387300277376558375_U256),
        ],
    );
    // Scale, add k ln 2 and ln(2^96 / 10^18), go back to 10^18.
    let r = p
        .wrapping_div(q)
        .wrapping_mul(int!(1677202110996718588342820967067443963516166_U256));
    let ln_2 = int!(16597577552685614221487285958193947469193820559219878177908093499208371_U256);
    let r = r.wrapping_add(ln_2.wrapping_mul(k)).wrapping_add(int!(
        600920179829731861736702779321621459595472258049074101567377883020018308_U256
    ));
    Ok(r.asr(174))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wad(x: i128) -> I256 {
        I256::unchecked_from(x)
    }

    /// Answers of upstream's library, its rounding included; some are off in the last digit.
    #[test]
    fn logarithms() {
        let cases = [
            (1_000_000_000_000_000_000, 0),
            (2_718_281_828_459_045_235, 999_999_999_999_999_999),
            (11_723_640_096_265_400_935, 2_461_607_324_344_817_918),
            (750_000_000_000_000_000_000, 6_620_073_206_530_356_124),
            (1, -41_446_531_673_892_822_313),
            (42, -37_708_862_055_609_454_007),
            (10_000, -32_236_191_301_916_639_577),
            (1_000_000_000, -20_723_265_836_946_411_157),
        ];
        for (x, ln) in cases {
            assert_eq!(ln_wad(wad(x)), Ok(wad(ln)), "ln {x}");
        }
        assert_eq!(ln_wad(I256::MAX), Ok(wad(135_305_999_368_893_231_589)));
        let power = |bits| I256::ONE.wrapping_shl(bits);
        assert_eq!(ln_wad(power(170)), Ok(wad(76_388_489_021_297_880_288)));
        assert_eq!(ln_wad(power(128)), Ok(wad(47_276_307_437_780_177_293)));
    }

    #[test]
    fn exponentials() {
        let cases = [
            (-41_446_531_673_892_822_313, 0),
            (-41_446_531_673_892_822_312, 1),
            (-3_000_000_000_000_000_000, 49_787_068_367_863_942),
            (-1_000_000_000_000_000_000, 367_879_441_171_442_321),
            (-300_000_000_000_000_000, 740_818_220_681_717_866),
            (0, 1_000_000_000_000_000_000),
            (500_000_000_000_000_000, 1_648_721_270_700_128_146),
            (1_000_000_000_000_000_000, 2_718_281_828_459_045_235),
            (3_000_000_000_000_000_000, 20_085_536_923_187_667_741),
            (10_000_000_000_000_000_000, 22_026_465_794_806_716_516_980),
        ];
        for (x, exp) in cases {
            assert_eq!(exp_wad(wad(x)), Ok(wad(exp)), "exp {x}");
        }
        let large = int!(26881171418161354484134666106240937146178367581647816351662017_U256);
        assert_eq!(exp_wad(wad(100_000_000_000_000_000_000)), Ok(large));
        let largest = int!(
            57896044618658097650144101621524338577433870140581303254786265309376407432913_U256
        );
        assert_eq!(exp_wad(wad(135_305_999_368_893_231_588)), Ok(largest));
    }

    #[test]
    fn powers() {
        let (two, three) = (
            wad(2_000_000_000_000_000_000),
            wad(3_000_000_000_000_000_000),
        );
        let eight = 8_000_000_000_000_000_000;
        let near_eight = wad(eight - 24)..=wad(eight);
        let power = pow_wad(two, three).expect("small");
        assert!(near_eight.contains(&power), "{power}");
    }

    #[test]
    fn outside_the_domain() {
        assert_eq!(ln_wad(I256::ZERO), Err(Revert::LnWadUndefined));
        assert_eq!(ln_wad(I256::MIN), Err(Revert::LnWadUndefined));
        assert_eq!(
            exp_wad(wad(135_305_999_368_893_231_589)),
            Err(Revert::ExpOverflow)
        );
        assert_eq!(mul_wad(U256::MAX, U256::from(2)), Err(Revert::MulWadFailed));
        assert_eq!(div_wad(U256::MAX, U256::from(2)), Err(Revert::DivWadFailed));
        assert_eq!(div_wad(WAD, U256::ZERO), Err(Revert::DivWadFailed));
        let overflow = pow_wad(I256::MAX, I256::MAX);
        assert_eq!(overflow, Err(Revert::Panic(Panic::Arithmetic)));
    }
}
