//! Parses a node's answer about super roots.
//!
//! The answer to `superroot_atTimestamp` (`op-service/eth/superroot_at_timestamp.go` at ethereum-optimism/optimism
//! 4c8b17472b):
//!
//! ```json
//! {
//!   "current_l1": {"hash": "0x…", "number": 9},
//!   "chain_ids": ["10"],
//!   "optimistic_at_timestamp": {"10": {
//!     "output": {"stateRoot": "0x…", "messagePasserStorageRoot": "0x…", "blockHash": "0x…"},
//!     "output_root": "0x…",
//!     "required_l1": {"hash": "0x…", "number": 7}
//!   }},
//!   "data": {
//!     "verified_required_l1": {"hash": "0x…", "number": 7},
//!     "super": {"timestamp": "0x3e8", "chains": [{"ChainID": "10", "Output": "0x…"}]},
//!     "super_root": "0x…"
//!   }
//! }
//! ```
//!
//! Names of fields are read without regard to case, as Go reads them, and numbers in decimal or hexadecimal. `data` is
//! absent or null if there is no verified super root.

use std::collections::BTreeMap;

use alloy_primitives::{B256, U256};
use fpvm_dispute::game::block_number::OutputRootProof;
use fpvm_dispute::super_root::{ChainOutput, OptimisticBlock, SuperRoot};
use fpvm_dispute::trace::super_node::{OptimisticOutput, SuperRootAt, VerifiedSuperRoot};
use serde_json::{Map, Value};

use super::Finality;

/// What is wrong with an answer.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum AnswerError {
    /// Something is left out.
    #[error("it has no `{0}`")]
    Missing(&'static str),
    /// A field has a value of another kind.
    #[error("its `{field}` is {value}, which is no {kind}")]
    Malformed {
        /// The field.
        field: &'static str,
        /// What should be there.
        kind: &'static str,
        /// What is there.
        value: String,
    },
    /// A chain is named twice, in decimal and in hexadecimal.
    #[error("chain {0} has two outputs")]
    Twice(U256),
    /// An output root is not the hash of the output beside it.
    #[error("chain {chain} has the output root {given}, and that of its output is {computed}")]
    OutputRoot {
        /// The chain.
        chain: U256,
        /// As it is given.
        given: B256,
        /// As it is computed.
        computed: B256,
    },
    /// A super root is not the hash of the chains beside it.
    #[error("its super root is {given}, and that of its chains is {computed}")]
    SuperRoot {
        /// As it is given.
        given: B256,
        /// As it is computed.
        computed: B256,
    },
    /// The super root is of other chains than the list.
    #[error("its super root is of the chains {verified}, and its list of chains is {listed}")]
    Chains {
        /// Those of the super root.
        verified: String,
        /// Those of the list.
        listed: String,
    },
}

/// Parses an answer.
///
/// # Errors
/// If something is left out, or contradicts something else there. Whether it is about the right second, and whether
/// its chains ascend, is asked elsewhere ([`fpvm_dispute::trace::super_node`]).
pub(super) fn parse(answer: &Value) -> Result<SuperRootAt, AnswerError> {
    let answer = Fields::of(answer, "result")?;
    let chain_ids = answer.list("chain_ids")?.iter();
    let chain_ids: Vec<U256> = chain_ids
        .map(|id| number(id, "chain_ids"))
        .collect::<Result<_, _>>()?;
    let mut optimistic = BTreeMap::new();
    if let Some(all) = answer.get("optimistic_at_timestamp") {
        for (id, output) in Fields::of(all, "optimistic_at_timestamp")?.0 {
            let chain = parse_number(id).ok_or_else(|| AnswerError::Malformed {
                field: "optimistic_at_timestamp",
                kind: "chain's id",
                value: id.clone(),
            })?;
            // Null counts as absent.
            if output.is_null() {
                continue;
            }
            let output = optimistic_output(chain, Fields::of(output, "optimistic_at_timestamp")?)?;
            if optimistic.insert(chain, output).is_some() {
                return Err(AnswerError::Twice(chain));
            }
        }
    }
    let verified = match answer.get("data") {
        None => None,
        Some(data) => Some(verified(Fields::of(data, "data")?, &chain_ids)?),
    };
    Ok(SuperRootAt {
        current_l1: answer.block("current_l1")?,
        chain_ids,
        optimistic,
        verified,
    })
}

