//! One step: executed, recorded as a proof, and verified from nothing but that proof.

pub mod compact;
pub mod concrete;
pub mod oracle;
#[cfg(feature = "std")]
pub mod proof;
pub mod record;
pub mod verify;
