//! The helpers that the rows rest on: each does what [`mod@crate::words`] says that its calls mean. An address
//! is split by its place in a leaf, 32 cases, so that every shift in a case is by a number.
//!
//! Below them stands one assumption, named in the book: that `leafOf` gives the 32 bytes of memory around an
//! address and that what is written to `LEAF` becomes them, which is the walk of a branch.

use crate::claim::{Outcome, Prover, Subject};
use crate::evaluate::{Frame, Host, Run, RunError, World};
use crate::host::Contract;
use crate::state::{Part, State, before, bits};
use crate::term::{Sort, Term, Terms, Two};
use crate::words;
use crate::yul::Source;
use alloy_primitives::U256;
use fpvm_core::definition::isa::Isa;
use std::time::{Duration, Instant};

/// Bytes of a leaf.
const LEAF: u64 = 32;

/// What became of the claims about one helper.
#[derive(Clone, Debug)]
pub struct Helper {
    /// The helper's name, with what was fixed.
    pub name: String,
    /// Cases in which both sides are the same term, in which the solver found no difference, and others.
    pub cases: [usize; 3],
    /// How long all took.
    pub time: Duration,
}

impl Helper {
    /// Whether all cases are proved.
    pub fn holds(&self) -> bool {
        self.cases[2] == 0 && self.cases != [0; 3]
    }
}

