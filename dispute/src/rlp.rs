//! Reading RLP as upstream's contracts do, with their reasons for refusing.
//!
//! It reads only what the L2 block number of a header needs, and is not a general reader: a header that
//! it accepts need not be canonical in its other fields, and which malformed headers it refuses, and why,
//! is a rule of the game.

#![warn(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "what comes from outside must not make the program panic"
)]

use crate::revert::{Panic, Revert};

/// Most items of a list that are read.
const MAX_LIST_LENGTH: usize = 32;

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    String,
    List,
}

/// Where the content of the item at the start of `input` lies: offset, length.
fn header(input: &[u8]) -> Result<(usize, usize, Kind), Revert> {
    let prefix = *input.first().ok_or(Revert::EmptyItem)?;
    let (short, kind) = match prefix {
        0..0x80 => return Ok((0, 1, Kind::String)),
        0x80..0xc0 => (0x80, Kind::String),
        0xc0.. => (0xc0, Kind::List),
    };
    let length = usize::from(prefix - short);
    if length <= 55 {
        if input.len() <= length {
            return Err(Revert::ContentLengthMismatch);
        }
        if kind == Kind::String && length == 1 && input.get(1).is_some_and(|byte| *byte < 0x80) {
            return Err(Revert::InvalidHeader);
        }
        return Ok((1, length, kind));
    }
    let size = length - 55;
    if input.len() <= size {
        return Err(Revert::ContentLengthMismatch);
    }
    let digits = input.get(1..=size).unwrap_or_default();
    if digits.first() == Some(&0) {
        return Err(Revert::InvalidHeader);
    }
    let length = digits
        .iter()
        .fold(0u64, |length, digit| (length << 8) | u64::from(*digit));
    if length <= 55 {
        return Err(Revert::InvalidHeader);
    }
    match usize::try_from(length)
        .ok()
        .and_then(|length| length.checked_add(size))
    {
        Some(end) if end < input.len() => Ok((1 + size, end - size, kind)),
        _ => Err(Revert::ContentLengthMismatch),
    }
}

/// The encoded items of the list that `input` is.
fn list(input: &[u8]) -> Result<Vec<&[u8]>, Revert> {
    let (offset, length, kind) = header(input)?;
    if kind != Kind::List {
        return Err(Revert::UnexpectedString);
    }
    if offset + length != input.len() {
        return Err(Revert::InvalidDataRemainder);
    }
    let mut rest = input.get(offset..).unwrap_or_default();
    let mut items = Vec::new();
    while !rest.is_empty() {
        let (offset, length, _) = header(rest)?;
        if items.len() == MAX_LIST_LENGTH {
            return Err(Revert::Panic(Panic::Index));
        }
        let (item, after) = rest
            .split_at_checked(offset + length)
            .unwrap_or((rest, &[]));
        items.push(item);
        rest = after;
    }
    Ok(items)
}

/// The content of the string at place `index` of the list that `input` is.
///
/// # Errors
/// `EmptyItem`, `UnexpectedString` for a list, `UnexpectedList` for the string,
/// `InvalidDataRemainder`, `ContentLengthMismatch`, `InvalidHeader`, or a panic 0x32 for a list of
/// more than 32 items or without a place `index`.
pub fn string_in_list(input: &[u8], index: usize) -> Result<&[u8], Revert> {
    let items = list(input)?;
    let item = *items.get(index).ok_or(Revert::Panic(Panic::Index))?;
    let (offset, length, kind) = header(item)?;
    if kind != Kind::String {
        return Err(Revert::UnexpectedList);
    }
    Ok(item.get(offset..offset + length).unwrap_or_default())
}

/// The RLP of a list of strings, each shorter than 56 bytes.
pub fn encode_list(strings: &[&[u8]]) -> Vec<u8> {
    let mut content = Vec::new();
    for string in strings {
        match string {
            [byte @ 0..0x80] => content.push(*byte),
            short => {
                content.push(0x80u8.wrapping_add(short.len() as u8));
                content.extend_from_slice(short);
            }
        }
    }
    let mut list = Vec::with_capacity(content.len() + 3);
    match content.len() {
        length @ 0..=55 => list.push(0xc0 + length as u8),
        length => {
            let digits = length.to_be_bytes();
            let skip = (length.leading_zeros() / 8) as usize;
            list.push(0xf7 + (digits.len() - skip) as u8);
            list.extend(digits.iter().skip(skip));
        }
    }
    list.append(&mut content);
    list
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_what_it_writes() {
        let long = [0xaa; 32];
        let strings: [&[u8]; 5] = [&[], &[0x7f], &[0x80], &long, &[1, 2, 3]];
        let list = encode_list(&strings);
        for (index, string) in strings.iter().enumerate() {
            assert_eq!(string_in_list(&list, index), Ok(*string));
        }
        assert_eq!(string_in_list(&list, 5), Err(Revert::Panic(Panic::Index)));
        let big = encode_list(&[&long[..]; 9]);
        assert_eq!(big.get(..3), Some(&[0xf9, 0x01, 0x29][..]));
        assert_eq!(string_in_list(&big, 8), Ok(&long[..]));
    }

    #[test]
    fn malformed() {
        let first = |input: &[u8]| string_in_list(input, 0).map(<[u8]>::to_vec);
        let cases: [(&[u8], Revert); 16] = [
            (&[], Revert::EmptyItem),
            (&[0x01], Revert::UnexpectedString),
            (&[0x80], Revert::UnexpectedString),
            (&[0xc0], Revert::Panic(Panic::Index)),
            (&[0xc0, 0x00], Revert::InvalidDataRemainder),
            (&[0xc2, 0x01], Revert::ContentLengthMismatch),
            (&[0xc1, 0xc0], Revert::UnexpectedList),
            (&[0xc1, 0x81], Revert::ContentLengthMismatch),
            (&[0xc2, 0x81, 0x7f], Revert::InvalidHeader),
            (&[0xf8], Revert::ContentLengthMismatch),
            (&[0xf8, 0x00], Revert::InvalidHeader),
            (&[0xf8, 55], Revert::InvalidHeader),
            (&[0xf8, 56], Revert::ContentLengthMismatch),
            (&[0xc1, 0xb8], Revert::ContentLengthMismatch),
            (
                &[0xff, 255, 255, 255, 255, 255, 255, 255, 255, 0],
                Revert::ContentLengthMismatch,
            ),
            (
                &[0xbf, 255, 255, 255, 255, 255, 255, 255, 255, 0],
                Revert::ContentLengthMismatch,
            ),
        ];
        for (input, reason) in cases {
            assert_eq!(first(input), Err(reason), "{input:02x?}");
        }
        let mut many = vec![0xe1];
        many.resize(34, 0x01);
        assert_eq!(first(&many), Err(Revert::Panic(Panic::Index)));
        many[0] = 0xe0;
        many.pop();
        assert_eq!(first(&many), Ok(vec![0x01]));
    }
}
