//! Two parts of an unaligned word, as one load.
//!
//! MIPS loads a word that is not aligned by two instructions: one puts the bytes up to the end of an
//! aligned word into the upper part of a register, the other those that follow into the lower part.
//! Each is a load, a mask and shifts. Where both are in a trace, with no store between them, the
//! second's result is the four bytes at the first's address, and often nothing needs the first's. Go's
//! copying of bytes that are not aligned to each other is made of it.

use super::Lowering;
use crate::Departure;
use crate::ir::{NO_VALUE, Node, Val};
use fpvm_core::definition::isa::Isa;
use fpvm_core::definition::machine::{Bin, Cmp};
use fpvm_core::definition::word::Word as _;

/// Addresses so near to each other do not lie at both ends of the address space.
const NEAR: i32 = 0x800;
/// How far from both ends an address is that is inside: more than [`NEAR`], and a word.
const MARGIN: u64 = 0x1000;

/// A word shifted so that it starts, or ends, at the byte of an address, and the contents of the other bits.
struct Part {
    /// The address.
    at: Val,
    /// The aligned word that the address is in.
    load: Val,
    /// The value that the other bits come from.
    old: Val,
}

impl<I: Isa> Lowering<'_, I> {
    /// `a | b` where that joins the two parts of a word.
    pub(super) fn join(&mut self, a: Val, b: Val) -> Option<Val> {
        if I::Word::BITS != 32 || !I::BIG_ENDIAN {
            return None;
        }
        if let Some(upper) = self.part(Bin::Shl, a, b) {
            self.expect_inside(upper.at);
            return None;
        }
        let lower = self.part(Bin::Shr, a, b)?;
        let Node::Bin(Bin::Or, a, b) = self.nodes.node(lower.old) else {
            return None;
        };
        let upper = self.part(Bin::Shl, a, b)?;
        let ((base, first), (other, last)) = (self.nodes.base(upper.at), self.nodes.base(lower.at));
        let since = &self.nodes.list[upper.load as usize..];
        let stored = since.iter().any(|node| matches!(node, Node::Store { .. }));
        if base != other || last.wrapping_sub(first) as u32 != 3 || stored {
            return None;
        }
        self.is_inside(upper.at).then(|| {
            self.nodes.push(Node::Load {
                at: upper.at,
                offset: 0,
                bytes: 4,
                signed: false,
                page: NO_VALUE,
            })
        })
    }

    /// `kept | shifted` as a part of a word that is shifted by `shift`, if it is one.
    fn part(&self, shift: Bin, kept: Val, shifted: Val) -> Option<Part> {
        let Node::Bin(op, load, by) = self.nodes.node(shifted) else {
            return None;
        };
        let Node::Load {
            at: word, bytes: 4, ..
        } = self.nodes.node(load)
        else {
            return None;
        };
        let at = self.and(word, 0xffff_fffc)?;
        let bits = match shift {
            Bin::Shl => by,
            _ => self.right(Bin::Sub, 24, by)?,
        };
        let bytes = self.left(Bin::Shl, bits, 3)?;
        if op != shift || self.and(bytes, 3)? != at {
            return None;
        }
        let Node::Bin(Bin::And, old, free) = self.nodes.node(kept) else {
            return None;
        };
        let mask = self.left(Bin::Xor, free, 0xffff_ffff)?;
        (self.right(shift, 0xffff_ffff, mask)? == by).then_some(Part { at, load, old })
    }

    /// The first operand of an operation whose second is this constant.
    fn left(&self, op: Bin, of: Val, constant: u64) -> Option<Val> {
        match self.nodes.node(of) {
            Node::Bin(found, a, b) if found == op => {
                (self.nodes.as_constant(b) == Some(constant)).then_some(a)
            }
            _ => None,
        }
    }

    /// The second operand of an operation whose first is this constant.
    fn right(&self, op: Bin, constant: u64, of: Val) -> Option<Val> {
        match self.nodes.node(of) {
            Node::Bin(found, a, b) if found == op => {
                (self.nodes.as_constant(a) == Some(constant)).then_some(b)
            }
            _ => None,
        }
    }

    fn and(&self, of: Val, mask: u64) -> Option<Val> {
        self.left(Bin::And, of, mask)
    }

    /// Whether the word at an address is known not to reach over the end of the address space.
    fn is_inside(&self, at: Val) -> bool {
        let (base, offset) = self.nodes.base(at);
        self.inside.iter().any(|(other, known)| {
            let apart = offset.wrapping_sub(*known) as u32 as i32;
            *other == base && (-NEAR..NEAR).contains(&apart)
        })
    }

    /// Leaves the instruction to the interpreter if the address is near the end of the address space, so
    /// that all addresses near this one are known to be inside.
    fn expect_inside(&mut self, at: Val) {
        if self.is_inside(at) {
            return;
        }
        let margin = self.nodes.constant(MARGIN);
        let above = self.nodes.bin(Bin::Add, at, margin);
        let both = self.nodes.constant(2 * MARGIN);
        let outside = self.nodes.cmp(Cmp::LessUnsigned, above, both);
        if self.expect(outside.not(), Departure::Rare).is_ok() {
            let fact = self.nodes.base(at);
            self.inside.push(fact);
        }
    }
}
