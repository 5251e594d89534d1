//! The translator: a tier that runs hot guest code as x86-64 code, for every ISA.
//!
//! It knows no ISA. Instructions are the functions that the interpreter runs too, lowered by a
//! [`fpvm_core::definition::machine::Machine`] whose words are nodes of a trace. Follow a trace as data: the
//! engine finds a hot address and records the path taken from there; the path's instructions become
//! nodes, folded as they are built; accesses beside each other share a look-up of their page; a backward
//! pass finds what is needed; the emitter gives values host registers and writes code; the cache links
//! it to the traces before and after.
//!
//! Runs are exact. A trace takes its steps from a budget when it is entered, and undoes that if too
//! few are left. Then, and for everything that a trace does not hold (faults, system calls, unaligned
//! addresses, first writes of pages, stores to code), the one interpreter does the step, from the state
//! before the instruction.
//!
//! All `unsafe` is in the modules `buffer` and `context`.

#[cfg(all(target_arch = "x86_64", target_os = "linux"))]
mod alloc;
#[cfg(all(target_arch = "x86_64", target_os = "linux"))]
mod asm;
#[cfg(all(target_arch = "x86_64", target_os = "linux"))]
mod buffer;
#[cfg(all(target_arch = "x86_64", target_os = "linux"))]
mod cache;
#[cfg(all(target_arch = "x86_64", target_os = "linux"))]
mod coalesce;
#[cfg(all(target_arch = "x86_64", target_os = "linux"))]
mod context;
mod counters;
#[cfg(all(target_arch = "x86_64", target_os = "linux"))]
mod crosscheck;
#[cfg(all(target_arch = "x86_64", target_os = "linux"))]
mod emit;
#[cfg(all(target_arch = "x86_64", target_os = "linux"))]
mod engine;
#[cfg(all(target_arch = "x86_64", target_os = "linux"))]
mod hot_counters;
#[cfg(all(target_arch = "x86_64", target_os = "linux"))]
mod ir;
#[cfg(all(target_arch = "x86_64", target_os = "linux"))]
mod layout;
#[cfg(all(test, target_arch = "x86_64", target_os = "linux"))]
mod listings;
#[cfg(all(target_arch = "x86_64", target_os = "linux"))]
mod live;
#[cfg(all(target_arch = "x86_64", target_os = "linux"))]
mod lower;
#[cfg(all(target_arch = "x86_64", target_os = "linux"))]
mod trace;
#[cfg(not(all(target_arch = "x86_64", target_os = "linux")))]
mod unsupported;

pub use counters::{Counters, Departed, Departure};
#[cfg(all(target_arch = "x86_64", target_os = "linux"))]
pub use crosscheck::{Crosscheck, Difference};
#[cfg(all(target_arch = "x86_64", target_os = "linux"))]
pub use engine::Jit;
#[cfg(not(all(target_arch = "x86_64", target_os = "linux")))]
pub use unsupported::{Untranslated as Crosscheck, Untranslated as Jit};

/// Whether guests can be translated here: on Linux, on an x86-64 processor with BMI2, LZCNT and MOVBE
/// (all since Haswell and Zen).
pub fn supported() -> bool {
    #[cfg(all(target_arch = "x86_64", target_os = "linux"))]
    {
        use std::arch::is_x86_feature_detected as detected;
        detected!("bmi2") && detected!("lzcnt") && detected!("movbe")
    }
    #[cfg(not(all(target_arch = "x86_64", target_os = "linux")))]
    {
        false
    }
}
