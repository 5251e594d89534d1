//! Values checked against their keys, and counted.

use std::sync::Arc;

use fpvm_core::step::oracle::{Oracle, OracleError};

use crate::error::Error;
use crate::key::Key;

/// An oracle that lets no value pass which contradicts its key, counts, and keeps the last value.
#[derive(Debug)]
pub struct Checked<O> {
    inner: O,
    source: String,
    last: Option<(Key, Arc<[u8]>)>,
    stats: Stats,
}

/// What a run has asked for, counted as Cannon's `--debug-info` counts it: repeated reads of one
/// pre-image are one request, until another key comes between.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub struct Stats {
    /// Requests (`num_preimage_requests`).
    pub requests: u64,
    /// Bytes of all their values together, without length prefixes (`total_preimage_size`).
    pub bytes: u64,
}

impl<O> Checked<O> {
    /// Checks what an oracle answers. Errors name the source: "directory D", "the host `H`".
    pub fn new(inner: O, source: impl Into<String>) -> Self {
        Self {
            inner,
            source: source.into(),
            last: None,
            stats: Stats::default(),
        }
    }

    /// What has been asked for so far.
    pub fn stats(&self) -> Stats {
        self.stats
    }

    /// The oracle within, to end it in an orderly way.
    pub fn into_inner(self) -> O {
        self.inner
    }
}

impl<O: Oracle> Oracle for Checked<O> {
    fn hint(&mut self, hint: &[u8]) -> Result<(), OracleError> {
        self.inner.hint(hint)
    }

    fn preimage(&mut self, key: [u8; 32]) -> Result<Arc<[u8]>, OracleError> {
        let key = Key(key);
        if let Some((last, value)) = &self.last
            && *last == key
        {
            return Ok(value.clone());
        }
        self.stats.requests += 1;
        let value = self.inner.preimage(key.0)?;
        key.check(&value).map_err(|why| Error::Wrong {
            from: self.source.clone(),
            key,
            len: value.len(),
            why,
        })?;
        self.stats.bytes = self.stats.bytes.wrapping_add(value.len() as u64);
        self.last = Some((key, value.clone()));
        Ok(value)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Replay;
    use crate::store::{Memory, Store};

    #[test]
    fn repeated_reads_of_one_value_are_one_request() {
        let (a, b) = (Key::keccak256(b"aaa"), Key::sha256(b"bb"));
        let mut store = Memory::default();
        store.put(a, b"aaa").unwrap();
        store.put(b, b"bb").unwrap();
        let mut oracle = Checked::new(Replay::new(store), "memory");
        for key in [a, a, b, a, a] {
            oracle.preimage(key.0).unwrap();
        }
        assert_eq!(
            oracle.stats(),
            Stats {
                requests: 3,
                bytes: 3 + 2 + 3
            }
        );
    }

    #[test]
    fn a_lie_is_named_with_its_key_and_source() {
        let key = Key::keccak256(b"truth");
        let mut store = Memory::default();
        store.put(key, b"trutH").unwrap();
        let mut oracle = Checked::new(Replay::new(store), "the host `liar`");
        for _ in 0..2 {
            let text = oracle.preimage(key.0).unwrap_err().to_string();
            assert!(
                text.starts_with(&format!("the host `liar` gave 5 bytes for {key}")),
                "{text}"
            );
        }
    }
}
