//! What is wrong with a file of flags, all at once, without running anything.

use super::{Meaning, Setting, commands, flag_words, host, meaning, settings, unknown};
use anyhow::bail;
use clap::Command;
use clap::error::{ContextKind, ContextValue, ErrorKind};
use fpvm_l1::without_secrets;
use serde::Serialize;
use std::collections::BTreeMap;
use std::error::Error as _;
use std::ffi::OsString;
use toml::{Table, Value};

/// What stands in a file, and what is wrong with it. Values are not shown, because they may be secrets.
#[derive(Debug, Serialize)]
pub(crate) struct Report {
    /// The commands that the file was checked for.
    pub(crate) commands: Vec<String>,
    /// Its keys, and who takes each.
    pub(crate) keys: Vec<Key>,
    /// What is wrong.
    pub(crate) problems: Vec<Problem>,
}

/// A key of a file.
#[derive(Debug, Serialize)]
pub(crate) struct Key {
    /// Its name.
    pub(crate) key: String,
    /// The section that it is in.
    pub(crate) section: Option<String>,
    /// Its line, from 1 on.
    pub(crate) line: Option<usize>,
    /// The commands that take it.
    pub(crate) commands: Vec<String>,
}

/// Something that is wrong.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub(crate) struct Problem {
    /// What kind of thing.
    pub(crate) kind: Kind,
    /// The command that it is about, where it is about one.
    pub(crate) command: Option<String>,
    /// The key that it is about, where there is one.
    pub(crate) key: Option<String>,
    /// The line, from 1 on.
    pub(crate) line: Option<usize>,
    /// What is wrong, in words.
    pub(crate) message: String,
}

/// Kinds of problems.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) enum Kind {
    /// No command has such a flag.
    Unknown,
    /// The value is none that the flag can have.
    Mistyped,
    /// A command cannot do without it.
    Missing,
    /// Two that cannot stand together.
    Contradictory,
}

/// Checks a file of this text for these commands; where none is named, for those that it has a section of, else for those
/// that have all its flags, else for all.
///
/// # Errors
/// If a name is none of a command that takes a file.
pub(crate) fn check(
    root: &Command,
    text: &str,
    table: &Table,
    only: &[String],
) -> anyhow::Result<Report> {
    let all: Vec<_> = commands(root).collect();
    let names: Vec<_> = all.iter().map(|command| command.get_name()).collect();
    if let Some(other) = only.iter().find(|name| !names.contains(&&***name)) {
        let names = names.join(", ");
        bail!("{other} takes no file; these do: {names}");
    }
    let keys = keys(&all, text, table);
    let mut chosen: Vec<&Command> = all.clone();
    if !only.is_empty() {
        chosen.retain(|command| only.iter().any(|name| name == command.get_name()));
    } else if all.iter().any(|command| is_section(table, command)) {
        chosen.retain(|command| is_section(table, command));
    } else {
        let takes_all = |command: &Command| {
            let taken = keys.iter().filter(|key| !key.commands.is_empty());
            let mut taken = taken.map(|key| key.commands.iter().any(|of| of == command.get_name()));
            taken.all(|takes| takes)
        };
        if all.iter().any(|command| takes_all(command)) {
            chosen.retain(|command| takes_all(command));
        }
    }
    let mut problems = Vec::new();
    for command in &chosen {
        for problem in of_command(root, command, text, table) {
            // A key that nobody has is none for each of them.
            let is_said = problems.iter().any(|said: &Problem| {
                let is_same = said.kind == Kind::Unknown && said.key == problem.key;
                *said == problem || is_same && said.line == problem.line
            });
            if !is_said {
                problems.push(problem);
            }
        }
    }
    // A file that several commands could read need not be for all of them.
    let is_for_all = !only.is_empty() || all.iter().any(|command| is_section(table, command));
    if is_for_all {
        problems.extend(shared(root, &chosen, text, table));
    }
    // Those of a line stand where the line is.
    problems.sort_by_key(|problem| problem.line.unwrap_or(usize::MAX));
    Ok(Report {
        commands: chosen.iter().map(|one| one.get_name().to_owned()).collect(),
        keys,
        problems,
    })
}

fn is_section(table: &Table, command: &Command) -> bool {
    table.get(command.get_name()).is_some_and(Value::is_table)
}

