//! The source of the pre-images of a program's executions, opened once for any number of machines.

use std::ffi::OsString;
use std::path::Path;
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

use fpvm_core::step::oracle::{NoOracle, Oracle, OracleError};
use fpvm_oracle::store::{self, Layered, Memory, Shared, Store};
use fpvm_oracle::{Checked, Error, Host, HostOptions, Recorder, Replay, Stats};

/// Where pre-images come from. Each execution gets a [`Source`] of its own from it.
#[derive(Clone, Debug)]
pub enum Preimages {
    /// There are no pre-images.
    Nowhere,
    /// A store has them.
    Store(Shared),
    /// A host hands them out, one process for each source.
    Host {
        /// Its program and arguments; not empty.
        words: Vec<OsString>,
        /// The longest time that an answer may take; `None` for no limit.
        timeout: Option<Duration>,
        /// The cache of its answers. All sources share it, because a database has one writer.
        cache: Option<Shared>,
    },
}

/// The pre-images of one execution, or of several that ask one at a time.
#[allow(missing_debug_implementations, reason = "a store need not have one")]
pub enum Source {
    /// None: hints are dropped, and a read is an error.
    None(NoOracle),
    /// From a store.
    Store(Checked<Replay<Box<dyn Store>>>),
    /// From a host.
    Host(Checked<Host>),
    /// From a host whose answers are written down.
    Recorded(Checked<Recorder<Host, Shared>>),
}

impl Preimages {
    /// The pre-images in the store at a path.
    ///
    /// # Errors
    /// If there is no store.
    pub fn stored(path: &Path) -> Result<Self, Error> {
        Ok(Self::Store(Shared::new(store::open(path)?)))
    }

    /// The pre-images of a host, also written to a cache at a path if one is given.
    ///
    /// # Errors
    /// If the cache cannot be written.
    pub fn host(
        words: Vec<OsString>,
        timeout: Option<Duration>,
        cache: Option<&Path>,
    ) -> Result<Self, Error> {
        let cache = cache.map(store::create).transpose()?;
        Ok(Self::Host {
            words,
            timeout,
            cache: cache.map(Shared::new),
        })
    }

    /// A source: the store, with local pre-images on top if there are some, or a host that is started with its
    /// words after `fill` has replaced their placeholders.
    ///
    /// # Errors
    /// If the host cannot be started, or `fill` fails.
    pub fn open<E: From<Error>>(
        &self,
        local: Option<Memory>,
        cancel: &Arc<AtomicBool>,
        fill: &dyn Fn(&str) -> Result<String, E>,
    ) -> Result<Source, E> {
        match self {
            Self::Nowhere => Ok(Source::None(NoOracle)),
            Self::Store(store) => {
                let name = store.to_string();
                let lower = store.clone();
                let store: Box<dyn Store> = match local {
                    Some(upper) => Box::new(Layered { upper, lower }),
                    None => Box::new(lower),
                };
                Ok(Source::Store(Checked::new(Replay::new(store), name)))
            }
            Self::Host {
                words,
                timeout,
                cache,
            } => {
                let words = words.iter().map(|word| match word.to_str() {
                    Some(word) => fill(word).map(OsString::from),
                    None => Ok(word.clone()),
                });
                let words = words.collect::<Result<Vec<_>, E>>()?;
                let (program, arguments) = match words.split_first() {
                    Some((program, arguments)) => (program.clone(), arguments),
                    None => (OsString::new(), &[][..]),
                };
                let name = format!("the host `{}`", program.to_string_lossy());
                let mut command = Command::new(program);
                command.args(arguments);
                let options = HostOptions {
                    timeout: *timeout,
                    cancel: cancel.clone(),
                    ..HostOptions::default()
                };
                let host = Host::start(command, options)?;
                Ok(match cache {
                    Some(cache) => {
                        let recorder = Recorder::new(host, cache.clone());
                        Source::Recorded(Checked::new(recorder, name))
                    }
                    None => Source::Host(Checked::new(host, name)),
                })
            }
        }
    }
}

impl Source {
    /// Counts of what has been asked for.
    pub fn stats(&self) -> Stats {
        match self {
            Self::None(_) => Stats::default(),
            Self::Store(store) => store.stats(),
            Self::Host(host) => host.stats(),
            Self::Recorded(recorder) => recorder.stats(),
        }
    }

    /// Ends the host, and writes the rest of the cache.
    ///
    /// # Errors
    /// If the cache cannot be written.
    pub fn finish(self) -> Result<(), Error> {
        match self {
            Self::None(_) | Self::Store(_) => {}
            Self::Host(host) => {
                host.into_inner().stop();
            }
            Self::Recorded(recorder) => {
                recorder.into_inner().finish()?.stop();
            }
        }
        Ok(())
    }
}

impl Oracle for Source {
    fn hint(&mut self, hint: &[u8]) -> Result<(), OracleError> {
        match self {
            Self::None(none) => none.hint(hint),
            Self::Store(store) => store.hint(hint),
            Self::Host(host) => host.hint(hint),
            Self::Recorded(recorder) => recorder.hint(hint),
        }
    }

    fn preimage(&mut self, key: [u8; 32]) -> Result<Arc<[u8]>, OracleError> {
        match self {
            Self::None(none) => none.preimage(key),
            Self::Store(store) => store.preimage(key),
            Self::Host(host) => host.preimage(key),
            Self::Recorded(recorder) => recorder.preimage(key),
        }
    }
}
