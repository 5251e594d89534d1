//! What operations mean, as terms. The definition's side is made of these; where the contract has a helper
//! of its own, its call is taken for the same, and [`mod@crate::helpers`] proves that its text does so.

use crate::state::{Part, State, bits};
use crate::term::{Sort, Term, Terms, Two};
use fpvm_core::definition::isa::Isa;
use fpvm_core::definition::machine::Bin;

/// A [`Bin`] operation.
pub fn bin(terms: &mut Terms, op: Bin, a: Term, b: Term) -> Term {
    let n = terms.width(a);
    let zero = terms.small(0, n);
    let mut high = |a_signed: bool, b_signed: bool| {
        let wide = |terms: &mut Terms, t, signed| {
            if signed {
                terms.sext(t, 2 * n)
            } else {
                terms.zext(t, 2 * n)
            }
        };
        let (a, b) = (wide(terms, a, a_signed), wide(terms, b, b_signed));
        let product = terms.two(Two::Mul, a, b);
        terms.extract(2 * n - 1, n, product)
    };
    match op {
        Bin::Add => terms.two(Two::Add, a, b),
        Bin::Sub => terms.two(Two::Sub, a, b),
        Bin::And => terms.two(Two::And, a, b),
        Bin::Or => terms.two(Two::Or, a, b),
        Bin::Xor => terms.two(Two::Xor, a, b),
        Bin::Shl => terms.two(Two::Shl, a, b),
        Bin::Shr => terms.two(Two::Shr, a, b),
        Bin::Sar => terms.two(Two::Sar, a, b),
        Bin::Mul => terms.two(Two::Mul, a, b),
        Bin::MulHighUnsigned => high(false, false),
        Bin::MulHighSigned => high(true, true),
        Bin::MulHighSignedUnsigned => high(true, false),
        Bin::DivUnsigned | Bin::DivSigned | Bin::RemUnsigned | Bin::RemSigned => {
            let none = terms.equal(b, zero);
            let ones = terms.two(Two::Sub, zero, zero);
            let ones = terms.bitwise_not(ones);
            let (result, by_zero) = match op {
                Bin::DivUnsigned => (terms.two(Two::Div, a, b), ones),
                Bin::RemUnsigned => (terms.two(Two::Rem, a, b), a),
                Bin::DivSigned => (signed_quotient(terms, Two::Div, a, b), ones),
                _ => (signed_quotient(terms, Two::Rem, a, b), a),
            };
            terms.ite(none, by_zero, result)
        }
    }
}

/// The signed quotient or remainder, rounded to zero, by way of the magnitudes; 0 where the divisor is.
pub fn signed_quotient(terms: &mut Terms, op: Two, a: Term, b: Term) -> Term {
    let width = terms.width(a);
    // |sext x| = zext |x|, and the quotient's magnitude fits the operands' width.
    let own = terms.signed_width(a).max(terms.signed_width(b));
    let (a, b) = (terms.extract(own - 1, 0, a), terms.extract(own - 1, 0, b));
    let zero = terms.small(0, own);
    let (a_below, b_below) = (terms.less_signed(a, zero), terms.less_signed(b, zero));
    let magnitude = |terms: &mut Terms, t, below| {
        let negative = terms.two(Two::Sub, zero, t);
        terms.ite(below, negative, t)
    };
    let (x, y) = (magnitude(terms, a, a_below), magnitude(terms, b, b_below));
    let result = terms.two(op, x, y);
    let result = terms.zext(result, width);
    let opposite = terms.not(b_below);
    let is_negative = match op {
        Two::Rem => a_below,
        _ => terms.ite(a_below, opposite, b_below),
    };
    let zero = terms.small(0, width);
    let negative = terms.two(Two::Sub, zero, result);
    terms.ite(is_negative, negative, result)
}

/// Leading zeros: the width less the least number of bits after which nothing is left.
pub fn leading_zeros(terms: &mut Terms, a: Term) -> Term {
    let width = terms.width(a);
    let mut zeros = terms.small(0, width);
    for used in (0..width).rev() {
        let rest = terms.extract(width - 1, used, a);
        let none = terms.small(0, width - used);
        let none = terms.equal(rest, none);
        let count = terms.small((width - used).into(), width);
        zeros = terms.ite(none, count, zeros);
    }
    zeros
}

/// The register file with a register written through an operand: the first one stays as it is.
pub fn set_register(terms: &mut Terms, registers: Term, index: Term, v: Term) -> Term {
    let zero = terms.small(0, 5);
    let first = terms.equal(index, zero);
    let written = terms.store(registers, index, v);
    terms.ite(first, registers, written)
}

