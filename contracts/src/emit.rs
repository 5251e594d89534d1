//! Prints an ISA's step verifier as a Solidity contract: one more interpretation of the instruction
//! definitions, inside a shell that is the same for all ISAs.

mod dispatch;
mod frame;
mod layout;
mod printer;
mod template;
mod text;

use fpvm_core::definition::isa::Isa;
use fpvm_core::definition::machine::Fault;
use fpvm_core::keccak::keccak256;
use layout::Layout;
use std::collections::BTreeMap;
use template::Template;
use text::Text;

/// The frame that the instructions are printed into.
const SHELL: &str = include_str!("emit/shell.sol.in");

/// What a contract says where a step has no state after it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum FaultStyle {
    /// A word that is the fault's code, as Asterisc's contract does.
    Words,
    /// A named error without arguments, its name from the fault's text.
    Errors,
}

/// A contract to print, as far as the ISA does not say it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Contract {
    /// The contract's name.
    pub name: &'static str,
    /// What `version()` answers.
    pub version: &'static str,
    /// The crate with the definitions.
    pub definitions: &'static str,
    /// What a fault reverts with.
    pub faults: FaultStyle,
    /// The code of a bad memory branch, in the style of words.
    pub bad_branch: u32,
}

/// The faults that were printed.
#[derive(Debug)]
struct Faults {
    style: FaultStyle,
    met: BTreeMap<String, Fault>,
}

impl Faults {
    fn note(&mut self, fault: Fault) {
        self.met.insert(Self::name(&fault), fault);
    }

    /// "jump in delay slot" as `JumpInDelaySlot`.
    fn name(fault: &Fault) -> String {
        let words = fault.text.split(|c: char| !c.is_ascii_alphanumeric());
        let words = words.filter(|word| !word.is_empty());
        words.fold(String::new(), |name, word| {
            let (head, tail) = word.split_at(1);
            name + &head.to_ascii_uppercase() + tail
        })
    }

    /// The selector of an error without arguments.
    fn selector(name: &str) -> String {
        let hash = keccak256(format!("{name}()").as_bytes());
        const_hex::encode_prefixed(&hash[..4])
    }
}

impl Contract {
    /// The source of a contract for one version of the states, which its constructor need not be told.
    pub fn source<I: Isa>(&self) -> String {
        self.print::<I, I>(None)
    }

    /// The source of a contract that is told at its construction which of two state versions it is for.
    pub fn source_of_versions<I: Isa, Old: Isa<Op = I::Op>>(&self) -> String {
        self.print::<I, Old>(I::FILE.version.zip(Old::FILE.version))
    }

    fn print<I: Isa, Old: Isa<Op = I::Op>>(&self, versions: Option<(u8, u8)>) -> String {
        let layout = Layout::of::<I>();
        let mut faults = Faults {
            style: self.faults,
            met: BTreeMap::new(),
        };
        let fetch = printer::print::<I>(&layout, &mut faults, |machine| I::fetch(machine));
        let dispatch = dispatch::dispatch::<I, Old>(&layout, &mut faults);
        let mut out = Template::new(SHELL);
        let mut put = |name: &str, value: &str| out.put(name, value);
        put("POSITION", &frame::position::<I>(&layout));
        put("FETCH", &lines(4, &fetch));
        put("DISPATCH", &lines(4, &dispatch));
        frame::put_threads::<I>(&layout, &mut faults, &mut put);
        put("NAME", self.name);
        put("VERSION", self.version);
        put("CRATE", self.definitions);
        put("VM_TYPE", I::VM_TYPE);
        self.put_faults(&faults, &mut put);
        frame::put_layout::<I>(&layout, &mut put);
        frame::put_memory(&layout, &mut put);
        let mut features = Vec::new();
        features.extend(I::THREADS.map(|_| "THREADS"));
        features.extend(I::RESERVATION.map(|_| "RESERVATION"));
        frame::put_instruction::<I>(&layout, &mut features, &mut put);
        if let Some((new, old)) = versions {
            put("NEW_VERSION", &new.to_string());
            put("OLD_VERSION", &old.to_string());
            features.push("VERSIONS");
        }
        out.finish(&features)
    }

    fn put_faults(&self, faults: &Faults, put: &mut impl FnMut(&str, &str)) {
        let mut errors = String::new();
        let mut error = |name: &str, text: &str| {
            let mut capital = text.chars();
            let first: String = capital.by_ref().take(1).collect::<String>().to_uppercase();
            let text = first + capital.as_str();
            errors += &format!("    /// @notice {text}.\n    error {name}();\n");
        };
        let (function, bad_branch) = match self.faults {
            FaultStyle::Errors => {
                for (name, fault) in &faults.met {
                    error(name, fault.text);
                }
                error(
                    "InvalidMemoryProof",
                    "a branch of the proof does not lead to the memory root",
                );
                let selector = Faults::selector("InvalidMemoryProof");
                (String::new(), format!("refuse({selector})"))
            }
            FaultStyle::Words => {
                let function = [
                    "// A fault reverts with its code as a word.",
                    "function fault(code) {",
                    "    mstore(0, code)",
                    "    revert(0, 0x20)",
                    "}",
                    "",
                ];
                let bad_branch = format!("fault({:#x})", self.bad_branch);
                (lines(3, &function.map(str::to_owned)), bad_branch)
            }
        };
        put("ERRORS", &errors);
        put("FAULT_FUNCTION", &function);
        put("BAD_BRANCH", &bad_branch);
        for name in [
            "NonCanonicalCalldata",
            "InvalidExitedValue",
            "InvalidVersion",
            "InvalidProofLength",
            "InvalidCompactProof",
            "InvalidThreadProof",
            "NoActiveThread",
        ] {
            put(&format!("SELECTOR_{name}"), &Faults::selector(name));
        }
    }
}

fn lines(depth: usize, lines: &[String]) -> String {
    let mut text = Text::at_depth(depth);
    for line in lines {
        if line.is_empty() {
            text.line("");
        } else {
            text.line(line);
        }
    }
    text.finish()
}
