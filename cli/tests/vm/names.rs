//! Under upstream's names the program has upstream's defaults and forms.

use crate::common::{Shop, json, vectors};

#[test]
fn cannon_prints_cannon_s_witness() {
    let shop = Shop::named("cannon");
    shop.bring(&vectors("states/hello.mips32.final.bin.gz"));
    let out = shop
        .run("witness --input hello.mips32.final.bin.gz --output w.bin")
        .ok();
    assert!(out.starts_with("{\n  \"witnessHash\": \"0x0054c794718615af8e89cdfd8cca52c56f36e4f05d2c44fd9eb69b3b52437333\",\n  \"witness\": \"0x5fa25b22"));
    assert!(
        out.ends_with(",\n  \"step\": 302090,\n  \"exited\": true,\n  \"exitCode\": 0\n}\n\n"),
        "{out}"
    );
    assert_eq!(shop.read("w.bin").len(), 226);
    assert_eq!(
        shop.run("list").ok(),
        "Available cannon versions:\n\
         filename: cannon-2\tversion: singlethreaded-2 (2)\n\
         filename: cannon-8\tversion: multithreaded64-5 (8)\n\
         filename: cannon-7\tversion: multithreaded64-4 (7)\n\
         filename: cannon-6\tversion: multithreaded64-3 (6)\n"
    );
    shop.bring(&vectors("states/hello.riscv64.final.bin.gz"));
    shop.run("witness --input hello.riscv64.final.bin.gz")
        .fails(
            1,
            "is a state of VM type riscv64, which is not among singlethreaded-2, multithreaded64-5",
        );
}

