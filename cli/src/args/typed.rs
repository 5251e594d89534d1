//! Values that count for games of one type, or of all: `VALUE`, or `TYPE=VALUE`.

use fpvm_challenger::game_type::{ByType, GameType};

/// A value, and the type of game that it counts for, where it does not for all.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Typed<T = String> {
    pub(crate) game_type: Option<GameType>,
    pub(crate) value: T,
}

impl Typed {
    /// Takes a value apart. What stands before `=` is a type where it could be a name or a number: an address or a
    /// path with a folder in it is neither.
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        let is_name = |name: &str| {
            let is_part = |c: char| c.is_ascii_alphanumeric() || c == '-';
            !name.is_empty() && name.chars().all(is_part)
        };
        let Some((name, value)) = text.split_once('=').filter(|(name, _)| is_name(name)) else {
            return Ok(Self {
                game_type: None,
                value: text.to_owned(),
            });
        };
        let game_type: GameType = name.parse().map_err(|error| format!("{error}"))?;
        Ok(Self {
            game_type: Some(game_type),
            value: value.to_owned(),
        })
    }
}

/// Typed values, with what `parse` makes of each.
pub(crate) fn by_type<T, E>(
    all: &[Typed],
    parse: impl Fn(&str) -> Result<T, E>,
) -> Result<ByType<T>, E> {
    let value = |typed: &Typed| Ok((typed.game_type, parse(&typed.value)?));
    all.iter().map(value).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_before_the_equals_sign_is_a_type() {
        let typed = |text| Typed::parse(text).map(|typed| (typed.game_type, typed.value));
        let of = |number, value: &str| Ok((Some(GameType(number)), value.to_owned()));
        assert_eq!(typed("cannon-kona=a=b"), of(8, "a=b"));
        assert_eq!(typed("8=https://h/?a=b"), of(8, "https://h/?a=b"));
        for all in ["https://h/?a=b", "./a=b", "x", ""] {
            assert_eq!(typed(all), Ok((None, all.to_owned())));
        }
        let error = typed("canon=x").expect_err("no type");
        assert!(error.starts_with("canon is no type of game"), "{error}");
    }
}
