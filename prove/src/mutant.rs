//! Mutants: contracts with one token changed, each of which the proofs have to refute. What a proof lets
//! through is either a hole in it or a mutant that does the same, and those are named one by one.

use crate::claim::{Proof, Prover, step_block};
use crate::dead::visit;
use crate::evaluate::RunError;
use crate::rows::rows;
use crate::vms::{ForVm, Vm};
use crate::yul::{Kind, Source};
use alloy_primitives::U256;
use fpvm_core::definition::isa::Isa;
use std::collections::BTreeMap;
use std::time::Duration;

/// How many rows may reach a statement that is changed: what more have in common is the choice between rows.
const SHARED: usize = 3;

/// How long a question about a mutant may take.
const MUTANT_LIMIT: Duration = Duration::from_secs(10);

/// One token changed.
#[derive(Clone, Debug)]
pub struct Mutant {
    /// The token's number.
    pub at: usize,
    /// What it was.
    pub was: String,
    /// What it is.
    pub now: String,
    /// The rows that reach it.
    pub rows: Vec<String>,
}

/// What became of a mutant.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Fate {
    /// A claim about one of its rows is refuted.
    Refuted,
    /// It is no contract: it cannot be read or run, or breaks what a helper asks for.
    Rejected,
    /// The solver does not know.
    Unknown,
    /// All claims hold.
    Survived,
}

/// What an operation or a name is changed to.
const SWAPS: &[(&str, &str)] = &[
    ("add", "sub"),
    ("sub", "add"),
    ("mul", "add"),
    ("and", "or"),
    ("or", "and"),
    ("xor", "or"),
    ("shl", "shr"),
    ("shr", "shl"),
    ("sar", "shr"),
    ("sar_", "shr"),
    ("lt", "gt"),
    ("slt", "lt"),
    ("eq", "lt"),
    ("iszero", "signed"),
    ("not", "iszero"),
    ("signed", "iszero"),
    ("divSigned", "divUnsigned"),
    ("divUnsigned", "divSigned"),
    ("remSigned", "remUnsigned"),
    ("remUnsigned", "remSigned"),
    ("mulHighSigned", "mulHighSignedUnsigned"),
    ("mulHighSignedUnsigned", "mulHighSigned"),
    ("next", "here"),
    ("here", "next"),
    ("slot", "here"),
    ("after", "slot"),
    ("rs1", "rs2"),
    ("rs2", "rs1"),
    ("rs", "rt"),
    ("rt", "rs"),
    ("WORD", "WORD_BITS"),
    ("set8", "set4"),
    ("set4", "set1"),
    ("set1", "set8"),
    ("get8", "get4"),
    ("get4", "get1"),
    ("get1", "get8"),
    ("setRegister", "set8"),
    ("activeStack", "waitingStack"),
    ("waitingStack", "activeStack"),
    ("load", "store"),
    ("HI", "LO"),
    ("LO", "HI"),
];

/// A mutant that does the same as the contract.
#[derive(Clone, Copy, Debug)]
pub struct Equivalent {
    /// The row.
    pub row: &'static str,
    /// What the statement's line has in it.
    pub text: &'static str,
    /// What was changed.
    pub was: &'static str,
    /// Into what.
    pub now: &'static str,
    /// Why that changes nothing.
    pub reason: &'static str,
}

impl Equivalent {
    /// Whether a mutant is this one.
    pub fn is(&self, mutant: &Mutant, source: &Source) -> bool {
        let line = source.tokens[mutant.at].1;
        let tokens = source.tokens.iter().filter(|token| token.1 == line);
        let text: String = tokens.map(|token| token.0.as_str()).collect();
        mutant.rows.iter().any(|row| row == self.row)
            && (&*mutant.was, &*mutant.now) == (self.was, self.now)
            && text.contains(self.text)
    }
}

/// The mutants that do the same as the contract, each with its reason.
pub const EQUIVALENT: &[Equivalent] = &[
    Equivalent {
        row: "slli",
        text: "",
        was: "0xf8",
        now: "0xfa",
        reason: "the bit of the mask meets one that the row fixes as 0",
    },
    Equivalent {
        row: "ret",
        text: "",
        was: "0xf8",
        now: "0xd8",
        reason: "the bit of the mask meets one that the row fixes as 0",
    },
    Equivalent {
        row: "mulhsu",
        text: "",
        was: "0xf8",
        now: "0xf9",
        reason: "the bit of the mask meets one that the row fixes as 0",
    },
    Equivalent {
        row: "ld",
        text: "",
        was: "0xf8",
        now: "0xf9",
        reason: "the bit of the mask meets one that the row fixes as 0",
    },
    Equivalent {
        row: "c_lui",
        text: "",
        was: "setRegister",
        now: "set8",
        reason: "the row has no word with register 0",
    },
];

