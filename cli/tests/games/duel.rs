//! Whole games on anvil over a guest, between two challengers that are killed again and again.

use std::sync::Arc;

use crate::challengers::Challenger;
use crate::common::json;
use crate::killed::Duel;
use crate::outcome::the_cheat_loses;
use crate::random::Random;
use crate::rollup::{ANCHOR, Rollup};
use crate::table::{CHEAT, DELAY, HONEST, THIRD, Table};
use alloy_sol_types::SolValue as _;
use fpvm_challenger::deployment;
use fpvm_dispute::claim::OutputRoot;
use fpvm_dispute::position::Position;
use fpvm_dispute::rules::{Params, Rules};
use fpvm_dispute::trace::Outputs as _;
use fpvm_dispute::trace::lie::Extent;
use fpvm_e2e::upstream::{self, Deployer, Who};
use fpvm_l1::signer::Signer;
use fpvm_l1::{Address, Policy, Request, Rpc, U256, Wallet};

/// Room for its four blocks, and for 2^29 instructions of one; even, so that an instruction contests the
/// proposer's last claim.
const DEPTHS: (u8, u8) = (32, 2);

/// A whole game between two challengers that are killed again and again, by a factory whose games have
/// [`DEPTHS`] and begin at [`ANCHOR`].
fn the_honest_win(table: &Table, rollup: &Rollup, factory: &str) {
    // As `--cheat` lies.
    let lie = Extent {
        outputs_from: Some(U256::from(102)),
        steps_from: None,
        salt: 1,
    };
    let last = rollup.list.safe_head();
    let proposed = lie.output(last, rollup.list.output(last).unwrap());
    let game = table.propose(factory, &proposed.to_string(), last.to());
    let before = [0, 1].map(|account| balance(table, account));
    let (op_node, outputs) = (rollup.node(), rollup.outputs.display());
    let program = format!(
        "--prestate {} --preimages {}",
        rollup.program.display(),
        rollup.preimages.display()
    );
    let common = format!("challenge --game {game} {program}");
    let lying = format!(
        "{common} --outputs {outputs} --cheat liar --lie-from-block 102 --lie-from-step 1311118"
    );
    let line = format!("{common} --rollup-rpc {} --patience 20s", op_node.url);
    let duel = Duel {
        cheat: Challenger::start(table, CHEAT, lying),
        honest: Challenger::start(table, HONEST, line),
        node: &op_node,
        random: Random(0x5eed_0009),
    };
    let Duel { honest, .. } = duel.play(table, || {
        let line = format!("game show --format json --game {game}");
        json(table.run(HONEST, &line).ok())
    });

    let names = format!(
        "--name {}=cheat --name {}=honest",
        table.account(0),
        table.account(1)
    );
    let report = format!(
        "game report --game {game} {names} --json --output - --outputs {outputs} {program}"
    );
    let report = json(table.run(HONEST, &report).ok());
    the_cheat_loses(&report, DEPTHS.0.into(), "name");
    assert!(
        report["instruction"]["preimage"].is_object(),
        "{}",
        report["instruction"]
    );
    // Nothing that it did was in vain, whenever it was killed; but both resolve.
    let events = honest.events();
    let refused = events.iter().filter(|event| event["event"] == "refused");
    let mut what = refused.map(|event| event["what"].as_str().unwrap());
    assert!(what.all(|what| what.starts_with("resolve")), "{events:#?}");
    // The cheat's bonds are the honest party's now.
    let gained = balance(table, 1).saturating_sub(before[1]);
    let lost = before[0].saturating_sub(balance(table, 0));
    let (least, most) = (ether(176), ether(178));
    assert!(gained > least && gained < most, "{gained}");
    assert!(lost > least && lost < most, "{lost}");
}

fn ether(count: u64) -> U256 {
    U256::from(count) * U256::from(10).pow(U256::from(18))
}