/// All keys, and who takes them.
fn keys(all: &[&Command], text: &str, table: &Table) -> Vec<Key> {
    let mut keys = Vec::new();
    for (key, value) in table {
        let of_section = all.iter().find(|command| command.get_name() == key);
        match (of_section, value) {
            (Some(command), Value::Table(section)) => {
                keys.extend(section.keys().map(|own| Key {
                    key: own.clone(),
                    section: Some(key.clone()),
                    line: line(text, Some(key), own),
                    commands: takers(&[command], own),
                }));
            }
            _ => keys.push(Key {
                key: key.clone(),
                section: None,
                line: line(text, None, key),
                commands: takers(all, key),
            }),
        }
    }
    keys.sort_by_key(|key| key.line);
    keys
}

fn takers(all: &[&Command], key: &str) -> Vec<String> {
    let takers = all.iter().filter(|command| meaning(command, key).is_some());
    takers
        .map(|command| command.get_name().to_owned())
        .collect()
}

/// What is wrong for one command.
fn of_command(root: &Command, command: &Command, text: &str, table: &Table) -> Vec<Problem> {
    let name = command.get_name();
    let mut problems = Vec::new();
    let problem = |kind, key: Option<&str>, line, message: String| Problem {
        kind,
        command: (kind != Kind::Unknown || line_is_own(table, name, key)).then(|| name.to_owned()),
        key: key.map(str::to_owned),
        line,
        message: without_secrets(&message),
    };
    let all = settings(root, command, table, &mut |section, key| {
        let at = line(text, section, key);
        let message = unknown(command, key).to_string();
        problems.push(problem(Kind::Unknown, Some(key), at, message));
    });
    let place = |key: &str| {
        let section = table.get(name).and_then(Value::as_table);
        let is_own = section.is_some_and(|section| section.contains_key(key));
        line(text, is_own.then_some(name), key)
    };
    let (mut words, mut after) = (Vec::new(), Vec::new());
    for Setting {
        key,
        value,
        meaning,
    } in all
    {
        let found = match &meaning {
            Meaning::Host => host(value).map(|words| after = words),
            Meaning::Flag(arg, prefix) => flag_words(arg, key, prefix, value).map(|found| {
                let long = arg.get_long().unwrap_or_default();
                words.push((key, long, found));
            }),
        };
        if let Err(error) = found {
            problems.push(problem(
                Kind::Mistyped,
                Some(key),
                place(key),
                error.to_string(),
            ));
        }
    }
    let key_of = |words: &[(&str, &str, Vec<OsString>)], flag: &str| {
        let found = words.iter().find(|(_, long, _)| *long == flag);
        found.map(|(key, ..)| (*key).to_owned())
    };
    // The parser ends at the first thing that is wrong: it is asked again without that.
    for _ in 0..=words.len() {
        let mut line = vec![OsString::from(root.get_name()), name.into()];
        line.extend(words.iter().flat_map(|(.., words)| words.clone()));
        if !after.is_empty() {
            line.push("--".into());
            line.extend(after.clone());
        }
        let Err(error) = root.clone().try_get_matches_from(line) else {
            break;
        };
        let about = names(error.get(ContextKind::InvalidArg));
        let flag = about.first().map(|text| long(text)).unwrap_or_default();
        let key = key_of(&words, &flag);
        let at = key.as_deref().and_then(place);
        let shown = key.as_deref().unwrap_or(&flag);
        let (kind, message) = match error.kind() {
            ErrorKind::MissingRequiredArgument => {
                let flags = about.join(", ");
                let message = format!(
                    "`{name}` needs {flags}, if the command line or the environment do not have it"
                );
                problems.push(problem(Kind::Missing, None, None, message));
                break;
            }
            ErrorKind::ArgumentConflict => {
                let others = names(error.get(ContextKind::PriorArg)).join(", ");
                (
                    Kind::Contradictory,
                    format!("`{shown}` cannot stand beside {others}"),
                )
            }
            _ => {
                let why = error.source().map(ToString::to_string);
                let values = names(error.get(ContextKind::ValidValue)).join(", ");
                let why = why.unwrap_or_else(|| format!("it is one of {values}"));
                (Kind::Mistyped, format!("`{shown}`: {why}"))
            }
        };
        problems.push(problem(kind, key.as_deref(), at, message));
        let before = words.len();
        words.retain(|(_, long, _)| *long != flag);
        if words.len() == before {
            break;
        }
    }
    let endpoint = table.get(name).and_then(|own| own.get("signer-endpoint"));
    let endpoint = endpoint.or_else(|| table.get("signer-endpoint"));
    let is_plain = endpoint.and_then(Value::as_str);
    let is_plain = is_plain.is_some_and(|endpoint| endpoint.starts_with("http://"));
    let tls = words
        .iter()
        .find(|(_, long, _)| long.starts_with("signer-tls-"));
    if let (true, Some((key, ..))) = (is_plain, tls) {
        let message =
            format!("`{key}` is for a signer at https://, and `signer-endpoint` is at http://");
        problems.push(problem(Kind::Contradictory, Some(key), place(key), message));
    }
    problems
}

