//! Each of the 49,152 encodings of 16 bits against the instruction of 32 bits that GNU binutils say it
//! is short for: the same registers, memory and next instruction, or a fault where binutils know none.
//! `compressed.py` made the file.

use flate2::read::GzDecoder;
use fpvm_core::definition::isa::Isa as _;
use fpvm_core::definition::machine::Fault;
use fpvm_core::definition::operand::Cell;
use fpvm_core::definition::state::State;
use fpvm_core::machine::memory::PagedMemory;
use fpvm_core::machine::vm::{Event, Host, Vm, VmError};
use fpvm_core::step::oracle::{NoOracle, Silent};
use fpvm_isa_riscv::fault;
use fpvm_isa_riscv::imac::Imac;
use std::io::Read as _;

/// Where the short ones stand, one after the other, and where the long ones.
const SHORT: u64 = 0x10_0000;
const LONG: u64 = 0x20_0000;
const DATA: u64 = 0x40_0000;

/// What the file has for an encoding that is none, for floating point, and for ebreak.
const UNKNOWN: u32 = 0;
const FLOAT: u32 = u32::MAX;
const EBREAK: u32 = 0x0010_0073;

/// Short instructions, and what they are short for.
fn expansions() -> Vec<(u16, u32)> {
    let mut words = Vec::new();
    let packed = &include_bytes!("compressed.bin.gz")[..];
    GzDecoder::new(packed).read_to_end(&mut words).unwrap();
    let shorts = (0..=u16::MAX).filter(|half| half & 3 != 3);
    let longs = words
        .as_chunks()
        .0
        .iter()
        .map(|word| u32::from_le_bytes(*word));
    assert_eq!(words.len(), 4 * shorts.clone().count());
    shorts.zip(longs).collect()
}

struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    /// A place among the data, of any alignment.
    fn pointer(&mut self) -> u64 {
        DATA + self.next() % 512
    }

    /// A number at the edge of some width, or any.
    fn edge(&mut self) -> u64 {
        let bit = 1u64.rotate_left(self.next() as u32);
        match self.next() % 4 {
            0 => bit,
            1 => bit.wrapping_sub(1),
            2 => !bit,
            _ => self.next(),
        }
    }
}

/// One machine for either length, with all the code and some data.
fn machine(expansions: &[(u16, u32)]) -> Vm<Imac> {
    let mut memory = PagedMemory::new().unwrap();
    let short: Vec<u8> = expansions
        .iter()
        .flat_map(|pair| pair.0.to_le_bytes())
        .collect();
    let long: Vec<u8> = expansions
        .iter()
        .flat_map(|pair| pair.1.to_le_bytes())
        .collect();
    let mut random = Random(7);
    let data: Vec<u8> = (0..2048).map(|_| random.next() as u8).collect();
    for (at, bytes) in [(SHORT, short), (LONG, long), (DATA, data)] {
        memory.write_slice(at, &bytes).unwrap();
    }
    Vm::new(State::default(), memory)
}

/// Runs the instruction at an address; gives the registers after it, and the program counter. A link to
/// the next instruction is told as the same, whatever the length.
fn run(vm: &mut Vm<Imac>, at: u64, len: u64, registers: &[u64; 32]) -> Result<After, Fault> {
    const NEXT: u64 = 0x1111;
    vm.state = State::default();
    for (cell, value) in (0..).zip(registers).skip(1) {
        vm.state.set(Cell(cell), *value);
    }
    vm.state.set(Imac::PC, at);
    let mut host = Host {
        oracle: &mut NoOracle,
        console: &mut Silent,
    };
    match vm.run(1, false, &mut host) {
        Ok(Event::Reached) => {
            let registers = std::array::from_fn(|cell| match vm.state.get(Cell(cell as u8)) {
                link if link == at + len => NEXT,
                other => other,
            });
            Ok((registers, vm.state.pc()))
        }
        Err(VmError::Fault(fault)) => Err(fault.fault),
        other => panic!("{other:?}"),
    }
}

/// Registers and program counter.
type After = ([u64; 32], u64);

/// Where the two go: to the same address, as far from where they stand, or both to what follows.
fn go_alike(long: u32, short: (u64, u64), other: (u64, u64)) -> bool {
    let steps = (short.1.wrapping_sub(short.0), other.1.wrapping_sub(other.0));
    match long & 0x7f {
        0x67 => short.1 == other.1,
        0x6f => steps.0 == steps.1,
        0x63 => steps.0 == steps.1 || steps == (2, 4),
        _ => steps == (2, 4),
    }
}

fn window(vm: &mut Vm<Imac>) -> [u8; 2048] {
    let mut bytes = [0; 2048];
    vm.memory.read_slice(DATA, &mut bytes);
    bytes
}

/// Runs all of them on registers made by `value`.
fn compare(mut value: impl FnMut() -> u64) {
    let expansions = expansions();
    let (mut shorts, mut longs) = (machine(&expansions), machine(&expansions));
    let mut done = 0;
    for (i, (short, long)) in (0..).zip(&expansions) {
        let registers = std::array::from_fn(|_| value());
        let at = (SHORT + 2 * i, LONG + 4 * i);
        let ours = run(&mut shorts, at.0, 2, &registers);
        let expected = match *long {
            UNKNOWN => Err(fault::ILLEGAL),
            FLOAT => Err(fault::FLOAT),
            EBREAK => Err(fault::BREAKPOINT),
            _ => run(&mut longs, at.1, 4, &registers),
        };
        let name = format!("{short:04x}, which is short for {long:08x}");
        assert_eq!(
            ours.map(|after| after.0),
            expected.map(|after| after.0),
            "{name}"
        );
        if let (Ok(ours), Ok(expected)) = (ours, expected) {
            let (short, other) = ((at.0, ours.1), (at.1, expected.1));
            assert!(
                go_alike(*long, short, other),
                "{name}: {short:x?}, {other:x?}"
            );
        }
        assert!(
            window(&mut shorts) == window(&mut longs),
            "data after {short:04x}"
        );
        done += usize::from(ours.is_ok());
    }
    assert_eq!(shorts.memory_root(), longs.memory_root());
    // All but floating point (four rows of 2,048), what binutils do not know, and ebreak.
    let unknown = expansions
        .iter()
        .filter(|(_, long)| *long == UNKNOWN)
        .count();
    assert_eq!(done, 49_152 - 4 * 2048 - unknown - 1);
}

#[test]
fn short_instructions_do_what_they_are_short_for() {
    let mut random = Random(0x9e37_79b9_7f4a_7c15);
    compare(|| random.pointer());
}

#[test]
fn short_instructions_on_edges_do_what_they_are_short_for() {
    let mut random = Random(0x2545_f491_4f6c_dd1d);
    compare(|| random.edge());
}
