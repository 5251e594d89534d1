//! From an instruction word to its case, by the decision tree over the table.

use super::Faults;
use super::layout::Layout;
use super::printer::{self, Printer, print};
use super::text::{block, number};
use fpvm_core::definition::decode::{Tree, undefined};
use fpvm_core::definition::isa::{Isa, Op, Pattern, Semantics, Visitor};
use std::convert::Infallible;

/// The lines that choose an instruction and run it, as `I` has it or, where the contract is told the
/// other's state version, as `Old` has it. Both may be the same.
pub(super) fn dispatch<I: Isa, Old: Isa<Op = I::Op>>(
    layout: &Layout,
    faults: &mut Faults,
) -> Vec<String> {
    let bodies = I::Op::ALL.iter();
    let bodies = bodies.map(|op| {
        let (new, old) = (
            body::<I>(*op, layout, faults),
            body::<Old>(*op, layout, faults),
        );
        match Old::FILE.version {
            Some(version) if new != old => either(version, &new, &old),
            _ => new,
        }
    });
    let bodies: Vec<_> = bodies.collect();
    let undefined = undefined::<I>().index();
    Printing {
        table: I::TABLE,
        bodies: &bodies,
        undefined,
    }
    .tree(&Tree::of(I::TABLE), 0)
}

/// The lines of one instruction, its name and operands first.
fn body<I: Isa>(op: I::Op, layout: &Layout, faults: &mut Faults) -> Vec<String> {
    let head = I::TABLE.get(op.index()).map(|row| {
        let operands = row.format.replace(['{', '}'], "");
        format!("// {} {operands}", row.name).trim_end().to_owned()
    });
    let mut lines: Vec<String> = head.into_iter().collect();
    lines.extend(print::<I>(layout, faults, |machine| {
        I::dispatch(op, On(machine))
    }));
    lines
}

/// The lines of two state versions of an instruction: what they do not have in common is chosen by
/// the version.
fn either(version: u8, new: &[String], old: &[String]) -> Vec<String> {
    let pairs = new.iter().zip(old);
    let mut head = pairs.take_while(|(new, old)| new == old).count();
    let pairs = new[head..].iter().rev().zip(old[head..].iter().rev());
    let mut tail = pairs.take_while(|(new, old)| new == old).count();
    // The parts that differ have to be whole blocks.
    let part =
        |lines: &[String], head: usize, tail: usize| lines[head..lines.len() - tail].to_vec();
    while head + tail > 0
        && ![new, old]
            .iter()
            .all(|lines| is_whole(&part(lines, head, tail)))
    {
        head = head.saturating_sub(1);
        tail = tail.saturating_sub(1);
    }
    let indent = new
        .get(head)
        .map_or(0, |line| line.len() - line.trim_start().len());
    let part = |lines| -> Vec<String> {
        let lines = part(lines, head, tail);
        lines
            .iter()
            .map(|line| line[indent.min(line.len())..].to_owned())
            .collect()
    };
    let mut choice = vec![format!("switch eq(version_, {version})")];
    choice.extend(block("case 1", &part(old)));
    choice.extend(block("default", &part(new)));
    let mut lines = new[..head].to_vec();
    lines.extend(choice.iter().map(|line| " ".repeat(indent) + line));
    lines.extend_from_slice(&new[new.len() - tail..]);
    lines
}

/// Whether lines close all the blocks that they open, and no other.
fn is_whole(lines: &[String]) -> bool {
    let mut depth = 0;
    for brace in lines.iter().flat_map(|line| line.chars()) {
        match brace {
            '{' => depth += 1,
            '}' => depth -= 1,
            _ => {}
        }
        if depth < 0 {
            return false;
        }
    }
    depth == 0
}

struct On<'m, 'a, I: Isa>(&'m mut Printer<'a, I>);

impl<I: Isa> Visitor for On<'_, '_, I> {
    type Output = Result<(), Infallible>;

    fn visit<S: Semantics>(self) -> Self::Output {
        S::run(self.0)
    }
}

struct Printing<'a> {
    table: &'a [Pattern],
    bodies: &'a [Vec<String>],
    undefined: usize,
}

impl Printing<'_> {
    /// The lines of a tree, where the bits of `known` are decided.
    fn tree(&self, tree: &Tree, known: u32) -> Vec<String> {
        match tree {
            Tree::Switch { lo, bits, children } => {
                let mask = ((1u64 << bits) - 1) as u32;
                let known = known | mask << lo;
                let cases = (0..).zip(children);
                let cases = cases.map(|(value, child)| (value, self.tree(child, known)));
                let shifted = if *lo == 0 {
                    "insn".to_owned()
                } else {
                    format!("shr({lo}, insn)")
                };
                let value = if lo + bits == 32 {
                    shifted
                } else {
                    format!("and({shifted}, {})", number(mask.into()))
                };
                printer::switch(&value, cases.collect())
            }
            Tree::Rows(rows) => self.rows(rows, known),
        }
    }

    fn rows(&self, rows: &[usize], known: u32) -> Vec<String> {
        let Some((row, rest)) = rows.split_first() else {
            return self.bodies[self.undefined].clone();
        };
        let Pattern { mask, value, .. } = self.table[*row];
        if mask & !known == 0 {
            return self.bodies[*row].clone();
        }
        let open = mask & !known;
        let rest = if open.is_power_of_two() {
            // Where this row does not fit, the one bit is the other: known, and against some rows.
            let can = |row: &&usize| {
                let other = self.table[**row];
                other.mask & open == 0 || other.value & open != value & open
            };
            let rest: Vec<usize> = rest.iter().filter(can).copied().collect();
            self.rows(&rest, known | open)
        } else {
            self.rows(rest, known)
        };
        if self.bodies[*row] == rest {
            return rest;
        }
        let fits = format!(
            "eq(and(insn, {open:#x}), {})",
            number((value & open).into())
        );
        let mut lines = vec![format!("switch {fits}")];
        lines.extend(block("case 1", &self.bodies[*row]));
        lines.extend(block("default", &rest));
        lines
    }
}
