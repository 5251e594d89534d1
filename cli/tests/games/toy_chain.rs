//! `deploy/compose.yml` without containers: its services as processes, on anvil.

use assert_cmd::Command;
use fpvm_e2e::node::Node;
use serde_json::Value;
use std::collections::BTreeMap;
use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Stdio};
use std::time::{Duration, Instant};

/// A service that runs; ends with the test.
struct Service(Child);

impl Drop for Service {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// The file's services on addresses of this machine.
struct Toy {
    services: Value,
    /// What stands in the file, and what stands here in its place.
    places: Vec<(&'static str, String)>,
    folder: tempfile::TempDir,
}

fn free() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    listener.local_addr().expect("an address").to_string()
}

fn repository(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(path)
}

impl Toy {
    fn new(l1: &Node) -> Self {
        let text = std::fs::read_to_string(repository("deploy/compose.yml")).expect("the file");
        let mut file: serde_yaml_ng::Value = serde_yaml_ng::from_str(&text).expect("YAML");
        file.apply_merge().expect("merged");
        let file: Value = serde_yaml_ng::from_value(file).expect("JSON");
        let (folder, rollup) = (tempfile::tempdir().expect("a folder"), free());
        let places = vec![
            ("http://anvil:8545", l1.url()),
            ("http://rollup:9545", format!("http://{rollup}")),
            ("0.0.0.0:9545", rollup),
            ("0.0.0.0:7301", free()),
            (
                "/guests/",
                repository("examples/guests/").display().to_string(),
            ),
            (
                "/var/lib/fpvm",
                folder.path().join("data").display().to_string(),
            ),
            // A minute there is a second here.
            ("--l1-blocks=120", "--l1-blocks=4".into()),
            ("--proposal-interval=4m", "--proposal-interval=4s".into()),
            ("--interval=30s", "--interval=1s".into()),
        ];
        Self {
            services: file["services"].clone(),
            places,
            folder,
        }
    }

    fn here(&self, text: &str) -> String {
        let mut text = text.to_owned();
        for (there, here) in &self.places {
            text = text.replace(there, here);
        }
        text
    }

    /// The process of a service, which serves figures at an address.
    fn process(&self, name: &str, metrics: &str) -> std::process::Command {
        let service = &self.services[name];
        let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_fpvm"));
        let words = service["command"].as_array().expect(name);
        command.args(
            words
                .iter()
                .map(|word| self.here(word.as_str().expect("a word"))),
        );
        for (variable, value) in service["environment"].as_object().expect(name) {
            command.env(variable, self.here(value.as_str().expect("a text")));
        }
        command
            .env("FPVM_METRICS", metrics)
            .current_dir(self.folder.path())
            .stdin(Stdio::null());
        command
    }

    fn start(&self, name: &str, metrics: &str) -> Service {
        let mut command = self.process(name, metrics);
        let log = std::fs::File::create(self.folder.path().join(name)).expect("a file");
        let again = log.try_clone().expect("a file");
        let child = command.stdout(log).stderr(again).spawn();
        Service(child.expect(name))
    }

    /// Runs a service that ends; what it prints.
    fn run(&self, name: &str) -> String {
        let output = self.process(name, &free()).output().expect(name);
        let error = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{name}: {error}");
        String::from_utf8(output.stdout).expect("text")
    }

    fn logs(&self) -> String {
        let read = |name| std::fs::read_to_string(self.folder.path().join(name));
        let logs = ["rollup", "proposer", "challenger", "monitor", "rehearser"]
            .map(|name| format!("-- {name}\n{}", read(name).unwrap_or_default()));
        logs.concat()
    }
}

/// What is served at an address.
fn get(address: &str, path: &str) -> Option<String> {
    let mut stream = TcpStream::connect(address).ok()?;
    write!(stream, "GET {path} HTTP/1.0\r\nHost: {address}\r\n\r\n").ok()?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer).ok()?;
    Some(answer.split_once("\r\n\r\n")?.1.to_owned())
}

/// A figure, by its name with its labels.
fn figure(address: &str, name: &str) -> f64 {
    let page = get(address, "/metrics").unwrap_or_default();
    let mut lines = page.lines().filter_map(|line| line.split_once(' '));
    let found = lines.find(|(of, _)| *of == name).map(|(_, value)| value);
    found.and_then(|value| value.parse().ok()).unwrap_or(0.0)
}

/// All figures that are served, with their kinds.
fn figures(pages: &[String]) -> BTreeMap<String, String> {
    let types = pages.iter().flat_map(|page| page.lines());
    let types = types.filter_map(|line| line.strip_prefix("# TYPE ")?.split_once(' '));
    types
        .map(|(name, kind)| (name.to_owned(), kind.to_owned()))
        .collect()
}

/// The names of our figures in an expression.
fn named(expression: &str) -> impl Iterator<Item = &str> {
    let word = |c: char| c.is_ascii_alphanumeric() || c == '_';
    let words = expression.split(move |c| !word(c));
    words.filter(|word| {
        ["op_challenger_", "op_dispute_mon_", "op_proposer_", "fpvm_"]
            .iter()
            .any(|prefix| word.starts_with(prefix))
    })
}

