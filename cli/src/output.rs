//! Data that commands hand out: to stdout, to files, as JSON in upstream's form.

use crate::exit;
use anyhow::{Context as _, bail};
use clap::builder::{OsStringValueParser, TypedValueParser as _};
use fpvm::AnyVm;
use fpvm_core::formats::files;
use serde::Serialize;
use std::ffi::OsString;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

/// How results are printed.
#[derive(Clone, Copy, PartialEq, Eq, Debug, clap::ValueEnum)]
pub(crate) enum Format {
    /// For people
    Text,
    /// For programs
    Json,
}

/// `--format`, and the shorter `--json`.
#[derive(Clone, Copy, Default, Debug, clap::Args)]
pub(crate) struct FormatArgs {
    /// How results are printed: for people, or as JSON; --json is the same as --format json
    #[arg(long, value_name = "FORM", default_value = "text")]
    format: Option<Format>,
    /// The same as --format json
    #[arg(long, hide = true, conflicts_with = "format")]
    json: bool,
}

impl FormatArgs {
    /// Whether JSON is asked for.
    pub(crate) fn is_json(self) -> bool {
        self.json || self.format == Some(Format::Json)
    }

    /// Refuses to write what flags send to stdout between JSON.
    ///
    /// # Errors
    /// If JSON is asked for, and one of the flags has stdout as its target; the text names it.
    pub(crate) fn alone<'t>(
        self,
        targets: impl IntoIterator<Item = (&'static str, &'t Target)>,
    ) -> anyhow::Result<()> {
        let mut targets = targets.into_iter();
        match targets.find(|(_, target)| self.is_json() && **target == Target::Stdout) {
            Some((flag, _)) => {
                bail!("{flag} - and --json would both write to standard output: give {flag} a file")
            }
            None => Ok(()),
        }
    }

    /// The form that is asked for.
    pub(crate) fn get(self) -> Format {
        if self.is_json() {
            Format::Json
        } else {
            Format::Text
        }
    }
}

/// Where a command's output goes, as upstream's flags have it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum Target {
    /// "": nowhere.
    Nowhere,
    /// "-".
    Stdout,
    /// A file; compressed where its name ends in `.gz`.
    File(PathBuf),
}

impl From<OsString> for Target {
    fn from(text: OsString) -> Self {
        match text.to_str() {
            Some("") => Self::Nowhere,
            Some("-") => Self::Stdout,
            _ => Self::File(text.into()),
        }
    }
}

impl From<&str> for Target {
    fn from(text: &str) -> Self {
        OsString::from(text).into()
    }
}

impl Target {
    /// Parses a flag's value, the empty one included.
    pub(crate) fn parser() -> impl clap::builder::TypedValueParser<Value = Self> {
        OsStringValueParser::new().map(Self::from)
    }

    /// Writes what `contents` makes: as a whole or, in a file, not at all.
    pub(crate) fn write(
        &self,
        contents: impl FnOnce(&mut dyn Write) -> io::Result<()>,
    ) -> anyhow::Result<()> {
        match self {
            Self::Nowhere => Ok(()),
            Self::Stdout => to_stdout(contents),
            Self::File(path) => files::write(path, contents)
                .with_context(|| format!("cannot write {}", path.display())),
        }
    }

    /// The file.
    pub(crate) fn path(&self) -> Option<&Path> {
        match self {
            Self::File(path) => Some(path),
            Self::Nowhere | Self::Stdout => None,
        }
    }

    /// Tries whether it can be written to, so that nothing is run whose results would be lost.
    pub(crate) fn try_place(&self) -> anyhow::Result<()> {
        match self {
            Self::Nowhere | Self::Stdout => Ok(()),
            Self::File(path) => {
                files::try_write(path).with_context(|| format!("cannot write {}", path.display()))
            }
        }
    }

    /// Writes a value as JSON, in upstream's form.
    pub(crate) fn write_json(&self, value: &impl Serialize) -> anyhow::Result<()> {
        self.write(|out| json(out, value))
    }

    /// Writes a state, in the format that the name tells.
    pub(crate) fn write_state(&self, vm: &mut dyn AnyVm) -> anyhow::Result<()> {
        match self {
            Self::Nowhere => Ok(()),
            Self::Stdout => to_stdout(|out| vm.write_json(out)),
            Self::File(path) => vm.save(path).context("cannot write the state"),
        }
    }
}

