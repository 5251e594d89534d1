//! Accounts and hashes as flags: what is wrong with one, said in words that name how many digits it takes.

use clap::builder::ValueParser;
use clap::{Arg, Command};
use fpvm_l1::{Address, B256};
use std::any::TypeId;
use std::str::FromStr;

/// Has each flag of an account or a hash say what it takes, where a value is none.
pub(crate) fn with_words(command: Command) -> Command {
    command.mut_args(of_flag).mut_subcommands(with_words)
}

fn of_flag(arg: Arg) -> Arg {
    let is = |kind: TypeId| arg.get_value_parser().type_id() == kind;
    if is(TypeId::of::<Address>()) {
        arg.value_parser(ValueParser::new(parse::<Address, 40>))
    } else if is(TypeId::of::<B256>()) {
        arg.value_parser(ValueParser::new(parse::<B256, 64>))
    } else {
        arg
    }
}

/// A value of so many digits.
fn parse<T: FromStr, const DIGITS: usize>(text: &str) -> Result<T, String> {
    text.parse().map_err(|_| {
        let digits = text.strip_prefix("0x").unwrap_or(text);
        let what = match DIGITS {
            40 => "an address",
            _ => "a hash",
        };
        match digits.chars().find(|c| !c.is_ascii_hexdigit()) {
            Some(c) => format!("{what} is 0x and {DIGITS} hexadecimal digits; {c:?} is none"),
            None => format!(
                "{what} is 0x and {DIGITS} hexadecimal digits, and these are {}",
                digits.len()
            ),
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_wrong_is_said_in_words() {
        let said = |text: &str| parse::<Address, 40>(text).unwrap_err();
        assert_eq!(
            said("0x12"),
            "an address is 0x and 40 hexadecimal digits, and these are 2"
        );
        assert_eq!(
            said("me"),
            "an address is 0x and 40 hexadecimal digits; 'm' is none"
        );
        assert!(parse::<B256, 64>(&"ab".repeat(32)).is_ok());
        assert!(
            parse::<B256, 64>(&"ab".repeat(31))
                .unwrap_err()
                .ends_with("62")
        );
    }

    #[test]
    fn no_flag_is_left_with_the_library_s_words() {
        fn look(command: &Command, seen: &mut usize) {
            for arg in command.get_arguments() {
                let kind = arg.get_value_parser().type_id();
                if kind == TypeId::of::<Address>() || kind == TypeId::of::<B256>() {
                    *seen += 1;
                    let parser = arg.get_value_parser();
                    assert!(format!("{parser:?}").contains("other"), "{arg}: {parser:?}");
                }
            }
            command.get_subcommands().for_each(|one| look(one, seen));
        }
        let mut seen = 0;
        look(&with_words(crate::cli::whole("fpvm")), &mut seen);
        assert!(seen > 10, "{seen}");
    }
}
