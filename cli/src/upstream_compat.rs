//! The name that the program is invoked under: as `cannon` or `asterisc` it is that program.

use fpvm::AnyIsa;
use std::ffi::{OsStr, OsString};
use std::path::Path;

/// Whose defaults and output forms apply. Commands and flags are the same for all.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum UpstreamCompat {
    Fpvm,
    Cannon,
    Asterisc,
}

impl UpstreamCompat {
    /// By the file name of `argv[0]`.
    pub(crate) fn of(name: &OsStr) -> Self {
        match Path::new(name).file_stem().and_then(OsStr::to_str) {
            Some("cannon") => Self::Cannon,
            Some("asterisc") => Self::Asterisc,
            _ => Self::Fpvm,
        }
    }

    /// The name in help and errors.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Fpvm => "fpvm",
            Self::Cannon => "cannon",
            Self::Asterisc => "asterisc",
        }
    }

    /// Default of `run --output`: upstream always writes a state, fpvm where asked to.
    pub(crate) fn output(self, isa: &dyn AnyIsa) -> &'static str {
        self.upstream(if is_newer(isa) {
            "out.bin.gz"
        } else {
            "out.json"
        })
    }

    /// Default of `run --meta`: upstream's file has to be there.
    pub(crate) fn meta(self) -> &'static str {
        self.upstream("meta.json")
    }

    /// Default of `run --info-at`. At the speed of this VM, upstream's of 2024 would be hundreds of
    /// lines a second.
    pub(crate) fn info_at(self, isa: &dyn AnyIsa) -> &'static str {
        match self {
            Self::Fpvm => "%1000000000",
            _ if is_newer(isa) => "%1000000000",
            _ => "%100000",
        }
    }

    /// Default of `run --snapshot-fmt`.
    pub(crate) fn snapshot_fmt(self, isa: &dyn AnyIsa) -> &'static str {
        match self {
            Self::Fpvm => "state-%d.bin.gz",
            _ if is_newer(isa) => "state-%d.bin.gz",
            _ => "state-%d.json",
        }
    }

    fn upstream(self, default: &'static str) -> &'static str {
        match self {
            Self::Fpvm => "",
            _ => default,
        }
    }

    /// Upstream's argument parser takes long flags with one dash too; only the words before `--`
    /// are ours to change.
    pub(crate) fn rewrite(self, arguments: Vec<OsString>) -> Vec<OsString> {
        if self == Self::Fpvm {
            return arguments;
        }
        let mut own = true;
        let rewrite = |argument: OsString| {
            own &= argument != "--";
            match argument.to_str() {
                Some(text) if own && is_long_with_one_dash(text) => format!("-{text}").into(),
                _ => argument,
            }
        };
        arguments.into_iter().map(rewrite).collect()
    }
}

/// Whether upstream runs this VM by the program of 2026, whose defaults are others than those of 2024.
pub(crate) fn is_newer(isa: &dyn AnyIsa) -> bool {
    isa.version() >= Some(6)
}

fn is_long_with_one_dash(text: &str) -> bool {
    let mut letters = text.chars();
    letters.next() == Some('-')
        && letters.next().is_some_and(|c| c.is_ascii_lowercase())
        && letters.next().is_some_and(|c| c.is_ascii_lowercase())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_name_decides() {
        let of = |name: &str| UpstreamCompat::of(OsStr::new(name));
        assert_eq!(of("/opt/op/cannon"), UpstreamCompat::Cannon);
        assert_eq!(of("asterisc"), UpstreamCompat::Asterisc);
        assert_eq!(of("cannon-tests"), UpstreamCompat::Fpvm);
        assert_eq!(of(""), UpstreamCompat::Fpvm);
    }

    #[test]
    fn one_dash_is_enough_for_upstream() {
        let words = |words: &[&str]| words.iter().map(OsString::from).collect::<Vec<_>>();
        let given = words(&[
            "run", "-input", "a", "-o=-", "--meta", "-", "--", "host", "-flag",
        ]);
        let meant = words(&[
            "run", "--input", "a", "-o=-", "--meta", "-", "--", "host", "-flag",
        ]);
        assert_eq!(UpstreamCompat::Cannon.rewrite(given.clone()), meant);
        assert_eq!(UpstreamCompat::Fpvm.rewrite(given.clone()), given);
    }
}
