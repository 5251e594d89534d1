//! Runs with a host, with stores, and with signals.

use crate::common::{Done, Shop, guests, json, mips, mips_state, vectors};
use fpvm_core::formats::elf::{self, Program as _};
use fpvm_dispute::claim::OutputRoot;
use fpvm_dispute::trace::outputs::OutputList;
use fpvm_dispute::trace::{Executions as _, Inputs, Outputs as _, TraceError};
use fpvm_guests::ROLLUP_CHAIN_ID as CHAIN_ID;
use fpvm_isa_mips::Mips32;
use fpvm_l1::{B256, U256};
use fpvm_trace::workers::{Options, Workers};
use fpvm_trace::{GuestProgram, Preimages};
use std::fs;
use std::process::{Child, Stdio};
use std::time::{Duration, Instant};

const FINAL: &str = "0x00713a58a9e1cf3cce5894d0cf46852e674150f37bca5ec1a10c286c09abd365";

fn shop() -> Shop {
    let shop = Shop::new();
    shop.bring(&vectors("guests/preimage.go122.riscv64"));
    shop
}

fn run(shop: &Shop, flags: &[&str], host: &[&str]) -> Done {
    let run = ["run", "preimage.go122.riscv64", "--output", "end.bin.gz"];
    shop.run_words(&[&run[..], flags, &["--"], host].concat())
}

fn root(shop: &Shop) -> String {
    json(shop.run("witness end.bin.gz").ok())["stateHash"]
        .as_str()
        .unwrap()
        .into()
}

#[test]
fn a_host_serves_a_run_and_its_record_repeats_it() {
    let shop = shop();
    let (fpvm, store) = (env!("CARGO_BIN_EXE_fpvm"), vectors("preimages"));
    let host = [fpvm, "preimages", "serve", store.to_str().unwrap()];
    run(&shop, &["--preimage-cache", "record.redb"], &host).ok();
    assert_eq!(root(&shop), FINAL);

    let listed = shop.run("preimages list record.redb").ok();
    assert_eq!(listed.lines().count(), 65);
    assert!(
        listed.starts_with("0x0100") && listed.contains(" keccak256 1000\n"),
        "{listed}"
    );
    fs::remove_file(shop.path("end.bin.gz")).unwrap();
    let replay = "run preimage.go122.riscv64 --output end.bin.gz --preimages record.redb";
    shop.run(replay).ok();
    assert_eq!(root(&shop), FINAL);

    assert_eq!(
        shop.run("preimages check record.redb").ok(),
        "keccak256: 64 pre-images, 64000 bytes\nlocal: 1 pre-image, 32 bytes\n\
         database record.redb: 65 right, 0 wrong\n"
    );
    shop.run("preimages copy record.redb copy/").ok();
    shop.run("preimages check copy").ok();
}

/// A store with one wrong byte: the run ends there, and says which key it was.
#[test]
fn a_wrong_byte_is_named_by_its_key() {
    let shop = shop();
    fs::create_dir(shop.path("lies")).unwrap();
    let key = "0290c6594590fef1274a782299ebc6bef41275121157affa40331467fcef264c";
    for entry in fs::read_dir(vectors("preimages")).unwrap() {
        let file = entry.unwrap().path();
        let name = file.file_name().unwrap().to_str().unwrap();
        let mut value = fs::read(&file).unwrap();
        if name == key {
            value[500] ^= 1;
        }
        shop.write(&format!("lies/{name}"), value);
    }
    let line = "run preimage.go122.riscv64 --output end.bin.gz --preimages lies";
    shop.run(line).fails(
        1,
        &format!("gave 1000 bytes for keccak256 key 0x{key} that are not its"),
    );
    // The state is that before the read.
    assert_eq!(json(shop.run("witness end.bin.gz").ok())["step"], 255_909);
    let check = shop.run("preimages check lies");
    check.fails(1, "1 of 65 pre-images contradict their key");
    shop.run("preimages copy lies good.redb")
        .fails(1, "1 of 65");
    assert_eq!(
        shop.run("preimages list good.redb").ok().lines().count(),
        64
    );
    let fpvm = env!("CARGO_BIN_EXE_fpvm");
    run(&shop, &[], &[fpvm, "preimages", "serve", "lies"]).fails(1, key);
}

