//! Values that flags take: numbers, sizes, times, ranges of steps.

use fpvm_checkpoints::manifest::Range;
use std::time::Duration;

/// `A..B`: the steps from A to B, both included.
pub(crate) fn steps(text: &str) -> Result<Range, String> {
    let ends = text.split_once("..");
    let (from, to) = ends.ok_or("two steps are expected: 100..200")?;
    let (from, to) = (number(from)?, number(to)?);
    match from <= to {
        true => Ok(Range { from, to }),
        false => Err("the first step lies behind the second".into()),
    }
}

/// A number of bytes: `4096`, `512MiB`, `4GiB`.
pub(crate) fn size(text: &str) -> Result<u64, String> {
    let digits = text
        .find(|c: char| !c.is_ascii_digit())
        .unwrap_or(text.len());
    let (number, unit) = text.split_at(digits);
    let shift = match unit.trim() {
        "" | "B" => 0,
        "K" | "KiB" => 10,
        "M" | "MiB" => 20,
        "G" | "GiB" => 30,
        "T" | "TiB" => 40,
        _ => {
            return Err(format!(
                "`{unit}` is no unit of size; there are KiB, MiB, GiB and TiB"
            ));
        }
    };
    let number: u64 = number
        .parse()
        .map_err(|_| "a number of bytes is expected".to_string())?;
    number
        .checked_mul(1 << shift)
        .ok_or_else(|| "more than there can be".to_string())
}

/// A time: `90`, `90s`, `500ms`, `5m`, `1h`.
pub(crate) fn duration(text: &str) -> Result<Duration, String> {
    let digits = text
        .find(|c: char| !c.is_ascii_digit())
        .unwrap_or(text.len());
    let (number, unit) = text.split_at(digits);
    let milliseconds: u64 = match unit.trim() {
        "ms" => 1,
        "" | "s" => 1000,
        "m" | "min" => 60_000,
        "h" => 3_600_000,
        _ => {
            return Err(format!(
                "`{unit}` is no unit of time; there are ms, s, m and h"
            ));
        }
    };
    let number: u64 = number
        .parse()
        .map_err(|_| "a time is expected".to_string())?;
    let time = number.checked_mul(milliseconds).filter(|time| *time > 0);
    time.map(Duration::from_millis)
        .ok_or_else(|| "a time above zero is expected".to_string())
}

/// A number as Go's `strconv.ParseUint` with base 0 reads it: `255`, `0xff`, `0o377`, `0377`,
/// `0b1111_1111`.
pub(crate) fn number(text: &str) -> Result<u64, String> {
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
        assert!(size("4GB").is_err() && size("MiB").is_err() && size("99999999TiB").is_err());
        assert_eq!(duration("90"), Ok(Duration::from_secs(90)));
        assert_eq!(duration("500ms"), Ok(Duration::from_millis(500)));
        assert!(duration("0").is_err() && duration("1d").is_err() && duration("").is_err());
    }
}
