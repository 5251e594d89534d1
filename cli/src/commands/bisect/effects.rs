//! Two builds of a program, compared by what goes out: what they write, hints, keys of pre-images, how they end. Memory,
//! registers and steps of two builds differ from the start, and say nothing. Where they part in what goes out, the calls
//! that led there are compared by the names of functions.

use super::outcome::{self, Both, Outcome};
use super::told;
use crate::exit::Refused;
use crate::interrupt;
use crate::oracles::SourceArgs;
use crate::output::{FormatArgs, print};
use anyhow::Context as _;
use fpvm::AnyVm;
use fpvm::analysis::check::counted;
use fpvm::analysis::stack::callers;
use fpvm_core::machine::snapshot::Snapshot;
use fpvm_core::machine::vm::{Host, VmError};
use fpvm_core::step::oracle::{Console, Oracle, OracleError};
use fpvm_oracle::Key;
use fpvm_trace::{MachineError, Source};
use std::cell::RefCell;
use std::collections::VecDeque;
use std::fmt::{self, Write as _};
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// Steps from one snapshot to the next.
const SLICE: u64 = 200_000;

/// The most steps that are looked at one by one for calls.
const CLOSELY: u64 = 20_000_000;

/// Bytes of an effect that are shown.
const SHOWN: usize = 64;

/// Calls in common that are shown before those that part.
const CALLS: usize = 3;

/// Something that goes out of a guest.
#[derive(Clone, PartialEq, Eq, Debug)]
enum Effect {
    Writes(u8, Vec<u8>),
    Hints(Vec<u8>),
    Asks([u8; 32]),
    Exits(u8),
    Faults(String),
    /// It has come to the last step that is compared.
    Stops,
}

impl fmt::Display for Effect {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = |bytes: &[u8]| {
            let text = String::from_utf8_lossy(bytes.get(..SHOWN).unwrap_or(bytes)).into_owned();
            let more = if bytes.len() > SHOWN { "…" } else { "" };
            format!("{text:?}{more}")
        };
        match self {
            Self::Writes(2, bytes) => write!(f, "writes {} to stderr", text(bytes)),
            Self::Writes(_, bytes) => write!(f, "writes {} to stdout", text(bytes)),
            Self::Hints(hint) => write!(f, "hints {}", text(hint)),
            Self::Asks(key) => write!(f, "asks for {}", Key(*key)),
            Self::Exits(code) => write!(f, "exits with code {code}"),
            Self::Faults(why) => write!(f, "faults: {why}"),
            Self::Stops => write!(f, "is at the last step that is compared"),
        }
    }
}

/// Hears what goes out. One source of pre-images serves both guests.
struct Ear<'a> {
    source: &'a RefCell<Source>,
    heard: &'a RefCell<Vec<Effect>>,
}

impl Ear<'_> {
    fn hear(&self, effect: Effect) {
        let mut heard = self.heard.borrow_mut();
        // How often one pre-image is fetched depends on what was kept of it.
        if heard.last() != Some(&effect) || !matches!(effect, Effect::Asks(_)) {
            heard.push(effect);
        }
    }
}

impl Oracle for Ear<'_> {
    fn hint(&mut self, hint: &[u8]) -> Result<(), OracleError> {
        self.hear(Effect::Hints(hint.to_vec()));
        self.source.borrow_mut().hint(hint)
    }

    fn preimage(&mut self, key: [u8; 32]) -> Result<Arc<[u8]>, OracleError> {
        self.hear(Effect::Asks(key));
        self.source.borrow_mut().preimage(key)
    }
}

impl Console for Ear<'_> {
    fn print(&mut self, stream: u8, bytes: &[u8]) {
        self.hear(Effect::Writes(stream, bytes.to_vec()));
    }
}

/// The state at the start of a slice.
struct Start {
    step: u64,
    snapshot: Snapshot,
}

/// An effect, and where it comes: so many after the start of a slice.
#[derive(Clone)]
struct Heard {
    effect: Effect,
    start: Rc<Start>,
    nth: usize,
}

/// One of the two guests.
struct Side<'a> {
    vm: Box<dyn AnyVm>,
    source: &'a RefCell<Source>,
    interrupted: &'a AtomicBool,
    until: u64,
    ended: bool,
    /// What was heard last.
    last: Option<Effect>,
    /// What was heard and not compared yet.
    pending: VecDeque<Heard>,
}