/// What a helper's own text is run on: the EVM's memory as bytes, or leaves of the guest's.
struct Below<I> {
    contract: Contract<I>,
    /// A number that a helper below gives, whatever it is asked.
    count: Option<(&'static str, u64)>,
}

fn evm() -> Part {
    Part::Scratch(u64::MAX)
}

impl<I: Isa> Below<I> {
    /// The 32 bytes of memory around an address.
    fn leaf(world: &mut World<'_>, state: &State, at: Term) -> Term {
        let at = world.terms.extract(bits::<I>() - 1, 0, at);
        let mask = world.terms.small(!(LEAF - 1), bits::<I>());
        let base = world.terms.two(Two::And, at, mask);
        bytes(world.terms, state[&Part::Memory], base, LEAF)
    }
}

/// Bytes of an array from an index on, the first one on top.
fn bytes(terms: &mut Terms, array: Term, from: Term, count: u64) -> Term {
    let mut out: Option<Term> = None;
    for i in 0..count {
        let offset = terms.small(i, terms.width(from));
        let index = terms.two(Two::Add, from, offset);
        let byte = terms.select(array, index);
        out = Some(match out {
            Some(high) => terms.concat(high, byte),
            None => byte,
        });
    }
    out.unwrap_or(from)
}

/// The array with the bytes of a number from an index on, the top one first.
fn put(terms: &mut Terms, mut array: Term, from: Term, value: Term) -> Term {
    let count = terms.width(value) / 8;
    for i in 0..count {
        let offset = terms.small(i.into(), terms.width(from));
        let index = terms.two(Two::Add, from, offset);
        let hi = terms.width(value) - 1 - 8 * i;
        let byte = terms.extract(hi, hi - 7, value);
        array = terms.store(array, index, byte);
    }
    array
}

impl<I: Isa> Host for Below<I> {
    fn call(
        &mut self,
        world: &mut World<'_>,
        frame: &mut Frame<'_>,
        name: &str,
        arguments: &[Term],
    ) -> Result<Option<Vec<Term>>, String> {
        let state = &mut frame.state;
        if let Some((helper, count)) = self.count
            && helper == name
        {
            return Ok(Some(vec![world.terms.small(count, 256)]));
        }
        let memory = state.get(&evm()).copied();
        match (name, arguments, memory) {
            ("mload", [at], Some(memory)) => Ok(Some(vec![bytes(world.terms, memory, *at, LEAF)])),
            ("mstore", [at, value], Some(memory)) => {
                let memory = put(world.terms, memory, *at, *value);
                state.insert(evm(), memory);
                Ok(Some(Vec::new()))
            }
            ("mstore8", [at, value], Some(memory)) => {
                let byte = world.terms.extract(7, 0, *value);
                let memory = world.terms.store(memory, *at, byte);
                state.insert(evm(), memory);
                Ok(Some(Vec::new()))
            }
            ("leafOf", [at], _) => Ok(Some(vec![Self::leaf(world, state, *at)])),
            ("patch", [at, mask, value], _) => {
                let (leaf, kept) = (
                    Self::leaf(world, state, *at),
                    world.terms.bitwise_not(*mask),
                );
                let kept = world.terms.two(Two::And, leaf, kept);
                let leaf = world.terms.two(Two::Or, kept, *value);
                let at = world.terms.extract(bits::<I>() - 1, 0, *at);
                let mask = world.terms.small(!(LEAF - 1), bits::<I>());
                let base = world.terms.two(Two::And, at, mask);
                let memory = put(world.terms, state[&Part::Memory], base, leaf);
                state.insert(Part::Memory, memory);
                Ok(Some(Vec::new()))
            }
            // Proved on its own.
            ("release", [at], None) if I::RESERVATION.is_some() => {
                let at = world.terms.extract(bits::<I>() - 1, 0, *at);
                words::release::<I>(world.terms, state, at);
                Ok(Some(Vec::new()))
            }
            ("mload", [at], None) if state.contains_key(&Part::Key) => {
                let known = world.terms.value(*at).and_then(|at| u64::try_from(at).ok());
                match known.and_then(|at| self.contract.field(at)) {
                    Some(Part::Key) => Ok(Some(vec![state[&Part::Key]])),
                    _ => self.contract.call(world, frame, name, arguments),
                }
            }
            ("mstore", [at, value], None) => {
                let known = world.terms.value(*at).and_then(|at| u64::try_from(at).ok());
                match known.and_then(|at| self.contract.field(at)) {
                    Some(Part::Key) => {
                        state.insert(Part::Key, *value);
                        Ok(Some(Vec::new()))
                    }
                    _ => self.contract.call(world, frame, name, arguments),
                }
            }
            ("caller", [], _) => Ok(Some(vec![world.terms.symbol("caller", Sort::Bits(256))])),
            ("gas", [], _) => Ok(Some(vec![world.terms.symbol("gas", Sort::Bits(256))])),
            ("returndatasize", [], _) => {
                Ok(Some(vec![world.terms.symbol("returned", Sort::Bits(256))]))
            }
            ("keccak256", [at, size], None) => {
                let (at, size) = (number(world.terms, *at)?, number(world.terms, *size)?);
                let words: Option<Vec<Term>> = (0..size / 32)
                    .map(|i| state.get(&Part::Scratch(at + 32 * i)).copied())
                    .collect();
                let words = words.ok_or("a hash of words that were never written")?;
                Ok(Some(vec![world.terms.apply(
                    "keccak3",
                    &words,
                    Sort::Bits(256),
                )]))
            }
            // An oracle answers with a part and its length, or not at all.
            ("staticcall", [_, _, at, size, out, most], None) => {
                let at = number(world.terms, *at)?;
                for (given, wanted) in [(*size, 0x44), (*out, 0), (*most, 0x40)] {
                    if number(world.terms, given)? != wanted {
                        return Err(format!(
                            "the oracle is called with {given:?} for {wanted:#x}"
                        ));
                    }
                }
                for (i, asked) in [0, 4, 0x24].into_iter().enumerate() {
                    let word = state.get(&Part::Scratch(at + asked)).copied();
                    let word = word.ok_or("a call whose data was never written")?;
                    state.insert(Part::Scratch(ASKED + i as u64), word);
                }
                let (part, length) = answer(world.terms);
                state.insert(Part::Scratch(0), part);
                state.insert(Part::Scratch(0x20), length);
                let answered = world.terms.symbol("answered", Sort::Bool);
                let (one, zero) = (world.terms.small(1, 256), world.terms.small(0, 256));
                Ok(Some(vec![world.terms.ite(answered, one, zero)]))
            }
            (name, _, None) if BELOW.contains(&name) => {
                self.contract.call(world, frame, name, arguments)
            }
            // Everything else is run from its text.
            _ => Ok(None),
        }
    }
}

/// What is known of fields where a helper's text is run on leaves.
const BELOW: &[&str] = &["get1", "get4", "get8", "set1", "set4", "set8"];

/// Where the test keeps what an oracle was asked.
const ASKED: u64 = 1 << 40;

/// What an oracle answers: the part and its length.
fn answer(terms: &mut Terms) -> (Term, Term) {
    (
        terms.symbol("part", Sort::Bits(256)),
        terms.symbol("part_len", Sort::Bits(256)),
    )
}

fn number(terms: &Terms, t: Term) -> Result<u64, String> {
    let value = terms.value(t).and_then(|value| u64::try_from(value).ok());
    value.ok_or_else(|| "a place or a size is not known".to_owned())
}

/// What a case is about, before the helper runs and after.
struct Case<'c> {
    function: &'c str,
    arguments: Vec<Term>,
    state: State,
    count: Option<(&'static str, u64)>,
    assumed: Vec<Term>,
}

/// Proves the helpers of a contract.
#[derive(Debug)]
pub struct Helpers<'p, 's> {
    /// The solvers.
    pub prover: &'p mut Prover,
    /// The contract.
    pub subject: Subject<'s>,
    /// The one helper to prove; all where there is none.
    pub only: Option<&'s str>,
    /// Helpers done.
    pub done: Vec<Helper>,
}

impl Helpers<'_, '_> {
    /// Runs a helper's text in one case, and proves what comes of it.
    fn case<I: Isa>(
        &mut self,
        terms: &mut Terms,
        case: Case<'_>,
        wanted: impl Fn(&mut Terms, &State, &[Term]) -> Vec<(Term, Term)>,
        helper: &mut Helper,
    ) -> Result<(), RunError> {
        if !self.is_wanted(helper) {
            return Ok(());
        }
        let source: &Source = self.subject.source;
        let own_name = case.count.is_some_and(|(name, _)| name == case.function);
        let host = Below::<I> {
            contract: Contract::new(source, case.arguments[0]),
            count: case.count.filter(|_| !own_name),
        };
        let solver = self.prover.paths(&case.assumed, terms)?;
        let world = World {
            terms,
            solver,
            path: Vec::new(),
            obligations: Vec::new(),
        };
        let mut run = Run::new(world, source, host);
        let mut frame = Frame::new(case.state, Vec::new());
        let results = run.text(&mut frame, case.function, &case.arguments)?;
        for (ours, theirs) in wanted(terms, &frame.state, &results) {
            let claim = crate::claim::same(terms, ours, theirs);
            let outcome = self.prover.holds(terms, &case.assumed, claim)?;
            helper.cases[match outcome {
                Outcome::Same => 0,
                Outcome::Proved => 1,
                Outcome::Refuted | Outcome::Unknown => 2,
            }] += 1;
        }
        Ok(())
    }