/// Panics where an expression has a figure that nobody serves, or takes a counter for a gauge.
fn is_served(expression: &str, figures: &BTreeMap<String, String>) {
    let mut any = false;
    for name in named(expression) {
        let of_histogram = ["_bucket", "_sum", "_count"].iter().any(|ending| {
            let base = name.strip_suffix(ending);
            base.is_some_and(|base| figures.get(base).is_some_and(|kind| kind == "histogram"))
        });
        let is_served = figures.get(name).is_some_and(|kind| kind != "histogram");
        assert!(
            is_served || of_histogram,
            "nobody serves {name}, in {expression}"
        );
        any = true;
    }
    assert!(any, "no figure in {expression}");
}

fn dashboards_and_alerts_have_figures_that_are_served(figures: &BTreeMap<String, String>) {
    assert!(figures.len() > 60, "{figures:?}");
    let alerts = std::fs::read_to_string(repository("deploy/prometheus/alerts.yml"));
    let alerts: Value = serde_yaml_ng::from_str(&alerts.expect("the file")).expect("YAML");
    let groups = alerts["groups"].as_array().expect("groups").iter();
    let rules = groups.flat_map(|group| group["rules"].as_array().expect("rules"));
    let mut count = 0;
    for rule in rules {
        is_served(rule["expr"].as_str().expect("an expression"), figures);
        count += 1;
    }
    for board in ["challenger", "monitor", "proposer", "rehearsal"] {
        let path = repository(&format!("deploy/grafana/dashboards/{board}.json"));
        let text = std::fs::read_to_string(path).expect(board);
        let dashboard: Value = serde_json::from_str(&text).expect(board);
        let panels = dashboard["panels"].as_array().expect("panels");
        let targets = panels
            .iter()
            .filter_map(|panel| panel["targets"].as_array());
        for target in targets.flatten() {
            is_served(target["expr"].as_str().expect("an expression"), figures);
            count += 1;
        }
    }
    assert!(count > 80, "{count} expressions");
}

#[test]
fn a_toy_chain_is_protected_and_its_services_stop_when_they_are_asked() {
    let Some(l1) = Node::anvil(&["--block-time", "1", "--slots-in-an-epoch", "1"]) else {
        return;
    };
    let toy = Toy::new(&l1);
    let wait = |what: &str, is: &mut dyn FnMut() -> bool| {
        let begun = Instant::now();
        while !is() {
            assert!(
                begun.elapsed() < Duration::from_secs(240),
                "{what}\n{}",
                toy.logs()
            );
            std::thread::sleep(Duration::from_millis(200));
        }
    };
    let deployed = toy.run("deploy");
    let factory = toy.services["challenger"]["environment"]["FPVM_FACTORY"]
        .as_str()
        .expect("it");
    assert!(
        deployed.contains(&format!("factory   {factory}")),
        "{deployed}"
    );

    let metrics = ["proposer", "challenger", "monitor", "rehearser"].map(|name| (name, free()));
    let [(_, proposer), (_, challenger), (_, monitor), (_, rehearser)] = &metrics;
    let mut services = vec![("rollup", toy.start("rollup", &free()))];
    services.extend(
        metrics
            .iter()
            .map(|(name, at)| (*name, toy.start(name, at))),
    );
    wait("a proposal", &mut || {
        figure(proposer, "op_proposer_default_proposals") >= 1.0
    });

    let created = toy.run("cheat");
    assert!(created.starts_with("0x"), "{created}");
    wait("an answer to the wrong proposal", &mut || {
        figure(challenger, "op_challenger_moves") >= 1.0
    });
    let page = toy.here("0.0.0.0:7301");
    wait("the monitor's view of it", &mut || {
        let status = get(&page, "/status.json").unwrap_or_default();
        status
            .to_lowercase()
            .contains(&created.trim().to_lowercase())
    });

    let agrees = "op_challenger_runner_success_total{type=\"cannon\"}";
    wait("a program that agrees with the chain", &mut || {
        figure(rehearser, agrees) >= 1.0
    });
    let disagrees =
        "op_challenger_runner_vm_failures_total{type=\"cannon\",reason=\"incorrect_status\"}";
    assert_eq!(figure(rehearser, disagrees), 0.0);

    for (name, at) in &metrics {
        let doctor = Command::new(env!("CARGO_BIN_EXE_fpvm"))
            .args(["doctor", "--daemon", at])
            .output()
            .expect("it runs");
        let said = String::from_utf8_lossy(&doctor.stdout);
        assert!(doctor.status.success(), "{name}: {said}\n{}", toy.logs());
    }
    let pages =
        [proposer, challenger, rehearser, monitor].map(|at| get(at, "/metrics").expect("figures"));
    dashboards_and_alerts_have_figures_that_are_served(&figures(&pages));
    let [.., page] = pages;
    // The alerts go by these labels.
    assert!(
        page.contains("fpvm_monitor_problems{grade=\"wrong\"} "),
        "{page}"
    );

    for (name, mut service) in services {
        let id = rustix::process::Pid::from_child(&service.0);
        rustix::process::kill_process(id, rustix::process::Signal::TERM).expect(name);
        let begun = Instant::now();
        let status = loop {
            if let Some(status) = service.0.try_wait().expect(name) {
                break status;
            }
            assert!(
                begun.elapsed() < Duration::from_secs(30),
                "{name} goes on\n{}",
                toy.logs()
            );
            std::thread::sleep(Duration::from_millis(50));
        };
        assert_eq!(status.code(), Some(130), "{name}\n{}", toy.logs());
    }
}
