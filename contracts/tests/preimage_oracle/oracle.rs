//! Our PreimageOracle does what upstream's does: random calls of all its functions, by two accounts and
//! a contract, with right and wrong proposals and challenges. What each call returns or reverts with,
//! what it logs, and all of the storage after it are compared with upstream's contract where
//! `FPVM_UPSTREAM_CONTRACTS` names a folder with its artifact; otherwise with what it was recorded to
//! do. `UPDATE_RECORDED=1` records anew.

use crate::oracles::{Chain, upstream};
use alloy_primitives::{B256, U256};
use alloy_sol_types::{SolCall, SolError as _};
use fpvm_contracts::abi::PreimageOracle as abi;
use fpvm_contracts::abi::{self as interface, number};
use fpvm_contracts::artifact::PREIMAGE_ORACLE;
use fpvm_contracts::loader::{BLOCK, Leaf, Matrix, TREE_DEPTH, Tree};
use fpvm_core::keccak::keccak256;
use fpvm_evm::{Address, Outcome, SENDER};
use fpvm_oracle::Key;
use rand::{RngExt as _, SeedableRng as _};
use rand_xoshiro::Xoshiro256PlusPlus;
use std::collections::HashMap;
use std::fmt::Write as _;
use std::path::Path;

/// Smallest proposal and challenge period: small, so that whole proposals are.
const TERMS: [u64; 2] = [300, 100];
const SEQUENCES: u64 = 40;
const CALLS: usize = 60;
const OTHER: Address = Address::repeat_byte(0x22);
const BOND: u128 = 250_000_000_000_000_000;
const RECORDED: &str = "tests/recorded/oracle.txt";

/// What somebody proposes.
#[derive(Clone, Default)]
struct Posted {
    value: Vec<u8>,
    leaves: Vec<Leaf>,
    bytes: usize,
}

/// A transaction.
struct Sent {
    from: Address,
    to: Address,
    data: Vec<u8>,
    value: u128,
    name: &'static str,
    /// Seconds before it.
    wait: u64,
    /// What is posted where it goes through.
    posts: Option<((Address, u64), Posted)>,
}

struct Generator {
    rng: Xoshiro256PlusPlus,
    oracle: Address,
    /// A contract that passes calls on to the oracle.
    forwarder: Address,
    posted: HashMap<(Address, u64), Posted>,
    /// Parts that may be loaded.
    parts: Vec<(Key, U256)>,
}

impl Generator {
    fn below(&mut self, end: usize) -> usize {
        self.rng.random_range(0..end)
    }

    fn pick<T: Copy>(&mut self, from: &[T]) -> T {
        from[self.below(from.len())]
    }

    /// One time in so many.
    fn rarely(&mut self, times: usize) -> bool {
        self.below(times) == 0
    }

    fn bytes(&mut self, len: usize) -> Vec<u8> {
        (0..len).map(|_| self.rng.random()).collect()
    }

    fn word(&mut self) -> B256 {
        let mut word = [0; 32];
        self.rng.fill(&mut word);
        word.into()
    }

    fn number(&mut self) -> U256 {
        let near = U256::from(self.pick(&[0u64, 1, 7, 8, 9, 31, 32, 33, 39, 40, 41, 1 << 32]));
        match self.below(8) {
            0 => U256::MAX - near,
            1 => U256::from_be_bytes(self.word().0),
            _ => near,
        }
    }

    fn sent<C: SolCall>(&mut self, call: &C) -> Sent {
        let name = C::SIGNATURE.split('(').next().unwrap_or_default();
        Sent {
            from: self.pick(&[SENDER, OTHER]),
            to: self.oracle,
            data: call.abi_encode(),
            value: 0,
            name,
            wait: self.pick(&[0, 0, 0, 1, 12, 99, 100, 101]),
            posts: None,
        }
    }

    fn next(&mut self) -> Sent {
        let mut sent = match self.below(20) {
            0..=3 => self.init(),
            4..=9 => self.add_leaves(),
            10..=12 => self.challenge(),
            13..=14 => self.squeeze(),
            15 => self.read(),
            16 => self.view(),
            _ => self.load(),
        };
        if self.rarely(30) {
            sent.to = self.forwarder;
        }
        if self.rarely(40) {
            let cut = self.below(sent.data.len());
            sent.data.truncate(cut);
        }
        sent
    }

