//! Amounts of ether, for people.

/// Wei in an ether.
const ETHER: u128 = 1_000_000_000_000_000_000;

/// An amount of wei in ether, with all its digits and no zeros at the end: `0.08`, `1109.7818`.
pub fn ether(wei: u128) -> String {
    let (whole, rest) = (wei / ETHER, wei % ETHER);
    if rest == 0 {
        return whole.to_string();
    }
    let digits = format!("{rest:018}");
    format!("{whole}.{}", digits.trim_end_matches('0'))
}

/// An amount of wei in ether with three digits, rounded down. It reads as zero only if the amount is zero.
pub fn rounded(wei: u128) -> String {
    match wei {
        0 => "0".to_owned(),
        1..1_000_000_000_000_000 => format!("{wei} wei"),
        _ => format!("{}.{:03}", wei / ETHER, wei % ETHER / (ETHER / 1_000)),
    }
}

#[cfg(test)]
mod tests {
    use super::{ether, rounded};

    #[test]
    fn digits() {
        assert_eq!(ether(0), "0");
        assert_eq!(ether(1), "0.000000000000000001");
        assert_eq!(ether(80_000_000_000_000_000), "0.08");
        assert_eq!(ether(1_109_781_800_000_000_000_000), "1109.7818");
    }

    #[test]
    fn three_digits() {
        assert_eq!(rounded(0), "0");
        assert_eq!(rounded(1), "1 wei");
        assert_eq!(rounded(1_500_000_000_000_000_000), "1.500");
    }
}
