//! Another VM in a process: a program with the commands of Cannon and Asterisc.

use std::ffi::OsString;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

/// How often a signal is looked for while the other VM runs.
const LOOK: Duration = Duration::from_millis(20);
/// The last bytes of what it prints that are kept.
const TAIL: usize = 4_096;

/// Another VM.
#[derive(Clone, Debug)]
pub struct External {
    /// Its program.
    pub program: PathBuf,
    /// The longest that a run may take; `None` for as long as it takes.
    pub patience: Option<Duration>,
}

/// Why another VM did not do what it was to.
#[derive(Debug, thiserror::Error)]
pub enum ExternalError {
    /// It cannot be started.
    #[error("cannot run {program}: {why}")]
    Start {
        /// The program.
        program: String,
        /// Why.
        why: std::io::Error,
    },
    /// It cannot be waited for.
    #[error("cannot wait for {program}: {why}")]
    Wait {
        /// The program.
        program: String,
        /// Why.
        why: std::io::Error,
    },
    /// It says that it failed.
    #[error("`{line}` failed ({status}): {last}")]
    Failed {
        /// Its command line.
        line: String,
        /// How it ended.
        status: ExitStatus,
        /// The last line that it printed to stderr.
        last: String,
    },
    /// It took too long, and was ended.
    #[error("`{line}` had not ended after {} s, and was killed", .patience.as_secs())]
    Late {
        /// Its command line.
        line: String,
        /// How long it had.
        patience: Duration,
    },
    /// Whoever runs it has asked to end.
    #[error("interrupted")]
    Interrupted,
}

/// The words that have such a VM run from one state file to another, up to a step; with `more` flags, and with a host where
/// there is one.
pub fn words(
    start: &Path,
    end: &Path,
    stop: u64,
    more: &[OsString],
    host: &[OsString],
) -> Vec<OsString> {
    let mut words: Vec<OsString> = vec!["run".into(), "--input".into(), start.into()];
    words.extend(["--output".into(), end.into()]);
    words.extend(["--meta", "", "--info-at", "never"].map(OsString::from));
    words.extend(["--stop-at".into(), format!("={stop}").into()]);
    words.extend_from_slice(more);
    if !host.is_empty() {
        words.push("--".into());
        words.extend_from_slice(host);
    }
    words
}

impl External {
    /// Runs it with these words until it ends, or `interrupted` is set.
    ///
    /// # Errors
    /// If it fails, or does not end in time.
    pub fn execute(
        &self,
        words: &[OsString],
        interrupted: &AtomicBool,
    ) -> Result<(), ExternalError> {
        let program = || self.program.display().to_string();
        let line = || {
            let words = words.join(" ".as_ref());
            format!("{} {}", program(), words.to_string_lossy())
        };
        let child = Command::new(&self.program)
            .args(words)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn();
        let mut child = child.map_err(|why| ExternalError::Start {
            program: program(),
            why,
        })?;
        let stderr = child.stderr.take();
        // Read all the time, so that it never waits for a reader; and not kept, so that it fills no disk.
        let printed = thread::spawn(move || stderr.map_or(Vec::new(), tail));
        let begun = Instant::now();
        let status = loop {
            if interrupted.load(Ordering::Relaxed) {
                end(&mut child);
                return Err(ExternalError::Interrupted);
            }
            if let Some(patience) = self.patience
                && begun.elapsed() > patience
            {
                end(&mut child);
                return Err(ExternalError::Late {
                    line: line(),
                    patience,
                });
            }
            let waited = child.try_wait().map_err(|why| ExternalError::Wait {
                program: program(),
                why,
            });
            match waited? {
                Some(status) => break status,
                None => thread::sleep(LOOK),
            }
        };
        if status.success() {
            return Ok(());
        }
        let said = last_words(printed);
        let said = String::from_utf8_lossy(&said);
        let last = said.trim_end().lines().next_back().unwrap_or_default();
        Err(ExternalError::Failed {
            line: line(),
            status,
            last: last.to_owned(),
        })
    }
}

/// Kills it; it may have ended by itself.
fn end(child: &mut Child) {
    let _ = child.kill().and_then(|()| child.wait());
}

/// What it printed at last. A process that it has left behind may still hold the pipe: nobody waits for that.
fn last_words(printed: thread::JoinHandle<Vec<u8>>) -> Vec<u8> {
    let begun = Instant::now();
    while !printed.is_finished() {
        if begun.elapsed() > Duration::from_secs(1) {
            return Vec::new();
        }
        thread::sleep(LOOK);
    }
    printed.join().unwrap_or_default()
}

/// The last bytes of a stream.
fn tail(mut stream: impl Read) -> Vec<u8> {
    let (mut last, mut buffer) = (Vec::new(), [0; TAIL]);
    while let Ok(read @ 1..) = stream.read(&mut buffer) {
        last.extend_from_slice(buffer.get(..read).unwrap_or_default());
        let over = last.len().saturating_sub(TAIL);
        last.drain(..over);
    }
    last
}
