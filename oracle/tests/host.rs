//! Hosts that behave and hosts that do not, as small shell scripts on file descriptors 3 to 6.

use std::fs;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use fpvm_core::step::oracle::{Oracle, OracleError};
use fpvm_oracle::store::{Directory, Memory, Store};
use fpvm_oracle::wire::Limits;
use fpvm_oracle::{Checked, Error, Host, HostEnds, HostOptions, Key, Recorder, Replay, serve};

/// Serves a directory of raw files, `$DIR/<64 hex digits>`, and acknowledges hints.
const GOOD: &str = r#"
    hints() {
        while len=$(dd bs=1 count=4 <&3 2>/dev/null | od -An -v -tu1); [ -n "$len" ]; do
            set -- $len
            dd bs=1 count=$(($3 * 256 + $4)) <&3 >/dev/null 2>&1
            printf '\0' >&4
        done
    }
    hints &
    while key=$(dd bs=1 count=32 <&5 2>/dev/null | od -An -v -tx1 | tr -d ' \n'); [ -n "$key" ]; do
        n=$(wc -c <"$DIR/$key") || exit 7
        printf "$(printf '\\%03o' 0 0 0 0 0 $((n >> 16 & 255)) $((n >> 8 & 255)) $((n & 255)))" >&6
        cat "$DIR/$key" >&6
    done
    wait
"#;

fn sh(script: &str) -> Command {
    let mut command = Command::new("sh");
    command.args(["-c", script]);
    command
}

fn quick() -> HostOptions {
    HostOptions {
        timeout: Some(Duration::from_secs(20)),
        polite_end: Duration::from_secs(5),
        ..HostOptions::default()
    }
}

fn start(script: &str) -> Host {
    Host::start(sh(script), quick()).expect("sh is there")
}

fn ours(error: OracleError) -> Error {
    *error.downcast::<Error>().expect("an error of this crate")
}

fn is_running(pid: impl std::fmt::Display) -> bool {
    // A zombie has ended, and waits for its parent.
    fs::read_to_string(format!("/proc/{pid}/stat")).is_ok_and(|stat| !stat.contains(") Z"))
}

fn gone_within(pid: impl std::fmt::Display, at_most: Duration) -> bool {
    let began = Instant::now();
    while is_running(&pid) {
        if began.elapsed() > at_most {
            return false;
        }
        thread::sleep(Duration::from_millis(10));
    }
    true
}

fn raw_directory(values: &[&[u8]]) -> tempfile::TempDir {
    let dir = tempfile::tempdir().unwrap();
    for value in values {
        fs::write(dir.path().join(Key::keccak256(value).hex()), value).unwrap();
    }
    dir
}

fn start_good(dir: &Path) -> Host {
    let mut command = sh(GOOD);
    command.env("DIR", dir);
    Host::start(command, quick()).unwrap()
}

#[test]
fn a_good_host_is_used_recorded_and_ended() {
    let large = vec![0x5a; 200_000];
    let values: [&[u8]; 4] = [b"one", b"", b"\n\0binary\xff", &large];
    let dir = raw_directory(&values);
    let host = start_good(dir.path());
    let pid = host.id();
    let mut oracle = Checked::new(Recorder::new(host, Memory::default()), "the host");
    for value in values {
        oracle
            .hint(format!("give {}", value.len()).as_bytes())
            .unwrap();
        assert_eq!(&*oracle.preimage(Key::keccak256(value).0).unwrap(), value);
    }
    oracle.hint(b"").unwrap();
    assert_eq!(
        (oracle.stats().requests, oracle.stats().bytes),
        (4, 200_012)
    );

    assert!(is_running(pid));
    let began = Instant::now();
    let status = oracle.into_inner().finish().unwrap().stop();
    // It saw the end of its input and needed no signal.
    assert!(status.is_some_and(|s| s.success()), "{status:?}");
    assert!(began.elapsed() < Duration::from_secs(5));
    assert!(!is_running(pid));
}

