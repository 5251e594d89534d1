//! Pre-images for fpvm: their keys, where they come from, and how they travel.
//!
//! A guest names data by a 32-byte [`Key`] and gets the pre-image that the key commits to. On chain
//! a contract answers; off chain an [`Oracle`](fpvm_core::step::oracle::Oracle) does. This crate has the
//! oracles, to be stacked as a run needs them:
//!
//! ```text
//!   Checked                 every value against its key, before the guest sees a byte; counts
//!     └ Recorder            writes down what the host answers, so that the run can be repeated
//!         ├ Host            the host child process on file descriptors 3 to 6
//!         └ a Store         a directory, a database or memory
//!
//!   Checked
//!     └ Replay              answers from a store alone: no host, no network
//!         └ a Store
//! ```
//!
//! [`store::open`] finds out what a path holds: a directory of files (raw, or any of the formats in
//! which op-program keeps them) or a database. [`serve`] is the other end of the protocol: it makes
//! a program a host, for fpvm or for any VM that starts hosts as Cannon does.
//!
//! ```
//! use fpvm_core::step::oracle::Oracle;
//! use fpvm_oracle::{Checked, Key, Replay, store::{Memory, Store}};
//!
//! let mut store = Memory::default();
//! store.put(Key::keccak256(b"hello"), b"hello")?;
//! store.put(Key::sha256(b"bye"), b"not bye")?;
//! let mut oracle = Checked::new(Replay::new(store), "memory");
//! assert_eq!(&*oracle.preimage(Key::keccak256(b"hello").0)?, b"hello");
//! assert!(oracle.preimage(Key::sha256(b"bye").0).is_err());
//! # Ok::<(), fpvm_core::step::oracle::OracleError>(())
//! ```
#![deny(unsafe_code)]

mod caching;
mod checked;
mod error;
mod host;
mod key;
mod serve;
pub mod store;
pub mod wire;

pub use caching::{Recorder, Replay};
pub use checked::{Checked, Stats};
pub use error::Error;
pub use host::{Host, HostOptions};
pub use key::{BadKey, BadValue, Key, Kind};
pub use serve::{HostEnds, serve};
