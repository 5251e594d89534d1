//! What every command has at hand.

use crate::screen::Screen;
use crate::upstream_compat::UpstreamCompat;
use anyhow::bail;
use fpvm::{AnyIsa, Registry};

/// The artifact of a VM's verifier contract, as JSON, by the VM type.
pub type Contract = (&'static str, &'static str);

/// The contracts of the VMs that `fpvm` knows.
const CONTRACTS: &[Contract] = &[
    ("singlethreaded-2", fpvm_contracts::MIPS_ARTIFACT),
    ("multithreaded64-5", fpvm_contracts::MIPS64_ARTIFACT),
    ("multithreaded64-4", fpvm_contracts::MIPS64_ARTIFACT),
    ("riscv64", fpvm_contracts::RISCV_ARTIFACT),
    ("imac-1", fpvm_contracts::IMAC_ARTIFACT),
];

/// What every command has at hand.
pub(crate) struct App {
    /// The VMs there are.
    pub(crate) vms: Registry,
    /// Contracts besides those of [`CONTRACTS`].
    pub(crate) contracts: &'static [Contract],
    /// Whose defaults and output forms apply.
    pub(crate) compat: UpstreamCompat,
    /// The terminal, shared by log and progress bar.
    pub(crate) screen: Screen,
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

    /// The VMs of the program whose name this one goes by.
    pub(crate) fn own_vms(&self) -> Registry {
        match self.compat {
            UpstreamCompat::Fpvm => self.vms.clone(),
            _ => self.vms.of_upstream(self.compat.name()),
        }
    }

    /// The artifact of a VM's verifier contract, as JSON, where there is one.
    pub(crate) fn contract(&self, isa: &dyn AnyIsa) -> Option<&'static str> {
        let mut contracts = self.contracts.iter().chain(CONTRACTS);
        let found = contracts.find(|(vm_type, _)| *vm_type == isa.vm_type());
        found.map(|(_, artifact)| *artifact)
    }
}
