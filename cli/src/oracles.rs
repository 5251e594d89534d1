//! Where a run's pre-images come from, and where the guest's output goes.

use anyhow::bail;
use clap::ArgGroup;
use fpvm_core::step::oracle::Console;
use fpvm_oracle::store::{self, Shared};
use fpvm_trace::{Preimages, Source};
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

/// Where pre-images come from.
#[derive(Clone, Debug, clap::Args)]
#[command(group = ArgGroup::new("a_host").multiple(true))]
pub(crate) struct SourceArgs {
    /// Take pre-images from this directory of files or database, and no host
    #[arg(long, value_name = "DIR|DB", conflicts_with = "host")]
    preimages: Option<PathBuf>,
    /// Write down in this database (or directory) what the host answers, for --preimages
    #[arg(long, value_name = "DB", requires = "a_host")]
    preimage_cache: Option<PathBuf>,
    /// End with an error where the host takes longer for an answer (30s, 5m, …)
    #[arg(long, value_name = "TIME", requires = "a_host", value_parser = crate::args::duration)]
    host_timeout: Option<Duration>,
    /// The host: a program that hands out pre-images on file descriptors 3 to 6, and its arguments
    #[arg(last = true, value_name = "HOST", group = "a_host")]
    host: Vec<OsString>,
}

impl SourceArgs {
    /// The words of a host that serves the same pre-images; `own` is this program. None where there
    /// are no pre-images.
    pub(crate) fn host_command(&self, own: &Path) -> Vec<OsString> {
        match &self.preimages {
            Some(store) => vec![own.into(), "preimages".into(), "serve".into(), store.into()],
            None => self.host.clone(),
        }
    }

    /// Whether there is a store or a host.
    pub(crate) const fn is_given(&self) -> bool {
        self.preimages.is_some() || !self.host.is_empty()
    }

    /// Where the pre-images come from; a cache is opened, and a host is not started yet.
    pub(crate) fn preimages(&self) -> anyhow::Result<Preimages> {
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

    /// Opens the store or starts the host.
    pub(crate) fn open(&self, cancel: &Arc<AtomicBool>) -> anyhow::Result<Source> {
        let fill = |word: &str| Ok::<_, fpvm_oracle::Error>(word.to_owned());
        Ok(self.preimages()?.open(None, cancel, &fill)?)
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
                match streams {
                    true => tracing::info!(target: "guest", stream = name, data, ""),
                    false => tracing::info!(target: "guest", data, ""),
                }
            }
        }
    }
}

fn is_text(text: &str) -> bool {
    text.bytes()
        .all(|byte| matches!(byte, 0x20..0x7f | b'\n' | b'\t'))
}
