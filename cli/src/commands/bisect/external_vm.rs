//! The trace of another VM, which is a program with the same commands: Cannon, Asterisc, another
//! build of this one.

use crate::app::App;
use crate::exit::Interrupted;
use crate::input::{InputArgs, read_json};
use anyhow::Context as _;
use fpvm::AnyVm;
use fpvm_checkpoints::Root;
use fpvm_checkpoints::bisect::{Trace, marks};
use fpvm_checkpoints::manifest::Entry;
use fpvm_core::formats::files;
use fpvm_core::machine::snapshot::Snapshot;
use fpvm_trace::Hosts;
use fpvm_trace::external::{External, ExternalError, words};
use serde::Deserialize;
use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fs;
use std::io::Read as _;
use std::path::{Path, PathBuf};
use tempfile::TempDir;

/// Whether a file is a program for this machine, by what it starts with.
pub(super) fn is_vm(app: &App, path: &Path) -> bool {
    let mut start = Vec::new();
    let read = files::open(path).and_then(|file| file.take(64).read_to_end(&mut start));
    const MACH_O: [u8; 4] = [0xcf, 0xfa, 0xed, 0xfe];
    let program = [&b"\x7fELF"[..], b"#!", &MACH_O];
    read.is_ok()
        && program.iter().any(|magic| start.starts_with(magic))
        && !app.vms.isas().iter().any(|isa| isa.is_program(&start))
}

/// Another VM, with the state files that it has written.
pub(super) struct ExternalVm<'a> {
    app: &'a App,
    input: &'a InputArgs,
    hosts: &'a Hosts,
    program: External,
    /// The program that hands pre-images to it, with its arguments.
    host: Vec<OsString>,
    folder: TempDir,
    /// State files by step.
    states: BTreeMap<u64, PathBuf>,
}

/// What is looked at of a proof file.
#[derive(Deserialize)]
struct Proof {
    post: Root,
}

impl<'a> ExternalVm<'a> {
    /// The trace from a machine's state on.
    pub(super) fn new(
        app: &'a App,
        input: &'a InputArgs,
        hosts: &'a Hosts,
        program: &Path,
        host: Vec<OsString>,
        start: &mut dyn AnyVm,
    ) -> anyhow::Result<Self> {
        let program = fs::canonicalize(program).context("cannot find the other VM")?;
        let folder = tempfile::tempdir().context("cannot make a folder for states")?;
        let first = folder.path().join("first.bin.gz");
        start.save(&first)?;
        Ok(ExternalVm {
            app,
            input,
            hosts,
            program: External {
                program,
                patience: None,
            },
            host,
            folder,
            states: BTreeMap::from([(start.step(), first)]),
        })
    }

    /// The step of the last state file at or before a step, and the file.
    fn nearest(&self, step: u64) -> anyhow::Result<(u64, PathBuf)> {
        let nearest = self.states.range(..=step).next_back();
        let (step, path) = nearest.context("the other VM's state lies behind the step")?;
        Ok((*step, path.clone()))
    }

    /// Runs it from the nearest state file to a step, with more flags; gives its last state.
    fn run(&mut self, from: u64, to: u64, more: &[OsString]) -> anyhow::Result<Box<dyn AnyVm>> {
        let (_, start) = self.nearest(from)?;
        let end = self.file("end", to);
        let words = words(&start, &end, to, more, &self.host);
        let ran = self.program.execute(&words, self.hosts.interrupted());
        ran.map_err(|error| match error {
            ExternalError::Interrupted => Interrupted.into(),
            error => anyhow::Error::from(error),
        })?;
        let vm = self.open(&end)?;
        self.states.insert(vm.step(), end);
        Ok(vm)
    }

    fn file(&self, name: &str, step: u64) -> PathBuf {
        self.folder.path().join(format!("{name}-{step}.bin.gz"))
    }

    fn open(&self, path: &Path) -> anyhow::Result<Box<dyn AnyVm>> {
        let opened = self.input.open_other(self.app, path);
        let program = self.program.program.display();
        opened.with_context(|| format!("{program} wrote a state that cannot be read"))
    }

    /// The roots that its proofs of all steps between two say.
    fn proved(&mut self, from: u64, to: u64) -> anyhow::Result<Vec<Entry>> {
        let folder = self.folder.path().join("proofs");
        fs::create_dir_all(&folder).context("cannot make a folder for proofs")?;
        let names = folder.join("%d.json").into();
        self.run(
            from,
            to,
            &[
                "--proof-at".into(),
                "always".into(),
                "--proof-fmt".into(),
                names,
            ],
        )?;
        let mut entries = Vec::new();
        for step in from..to {
            let path = folder.join(format!("{step}.json"));
            if !path.exists() {
                break;
            }
            let Proof { post } = read_json(&path, "proof")?;
            entries.push(Entry {
                step: step + 1,
                root: post,
            });
        }
        fs::remove_dir_all(&folder).context("cannot remove proofs")?;
        Ok(entries)
    }

    /// Removes all state files but the one that it goes on from.
    fn forget(&mut self, from: u64) -> anyhow::Result<()> {
        let (kept, _) = self.nearest(from)?;
        for path in self.states.extract_if(.., |step, _| *step != kept) {
            // What cannot be removed now goes with the folder.
            let _ = fs::remove_file(path.1);
        }
        Ok(())
    }
}

impl Trace for ExternalVm<'_> {
    type Error = anyhow::Error;

    fn roots(&mut self, from: u64, to: u64, every: u64) -> anyhow::Result<Vec<Entry>> {
        self.forget(from)?;
        if every <= 1 {
            return self.proved(from, to);
        }
        let names = self.folder.path().join("at-%d.bin.gz").into();
        let at = format!("%{every}").into();
        let more = ["--snapshot-at".into(), at, "--snapshot-fmt".into(), names];
        let mut last = self.run(from, to, &more)?;
        let last = Entry {
            step: last.step(),
            root: Root(last.state_root()),
        };
        let mut entries = Vec::new();
        for step in marks(from, last.step, every).filter(|step| *step < last.step) {
            let path = self.file("at", step);
            let root = Root(self.open(&path)?.state_root());
            entries.push(Entry { step, root });
            self.states.insert(step, path);
        }
        entries.push(last);
        Ok(entries)
    }

    fn root(&mut self, step: u64) -> anyhow::Result<Root> {
        Ok(Root(Trace::state(self, step)?.root()))
    }

    fn state(&mut self, step: u64) -> anyhow::Result<Snapshot> {
        match self.nearest(step)? {
            (here, path) if here == step => Ok(self.open(&path)?.freeze()),
            (here, _) => Ok(self.run(here, step, &[])?.freeze()),
        }
    }
}
