//! The files that run fpvm as a service, `Dockerfile` and `deploy/`: each command line in them is one that this program
//! takes, and addresses and names fit together. `toy_chain.rs` compares the figures that they name with those that are served.

use assert_cmd::Command;
use serde::Deserialize as _;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

/// The commands that run as services, and their example files in `docs/`.
const DAEMONS: [(&str, &str); 4] = [
    ("challenge", "challenger.toml"),
    ("monitor", "monitor.toml"),
    ("propose", "proposer.toml"),
    ("rehearse", "rehearsal.toml"),
];

fn repository(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(path)
}

fn read(path: &str) -> String {
    fs::read_to_string(repository(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// The documents of a YAML file.
fn yaml(path: &str) -> Vec<Value> {
    let text = read(path);
    let document = |document| {
        let mut value = serde_yaml_ng::Value::deserialize(document)?;
        value.apply_merge()?;
        serde_yaml_ng::from_value(value)
    };
    let all = serde_yaml_ng::Deserializer::from_str(&text).map(document);
    let all: Result<_, serde_yaml_ng::Error> = all.collect();
    all.unwrap_or_else(|error| panic!("{path}: {error}"))
}

fn words(list: &Value) -> Vec<String> {
    let words = list.as_array().unwrap_or_else(|| panic!("no list: {list}"));
    let word = |word: &Value| word.as_str().expect("a word").to_owned();
    words.iter().map(word).collect()
}

/// Panics where the program does not take a service's command line, with what the environment says of its flags: `doctor`
/// reads it as the service does, and goes on to look for nodes that are not there.
fn takes(words: &[String], environment: &BTreeMap<String, String>) {
    let output = Command::new(env!("CARGO_BIN_EXE_fpvm"))
        .args(["doctor", "--deadline", "1s"])
        .args(words)
        .envs(environment)
        .output()
        .expect("it runs");
    let (said, error) = (output.stdout, String::from_utf8_lossy(&output.stderr));
    assert!(!said.is_empty(), "{words:?}: {error}");
}

/// The services of the toy chain that are this program, by name.
fn toy_services() -> BTreeMap<String, Value> {
    let file = yaml("deploy/compose.yml").remove(0);
    let services = file["services"].as_object().expect("services").clone();
    let own = services.into_iter().filter(|(_, of)| of["image"] == "fpvm");
    own.collect()
}

#[test]
fn the_toy_chain_s_commands_are_taken() {
    let services = toy_services();
    assert!(services.len() >= 7, "{services:?}");
    for (name, service) in &services {
        let environment = service["environment"].as_object().expect(name);
        let environment = environment
            .iter()
            .map(|(name, value)| (name.clone(), value.as_str().expect(name).to_owned()));
        let words = words(&service["command"]);
        // The others are run by `toy_chain.rs`.
        if DAEMONS.iter().any(|(daemon, _)| words[0] == *daemon) {
            takes(&words, &environment.collect());
        }
        // It needs no more than that of the machine.
        assert_eq!(service["read_only"], true, "{name}");
        assert_eq!(service["cap_drop"][0], "ALL", "{name}");
    }
}

#[test]
fn the_manifests_commands_are_taken() {
    let documents = yaml("deploy/kubernetes/fpvm.yaml");
    let folder = tempfile::tempdir().expect("a folder");
    let of_kind = |kind: &'static str| documents.iter().filter(move |one| one["kind"] == kind);
    let files = of_kind("ConfigMap").flat_map(|map| map["data"].as_object().expect("files"));
    for (name, text) in files {
        fs::write(folder.path().join(name), text.as_str().expect("a text")).expect("it is written");
    }
    let pods: Vec<_> = ["StatefulSet", "Deployment"]
        .into_iter()
        .flat_map(of_kind)
        .map(|set| &set["spec"]["template"]["spec"])
        .collect();
    let containers = pods.iter().flat_map(|pod| {
        let of = |key: &str| pod[key].as_array().cloned().unwrap_or_default();
        of("initContainers").into_iter().chain(of("containers"))
    });
    let mut commands = BTreeSet::new();
    for container in containers {
        let here = folder.path().display().to_string();
        let words = words(&container["args"]);
        let words: Vec<_> = words
            .iter()
            .map(|word| word.replace("/etc/fpvm", &here))
            .collect();
        takes(&words, &BTreeMap::new());
        commands.insert(words[0].clone());
        assert_eq!(container["securityContext"]["readOnlyRootFilesystem"], true);
    }
    for (daemon, _) in DAEMONS {
        assert!(commands.contains(daemon), "{daemon}");
    }
}

#[test]
fn the_unit_s_commands_are_taken() {
    let unit = read("deploy/systemd/fpvm@.service");
    let line = unit
        .lines()
        .find_map(|line| line.strip_prefix("ExecStart="));
    let line = line.expect("a command");
    for (daemon, file) in DAEMONS {
        let file = repository("docs").join(file).display().to_string();
        let line = line
            .replace("/etc/fpvm/%i.toml", &file)
            .replace("%i", daemon);
        let words: Vec<_> = line.split(' ').skip(1).map(str::to_owned).collect();
        takes(&words, &BTreeMap::new());
    }
}

/// The instructions of the Dockerfile, lines that go on joined.
fn instructions() -> Vec<String> {
    let joined = read("Dockerfile").replace("\\\n", " ");
    let lines = joined.lines().map(str::trim);
    lines
        .filter(|line| !line.is_empty() && !line.starts_with('#'))
        .map(str::to_owned)
        .collect()
}

#[test]
fn the_image_fits_what_runs_it() {
    let instructions = instructions();
    let of = |name: &str| {
        let found = instructions.iter().rev();
        let mut found = found.filter_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
        found.next().unwrap_or_else(|| panic!("no {name}"))
    };
    assert_eq!(of("ENTRYPOINT"), r#"["/usr/local/bin/fpvm"]"#);
    let user = of("USER");
    assert!(user != "root" && !user.starts_with("0"), "{user}");
    let check = of("HEALTHCHECK");
    let (_, check) = check.split_once("CMD ").expect("what is run");
    let check: Value = serde_json::from_str(check).expect("a list of words");
    let check = words(&check);
    let checked = Command::new(env!("CARGO_BIN_EXE_fpvm"))
        .args(&check[1..])
        .output();
    let said = checked.expect("it runs").stdout;
    assert!(
        String::from_utf8_lossy(&said).contains(" daemon "),
        "{check:?}"
    );
    // A shell is not there: all that runs in the last stage is a list of words.
    let last = instructions
        .iter()
        .rposition(|line| line.starts_with("FROM"));
    let last = &instructions[last.expect("a stage")..];
    assert!(!last.iter().any(|line| line.starts_with("RUN")), "{last:?}");
    let metrics = of("ENV").strip_prefix("FPVM_METRICS=").expect("figures");
    let port = metrics.strip_prefix("0.0.0.0:").expect("all addresses");
    assert!(of("EXPOSE").split(' ').any(|exposed| exposed == port));
    // What Prometheus asks.
    let services = toy_services();
    let prometheus = yaml("deploy/prometheus/prometheus.yml").remove(0);
    let jobs = prometheus["scrape_configs"].as_array().expect("jobs");
    let mut names = BTreeSet::new();
    for job in jobs {
        names.insert(job["job_name"].as_str().expect("a name").to_owned());
        for target in words(&job["static_configs"][0]["targets"]) {
            let (host, at) = target.split_once(':').expect("a port");
            assert!(services.contains_key(host) && at == port, "{target}");
        }
    }
    for (_, rule) in alerts() {
        let expression = rule["expr"].as_str().expect("an expression");
        let jobs = expression.split("job=\"").skip(1);
        for job in jobs.filter_map(|rest| rest.split('"').next()) {
            assert!(names.contains(job), "no job is named {job}");
        }
    }
    let source = yaml("deploy/grafana/provisioning/datasources/prometheus.yml").remove(0);
    assert_eq!(source["datasources"][0]["url"], "http://prometheus:9090");
}

/// The alerts, by name.
fn alerts() -> BTreeMap<String, Value> {
    let file = yaml("deploy/prometheus/alerts.yml").remove(0);
    let groups = file["groups"].as_array().expect("groups");
    let rules = groups
        .iter()
        .flat_map(|group| group["rules"].as_array().expect("rules"));
    rules
        .map(|rule| {
            (
                rule["alert"].as_str().expect("a name").to_owned(),
                rule.clone(),
            )
        })
        .collect()
}

#[test]
fn each_alert_is_tested_and_explained() {
    let tests = read("deploy/prometheus/alerts_test.yml");
    let book = read("docs/src/operations.md");
    for (name, _) in alerts() {
        assert!(
            tests.contains(&format!("alertname: {name}\n")),
            "{name} has no test"
        );
        let row = format!("| `{name}` |");
        assert!(
            book.contains(&row),
            "the book does not say what to do at {name}"
        );
    }
}
