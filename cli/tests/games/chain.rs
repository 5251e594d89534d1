//! Deployment, pre-images and steps on a real chain, through the command.

use crate::common::{Done, Shop, json, vectors};
use fpvm_e2e::node::{ANVIL_KEY, Node};
use serde_json::Value;
use std::collections::HashSet;

/// A node, and the account that pays.
struct Rig {
    shop: Shop,
    node: Node,
    /// Arguments and variables for the key.
    keystore: Option<String>,
}

impl Rig {
    fn anvil(more: &[&str]) -> Option<Self> {
        let node = Node::anvil(more)?;
        Some(Self {
            shop: Shop::new(),
            node,
            keystore: None,
        })
    }

    /// geth's account is in a keystore file without a password.
    fn geth(period: u8) -> Option<Self> {
        let node = Node::geth(period)?;
        let files = std::fs::read_dir(node.folder.path().join("keystore")).unwrap();
        let file = files.map(|file| file.unwrap().path()).next().unwrap();
        let keystore = Some(file.to_str().unwrap().to_owned());
        Some(Self {
            shop: Shop::new(),
            node,
            keystore,
        })
    }

    /// Runs a command on the chain; its words are split at blanks.
    fn run(&self, line: &str) -> Done {
        let mut command = self.shop.command();
        command
            .args(line.split_whitespace())
            .args(["--rpc", &self.node.url()]);
        match &self.keystore {
            Some(file) => command
                .args(["--keystore", file])
                .env("FPVM_KEYSTORE_PASSWORD", ""),
            None => command.env("FPVM_PRIVATE_KEY", ANVIL_KEY),
        };
        command.output().unwrap().into()
    }

    fn account(&self) -> String {
        self.node.ask("eth_accounts", "[]")[0]
            .as_str()
            .unwrap()
            .to_owned()
    }

    fn deploy(&self, flags: &str) -> Value {
        json(self.run(&format!("deploy --format json {flags}")).ok())
    }

    /// A proof of upstream's under this name, and its compact form as `compact-` that.
    fn bring(&self, run: &str, step: u64, guest: &str, name: &str) {
        let proof =
            std::fs::read(vectors("runs").join(format!("{run}/proof-{step}.json"))).unwrap();
        self.shop.write(name, proof);
        let (guest, preimages) = (vectors("guests").join(guest), vectors("preimages"));
        let line = format!(
            "prove {} --step {step} --preimages {} --proof-encoding compact --output compact-{name}",
            guest.display(),
            preimages.display()
        );
        self.shop.run(&line).ok();
    }
}

fn address(value: &Value) -> &str {
    value["address"].as_str().expect("an address")
}

/// A whole life on one chain, in as many blocks as the chain likes.
fn steps_are_executed(rig: &Rig, chain_id: u64) {
    let deployed = rig.deploy(&format!("--chain-id {chain_id}"));
    assert_eq!(deployed["chainId"], chain_id);
    let oracle = address(&deployed["oracle"]);
    let runs = [
        (
            "mips32",
            "mips",
            [326_567, 356_200],
            "hello.go122.mips32",
            1009,
        ),
        (
            "mips64",
            "mips64",
            [480_598, 501_600],
            "hello.go122.mips64",
            1009,
        ),
        (
            "riscv64",
            "riscv64",
            [245_129, 255_909],
            "hello.go122.riscv64",
            1009,
        ),
    ];
    let mut loaded = HashSet::new();
    for ((vm, guest, steps, hello, plain), verifier) in
        runs.iter().zip(deployed["verifiers"].as_array().unwrap())
    {
        let contract = address(verifier);
        let account = rig.account();
        for step in steps {
            let name = format!("{vm}-{step}.json");
            rig.bring(
                &format!("preimage.go122.{vm}"),
                *step,
                &format!("preimage.go122.{guest}"),
                &name,
            );
            let proof = json(rig.shop.read(&name));
            let part = (
                proof["oracle-key"].to_string(),
                proof["oracle-offset"].to_string(),
            );
            let call = format!("verify {name} --contract {contract} --from {account}");
            // Refused until the part is loaded. Guests of two machines read some of the same parts.
            if loaded.insert(part) {
                rig.run(&call).fails(1, "does not have offset 0 of");
            }
            rig.run(&format!("preimages load --proof {name} --oracle {oracle}"))
                .ok();
            let told = rig.run(&call).ok();
            assert!(
                told.contains(&format!("on chain: {contract}"))
                    || told.contains("accepts it at block"),
                "{told}"
            );
            for name in [name.clone(), format!("compact-{name}")] {
                let told = rig
                    .run(&format!("verify {name} --contract {contract} --send"))
                    .ok();
                assert!(
                    told.contains("on chain: the step is transaction 0x"),
                    "{told}"
                );
                assert!(!told.contains("the pre-image is transaction"), "{told}");
            }
        }
        rig.bring(hello, *plain, &format!("hello.go122.{guest}"), "hello.json");
        for name in ["hello.json", "compact-hello.json"] {
            rig.run(&format!("verify {name} --contract {contract} --send"))
                .ok();
        }
        // A wrong claim: the Rust verifier is first to say so, and nothing is sent.
        let mut wrong = json(rig.shop.read("hello.json"));
        wrong["post"] = wrong["pre"].clone();
        rig.shop.write("wrong.json", wrong.to_string());
        rig.run(&format!("verify wrong.json --contract {contract} --send"))
            .fails(1, "refused");
        // The other VM's contract.
        let other = address(&deployed["verifiers"][usize::from(*vm == "mips32")]);
        rig.run(&format!("verify hello.json --contract {other}"))
            .fails(1, "the contract reverts");
    }
}

