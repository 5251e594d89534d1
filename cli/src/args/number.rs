//! Numbers that flags take: counts, sizes, ranges of steps. Times are made of the same decimal numbers.

use fpvm_checkpoints::manifest::Range;
use fpvm_l1::U256;

/// `A..B`: the steps from A to B, both included.
pub(crate) fn steps(text: &str) -> Result<Range, String> {
    let ends = text.split_once("..");
    let (from, to) = ends.ok_or("two steps are expected: 100..200")?;
    let (from, to) = (number(from)?, number(to)?);
    if from <= to {
        Ok(Range { from, to })
    } else {
        Err("the first step lies behind the second".into())
    }
}

/// A number as Go's `strconv.ParseUint` with base 0 reads it (`255`, `0xff`, `0o377`, `0377`, `0b1111_1111`), or as people
/// write large ones: `2_000_000`, `2,000,000`, `1e6`, `30M`, `1.5G`, with k, M, G, T for powers of a thousand.
pub(crate) fn number(text: &str) -> Result<u64, String> {
    let as_people_do = || {
        let (number, unit) = with_unit(text)?;
        let unit = match unit {
            "" => 1,
            "k" | "K" => 1000,
            "m" | "M" => 1_000_000,
            "g" | "G" => 1_000_000_000,
            "t" | "T" => 1_000_000_000_000,
            _ => return None,
        };
        number.times(unit)?.whole()
    };
    go_number(text).or_else(as_people_do).ok_or_else(|| {
        format!(
            "`{text}` is no number from 0 to 2^64-1, such as 2000000, 2_000_000, 2e6, 1.5M or 0x1f"
        )
    })
}

/// The same above zero.
pub(crate) fn positive(text: &str) -> Result<u64, String> {
    match number(text)? {
        0 => Err("a number above zero is expected".into()),
        number => Ok(number),
    }
}

/// The same as an index in a list.
pub(crate) fn index(text: &str) -> Result<usize, String> {
    usize::try_from(number(text)?).map_err(|_| format!("`{text}` is more than there can be"))
}

/// The same where it may have 256 bits.
pub(crate) fn long_number(text: &str) -> Result<U256, String> {
    text.parse().or_else(|_| number(text).map(U256::from))
}

/// A number of bytes: `4096`, `512MiB`, `1.5GiB`, `0.5G`, `1gb`; `K`, `M`, `G`, `T` are the same as with `iB`, and `KB`,
/// `MB`, `GB`, `TB` are powers of ten. A part of a byte is left out.
pub(crate) fn size(text: &str) -> Result<u64, String> {
    if let Some(number) = go_number(text) {
        return Ok(number);
    }
    let (number, unit) = with_unit(text).ok_or_else(|| {
        format!("`{text}` is no size, such as 4096, 512MiB, 1.5GiB, 0.5G (GiB) or 1GB (10^9 bytes)")
    })?;
    let bytes = match unit.to_ascii_lowercase().as_str() {
        "" | "b" => 1,
        "k" | "kib" => 1 << 10,
        "m" | "mib" => 1 << 20,
        "g" | "gib" => 1 << 30,
        "t" | "tib" => 1 << 40,
        "kb" => 1000,
        "mb" => 1_000_000,
        "gb" => 1_000_000_000,
        "tb" => 1_000_000_000_000,
        _ => {
            return Err(format!(
                "`{unit}` is no unit of size; there are KiB, MiB, GiB, TiB (also K, M, G, T) and kB, MB, GB, TB, as in 1.5GiB"
            ));
        }
    };
    let all = number.times(bytes);
    let size = all.and_then(|all| if bytes == 1 { all.whole() } else { all.floor() });
    size.ok_or_else(|| match bytes {
        1 => format!("`{text}` is no whole number of bytes"),
        _ => "more than there can be".into(),
    })
}

/// A number without a point, an exponent or a unit, as Go reads it.
fn go_number(text: &str) -> Option<u64> {
    let lower = text.to_ascii_lowercase();
    let (digits, base) = match lower.as_bytes() {
        [b'0', b'x', ..] => (&lower[2..], 16),
        [b'0', b'b', ..] => (&lower[2..], 2),
        [b'0', b'o', ..] => (&lower[2..], 8),
        [b'0', _, ..] => (&lower[1..], 8),
        _ => (lower.as_str(), 10),
    };
    let signed = digits.starts_with(['+', '-', '_']) || digits.ends_with('_');
    let plain = digits.replace('_', "");
    u64::from_str_radix(&plain, base).ok().filter(|_| !signed)
}

/// A decimal number: `digits` / 10^`places`.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Decimal {
    digits: u128,
    places: u32,
}

impl Decimal {
    /// So many of a unit.
    pub(super) fn times(self, unit: u64) -> Option<Self> {
        let digits = self.digits.checked_mul(u128::from(unit))?;
        Some(Self { digits, ..self })
    }

    /// The number, where it is a whole one.
    pub(super) fn whole(self) -> Option<u64> {
        let unit = 10u128.checked_pow(self.places)?;
        self.digits.is_multiple_of(unit).then(|| self.floor())?
    }

    /// The number without what stands behind the point.
    pub(super) fn floor(self) -> Option<u64> {
        u64::try_from(self.digits / 10u128.checked_pow(self.places)?).ok()
    }
}