    fn init(&mut self) -> Sent {
        let uuid = self.pick(&[0, 1, 2]);
        let len = match self.below(3) {
            0 => BLOCK * (2 + self.below(6)) + self.pick(&[0, 1, 135]),
            _ => 290 + self.below(700),
        };
        let claimed = match self.below(12) {
            0 => self.pick(&[0, 8, 299, 300, u32::MAX, u32::MAX - 8, u32::MAX - 7]),
            _ => len as u32,
        };
        let offset = match self.below(12) {
            0 => self.pick(&[
                u32::MAX,
                claimed,
                claimed.wrapping_add(7),
                claimed.wrapping_add(8),
            ]),
            _ => self.below(len + 8) as u32,
        };
        let value = self.bytes(len);
        self.parts
            .push((Key::keccak256(&value), U256::from(offset)));
        let mut sent = self.sent(&abi::initLPPCall {
            uuid: U256::from(uuid),
            partOffset: offset,
            claimedSize: claimed,
        });
        sent.value = self.pick(&[BOND, BOND, BOND, 2 * BOND, BOND - 1, 0]);
        let posted = Posted {
            value,
            ..Posted::default()
        };
        sent.posts = Some(((sent.from, uuid), posted));
        sent
    }

    /// Somebody's proposal.
    fn proposal(&mut self) -> Option<((Address, u64), Posted)> {
        let mut keys: Vec<_> = self.posted.keys().copied().collect();
        keys.sort_unstable();
        let key = *keys.get(self.below(keys.len().max(1)))?;
        Some((key, self.posted[&key].clone()))
    }

    /// Mostly the next blocks, mostly with right commitments.
    fn add_leaves(&mut self) -> Sent {
        let Some(((claimant, uuid), mut posted)) = self.proposal() else {
            return self.init();
        };
        let start = posted.leaves.len();
        let left = &posted.value[posted.bytes.min(posted.value.len())..];
        let (mut input, finalize) = match self.below(4) {
            0 => (left.to_vec(), true),
            _ => {
                let count = (1 + self.below(4)).min(left.len() / BLOCK);
                (left[..count * BLOCK].to_vec(), self.rarely(20))
            }
        };
        if self.rarely(15) {
            let len = self.below(300);
            input.resize(len, 7);
        }
        let mut padded = input.clone();
        if finalize {
            padded.push(1);
            padded.resize(padded.len().next_multiple_of(BLOCK), 0);
            if let Some(last) = padded.last_mut() {
                *last |= 0x80;
            }
        }
        let mut matrix = Matrix::default();
        for leaf in &posted.leaves {
            matrix.absorb(&leaf.input);
        }
        for (block, index) in padded.as_chunks::<BLOCK>().0.iter().zip(start as u32..) {
            matrix.absorb(block);
            let wrong = self.rarely(12);
            posted.leaves.push(Leaf {
                input: *block,
                index,
                commitment: if wrong {
                    self.word().0
                } else {
                    matrix.commitment()
                },
            });
        }
        posted.bytes += input.len();
        let mut commitments: Vec<B256> = posted.leaves[start..]
            .iter()
            .map(|leaf| leaf.commitment.into())
            .collect();
        if self.rarely(20) {
            commitments.push(B256::ZERO);
        }
        let block = if self.rarely(20) { start + 1 } else { start };
        let mut sent = self.sent(&abi::addLeavesLPPCall {
            uuid: U256::from(uuid),
            inputStartBlock: U256::from(block),
            input: input.into(),
            stateCommitments: commitments,
            finalize,
        });
        if !self.rarely(20) {
            sent.from = claimant;
        }
        sent.posts = Some(((sent.from, uuid), posted));
        sent
    }

    /// A block of a proposal as calls take it, with its proof; now and then not quite.
    fn leaf(&mut self, posted: &Posted, index: usize) -> (interface::Leaf, Vec<B256>) {
        let tree = Tree::new(posted.leaves.iter().map(Leaf::hash).collect());
        let mut proof = tree.proof(index as u32).map(B256::from).to_vec();
        let mut leaf = posted.leaves.get(index).map_or_else(
            || interface::Leaf {
                input: vec![0; BLOCK].into(),
                index: U256::from(index),
                stateCommitment: B256::ZERO,
            },
            |leaf| interface::Leaf {
                input: leaf.input.to_vec().into(),
                index: U256::from(leaf.index),
                stateCommitment: leaf.commitment.into(),
            },
        );
        match self.below(40) {
            0 => proof[self.rng.random_range(0..TREE_DEPTH)] = self.word(),
            1 => leaf.index += U256::ONE,
            2 => leaf.stateCommitment = self.word(),
            3 => leaf.input = self.bytes(BLOCK).into(),
            4 => leaf.input = vec![1; self.below(200)].into(),
            5 => proof.truncate(self.below(TREE_DEPTH)),
            6 => leaf.index |= U256::ONE << (16 + self.below(240)),
            _ => {}
        }
        (leaf, proof)
    }

