//! Another VM that gives a second opinion: a program with the commands of Cannon and Asterisc, in a process of its own.
//!
//! Nothing that it does harms a game. It runs on the pre-images that were read before, without a host; it has so much time,
//! and what it prints is not kept.

use std::collections::HashMap;
use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex};
use std::thread::Scope;
use std::time::Duration;

use fpvm_checkpoints::manifest::Entry;
use tempfile::TempPath;

use super::lock;
use crate::external::{External, words};
use crate::repeat::write_preimages;
use crate::shared::SharedSources;
use crate::workers::Run;

/// The most states that it writes on the way.
const STATES: u64 = 8;

/// Reads a state file: how many steps it is after, and its root; why it cannot, in words.
type Read<'a> = Box<dyn Fn(&Path) -> Result<Entry, String> + Send + Sync + 'a>;

/// Another VM.
pub struct ThirdPartyVm<'a> {
    /// Its program.
    pub program: PathBuf,
    /// The words of a host that serves a folder of pre-images, which is put behind them.
    pub host: Vec<OsString>,
    /// The longest that a run may take.
    pub patience: Duration,
    /// Reads a state file.
    pub read: Read<'a>,
    /// Set from outside to end it.
    pub interrupted: Arc<AtomicBool>,
}

/// An execution that it is to run.
struct Job {
    name: String,
    /// A file with its first state; it goes with the job.
    start: Arc<TempPath>,
    sources: SharedSources,
    /// Where the first run has ended.
    end: u64,
    /// Steps from one comparison to the next.
    every: u64,
}

/// What it has said about an execution.
#[derive(Clone, Debug)]
pub(super) enum Said {
    /// Nothing yet.
    Pending,
    /// Its roots.
    Run(Arc<Run>),
    /// No opinion; why, in words.
    Nothing(String),
}

/// Another VM that is asked for its opinion, one execution at a time.
#[derive(Debug)]
pub struct ThirdParty {
    jobs: Mutex<Sender<Job>>,
    shared: Arc<Answers>,
    name: String,
}

#[derive(Debug, Default)]
struct Answers {
    said: Mutex<HashMap<String, Said>>,
    has_news: AtomicBool,
}

impl ThirdParty {
    /// Starts the thread that waits for it.
    pub fn start<'scope, 'a: 'scope>(
        scope: &'scope Scope<'scope, '_>,
        vm: ThirdPartyVm<'a>,
    ) -> Self {
        let (jobs, waiting) = channel();
        let shared = Arc::new(Answers::default());
        let name = vm.program.display().to_string();
        let answers = shared.clone();
        scope.spawn(move || vm.serve(&waiting, &answers));
        Self {
            jobs: Mutex::new(jobs),
            shared,
            name,
        }
    }

    /// How it is called.
    pub(super) fn name(&self) -> &str {
        &self.name
    }

    /// What it says about an execution, where it has been asked.
    pub(super) fn said(&self, name: &str) -> Option<Said> {
        lock(&self.shared.said).get(name).cloned()
    }

    /// Asks it about an execution that begins with a state and that another has run to `end`.
    pub(super) fn ask(
        &self,
        name: &str,
        start: Arc<TempPath>,
        sources: &SharedSources,
        end: u64,
        every: u64,
    ) {
        let job = Job {
            name: name.to_owned(),
            start,
            sources: sources.clone(),
            end,
            every,
        };
        let said = match lock(&self.jobs).send(job) {
            Ok(()) => Said::Pending,
            Err(_) => Said::Nothing("its thread has ended".into()),
        };
        lock(&self.shared.said).insert(name.to_owned(), said);
    }

    /// Whether it has said something since this was asked last.
    pub(super) fn has_news(&self) -> bool {
        self.shared.has_news.swap(false, Ordering::Relaxed)
    }

    /// Forgets the executions whose names begin so.
    pub(super) fn forget(&self, begin: &str) {
        lock(&self.shared.said).retain(|name, _| !name.starts_with(begin));
    }
}

impl ThirdPartyVm<'_> {
    /// Runs what it is asked to, until nobody asks any more.
    fn serve(&self, waiting: &Receiver<Job>, answers: &Answers) {
        while let Ok(job) = waiting.recv() {
            let said = match self.run(&job) {
                Ok(run) => Said::Run(Arc::new(run)),
                Err(why) => Said::Nothing(why),
            };
            // Who has forgotten it does not want to know.
            if let Some(known) = lock(&answers.said).get_mut(&job.name) {
                *known = said;
            }
            answers.has_news.store(true, Ordering::Relaxed);
        }
    }

    fn run(&self, job: &Job) -> Result<Run, String> {
        let folder = tempfile::tempdir();
        let folder = folder.map_err(|why| format!("there is no folder for its states: {why}"))?;
        let preimages = folder.path().join("preimages");
        let written = write_preimages(&preimages, &job.sources.reads(&job.name));
        written.map_err(|why| why.to_string())?;
        let mut host = self.host.clone();
        host.push(preimages.into());
        // At steps that the first run was looked at, too, and not at many, because a whole state is written at each.
        let times = job.end.div_ceil(job.every).div_ceil(STATES).max(1);
        let every = job.every.saturating_mul(times);
        let end = folder.path().join("end.bin.gz");
        let more = [
            "--snapshot-at".into(),
            format!("%{every}").into(),
            "--snapshot-fmt".into(),
            folder.path().join("at-%d.bin.gz").into(),
        ];
        // One step more than the first: it has to have ended.
        let stop = job.end.saturating_add(1);
        let line = words(&job.start, &end, stop, &more, &host);
        let external = External {
            program: self.program.clone(),
            patience: Some(self.patience),
        };
        external
            .execute(&line, &self.interrupted)
            .map_err(|why| why.to_string())?;
        let read = |path: &Path| {
            let read = (self.read)(path);
            read.map_err(|why| format!("it wrote a state that cannot be read: {why}"))
        };
        let last = read(&end)?;
        if !last.root.exited() && last.step < job.end {
            return Err(format!(
                "it stopped at step {}, before the program has ended",
                last.step
            ));
        }
        let mut roots = Vec::new();
        let mut step = every;
        while step < last.step {
            let path = folder.path().join(format!("at-{step}.bin.gz"));
            let found = read(&path)?;
            if found.step != step {
                return Err(format!(
                    "its state of step {step} is of step {}",
                    found.step
                ));
            }
            roots.push(found);
            // What cannot be removed now goes with the folder.
            let _ = fs::remove_file(path);
            step = step.saturating_add(every);
        }
        roots.push(last);
        Ok(Run { roots, fault: None })
    }
}

impl std::fmt::Debug for ThirdPartyVm<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ThirdPartyVm")
            .field("program", &self.program)
            .finish_non_exhaustive()
    }
}
