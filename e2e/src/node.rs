//! Nodes of real chains for tests: anvil, from this folder's npm package or the PATH, and geth, from
//! the PATH. Where one is missing, the test says so.

use crate::{Tool, skip};
use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// A running node; ends with the test.
#[derive(Debug)]
pub struct Node {
    child: Child,
    port: u16,
    /// Where it keeps its keys and blocks.
    pub folder: tempfile::TempDir,
}

/// The private key of the first account that anvil funds: known to everybody.
pub const ANVIL_KEY: &str = "0xac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80";

impl Node {
    /// Starts anvil with Prague's rules; `more` are more arguments.
    pub fn anvil(more: &[&str]) -> Option<Self> {
        let package = "node_modules/@foundry-rs";
        let package = Path::new(env!("CARGO_MANIFEST_DIR")).join(package);
        let inside = std::fs::read_dir(package).into_iter().flatten().flatten();
        let inside = inside.map(|entry| entry.path().join("bin/anvil"));
        let anvil = inside.chain(on_path("anvil")).find(|path| path.is_file());
        let Some(anvil) = anvil else {
            skip(
                Tool::Anvil,
                "anvil was not found; `npm ci --ignore-scripts` in e2e/ installs it",
            );
            return None;
        };
        let mut command = Command::new(anvil);
        command
            .args(["--hardfork", "prague", "--silent"])
            .args(more);
        Some(Self::start(command, "--port"))
    }

    /// Starts `geth --dev` with a block for each transaction, or one a second.
    pub fn geth(period: u8) -> Option<Self> {
        let Some(geth) = on_path("geth").next() else {
            skip(Tool::Geth, "geth is not on the PATH");
            return None;
        };
        let mut command = Command::new(geth);
        command.args("--dev --http --ipcdisable --nodiscover --authrpc.port 0 --port 0".split(' '));
        command.args([
            "--verbosity",
            "1",
            "--dev.gaslimit",
            "60000000",
            "--datadir",
            ".",
        ]);
        command.args(["--dev.period", &period.to_string()]);
        Some(Self::start(command, "--http.port"))
    }

    fn start(mut command: Command, port_flag: &str) -> Self {
        let free = TcpListener::bind("127.0.0.1:0").and_then(|listener| listener.local_addr());
        let port = free.expect("a free port").port();
        let folder = tempfile::tempdir().expect("a folder");
        command
            .arg(port_flag)
            .arg(port.to_string())
            .current_dir(folder.path());
        command
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        let child = command.spawn().expect("the node starts");
        let node = Self {
            child,
            port,
            folder,
        };
        let begun = Instant::now();
        while node.try_ask("eth_chainId", "[]").is_none() {
            assert!(
                begun.elapsed() < Duration::from_secs(60),
                "{command:?} does not answer"
            );
            std::thread::sleep(Duration::from_millis(50));
        }
        node
    }

    /// Where it listens.
    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// Asks it something; its answer as JSON.
    pub fn ask(&self, method: &str, params: &str) -> serde_json::Value {
        let answer = self.try_ask(method, params);
        let answer = answer.unwrap_or_else(|| panic!("{method}: no answer"));
        assert!(answer.get("error").is_none(), "{method}: {answer}");
        answer["result"].clone()
    }

    fn try_ask(&self, method: &str, params: &str) -> Option<serde_json::Value> {
        let body = format!(r#"{{"jsonrpc":"2.0","id":1,"method":"{method}","params":{params}}}"#);
        let mut stream = TcpStream::connect(("127.0.0.1", self.port)).ok()?;
        let length = body.len();
        write!(
            stream,
            "POST / HTTP/1.0\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: {length}\r\n\r\n{body}"
        )
        .ok()?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer).ok()?;
        serde_json::from_str(answer.split_once("\r\n\r\n")?.1).ok()
    }
}

impl Drop for Node {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn on_path(name: &str) -> impl Iterator<Item = PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let folders: Vec<PathBuf> = std::env::split_paths(&path).collect();
    let name = name.to_owned();
    folders
        .into_iter()
        .map(move |folder| folder.join(&name))
        .filter(|path| path.is_file())
}
