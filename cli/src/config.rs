//! A file with flags: each key is the long name of a flag. Flags on the command line and in the environment go before it.
//!
//! One file may be for several commands. What stands above all sections is for all of them that have such a flag; a section
//! with the name of a command, such as `[monitor]`, is for that one, and goes before what stands above.

pub(crate) mod check;

use crate::args::likely;
use crate::typed_flags::{find, flag, is_typed, subcommand};
use anyhow::{Context as _, anyhow, bail};
use clap::parser::ValueSource;
use clap::{Arg, ArgMatches, Command};
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use toml::{Table, Value};

/// The flag that names the file.
const CONFIG: &str = "config";
/// The key of the words after `--`.
const HOST: &str = "host";

/// The arguments, with those of the file that they name.
pub(crate) fn with_file(
    command: &Command,
    name: &str,
    mut arguments: Vec<OsString>,
) -> anyhow::Result<Vec<OsString>> {
    let Some((place, command_of)) = subcommand(command, &arguments) else {
        return Ok(arguments);
    };
    if !takes_file(command_of) {
        return Ok(arguments);
    }
    // What is missing may be in the file; what is wrong is said when all is there.
    let whole = std::iter::once(name.into()).chain(arguments.iter().cloned());
    let first = command.clone().ignore_errors(true);
    let Ok(matches) = first.try_get_matches_from(whole) else {
        return Ok(arguments);
    };
    let Some((_, given)) = matches.subcommand() else {
        return Ok(arguments);
    };
    let Some(path) = given.get_one::<PathBuf>(CONFIG) else {
        return Ok(arguments);
    };
    let (words, host) = words(command, command_of, given, &read(path)?.1)
        .with_context(|| format!("in {}", path.display()))?;
    let after = place + 1;
    arguments.splice(after..after, words);
    if !host.is_empty() && !arguments.iter().any(|word| word == "--") {
        arguments.push("--".into());
        arguments.extend(host);
    }
    Ok(arguments)
}

/// A file's text, and what it says.
pub(crate) fn read(path: &Path) -> anyhow::Result<(String, Table)> {
    let text = std::fs::read_to_string(path);
    let text = text.with_context(|| format!("cannot read {}", path.display()))?;
    // The line itself may hold a key.
    let table = text.parse::<Table>().map_err(|error| {
        let before = error.span().and_then(|span| text.get(..span.start));
        let line = before.map_or(1, |before| before.matches('\n').count() + 1);
        let (path, why) = (path.display(), error.message());
        anyhow!("{path} is no TOML file: {why}, in line {line}")
    })?;
    Ok((text, table))
}

/// Whether a command takes its flags from a file.
fn takes_file(command: &Command) -> bool {
    command.get_arguments().any(|arg| arg.get_id() == CONFIG)
}

/// The commands that take their flags from a file.
fn commands(root: &Command) -> impl Iterator<Item = &Command> {
    root.get_subcommands().filter(|one| takes_file(one))
}

/// What a key is for a command.
#[derive(Clone, Debug)]
enum Meaning<'c> {
    /// A flag, and what stands before its values: `TYPE=`, or nothing.
    Flag(&'c Arg, String),
    /// The words after `--`.
    Host,
}

impl Meaning<'_> {
    fn is_same(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Host, Self::Host) => true,
            (Self::Flag(one, of), Self::Flag(other, of_other)) => {
                one.get_id() == other.get_id() && of == of_other
            }
            _ => false,
        }
    }
}

/// What a key is for a command; `None` where it is nothing.
fn meaning<'c>(command: &'c Command, key: &str) -> Option<Meaning<'c>> {
    if key == HOST {
        let takes_host = command.get_positionals().any(Arg::is_last_set);
        return takes_host.then_some(Meaning::Host);
    }
    if let Some(arg) = flag(command, key) {
        return Some(Meaning::Flag(arg, String::new()));
    }
    let (game_type, name) = find(command, key)?;
    Some(Meaning::Flag(flag(command, name)?, format!("{game_type}=")))
}

/// A key of a file, with its value.
struct Setting<'f, 'c> {
    key: &'f str,
    value: &'f Value,
    meaning: Meaning<'c>,
}

/// What a file has for a command; `unknown` gets each key that is nothing, with the name of its section.
fn settings<'f, 'c>(
    root: &Command,
    command: &'c Command,
    table: &'f Table,
    unknown: &mut dyn FnMut(Option<&str>, &str),
) -> Vec<Setting<'f, 'c>> {
    let mut found: Vec<Setting<'f, 'c>> = Vec::new();
    let name = command.get_name();
    let section = table.get(name).and_then(Value::as_table);
    for (key, value) in section.into_iter().flatten() {
        match meaning(command, key) {
            Some(meaning) => found.push(Setting {
                key,
                value,
                meaning,
            }),
            None => unknown(Some(name), key),
        }
    }
    for (key, value) in table {
        let is_section = value.is_table() && commands(root).any(|one| one.get_name() == key);
        match meaning(command, key) {
            _ if is_section => {}
            Some(meaning) => {
                if !found.iter().any(|own| own.meaning.is_same(&meaning)) {
                    found.push(Setting {
                        key,
                        value,
                        meaning,
                    });
                }
            }
            None if commands(root).any(|one| meaning(one, key).is_some()) => {}
            None => unknown(None, key),
        }
    }
    found
}

