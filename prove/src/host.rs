//! What the contract's helpers mean to its instructions: each is taken for what [`mod@crate::helpers`] proves
//! of it, and what that proof asks of a caller becomes an obligation.

use crate::evaluate::{Frame, Host, World};
use crate::helpers::WINDOWS;
use crate::state::{Part, State, bits, stacked};
use crate::term::{Sort, Term, Terms};
use crate::words;
use crate::yul::Source;
use alloy_primitives::U256;
use fpvm_core::definition::isa::{Field, Isa, Source as From};
use std::collections::BTreeMap;
use std::marker::PhantomData;

/// A contract in a step.
#[derive(Debug)]
pub struct Contract<I> {
    /// Fields by address, from the ISA's own tables.
    fields: BTreeMap<u64, (Part, usize)>,
    registers: u64,
    /// Where the root beneath the running thread is.
    beneath: Option<u64>,
    insn: Term,
    /// How many parts of the instruction were fetched; `None` once it is there.
    fetched: Option<u16>,
    isa: PhantomData<I>,
}

impl<I: Isa> Contract<I> {
    /// A contract that is about to execute an instruction. Fields lie as the ISA's tables have them, from
    /// where the contract says that the state begins.
    pub fn new(source: &Source, insn: Term) -> Self {
        let constant = |name: &str| {
            let value = source.constants.get(name)?;
            u64::try_from(*value).ok()
        };
        let mut contract = Self {
            fields: BTreeMap::new(),
            registers: 0,
            beneath: None,
            insn,
            fetched: Some(0),
            isa: PhantomData,
        };
        contract.lay_out(constant("STATE").unwrap_or_default(), I::STATE);
        if let Some((threads, at)) = I::THREADS.zip(constant("THREAD")) {
            contract.beneath = Some(contract.lay_out(at, threads.fields));
        }
        contract
    }

    /// The part of the state that begins at an address.
    pub fn field(&self, at: u64) -> Option<Part> {
        self.fields.get(&at).map(|(part, _)| *part)
    }

    fn lay_out(&mut self, mut at: u64, fields: &[Field]) -> u64 {
        for field in fields {
            let part = match field.source {
                From::Version(_) | From::MemoryRoot => None,
                From::PreimageKey => Some(Part::Key),
                From::Step => Some(Part::Step),
                From::StepsSinceSwitch => Some(Part::TurnSteps),
                From::Threads(side) => Some(Part::Stack(side)),
                From::Cell(cell) => Some(Part::Cell(cell.0)),
                From::Cells(..) => {
                    self.registers = at;
                    None
                }
            };
            if let Some(part) = part {
                self.fields.insert(at, (part, field.size));
            }
            at += field.len() as u64;
        }
        at
    }

    fn constant(terms: &Terms, t: Term, what: &str) -> Result<u64, String> {
        let value = terms.value(t).and_then(|value| u64::try_from(value).ok());
        value.ok_or_else(|| format!("{what} is not known"))
    }

    /// The index of the register at an address.
    fn register(&self, world: &mut World<'_>, at: Term, size: usize) -> Result<Term, String> {
        let bytes = usize::from(bits::<I>()) / 8;
        if size != bytes {
            return Err(format!(
                "an access of {size} bytes to a register of {bytes}"
            ));
        }
        let first = world.terms.small(self.registers, 256);
        let offset = world.terms.two(crate::term::Two::Sub, at, first);
        let scale = bytes.trailing_zeros() as u16;
        let (high, low) = (
            world.terms.extract(255, 5 + scale, offset),
            world.terms.extract(scale - 1, 0, offset),
        );
        for (part, width) in [(high, 251 - scale), (low, scale)] {
            let zero = world.terms.small(0, width);
            let none = world.terms.equal(part, zero);
            world.owe("the address is a register's", none);
        }
        Ok(world.terms.extract(4 + scale, scale, offset))
    }

    fn get(
        &self,
        world: &mut World<'_>,
        state: &State,
        at: Term,
        size: usize,
    ) -> Result<Term, String> {
        let known = world.terms.value(at).and_then(|at| u64::try_from(at).ok());
        if let Some((part, own)) = known.and_then(|at| self.fields.get(&at)) {
            if *own != size || size > 8 {
                return Err(format!("{part:?} has {own} bytes, {size} are read"));
            }
            let low = world.terms.zext(state[part], 8 * size as u16);
            return Ok(world.terms.zext(low, 256));
        }
        let index = self.register(world, at, size)?;
        let value = world.terms.select(state[&Part::Registers], index);
        Ok(world.terms.zext(value, 256))
    }