    fn is_wanted(&self, helper: &Helper) -> bool {
        self.only.is_none_or(|only| only == helper.name)
    }

    fn finish(&mut self, helper: Helper, begin: Instant) {
        self.finish_after(helper, begin.elapsed());
    }

    fn finish_after(&mut self, helper: Helper, time: Duration) {
        if self.is_wanted(&helper) {
            self.done.push(Helper { time, ..helper });
        }
    }

    /// Proves all helpers that are wanted.
    pub fn all<I: Isa>(&mut self) -> Result<(), RunError> {
        self.fields::<I>()?;
        self.accesses::<I>()?;
        self.counts::<I>()?;
        self.preimages::<I>()?;
        if I::RESERVATION.is_some() {
            self.release::<I>()?;
        }
        Ok(())
    }

    /// `get` and `set` of every size, and `setRegister`, on the EVM's memory as bytes.
    fn fields<I: Isa>(&mut self) -> Result<(), RunError> {
        let sort = Sort::Array(256, 8);
        for size in [1u16, 4, 8] {
            for is_set in [false, true] {
                let name = format!("{}{size}", if is_set { "set" } else { "get" });
                let (begin, mut helper) = (Instant::now(), named(&name));
                let mut terms = Terms::default();
                let (field, value) = (
                    terms.symbol("field", Sort::Bits(256)),
                    terms.symbol("value", Sort::Bits(256)),
                );
                let memory = terms.symbol("evm", sort);
                let arguments = if is_set {
                    vec![field, value]
                } else {
                    vec![field]
                };
                let case = Case {
                    function: &name,
                    arguments,
                    state: State::from([(evm(), memory)]),
                    count: None,
                    assumed: Vec::new(),
                };
                self.case::<I>(
                    &mut terms,
                    case,
                    |terms, after, results| {
                        if is_set {
                            let low = terms.extract(8 * size - 1, 0, value);
                            return vec![(put(terms, memory, field, low), after[&evm()])];
                        }
                        let read = bytes(terms, memory, field, size.into());
                        vec![(terms.zext(read, 256), results[0])]
                    },
                    &mut helper,
                )?;
                self.finish(helper, begin);
            }
        }
        let (begin, mut helper) = (Instant::now(), named("setRegister"));
        let mut terms = Terms::default();
        let n = bits::<I>();
        let (index, value) = (
            terms.symbol("index", Sort::Bits(5)),
            terms.symbol("value", Sort::Bits(256)),
        );
        let memory = terms.symbol("evm", sort);
        let first = self
            .subject
            .source
            .constants
            .get("REGISTERS")
            .copied()
            .unwrap_or_default();
        let (first, size) = (terms.number(first, 256), terms.small(u64::from(n) / 8, 256));
        let offset = terms.zext(index, 256);
        let offset = terms.two(Two::Mul, offset, size);
        let field = terms.two(Two::Add, first, offset);
        let case = Case {
            function: "setRegister",
            arguments: vec![field, value],
            state: State::from([(evm(), memory)]),
            count: None,
            assumed: Vec::new(),
        };
        self.case::<I>(
            &mut terms,
            case,
            |terms, after, _| {
                let low = terms.extract(n - 1, 0, value);
                let (zero, written) = (terms.small(0, 5), put(terms, memory, field, low));
                let first = terms.equal(index, zero);
                vec![(terms.ite(first, memory, written), after[&evm()])]
            },
            &mut helper,
        )?;
        self.finish(helper, begin);
        Ok(())
    }

