//! What every command has at hand.

use crate::screen::Screen;
use crate::upstream_compat::UpstreamCompat;
use anyhow::bail;
use fpvm::{AnyIsa, AnyVm, Input, Patches, Registry};
use fpvm_contracts::StepVerifier;
use fpvm_isa_mips::Mips32;
use fpvm_isa_mips64::Mips64;
use fpvm_isa_riscv::{Rv64, imac::Imac};
use std::sync::{Mutex, PoisonError};

/// The step verifiers of the VMs that `fpvm` knows.
const VERIFIERS: [StepVerifier; 4] = [
    StepVerifier::of::<Mips32>(fpvm_contracts::MIPS).with_artifact(fpvm_contracts::MIPS_ARTIFACT),
    StepVerifier::of_versions::<Mips64<8>, Mips64<7>>(fpvm_contracts::MIPS64)
        .with_artifact(fpvm_contracts::MIPS64_ARTIFACT),
    StepVerifier::of::<Rv64>(fpvm_contracts::RISCV).with_artifact(fpvm_contracts::RISCV_ARTIFACT),
    StepVerifier::of::<Imac>(fpvm_contracts::IMAC).with_artifact(fpvm_contracts::IMAC_ARTIFACT),
];

/// What every command has at hand.
pub(crate) struct App {
    /// The VMs there are.
    pub(crate) vms: Registry,
    /// Step verifiers besides those of [`VERIFIERS`].
    pub(crate) verifiers: &'static [StepVerifier],
    /// Whose defaults and output forms apply.
    pub(crate) compat: UpstreamCompat,
    /// The terminal, shared by log and progress bar.
    pub(crate) screen: Screen,
    /// What `check` calls a problem of the programs that were loaded, a line for each.
    pub(crate) problems: Mutex<Vec<String>>,
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

    /// Says what `check` calls a problem of a program that was loaded, and keeps it for the fault that may come of it.
    /// Under upstream's names nothing is said that upstream does not say.
    pub(crate) fn warn_of_problems(&self, vm: &dyn AnyVm, patches: Patches, input: &mut Input) {
        if self.compat != UpstreamCompat::Fpvm || !input.start().starts_with(b"\x7fELF") {
            return;
        }
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

    /// The VMs of the program whose name this one goes by.
    pub(crate) fn own_vms(&self) -> Registry {
        match self.compat {
            UpstreamCompat::Fpvm => self.vms.clone(),
            _ => self.vms.of_upstream(self.compat.name()),
        }
    }

    /// The step verifier of a VM, where there is one.
    pub(crate) fn verifier(&self, isa: &dyn AnyIsa) -> Option<StepVerifier> {
        let mut verifiers = self.verifiers.iter().chain(&VERIFIERS);
        let found = verifiers.find(|verifier| verifier.vm_types().contains(&isa.vm_type()));
        found.copied()
    }

    /// The artifact of a VM's verifier contract, as JSON, where there is one.
    pub(crate) fn contract(&self, isa: &dyn AnyIsa) -> Option<&'static str> {
        self.verifier(isa)?.artifact()
    }
}