#[test]
fn a_host_gets_what_cannon_gives_it_and_nothing_else() {
    let dir = tempfile::tempdir().unwrap();
    let list = r#"
        for fd in 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20 21 22 23 24 25 26 27 28 29; do
            [ ! -e /proc/$$/fd/$fd ] || echo $fd >>"$LIST"
        done
    "#;
    let listed = |command: &mut Command, name: &str| {
        command
            .env("LIST", dir.path().join(name))
            .env("NO_COLOR", "0");
    };
    let mut host = sh(&format!(
        r#"
        [ "$NO_COLOR" = 1 ] || {{ echo "no NO_COLOR" >&2; exit 1; }}
        [ "$(readlink /proc/$$/fd/0)" = /dev/null ] || {{ echo "stdin is not null" >&2; exit 1; }}
        {list}
        dd bs=1 count=32 <&5 >/dev/null 2>&1
        printf '\0\0\0\0\0\0\0\2ok' >&6
        "#
    ));
    listed(&mut host, "host");
    let mut host = Host::start(host, quick()).unwrap();
    assert_eq!(&*host.preimage(Key::local(1).0).unwrap(), b"ok");
    assert!(host.stop().is_some_and(|s| s.success()));

    // What any child of this process gets may have come down to it from its own parents.
    let mut child = sh(list);
    listed(&mut child, "child");
    assert!(child.status().unwrap().success());
    let read = |name| -> Vec<u32> {
        let text = fs::read_to_string(dir.path().join(name)).unwrap_or_default();
        text.lines().map(|fd| fd.parse().unwrap()).collect()
    };
    let mut expected = read("child");
    expected.extend([3, 4, 5, 6]);
    expected.sort();
    expected.dedup();
    assert_eq!(read("host"), expected);
}

#[test]
fn the_death_of_a_host_is_noticed_at_once() {
    let began = Instant::now();
    let mut host = start("echo starting; echo 'no such block' >&2; exit 3");
    let key = Key::keccak256(b"x");
    let text = host.preimage(key.0).unwrap_err().to_string();
    for part in [
        "`sh` ended (exit status: 3)",
        &key.to_string(),
        "its last line was: no such block",
    ] {
        assert!(text.contains(part), "{text}");
    }
    assert!(began.elapsed() < Duration::from_secs(5));
    assert!(matches!(
        ours(host.preimage(key.0).unwrap_err()),
        Error::HostGivenUp { .. }
    ));

    // Killed, and in the middle of a hint that does not fit the pipe.
    let mut host = start("sleep 0.3; kill -9 $$");
    let text = host.hint(&vec![b'h'; 1 << 20]).unwrap_err().to_string();
    assert!(
        text.contains("signal: 9") && text.contains("hint `hhh"),
        "{text}"
    );
}

#[test]
fn a_host_whose_child_keeps_the_pipes_is_still_noticed() {
    let mut host = start("sleep 60 & echo $! >&2; exit 5");
    let text = host.preimage(Key::local(1).0).unwrap_err().to_string();
    assert!(text.contains("exit status: 5"), "{text}");
    // And the child does not outlive it.
    let (_, child) = text.split_once("its last line was: ").unwrap();
    assert!(gone_within(child, Duration::from_secs(2)));
}

#[test]
fn a_host_that_hangs_up_is_named() {
    let mut host = start("exec 3<&- 4>&- 5<&- 6>&-; sleep 60");
    let error = ours(host.preimage(Key::local(1).0).unwrap_err());
    assert!(
        matches!(error, Error::HostGone { status: None, .. }),
        "{error}"
    );
    assert!(
        error.to_string().contains("hung up but still runs"),
        "{error}"
    );
}

#[test]
fn short_answers_are_errors() {
    for (answer, expected) in [
        (
            r"\0\0\0",
            "closed after 3 of the 8 bytes of the length of a pre-image",
        ),
        (
            r"\0\0\0\0\0\0\0\012abc",
            "closed after 3 of the 10 bytes of a pre-image",
        ),
    ] {
        let mut host = start(&format!(
            "dd bs=1 count=32 <&5 >/dev/null 2>&1; printf '{answer}' >&6"
        ));
        let text = host.preimage(Key::local(1).0).unwrap_err().to_string();
        assert!(
            text.contains(expected) && text.contains("exit status: 0"),
            "{text}"
        );
    }
}

