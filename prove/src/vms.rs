//! The VMs with a contract, and running every claim of one.

use crate::claim::{LIMIT, Proof, Prover, Subject};
use crate::evaluate::RunError;
use crate::faults::Faults;
use crate::helpers::{Helper, Helpers};
use crate::rows::{Row, rows};
use crate::yul::{Source, SyntaxError};
use fpvm_contracts::emit::Contract;
use fpvm_contracts::{IMAC, MIPS, MIPS64, RISCV};
use fpvm_core::definition::isa::Isa;
use fpvm_isa_mips::Mips32;
use fpvm_isa_mips64::Mips64;
use fpvm_isa_riscv::Rv64;
use fpvm_isa_riscv::imac::Imac;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

/// A VM and a state version that a contract executes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Vm {
    /// Cannon's MIPS32.
    Mips32,
    /// Cannon's MIPS64, state version 7.
    Mips64V7,
    /// Cannon's MIPS64, state version 8.
    Mips64V8,
    /// Asterisc's RV64.
    Rv64,
    /// RV64IMAC.
    Imac,
}

/// Something done for a VM.
pub trait ForVm {
    /// What comes of it.
    type Output;
    /// Does it for an ISA.
    fn run<I: Isa>(self) -> Self::Output;
}

impl Vm {
    /// All of them.
    pub const ALL: [Self; 5] = [
        Self::Mips32,
        Self::Mips64V7,
        Self::Mips64V8,
        Self::Rv64,
        Self::Imac,
    ];

    /// Its name in claims.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Mips32 => "mips32",
            Self::Mips64V7 => "mips64-7",
            Self::Mips64V8 => "mips64-8",
            Self::Rv64 => "riscv64",
            Self::Imac => "imac",
        }
    }

    /// Its contract.
    pub const fn contract(self) -> Contract {
        match self {
            Self::Mips32 => MIPS,
            Self::Mips64V7 | Self::Mips64V8 => MIPS64,
            Self::Rv64 => RISCV,
            Self::Imac => IMAC,
        }
    }

    /// The contract's text, as the printer prints it.
    pub fn text(self) -> String {
        match self {
            Self::Mips32 => MIPS.source::<Mips32>(),
            Self::Mips64V7 | Self::Mips64V8 => MIPS64.source_of_versions::<Mips64<8>, Mips64<7>>(),
            Self::Rv64 => RISCV.source::<Rv64>(),
            Self::Imac => IMAC.source::<Imac>(),
        }
    }

    /// Does something for the VM's ISA.
    pub fn with<F: ForVm>(self, f: F) -> F::Output {
        match self {
            Self::Mips32 => f.run::<Mips32>(),
            Self::Mips64V7 => f.run::<Mips64<7>>(),
            Self::Mips64V8 => f.run::<Mips64<8>>(),
            Self::Rv64 => f.run::<Rv64>(),
            Self::Imac => f.run::<Imac>(),
        }
    }

    /// How its contract tells faults.
    pub const fn faults(self) -> Faults {
        Faults(self.contract().faults)
    }

    /// What a claim about a text of its contract is about.
    pub fn subject(self, source: &Source) -> Subject<'_> {
        let version = match self {
            Self::Mips64V7 => 7,
            _ => 8,
        };
        Subject {
            source,
            faults: self.faults(),
            version,
        }
    }
}

/// The claims of a VM, proved or not.
#[derive(Debug)]
pub struct Report {
    /// In the order of the table.
    pub proofs: Vec<Proof>,
    /// Time in the solvers.
    pub solving: Duration,
    /// Questions to the solvers.
    pub questions: u64,
}

/// Why there is no report.
#[derive(Debug, thiserror::Error)]
pub enum ProveError {
    /// The text cannot be read.
    #[error(transparent)]
    Syntax(#[from] SyntaxError),
    /// A row cannot be run.
    #[error("{row}: {error}")]
    Run {
        /// The row.
        row: String,
        /// Why.
        error: RunError,
    },
    /// A solver's thread is gone.
    #[error("a prover's thread panicked")]
    Thread,
}

/// Proves the rows of a VM that are wanted.
#[derive(Clone, Copy, Debug)]
pub struct Rows<'a, W> {
    /// The VM.
    pub vm: Vm,
    /// The contract.
    pub source: &'a Source,
    /// Whether a row is wanted, by name.
    pub wanted: W,
    /// How many solvers work at once.
    pub threads: usize,
}

impl<W: Fn(&str) -> bool + Sync> ForVm for Rows<'_, W> {
    type Output = Result<Report, ProveError>;

    fn run<I: Isa>(self) -> Self::Output {
        let wanted: Vec<Row<I>> = rows::<I>()
            .into_iter()
            .filter(|row| (self.wanted)(&row.name()))
            .collect();
        let next = AtomicUsize::new(0);
        let work = || {
            let failed = |row: &str, error| ProveError::Run {
                row: row.to_owned(),
                error,
            };
            let mut prover = Prover::new(LIMIT).map_err(|e| failed("solver", e.into()))?;
            let mut proofs = Vec::new();
            loop {
                let at = next.fetch_add(1, Ordering::Relaxed);
                let Some(row) = wanted.get(at) else { break };
                let proof = prover.row(self.vm.subject(self.source), *row);
                proofs.push((at, proof.map_err(|e| failed(&row.name(), e))?));
            }
            Ok((proofs, prover.spent()))
        };
        let parts: Vec<Result<_, ProveError>> = std::thread::scope(|scope| {
            let threads: Vec<_> = (0..self.threads.max(1))
                .map(|_| scope.spawn(work))
                .collect();
            let joined = threads.into_iter().map(|thread| thread.join());
            joined
                .map(|part| part.unwrap_or(Err(ProveError::Thread)))
                .collect()
        });
        let (mut proofs, mut solving, mut questions) = (Vec::new(), Duration::ZERO, 0);
        for part in parts {
            let (part, (time, count)) = part?;
            proofs.extend(part);
            solving += time;
            questions += count;
        }
        proofs.sort_by_key(|(at, _)| *at);
        let proofs = proofs.into_iter().map(|(_, proof)| proof).collect();
        Ok(Report {
            proofs,
            solving,
            questions,
        })
    }
}

/// Proves the helpers of a VM's contract.
#[derive(Clone, Copy, Debug)]
pub struct HelpersOf<'a> {
    /// The VM.
    pub vm: Vm,
    /// The contract.
    pub source: &'a Source,
    /// The one helper to prove; all where there is none.
    pub only: Option<&'a str>,
}

impl ForVm for HelpersOf<'_> {
    type Output = Result<Vec<Helper>, RunError>;

    fn run<I: Isa>(self) -> Self::Output {
        let mut prover = Prover::new(LIMIT)?;
        let mut helpers = Helpers {
            prover: &mut prover,
            subject: self.vm.subject(self.source),
            only: self.only,
            done: Vec::new(),
        };
        helpers.all::<I>()?;
        Ok(helpers.done)
    }
}
