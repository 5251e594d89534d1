//! Compiles printed contracts: by `solc`, or by the npm package of the same name.
//!
//! What comes out is an artifact as those of this crate, which [`crate::artifact::Artifact`],
//! [`crate::verifier::OnChain`] and the command take.

use serde_json::{Value, json};
use std::ffi::OsStr;
use std::io::{Read as _, Seek as _, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// The largest contract that a chain takes (EIP-170), in bytes.
pub const MOST_BYTES: usize = 24_576;
/// How often the optimiser takes the code to run: for speed over size, and, where that gives more bytes than
/// a contract may have, for less.
const RUNS: [u32; 3] = [1_000_000, 10_000, 1];

/// A compiler of Solidity, 0.8.28 or a later 0.8.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Compiler {
    /// The program `solc`.
    Native(PathBuf),
    /// `solc.js` of the npm package, run by node.
    Node(PathBuf),
}

/// Why there is no artifact.
#[derive(Debug, thiserror::Error)]
pub enum CompileError {
    /// There is no compiler.
    #[error(
        "no Solidity compiler: neither `solc` is on PATH nor is there {searched}; install solc 0.8.28 \
         (https://docs.soliditylang.org), or `npm install solc@0.8.28` and give the path of \
         `node_modules/solc`"
    )]
    NoCompiler {
        /// Where else it was looked for, in words.
        searched: String,
    },
    /// The compiler cannot be run.
    #[error("cannot run {compiler}: {source}")]
    Run {
        /// The program.
        compiler: String,
        /// Why.
        source: std::io::Error,
    },
    /// What it says is not what a compiler says.
    #[error("{compiler} does not answer as a compiler does: {said}")]
    Answer {
        /// The program.
        compiler: String,
        /// The begin of what it says.
        said: String,
    },
    /// It refuses the source.
    #[error("the contract does not compile:\n{0}")]
    Refused(String),
    /// It is too large, however it is optimised.
    #[error("{name} has {bytes} bytes, and a contract may have {MOST_BYTES}")]
    TooLarge {
        /// The contract.
        name: String,
        /// Its size.
        bytes: usize,
    },
}

impl Compiler {
    /// The compiler at a path (`solc`, `solc.js`, or a folder with `solc.js`, such as `node_modules/solc`);
    /// without one, `solc` on PATH, or else `node_modules/solc` in the working directory.
    ///
    /// # Errors
    /// If there is none.
    pub fn find(path: Option<&Path>) -> Result<Self, CompileError> {
        let none = |searched: &Path| CompileError::NoCompiler {
            searched: searched.display().to_string(),
        };
        let script = |path: &Path| {
            let file = if path.is_dir() {
                path.join("solc.js")
            } else {
                path.to_owned()
            };
            let is_script = file.extension() == Some(OsStr::new("js"));
            (is_script && file.is_file()).then_some(Self::Node(file))
        };
        if let Some(path) = path {
            let native = path.is_file().then(|| Self::Native(path.to_owned()));
            return script(path).or(native).ok_or_else(|| none(path));
        }
        let folders = std::env::var_os("PATH").unwrap_or_default();
        let mut native = std::env::split_paths(&folders).map(|folder| folder.join("solc"));
        if let Some(found) = native.find(|path| path.is_file()) {
            return Ok(Self::Native(found));
        }
        let package = Path::new("node_modules/solc");
        script(package).ok_or_else(|| none(package))
    }

    fn command(&self) -> Command {
        match self {
            Self::Native(program) => Command::new(program),
            Self::Node(file) => {
                let mut node = Command::new("node");
                node.arg(file);
                node
            }
        }
    }

    fn name(&self) -> String {
        match self {
            Self::Native(path) => path.display().to_string(),
            Self::Node(path) => format!("node {}", path.display()),
        }
    }