#[test]
fn one_wrong_byte_is_caught_before_the_guest_sees_it() {
    let dir = raw_directory(&[b"honest"]);
    let key = Key::keccak256(b"honest");
    fs::write(dir.path().join(key.hex()), b"honesT").unwrap();
    let mut oracle = Checked::new(start_good(dir.path()), "the host `sh`");
    let error = ours(oracle.preimage(key.0).unwrap_err());
    assert!(
        matches!(&error, Error::Wrong { key: k, .. } if *k == key),
        "{error}"
    );
    assert!(
        error
            .to_string()
            .contains(&format!("the host `sh` gave 6 bytes for {key}")),
        "{error}"
    );
}

#[test]
fn an_oversized_answer_is_refused_unread() {
    let answer = r"dd bs=1 count=32 <&5 >/dev/null 2>&1; printf '\377\377\377\377\377\377\377\377' >&6; cat /dev/zero >&6";
    let error = ours(start(answer).preimage(Key::local(1).0).unwrap_err());
    assert!(matches!(error, Error::HostAnswer { .. }), "{error}");
    assert!(
        error
            .to_string()
            .contains("18446744073709551615 bytes: the limit is 1073741824"),
        "{error}"
    );

    let options = HostOptions {
        limits: Limits {
            hint: 4,
            preimage: 2,
        },
        ..quick()
    };
    let script = r"dd bs=1 count=32 <&5 >/dev/null 2>&1; printf '\0\0\0\0\0\0\0\3abc' >&6; sleep 9";
    let mut host = Host::start(sh(script), options.clone()).unwrap();
    assert!(
        ours(host.preimage(Key::local(1).0).unwrap_err())
            .to_string()
            .contains("limit is 2")
    );
    let mut host = Host::start(sh("sleep 9"), options).unwrap();
    assert!(
        ours(host.hint(b"long!").unwrap_err())
            .to_string()
            .contains("limit is 4")
    );
}

#[test]
fn a_host_that_talks_too_much_is_caught_at_the_next_request() {
    let mut host =
        start(r"dd bs=1 count=32 <&5 >/dev/null 2>&1; printf '\0\0\0\0\0\0\0\1ab' >&6; sleep 60");
    assert_eq!(&*host.preimage(Key::local(1).0).unwrap(), b"a");
    let text = host.preimage(Key::local(2).0).unwrap_err().to_string();
    assert!(text.contains("more bytes than the answer"), "{text}");
}

#[test]
fn a_slow_host_is_waited_for_as_long_as_allowed() {
    let options = HostOptions {
        timeout: Some(Duration::from_millis(400)),
        quiet_end: Duration::ZERO,
        ..quick()
    };
    let mut host = Host::start(sh("exec sleep 60"), options.clone()).unwrap();
    let pid = host.id();
    let began = Instant::now();
    let error = ours(host.preimage(Key::local(1).0).unwrap_err());
    assert!(matches!(error, Error::HostTimeout { .. }), "{error}");
    assert!(error.to_string().contains("within 0.4 s"), "{error}");
    assert!((400..5000).contains(&began.elapsed().as_millis()));
    // SIGINT is enough for sleep.
    drop(host);
    assert!(!is_running(pid));

    // A drip is no answer either, and a host that reads nothing does not block a long hint.
    let drip = r"dd bs=1 count=32 <&5 >/dev/null 2>&1; printf '\0\0\0\0\0\0\1\0' >&6
        while sleep 0.05; do printf x >&6; done";
    let mut host = Host::start(sh(drip), options.clone()).unwrap();
    let error = ours(host.preimage(Key::local(1).0).unwrap_err());
    assert!(matches!(error, Error::HostTimeout { .. }), "{error}");
    let mut host = Host::start(sh("exec sleep 60"), options).unwrap();
    assert!(matches!(
        ours(host.hint(&vec![0; 1 << 20]).unwrap_err()),
        Error::HostTimeout { .. }
    ));
}

