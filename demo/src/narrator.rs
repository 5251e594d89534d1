//! What happens, in plain sentences.

use crate::app::App;
use crate::output::print;
use fpvm_dispute::claim::{Side, VmStatus};
use fpvm_dispute::game::Game;
use fpvm_l1::{B256, Progress, U256};
use fpvm_report::money::ether;
use fpvm_report::{Instruction, about};
use indicatif::ProgressBar;
use std::fmt::Write as _;

/// Tells what happens: what is done on stdout, what is going on beside it, where there is a terminal.
pub(super) struct Teller {
    bar: ProgressBar,
}

impl Teller {
    pub(super) fn new(app: &App) -> Self {
        Self {
            bar: app.screen.spinner(),
        }
    }

    /// Prints what has happened.
    pub(super) fn say(&self, text: &str) -> anyhow::Result<()> {
        self.bar.suspend(|| print(text))
    }

    /// Shows what is going on.
    pub(super) fn doing(&self, what: impl Into<std::borrow::Cow<'static, str>>) {
        self.bar.set_message(what);
        self.bar.tick();
    }

    /// Shows how far the execution of a block has come, when it is run for the first time.
    pub(super) fn executed(&self, block: U256, step: u64, ended: bool) {
        if ended {
            // Where stdout is closed, the next sentence of the story says so.
            let _ = self.say(&format!(
                "        (the program has been run on L2 block {block}: {step} steps)\n"
            ));
            return;
        }
        let millions = step / 1_000_000;
        self.doing(format!(
            "executing L2 block {block}: {millions} million steps"
        ));
    }

    /// Shows what is being sent.
    pub(super) fn sending(&self, progress: &Progress<'_>) {
        match progress {
            Progress::Sending(request, ..) => self.doing(request.what.clone()),
            Progress::Silent(error) => self.doing(format!("no answer, trying on: {error}")),
            _ => {}
        }
    }

    /// Shows nothing any more.
    pub(super) fn end(&self) {
        self.bar.finish_and_clear();
    }
}

/// The claim at `index`, with who made it and why; a line.
pub(super) fn claim(game: &Game, index: usize, name: &str) -> Option<String> {
    let claim = game.claim(index).ok()?;
    let parent = claim.parent?;
    let answered = game.claim(parent).ok()?;
    let attacks = answered.position.answered(Side::Attack) == claim.position;
    let (verb, judges, error) = match attacks {
        true => ("attacks", "disputes", "the error is before it"),
        false => ("defends", "agrees with", "the error is after it"),
    };
    let mut line = format!(
        "   #{index:<3} {:>12} ETH  {name} {verb} #{parent} and {judges} the {}: ",
        ether(claim.bond),
        about(game, parent, answered.position),
    );
    let depth = claim.position.depth();
    line.push_str(match VmStatus::of(&claim.claim) {
        _ if depth != game.rules().split_depth().saturating_add(1) => error,
        Some(VmStatus::Valid) => {
            "the program, executing the block, finds the disputed output right"
        }
        _ => "the program, executing the block, finds the disputed output wrong",
    });
    line.push('\n');
    Some(line)
}

/// The instruction that decides.
pub(super) fn instruction(told: &Instruction) -> String {
    let (step, place) = (&told.step, &told.place);
    let place = place
        .symbol
        .as_deref()
        .unwrap_or("a function without a name");
    let mut text = format!(
        "   instruction {} at pc {:#x} in {place}\n     {}\n",
        told.index, step.pc, step.assembly
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
    let (claimed, after) = (told.claimed, B256::from(step.post));
    let _ = writeln!(text, "   claimed  {claimed}\n   in truth {after}");
    text
}