    /// Compiles the contract `name` of a source that imports nothing; its artifact as JSON. Settings are
    /// those of this crate's verifiers: by way of the intermediate language, for Cancun, without metadata.
    ///
    /// # Errors
    /// If the compiler fails or refuses the source, or the contract is too large for a chain.
    pub fn compile(&self, name: &str, source: &str) -> Result<String, CompileError> {
        let mut bytes = 0;
        for runs in RUNS {
            let artifact = self.compile_for(name, source, runs)?;
            let code = artifact["deployedBytecode"].as_str().unwrap_or_default();
            bytes = code.len().saturating_sub(2) / 2;
            if bytes <= MOST_BYTES {
                return Ok(format!("{artifact:#}\n"));
            }
        }
        let name = name.to_owned();
        Err(CompileError::TooLarge { name, bytes })
    }

    fn compile_for(&self, name: &str, source: &str, runs: u32) -> Result<Value, CompileError> {
        let settings = json!({
            "viaIR": true,
            "optimizer": { "enabled": true, "runs": runs },
            "evmVersion": "cancun",
            "metadata": { "bytecodeHash": "none", "appendCBOR": false },
        });
        let file = format!("{name}.sol");
        let mut input = json!({
            "language": "Solidity",
            "sources": { &file: { "content": source } },
            "settings": settings,
        });
        input["settings"]["outputSelection"] = json!({ "*": { "*": [
            "abi",
            "evm.bytecode.object",
            "evm.deployedBytecode.object",
            "evm.deployedBytecode.immutableReferences",
        ] } });
        let answer = self.run(&input.to_string())?;
        let errors = answer["errors"].as_array().into_iter().flatten();
        let errors = errors.filter(|error| error["severity"] == "error");
        let errors = errors.filter_map(|error| error["formattedMessage"].as_str());
        let errors: Vec<&str> = errors.collect();
        if !errors.is_empty() {
            return Err(CompileError::Refused(errors.concat()));
        }
        let contract = &answer["contracts"][&file][name];
        let code = |kind: &str| {
            let object = contract["evm"][kind]["object"].as_str();
            object.map(|object| format!("0x{object}"))
        };
        let Some((creation, deployed)) = code("bytecode").zip(code("deployedBytecode")) else {
            let text = format!("the source has no contract {name}");
            return Err(CompileError::Refused(text));
        };
        Ok(json!({
            "contractName": name,
            "source": file,
            "settings": settings,
            "abi": contract["abi"],
            "bytecode": creation,
            "deployedBytecode": deployed,
            "immutableReferences": contract["evm"]["deployedBytecode"]["immutableReferences"],
        }))
    }

    /// Hands a compiler its input, in the standard JSON form; its answer.
    fn run(&self, input: &str) -> Result<Value, CompileError> {
        let failed = |source| CompileError::Run {
            compiler: self.name(),
            source,
        };
        // Files and no pipes: solc.js fails where a pipe has nothing to read yet, and ends before a reader has
        // emptied one that is full.
        let mut question = tempfile::tempfile().map_err(failed)?;
        question.write_all(input.as_bytes()).map_err(failed)?;
        question.rewind().map_err(failed)?;
        let mut answer = tempfile::tempfile().map_err(failed)?;
        let done = self
            .command()
            .arg("--standard-json")
            .stdin(question)
            .stdout(answer.try_clone().map_err(failed)?)
            .stderr(Stdio::piped())
            .output()
            .map_err(failed)?;
        let mut said = Vec::new();
        answer.rewind().map_err(failed)?;
        answer.read_to_end(&mut said).map_err(failed)?;
        let said = String::from_utf8_lossy(&said);
        // solc.js says a word about solvers first.
        let answer = said.find('{').map(|at| serde_json::from_str(&said[at..]));
        match answer {
            Some(Ok(answer)) => Ok(answer),
            _ => {
                let errors = String::from_utf8_lossy(&done.stderr);
                let said = format!("{said}{errors}").chars().take(300).collect();
                let compiler = self.name();
                Err(CompileError::Answer { compiler, said })
            }
        }
    }
}
