//! What an audit found, each as a test: margins of the pre-image oracle, who may do what, and what is
//! refused.

use crate::oracles::Chain;
use alloy_primitives::{Address, B256, Bytes, U256};
use alloy_sol_types::{SolCall as _, SolError as _, SolValue as _, sol};
use fpvm_contracts::abi::PreimageOracle;
use fpvm_contracts::artifact::{Artifact, PREIMAGE_ORACLE};
use fpvm_contracts::game::abi::{
    DisputeGameFactory, GameParameters, OutputRoot, StartingAnchorRoot, SuperchainConfig,
};
use fpvm_contracts::game::{config, factory, game, registry, vault};
use fpvm_core::keccak::keccak256;
use fpvm_evm::{Evm, Outcome, SENDER, SpecId};

sol! {
    error InvalidProof();
    error IncorrectBondAmount();

    function offerGuardian(address successor_) external;
    function acceptGuardian() external;
    function offerOwnership(address successor_) external;
    function acceptOwnership() external;
    function transferOwnership(address newOwner) external;
    function owner() external view returns (address);
}

const ANN: Address = Address::repeat_byte(0xaa);
const BOB: Address = Address::repeat_byte(0xbb);
const EVE: Address = Address::repeat_byte(0xee);

/// An oracle on a chain with Cancun's rules.
fn oracle() -> Chain {
    Chain::new("ours", PREIMAGE_ORACLE, [126_000, 86_400])
}

/// The address of a precompile.
fn precompile(number: u8) -> Address {
    Address::from_word(B256::with_last_byte(number))
}

/// Bytes without order, of which one in 256 is zero.
fn noise(len: usize) -> Vec<u8> {
    let blocks = (0..len.div_ceil(32)).map(|i| keccak256(&i.to_be_bytes()));
    blocks.flatten().take(len).collect()
}

/// Repeats an item of fields, each padded with 16 zeros in front or none, until there are so many.
fn items(count: usize, fields: &[(usize, usize)]) -> Vec<u8> {
    let width: usize = fields.iter().map(|(_, bytes)| bytes).sum();
    let noise = noise(count * width);
    let mut rest = &noise[..];
    let mut out = Vec::new();
    for _ in 0..count {
        for (zeros, bytes) in fields {
            let (field, tail) = rest.split_at(*bytes);
            out.resize(out.len() + zeros, 0);
            out.extend(field);
            rest = tail;
        }
    }
    out
}

fn load(chain: &mut Chain, to: Address, gas: u64, input: &[u8], limit: u64) -> Outcome {
    let call = PreimageOracle::loadPrecompilePreimagePartCall {
        partOffset: U256::ZERO,
        precompile: to,
        requiredGas: gas,
        input: Bytes::copy_from_slice(input),
    };
    let (at, data) = (chain.oracle, call.abi_encode());
    chain.evm.call_within(limit, at, &data).expect("the EVM")
}

/// The least gas that a transaction needs to load an answer.
fn least(chain: &mut Chain, to: Address, gas: u64, input: &[u8]) -> u64 {
    let (mut fails, mut does) = (0, 16_777_216);
    assert!(load(chain, to, gas, input, does).succeeded, "{gas}");
    while fails + 1 < does {
        let middle = (fails + does) / 2;
        if load(chain, to, gas, input, middle).succeeded {
            does = middle;
        } else {
            fails = middle;
        }
    }
    does
}

/// The L2's limits of precompiles are chosen so that an answer can be loaded in one transaction of the L1,
/// of 16,777,216 gas. Beside the precompile's gas (and the 64th that a call leaves), the reserve and the
/// calldata, the oracle takes what one copy of the input in memory costs, and the hash of it: as upstream's
/// does. A second copy would be 54,684 to 533,107 more in these rows.
///
/// SHA-256 stands for all of them: what counts is the length of the input and the gas asked for.
#[test]
fn the_largest_answers_fit_a_transaction_of_the_l1() {
    /// Dispatch, decoding, and all that does not depend on the input.
    const ELSE: u64 = 2_500;
    const POINT: (usize, usize) = (16, 48);
    const SCALAR: (usize, usize) = (0, 32);
    let pairs = |count| items(count, &[(0, 32); 6]);
    let rows = [
        ("bn256Pairing, 427 pairs", pairs(427), 45_000 + 34_000 * 427),
        ("bn256Pairing, 300 pairs", pairs(300), 45_000 + 34_000 * 300),
        (
            "BLS G1 MSM, 1,806 points",
            items(1806, &[POINT, POINT, SCALAR]),
            1806 * 12_000 * 519 / 1000,
        ),
        (
            "BLS G2 MSM, 968 points",
            items(968, &[POINT, POINT, POINT, POINT, SCALAR]),
            968 * 22_500 * 524 / 1000,
        ),
        (
            "BLS pairing, 408 pairs",
            items(408, &[POINT; 6]),
            37_700 + 32_600 * 408,
        ),
    ];
    let mut chain = oracle();
    for (name, input, gas) in rows {
        let ours = least(&mut chain, precompile(2), gas, &input);
        let zeros = input.iter().filter(|byte| **byte == 0).count() as u64;
        let len = input.len() as u64;
        let calldata = 4 * zeros + 16 * (len - zeros);
        let words = (28 + len).div_ceil(32);
        let memory = 3 * words + words * words / 512;
        let (copy, hash) = (3 * words, 6 * words);
        let floor = 21_000 + calldata + (gas * 64).div_ceil(63) + 100_000 + memory + copy + hash;
        assert!(
            ours <= floor + ELSE,
            "{name}: {ours}, {} above",
            ours - floor
        );
        assert!(ours <= 16_777_216, "{name}: {ours}");
    }
}

