//! The host's process: its descriptors, its group, its log lines and its end.
//!
//! The crate's only unsafe code is here: the work between fork and exec, and taking over the
//! descriptors 3 to 6 on the other side.
#![allow(unsafe_code)]

use std::fs::{self, File};
use std::io::{self, BufRead, BufReader, Read};
use std::os::fd::{AsRawFd, FromRawFd, OwnedFd, RawFd};
use std::os::unix::process::CommandExt;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc::{self, Sender};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use rustix::io::fcntl_dupfd_cloexec;
use rustix::process::{Pid, Signal, WaitId, WaitIdOptions, kill_process_group, waitid};

use crate::error::Error;

/// The host's descriptors, in the order hints, acknowledgements, keys, pre-images.
const DESCRIPTORS: [RawFd; 4] = [3, 4, 5, 6];

/// Numbers from here on are out of the way of [`DESCRIPTORS`].
const OUT_OF_THE_WAY: RawFd = 10;

/// The longest log line taken from a host, in bytes; longer ones are cut into several.
const LINE: u64 = 16 << 10;

/// How long a killed process may take to disappear; only a hung disk or the like holds it up.
const KILLED: Duration = Duration::from_secs(10);

#[derive(Debug)]
pub(super) struct Process {
    child: Child,
    id: Pid,
    /// The host's group, which the guard leads, or the host itself if there is no guard.
    group: Pid,
    status: Option<ExitStatus>,
    last_line: Arc<Mutex<String>>,
    logs: Vec<JoinHandle<()>>,
    /// Ends the host's group where this process is killed.
    guard: Option<Child>,
    /// Ends the thread that forked the host, when dropped.
    _keep: Sender<()>,
}

/// Waits for the end of its standard input, which comes when the process that holds the other end is gone, and kills its
/// own process group.
const GUARD: &str = "trap '' INT TERM; read line; kill -KILL 0";

/// A process that leads a group, and kills it when this process is gone, however that ends. The kernel's signal "your
/// parent has died" reaches the host alone, and not what it has started. The guard is there before the host, so that at no
/// time the host is without it. Where there is no shell, there is no guard.
fn guard() -> Option<Child> {
    let mut command = Command::new("/bin/sh");
    command.args(["-c", GUARD]).stdin(Stdio::piped());
    command
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .process_group(0);
    command.spawn().ok()
}

/// Ends a guard whose group is no longer needed.
fn dismiss(mut guard: Child) {
    let _ = guard.kill();
    let _ = guard.wait();
}

/// The number of a process that was started here.
fn id_of(child: &Child) -> io::Result<Pid> {
    let id = i32::try_from(child.id()).ok().and_then(Pid::from_raw);
    id.ok_or_else(|| io::Error::other("the system gave no process id"))
}

impl Process {
    /// Starts the host with its four pipe ends as descriptors 3 to 6.
    pub(super) fn spawn(mut command: Command, ends: [OwnedFd; 4]) -> io::Result<Self> {
        command
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        let guard = guard();
        let leader = guard.as_ref().map(id_of).transpose()?;
        let group = leader.map_or(0, |id| id.as_raw_nonzero().get());
        command.env("NO_COLOR", "1").process_group(group);
        let (child, keep) = match spawn_from_lasting_thread(command, ends) {
            Ok(spawned) => spawned,
            Err(error) => {
                guard.into_iter().for_each(dismiss);
                return Err(error);
            }
        };
        let id = id_of(&child)?;
        let (last_line, logs) = (Arc::default(), Vec::new());
        let mut process = Self {
            child,
            id,
            group: leader.unwrap_or(id),
            status: None,
            last_line,
            logs,
            guard,
            _keep: keep,
        };
        if let Err(error) = process.log() {
            process.end(Duration::ZERO, Duration::ZERO);
            return Err(error);
        }
        Ok(process)
    }

    /// Sends what the host prints to the log, from threads of their own.
    fn log(&mut self) -> io::Result<()> {
        let thread = || thread::Builder::new().name("host log".into());
        if let Some(stdout) = self.child.stdout.take() {
            let log = |line| tracing::info!(target: "host", stream = "stdout", "{line}");
            self.logs
                .push(thread().spawn(move || each_line(stdout, log))?);
        }
        if let Some(stderr) = self.child.stderr.take() {
            let last_line = self.last_line.clone();
            let log = move |line| {
                tracing::info!(target: "host", stream = "stderr", "{line}");
                *last_line.lock().unwrap_or_else(PoisonError::into_inner) = line;
            };
            self.logs
                .push(thread().spawn(move || each_line(stderr, log))?);
        }
        Ok(())
    }

    pub(super) fn id(&self) -> u32 {
        self.child.id()
    }

    /// How the host ended, once [`wait`](Self::wait) has seen it.
    pub(super) fn status(&self) -> Option<ExitStatus> {
        self.status
    }

