//! What an ISA declares: its instruction table, its state layout, its files and its programs.
//!
//! A new ISA is a crate with an [`Isa`]; runner, prover, verifier and command line follow.

use crate::definition::machine::{Fault, Machine};
use crate::definition::operand::{Cell, Imm, Reg};
use crate::definition::word::Word;
use core::fmt::Debug;
use core::hash::Hash;

/// One row of an instruction table.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Pattern {
    /// Assembly mnemonic.
    pub name: &'static str,
    /// Which bits of the instruction word decide.
    pub mask: u32,
    /// What they have to be. Where several rows fit, the one with the most mask bits wins.
    pub value: u32,
    /// Operands as assembly text; a name in `{}` is one of [`Isa::OPERANDS`].
    pub format: &'static str,
}

/// An operand that a [`Pattern::format`] can name.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Operand {
    /// A register, shown by its name.
    Reg(Reg),
    /// A number, shown in decimal where signed, else in hex.
    Imm(Imm),
    /// A branch target relative to the instruction's own address plus this constant.
    Target(Imm, u64),
    /// A jump target that keeps the high bits of the next instruction's address: low 28 bits.
    Region(Imm),
}

/// An instruction kind: a row number of the table, as a type that `match` can be exhaustive over.
pub trait Op: Copy + Eq + Hash + Debug + Send + Sync + 'static {
    /// All kinds, in the order of the table; the last is the undefined instruction.
    const ALL: &'static [Self];
    /// Row number; `Isa::TABLE.len()` for the undefined instruction.
    fn index(self) -> usize;
}

/// Where a witness field comes from.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Source {
    /// A number that names the VM type, one byte, in a field "version": a state with another is refused.
    Version(u8),
    /// The Merkle root of memory, 32 bytes.
    MemoryRoot,
    /// The pre-image key, 32 bytes.
    PreimageKey,
    /// The step counter, 8 bytes.
    Step,
    /// Steps since the running thread's turn began, 8 bytes; after [`Source::Step`].
    StepsSinceSwitch,
    /// The root of the left (0) or right (1) stack of threads, 32 bytes.
    Threads(u8),
    /// A cell.
    Cell(Cell),
    /// This many cells from the first on, each of the field's size.
    Cells(Cell, u8),
}

/// A field of the packed state (the witness), integers big-endian.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Field {
    /// Name, as in JSON state files.
    pub name: &'static str,
    /// Size in bytes of one value.
    pub size: usize,
    /// What it holds.
    pub source: Source,
}

impl Field {
    /// Bytes in the packed state.
    pub const fn len(&self) -> usize {
        match self.source {
            Source::Cells(_, count) => self.size * count as usize,
            _ => self.size,
        }
    }

    /// Whether the field takes no room.
    pub const fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

impl Source {
    /// Whether binary state files have the field where the witness has it: not the version, which they
    /// begin with, nor a commitment, in whose place they hold what it commits to.
    pub const fn in_files(self) -> bool {
        !matches!(self, Self::Version(_) | Self::MemoryRoot | Self::Threads(_))
    }
}

/// Bytes of the packed state that these fields make.
pub const fn witness_len(fields: &[Field]) -> usize {
    let (mut len, mut i) = (0, 0);
    while i < fields.len() {
        len += fields[i].len();
        i += 1;
    }
    len
}

/// The threads of a VM that has several: see [`crate::definition::threads`].
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Threads {
    /// The packed thread, of cells alone. They are the running thread's.
    pub fields: &'static [Field],
    /// The stack that is active: 0 left, else right.
    pub side: Cell,
    /// Not 0 where the running thread has ended: the next step is [`Isa::context_switch`].
    pub ended: Cell,
    /// Steps of a turn, after which the next step is [`Isa::context_switch`].
    pub quantum: u64,
}

/// A reserved word in memory, as load-linked and store-conditional need it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Reservation {
    /// An address in the word. A write to that word, by whatever, clears all of `cells`.
    pub address: Cell,
    /// The cells that are the reservation.
    pub cells: &'static [Cell],
}