/// The words that a file stands for: flags, and those after `--`.
fn words(
    root: &Command,
    command: &Command,
    given: &ArgMatches,
    table: &Table,
) -> anyhow::Result<(Vec<OsString>, Vec<OsString>)> {
    let mut error = None;
    let all = settings(root, command, table, &mut |_, key| {
        error.get_or_insert_with(|| unknown(command, key));
    });
    if let Some(error) = error {
        return Err(error);
    }
    let (mut words, mut host) = (Vec::new(), Vec::new());
    for Setting {
        key,
        value,
        meaning,
    } in all
    {
        let Meaning::Flag(arg, prefix) = meaning else {
            host = self::host(value)?;
            continue;
        };
        let source = given.value_source(arg.get_id().as_str());
        let flag = flag_words(arg, key, &prefix, value)?;
        if !matches!(
            source,
            Some(ValueSource::CommandLine | ValueSource::EnvVariable)
        ) {
            words.extend(flag);
        }
    }
    Ok((words, host))
}

/// The words of one flag.
fn flag_words(arg: &Arg, key: &str, prefix: &str, value: &Value) -> anyhow::Result<Vec<OsString>> {
    if [CONFIG, "help"].contains(&arg.get_id().as_str()) {
        bail!("`{key}` cannot stand in a file");
    }
    let name = arg.get_long().unwrap_or_default();
    if !arg.get_action().takes_values() {
        return match value {
            Value::Boolean(true) => Ok(vec![format!("--{name}").into()]),
            Value::Boolean(false) => Ok(Vec::new()),
            _ => bail!("`{key}` is true or false"),
        };
    }
    let texts: Vec<String> = match value {
        Value::Array(all) if is_list(arg) => {
            let texts = all.iter().map(|one| text(key, one));
            texts.collect::<anyhow::Result<_>>()?
        }
        Value::Array(_) => bail!("`{key}` has one value, and no list of them"),
        Value::Table(all) if is_typed(arg) && prefix.is_empty() => {
            let texts = all
                .iter()
                .map(|(of, one)| Ok(format!("{of}={}", text(key, one)?)));
            texts.collect::<anyhow::Result<_>>()?
        }
        one => vec![text(key, one)?],
    };
    let word = |text| OsString::from(format!("--{name}={prefix}{text}"));
    Ok(texts.into_iter().map(word).collect())
}

fn is_list(arg: &Arg) -> bool {
    matches!(arg.get_action(), clap::ArgAction::Append)
}

/// A value as it stands on a command line.
fn text(key: &str, value: &Value) -> anyhow::Result<String> {
    Ok(match value {
        Value::String(text) => text.clone(),
        Value::Integer(number) => number.to_string(),
        Value::Float(number) => number.to_string(),
        Value::Boolean(is_so) => is_so.to_string(),
        Value::Datetime(_) | Value::Array(_) | Value::Table(_) => {
            let kind = value.type_str();
            bail!("`{key}` has a value that no flag can have: {kind}")
        }
    })
}

/// The words after `--`: a list, or a text that is split at blanks.
fn host(value: &Value) -> anyhow::Result<Vec<OsString>> {
    match value {
        Value::String(line) => Ok(line.split_whitespace().map(OsString::from).collect()),
        Value::Array(all) => {
            let words = all.iter().map(|one| Ok(text(HOST, one)?.into()));
            words.collect()
        }
        _ => bail!("`{HOST}` is a list of words"),
    }
}

/// Keys that whoever comes from elsewhere may write, and that have no place in a file.
const SECRETS: [&str; 5] = [
    "private-key",
    "mnemonic",
    "password",
    "keystore-password",
    "key",
];

