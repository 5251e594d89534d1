//! Where the same run is outside of translated code, and why.

use super::Args;
use crate::app::App;
use crate::runner::Runner;
use fpvm::{AnyVm, Counters, Departed, Departure};
use serde::Serialize;
use std::fmt::Write as _;
use std::sync::atomic::Ordering;

/// Places that are listed.
const PLACES: usize = 20;
/// Characters of a function's name in a table.
const NAME: usize = 40;

/// What the translator left to others.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Untranslated {
    steps: u64,
    /// Steps that the interpreter did.
    interpreted: u64,
    /// How often control left translated code.
    exits: u64,
    /// Traces translated, those made anew too, and the guest instructions in them.
    traces: u64,
    instructions: u64,
    /// Bytes of host code that is there at the end.
    code_bytes: u64,
    reasons: Vec<Reason>,
    /// Those of the greatest cost.
    places: Vec<Place>,
}

/// How often, and for how many steps, control was outside of translated code.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Reason {
    reason: &'static str,
    #[serde(skip)]
    name: &'static str,
    times: u64,
    steps: u64,
}

impl Reason {
    fn of(why: Departure, departed: Departed) -> Self {
        Self {
            reason: why.id(),
            name: why.name(),
            times: departed.times,
            steps: departed.steps,
        }
    }
}

/// The same for one address of the guest.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Place {
    #[serde(flatten)]
    reason: Reason,
    address: String,
    /// The function, and how far into it.
    #[serde(skip_serializing_if = "Option::is_none")]
    function: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    offset: Option<u64>,
    instruction: String,
}

/// Runs the program once more, as far as before, and counts: that takes time, which no figure shall have in it.
pub(super) fn explain(
    app: &App,
    args: &Args,
    end: u64,
    steps: u64,
) -> anyhow::Result<Untranslated> {
    let mut vm = args.input.open(app, "")?;
    let counters = vm.explain()?;
    let mut runner = Runner::new(app, &args.source, Some(end))?.silent();
    let ran = runner.seek(vm.as_mut(), end);
    runner.finish(ran)?;
    Ok(Untranslated::of(&counters, vm.as_mut(), steps))
}

impl Untranslated {
    fn of(counters: &Counters, vm: &mut dyn AnyVm, steps: u64) -> Self {
        let reasons = Departure::ALL
            .into_iter()
            .map(|why| Reason::of(why, counters.departed(why)));
        let mut places = counters.places();
        places.truncate(PLACES);
        let places = places.into_iter().map(|(why, pc, departed)| {
            let insn = vm.insn_at(pc);
            let symbol = vm.symbols().at(pc);
            Place {
                reason: Reason::of(why, departed),
                address: format!("{pc:#x}"),
                function: symbol.map(|symbol| symbol.readable()),
                offset: symbol.map(|symbol| pc - symbol.start),
                instruction: vm.info().disassemble(insn, pc),
            }
        });
        Self {
            steps,
            interpreted: counters.interpreted.load(Ordering::Relaxed),
            exits: counters.exits.load(Ordering::Relaxed),
            traces: counters.traces.load(Ordering::Relaxed),
            instructions: counters.instructions.load(Ordering::Relaxed),
            code_bytes: counters.code_bytes.load(Ordering::Relaxed),
            reasons: reasons.collect(),
            places: places.collect(),
        }
    }

    pub(super) fn table(&self) -> String {
        let share = |steps: u64| 100.0 * steps as f64 / self.steps.max(1) as f64;
        let mut text = format!(
            "\ntranslated                {} instructions in {} traces, {} kB of code; left {} times\n",
            self.instructions,
            self.traces,
            self.code_bytes / 1000,
            self.exits
        );
        let _ = writeln!(
            text,
            "{:<32}{:>12}{:>14}{:>8}",
            "outside of translated code", "times", "steps", "share"
        );
        let mut row = |name: &str, times: u64, steps: u64| {
            let share = share(steps);
            let _ = writeln!(text, "{name:<32}{times:>12}{steps:>14}{share:>6.2} %");
        };
        for reason in self.reasons.iter().filter(|reason| reason.times > 0) {
            row(reason.name, reason.times, reason.steps);
        }
        let times = self.reasons.iter().map(|reason| reason.times).sum();
        row("all", times, self.interpreted);
        text.push('\n');
        for place in &self.places {
            let Reason {
                name, times, steps, ..
            } = place.reason;
            let at = place.place();
            let (share, instruction) = (share(steps), &place.instruction);
            let _ = writeln!(text, "{at}  {instruction}");
            let _ = writeln!(text, "  {name:<30}{times:>12}{steps:>14}{share:>6.2} %");
        }
        text
    }
}

impl Place {
    /// The address, and where in which function it is, in a line of a table.
    fn place(&self) -> String {
        let (Some(function), Some(offset)) = (&self.function, self.offset) else {
            return self.address.clone();
        };
        let mut name: String = function.chars().take(NAME).collect();
        if name.len() < function.len() {
            name.push('…');
        }
        format!("{} {name}+{offset:#x}", self.address)
    }
}
