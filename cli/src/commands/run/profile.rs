//! Where a guest spends its steps: the function at every so many steps.

use crate::any::AnyVm;
use std::collections::HashMap;
use std::fmt::Write as _;

/// Steps from one look to the next: a prime, so that no loop of the guest keeps time with it.
pub(super) const INTERVAL: u64 = 10_007;

/// How many functions are listed.
const LISTED: usize = 30;

/// Looks taken, by function.
#[derive(Default, Debug)]
pub(super) struct Profile {
    looks: HashMap<String, u64>,
    all: u64,
}

impl Profile {
    /// Notes where the machine is.
    pub(super) fn look(&mut self, vm: &dyn AnyVm) {
        self.all += 1;
        let symbol = vm.symbols().at(vm.pc());
        let name = symbol.map_or_else(|| format!("{:#x}", vm.pc()), |symbol| symbol.name.clone());
        *self.looks.entry(name).or_default() += 1;
    }

    /// The functions with the most steps, as a table.
    pub(super) fn told(&self) -> String {
        let mut sorted: Vec<_> = self.looks.iter().collect();
        sorted.sort_by(|a, b| b.1.cmp(a.1).then(a.0.cmp(b.0)));
        let mut text = format!(
            "guest profile: {} looks, one each {INTERVAL} steps\n",
            self.all
        );
        for (name, looks) in sorted.into_iter().take(LISTED) {
            let share = *looks as f64 * 100.0 / self.all as f64;
            let _ = writeln!(text, "{share:>6.2} % {name}");
        }
        text
    }
}