/// With too little gas for the precompile the call reverts: it never stores that the precompile failed.
#[test]
fn too_little_gas_gives_no_false_answer() {
    // SHA-256, RIPEMD-160 and identity, which fail only for want of gas.
    let costs = [(2, 60, 12), (3, 600, 120), (4, 15, 3)];
    let mut chain = oracle();
    for len in [0, 33, 1000, 60_000, 400_000] {
        let input = vec![0; len];
        for (number, base, word) in costs {
            let gas = base + word * (len as u64).div_ceil(32);
            let to = precompile(number);
            let least = least(&mut chain, to, gas, &input);
            let mut refused = 0;
            for limit in (least - 200..least).chain((least..least + 120_000).step_by(977)) {
                let done = load(&mut chain, to, gas, &input, limit);
                if !done.succeeded {
                    refused += 1;
                    continue;
                }
                // The part: eight bytes of length, then whether the precompile succeeded.
                let key = [&to[..], &gas.to_be_bytes(), &input].concat();
                let mut key = keccak256(&key);
                key[0] = 6;
                let call = PreimageOracle::loadPrecompilePreimagePartCall {
                    partOffset: U256::ZERO,
                    precompile: to,
                    requiredGas: gas,
                    input: input.clone().into(),
                };
                let mut twin = oracle();
                let (at, data) = (twin.oracle, call.abi_encode());
                let sent = twin.evm.send_within(limit, at, &data).expect("the EVM");
                assert!(sent.succeeded);
                let part = twin.read(key, 0).expect("a part");
                assert_eq!(part[8], 1, "precompile {number}, {len} bytes, {limit} gas");
            }
            assert!(
                refused >= 200,
                "precompile {number}, {len} bytes: {refused} refused"
            );
        }
    }
}

/// The stored answer is the precompile's, whole, with its length, and zero after its end.
#[test]
fn an_answer_is_stored_as_it_is() {
    let mut chain = oracle();
    let input = noise(70);
    for offset in [0, 1, 7, 8, 9, 40, 47, 60, 78] {
        let call = PreimageOracle::loadPrecompilePreimagePartCall {
            partOffset: U256::from(offset),
            precompile: precompile(4),
            requiredGas: 1000,
            input: input.clone().into(),
        };
        let done = chain.evm.send(chain.oracle, &call.abi_encode());
        assert!(done.expect("the EVM").succeeded);
        let named = [&precompile(4)[..], &1000u64.to_be_bytes(), &input].concat();
        let mut key = keccak256(&named);
        key[0] = 6;
        let mut whole = 71u64.to_be_bytes().to_vec();
        whole.push(1);
        whole.extend(&input);
        let end = whole.len().min(offset + 32);
        let part = chain.read(key, offset as u64);
        assert_eq!(part.as_deref(), Some(&whole[offset..end]));
    }
    let call = PreimageOracle::loadPrecompilePreimagePartCall {
        partOffset: U256::from(79),
        precompile: precompile(4),
        requiredGas: 1000,
        input: input.into(),
    };
    let done = chain.evm.send(chain.oracle, &call.abi_encode());
    assert!(!done.expect("the EVM").succeeded);
}

