//! Conditions on pre-image reads, as upstream's `--stop-at-preimage*` flags have them.

use fpvm_core::machine::vm::PreimageRead;

/// `--stop-at-preimage KEYPREFIX[@OFFSET[@STEP]]`.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct PreimagePrefix {
    /// First bytes of the key; matches nothing where empty.
    prefix: Vec<u8>,
    /// Offset of the read, the 8-byte length prefix counted in.
    offset: u64,
    /// First step that counts.
    from: u64,
}

impl PreimagePrefix {
    /// Parses the flag.
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        let mut parts = text.split('@');
        let hex = parts.next().unwrap_or_default();
        let digits = hex.strip_prefix("0x").unwrap_or(hex);
        // As upstream's library reads hex: a lone first digit is a byte.
        let even = if digits.len().is_multiple_of(2) {
            digits.into()
        } else {
            format!("0{digits}")
        };
        let prefix = const_hex::decode(even).map_err(|_| format!("`{hex}` is not hex"))?;
        if prefix.len() > 32 {
            return Err(format!(
                "a key has 32 bytes, and this prefix {}",
                prefix.len()
            ));
        }
        let mut number = |what: &str| match parts.next() {
            None => Ok(0),
            // Upstream's numbers are decimal ones, whatever they begin with.
            Some(text) => text
                .parse()
                .or_else(|_| super::number(text))
                .map_err(|why| format!("the {what}: {why}")),
        };
        let (offset, from) = (number("offset")?, number("step")?);
        match parts.next() {
            None => Ok(Self {
                prefix,
                offset,
                from,
            }),
            Some(_) => Err("KEYPREFIX[@OFFSET[@STEP]] is expected".into()),
        }
    }
}

/// `--stop-at-preimage-type`.
#[derive(Clone, Copy, PartialEq, Eq, Debug, clap::ValueEnum)]
pub(crate) enum PreimageKind {
    Local,
    Keccak,
    Sha256,
    Blob,
    Precompile,
    Any,
}

impl PreimageKind {
    /// First byte of such keys.
    fn first_byte(self) -> Option<u8> {
        match self {
            Self::Local => Some(1),
            Self::Keccak => Some(2),
            Self::Sha256 => Some(4),
            Self::Blob => Some(5),
            Self::Precompile => Some(6),
            Self::Any => None,
        }
    }
}

/// At which pre-image read a run stops: where any of its conditions holds.
#[derive(Clone, PartialEq, Eq, Default, Debug)]
pub(crate) struct PreimageStop {
    key: Option<PreimagePrefix>,
    any: bool,
    larger_than: Option<u64>,
}

impl PreimageStop {
    /// The three flags together. A key that is asked for makes upstream forget the kind; a kind is
    /// a key's first byte, read at offset 0.
    pub(crate) fn new(
        key: Option<PreimagePrefix>,
        kind: Option<PreimageKind>,
        larger_than: Option<u64>,
    ) -> Self {
        let larger_than = larger_than.filter(|size| *size != 0);
        let (key, any) = match (key, kind) {
            (Some(key), _) => (Some(key).filter(|key| !key.prefix.is_empty()), false),
            (None, Some(kind)) => {
                let prefix = kind.first_byte().map(|byte| vec![byte]);
                let key = prefix.map(|prefix| PreimagePrefix {
                    prefix,
                    offset: 0,
                    from: 0,
                });
                (key, kind == PreimageKind::Any)
            }
            (None, None) => (None, false),
        };
        Self {
            key,
            any,
            larger_than,
        }
    }

    /// Whether there is any condition.
    pub(crate) fn is_set(&self) -> bool {
        self.any || self.key.is_some() || self.larger_than.is_some()
    }

    /// Whether a run stops after the step `step`, which read this.
    pub(crate) fn matches(&self, step: u64, read: &PreimageRead) -> bool {
        let wanted = self.key.as_ref().is_some_and(|key| {
            read.key.starts_with(&key.prefix) && read.offset == key.offset && step >= key.from
        });
        // Sizes count the 8-byte length prefix that a guest reads.
        let large = self
            .larger_than
            .is_some_and(|size| read.value.len() as u64 + 8 > size);
        self.any || wanted || large
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(first: u8, offset: u64, len: usize) -> PreimageRead {
        let mut key = [0xab; 32];
        key[0] = first;
        PreimageRead {
            key,
            offset,
            value: vec![0; len].into(),
        }
    }

    #[test]
    fn keys_have_a_prefix_an_offset_and_a_step() {
        let stop = |text| PreimageStop::new(Some(PreimagePrefix::parse(text).unwrap()), None, None);
        assert!(stop("0x02ab").matches(0, &read(2, 0, 1)));
        assert!(stop("2").matches(0, &read(2, 0, 1)));
        assert!(!stop("02ab").matches(0, &read(2, 8, 1)));
        assert!(stop("02ab@8").matches(0, &read(2, 8, 1)));
        assert!(!stop("02ab@8@5").matches(4, &read(2, 8, 1)));
        assert!(stop("02ab@8@5").matches(5, &read(2, 8, 1)));
        assert!(!stop("").is_set());
        for bad in ["zz", "02@x", "02@1@2@3", &"ab".repeat(33)] {
            assert!(PreimagePrefix::parse(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn kinds_and_sizes() {
        let keccak = PreimageStop::new(None, Some(PreimageKind::Keccak), None);
        assert!(keccak.matches(0, &read(2, 0, 1)) && !keccak.matches(0, &read(1, 0, 1)));
        let any = PreimageStop::new(None, Some(PreimageKind::Any), None);
        assert!(any.matches(0, &read(9, 77, 0)));
        let large = PreimageStop::new(None, None, Some(100));
        assert!(!large.matches(0, &read(2, 0, 92)) && large.matches(0, &read(2, 0, 93)));
        assert!(!PreimageStop::new(None, None, Some(0)).is_set());
    }
}
