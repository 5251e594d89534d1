//! One step in all ways: interpreter, Rust verifier, this crate's contract, and where its artifacts
//! are at hand upstream's contract. Whatever they disagree on is an error.

use crate::verifier::{Executed, OnChain, Refused, SetupError};
use fpvm_core::definition::isa::{Isa, ProofShape};
use fpvm_core::machine::vm::{Host, Vm, VmError};
use fpvm_core::step::proof::StepProof;
use fpvm_core::step::verify::{Verified, VerifyError, verify};
use fpvm_evm::{EvmError, Gas};
use std::path::Path;

/// Where [`Harness::new`] looks for upstream's contracts: a folder with `MIPS.json`, `MIPS64.json`,
/// `RISCV.json` and `PreimageOracle.json`.
pub const UPSTREAM: &str = "FPVM_UPSTREAM_CONTRACTS";

/// The contracts that a step goes through.
#[allow(missing_debug_implementations, reason = "revm's parts have none")]
pub struct Harness {
    /// This crate's contract.
    pub ours: OnChain,
    /// Upstream's.
    pub theirs: Option<OnChain>,
}

/// What all agree on.
#[derive(Clone, Debug)]
pub struct Agreed<I: Isa> {
    /// The step as the verifier saw it.
    pub verified: Verified<I>,
    /// What it costs with this crate's contract.
    pub ours: Gas,
    /// What it costs there with a compact proof.
    pub compact: Gas,
    /// What it costs with upstream's.
    pub theirs: Option<Gas>,
}

