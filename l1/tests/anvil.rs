//! The same interface on a real node: what it reads, and a wallet through a reorg.

use fpvm_e2e::node::{ANVIL_KEY, Node};
use fpvm_l1::signer::Signer;
use fpvm_l1::{At, Call, Chain, Error, LogFilter, Policy, Progress, Request, Rpc, U256, Wallet};
use std::sync::Arc;

/// Creates a contract that logs something for each call, and reverts where the first word is zero.
const COUNTER: &str = "0x735f35600857\
                       5f5ffd5b5f546001015f555f5fa0005f526014600cf3";

fn request(to: Option<fpvm_l1::Address>, data: &str) -> Request {
    Request {
        what: "try the node".into(),
        to,
        data: data.parse().unwrap(),
        value: U256::ZERO,
        gas: None,
    }
}

#[test]
fn a_reorg_of_anvil_loses_nothing() {
    let Some(node) = Node::anvil(&["--block-time", "1"]) else {
        return;
    };
    let chain = Arc::new(Rpc::connect(&node.url(), Some(31_337)).unwrap());
    let signer = Signer::from_key(&ANVIL_KEY.parse().unwrap()).unwrap();
    let policy = Policy {
        confirmations: 3,
        ..Policy::default()
    };
    let mut wallet = Wallet::new(chain.clone(), signer, policy);
    let (mut included, mut dropped) = (0, 0);
    let creation = request(None, COUNTER);
    let receipts = wallet.send(&[creation], &mut |progress| match progress {
        Progress::Included(..) => {
            included += 1;
            if included == 1 {
                // anvil makes as many empty blocks in their place.
                node.ask("anvil_reorg", "[1, []]");
            }
        }
        Progress::Dropped(..) => dropped += 1,
        _ => {}
    });
    let receipts = receipts.unwrap();
    assert_eq!((dropped, included), (1, 2));

    // What a challenger reads.
    let counter = receipts[0].created.unwrap();
    assert!(!chain.code(counter, At::Latest).unwrap().is_empty());
    let ones = format!("0x{}", "01".repeat(32));
    let count = request(Some(counter), &ones);
    let receipts = wallet.send(&[count.clone(), count], &mut |_| ()).unwrap();
    let logs = LogFilter {
        from: receipts[0].block,
        to: receipts[1].block,
        addresses: vec![counter],
        topics: Vec::new(),
    };
    assert_eq!(chain.logs(&logs).unwrap().len(), 2);
    assert_eq!(receipts[0].logs, chain.logs(&logs).unwrap()[..1]);
    let block = chain.block(At::Number(receipts[0].block)).unwrap();
    assert_eq!(chain.block(At::Hash(block.hash)).unwrap(), block);
    assert_eq!(block.hash, receipts[0].block_hash);
    let call = Call {
        to: Some(counter),
        from: wallet.address(),
        ..Call::default()
    };
    let error = chain.call(&call, At::Hash(block.hash)).unwrap_err();
    assert!(
        matches!(&error, Error::Reverted(revert) if revert.0.is_empty()),
        "{error}"
    );
    let error = chain.block(At::Number(1 << 40)).unwrap_err();
    assert!(matches!(error, Error::NoBlock { .. }), "{error}");
    let before = chain.balance(wallet.address(), At::Number(0)).unwrap();
    assert!(chain.balance(wallet.address(), At::Latest).unwrap() < before);
}
