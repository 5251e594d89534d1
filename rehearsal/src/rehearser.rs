//! One rehearsal: what it is about is chosen, the program is found, and executed twice.

use std::collections::BTreeSet;
use std::ffi::OsString;
use std::hash::{BuildHasher as _, RandomState};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use alloy_primitives::{Address, B256, U256};
use fpvm_challenger::game_type::{ByType, GameType};
use fpvm_challenger::installed::NewGames;
use fpvm_challenger::read::Reader;
use fpvm_challenger::rollup::{Age, Nodes, Source, SuperNodes};
use fpvm_challenger::service::data_folder::Needed;
use fpvm_challenger::service::{Guest, Open, PrestateSources};
use fpvm_checkpoints::GuestVm as _;
use fpvm_core::machine::hot_code::HotCode;
use fpvm_dispute::game::context::ident;
use fpvm_l1::{Chain, without_secrets};
use fpvm_oracle::Key;
use fpvm_oracle::store::{Memory, Shared, Store as _};
use fpvm_trace::{GuestProgram, MachineError, Preimages, SharedSources};

use crate::bundle::Bundles;
use crate::execute::{self, Claimed, Unfinished, describe, execute};
use crate::outcome::{Claim, Execution, Rehearsal, Verdict};
use crate::plan::{Plan, Prestate};

/// All that rehearsals take. Several threads may rehearse at once.
#[allow(missing_debug_implementations, reason = "a chain need not have one")]
pub struct Rehearser {
    /// The L1.
    pub chain: Arc<dyn Chain>,
    /// The factory that says which programs new games are about.
    pub factory: Option<Address>,
    /// Where programs come from.
    pub prestates: PrestateSources,
    /// Opens one of them.
    pub open: Open<'static>,
    /// The folder in which programs from elsewhere are kept.
    pub found: PathBuf,
    /// Where pre-images come from.
    pub preimages: ByType<Preimages>,
    /// The rollup's nodes, for programs about outputs.
    pub outputs: Option<Arc<Nodes>>,
    /// The nodes that know super roots, for programs about those.
    pub super_roots: Option<Arc<SuperNodes>>,
    /// The id of the L2 chain, where the factory is not to say it.
    pub l2_chain_id: Option<U256>,
    /// How old the games are that could be about what is executed.
    pub age: Age,
    /// Whether no execution is about a false claim.
    pub only_valid: bool,
    /// The longest for one execution.
    pub patience: Option<Duration>,
    /// The folder of hosts' data, of which what a rehearsal has left is removed after it.
    pub host_data: PathBuf,
    /// Where failed executions are kept.
    pub bundles: Bundles,
    /// What rehearsals that are on their way need of the data folder; begins empty.
    pub running: Mutex<Running>,
    /// Set from outside to end all machines.
    pub interrupted: Arc<AtomicBool>,
}

/// What rehearsals that are on their way need of the data folder.
#[derive(Clone, Default, Debug)]
pub struct Running {
    /// The L1 heads of those that execute something, each as often as it is one.
    l1_heads: Vec<B256>,
    prestates: BTreeSet<B256>,
}

/// A program that is there.
struct Program {
    prestate: B256,
    path: PathBuf,
    chain_id: U256,
}

/// What an execution has read.
type Reads = Vec<(Key, Arc<[u8]>)>;

/// Why a rehearsal ends before its time; nothing where all are to end.
type Ended = Option<(Verdict, String)>;

/// What is around the program fails.
fn failed(why: impl Into<String>) -> Ended {
    Some((Verdict::SetupFailure, why.into()))
}

