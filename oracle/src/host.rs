//! A host: the child process that fetches pre-images for a run, started as Cannon starts it.

mod patience;
mod process;

use std::fmt;
use std::io::{PipeReader, PipeWriter};
use std::os::fd::AsFd;
use std::process::{Command, ExitStatus};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use fpvm_core::step::oracle::{Oracle, OracleError};
use rustix::event::{PollFd, PollFlags, poll};

use crate::error::Error;
use crate::key::Key;
use crate::wire::{self, Limits};
use patience::{Patience, Patient};
use process::Process;

pub(crate) use process::inherited;

/// How long a host that died is given to be noticed, after its pipe was found closed.
const NOTICE: Duration = Duration::from_secs(1);

/// How a host is waited for.
#[derive(Clone, Debug)]
pub struct HostOptions {
    /// The longest a request may take, from its first byte to the answer's last; `None` waits for
    /// as long as the host lives.
    pub timeout: Option<Duration>,
    /// After this time, and each time that it passes again, the log warns of a slow request.
    pub warn_every: Duration,
    /// How long the host may take to end by itself once its pipes are closed.
    pub quiet_end: Duration,
    /// How long it may take after that and a SIGINT, before SIGKILL.
    pub polite_end: Duration,
    /// The longest messages accepted.
    pub limits: Limits,
    /// Set by anybody at any time to end the waiting, within 200 ms.
    pub cancel: Arc<AtomicBool>,
}

/// Cannon's times: a warning each 15 s, and 1 s and 30 s to end; no limit to an answer.
impl Default for HostOptions {
    fn default() -> Self {
        Self {
            timeout: None,
            warn_every: Duration::from_secs(15),
            quiet_end: Duration::from_secs(1),
            polite_end: Duration::from_secs(30),
            limits: Limits::default(),
            cancel: Arc::default(),
        }
    }
}

/// A running host process.
///
/// The host gets file descriptors 3 (reads hints), 4 (acknowledges them), 5 (reads keys) and 6
/// (writes pre-images), no stdin, `NO_COLOR=1`, and a process group of its own, so that Ctrl-C on
/// the terminal reaches the VM alone, which then ends the host in order. What it prints is logged
/// line by line (target `host`), so that the VM's stdout carries data only.
///
/// Unlike Cannon, this side keeps no copy of the host's pipe ends: a host that dies is noticed at
/// once, and a host that is done sees the end of its input.
///
/// After any error the pipes are closed and later requests fail too, because the rest of one answer
/// could be taken for the next one. The process is ended by [`stop`](Self::stop) or by dropping,
/// and on Linux the kernel kills it if this process dies in any other way.
#[derive(Debug)]
pub struct Host {
    program: String,
    process: Process,
    pipes: Option<Pipes>,
    options: HostOptions,
}

#[derive(Debug)]
struct Pipes {
    hints: Channel,
    preimages: Channel,
}

/// Our two ends of a channel to the host.
#[derive(Debug)]
struct Channel {
    to: PipeWriter,
    from: PipeReader,
}

/// What the host is asked for, in words.
enum Request<'a> {
    Hint(&'a [u8]),
    Preimage(Key),
}

impl Host {
    /// Starts a host. The command's arguments, environment and directory are the caller's;
    /// its standard streams are set here.
    pub fn start(command: Command, options: HostOptions) -> Result<Self, Error> {
        let program = command.get_program().to_string_lossy().into_owned();
        let start = || {
            let (hints, hint_ends) = Channel::new()?;
            let (preimages, preimage_ends) = Channel::new()?;
            let [hints_in, acks_out] = hint_ends;
            let [keys_in, values_out] = preimage_ends;
            let process = Process::spawn(command, [hints_in, acks_out, keys_in, values_out])?;
            Ok((process, Pipes { hints, preimages }))
        };
        match start() {
            Ok((process, pipes)) => Ok(Self {
                program,
                process,
                pipes: Some(pipes),
                options,
            }),
            Err(cause) => Err(Error::HostStart { program, cause }),
        }
    }

    /// The host's process id.
    pub fn id(&self) -> u32 {
        self.process.id()
    }

    /// Ends the host: closes its pipes, waits, sends SIGINT, waits longer, kills it. Returns how it
    /// ended; a failure of its own is logged.
    pub fn stop(mut self) -> Option<ExitStatus> {
        self.end()
    }

