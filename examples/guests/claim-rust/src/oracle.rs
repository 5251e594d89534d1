//! The guest's end of the pre-image protocol: files that the VM has open.

use crate::vm;
use alloc::format;
use alloc::string::String;
use alloc::vec;
use alloc::vec::Vec;
use core::fmt::Write as _;

const HINT_READ: usize = 3;
const HINT_WRITE: usize = 4;
const PREIMAGE_READ: usize = 5;
const PREIMAGE_WRITE: usize = 6;

/// Bytes of the largest value that the guest asks for.
const LARGEST: u64 = 1 << 20;

/// A keccak256 hash.
pub type Hash = [u8; 32];

/// The value of a local key: an input of this one dispute.
pub fn local(index: u64) -> Vec<u8> {
    let mut key = [0; 32];
    key[0] = 1;
    key[24..].copy_from_slice(&index.to_be_bytes());
    get(key)
}

/// Sends a hint of what will be asked for, and gives the pre-image of the hash. VM and chain see to it
/// that it fits.
pub fn keccak256(what: &str, hash: &Hash) -> Vec<u8> {
    let hint = format!("{what} {}", hex(hash));
    write_all(HINT_WRITE, &(hint.len() as u32).to_be_bytes());
    write_all(HINT_WRITE, hint.as_bytes());
    read_full(HINT_READ, &mut [0]);
    let mut key = *hash;
    key[0] = 2;
    get(key)
}

/// Lower-case digits behind 0x.
pub fn hex(hash: &Hash) -> String {
    let mut text = String::from("0x");
    for byte in hash {
        // Nothing to fail in writing to memory.
        let _ = write!(text, "{byte:02x}");
    }
    text
}

/// Says why the guest cannot go on, and ends it: neither a true nor a false claim.
pub fn fail(why: &str) -> ! {
    vm::print(2, String::from(why));
    vm::exit(2)
}

fn get(key: Hash) -> Vec<u8> {
    write_all(PREIMAGE_WRITE, &key);
    let mut length = [0; 8];
    read_full(PREIMAGE_READ, &mut length);
    let length = u64::from_be_bytes(length);
    if length > LARGEST {
        fail("a pre-image is longer than this guest takes");
    }
    let mut value = vec![0; length as usize];
    read_full(PREIMAGE_READ, &mut value);
    value
}

/// Fills the buffer: a call gives no more than the rest of a leaf of memory.
fn read_full(file: usize, mut buffer: &mut [u8]) {
    while !buffer.is_empty() {
        let Some(n) = vm::read(file, buffer) else {
            fail("nothing more to read");
        };
        buffer = &mut buffer[n..];
    }
}

/// Writes all of it, in as many pieces as [`read_full`].
fn write_all(file: usize, mut bytes: &[u8]) {
    while !bytes.is_empty() {
        let Some(n) = vm::write(file, bytes) else {
            fail("nothing more is taken");
        };
        bytes = &bytes[n..];
    }
}