fn balance(table: &Table, account: usize) -> U256 {
    let params = format!(r#"["{}","latest"]"#, table.account(account));
    let wei = table.node.ask("eth_getBalance", &params);
    wei.as_str().expect("wei").parse().expect("a number")
}

#[test]
fn killed_challengers_play_to_the_end() {
    let Some(table) = Table::new() else { return };
    let rollup = Rollup::new();
    let (max, split) = DEPTHS;
    let factory = table.deploy(&format!(
        "--prestate {} --anchor-root {} --anchor-block {ANCHOR} --l2-chain-id 901 --max-depth {max} --split-depth {split}",
        rollup.program.display(),
        rollup.output(ANCHOR)
    ));
    the_honest_win(&table, &rollup, &factory);
}

/// Deploys from a wallet, beside which another administers the proxies.
struct OnNode {
    owner: Wallet,
    admin: Wallet,
}

impl OnNode {
    fn new(table: &Table) -> Self {
        let wallet = |key: &str| {
            let chain = Rpc::connect(&table.node.url(), None).expect("a node");
            let signer = Signer::from_key(&key.parse().expect("a key")).expect("a key");
            Wallet::new(Arc::new(chain), signer, Policy::default())
        };
        let (owner, admin) = (wallet(CHEAT), wallet(THIRD));
        Self { owner, admin }
    }

    fn send(&mut self, by: Who, to: Option<Address>, data: Vec<u8>) -> Option<Address> {
        let wallet = match by {
            Who::Admin => &mut self.admin,
            Who::Anybody | Who::Founder | Who::Owner => &mut self.owner,
        };
        let request = Request {
            what: "deploy upstream's contracts".into(),
            to,
            data: data.into(),
            value: U256::ZERO,
            gas: None,
        };
        let receipts = wallet.send(&[request], &mut |_| ()).expect("it is done");
        receipts[0].created
    }
}

impl Deployer for OnNode {
    fn create(&mut self, by: Who, code: Vec<u8>) -> Address {
        self.send(by, None, code).expect("a contract")
    }

    fn call(&mut self, by: Who, to: Address, data: Vec<u8>) {
        self.send(by, Some(to), data);
    }
}

#[test]
fn killed_challengers_play_on_upstreams_contracts() {
    let Some(folder) = upstream::folder_2024() else {
        return;
    };
    let Some(table) = Table::new() else { return };
    let rollup = Rollup::new();
    let root = format!("state-root {}", rollup.program.display());
    let root = table.shop.run(&root).ok();
    let (max, split) = DEPTHS;
    let params = Params {
        max_depth: max.into(),
        split_depth: split.into(),
        l2_chain_id: U256::from(901),
        ..Params::mainnet(root.trim().parse().expect("a root"))
    };
    let rules = Rules::new(params.clone()).expect("legal rules");
    let mut deployer = OnNode::new(&table);
    let setup = upstream::Setup {
        owner: deployer.owner.address(),
        admin: deployer.admin.address(),
        game_type: params.game_type,
        anchor: OutputRoot {
            root: rollup.output(ANCHOR),
            block: U256::from(ANCHOR),
        },
        delay: DELAY,
    };
    let around = upstream::around(&mut deployer, &folder, &setup);
    let mut create = |name, arguments: Vec<u8>| {
        deployer.create(Who::Anybody, upstream::creation(&folder, name, &arguments))
    };
    let numbers = (U256::from(126_000), U256::from(params.challenge_period));
    let oracle = create("PreimageOracle", numbers.abi_encode_params());
    let vm = create("MIPS", oracle.abi_encode());
    let parameters = deployment::parameters(&params, vm, around.vault, around.registry);
    let game = create("FaultDisputeGame", parameters.abi_encode());
    let bond = rules.required_bond(Position::ROOT).expect("a bond");
    let sets = deployment::registration(around.factory, params.game_type, game, &[], bond);
    deployer.owner.send(&sets, &mut |_| ()).expect("it is done");
    the_honest_win(&table, &rollup, &around.factory.to_string());
}
