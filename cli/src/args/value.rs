//! Values that flags take: numbers, sizes, times, ranges of steps.

use fpvm_checkpoints::manifest::Range;
use std::time::Duration;

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

/// A number of bytes: `4096`, `512MiB`, `4GiB`; `K`, `M`, `G`, `T` are the same as with `iB`, and `KB`, `MB`, `GB`, `TB` are
/// powers of ten.
pub(crate) fn size(text: &str) -> Result<u64, String> {
    let digits = text
        .find(|c: char| !c.is_ascii_digit())
        .unwrap_or(text.len());
    let (number, unit) = text.split_at(digits);
    let unit = match unit.trim() {
        "" | "B" => 1,
        "K" | "KiB" => 1 << 10,
        "M" | "MiB" => 1 << 20,
        "G" | "GiB" => 1 << 30,
        "T" | "TiB" => 1 << 40,
        "kB" | "KB" => 1000,
        "MB" => 1_000_000,
        "GB" => 1_000_000_000,
        "TB" => 1_000_000_000_000,
        _ => {
            return Err(format!(
                "`{unit}` is no unit of size; there are KiB, MiB, GiB, TiB and kB, MB, GB, TB"
            ));
        }
    };
    let number: u64 = number
        .parse()
        .map_err(|_| "a number of bytes is expected".to_string())?;
    number
        .checked_mul(unit)
        .ok_or_else(|| "more than there can be".to_string())
}

/// A time: `90`, `90s`, `500ms`, `5m`, `1h`, `7d`, `2w`, and sums of such, the largest unit first: `3d12h`, `1h30m`.
pub(crate) fn duration(text: &str) -> Result<Duration, String> {
    let (mut rest, mut sum, mut smallest) = (text, 0u64, u64::MAX);
    while !rest.is_empty() {
        let digits = rest.find(|c: char| !c.is_ascii_digit());
        let (number, after) = rest.split_at(digits.unwrap_or(rest.len()));
        let letters = after.find(|c: char| c.is_ascii_digit());
        let (unit, after) = after.split_at(letters.unwrap_or(after.len()));
        let milliseconds = match unit.trim() {
            "ms" => 1,
            "s" => 1000,
            "m" | "min" => 60_000,
            "h" => 3_600_000,
            "d" => 86_400_000,
            "w" => 604_800_000,
            // Seconds need no unit where nothing else is said.
            "" if rest == text => 1000,
            _ => {
                return Err(format!(
                    "`{unit}` is no unit of time; there are ms, s, m, h, d and w, as in 90s or 3d12h"
                ));
            }
        };
        if milliseconds >= smallest {
            return Err("the largest unit of a time comes first, and each once: 3d12h".into());
        }
        let number: u64 = number.parse().map_err(|_| "a time is expected: 90s, 7d")?;
        let part = number.checked_mul(milliseconds);
        let total = part.and_then(|part| sum.checked_add(part));
        sum = total.ok_or("more than there can be")?;
        (rest, smallest) = (after, milliseconds);
    }
    match sum {
        0 => Err("a time above zero is expected".into()),
        _ => Ok(Duration::from_millis(sum)),
    }
}

/// A number as Go's `strconv.ParseUint` with base 0 reads it (`255`, `0xff`, `0o377`, `0377`, `0b1111_1111`), or as people
/// write large ones: `1e6`, `30M`, `2.5G`, with k, M, G, T for powers of a thousand.
pub(crate) fn number(text: &str) -> Result<u64, String> {
    if let Some(number) = large(text) {
        return Ok(number);
    }
    let lower = text.to_ascii_lowercase();
    let (digits, base) = match lower.as_bytes() {
        [b'0', b'x', ..] => (&lower[2..], 16),
        [b'0', b'b', ..] => (&lower[2..], 2),
        [b'0', b'o', ..] => (&lower[2..], 8),
        [b'0', _, ..] => (&lower[1..], 8),
        _ => (lower.as_str(), 10),
    };
    let plain = digits.replace('_', "");
    let signed = digits.starts_with(['+', '-', '_']) || digits.ends_with('_');
    match u64::from_str_radix(&plain, base) {
        Ok(number) if !signed => Ok(number),
        _ => Err(format!("`{text}` is no number from 0 to 2^64-1")),
    }
}

/// The same above zero.
pub(crate) fn positive(text: &str) -> Result<u64, String> {
    match number(text)? {
        0 => Err("a number above zero is expected".into()),
        number => Ok(number),
    }
}

/// `1e6`, `30M`, `2.5G`, where that is a whole number.
fn large(text: &str) -> Option<u64> {
    let (digits, zeros) = match text.split_once(['e', 'E']) {
        Some((digits, zeros)) => (digits, zeros.parse().ok()?),
        None => {
            let unit = text.chars().next_back()?;
            let zeros = match unit {
                'k' | 'K' => 3,
                'M' => 6,
                'G' => 9,
                'T' => 12,
                _ => return None,
            };
            (text.strip_suffix(unit)?, zeros)
        }
    };
    let (whole, part) = digits.split_once('.').unwrap_or((digits, ""));
    let all_digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    // 08 and 0x are no beginnings of a decimal number.
    let plain = all_digits(whole) && all_digits(part) && !whole.is_empty();
    let plain = plain && (whole == "0" || !whole.starts_with('0'));
    let zeros = u32::try_from(part.len())
        .ok()
        .and_then(|len| u32::checked_sub(zeros, len));
    let number: u64 = format!("{whole}{part}").parse().ok()?;
    number
        .checked_mul(10u64.checked_pow(zeros?)?)
        .filter(|_| plain)
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
        ] {
            assert_eq!(number(text), Ok(value), "{text}");
        }
        assert_eq!(number("0b1111_1111"), Ok(255));
        for (text, value) in [
            ("1e6", 1_000_000),
            ("30M", 30_000_000),
            ("2.5G", 2_500_000_000),
            ("5k", 5000),
            ("0xe5", 0xe5),
            ("0x1e6", 0x1e6),
        ] {
            assert_eq!(number(text), Ok(value), "{text}");
        }
        for bad in [
            "1e-6", "1.5", "1.23k5", "0.0001k", "e6", "M", "1e99", "01M", "1eM",
        ] {
            assert!(number(bad).is_err(), "{bad}");
        }
        assert_eq!(number("18446744073709551615"), Ok(u64::MAX));
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
            assert!(number(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn sizes_and_times_have_units() {
        assert_eq!(size("512MiB"), Ok(512 << 20));
        assert_eq!(size("4G"), Ok(4 << 30));
        assert_eq!(size("4GB"), Ok(4_000_000_000));
        assert!(size("4XB").is_err() && size("MiB").is_err() && size("99999999TiB").is_err());
        assert_eq!(duration("90"), Ok(Duration::from_secs(90)));
        assert_eq!(duration("500ms"), Ok(Duration::from_millis(500)));
        let hours = |hours: u64| Ok(Duration::from_secs(3600 * hours));
        for (text, time) in [
            ("672h", 672),
            ("7d", 168),
            ("2w", 336),
            ("3d12h", 84),
            ("1w1d1h", 193),
        ] {
            assert_eq!(duration(text), hours(time), "{text}");
        }
        assert_eq!(duration("1h30m"), Ok(Duration::from_secs(5400)));
        for bad in [
            "0",
            "0d",
            "",
            "d",
            "1y",
            "12h3d",
            "1d1d",
            "1h30",
            "-1s",
            "1.5h",
            "99999999999999w",
        ] {
            assert!(duration(bad).is_err(), "{bad}");
        }
    }
}