    fn set(
        &self,
        world: &mut World<'_>,
        state: &mut State,
        (at, size): (Term, usize),
        value: Term,
    ) -> Result<(), String> {
        let known = world.terms.value(at).and_then(|at| u64::try_from(at).ok());
        if let Some((part, own)) = known.and_then(|at| self.fields.get(&at)) {
            if *own != size || size > 8 {
                return Err(format!("{part:?} has {own} bytes, {size} are written"));
            }
            let low = world.terms.extract(8 * size as u16 - 1, 0, value);
            let width = world.terms.width(state[part]);
            let new = world.terms.zext(low, width);
            state.insert(*part, new);
            return Ok(());
        }
        let index = self.register(world, at, size)?;
        let low = world.terms.extract(bits::<I>() - 1, 0, value);
        let registers = world.terms.store(state[&Part::Registers], index, low);
        state.insert(Part::Registers, registers);
        Ok(())
    }

    /// A guest address or count; that it is one is the caller's to prove.
    fn word(world: &mut World<'_>, t: Term, what: &str) -> Term {
        let n = bits::<I>();
        let high = world.terms.extract(255, n, t);
        let zero = world.terms.small(0, 256 - n);
        let fits = world.terms.equal(high, zero);
        world.owe(format!("{what} is a word"), fits);
        world.terms.extract(n - 1, 0, t)
    }

    fn size(world: &World<'_>, t: Term) -> Result<u32, String> {
        let size = Self::constant(world.terms, t, "an access's size")?;
        match size as u32 {
            size @ (1 | 2 | 4 | 8) if size <= u32::from(bits::<I>()) / 8 => Ok(size),
            _ => Err(format!("an access of {size} bytes")),
        }
    }

    fn window(world: &World<'_>, t: Term) -> Result<u32, String> {
        let window = Self::constant(world.terms, t, "a window")?;
        if WINDOWS.contains(&window) {
            Ok(window as u32)
        } else {
            Err(format!("a window of {window} bytes"))
        }
    }

    /// A piece of the instruction, where that is fetched.
    fn fetch(&mut self, world: &mut World<'_>, state: &State, at: Term, size: u32) -> Option<Term> {
        let done = self.fetched?;
        let n = bits::<I>();
        let whole = if I::COMPRESSED_MASK == 0 { 4 } else { 2 };
        let offset = world.terms.small(done.into(), n);
        let wanted = world
            .terms
            .two(crate::term::Two::Add, state[&Part::Cell(I::PC.0)], offset);
        let here = world.terms.equal(at, wanted);
        world.owe("an instruction is fetched where the program is", here);
        let right = world.terms.truth(size == whole && done < 4);
        world.owe("an instruction is fetched whole", right);
        self.fetched = Some(done + size as u16);
        let piece = match (size, done) {
            (4, 0) => self.insn,
            (2, 0) => world.terms.extract(15, 0, self.insn),
            _ => world.terms.extract(31, 16, self.insn),
        };
        Some(world.terms.zext(piece, 256))
    }

    fn mload(&self, world: &mut World<'_>, state: &State, at: Term) -> Result<Term, String> {
        if let Some((when, a, b)) = world.terms.choice(at) {
            let (a, b) = (world.terms.number(a, 256), world.terms.number(b, 256));
            let (a, b) = (self.mload(world, state, a)?, self.mload(world, state, b)?);
            return Ok(world.terms.ite(when, a, b));
        }
        let at = Self::constant(world.terms, at, "the address of a word in memory")?;
        if Some(at) == self.beneath {
            return Ok(world.terms.symbol("beneath", Sort::Bits(256)));
        }
        match self.fields.get(&at) {
            Some((part @ Part::Stack(_), _)) => Ok(state[part]),
            _ => match state.get(&Part::Scratch(at)) {
                Some(value) => Ok(*value),
                None => Err(format!("the word at {at:#x} was never written")),
            },
        }
    }

    fn mstore(
        &self,
        world: &mut World<'_>,
        state: &mut State,
        at: Term,
        value: Term,
    ) -> Result<(), String> {
        if let Some((when, a, b)) = world.terms.choice(at) {
            for (at, here) in [(a, true), (b, false)] {
                let at = world.terms.number(at, 256);
                let old = self.mload(world, state, at)?;
                let (yes, no) = if here { (value, old) } else { (old, value) };
                let new = world.terms.ite(when, yes, no);
                self.mstore(world, state, at, new)?;
            }
            return Ok(());
        }
        let at = Self::constant(world.terms, at, "the address of a word in memory")?;
        let end = self
            .fields
            .last_key_value()
            .map_or(0, |(at, (_, size))| at + *size as u64);
        let part = match self.fields.get(&at) {
            Some((part @ Part::Stack(_), _)) => *part,
            _ if at < 0x40 || at >= end.max(self.registers + 32 * u64::from(bits::<I>()) / 8) => {
                Part::Scratch(at)
            }
            _ => {
                return Err(format!(
                    "a write to the word at {at:#x}, which is the state's"
                ));
            }
        };
        state.insert(part, value);
        Ok(())
    }
}

