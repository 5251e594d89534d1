//! What an ISA declares: its table of instructions, their semantics, and its state.
//!
//! [`isa::Isa`] is the trait of an instruction set; its instructions are written against the
//! abstract [`machine::Machine`], whose every implementation is one reading of that text.

pub mod decode;
pub mod descriptors;
pub mod disasm;
pub mod effects;
pub mod fetch;
pub mod isa;
pub mod machine;
pub mod operand;
pub mod state;
pub mod threads;
pub mod word;
