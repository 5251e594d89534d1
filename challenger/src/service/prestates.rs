//! The programs that games are about, by the hash of their pre-state: from files that are named, from folders, and from
//! web servers.
//!
//! A file in a folder or on a server is named after its hash, and taken only if it has that hash. Files that were found
//! are kept in a folder of the challenger's own, so that games go on when the source goes away. Servers are asked on a
//! thread of their own, because no game should wait for another's download; a server that failed is asked again after a
//! while.

mod fetch;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::Scope;
use std::time::{Duration, Instant};

use alloy_primitives::B256;
use fpvm_checkpoints::GuestVm;
use fpvm_checkpoints::depot::with_causes;
use fpvm_core::machine::hot_code::HotCode;
use fpvm_dispute::claim::VmStatus;
use fpvm_trace::MachineError;

pub use fetch::PrestateUrl;

use crate::game_type::{ByType, GameType};
use crate::scheduler::Unplayable;

/// How often a thread looks whether it is still wanted.
const LOOK: Duration = Duration::from_millis(100);

/// A VM with a program in it, of whichever ISA.
pub type Guest = Box<dyn GuestVm + Send>;

/// Opens a program or a state file, of whichever ISA.
pub type Open<'a> = Arc<dyn Fn(&Path) -> Result<Guest, MachineError> + Send + Sync + 'a>;

/// The endings that the name of a pre-state's file may have, in the order in which they are tried.
const ENDINGS: [&str; 4] = ["bin.gz", "json.gz", "json", "bin"];

/// Where programs come from.
#[derive(Clone, Default, Debug)]
pub struct PrestateSources {
    /// Files: programs, or states before their first step.
    pub files: Vec<PathBuf>,
    /// Folders in which they lie under their hashes.
    pub folders: ByType<PathBuf>,
    /// The same on web servers.
    pub urls: ByType<PrestateUrl>,
    /// What a server may take.
    pub limits: Limits,
}

impl PrestateSources {
    /// Looks for the program that a game of a type is about, in files, folders and on servers, once; what is found is put
    /// into the folder `kept`. Its path, or why it is not to be had, in words.
    ///
    /// # Errors
    /// If it is not found in time, or not before `interrupted` is set.
    pub fn find(
        &self,
        prestate: B256,
        game_type: GameType,
        open: &Open<'static>,
        kept: &Path,
        patience: Duration,
        interrupted: &Arc<AtomicBool>,
    ) -> Result<PathBuf, String> {
        let until = Instant::now() + patience;
        std::thread::scope(|scope| {
            let prestates = Prestates::new(
                self.clone(),
                open.clone(),
                kept.to_owned(),
                interrupted.clone(),
                scope,
            );
            let mut prestates = prestates.map_err(|error| error.to_string())?;
            loop {
                let why = match prestates.find(prestate, game_type) {
                    Ok(path) => return Ok(path),
                    Err(unplayable) => unplayable.why,
                };
                let is_over = interrupted.load(Ordering::Relaxed) || Instant::now() > until;
                if is_over || !prestates.is_asking() {
                    return Err(why);
                }
                std::thread::sleep(LOOK);
            }
        })
    }
}

/// What a server may take until it is given up for a while.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Limits {
    /// The largest file, in bytes, as it is sent.
    pub bytes: u64,
    /// The longest for all of it.
    pub time: Duration,
    /// The first wait until one that failed is asked again; it doubles.
    pub first_wait: Duration,
    /// The longest wait.
    pub last_wait: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            bytes: 1 << 30,
            time: Duration::from_secs(900),
            first_wait: Duration::from_secs(10),
            last_wait: Duration::from_secs(600),
        }
    }
}

/// A program cannot be used that was named, or there is nowhere to keep what is found.
#[derive(Debug, thiserror::Error)]
pub enum PrestateError {
    /// A file that was named.
    #[error("cannot open {path}: {why}", path = .0.display(), why = .1)]
    File(PathBuf, MachineError),
    /// The folder of what was found.
    #[error("cannot keep pre-states in {path}: {why}", path = .0.display(), why = .1)]
    Keep(PathBuf, std::io::Error),
}

/// The programs that games have asked for.
pub(super) struct Prestates<'s, 'a> {
    sources: PrestateSources,
    open: Open<'a>,
    /// The folder of what was found.
    kept: PathBuf,
    /// The files that can be opened.
    found: BTreeMap<B256, PathBuf>,
    /// Programs that servers are asked for, by the type of the games that ask.
    asked: BTreeMap<(B256, GameType), Asked>,
    has_news: Arc<AtomicBool>,
    interrupted: Arc<AtomicBool>,
    /// Nobody asks any more.
    closed: Arc<AtomicBool>,
    /// Of the threads that ask servers.
    scope: &'s Scope<'s, 'a>,
}