/// `1.5GiB`: a decimal number, and the letters after it.
pub(super) fn with_unit(text: &str) -> Option<(Decimal, &str)> {
    let is_digit = |c: char| c.is_ascii_digit() || matches!(c, '.' | '_' | ',');
    let mut end = text.find(|c| !is_digit(c)).unwrap_or(text.len());
    let (mantissa, rest) = text.split_at(end);
    let mut exponent = 0;
    if let Some(after) = rest.strip_prefix(['e', 'E']) {
        let len = after.find(|c: char| !c.is_ascii_digit());
        let zeros = after.get(..len.unwrap_or(after.len()))?;
        exponent = zeros.parse::<u32>().ok()?;
        end += 1 + zeros.len();
    }
    let (whole, part) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let plain = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    let whole = without_separators(whole)?;
    // 08 is no decimal number, because Go takes its like for an octal one.
    let is_one =
        plain(part) && !mantissa.ends_with('.') && (whole == "0" || !whole.starts_with('0'));
    let places = u32::try_from(part.len()).ok()?;
    let digits: u128 = format!("{whole}{part}").parse().ok().filter(|_| is_one)?;
    let number = Decimal {
        digits: digits.checked_mul(10u128.checked_pow(exponent.saturating_sub(places))?)?,
        places: places.saturating_sub(exponent),
    };
    Some((number, text.get(end..)?.trim_start_matches(' ')))
}

/// Digits with `_` between any of them, or with `,` before every three.
fn without_separators(text: &str) -> Option<String> {
    let (first, groups) = text.split_once(',').unwrap_or((text, ""));
    let of_three = |group: &str| group.len() == 3 && !group.contains('_');
    if text.contains(',') && !(groups.split(',').all(of_three) && (1..4).contains(&first.len())) {
        return None;
    }
    let digits = text.replace(['_', ','], "");
    let plain = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
    (plain && !text.starts_with('_') && !text.ends_with('_')).then_some(digits)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_have_go_s_prefixes() {
        for (text, value) in [
            ("0", 0),
            ("255", 255),
            ("0xFf", 255),
            ("0o377", 255),
            ("0377", 255),
            ("0b1111_1111", 255),
            ("0xe5", 0xe5),
            ("0x1e6", 0x1e6),
            ("18446744073709551615", u64::MAX),
        ] {
            assert_eq!(number(text), Ok(value), "{text}");
        }
        for bad in [
            "",
            "x",
            "-1",
            "+1",
            "0x",
            "_1",
            "1_",
            "18446744073709551616",
            "ä",
        ] {
            let error = number(bad).unwrap_err();
            assert!(
                error.contains("such as 2000000, 2_000_000, 2e6, 1.5M"),
                "{error}"
            );
        }
    }

    #[test]
    fn numbers_are_as_people_write_them() {
        for (text, value) in [
            ("1e6", 1_000_000),
            ("1.5e6", 1_500_000),
            ("1E3", 1000),
            ("30M", 30_000_000),
            ("30m", 30_000_000),
            ("1.5M", 1_500_000),
            ("0.5M", 500_000),
            ("2.5G", 2_500_000_000),
            ("1.5", 0),
            ("5k", 5000),
            ("2_000_000", 2_000_000),
            ("2_000k", 2_000_000),
            ("2,000,000", 2_000_000),
            ("1.50k", 1500),
        ] {
            assert_eq!(number(text).ok(), Some(value).filter(|n| *n > 0), "{text}");
        }
        for bad in [
            "1e-6",
            "1.5",
            "1.23k5",
            "0.0001k",
            "e6",
            "M",
            "1e99",
            "01M",
            "1eM",
            ".5M",
            "1.M",
            "1..5M",
            "2,00",
            "2000,000",
            "1,000.5",
            "1MB",
            "99999999999999999999999999999999999999999999",
            "1e40k",
            "1.0000000000000000000000000000000001T",
        ] {
            assert!(number(bad).is_err(), "{bad}");
        }
        assert_eq!(long_number("1.5M"), Ok(U256::from(1_500_000)));
        assert_eq!(long_number("0xff"), Ok(U256::from(255)));
        assert_eq!(long_number(&U256::MAX.to_string()), Ok(U256::MAX));
        assert!(long_number("x").unwrap_err().contains("is no number"));
        assert_eq!(index("1k"), Ok(1000));
        assert_eq!(
            steps("1e3..1.5k"),
            Ok(Range {
                from: 1000,
                to: 1500
            })
        );
    }

    #[test]
    fn sizes_have_units() {
        for (text, bytes) in [
            ("4096", 4096),
            ("0x1000", 4096),
            ("512MiB", 512 << 20),
            ("512mb", 512_000_000),
            ("4G", 4 << 30),
            ("4g", 4 << 30),
            ("0.5G", 1 << 29),
            ("1.5GiB", 3 << 29),
            ("1.5 GiB", 3 << 29),
            ("4GB", 4_000_000_000),
            ("1gb", 1_000_000_000),
            ("0.1KiB", 102),
            ("1e6", 1_000_000),
            ("1_024K", 1 << 20),
            ("7B", 7),
        ] {
            assert_eq!(size(text), Ok(bytes), "{text}");
        }
        for (bad, why) in [
            ("4XB", "`XB` is no unit of size; there are KiB, MiB"),
            ("MiB", "`MiB` is no size, such as 4096, 512MiB, 1.5GiB"),
            ("", "is no size"),
            ("-1G", "is no size"),
            ("1.5", "no whole number of bytes"),
            ("99999999TiB", "more than there can be"),
        ] {
            let error = size(bad).unwrap_err();
            assert!(error.contains(why), "{bad}: {error}");
        }
    }
}
