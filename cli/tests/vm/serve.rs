//! `serve`: questions by lines, from one client and from many, and bad ones.
#![cfg(unix)]

use crate::common::{Done, Shop, json, vectors};
use serde_json::{Value, json as value};
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::os::unix::net::UnixStream;
use std::process::{Child, Stdio};
use std::thread;
use std::time::{Duration, Instant};

/// Steps of the program.
const END: u64 = 302_090;

fn shop() -> Shop {
    let shop = Shop::new();
    shop.bring(&vectors("guests/hello.go122.mips"));
    shop
}

/// Asks on stdin; gives the answers.
fn ask(shop: &Shop, flags: &str, questions: &str) -> Vec<Value> {
    let mut command = shop.command();
    command.args(["serve", "hello.go122.mips"]);
    command
        .args(flags.split_whitespace())
        .write_stdin(questions);
    let out = Done::from(command.output().unwrap()).ok();
    out.lines().map(json).collect()
}

#[test]
fn answers_are_those_of_the_other_commands() {
    let shop = shop();
    shop.run("checkpoints make hello.go122.mips --every 30000 --out run --states")
        .ok();
    let steps = [
        150_001,
        5,
        END,
        0,
        299_999,
        150_000,
        150_001,
        END + 7,
        u64::MAX,
    ];
    let mut questions = String::new();
    for (id, step) in steps.iter().enumerate() {
        for method in ["root", "witness", "proof"] {
            let question = value!({"id": [id, method], "method": method, "step": step});
            questions += &format!("{question}\n");
        }
    }
    let answers = ask(&shop, "", &questions);
    assert_eq!(answers, ask(&shop, "--checkpoints run", &questions));
    assert_eq!(
        answers,
        ask(&shop, "--every 1000 --warm-to 200000", &questions)
    );
    for (answers, (id, step)) in answers.chunks(3).zip(steps.iter().enumerate()) {
        let step = (*step).min(END);
        let [root, witness, proof] = answers else {
            panic!("{answers:?}")
        };
        assert_eq!(root["id"], value!([id, "root"]));
        let line = format!("state-root hello.go122.mips --step {step}");
        let expected = shop.run(&line).ok();
        let exited = step == END;
        let same = value!({"step": step, "root": expected.trim(), "exited": exited});
        assert_eq!(root["result"], same);
        assert_eq!(witness["result"]["root"], expected.trim());
        let line = format!("prove hello.go122.mips --step {step}");
        let expected = json(shop.run(&line).ok());
        assert_eq!(proof["result"], expected);
        assert_eq!(witness["result"]["witness"], expected["state-data"]);
    }
}

#[test]
fn what_is_no_question_gets_an_error_and_the_next_an_answer() {
    let shop = shop();
    let long = format!("{{\"id\": \"{}\"}}", "x".repeat(1 << 17));
    let questions = [
        "",
        "garbage",
        "{\"id\": 1}",
        "{\"id\": 2, \"method\": \"fly\", \"step\": 1}",
        "{\"id\": 3, \"method\": \"root\"}",
        "{\"id\": 4, \"method\": \"root\", \"step\": -1}",
        "{\"id\": 5, \"method\": \"root\", \"step\": 1, \"more\": 2}",
        &long,
        "[1]",
        "{\"id\": 6, \"method\": \"info\"}",
    ];
    let answers = ask(&shop, "", &questions.join("\n"));
    let errors = [
        (Value::Null, "not a question: expected value"),
        (value!(1), "missing field `method`"),
        (
            value!(2),
            "unknown variant `fly`, expected one of `root`, `witness`, `proof`, `info`",
        ),
        (value!(3), "\"step\" is missing"),
        (value!(4), "invalid value: integer `-1`"),
        (value!(5), "unknown field `more`"),
        (Value::Null, "a line of more than 65536 bytes"),
        (Value::Null, "not a question"),
    ];
    assert_eq!(answers.len(), errors.len() + 1);
    for (answer, (id, text)) in answers.iter().zip(errors) {
        assert_eq!(answer["id"], id, "{answer}");
        assert!(answer["error"].as_str().unwrap().contains(text), "{answer}");
    }
    let info = value!({"isa": "mips", "vmType": "singlethreaded-2", "firstStep": 0});
    assert_eq!(answers.last().unwrap()["result"], info);
    // Bytes that are no text, and a start that lies behind the step.
    let mut command = shop.command();
    let done: Done = command
        .args(["serve", "hello.go122.mips"])
        .write_stdin(&b"\xff\xfe\n"[..])
        .output()
        .unwrap()
        .into();
    assert!(done.ok().contains("a line that is no text"));
    shop.run("run hello.go122.mips --stop-at =100 --output at.bin")
        .ok();
    let mut command = shop.command();
    command
        .args(["serve", "at.bin"])
        .write_stdin("{\"method\": \"root\", \"step\": 99}");
    let done: Done = command.output().unwrap().into();
    assert!(done.ok().contains("step 99 lies before the input's, 100"));
}

/// A server at a socket, ended when it goes out of scope.
struct Server {
    shop: Shop,
    child: Child,
}

