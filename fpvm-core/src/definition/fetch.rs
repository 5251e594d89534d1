//! Instructions in memory: how long each is, and its word.

use crate::definition::isa::Isa;
use crate::machine::memory::Memory;

/// Bytes of which each instruction's address and length are a multiple: 4, or 2 where there are
/// [short](Isa::COMPRESSED_MASK) instructions.
#[inline(always)]
pub const fn unit<I: Isa>() -> u64 {
    if I::COMPRESSED_MASK == 0 { 4 } else { 2 }
}

/// Bytes of an instruction: 4 or 2.
#[inline(always)]
pub const fn len<I: Isa>(insn: u32) -> u64 {
    if insn & I::COMPRESSED_MASK == I::COMPRESSED_MASK {
        4
    } else {
        2
    }
}

/// The instruction that begins with these bytes: its word, or, where it is short, its first half with
/// zeros above.
#[inline(always)]
pub const fn word<I: Isa>(bytes: [u8; 4]) -> u32 {
    const {
        assert!(
            I::COMPRESSED_MASK == 0 || !I::BIG_ENDIAN,
            "short instructions are known in little-endian ISAs only"
        );
    };
    let word = if I::BIG_ENDIAN {
        u32::from_be_bytes(bytes)
    } else {
        u32::from_le_bytes(bytes)
    };
    match len::<I>(word) {
        2 => word & 0xffff,
        _ => word,
    }
}

/// Reads the instruction at an address as a step does it: where there are short ones, the first half
/// alone decides whether there is a second, which may be in the next leaf. The address is a multiple
/// of the [`unit()`] or, where that is 4, of anything.
#[inline(always)]
pub fn read<I: Isa, M: Memory>(memory: &mut M, at: u64) -> Result<u32, M::Error> {
    if I::COMPRESSED_MASK == 0 {
        return Ok(word::<I>(memory.read(at)?));
    }
    let [a, b] = memory.read(at)?;
    let first = word::<I>([a, b, 0, 0]);
    if len::<I>(first) == 2 {
        return Ok(first);
    }
    let [c, d] = memory.read(at.wrapping_add(2))?;
    Ok(word::<I>([a, b, c, d]))
}
