//! The games: what the factory creates, whether their programs are found, and what the account has for bonds.

use super::examine::Finding;
use super::{Needs, Programs, Role, l1};
use fpvm_challenger::game_type::GameType;
use fpvm_challenger::installed::{Installed, Power, parameter};
use fpvm_challenger::read::Reader;
use fpvm_dispute::position::Position;
use fpvm_dispute::rules::{Params, Rules};
use fpvm_l1::{Address, At, B256, Chain as _, U256, ether};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

/// For how long a program is looked for.
const PATIENCE: Duration = Duration::from_secs(45);

/// A type of game that the factory creates.
struct Created {
    of: GameType,
    version: String,
    bond: U256,
    prestate: Option<B256>,
    depth: Option<u64>,
}

/// What the factory creates of what the service deals with, and who may do what.
fn created(needs: &Needs) -> Result<(Vec<Created>, Vec<Power>), String> {
    let rpc = l1::connect(needs).map_err(|error| error.to_string())?;
    let reader = Reader::newest(&rpc).map_err(|error| error.to_string())?;
    let factory = needs.factory.unwrap_or_default();
    let installed = Installed::read(&reader, factory).map_err(|error| error.to_string())?;
    let created = installed.games.iter().map(|game| {
        let parameter = |name| parameter(&game.parameters, name);
        Created {
            of: GameType(game.number),
            version: parameter("version").unwrap_or("unknown").to_owned(),
            bond: game.bond.unwrap_or_default(),
            prestate: parameter("absolutePrestate").and_then(|hash| hash.parse().ok()),
            depth: parameter("maxGameDepth").and_then(|depth| depth.parse().ok()),
        }
    });
    let dealt_with = |of: GameType| needs.types.is_empty() || needs.types.contains(&of);
    let created = created.filter(|game| dealt_with(game.of)).collect();
    Ok((created, installed.powers))
}

/// The factory.
pub(super) fn factory(needs: &Needs) -> Vec<Finding> {
    let factory = needs.factory.unwrap_or_default();
    let (created, _) = match created(needs) {
        Ok(found) => found,
        Err(why) => {
            let advice = "--factory is the address of the chain's DisputeGameFactory (its proxy)";
            return vec![Finding::failure("factory", why, advice)];
        }
    };
    let mut found: Vec<_> = created
        .iter()
        .map(|game| {
            let program = game
                .prestate
                .map_or(String::new(), |hash| format!(", pre-state {hash}"));
            let (of, version, bond) = (game.of, &game.version, ether(game.bond));
            let says =
                format!("games of type {of}, version {version}{program}, take {bond} to propose");
            Finding::ok("factory", says)
        })
        .collect();
    for of in &needs.types {
        if !created.iter().any(|game| game.of == *of) {
            let says = format!("{factory} creates no games of type {of}");
            let advice = "Correct --game-type; games that were made before are played all the same";
            found.push(match needs.role {
                Role::Proposer => Finding::failure("factory", says, advice),
                _ => Finding::warning("factory", says, advice),
            });
        }
    }
    if created.is_empty() && needs.types.is_empty() {
        let says = format!("{factory} creates no games of a type that is known");
        found.push(Finding::failure(
            "factory",
            says,
            "Is it the factory of this chain?",
        ));
    }
    found
}

/// The programs that new games are about.
pub(super) fn prestates(needs: &Needs) -> Vec<Finding> {
    let Some(Programs { sources, open }) = &needs.programs else {
        return Vec::new();
    };
    let named = needs
        .prestates
        .iter()
        .map(|(of, prestate)| (*prestate, *of));
    let mut wanted: BTreeMap<_, _> = named.collect();
    // Without a factory there is nothing to compare with; games that are named are read when they are played.
    let created = match created(needs) {
        Ok((created, _)) => created,
        Err(_) if wanted.is_empty() => {
            let says = "which programs games are about is not known without the factory";
            return vec![Finding::warning("prestates", says, "See `factory` above")];
        }
        Err(_) => Vec::new(),
    };
    for game in &created {
        // Super games of one proposer are won at once, and need no program.
        if let (Some(prestate), false) = (game.prestate, game.of == GameType::SUPER_PERMISSIONED) {
            wanted.entry(prestate).or_insert(game.of);
        }
    }
    let folder = match tempfile::tempdir() {
        Ok(folder) => folder,
        Err(error) => {
            let says = format!("cannot make a folder for temporary files: {error}");
            return vec![Finding::failure("prestates", says, "TMPDIR says where")];
        }
    };
    let graded = wanted.iter().map(|(prestate, of)| {
        let given_up = Arc::new(AtomicBool::new(false));
        match sources.find(*prestate, *of, open, folder.path(), PATIENCE, &given_up) {
            Ok(path) => {
                let name = path.file_name().unwrap_or_default().display().to_string();
                Finding::ok("prestates", format!("the program of {of} games is found: {name}"))
            }
            Err(why) => Finding::failure(
                "prestates",
                format!("games of type {of} cannot be played: {why}"),
                "Put the file 0xHASH.bin.gz into the folder of --prestates-dir, or name a server that has it by --prestates-url",
            ),
        }
    });
    graded.collect()
}

