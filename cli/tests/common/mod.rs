//! What the tests of the command share: running it, and small guests made on the spot.
#![allow(dead_code, reason = "each test file uses a part")]

use assert_cmd::Command;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Output;
use tempfile::TempDir;

/// A file of the vectors that upstream's programs made.
pub(crate) fn vectors(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../spec-tests/vectors")
        .join(path)
}

/// A file of the example guests.
pub(crate) fn guests(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../examples/guests")
        .join(path)
}

/// What a command came to.
#[derive(Debug)]
pub(crate) struct Done {
    pub(crate) code: Option<i32>,
    pub(crate) out: String,
    pub(crate) err: String,
}

impl Done {
    /// Asserts that it went well; gives stdout.
    #[track_caller]
    pub(crate) fn ok(self) -> String {
        assert_eq!(self.code, Some(0), "{}", self.err);
        self.out
    }

    /// Asserts the exit code, and that stderr has a text.
    #[track_caller]
    pub(crate) fn fails(self, code: i32, text: &str) -> String {
        assert_eq!(self.code, Some(code), "{}", self.err);
        assert!(self.err.contains(text), "`{text}` is not in: {}", self.err);
        assert!(!self.err.contains("panicked"), "{}", self.err);
        self.err
    }
}

impl From<Output> for Done {
    fn from(output: Output) -> Self {
        let text = |bytes| String::from_utf8_lossy(bytes).into_owned();
        Self {
            code: output.status.code(),
            out: text(&output.stdout),
            err: text(&output.stderr),
        }
    }
}

/// A folder to run commands in.
pub(crate) struct Shop {
    folder: TempDir,
    program: PathBuf,
}

impl Shop {
    pub(crate) fn new() -> Self {
        let program = env!("CARGO_BIN_EXE_fpvm").into();
        Self {
            folder: tempfile::tempdir().unwrap(),
            program,
        }
    }

    /// The program under another name.
    pub(crate) fn named(name: &str) -> Self {
        let mut shop = Self::new();
        let program = shop.path(name);
        std::os::unix::fs::symlink(&shop.program, &program).unwrap();
        shop.program = program;
        shop
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub(crate) fn command(&self) -> Command {
        let mut command = Command::new(&self.program);
        command
            .current_dir(self.folder.path())
            .env("COLUMNS", "100")
            .env("NO_COLOR", "1");
        command
    }

    /// The same for commands that are not waited for at once.
    pub(crate) fn process(&self) -> std::process::Command {
        let mut command = std::process::Command::new(&self.program);
        command.current_dir(self.folder.path());
        command
    }

    /// Runs a command; words are split at blanks.
    pub(crate) fn run(&self, line: &str) -> Done {
        self.run_words(&line.split_whitespace().collect::<Vec<_>>())
    }

    pub(crate) fn run_words(&self, words: &[&str]) -> Done {
        self.command().args(words).output().unwrap().into()
    }

    pub(crate) fn write(&self, name: &str, bytes: impl AsRef<[u8]>) {
        fs::write(self.path(name), bytes).unwrap();
    }

    pub(crate) fn read(&self, name: &str) -> Vec<u8> {
        fs::read(self.path(name)).unwrap()
    }

    /// Puts a file of the repository here, under its last name.
    pub(crate) fn bring(&self, file: &Path) {
        fs::copy(file, self.path(file.file_name().unwrap().to_str().unwrap())).unwrap();
    }

    /// The names of the files here.
    pub(crate) fn files(&self) -> Vec<String> {
        let entries = fs::read_dir(self.folder.path()).unwrap();
        let name = |entry: std::io::Result<fs::DirEntry>| entry.unwrap().file_name();
        let mut names: Vec<_> = entries
            .map(|e| name(e).to_string_lossy().into_owned())
            .collect();
        names.sort();
        names
    }
}

/// A file's contents, through gzip where it is compressed.
pub(crate) fn contents(path: &Path) -> Vec<u8> {
    let bytes = fs::read(path).unwrap();
    if !bytes.starts_with(&[0x1f, 0x8b]) {
        return bytes;
    }
    let mut plain = Vec::new();
    std::io::Read::read_to_end(&mut flate2::read::GzDecoder::new(&*bytes), &mut plain).unwrap();
    plain
}

pub(crate) fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    std::io::Write::write_all(&mut encoder, bytes).unwrap();
    encoder.finish().unwrap()
}

pub(crate) fn json(bytes: impl AsRef<[u8]>) -> serde_json::Value {
    serde_json::from_slice(bytes.as_ref()).unwrap()
}

/// The first address of [`mips_state`]'s code.
pub(crate) const CODE: u32 = 0x1000;

/// A binary MIPS state that is about to run these instructions at [`CODE`].
pub(crate) fn mips_state(code: &[u32]) -> Vec<u8> {
    let mut page: Vec<u8> = code.iter().flat_map(|insn| insn.to_be_bytes()).collect();
    page.resize(4096, 0);
    let mut state = vec![2];
    state.extend(1u32.to_be_bytes());
    state.extend((CODE >> 12).to_be_bytes());
    state.extend(page);
    state.extend([0; 32]);
    for field in [0, CODE, CODE + 4, 0, 0, 0] {
        state.extend(field.to_be_bytes());
    }
    state.extend([0; 2 + 8 + 4 * 32 + 4]);
    state
}

/// A JSON RISC-V state that is about to run these instructions at [`CODE`].
pub(crate) fn riscv_state(code: &[u32]) -> String {
    let mut page: Vec<u8> = code.iter().flat_map(|insn| insn.to_le_bytes()).collect();
    page.resize(4096, 0);
    let data: String = page.iter().map(|byte| format!("{byte:02x}")).collect();
    let zeros = "0".repeat(64);
    let registers = ["0"; 32].join(",");
    format!(
        r#"{{"memory":[{{"index":{},"data":"{data}"}}],"preimageKey":"0x{zeros}","preimageOffset":0,
        "pc":{CODE},"exit":0,"exited":false,"step":0,"heap":0,"loadReservation":0,
        "registers":[{registers}]}}"#,
        CODE >> 12
    )
}

/// MIPS instructions.
pub(crate) mod mips {
    /// `nop`.
    pub(crate) const NOP: u32 = 0;
    /// `b .`: back to itself, with the next instruction in its slot.
    pub(crate) const SPIN: u32 = 0x1000_ffff;
    /// `b .-4`.
    pub(crate) const BACK: u32 = 0x1000_fffe;
    /// Not an instruction.
    pub(crate) const UNDEFINED: u32 = 0xffff_ffff;
}
