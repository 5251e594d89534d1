//! Broken instruction sets, each wrong in one place: what the checks say of it.

use fpvm_core::definition::isa::{
    ElfTarget, Field, FileFormat, Isa, JsonPages, Operand, Pattern, ProofShape, Source, Visitor,
};
use fpvm_core::definition::machine::{Bin, Fault, Machine};
use fpvm_core::definition::operand::{Cell, Imm, Reg};
use fpvm_core::instructions;
use fpvm_lint::rules::{Rule, check};
use fpvm_lint::{Effort, conformance_with};

type Done<M> = Result<(), <M as Machine>::Stop>;

const RD: Reg = Reg::Field {
    lo: 16,
    bits: 2,
    base: 0,
};
const IMM: Imm = Imm::unsigned(0, 16);
const PC: Cell = Cell(4);
const EXIT_CODE: Cell = Cell(5);
const EXITED: Cell = Cell(6);
const PREIMAGE_OFFSET: Cell = Cell(7);
const COUNT: Cell = Cell(8);
const UNKNOWN: Fault = Fault {
    code: 1,
    text: "unknown instruction",
};

const fn field(name: &'static str, size: usize, source: Source) -> Field {
    Field { name, size, source }
}

/// A state with fields of an ISA's own after those that every machine has.
macro_rules! state {
    ($($more:expr),*) => {
        &[
            field("memRoot", 32, Source::MemoryRoot),
            field("pc", 4, Source::Cell(PC)),
            field("exit", 1, Source::Cell(EXIT_CODE)),
            field("exited", 1, Source::Cell(EXITED)),
            field("step", 8, Source::Step),
            field("registers", 4, Source::Cells(Cell(0), 4)),
            $($more,)*
        ]
    };
}

const PLAIN: &[Field] = state![];
const OPERANDS: &[(&str, Operand)] = &[("rd", Operand::Reg(RD)), ("imm", Operand::Imm(IMM))];

/// An ISA with the instruction `addi` and others.
macro_rules! isa {
    ($name:ident, $state:expr, $($row:ident = $mask:expr, $value:expr, $format:literal => $body:path;)*) => {
        mod $name {
            use super::*;

            instructions! {
                /// Instruction kinds.
                pub(super) enum Op, TABLE, dispatch, UNKNOWN;
                addi = 0xff00_0000, 0x0100_0000, "{rd}, {imm}" => addi;
                $($row = $mask, $value, $format => $body;)*
            }

            /// The instruction set.
            #[derive(Clone, Copy, Default, Debug)]
            pub(super) struct Toy;

            impl Isa for Toy {
                type Word = u32;
                type Op = Op;

                const NAME: &'static str = stringify!($name);
                const VM_TYPE: &'static str = stringify!($name);
                const BIG_ENDIAN: bool = false;
                const DELAY_SLOT: bool = false;
                const TABLE: &'static [Pattern] = TABLE;
                const OPERANDS: &'static [(&'static str, Operand)] = super::OPERANDS;
                const REGISTERS: &'static [&'static str] = &["zero", "a", "b", "c"];
                const STATE: &'static [Field] = $state;
                const PROOF: ProofShape = ProofShape::UpTo(2);
                const FILE: FileFormat = FileFormat {
                    version: Some(201),
                    json_pages: JsonPages::Hex,
                    trailer: false,
                };
                const ELF: Option<ElfTarget> = None;
                const PC: Cell = super::PC;
                const NEXT_PC: Option<Cell> = None;
                const EXIT_CODE: Cell = super::EXIT_CODE;
                const EXITED: Cell = super::EXITED;
                const PREIMAGE_OFFSET: Cell = super::PREIMAGE_OFFSET;
                const HEAP: Option<Cell> = None;
                const UNDEFINED: Fault = UNKNOWN;

                fn fetch<M: Machine>(_: &mut M) -> Done<M> {
                    Ok(())
                }

                fn dispatch<V: Visitor>(op: Op, visitor: V) -> V::Output {
                    dispatch(op, visitor)
                }
            }
        }
    };
}

