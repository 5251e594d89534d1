//! Indented lines.

use std::fmt::Display;
use std::ops::RangeInclusive;

/// Source text that knows how deep it is.
#[derive(Debug, Default)]
pub(super) struct Text {
    out: String,
    depth: usize,
}

impl Text {
    pub(super) fn at_depth(depth: usize) -> Self {
        let out = String::new();
        Self { out, depth }
    }

    pub(super) fn line(&mut self, line: impl Display) {
        for _ in 0..self.depth {
            self.out.push_str("    ");
        }
        self.out.push_str(&line.to_string());
        self.out.push('\n');
    }

    pub(super) fn block(&mut self, head: impl Display, body: &[String]) {
        match body {
            [] => self.line(format_args!("{head} {{ }}")),
            [one] if one.len() < 70 && !one.starts_with("//") => {
                let line = match one.split_once(" // ") {
                    Some((code, comment)) => format!("{head} {{ {code} }} // {comment}"),
                    None => format!("{head} {{ {one} }}"),
                };
                self.line(line);
            }
            _ => {
                self.line(format_args!("{head} {{"));
                self.depth += 1;
                self.lines(body);
                self.depth -= 1;
                self.line("}");
            }
        }
    }

    pub(super) fn lines(&mut self, lines: &[String]) {
        lines.iter().for_each(|line| self.line(line));
    }

    pub(super) fn finish(self) -> String {
        self.out
    }
}

/// The lines of a block, each with its own indentation inside the block.
pub(super) fn block(head: &str, body: &[String]) -> Vec<String> {
    let mut text = Text::default();
    text.block(head, body);
    text.finish().lines().map(str::to_owned).collect()
}

/// A number as the contract writes it.
pub(super) fn number(value: u64) -> String {
    if value < 10 {
        value.to_string()
    } else {
        format!("{value:#x}")
    }
}

/// A case of a choice.
#[derive(Clone, Debug)]
pub(super) struct Arm {
    pub(super) value: u64,
    /// What the value is called; empty where it has no name.
    pub(super) name: &'static str,
    pub(super) lines: Vec<String>,
}

/// A choice by value, which is at most `most`: the cases in rising order, and what else happens. What many
/// cases have in common is printed once.
pub(super) fn choice(value: &str, most: u64, cases: &[Arm], default: &[String]) -> Vec<String> {
    const MANY: usize = 8;
    let range = 0..=most;
    let common = most_common(cases);
    let (same, other): (Vec<_>, Vec<_>) = cases.iter().cloned().partition(|a| a.lines == common);
    if same.len() < MANY {
        return search(value, range, cases, default);
    }
    let names: Vec<&str> = same
        .iter()
        .map(|arm| arm.name)
        .filter(|n| !n.is_empty())
        .collect();
    let same: Vec<u64> = same.iter().map(|arm| arm.value).collect();
    let mut lines = comment(&names.join(", "));
    lines.push(format!("switch {}", one_of(value, &same)));
    lines.extend(block("case 1", &common));
    lines.extend(block("default", &search(value, range, &other, default)));
    lines
}

/// Whether a value is one of some numbers in rising order: a bit for each, in words of 256.
fn one_of(value: &str, numbers: &[u64]) -> String {
    let mut words: Vec<(u64, [u8; 32])> = Vec::new();
    for number in numbers {
        if words.last().is_none_or(|(first, _)| number - first >= 256) {
            words.push((*number, [0; 32]));
        }
        if let Some((first, bits)) = words.last_mut() {
            let place = (number - *first) as usize;
            bits[31 - place / 8] |= 1 << (place % 8);
        }
    }
    let words = words.into_iter().map(|(first, bits)| {
        let bits = const_hex::encode(bits);
        let bits = bits.trim_start_matches('0');
        let bits = format!("{}{bits}", "0".repeat(bits.len() % 2));
        format!("and(shr(sub({value}, {}), 0x{bits}), 1)", number(first))
    });
    let any = words.reduce(|all, word| format!("or({all}, {word})"));
    any.unwrap_or_else(|| "0".to_owned())
}

/// A choice case by case, where the value is known to be in a range. Long ones are split in halves, since a
/// Yul switch compares with one case after the other. Where the cases are all of the range, the last one is
/// what else happens: nothing could reach another.
fn search(
    value: &str,
    range: RangeInclusive<u64>,
    cases: &[Arm],
    default: &[String],
) -> Vec<String> {
    const LONGEST: usize = 4;
    let (first, last) = (*range.start(), *range.end());
    let is_whole = last.checked_sub(first) == (cases.len() as u64).checked_sub(1);
    match cases {
        [] => default.to_vec(),
        [arm] if is_whole => {
            let mut lines = comment(arm.name);
            lines.extend_from_slice(&arm.lines);
            lines
        }
        [arm] if default.is_empty() => {
            let same = if arm.value == 0 {
                format!("if iszero({value})")
            } else {
                format!("if eq({value}, {})", number(arm.value))
            };
            named(&same, arm)
        }
        _ if cases.len() > LONGEST => {
            let (low, high) = cases.split_at(cases.len() / 2);
            let middle = high[0].value;
            let mut lines = vec![format!("switch lt({value}, {})", number(middle))];
            let (below, above) = (first..=middle - 1, middle..=last);
            lines.extend(block("case 1", &search(value, below, low, default)));
            lines.extend(block("default", &search(value, above, high, default)));
            lines
        }
        [cases @ .., rest] if is_whole => {
            let mut lines = vec![format!("switch {value}")];
            for arm in cases {
                lines.extend(named(&format!("case {}", number(arm.value)), arm));
            }
            lines.extend(named("default", rest));
            lines
        }
        _ => {
            let mut lines = vec![format!("switch {value}")];
            for arm in cases {
                lines.extend(named(&format!("case {}", number(arm.value)), arm));
            }
            if !default.is_empty() {
                lines.extend(block("default", default));
            }
            lines
        }
    }
}

/// The block of a case, with its name as a comment.
fn named(head: &str, arm: &Arm) -> Vec<String> {
    let mut lines = block(head, &arm.lines);
    if let Some(first) = lines.first_mut().filter(|_| !arm.name.is_empty()) {
        *first = match first.split_once(" // ") {
            Some((code, comment)) => format!("{code} // {}: {comment}", arm.name),
            None => format!("{first} // {}", arm.name),
        };
    }
    lines
}

/// A comment of as many lines as it needs.
fn comment(text: &str) -> Vec<String> {
    const WIDTH: usize = 70;
    let mut lines: Vec<String> = Vec::new();
    for word in text.split_whitespace() {
        match lines.last_mut() {
            Some(line) if line.len() + word.len() < WIDTH => {
                line.push(' ');
                line.push_str(word);
            }
            _ => lines.push(format!("// {word}")),
        }
    }
    lines
}

/// Takes the case that comes most often out of equal ones, as the default.
pub(super) fn most_common(cases: &[Arm]) -> Vec<String> {
    let mut best: (usize, &[String]) = (0, &[]);
    for arm in cases {
        let count = cases
            .iter()
            .filter(|other| other.lines == arm.lines)
            .count();
        if count > best.0 {
            best = (count, &arm.lines);
        }
    }
    best.1.to_vec()
}
