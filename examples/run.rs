//! A program run to its end, whichever VM it is for, and its state root.

use fpvm::core::step::oracle::NoOracle;
use fpvm::{Host, Options, Registry};
use std::path::Path;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let bundled = Path::new(env!("CARGO_MANIFEST_DIR")).join("guests/bin/bare.riscv64");
    let program = std::env::args_os().nth(1).map_or(bundled, Into::into);

    let mut vm = Registry::builtin().open(&program, &Options::default())?;
    let mut print = |_stream: u8, bytes: &[u8]| print!("{}", String::from_utf8_lossy(bytes));
    let mut host = Host {
        oracle: &mut NoOracle,
        console: &mut print,
    };
    vm.run(u64::MAX, false, &mut host)?;

    let root: String = vm.state_root().iter().map(|b| format!("{b:02x}")).collect();
    println!("{}: {} steps", vm.isa().vm_type(), vm.step());
    println!("exit code {}, state root 0x{root}", vm.exit_code());
    Ok(())
}

#[test]
fn runs() {
    // A test's first argument is a filter of names, so the bundled program is named here.
    let vms = Registry::builtin();
    let bundled = Path::new(env!("CARGO_MANIFEST_DIR")).join("guests/bin/bare.riscv64");
    let mut vm = vms.open(&bundled, &Options::default()).unwrap();
    let mut host = Host {
        oracle: &mut NoOracle,
        console: &mut |_: u8, _: &[u8]| (),
    };
    vm.run(u64::MAX, false, &mut host).unwrap();
    assert!(vm.exited());
}