    /// Keccak's state before a block.
    fn matrix(&mut self, posted: &Posted, index: usize) -> interface::StateMatrix {
        let mut matrix = Matrix::default();
        for leaf in posted.leaves.iter().take(index) {
            matrix.absorb(&leaf.input);
        }
        if self.rarely(20) {
            matrix.0[self.rng.random_range(0..25)] ^= 1;
        }
        interface::StateMatrix { state: matrix.0 }
    }

    fn challenge(&mut self) -> Sent {
        let Some(((claimant, uuid), posted)) = self.proposal() else {
            return self.init();
        };
        let mut matrix = Matrix::default();
        let wrong = posted.leaves.iter().position(|leaf| {
            matrix.absorb(&leaf.input);
            matrix.commitment() != leaf.commitment
        });
        let index = match wrong {
            Some(wrong) if !self.rarely(4) => wrong,
            _ => self.below(posted.leaves.len() + 2),
        };
        let uuid = U256::from(uuid);
        let (post, post_proof) = self.leaf(&posted, index);
        let first = index == 0;
        if first != self.rarely(10) {
            self.sent(&abi::challengeFirstLPPCall {
                claimant,
                uuid,
                postState: post,
                postStateProof: post_proof,
            })
        } else {
            let before = if self.rarely(10) {
                index
            } else {
                index.saturating_sub(1)
            };
            let (pre, pre_proof) = self.leaf(&posted, before);
            let matrix = self.matrix(&posted, index);
            self.sent(&abi::challengeLPPCall {
                claimant,
                uuid,
                stateMatrix: matrix,
                preState: pre,
                preStateProof: pre_proof,
                postState: post,
                postStateProof: post_proof,
            })
        }
    }

    fn squeeze(&mut self) -> Sent {
        let Some(((claimant, uuid), posted)) = self.proposal() else {
            return self.init();
        };
        let last = posted
            .leaves
            .len()
            .saturating_sub(if self.rarely(15) { 2 } else { 1 });
        let (post, post_proof) = self.leaf(&posted, last);
        let (pre, pre_proof) = self.leaf(&posted, last.saturating_sub(1));
        let matrix = self.matrix(&posted, last);
        let mut sent = self.sent(&abi::squeezeLPPCall {
            claimant,
            uuid: U256::from(uuid),
            stateMatrix: matrix,
            preState: pre,
            preStateProof: pre_proof,
            postState: post,
            postStateProof: post_proof,
        });
        sent.wait = self.pick(&[101, 101, 100, 0]);
        sent
    }

    fn load(&mut self) -> Sent {
        let offset = match self.below(4) {
            0 => self.number(),
            _ => U256::from(self.below(50)),
        };
        let len = self.below(60);
        let input = self.bytes(len);
        match self.below(5) {
            0 => {
                let size = match self.below(4) {
                    0 => self.number(),
                    _ => U256::from(self.below(33)),
                };
                let call = abi::loadLocalDataCall {
                    ident: self.number(),
                    localContext: self.pick(&[B256::ZERO, B256::repeat_byte(7)]),
                    word: self.word(),
                    size,
                    partOffset: offset,
                };
                self.sent(&call)
            }
            1 => {
                self.parts.push((Key::keccak256(&input), offset));
                self.sent(&abi::loadKeccak256PreimagePartCall {
                    partOffset: offset,
                    preimage: input.into(),
                })
            }
            2 => {
                self.parts.push((Key::sha256(&input), offset));
                self.sent(&abi::loadSha256PreimagePartCall {
                    partOffset: offset,
                    preimage: input.into(),
                })
            }
            3 => {
                let call = abi::loadPrecompilePreimagePartCall {
                    partOffset: offset,
                    precompile: Address::with_last_byte(self.pick(&[1, 2, 3, 4, 6, 7, 8, 9, 0x42])),
                    requiredGas: self.pick(&[0, 3000, 150_000, 15_900_000, u64::MAX]),
                    input: input.into(),
                };
                self.sent(&call)
            }
            _ => {
                // The blob that is all zero: commitment and proof are the point at infinity.
                let mut infinity = vec![0; 48];
                infinity[0] = 0xc0;
                let mut proof = infinity.clone();
                proof[47] = self.pick(&[0, 0, 0, 1]);
                let call = abi::loadBlobPreimagePartCall {
                    z: self.number(),
                    y: U256::from(self.pick(&[0, 0, 0, 1])),
                    commitment: infinity.into(),
                    proof: proof.into(),
                    partOffset: offset,
                };
                self.sent(&call)
            }
        }
    }

