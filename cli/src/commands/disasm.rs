//! `disasm`: instructions as assembly text, from a program or a state.

use crate::app::App;
use crate::args::missing;
use crate::input::InputArgs;
use crate::output::to_stdout;
use anyhow::{Context as _, ensure};
use fpvm::AnyVm;
use fpvm_core::formats::symbols::Symbol;
use std::io::{self, Write};
use std::ops::Range;

/// Flags of `disasm`.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(flatten)]
    input: InputArgs,
    /// The function of this name; with * at its end all that start so
    #[arg(long, value_name = "NAME", conflicts_with = "from")]
    symbol: Option<String>,
    /// From this address on [default: the program counter]
    #[arg(long, value_name = "ADDRESS", value_parser = crate::args::number)]
    from: Option<u64>,
    /// Up to this address
    #[arg(long, value_name = "ADDRESS", value_parser = crate::args::number, requires = "from")]
    to: Option<u64>,
    /// So many instructions
    #[arg(
        long,
        short = 'n',
        value_name = "N",
        default_value_t = 32,
        conflicts_with = "to"
    )]
    count: u32,
}

/// The most code that is shown at once, in bytes: a range given by mistake should end some day.
const LIMIT: u64 = 1 << 30;

pub(crate) fn run(app: &App, args: &Args) -> anyhow::Result<()> {
    let mut vm = args.input.open(app, "")?;
    let ranges = match &args.symbol {
        Some(name) => named(vm.as_ref(), name)?,
        None => vec![range(args, vm.pc())?],
    };
    to_stdout(|out| {
        ranges
            .into_iter()
            .try_for_each(|range| show(vm.as_mut(), range, out))
    })
}

/// The functions that a name or a prefix with * stands for.
fn named(vm: &dyn AnyVm, name: &str) -> anyhow::Result<Vec<Range<u64>>> {
    let symbols = vm.symbols().all();
    ensure!(
        !symbols.is_empty(),
        "there are no symbols: give --meta, or the ELF file they are in"
    );
    let fits = |symbol: &&Symbol| match name.strip_suffix('*') {
        Some(prefix) => {
            symbol.size > 0
                && (symbol.name.starts_with(prefix) || symbol.readable().starts_with(prefix))
        }
        None => symbol.name == name || symbol.readable() == name,
    };
    let ranges = symbols.iter().filter(fits).map(|symbol| {
        let size = symbol.size.clamp(4, LIMIT);
        symbol.start..symbol.start.saturating_add(size)
    });
    let ranges: Vec<_> = ranges.collect();
    ensure!(!ranges.is_empty(), missing(vm.symbols(), name));
    Ok(ranges)
}

fn range(args: &Args, pc: u64) -> anyhow::Result<Range<u64>> {
    let from = args.from.unwrap_or(pc);
    let to = args
        .to
        .unwrap_or(from.saturating_add(u64::from(args.count) * 4));
    let len = to.checked_sub(from).context("--to lies before --from")?;
    ensure!(
        len <= LIMIT,
        "{len} bytes of code are more than the {LIMIT} that are shown at once"
    );
    Ok(from..to)
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