/// Not all agree, or a part of the harness failed.
#[derive(Debug, thiserror::Error)]
pub enum HarnessError {
    /// Results differ.
    #[error("step {step}: {text}")]
    Disagree {
        /// The step counter before the step.
        step: u64,
        /// Who says what.
        text: String,
    },
    /// The interpreter failed otherwise than by a fault of the guest.
    #[error(transparent)]
    Vm(VmError),
    /// The EVM failed.
    #[error(transparent)]
    Evm(#[from] EvmError),
    /// The contracts could not be set up.
    #[error(transparent)]
    Setup(#[from] SetupError),
    /// A file of upstream's could not be read.
    #[error("cannot read {path}: {source}")]
    File {
        /// The file.
        path: String,
        /// Why.
        source: std::io::Error,
    },
}

/// What a verifier or a contract says to a proof.
type Verdict = Result<[u8; 32], String>;

impl Harness {
    /// A harness of an ISA's contract by its artifact's JSON. Upstream's is beside it where the
    /// environment names a folder with its artifacts; `theirs` is the file there.
    pub fn new<I: Isa>(ours: &str, theirs: Option<&str>) -> Result<Self, HarnessError> {
        let folder = std::env::var_os(UPSTREAM);
        let theirs = folder.zip(theirs).map(|(folder, file)| {
            let read = |file: &str| {
                let path = Path::new(&folder).join(file);
                std::fs::read_to_string(&path).map_err(|source| {
                    let path = path.display().to_string();
                    HarnessError::File { path, source }
                })
            };
            let (verifier, oracle) = (read(file)?, read("PreimageOracle.json")?);
            Ok::<_, HarnessError>(OnChain::with_oracle(&verifier, I::FILE.version, &oracle)?)
        });
        let (ours, theirs) = (OnChain::new::<I>(ours)?, theirs.transpose()?);
        Ok(Self { ours, theirs })
    }

    /// Executes and proves the next step of a machine, and has the proof judged by all. `None` where
    /// the guest faults, and all refuse.
    pub fn step<I: Isa>(
        &mut self,
        vm: &mut Vm<I>,
        host: &mut Host<'_>,
    ) -> Result<Option<Agreed<I>>, HarnessError> {
        let before = vm.witness();
        match vm.prove(host) {
            Ok(proof) => {
                let agreed = self.judge::<I>(&proof)?;
                match agreed {
                    Some(agreed) if agreed.verified.post == proof.post => Ok(Some(agreed)),
                    other => {
                        let post = other.map(|agreed| const_hex::encode(agreed.verified.post));
                        let ran = const_hex::encode(proof.post);
                        let text =
                            format!("the interpreter comes to {ran}, all others to {post:?}");
                        Err(disagree(proof.step, text))
                    }
                }
            }
            Err(VmError::Fault(_)) => {
                let proof = self.faulting(vm, before);
                match self.judge::<I>(&proof)? {
                    None => Ok(None),
                    Some(_) => {
                        let text = "the interpreter faults, all others accept".to_owned();
                        Err(disagree(proof.step, text))
                    }
                }
            }
            Err(other) => Err(HarnessError::Vm(other)),
        }
    }

    /// What there is to prove of a step that faults: the thread, its instruction, and the leaf at
    /// address 0 for contracts that want more branches.
    fn faulting<I: Isa>(&self, vm: &mut Vm<I>, state_data: Vec<u8>) -> StepProof {
        use fpvm_core::machine::memory::Prover as _;
        let branches = match I::PROOF {
            ProofShape::Fixed(count) => count,
            ProofShape::UpTo(_) => 2,
        };
        let mut proof_data = vm.state.thread_proof();
        for at in [vm.state.pc()].into_iter().chain([0; 8]).take(branches) {
            proof_data.extend(vm.memory.branch(at).concat());
        }
        StepProof {
            step: vm.state.step,
            pre: [0; 32],
            post: [0; 32],
            state_data,
            proof_data,
            oracle_key: None,
            oracle_value: None,
            oracle_offset: 0,
        }
    }

    /// Has a proof judged by all; `None` where all refuse.
    pub fn judge<I: Isa>(&mut self, proof: &StepProof) -> Result<Option<Agreed<I>>, HarnessError> {
        let mut part = |key: &[u8; 32], offset| proof.part(key, offset);
        let verified = verify::<I>(&proof.state_data, &proof.proof_data, &mut part);
        let ours = run(&mut self.ours, proof)?;
        let theirs = match &mut self.theirs {
            Some(theirs) => Some(run(theirs, proof)?),
            None => None,
        };
        let verdict = |result: &Result<Executed, Refused>| -> Verdict {
            let post = result.as_ref().map(|executed| executed.post);
            post.map_err(ToString::to_string)
        };
        let post = verified.as_ref().map(|verified| verified.post);
        let post = post.map_err(|error: &VerifyError| error.to_string());
        let mut verdicts = vec![("verifier", post), ("contract", verdict(&ours))];
        verdicts.extend(theirs.as_ref().map(|theirs| ("upstream", verdict(theirs))));
        let first = verdicts[0].1.as_ref().ok();
        if verdicts
            .iter()
            .any(|(_, verdict)| verdict.as_ref().ok() != first)
        {
            let said = verdicts.iter().map(|(who, verdict)| match verdict {
                Ok(post) => format!("{who}: {}", const_hex::encode(post)),
                Err(refused) => format!("{who} refuses: {refused}"),
            });
            let said: Vec<_> = said.collect();
            return Err(disagree(proof.step, said.join("; ")));
        }
        let Some((verified, ours)) = verified.ok().zip(ours.ok()) else {
            return Ok(None);
        };
        let compact = self.judge_compact::<I>(proof, verified.post)?;
        let gas = |executed: Executed| executed.gas;
        Ok(Some(Agreed {
            verified,
            ours: ours.gas,
            compact,
            theirs: theirs.and_then(Result::ok).map(gas),
        }))
    }

    /// Has the compact form of an accepted proof judged by verifier and contract.
    fn judge_compact<I: Isa>(
        &mut self,
        proof: &StepProof,
        post: [u8; 32],
    ) -> Result<Gas, HarnessError> {
        let failed = |text: String| disagree(proof.step, format!("compact proof: {text}"));
        let proof_data = proof
            .compact::<I>()
            .map_err(|error| failed(error.to_string()))?;
        let mut part = |key: &[u8; 32], offset| proof.part(key, offset);
        let verified = verify::<I>(&proof.state_data, &proof_data, &mut part);
        let executed = self.ours.step(&proof.state_data, &proof_data)?;
        match (&verified, executed) {
            (Ok(verified), Ok(executed)) if [verified.post, executed.post] == [post; 2] => {
                Ok(executed.gas)
            }
            (verified, executed) => {
                let verified = verified
                    .as_ref()
                    .map(|verified| const_hex::encode(verified.post));
                Err(failed(format!(
                    "verifier {verified:?}, contract {executed:?}"
                )))
            }
        }
    }
}

fn disagree(step: u64, text: String) -> HarnessError {
    HarnessError::Disagree { step, text }
}

/// A proof through one contract, with its pre-image in place.
fn run(chain: &mut OnChain, proof: &StepProof) -> Result<Result<Executed, Refused>, EvmError> {
    if let Some((key, value)) = proof.preimage() {
        chain.place(&key, value, proof.oracle_offset);
    }
    chain.step(&proof.state_data, &proof.proof_data)
}
