//! `game verify`: whether the contracts behind a factory or a game are those of this release, and who may do what.

use super::manual_play::ReadOnly;
use crate::output::{Format, json, print, to_stdout};
use anyhow::ensure;
use fpvm_challenger::installed::{Code, Installed};
use fpvm_challenger::read::Reader;
use fpvm_l1::{Address, ether};
use serde_json::{Value, json};
use std::fmt::Write as _;

/// Flags of `game verify`.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// A game factory, or a game
    address: Address,
    #[command(flatten)]
    common: ReadOnly,
}

pub(super) fn run(args: &Args) -> anyhow::Result<()> {
    let chain = args.common.connect()?;
    let reader = Reader::newest(&*chain)?;
    let found = Installed::read(&reader, args.address)?;
    match args.common.format.get() {
        Format::Text => print(&text(&found)?)?,
        Format::Json => to_stdout(|out| json(out, &object(&found)))?,
    }
    ensure!(
        found.is_ours(),
        "not every contract is one of this release: see above"
    );
    Ok(())
}

fn text(found: &Installed) -> Result<String, std::fmt::Error> {
    let mut text = String::new();
    for contract in &found.contracts {
        let code = match &contract.code {
            Code::Ours(name) => format!("is {name} of this release"),
            Code::Other { size, hash } => format!("IS NOT OF THIS RELEASE: {size} bytes, {hash}"),
            Code::None => "HAS NO CODE".into(),
        };
        writeln!(text, "{:<18} {} {code}", contract.role, contract.address)?;
    }
    for game in &found.games {
        writeln!(text, "\ngames of type {}", game.number)?;
        if let Some(bond) = game.bond {
            writeln!(text, "  {:<25} {}", "initBond", ether(bond))?;
        }
        for (name, value) in &game.parameters {
            writeln!(text, "  {name:<25} {value}")?;
        }
    }
    text.push('\n');
    for power in &found.powers {
        let (holder, role, may) = (power.holder, power.role, power.may);
        writeln!(text, "{role:<20} {holder} {may}")?;
    }
    Ok(text)
}

fn object(found: &Installed) -> Value {
    let contracts = found.contracts.iter().map(|contract| {
        let code = match &contract.code {
            Code::Ours(name) => json!({"ours": true, "name": name}),
            Code::Other { size, hash } => json!({"ours": false, "size": size, "hash": hash}),
            Code::None => json!({"ours": false, "size": 0}),
        };
        json!({"role": contract.role, "address": contract.address, "code": code})
    });
    let games = found.games.iter().map(|game| {
        let parameters = game
            .parameters
            .iter()
            .map(|(name, value)| json!({"name": name, "value": value}));
        json!({
            "gameType": game.number,
            "implementation": game.implementation,
            "initBond": game.bond.map(|bond| bond.to_string()),
            "parameters": parameters.collect::<Vec<_>>(),
        })
    });
    let powers = found
        .powers
        .iter()
        .map(|power| json!({"role": power.role, "holder": power.holder, "may": power.may}));
    json!({
        "ours": found.is_ours(),
        "contracts": contracts.collect::<Vec<_>>(),
        "games": games.collect::<Vec<_>>(),
        "roles": powers.collect::<Vec<_>>(),
    })
}
