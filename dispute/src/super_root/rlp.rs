//! The RLP of transition states, read as strictly as go-ethereum's decoder: each value has one encoding.

use super::TransitionError;

/// Appends a string.
pub(super) fn push_string(out: &mut Vec<u8>, string: &[u8]) {
    match string {
        [byte @ 0..0x80] => out.push(*byte),
        _ => {
            push_header(out, 0x80, string.len());
            out.extend_from_slice(string);
        }
    }
}

/// Appends a list whose items are encoded already.
pub(super) fn push_list(out: &mut Vec<u8>, items: &[u8]) {
    push_header(out, 0xc0, items.len());
    out.extend_from_slice(items);
}

/// Appends a number without leading zeros.
pub(super) fn push_number(out: &mut Vec<u8>, number: u64) {
    push_string(out, trimmed(&number.to_be_bytes()));
}

fn push_header(out: &mut Vec<u8>, kind: u8, length: usize) {
    match length {
        0..=55 => out.push(kind.wrapping_add(length as u8)),
        _ => {
            let digits = length.to_be_bytes();
            let digits = trimmed(&digits);
            out.push(kind.wrapping_add(55).wrapping_add(digits.len() as u8));
            out.extend_from_slice(digits);
        }
    }
}

fn trimmed(digits: &[u8]) -> &[u8] {
    let skip = digits.iter().take_while(|digit| **digit == 0).count();
    digits.get(skip..).unwrap_or_default()
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    String,
    List,
}

/// Reads one item after the other.
pub(super) struct Items<'a>(pub(super) &'a [u8]);

impl<'a> Items<'a> {
    /// Whether nothing is left.
    pub(super) const fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The next item's content, which must be a string.
    pub(super) fn string(&mut self) -> Result<&'a [u8], TransitionError> {
        match self.next()? {
            (Kind::String, content) => Ok(content),
            (Kind::List, _) => Err(TransitionError::Rlp("a list where a string is expected")),
        }
    }

    /// The next item's items, which must be a list.
    pub(super) fn list(&mut self) -> Result<Self, TransitionError> {
        match self.next()? {
            (Kind::List, content) => Ok(Self(content)),
            (Kind::String, _) => Err(TransitionError::Rlp("a string where a list is expected")),
        }
    }

    /// The next item, which must be a word of 32 bytes.
    pub(super) fn word(&mut self) -> Result<[u8; 32], TransitionError> {
        let word = self.string()?.try_into();
        word.map_err(|_| TransitionError::Rlp("a hash that has not 32 bytes"))
    }

    /// The next item, which must be a number of at most 64 bits.
    pub(super) fn number(&mut self) -> Result<u64, TransitionError> {
        let digits = self.string()?;
        if digits.first() == Some(&0) {
            return Err(TransitionError::Rlp("a number with leading zeros"));
        }
        if digits.len() > 8 {
            return Err(TransitionError::Rlp("a number of more than 64 bits"));
        }
        let push = |number: u64, digit: &u8| (number << 8) | u64::from(*digit);
        Ok(digits.iter().fold(0, push))
    }

    /// Checks that nothing is left.
    pub(super) const fn end(&self) -> Result<(), TransitionError> {
        match self.0 {
            [] => Ok(()),
            _ => Err(TransitionError::Rlp("bytes behind the end")),
        }
    }

    fn next(&mut self) -> Result<(Kind, &'a [u8]), TransitionError> {
        let short = TransitionError::Rlp("fewer bytes than announced");
        let (prefix, rest) = self.0.split_first().ok_or(short)?;
        let (kind, short_form) = match prefix {
            0..0x80 => {
                let (byte, rest) = self.0.split_at(1);
                self.0 = rest;
                return Ok((Kind::String, byte));
            }
            0x80..0xc0 => (Kind::String, prefix - 0x80),
            0xc0.. => (Kind::List, prefix - 0xc0),
        };
        let (length, rest) = if short_form <= 55 {
            (usize::from(short_form), rest)
        } else {
            let (digits, rest) = rest
                .split_at_checked(usize::from(short_form - 55))
                .ok_or(short)?;
            let push = |length: u64, digit: &u8| (length << 8) | u64::from(*digit);
            let length = digits.iter().fold(0, push);
            if length <= 55 || digits.first() == Some(&0) {
                return Err(TransitionError::Rlp(
                    "a length that is not in its shortest form",
                ));
            }
            (usize::try_from(length).map_err(|_| short)?, rest)
        };
        let (content, rest) = rest.split_at_checked(length).ok_or(short)?;
        if kind == Kind::String && matches!(content, [0..0x80]) {
            return Err(TransitionError::Rlp(
                "a byte that is not in its shortest form",
            ));
        }
        self.0 = rest;
        Ok((kind, content))
    }
}
