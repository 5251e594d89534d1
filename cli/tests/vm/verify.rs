//! `verify` accepts what is right, refuses what is not, and tells what steps did.

use crate::common::{Shop, json, vectors};
use std::fs;

#[test]
fn upstream_s_proofs_are_accepted_and_told() {
    let shop = Shop::new();
    for (vm, step) in [("mips32", 356_200), ("riscv64", 255_909)] {
        let file = vectors("runs").join(format!("preimage.go122.{vm}/proof-{step}.json"));
        fs::copy(file, shop.path(&format!("{vm}.json"))).unwrap();
    }
    let told = shop.run("verify mips32.json riscv64.json").ok();
    insta::assert_snapshot!("told", told);
}

#[test]
fn a_stream_of_proofs_is_checked_one_by_one() {
    let shop = Shop::new();
    for vm in ["mips32", "riscv64"] {
        let steps = vectors("steps").join(format!("{vm}.jsonl.gz"));
        let lines = String::from_utf8(crate::common::contents(&steps)).unwrap();
        let count = lines.lines().count();
        let told = shop.run_words(&["verify", steps.to_str().unwrap()]).ok();
        assert_eq!(told.matches(": accepted\n").count(), count, "{vm}");
        // The same from stdin, with one that is wrong among them.
        let wrong = lines.replacen("\"post\":\"0x03", "\"post\":\"0x02", 1);
        let wrong = if wrong == lines {
            lines.replacen("\"post\": \"0x03", "\"post\": \"0x02", 1)
        } else {
            wrong
        };
        let done = shop
            .command()
            .args(["verify", "-"])
            .write_stdin(wrong)
            .output()
            .unwrap();
        let done = crate::common::Done::from(done);
        assert_eq!(done.out.matches(": accepted\n").count(), count - 1, "{vm}");
        done.fails(1, &format!("1 of {count} proofs refused"));
    }
}

/// Each part of a proof that the step reads is needed as it is.
#[test]
fn a_changed_proof_is_refused() {
    let shop = Shop::new();
    for vm in ["mips32", "riscv64"] {
        let step = if vm == "mips32" { 356_200 } else { 255_909 };
        let file = vectors("runs").join(format!("preimage.go122.{vm}/proof-{step}.json"));
        let proof = json(fs::read(file).unwrap());
        let fields = [
            "pre",
            "post",
            "state-data",
            "proof-data",
            "oracle-key",
            "oracle-value",
        ];
        for field in fields {
            let text = proof[field].as_str().unwrap();
            for at in [2, 17, text.len() / 2, text.len() - 1] {
                let mut changed = text.as_bytes().to_vec();
                changed[at] = if changed[at] == b'0' { b'1' } else { b'0' };
                let mut proof = proof.clone();
                proof[field] = String::from_utf8(changed).unwrap().into();
                shop.write("changed.json", proof.to_string());
                let done = shop.run("verify changed.json");
                assert_eq!(done.code, Some(1), "{vm} {field} {at}: {}", done.out);
                assert!(done.err.contains("changed.json: refused: "), "{}", done.err);
            }
        }
        let mut offset = proof.clone();
        offset["oracle-offset"] = 8.into();
        shop.write("offset.json", offset.to_string());
        shop.run("verify offset.json")
            .fails(1, "its `oracle-offset` is 8, and the step reads at 0");
        let mut missing = proof.clone();
        missing.as_object_mut().unwrap().remove("oracle-value");
        shop.write("missing.json", missing.to_string());
        shop.run("verify missing.json")
            .fails(1, "which is not at hand");
    }
}

#[test]
fn a_proof_tells_the_function_where_symbols_are_given() {
    let shop = Shop::new();
    let guest = vectors("guests/hello.go122.mips");
    shop.run_words(&["load-elf", guest.to_str().unwrap(), "--out", ""])
        .ok();
    let proof = vectors("runs/hello.go122.mips32/proof-1009.json");
    let told = shop
        .run_words(&["verify", "--meta", "meta.json", proof.to_str().unwrap()])
        .ok();
    assert!(
        told.contains("step 1009 at pc 0x50128 in runtime."),
        "{told}"
    );
}

/// MIPS64's threads give way by steps that run no instruction, which are not the program's end.
#[test]
fn a_change_of_threads_is_told_as_such() {
    let shop = Shop::new();
    for (run, step) in [
        ("threads.c.mips64", 1_378_508),
        ("threads.c.mips64-7", 1_478_509),
    ] {
        let proof = vectors("runs").join(format!("{run}/proof-{step}.json"));
        let told = shop.run_words(&["verify", proof.to_str().unwrap()]).ok();
        let switch = "no instruction: the running thread has had its 100000 steps";
        assert!(told.contains(switch) && !told.contains("exited"), "{told}");
        // Nothing of the dropped thread is told as changed.
        let lines = told
            .lines()
            .skip(2)
            .filter(|line| !line.contains("traverseRight"));
        assert_eq!(lines.count(), 1, "{told}");
    }
}