impl Rehearser {
    /// Rehearses a plan once; nothing where it was asked to end meanwhile.
    pub fn rehearse(&self, plan: &Plan) -> Option<Rehearsal> {
        let mut rehearsal = Rehearsal {
            name: plan.name.clone(),
            game_type: plan.game_type,
            verdict: Verdict::Success,
            why: None,
            prestate: None,
            subject: None,
            executions: Vec::new(),
            kept: None,
        };
        if let Err(ended) = self.try_to(plan, &mut rehearsal) {
            let (verdict, why) = ended?;
            // What is given up at the end has not failed.
            if verdict == Verdict::SetupFailure && self.interrupted.load(Ordering::Relaxed) {
                return None;
            }
            rehearsal.verdict = verdict;
            rehearsal.why = Some(why);
        }
        Some(rehearsal)
    }

    fn try_to(&self, plan: &Plan, rehearsal: &mut Rehearsal) -> Result<(), Ended> {
        let program = self.program(plan)?;
        rehearsal.prestate = Some(program.prestate);
        let preimages = self.preimages.of(plan.game_type).next().cloned();
        let preimages = preimages.ok_or_else(|| {
            failed(format!(
                "nobody hands out pre-images for games of type {}",
                plan.game_type
            ))
        })?;
        let preimages = of_plan(preimages, &plan.name);
        if plan.game_type.is_super() {
            let nodes = self.super_roots.as_ref();
            let nodes = nodes.ok_or_else(|| failed("no node is named that knows super roots"))?;
            let inputs = nodes.recent(&*self.chain, &mut random);
            let inputs = inputs.map_err(|error| failed(describe(&error)))?;
            self.both(&program, &preimages, &inputs, rehearsal)
        } else {
            let nodes = self.outputs.as_ref();
            let nodes = nodes.ok_or_else(|| failed("no node of the rollup is named"))?;
            let inputs = nodes.recent(&*self.chain, self.age, &mut random);
            let inputs = inputs.map_err(|error| failed(describe(&error)))?;
            self.both(&program, &preimages, &inputs, rehearsal)
        }
    }

    /// The program of a plan.
    fn program(&self, plan: &Plan) -> Result<Program, Ended> {
        let of_factory = match (&plan.prestate, self.l2_chain_id) {
            (Prestate::OnChain, _) => Some(self.new_games(plan.game_type)?),
            (_, None) if !plan.game_type.is_super() => Some(self.new_games(plan.game_type)?),
            _ => None,
        };
        let chain_id = of_factory.and_then(|games| games.l2_chain_id);
        let chain_id = self.l2_chain_id.or(chain_id).unwrap_or_default();
        let (prestate, path) = match &plan.prestate {
            Prestate::File(path) => {
                let opened = (self.open)(path);
                let mut vm = opened.map_err(|why| failed(describe(&why)))?;
                (B256::from(vm.state_root()), path.clone())
            }
            Prestate::Hash(prestate) => (*prestate, self.find(*prestate, plan.game_type)?),
            Prestate::OnChain => {
                let prestate = of_factory.map_or(B256::ZERO, |games| games.prestate);
                (prestate, self.find(prestate, plan.game_type)?)
            }
        };
        Ok(Program {
            prestate,
            path,
            chain_id,
        })
    }

    /// What new games of a type are about.
    fn new_games(&self, game_type: GameType) -> Result<NewGames, Ended> {
        let factory = self.factory;
        let factory = factory.ok_or_else(|| failed("no factory is named"))?;
        let read = Reader::newest(&*self.chain)
            .and_then(|reader| NewGames::read(&reader, factory, game_type));
        let games = read.map_err(|error| failed(describe(&error)))?;
        games.ok_or_else(|| {
            failed(format!(
                "the factory {factory} creates no games of type {game_type} about a program"
            ))
        })
    }

    fn find(&self, prestate: B256, game_type: GameType) -> Result<PathBuf, Ended> {
        self.with_running(|running| running.prestates.insert(prestate));
        let patience = self.prestates.limits.time;
        let (open, interrupted) = (&self.open, &self.interrupted);
        let found = self.prestates.find(
            prestate,
            game_type,
            open,
            &self.found,
            patience,
            interrupted,
        );
        found.map_err(failed)
    }

