//! The book: its tables are those of the definitions, and its links lead somewhere.
//!
//! `UPDATE_DOCS=1 cargo test -p spec-tests --test docs` writes the tables anew.

#[path = "docs/slt.rs"]
mod slt;

use fpvm_core::definition::disasm::register;
use fpvm_core::definition::isa::{
    Field, Isa, JsonPages, Op, Operand, ProofShape, Source, witness_len,
};
use fpvm_core::definition::operand::{Cell, Imm, Reg};
use fpvm_core::definition::threads::{thread_len, thread_proof_len};
use fpvm_core::definition::word::Word;
use fpvm_core::machine::memory::{LEAF_SIZE, PAGE_SIZE, branch_len, tree_depth};
use fpvm_isa_mips::Mips32;
use fpvm_isa_mips64::Newest as Mips64;
use fpvm_isa_riscv::Rv64;
use fpvm_isa_riscv::imac::Imac;
use fpvm_lint::rules::choices;
use spec_tests::book::{chapters, current, parts, repository};
use std::fmt::Write as _;
use std::fs;
use toy_isa::Toy;

/// What a cell holds, in words.
fn cell<I: Isa>(field: &Field, cell: Cell) -> &str {
    match cell {
        _ if cell == I::PC => "program counter: address of the next instruction",
        _ if Some(cell) == I::NEXT_PC => {
            "address of the instruction after that; `pc + 4` unless a branch is under way"
        }
        _ if cell == I::EXIT_CODE => "exit code",
        _ if cell == I::EXITED => "1 once the program has ended, else 0",
        _ if cell == I::PREIMAGE_OFFSET => {
            "offset of the next pre-image read, the 8-byte length prefix counted in"
        }
        _ if Some(cell) == I::HEAP => "end of what `mmap` has given out",
        _ => match field.name {
            "lo" => "low word of a product, or a quotient",
            "hi" => "high word of a product, or a remainder",
            "loadReservation" => "address of the last `lr`, for `sc`",
            "llReservationStatus" => "reservation: 0 none, 1 of 32 bits, 2 of 64",
            "llAddress" => "reserved address, as `ll` or `lld` had it",
            "llOwnerThread" => "thread that reserved it",
            "traverseRight" => "active stack: 0 left, 1 right",
            "nextThreadId" => "number of the next new thread",
            "threadId" => "number of the thread",
            "threadExit" => "exit code of the thread",
            "threadExited" => "1 once the thread has ended, else 0",
            name => name,
        },
    }
}

fn holds<I: Isa>(field: &Field) -> String {
    match field.source {
        Source::Version(version) => format!("always {version:#x}, the VM type's number"),
        Source::MemoryRoot => "Merkle root of memory".into(),
        Source::PreimageKey => "key of the pre-image that is being read".into(),
        Source::Step => "steps executed so far".into(),
        Source::StepsSinceSwitch => "steps since the running thread's turn began".into(),
        Source::Threads(0) => "root of the left stack of threads".into(),
        Source::Threads(_) => "root of the right stack of threads".into(),
        Source::Cell(at) => cell::<I>(field, at).into(),
        Source::Cells(_, count) => {
            let names = I::REGISTERS;
            let (first, last) = (names.first().unwrap_or(&""), names.last().unwrap_or(&""));
            format!("the {count} general registers, `{first}` to `{last}`")
        }
    }
}

fn size(field: &Field) -> String {
    match field.source {
        Source::Cells(_, count) => format!("{count} × {}", field.size),
        _ => field.size.to_string(),
    }
}

/// The packed state, with offsets.
fn state<I: Isa>() -> String {
    fields::<I>(I::STATE)
}

/// Packed fields, with offsets.
fn fields<I: Isa>(fields: &[Field]) -> String {
    let mut text = String::from("| offset | bytes | field | holds |\n| --: | --: | --- | --- |\n");
    let mut offset = 0;
    for field in fields {
        let (size, holds) = (size(field), holds::<I>(field));
        let _ = writeln!(text, "| {offset} | {size} | `{}` | {holds} |", field.name);
        offset += field.len();
    }
    assert_eq!(offset, witness_len(fields));
    let _ = writeln!(text, "| {offset} | | *end* | |");
    text
}