/// The bytes at an address, in the guest's order.
pub fn load(terms: &mut Terms, memory: Term, at: Term, bytes: u32, big_endian: bool) -> Term {
    let mut out: Option<Term> = None;
    for i in 0..bytes {
        let offset = if big_endian { i } else { bytes - 1 - i };
        let offset = terms.small(offset.into(), terms.width(at));
        let index = terms.two(Two::Add, at, offset);
        let byte = terms.select(memory, index);
        out = Some(match out {
            Some(high) => terms.concat(high, byte),
            None => byte,
        });
    }
    out.unwrap_or(at)
}

/// Memory with the low bytes of a word at an address, in the guest's order.
pub fn store(
    terms: &mut Terms,
    mut memory: Term,
    at: Term,
    bytes: u32,
    v: Term,
    big_endian: bool,
) -> Term {
    for i in 0..bytes as u16 {
        let lo = 8 * if big_endian { bytes as u16 - 1 - i } else { i };
        let offset = terms.small(i.into(), terms.width(at));
        let (index, byte) = (
            terms.two(Two::Add, at, offset),
            terms.extract(lo + 7, lo, v),
        );
        memory = terms.store(memory, index, byte);
    }
    memory
}

/// What a write to an address does to a reservation: gone, where it is of the word that is written.
pub fn release<I: Isa>(terms: &mut Terms, state: &mut State, at: Term) {
    let Some(reservation) = I::RESERVATION else {
        return;
    };
    let n = bits::<I>();
    let apart = terms.two(Two::Xor, at, state[&Part::Cell(reservation.address.0)]);
    let word = terms.small(!(u64::from(n) / 8 - 1), n);
    let apart = terms.two(Two::And, apart, word);
    let zero = terms.small(0, n);
    let same = terms.equal(apart, zero);
    for cell in reservation.cells {
        let part = Part::Cell(cell.0);
        let new = terms.ite(same, zero, state[&part]);
        state.insert(part, new);
    }
}

/// The lesser of two numbers.
pub fn least(terms: &mut Terms, a: Term, b: Term) -> Term {
    let less = terms.less(b, a);
    terms.ite(less, b, a)
}

/// A count, cut at the end of the aligned window that an address is in.
pub fn in_window(terms: &mut Terms, at: Term, count: Term, window: u32) -> Term {
    let n = terms.width(at);
    let (size, mask) = (
        terms.small(window.into(), n),
        terms.small(u64::from(window) - 1, n),
    );
    let place = terms.two(Two::And, at, mask);
    let left = terms.two(Two::Sub, size, place);
    least(terms, count, left)
}

/// A window as a number that unknown functions can be told.
fn window_term(terms: &mut Terms, window: u32) -> Term {
    terms.small(window.into(), 8)
}

/// Bytes at an address appended to the pre-image key: how many. The key itself is an unknown function of
/// all that it can depend on.
pub fn key_append<I: Isa>(
    terms: &mut Terms,
    state: &mut State,
    at: Term,
    count: Term,
    window: u32,
) -> Term {
    let n = in_window(terms, at, count, window);
    let arguments = [state[&Part::Key], state[&Part::Memory], at, n];
    let key = terms.apply("appended", &arguments, Sort::Bits(256));
    let zero = terms.small(0, bits::<I>());
    state.insert(Part::Key, key);
    state.insert(Part::Cell(I::PREIMAGE_OFFSET.0), zero);
    n
}

/// A part of a pre-image copied to an address: whether there is one, and how many bytes. All are unknown
/// functions of what they can depend on; the reservation is released, and the offset moves on.
pub fn preimage_read<I: Isa>(
    terms: &mut Terms,
    state: &mut State,
    at: Term,
    count: Term,
    window: u32,
) -> (Term, Term) {
    let word = bits::<I>();
    let offset = state[&Part::Cell(I::PREIMAGE_OFFSET.0)];
    let key = state[&Part::Key];
    let most = in_window(terms, at, count, window);
    let window = window_term(terms, window);
    let found = terms.apply("part_found", &[key, offset], Sort::Bool);
    let copied = terms.apply("part_copied", &[key, offset, most], Sort::Bits(word));
    let arguments = [state[&Part::Memory], key, offset, at, copied, window];
    let memory = terms.apply("part_written", &arguments, Sort::Array(word, 8));
    state.insert(Part::Memory, memory);
    release::<I>(terms, state, at);
    let moved = terms.two(Two::Add, offset, copied);
    state.insert(Part::Cell(I::PREIMAGE_OFFSET.0), moved);
    (found, copied)
}
