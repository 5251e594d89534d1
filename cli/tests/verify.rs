//! `verify` accepts what is right, refuses what is not, and tells what steps did.

mod common;

use common::{Shop, json, vectors};
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
        let lines = String::from_utf8(common::contents(&steps)).unwrap();
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
        let done = common::Done::from(done);
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