impl<I: Isa> Host for Contract<I> {
    fn call(
        &mut self,
        world: &mut World<'_>,
        frame: &mut Frame<'_>,
        name: &str,
        arguments: &[Term],
    ) -> Result<Option<Vec<Term>>, String> {
        let state = &mut frame.state;
        let sizes = [("1", 1), ("4", 4), ("8", 8)];
        let sized = |prefix| {
            let rest = name.strip_prefix(prefix)?;
            sizes
                .iter()
                .find(|(text, _)| *text == rest)
                .map(|(_, size)| *size)
        };
        let n = bits::<I>();
        let nothing = Ok(Some(Vec::new()));
        match (name, arguments) {
            ("mload", [at]) => Ok(Some(vec![self.mload(world, state, *at)?])),
            ("mstore", [at, value]) => {
                self.mstore(world, state, *at, *value)?;
                nothing
            }
            // The state and the running thread are there as symbols.
            ("calldatacopy", _) => nothing,
            ("closeBranch", []) => {
                self.fetched = None;
                nothing
            }
            ("fault" | "refuse", [code]) => {
                let code = Self::constant(world.terms, *code, "what is reverted with")?;
                let code = world.terms.number(U256::from(code), 32);
                // Where the path has reverted before, this is not reached.
                let old = state[&Part::Fault];
                let none = world.terms.small(0, 32);
                let free = world.terms.equal(old, none);
                let code = world.terms.ite(free, code, old);
                state.insert(Part::Fault, code);
                frame.ended = true;
                nothing
            }
            ("setRegister", [at, value]) => {
                let index = self.register(world, *at, usize::from(n) / 8)?;
                let low = world.terms.extract(n - 1, 0, *value);
                let registers =
                    words::set_register(world.terms, state[&Part::Registers], index, low);
                state.insert(Part::Registers, registers);
                nothing
            }
            ("load", [at, size]) => {
                let (at, size) = (
                    Self::word(world, *at, "an address"),
                    Self::size(world, *size)?,
                );
                if let Some(piece) = self.fetch(world, state, at, size) {
                    return Ok(Some(vec![piece]));
                }
                let memory = state[&Part::Memory];
                let value = words::load(world.terms, memory, at, size, I::BIG_ENDIAN);
                Ok(Some(vec![world.terms.zext(value, 256)]))
            }
            ("store", [at, size, value]) => {
                let (at, size) = (
                    Self::word(world, *at, "an address"),
                    Self::size(world, *size)?,
                );
                let (memory, big) = (state[&Part::Memory], I::BIG_ENDIAN);
                let memory = words::store(world.terms, memory, at, size, *value, big);
                state.insert(Part::Memory, memory);
                words::release::<I>(world.terms, state, at);
                nothing
            }
            ("appendKey", [at, count, window]) => {
                let (at, count) = (
                    Self::word(world, *at, "an address"),
                    Self::word(world, *count, "a count"),
                );
                let window = Self::window(world, *window)?;
                let appended = words::key_append::<I>(world.terms, state, at, count, window);
                Ok(Some(vec![world.terms.zext(appended, 256)]))
            }
            ("readPreimage", [at, count, window, ..]) => {
                let (at, count) = (
                    Self::word(world, *at, "an address"),
                    Self::word(world, *count, "a count"),
                );
                let window = Self::window(world, *window)?;
                let (found, copied) =
                    words::preimage_read::<I>(world.terms, state, at, count, window);
                let (one, zero) = (world.terms.small(1, 256), world.terms.small(0, 256));
                let found = world.terms.ite(found, one, zero);
                Ok(Some(vec![found, world.terms.zext(copied, 256)]))
            }
            ("stacked", [root]) => Ok(Some(vec![stacked::<I>(world.terms, state, *root)])),
            (_, [at]) if sized("get").is_some() => {
                let size = sized("get").unwrap_or_default();
                Ok(Some(vec![self.get(world, state, *at, size)?]))
            }
            (_, [at, value]) if sized("set").is_some() => {
                let size = sized("set").unwrap_or_default();
                self.set(world, state, (*at, size), *value)?;
                nothing
            }
            _ => Ok(None),
        }
    }
}
