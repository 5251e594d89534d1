//! Pre-images from a source of one's own: here a map; a database or a node is the same.
//!
//! Whoever implements `Oracle` vouches for the values. `fpvm::oracle::Checked` does so for stores and hosts.

use fpvm::core::step::oracle::{OracleError, Silent};
use fpvm::{Host, Options, Oracle, Registry};
use std::collections::HashMap;
use std::sync::Arc;

/// Pre-images by their keys.
struct Map(HashMap<[u8; 32], Arc<[u8]>>);

impl Oracle for Map {
    fn hint(&mut self, hint: &[u8]) -> Result<(), OracleError> {
        println!("the program hints at {}", String::from_utf8_lossy(hint));
        Ok(())
    }

    fn preimage(&mut self, key: [u8; 32]) -> Result<Arc<[u8]>, OracleError> {
        let found = self.0.get(&key).cloned();
        found.ok_or_else(|| format!("no pre-image {key:02x?}").into())
    }
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut map = HashMap::new();
    for (key, value) in fpvm_guests::claim_preimages() {
        let key: fpvm::oracle::Key = key.parse()?;
        map.insert(key.0, value.into());
    }
    let mut vm = Registry::builtin().load(fpvm_guests::CLAIM, &Options::default())?;
    let mut host = Host {
        oracle: &mut Map(map),
        console: &mut Silent,
    };
    vm.run(u64::MAX, false, &mut host)?;
    println!("{} steps, exit code {}", vm.step(), vm.exit_code());
    assert_eq!(vm.exit_code(), 0, "the claim is true");
    Ok(())
}

#[test]
fn runs() {
    main().unwrap();
}