/// How many branches a step's proof has; each is a leaf and its siblings, bottom up.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum ProofShape {
    /// Always this many; branches that the step does not use are zero and never looked at.
    Fixed(usize),
    /// One for each leaf that the step uses, the instruction's and then its data's, up to this many.
    UpTo(usize),
}

/// How pages are written in JSON state files.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum JsonPages {
    /// base64 of the zlib-compressed page.
    Base64Zlib,
    /// Hex digits without prefix.
    Hex,
}

/// The state files of a VM, as far as they differ: fields and their order come from [`Isa::STATE`].
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct FileFormat {
    /// Leading version byte of binary files.
    pub version: Option<u8>,
    /// Pages in JSON files.
    pub json_pages: JsonPages,
    /// Whether files end with the witness and the state hash.
    pub trailer: bool,
}

/// Which ELF files an ISA takes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct ElfTarget {
    /// In words, for errors.
    pub name: &'static str,
    /// `e_machine`.
    pub machine: u16,
    /// Whether 64-bit (ELFCLASS64).
    pub is_64: bool,
    /// Whether big-endian.
    pub big_endian: bool,
}

/// An instruction set with its state and system calls: all that the framework knows of a VM.
pub trait Isa: Copy + Default + Debug + Send + Sync + 'static {
    /// Guest word.
    type Word: Word;
    /// Instruction kind; made by [`crate::instructions!`].
    type Op: Op;

    /// The ISA's name. VMs that share it are one ISA's, in several versions.
    const NAME: &'static str;
    /// The VM type, as upstream names it.
    const VM_TYPE: &'static str;
    /// Byte order of instructions and data in memory.
    const BIG_ENDIAN: bool;
    /// Whether the instruction after a branch runs before the branch's target.
    const DELAY_SLOT: bool;
    /// Bits that are all set in the first two bytes (as a number) of an instruction of four bytes, and
    /// not all in one of two, which is then a word with zeros above. 0 where all have four bytes.
    const COMPRESSED_MASK: u32 = 0;
    /// The instruction table.
    const TABLE: &'static [Pattern];
    /// Operand names of the table's formats.
    const OPERANDS: &'static [(&'static str, Operand)];
    /// Names of the general registers.
    const REGISTERS: &'static [&'static str];
    /// The packed state, in order.
    const STATE: &'static [Field];
    /// Branches of a proof.
    const PROOF: ProofShape;
    /// State files.
    const FILE: FileFormat;
    /// ELF files; none where the ISA brings its own loader.
    const ELF: Option<ElfTarget>;

    /// Program counter.
    const PC: Cell;
    /// The program counter after this instruction; only with a delay slot.
    const NEXT_PC: Option<Cell>;
    /// Exit code, one byte.
    const EXIT_CODE: Cell;
    /// 1 once the program ended.
    const EXITED: Cell;
    /// Offset of the next pre-image read.
    const PREIMAGE_OFFSET: Cell;
    /// Heap pointer, where there is one.
    const HEAP: Option<Cell>;

    /// Threads, where there are several.
    const THREADS: Option<Threads> = None;
    /// The reservation that any write to its word clears, where there is one.
    const RESERVATION: Option<Reservation> = None;

    /// A step that executes no instruction but changes threads; only with [`Isa::THREADS`].
    fn context_switch<M: Machine>(_m: &mut M) -> Result<(), M::Stop> {
        Ok(())
    }
    /// Checks that an instruction can be fetched at the program counter, before it is; only traps.
    fn fetch<M: Machine>(m: &mut M) -> Result<(), M::Stop>;
    /// Hands an instruction's semantics to a visitor; made by [`crate::instructions!`].
    fn dispatch<V: Visitor>(op: Self::Op, visitor: V) -> V::Output;
    /// The semantics of an instruction.
    #[inline(always)]
    fn execute<M: Machine>(op: Self::Op, m: &mut M) -> Result<(), M::Stop> {
        Self::dispatch(op, On(m))
    }
    /// What an instruction that is in no row faults with.
    const UNDEFINED: Fault;
}

