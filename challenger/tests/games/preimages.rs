//! Games that come down to an instruction which reads a pre-image: of each kind, small and large, and
//! against those who load what is wrong.

use std::sync::Arc;

use crate::common::players::{CHEAT, HONEST, lie, scheduler};
use crate::common::reader::Reader;
use crate::common::table::{check, proposed, read, with_others};
use crate::common::{account, wallet};
use alloy_primitives::{Address, U256};
use alloy_sol_types::SolCall as _;
use fpvm_challenger::event::{Event, Name};
use fpvm_challenger::player::{Kind, Strategy};
use fpvm_challenger::scheduler::Games;
use fpvm_contracts::abi::PreimageOracle;
use fpvm_contracts::loader::{self, Challenge, Loading, Metadata, Proposal, blob_point};
use fpvm_core::keccak::keccak256;
use fpvm_core::step::oracle::{Oracle, OracleError};
use fpvm_dispute::player::cheat::{Cheat, Way};
use fpvm_l1::{At, Chain as _, Local, Request};
use fpvm_oracle::Key;
use fpvm_oracle::store::{Directory, Store as _};
use tempfile::TempDir;

/// From how many bytes on pre-images are loaded by proposal.
const LARGE: u64 = 500;

/// A folder of pre-images.
struct DiskCache {
    folder: TempDir,
    store: Directory,
}

impl DiskCache {
    fn new() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let store = Directory::create(folder.path()).expect("a store");
        Self { folder, store }
    }

    fn put(&mut self, key: Key, value: &[u8]) -> Key {
        self.store.put(key, value).expect("it is written");
        key
    }

    /// A value under the hash of something else.
    fn named(&mut self, kind: u8, name: &[u8], value: &[u8]) -> Key {
        let mut key = self.put(Key::keccak256(name), name);
        key.0[0] = kind;
        self.put(key, value)
    }

    fn reader(&self, key: Key) -> Reader {
        let preimages = self.folder.path().to_path_buf();
        let value = self.store.get(key).expect("it is read").expect("a value");
        // Up to the end, at most.
        let reads = (value.len() as u16 + 8).div_ceil(4).min(6);
        Reader {
            key,
            reads,
            preimages,
        }
    }
}

/// A game that ends at the instruction that reads `key` at `offset`, won with one step. What the honest
/// challenger has loaded.
fn ends_at(disk: &DiskCache, key: Key, offset: u64, way: Way) -> Vec<Event> {
    let (_, mut events) = played(disk, key, offset, way, &mut |_, _| ());
    events.retain(|event| event.kind == Some(Kind::Load));
    events
}

/// The same, while others do what they like between the turns. The chain, and what the honest challenger has
/// done.
fn played(
    disk: &DiskCache,
    key: Key,
    offset: u64,
    way: Way,
    others: &mut dyn FnMut(&Local, Address),
) -> (Local, Vec<Event>) {
    let reader = disk.reader(key);
    let instruction = reader.instruction(offset);
    let (chain, _, games) = proposed(&reader.setup(LARGE), &[lie()]);
    let shared = Arc::new(chain.clone());
    let [truth, lie] = reader.sides(instruction);
    let listed = || Games::Listed(games.clone());
    let cheat = Strategy::Cheat(Cheat {
        way,
        seed: 1,
        budget: 100,
    });
    let mut honest = scheduler(shared.clone(), HONEST, listed(), truth, Strategy::Honest);
    let mut liar = scheduler(shared, CHEAT, listed(), lie, cheat);
    let mut events = Vec::new();
    let oracle = read(&chain, games[0]).0.oracle.oracle;
    with_others(&chain, &mut honest, &mut liar, &mut events, &mut || {
        others(&chain, oracle);
    });
    check(&chain, games[0]);
    let wrong = events
        .iter()
        .filter(|event| matches!(event.event, Name::Refused | Name::Trouble));
    assert_eq!(wrong.collect::<Vec<_>>(), Vec::<&Event>::new());
    events.retain(|event| event.event == Name::Done);
    let of = |kind| events.iter().filter(move |event| event.kind == Some(kind));
    assert_eq!(of(Kind::Step).count(), 1);
    for load in of(Kind::Load) {
        assert_eq!(
            load.why,
            "An instruction that is to be run on chain reads it."
        );
    }
    (chain, events)
}

