//! The step verifier of a VM: what it is printed from, and what that compiles to.

use crate::emit::Contract;
use fpvm_core::Isa;

/// The step verifiers of the VMs that the facade `fpvm` knows.
#[cfg(feature = "vms")]
pub const STEP_VERIFIERS: [StepVerifier; 4] = {
    use fpvm_isa_mips::Mips32;
    use fpvm_isa_mips64::Mips64;
    use fpvm_isa_riscv::{Rv64, imac::Imac};
    [
        StepVerifier::of::<Mips32>(crate::MIPS).with_artifact(crate::MIPS_ARTIFACT),
        StepVerifier::of_versions::<Mips64<8>, Mips64<7>>(crate::MIPS64)
            .with_artifact(crate::MIPS64_ARTIFACT),
        StepVerifier::of::<Rv64>(crate::RISCV).with_artifact(crate::RISCV_ARTIFACT),
        StepVerifier::of::<Imac>(crate::IMAC).with_artifact(crate::IMAC_ARTIFACT),
    ]
};

/// The contract that verifies a VM's steps, for whoever chooses a VM while running.
#[derive(Clone, Copy, Debug)]
pub struct StepVerifier {
    vm_types: &'static [&'static str],
    contract: Contract,
    artifact: Option<&'static str>,
    print: fn(&Contract) -> String,
}

impl StepVerifier {
    /// The verifier of one VM, which has no artifact yet.
    pub const fn of<I: Isa>(contract: Contract) -> Self {
        Self {
            vm_types: const { &[I::VM_TYPE] },
            contract,
            artifact: None,
            print: |contract| contract.source::<I>(),
        }
    }

    /// The verifier of two VMs, which differ in the version of their states: its constructor is told which.
    pub const fn of_versions<I: Isa, Old: Isa<Op = I::Op>>(contract: Contract) -> Self {
        Self {
            vm_types: const { &[I::VM_TYPE, Old::VM_TYPE] },
            contract,
            artifact: None,
            print: |contract| contract.source_of_versions::<I, Old>(),
        }
    }

    /// Adds the artifact, as JSON: what [`crate::compile::Compiler::compile`] makes of [`Self::source`].
    #[must_use]
    pub const fn with_artifact(mut self, artifact: &'static str) -> Self {
        self.artifact = Some(artifact);
        self
    }

    /// The types of the VMs ([`Isa::VM_TYPE`]) whose steps it verifies.
    pub const fn vm_types(&self) -> &'static [&'static str] {
        self.vm_types
    }

    /// The contract's name.
    pub const fn name(&self) -> &'static str {
        self.contract.name
    }

    /// The artifact, as JSON, where it has been compiled.
    pub const fn artifact(&self) -> Option<&'static str> {
        self.artifact
    }

    /// The contract, as it is printed from the definitions.
    pub fn source(&self) -> String {
        (self.print)(&self.contract)
    }
}
