//! A view for a terminal of a game that is being played: the tree, the clocks, the bonds, and what
//! can happen next.

mod draw;

pub use draw::draw;

use crate::Report;

/// What a reader looks at.
#[derive(Clone, Debug, Default)]
pub struct Watch {
    /// The claim that is shown in full.
    selected: usize,
    /// Whether it is always the newest.
    pinned: bool,
    /// The first row of the tree on the screen.
    top: usize,
    /// Why the view does not show the newest state, if it does not.
    pub trouble: Option<String>,
}

/// What a reader asks for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Key {
    /// This many claims down, or up if the number is negative.
    By(isize),
    /// The proposal.
    First,
    /// The newest claim, and then each newer one.
    Last,
}

impl Watch {
    /// A view of the newest claim, and then of each newer one.
    pub fn new() -> Self {
        Self {
            pinned: true,
            ..Self::default()
        }
    }

    /// Looks elsewhere.
    pub fn press(&mut self, key: Key, report: &Report) {
        let last = report.claims.len().saturating_sub(1);
        self.selected = self.selected(report);
        self.pinned = false;
        match key {
            Key::By(rows) => self.selected = self.selected.saturating_add_signed(rows).min(last),
            Key::First => self.selected = 0,
            Key::Last => self.pinned = true,
        }
    }

    /// The claim that is shown in full.
    fn selected(&self, report: &Report) -> usize {
        let last = report.claims.len().saturating_sub(1);
        if self.pinned {
            last
        } else {
            self.selected.min(last)
        }
    }

    /// The first row to show of so many claims, so that the selected one is among `height` rows.
    fn scroll(&mut self, report: &Report, height: usize) -> usize {
        let selected = self.selected(report);
        let height = height.max(1);
        if selected < self.top {
            self.top = selected;
        }
        if selected >= self.top.saturating_add(height) {
            self.top = selected.saturating_add(1).saturating_sub(height);
        }
        self.top = self.top.min(report.claims.len().saturating_sub(height));
        self.top
    }
}
