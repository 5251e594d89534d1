//! Prints the step verifiers to `contracts/sol`.

#[path = "../tests/common/sources.rs"]
mod sources;

use std::path::Path;

fn main() -> std::io::Result<()> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("sol");
    for verifier in sources::sources() {
        std::fs::write(
            folder.join(format!("{}.sol", verifier.name())),
            verifier.source(),
        )?;
    }
    Ok(())
}
