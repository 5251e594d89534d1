//! Where a guest spends its steps: samples of its call stack and its instruction.

use crate::inspect::Inspect;
use crate::stack::{End, Unwinder};
use serde::Serialize;
use std::collections::HashMap;
use std::fmt::Write as _;

#[cfg(test)]
mod tests;

/// Steps from one sample to the next by default. This is a prime, so that no loop of the guest keeps
/// time with it.
pub const EVERY: u64 = 10_007;

/// Stands in the place of callers that are not known.
const LOST: &str = "[lost]";

/// The number of functions, or instructions, that a table lists.
const LISTED: usize = 30;

/// Samples of a run.
#[derive(Debug)]
pub struct Samples {
    every: u64,
    count: u64,
    lost: u64,
    /// Samples by call stack: addresses of functions, the outermost first; 0 in front if callers
    /// are not known.
    stacks: HashMap<Box<[u64]>, u64>,
    /// Samples by instruction word.
    words: HashMap<u32, u64>,
    unwinder: Unwinder,
}

impl Samples {
    /// No samples yet; `every` is the number of steps from one to the next.
    pub fn new(every: u64) -> Self {
        Self {
            every,
            count: 0,
            lost: 0,
            stacks: HashMap::new(),
            words: HashMap::new(),
            unwinder: Unwinder::default(),
        }
    }

    /// The step of the next sample after this one.
    pub fn next(&self, step: u64) -> u64 {
        step.saturating_add(self.every)
    }

    /// Takes a sample.
    pub fn take(&mut self, vm: &mut dyn Inspect) {
        self.count += 1;
        *self.words.entry(vm.insn()).or_default() += 1;
        let (levels, end) = self.unwinder.walk(vm);
        let mut stack: Vec<u64> = levels.iter().map(|level| level.function).collect();
        if end == End::Lost {
            self.lost += 1;
            stack.push(0);
        }
        stack.reverse();
        match self.stacks.get_mut(stack.as_slice()) {
            Some(count) => *count += 1,
            None => {
                self.stacks.insert(stack.into(), 1);
            }
        }
    }

    /// The profile of the samples up to a step, with names.
    pub fn profile(&self, vm: &dyn Inspect, step: u64) -> Profile {
        let name = |at: &u64| match (at, vm.symbols().at(*at)) {
            (0, _) => LOST.to_string(),
            (_, Some(symbol)) => symbol.readable(),
            (at, None) => format!("{at:#x}"),
        };
        let mut stacks: HashMap<Vec<String>, u64> = HashMap::new();
        let mut functions: HashMap<String, Function> = HashMap::new();
        for (stack, count) in &self.stacks {
            let names: Vec<String> = stack.iter().map(name).collect();
            for (i, name) in names.iter().enumerate() {
                let function = functions.entry(name.clone()).or_insert_with(|| Function {
                    name: name.clone(),
                    own: 0,
                    with_callees: 0,
                });
                // Recursion counts once.
                if !names[..i].contains(name) {
                    function.with_callees += count;
                }
                if i + 1 == names.len() {
                    function.own += count;
                }
            }
            *stacks.entry(names).or_default() += count;
        }
        functions.remove(LOST);
        let mut instructions: HashMap<String, u64> = HashMap::new();
        for (word, count) in &self.words {
            let mnemonic = vm.info().observe(*word).mnemonic;
            *instructions.entry(shown(mnemonic)).or_default() += count;
        }
        let mut profile = Profile {
            vm: vm.info().vm_type(),
            step,
            every: self.every,
            samples: self.count,
            lost: self.lost,
            functions: functions.into_values().collect(),
            instructions: instructions
                .into_iter()
                .map(|(name, samples)| Instruction { name, samples })
                .collect(),
            stacks: stacks
                .into_iter()
                .map(|(frames, samples)| Stack { frames, samples })
                .collect(),
        };
        profile.functions.sort_by(|a, b| {
            (b.own, b.with_callees, &a.name).cmp(&(a.own, a.with_callees, &b.name))
        });
        profile
            .instructions
            .sort_by(|a, b| (b.samples, &a.name).cmp(&(a.samples, &b.name)));
        profile.stacks.sort_by(|a, b| a.frames.cmp(&b.frames));
        profile
    }
}

/// A row's name as it stands in assembly text.
fn shown(mnemonic: &str) -> String {
    mnemonic.trim_end_matches('_').replace('_', ".")
}

/// Where a guest has spent its steps.
#[derive(Debug, Serialize)]
pub struct Profile {
    vm: &'static str,
    /// The step at which the profile ends.
    step: u64,
    /// Steps from one sample to the next.
    every: u64,
    samples: u64,
    /// Samples whose outer callers are not known.
    lost: u64,
    functions: Vec<Function>,
    instructions: Vec<Instruction>,
    stacks: Vec<Stack>,
}

/// A function's samples.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Function {
    name: String,
    /// Samples in its own code.
    own: u64,
    /// Samples in its own code and in the functions that it called.
    with_callees: u64,
}

#[derive(Debug, Serialize)]
struct Instruction {
    name: String,
    samples: u64,
}

#[derive(Debug, Serialize)]
struct Stack {
    /// Functions, the outermost first.
    frames: Vec<String>,
    samples: u64,
}

impl Profile {
    /// The functions and, if asked for, the instructions with the most steps.
    pub fn table(&self, instructions: bool) -> String {
        let share = |samples: u64| samples as f64 * 100.0 / self.samples.max(1) as f64;
        let mut text = format!(
            "guest profile: {} samples, one each {} steps; {:.1} % with callers that are not known\n\n  own %  with callees  function\n",
            self.samples,
            self.every,
            share(self.lost)
        );
        for function in self.functions.iter().take(LISTED) {
            let (own, all) = (share(function.own), share(function.with_callees));
            let _ = writeln!(text, "{own:>7.2}{all:>14.2}  {}", function.name);
        }
        if instructions {
            text.push_str("\n      %  instruction\n");
            for instruction in self.instructions.iter().take(LISTED) {
                let name = match instruction.name.as_str() {
                    "" => "undefined",
                    name => name,
                };
                let _ = writeln!(text, "{:>7.2}  {name}", share(instruction.samples));
            }
        }
        text
    }

    /// A line for each stack: functions with semicolons between them, and its samples.
    pub fn folded(&self) -> String {
        let line = |stack: &Stack| {
            // Names of functions have the characters that end a frame or a line in this format only by accident.
            let clean = |name: &String| name.replace(';', ",").replace(char::is_whitespace, "_");
            let frames: Vec<String> = stack.frames.iter().map(clean).collect();
            format!("{} {}\n", frames.join(";"), stack.samples)
        };
        self.stacks.iter().map(line).collect()
    }
}