#[test]
fn cannon_takes_the_vm_from_the_state() {
    let shop = Shop::named("cannon");
    shop.bring(&vectors("states/hello.mips64.step-100000.bin.gz"));
    let out = shop
        .run("witness --input hello.mips64.step-100000.bin.gz")
        .ok();
    assert!(
        out.starts_with("{\n  \"stateVersion\": 8,\n  \"witnessHash\": \"0x0346373ad916"),
        "{out}"
    );
    // Cannon of 2026 writes binary states where nothing else is asked for, and proofs as this one.
    shop.write("meta.json", r#"{"symbols":[]}"#);
    shop.bring(&vectors("guests/hello.go122.mips64"));
    shop.run("load-elf --type multithreaded64-5 --path hello.go122.mips64")
        .ok();
    shop.run("run --input state.bin.gz --proof-at =143358 --stop-at =143359")
        .ok();
    let expected = vectors("runs/hello.go122.mips64/proof-143358.json");
    let proof = shop.read("proof-143358.json");
    assert!(proof == crate::common::contents(&expected));
    shop.run("run --input out.bin.gz").ok();
    let out = shop.run("witness --input out.bin.gz").ok();
    assert!(out.contains("0x000ad8fcc925d38fcbfb1da8"), "{out}");
}

#[test]
fn a_version_is_of_its_own_vm() {
    let shop = Shop::named("cannon");
    shop.bring(&vectors("guests/hello.go122.mips64"));
    shop.run("load-elf --type multithreaded64-4 --path hello.go122.mips64")
        .ok();
    let out = shop.run("witness --input state.bin.gz").ok();
    assert!(out.starts_with("{\n  \"stateVersion\": 7,"), "{out}");
    shop.run("witness --input state.bin.gz --type multithreaded64-5")
        .fails(1, "is a state of VM type multithreaded64-4, and not one of");
    shop.run("load-elf --type multithreaded64-3 --path hello.go122.mips64")
        .ok();
    let out = shop.run("witness --input state.bin.gz").ok();
    assert!(out.starts_with("{\n  \"stateVersion\": 6,"), "{out}");
}

/// It is refused before a chain is asked for anything.
#[test]
fn a_version_without_a_contract_is_not_deployed() {
    Shop::new()
        .run("deploy --type multithreaded64-3 --rpc http://127.0.0.1:1")
        .fails(1, "there is no contract for multithreaded64-3");
}

/// What only an older release of upstream's reads is named, and the release.
#[test]
fn older_versions_are_refused_by_name() {
    let shop = Shop::named("cannon");
    shop.write("state.bin", [4, 0, 0, 0]);
    shop.run("witness --input state.bin").fails(
        1,
        "is a state of version 4, VM type multithreaded64-2, which fpvm does not have: \
         upstream's cannon v1.3.0 reads it",
    );
    shop.bring(&vectors("guests/hello.go122.mips64"));
    shop.run("load-elf --type multithreaded64 --path hello.go122.mips64")
        .fails(
            1,
            "the VM type multithreaded64 (state version 3) is not supported, \
             but by upstream's cannon v1.2.0; there are",
        );
}

#[test]
fn asterisc_prints_asterisc_s_witness() {
    let shop = Shop::named("asterisc");
    shop.bring(&vectors("states/hello.riscv64.final.bin.gz"));
    let out = shop
        .run("witness --input hello.riscv64.final.bin.gz --output w.bin")
        .ok();
    assert!(out.starts_with("{\n  \"witness\": \"0x"), "{out}");
    assert!(out.contains("\",\n  \"stateHash\": \"0x0035df02"), "{out}");
    let end =
        ",\n  \"step\": 219533,\n  \"exited\": true,\n  \"exitCode\": 0,\n  \"pc\": 447516\n}\n\n";
    assert!(out.ends_with(end), "{out}");
    assert_eq!(shop.read("w.bin").len(), 362);
}

#[test]
fn fpvm_prints_both_hashes() {
    let shop = Shop::new();
    shop.bring(&vectors("states/hello.riscv64.final.bin.gz"));
    let out = json(shop.run("witness hello.riscv64.final.bin.gz").ok());
    assert_eq!(out["witnessHash"], out["stateHash"]);
    assert_eq!(
        (&out["exited"], &out["pc"]),
        (&true.into(), &447_516.into())
    );
}

#[test]
fn upstream_s_defaults_are_upstream_s() {
    for (name, state, lines) in [
        ("cannon", "hello.mips32", 3),
        ("asterisc", "hello.riscv64", 2),
    ] {
        let shop = Shop::named(name);
        let file = format!("{state}.step-100000.bin.gz");
        shop.bring(&vectors("states").join(&file));
        shop.run(&format!("run --input {file}"))
            .fails(1, "cannot read meta.json");
        shop.write("meta.json", r#"{"symbols":[]}"#);
        // One dash is enough for upstream, too.
        let done = shop.run(&format!("run -input {file}"));
        let processing = done
            .err
            .lines()
            .filter(|line| line.contains("msg=processing"))
            .count();
        assert_eq!(processing, lines, "{}", done.err);
        let first = done.err.lines().next().unwrap_or_default();
        assert_eq!(first.starts_with("t="), name == "asterisc", "{first}");
        done.ok();
        assert_eq!(json(shop.read("out.json"))["exited"], true);
    }
}

#[test]
fn cannon_s_load_elf_asks_for_the_type() {
    let shop = Shop::named("cannon");
    shop.bring(&vectors("guests/hello.go122.mips"));
    shop.run("load-elf --path hello.go122.mips")
        .fails(1, "--type is missing");
    shop.run("load-elf --type multithreaded-2 --path hello.go122.mips")
        .fails(
            1,
            "the VM type multithreaded-2 (state version 5) is not supported",
        );
    shop.run("load-elf --type multithreaded64-5 --path hello.go122.mips")
        .fails(1, "64-bit big-endian MIPS");
    shop.run("load-elf --type nonsense --path hello.go122.mips")
        .fails(1, "does not exist");
    shop.run("load-elf --type riscv64 --path hello.go122.mips")
        .fails(1, "is not the VM type of");
    assert_eq!(shop.files(), ["cannon", "hello.go122.mips"]);
    shop.run("load-elf --type singlethreaded-2 --path hello.go122.mips")
        .ok();
    assert_eq!(
        shop.files(),
        ["cannon", "hello.go122.mips", "meta.json", "state.bin.gz"]
    );
    let state = crate::common::contents(&shop.path("state.bin.gz"));
    assert!(state == crate::common::contents(&vectors("states/hello.mips32.step-0.bin.gz")));
    let meta = json(shop.read("meta.json"));
    assert_eq!(meta["symbols"][0]["name"], "go.go");
}
