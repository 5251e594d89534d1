//! `fpvm challenge`, killed and started anew.
#![allow(dead_code, reason = "each test uses its part")]

use std::fs::File;
use std::process::{Child, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::table::Table;

/// A challenger that is killed and started anew.
pub(crate) struct Challenger<'a> {
    table: &'a Table,
    key: &'static str,
    line: String,
    child: Child,
    lives: u32,
}

impl<'a> Challenger<'a> {
    pub(crate) fn start(table: &'a Table, key: &'static str, line: String) -> Self {
        let child = Self::spawn(table, key, &line, 1);
        Self {
            table,
            key,
            line,
            child,
            lives: 1,
        }
    }

    fn spawn(table: &Table, key: &str, line: &str, life: u32) -> Child {
        let name = |what| table.shop.path(&format!("{}-{life}.{what}", &key[2..6]));
        let mut command = table.shop.process();
        command.args(line.split_whitespace());
        command.args(["--format", "json", "--rpc", &table.node.url()]);
        command.env("FPVM_PRIVATE_KEY", key);
        command.stdin(Stdio::null());
        command.stdout(File::create(name("out")).unwrap());
        command.stderr(File::create(name("err")).unwrap());
        command.spawn().unwrap()
    }

    pub(crate) fn kill(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
        self.lives += 1;
        self.child = Self::spawn(self.table, self.key, &self.line, self.lives);
    }

    /// What all its lives have printed.
    pub(crate) fn events(&self) -> Vec<Value> {
        let lives = 1..=self.lives;
        let texts = lives.map(|life| {
            self.table
                .shop
                .read(&format!("{}-{life}.out", &self.key[2..6]))
        });
        let texts: Vec<String> = texts.map(|text| String::from_utf8(text).unwrap()).collect();
        // The last line of a life may be cut off.
        let lines = texts.iter().flat_map(|text| text.lines());
        lines
            .filter_map(|line| serde_json::from_str(line).ok())
            .collect()
    }

    pub(crate) fn errors(&self) -> String {
        let last = format!("{}-{}.err", &self.key[2..6], self.lives);
        String::from_utf8(self.table.shop.read(&last)).unwrap()
    }

    /// Waits for its end; its exit code.
    pub(crate) fn end(&mut self, within: Duration) -> i32 {
        let begun = Instant::now();
        loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                return status.code().expect("it ends by itself");
            }
            assert!(
                begun.elapsed() < within,
                "it does not end: {}",
                self.errors()
            );
            std::thread::sleep(Duration::from_millis(100));
        }
    }
}

impl Drop for Challenger<'_> {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
