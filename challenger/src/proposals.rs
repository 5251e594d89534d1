//! Other people's large pre-images. A proposal with a wrong commitment gives the oracle whatever its proposer
//! likes, for any key, unless somebody shows that block before the challenge period is over; who does gets the
//! deposit.

use std::collections::BTreeMap;

use alloy_primitives::{Address, U256};
use alloy_sol_types::SolCall as _;
use fpvm_contracts::abi::PreimageOracle as Calls;
use fpvm_contracts::loader::{Challenge, Metadata};
use fpvm_l1::LogFilter;

use crate::calls;
use crate::player::{Kind, PlannedTx};
use crate::read::game_params::GameParams;
use crate::read::{ReadError, Reader, fit};

/// Seconds after the end of a challenge period, after which no reorg brings it back.
const SETTLED: u64 = 3_600;

/// The proposals of one oracle.
#[derive(Debug)]
pub struct Proposals {
    oracle: Address,
    /// In seconds.
    challenge_period: u64,
    /// All before this number can be challenged no more.
    open_from: u64,
    /// What is wrong with those that are whole, by their number and when they were.
    judged: BTreeMap<(u64, u64), Option<Challenge>>,
}

/// What there is to do about a proposal.
enum Standing {
    /// Nothing, and never will be.
    Settled,
    /// To contest it, where there is something wrong with it.
    Open(Option<PlannedTx>),
}

impl Proposals {
    /// Those of a game's oracle.
    pub const fn of(game_params: &GameParams) -> Self {
        Self {
            oracle: game_params.oracle.oracle,
            challenge_period: game_params.oracle.challenge_period,
            open_from: 0,
            judged: BTreeMap::new(),
        }
    }

    /// Challenges of all that are wrong. One that cannot be judged hides none of the others: why is given
    /// beside them, for each.
    pub fn challenges(&mut self, reader: &Reader<'_>) -> (Vec<PlannedTx>, Vec<ReadError>) {
        let (mut planned, mut troubles) = (Vec::new(), Vec::new());
        let count = reader
            .ask(self.oracle, &Calls::proposalCountCall {})
            .and_then(|count| fit(self.oracle, "proposalCount()", count));
        let count: u64 = match count {
            Ok(count) => count,
            Err(error) => return (planned, vec![error]),
        };
        let mut all_settled = true;
        for number in self.open_from..count {
            match self.look(reader, number) {
                Ok(Standing::Settled) if all_settled => {
                    self.open_from = number.saturating_add(1);
                    self.judged.retain(|(judged, _), _| *judged > number);
                }
                Ok(Standing::Settled) => {}
                Ok(Standing::Open(wrong)) => {
                    all_settled = false;
                    planned.extend(wrong);
                }
                Err(error) => {
                    all_settled = false;
                    let chain_is_lost = !matches!(error, ReadError::Answer { .. });
                    troubles.push(error);
                    if chain_is_lost {
                        break;
                    }
                }
            }
        }
        (planned, troubles)
    }

    /// Looks at one of them.
    fn look(&mut self, reader: &Reader<'_>, number: u64) -> Result<Standing, ReadError> {
        let index = U256::from(number);
        let keys = reader.ask(self.oracle, &Calls::proposalsCall { index })?;
        let (claimant, uuid) = (keys.claimant, keys.uuid);
        let call = Calls::proposalMetadataCall { claimant, uuid };
        let known = Metadata::from(reader.ask(self.oracle, &call)?.0);
        let end = known.timestamp.saturating_add(self.challenge_period);
        let is_whole = known.timestamp != 0;
        if is_whole && end.saturating_add(SETTLED) < reader.block.time {
            return Ok(Standing::Settled);
        }
        if !is_whole || known.countered || end < reader.block.time {
            return Ok(Standing::Open(None));
        }
        let key = (number, known.timestamp);
        if !self.judged.contains_key(&key) {
            let wrong = self.judge(reader, claimant, uuid, &known)?;
            self.judged.insert(key, wrong);
        }
        let wrong = self.judged.get(&key).and_then(Option::as_ref);
        Ok(Standing::Open(wrong.map(|wrong| self.tx(claimant, wrong))))
    }

    /// What is wrong with a proposal, from what the oracle logged when its blocks were posted: the sender (20
    /// bytes) and the calldata.
    fn judge(
        &self,
        reader: &Reader<'_>,
        claimant: Address,
        uuid: U256,
        known: &Metadata,
    ) -> Result<Option<Challenge>, ReadError> {
        let oracle = self.oracle;
        let call = Calls::proposalBlocksLenCall { claimant, uuid };
        let parts = reader.ask(oracle, &call)?;
        let parts: u64 = fit(oracle, "proposalBlocksLen(address,uint256)", parts)?;
        let (mut input, mut commitments) = (Vec::new(), Vec::new());
        let mut last = None;
        for index in (0..parts).map(U256::from) {
            let call = Calls::proposalBlocksCall {
                claimant,
                uuid,
                index,
            };
            let block = reader.ask(oracle, &call)?;
            // Several parts of one block are found at once.
            if last.replace(block) == Some(block) {
                continue;
            }
            let logs = reader.chain.logs(&LogFilter {
                from: block,
                to: block,
                addresses: vec![oracle],
                topics: Vec::new(),
            })?;
            for log in logs.iter().filter(|log| log.topics.is_empty()) {
                let posted = log.data.strip_prefix(claimant.as_slice());
                let posted = posted.and_then(|data| Calls::addLeavesLPPCall::abi_decode(data).ok());
                if let Some(posted) = posted.filter(|posted| posted.uuid == uuid) {
                    input.extend_from_slice(&posted.input);
                    commitments.extend(posted.stateCommitments.iter().map(|word| word.0));
                }
            }
        }
        let (found, posted) = (input.len(), known.bytes_processed);
        if found != posted as usize {
            return Err(ReadError::Answer {
                contract: oracle,
                function: "the logs of addLeavesLPP",
                why: format!("they have {found} bytes of the {posted} that {claimant} has posted"),
            });
        }
        Ok(Challenge::find(claimant, uuid, &input, &commitments))
    }

    fn tx(&self, claimant: Address, wrong: &Challenge) -> PlannedTx {
        let what = format!("contest the large pre-image that {claimant} proposes");
        let request = calls::request(what, self.oracle, wrong.data.clone(), 0);
        PlannedTx {
            game: self.oracle,
            kind: Kind::Accuse,
            why: format!(
                "Its commitment for block {} is wrong: if it were taken, steps could read what was never hashed.",
                wrong.block
            ),
            request,
        }
    }
}