/// The newest second of this certainty, according to an answer about any second.
///
/// # Errors
/// If it is left out, or is no time.
pub(super) fn newest(answer: &Value, finality: Finality) -> Result<u64, AnswerError> {
    let field = match finality {
        Finality::Finalized => "finalized_timestamp",
        Finality::Safe => "safe_timestamp",
    };
    let value = Fields::of(answer, "result")?.needed(field)?;
    let time = u64::try_from(number(value, field)?);
    time.map_err(|_| malformed(field, "time", value))
}

/// The L1 block that the node is working on, according to an answer about any second.
///
/// # Errors
/// If it is left out, or is no block number.
pub(super) fn current_l1(answer: &Value) -> Result<u64, AnswerError> {
    Fields::of(answer, "result")?.block("current_l1")
}

fn optimistic_output(chain: U256, fields: Fields<'_>) -> Result<OptimisticOutput, AnswerError> {
    let output = Fields::of(fields.needed("output")?, "output")?;
    let given = fields.hash("output_root")?;
    let block_hash = output.hash("blockHash")?;
    let (state, messages) = ("stateRoot", "messagePasserStorageRoot");
    if output.get(state).is_some() || output.get(messages).is_some() {
        let proof = OutputRootProof {
            version: B256::ZERO,
            state_root: output.hash(state)?,
            message_passer_storage_root: output.hash(messages)?,
            latest_block_hash: block_hash,
        };
        let computed = proof.output_root();
        if computed != given {
            return Err(AnswerError::OutputRoot {
                chain,
                given,
                computed,
            });
        }
    }
    Ok(OptimisticOutput {
        block: OptimisticBlock {
            block_hash,
            output_root: given,
        },
        required_l1: fields.block("required_l1")?,
    })
}

fn verified(data: Fields<'_>, listed: &[U256]) -> Result<VerifiedSuperRoot, AnswerError> {
    let root = Fields::of(data.needed("super")?, "super")?;
    let mut chains = Vec::new();
    for chain in root.list("chains")? {
        let chain = Fields::of(chain, "chains")?;
        chains.push(ChainOutput {
            chain_id: chain.number("ChainID")?,
            output_root: chain.hash("Output")?,
        });
    }
    let timestamp = root.number("timestamp")?;
    let super_root = SuperRoot {
        timestamp: u64::try_from(timestamp).map_err(|_| AnswerError::Malformed {
            field: "timestamp",
            kind: "time",
            value: timestamp.to_string(),
        })?,
        chains,
    };
    let (given, computed) = (data.hash("super_root")?, super_root.hash());
    if given != computed {
        return Err(AnswerError::SuperRoot { given, computed });
    }
    let ids = super_root.chains.iter().map(|chain| chain.chain_id);
    let sorted = |mut ids: Vec<U256>| {
        ids.sort_unstable();
        ids
    };
    let (of_root, of_list) = (sorted(ids.collect()), sorted(listed.to_vec()));
    if of_root != of_list {
        return Err(AnswerError::Chains {
            verified: words(&of_root),
            listed: words(&of_list),
        });
    }
    Ok(VerifiedSuperRoot {
        super_root,
        required_l1: data.block("verified_required_l1")?,
    })
}

fn words(ids: &[U256]) -> String {
    let words: Vec<_> = ids.iter().map(ToString::to_string).collect();
    words.join(", ")
}

/// The fields of an object.
#[derive(Clone, Copy)]
struct Fields<'a>(&'a Map<String, Value>);

impl<'a> Fields<'a> {
    fn of(value: &'a Value, field: &'static str) -> Result<Self, AnswerError> {
        let object = value.as_object();
        object
            .map(Self)
            .ok_or_else(|| malformed(field, "object", value))
    }

