//! Instructions one after the other, by their true lengths.

use crate::explain::hex_number;
use crate::inspect::Inspect;
use fpvm_core::formats::symbols::Symbols;
use serde::Serialize;
use std::ops::Range;

/// How many bytes of a function are looked at.
pub(crate) const LONGEST: u64 = 1 << 20;

/// The instructions of a range, one after the other: addresses and words. `fetch` gives the word at an
/// address and its length in bytes.
pub fn instructions(
    range: Range<u64>,
    mut fetch: impl FnMut(u64) -> (u32, u64),
) -> impl Iterator<Item = (u64, u32)> {
    let mut next = range.start;
    std::iter::from_fn(move || {
        let at = next;
        (at < range.end).then(|| {
            let (insn, len) = fetch(at);
            next = at.saturating_add(len);
            (at, insn)
        })
    })
}

/// The instructions of a range of a machine's memory.
pub fn code(vm: &mut dyn Inspect, range: Range<u64>) -> impl Iterator<Item = (u64, u32)> {
    let isa = vm.info();
    instructions(range, move |at| {
        let insn = vm.insn_at(at);
        (insn, isa.insn_len(insn))
    })
}

/// The address and size of the function that an address is in. Assembly often gives no size: such a
/// function reaches to the next.
pub fn function(symbols: &Symbols, address: u64) -> Option<(u64, u64)> {
    let all = symbols.all();
    let after = all.partition_point(|symbol| symbol.start <= address);
    let symbol = all.get(after.checked_sub(1)?)?;
    let size = match (symbol.size, all.get(after)) {
        (0, Some(next)) => next.start - symbol.start,
        (0, None) => LONGEST,
        (size, _) => size,
    };
    (address - symbol.start < size).then_some((symbol.start, size))
}

/// The instruction at an address with at most `around` before and after it, all from its function.
///
/// Lengths are only known forwards, so the function is read from its start. In an ISA with instructions of two
/// lengths none before it are given if no symbol tells the start, or if reading from there does not come to the
/// address.
pub fn neighbours(vm: &mut dyn Inspect, pc: u64, around: u64) -> Vec<(u64, u32)> {
    let isa = vm.info();
    let found = vm.symbols().at(pc).map(|symbol| symbol.start);
    let found = found.and_then(|start| function(vm.symbols(), start));
    let (start, end) = match found {
        Some((start, size)) => (start, start.saturating_add(size.max(4))),
        None if isa.is_compressed() => (pc, u64::MAX),
        None => (pc.saturating_sub(4 * around), u64::MAX),
    };
    let last = pc.saturating_add(4 * around.saturating_add(1)).min(end);
    let first = if isa.is_compressed() {
        start.max(pc.saturating_sub(LONGEST))
    } else {
        start.max(pc.saturating_sub(4 * around))
    };
    let around = usize::try_from(around).unwrap_or(usize::MAX);
    let near = |code: Vec<(u64, u32)>| {
        let here = code.iter().position(|(at, _)| *at == pc)?;
        let before = here.saturating_sub(around);
        let count = (here - before).saturating_add(around).saturating_add(1);
        Some(code.into_iter().skip(before).take(count).collect())
    };
    let code_from =
        |vm: &mut dyn Inspect, first: u64| -> Vec<(u64, u32)> { code(vm, first..last).collect() };
    let whole = near(code_from(vm, first));
    whole
        .or_else(|| near(code_from(vm, pc)))
        .unwrap_or_default()
}

/// What is known about the program around an instruction.
#[derive(Clone, PartialEq, Eq, Default, Debug, Serialize)]
pub struct Surroundings {
    /// The function it is in.
    pub symbol: Option<String>,
    /// It and its neighbours, ascending.
    pub code: Vec<Line>,
}

/// A line of a listing.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Line {
    /// The instruction's address; `0x…` in JSON.
    #[serde(serialize_with = "hex_number")]
    pub pc: u64,
    /// The instruction.
    pub assembly: String,
    /// Whether it is the instruction that is looked at.
    pub here: bool,
}

