//! A state root that is written as hex.

use serde::{Deserialize, Serialize};
use std::fmt;

/// A hash of 32 bytes: `0x` and 64 hex digits in text and JSON.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Root(pub [u8; 32]);

impl Root {
    /// Whether this, as a state root, is that of a program which has ended.
    pub fn exited(&self) -> bool {
        self.0.first() != Some(&fpvm_core::definition::state::STATUS_UNFINISHED)
    }
}

impl fmt::Display for Root {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&const_hex::encode_prefixed(self.0))
    }
}

impl fmt::Debug for Root {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl From<Root> for String {
    fn from(root: Root) -> Self {
        root.to_string()
    }
}

impl TryFrom<String> for Root {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        let digits = text.strip_prefix("0x").ok_or("a hash starts with 0x")?;
        let mut root = [0; 32];
        const_hex::decode_to_slice(digits, &mut root)
            .map_err(|error| format!("`{text}` is no hash of 32 bytes: {error}"))?;
        Ok(Self(root))
    }
}
