//! The guest `signatures`: recovers who signed each transaction of a made-up block, as a rollup's program does.
//!
//! Most of its steps are the 256-bit arithmetic of secp256k1: straight-line code of thousands of instructions,
//! unlike that of the Go guests. Exit code 0: every signature is its signer's.
#![no_std]
#![no_main]
// Rust has assembly for MIPS in its nightly releases only, or where it is told to be one.
#![cfg_attr(target_arch = "mips64", feature(asm_experimental_arch))]

extern crate alloc;

#[path = "../../claim-rust/src/vm.rs"]
#[allow(dead_code, reason = "the program reads no pre-images")]
mod vm;

use alloc::format;
use k256::ecdsa::{RecoveryId, Signature, SigningKey, VerifyingKey};
use sha3::{Digest, Keccak256};

/// Transactions of the block.
const TRANSACTIONS: u64 = 40;

fn claim() {
    let mut block = [0u8; 32];
    for number in 0..TRANSACTIONS {
        let Some(signer) = signer(number, &mut block) else {
            vm::print(2, format!("transaction {number}: another signer"));
            vm::exit(1);
        };
        block = Keccak256::new()
            .chain_update(block)
            .chain_update(signer)
            .finalize()
            .into();
    }
    vm::print(
        1,
        format!("{TRANSACTIONS} signatures, {:02x?}", &block[..4]),
    );
}

/// Signs a transaction, recovers who signed it, and gives the address; `None` where that is somebody else.
fn signer(number: u64, parent: &mut [u8; 32]) -> Option<[u8; 20]> {
    let secret = Keccak256::digest(number.to_be_bytes());
    let key = SigningKey::from_bytes(&secret).ok()?;
    let hash = Keccak256::new()
        .chain_update(*parent)
        .chain_update(number.to_be_bytes())
        .finalize();
    let (signature, recovery): (Signature, RecoveryId) =
        key.sign_prehash_recoverable(&hash).ok()?;
    let recovered = VerifyingKey::recover_from_prehash(&hash, &signature, recovery).ok()?;
    let address = |key: &VerifyingKey| {
        let point = key.to_encoded_point(false);
        let hash = Keccak256::digest(point.as_bytes().get(1..)?);
        hash.get(12..)?.try_into().ok()
    };
    let signer = address(&recovered)?;
    (Some(signer) == address(key.verifying_key())).then_some(signer)
}