/// Memory proofs.
fn proof<I: Isa>() -> String {
    let bits = I::Word::BITS;
    let (depth, branch) = (tree_depth(bits), branch_len(bits));
    let thread = match I::THREADS {
        Some(_) => "the running thread, the root of those beneath it, then ",
        None => "",
    };
    let (shape, bytes) = match I::PROOF {
        ProofShape::Fixed(count) => (
            format!("{thread}always {count} branches"),
            (thread_proof_len::<I>() + count * branch).to_string(),
        ),
        ProofShape::UpTo(count) => {
            let lengths: Vec<_> = (1..=count).map(|n| (n * branch).to_string()).collect();
            (
                format!("1 to {count} branches, as many as the step uses"),
                lengths.join(", "),
            )
        }
    };
    format!(
        "| property | value |\n| --- | --- |\n\
         | VM type | `{}` |\n| address space | 2^{bits} bytes |\n\
         | leaf | {LEAF_SIZE} bytes |\n| levels above the leaves | {depth} |\n\
         | branch | {} nodes, {branch} bytes |\n| `proof-data` | {shape} |\n\
         | bytes of `proof-data` | {bytes} |\n",
        I::VM_TYPE,
        depth + 1
    )
}

/// Binary state files.
fn binary<I: Isa>() -> String {
    let word = I::Word::BYTES;
    let mut text = String::from("| bytes | what |\n| --: | --- |\n");
    let mut row = |bytes: &str, what: &str| {
        let _ = writeln!(text, "| {bytes} | {what} |");
    };
    if let Some(version) = I::FILE.version {
        row("1", &format!("version: {version}"));
    }
    row(&word.to_string(), "number of pages");
    row(
        &format!("pages × ({word} + {PAGE_SIZE})"),
        "each page: its number (address / 4096), ascending, and its contents",
    );
    for field in I::STATE.iter().filter(|field| field.source.in_files()) {
        row(&size(field), &format!("`{}`", field.name));
    }
    if I::THREADS.is_some() {
        let thread = thread_len::<I>();
        for side in ["left", "right"] {
            row(
                &word.to_string(),
                &format!("number of threads on the {side} stack"),
            );
            row(
                &format!("threads × {thread}"),
                "each thread, the lowest first",
            );
        }
    }
    row("4", "length of `lastHint`");
    row(
        "that many",
        "`lastHint`: bytes of a hint that is not complete yet",
    );
    if I::FILE.trailer {
        row("4", "length of the witness");
        row("that many", "the witness: the packed state");
        row("32", "the state hash");
    }
    text
}

/// JSON state files.
fn json<I: Isa>() -> String {
    let mut text = String::from("| key | value |\n| --- | --- |\n");
    let mut row = |key: &str, value: &str| {
        let _ = writeln!(text, "| `{key}` | {value} |");
    };
    let pages = match I::FILE.json_pages {
        JsonPages::Base64Zlib => "base64 of the zlib-compressed page",
        JsonPages::Hex => "the page in hex, without 0x",
    };
    row(
        "memory",
        &format!("array of `{{\"index\": page number, \"data\": {pages}}}`"),
    );
    for field in I::STATE
        .iter()
        .filter(|field| field.source != Source::MemoryRoot)
    {
        row(
            field.name,
            match field.source {
                Source::PreimageKey | Source::MemoryRoot => "0x and hex",
                Source::Cell(cell) if cell == I::EXITED => "true or false",
                Source::Version(_) | Source::Cell(_) | Source::Step | Source::StepsSinceSwitch => {
                    "number"
                }
                Source::Threads(_) => "array of threads, the lowest first, each as 0x and hex",
                Source::Cells(..) => "array of numbers",
            },
        );
    }
    row("lastHint", "0x and hex; left out where empty");
    if I::FILE.trailer {
        row("witness", "base64 of the packed state");
        row("stateHash", "0x and hex");
    }
    text
}

/// Where an immediate's bits stand in the instruction word.
fn bits(imm: Imm) -> String {
    let parts = imm.parts.iter().filter(|part| part.bits > 0);
    let runs: Vec<_> = parts
        .map(|part| {
            let (lo, hi) = (part.lo, part.lo + part.bits - 1);
            let run = if lo == hi {
                format!("{lo}")
            } else {
                format!("{hi}:{lo}")
            };
            if part.to == 0 {
                run
            } else {
                format!("{run} << {}", part.to)
            }
        })
        .collect();
    let sign = if imm.signed == 0 {
        ""
    } else {
        ", sign-extended"
    };
    format!("{}{sign}", runs.join(" + "))
}

