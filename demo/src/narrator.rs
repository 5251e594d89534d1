//! What happens, in plain sentences.

use std::fmt::Write as _;
use std::sync::Arc;

use fpvm_dispute::claim::{Side, VmStatus};
use fpvm_dispute::game::Game;
use fpvm_l1::{B256, Progress};
use fpvm_report::money::ether;
use fpvm_report::{Instruction, about};

/// Where the story appears.
pub trait Screen: Send + Sync {
    /// Prints a piece of the story.
    ///
    /// # Errors
    /// If it cannot be printed.
    fn print(&self, text: &str) -> anyhow::Result<()>;
    /// Shows what is going on, in place of what it showed before.
    fn show(&self, what: String);
}

/// Tells what happens: what is done is printed, what is going on is shown beside it.
#[derive(Clone)]
pub(crate) struct Narrator(Arc<dyn Screen>);

impl Narrator {
    pub(crate) fn new(screen: Arc<dyn Screen>) -> Self {
        Self(screen)
    }

    /// Prints what has happened.
    pub(crate) fn say(&self, text: &str) -> anyhow::Result<()> {
        self.0.print(text)
    }

    /// Shows what is going on.
    pub(crate) fn doing(&self, what: impl Into<String>) {
        self.0.show(what.into());
    }

    /// Shows how far the execution of what `what` names has come, when it is run for the first time.
    pub(crate) fn executed(&self, what: &str, step: u64, ended: bool) {
        if ended {
            // Where stdout is closed, the next sentence of the story says so.
            let _ = self.say(&format!(
                "        (the program has been run on {what}: {step} steps)\n"
            ));
            return;
        }
        let millions = step / 1_000_000;
        self.doing(format!("executing {what}: {millions} million steps"));
    }

    /// Shows what is being sent.
    pub(crate) fn sending(&self, progress: &Progress<'_>) {
        match progress {
            Progress::Sending(request, ..) => self.doing(request.what.clone()),
            Progress::Silent(error) => self.doing(format!("no answer, trying on: {error}")),
            _ => {}
        }
    }
}

/// The claim at `index`, with who made it and why; a line.
pub(crate) fn claim(game: &Game, index: usize, name: &str) -> Option<String> {
    let claim = game.claim(index).ok()?;
    let parent = claim.parent?;
    let answered = game.claim(parent).ok()?;
    let attacks = answered.position.answered(Side::Attack) == claim.position;
    let (verb, judges, error) = if attacks {
        ("attacks", "disputes", "the error is before it")
    } else {
        ("defends", "agrees with", "the error is after it")
    };
    let mut line = format!(
        "   #{index:<3} {:>12} ETH  {name} {verb} #{parent} and {judges} the {}: ",
        ether(claim.bond),
        about(game, parent, answered.position),
    );
    let depth = claim.position.depth();
    line.push_str(match VmStatus::of(&claim.claim) {
        _ if depth != game.rules().split_depth().saturating_add(1) => error,
        status => {
            let finds_right = status == Some(VmStatus::Valid);
            match (game.version().is_super(), finds_right) {
                (true, true) => "the program, making the step, finds the disputed state right",
                (true, false) => "the program, making the step, finds the disputed state wrong",
                (false, true) => {
                    "the program, executing the block, finds the disputed output right"
                }
                (false, false) => {
                    "the program, executing the block, finds the disputed output wrong"
                }
            }
        }
    });
    line.push('\n');
    Some(line)
}

/// The instruction that decides.
pub(crate) fn instruction(decided: &Instruction) -> String {
    let (step, place) = (&decided.step, &decided.place);
    let place = place
        .symbol
        .as_deref()
        .unwrap_or("a function without a name");
    let mut text = format!(
        "   instruction {} at pc {:#x} in {place}\n     {}\n",
        decided.index, step.pc, step.assembly
    );
    let changed = |name: &str| !matches!(name, "pc" | "nextPC" | "step");
    let registers = step.registers.iter();
    for register in registers.filter(|r| r.before != r.after && changed(r.name)) {
        let _ = writeln!(
            text,
            "     {}: {} → {}",
            register.name, register.before, register.after
        );
    }
    for change in step
        .memory
        .iter()
        .filter(|change| change.before != change.after)
    {
        let _ = writeln!(
            text,
            "     memory at {:#x}: {} → {}",
            change.at,
            const_hex::encode(change.before),
            const_hex::encode(change.after)
        );
    }
    if let Some(preimage) = &step.preimage {
        let _ = writeln!(
            text,
            "     it reads {} at offset {}, of {} bytes",
            preimage.key, preimage.offset, preimage.bytes
        );
    }
    let (claimed, after) = (decided.claimed, B256::from(step.post));
    // A step may show that the honest side's own claim is right, which the claim that it counters denies.
    let _ = if claimed == after {
        writeln!(
            text,
            "   claimed  {claimed}\n   which is the truth, and denied by the claim that falls"
        )
    } else {
        writeln!(text, "   claimed  {claimed}\n   in truth {after}")
    };
    text
}
