//! A game between two challengers that are killed at random and started anew.

use std::time::{Duration, Instant};

use fpvm_e2e::op_node::OpNode;
use serde_json::Value;

use crate::challengers::Challenger;
use crate::random::Random;
use crate::table::{CLOCK, DELAY, FINALITY, Table};

/// How often they are killed: before an instruction has decided, and while claims are resolved.
const KILLS: [u32; 2] = [16, 4];
/// The longest that a game may take.
const LIMIT: Duration = Duration::from_secs(420);
/// The longest that payment may take, and the challengers' ends after it.
const PATIENCE: Duration = Duration::from_secs(60);

/// The two of them.
pub(crate) struct Duel<'a> {
    pub(crate) cheat: Challenger<'a>,
    pub(crate) honest: Challenger<'a>,
    /// The node that they ask, which now and then does not answer.
    pub(crate) node: &'a OpNode,
    pub(crate) random: Random,
}

impl Duel<'_> {
    /// Has the game played until all is paid and both have ended; `show` tells how it stands.
    pub(crate) fn play(mut self, table: &Table, show: impl Fn() -> Value) -> Self {
        let (begun, mut kills) = (Instant::now(), 0);
        // Until an instruction has decided, and then through the resolution.
        for (more, wait) in KILLS.into_iter().zip([0, CLOCK + 1]) {
            table.wait(wait);
            let last_kill = kills + more;
            loop {
                std::thread::sleep(Duration::from_millis(50 + self.random.below(1_200)));
                if kills < last_kill {
                    kills += 1;
                    match self.random.below(4) {
                        0 => self.cheat.kill(),
                        _ => self.honest.kill(),
                    }
                    self.node.known().fails = self.random.below(3) as u32;
                }
                let shown = show();
                let is_over = shown["status"] != "in-progress";
                if is_over || (wait == 0 && is_decided(&shown)) {
                    break;
                }
                let late = begun.elapsed() > LIMIT;
                assert!(!late, "{shown:#}\n{}", self.errors());
            }
        }
        // Today's game is closed first; that of 2024 has unlocked the bonds by now.
        table.wait(FINALITY + 1);
        let (since, honest) = (Instant::now(), table.account(1));
        loop {
            let shown = show();
            let account = account_of(&shown, &honest);
            if account["bonds"]["state"] == "unlocked" {
                break;
            }
            let late = since.elapsed() > PATIENCE;
            assert!(!late, "{account:#}\n{}", self.errors());
            std::thread::sleep(Duration::from_millis(300));
        }
        table.wait(DELAY);
        for challenger in [&mut self.honest, &mut self.cheat] {
            assert_eq!(challenger.end(PATIENCE), 0, "{}", challenger.errors());
        }
        assert!(kills > 3, "killed {kills} times only");
        eprintln!("killed {kills} times, in {:?}", begun.elapsed());
        self
    }

    fn errors(&self) -> String {
        format!("{}\n{}", self.honest.errors(), self.cheat.errors())
    }
}

fn is_decided(shown: &Value) -> bool {
    let mut claims = shown["claims"].as_array().expect("claims").iter();
    claims.any(|claim| claim["stepped"] == true)
}

/// What is told of an account.
pub(crate) fn account_of<'r>(told: &'r Value, address: &str) -> &'r Value {
    let mut accounts = told["accounts"].as_array().expect("accounts").iter();
    let found = accounts.find(|account| {
        let of = account["address"].as_str().expect("an address");
        of.eq_ignore_ascii_case(address)
    });
    found.expect("it has claims")
}