/// One transaction loads the part.
fn ends_at_small(disk: &DiskCache, key: Key, function: &str) {
    for offset in [0, 8, 20] {
        let loads = ends_at(disk, key, offset, Way::Liar);
        assert_eq!(loads.len(), 1, "{key} at {offset}: {loads:?}");
        assert!(loads[0].what.contains(function), "{}", loads[0].what);
    }
}

#[test]
fn hashed() {
    let mut disk = DiskCache::new();
    let value: Vec<u8> = (0..100).collect();
    let keccak = disk.put(Key::keccak256(&value), &value);
    ends_at_small(&disk, keccak, "loadKeccak256PreimagePart");
    let sha = disk.put(Key::sha256(&value), &value);
    ends_at_small(&disk, sha, "loadSha256PreimagePart");
}

#[test]
fn precompiles() {
    let mut disk = DiskCache::new();
    // Identity succeeds.
    let input = b"a hundred bytes or less";
    let name = [&[0; 19][..], &[4], &100_000u64.to_be_bytes(), input].concat();
    let identity = disk.named(6, &name, &[&[1], &input[..]].concat());
    ends_at_small(&disk, identity, "loadPrecompilePreimagePart");
    // Pairing fails on bad points: the value is one byte, of which reads find the length and itself.
    let name = [&[0; 19][..], &[8], &100_000u64.to_be_bytes(), &[0xff; 192]].concat();
    let pairing = disk.named(6, &name, &[0]);
    for offset in [0, 8] {
        let loads = ends_at(&disk, pairing, offset, Way::Liar);
        assert_eq!(loads.len(), 1, "{loads:?}");
        // It spends all that it is given: not what a block has.
        let gas = loads[0].gas.expect("it is done");
        assert!((6_000_000..8_000_000).contains(&gas), "{gas}");
    }
}

#[test]
fn blobs() {
    let mut disk = DiskCache::new();
    let settings = c_kzg::ethereum_kzg_settings(0);
    let mut blob = [0; c_kzg::BYTES_PER_BLOB];
    for (index, element) in blob.chunks_exact_mut(32).enumerate() {
        // Below the field's order.
        element[1..].copy_from_slice(&keccak256(&index.to_be_bytes())[1..]);
    }
    let commitment = settings.blob_to_kzg_commitment(&c_kzg::Blob::new(blob));
    let commitment = commitment.expect("a commitment").to_bytes().into_inner();
    let elements = blob.chunks_exact(32).enumerate();
    let keys: Vec<Key> = elements
        .map(|(index, element)| {
            let name = [&commitment[..], &blob_point(index)].concat();
            disk.named(5, &name, element)
        })
        .collect();
    ends_at_small(&disk, keys[3], "loadBlobPreimagePart");
}

/// A value that is loaded by proposal, and its key.
fn large(disk: &mut DiskCache) -> (Key, Vec<u8>) {
    let value: Vec<u8> = (0..1_000u32).map(|i| (i * 7) as u8).collect();
    (disk.put(Key::keccak256(&value), &value), value)
}

fn functions(loads: &[Event]) -> Vec<&str> {
    let name = |load: &'_ Event| {
        let (_, name) = load.what.split_once('(').expect("a function");
        name.len()
    };
    let names = loads.iter().map(|load| {
        let text = load.what.as_str();
        text[text.len() - name(load)..].trim_end_matches(')')
    });
    names.collect()
}

#[test]
fn large_ones_are_proposed() {
    let mut disk = DiskCache::new();
    let (key, _) = large(&mut disk);
    for offset in [0, 8, 20] {
        let loads = ends_at(&disk, key, offset, Way::Liar);
        assert_eq!(functions(&loads), ["initLPP", "addLeavesLPP", "squeezeLPP"]);
    }
}

#[test]
fn cheats_who_load_what_is_wrong_lose() {
    let mut disk = DiskCache::new();
    let value: Vec<u8> = (0..100).collect();
    let sha = disk.put(Key::sha256(&value), &value);
    let (key, _) = large(&mut disk);
    for key in [sha, key] {
        ends_at(&disk, key, 8, Way::BadPreimages);
    }
}

/// One value.
struct Given<'a>(&'a [u8]);

impl Oracle for Given<'_> {
    fn hint(&mut self, _hint: &[u8]) -> Result<(), OracleError> {
        Ok(())
    }

    fn preimage(&mut self, _key: [u8; 32]) -> Result<Arc<[u8]>, OracleError> {
        Ok(self.0.into())
    }
}

