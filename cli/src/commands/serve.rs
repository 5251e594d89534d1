//! `serve`: a machine kept warm, that answers for any step: a line of JSON for a line of JSON.
//!
//! A question is `{"id": anything, "method": "root" | "witness" | "proof" | "explain" | "trace" | "memory" | "info",
//! "step": N}`, with `"to": M` for a trace, and `"at": address or symbol, "len": bytes` for memory; the
//! answer has the same `id` and either `result` or `error`. A step past the program's end is
//! answered with its last state, as the game counts it.

use super::explain::detail;
use super::memory::{Memory, read};
use crate::app::App;
use crate::exit::{self, Interrupted};
use crate::hosted::{self, Hosted, library};
use crate::input::InputArgs;
use crate::oracles::SourceArgs;
use anyhow::{Context as _, bail, ensure};
use fpvm::analysis::Lines;
use fpvm_checkpoints::Machine as _;
use fpvm_checkpoints::warm::Warm;
use fpvm_trace::{Hosts, Prover as _};
use serde::Deserialize;
use serde_json::{Value, json};
use std::io::{self, BufRead, BufReader, Read, Write};
use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::thread;
use std::time::Duration;

/// Flags of `serve`.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(flatten)]
    input: InputArgs,
    /// Answer at this Unix socket [default: questions on stdin, answers on stdout]
    #[arg(long, value_name = "PATH")]
    socket: Option<PathBuf>,
    /// Start from states that `checkpoints make --states` wrote
    #[arg(long, value_name = "PLACE")]
    checkpoints: Option<String>,
    /// Remember the machine every so many steps
    #[arg(long, value_name = "K", value_parser = crate::args::number, default_value = "5000000")]
    every: u64,
    /// Go on to this step at once, before anybody asks
    #[arg(long, value_name = "N", value_parser = crate::args::number)]
    warm_to: Option<u64>,
    #[command(flatten)]
    source: SourceArgs,
}

/// How often signals are looked at while nobody asks.
const SIGNALS: Duration = Duration::from_millis(200);

/// The longest question, in bytes.
const LINE_LIMIT: u64 = 1 << 16;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Question {
    #[serde(default)]
    id: Value,
    method: Method,
    #[serde(default)]
    step: Option<u64>,
    /// The last step of a trace.
    #[serde(default)]
    to: Option<u64>,
    /// An address, as a number or a text, or a symbol.
    #[serde(default)]
    at: Option<Value>,
    /// Bytes of memory; 64 where left out.
    #[serde(default)]
    len: Option<u64>,
}

/// The most steps of one answer.
const TRACED: u64 = 10_000;

#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Method {
    Root,
    Witness,
    Proof,
    Info,
    Explain,
    Trace,
    Memory,
}

/// A line somebody sent, and where the answer goes.
struct Asked {
    line: Result<String, String>,
    answer: Sender<Value>,
}

pub(crate) fn run(app: &App, args: &Args) -> anyhow::Result<()> {
    let hosts = hosted::open(&args.source)?;
    let served = serve(app, args, &hosts);
    hosted::finish(hosts, served)
}

fn serve(app: &App, args: &Args, hosts: &Hosts) -> anyhow::Result<()> {
    let mut machine = hosted::machine(hosts, app, &args.input)?;
    let library = match &args.checkpoints {
        Some(place) => Some(library(place, machine.vm.as_mut())?),
        None => None,
    };
    let mut warm = Warm::new(machine, args.every, library)?;
    if let Some(step) = args.warm_to {
        warm.seek(step)?;
    }
    let (sender, questions) = channel();
    match &args.socket {
        Some(path) => listen(path, sender)?,
        None => {
            let _reader = thread::spawn(move || converse(io::stdin(), io::stdout(), &sender));
        }
    }
    let answered = answer_all(&mut warm, app.lines().as_ref(), hosts, &questions);
    if let Some(path) = &args.socket {
        // Nothing is lost where it is gone already.
        let _ = std::fs::remove_file(path);
    }
    answered
}

/// Answers until nobody can ask any more.
fn answer_all(
    warm: &mut Warm<Hosted>,
    lines: Option<&Lines>,
    hosts: &Hosts,
    questions: &Receiver<Asked>,
) -> anyhow::Result<()> {
    loop {
        let Asked { line, answer } = match questions.recv_timeout(SIGNALS) {
            Ok(asked) => asked,
            Err(RecvTimeoutError::Timeout) if hosts.is_interrupted() => {
                return Err(Interrupted.into());
            }
            Err(RecvTimeoutError::Timeout) => continue,
            Err(RecvTimeoutError::Disconnected) => return Ok(()),
        };
        let question = line.map_err(|error| (Value::Null, error));
        let question = question.and_then(|line| {
            serde_json::from_str::<Question>(&line).map_err(|error| {
                let wanted = r#"{"id": 1, "method": "root", "step": 5} is expected"#;
                (id(&line), format!("not a question: {error}; {wanted}"))
            })
        });
        let reply = match question {
            Ok(question) => match reply(warm, lines, &question) {
                Ok(result) => json!({"id": question.id, "result": result}),
                Err(error) if exit::is_interrupted(&error) => return Err(error),
                Err(error) => json!({"id": question.id, "error": exit::describe(&error)}),
            },
            Err((id, error)) => json!({"id": id, "error": error}),
        };
        // Who has gone does not want the answer.
        let _ = answer.send(reply);
    }
}

