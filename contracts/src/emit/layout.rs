//! Where a contract has things in memory and in calldata, from an ISA's table of fields.

use fpvm_core::definition::isa::{Field, Isa, ProofShape, Source, witness_len};
use fpvm_core::definition::operand::{Cell, Reg};
use fpvm_core::definition::threads::{thread_len, thread_proof_len};
use fpvm_core::definition::word::Word as _;
use fpvm_core::machine::memory::{branch_len, tree_depth};

/// Where the packed state begins in memory. Below it is what Solidity keeps for itself.
const STATE: usize = 0x100;

/// A cell of the state, or a run of them.
#[derive(Debug)]
struct Place {
    constant: String,
    first: Cell,
    count: u8,
    size: usize,
}

/// A layout.
#[derive(Debug)]
pub(super) struct Layout {
    places: Vec<Place>,
    constants: Vec<(String, usize)>,
    registers: &'static [&'static str],
    pub(super) state_len: usize,
    /// Bytes of a packed thread, and of what a proof begins with; 0 without threads.
    pub(super) thread_len: usize,
    pub(super) thread_proof_len: usize,
    pub(super) depth: usize,
    pub(super) branch_len: usize,
    pub(super) proof: ProofShape,
    pub(super) big_endian: bool,
    pub(super) bits: u32,
}

/// An operand's address as an expression, and its size.
#[derive(Debug)]
pub(super) struct Address {
    pub(super) at: String,
    pub(super) size: usize,
}

/// `nextPC` as `NEXT_PC`.
fn constant(name: &str) -> String {
    let mut out = String::new();
    let mut lower = false;
    for c in name.chars() {
        if c.is_uppercase() && lower {
            out.push('_');
        }
        lower = c.is_lowercase();
        out.extend(c.to_uppercase());
    }
    out
}

/// A field's name in a contract, where the frame around the instructions knows the field by what it
/// is for.
fn role<I: Isa>(field: &Field) -> String {
    let known = match field.source {
        Source::Version(_) => "STATE_VERSION",
        Source::MemoryRoot => "MEM_ROOT",
        Source::PreimageKey => "PREIMAGE_KEY",
        Source::Step => "STEP",
        Source::StepsSinceSwitch => "TURN_STEPS",
        Source::Threads(0) => "LEFT_STACK",
        Source::Threads(_) => "RIGHT_STACK",
        Source::Cells(..) => "REGISTERS",
        Source::Cell(cell) if cell == I::PC => "PC",
        Source::Cell(cell) if Some(cell) == I::NEXT_PC => "NEXT_PC",
        Source::Cell(cell) if cell == I::EXIT_CODE => "EXIT_CODE",
        Source::Cell(cell) if cell == I::EXITED => "EXITED",
        Source::Cell(cell) if cell == I::PREIMAGE_OFFSET => "PREIMAGE_OFFSET",
        Source::Cell(cell) if I::THREADS.is_some_and(|threads| cell == threads.side) => "SIDE",
        Source::Cell(cell) if I::THREADS.is_some_and(|threads| cell == threads.ended) => {
            "THREAD_ENDED"
        }
        Source::Cell(_) => return constant(field.name),
    };
    known.to_owned()
}

impl Layout {
    pub(super) fn of<I: Isa>() -> Self {
        let mut layout = Self {
            places: Vec::new(),
            constants: Vec::new(),
            registers: I::REGISTERS,
            state_len: witness_len(I::STATE),
            thread_len: thread_len::<I>(),
            thread_proof_len: thread_proof_len::<I>(),
            depth: tree_depth(I::Word::BITS),
            branch_len: branch_len(I::Word::BITS),
            proof: I::PROOF,
            big_endian: I::BIG_ENDIAN,
            bits: I::Word::BITS,
        };
        layout.lay_out::<I>(STATE, I::STATE);
        if let Some(threads) = I::THREADS {
            layout.lay_out::<I>(layout.thread(), threads.fields);
        }
        layout
    }

    /// Gives fields their places, packed from an address on.
    fn lay_out<I: Isa>(&mut self, at: usize, fields: &[Field]) {
        let mut offset = at;
        for field in fields {
            let role = role::<I>(field);
            let (first, count) = match field.source {
                Source::Cell(cell) => (cell, 1),
                Source::Cells(cell, count) => (cell, count),
                _ => (Cell(0), 0),
            };
            self.constants.push((role.clone(), offset));
            self.places.push(Place {
                constant: role,
                first,
                count,
                size: field.size,
            });
            offset += field.len();
        }
    }

