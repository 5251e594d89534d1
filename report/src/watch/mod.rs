//! A game for a terminal that is looked at while it is played: the tree, the clocks, the bonds, and what
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
    /// Why what is shown is not the newest, if it is not.
    pub trouble: Option<String>,
}

/// What a reader asks for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Key {
    /// So many claims down, or up where it is negative.
    By(isize),
    /// The proposal.
    First,
    /// The newest claim, and those that come.
    Last,
}

impl Watch {
    /// Looks at the newest claim, and at those that come.
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
