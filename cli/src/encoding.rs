//! In which form a proof hands its memory branches over.

use anyhow::Context as _;
use fpvm::AnyIsa;
use fpvm_core::step::proof::StepProof;

/// `--proof-encoding`. Verifiers tell the forms apart by their lengths.
#[derive(Clone, Copy, PartialEq, Eq, Debug, clap::ValueEnum)]
pub(crate) enum ProofEncoding {
    /// Whole branches, which upstream's contracts take too
    Upstream,
    /// What the step uses and no contract can find out itself; for fpvm's contracts
    Compact,
}

impl ProofEncoding {
    /// A proof in this form, from one in upstream's.
    pub(crate) fn of(self, isa: &dyn AnyIsa, mut proof: StepProof) -> anyhow::Result<StepProof> {
        if self == Self::Compact {
            let compact = isa.compact(&proof);
            proof.proof_data = compact.context("the proof has no compact form")?;
        }
        Ok(proof)
    }
}