    fn read(&mut self) -> Sent {
        let part = self.below(self.parts.len() + 1);
        let part = self.parts.get(part).copied();
        let (key, offset) = part.unwrap_or((Key(self.word().0), U256::ZERO));
        self.sent(&abi::readPreimageCall {
            key: key.0.into(),
            offset,
        })
    }

    fn view(&mut self) -> Sent {
        let claimant = self.pick(&[SENDER, OTHER]);
        let uuid = U256::from(self.below(3));
        let index = U256::from(self.below(18));
        match self.below(14) {
            0 => self.sent(&abi::proposalsCall { index }),
            1 => self.sent(&abi::proposalCountCall {}),
            2 => self.sent(&abi::proposalBranchesCall {
                claimant,
                uuid,
                height: index,
            }),
            3 => self.sent(&abi::proposalMetadataCall { claimant, uuid }),
            4 => self.sent(&abi::proposalBondsCall { claimant, uuid }),
            5 => self.sent(&abi::proposalPartsCall { claimant, uuid }),
            6 => self.sent(&abi::proposalBlocksCall {
                claimant,
                uuid,
                index,
            }),
            7 => self.sent(&abi::proposalBlocksLenCall { claimant, uuid }),
            8 => self.sent(&abi::getTreeRootLPPCall { claimant, uuid }),
            9 => self.sent(&abi::zeroHashesCall { height: index }),
            10 => self.sent(&abi::challengePeriodCall {}),
            11 => self.sent(&abi::minProposalSizeCall {}),
            12 => self.sent(&abi::MIN_BOND_SIZECall {}),
            _ => self.sent(&abi::MAX_LEAF_COUNTCall {}),
        }
    }
}

/// Creation code of a contract that passes its calls on.
fn forwarder(to: Address) -> Vec<u8> {
    let mut code = const_hex::decode("602e8060093d393df3363d3d373d3d3d363d3473").expect("hex");
    code.extend(to);
    code.extend(const_hex::decode("5af13d82803e903d91602c57fd5bf3").expect("hex"));
    code
}

/// What a call came to, in a line.
fn result(chain: &mut Chain, outcome: &Outcome) -> String {
    let mut output = outcome.output.clone();
    // Upstream's writes the selector of InvalidInputSize() itself, in one place with a digit missing.
    if output == [0x07, 0xb1, 0xda, 0xf1] {
        output = abi::InvalidInputSize::SELECTOR.to_vec();
    }
    let mut all = output.clone();
    outcome.logs.iter().for_each(|log| all.extend(log));
    for account in [SENDER, OTHER, chain.oracle] {
        all.extend(chain.evm.balance(account).to_be_bytes::<32>());
    }
    for (slot, value) in chain.evm.storage(chain.oracle) {
        all.extend([slot, value].concat());
    }
    let hash = const_hex::encode(&keccak256(&all)[..6]);
    let said = match outcome.succeeded {
        true => "ok".to_owned(),
        false if output.is_empty() => "-".to_owned(),
        false => const_hex::encode(output.get(..4).unwrap_or_default()),
    };
    format!("{said} {hash}")
}

