//! What a fault is to a contract: its code, or the selector of an error named after it.

use fpvm_contracts::emit::FaultStyle;
use fpvm_core::definition::machine::Fault;
use fpvm_core::keccak::keccak256;

/// How a contract tells faults.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Faults(pub FaultStyle);

impl Faults {
    /// The number that a fault is: its code, or the four bytes of its error's selector.
    pub fn code(self, fault: &Fault) -> u32 {
        match self.0 {
            FaultStyle::Words => fault.code,
            FaultStyle::Errors => selector(&error(fault.text)),
        }
    }
}

/// The name of the error that a text makes: each word with a capital, nothing between.
fn error(text: &str) -> String {
    let mut name = String::new();
    for word in text.split(|c: char| !c.is_ascii_alphanumeric()) {
        let mut letters = word.chars();
        name.extend(letters.next().map(|first| first.to_ascii_uppercase()));
        name.extend(letters);
    }
    name
}

/// The selector of an error without arguments.
pub fn selector(name: &str) -> u32 {
    let hash = keccak256(format!("{name}()").as_bytes());
    u32::from_be_bytes([hash[0], hash[1], hash[2], hash[3]])
}