    /// A field by its name, in upper or lower case; none if it is null.
    fn get(&self, name: &str) -> Option<&'a Value> {
        let mut fields = self.0.iter();
        let found = fields.find(|(of, _)| of.eq_ignore_ascii_case(name));
        found
            .map(|(_, value)| value)
            .filter(|value| !value.is_null())
    }

    fn needed(&self, name: &'static str) -> Result<&'a Value, AnswerError> {
        self.get(name).ok_or(AnswerError::Missing(name))
    }

    fn list(&self, name: &'static str) -> Result<&'a [Value], AnswerError> {
        let value = self.needed(name)?;
        let list = value.as_array().map(Vec::as_slice);
        list.ok_or_else(|| malformed(name, "list", value))
    }

    fn number(&self, name: &'static str) -> Result<U256, AnswerError> {
        number(self.needed(name)?, name)
    }

    fn hash(&self, name: &'static str) -> Result<B256, AnswerError> {
        let value = self.needed(name)?;
        let hash = value.as_str().and_then(|text| text.parse().ok());
        hash.ok_or_else(|| malformed(name, "hash", value))
    }

    /// The number of an L1 block.
    fn block(&self, name: &'static str) -> Result<u64, AnswerError> {
        let block = Self::of(self.needed(name)?, name)?;
        let value = block
            .needed("number")
            .map_err(|_| AnswerError::Missing(name))?;
        let block = u64::try_from(number(value, name)?);
        block.map_err(|_| malformed(name, "block number", value))
    }
}

fn malformed(field: &'static str, kind: &'static str, value: &Value) -> AnswerError {
    let mut value = value.to_string();
    if let Some((end, _)) = value.char_indices().nth(80) {
        value.truncate(end);
        value.push('…');
    }
    AnswerError::Malformed { field, kind, value }
}

fn number(value: &Value, field: &'static str) -> Result<U256, AnswerError> {
    let number = match value {
        Value::Number(number) => number.as_u64().map(U256::from),
        Value::String(text) => parse_number(text),
        _ => None,
    };
    number.ok_or_else(|| malformed(field, "number", value))
}

/// A number in decimal, or after `0x` in hexadecimal, of at most 256 bits.
fn parse_number(text: &str) -> Option<U256> {
    let hex = text.strip_prefix("0x").or_else(|| text.strip_prefix("0X"));
    let (digits, radix) = hex.map_or((text, 10), |digits| (digits, 16));
    let is_digit = |c: char| c.is_digit(radix);
    if digits.is_empty() || !digits.chars().all(is_digit) {
        return None;
    }
    U256::from_str_radix(digits, radix.into()).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn hash(byte: u8) -> String {
        B256::repeat_byte(byte).to_string()
    }

    fn output() -> (OutputRootProof, Value) {
        let proof = OutputRootProof {
            version: B256::ZERO,
            state_root: B256::repeat_byte(1),
            message_passer_storage_root: B256::repeat_byte(2),
            latest_block_hash: B256::repeat_byte(3),
        };
        let value = json!({
            "output": {"stateRoot": hash(1), "messagePasserStorageRoot": hash(2), "blockHash": hash(3)},
            "output_root": proof.output_root(),
            "required_l1": {"hash": hash(4), "number": 7},
        });
        (proof, value)
    }

    fn answer() -> Value {
        let (_, output) = output();
        let root = SuperRoot::new(
            1000,
            vec![ChainOutput {
                chain_id: U256::from(10),
                output_root: B256::repeat_byte(0x11),
            }],
        );
        json!({
            "current_l1": {"hash": hash(5), "number": 9},
            "safe_timestamp": 1,
            "chain_ids": ["10"],
            "optimistic_at_timestamp": {"10": output},
            "data": {
                "verified_required_l1": {"hash": hash(6), "number": 8},
                "super": {"timestamp": "0x3e8", "chains": [{"ChainID": "10", "Output": hash(0x11)}]},
                "super_root": root.hash(),
            },
        })
    }

    #[test]
    fn an_answer_is_taken_apart() {
        let parsed = parse(&answer()).expect("an answer");
        let (proof, _) = output();
        let chain = U256::from(10);
        assert_eq!((parsed.current_l1, &parsed.chain_ids), (9, &vec![chain]));
        let optimistic = parsed.optimistic[&chain];
        assert_eq!(optimistic.required_l1, 7);
        assert_eq!(optimistic.block.output_root, proof.output_root());
        assert_eq!(optimistic.block.block_hash, B256::repeat_byte(3));
        let verified = parsed.verified.expect("a root");
        assert_eq!(
            (verified.required_l1, verified.super_root.timestamp),
            (8, 1000)
        );
        // The vector of the reference: timestamp 1000, chain 10 alone.
        assert_eq!(
            verified.super_root.hash().to_string(),
            "0x394ed288396fabd3999246d69058a993add99058e7a153dd4c4939b801e373df"
        );
    }

    #[test]
    fn names_in_any_case_and_numbers_in_any_form() {
        let (_, output) = output();
        let other = json!({
            "CURRENT_L1": {"Hash": hash(5), "Number": "0x9"},
            "Chain_IDs": ["0xa"],
            "Optimistic_At_Timestamp": {"0x0a": output},
            "Data": {
                "Verified_Required_L1": {"number": "8"},
                "Super": {"Timestamp": 1000, "Chains": [{"chainID": 10, "output": hash(0x11)}]},
                "SUPER_ROOT": answer()["data"]["super_root"],
            },
        });
        assert_eq!(parse(&other), parse(&answer()));
    }

    #[test]
    fn data_may_be_absent_or_null() {
        let with = |data: Option<Value>| {
            let mut answer = answer();
            let fields = answer.as_object_mut().expect("an object");
            fields.remove("data");
            if let Some(data) = data {
                fields.insert("data".into(), data);
            }
            parse(&answer).expect("an answer").verified
        };
        assert_eq!((with(None), with(Some(Value::Null))), (None, None));
        let mut answer = answer();
        answer["optimistic_at_timestamp"] = json!({"10": null});
        assert!(parse(&answer).expect("an answer").optimistic.is_empty());
    }

    #[test]
    fn what_cannot_be_is_refused() {
        let refused = |change: &dyn Fn(&mut Value)| {
            let mut answer = answer();
            change(&mut answer);
            parse(&answer).expect_err("refused").to_string()
        };
        let text = refused(&|a| a["optimistic_at_timestamp"]["10"]["output_root"] = json!(hash(9)));
        assert!(
            text.starts_with("chain 10 has the output root 0x0909"),
            "{text}"
        );
        let text = refused(&|a| a["data"]["super_root"] = json!(hash(9)));
        assert!(text.starts_with("its super root is 0x0909"), "{text}");
        let text = refused(&|a| a["chain_ids"] = json!(["10", "130"]));
        assert_eq!(
            text,
            "its super root is of the chains 10, and its list of chains is 10, 130"
        );
        let text = refused(&|a| {
            let output = a["optimistic_at_timestamp"]["10"].clone();
            a["optimistic_at_timestamp"]["0xa"] = output;
        });
        assert_eq!(text, "chain 10 has two outputs");
        for (path, value, text) in [
            ("/current_l1", json!(null), "it has no `current_l1`"),
            (
                "/current_l1",
                json!(9),
                "its `current_l1` is 9, which is no object",
            ),
            ("/current_l1/number", json!(null), "it has no `current_l1`"),
            (
                "/current_l1/number",
                json!("1e3"),
                "its `current_l1` is \"1e3\", which is no number",
            ),
            (
                "/current_l1/number",
                json!(-1),
                "its `current_l1` is -1, which is no number",
            ),
            (
                "/current_l1/number",
                json!("0x10000000000000000"),
                "which is no block number",
            ),
            (
                "/chain_ids",
                json!("10"),
                "its `chain_ids` is \"10\", which is no list",
            ),
            (
                "/chain_ids/0",
                json!("0x"),
                "its `chain_ids` is \"0x\", which is no number",
            ),
            (
                "/data/super/timestamp",
                json!("0x10000000000000000"),
                "which is no time",
            ),
            (
                "/data/super/chains/0/Output",
                json!("0x12"),
                "is \"0x12\", which is no hash",
            ),
            ("/data", json!([]), "its `data` is [], which is no object"),
        ] {
            let why = refused(&|a| *a.pointer_mut(path).expect("it is there") = value.clone());
            assert!(why.ends_with(text), "{path}: {why}");
        }
        assert_eq!(
            parse(&json!("x")).expect_err("refused").to_string(),
            "its `result` is \"x\", which is no object"
        );
        // Whatever it is, it is refused in a few words.
        let long = json!({"chain_ids": "€".repeat(1_000)});
        assert!(parse(&long).expect_err("refused").to_string().len() < 400);
    }
}
