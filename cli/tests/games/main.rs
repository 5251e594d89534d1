//! Games on chains, played by processes and by hand.

#[path = "../../../report/tests/common/browser.rs"]
#[allow(dead_code, reason = "pages of games are measured there")]
mod browser;
#[path = "../common/challengers.rs"]
mod challengers;
#[path = "../common/mod.rs"]
mod common;
#[path = "../common/killed.rs"]
mod killed;
#[path = "../common/ledger.rs"]
mod ledger;
#[path = "../common/outcome.rs"]
mod outcome;
#[path = "../common/random.rs"]
mod random;
#[path = "../common/rollup.rs"]
mod rollup;
#[path = "../common/super_table.rs"]
mod super_table;
#[path = "../common/table.rs"]
mod table;

mod chain;
mod demo;
mod duel;
mod listing;
mod play;
mod several;
mod super_by_hand;
mod super_duel;
mod super_games;
mod toy_chain;
mod two_terminals;
