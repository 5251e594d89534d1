//! Flags of one type of game with its name before them, as op-challenger has them: `--cannon-kona-prestates-url URL` is
//! `--prestates-url cannon-kona=URL`.

use clap::{Arg, Command};
use fpvm_challenger::game_type::GameType;
use std::ffi::{OsStr, OsString};

/// How the values' name of a flag begins that takes a type.
const TYPED: &str = "[TYPE=]";

/// Rewrites such flags of the command that the arguments are for.
pub(crate) fn rewrite(command: &Command, arguments: Vec<OsString>) -> Vec<OsString> {
    let Some((_, command)) = subcommand(command, &arguments) else {
        return arguments;
    };
    let mut rewritten = Vec::with_capacity(arguments.len());
    let mut rest = arguments.into_iter();
    while let Some(argument) = rest.next() {
        if argument == "--" {
            rewritten.push(argument);
            break;
        }
        let flag = argument.to_str().and_then(|text| text.strip_prefix("--"));
        let (name, value) = match flag.and_then(|flag| flag.split_once('=')) {
            Some((name, value)) => (Some(name), Some(OsString::from(value))),
            None => (flag, None),
        };
        let Some((game_type, flag)) = name.and_then(|name| find(command, name)) else {
            rewritten.push(argument);
            continue;
        };
        match value.or_else(|| rest.next()) {
            Some(value) => {
                let mut word = OsString::from(format!("--{flag}={game_type}="));
                word.push(value);
                rewritten.push(word);
            }
            // Whoever parses them says what is missing.
            None => rewritten.push(format!("--{flag}").into()),
        }
    }
    rewritten.extend(rest);
    rewritten
}

/// The command that arguments are for, and its place among them.
pub(crate) fn subcommand<'c>(
    command: &'c Command,
    arguments: &[OsString],
) -> Option<(usize, &'c Command)> {
    let words = arguments.iter().map(OsString::as_os_str);
    let own = words.take_while(|word| *word != OsStr::new("--"));
    own.enumerate().find_map(|(place, word)| {
        let found = command.find_subcommand(word.to_str()?)?;
        Some((place, found))
    })
}

/// The type and the flag that a name such as `cannon-kona-prestates-url` is made of.
pub(crate) fn find<'c>(command: &'c Command, name: &str) -> Option<(GameType, &'c str)> {
    if flag(command, name).is_some() {
        return None;
    }
    GameType::named().find_map(|game_type| {
        let rest = name.strip_prefix(game_type.name()?)?.strip_prefix('-')?;
        let flag = flag(command, rest).filter(|flag| is_typed(flag))?;
        Some((game_type, flag.get_long()?))
    })
}

/// The flag of a long name, or of another that it has.
pub(crate) fn flag<'c>(command: &'c Command, name: &str) -> Option<&'c Arg> {
    command.get_arguments().find(|arg| {
        let aliases = arg.get_all_aliases().unwrap_or_default();
        arg.get_long() == Some(name) || aliases.contains(&name)
    })
}

/// Whether a flag's values may be for one type of game.
pub(crate) fn is_typed(arg: &Arg) -> bool {
    let names = arg.get_value_names().unwrap_or_default();
    names.iter().any(|name| name.starts_with(TYPED))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_name_of_a_type_goes_into_the_value() {
        let command = crate::cli::whole("fpvm");
        let rewritten = |line: &str| {
            let words = line.split(' ').map(OsString::from).collect();
            let words = rewrite(&command, words).join(OsStr::new(" "));
            words.into_string().expect("text")
        };
        assert_eq!(
            rewritten(
                "-q challenge --cannon-prestates-url u --cannon-kona-prestates-url=v?a=b --rpc x"
            ),
            "-q challenge --prestates-url=cannon=u --prestates-url=cannon-kona=v?a=b --rpc x"
        );
        assert_eq!(
            rewritten("challenge --cannon-kona-server f -- host --cannon-prestate p"),
            "challenge --host-program=cannon-kona=f -- host --cannon-prestate p"
        );
        for same in [
            "challenge --prestates-url cannon=u",
            "challenge --canon-prestates-url u",
            "challenge --cannon-rpc u",
            "run --cannon-prestate p",
        ] {
            assert_eq!(rewritten(same), same);
        }
        assert_eq!(
            rewritten("challenge --cannon-prestate"),
            "challenge --prestate"
        );
    }
}