impl Side<'_> {
    /// Runs to a step, or to a fault.
    fn run(&mut self, until: u64, heard: &RefCell<Vec<Effect>>) -> anyhow::Result<Option<String>> {
        anyhow::ensure!(
            !self.interrupted.load(Ordering::Relaxed),
            MachineError::Interrupted
        );
        let ear = || Ear {
            source: self.source,
            heard,
        };
        let (mut oracle, mut console) = (ear(), ear());
        let mut host = Host {
            oracle: &mut oracle,
            console: &mut console,
        };
        match self.vm.run(until, false, &mut host) {
            Ok(_) => Ok(None),
            // Where it does so differs between builds.
            Err(VmError::Fault(fault)) => Ok(Some(fault.fault.text.to_string())),
            Err(error) => {
                let vm_type = self.vm.isa().vm_type();
                Err(MachineError::of(vm_type, self.interrupted, error).into())
            }
        }
    }

    /// The next effect; after the last one none.
    fn next(&mut self) -> anyhow::Result<Option<Heard>> {
        while self.pending.is_empty() && !self.ended {
            let (step, snapshot) = (self.vm.step(), self.vm.freeze());
            let start = Rc::new(Start { step, snapshot });
            let heard = RefCell::default();
            let until = step.saturating_add(SLICE).min(self.until);
            let fault = self.run(until, &heard)?;
            let mut heard = heard.into_inner();
            let last = match fault {
                Some(why) => Some(Effect::Faults(why)),
                None if self.vm.exited() => Some(Effect::Exits(self.vm.exit_code())),
                None if self.vm.step() >= self.until => Some(Effect::Stops),
                None => None,
            };
            self.ended = last.is_some();
            heard.extend(last);
            for (nth, effect) in heard.into_iter().enumerate() {
                if matches!(effect, Effect::Asks(_)) && self.last.as_ref() == Some(&effect) {
                    continue;
                }
                self.last = Some(effect.clone());
                let start = start.clone();
                self.pending.push_back(Heard { effect, start, nth });
            }
        }
        Ok(self.pending.pop_front())
    }

    /// Takes the guest to the step of an effect; gives the functions that were called since the one before, by name,
    /// where that is near enough.
    fn go_to(
        &mut self,
        effect: &Heard,
        before: Option<&Heard>,
    ) -> anyhow::Result<Option<Vec<String>>> {
        let near = |before: &&Heard| effect.start.step - before.start.step <= CLOSELY;
        let before = before.filter(near);
        let from = before.unwrap_or(effect);
        self.vm.restore(&from.start.snapshot)?;
        let heard: RefCell<Vec<Effect>> = RefCell::default();
        let mut calls = Vec::new();
        // How much was heard when the effect before had come.
        let mut mark = before.is_none().then_some(0);
        loop {
            if let (None, Some(before)) = (mark, before)
                && heard.borrow().len() > before.nth
            {
                (calls, mark) = (Vec::new(), Some(before.nth + 1));
            }
            if let Some(symbol) = self.vm.symbols().at(self.vm.pc())
                && symbol.start == self.vm.pc()
                && symbol.size > 0
            {
                calls.push(symbol.readable());
            }
            let step = self.vm.step();
            let fault = self.run(step.saturating_add(1), &heard)?;
            let since = mark.and_then(|mark| heard.borrow().get(mark..).map(<[_]>::to_vec));
            let is_there = since.is_some_and(|since| since.contains(&effect.effect));
            let is_over = fault.is_some() || self.vm.exited() || self.vm.step() == step;
            if is_there || is_over || self.vm.step() >= self.until {
                return Ok(before.map(|_| calls));
            }
        }
    }
}

/// Compares two programs by what goes out.
pub(super) fn compare(
    args: &SourceArgs,
    [a, b]: [Box<dyn AnyVm>; 2],
    until: u64,
    format: FormatArgs,
) -> anyhow::Result<()> {
    let interrupted = interrupt::watch().context("cannot watch for signals")?;
    let source = RefCell::new(args.open(&interrupted)?);
    let side = |vm| Side {
        vm,
        source: &source,
        interrupted: &interrupted,
        until,
        ended: false,
        last: None,
        pending: VecDeque::new(),
    };
    let compared = compare_sides(side(a), side(b), format);
    let finished = source.into_inner().finish();
    compared?;
    finished.context("cannot write the pre-image cache")
}

