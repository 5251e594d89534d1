//! As much of RLP as headers and states need.

use alloc::vec::Vec;

/// Appends a string of bytes.
pub fn string(bytes: &[u8], out: &mut Vec<u8>) {
    match bytes {
        [byte] if *byte < 0x80 => out.push(*byte),
        _ => {
            head(0x80, bytes.len(), out);
            out.extend_from_slice(bytes);
        }
    }
}

/// A number without leading zeros.
pub fn number(value: u64, out: &mut Vec<u8>) {
    let digits = value.to_be_bytes();
    string(&digits[value.leading_zeros() as usize / 8..], out);
}

/// A list of what is encoded already.
pub fn list(payload: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    head(0xc0, payload.len(), &mut out);
    out.extend_from_slice(payload);
    out
}

fn head(kind: u8, length: usize, out: &mut Vec<u8>) {
    if length <= 55 {
        out.push(kind + length as u8);
    } else {
        let digits = (length as u64).to_be_bytes();
        let digits = &digits[(length as u64).leading_zeros() as usize / 8..];
        out.push(kind + 55 + digits.len() as u8);
        out.extend_from_slice(digits);
    }
}

/// A string or a list, with what is in it.
#[derive(Clone, Copy)]
pub enum Item<'a> {
    /// Its bytes.
    String(&'a [u8]),
    /// Its items, encoded.
    List(&'a [u8]),
}

impl<'a> Item<'a> {
    /// All of `bytes` as one item.
    pub fn all(bytes: &'a [u8]) -> Option<Self> {
        match Self::first(bytes)? {
            (item, []) => Some(item),
            _ => None,
        }
    }

    /// The first item, in its one form, and the rest.
    fn first(bytes: &'a [u8]) -> Option<(Self, &'a [u8])> {
        let (&tag, rest) = bytes.split_first()?;
        let (is_list, tag) = match tag {
            0..0x80 => return Some((Self::String(&bytes[..1]), rest)),
            0x80..0xc0 => (false, tag - 0x80),
            0xc0.. => (true, tag - 0xc0),
        };
        let (length, rest) = match tag {
            0..=55 => (usize::from(tag), rest),
            _ => {
                let (digits, rest) = rest.split_at_checked(usize::from(tag - 55))?;
                let length = self::digits(digits).filter(|length| *length > 55)?;
                (usize::try_from(length).ok()?, rest)
            }
        };
        let (inside, rest) = rest.split_at_checked(length)?;
        if is_list {
            return Some((Self::List(inside), rest));
        }
        // One small byte stands for itself.
        let is_short = !matches!(inside, [0..0x80]);
        is_short.then_some((Self::String(inside), rest))
    }

    /// A list's items.
    pub fn list(self) -> Option<Vec<Self>> {
        let Self::List(mut rest) = self else {
            return None;
        };
        let mut items = Vec::new();
        while !rest.is_empty() {
            let (item, after) = Self::first(rest)?;
            items.push(item);
            rest = after;
        }
        Some(items)
    }

    /// A string's bytes.
    pub fn string(self) -> Option<&'a [u8]> {
        match self {
            Self::String(bytes) => Some(bytes),
            Self::List(_) => None,
        }
    }

    /// A string that is a hash.
    pub fn hash(self) -> Option<[u8; 32]> {
        self.string()?.try_into().ok()
    }

    /// A string that is a number.
    pub fn number(self) -> Option<u64> {
        digits(self.string()?)
    }
}

/// A number in its shortest form; none of more than 64 bits.
fn digits(digits: &[u8]) -> Option<u64> {
    let is_shortest = digits.first() != Some(&0) && digits.len() <= 8;
    is_shortest.then(|| {
        digits
            .iter()
            .fold(0, |number, digit| number << 8 | u64::from(*digit))
    })
}
