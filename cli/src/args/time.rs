//! Times that flags take.

use super::number::with_unit;
use std::time::Duration;

/// A time: `90`, `90s`, `500ms`, `5m`, `1.5h`, `7d`, `2w`, and sums of such, the largest unit first: `3d12h`, `1h30m`.
pub(crate) fn duration(text: &str) -> Result<Duration, String> {
    let (mut rest, mut sum, mut smallest) = (text, 0u64, u64::MAX);
    while !rest.is_empty() {
        let expected = || format!("`{text}` is no time, such as 90, 90s, 500ms, 1.5h or 3d12h");
        let (number, after) = with_unit(rest).ok_or_else(expected)?;
        let letters = after.find(|c: char| c.is_ascii_digit());
        let (unit, after) = after.split_at(letters.unwrap_or(after.len()));
        let milliseconds = match unit.trim() {
            "ms" => 1,
            "s" | "sec" => 1000,
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
        let part = number.times(milliseconds).and_then(|part| part.floor());
        let total = part.and_then(|part| sum.checked_add(part));
        sum = total.ok_or("more than there can be")?;
        (rest, smallest) = (after, milliseconds);
    }
    match sum {
        0 => Err("a time above zero is expected".into()),
        _ => Ok(Duration::from_millis(sum)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_have_units() {
        for (text, milliseconds) in [
            ("90", 90_000),
            ("1.5", 1500),
            ("500ms", 500),
            ("0.5s", 500),
            ("1.5h", 5_400_000),
            ("1h30m", 5_400_000),
            ("672h", 672 * 3_600_000),
            ("7d", 168 * 3_600_000),
            ("2w", 336 * 3_600_000),
            ("3d12h", 84 * 3_600_000),
            ("1w1d1h", 193 * 3_600_000),
        ] {
            assert_eq!(
                duration(text),
                Ok(Duration::from_millis(milliseconds)),
                "{text}"
            );
        }
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
            "0.0001s",
            "99999999999999w",
        ] {
            assert!(duration(bad).is_err(), "{bad}");
        }
    }
}
