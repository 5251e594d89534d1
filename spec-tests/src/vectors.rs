//! The vectors: where they are, and oracles over recorded pre-images.

use flate2::read::GzDecoder;
use fpvm_core::step::oracle::{Oracle, OracleError};
use fpvm_core::step::proof::StepProof;
use serde::de::DeserializeOwned;
use std::fs;
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// A path under `spec-tests/vectors`.
pub fn path(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("vectors")
        .join(name)
}

/// A path under `examples/guests`.
pub fn example(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../examples/guests")
        .join(name)
}

/// A file's bytes, decompressed where its name ends in `.gz`.
pub fn read(path: &Path) -> io::Result<Vec<u8>> {
    let bytes = fs::read(path)?;
    if path.extension().is_none_or(|extension| extension != "gz") {
        return Ok(bytes);
    }
    let mut out = Vec::new();
    GzDecoder::new(&*bytes).read_to_end(&mut out)?;
    Ok(out)
}

/// A JSON file's value.
pub fn json<T: DeserializeOwned>(path: &Path) -> io::Result<T> {
    Ok(serde_json::from_slice(&read(path)?)?)
}

/// The step proofs of `steps/<vm>.jsonl.gz`, one a line.
pub fn steps(vm: &str) -> io::Result<Vec<StepProof>> {
    let text = read(&path(&format!("steps/{vm}.jsonl.gz")))?;
    let lines = text
        .split(|byte| *byte == b'\n')
        .filter(|line| !line.is_empty());
    lines
        .map(|line| Ok(serde_json::from_slice(line)?))
        .collect()
}

/// A directory of pre-images: the name is the key in hex, the content the value. Hints are counted.
#[derive(Debug)]
pub struct Folder {
    path: PathBuf,
    /// Hints so far.
    pub hints: usize,
}

impl Folder {
    /// Of a directory.
    pub fn new(path: PathBuf) -> Self {
        Self { path, hints: 0 }
    }
}

impl Oracle for Folder {
    fn hint(&mut self, _hint: &[u8]) -> Result<(), OracleError> {
        self.hints += 1;
        Ok(())
    }

    fn preimage(&mut self, key: [u8; 32]) -> Result<Arc<[u8]>, OracleError> {
        Ok(fs::read(self.path.join(const_hex::encode(key)))?.into())
    }
}