#[test]
fn hosts_that_fail_are_told_apart() {
    let shop = shop();
    let local = "local key 0x0100000000000000000000000000000000000000000000000000000000000001";
    run(&shop, &[], &["./missing-host"]).fails(1, "cannot start the host `./missing-host`");
    let err = run(&shop, &[], &["sh", "-c", "echo out of luck >&2; exit 3"]).fails(1, local);
    assert!(
        err.contains("exit status: 3") && err.contains("out of luck"),
        "{err}"
    );
    // A whole answer where a hint's acknowledgement belongs, half an answer, far too much of one.
    let early = r"printf '\0\0' >&4; sleep 5";
    run(&shop, &[], &["sh", "-c", early]).fails(1, "the host `sh`");
    let half = r"head -c 32 <&5 >/dev/null; printf '\0\0\0\0\0\0\0\100abc' >&6";
    run(&shop, &[], &["sh", "-c", half]).fails(1, "3 of the 64 bytes");
    let much = r"head -c 32 <&5 >/dev/null; printf '\377\377\377\377\377\377\377\377' >&6; sleep 5";
    run(&shop, &[], &["sh", "-c", much]).fails(1, "the limit is");
    let began = Instant::now();
    let slow = run(
        &shop,
        &["--host-timeout", "500ms"],
        &["sh", "-c", "exec sleep 600"],
    );
    slow.fails(1, "gave no whole answer within 0.5 s");
    assert!(began.elapsed() < Duration::from_secs(60));
    let line = "run preimage.go122.riscv64";
    shop.run(line)
        .fails(1, "there is no host and no store of pre-images");
    fs::create_dir(shop.path("empty")).unwrap();
    shop.run(&format!("{line} --preimages empty"))
        .fails(1, "has no pre-image of local key");
    shop.run("preimages serve empty")
        .fails(1, "a host is started by a VM");
}

fn interrupt(shop: &Shop, signal: &str, words: &[&str]) -> Done {
    let mut command = shop.process();
    command
        .args(words)
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    let child: Child = command.spawn().unwrap();
    // The log's first line comes once signals are watched for.
    std::thread::sleep(Duration::from_millis(1500));
    let id = child.id().to_string();
    assert!(
        std::process::Command::new("kill")
            .args([signal, &id])
            .status()
            .unwrap()
            .success()
    );
    child.wait_with_output().unwrap().into()
}

#[test]
fn a_signal_ends_a_run_with_its_state_written() {
    let shop = Shop::new();
    shop.write("spin.bin", mips_state(&[mips::SPIN, mips::NOP]));
    for signal in ["-INT", "-TERM"] {
        let done = interrupt(&shop, signal, &["run", "spin.bin", "--output", "end.bin"]);
        done.fails(130, "interrupted");
        let step = json(shop.run("witness end.bin").ok())["step"]
            .as_u64()
            .unwrap();
        assert!(step > 0 && step.is_multiple_of(2), "{step}");
        fs::remove_file(shop.path("end.bin")).unwrap();
    }
    let done = interrupt(
        &shop,
        "-INT",
        &["state-root", "spin.bin", "--step", "1000000000000000"],
    );
    done.fails(130, "interrupted");
    assert_eq!(shop.files(), ["spin.bin"]);
}

#[test]
fn a_signal_ends_the_waiting_for_a_host() {
    let shop = shop();
    let host = ["sh", "-c", "exec sleep 600"];
    let words = [
        &["run", "preimage.go122.riscv64", "--output", "end.bin", "--"][..],
        &host,
    ]
    .concat();
    let began = Instant::now();
    interrupt(&shop, "-TERM", &words).fails(130, "interrupted");
    assert!(began.elapsed() < Duration::from_secs(60));
    assert_eq!(json(shop.run("witness end.bin").ok())["exited"], false);
}

