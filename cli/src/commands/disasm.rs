//! `disasm`: instructions as assembly text, from a program or a state.

use crate::app::App;
use crate::args::{LONGEST, PlaceArg};
use crate::input::InputArgs;
use crate::output::{FormatArgs, json_line, to_stdout};
use anyhow::{Context as _, ensure};
use fpvm::AnyVm;
use fpvm::analysis::stack::{self, place};
use serde::Serialize;
use std::io::{self, Write};
use std::ops::Range;

/// Flags of `disasm`.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(flatten)]
    input: InputArgs,
    /// The function of this name, or what is behind SYMBOL+N of it; with * at its end all that start so
    #[arg(long, value_name = "SYMBOL", conflicts_with = "from")]
    symbol: Option<PlaceArg>,
    /// From here on: a number, a symbol, or SYMBOL+N [default: the program counter]
    #[arg(long, value_name = "ADDRESS|SYMBOL")]
    from: Option<PlaceArg>,
    /// Up to here: a number, a symbol, or SYMBOL+N
    #[arg(long, value_name = "ADDRESS|SYMBOL", requires = "from")]
    to: Option<PlaceArg>,
    /// So many instructions
    #[arg(
        long,
        short = 'n',
        value_name = "N",
        default_value = "32",
        value_parser = crate::args::number,
        conflicts_with = "to"
    )]
    count: u64,
    #[command(flatten)]
    format: FormatArgs,
}

/// What `--json` prints of an instruction.
#[derive(Serialize)]
struct Listed {
    place: stack::Place,
    /// Its word: `0x` and 4 or 8 digits.
    word: String,
    assembly: String,
    /// Whether it is the next to be executed.
    next: bool,
}

pub(crate) fn run(app: &App, args: &Args) -> anyhow::Result<()> {
    let mut vm = args.input.open(app, "")?;
    let ranges = match &args.symbol {
        Some(place) => place.functions(vm.as_ref())?,
        None => vec![range(args, vm.as_ref())?],
    };
    to_stdout(|out| {
        ranges.into_iter().try_for_each(|range| {
            let write = if args.format.is_json() { list } else { show };
            write(vm.as_mut(), range, out)
        })
    })
}

fn range(args: &Args, vm: &dyn AnyVm) -> anyhow::Result<Range<u64>> {
    let address =
        |place: &Option<PlaceArg>| place.as_ref().map(|place| place.address(vm)).transpose();
    let from = address(&args.from)?.unwrap_or(vm.pc());
    let count = from.saturating_add(args.count.saturating_mul(4));
    let to = address(&args.to)?.unwrap_or(count);
    let len = to.checked_sub(from).context("--to lies before --from")?;
    ensure!(
        len <= LONGEST,
        "{len} bytes of code are more than the {LONGEST} that are shown at once"
    );
    Ok(from..to)
}

/// A line of JSON for each instruction.
fn list(vm: &mut dyn AnyVm, range: Range<u64>, out: &mut dyn Write) -> io::Result<()> {
    let (pc, isa) = (vm.pc(), vm.isa());
    let mut at = range.start;
    while at < range.end {
        let insn = vm.insn_at(at);
        let digits = 2 * isa.insn_len(insn) as usize;
        let listed = Listed {
            place: place(vm, at),
            word: format!("0x{insn:0digits$x}"),
            assembly: isa.disassemble(insn, at),
            next: at == pc,
        };
        json_line(out, &listed)?;
        at = at.saturating_add(isa.insn_len(insn));
    }
    Ok(())
}

fn show(vm: &mut dyn AnyVm, range: Range<u64>, out: &mut dyn Write) -> io::Result<()> {
    let (pc, isa) = (vm.pc(), vm.isa());
    let mut at = range.start;
    while at < range.end {
        let symbol = vm.symbols().at(at);
        match symbol {
            Some(symbol) if at == range.start || symbol.start == at => {
                let offset = at - symbol.start;
                let offset = if offset > 0 {
                    format!("+{offset:#x}")
                } else {
                    String::new()
                };
                writeln!(out, "{}{offset}:", symbol.readable())?;
            }
            _ => {}
        }
        let insn = vm.insn_at(at);
        let text = isa.disassemble(insn, at);
        let mark = if at == pc { ">" } else { " " };
        let word = match isa.insn_len(insn) {
            2 => format!("{insn:04x}    "),
            _ => format!("{insn:08x}"),
        };
        writeln!(out, "{mark} {at:>8x}: {word}  {text}")?;
        at = at.saturating_add(isa.insn_len(insn));
    }
    Ok(())
}
