//! Lengths of time, for people.

/// A time in the two largest units it has.
pub fn span(seconds: u64) -> String {
    let units = [(86_400, "d"), (3_600, "h"), (60, "min"), (1, "s")];
    let mut rest = seconds;
    let mut parts = Vec::new();
    for (size, unit) in units {
        if rest >= size {
            parts.push(format!("{} {unit}", rest / size));
            rest %= size;
        }
    }
    if parts.is_empty() {
        "0 s".into()
    } else {
        parts.get(..2).unwrap_or(&parts).join(" ")
    }
}

#[cfg(test)]
mod tests {
    use super::span;

    #[test]
    fn spans() {
        assert_eq!(span(0), "0 s");
        assert_eq!(span(61), "1 min 1 s");
        assert_eq!(span(302_400), "3 d 12 h");
        assert_eq!(span(86_400 + 5), "1 d 5 s");
    }
}
