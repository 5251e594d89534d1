//! What a service needs, as its flags say it, and which checks that makes.

use super::examine::Check;
use super::{games, here, l1, rollup};
use crate::chain::NodeArgs;
use fpvm_challenger::game_type::GameType;
use fpvm_challenger::service::{Open, PrestateSources};
use fpvm_l1::{Address, B256};
use std::path::PathBuf;
use std::sync::Arc;

/// Which service it is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Role {
    /// `challenge`.
    Challenger,
    /// `monitor`.
    Monitor,
    /// `propose`.
    Proposer,
    /// `rehearse`.
    Rehearser,
}

/// Where the programs come from that games are about.
pub(crate) struct Programs {
    pub(crate) sources: PrestateSources,
    pub(crate) open: Open<'static>,
}

/// What a service needs from outside.
pub(crate) struct Needs {
    pub(crate) role: Role,
    /// Addresses of L1 nodes.
    pub(crate) l1: Vec<String>,
    pub(crate) chain_id: Option<u64>,
    pub(crate) factory: Option<Address>,
    /// The types of games that it deals with; none for all.
    pub(crate) types: Vec<GameType>,
    /// Addresses of the rollup's nodes, of nodes that know super roots, of L2 nodes, and of a beacon node.
    pub(crate) rollup: Vec<String>,
    pub(crate) super_roots: Vec<String>,
    pub(crate) l2: Vec<String>,
    pub(crate) beacon: Option<String>,
    pub(crate) programs: Option<Programs>,
    /// Programs that it needs whatever the factory says.
    pub(crate) prestates: Vec<(GameType, B256)>,
    /// Hosts' programs.
    pub(crate) hosts: Vec<String>,
    /// The folder of its data, where it has one.
    pub(crate) folder: Option<PathBuf>,
    /// What it listens at, with the flag.
    pub(crate) serves: Vec<(&'static str, String)>,
    /// The account that signs, or why there is none; nothing for who sends nothing.
    pub(crate) signer: Option<Result<Address, String>>,
}

impl Needs {
    /// Those of a service with this node, and nothing else so far.
    pub(crate) fn of(role: Role, node: &NodeArgs) -> Self {
        Self {
            role,
            l1: node.rpc.clone(),
            chain_id: node.chain_id,
            factory: None,
            types: Vec::new(),
            rollup: Vec::new(),
            super_roots: Vec::new(),
            l2: Vec::new(),
            beacon: None,
            programs: None,
            prestates: Vec::new(),
            hosts: Vec::new(),
            folder: None,
            serves: Vec::new(),
            signer: None,
        }
    }

    /// The same with what it listens at, where these flags say it.
    pub(crate) fn serving(mut self, flags: &[(&'static str, Option<&String>)]) -> Self {
        let given = flags
            .iter()
            .filter_map(|(flag, at)| Some((*flag, at.cloned()?)));
        self.serves.extend(given);
        self
    }
}

/// The checks, in the order in which their findings are printed.
pub(super) fn checks(needs: &Arc<Needs>) -> Vec<Check> {
    let mut checks: Vec<Check> = Vec::new();
    let mut add = |name, check: Box<dyn FnOnce() -> Vec<super::Finding> + Send>| {
        checks.push((name, check));
    };
    for url in needs.l1.clone() {
        let needs = needs.clone();
        add("l1", Box::new(move || l1::node(&url, &needs)));
    }
    if needs.factory.is_some() {
        let of = needs.clone();
        add("factory", Box::new(move || games::factory(&of)));
    }
    for url in needs.rollup.clone() {
        let needs = needs.clone();
        add("rollup", Box::new(move || rollup::node(&url, &needs)));
    }
    for url in needs.super_roots.clone() {
        let needs = needs.clone();
        add(
            "superroot",
            Box::new(move || rollup::super_node(&url, &needs)),
        );
    }
    if needs.rollup.len() > 1 {
        let of = needs.clone();
        add("rollup", Box::new(move || rollup::agree(&of)));
    }
    for url in needs.l2.clone() {
        add("l2", Box::new(move || rollup::l2(&url)));
    }
    if let Some(url) = needs.beacon.clone() {
        add("beacon", Box::new(move || rollup::beacon(&url)));
    }
    if needs.programs.is_some() {
        let of = needs.clone();
        add("prestates", Box::new(move || games::prestates(&of)));
    }
    for host in needs.hosts.clone() {
        add("host", Box::new(move || here::host(&host)));
    }
    if matches!(needs.role, Role::Challenger | Role::Rehearser) {
        let folder = needs.folder.clone();
        add("disk", Box::new(move || here::folders(folder)));
    }
    for (flag, address) in needs.serves.clone() {
        add("address", Box::new(move || here::address(flag, &address)));
    }
    if needs.signer.is_some() {
        let of = needs.clone();
        add("key", Box::new(move || games::key(&of)));
    }
    checks
}
