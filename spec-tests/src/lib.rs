//! What the tests share: the fuzz targets' bodies, the vectors of upstream's answers, and the generated
//! parts of the book.

pub mod book;
pub mod fuzz;
pub mod vectors;
