//! What the tests share: two more interpretations of the instructions, the vectors of upstream's
//! answers, and the generated parts of the book.
//!
//! [`text`] and [`lint`] run the same semantics as the interpreter, without any guest value. That
//! they can shows that no instruction looks into a value or an operand.

pub mod book;
pub mod fuzz;
pub mod lint;
pub mod text;
pub mod vectors;
