//! Step verifier contracts, printed from the one definition of each instruction, and what it takes to
//! deploy and call them.
//!
//! [`emit`] is an interpretation of [`fpvm_core::definition::machine::Machine`] whose words are expressions of
//! Solidity's assembly language.

pub mod abi;
pub mod artifact;
pub mod compile;
pub mod emit;
pub mod game;
pub mod game_v7;
#[cfg(feature = "harness")]
pub mod guest;
#[cfg(feature = "harness")]
pub mod harness;
pub mod loader;
pub mod precompiles;
mod step_verifier;
pub mod verifier;

#[cfg(feature = "vms")]
pub use step_verifier::STEP_VERIFIERS;
pub use step_verifier::StepVerifier;

use emit::{Contract, FaultStyle};

/// Cannon's verifier, compiled.
pub const MIPS_ARTIFACT: &str = include_str!("../artifacts/FpvmMips.json");
/// The verifier of Cannon's MIPS64 with threads, compiled.
pub const MIPS64_ARTIFACT: &str = include_str!("../artifacts/FpvmMips64.json");
/// Asterisc's verifier, compiled.
pub const RISCV_ARTIFACT: &str = include_str!("../artifacts/FpvmRiscv.json");

/// The verifier of RV64IMAC, compiled.
pub const IMAC_ARTIFACT: &str = include_str!("../artifacts/FpvmRiscvImac.json");

/// The toy's verifier, compiled.
pub const TOY_ARTIFACT: &str = include_str!("../artifacts/FpvmToy.json");

/// The verifier of Cannon's MIPS32.
pub const MIPS: Contract = Contract {
    name: "FpvmMips",
    version: "1.0.0",
    definitions: "isa-mips",
    faults: FaultStyle::Errors,
    bad_branch: 0,
};

/// The verifier of Asterisc's RV64.
pub const RISCV: Contract = Contract {
    name: "FpvmRiscv",
    version: "1.0.0",
    definitions: "isa-riscv",
    faults: FaultStyle::Words,
    bad_branch: 0xbadf_00d1,
};

/// The verifier of Cannon's MIPS64 with threads.
pub const MIPS64: Contract = Contract {
    name: "FpvmMips64",
    version: "1.0.0",
    definitions: "isa-mips64",
    faults: FaultStyle::Errors,
    bad_branch: 0,
};

/// The verifier of RV64IMAC.
pub const IMAC: Contract = Contract {
    name: "FpvmRiscvImac",
    version: "1.0.0",
    definitions: "isa-riscv",
    faults: FaultStyle::Words,
    bad_branch: RISCV.bad_branch,
};

/// The verifier of the toy ISA.
pub const TOY: Contract = Contract {
    name: "FpvmToy",
    version: "1.0.0",
    definitions: "toy-isa",
    faults: FaultStyle::Errors,
    bad_branch: 0,
};

/// A step verifier: how it is printed, and what that compiles to.
#[derive(Clone, Copy, Debug)]
pub struct Verifier {
    /// The contract.
    pub contract: Contract,
    /// Its artifact, as JSON.
    pub artifact: &'static str,
}

/// All step verifiers of this project, each once: whoever needs every one of them, to name a revert or to
/// test, iterates over this list.
pub const VERIFIERS: [Verifier; 5] = [
    Verifier {
        contract: MIPS,
        artifact: MIPS_ARTIFACT,
    },
    Verifier {
        contract: MIPS64,
        artifact: MIPS64_ARTIFACT,
    },
    Verifier {
        contract: RISCV,
        artifact: RISCV_ARTIFACT,
    },
    Verifier {
        contract: IMAC,
        artifact: IMAC_ARTIFACT,
    },
    Verifier {
        contract: TOY,
        artifact: TOY_ARTIFACT,
    },
];
