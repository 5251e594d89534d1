//! The outputs of a made-up rollup.

use alloy_primitives::{B256, U256, keccak256};

use crate::game::block_number::{BlockEvidence, OutputRootProof};
use crate::rlp;
use crate::trace::{Outputs, TraceError};

/// A rollup that follows from three numbers.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Rollup {
    /// Tells one rollup from another.
    pub seed: u64,
    /// The newest block that L1's data determine.
    pub safe_head: u64,
    /// Instructions that each execution takes; at least 4.
    pub execution_length: u128,
}

impl Rollup {
    /// The output root of `block`, determined or not.
    pub fn root(&self, block: U256) -> B256 {
        self.block(block).proof.output_root()
    }

    /// The root that an honest party claims for `block`: for blocks after the safe head, the safe head's.
    pub fn honest_root(&self, block: U256) -> B256 {
        self.root(block.min(self.safe_head()))
    }

    fn block(&self, block: U256) -> BlockEvidence {
        // Tells rollups and blocks apart: block numbers do not come near the upper 8 bytes.
        let mut state_root = B256::from(block);
        state_root.0[..8].copy_from_slice(&self.seed.to_be_bytes());
        let number = block.to_be_bytes_trimmed_vec();
        // Only the state root and the number.
        let fields: [&[u8]; 9] = [
            &[],
            &[],
            &[],
            state_root.as_slice(),
            &[],
            &[],
            &[],
            &[],
            &number,
        ];
        let header = rlp::encode_list(&fields);
        let proof = OutputRootProof {
            version: B256::ZERO,
            state_root,
            message_passer_storage_root: B256::ZERO,
            latest_block_hash: keccak256(&header),
        };
        BlockEvidence { proof, header }
    }
}

impl Outputs for Rollup {
    fn output(&self, block: U256) -> Result<B256, TraceError> {
        Ok(self.root(block))
    }

    fn safe_head(&self) -> U256 {
        U256::from(self.safe_head)
    }

    fn evidence(&self, block: U256) -> Result<BlockEvidence, TraceError> {
        Ok(self.block(block))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headers_tell_their_block() {
        let rollup = Rollup {
            seed: 1,
            safe_head: 500,
            execution_length: 4,
        };
        for number in [0u64, 1, 127, 128, 300, u64::MAX] {
            let block = U256::from(number);
            let evidence = rollup.evidence(block).expect("always there");
            assert_eq!(evidence.proof.output_root(), rollup.root(block));
            assert_eq!(
                keccak256(&evidence.header),
                evidence.proof.latest_block_hash
            );
            let read = rlp::string_in_list(&evidence.header, 8).expect("well formed");
            assert_eq!(U256::from_be_slice(read), block);
        }
        let late = U256::from(501);
        assert_eq!(rollup.honest_root(late), rollup.root(U256::from(500)));
        assert_ne!(rollup.root(late), rollup.root(U256::from(500)));
    }
}