/// A host is often a script that starts the real one. Where this process is killed, all of them end.
#[test]
fn a_host_s_children_end_with_us_even_where_we_are_killed() {
    let shop = shop();
    shop.write("host.sh", "sleep 300 & echo $! > child; wait\n");
    let mut command = shop.process();
    command.args(["run", "preimage.go122.riscv64", "--", "sh", "host.sh"]);
    let mut child = command
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let deadline = Instant::now() + Duration::from_secs(30);
    let id = loop {
        let id = fs::read_to_string(shop.path("child")).unwrap_or_default();
        if id.ends_with('\n') {
            break id.trim().to_string();
        }
        assert!(Instant::now() < deadline, "the host has not started");
        std::thread::sleep(Duration::from_millis(20));
    };
    // SIGKILL: nothing of ours can run any more.
    child.kill().unwrap();
    child.wait().unwrap();
    let runs = || {
        let stat = fs::read_to_string(format!("/proc/{id}/stat")).unwrap_or_default();
        !stat.is_empty() && !stat.contains(") Z ")
    };
    let deadline = Instant::now() + Duration::from_secs(10);
    while runs() {
        assert!(Instant::now() < deadline, "{id} lives on");
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// Three executions beside each other, each with a host of its own, write down into one database.
#[test]
fn executions_of_several_games_share_one_record() {
    let shop = Shop::new();
    let outputs: OutputList = fpvm_guests::ROLLUP_OUTPUTS.parse().expect("outputs");
    let output = |block: u64| OutputRoot {
        root: outputs.output(U256::from(block)).expect("listed"),
        block: U256::from(block),
    };
    let all: Vec<_> = (102..=104)
        .map(|block| Inputs {
            l1_head: B256::repeat_byte(7),
            starting: output(block - 1),
            disputed: output(block),
        })
        .collect();
    // A host has the local pre-images of its own execution.
    for inputs in &all {
        let store = shop.path(&inputs.disputed.block.to_string());
        fs::create_dir(&store).expect("a folder");
        for (key, value) in fpvm_guests::rollup_preimages() {
            fs::write(store.join(key), value).expect("it is written");
        }
        for (index, value) in fpvm_trace::local_data(inputs, U256::from(CHAIN_ID)) {
            fs::write(store.join(format!("01{index:062x}")), value).expect("it is written");
        }
    }
    let folder = shop.path("{l2.blocknumber}").display().to_string();
    let fpvm = env!("CARGO_BIN_EXE_fpvm");
    let host = [fpvm, "preimages", "serve", &folder].map(Into::into);
    let record = shop.path("record.redb");
    let preimages = Preimages::host(host.to_vec(), None, Some(&record)).expect("a record");
    let (elf, chain_id) = (
        fs::read(guests("bin/rollup.mips")).unwrap(),
        U256::from(CHAIN_ID),
    );
    let load = move || {
        let mut vm = elf::load::<Mips32>(&elf, Mips32::PATCHES)?;
        let jit = fpvm_jit::Jit::<Mips32>::new().ok();
        vm.set_tier(jit.map(|jit| Box::new(jit) as _));
        Ok(vm)
    };
    let guest = GuestProgram::new(load, preimages, chain_id);
    std::thread::scope(|scope| {
        let options = Options {
            threads: 3,
            ..Options::new(50_000_000)
        };
        let workers = Workers::start(scope, guest, options);
        for _ in 0..600 {
            let answers: Vec<_> = all.iter().map(|of| workers.claim(of, 1 << 30)).collect();
            if answers.iter().all(Result::is_ok) {
                return;
            }
            for answer in &answers {
                let is_fine = matches!(answer, Ok(_) | Err(TraceError::Pending { .. }));
                assert!(is_fine, "{answer:?}");
            }
            std::thread::sleep(Duration::from_millis(100));
        }
        panic!("an execution does not end");
    });
    shop.run("preimages check record.redb").ok();
}