fn addi<M: Machine>(m: &mut M) -> Done<M> {
    let (old, by) = (m.reg(RD), m.imm(IMM));
    let sum = m.add(old, by);
    m.set_reg(RD, sum);
    Ok(())
}

/// Counts how often it ran, in a cell.
fn count<M: Machine>(m: &mut M) -> Done<M> {
    let before = m.get(COUNT);
    let after = m.add_k(before, 1);
    m.set(COUNT, after);
    Ok(())
}

/// Counts in one byte, and says so.
fn count_to_255<M: Machine>(m: &mut M) -> Done<M> {
    let before = m.get(COUNT);
    let after = m.add_k(before, 1);
    let after = m.and_k(after, 0xff);
    m.set(COUNT, after);
    Ok(())
}

/// A flag or the top of a word: both fit a byte.
fn small<M: Machine>(m: &mut M) -> Done<M> {
    let (a, by) = (m.reg(RD), m.constant(24));
    let zero = m.eq_k(a, 0);
    let (flag, top) = (m.word(zero), m.bin(Bin::Shr, a, by));
    let chosen = m.select(zero, flag, top);
    m.set(COUNT, chosen);
    Ok(())
}

fn empty<M: Machine>(_: &mut M) -> Done<M> {
    Ok(())
}

fn pause<M: Machine>(m: &mut M) -> Done<M> {
    m.nothing();
    Ok(())
}

fn busy<M: Machine>(m: &mut M) -> Done<M> {
    m.nothing();
    addi(m)
}

fn read<M: Machine>(m: &mut M) -> Done<M> {
    let (at, count) = (m.reg(RD), m.imm(IMM));
    let n = m.preimage_read(at, count, 4, UNKNOWN)?;
    m.set_reg(RD, n);
    Ok(())
}

/// What is found: the place and the rule.
fn found<I: Isa>() -> Vec<(String, Rule)> {
    let found = check::<I>().into_iter();
    found
        .map(|(place, violation)| (place, violation.rule))
        .collect()
}

fn one(place: &str, rule: Rule) -> Vec<(String, Rule)> {
    vec![(place.to_owned(), rule)]
}

isa! { sound, state![field("count", 4, Source::Cell(COUNT))],
count = 0xff00_0000, 0x0200_0000, "" => count; }

#[test]
fn a_sound_one_conforms() {
    assert_eq!(found::<sound::Toy>(), []);
    let effort = Effort {
        programs: 20,
        ..Effort::default()
    };
    let report = conformance_with::<sound::Toy>(effort).unwrap();
    assert_eq!((report.instructions, report.programs), (2, 20));
    assert!(report.proofs > 100, "{report}");
}

isa! { uncommitted, PLAIN, count = 0xff00_0000, 0x0200_0000, "" => count; }

#[test]
fn a_cell_that_the_state_does_not_have_is_found() {
    // Read and written.
    let wrong = one("count", Rule::Uncommitted);
    assert_eq!(found::<uncommitted::Toy>(), [wrong.clone(), wrong].concat());
    let text = conformance_with::<uncommitted::Toy>(Effort::default())
        .unwrap_err()
        .to_string();
    assert!(
        text.contains("cell 8 is written, and `STATE` does not commit to it"),
        "{text}"
    );
}

isa! { narrow, state![field("count", 1, Source::Cell(COUNT))],
count = 0xff00_0000, 0x0200_0000, "" => count; }
isa! { narrow_enough, state![field("count", 1, Source::Cell(COUNT))],
count = 0xff00_0000, 0x0200_0000, "" => count_to_255;
small = 0xff00_0000, 0x0300_0000, "{rd}" => small; }

#[test]
fn a_value_that_its_field_has_no_room_for_is_found() {
    assert_eq!(found::<narrow::Toy>(), one("count", Rule::Narrow));
    assert_eq!(found::<narrow_enough::Toy>(), []);
}

isa! { preimages, PLAIN, read = 0xff00_0000, 0x0200_0000, "{rd}, {imm}" => read; }