    /// The last line the host printed to stderr.
    pub(super) fn last_line(&self) -> String {
        self.last_line
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    /// Whether the host has ended. Looks only: it is reaped in [`wait`](Self::wait).
    pub(super) fn has_ended(&self) -> bool {
        let look = WaitIdOptions::EXITED | WaitIdOptions::NOHANG | WaitIdOptions::NOWAIT;
        self.status.is_some() || !matches!(waitid(WaitId::Pid(self.id), look), Ok(None))
    }

    /// Waits for the host's end for a while, and reaps it with all its children.
    pub(super) fn wait(&mut self, at_most: Duration) -> Option<ExitStatus> {
        if self.status.is_none() && until(at_most, || self.has_ended()) {
            // The host's children end with it. The group's number is still its own, because its leader has not been
            // reaped.
            let _ = kill_process_group(self.group, Signal::KILL);
            self.status = self.child.wait().ok();
            self.guard.take().into_iter().for_each(dismiss);
            // The host's last lines often say why it ended. Another process may hold the streams,
            // so the wait has an end.
            until(Duration::from_millis(500), || {
                self.logs.iter().all(JoinHandle::is_finished)
            });
        }
        self.status
    }

    /// Ends the host: by itself within `quiet`, by SIGINT within `polite`, or by SIGKILL. Also says
    /// whether a signal was sent.
    pub(super) fn end(&mut self, quiet: Duration, polite: Duration) -> (Option<ExitStatus>, bool) {
        if let Some(status) = self.wait(quiet) {
            return (Some(status), false);
        }
        let _ = kill_process_group(self.group, Signal::INT);
        if let Some(status) = self.wait(polite) {
            return (Some(status), true);
        }
        let _ = kill_process_group(self.group, Signal::KILL);
        (self.wait(KILLED), true)
    }
}

/// Starts the host from a thread that lives as long as the returned sender.
///
/// The kernel's signal "your parent has died" is sent when the *thread* that forked ends; the
/// caller's may end long before the run does.
fn spawn_from_lasting_thread(
    mut command: Command,
    ends: [OwnedFd; 4],
) -> io::Result<(Child, Sender<()>)> {
    let (started, result) = mpsc::channel();
    let (keep, kept) = mpsc::channel::<()>();
    let keeper = thread::Builder::new().name("host keeper".into());
    keeper.spawn(move || {
        let child = spawn_with_descriptors(&mut command, &ends);
        // Closed before anybody can wait for the host's end of file.
        drop(ends);
        let started = started.send(child);
        if started.is_ok() {
            let _ = kept.recv();
        }
    })?;
    let child = result
        .recv()
        .map_err(|_| io::Error::other("the thread for it ended"))??;
    Ok((child, keep))
}

fn spawn_with_descriptors(command: &mut Command, ends: &[OwnedFd; 4]) -> io::Result<Child> {
    // The ends move out of the way, so that none is overwritten before it is in place. The old ones
    // stay open here: the system gives out the lowest free numbers, so with the pipes made 3 to 6
    // are all taken, and the pipe on which the standard library will hear of a failed exec is not
    // overwritten either.
    let [a, b, c, d] = ends;
    let moved = [
        fcntl_dupfd_cloexec(a, OUT_OF_THE_WAY)?,
        fcntl_dupfd_cloexec(b, OUT_OF_THE_WAY)?,
        fcntl_dupfd_cloexec(c, OUT_OF_THE_WAY)?,
        fcntl_dupfd_cloexec(d, OUT_OF_THE_WAY)?,
    ];
    let moved_raw = moved.each_ref().map(AsRawFd::as_raw_fd);
    #[cfg(target_os = "linux")]
    let parent = rustix::process::getpid();
    let arrange = move || {
        #[cfg(target_os = "linux")]
        {
            rustix::process::set_parent_process_death_signal(Some(Signal::KILL))?;
            // The parent may have died before the line above.
            if rustix::process::getppid() != Some(parent) {
                return Err(io::Error::from(rustix::io::Errno::SRCH));
            }
        }
        for (from, to) in moved_raw.into_iter().zip(DESCRIPTORS) {
            // SAFETY: `from` is open, because `moved` lives in the parent until the child has
            // been made. `to` is not owned by anything that will be used in this child before
            // exec, and is given back below instead of being closed.
            unsafe {
                let from = std::os::fd::BorrowedFd::borrow_raw(from);
                let mut to = std::mem::ManuallyDrop::new(OwnedFd::from_raw_fd(to));
                rustix::io::dup2(from, &mut to)?;
            }
        }
        Ok(())
    };
    // SAFETY: between fork and exec the closure only makes system calls (prctl, getppid, dup2) that
    // are async-signal-safe, and neither allocates nor locks. io::Error holds an error number.
    unsafe { command.pre_exec(arrange) };
    command.spawn()
}

/// Takes the descriptors 3 to 6 that a VM handed to this process, its host.
pub(crate) fn inherited() -> Result<[File; 4], Error> {
    for fd in DESCRIPTORS {
        if fs::symlink_metadata(format!("/dev/fd/{fd}")).is_err() {
            return Err(Error::NoDescriptor(fd));
        }
    }
    // SAFETY: all four are open, and the caller promises that nothing else in the process owns them
    // (`HostEnds::inherited` documents it).
    Ok(DESCRIPTORS.map(|fd| unsafe { File::from_raw_fd(fd) }))
}

/// Hands on what the host prints, line by line.
fn each_line(stream: impl Read, mut log: impl FnMut(String)) {
    let mut stream = BufReader::new(stream);
    let mut line = Vec::new();
    loop {
        line.clear();
        match (&mut stream).take(LINE).read_until(b'\n', &mut line) {
            Ok(0) | Err(_) => return,
            Ok(_) => log(printable(line.trim_ascii_end())),
        }
    }
}

/// Text from outside without control characters, because these could take over a terminal.
pub(super) fn printable(bytes: &[u8]) -> String {
    let text = String::from_utf8_lossy(bytes);
    text.chars()
        .map(|c| {
            if c.is_control() && c != '\t' {
                char::REPLACEMENT_CHARACTER
            } else {
                c
            }
        })
        .collect()
}

/// Looks again and again, at first often, until a condition holds or the time is over.
fn until(at_most: Duration, condition: impl Fn() -> bool) -> bool {
    let began = Instant::now();
    let mut nap = Duration::from_millis(1);
    loop {
        if condition() {
            return true;
        }
        let Some(left) = at_most.checked_sub(began.elapsed()) else {
            return false;
        };
        thread::sleep(nap.min(left));
        nap = (nap * 2).min(Duration::from_millis(50));
    }
}
