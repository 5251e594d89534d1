//! Where a run's pre-images come from, and where the guest's output goes.

use crate::args::number;
use anyhow::{bail, ensure};
use fpvm_core::step::oracle::Console;
use fpvm_oracle::Key;
use fpvm_oracle::store::{self, Memory, Shared, Store as _};
use fpvm_trace::{Preimages, Source};
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

/// Where pre-images come from, local ones among them.
#[derive(Clone, Debug, clap::Args)]
pub(crate) struct SourceArgs {
    /// A local pre-image, in place of the store's: its bytes (1=0x…), or a number as a game loads it, in 8 bytes (4=102);
    /// may be given several times
    #[arg(long, value_name = "N=VALUE", value_parser = local, conflicts_with = "host")]
    local: Vec<(u64, Vec<u8>)>,
    #[command(flatten)]
    stored: StoreArgs,
}

/// Where pre-images come from: a store or a host.
#[derive(Clone, Debug, clap::Args)]
pub(crate) struct StoreArgs {
    /// Take pre-images from this directory of files or database, and no host
    #[arg(long, value_name = "DIR|DB", conflicts_with = "host")]
    preimages: Option<PathBuf>,
    /// Write down in this database (or directory) what the host answers, for --preimages
    #[arg(long, value_name = "DB")]
    preimage_cache: Option<PathBuf>,
    /// End with an error where the host takes longer for an answer (30s, 5m, …)
    #[arg(long, value_name = "TIME", value_parser = crate::args::duration)]
    host_timeout: Option<Duration>,
    /// The host: a program that hands out pre-images on file descriptors 3 to 6, and its arguments
    #[arg(last = true, value_name = "HOST")]
    host: Vec<OsString>,
}

/// `N=VALUE`: the index of a local pre-image, and its bytes.
fn local(text: &str) -> Result<(u64, Vec<u8>), String> {
    let (index, value) = text
        .split_once('=')
        .ok_or("N=0x… or N=NUMBER is expected")?;
    let index = number(index)?;
    let bytes = match value.strip_prefix("0x") {
        Some(digits) => const_hex::decode(digits)
            .map_err(|_| format!("`{value}` is no even number of hex digits"))?,
        None => number(value)?.to_be_bytes().to_vec(),
    };
    Ok((index, bytes))
}

impl SourceArgs {
    /// See [`StoreArgs::host_command`]; local pre-images of the command line are not among those served.
    pub(crate) fn host_command(&self, own: &Path) -> anyhow::Result<Vec<OsString>> {
        ensure!(
            self.local.is_empty(),
            "another program cannot be given --local: write the pre-images into the store"
        );
        Ok(self.stored.host_command(own))
    }

    /// Opens the store or starts the host.
    pub(crate) fn open(&self, cancel: &Arc<AtomicBool>) -> anyhow::Result<Source> {
        let fill = |word: &str| Ok::<_, fpvm_oracle::Error>(word.to_owned());
        let mut preimages = self.stored.preimages()?;
        if self.local.is_empty() {
            return Ok(preimages.open(None, cancel, &fill)?);
        }
        let mut local = Memory::default();
        for (index, value) in &self.local {
            local.put(Key::local(*index), value)?;
        }
        if matches!(preimages, Preimages::Nowhere) {
            preimages = Preimages::Store(Shared::new(Box::new(Memory::default())));
        }
        Ok(preimages.open(Some(local), cancel, &fill)?)
    }
}

impl StoreArgs {
    /// The words of a host that serves the same pre-images; `own` is this program. None where there
    /// are no pre-images.
    pub(crate) fn host_command(&self, own: &Path) -> Vec<OsString> {
        match &self.preimages {
            Some(store) => vec![own.into(), "preimages".into(), "serve".into(), store.into()],
            None => self.host.clone(),
        }
    }

    /// The program of the host that stands behind `--`.
    pub(crate) fn host_program(&self) -> Option<String> {
        let program = self.host.first();
        program.map(|program| program.to_string_lossy().into_owned())
    }

    /// Whether there is a store or a host.
    pub(crate) const fn is_given(&self) -> bool {
        self.preimages.is_some() || !self.host.is_empty()
    }

    /// Where the pre-images come from; a cache is opened, and a host is not started yet.
    pub(crate) fn preimages(&self) -> anyhow::Result<Preimages> {
        self.check()?;
        self.preimages_with(self.cache()?)
    }

    /// The same with a cache that is open.
    pub(crate) fn preimages_with(&self, cache: Option<Shared>) -> anyhow::Result<Preimages> {
        if let Some(path) = &self.preimages {
            return Ok(Preimages::stored(path)?);
        }
        let Some(program) = self.host.first() else {
            return Ok(Preimages::Nowhere);
        };
        if program.is_empty() {
            bail!("after `--` the host's program has to be named");
        }
        Ok(self.host(self.host.clone(), cache))
    }

    /// Checks that what is said of a host is said of one.
    pub(crate) fn check(&self) -> anyhow::Result<()> {
        let flags = [
            ("--preimage-cache", self.preimage_cache.is_some()),
            ("--host-timeout", self.host_timeout.is_some()),
        ];
        match flags.iter().find(|(_, is_given)| *is_given) {
            Some((flag, _)) if self.host.is_empty() => {
                bail!("{flag} is about a host: name one after `--`")
            }
            _ => Ok(()),
        }
    }

    /// A host by its command line.
    pub(crate) fn host(&self, words: Vec<OsString>, cache: Option<Shared>) -> Preimages {
        Preimages::Host {
            words,
            timeout: self.host_timeout,
            cache,
        }
    }

    /// Where hosts' answers are written down, opened: all hosts share it, because a database has one writer.
    pub(crate) fn cache(&self) -> anyhow::Result<Option<Shared>> {
        let cache = self.preimage_cache.as_deref().map(store::create);
        Ok(cache.transpose()?.map(Shared::new))
    }
}

/// Logs what the guest prints, a line for each write, as upstream does.
pub(crate) struct GuestLog {
    /// Whether the log tells the stream apart.
    pub(crate) streams: bool,
}

impl Console for GuestLog {
    fn print(&mut self, stream: u8, bytes: &[u8]) {
        let name = if stream == 2 { "stderr" } else { "stdout" };
        let text = std::str::from_utf8(bytes).ok().filter(|text| is_text(text));
        match (text, self.streams) {
            (Some(text), true) => tracing::info!(target: "guest", stream = name, text, ""),
            (Some(text), false) => tracing::info!(target: "guest", text, ""),
            (None, streams) => {
                let data = const_hex::encode_prefixed(bytes);
                let data = data.as_str();
                if streams {
                    tracing::info!(target: "guest", stream = name, data, "");
                } else {
                    tracing::info!(target: "guest", data, "");
                }
            }
        }
    }
}

fn is_text(text: &str) -> bool {
    text.bytes()
        .all(|byte| matches!(byte, 0x20..0x7f | b'\n' | b'\t'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn local_values_are_bytes_or_numbers() {
        assert_eq!(local("1=0x00ff"), Ok((1, vec![0, 0xff])));
        assert_eq!(local("4=102"), Ok((4, vec![0, 0, 0, 0, 0, 0, 0, 102])));
        assert_eq!(local("0x2=0x"), Ok((2, vec![])));
        for bad in ["", "1", "=", "x=1", "1=", "1=0x0", "1=0xgg", "-1=1"] {
            assert!(local(bad).is_err(), "{bad}");
        }
    }
}
