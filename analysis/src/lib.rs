//! What a guest may do, what a step of it did, and where it spends its steps.
//!
//! - [`observe`]: what an instruction can do at all, from its one definition
//! - [`frames`]: call stacks, from what instructions do with the stack pointer
//! - [`explain`]: what a proved step did, as data and as text
//! - [`stack`]: which function called which
//! - [`lines`]: the line of source of an address
//! - [`null`]: where a run accesses page 0
//! - [`detail`]: what a step read and wrote, in whole words
//! - [`sample`]: samples of a run, by call stack and by instruction
//! - [`check`]: reasons not to run a program, found before it runs
//! - [`go`]: which Go release made a program, and what has to be skipped in it
//!
//! All of them see an ISA as an [`IsaInfo`] and a machine as an [`Inspect`], whichever ISA that is.

pub mod check;
pub mod detail;
pub mod explain;
pub mod frames;
pub mod go;
pub mod info;
pub mod inspect;
pub mod lines;
pub mod listing;
pub mod null;
pub mod observe;
pub mod sample;
pub mod stack;

pub use detail::StepDetail;
pub use explain::StepExplanation;
pub use info::IsaInfo;
pub use inspect::Inspect;
pub use lines::Lines;