    /// `load` and `store`, at each place in a leaf, into the next one and past the end of the address space.
    fn accesses<I: Isa>(&mut self) -> Result<(), RunError> {
        let n = bits::<I>();
        for size in [1u32, 2, 4, 8]
            .into_iter()
            .filter(|size| *size <= u32::from(n) / 8)
        {
            for function in ["load", "store"] {
                let (begin, mut helper) = (Instant::now(), named(&format!("{function} of {size}")));
                for place in 0..LEAF {
                    let mut terms = Terms::default();
                    let state = before::<I>(&mut terms);
                    let at = address(&mut terms, n, place);
                    let value = terms.symbol("value", Sort::Bits(256));
                    let mut arguments = vec![terms.zext(at, 256), terms.small(size.into(), 256)];
                    if function == "store" {
                        arguments.push(value);
                    }
                    let case = Case {
                        function,
                        arguments,
                        state: state.clone(),
                        count: None,
                        assumed: Vec::new(),
                    };
                    let memory = state[&Part::Memory];
                    self.case::<I>(
                        &mut terms,
                        case,
                        |terms, after, results| {
                            if function == "load" {
                                let read = words::load(terms, memory, at, size, I::BIG_ENDIAN);
                                return vec![(terms.zext(read, 256), results[0])];
                            }
                            let mut wanted = state.clone();
                            let new = words::store(terms, memory, at, size, value, I::BIG_ENDIAN);
                            wanted.insert(Part::Memory, new);
                            words::release::<I>(terms, &mut wanted, at);
                            wanted.iter().map(|(part, t)| (*t, after[part])).collect()
                        },
                        &mut helper,
                    )?;
                }
                self.finish(helper, begin);
            }
        }
        Ok(())
    }

