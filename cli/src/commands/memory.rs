//! `memory`: the guest's memory at a step.

use super::explain::go_to;
use crate::app::App;
use crate::args::PlaceArg;
use crate::hosted::{self, Hosted};
use crate::input::InputArgs;
use crate::oracles::SourceArgs;
use crate::output::{FormatArgs, print};
use anyhow::ensure;
use fpvm::analysis::stack::{Place, place};
use fpvm_checkpoints::Machine as _;
use serde::Serialize;
use std::fmt::Write as _;

/// The most bytes that are shown at once.
const LIMIT: u64 = 1 << 20;

/// Bytes of a row.
const ROW: usize = 16;

/// Flags of `memory`.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(flatten)]
    input: InputArgs,
    /// Run to this step first [default: the input's]
    #[arg(long, value_name = "N", value_parser = crate::args::number)]
    step: Option<u64>,
    /// From this address on: a number, a symbol, or SYMBOL+N
    #[arg(long, value_name = "ADDRESS|SYMBOL")]
    at: PlaceArg,
    /// So many bytes
    #[arg(long, value_name = "SIZE", value_parser = crate::args::size, default_value = "64")]
    len: u64,
    /// Start from the nearest state that `checkpoints make --states` wrote to this place
    #[arg(long, value_name = "PLACE", requires = "step")]
    checkpoints: Option<String>,
    #[command(flatten)]
    format: FormatArgs,
    #[command(flatten)]
    source: SourceArgs,
}

/// A part of memory.
#[derive(Serialize)]
pub(crate) struct Memory {
    step: u64,
    at: String,
    place: Place,
    /// Hex digits.
    bytes: String,
}

/// Reads memory. What is not allocated reads as zero.
pub(crate) fn read(
    machine: &mut Hosted,
    at: &PlaceArg,
    len: u64,
) -> anyhow::Result<(u64, Vec<u8>)> {
    ensure!(
        len <= LIMIT,
        "{len} bytes are more than the {LIMIT} that are shown at once"
    );
    let at = at.address(machine.vm.as_ref())?;
    let end = u64::MAX >> (64 - 8 * u32::from(machine.vm.isa().word_bytes()));
    ensure!(
        len <= (end - at).saturating_add(1),
        "{len} bytes from {at:#x} on are more than the address space has"
    );
    let mut bytes = vec![0; len as usize];
    machine.vm.read(at, &mut bytes);
    Ok((at, bytes))
}

impl Memory {
    pub(crate) fn of(machine: &Hosted, at: u64, bytes: &[u8]) -> Self {
        Self {
            step: machine.step(),
            at: format!("{at:#x}"),
            place: place(machine.vm.as_ref(), at),
            bytes: const_hex::encode(bytes),
        }
    }
}

pub(crate) fn run(app: &App, args: &Args) -> anyhow::Result<()> {
    let hosts = hosted::open(&args.source)?;
    let look = || {
        let mut machine = hosted::machine(&hosts, app, &args.input)?;
        // A name that does not exist is told before anything is run.
        args.at.address(machine.vm.as_ref())?;
        if let Some(step) = args.step {
            go_to(&mut machine, step, args.checkpoints.as_ref())?;
        }
        let (at, bytes) = read(&mut machine, &args.at, args.len)?;
        if args.format.is_json() {
            let memory = Memory::of(&machine, at, &bytes);
            return print(&format!("{}\n", serde_json::to_string_pretty(&memory)?));
        }
        print(&rows(at, &bytes))
    };
    let looked = look();
    hosted::finish(hosts, looked)
}

/// Sixteen bytes a line: the address, the bytes, and what is text of them.
fn rows(at: u64, bytes: &[u8]) -> String {
    let mut text = String::new();
    for (i, row) in bytes.chunks(ROW).enumerate() {
        let address = at.wrapping_add((i * ROW) as u64);
        let hex: Vec<String> = row.iter().map(|byte| format!("{byte:02x}")).collect();
        let shown = |byte: &u8| match byte {
            0x20..0x7f => char::from(*byte),
            _ => '.',
        };
        let letters: String = row.iter().map(shown).collect();
        let _ = writeln!(text, "{address:>12x}  {:<48} {letters}", hex.join(" "));
    }
    text
}
