//! What a comparison came to: for programs as JSON, for people as text.

use fpvm::AnyVm;
use fpvm::analysis::check::counted;
use fpvm::analysis::stack::{Place, place};
use serde::Serialize;
use std::fmt::{self, Write as _};

/// What `--json` prints.
#[derive(Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Outcome {
    /// Whether the two part.
    pub(super) parts: bool,
    /// By what they were compared: `manifests`, `roots`, `registers` or `effects`.
    pub(super) compared: &'static str,
    /// The last step at which they are known to be equal.
    pub(super) equal: Option<u64>,
    /// How many effects are equal.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) effects: Option<usize>,
    /// What both are about to do in the last common state.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) before: Option<Both>,
    /// Where they part, or where both end.
    #[serde(flatten)]
    pub(super) after: Option<Both>,
    /// Registers that differ.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) registers: Vec<Register>,
    /// Words of memory that differ, the first of them.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) memory: Vec<Word>,
    /// How many more differ.
    #[serde(skip_serializing_if = "is_zero")]
    pub(super) more_memory: usize,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks so")]
const fn is_zero(count: &usize) -> bool {
    *count == 0
}

/// The two that are compared; A is the one named first.
#[derive(Serialize)]
pub(super) struct Both {
    pub(super) a: Side,
    pub(super) b: Side,
}

/// One of the two at a step.
#[derive(Default, Serialize)]
pub(super) struct Side {
    pub(super) step: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) root: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) place: Option<Place>,
    /// The instruction there.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) assembly: Option<String>,
    /// What goes out of it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) effect: Option<String>,
    /// Through which calls it came there, the innermost first.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) callers: Vec<Place>,
}

#[derive(Serialize)]
pub(super) struct Register {
    pub(super) name: String,
    pub(super) a: String,
    pub(super) b: String,
}

#[derive(Serialize)]
pub(super) struct Word {
    pub(super) at: String,
    pub(super) a: String,
    pub(super) b: String,
}

impl Side {
    /// A step and the root there, as a list of checkpoints has it.
    pub(super) fn listed(step: u64, root: impl fmt::Display) -> Self {
        Self {
            step,
            root: Some(root.to_string()),
            ..Self::default()
        }
    }

    /// The instruction that a machine is at.
    pub(super) fn at(vm: &mut dyn AnyVm, root: impl fmt::Display) -> Self {
        let (pc, insn) = (vm.pc(), vm.insn());
        Self {
            place: Some(place(vm, pc)),
            assembly: Some(vm.isa().disassemble(insn, pc)),
            ..Self::listed(vm.step(), root)
        }
    }

    /// `0x1234 in main.f: addiu …`.
    fn instruction(&self) -> String {
        let (mut text, assembly) = (String::new(), self.assembly.as_deref());
        if let Some(place) = &self.place {
            let _ = write!(text, "{:#x}", place.address);
            if let Some(function) = &place.function {
                let _ = write!(text, " in {function}");
            }
        }
        format!("{text}: {}", assembly.unwrap_or_default())
    }
}

impl fmt::Display for Outcome {
    /// Both states at a parting, and the last common one.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(Both { a, b }) = &self.before {
            match (&a.root, a.root == b.root) {
                (Some(root), true) => writeln!(f, "last common state, step {}: {root}", a.step),
                _ => writeln!(f, "last common registers, step {}", a.step),
            }?;
            for (name, side) in [("A", a), ("B", b)] {
                writeln!(f, "  next instruction in {name}: {}", side.instruction())?;
            }
        }
        if let Some(Both { a, b }) = &self.after {
            for (name, side) in [("A", a), ("B", b)] {
                let root = side.root.as_deref().unwrap_or_default();
                writeln!(
                    f,
                    "{name}, step {}: {root}\n  at {}",
                    side.step,
                    side.instruction()
                )?;
            }
        }
        for Register { name, a, b } in &self.registers {
            writeln!(f, "  {name}: {a} in A, {b} in B")?;
        }
        for Word { at, a, b } in &self.memory {
            writeln!(f, "  memory {at}: {} in A, {} in B", &a[2..], &b[2..])?;
        }
        if self.more_memory > 0 {
            writeln!(
                f,
                "  and {} of memory more",
                counted(self.more_memory, "place")
            )?;
        }
        Ok(())
    }
}