    /// `inWindow` and `fewer`, for all addresses and counts.
    fn counts<I: Isa>(&mut self) -> Result<(), RunError> {
        let n = bits::<I>();
        for window in WINDOWS {
            let (begin, mut helper) = (Instant::now(), named(&format!("inWindow of {window}")));
            let mut terms = Terms::default();
            let (at, count) = (
                terms.symbol("at", Sort::Bits(n)),
                terms.symbol("count", Sort::Bits(n)),
            );
            let arguments = vec![
                terms.zext(at, 256),
                terms.zext(count, 256),
                terms.small(window, 256),
            ];
            let case = Case {
                function: "inWindow",
                arguments,
                state: State::new(),
                count: None,
                assumed: Vec::new(),
            };
            self.case::<I>(
                &mut terms,
                case,
                |terms, _, results| {
                    let wanted = words::in_window(terms, at, count, window as u32);
                    vec![(terms.zext(wanted, 256), results[0])]
                },
                &mut helper,
            )?;
            self.finish(helper, begin);
        }
        let (begin, mut helper) = (Instant::now(), named("fewer"));
        let mut terms = Terms::default();
        let (a, b) = (
            terms.symbol("a", Sort::Bits(256)),
            terms.symbol("b", Sort::Bits(256)),
        );
        let case = Case {
            function: "fewer",
            arguments: vec![a, b],
            state: State::new(),
            count: None,
            assumed: Vec::new(),
        };
        let wanted = |terms: &mut Terms, _: &State, results: &[Term]| {
            vec![(words::least(terms, a, b), results[0])]
        };
        self.case::<I>(&mut terms, case, wanted, &mut helper)?;
        self.finish(helper, begin);
        Ok(())
    }

    /// `appendKey` and `readPreimage`, at each place and for each number of bytes that `inWindow` and `fewer`
    /// can give there.
    fn preimages<I: Isa>(&mut self) -> Result<(), RunError> {
        for window in WINDOWS {
            let (begin, mut append) = (Instant::now(), named(&format!("appendKey of {window}")));
            let mut read = named(&format!("readPreimage of {window}"));
            let mut reading = Duration::ZERO;
            for place in 0..LEAF {
                for count in 0..=window - place % window {
                    self.append::<I>(window, place, count, &mut append)?;
                    let begin = Instant::now();
                    self.read::<I>(window, place, count, &mut read)?;
                    reading += begin.elapsed();
                }
            }
            self.finish_after(append, begin.elapsed() - reading);
            self.finish_after(read, reading);
        }
        Ok(())
    }

    fn append<I: Isa>(
        &mut self,
        window: u64,
        place: u64,
        count: u64,
        helper: &mut Helper,
    ) -> Result<(), RunError> {
        let n = bits::<I>();
        let mut terms = Terms::default();
        let state = before::<I>(&mut terms);
        let at = address(&mut terms, n, place);
        let asked = terms.symbol("count", Sort::Bits(256));
        let arguments = vec![terms.zext(at, 256), asked, terms.small(window, 256)];
        let case = Case {
            function: "appendKey",
            arguments,
            state: state.clone(),
            count: Some(("inWindow", count)),
            assumed: Vec::new(),
        };
        self.case::<I>(
            &mut terms,
            case,
            |terms, after, results| {
                let mut wanted = state.clone();
                let used = 8 * count as u16;
                let mut key = state[&Part::Key];
                if used > 0 {
                    let tail = bytes(terms, state[&Part::Memory], at, count);
                    key = if used == 256 {
                        tail
                    } else {
                        let kept = terms.extract(255 - used, 0, key);
                        terms.concat(kept, tail)
                    };
                }
                wanted.insert(Part::Key, key);
                let zero = terms.small(0, n);
                wanted.insert(Part::Cell(I::PREIMAGE_OFFSET.0), zero);
                let mut claims = vec![(terms.small(count, 256), results[0])];
                claims.extend(wanted.iter().map(|(part, t)| (*t, after[part])));
                claims
            },
            helper,
        )
    }