impl Server {
    fn start(shop: Shop) -> Self {
        let mut process = shop.process();
        process.args([
            "serve",
            "hello.go122.mips",
            "--socket",
            "socket",
            "--every",
            "10000",
        ]);
        process.stdout(Stdio::null()).stderr(Stdio::piped());
        let child = process.spawn().unwrap();
        let server = Self { shop, child };
        let start = Instant::now();
        while server.try_connect().is_none() {
            assert!(
                start.elapsed() < Duration::from_secs(60),
                "it does not listen"
            );
            thread::sleep(Duration::from_millis(10));
        }
        server
    }

    fn try_connect(&self) -> Option<UnixStream> {
        UnixStream::connect(self.shop.path("socket")).ok()
    }

    fn connect(&self) -> Client {
        let stream = self.try_connect().unwrap();
        stream
            .set_read_timeout(Some(Duration::from_secs(60)))
            .unwrap();
        Client(BufReader::new(stream))
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

struct Client(BufReader<UnixStream>);

impl Client {
    fn send(&mut self, bytes: &[u8]) {
        self.0.get_mut().write_all(bytes).unwrap();
    }

    fn answer(&mut self) -> Value {
        let mut line = String::new();
        self.0.read_line(&mut line).unwrap();
        json(line)
    }

    fn root(&mut self, step: u64) -> Value {
        self.send(format!("{}\n", value!({"id": step, "method": "root", "step": step})).as_bytes());
        let answer = self.answer();
        assert_eq!(answer["id"], step);
        answer["result"]["root"].clone()
    }
}

#[test]
fn many_clients_are_answered_and_bad_ones_hold_up_nobody() {
    let server = Server::start(shop());
    let step = |client: u64, question: u64| (client * 7919 + question * 104_729) % (END + 1000);
    let dense = server
        .shop
        .run("state-root hello.go122.mips --dense 0..302090")
        .ok();
    let roots: Vec<&str> = dense
        .lines()
        .map(|line| line.split_once(' ').unwrap().1)
        .collect();

    // One says nothing, one half a question, one asks a lot and does not read, one sends garbage
    // without end of line, one goes away before its answer.
    let silent = server.connect();
    let mut half = server.connect();
    half.send(b"{\"id\": 1, \"method\": ");
    let mut greedy = server.connect();
    let question = value!({"method": "witness", "step": 5}).to_string() + "\n";
    greedy
        .0
        .get_ref()
        .set_write_timeout(Some(Duration::from_millis(200)))
        .unwrap();
    for _ in 0..20_000 {
        if greedy.0.get_mut().write_all(question.as_bytes()).is_err() {
            break;
        }
    }
    let mut garbage = server.connect();
    garbage.send(&[0xff; 100_000]);
    let mut gone = server.connect();
    gone.send(
        value!({"method": "root", "step": END})
            .to_string()
            .as_bytes(),
    );
    gone.send(b"\n");
    drop(gone);

    thread::scope(|scope| {
        for client in 0..16 {
            let (server, roots) = (&server, &roots);
            scope.spawn(move || {
                let mut asking = server.connect();
                for question in 0..12 {
                    let step = step(client, question);
                    let expected = roots[step.min(END) as usize];
                    assert_eq!(asking.root(step), expected, "step {step}");
                }
            });
        }
    });
    half.send(b"\"root\", \"step\": 0}\n");
    assert_eq!(half.answer()["result"]["root"], roots[0]);
    drop((silent, greedy, garbage));
    assert_eq!(server.connect().root(77), roots[77]);
}

#[test]
fn one_signal_ends_it_and_its_socket_is_free_again() {
    let mut server = Server::start(shop());
    let second = server.shop.run("serve hello.go122.mips --socket socket");
    second.fails(1, "cannot listen at socket");
    // The process's own id, while the client is still there.
    let _client = server.connect();
    let id = server.child.id().to_string();
    let signal = std::process::Command::new("kill")
        .args(["-TERM", &id])
        .status();
    assert!(signal.unwrap().success());
    let status = server.child.wait().unwrap();
    let mut told = String::new();
    server
        .child
        .stderr
        .take()
        .unwrap()
        .read_to_string(&mut told)
        .unwrap();
    assert_eq!(
        (status.code(), told.as_str()),
        (Some(130), "error: interrupted\n")
    );
    assert!(!server.shop.path("socket").exists());

    // One that was killed leaves its socket behind, and the next takes it over.
    let mut server = Server::start(shop());
    server.child.kill().unwrap();
    server.child.wait().unwrap();
    assert!(server.shop.path("socket").exists());
    let mut process = server.shop.process();
    process.args(["serve", "hello.go122.mips", "--socket", "socket"]);
    server.child = process.spawn().unwrap();
    let start = Instant::now();
    while server.try_connect().is_none() {
        assert!(
            start.elapsed() < Duration::from_secs(60),
            "it does not take the socket over"
        );
        thread::sleep(Duration::from_millis(10));
    }
    // A file that is no socket is left alone.
    server.shop.write("file", "mine");
    let refused = server.shop.run("serve hello.go122.mips --socket file");
    refused.fails(1, "cannot listen at file");
    assert_eq!(server.shop.read("file"), b"mine");
}