/// What to say of a key that is no flag.
fn unknown(command: &Command, key: &str) -> anyhow::Error {
    if SECRETS.contains(&key) {
        return anyhow!(
            "`{key}` has no place in a file: the key that signs is in the environment, in a keystore or in a remote signer"
        );
    }
    let flags = command.get_arguments().filter_map(Arg::get_long);
    let names: Vec<_> = flags.chain([HOST]).collect();
    match likely(key, names.iter().copied()).first() {
        Some(name) => anyhow!("there is no flag `{key}`; is it `{name}`?"),
        None => anyhow!(
            "there is no flag `{key}`: see `{} --help`",
            command.get_name()
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli;

    /// The arguments with what a file of this text has to say.
    fn merged(line: &str, text: &str) -> anyhow::Result<String> {
        let folder = tempfile::tempdir()?;
        let path = folder.path().join("c.toml");
        std::fs::write(&path, text)?;
        let name = path.display().to_string();
        let words = line.split_whitespace();
        let words = words.map(|word| OsString::from(word.replace("FILE", &name)));
        let merged = with_file(&cli::whole("fpvm"), "fpvm", words.collect())?;
        let merged: Vec<_> = merged.iter().map(|word| word.to_string_lossy()).collect();
        Ok(merged
            .join(" ")
            .replace(&path.display().to_string(), "FILE"))
    }

    #[test]
    fn a_file_stands_for_flags_that_are_not_given() {
        let text = r#"
            rpc = "http://l1"
            once = true
            dry-run = false
            every = 1000
            game-type = ["cannon", 8]
            cannon-kona-prestates-url = "http://kona"
            host = ["kona-host", "--server"]
            [prestate]
            cannon = "a.bin.gz"
        "#;
        assert_eq!(
            merged("-q challenge --config FILE --every 7", text).unwrap(),
            "-q challenge --prestates-url=cannon-kona=http://kona --game-type=cannon --game-type=8 --once \
             --prestate=cannon=a.bin.gz --rpc=http://l1 --config FILE --every 7 -- kona-host --server"
        );
        // Words after `--` are given, too.
        let line = "challenge --rpc=x --once --prestate p --config=FILE -- host";
        let text = "rpc = 'y'\nprestate = 'q'\nhost = 'z'";
        assert_eq!(merged(line, text).unwrap(), line);
        // Other commands have no file.
        assert_eq!(
            merged("run --config FILE", "x").unwrap(),
            "run --config FILE"
        );
    }

    #[test]
    fn one_file_is_for_several_commands() {
        let text = r#"
            rpc = ["http://a", "http://b"]
            metrics = "127.0.0.1:1"
            once = true
            proposal-interval = "2h"
            host = "kona-host"
            [challenge]
            metrics = "127.0.0.1:2"
            cannon-kona-prestate = "a"
            [challenge.prestate]
            cannon = "b"
            [monitor]
            once = false
            http = "127.0.0.1:3"
        "#;
        let of = |command: &str| merged(&format!("{command} --config FILE"), text).unwrap();
        assert_eq!(
            of("challenge"),
            "challenge --prestate=cannon-kona=a --metrics=127.0.0.1:2 --prestate=cannon=b --once --rpc=http://a \
             --rpc=http://b --config FILE -- kona-host"
        );
        assert_eq!(
            of("monitor"),
            "monitor --http=127.0.0.1:3 --metrics=127.0.0.1:1 --rpc=http://a --rpc=http://b --config FILE"
        );
        assert_eq!(
            of("propose"),
            "propose --metrics=127.0.0.1:1 --once --proposal-interval=2h --rpc=http://a --rpc=http://b --config FILE"
        );
    }

    #[test]
    fn what_is_wrong_with_a_file_is_said() {
        for (text, why) in [
            (
                "prestate-url = 'x'",
                "there is no flag `prestate-url`; is it `prestates-url`?",
            ),
            (
                "cannon-kona-prestate-url = 'x'",
                "there is no flag `cannon-kona-prestate-url`",
            ),
            (
                "zzzz = 1",
                "there is no flag `zzzz`: see `challenge --help`",
            ),
            ("once = 'yes'", "`once` is true or false"),
            (
                "factory = ['a', 'b']",
                "`factory` has one value, and no list of them",
            ),
            (
                "[challenge]\nproposal-interval = '1h'",
                "there is no flag `proposal-interval`",
            ),
            ("private-key = '0x'", "`private-key` has no place in a file"),
            (
                "rpc = { a = 'b' }",
                "`rpc` has a value that no flag can have",
            ),
            (
                "prestates-url = [['a']]",
                "`prestates-url` has a value that no flag can have",
            ),
            ("host = 1", "`host` is a list of words"),
            ("config = 'x'", "`config` cannot stand in a file"),
            ("rpc = ", "is no TOML file"),
        ] {
            let error = merged("challenge --config FILE", text).expect_err(text);
            let error = format!("{error:#}");
            assert!(
                error.contains(why) && error.contains("c.toml"),
                "{text}: {error}"
            );
        }
        let line = "challenge --config /nowhere/c.toml";
        let error = merged(line, "").expect_err("it is not there").to_string();
        assert_eq!(error, "cannot read /nowhere/c.toml");
    }

    /// The examples of the book.
    #[test]
    fn the_examples_are_whole_command_lines() {
        for (name, file) in [
            ("challenge", "challenger.toml"),
            ("monitor", "monitor.toml"),
            ("propose", "proposer.toml"),
            ("rehearse", "rehearsal.toml"),
            ("challenge", "fpvm.toml"),
            ("monitor", "fpvm.toml"),
            ("propose", "fpvm.toml"),
            ("rehearse", "fpvm.toml"),
        ] {
            let path = format!("{}/../docs/{file}", env!("CARGO_MANIFEST_DIR"));
            let words = [name, "--config", &path].map(OsString::from);
            let command = cli::whole("fpvm");
            let words = with_file(&command, "fpvm", words.to_vec()).expect("a file");
            let whole = std::iter::once("fpvm".into()).chain(words);
            command
                .try_get_matches_from(whole)
                .expect("all that is needed");
        }
    }
}
