//! Amounts of ether, for people.

/// An amount of wei in ether, with no more digits than it has: `0.08`, `1109.7818`.
pub fn ether(wei: u128) -> String {
    const WEI: u128 = 1_000_000_000_000_000_000;
    let (whole, rest) = (wei / WEI, wei % WEI);
    if rest == 0 {
        return whole.to_string();
    }
    let digits = format!("{rest:018}");
    format!("{whole}.{}", digits.trim_end_matches('0'))
}

#[cfg(test)]
mod tests {
    use super::ether;

    #[test]
    fn digits() {
        assert_eq!(ether(0), "0");
        assert_eq!(ether(1), "0.000000000000000001");
        assert_eq!(ether(80_000_000_000_000_000), "0.08");
        assert_eq!(ether(1_109_781_800_000_000_000_000), "1109.7818");
    }
}
