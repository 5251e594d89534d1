//! The command `fpvm`.
fn main() {}