    fn read<I: Isa>(
        &mut self,
        window: u64,
        place: u64,
        count: u64,
        helper: &mut Helper,
    ) -> Result<(), RunError> {
        let n = bits::<I>();
        let mut terms = Terms::default();
        let state = before::<I>(&mut terms);
        let at = address(&mut terms, n, place);
        let asked = terms.symbol("count", Sort::Bits(256));
        let (oracle, context) = (
            terms.symbol("oracle", Sort::Bits(256)),
            terms.symbol("context", Sort::Bits(256)),
        );
        let arguments = vec![
            terms.zext(at, 256),
            asked,
            terms.small(window, 256),
            oracle,
            context,
        ];
        let case = Case {
            function: "readPreimage",
            arguments,
            state: state.clone(),
            count: Some(("fewer", count)),
            assumed: Vec::new(),
        };
        self.case::<I>(
            &mut terms,
            case,
            |terms, after, results| {
                let (part, length) = answer(terms);
                let key = state[&Part::Key];
                let offset = state[&Part::Cell(I::PREIMAGE_OFFSET.0)];
                let mut wanted = state.clone();
                if count > 0 {
                    let copied = terms.extract(255, 256 - 8 * count as u16, part);
                    let memory = put(terms, state[&Part::Memory], at, copied);
                    wanted.insert(Part::Memory, memory);
                }
                words::release::<I>(terms, &mut wanted, at);
                let moved = terms.small(count, n);
                let moved = terms.two(Two::Add, offset, moved);
                wanted.insert(Part::Cell(I::PREIMAGE_OFFSET.0), moved);
                let mut claims: Vec<_> = wanted.iter().map(|(part, t)| (*t, after[part])).collect();
                // Found where the oracle answers with two words, of which the length is not 0.
                let answered = terms.symbol("answered", Sort::Bool);
                let returned = terms.symbol("returned", Sort::Bits(256));
                let (two_words, zero) = (terms.small(0x40, 256), terms.small(0, 256));
                let short = terms.less(returned, two_words);
                let none = terms.equal(length, zero);
                let (long, some) = (terms.not(short), terms.not(none));
                let found = terms.and(answered, long);
                let found = terms.and(found, some);
                let (one, zero) = (terms.small(1, 256), terms.small(0, 256));
                claims.push((terms.ite(found, one, zero), results[0]));
                claims.push((terms.small(count, 256), results[1]));
                // What it was asked: the key, bound to the caller and the context where it is a local one.
                let caller = terms.symbol("caller", Sort::Bits(256));
                let local = terms.apply("keccak3", &[key, caller, context], Sort::Bits(256));
                let kind = terms.small(1, 8);
                let local = terms.extract(247, 0, local);
                let local = terms.concat(kind, local);
                let own = terms.extract(255, 248, key);
                let is_local = terms.equal(own, kind);
                let selector = terms.small(0xe031_10e1, 32);
                let rest = terms.number(U256::ZERO, 224);
                let asked = [
                    terms.concat(selector, rest),
                    terms.ite(is_local, local, key),
                    terms.zext(offset, 256),
                ];
                for (i, asked) in asked.into_iter().enumerate() {
                    claims.push((asked, after[&Part::Scratch(ASKED + i as u64)]));
                }
                claims
            },
            helper,
        )
    }

    /// `release`, for all addresses and reservations.
    fn release<I: Isa>(&mut self) -> Result<(), RunError> {
        let (begin, mut helper) = (Instant::now(), named("release"));
        let mut terms = Terms::default();
        let state = before::<I>(&mut terms);
        let at = terms.symbol("at", Sort::Bits(bits::<I>()));
        let case = Case {
            function: "release",
            arguments: vec![terms.zext(at, 256)],
            state: state.clone(),
            count: None,
            assumed: Vec::new(),
        };
        self.case::<I>(
            &mut terms,
            case,
            |terms, after, _| {
                let mut wanted = state.clone();
                words::release::<I>(terms, &mut wanted, at);
                wanted.iter().map(|(part, t)| (*t, after[part])).collect()
            },
            &mut helper,
        )?;
        self.finish(helper, begin);
        Ok(())
    }
}

fn named(name: &str) -> Helper {
    Helper {
        name: name.to_owned(),
        cases: [0; 3],
        time: Duration::ZERO,
    }
}

/// An address at a place in any leaf.
fn address(terms: &mut Terms, n: u16, place: u64) -> Term {
    let leaf = terms.symbol("leaf", Sort::Bits(n - 5));
    let place = terms.small(place, 5);
    terms.concat(leaf, place)
}

/// The windows of system calls that are proved: no row may ask for another.
pub const WINDOWS: [u64; 3] = [4, 8, 32];