/// A pre-image that is large by the terms of an oracle, with a time to wait.
fn a_large_preimage_is_proposed(rig: &Rig) {
    let deployed = rig.deploy("--isa mips --min-proposal-size 500 --challenge-period 2s");
    let (oracle, contract) = (
        address(&deployed["oracle"]),
        address(&deployed["verifiers"][0]),
    );
    rig.bring(
        "preimage.go122.mips32",
        356_200,
        "preimage.go122.mips",
        "large.json",
    );
    let told = rig
        .run(&format!(
            "verify compact-large.json --contract {contract} --send"
        ))
        .ok();
    assert!(
        told.matches("the pre-image is transaction").count() > 2,
        "{told}"
    );
    assert!(
        told.contains("on chain: the step is transaction 0x"),
        "{told}"
    );
    let again = rig
        .run(&format!(
            "preimages load --proof large.json --oracle {oracle}"
        ))
        .ok();
    assert!(again.contains("was there already"), "{again}");
}

#[test]
fn anvil_executes_steps() {
    if let Some(rig) = Rig::anvil(&[]) {
        steps_are_executed(&rig, 31_337);
    }
}

#[test]
fn anvil_takes_large_preimages() {
    if let Some(rig) = Rig::anvil(&["--block-time", "1"]) {
        a_large_preimage_is_proposed(&rig);
    }
}

#[test]
fn geth_executes_steps() {
    if let Some(rig) = Rig::geth(0) {
        steps_are_executed(&rig, 1337);
    }
}

#[test]
fn geth_takes_large_preimages() {
    if let Some(rig) = Rig::geth(1) {
        a_large_preimage_is_proposed(&rig);
    }
}

#[test]
fn a_bad_connection_is_told() {
    let shop = Shop::new();
    let mut command = shop.command();
    let deploy = ["deploy", "--patience", "500ms", "--rpc"];
    let down = command
        .args(deploy)
        .arg("http://127.0.0.1:9/secret")
        .output()
        .unwrap();
    let err = Done::from(down).fails(1, "error: http://127.0.0.1:9 does not answer");
    assert!(!err.contains("secret"), "{err}");
    let no_url = shop
        .command()
        .args(deploy)
        .arg("localhost:8545")
        .output()
        .unwrap();
    Done::from(no_url).fails(1, "begins with http:// or https://");

    let Some(rig) = Rig::anvil(&[]) else { return };
    rig.run("deploy --chain-id 1")
        .fails(1, "is on chain 31337, and chain 1 was asked for");
    let poor = rig
        .shop
        .command()
        .args(["deploy", "--rpc", &rig.node.url()])
        .env("FPVM_PRIVATE_KEY", "11".repeat(32))
        .output()
        .unwrap();
    Done::from(poor).fails(1, "has 0 ether, and it takes up to 0.0");
    let no_key = rig
        .shop
        .command()
        .args(["deploy", "--rpc", &rig.node.url()])
        .env_remove("FPVM_PRIVATE_KEY")
        .output()
        .unwrap();
    Done::from(no_key).fails(
        1,
        "put a private key into the environment variable FPVM_PRIVATE_KEY",
    );
    let nobody = "0x00000000000000000000000000000000000000aa";
    rig.run(&format!("deploy --oracle {nobody}"))
        .fails(1, "there is no contract at 0x");
    rig.bring("hello.go122.mips32", 1009, "hello.go122.mips", "hello.json");
    rig.run(&format!("verify hello.json --contract {nobody}"))
        .fails(1, "there is no contract at 0x");
}
