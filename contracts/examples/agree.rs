//! Steps of all bundled guests through interpreter, verifier and contract; the steps that upstream's
//! answer is recorded of also against that, and upstream's contract where `FPVM_UPSTREAM_CONTRACTS`
//! names a folder with its artifacts:
//!
//! `cargo run --release -p fpvm-contracts --example agree [-- FIRST SAMPLED [WITHIN [GUEST]]]`
//!
//! takes the first 20,000 steps of each guest, and a random 5,000 of the rest up to step 30 million.

#[path = "../tests/common/mod.rs"]
mod common;

use common::{recorded, repository};
use fpvm_contracts::guest::{Plan, Preimages, Recorded, agree};
use fpvm_contracts::harness::Harness;
use fpvm_contracts::{IMAC_ARTIFACT, MIPS_ARTIFACT, MIPS64_ARTIFACT, RISCV_ARTIFACT};
use fpvm_isa_mips::Mips32;
use fpvm_isa_mips64::Newest;
use fpvm_isa_riscv::Rv64;
use fpvm_isa_riscv::imac::Imac;

/// Folders with guests, and with their pre-images; a guest may have a folder of its own beside.
const FOLDERS: [(&str, &str); 2] = [
    ("examples/guests/bin", "examples/guests/preimages"),
    ("spec-tests/vectors/guests", "spec-tests/vectors/preimages"),
];

/// As the list was made for.
const CHAIN_ID: u64 = 901;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let number = |i: usize, default| match arguments.get(i) {
        Some(text) => text.parse::<u64>(),
        None => Ok(default),
    };
    let plan = Plan {
        first: number(0, 20_000)?,
        sampled: number(1, 5_000)?,
        within: number(2, 30_000_000)?,
    };
    for (folder, preimages) in FOLDERS {
        let mut files = Vec::new();
        for file in std::fs::read_dir(repository(folder))? {
            files.push(file?.path());
        }
        files.sort();
        for file in files {
            let name = file.file_name().and_then(|name| name.to_str());
            let Some((guest, target)) = name.and_then(|name| name.rsplit_once('.')) else {
                continue;
            };
            if arguments.get(3).is_some_and(|wanted| wanted != guest) {
                continue;
            }
            let own = repository(&format!("{preimages}-{guest}"));
            let (folder, inputs) = if own.exists() {
                (own, game_inputs(guest)?)
            } else {
                (repository(preimages), Vec::new())
            };
            let preimages = Preimages {
                folder: &folder,
                inputs: &inputs,
            };
            let steps = match target {
                "mips" => {
                    let mut harness = Harness::new::<Mips32>(MIPS_ARTIFACT, Some("MIPS.json"))?;
                    let recorded = recorded(guest, "mips32");
                    agree::<Mips32>(&mut harness, &file, preimages, plan, &recorded)?
                }
                "mips64" => {
                    let mut harness = Harness::new::<Newest>(MIPS64_ARTIFACT, Some("MIPS64.json"))?;
                    let recorded = recorded(guest, "mips64");
                    agree::<Newest>(&mut harness, &file, preimages, plan, &recorded)?
                }
                "riscv64" => {
                    let mut harness = Harness::new::<Rv64>(RISCV_ARTIFACT, Some("RISCV.json"))?;
                    let recorded = recorded(guest, "riscv64");
                    agree::<Rv64>(&mut harness, &file, preimages, plan, &recorded)?
                }
                "imac" => {
                    let mut harness = Harness::new::<Imac>(IMAC_ARTIFACT, None)?;
                    agree::<Imac>(&mut harness, &file, preimages, plan, &Recorded::new())?
                }
                _ => continue,
            };
            println!("{guest}.{target}: {steps} steps agree");
        }
    }
    Ok(())
}

/// What a game's contract loads for a guest: L1 head, agreed and disputed output root, the latter's
/// block, chain id. The roots are the first two of the guest's list.
fn game_inputs(guest: &str) -> Result<Vec<Vec<u8>>, Box<dyn std::error::Error>> {
    let list = repository(&format!("examples/guests/outputs-{guest}.txt"));
    let list = std::fs::read_to_string(list)?;
    let mut lines = list.lines().filter_map(|line| line.split_once(' '));
    let (Some((_, agreed)), Some((block, disputed))) = (lines.next(), lines.next()) else {
        return Err(format!("{guest} has no two output roots").into());
    };
    let block: u64 = block.parse()?;
    Ok(vec![
        vec![0; 32],
        const_hex::decode(agreed)?,
        const_hex::decode(disputed)?,
        block.to_be_bytes().to_vec(),
        CHAIN_ID.to_be_bytes().to_vec(),
    ])
}