/// A local datum is loaded again, shorter: a part of the longer one that lies past the end has no length.
/// The call panics with an arithmetic error, as upstream's does.
#[test]
fn a_part_past_the_end_is_not_read() {
    let mut chain = oracle();
    let mut key = B256::ZERO;
    for (size, offset) in [(32, 36), (4, 0)] {
        let call = PreimageOracle::loadLocalDataCall {
            ident: U256::from(9),
            localContext: B256::ZERO,
            word: B256::repeat_byte(0xff),
            size: U256::from(size),
            partOffset: U256::from(offset),
        };
        let done = chain
            .evm
            .send(chain.oracle, &call.abi_encode())
            .expect("the EVM");
        assert!(done.succeeded);
        key = B256::from_slice(&done.output);
    }
    let read = PreimageOracle::readPreimageCall {
        key,
        offset: U256::from(36),
    };
    let done = chain
        .evm
        .call(chain.oracle, &read.abi_encode())
        .expect("the EVM");
    assert!(!done.succeeded);
    let panic = [&keccak256(b"Panic(uint256)")[..4], &[0; 31], &[0x11]].concat();
    assert_eq!(done.output, panic);
}

/// Where the L1 has no point evaluation, the call to its address succeeds. That proves nothing.
#[test]
fn a_blob_is_not_loaded_where_nothing_checks_it() {
    let mut evm = Evm::new(SpecId::SHANGHAI);
    evm.surroundings().cfg.disable_nonce_check = true;
    // As on a chain that has Cancun's instructions but not its precompile, of which this function uses
    // none.
    let mut donor = oracle();
    let code = donor.evm.code(donor.oracle);
    let at = donor.oracle;
    evm.set_code(at, &code);
    let call = PreimageOracle::loadBlobPreimagePartCall {
        z: U256::from(7),
        y: U256::from(0xbad),
        commitment: vec![0; 48].into(),
        proof: vec![0; 48].into(),
        partOffset: U256::from(8),
    };
    let done = evm.call(at, &call.abi_encode()).expect("the EVM");
    assert!(!done.succeeded);
    assert_eq!(done.output, InvalidProof::SELECTOR);
}

/// Deploys by creation code; `None` where the constructor reverts.
fn deploy(evm: &mut Evm, code: &[u8]) -> Option<Address> {
    evm.deploy(code, &[]).ok()
}

fn send(evm: &mut Evm, from: Address, to: Address, data: &[u8]) -> bool {
    evm.send_from(from, to, data, 0).expect("the EVM").succeeded
}

fn address(evm: &mut Evm, at: Address, data: &[u8]) -> Address {
    let done = evm.call(at, data).expect("the EVM");
    Address::abi_decode(&done.output).expect("an address")
}

#[test]
fn the_guardian_is_handed_over_in_two_steps() {
    let mut evm = Evm::default();
    assert!(deploy(&mut evm, &config(Address::ZERO).unwrap()).is_none());
    let at = deploy(&mut evm, &config(ANN).unwrap()).expect("a config");
    let guardian = SuperchainConfig::guardianCall {}.abi_encode();
    assert_eq!(address(&mut evm, at, &guardian), ANN);

    let offer = |to| offerGuardianCall { successor_: to }.abi_encode();
    let accept = acceptGuardianCall {}.abi_encode();
    let pause = SuperchainConfig::pauseCall {
        identifier: String::new(),
    };
    let pause = pause.abi_encode();
    assert!(
        !send(&mut evm, EVE, at, &offer(EVE)),
        "only the guardian offers"
    );
    assert!(!send(&mut evm, BOB, at, &accept), "nobody was named");
    assert!(send(&mut evm, ANN, at, &offer(BOB)));
    assert_eq!(address(&mut evm, at, &guardian), ANN, "until Bob accepts");
    assert!(!send(&mut evm, EVE, at, &accept));
    assert!(send(&mut evm, BOB, at, &accept));
    assert_eq!(address(&mut evm, at, &guardian), BOB);
    assert!(!send(&mut evm, BOB, at, &accept), "once");
    assert!(!send(&mut evm, ANN, at, &pause), "no longer");
    assert!(send(&mut evm, BOB, at, &pause));
    // An offer is taken back.
    assert!(send(&mut evm, BOB, at, &offer(EVE)));
    assert!(send(&mut evm, BOB, at, &offer(Address::ZERO)));
    assert!(!send(&mut evm, EVE, at, &accept));
    assert_eq!(address(&mut evm, at, &guardian), BOB);
}