/// Writes to stdout, all at once or in pieces.
pub(crate) fn to_stdout(
    contents: impl FnOnce(&mut dyn Write) -> io::Result<()>,
) -> anyhow::Result<()> {
    let mut out = io::BufWriter::new(io::stdout().lock());
    let written = contents(&mut out).and_then(|()| out.flush());
    if written.is_err() {
        // What is left in the buffer could only fail once more.
        drop(out.into_parts());
    }
    written.map_err(exit::stdout)
}

/// Prints text to stdout.
pub(crate) fn print(text: &str) -> anyhow::Result<()> {
    to_stdout(|out| out.write_all(text.as_bytes()))
}

/// JSON as upstream writes it: two spaces deep, then two line breaks.
pub(crate) fn json(out: &mut dyn Write, value: &impl Serialize) -> io::Result<()> {
    serde_json::to_writer_pretty(&mut *out, value)?;
    out.write_all(b"\n\n")
}

/// A line of JSON, for output that is read line by line.
pub(crate) fn json_line(out: &mut dyn Write, value: &impl Serialize) -> io::Result<()> {
    serde_json::to_writer(&mut *out, value)?;
    out.write_all(b"\n")
}

/// A file name for each step, as Go's `fmt.Sprintf` makes it from a format with `%d`.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct StepFormat(String);

impl StepFormat {
    /// Parses a format; only `%d`, with a width if need be, and `%%` can be in it.
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        let format = Self(text.into());
        format.name(0).map(|_| format).ok_or_else(|| {
            "only %d (the step; %08d for 8 digits) and %% (a percent sign) can be in it".into()
        })
    }

    /// Whether all steps have the same name.
    pub(crate) fn is_constant(&self) -> bool {
        self.name(1) == self.name(2)
    }

    /// Where a step's file goes.
    pub(crate) fn target(&self, step: u64) -> Target {
        Target::from(self.name(step).unwrap_or_default().as_str())
    }

    fn name(&self, step: u64) -> Option<String> {
        let (mut name, mut rest) = (String::new(), self.0.as_str());
        while let Some((before, after)) = rest.split_once('%') {
            name.push_str(before);
            let verb = after.find(|c: char| !c.is_ascii_digit())?;
            let (width, after) = after.split_at(verb);
            let mut after = after.chars();
            match after.next()? {
                '%' if width.is_empty() => name.push('%'),
                'd' => name.push_str(&padded(step, width)?),
                _ => return None,
            }
            rest = after.as_str();
        }
        name.push_str(rest);
        Some(name)
    }
}

/// A number in at least `width` characters; filled up with zeros where the width starts with one.
fn padded(number: u64, width: &str) -> Option<String> {
    let columns = if width.is_empty() {
        0
    } else {
        width.parse().ok().filter(|n| *n <= 32)?
    };
    Some(if width.starts_with('0') {
        format!("{number:0columns$}")
    } else {
        format!("{number:columns$}")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The commands that take `--json`, as the argument parser knows them.
    fn with_json(command: &clap::Command, name: &str, all: &mut Vec<String>) {
        let mut flags = command.get_arguments();
        if flags.any(|arg| arg.get_long() == Some("json")) {
            all.push(name.into());
        }
        for one in command.get_subcommands() {
            let name = format!("{name} {}", one.get_name());
            with_json(one, name.trim_start(), all);
        }
    }

    #[test]
    fn the_book_names_the_commands_with_json() {
        let mut all = Vec::new();
        with_json(&crate::cli::whole("fpvm"), "", &mut all);
        all.sort();
        assert!(all.len() > 20, "{all:?}");
        let names: Vec<_> = all.iter().map(|name| format!("`{name}`")).collect();
        spec_tests::book::current(
            "tables/json-commands.md",
            &format!("{}.\n", names.join(", ")),
        );
    }

    #[test]
    fn formats_are_go_s() {
        let name = |format: &str, step| StepFormat::parse(format).map(|f| f.name(step).unwrap());
        assert_eq!(name("proofs/%d.json.gz", 7).unwrap(), "proofs/7.json.gz");
        assert_eq!(name("%08d-%d%%", 42).unwrap(), "00000042-42%");
        assert_eq!(name("%3d", 1).unwrap(), "  1");
        for bad in ["%s", "%", "100%", "%99d", "%-d"] {
            assert!(name(bad, 1).is_err(), "{bad}");
        }
        assert!(StepFormat::parse("-").unwrap().is_constant());
        assert_eq!(StepFormat::parse("-").unwrap().target(3), Target::Stdout);
        assert!(!StepFormat::parse("%d").unwrap().is_constant());
    }
}
