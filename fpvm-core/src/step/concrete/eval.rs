//! Arithmetic on numbers.

use crate::definition::machine::Bin;
use crate::definition::word::Word;

/// A [`Bin`] operation on numbers; total.
#[inline(always)]
pub fn eval_bin<W: Word>(op: Bin, a: W, b: W) -> W {
    let zero = W::default();
    let wide = |x: W| i128::from(x.sext());
    let high = |product: i128| W::truncate((product >> W::BITS) as u64);
    let amount = b.zext();
    match op {
        Bin::Add => a.wrapping_add(&b),
        Bin::Sub => a.wrapping_sub(&b),
        Bin::And => a & b,
        Bin::Or => a | b,
        Bin::Xor => a ^ b,
        Bin::Shl if amount >= u64::from(W::BITS) => zero,
        Bin::Shl => a << amount as usize,
        Bin::Shr if amount >= u64::from(W::BITS) => zero,
        Bin::Shr => a >> amount as usize,
        Bin::Sar => W::truncate((a.sext() >> amount.min(u64::from(W::BITS) - 1)) as u64),
        Bin::Mul => a.wrapping_mul(&b),
        Bin::MulHighUnsigned => {
            let product = u128::from(a.zext()) * u128::from(b.zext());
            W::truncate((product >> W::BITS) as u64)
        }
        Bin::MulHighSigned => high(wide(a) * wide(b)),
        Bin::MulHighSignedUnsigned => high(wide(a) * i128::from(b.zext())),
        Bin::DivUnsigned if b == zero => !zero,
        Bin::DivUnsigned => a / b,
        Bin::DivSigned if b == zero => !zero,
        Bin::DivSigned => W::truncate(a.sext().wrapping_div(b.sext()) as u64),
        Bin::RemUnsigned if b == zero => a,
        Bin::RemUnsigned => a % b,
        Bin::RemSigned if b == zero => a,
        Bin::RemSigned => W::truncate(a.sext().wrapping_rem(b.sext()) as u64),
    }
}