#[test]
fn factory_and_vault_are_handed_over_in_one_step_or_two() {
    let mut evm = Evm::default();
    let guard = deploy(&mut evm, &config(ANN).unwrap()).expect("a config");
    assert!(deploy(&mut evm, &factory(Address::ZERO).unwrap()).is_none());
    assert!(deploy(&mut evm, &vault(1, Address::ZERO, guard).unwrap()).is_none());
    let owned = [
        deploy(&mut evm, &factory(ANN).unwrap()).expect("a factory"),
        deploy(&mut evm, &vault(1, ANN, guard).unwrap()).expect("a vault"),
    ];
    let owner = ownerCall {}.abi_encode();
    let offer = |to| offerOwnershipCall { successor_: to }.abi_encode();
    let accept = acceptOwnershipCall {}.abi_encode();
    let transfer = |to| transferOwnershipCall { newOwner: to }.abi_encode();
    for at in owned {
        assert!(!send(&mut evm, EVE, at, &offer(EVE)));
        assert!(!send(&mut evm, EVE, at, &accept));
        assert!(!send(&mut evm, ANN, at, &transfer(Address::ZERO)));
        assert!(send(&mut evm, ANN, at, &offer(BOB)));
        assert_eq!(address(&mut evm, at, &owner), ANN);
        assert!(send(&mut evm, BOB, at, &accept));
        assert_eq!(address(&mut evm, at, &owner), BOB);
        assert!(!send(&mut evm, BOB, at, &accept));
        // An offer ends with the ownership of who made it.
        assert!(send(&mut evm, BOB, at, &offer(EVE)));
        assert!(send(&mut evm, BOB, at, &transfer(ANN)));
        assert!(!send(&mut evm, EVE, at, &accept));
        assert_eq!(address(&mut evm, at, &owner), ANN);
    }
}

/// A claim keeps its bond in 88 bits: more than all ether, but an L1's coin can be another.
#[test]
fn a_bond_that_a_claim_cannot_keep_is_refused() {
    let mut evm = Evm::default();
    let guard = deploy(&mut evm, &config(ANN).unwrap()).expect("a config");
    let weth = deploy(&mut evm, &vault(1, ANN, guard).unwrap()).expect("a vault");
    let games = deploy(&mut evm, &factory(ANN).unwrap()).expect("a factory");
    let anchor = StartingAnchorRoot {
        gameType: 7,
        outputRoot: OutputRoot {
            root: B256::repeat_byte(1),
            l2BlockNumber: U256::from(100),
        },
    };
    let anchors = deploy(&mut evm, &registry(games, vec![anchor], guard).unwrap());
    let anchors = anchors.expect("a registry");
    let oracle = Artifact::parse(PREIMAGE_ORACLE).unwrap().bytecode;
    let numbers = (U256::from(126_000), U256::from(86_400)).abi_encode_params();
    let oracle = deploy(&mut evm, &[oracle, numbers].concat()).expect("an oracle");
    let alphabet = include_str!("../../artifacts/AlphabetVm.json");
    let vm = Artifact::parse(alphabet).unwrap().bytecode;
    let vm = [vm, (B256::ZERO, oracle).abi_encode_params()].concat();
    let vm = deploy(&mut evm, &vm).expect("a VM");
    let parameters = GameParameters {
        gameType: 7,
        absolutePrestate: B256::ZERO,
        maxGameDepth: U256::from(8),
        splitDepth: U256::from(4),
        clockExtension: 10_800,
        maxClockDuration: 302_400,
        vm,
        weth,
        anchorStateRegistry: anchors,
        l2ChainId: U256::from(10),
    };
    let implementation = deploy(&mut evm, &game(&parameters, None).unwrap()).expect("a game");
    let set = DisputeGameFactory::setImplementationCall {
        gameType: 7,
        r#impl: implementation,
    };
    assert!(send(&mut evm, ANN, games, &set.abi_encode()));
    let most = (1u128 << 88) - 1;
    evm.fund(SENDER, u128::MAX);
    // The first block has none before it.
    evm.wait(12);
    for (bond, block, fits) in [
        (most, 101u64, true),
        (most + 1, 102, false),
        (most + 2, 103, false),
    ] {
        let set = DisputeGameFactory::setInitBondCall {
            gameType: 7,
            initBond: U256::from(bond),
        };
        assert!(send(&mut evm, ANN, games, &set.abi_encode()));
        let create = DisputeGameFactory::createCall {
            gameType: 7,
            rootClaim: B256::repeat_byte(2),
            extraData: U256::from(block).abi_encode().into(),
        };
        let done = evm
            .send_from(SENDER, games, &create.abi_encode(), bond)
            .expect("the EVM");
        assert_eq!(done.succeeded, fits, "{bond}");
        if !fits {
            assert_eq!(done.output, IncorrectBondAmount::SELECTOR);
        }
    }
}