/// A program that servers were asked for.
struct Asked {
    /// Why it is not there, as of the last answer.
    why: String,
    state: AskState,
    /// The wait after the next failure.
    wait: Duration,
}

enum AskState {
    /// The servers are being asked; their answer comes here.
    Asking(Arc<Mutex<Option<Result<PathBuf, String>>>>),
    /// The servers are asked again at this time.
    Waiting(Instant),
}

impl<'s, 'a> Prestates<'s, 'a> {
    /// Those of the sources; what is found is kept in the folder `kept`, which need not be there.
    pub(super) fn new(
        sources: PrestateSources,
        open: Open<'a>,
        kept: PathBuf,
        interrupted: Arc<AtomicBool>,
        scope: &'s Scope<'s, 'a>,
    ) -> Result<Self, PrestateError> {
        let mut found = BTreeMap::new();
        for path in &sources.files {
            let vm = open(path).map_err(|why| PrestateError::File(path.clone(), why));
            found.insert(vm?.state_root().into(), path.clone());
        }
        if !sources.folders.is_empty() || !sources.urls.is_empty() {
            let made = std::fs::create_dir_all(&kept);
            made.map_err(|why| PrestateError::Keep(kept.clone(), why))?;
        }
        Ok(Self {
            sources,
            open,
            kept,
            found,
            asked: BTreeMap::new(),
            has_news: Arc::default(),
            interrupted,
            closed: Arc::default(),
            scope,
        })
    }

    /// The file of the program that a game of a type is about.
    pub(super) fn find(
        &mut self,
        prestate: B256,
        game_type: GameType,
    ) -> Result<PathBuf, Unplayable> {
        // What no game needed may have been dropped.
        if let Some(path) = self.found.get(&prestate).filter(|path| path.is_file()) {
            return Ok(path.clone());
        }
        let not_here = |why: String, is_final| Unplayable {
            why: format!("it is about the program with pre-state {prestate}, and {why}"),
            is_final,
        };
        if !is_prestate(prestate) {
            return Err(not_here("no program has that pre-state".into(), true));
        }
        let mut whys = Vec::new();
        match self.local(prestate, game_type, &mut whys) {
            Some(path) => {
                // A server may just have sent it.
                self.asked.retain(|(asked, _), _| *asked != prestate);
                self.found.insert(prestate, path.clone());
                return Ok(path);
            }
            None if self.sources.urls.of(game_type).next().is_none() => {
                let is_final = self.sources.folders.of(game_type).next().is_none();
                return Err(not_here(whys.join("; "), is_final));
            }
            None => {}
        }
        match self.ask(prestate, game_type) {
            Ok(path) => {
                self.found.insert(prestate, path.clone());
                Ok(path)
            }
            Err(why) => {
                whys.push(why);
                Err(not_here(whys.join("; "), false))
            }
        }
    }

    /// The file that lies here already, or why there is none.
    fn local(
        &self,
        prestate: B256,
        game_type: GameType,
        whys: &mut Vec<String>,
    ) -> Option<PathBuf> {
        let files = self.sources.files.iter().map(|path| path.display());
        let files: Vec<_> = files.map(|path| path.to_string()).collect();
        if !files.is_empty() {
            whys.push(format!("{} has another", files.join(", ")));
        }
        let in_folder = |folder: &Path| {
            let path = |ending| folder.join(format!("{prestate}.{ending}"));
            ENDINGS.iter().map(path).find(|path| path.is_file())
        };
        if let Some(path) = in_folder(&self.kept) {
            match check(&path, prestate, &self.open) {
                Ok(()) => return Some(path),
                // It is put there anew.
                Err(why) => {
                    let path = path.display().to_string();
                    tracing::warn!(target: "challenger", path, why, "A kept pre-state is damaged");
                }
            }
        }
        for folder in self.sources.folders.of(game_type) {
            let Some(path) = in_folder(folder) else {
                whys.push(format!("{} has no file of it", folder.display()));
                continue;
            };
            match check(&path, prestate, &self.open).and_then(|()| self.keep(&path)) {
                Ok(kept) => return Some(kept),
                Err(why) => whys.push(format!("{} cannot be used: {why}", path.display())),
            }
        }
        if whys.is_empty() {
            whys.push("nobody here has it".into());
        }
        None
    }

    /// Copies a file into the folder of what was found.
    fn keep(&self, path: &Path) -> Result<PathBuf, String> {
        let kept = self.kept.join(path.file_name().unwrap_or_default());
        let copy = || {
            let file = tempfile::NamedTempFile::new_in(&self.kept)?;
            std::fs::copy(path, file.path())?;
            file.persist(&kept).map_err(|error| error.error)
        };
        match copy() {
            Ok(_) => Ok(kept),
            Err(why) => Err(format!("it cannot be copied to {}: {why}", kept.display())),
        }
    }

