//! A run that is followed: an observer sees the steps it asks for, and the others keep their speed.

use fpvm::core::machine::observer::Observer;
use fpvm::core::step::oracle::{NoOracle, Silent};
use fpvm::{Guest, Host};
use fpvm_core::definition::decode::decode;
use fpvm_core::definition::state::State;
use fpvm_isa_mips::Mips32;
use fpvm_isa_mips::table::Op;

/// Counts the calls of functions, and the system calls.
#[derive(Debug, Default)]
struct Calls {
    functions: u64,
    system: u64,
}

impl Observer<Mips32> for Calls {
    fn watches(&self, op: Op) -> bool {
        matches!(op, Op::jal | Op::jalr | Op::syscall)
    }

    fn before(&mut self, _state: &State<Mips32>) {}

    fn after(&mut self, _state: &State<Mips32>, insn: Option<u32>) {
        match insn.map(decode::<Mips32>) {
            Some(Op::jal | Op::jalr) => self.functions += 1,
            Some(Op::syscall) => self.system += 1,
            _ => (), // Steps that were not asked for are seen where they happen to pass by.
        }
    }

    fn counts(&self, _reserved_writes: u64) -> Vec<(&'static str, u64)> {
        vec![("functions", self.functions), ("system calls", self.system)]
    }
}

fn main() -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    let program = include_bytes!("guests/bin/bare.mips");
    let mut vm = Mips32::load(program, &[])?;
    vm.observe(Box::<Calls>::default());
    let mut host = Host {
        oracle: &mut NoOracle,
        console: &mut Silent,
    };
    vm.run(u64::MAX, false, &mut host)?;
    for (what, count) in vm.counts() {
        println!("{count} {what}");
        assert_ne!(count, 0);
    }
    Ok(())
}

#[test]
fn runs() {
    main().unwrap();
}
