//! Prints an ISA's step verifier as a Solidity contract: one more interpretation of the instruction
//! definitions, inside a shell that is the same for all ISAs.

mod dispatch;
mod layout;
mod printer;
mod template;
mod text;

use fpvm_core::compact::{map_len, zero_roots};
use fpvm_core::isa::{Isa, ProofShape};
use fpvm_core::keccak::keccak256;
use fpvm_core::machine::{Fault, Machine as _};
use fpvm_core::operand::{Cell, Reg};
use fpvm_core::threads::NO_THREADS;
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
        self.met.insert(Faults::name(&fault), fault);
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
        put("POSITION", &position::<I>(&layout));
        put("FETCH", &lines(4, &fetch));
        put("DISPATCH", &lines(4, &dispatch));
        put_threads::<I>(&layout, &mut faults, &mut put);
        put("NAME", self.name);
        put("VERSION", self.version);
        put("CRATE", self.definitions);
        put("VM_TYPE", I::VM_TYPE);
        self.put_faults(&faults, &mut put);
        put_layout::<I>(&layout, &mut put);
        put_memory(&layout, &mut put);
        let mut features = Vec::new();
        features.extend(I::THREADS.map(|_| "THREADS"));
        features.extend(I::RESERVATION.map(|_| "RESERVATION"));
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

/// Where the program goes on unless the instruction says otherwise.
fn position<I: Isa>(layout: &Layout) -> String {
    let after = |before: &str| format!("and(add({before}, 4), WORD)");
    match I::NEXT_PC {
        // The instruction after this one runs in any case; a branch decides what comes after that.
        Some(cell) => lines(
            4,
            &[
                format!("let slot := get{}(NEXT_PC)", layout.size(cell)),
                "let next := slot".to_owned(),
                format!("let after := {}", after("slot")),
            ],
        ),
        None => lines(4, &[format!("let next := {}", after("here"))]),
    }
}

/// What only contracts of VMs with threads or reservations have.
fn put_threads<I: Isa>(layout: &Layout, faults: &mut Faults, put: &mut impl FnMut(&str, &str)) {
    if let Some(threads) = I::THREADS {
        let turn = printer::print::<I>(layout, faults, |machine| {
            machine.stay();
            I::turn(machine)
        });
        put("TURN", &lines(5, &turn));
        put("THREAD", &format!("{:#x}", layout.thread()));
        put("NO_THREADS", &const_hex::encode_prefixed(NO_THREADS));
        put("QUANTUM", &threads.quantum.to_string());
    }
    if let Some(reservation) = I::RESERVATION {
        let place = |cell: Cell| layout.place(Reg::Fixed(cell));
        let address = place(reservation.address);
        put("RESERVED", &format!("get{}({})", address.size, address.at));
        let cells = reservation.cells.iter().map(|cell| place(*cell));
        let clear = cells.map(|cell| format!("set{}({}, 0)", cell.size, cell.at));
        put("RELEASE", &lines(5, &clear.collect::<Vec<_>>()));
    }
}

fn put_layout<I: Isa>(layout: &Layout, put: &mut impl FnMut(&str, &str)) {
    let fields = layout
        .constants()
        .map(|(name, offset)| format!("    uint256 private constant {name} = {offset:#x};\n"));
    put("FIELDS", &fields.collect::<String>());
    let places = [
        ("STATE", layout.state()),
        ("OPEN", layout.open()),
        ("LEAF", layout.leaf()),
        ("BRANCHES", layout.branches()),
        ("BRANCH", layout.branch()),
        ("SIBLINGS", layout.sibling(0)),
        ("EMPTY", layout.empty(0)),
        ("COMPACT", layout.compact()),
        ("PREVIOUS", layout.previous()),
        ("CALL", layout.call()),
    ];
    for (name, place) in places {
        put(name, &format!("{place:#x}"));
    }
    let numbers = [
        ("STATE_LEN", layout.state_len),
        ("BRANCH_LEN", layout.branch_len),
        ("DEPTH", layout.depth),
        ("MAP_SHIFT", 256 - 8 * map_len(layout.depth)),
        ("THREAD_LEN", layout.thread_len),
        ("THREAD_PROOF_LEN", layout.thread_proof_len),
        ("PROOF_OFFSET", layout.proof_offset()),
        ("BRANCHES_OFFSET", layout.branches_offset()),
        ("WORD_BITS", layout.bits as usize),
        ("SIGN_BYTE", layout.bits as usize / 8 - 1),
    ];
    for (name, number) in numbers {
        put(name, &number.to_string());
    }
    put("WORD", &format!("{:#x}", u64::MAX >> (64 - layout.bits)));
    let size = |cell| layout.size(cell);
    put(
        "SET_REGISTER",
        &format!("set{}", size(fpvm_core::operand::Cell(0))),
    );
    put("GET_OFFSET", &format!("get{}", size(I::PREIMAGE_OFFSET)));
    put("SET_OFFSET", &format!("set{}", size(I::PREIMAGE_OFFSET)));
    put("GET_PC", &format!("get{}", size(I::PC)));
    let end = match I::THREADS {
        Some(_) => "from, length",
        None => "from, proof.length",
    };
    put("PROOF_END", end);
    let position = lines(4, &printer::position::<I>(layout));
    put("SET_POSITION", position.trim_end());
}