    /// What servers say, who are asked where it is time to.
    fn ask(&mut self, prestate: B256, game_type: GameType) -> Result<PathBuf, String> {
        let limits = self.sources.limits;
        let urls: Vec<_> = self.sources.urls.of(game_type).cloned().collect();
        let asked = self.asked.entry((prestate, game_type)).or_insert(Asked {
            why: "it is being fetched".into(),
            state: AskState::Waiting(Instant::now()),
            wait: limits.first_wait,
        });
        match &asked.state {
            AskState::Asking(answer) => {
                let answer = answer.lock().unwrap_or_else(PoisonError::into_inner).take();
                match answer {
                    Some(Ok(path)) => {
                        self.asked.remove(&(prestate, game_type));
                        return Ok(path);
                    }
                    Some(Err(why)) => {
                        asked.why = why;
                        asked.state = AskState::Waiting(Instant::now() + asked.wait);
                        asked.wait = (asked.wait * 2).min(limits.last_wait);
                    }
                    None => {}
                }
            }
            AskState::Waiting(until) if Instant::now() < *until => {}
            AskState::Waiting(_) => {
                let answer = Arc::new(Mutex::new(None));
                asked.state = AskState::Asking(answer.clone());
                let (open, kept) = (self.open.clone(), self.kept.clone());
                let news = self.has_news.clone();
                let (interrupted, closed) = (self.interrupted.clone(), self.closed.clone());
                let is_over = move || {
                    [&interrupted, &closed].map(|flag| flag.load(Ordering::Relaxed)) != [false; 2]
                };
                let wait = asked.wait;
                self.scope.spawn(move || {
                    let said = fetched(&urls, prestate, &kept, &limits, &open, &is_over);
                    let has_failed = said.is_err();
                    *answer.lock().unwrap_or_else(PoisonError::into_inner) = Some(said);
                    news.store(true, Ordering::Relaxed);
                    // A caller that waits for news has to ask again after a while.
                    let again = Instant::now() + wait;
                    while has_failed && !is_over() {
                        if Instant::now() > again {
                            news.store(true, Ordering::Relaxed);
                            return;
                        }
                        std::thread::sleep(LOOK);
                    }
                });
            }
        }
        Err(asked.why.clone())
    }

    /// The program in a file, to be loaded for each dispute; by `open` where it is not to be run as all are.
    pub(super) fn program(
        &self,
        prestate: B256,
        path: PathBuf,
        open: Option<&Open<'a>>,
    ) -> impl Fn() -> Result<Guest, MachineError> + Send + Sync + use<'a> {
        let open = open.unwrap_or(&self.open).clone();
        // Which code is hot is the same in each dispute.
        let hot = HotCode::default();
        move || {
            let mut vm = open(&path)?;
            vm.share_hot_code(&hot);
            let found = B256::from(vm.state_root());
            if found == prestate {
                Ok(vm)
            } else {
                let path = path.display();
                let why = format!("{path} has pre-state {found} now, and had {prestate} before");
                Err(MachineError::Other(why.into()))
            }
        }
    }

    /// Whether servers have said something since this was asked last.
    pub(super) fn has_news(&self) -> bool {
        self.has_news.swap(false, Ordering::Relaxed)
    }

    /// Whether a server is being asked.
    pub(super) fn is_asking(&self) -> bool {
        let mut all = self.asked.values();
        all.any(|asked| matches!(asked.state, AskState::Asking(_)))
    }
}

impl Drop for Prestates<'_, '_> {
    fn drop(&mut self) {
        self.closed.store(true, Ordering::Relaxed);
    }
}

/// What the first server that has it sends; why none does.
fn fetched(
    urls: &[PrestateUrl],
    prestate: B256,
    kept: &Path,
    limits: &Limits,
    open: &Open<'_>,
    is_over: &dyn Fn() -> bool,
) -> Result<PathBuf, String> {
    let mut whys = Vec::new();
    for url in urls {
        match fetch::fetch(url, prestate, kept, limits, open, is_over) {
            Ok(path) => return Ok(path),
            Err(why) => whys.push(why.to_string()),
        }
    }
    Err(whys.join("; "))
}

/// Whether a hash can be one of a state before its first step: its first byte says that it has not ended.
pub(super) fn is_prestate(hash: B256) -> bool {
    hash.first() == Some(&(VmStatus::Unfinished as u8))
}

/// Whether a file is the pre-state; why not, in words.
fn check(path: &Path, prestate: B256, open: &Open<'_>) -> Result<(), String> {
    let mut vm = open(path).map_err(|why| with_causes(&why))?;
    let found = B256::from(vm.state_root());
    if found == prestate {
        Ok(())
    } else {
        Err(format!("its state hash is {found}"))
    }
}