/// The semantics of one instruction, as a type: so a function that is made of it for some machine
/// has an address, which a run loop can keep beside each decoded instruction.
pub trait Semantics: 'static {
    /// The instruction word of its row, without operands; of what is in no row, all ones.
    const WORD: u32 = u32::MAX;

    /// Runs the instruction on a machine.
    fn run<M: Machine>(m: &mut M) -> Result<(), M::Stop>;
}

/// Something done with the semantics of one instruction.
pub trait Visitor {
    /// What comes of it.
    type Output;
    /// Visits an instruction.
    fn visit<S: Semantics>(self) -> Self::Output;
}

/// The visitor that runs an instruction on a machine.
struct On<'m, M>(&'m mut M);

impl<M: Machine> Visitor for On<'_, M> {
    type Output = Result<(), M::Stop>;

    #[inline(always)]
    fn visit<S: Semantics>(self) -> Self::Output {
        S::run(self.0)
    }
}

/// Declares an ISA's instruction table: for each instruction its mnemonic, mask, value, operand
/// format and the function with its semantics. Makes the enum of instruction kinds, the table and
/// the dispatch from it.
///
/// ```text
/// instructions! {
///     /// Instruction kinds.
///     pub enum Op, TABLE, dispatch, UNDEFINED;
///     sltu = 0xfc0007ff, 0x0000002b, "{rd}, {rs}, {rt}" => alu::sltu;
/// }
/// ```
#[macro_export]
macro_rules! instructions {
    ($(#[$doc:meta])* $vis:vis enum $op:ident, $table:ident, $dispatch:ident, $undefined:ident;
     $($name:ident = $mask:expr, $value:expr, $format:literal => $body:path;)*) => {
        $(#[$doc])*
        #[allow(non_camel_case_types, missing_docs, clippy::upper_case_acronyms)]
        #[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
        #[repr(u8)]
        $vis enum $op { $($name,)* undefined_instruction }

        impl $crate::definition::isa::Op for $op {
            const ALL: &'static [Self] = &[$($op::$name,)* $op::undefined_instruction];
            #[inline(always)]
            fn index(self) -> usize { self as usize }
        }

        /// The instruction table.
        $vis const $table: &[$crate::definition::isa::Pattern] = &[$($crate::definition::isa::Pattern {
            name: $crate::definition::isa::mnemonic(stringify!($name)), mask: $mask, value: $value, format: $format,
        },)*];

        /// Hands an instruction's semantics to a visitor.
        #[inline(always)]
        $vis fn $dispatch<V: $crate::definition::isa::Visitor>(op: $op, visitor: V) -> V::Output {
            match op {
                $($op::$name => $crate::semantics!(visitor, $value, m => $body(m)),)*
                $op::undefined_instruction => {
                    $crate::semantics!(visitor, u32::MAX, m => $crate::definition::machine::Machine::trap(m, $undefined))
                }
            }
        }
    };
}

/// Hands a visitor an expression over a machine as [`isa::Semantics`](crate::definition::isa::Semantics).
#[doc(hidden)]
#[macro_export]
macro_rules! semantics {
    ($visitor:expr, $word:expr, $m:ident => $run:expr) => {{
        struct Row;
        impl $crate::definition::isa::Semantics for Row {
            const WORD: u32 = $word;

            #[inline(always)]
            fn run<M: $crate::definition::machine::Machine>($m: &mut M) -> Result<(), M::Stop> {
                $run
            }
        }
        $visitor.visit::<Row>()
    }};
}

/// The mnemonic of an identifier: a trailing underscore (`and_`, `break_`) is not part of it.
pub const fn mnemonic(identifier: &'static str) -> &'static str {
    let bytes = identifier.as_bytes();
    if !bytes.is_empty() && bytes[bytes.len() - 1] == b'_' {
        identifier.split_at(identifier.len() - 1).0
    } else {
        identifier
    }
}