fn put_memory(layout: &Layout, put: &mut impl FnMut(&str, &str)) {
    let level = |level: usize| {
        let side = match level {
            0 => "at".to_owned(),
            _ => format!("shr({level}, at)"),
        };
        let sibling = layout.sibling(level);
        format!(
            "s := and({side}, 0x20) mstore(s, root) mstore(xor(s, 0x20), mload({sibling:#x})) root := keccak256(0, 0x40)"
        )
    };
    let one: Vec<String> = (0..layout.depth).map(level).collect();
    put("WALK", &lines(4, &one));
    let new = "mstore(s, newRoot) newRoot := keccak256(0, 0x40)";
    let two: Vec<String> = one.iter().map(|level| format!("{level} {new}")).collect();
    put("WALK2", &lines(4, &two));

    let roots = zero_roots().take(layout.depth).enumerate();
    let roots = roots.map(|(level, root)| match level {
        // Memory that nothing was written to is zero.
        0 => "// A leaf is zero.".to_owned(),
        _ => format!(
            "mstore({:#x}, {})",
            layout.empty(level),
            const_hex::encode_prefixed(root)
        ),
    });
    put("EMPTY_ROOTS", &lines(4, &roots.collect::<Vec<_>>()));

    let ordered: &[&str] = if layout.big_endian {
        &["v := a"]
    } else {
        &[
            "v := or(shl(8, and(a, 0x00ff00ff00ff00ff)), and(shr(8, a), 0x00ff00ff00ff00ff))",
            "v := or(shl(16, and(v, 0x0000ffff0000ffff)), and(shr(16, v), 0x0000ffff0000ffff))",
            "v := or(shl(32, and(v, 0xffffffff)), shr(32, v))",
            "v := shr(sub(64, shl(3, bytes_)), v)",
        ]
    };
    put(
        "ORDERED",
        &lines(
            4,
            &ordered
                .iter()
                .map(|line| (*line).to_owned())
                .collect::<Vec<_>>(),
        ),
    );
    let comment = if layout.big_endian {
        "The guest's byte order is that of the contract."
    } else {
        "A number of 1, 2, 4 or 8 bytes, from the guest's byte order to the contract's or back."
    };
    put("ORDER_COMMENT", comment);
    let selector = Faults::selector("InvalidProofLength");
    let refuse = format!("{{ refuse({selector}) }} // InvalidProofLength");
    let check = match (layout.proof, layout.thread_proof_len) {
        (ProofShape::Fixed(count), 0) => vec![
            format!("if xor(proof.length, {}) {{", count * layout.branch_len),
            "    // The step of a program that has exited needs no proof.".to_owned(),
            format!("    if or(iszero(exited), proof.length) {refuse}"),
            "}".to_owned(),
        ],
        (ProofShape::Fixed(count), _) => vec![format!(
            "if iszero(or(from, eq(length, {}))) {refuse}",
            count * layout.branch_len
        )],
        (ProofShape::UpTo(_), 0) => vec![format!(
            "if mod(proof.length, {}) {refuse}",
            layout.branch_len
        )],
        (ProofShape::UpTo(_), _) => vec![format!(
            "if iszero(or(from, iszero(mod(length, {})))) {refuse}",
            layout.branch_len
        )],
    };
    put("CHECK_LENGTH", &lines(4, &check));
}
