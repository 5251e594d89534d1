//! Call stacks of a machine: which function called which, by what their frames say.

use crate::explain::hex_number;
use crate::frames::{Frame, frames};
use crate::inspect::Inspect;
use crate::listing::{self, LONGEST, call_before, function};
use serde::Serialize;
use std::collections::HashMap;
use std::fmt;

/// The deepest stack that is followed.
const DEEPEST: usize = 256;

/// The function in which goroutines begin. Its return address does not stand after a call.
const GOROUTINE: &str = "runtime.goexit";

/// A function on the stack.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Level {
    /// The function's address, or the guest's program counter if it is in no function.
    pub(crate) function: u64,
    /// Where the guest is in it: for all but the innermost, the call.
    pub(crate) pc: u64,
    /// The stack pointer there.
    pub(crate) sp: u64,
}

/// How following a stack ended.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum End {
    /// At its root, or where the function went to another stack.
    Root,
    Lost,
}

/// Follows stacks, and keeps what it learns about functions.
#[derive(Default, Debug)]
pub(crate) struct Unwinder {
    /// Frames at the instructions of functions, by the functions' addresses.
    frames: HashMap<u64, Vec<(u64, Frame)>>,
}

impl Unwinder {
    /// Follows the stack from the innermost function outwards.
    pub(crate) fn walk(&mut self, vm: &mut dyn Inspect) -> (Vec<Level>, End) {
        let (pc, sp, link) = (vm.pc(), register(vm, "sp"), register(vm, "ra"));
        self.follow(vm, pc, sp, Some(link))
    }

    /// Follows a stack from a place in a function; `link` is the register of the return address, if nothing was called
    /// since.
    fn follow(
        &mut self,
        vm: &mut dyn Inspect,
        mut pc: u64,
        mut sp: u64,
        mut link: Option<u64>,
    ) -> (Vec<Level>, End) {
        let mut levels = Vec::new();
        while levels.len() < DEEPEST {
            let Some((function, size)) = function(vm.symbols(), pc) else {
                // The guest is there, even if the code has no symbols.
                if levels.is_empty() {
                    let function = pc;
                    levels.push(Level { function, pc, sp });
                }
                return (levels, End::Lost);
            };
            levels.push(Level { function, pc, sp });
            let Some(frame) = self.frame(vm, function, size, pc) else {
                return (levels, End::Lost);
            };
            let Some(depth) = frame.depth else {
                return (levels, End::Root);
            };
            let entry = sp.wrapping_sub(depth as u64);
            let back = match (frame.saved_at, link.take()) {
                (Some(at), _) => vm.read_word(entry.wrapping_add(at as u64)),
                (None, Some(link)) => link,
                // The return address is kept nowhere, so the function does not return.
                (None, None) => return (levels, End::Root),
            };
            let caller = vm.symbols().at(back);
            if back == 0 || caller.is_some_and(|caller| caller.name.starts_with(GOROUTINE)) {
                return (levels, End::Root);
            }
            let Some(call) = call_before(vm, back) else {
                return (levels, End::Lost);
            };
            (sp, pc) = (entry, call);
        }
        (levels, End::Lost)
    }

    /// The frame at an address of a function.
    fn frame(&mut self, vm: &mut dyn Inspect, start: u64, size: u64, pc: u64) -> Option<Frame> {
        let frames = self.frames.entry(start).or_insert_with(|| {
            let isa = vm.info();
            let end = start.saturating_add(size.clamp(4, LONGEST));
            let code: Vec<_> = listing::code(vm, start..end).collect();
            let steps = code.iter().map(|(_, insn)| isa.frame_step(*insn));
            let frames = frames(steps, isa.delay_slot());
            code.iter().map(|(at, _)| *at).zip(frames).collect()
        });
        let at = frames.binary_search_by_key(&pc, |(at, _)| *at).ok()?;
        frames.get(at).map(|(_, frame)| *frame)
    }
}

fn register(vm: &dyn Inspect, name: &str) -> u64 {
    let registers = vm.registers();
    let found = registers.iter().find(|(known, _)| *known == name);
    found.map_or(0, |(_, value)| *value)
}

/// A place in a program. Its text is `main.f+0x10 (0x1234)`, or `main.f+0x10 (0x1234) at main.go:12`.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Place {
    /// The address; `0x…` in JSON.
    #[serde(serialize_with = "hex_number")]
    pub address: u64,
    /// The function that it is in, if a symbol says so.
    pub function: Option<String>,
    /// Bytes from the function's start.
    pub offset: u64,
    /// The line of source, as `file:line`, if it was looked up: see [`crate::lines`].
    #[serde(skip_serializing_if = "Option::is_none")]
    pub source: Option<String>,
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (&self.function, self.offset) {
            (Some(function), 0) => write!(f, "{function} ({:#x})", self.address),
            (Some(function), offset) => write!(f, "{function}+{offset:#x} ({:#x})", self.address),
            (None, _) => write!(f, "{:#x}, where no symbol is", self.address),
        }?;
        match &self.source {
            Some(source) => write!(f, " at {source}"),
            None => Ok(()),
        }
    }
}

/// The place of an address.
pub fn place(vm: &dyn Inspect, address: u64) -> Place {
    let symbols = vm.symbols();
    let symbol = function(symbols, address).and_then(|(start, _)| symbols.at(start));
    Place {
        address,
        offset: symbol.map_or(0, |symbol| address - symbol.start),
        function: symbol.map(|symbol| symbol.readable()),
        source: None,
    }
}

/// The place of a machine, and the calls through which it came there, the innermost first. If it has jumped to an
/// address outside of every function, the register of the return address says from where.
pub fn callers(vm: &mut dyn Inspect) -> Vec<Place> {
    let mut unwinder = Unwinder::default();
    let (mut levels, end) = unwinder.walk(vm);
    if end == End::Lost
        && let [only] = levels[..]
        && function(vm.symbols(), only.pc).is_none()
        && let back = register(vm, "ra")
        && function(vm.symbols(), back).is_some()
        && let Some(call) = call_before(vm, back)
    {
        levels.extend(unwinder.follow(vm, call, only.sp, None).0);
    }
    levels.iter().map(|level| place(vm, level.pc)).collect()
}
