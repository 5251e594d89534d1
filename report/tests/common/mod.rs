//! Games to look at, and a browser to look with.
#![allow(dead_code, reason = "each test uses its part")]

pub(crate) mod board;
pub(crate) mod browser;

use fpvm_dispute::simulate::run::{self, Record};
use fpvm_dispute::simulate::scenario::{Presets, Scenario};
use fpvm_report::Report;
use fpvm_report::simulated;

#[allow(unused_imports, reason = "as above")]
pub(crate) use browser::{browser, draw, measure};

/// A simulated game and its report.
pub(crate) fn simulated(seed: u64) -> (Report, Record) {
    let presets = Presets::new().expect("legal rules");
    let scenario = Scenario::random(&presets, seed);
    let record = run::record(&scenario).expect("it can be played");
    (simulated::report(&scenario, &record), record)
}