    pub(super) fn state(&self) -> usize {
        STATE
    }

    /// Where the running thread is: after the state, and followed by the root of what is beneath it.
    pub(super) fn thread(&self) -> usize {
        STATE + self.state_len.next_multiple_of(32)
    }

    /// The first free word after the state and what a proof begins with.
    fn free(&self) -> usize {
        self.thread() + self.thread_proof_len.next_multiple_of(32)
    }

    pub(super) fn open(&self) -> usize {
        self.free()
    }

    pub(super) fn leaf(&self) -> usize {
        self.free() + 0x20
    }

    pub(super) fn branches(&self) -> usize {
        self.free() + 0x40
    }

    pub(super) fn compact(&self) -> usize {
        self.free() + 0x60
    }

    pub(super) fn previous(&self) -> usize {
        self.free() + 0x80
    }

    pub(super) fn call(&self) -> usize {
        self.free() + 0xa0
    }

    pub(super) fn branch(&self) -> usize {
        self.call() + 0x60
    }

    /// The sibling at a level.
    pub(super) fn sibling(&self, level: usize) -> usize {
        self.branch() + 32 * (level + 1)
    }

    /// The root of an empty subtree of some height.
    pub(super) fn empty(&self, level: usize) -> usize {
        self.sibling(self.depth) + 32 * level
    }

    /// Where the proof's bytes are in calldata: after selector, three heads, the state's length and
    /// the state, and the proof's length.
    pub(super) fn proof_offset(&self) -> usize {
        132 + self.state_len.next_multiple_of(32) + 32
    }

    /// Where its branches are: after the running thread, where there are several.
    pub(super) fn branches_offset(&self) -> usize {
        self.proof_offset() + self.thread_proof_len
    }

    /// Names and addresses of the fields.
    pub(super) fn constants(&self) -> impl Iterator<Item = &(String, usize)> {
        self.constants.iter()
    }

    fn find(&self, cell: Cell) -> Option<&Place> {
        let holds = |place: &&Place| (place.first.0..place.first.0 + place.count).contains(&cell.0);
        self.places.iter().find(holds)
    }

    /// Size in bytes of a cell in the packed state; 0 where it is not there.
    pub(super) fn size(&self, cell: Cell) -> usize {
        self.find(cell).map_or(0, |place| place.size)
    }
}

impl Layout {
    /// Where a register operand is.
    pub(super) fn place(&self, r: Reg) -> Address {
        match r {
            Reg::Field { lo, bits, base } => {
                let size = self.size(Cell(0));
                let scale = size.trailing_zeros();
                let mask = ((1usize << bits) - 1) << scale;
                let number = match u32::from(lo).checked_sub(scale) {
                    Some(0) => "insn".to_owned(),
                    Some(shift) => format!("shr({shift}, insn)"),
                    None => format!("shl({}, insn)", scale - u32::from(lo)),
                };
                let offset = format!("and({number}, {mask:#x})");
                let first = match usize::from(base) * size {
                    0 => "REGISTERS".to_owned(),
                    offset => format!("add(REGISTERS, {offset:#x})"),
                };
                let at = format!("add({first}, {offset})");
                Address { at, size }
            }
            Reg::Fixed(cell) => {
                let Some(place) = self.find(cell) else {
                    let (at, size) = ("0".to_owned(), 0);
                    return Address { at, size };
                };
                let offset = usize::from(cell.0 - place.first.0) * place.size;
                let (constant, size) = (&place.constant, place.size);
                let at = match offset {
                    0 => constant.clone(),
                    _ => format!("add({constant}, {offset:#x})"),
                };
                Address { at, size }
            }
        }
    }

    /// A variable's name for what a cell holds.
    pub(super) fn name(&self, cell: Cell) -> String {
        if let Some(name) = self.registers.get(usize::from(cell.0)) {
            return (*name).to_owned();
        }
        let constant = self.find(cell).map_or("CELL", |place| &place.constant);
        let mut words = constant.split('_');
        let first = words.next().unwrap_or_default().to_lowercase();
        words.fold(first, |name, word| {
            let (head, tail) = word.split_at(1);
            name + head + &tail.to_lowercase()
        })
    }
}
