//! What a dispute gives a program: its local pre-images, and the values of placeholders in a host's command line.

use std::hash::Hash;

use alloy_primitives::{B256, U256, hex, keccak256};
use fpvm_dispute::game::context::ident;
use fpvm_dispute::trace::{Inputs, SuperInputs};
use fpvm_oracle::Key;

use crate::error::MachineError;

/// The inputs of a program in a dispute about an output ([`Inputs`]), or about a state of several chains
/// ([`SuperInputs`]).
pub trait DisputeInputs: Clone + Eq + Hash {
    /// L1 head: hash of the last L1 block from which the program takes data.
    fn l1_head(&self) -> B256;

    /// A name for files and folders that no other dispute has. It begins with the dispute's L1 head.
    fn dispute_name(&self) -> String;

    /// The pre-images that come from the dispute: the local ones, and others that only the dispute knows. `chain_id` is
    /// that of the game's L2, if it has one.
    fn preimages(&self, chain_id: U256) -> Vec<(Key, Vec<u8>)>;

    /// The value of a placeholder in a host's command line; none if there is no such placeholder. `head` gives the hash
    /// of an L2 block.
    fn host_value(
        &self,
        name: &str,
        chain_id: U256,
        head: &dyn Fn(U256) -> Result<B256, MachineError>,
    ) -> Option<Result<String, MachineError>>;
}

impl DisputeInputs for Inputs {
    fn l1_head(&self) -> B256 {
        self.l1_head
    }

    fn dispute_name(&self) -> String {
        let number = |n: U256| n.to_be_bytes_vec();
        let parts = [
            self.starting.root.to_vec(),
            number(self.starting.block),
            self.disputed.root.to_vec(),
            number(self.disputed.block),
        ];
        name(self.l1_head, &parts.concat())
    }

    fn preimages(&self, chain_id: U256) -> Vec<(Key, Vec<u8>)> {
        let local = local_data(self, chain_id).into_iter();
        local
            .map(|(index, value)| (Key::local(index), value))
            .collect()
    }

    fn host_value(
        &self,
        name: &str,
        chain_id: U256,
        head: &dyn Fn(U256) -> Result<B256, MachineError>,
    ) -> Option<Result<String, MachineError>> {
        Some(Ok(match name {
            "l1.head" => self.l1_head.to_string(),
            "l2.head" => return Some(head(self.starting.block).map(|hash| hash.to_string())),
            "l2.outputroot" => self.starting.root.to_string(),
            "l2.claim" => self.disputed.root.to_string(),
            "l2.blocknumber" => self.disputed.block.to_string(),
            "l2.chainid" => chain_id.to_string(),
            "dispute" => self.dispute_name(),
            _ => return None,
        }))
    }
}

impl DisputeInputs for SuperInputs {
    fn l1_head(&self) -> B256 {
        self.l1_head
    }

    fn dispute_name(&self) -> String {
        let timestamp = self.timestamp.to_be_bytes();
        let parts = [self.agreed.as_slice(), self.claim.as_slice(), &timestamp];
        name(self.l1_head, &parts.concat())
    }

    /// The local ones and the agreed state, because the program knows the state's hash and asks for its bytes.
    fn preimages(&self, _chain_id: U256) -> Vec<(Key, Vec<u8>)> {
        let local = super_local_data(self).into_iter();
        let local = local.map(|(index, value)| (Key::local(index), value));
        let agreed = self.agreed_state.iter();
        local
            .chain(agreed.map(|state| (Key::keccak256(state), state.to_vec())))
            .collect()
    }

    fn host_value(
        &self,
        name: &str,
        _chain_id: U256,
        _head: &dyn Fn(U256) -> Result<B256, MachineError>,
    ) -> Option<Result<String, MachineError>> {
        Some(Ok(match name {
            "l1.head" => self.l1_head.to_string(),
            // Without 0x, as kona-host reads it.
            "l2.prestate" => match &self.agreed_state {
                Some(state) => hex::encode(state),
                None => return Some(Err(MachineError::NoAgreedState(self.agreed))),
            },
            "l2.claim" => self.claim.to_string(),
            "l2.timestamp" => self.timestamp.to_string(),
            "dispute" => self.dispute_name(),
            _ => return None,
        }))
    }
}

/// The local pre-images of an execution, as the game's contract loads them: identifier and value.
pub fn local_data(inputs: &Inputs, chain_id: U256) -> [(u64, Vec<u8>); 5] {
    let number = |n: U256| n.wrapping_to::<u64>().to_be_bytes().to_vec();
    [
        (ident::L1_HEAD, inputs.l1_head.to_vec()),
        (ident::STARTING_OUTPUT, inputs.starting.root.to_vec()),
        (ident::DISPUTED_OUTPUT, inputs.disputed.root.to_vec()),
        (ident::L2_BLOCK, number(inputs.disputed.block)),
        (ident::CHAIN_ID, number(chain_id)),
    ]
}

