//! Runs that can be repeated: record what a host answers, and answer from the record.

use std::sync::Arc;

use fpvm_core::step::oracle::{Oracle, OracleError};

use crate::error::Error;
use crate::key::Key;
use crate::store::Store;

/// An oracle that answers from a store alone. It drops hints, because there is nobody to prepare
/// anything.
#[derive(Debug)]
pub struct Replay<S> {
    store: S,
}

impl<S: Store> Replay<S> {
    /// Answers from a store.
    pub fn new(store: S) -> Self {
        Self { store }
    }
}

impl<S: Store> Oracle for Replay<S> {
    fn hint(&mut self, _hint: &[u8]) -> Result<(), OracleError> {
        Ok(())
    }

    fn preimage(&mut self, key: [u8; 32]) -> Result<Arc<[u8]>, OracleError> {
        let key = Key(key);
        match self.store.get(key)? {
            Some(value) => Ok(value),
            None => Err(Box::new(Error::Missing {
                key,
                store: self.store.to_string(),
            })),
        }
    }
}

/// An oracle that writes down in a store what another oracle, a host, answers.
///
/// It is a cache too, for the keys that determine their value: a recorded pre-image of a hash
/// spares the host the question. Other values may differ from run to run (local inputs above all),
/// so the host is always asked and has the last word. Hints always go to the host. Values that
/// contradict their key are not recorded.
#[derive(Debug)]
pub struct Recorder<O, S> {
    host: O,
    store: S,
}

impl<O: Oracle, S: Store> Recorder<O, S> {
    /// Records what `host` answers in `store`.
    pub fn new(host: O, store: S) -> Self {
        Self { host, store }
    }

    /// Writes out what the store still holds back and returns the host, to be ended.
    pub fn finish(mut self) -> Result<O, Error> {
        self.store.flush()?;
        Ok(self.host)
    }

    fn recorded(&self, key: Key) -> Result<Option<Arc<[u8]>>, Error> {
        if !key.settles_value() {
            return Ok(None);
        }
        let Some(value) = self.store.get(key)? else {
            return Ok(None);
        };
        match key.check(&value) {
            Ok(()) => Ok(Some(value)),
            Err(why) => {
                tracing::warn!(
                    "{} holds a wrong value for {key} ({why}): asking the host",
                    self.store
                );
                Ok(None)
            }
        }
    }
}

impl<O: Oracle, S: Store> Oracle for Recorder<O, S> {
    fn hint(&mut self, hint: &[u8]) -> Result<(), OracleError> {
        self.host.hint(hint)
    }

    fn preimage(&mut self, key: [u8; 32]) -> Result<Arc<[u8]>, OracleError> {
        let key = Key(key);
        if let Some(value) = self.recorded(key)? {
            return Ok(value);
        }
        let value = self.host.preimage(key.0)?;
        if key.check(&value).is_ok() {
            self.store.put(key, &value)?;
        }
        Ok(value)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::Memory;

    /// Answers everything with one value, and counts.
    #[derive(Default)]
    struct Parrot {
        value: Vec<u8>,
        asked: usize,
        hints: Vec<Vec<u8>>,
    }

    impl Oracle for Parrot {
        fn hint(&mut self, hint: &[u8]) -> Result<(), OracleError> {
            self.hints.push(hint.into());
            Ok(())
        }
        fn preimage(&mut self, _key: [u8; 32]) -> Result<Arc<[u8]>, OracleError> {
            self.asked += 1;
            Ok(self.value.as_slice().into())
        }
    }

    fn parrot(value: &[u8]) -> Parrot {
        Parrot {
            value: value.into(),
            ..Parrot::default()
        }
    }

    #[test]
    fn a_recorded_run_repeats_without_the_host() {
        let mut recorder = Recorder::new(parrot(b"v"), Memory::default());
        let keys = [Key::local(1), Key::keccak256(b"v"), Key::sha256(b"v")];
        recorder.hint(b"please").unwrap();
        for key in keys {
            recorder.preimage(key.0).unwrap();
        }
        assert_eq!(recorder.host.hints, [b"please"]);
        let mut replay = Replay::new(recorder.store);
        for key in keys {
            assert_eq!(&*replay.preimage(key.0).unwrap(), b"v");
        }
        let missing = replay.preimage(Key::local(2).0).unwrap_err().to_string();
        assert!(
            missing.contains(&format!("no pre-image of {}", Key::local(2))),
            "{missing}"
        );
    }

    #[test]
    fn only_what_proves_itself_spares_the_host() {
        let mut store = Memory::default();
        store.put(Key::keccak256(b"v"), b"v").unwrap();
        store.put(Key::sha256(b"v"), b"damaged").unwrap();
        store.put(Key::local(1), b"of another run").unwrap();
        let mut recorder = Recorder::new(parrot(b"v"), store);
        for (key, asked) in [
            (Key::keccak256(b"v"), 0),
            (Key::sha256(b"v"), 1),
            (Key::local(1), 2),
        ] {
            assert_eq!(&*recorder.preimage(key.0).unwrap(), b"v");
            assert_eq!(recorder.host.asked, asked);
            assert_eq!(recorder.store.get(key).unwrap().as_deref(), Some(&b"v"[..]));
        }
    }

    #[test]
    fn a_lie_is_not_recorded() {
        let key = Key::keccak256(b"truth");
        let mut recorder = Recorder::new(parrot(b"lie"), Memory::default());
        recorder.preimage(key.0).unwrap();
        assert_eq!(recorder.store.get(key).unwrap(), None);
    }
}
