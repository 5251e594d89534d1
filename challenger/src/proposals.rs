//! Other people's large pre-images. With a wrong commitment a proposer can give the oracle any data for any key,
//! unless somebody shows the wrong block before the challenge period is over. Whoever shows it gets the deposit.

use std::collections::{BTreeMap, BTreeSet};

use alloy_primitives::{Address, U256};
use alloy_sol_types::SolCall as _;
use fpvm_contracts::abi::PreimageOracle as Calls;
use fpvm_contracts::loader::{Challenge, Metadata};
use fpvm_l1::{Block, LogFilter};

use crate::calls;
use crate::player::{Kind, PlannedTx};
use crate::read::game_params::GameParams;
use crate::read::{ReadError, Reader, fit};

/// Seconds after the end of a challenge period after which no reorg brings the period back.
const SETTLED: u64 = 3_600;
/// The most blocks since the last look whose logs are asked for; after more blocks, or a reorg, all proposals
/// that are not settled are looked at anew.
const FOLLOWED: u64 = 64;

/// The proposals of one oracle.
#[derive(Debug)]
pub struct Proposals {
    oracle: Address,
    /// In seconds.
    challenge_period: u64,
    /// How many proposals there were at the last look.
    seen: u64,
    /// The block of the last look, if that look found out about all proposals.
    head: Option<Block>,
    /// Proposals that are not settled, by number. One that was seen and is not among them can never be
    /// challenged again.
    watched: BTreeMap<u64, Watched>,
    /// What is wrong with proposals that are complete, by number and by the time of their completion.
    judged: BTreeMap<(u64, u64), Option<Challenge>>,
}

/// A proposal that is not settled.
#[derive(Debug, Default)]
struct Watched {
    /// The proposer, and its number for the proposal.
    keys: Option<(Address, U256)>,
    /// Whether its last part had not been posted at the last look. Only a post, which is logged, changes that.
    is_partial: bool,
}

/// What to do about a proposal.
enum Standing {
    /// Nothing, and never will be.
    Settled,
    /// Nothing before more of it is posted.
    Partial,
    /// Contest it, if something is wrong with it.
    Open(Option<PlannedTx>),
}

impl Proposals {
    /// The proposals of a game's oracle.
    pub const fn of(game_params: &GameParams) -> Self {
        Self {
            oracle: game_params.oracle.oracle,
            challenge_period: game_params.oracle.challenge_period,
            seen: 0,
            head: None,
            watched: BTreeMap::new(),
            judged: BTreeMap::new(),
        }
    }

    /// How many can still be contested, or may be yet.
    pub fn watched(&self) -> usize {
        self.watched.len()
    }

    /// The challenges of all wrong proposals, and for each proposal that cannot be judged the reason.
    pub fn challenges(&mut self, reader: &Reader<'_>) -> (Vec<PlannedTx>, Vec<ReadError>) {
        let (mut planned, mut troubles) = (Vec::new(), Vec::new());
        let posted = match self.follow(reader) {
            Ok(posted) => posted,
            Err(error) => return (planned, vec![error]),
        };
        let mut is_lost = false;
        let numbers: Vec<_> = self.watched.keys().copied().collect();
        for number in numbers {
            let is_idle = |watched: &Watched| {
                let posted = posted.as_ref();
                let idle = posted
                    .zip(watched.keys)
                    .map(|(posted, (by, _))| !posted.contains(&by));
                watched.is_partial && idle == Some(true)
            };
            if self.watched.get(&number).is_some_and(is_idle) {
                continue;
            }
            match self.look(reader, number) {
                Ok(Standing::Settled) => {
                    self.watched.remove(&number);
                    self.judged.retain(|(judged, _), _| *judged != number);
                }
                Ok(Standing::Partial) => {}
                Ok(Standing::Open(wrong)) => planned.extend(wrong),
                Err(error) => {
                    is_lost = !matches!(error, ReadError::Answer { .. });
                    troubles.push(error);
                    if is_lost {
                        break;
                    }
                }
            }
        }
        if !is_lost {
            self.head = Some(reader.block);
        } else if posted.is_none() {
            self.head = None;
        }
        (planned, troubles)
    }

    /// Adds new proposals, and finds out who has posted parts since the last look; `None` if anybody may
    /// have.
    fn follow(&mut self, reader: &Reader<'_>) -> Result<Option<BTreeSet<Address>>, ReadError> {
        let count = reader.ask(self.oracle, &Calls::proposalCountCall {})?;
        let count: u64 = fit(self.oracle, "proposalCount()", count)?;
        let goes_on = match &self.head {
            Some(head) => reader.descends(head, FOLLOWED)?,
            None => false,
        };
        if !goes_on {
            // A reorg may have put others in their places.
            self.watched.retain(|number, _| *number < count);
            let watched = self.watched.values_mut();
            watched.for_each(|watched| *watched = Watched::default());
        }
        for number in self.seen..count {
            self.watched.insert(number, Watched::default());
        }
        self.seen = count;
        let Some(head) = self.head.filter(|_| goes_on) else {
            return Ok(None);
        };
        let partial = self.watched.values().any(|watched| watched.is_partial);
        if !partial || head.number == reader.block.number {
            return Ok(Some(BTreeSet::new()));
        }
        let logs = reader.chain.logs(&LogFilter {
            from: head.number.saturating_add(1),
            to: reader.block.number,
            addresses: vec![self.oracle],
            topics: Vec::new(),
        });
        Ok(match logs {
            Ok(logs) => {
                let posts = logs.iter().filter(|log| log.topics.is_empty());
                Some(posts.filter_map(|log| poster(&log.data)).collect())
            }
            Err(error) => {
                let error = error.to_string();
                tracing::debug!(target: "challenger", error, "No logs: all proposals are looked at");
                None
            }
        })
    }

    /// Looks at one proposal.
    fn look(&mut self, reader: &Reader<'_>, number: u64) -> Result<Standing, ReadError> {
        let watched = self.watched.entry(number).or_default();
        let (claimant, uuid) = match watched.keys {
            Some(keys) => keys,
            None => {
                let index = U256::from(number);
                let found = reader.ask(self.oracle, &Calls::proposalsCall { index })?;
                *watched.keys.insert((found.claimant, found.uuid))
            }
        };
        let call = Calls::proposalMetadataCall { claimant, uuid };
        let known = Metadata::from(reader.ask(self.oracle, &call)?.0);
        watched.is_partial = known.timestamp == 0;
        if watched.is_partial {
            return Ok(Standing::Partial);
        }
        let end = known.timestamp.saturating_add(self.challenge_period);
        if end.saturating_add(SETTLED) < reader.block.time {
            return Ok(Standing::Settled);
        }
        if known.countered || end < reader.block.time {
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

/// Who has posted a part, from what the oracle logs of it: the account, and its calldata.
fn poster(data: &[u8]) -> Option<Address> {
    data.first_chunk::<20>().map(Address::from)
}