/// The same in a super game. There is no chain id, and the number is the game's timestamp, wherever the dispute is.
pub fn super_local_data(inputs: &SuperInputs) -> [(u64, Vec<u8>); 4] {
    [
        (ident::L1_HEAD, inputs.l1_head.to_vec()),
        (ident::STARTING_OUTPUT, inputs.agreed.to_vec()),
        (ident::DISPUTED_OUTPUT, inputs.claim.to_vec()),
        (ident::L2_BLOCK, inputs.timestamp.to_be_bytes().to_vec()),
    ]
}

/// A name made of an L1 head and the other parts that distinguish disputes.
fn name(l1_head: B256, parts: &[u8]) -> String {
    let rest: u64 = U256::from_be_bytes(keccak256(parts).0).wrapping_to();
    format!("{l1_head}-{rest:016x}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloy_primitives::Bytes;
    use fpvm_dispute::claim::OutputRoot;

    fn value(inputs: &impl DisputeInputs, name: &str) -> Option<String> {
        let head = |block: U256| {
            if block.is_zero() {
                Err(MachineError::NoHead("genesis".into()))
            } else {
                Ok(B256::repeat_byte(0xbb))
            }
        };
        let value = inputs.host_value(name, U256::from(10), &head);
        value.map(|value| value.unwrap_or_else(|error| error.to_string()))
    }

    #[test]
    fn a_super_dispute_has_its_state_beside_its_local_data() {
        let state = Bytes::from_static(b"a state");
        let inputs = SuperInputs {
            l1_head: B256::repeat_byte(1),
            agreed: keccak256(&state),
            agreed_state: Some(state.clone()),
            claim: B256::repeat_byte(3),
            timestamp: 0x0102_0304_0506_0708,
        };
        assert_eq!(
            inputs.preimages(U256::from(10)),
            [
                (Key::local(1), vec![1; 32]),
                (Key::local(2), keccak256(&state).to_vec()),
                (Key::local(3), vec![3; 32]),
                (Key::local(4), vec![1, 2, 3, 4, 5, 6, 7, 8]),
                (Key::keccak256(&state), state.to_vec()),
            ]
        );
        assert_eq!(value(&inputs, "l2.prestate"), Some(hex::encode(&state)));
        assert_eq!(value(&inputs, "l2.claim"), Some(inputs.claim.to_string()));
        let number = Some("72623859790382856".to_owned());
        assert_eq!(value(&inputs, "l2.timestamp"), number);
        for other in ["l2.outputroot", "l2.chainid", "l2.head", ""] {
            assert_eq!(value(&inputs, other), None, "{other}");
        }
        // A party that does not agree with the state cannot give the host its bytes.
        let unknown = SuperInputs {
            agreed_state: None,
            ..inputs.clone()
        };
        let why = value(&unknown, "l2.prestate").expect("a name");
        assert!(why.contains(&inputs.agreed.to_string()), "{why}");
        assert_eq!(unknown.preimages(U256::ZERO).len(), 4);
    }

    #[test]
    fn disputes_have_names_of_their_own() {
        let inputs = SuperInputs {
            l1_head: B256::repeat_byte(1),
            agreed: B256::repeat_byte(2),
            agreed_state: None,
            claim: B256::repeat_byte(3),
            timestamp: 4,
        };
        let others = [
            SuperInputs {
                agreed: B256::repeat_byte(9),
                ..inputs.clone()
            },
            SuperInputs {
                claim: B256::repeat_byte(9),
                ..inputs.clone()
            },
            SuperInputs {
                timestamp: 9,
                ..inputs.clone()
            },
        ];
        let name = inputs.dispute_name();
        assert!(name.starts_with(&inputs.l1_head.to_string()));
        for other in &others {
            assert_ne!(other.dispute_name(), name);
        }
    }

    #[test]
    fn a_host_is_told_of_the_output_in_dispute() {
        let output = |byte, block| OutputRoot {
            root: B256::repeat_byte(byte),
            block: U256::from(block),
        };
        let inputs = Inputs {
            l1_head: B256::repeat_byte(1),
            starting: output(2, 5),
            disputed: output(3, 6),
        };
        let words = ["l2.blocknumber", "l2.chainid", "l2.head"].map(|name| value(&inputs, name));
        let head = B256::repeat_byte(0xbb).to_string();
        assert_eq!(words, [Some("6".into()), Some("10".into()), Some(head)]);
        assert_eq!(value(&inputs, "l2.timestamp"), None);
    }
}