    fn with_running<T>(&self, change: impl FnOnce(&mut Running) -> T) -> T {
        change(&mut self.running.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// What may not be dropped of the data folder now.
    pub(crate) fn needed(&self) -> Needed {
        self.with_running(|running| Needed {
            l1_heads: running.l1_heads.iter().copied().collect(),
            prestates: running.prestates.clone(),
        })
    }

    /// Executes a program about the claim that is true, and then about another, by what the first has read.
    fn both<I: Claimed + Sync>(
        &self,
        program: &Program,
        preimages: &Preimages,
        inputs: &I,
        rehearsal: &mut Rehearsal,
    ) -> Result<(), Ended> {
        rehearsal.subject = Some(inputs.subject());
        let l1_head = inputs.l1_head();
        self.with_running(|running| running.l1_heads.push(l1_head));
        let done = self.executed(program, preimages, inputs, rehearsal);
        self.with_running(|running| {
            let place = running.l1_heads.iter().position(|of| *of == l1_head);
            place.map(|place| running.l1_heads.swap_remove(place))
        });
        let denied = inputs.denied();
        for dispute in [inputs.dispute_name(), denied.dispute_name()] {
            let folder = self.host_data.join(format!("{dispute}-{}", rehearsal.name));
            // A host need not have made it.
            let _ = std::fs::remove_dir_all(folder);
        }
        done
    }

    fn executed<I: Claimed + Sync>(
        &self,
        program: &Program,
        preimages: &Preimages,
        inputs: &I,
        rehearsal: &mut Rehearsal,
    ) -> Result<(), Ended> {
        let (sources, hot) = (SharedSources::default(), HotCode::default());
        let ran = self.execute(program, preimages, inputs, Claim::Valid, &sources, &hot);
        let reads = self.judge(program, ran, inputs, Claim::Valid, &sources, rehearsal)?;
        if self.only_valid {
            return Ok(());
        }
        let denied = inputs.denied();
        let mut recorded = Memory::default();
        let (mut chain_id, chain_id_key) = (program.chain_id, Key::local(ident::CHAIN_ID));
        for (key, value) in &reads {
            if *key == chain_id_key {
                chain_id = execute::chain_id(value);
            }
            let put = recorded.put(*key, value);
            put.map_err(|error| failed(describe(&error)))?;
        }
        let recorded = Preimages::Store(Shared::new(Box::new(recorded)));
        let again = Program {
            prestate: program.prestate,
            path: program.path.clone(),
            chain_id,
        };
        let sources = SharedSources::default();
        let mut ran = self.execute(&again, &recorded, &denied, Claim::Invalid, &sources, &hot);
        let mut sources = sources;
        // A program may look at more where the claim is false.
        if ran.as_ref().is_err_and(Unfinished::is_missing) {
            sources = SharedSources::default();
            ran = self.execute(program, preimages, &denied, Claim::Invalid, &sources, &hot);
        }
        self.judge(program, ran, &denied, Claim::Invalid, &sources, rehearsal)?;
        Ok(())
    }

    /// One execution.
    fn execute<I: Claimed>(
        &self,
        program: &Program,
        preimages: &Preimages,
        inputs: &I,
        claim: Claim,
        sources: &SharedSources,
        hot: &HotCode,
    ) -> Result<Execution, Unfinished> {
        let load = self.load(program, hot);
        let guest = GuestProgram::new(load, preimages.clone(), program.chain_id);
        let guest = match self.outputs.clone() {
            Some(nodes) => {
                let source = Source::Nodes(nodes);
                guest.with_head(move |block| {
                    source.block_hash(block).map_err(|error| error.to_string())
                })
            }
            None => guest,
        };
        let guest = guest.sharing(sources.clone());
        let ready = move |stop| guest.until(stop);
        execute(ready, claim, inputs, self.patience, &self.interrupted)
    }

    /// Loads a program, which has to be what it was.
    fn load(
        &self,
        program: &Program,
        hot: &HotCode,
    ) -> impl Fn() -> Result<Guest, MachineError> + Send + Sync + use<> {
        let (open, hot) = (self.open.clone(), hot.clone());
        let (path, prestate) = (program.path.clone(), program.prestate);
        move || {
            let mut vm = open(&path)?;
            vm.share_hot_code(&hot);
            let found = B256::from(vm.state_root());
            if found == prestate {
                return Ok(vm);
            }
            let path = path.display();
            let why = format!("{path} has pre-state {found} now, and had {prestate} before");
            Err(MachineError::Other(why.into()))
        }
    }

    /// Whether an execution came to what it should; gives what it has read. What failed is kept.
    fn judge<I: Claimed>(
        &self,
        program: &Program,
        ran: Result<Execution, Unfinished>,
        inputs: &I,
        claim: Claim,
        sources: &SharedSources,
        rehearsal: &mut Rehearsal,
    ) -> Result<Reads, Ended> {
        let name = inputs.dispute_name();
        let (verdict, why) = match ran {
            Ok(execution) => {
                rehearsal.executions.push(execution);
                let expected = claim.expected();
                if execution.status == expected {
                    return Ok(sources.reads(&name));
                }
                let code = match execution.status {
                    2 => "2 or more".to_owned(),
                    code => code.to_string(),
                };
                let (said, of) = match claim {
                    Claim::Valid => ("true", "the rollup's nodes"),
                    Claim::Invalid => ("false", "all that are known"),
                };
                let why = format!(
                    "it ended with exit code {code}, and should have ended with {expected}: the claim is {said} by {of}"
                );
                (Verdict::IncorrectStatus, why)
            }
            Err(unfinished) => match unfinished.verdict(self.patience) {
                Some((verdict, why)) => {
                    (verdict, format!("the claim being {}: {why}", claim.word()))
                }
                None => return Err(None),
            },
        };
        // A host may have said last with which key it asks a node.
        let why = without_secrets(&why);
        (rehearsal.verdict, rehearsal.why) = (verdict, Some(why.clone()));
        if verdict.is_of_vm() {
            let reads = sources.reads(&name);
            let kept = self.keep(program, &name, claim, &reads, rehearsal);
            match kept {
                Ok(kept) => rehearsal.kept = Some(kept),
                Err(why) => {
                    tracing::warn!(target: "rehearsal", why, "A failed execution cannot be kept");
                }
            }
        }
        Err(Some((verdict, why)))
    }

    fn keep(
        &self,
        program: &Program,
        name: &str,
        claim: Claim,
        reads: &[(Key, Arc<[u8]>)],
        rehearsal: &Rehearsal,
    ) -> Result<crate::outcome::Kept, String> {
        let path: &Path = &program.path;
        let mut vm = (self.open)(path).map_err(|why| describe(&why))?;
        let name = format!("{name}-{}", rehearsal.name);
        self.bundles.keep(&name, claim, &mut vm, reads, rehearsal)
    }
}

/// Pre-images for a plan: its hosts have folders of their own, because two plans may be about the same block, and a host
/// locks its folder.
fn of_plan(preimages: Preimages, name: &str) -> Preimages {
    let Preimages::Host {
        words,
        timeout,
        cache,
    } = preimages
    else {
        return preimages;
    };
    let word = |word: OsString| match word.to_str() {
        Some(text) => text
            .replace("{dispute}", &format!("{{dispute}}-{name}"))
            .into(),
        None => word,
    };
    Preimages::Host {
        words: words.into_iter().map(word).collect(),
        timeout,
        cache,
    }
}

/// A number below another; 0 where there is none.
fn random(below: u64) -> u64 {
    // Each state has keys of its own, which begin at random in each process.
    RandomState::new()
        .hash_one(())
        .checked_rem(below)
        .unwrap_or_default()
}