/// Operands, then the table of instructions.
fn instructions<I: Isa>() -> String {
    let mut text =
        String::from("| operand | bits of the instruction word | |\n| --- | --- | --- |\n");
    for (name, operand) in I::OPERANDS {
        let (at, what) = match operand {
            Operand::Reg(fpvm_core::definition::operand::Reg::Field { lo, bits, base }) => {
                let what = match base {
                    0 => "register",
                    _ => "one of registers 8 to 15",
                };
                (format!("{}:{lo}", lo + bits - 1), what)
            }
            Operand::Reg(fpvm_core::definition::operand::Reg::Fixed(_)) => {
                ("none".into(), "register")
            }
            Operand::Imm(imm) => (bits(*imm), "immediate"),
            Operand::Target(imm, _) => (bits(*imm), "branch target, relative"),
            Operand::Region(imm) => (
                bits(*imm),
                "jump target in the region of the next instruction",
            ),
        };
        let _ = writeln!(text, "| `{name}` | {at} | {what} |");
    }
    text.push_str("\n| mnemonic | mask | value | operands |\n| --- | --- | --- | --- |\n");
    for row in I::TABLE {
        let operands = row.format.replace(['{', '}'], "");
        let operands = if operands.is_empty() {
            String::new()
        } else {
            format!("`{operands}`")
        };
        let (name, mask, value) = (row.name, row.mask, row.value);
        let _ = writeln!(
            text,
            "| `{name}` | `{mask:08x}` | `{value:08x}` | {operands} |"
        );
    }
    assert_eq!(I::TABLE.len() + 1, <I::Op as Op>::ALL.len());
    text
}

/// System calls and what they tell apart, by register, number and name.
fn calls<I: Isa>() -> String {
    let mut text =
        String::from("| instruction | looks at | value | name |\n| --- | --- | --: | --- |\n");
    for choice in choices::<I>() {
        let register = match choice.register {
            Reg::Fixed(cell) => register::<I>(cell.0),
            Reg::Field { .. } => "an operand".into(),
        };
        let instruction = choice.instruction;
        for case in choice.cases {
            let (value, name) = (case.value, case.name);
            let _ = writeln!(
                text,
                "| `{instruction}` | `{register}` | {value} | {name} |"
            );
        }
    }
    text
}

fn tables<I: Isa>(name: &str) {
    current(&format!("tables/{name}-state.md"), &state::<I>());
    if let Some(threads) = I::THREADS {
        let thread = fields::<I>(threads.fields);
        current(&format!("tables/{name}-thread.md"), &thread);
    }
    current(&format!("tables/{name}-proof.md"), &proof::<I>());
    current(&format!("tables/{name}-binary.md"), &binary::<I>());
    current(&format!("tables/{name}-json.md"), &json::<I>());
    current(
        &format!("tables/{name}-instructions.md"),
        &instructions::<I>(),
    );
    current(&format!("tables/{name}-calls.md"), &calls::<I>());
}

#[test]
fn tables_are_of_the_definitions() {
    tables::<Mips32>(Mips32::NAME);
    tables::<Mips64>(Mips64::NAME);
    tables::<Rv64>(Rv64::NAME);
    tables::<Imac>("imac");
    current("tables/toy-state.md", &state::<Toy>());
}

/// The targets of Markdown links in a text, fenced code left out.
fn links(text: &str) -> Vec<String> {
    let mut found = Vec::new();
    let mut fenced = false;
    for line in text.lines() {
        fenced ^= line.trim_start().starts_with("```");
        if fenced {
            continue;
        }
        let ends = line
            .split("](")
            .skip(1)
            .filter_map(|rest| rest.split(')').next());
        found.extend(ends.map(str::to_string));
    }
    found
}

/// Sources in the book are those that are compiled.
#[test]
fn sources_are_of_the_repository() {
    let mut count = 0;
    for path in chapters() {
        let page = fs::read_to_string(&path).expect("a chapter");
        for name in parts(&page).iter().filter(|name| name.ends_with(".rs")) {
            let source = fs::read_to_string(repository(name)).expect(name);
            current(name, &source);
            count += 1;
        }
    }
    assert!(count >= 3, "the book shows {count} sources");
}

/// A forge shows the book as it is, without what mdBook would put in.
#[test]
fn no_page_needs_mdbook_to_be_read() {
    for path in chapters() {
        let page = fs::read_to_string(&path).expect("a chapter");
        assert!(!page.contains("{{#"), "{} has an include", path.display());
    }
}

#[test]
fn links_lead_to_files() {
    let mut texts = chapters();
    texts.push(repository("README.md"));
    for path in texts {
        let text = fs::read_to_string(&path).expect("a chapter");
        let folder = path.parent().expect("a folder");
        for link in links(&text) {
            let file = link.split('#').next().unwrap_or_default();
            if file.is_empty() || link.starts_with("http") {
                continue;
            }
            assert!(
                folder.join(file).exists(),
                "{} links to {link}",
                path.display()
            );
        }
    }
}

#[test]
fn the_summary_lists_every_chapter_once() {
    let summary = fs::read_to_string(repository("docs/src/SUMMARY.md")).expect("the summary");
    let mut listed = links(&summary);
    let mut chapters: Vec<_> = chapters()
        .iter()
        .filter_map(|path| path.file_name()?.to_str().map(str::to_string))
        .filter(|name| name != "SUMMARY.md")
        .collect();
    listed.sort();
    chapters.sort();
    assert_eq!(listed, chapters);
}