/// The program around the program counter: at most `around` instructions before and after it.
pub fn surroundings(vm: &mut dyn Inspect, around: u64) -> Surroundings {
    let (here, isa) = (vm.pc(), vm.info());
    let symbol = vm.symbols().at(here).map(|symbol| symbol.readable());
    let lines = neighbours(vm, here, around).into_iter();
    let code = lines.map(|(pc, insn)| Line {
        pc,
        assembly: isa.disassemble(insn, pc),
        here: pc == here,
    });
    let code = code.collect();
    Surroundings { symbol, code }
}

/// The call that returns to an address.
pub fn call_before(vm: &mut dyn Inspect, back: u64) -> Option<u64> {
    let isa = vm.info();
    let calls = isa.call_bytes().iter().map(|bytes| {
        let at = back.wrapping_sub(*bytes);
        (at, vm.insn_at(at), *bytes)
    });
    let slot = if isa.delay_slot() { 4 } else { 0 };
    let mut calls = calls
        .filter(|(_, insn, bytes)| isa.insn_len(*insn) + slot == *bytes)
        .filter(|(_, insn, _)| isa.frame_step(*insn).calls);
    calls.next().map(|(at, ..)| at)
}

#[cfg(test)]
mod tests {
    use super::*;
    use fpvm_core::formats::symbols::Symbol;
    use fpvm_core::machine::memory::PagedMemory;
    use fpvm_core::{Isa, State, Vm};
    use fpvm_isa_mips::Mips32;
    use fpvm_isa_riscv::imac::Imac;

    fn machine<I: Isa>(at: u64, code: &[u8], functions: &[(u64, u64)]) -> Vm<I> {
        let mut memory = PagedMemory::new().unwrap();
        memory.write_slice(at, code).unwrap();
        let mut vm = Vm::new(State::default(), memory);
        let symbols = functions.iter().map(|(start, size)| Symbol {
            name: format!("f{start:x}"),
            start: *start,
            size: *size,
        });
        vm.symbols = Symbols::new(symbols.collect());
        vm
    }

    /// Two instructions of 2 bytes, one of 4, and so on: at strides of 4, every second line was wrong.
    #[test]
    fn neighbours_have_their_true_lengths() {
        let mut code = Vec::new();
        for insn in 0..4u32 {
            code.extend(0x4501u16.to_le_bytes()); // c.li a0, 0
            code.extend((0x0010_0513 | insn << 20).to_le_bytes()); // addi a0, zero, …
        }
        let addresses = |vm: &mut Vm<Imac>, pc| -> Vec<u64> {
            let near = neighbours(vm, pc, 3);
            near.iter().map(|(at, _)| *at).collect()
        };
        let mut vm = machine::<Imac>(0x1000, &code, &[(0x1000, 24)]);
        assert_eq!(
            addresses(&mut vm, 0x1008),
            [0x1000, 0x1002, 0x1006, 0x1008, 0x100c, 0x100e, 0x1012]
        );
        // No further than the function.
        assert_eq!(
            addresses(&mut vm, 0x1002),
            [0x1000, 0x1002, 0x1006, 0x1008, 0x100c]
        );
        assert_eq!(addresses(&mut vm, 0x1014), [0x100c, 0x100e, 0x1012, 0x1014]);
        let words: Vec<u32> = neighbours(&mut vm, 0x1008, 1)
            .iter()
            .map(|(_, insn)| *insn)
            .collect();
        assert_eq!(words, [0x4501, 0x0010_0513 | 1 << 20, 0x4501]);
        // If no symbol tells the start, nothing before it is known.
        let mut vm = machine::<Imac>(0x1000, &code, &[]);
        assert_eq!(addresses(&mut vm, 0x1008), [0x1008, 0x100c, 0x100e, 0x1012]);
    }

    #[test]
    fn instructions_of_one_length_need_no_symbol() {
        let mut vm = machine::<Mips32>(0x1000, &[0; 64], &[]);
        let near = neighbours(&mut vm, 0x1008, 3);
        let addresses: Vec<u64> = near.iter().map(|(at, _)| *at).collect();
        assert_eq!(
            addresses,
            [0xffc, 0x1000, 0x1004, 0x1008, 0x100c, 0x1010, 0x1014]
        );
        assert!(neighbours(&mut vm, u64::MAX, 3).len() <= 7);
    }
}
