//! The terminal: a progress bar where there is one, and log lines that do not tear it.

use indicatif::{
    HumanCount, MultiProgress, ProgressBar, ProgressDrawTarget, ProgressState, ProgressStyle,
};
use std::fmt::Write;

/// Shared by all that writes to stderr.
#[derive(Clone, Debug)]
pub(crate) struct Screen(MultiProgress);

impl Default for Screen {
    /// Draws to stderr, and only where that is a terminal.
    fn default() -> Self {
        Self(MultiProgress::with_draw_target(ProgressDrawTarget::stderr()))
    }
}

impl Screen {
    /// Prints a whole line to stderr, above the progress bar where there is one.
    pub(crate) fn print(&self, line: &str) {
        self.0.suspend(|| crate::exit::eprint(line));
    }

    /// Has something printed while no progress bar is in the way.
    pub(crate) fn suspend<R>(&self, print: impl FnOnce() -> R) -> R {
        self.0.suspend(print)
    }

    /// A line that says what is going on.
    pub(crate) fn spinner(&self) -> ProgressBar {
        let style = ProgressStyle::with_template("{spinner} {msg}");
        let style = style.unwrap_or_else(|_| ProgressStyle::default_spinner());
        self.0.add(ProgressBar::no_length().with_style(style))
    }

    /// A progress bar for a run: of `len` steps where the end is known.
    pub(crate) fn progress(&self, len: Option<u64>) -> ProgressBar {
        let bar = match len {
            Some(len) => ProgressBar::new(len),
            None => ProgressBar::no_length(),
        };
        let template = match len {
            Some(_) => "{bar:24} {human_pos}/{human_len} steps {rate} {msg}",
            None => "{spinner} {human_pos} steps {rate} {msg}",
        };
        let style = ProgressStyle::with_template(template);
        let style = style.unwrap_or_else(|_| ProgressStyle::default_spinner());
        let rate = |state: &ProgressState, out: &mut dyn Write| {
            let _ = write!(out, "{}/s", HumanCount(state.per_sec() as u64));
        };
        self.0.add(bar.with_style(style.with_key("rate", rate)))
    }
}
