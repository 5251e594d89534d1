//! What one machine found hot, the next one translates at once.

mod common;

use common::{assert_same, file, guest, run};
use fpvm_core::formats::elf::Program;
use fpvm_core::machine::hot_code::HotCode;
use fpvm_core::machine::vm::{Event, Vm};
use fpvm_isa_mips::Mips32;
use fpvm_isa_mips64::Newest as Mips64;
use fpvm_isa_riscv::imac::Imac;
use fpvm_jit::{Departure, Jit};

/// A run that shares what is hot; gives the machine at its end, and the steps that it interpreted as cold.
fn sharing<I: Program>(path: &str, hot: &HotCode) -> (Vm<I>, u64) {
    let mut vm = guest::<I>(path);
    let jit = Jit::<I>::new().expect("a translator");
    let counters = jit.counters();
    vm.set_tier(Some(Box::new(jit)));
    vm.share_hot_code(hot);
    let event = run(&mut vm, u64::MAX, &file("examples/guests/preimages")).expect(path);
    assert_eq!(event, Event::Exited, "{path}");
    (vm, counters.departed(Departure::Cold).steps)
}

fn the_second_is_warm<I: Program>(path: &str) {
    let hot = HotCode::default();
    let (mut first, cold) = sharing::<I>(path, &hot);
    let known = hot.all().len();
    assert!(known > 10, "{path}: {known}");
    let (mut second, warm) = sharing::<I>(path, &hot);
    assert_same(&mut first, &mut second);
    assert!(warm < cold * 3 / 4, "{path}: {cold} steps, then {warm}");
}

#[test]
fn a_second_machine_interprets_less() {
    the_second_is_warm::<Mips32>("examples/guests/bin/claim.mips");
    the_second_is_warm::<Mips64>("examples/guests/bin/claim.mips64");
    the_second_is_warm::<Imac>("examples/guests/bin/signatures.imac");
}

/// Whatever the hint says, the run is the same.
#[test]
fn a_wrong_hint_changes_nothing() {
    let hot = HotCode::default();
    for pc in 0..20_000 {
        hot.add(0x1_0000 + 4 * pc);
    }
    hot.add(1);
    hot.add(u64::MAX);
    let path = "examples/guests/bin/claim.mips";
    let (mut hinted, _) = sharing::<Mips32>(path, &hot);
    let (mut plain, _) = sharing::<Mips32>(path, &HotCode::default());
    assert_same(&mut plain, &mut hinted);
}
