//! Where a run's pre-images come from, and where the guest's output goes.

use anyhow::{Context as _, bail};
use fpvm_core::step::oracle::{Console, NoOracle, Oracle, OracleError};
use fpvm_oracle::store::{self, Layered, Memory, Store};
use fpvm_oracle::{Checked, Host, HostOptions, Recorder, Replay, Stats};
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

/// Where pre-images come from.
#[derive(Clone, Debug, clap::Args)]
pub(crate) struct SourceArgs {
    /// Take pre-images from this directory of files or database, and no host
    #[arg(long, value_name = "DIR|DB", conflicts_with = "host")]
    preimages: Option<PathBuf>,
    /// Write down in this database (or directory) what the host answers, for --preimages
    #[arg(long, value_name = "DB", requires = "host")]
    preimage_cache: Option<PathBuf>,
    /// End with an error where the host takes longer for an answer (30s, 5m, …)
    #[arg(long, value_name = "TIME", requires = "host", value_parser = crate::args::duration)]
    host_timeout: Option<Duration>,
    /// The host: a program that hands out pre-images on file descriptors 3 to 6, and its arguments
    #[arg(last = true, value_name = "HOST")]
    host: Vec<OsString>,
}

/// The pre-images of one command.
pub(crate) enum Source {
    None(NoOracle),
    Store(Checked<Replay<Box<dyn Store>>>),
    Host(Checked<Host>),
    Recorded(Checked<Recorder<Host, Box<dyn Store>>>),
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

    /// Opens it for one dispute: the store with these local pre-images on top, or the host with its
    /// words filled in.
    pub(crate) fn open_for(
        &self,
        cancel: &Arc<AtomicBool>,
        local: Memory,
        fill: &dyn Fn(&str) -> anyhow::Result<String>,
    ) -> anyhow::Result<Source> {
        if let Some(path) = &self.preimages {
            return Source::stored(path, local);
        }
        let words = self.host.iter().map(|word| match word.to_str() {
            Some(word) => fill(word).map(OsString::from),
            None => Ok(word.clone()),
        });
        let filled = SourceArgs {
            host: words.collect::<anyhow::Result<_>>()?,
            ..self.clone()
        };
        filled.open(cancel)
    }

    /// Opens the store or starts the host.
    pub(crate) fn open(&self, cancel: &Arc<AtomicBool>) -> anyhow::Result<Source> {
        if let Some(path) = &self.preimages {
            let store = store::open(path)?;
            let name = store.to_string();
            return Ok(Source::Store(Checked::new(Replay::new(store), name)));
        }
        let Some((program, arguments)) = self.host.split_first() else {
            return Ok(Source::None(NoOracle));
        };
        if program.is_empty() {
            bail!("after `--` the host's program has to be named");
        }
        // Opened first: a host should not be started in vain.
        let cache = self
            .preimage_cache
            .as_deref()
            .map(store::create)
            .transpose()?;
        let mut command = Command::new(program);
        command.args(arguments);
        let options = HostOptions {
            timeout: self.host_timeout,
            cancel: cancel.clone(),
            ..HostOptions::default()
        };
        let name = format!("the host `{}`", program.to_string_lossy());
        let host = Host::start(command, options)?;
        Ok(match cache {
            Some(cache) => Source::Recorded(Checked::new(Recorder::new(host, cache), name)),
            None => Source::Host(Checked::new(host, name)),
        })
    }
}

impl Source {
    /// The store at a path, with these local pre-images on top.
    pub(crate) fn stored(path: &Path, local: Memory) -> anyhow::Result<Self> {
        let lower = store::open(path)?;
        let name = lower.to_string();
        let store: Box<dyn Store> = Box::new(Layered {
            upper: local,
            lower,
        });
        Ok(Source::Store(Checked::new(Replay::new(store), name)))
    }

    /// What has been asked for.
    pub(crate) fn stats(&self) -> Stats {
        match self {
            Source::None(_) => Stats::default(),
            Source::Store(store) => store.stats(),
            Source::Host(host) => host.stats(),
            Source::Recorded(recorder) => recorder.stats(),
        }
    }

    /// Ends the host, and writes out what the cache holds back.
    pub(crate) fn finish(self) -> anyhow::Result<()> {
        match self {
            Source::None(_) | Source::Store(_) => {}
            Source::Host(host) => {
                host.into_inner().stop();
            }
            Source::Recorded(recorder) => {
                let finished = recorder.into_inner().finish();
                finished.context("cannot write the pre-image cache")?.stop();
            }
        }
        Ok(())
    }
}

impl Oracle for Source {
    fn hint(&mut self, hint: &[u8]) -> Result<(), OracleError> {
        match self {
            Source::None(none) => none.hint(hint),
            Source::Store(store) => store.hint(hint),
            Source::Host(host) => host.hint(hint),
            Source::Recorded(recorder) => recorder.hint(hint),
        }
    }

    fn preimage(&mut self, key: [u8; 32]) -> Result<Arc<[u8]>, OracleError> {
        match self {
            Source::None(none) => none.preimage(key),
            Source::Store(store) => store.preimage(key),
            Source::Host(host) => host.preimage(key),
            Source::Recorded(recorder) => recorder.preimage(key),
        }
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
