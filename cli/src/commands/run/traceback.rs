//! Where a guest is, and how it got there.

use fpvm::AnyVm;
use fpvm::analysis::Lines;
use fpvm::analysis::listing::call_before;
use fpvm_core::formats::symbols::Symbol;
use std::fmt::Write as _;

/// How far up the stack return addresses are looked for, in bytes.
const REACH: u64 = 1 << 16;

/// The most callers that are shown.
const CALLERS: usize = 50;

/// The call stack as text: the function, those that the stack has return addresses of, and the
/// registers.
///
/// There is no unwinding: a word on the stack counts as a return address where the instruction
/// before it is a call, so functions that have returned already may be among them.
pub(super) fn traceback(vm: &mut dyn AnyVm, lines: Option<&Lines>) -> String {
    let (pc, step) = (vm.pc(), vm.step());
    let mut text = format!("traceback at pc={pc:x} step={step}\n");
    line(vm, lines, &mut text, 0, pc);
    let registers = vm.registers();
    let register = |name: &str| {
        registers
            .iter()
            .find(|(known, _)| *known == name)
            .map_or(0, |(_, value)| *value)
    };
    let mut addresses = vec![register("ra")];
    let (sp, word) = (register("sp"), u64::from(vm.isa().word_bytes()));
    for offset in (0..REACH).step_by(word as usize) {
        addresses.push(vm.read_word(sp.wrapping_add(offset)));
    }
    let returns = addresses
        .into_iter()
        .filter(|at| is_return_address(vm, *at));
    let returns: Vec<_> = returns.take(CALLERS).collect();
    for (i, at) in returns.into_iter().enumerate() {
        line(vm, lines, &mut text, i + 1, at);
    }
    for row in registers.chunks(4) {
        let cells = row
            .iter()
            .map(|(name, value)| format!("{name:>5} {value:<18x}"));
        let _ = writeln!(text, "{}", cells.collect::<String>().trim_end());
    }
    text
}

fn line(vm: &dyn AnyVm, lines: Option<&Lines>, text: &mut String, depth: usize, at: u64) {
    let name = vm.symbols().at(at).map_or("?".into(), Symbol::readable);
    let source = lines.and_then(|lines| lines.at(at));
    let source = source.map_or(String::new(), |source| format!(" at {source}"));
    let _ = writeln!(text, "\t{depth} {at:x} in {name}{source}");
}

fn is_return_address(vm: &mut dyn AnyVm, at: u64) -> bool {
    let known = vm.symbols().at(at).is_some_and(|symbol| symbol.size > 0);
    known && call_before(vm, at).is_some()
}