/// Sends what the seed says to some chains, which have to come to the same; the results.
fn run(seed: u64, chains: &mut [Chain]) -> Vec<String> {
    let oracle = chains[0].oracle;
    let mut forwarders = chains.iter_mut().map(|chain| {
        chain.evm.fund(SENDER, 100 * BOND);
        chain.evm.fund(OTHER, 100 * BOND);
        let deployed = chain.evm.deploy(&forwarder(chain.oracle), &[]);
        deployed.expect("the forwarder")
    });
    let forwarder = forwarders.next().expect("a chain");
    assert!(forwarders.all(|other| other == forwarder));
    let mut generator = Generator {
        rng: Xoshiro256PlusPlus::seed_from_u64(seed),
        oracle,
        forwarder,
        posted: HashMap::new(),
        parts: Vec::new(),
    };
    let mut results = Vec::new();
    for i in 0..CALLS {
        let sent = generator.next();
        let mut lines = chains.iter_mut().map(|chain| {
            assert_eq!(chain.oracle, oracle);
            chain.evm.wait(sent.wait);
            let outcome = chain
                .evm
                .send_from(sent.from, sent.to, &sent.data, sent.value);
            let outcome = outcome.expect("the EVM");
            tidy(chain, &sent);
            (outcome.succeeded, result(chain, &outcome))
        });
        let (succeeded, line) = lines.next().expect("a chain");
        for (_, other) in lines {
            assert_eq!(line, other, "sequence {seed}, call {i}: {}", sent.name);
        }
        if let Some((key, posted)) = sent.posts.filter(|_| succeeded && sent.to == oracle) {
            generator.posted.insert(key, posted);
        }
        results.push(format!("{seed} {i} {} {line}", sent.name));
    }
    results
}

/// Cuts off what upstream's oracle leaves in a precompile's part after its end: bytes of its memory,
/// which no VM looks at.
fn tidy(chain: &mut Chain, sent: &Sent) {
    let Ok(call) = abi::loadPrecompilePreimagePartCall::abi_decode(&sent.data) else {
        return;
    };
    let named = [
        call.precompile.as_slice(),
        &call.requiredGas.to_be_bytes(),
        &call.input,
    ];
    let mut key = keccak256(&named.concat());
    key[0] = 6;
    let offset = call.partOffset.saturating_to();
    if let Some(part) = chain.read(key, offset) {
        let mut word = [0; 32];
        word[..part.len()].copy_from_slice(&part);
        let slot = keccak256(&[key, number(1)].concat());
        let slot = keccak256(&[number(offset), slot].concat());
        chain.evm.set_storage(chain.oracle, slot, word);
    }
}

#[test]
fn random_calls_do_what_they_do_upstream() {
    let theirs: Vec<_> = ["PreimageOracle.json", "june2026/PreimageOracle.json"]
        .into_iter()
        .filter_map(upstream)
        .collect();
    let mut results = Vec::new();
    for seed in 0..SEQUENCES {
        let mut chains = vec![Chain::new("ours", PREIMAGE_ORACLE, TERMS)];
        chains.extend(
            theirs
                .iter()
                .map(|code| Chain::new("upstream", code, TERMS)),
        );
        results.extend(run(seed, &mut chains));
    }
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(RECORDED);
    let mut text = String::new();
    for line in &results {
        writeln!(text, "{line}").expect("a string");
    }
    if std::env::var_os("UPDATE_RECORDED").is_some() {
        assert!(
            !theirs.is_empty(),
            "only upstream's results can be recorded"
        );
        std::fs::write(&path, &text).expect(RECORDED);
    }
    let recorded = std::fs::read_to_string(&path).expect(RECORDED);
    for (line, recorded) in results.iter().zip(recorded.lines()) {
        assert_eq!(
            line, recorded,
            "{RECORDED} has another result of upstream's"
        );
    }
    assert_eq!(recorded.lines().count(), results.len());
    // Each function was called with success, and refused for each reason.
    for name in [
        "initLPP",
        "addLeavesLPP",
        "challengeFirstLPP",
        "challengeLPP",
        "squeezeLPP",
        "loadLocalData",
        "loadKeccak256PreimagePart",
        "loadSha256PreimagePart",
        "loadBlobPreimagePart",
        "loadPrecompilePreimagePart",
        "readPreimage",
    ] {
        let through = results
            .iter()
            .filter(|line| line.contains(&format!(" {name} ok ")));
        assert!(through.count() > 2, "{name} hardly ever goes through");
    }
    for selector in abi::PreimageOracleErrors::SELECTORS {
        let selector = format!(" {} ", const_hex::encode(selector));
        let met = results.iter().any(|line| line.contains(&selector));
        // The first takes nine megabytes, the second a challenger whose code takes no wei.
        let name = abi::PreimageOracleErrors::name_by_selector(
            const_hex::decode_to_array(selector.trim()).expect("hex"),
        );
        let unmet = ["TreeSizeOverflow", "BondTransferFailed"];
        assert!(
            met || name.is_some_and(|name| unmet.contains(&name)),
            "{name:?} was never met"
        );
    }
}