/// The account that signs.
pub(super) fn key(needs: &Needs) -> Vec<Finding> {
    let account = match &needs.signer {
        None => return Vec::new(),
        Some(Err(why)) => {
            let advice =
                "The key is in the variable FPVM_PRIVATE_KEY, or in a file that --keystore names";
            return vec![Finding::failure("key", why, advice)];
        }
        Some(Ok(account)) => *account,
    };
    let balance = l1::connect(needs).and_then(|rpc| rpc.balance(account, At::Latest));
    let balance = match balance {
        Ok(balance) => balance,
        Err(error) => {
            let says = format!("what {account} has is not known: {error}");
            return vec![Finding::warning("key", says, "See `l1` above")];
        }
    };
    let (created, powers) = created(needs).unwrap_or_default();
    let mut found = vec![money(needs, account, balance, &created)];
    found.extend(permission(needs, account, &created, &powers));
    found
}

/// Whether the account has what bonds take.
fn money(needs: &Needs, account: Address, balance: U256, created: &[Created]) -> Finding {
    let has = format!("{account} has {}", ether(balance));
    if needs.role == Role::Proposer {
        let bond = created
            .iter()
            .map(|game| game.bond)
            .max()
            .unwrap_or_default();
        let send =
            format!("Send ether to {account}: a proposal's bond comes back when its game is paid");
        return match () {
            () if balance <= bond => {
                let says = format!("{has}, and a proposal takes {}", ether(bond));
                Finding::failure("key", says, send)
            }
            () if balance < bond * U256::from(10) => {
                let says = format!(
                    "{has}, which is for fewer than ten proposals of {}",
                    ether(bond)
                );
                Finding::warning("key", says, send)
            }
            () => Finding::ok("key", has),
        };
    }
    let bonds = created.iter().filter_map(|game| line_of_play(game.depth?));
    let Some((first, whole)) = bonds.max_by_key(|(_, whole)| *whole) else {
        return Finding::ok("key", has);
    };
    let send = format!("Send ether to {account}: what is won comes back when games are paid");
    match () {
        () if balance <= first => {
            let says = format!("{has}, and the first claim takes {}", ether(first));
            Finding::failure("key", says, send)
        }
        () if balance < whole => {
            let says = format!("{has}, and a whole line of play takes {}", ether(whole));
            Finding::warning("key", says, send)
        }
        () => Finding::ok(
            "key",
            format!("{has}; a whole line of play takes {}", ether(whole)),
        ),
    }
}

/// The bond of the first claim against a proposal, and those of one side down to the deepest level, in wei.
fn line_of_play(depth: u64) -> Option<(U256, U256)> {
    let params = Params {
        max_depth: depth,
        split_depth: Params::mainnet(B256::ZERO)
            .split_depth
            .min(depth.checked_sub(2)?),
        ..Params::mainnet(B256::ZERO)
    };
    let rules = Rules::new(params).ok()?;
    let bond = |depth: u64| {
        let position = Position::new(u8::try_from(depth).ok()?, 0)?;
        rules.required_bond(position).ok()
    };
    let whole = (1..=depth)
        .step_by(2)
        .filter_map(bond)
        .map(U256::from)
        .sum();
    Some((U256::from(bond(1)?), whole))
}

/// Whether the account may do what games of one proposer and one challenger allow nobody else.
fn permission(
    needs: &Needs,
    account: Address,
    created: &[Created],
    powers: &[Power],
) -> Option<Finding> {
    let (role, flag) = match needs.role {
        Role::Proposer => ("proposer", GameType::PERMISSIONED),
        _ => ("challenger", GameType::PERMISSIONED),
    };
    created.iter().find(|game| game.of == flag)?;
    let holders: Vec<_> = powers.iter().filter(|power| power.role == role).collect();
    let holder = holders
        .first()
        .filter(|_| holders.iter().all(|power| power.holder != account))?;
    let says = format!(
        "games of type {flag} are open to their {role} {} alone",
        holder.holder
    );
    Some(match needs.role {
        Role::Proposer => Finding::failure(
            "key",
            says,
            "Use that account's key, or another --game-type",
        ),
        _ => Finding::warning(
            "key",
            says,
            "They are watched and not played; use that account's key to play them",
        ),
    })
}
