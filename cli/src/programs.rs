//! Where the programs come from that games are about, and where what is found of them is kept, as flags say it.

use crate::args::{Typed, by_type};
use anyhow::Context as _;
use fpvm::AnyVm;
use fpvm_challenger::service::data_folder::DataFolder;
use fpvm_challenger::service::{Guest, PrestateSources, PrestateUrl};
use fpvm_trace::MachineError;
use std::convert::Infallible;
use std::path::{Path, PathBuf};
use tempfile::TempDir;

/// Flags that say where programs come from.
#[derive(Debug, clap::Args)]
#[group(id = "programs", multiple = true, args = ["prestate", "prestates_dir", "prestates_url"])]
pub(crate) struct ProgramArgs {
    /// A program (ELF) or its pre-state that games are about; may be given several times, and each game gets the one
    /// whose hash is its own
    #[arg(long, value_name = "[TYPE=]FILE", value_parser = Typed::parse)]
    prestate: Vec<Typed>,
    /// Find pre-states in this folder, as 0xHASH.bin.gz, .json.gz, .json or .bin; may be given several times
    #[arg(long, value_name = "[TYPE=]DIR", value_parser = Typed::parse)]
    prestates_dir: Vec<Typed>,
    /// The same in this folder on a web server
    #[arg(long, value_name = "[TYPE=]URL", value_parser = Typed::parse)]
    prestates_url: Vec<Typed>,
    /// Keep what is found there, and the host's data, in this folder [default: one for temporary files]
    #[arg(long, value_name = "DIR")]
    datadir: Option<PathBuf>,
    /// Keep that folder below this size: what hosts have fetched for games that are over is dropped first, then programs of
    /// such games, the oldest first. What a game in progress needs stays
    #[arg(long, value_name = "SIZE", value_parser = crate::args::size, default_value = "100GiB")]
    data_limit: u64,
}

/// A VM that was opened, as services take it.
pub(crate) fn guest(opened: anyhow::Result<Box<dyn AnyVm>>) -> Result<Guest, MachineError> {
    let vm = opened.map_err(|error| MachineError::Other(error.into()))?;
    Ok(vm as Guest)
}

/// The challenger's own folder.
pub(crate) enum DataDir {
    /// One that stays.
    Given(PathBuf),
    /// One that goes with it.
    Temporary(TempDir),
}

impl DataDir {
    /// The folder of what is to stay in any case.
    pub(crate) fn lasting(&self, name: &str) -> PathBuf {
        match self {
            Self::Given(path) => path.join(name),
            Self::Temporary(_) => std::env::temp_dir().join(format!("fpvm-{name}")),
        }
    }

    pub(crate) fn path(&self) -> &Path {
        match self {
            Self::Given(path) => path,
            Self::Temporary(folder) => folder.path(),
        }
    }
}

impl ProgramArgs {
    /// The folder that stays, where one is named.
    pub(crate) fn given_folder(&self) -> Option<PathBuf> {
        self.datadir.clone()
    }

    pub(crate) fn data_dir(&self) -> anyhow::Result<DataDir> {
        Ok(match &self.datadir {
            Some(path) => DataDir::Given(path.clone()),
            None => DataDir::Temporary(
                tempfile::tempdir().context("cannot make a folder for temporary files")?,
            ),
        })
    }

    /// Whether a program, or where there are some, is named.
    pub(crate) const fn is_given(&self) -> bool {
        !(self.prestate.is_empty()
            && self.prestates_dir.is_empty()
            && self.prestates_url.is_empty())
    }

    /// The folder that stays, with its limit.
    pub(crate) fn data_folder(&self) -> Option<DataFolder> {
        let path = self.datadir.clone()?;
        Some(DataFolder::new(path, self.data_limit))
    }

    pub(crate) fn sources(&self) -> anyhow::Result<PrestateSources> {
        let path = |text: &str| Ok::<_, Infallible>(PathBuf::from(text));
        let files = self.prestate.iter().map(|typed| (&typed.value).into());
        Ok(PrestateSources {
            files: files.collect(),
            folders: by_type(&self.prestates_dir, path)?,
            urls: by_type(&self.prestates_url, PrestateUrl::parse).map_err(anyhow::Error::msg)?,
            ..PrestateSources::default()
        })
    }
}