/// The proposal of a value by an account.
fn proposal(oracle: Address, by: u8, key: Key, value: &[u8]) -> Proposal {
    let terms = loader::Terms {
        min_proposal_size: LARGE,
        ..loader::Terms::mainnet(oracle, account(by))
    };
    match loader::plan(&terms, key, 8, &mut Given(value)) {
        Ok(Loading::Proposed(proposal)) => *proposal,
        other => panic!("{other:?}"),
    }
}

/// Somebody proposes the same pre-image with a wrong commitment, tries to have it taken, and says of the
/// honest proposal that it is the wrong one. Its own is contested, and its deposit the challenger's.
fn disturbed(wrong: usize) {
    const EVE: u8 = 4;
    let mut disk = DiskCache::new();
    let (key, value) = large(&mut disk);
    let (mut accused, mut countered) = (0, 0);
    let mut eve = |chain: &Local, oracle: Address| {
        let mut wallet = wallet(Arc::new(chain.clone()), EVE);
        let mut send = |data: Vec<u8>, wei: u128| {
            let request = Request {
                what: "disturb".into(),
                to: Some(oracle),
                data: data.into(),
                value: U256::from(wei),
                gas: None,
            };
            wallet.send(&[request], &mut |_| ()).is_ok()
        };
        let (mut input, mut commitments) = (Vec::new(), Vec::new());
        let own = proposal(oracle, EVE, key, &value);
        let call = PreimageOracle::proposalMetadataCall {
            claimant: account(EVE),
            uuid: own.uuid(),
        };
        let reader = fpvm_challenger::read::Reader::newest(chain).expect("a block");
        let known = reader.ask(oracle, &call).expect("it tells");
        countered += usize::from(Metadata::from(known.0).countered);
        for call in own.remaining(&Metadata::default()) {
            match PreimageOracle::addLeavesLPPCall::abi_decode(&call.data) {
                Ok(mut leaves) => {
                    leaves.stateCommitments[wrong].0[31] ^= 1;
                    input.extend(&leaves.input[..]);
                    commitments.extend(leaves.stateCommitments.iter().map(|word| word.0));
                    send(leaves.abi_encode(), 0);
                }
                Err(_) => {
                    let done = send(call.data, call.value);
                    assert!(!done || call.wait == 0, "a wrong proposal is not taken");
                }
            }
        }
        let honest = proposal(oracle, HONEST, key, &value);
        let wrong = Challenge::find(account(HONEST), honest.uuid(), &input, &commitments);
        assert!(!send(wrong.expect("a wrong block").data, 0));
        accused += 1;
    };
    let (chain, events) = played(&disk, key, 8, Way::Liar, &mut eve);
    let of = |kind| {
        let these = events.iter().filter(|event| event.kind == Some(kind));
        these.cloned().collect::<Vec<_>>()
    };
    let loads = of(Kind::Load);
    assert_eq!(functions(&loads), ["initLPP", "addLeavesLPP", "squeezeLPP"]);
    // From the first time that the honest challenger sees it.
    assert!(
        accused > 10 && countered == accused - 1,
        "{countered} of {accused}"
    );

    let [contest] = &of(Kind::Accuse)[..] else {
        panic!("{events:?}");
    };
    let transaction = contest.transaction.expect("it is done");
    let receipt = chain.receipt(transaction).expect("an answer");
    let receipt = receipt.expect("it is in a block");
    let [before, after] = [receipt.block - 1, receipt.block].map(|block| {
        let balance = chain.balance(account(HONEST), At::Number(block));
        balance.expect("a number")
    });
    let gas = U256::from(receipt.gas_used) * U256::from(receipt.gas_price);
    let deposit = U256::from(loader::Terms::mainnet(Address::ZERO, Address::ZERO).bond);
    assert_eq!(after + gas, before + deposit);
    let sent = chain.transactions(receipt.block_hash).expect("its block");
    let [sent] = &sent[..] else {
        panic!("{sent:?}");
    };
    let is_first = PreimageOracle::challengeFirstLPPCall::abi_decode(&sent.data).is_ok();
    let is_later = PreimageOracle::challengeLPPCall::abi_decode(&sent.data).is_ok();
    assert_eq!([is_first, is_later], [wrong == 0, wrong > 0]);
}

/// The first block, one between, and the last.
#[test]
fn wrong_proposals_of_others_are_contested() {
    for wrong in [0, 2, 7] {
        disturbed(wrong);
    }
}