/// The id of a question that cannot be answered, so that whoever asked knows which it was.
fn id(line: &str) -> Value {
    let question = serde_json::from_str::<Value>(line).unwrap_or_default();
    question.get("id").cloned().unwrap_or_default()
}

fn reply(
    warm: &mut Warm<Hosted>,
    lines: Option<&Lines>,
    question: &Question,
) -> anyhow::Result<Value> {
    let step = match (question.method, question.step) {
        (Method::Info, step) => step.unwrap_or(warm.first()),
        (_, Some(step)) => step,
        (_, None) => bail!("\"step\" is missing"),
    };
    let first = warm.first();
    ensure!(
        step >= first,
        "step {step} lies before the input's, {first}"
    );
    let machine = warm.seek(step)?;
    let (step, exited) = (machine.step(), machine.exited());
    Ok(match question.method {
        Method::Root => json!({"step": step, "exited": exited, "root": machine.root()?}),
        Method::Witness => {
            let witness = const_hex::encode_prefixed(machine.vm.witness());
            json!({"step": step, "exited": exited, "root": machine.root()?, "witness": witness})
        }
        Method::Proof => serde_json::to_value(machine.prove()?)?,
        Method::Explain => {
            ensure!(!exited, "the program exits after step {step}");
            serde_json::to_value(detail(machine, lines)?)?
        }
        Method::Trace => {
            let to = question.to.context("\"to\" is missing: the last step")?;
            ensure!(
                to >= step && to - step < TRACED,
                "from {step} to {to} are not 1 to {TRACED} steps"
            );
            let mut steps = Vec::new();
            while machine.step() <= to && !machine.exited() {
                steps.push(serde_json::to_value(detail(machine, lines)?)?);
            }
            Value::Array(steps)
        }
        Method::Memory => {
            let at = match &question.at {
                Some(Value::String(at)) => at.clone(),
                Some(Value::Number(at)) => at.to_string(),
                _ => bail!("\"at\" is missing: an address or a symbol"),
            };
            let (at, bytes) = read(machine, &at.into(), question.len.unwrap_or(64))?;
            serde_json::to_value(Memory::of(machine, at, &bytes))?
        }
        Method::Info => {
            let isa = machine.vm.isa();
            json!({"isa": isa.name(), "vmType": isa.vm_type(), "firstStep": first})
        }
    })
}

/// Takes clients in, each in a thread of its own.
#[cfg(unix)]
fn listen(path: &Path, sender: Sender<Asked>) -> anyhow::Result<()> {
    use std::os::unix::fs::FileTypeExt as _;
    use std::os::unix::net::{UnixListener, UnixStream};
    let cannot = || format!("cannot listen at {}", path.display());
    // A socket that nobody answers at is what a server that was killed left behind.
    let left = std::fs::symlink_metadata(path).is_ok_and(|meta| meta.file_type().is_socket());
    if left && UnixStream::connect(path).is_err() {
        std::fs::remove_file(path).with_context(cannot)?;
    }
    let listener = UnixListener::bind(path).with_context(cannot)?;
    thread::spawn(move || {
        for client in listener.incoming().flatten() {
            let sender = sender.clone();
            thread::spawn(move || {
                // A client that does not read its answers must not keep them in memory for ever.
                let patience = Some(Duration::from_secs(30));
                if let Ok(out) = client.try_clone()
                    && out.set_write_timeout(patience).is_ok()
                {
                    converse(client, out, &sender);
                }
            });
        }
    });
    Ok(())
}

#[cfg(not(unix))]
fn listen(_path: &Path, _sender: Sender<Asked>) -> anyhow::Result<()> {
    bail!("--socket needs Unix sockets: ask on stdin")
}

/// Passes a client's lines on and its answers back, one after the other, until it goes.
fn converse(input: impl Read, mut out: impl Write, sender: &Sender<Asked>) {
    let mut input = BufReader::new(input);
    let (answer, answers) = channel();
    loop {
        let Ok(Some(line)) = read_line(&mut input) else {
            return;
        };
        if line.as_ref().is_ok_and(|line| line.trim().is_empty()) {
            continue;
        }
        let asked = Asked {
            line,
            answer: answer.clone(),
        };
        if sender.send(asked).is_err() {
            return;
        }
        let Ok(reply) = answers.recv() else { return };
        if writeln!(out, "{reply}").and_then(|()| out.flush()).is_err() {
            return;
        }
    }
}

/// The next line; an inner error for one that is too long or no text, of which the rest is skipped.
fn read_line(input: &mut impl BufRead) -> io::Result<Option<Result<String, String>>> {
    let mut line = Vec::new();
    if input
        .by_ref()
        .take(LINE_LIMIT)
        .read_until(b'\n', &mut line)?
        == 0
    {
        return Ok(None);
    }
    if line.last() != Some(&b'\n') && line.len() as u64 >= LINE_LIMIT {
        loop {
            let buffer = input.fill_buf()?;
            let end = buffer.iter().position(|byte| *byte == b'\n');
            let used = end.map_or(buffer.len(), |end| end + 1);
            if used == 0 || end.is_some() {
                input.consume(used);
                break;
            }
            input.consume(used);
        }
        return Ok(Some(Err(format!("a line of more than {LINE_LIMIT} bytes"))));
    }
    Ok(Some(
        String::from_utf8(line).map_err(|_| "a line that is no text".into()),
    ))
}
