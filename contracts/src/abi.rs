//! The calls that step verifiers and pre-image oracles take, encoded.

/// A 32-byte word of calldata or of a return value.
pub type Word = [u8; 32];

/// Selector of `step(bytes,bytes,bytes32)`.
pub const STEP: [u8; 4] = [0xe1, 0x4c, 0xed, 0x32];
/// Selector of `readPreimage(bytes32,uint256)`.
pub const READ_PREIMAGE: [u8; 4] = [0xe0, 0x31, 0x10, 0xe1];
/// Selector of `loadLocalData(uint256,bytes32,bytes32,uint256,uint256)`.
pub const LOAD_LOCAL: [u8; 4] = [0x52, 0xf0, 0xf3, 0xad];
/// Selector of `loadKeccak256PreimagePart(uint256,bytes)`.
pub const LOAD_KECCAK: [u8; 4] = [0xe1, 0x59, 0x26, 0x11];
/// Selector of `loadSha256PreimagePart(uint256,bytes)`.
pub const LOAD_SHA256: [u8; 4] = [0x8d, 0xc4, 0xbe, 0x11];

/// A number as a word.
pub fn number(value: u64) -> Word {
    let mut word = [0; 32];
    word[24..].copy_from_slice(&value.to_be_bytes());
    word
}

/// An argument of a call.
#[derive(Clone, Copy, Debug)]
pub enum Argument<'a> {
    /// A static value.
    Word(Word),
    /// A byte string.
    Bytes(&'a [u8]),
}

/// A call: selector, then arguments in the plain ABI encoding, byte strings in their order at the
/// end, each padded with zeros to whole words.
pub fn call(selector: [u8; 4], arguments: &[Argument<'_>]) -> Vec<u8> {
    let (mut head, mut tail) = (selector.to_vec(), Vec::new());
    for argument in arguments {
        match argument {
            Argument::Word(word) => head.extend(word),
            Argument::Bytes(bytes) => {
                let offset = 32 * arguments.len() + tail.len();
                head.extend(number(offset as u64));
                tail.extend(number(bytes.len() as u64));
                tail.extend(*bytes);
                tail.resize(tail.len().next_multiple_of(32), 0);
            }
        }
    }
    head.extend(tail);
    head
}

/// The call of `step`.
pub fn step(state: &[u8], proof: &[u8], local_context: Word) -> Vec<u8> {
    use Argument::{Bytes, Word};
    call(STEP, &[Bytes(state), Bytes(proof), Word(local_context)])
}

/// The call that loads the part at an offset of a pre-image, where the key alone says how: local
/// data, keccak256 and SHA-256. `None` for other kinds of keys, which need more than the value.
pub fn load_preimage(
    key: &Word,
    value: &[u8],
    offset: u64,
    local_context: Word,
) -> Option<Vec<u8>> {
    use Argument::{Bytes, Word as Static};
    let offset = Static(number(offset));
    match key[0] {
        1 => {
            let mut ident = *key;
            ident[0] = 0;
            let mut word = [0; 32];
            word.get_mut(..value.len())?.copy_from_slice(value);
            let size = Static(number(value.len() as u64));
            let arguments = [
                Static(ident),
                Static(local_context),
                Static(word),
                size,
                offset,
            ];
            Some(call(LOAD_LOCAL, &arguments))
        }
        2 => Some(call(LOAD_KECCAK, &[offset, Bytes(value)])),
        4 => Some(call(LOAD_SHA256, &[offset, Bytes(value)])),
        _ => None,
    }
}