    fn end(&mut self) -> Option<ExitStatus> {
        self.pipes = None;
        let known = self.process.status().is_some();
        let interrupted = self.options.cancel.load(Ordering::Relaxed);
        let quiet_end = if interrupted {
            Duration::ZERO
        } else {
            self.options.quiet_end
        };
        let (status, signalled) = self.process.end(quiet_end, self.options.polite_end);
        if let Some(status) = status
            && !(signalled || known)
            && !status.success()
        {
            tracing::warn!("the host `{}` failed at its end ({status})", self.program);
        }
        status
    }

    /// One request and its answer.
    fn request<T>(
        &mut self,
        request: &Request<'_>,
        exchange: impl FnOnce(&Pipes, &Patience<'_>) -> Result<T, Error>,
    ) -> Result<T, Error> {
        let Some(pipes) = &self.pipes else {
            return Err(Error::HostGivenUp {
                program: self.program.clone(),
            });
        };
        let patience = Patience::new(&self.process, &self.options, &self.program, request);
        exchange(pipes, &patience).map_err(|cause| {
            // The host sees the end of its input, and nobody reads what it still sends.
            self.pipes = None;
            self.explain(request, cause)
        })
    }

    fn explain(&mut self, request: &Request<'_>, cause: Error) -> Error {
        let (program, request) = (self.program.clone(), request.to_string());
        match cause {
            Error::Cancelled | Error::HostTimeout { .. } => cause,
            Error::Closed(_) | Error::Short { .. } | Error::Pipe { .. } => {
                let status = self.process.wait(NOTICE);
                let (cause, said) = (Box::new(cause), self.process.last_line());
                Error::HostGone {
                    program,
                    status,
                    request,
                    cause,
                    said,
                }
            }
            cause => Error::HostAnswer {
                program,
                request,
                cause: Box::new(cause),
            },
        }
    }
}

impl Oracle for Host {
    fn hint(&mut self, hint: &[u8]) -> Result<(), OracleError> {
        let limits = self.options.limits;
        self.request(&Request::Hint(hint), |pipes, patience| {
            let (mut to, mut from) = pipes.hints.open(patience)?;
            wire::send_hint(&mut to, hint, &limits)?;
            wire::read_ack(&mut from)
        })?;
        Ok(())
    }

    fn preimage(&mut self, key: [u8; 32]) -> Result<Arc<[u8]>, OracleError> {
        let (key, limits) = (Key(key), self.options.limits);
        let value = self.request(&Request::Preimage(key), |pipes, patience| {
            let (mut to, mut from) = pipes.preimages.open(patience)?;
            wire::send_key(&mut to, key)?;
            wire::read_preimage(&mut from, &limits)
        })?;
        Ok(value)
    }
}

impl Drop for Host {
    fn drop(&mut self) {
        self.end();
    }
}

impl Channel {
    /// A channel, and the host's ends of it: to read from and to write to.
    fn new() -> std::io::Result<(Self, [std::os::fd::OwnedFd; 2])> {
        let (their_input, to) = std::io::pipe()?;
        let (from, their_output) = std::io::pipe()?;
        // Only our ends: with them non-blocking, all waiting is done in `Patience`.
        rustix::io::ioctl_fionbio(&to, true)?;
        rustix::io::ioctl_fionbio(&from, true)?;
        Ok((Self { to, from }, [their_input.into(), their_output.into()]))
    }

    /// Both ends for one request. Bytes that are there before the request are no answer to it.
    fn open<'a>(
        &'a self,
        patience: &'a Patience<'a>,
    ) -> Result<(Patient<'a, PipeWriter>, Patient<'a, PipeReader>), Error> {
        let mut early = [PollFd::from_borrowed_fd(self.from.as_fd(), PollFlags::IN)];
        let at_once = rustix::event::Timespec {
            tv_sec: 0,
            tv_nsec: 0,
        };
        if poll(&mut early, Some(&at_once)).is_ok_and(|n| n > 0)
            && early[0].revents().contains(PollFlags::IN)
        {
            return Err(Error::Unsolicited);
        }
        Ok((
            Patient::new(&self.to, patience),
            Patient::new(&self.from, patience),
        ))
    }
}

/// A hint is shown as the text it usually is, as far as a message has room.
impl fmt::Display for Request<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Request::Preimage(key) => write!(f, "{key}"),
            Request::Hint(hint) => {
                let start = hint.get(..80).unwrap_or(hint);
                let more = if start.len() < hint.len() { "…" } else { "" };
                write!(f, "hint `{}{more}`", process::printable(start))
            }
        }
    }
}
