//! Waiting for a host: as long as it lives, and no longer than allowed.

use std::cell::Cell;
use std::io::{self, ErrorKind, PipeReader, PipeWriter, Read, Write};
use std::os::fd::AsFd;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::Errno;

use super::process::Process;
use super::{HostOptions, Request};
use crate::error::Error;

/// How often cancellation and the host's life are looked at.
const GLANCE: Duration = Duration::from_millis(200);

/// The waiting of one request.
pub(super) struct Patience<'a> {
    process: &'a Process,
    options: &'a HostOptions,
    program: &'a str,
    request: &'a Request<'a>,
    began: Instant,
    /// How many times the wait has been warned of.
    warnings: Cell<u32>,
}

impl<'a> Patience<'a> {
    pub(super) fn new(
        process: &'a Process,
        options: &'a HostOptions,
        program: &'a str,
        request: &'a Request<'a>,
    ) -> Self {
        let (began, warnings) = (Instant::now(), Cell::new(0));
        Patience {
            process,
            options,
            program,
            request,
            began,
            warnings,
        }
    }

    /// Waits until a descriptor can be read or written, or its other end is closed.
    fn wait(&self, end: &impl AsFd, flags: PollFlags) -> Result<(), Error> {
        loop {
            if self.options.cancel.load(Ordering::Relaxed) {
                return Err(Error::Cancelled);
            }
            let remaining = self.remaining()?;
            self.warn_if_due();
            // This comes first, so that the poll finds what the host wrote before it ended.
            let ended = self.process.has_ended();
            let nap = if ended {
                Duration::ZERO
            } else {
                GLANCE.min(remaining)
            };
            let mut ends = [PollFd::new(end, flags)];
            match poll(&mut ends, Some(&timespec(nap))) {
                Ok(0) if ended => return Err(Error::Closed("the answer")),
                Ok(0) | Err(Errno::INTR) => {}
                Ok(_) => return Ok(()),
                Err(e) => {
                    return Err(Error::Pipe {
                        what: "waiting",
                        cause: e.into(),
                    });
                }
            }
        }
    }

    fn remaining(&self) -> Result<Duration, Error> {
        let Some(timeout) = self.options.timeout else {
            return Ok(Duration::MAX);
        };
        match timeout.checked_sub(self.began.elapsed()) {
            Some(remaining) if !remaining.is_zero() => Ok(remaining),
            _ => Err(Error::HostTimeout {
                program: self.program.into(),
                request: self.request.to_string(),
                timeout,
            }),
        }
    }

    fn warn_if_due(&self) {
        let waited = self.began.elapsed();
        let next = self
            .options
            .warn_every
            .saturating_mul(self.warnings.get().saturating_add(1));
        if waited >= next {
            self.warnings.set(self.warnings.get().saturating_add(1));
            tracing::warn!(
                "the host `{}` has been asked for {} and has not answered for {} s: still waiting",
                self.program,
                self.request,
                waited.as_secs(),
            );
        }
    }
}

/// At most [`GLANCE`], so nothing is cut off.
fn timespec(nap: Duration) -> Timespec {
    Timespec {
        tv_sec: 0,
        tv_nsec: nap.subsec_nanos().into(),
    }
}

/// A non-blocking pipe end, used with patience.
pub(super) struct Patient<'a, E> {
    end: &'a E,
    patience: &'a Patience<'a>,
}

impl<'a, E: AsFd> Patient<'a, E> {
    pub(super) fn new(end: &'a E, patience: &'a Patience<'a>) -> Self {
        Patient { end, patience }
    }

    /// Tries until the pipe is ready.
    fn retry(
        &self,
        flags: PollFlags,
        mut attempt: impl FnMut(&'a E) -> io::Result<usize>,
    ) -> io::Result<usize> {
        loop {
            match attempt(self.end) {
                Err(e) if e.kind() == ErrorKind::WouldBlock => {
                    self.patience
                        .wait(self.end, flags)
                        .map_err(io::Error::other)?;
                }
                done => return done,
            }
        }
    }
}

impl Read for Patient<'_, PipeReader> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.retry(PollFlags::IN, |mut end| end.read(buffer))
    }
}

impl Write for Patient<'_, PipeWriter> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.retry(PollFlags::OUT, |mut end| end.write(bytes))
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
