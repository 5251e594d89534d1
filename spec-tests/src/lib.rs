//! What the specification tests share: two more interpretations of the instructions, and the
//! vectors of upstream's answers.
//!
//! [`text`] and [`lint`] run the same semantics as the interpreter, without any guest value. That
//! they can shows that no instruction looks into a value or an operand.

pub mod lint;
pub mod text;
pub mod vectors;