/// Whether a key is in the section of a command.
fn line_is_own(table: &Table, name: &str, key: Option<&str>) -> bool {
    let section = table.get(name).and_then(Value::as_table);
    section.is_some_and(|section| key.is_some_and(|key| section.contains_key(key)))
}

/// Addresses that several commands would listen at.
fn shared(root: &Command, chosen: &[&Command], text: &str, table: &Table) -> Vec<Problem> {
    let mut at: BTreeMap<&str, Vec<(&str, &str)>> = BTreeMap::new();
    for command in chosen {
        for Setting { key, value, .. } in settings(root, command, table, &mut |_, _| {}) {
            if let (true, Some(address)) = (["metrics", "http"].contains(&key), value.as_str()) {
                at.entry(address)
                    .or_default()
                    .push((command.get_name(), key));
            }
        }
    }
    let several = at.into_values().filter(|users| users.len() > 1);
    several
        .map(|users| {
            let (_, key) = users.first().copied().unwrap_or_default();
            let all: Vec<_> = users
                .iter()
                .map(|(name, key)| format!("`{key}` of {name}"))
                .collect();
            let section = table
                .get(key)
                .is_none()
                .then(|| users.first().map(|(name, _)| *name));
            Problem {
                kind: Kind::Contradictory,
                command: None,
                key: Some(key.to_owned()),
                line: line(text, section.flatten(), key),
                message: format!(
                    "{} are one address: only one can listen there",
                    all.join(", ")
                ),
            }
        })
        .collect()
}

/// The names in an error of the parser.
fn names(value: Option<&ContextValue>) -> Vec<String> {
    match value {
        Some(ContextValue::String(name)) => vec![name.clone()],
        Some(ContextValue::Strings(names)) => names.clone(),
        _ => Vec::new(),
    }
}

/// `rpc` of `--rpc <URL>`.
fn long(text: &str) -> String {
    let name = text.trim_start_matches('-');
    let end = name.find([' ', '=', '<', '[']).unwrap_or(name.len());
    name.get(..end).unwrap_or_default().to_owned()
}