/// The numbers in a line.
fn numbers(line: &str) -> Vec<u64> {
    let words = line.split(|c: char| !c.is_ascii_digit());
    words.filter_map(|word| word.parse().ok()).collect()
}

#[test]
fn the_contract_executes_a_step_and_its_gas_is_told() {
    let shop = Shop::new();
    for (run, step) in [
        ("preimage.go122.mips32", 356_200),
        ("preimage.go122.riscv64", 255_909),
        ("hello.go122.mips32", 1009),
    ] {
        let file = vectors("runs").join(format!("{run}/proof-{step}.json"));
        let told = shop
            .run_words(&["verify", "--on-chain", file.to_str().unwrap()])
            .ok();
        let line = |what: &str| {
            let line = told.lines().find(|line| line.contains(what));
            numbers(line.unwrap_or_else(|| panic!("{what} is not in {told}")))
        };
        let (whole, compact) = (line("this proof: "), line("as a compact proof: "));
        let [_, bytes, gas] = whole[..] else {
            panic!("{told}")
        };
        // Execution, bytes of calldata, and all of it.
        assert!(compact[1] < bytes && compact[2] < gas, "{told}");
        assert_eq!(
            told.contains("on chain, the pre-image: "),
            run.starts_with("preimage")
        );
    }
}

#[test]
fn compact_proofs_are_written_and_read() {
    let shop = Shop::new();
    let (guest, preimages) = (vectors("guests/preimage.go122.mips"), vectors("preimages"));
    let (guest, preimages) = (guest.to_str().unwrap(), preimages.to_str().unwrap());
    let common = ["--preimages", preimages, "--proof-encoding", "compact"];
    let prove = [
        &["prove", guest, "--step", "356200", "--output", "p.json"],
        &common[..],
    ]
    .concat();
    shop.run_words(&prove).ok();
    let run = [
        "run",
        guest,
        "--proof-at",
        "=356200",
        "--stop-at",
        "=356201",
        "--proof-fmt",
        "r.json",
    ];
    shop.run_words(&[&run, &common[..]].concat()).ok();
    assert_eq!(shop.read("p.json"), shop.read("r.json"));

    // The same object as upstream's, but for one value.
    let upstream = fs::read(vectors("runs/preimage.go122.mips32/proof-356200.json")).unwrap();
    let (mut compact, upstream) = (json(shop.read("p.json")), json(upstream));
    let data = compact["proof-data"].as_str().unwrap().to_owned();
    assert!(data.len() < upstream["proof-data"].as_str().unwrap().len());
    compact["proof-data"] = upstream["proof-data"].clone();
    assert_eq!(compact, upstream);

    let told = shop.run("verify --on-chain p.json").ok();
    assert!(told.contains("on chain, compact proof: "), "{told}");
    let cut = json(shop.read("p.json"))
        .to_string()
        .replace(&data, &data[..data.len() - 2]);
    shop.write("cut.json", cut);
    shop.run("verify cut.json").fails(1, "cut.json: refused: ");
}

#[test]
fn what_loads_a_preimage_is_printed() {
    let shop = Shop::new();
    let (oracle, from) = (
        "0x".to_owned() + &"aa".repeat(20),
        "0x".to_owned() + &"bb".repeat(20),
    );
    let proof = vectors("runs/preimage.go122.mips32/proof-356200.json");
    let key = "0x0290c6594590fef1274a782299ebc6bef41275121157affa40331467fcef264c";
    let folder = vectors("preimages");
    let load = ["preimages", "load", "--oracle", &oracle, "--from", &from];
    let by_proof = [
        &load[..],
        &["--format", "json", "--proof", proof.to_str().unwrap()],
    ]
    .concat();
    let by_key = [
        &load[..],
        &[
            "--format",
            "json",
            "--key",
            key,
            "--preimages",
            folder.to_str().unwrap(),
        ],
    ]
    .concat();
    let (by_proof, by_key) = (shop.run_words(&by_proof).ok(), shop.run_words(&by_key).ok());
    assert_eq!(by_proof, by_key);
    let calls = json(by_proof);
    let call = &calls[0];
    assert_eq!(calls.as_array().unwrap().len(), 1);
    assert_eq!(
        (&call["to"], &call["value"]),
        (&oracle.as_str().into(), &"0".into())
    );
    assert_eq!(call["function"], "loadKeccak256PreimagePart");
    assert!(call["data"].as_str().unwrap().starts_with("0xe1592611"));

    let text = shop
        .run_words(&[&load[..], &["--proof", proof.to_str().unwrap()]].concat())
        .ok();
    assert!(text.contains(call["data"].as_str().unwrap()), "{text}");
    let none = vectors("runs/hello.go122.mips32/proof-1009.json");
    let none = shop.run_words(&[&load[..], &["--proof", none.to_str().unwrap()]].concat());
    none.fails(1, "its step reads no pre-image");
    let past = [
        &load[..],
        &[
            "--key",
            key,
            "--offset",
            "1009",
            "--preimages",
            folder.to_str().unwrap(),
        ],
    ]
    .concat();
    shop.run_words(&past).fails(1, "has no part at offset 1009");
}