#[test]
fn a_preimage_key_and_offset_that_the_state_does_not_have_are_found() {
    let wrong = one("read", Rule::Uncommitted);
    assert_eq!(found::<preimages::Toy>(), [wrong.clone(), wrong].concat());
}

isa! { registers, &[
    field("memRoot", 32, Source::MemoryRoot),
    field("pc", 4, Source::Cell(PC)),
    field("exit", 1, Source::Cell(EXIT_CODE)),
    field("exited", 1, Source::Cell(EXITED)),
    field("step", 8, Source::Step),
    field("registers", 4, Source::Cells(Cell(0), 3)),
], }

#[test]
fn a_register_that_an_operand_can_name_and_the_state_does_not_have_is_found() {
    let wrong = one("addi", Rule::Uncommitted);
    assert_eq!(found::<registers::Toy>(), [wrong.clone(), wrong].concat());
}

isa! { ambiguous, PLAIN, wide = 0x8f00_0007, 0x0100_0000, "" => pause; }
isa! { decided, PLAIN,
half = 0xfc00_000f, 0x0000_0000, "{rd}" => addi;
other = 0x0f00_003f, 0x0000_0000, "" => pause;
both = 0xff00_003f, 0x0000_0000, "" => pause; }
isa! { dead, PLAIN, never = 0xff00_0000, 0x0200_0001, "" => pause; }

#[test]
fn rows_that_fit_the_same_words_with_as_many_mask_bits_are_found() {
    // `wide` has eight mask bits, as `addi` has, and 0x01000000 fits both.
    assert_eq!(found::<ambiguous::Toy>(), one("wide", Rule::Table));
    // A row that takes just the words in question decides.
    assert_eq!(found::<decided::Toy>(), []);
    assert_eq!(found::<dead::Toy>(), one("never", Rule::Table));
}

isa! { operand, PLAIN,
neg = 0xff00_0000, 0x0200_0000, "{rd}, {ra}" => addi;
open = 0xff00_0000, 0x0300_0000, "{rd}, {imm" => addi; }

#[test]
fn an_operand_that_does_not_exist_is_found() {
    let wrong = [one("neg", Rule::Operand), one("open", Rule::Operand)].concat();
    assert_eq!(found::<operand::Toy>(), wrong);
}

isa! { reserved, state![field("break", 4, Source::Cell(COUNT))],
count = 0xff00_0000, 0x0200_0000, "" => count; }
isa! { spaced, state![field("a count", 4, Source::Cell(COUNT))],
count = 0xff00_0000, 0x0200_0000, "" => count; }

#[test]
fn a_field_that_soliditys_assembly_cannot_name_is_found() {
    assert_eq!(found::<reserved::Toy>(), one("break", Rule::Name));
    assert_eq!(found::<spaced::Toy>(), one("a count", Rule::Name));
}

isa! { odd, state![field("count", 3, Source::Cell(COUNT))], }
isa! { rootless, &[
    field("pc", 4, Source::Cell(PC)),
    field("exited", 1, Source::Cell(EXITED)),
    field("registers", 4, Source::Cells(Cell(0), 4)),
], }

#[test]
fn a_state_without_what_every_machine_has_is_found() {
    assert_eq!(found::<odd::Toy>(), one("count", Rule::State));
    // Memory's root, the step counter, the exit code.
    let wrong = one("(state)", Rule::Uncommitted);
    let wrong = [wrong.clone(), wrong.clone(), wrong].concat();
    assert_eq!(found::<rootless::Toy>(), wrong);
}

isa! { idle, PLAIN, empty = 0xff00_0000, 0x0200_0000, "" => empty; }
isa! { declared, PLAIN, pause = 0xff00_0000, 0x0200_0000, "" => pause; }
isa! { busy_one, PLAIN, busy = 0xff00_0000, 0x0200_0000, "{rd}, {imm}" => busy; }

#[test]
fn an_instruction_that_does_nothing_says_so() {
    assert_eq!(found::<idle::Toy>(), one("empty", Rule::Nothing));
    assert_eq!(found::<declared::Toy>(), []);
    assert_eq!(found::<busy_one::Toy>(), one("busy", Rule::Nothing));
}