/// Keeps what is logged.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl std::io::Write for Log {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend(bytes);
        Ok(bytes.len())
    }
    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

#[test]
fn a_slow_host_is_warned_of() {
    let log = Log::default();
    let writer = log.clone();
    let subscriber = tracing_subscriber::fmt()
        .with_writer(move || writer.clone())
        .with_ansi(false)
        .finish();
    let options = HostOptions {
        warn_every: Duration::from_millis(300),
        ..quick()
    };
    let script = r"dd bs=1 count=32 <&5 >/dev/null 2>&1; sleep 1; printf '\0\0\0\0\0\0\0\1a' >&6";
    let mut host = Host::start(sh(script), options).unwrap();
    let answer = tracing::subscriber::with_default(subscriber, || host.preimage(Key::local(7).0));
    assert_eq!(&*answer.unwrap(), b"a");
    let text = String::from_utf8(log.0.lock().unwrap().clone()).unwrap();
    let warned = text
        .lines()
        .filter(|l| l.contains("WARN") && l.contains(&Key::local(7).to_string()));
    assert!((2..=4).contains(&warned.count()), "{text}");
}

#[test]
fn waiting_can_be_interrupted() {
    let cancel = Arc::new(AtomicBool::new(false));
    let options = HostOptions {
        timeout: None,
        cancel: cancel.clone(),
        ..HostOptions::default()
    };
    // It ends when it is asked to, even where this test was started to ignore that.
    let mut sleep = Command::new("env");
    sleep.args(["--default-signal=INT", "sleep", "1000"]);
    let mut host = Host::start(sleep, options).unwrap();
    let pid = host.id();
    thread::spawn(move || {
        thread::sleep(Duration::from_millis(100));
        cancel.store(true, Ordering::Relaxed);
    });
    let error = ours(host.preimage(Key::local(1).0).unwrap_err());
    assert!(matches!(error, Error::Cancelled), "{error}");
    drop(host);
    assert!(!is_running(pid));
}

#[test]
fn a_missing_host_is_an_error_at_the_start() {
    let error = Host::start(Command::new("/no/such/host"), quick()).unwrap_err();
    let text = error.to_string();
    assert!(
        text.starts_with("cannot start the host `/no/such/host`: No such file"),
        "{text}"
    );
    let dir = tempfile::tempdir().unwrap();
    assert!(matches!(
        Host::start(Command::new(dir.path()), quick()).unwrap_err(),
        Error::HostStart { .. }
    ));
}

#[test]
fn a_host_that_does_not_want_to_end_is_killed_with_its_children() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("child");
    let mut command = sh(
        r#"trap '' INT; sleep 1000 & echo $! >"$FILE.new"; mv "$FILE.new" "$FILE"; while :; do sleep 1; done"#,
    );
    command.env("FILE", &file);
    let options = HostOptions {
        quiet_end: Duration::from_millis(50),
        polite_end: Duration::from_millis(200),
        ..quick()
    };
    let host = Host::start(command, options).unwrap();
    let began = Instant::now();
    while !file.exists() {
        assert!(
            began.elapsed() < Duration::from_secs(10),
            "the host did not get going"
        );
        thread::sleep(Duration::from_millis(5));
    }
    let (pid, child) = (
        host.id(),
        fs::read_to_string(&file).unwrap().trim().to_owned(),
    );
    assert!(is_running(pid) && is_running(&child));
    drop(host);
    assert!(!is_running(pid));
    assert!(gone_within(child, Duration::from_secs(2)));
}