/// The mutants of a contract: of each token in the statements of its rows, what it can be changed to.
pub fn mutants(source: &Source, proofs: &[Proof]) -> Vec<Mutant> {
    let mut out = Vec::new();
    let mut owners: BTreeMap<usize, Vec<&Proof>> = BTreeMap::new();
    for proof in proofs {
        for statement in &proof.reached {
            owners.entry(*statement).or_default().push(proof);
        }
    }
    visit(step_block(source).unwrap_or_default(), &mut |statement| {
        let Some(rows) = owners
            .get(&statement.tokens.start)
            .filter(|rows| rows.len() <= SHARED)
        else {
            return;
        };
        if matches!(statement.kind, Kind::Block(_) | Kind::Function) {
            return;
        }
        let rows: Vec<String> = rows.iter().map(|proof| proof.name.clone()).collect();
        for at in statement.tokens.clone() {
            let token = &source.tokens[at].0;
            // What is inside a block is a statement of its own.
            if token == "{" {
                break;
            }
            for now in changes(token, at) {
                let (was, rows) = (token.clone(), rows.clone());
                out.push(Mutant { at, was, now, rows });
            }
        }
    });
    out
}

fn changes(token: &str, at: usize) -> Vec<String> {
    let number = match token.strip_prefix("0x") {
        Some(hex) => U256::from_str_radix(hex, 16).ok(),
        None => U256::from_str_radix(token, 10).ok(),
    };
    if let Some(number) = number.filter(|_| token.starts_with(|c: char| c.is_ascii_digit())) {
        let other = U256::from(1) << (1 + at % number.bit_len().clamp(1, 63));
        return [number ^ U256::from(1), number ^ other]
            .map(|n| format!("{n:#x}"))
            .to_vec();
    }
    let swap = SWAPS.iter().find(|(was, _)| *was == token);
    swap.map(|(_, now)| (*now).to_owned()).into_iter().collect()
}

/// Tries a mutant: its rows, until one is refuted.
fn fate<I: Isa>(prover: &mut Prover, vm: Vm, source: &Source, mutant: &Mutant) -> Fate {
    let Ok(source) = source.with(mutant.at, &mutant.now) else {
        return Fate::Rejected;
    };
    let mut fate = Fate::Survived;
    for row in rows::<I>()
        .into_iter()
        .filter(|row| mutant.rows.contains(&row.name()))
    {
        match prover.row(vm.subject(&source), row) {
            Err(RunError::Unknown { .. }) => return Fate::Rejected,
            Err(RunError::Solver(_)) => return Fate::Unknown,
            Ok(proof) if proof.is_refuted() => return Fate::Refuted,
            Ok(proof) if !proof.holds() => fate = Fate::Unknown,
            Ok(_) => {}
        }
    }
    fate
}

/// Tries mutants of a VM's contract.
struct Tried<'a> {
    vm: Vm,
    source: &'a Source,
    mutants: &'a [Mutant],
}

impl ForVm for Tried<'_> {
    type Output = Vec<(Mutant, Fate)>;

    fn run<I: Isa>(self) -> Self::Output {
        let Ok(mut prover) = Prover::new(MUTANT_LIMIT) else {
            return Vec::new();
        };
        let tried = self.mutants.iter().map(|mutant| {
            let fate = fate::<I>(&mut prover, self.vm, self.source, mutant);
            (mutant.clone(), fate)
        });
        tried.collect()
    }
}

/// Tries every `step`th mutant; what became of each.
pub fn score(vm: Vm, source: &Source, proofs: &[Proof], step: usize) -> Vec<(Mutant, Fate)> {
    let all: Vec<Mutant> = mutants(source, proofs)
        .into_iter()
        .step_by(step.max(1))
        .collect();
    let half = all.len().div_ceil(2).max(1);
    std::thread::scope(|scope| {
        let work = |mutants| {
            let tried = Tried {
                vm,
                source,
                mutants,
            };
            vm.with(tried)
        };
        let threads: Vec<_> = all
            .chunks(half)
            .map(|part| scope.spawn(move || work(part)))
            .collect();
        let joined = threads.into_iter().filter_map(|thread| thread.join().ok());
        joined.flatten().collect()
    })
}
