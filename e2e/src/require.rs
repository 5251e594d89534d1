//! When a test may be skipped.

use std::io::Write as _;

/// The environment variable that names, separated by commas, the tools that have to be there.
pub const REQUIRE: &str = "FPVM_REQUIRE";

/// Something that a test needs and that a machine may lack.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Tool {
    /// Foundry's node.
    Anvil,
    /// Go-ethereum's node.
    Geth,
    /// The user-mode emulators: `qemu-mips`, `qemu-riscv64`, `qemu-x86_64`.
    Qemu,
    /// A Chromium that draws pages without a screen.
    Chromium,
    /// A bucket of S3 in a process: `moto_server`.
    Moto,
    /// File systems that a test can mount for itself.
    Mounts,
    /// A processor and a system that the translator knows.
    Translator,
    /// A compiler of Solidity.
    Solc,
    /// A solver of bit vectors and arrays: `z3`.
    Solver,
    /// Upstream's compiled contracts, by `FPVM_UPSTREAM_CONTRACTS`.
    UpstreamContracts,
    /// Upstream's riscv-tests programs, by `FPVM_RISCV_TESTS`.
    RiscvTests,
}

impl Tool {
    const ALL: [Self; 11] = [
        Self::Anvil,
        Self::Geth,
        Self::Qemu,
        Self::Chromium,
        Self::Moto,
        Self::Mounts,
        Self::Translator,
        Self::Solc,
        Self::Solver,
        Self::UpstreamContracts,
        Self::RiscvTests,
    ];

    /// Its name in [`REQUIRE`].
    pub const fn name(self) -> &'static str {
        match self {
            Self::Anvil => "anvil",
            Self::Geth => "geth",
            Self::Qemu => "qemu",
            Self::Chromium => "chromium",
            Self::Moto => "moto",
            Self::Mounts => "mounts",
            Self::Translator => "translator",
            Self::Solc => "solc",
            Self::Solver => "solver",
            Self::UpstreamContracts => "upstream-contracts",
            Self::RiscvTests => "riscv-tests",
        }
    }
}

/// Says that a test is skipped because a tool is missing, past the test harness's capture.
///
/// # Panics
///
/// Where [`REQUIRE`] lists the tool, so that the test fails, and where it lists a tool that no test
/// knows.
pub fn skip(tool: Tool, why: &str) {
    let required = std::env::var(REQUIRE).unwrap_or_default();
    match is_required(tool, &required) {
        Ok(false) => {
            // Nobody reads where this fails.
            let _ = writeln!(std::io::stderr(), "SKIPPED: {why}");
        }
        Ok(true) => panic!("{REQUIRE} lists {}: {why}", tool.name()),
        Err(unknown) => panic!(
            "{REQUIRE} lists {unknown:?}, which is none of {}",
            Tool::ALL.map(Tool::name).join(", ")
        ),
    }
}

/// Whether a list of tools has this one; an unknown name of the list where there is one.
fn is_required(tool: Tool, list: &str) -> Result<bool, &str> {
    let names = || list.split(',').map(str::trim).filter(|n| !n.is_empty());
    match names().find(|name| Tool::ALL.iter().all(|tool| tool.name() != *name)) {
        Some(unknown) => Err(unknown),
        None => Ok(names().any(|name| name == tool.name())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_requires_what_it_names_and_nothing_else() {
        assert_eq!(is_required(Tool::Anvil, ""), Ok(false));
        assert_eq!(is_required(Tool::Anvil, "geth, anvil"), Ok(true));
        assert_eq!(is_required(Tool::Qemu, "geth,anvil,"), Ok(false));
        assert_eq!(is_required(Tool::Qemu, "geht"), Err("geht"));
        for tool in Tool::ALL {
            assert_eq!(is_required(tool, tool.name()), Ok(true));
        }
    }
}
