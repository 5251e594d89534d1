//! Flags that the environment sets: `FPVM_MAX_MEMORY` is `--max-memory` of every command that has it.

use clap::builder::{ArgPredicate, BoolishValueParser, TypedValueParser as _};
use clap::{Arg, ArgAction, Command};
use std::ffi::OsStr;

/// The variable that other tools of Ethereum read an L1 node's address from.
const ETH_RPC_URL: &str = "ETH_RPC_URL";

/// Flags that mean something else than those of the same name in other commands. Their variables have the command's name in
/// them: `FPVM_TRACE_FROM`.
const OWN: &[(&str, &str)] = &[
    ("bisect", "until"),
    ("checkpoints make", "dense"),
    ("checkpoints make", "every"),
    ("checkpoints make", "out"),
    ("checkpoints verify", "interval"),
    ("contract compile", "output"),
    ("contract emit", "output"),
    ("demo", "game"),
    ("demo", "seed"),
    ("disasm", "count"),
    ("disasm", "from"),
    ("disasm", "to"),
    ("game report", "output"),
    ("game resolve", "claim"),
    ("game watch", "every"),
    ("game watch", "once"),
    ("load-elf", "meta"),
    ("monitor", "max-concurrency"),
    ("profile", "every"),
    ("prove", "output"),
    ("trace", "from"),
    ("trace", "to"),
    ("witness", "output"),
];

/// Has each flag read its variable, where the command line does not give it. The address of a node that has to be given is
/// also read from `ETH_RPC_URL`. Switches are on with 1, true, yes or on, and off with 0, false, no or off.
pub(crate) fn read(command: Command) -> Command {
    read_by(command, "", &|name| {
        std::env::var(name).ok().filter(|value| !value.is_empty())
    })
}

fn read_by(command: Command, path: &str, get: &dyn Fn(&str) -> Option<String>) -> Command {
    let command = command.mut_args(|arg| with_variable(arg, path, get));
    command.mut_subcommands(|one| {
        let path = format!("{path} {}", one.get_name());
        read_by(one, path.trim_start(), get)
    })
}

fn with_variable(arg: Arg, path: &str, get: &dyn Fn(&str) -> Option<String>) -> Arg {
    let Some(long) = arg.get_long() else {
        return arg;
    };
    let own = variable(path, long);
    let value = get(&own);
    // Only a contract needs a node to verify by.
    if (path, long) == ("verify", "rpc") {
        return match value.or_else(|| get(ETH_RPC_URL)) {
            Some(url) => arg.default_value_if("contract", ArgPredicate::IsPresent, &*url.leak()),
            None => arg,
        };
    }
    let takes_values = arg.get_action().takes_values();
    match value {
        Some(_) if takes_values => with_name(arg, &own),
        Some(value) if matches!(arg.get_action(), ArgAction::SetTrue) => {
            // A switch that is off is as one that is not given, also to those that it excludes.
            let parser = BoolishValueParser::new();
            let on = parser.parse_ref(&Command::new("fpvm"), None, OsStr::new(&value));
            match on {
                Ok(false) => arg,
                _ => with_name(arg.value_parser(parser), &own),
            }
        }
        None if long == "rpc" && arg.is_required_set() && get(ETH_RPC_URL).is_some() => {
            with_name(arg, ETH_RPC_URL)
        }
        // A variable that is not set matters to nobody.
        _ => arg,
    }
}

fn with_name(arg: Arg, name: &str) -> Arg {
    // At most one for each flag, for the life of the process.
    let name: &'static str = name.to_owned().leak();
    arg.env(name).hide_env(true)
}

/// `FPVM_MAX_MEMORY` of `max-memory`, and `FPVM_TRACE_FROM` of `from` in `trace`.
fn variable(path: &str, long: &str) -> String {
    let own = OWN
        .contains(&(path, long))
        .then(|| format!("{path}-{long}"));
    let name = own.as_deref().unwrap_or(long);
    format!("FPVM_{}", name.replace(['-', '.', ' '], "_").to_uppercase())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::{BTreeMap, BTreeSet};

    /// Flags that are said in other words in several commands, and mean the same.
    const SAME: &[&str] = &[
        "challenge-period",
        "checkpoints",
        "dry-run",
        "factory",
        "format",
        "game",
        "game-type",
        "game-window",
        "from",
        "isa",
        "l2-chain-id",
        "l2-rpc",
        "metrics",
        "min-proposal-size",
        "once",
        "oracle",
        "outputs",
        "preimages",
        "prestate",
        "proof",
        "rollup-rpc",
        "shard",
        "step",
        "superroot-rpc",
        "type",
        "meta",
        "json",
    ];

    /// What each variable means: the name of its flag's value, and what its help says.
    fn meanings(
        command: &Command,
        path: &str,
        all: &mut BTreeMap<String, BTreeSet<(String, String)>>,
    ) {
        for arg in command.get_arguments() {
            let Some(long) = arg.get_long().filter(|_| !arg.is_global_set()) else {
                continue;
            };
            let names = arg.get_value_names().unwrap_or_default();
            let kind: String = names
                .iter()
                .map(|name| name.trim_start_matches("[TYPE=]"))
                .collect();
            let help = arg.get_help().map(ToString::to_string).unwrap_or_default();
            let help = if SAME.contains(&long) {
                String::new()
            } else {
                help
            };
            all.entry(variable(path, long))
                .or_default()
                .insert((kind, help));
        }
        for one in command.get_subcommands() {
            let path = format!("{path} {}", one.get_name());
            meanings(one, path.trim_start(), all);
        }
    }

    #[test]
    fn a_variable_has_one_meaning() {
        let mut all = BTreeMap::new();
        meanings(&crate::cli::whole("fpvm"), "", &mut all);
        let several = all.iter().filter(|(_, meanings)| meanings.len() > 1);
        let several: Vec<_> = several.collect();
        assert!(several.is_empty(), "{several:#?}");
        for name in [
            "FPVM_GAME",
            "FPVM_DEMO_GAME",
            "FPVM_FROM",
            "FPVM_TRACE_FROM",
            "FPVM_MAX_MEMORY",
        ] {
            assert!(all.contains_key(name), "{name}");
        }
        // What is listed is there.
        for (path, long) in OWN {
            assert!(all.contains_key(&variable(path, long)), "{path} --{long}");
        }
    }
}