#[test]
fn hosts_side_by_side_do_not_keep_each_other_alive() {
    // Each ends by itself when its keys end: no other host may hold a copy of that pipe.
    let starting = (0..8).map(|_| thread::spawn(|| start("cat <&5 >/dev/null; exit 4")));
    let starting: Vec<_> = starting.collect();
    // The threads that started them are gone by now, which must not have killed them.
    let hosts: Vec<Host> = starting.into_iter().map(|t| t.join().unwrap()).collect();
    thread::sleep(Duration::from_millis(100));
    for host in hosts {
        assert!(is_running(host.id()));
        assert_eq!(host.stop().and_then(|s| s.code()), Some(4));
    }
}

/// The test starts itself as its own host.
#[test]
fn serve_makes_a_program_a_host() {
    const ROLE: &str = "FPVM_ORACLE_TEST_HOST";
    if let Some(dir) = std::env::var_os(ROLE) {
        let mut oracle = Replay::new(Directory::open(dir.as_ref()).unwrap());
        let ends = HostEnds::inherited().unwrap();
        let served = serve(&mut oracle, ends, &Limits::default());
        std::process::exit(if served.is_ok() { 0 } else { 9 });
    }
    let dir = raw_directory(&[b"value"]);
    let start = || {
        let mut command = Command::new(std::env::current_exe().unwrap());
        command.args(["--exact", "serve_makes_a_program_a_host", "--nocapture"]);
        command.env(ROLE, dir.path());
        Host::start(command, quick()).unwrap()
    };
    let mut host = start();
    for _ in 0..3 {
        host.hint(b"hint").unwrap();
        let value = host.preimage(Key::keccak256(b"value").0).unwrap();
        assert_eq!(&*value, b"value");
    }
    assert_eq!(host.stop().and_then(|s| s.code()), Some(0));
    // What it has not got ends the host, and so the request.
    let text = start().preimage(Key::local(1).0).unwrap_err().to_string();
    assert!(text.contains("exit status: 9"), "{text}");
}

/// The test starts itself as another process, which starts a host that ignores the end of its
/// input, and kills that process as `kill -9` would.
#[test]
fn no_host_survives_the_death_of_the_vm() {
    const ROLE: &str = "FPVM_ORACLE_TEST_VM";
    if std::env::var_os(ROLE).is_some() {
        // Few descriptors are open here: a failed start is seen although 3 to 6 are free.
        assert!(Host::start(Command::new("/no/such/host"), quick()).is_err());
        let host = start("trap '' INT TERM HUP; exec sleep 1000");
        println!("host={}", host.id());
        thread::sleep(Duration::from_secs(1000));
    }
    let mut vm = Command::new(std::env::current_exe().unwrap());
    vm.args([
        "--exact",
        "no_host_survives_the_death_of_the_vm",
        "--nocapture",
    ]);
    let mut vm = vm.env(ROLE, "1").stdout(Stdio::piped()).spawn().unwrap();
    let mut lines = BufReader::new(vm.stdout.take().unwrap())
        .lines()
        .map_while(Result::ok);
    let pid = lines
        .find_map(|l| Some(l.split_once("host=")?.1.trim().to_owned()))
        .unwrap();
    assert!(is_running(&pid));
    vm.kill().unwrap();
    vm.wait().unwrap();
    assert!(
        gone_within(&pid, Duration::from_secs(5)),
        "host {pid} lives on"
    );
}

#[test]
fn a_recorded_run_repeats_offline() {
    let dir = raw_directory(&[b"first", b"second"]);
    let kept = tempfile::tempdir().unwrap();
    let path = kept.path().join("preimages.redb");
    let keys = [b"first".as_slice(), b"second"].map(Key::keccak256);

    let store = fpvm_oracle::store::create(&path).unwrap();
    let mut recorder = Recorder::new(start_good(dir.path()), store);
    let online = keys.map(|key| recorder.preimage(key.0).unwrap());
    recorder.finish().unwrap().stop();

    let mut replay = Checked::new(
        Replay::new(fpvm_oracle::store::open(&path).unwrap()),
        "the record",
    );
    assert_eq!(keys.map(|key| replay.preimage(key.0).unwrap()), online);
    assert_eq!(
        Directory::open(dir.path()).unwrap().keys().unwrap().len(),
        2
    );
}