fn compare_sides<'a>(mut a: Side<'a>, mut b: Side<'a>, format: FormatArgs) -> anyhow::Result<()> {
    if !format.is_json() {
        print("their memory differs from the start; what goes out of them is compared\n")?;
    }
    let mut count = 0;
    let mut last: Option<(Heard, Heard)> = None;
    loop {
        // Each ends with an effect of its own, which is the last.
        let (Some(left), Some(right)) = (a.next()?, b.next()?) else {
            let end = last.map(|(end, _)| format!("; both: {}", end.effect));
            let end = end.unwrap_or_default();
            let outcome = Outcome {
                compared: "effects",
                effects: Some(count),
                ..Outcome::default()
            };
            return told(
                format,
                &outcome,
                &format!("they do not part in {}{end}\n", counted(count, "effect")),
            );
        };
        if left.effect == right.effect {
            count += 1;
            last = Some((left, right));
            continue;
        }
        let (outcome, calls) = tell(&mut a, &mut b, (&left, &right), last.as_ref(), count)?;
        let text = text(
            &outcome,
            last.as_ref().map(|(last, _)| &last.effect),
            &calls,
        );
        told(format, &outcome, &text)?;
        let what = format!("the two part at effect {}", count + 1);
        return Err(Refused(what).into());
    }
}

/// What both do where they part, with the calls that led there.
fn tell<'a>(
    a: &mut Side<'a>,
    b: &mut Side<'a>,
    (left, right): (&Heard, &Heard),
    last: Option<&(Heard, Heard)>,
    count: usize,
) -> anyhow::Result<(Outcome, String)> {
    let calls_a = a.go_to(left, last.map(|(last, _)| last))?;
    let calls_b = b.go_to(right, last.map(|(_, last)| last))?;
    let seen = |side: &mut Side<'_>, heard: &Heard| outcome::Side {
        step: side.vm.step(),
        effect: Some(heard.effect.to_string()),
        callers: callers(side.vm.as_mut()),
        ..outcome::Side::default()
    };
    let outcome = Outcome {
        parts: true,
        compared: "effects",
        effects: Some(count),
        after: Some(Both {
            a: seen(a, left),
            b: seen(b, right),
        }),
        ..Outcome::default()
    };
    let calls = match (calls_a, calls_b) {
        (Some(one), Some(other)) => part(&one, &other),
        _ => String::new(),
    };
    Ok((outcome, calls))
}

/// The same for people.
fn text(outcome: &Outcome, last: Option<&Effect>, calls: &str) -> String {
    let mut text = match (last, outcome.effects.unwrap_or(0)) {
        (Some(last), 1) => format!("1 effect is the same: {last}\n"),
        (Some(last), count) => format!("{count} effects are the same; the last: {last}\n"),
        (None, _) => "nothing is the same before\n".into(),
    };
    if let Some(Both { a, b }) = &outcome.after {
        for (name, side) in [("A", a), ("B", b)] {
            let effect = side.effect.as_deref().unwrap_or_default();
            let _ = writeln!(text, "{name}, step {}: {effect}", side.step);
            for (i, place) in side.callers.iter().enumerate() {
                let how = if i == 0 { "in" } else { "called by" };
                let _ = writeln!(text, "  {how} {place}");
            }
        }
    }
    text + calls
}

/// Where two lists of calls part.
fn part(one: &[String], other: &[String]) -> String {
    let common = one.iter().zip(other).take_while(|(a, b)| a == b).count();
    let name = |calls: &[String]| {
        calls
            .get(common)
            .map_or("nothing more".into(), Clone::clone)
    };
    if common == one.len() && common == other.len() {
        return match common {
            1 => "since then both call the same function\n".into(),
            _ => format!("since then both call the same {common} functions\n"),
        };
    }
    let before = one
        .get(common.saturating_sub(CALLS)..common)
        .unwrap_or_default();
    let before = if before.is_empty() {
        String::new()
    } else {
        format!("both call {}; then ", before.join(", "))
    };
    format!(
        "the calls since then part after {common}: {before}A calls {}, B calls {}\n",
        name(one),
        name(other)
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn calls_part_at_the_first_other_name() {
        let list = |names: &[&str]| names.iter().map(ToString::to_string).collect::<Vec<_>>();
        let (a, b) = (list(&["f", "g", "h"]), list(&["f", "g", "k"]));
        assert_eq!(
            part(&a, &b),
            "the calls since then part after 2: both call f, g; then A calls h, B calls k\n"
        );
        assert_eq!(part(&a, &a), "since then both call the same 3 functions\n");
        assert!(part(&a, &a[..1]).ends_with("A calls g, B calls nothing more\n"));
    }
}