/// The line that a key stands in, from 1 on.
fn line(text: &str, section: Option<&str>, key: &str) -> Option<usize> {
    let mut current: Option<&str> = None;
    for (at, line) in text.lines().enumerate() {
        let line = line.trim();
        if let Some(header) = line.strip_prefix('[') {
            let header = header.split(']').next().unwrap_or_default().trim();
            let whole = section.map_or(key.to_owned(), |section| format!("{section}.{key}"));
            if header == whole {
                return Some(at + 1);
            }
            current = Some(header);
        } else if current == section
            && let Some((name, _)) = line.split_once('=')
            && name.trim().trim_matches(['"', '\'']).split('.').next() == Some(key)
        {
            return Some(at + 1);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn checked(text: &str, only: &[&str]) -> Report {
        let table = text.parse().expect("TOML");
        let only: Vec<_> = only.iter().map(|name| (*name).to_owned()).collect();
        check(&crate::cli::whole("fpvm"), text, &table, &only).expect("commands")
    }

    /// The problems, a line each: kind, command, line, message.
    fn problems(text: &str, only: &[&str]) -> Vec<String> {
        let problems = checked(text, only).problems;
        let line = |problem: Problem| {
            let command = problem.command.unwrap_or_default();
            let line = problem.line.unwrap_or(0);
            format!("{:?} {command}:{line}: {}", problem.kind, problem.message)
        };
        problems.into_iter().map(line).collect()
    }

    #[test]
    fn the_examples_have_nothing_wrong() {
        for (file, commands) in [
            (
                "fpvm.toml",
                &["challenge", "monitor", "propose", "rehearse"][..],
            ),
            ("challenger.toml", &["challenge", "rehearse"]),
            ("proposer.toml", &["propose"]),
            ("rehearsal.toml", &["rehearse"]),
        ] {
            let path = format!("{}/../docs/{file}", env!("CARGO_MANIFEST_DIR"));
            let report = checked(&std::fs::read_to_string(path).expect("a file"), &[]);
            assert_eq!(report.problems, [], "{file}");
            assert_eq!(report.commands, commands, "{file}");
            assert!(
                report.keys.iter().all(|key| key.line.is_some()),
                "{:?}",
                report.keys
            );
        }
    }

    #[test]
    fn all_that_is_wrong_is_said_at_once() {
        let text = "rollup-rcp = 'http://a'
patience = 'http://u:SECRET@h/SECRET'
max-concurrency = 'many'
metrics = '127.0.0.1:1'
rollup-rpc = 'http://r'
factory = [1, 2]

[challenge]
outputs = 'o'
prestate = 'p'
signer-tls-ca = 'ca'
signer-endpoint = 'http://s'
signer-address = '0x0000000000000000000000000000000000000001'
format = 'xml'

[monitor]
proposal-interval = '1h'
";
        let expected = [
            "Unknown :1: there is no flag `rollup-rcp`; is it `rollup-rpc`?",
            "Mistyped challenge:2: `patience`: `http://h/…` is no time, such as 90, 90s, 500ms, 1.5h or 3d12h",
            "Mistyped monitor:2: `patience`: `http://h/…` is no time, such as 90, 90s, 500ms, 1.5h or 3d12h",
            "Mistyped challenge:3: `max-concurrency`: `many` is no number from 0 to 2^64-1, such as 2000000, 2_000_000, 2e6, 1.5M or 0x1f",
            "Mistyped monitor:3: `max-concurrency`: `many` is no number from 0 to 2^64-1, such as 2000000, 2_000_000, 2e6, 1.5M or 0x1f",
            "Contradictory :4: `metrics` of challenge, `metrics` of monitor are one address: only one can listen there",
            "Mistyped challenge:6: `factory` has one value, and no list of them",
            "Mistyped monitor:6: `factory` has one value, and no list of them",
            "Contradictory challenge:9: `outputs` cannot stand beside --rollup-rpc <URL>",
            "Contradictory challenge:11: `signer-tls-ca` is for a signer at https://, and `signer-endpoint` is at http://",
            "Mistyped challenge:14: `format`: it is one of text, json",
            "Unknown monitor:17: there is no flag `proposal-interval`: see `monitor --help`",
            "Missing challenge:0: `challenge` needs",
            "Missing monitor:0: `monitor` needs --factory <ADDRESS>, --rpc <URL>, if the command line or the environment do not have it",
        ];
        let found = problems(text, &[]);
        for expected in expected {
            assert!(
                found.iter().any(|found| found.starts_with(expected)),
                "{expected}: {found:#?}"
            );
        }
        assert_eq!(found.len(), expected.len(), "{found:#?}");
        assert!(!format!("{found:?}").contains("SECRET"), "{found:?}");
    }

    #[test]
    fn a_file_is_checked_for_whom_it_is() {
        let text = "rpc = 'http://a'\nfactory = '0x0000000000000000000000000000000000000001'\nrollup-rpc = 'http://r'\n";
        assert_eq!(
            checked(text, &[]).commands,
            ["challenge", "monitor", "propose", "rehearse"]
        );
        assert_eq!(problems(text, &["monitor", "propose"]), [""; 0]);
        let found = problems("rollup-rpc = 'http://r'", &["monitor"]);
        let needed = "--factory <ADDRESS>, --rpc <URL>, if the command line or the environment do not have it";
        assert_eq!(
            found,
            [format!("Missing monitor:0: `monitor` needs {needed}")]
        );
        let keys = checked(&format!("{text}proposal-interval = '1h'"), &[]);
        assert_eq!(keys.commands, ["propose"]);
        let takers: Vec<_> = keys.keys.iter().map(|key| key.commands.len()).collect();
        assert_eq!(takers, [4, 4, 4, 1]);
        let table = Table::new();
        let error = check(&crate::cli::whole("fpvm"), "", &table, &["run".into()]);
        let error = error.expect_err("it takes none").to_string();
        assert_eq!(
            error,
            "run takes no file; these do: challenge, monitor, propose, rehearse"
        );
    }
}
