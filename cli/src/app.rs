//! What every command has at hand.

use crate::screen::Screen;
use crate::upstream_compat::UpstreamCompat;
use anyhow::{Context as _, bail};
use fpvm::analysis::Lines;
use fpvm::analysis::check::no_program;
use fpvm::{AnyIsa, AnyVm, Input, Inputs, Patches, Registry};
use fpvm_contracts::{STEP_VERIFIERS, StepVerifier};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

/// What every command has at hand.
pub(crate) struct App {
    /// The VMs there are.
    pub(crate) vms: Registry,
    /// Step verifiers besides [`STEP_VERIFIERS`].
    pub(crate) verifiers: &'static [StepVerifier],
    /// Whose defaults and output forms apply.
    pub(crate) compat: UpstreamCompat,
    /// The terminal, shared by log and progress bar.
    pub(crate) screen: Screen,
    /// What `check` calls a problem of the programs that were loaded, a line for each.
    pub(crate) problems: Mutex<Vec<String>>,
    /// The files that were opened.
    pub(crate) inputs: Arc<Inputs>,
    /// The program that was loaded last.
    pub(crate) program: Mutex<Option<PathBuf>>,
}

impl App {
    /// The VMs of an ISA and a type, where they are given; else those that this program stands for.
    pub(crate) fn vms(&self, isa: Option<&str>, vm_type: Option<&str>) -> anyhow::Result<Registry> {
        let own = match isa {
            Some(name) => self.vms.of_isa(name)?,
            None => self.own_vms(),
        };
        let Some(vm_type) = vm_type else {
            return Ok(own);
        };
        self.vms.of_type(vm_type)?;
        let Ok(fits) = own.of_type(vm_type) else {
            let name = self.compat.name();
            let whose = isa.map_or(name.into(), |name| format!("--isa {name}"));
            let types = own.types();
            bail!("--type {vm_type} is not the VM type of {whose}: {types}");
        };
        Ok(fits)
    }

    /// Says what `check` calls a problem of a program that was loaded, and keeps it for the fault that may come of it, with
    /// where the program's lines of source are. Under upstream's names nothing is said that upstream does not say.
    pub(crate) fn warn_of_problems(&self, vm: &dyn AnyVm, patches: Patches, input: &mut Input) {
        if self.compat != UpstreamCompat::Fpvm || !input.start().starts_with(b"\x7fELF") {
            return;
        }
        let mut program = self.program.lock().unwrap_or_else(PoisonError::into_inner);
        *program = Some(input.path().to_path_buf());
        drop(program);
        let file = input.path().display().to_string();
        let Ok(bytes) = input.bytes() else {
            return;
        };
        let Some(problems) = fpvm::problems(vm.isa(), bytes, patches) else {
            return;
        };
        tracing::warn!(target: "check", "{file}: {problems}");
        let mut all = self.problems.lock().unwrap_or_else(PoisonError::into_inner);
        all.push(format!("{file}: {problems}"));
    }

    /// The error of a program that cannot be loaded, before it what the file is where that is no program. Under upstream's
    /// names nothing is said that upstream does not say.
    pub(crate) fn not_loaded(&self, error: fpvm::Error, input: &mut Input) -> anyhow::Error {
        let file = input.path().display().to_string();
        let is_elf = input.start().starts_with(b"\x7fELF");
        let bytes = input.bytes().ok().filter(|_| is_elf);
        match bytes.and_then(no_program) {
            Some(what) if self.compat == UpstreamCompat::Fpvm => {
                anyhow::Error::new(error).context(format!("{file} is {what}, and no program"))
            }
            _ => error.into(),
        }
    }

    /// The text in a file, or standard input where its name is `-`.
    pub(crate) fn read_text(&self, path: &Path) -> anyhow::Result<String> {
        let text = String::from_utf8(self.inputs.read(path)?);
        text.with_context(|| format!("{} is no text", path.display()))
    }

    /// The lines of source of the program that was loaded last, where its file tells them.
    pub(crate) fn lines(&self) -> Option<Lines> {
        let program = self.program.lock().unwrap_or_else(PoisonError::into_inner);
        let elf = self.inputs.read(program.as_deref()?).ok()?;
        Lines::of(&elf)
    }

    /// The VMs of the program whose name this one goes by.
    pub(crate) fn own_vms(&self) -> Registry {
        match self.compat {
            UpstreamCompat::Fpvm => self.vms.clone(),
            _ => self.vms.of_upstream(self.compat.name()),
        }
    }

    /// The step verifier of a VM.
    ///
    /// # Errors
    /// If the VM has none; the text names those that have one.
    pub(crate) fn verifier(&self, isa: &dyn AnyIsa) -> anyhow::Result<StepVerifier> {
        let found = self.find_verifier(isa);
        found.with_context(|| self.no_contract(isa))
    }

    /// The artifact of a VM's step verifier, as JSON.
    ///
    /// # Errors
    /// As [`Self::verifier`], and if the verifier has not been compiled.
    pub(crate) fn contract(&self, isa: &dyn AnyIsa) -> anyhow::Result<&'static str> {
        let artifact = self.verifier(isa)?.artifact();
        artifact.with_context(|| format!("the contract for {} is not compiled", isa.vm_type()))
    }

    /// Whether there is a compiled step verifier of a VM.
    pub(crate) fn has_contract(&self, isa: &dyn AnyIsa) -> bool {
        let found = self.find_verifier(isa);
        found.is_some_and(|verifier| verifier.artifact().is_some())
    }

    fn find_verifier(&self, isa: &dyn AnyIsa) -> Option<StepVerifier> {
        let mut verifiers = self.verifiers.iter().chain(&STEP_VERIFIERS);
        let found = verifiers.find(|verifier| verifier.vm_types().contains(&isa.vm_type()));
        found.copied()
    }

    fn no_contract(&self, isa: &dyn AnyIsa) -> String {
        let isas = self.vms.isas().iter();
        let with = isas.filter(|isa| self.find_verifier(**isa).is_some());
        let types: Vec<_> = with.map(|isa| isa.vm_type()).collect();
        let (vm_type, types) = (isa.vm_type(), types.join(", "));
        format!("there is no contract for {vm_type}; there is one for {types}")
    }
}
