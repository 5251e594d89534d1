//! The block of memory that translated code works in, and the way into that code.

use crate::Departure;
use crate::asm::{Alu, Asm, Mem, Reg};
use crate::buffer::CodeBuffer;
use crate::emit::{Common, find};
use crate::layout::{
    ACCESS_AT, ADDRESS_AT, BIAS, BUDGET, BUDGET_AT, CONTEXT, CONTEXT_LEN, FLAGS, FLAGS_AT,
    IDENTITY_END_AT, JUMPS, JUMPS_AT, LOADS_AT, LOOK_UP_AT, Layout, MEMORY, MEMORY_AT, NOT_READY,
    PAGED_AT, PAGES, REFUSAL_AT, STORE, STORES_AT, TWO_PAGES, field,
};
use fpvm_core::definition::isa::Isa;
use fpvm_core::definition::operand::Cell;
use fpvm_core::definition::state::State;
use fpvm_core::definition::word::Word;
use fpvm_core::machine::memory::{PAGE_SIZE, PagedMemory};

/// The number of the exit for a jump to an address that has no trace.
pub(crate) const LOST: u32 = 0;

const SAVED: [Reg; 6] = [Reg::Rbx, Reg::Rbp, Reg::R12, Reg::R13, Reg::R14, Reg::R15];
const CALLER_SAVED: [Reg; 9] = [
    Reg::Rax,
    Reg::Rcx,
    Reg::Rdx,
    Reg::Rsi,
    Reg::Rdi,
    Reg::R8,
    Reg::R9,
    Reg::R10,
    Reg::R11,
];

/// The code that all traces share: into them and out of them. Starts with the way in.
///
/// ```text
/// enter:   push …              ; the registers that a function keeps
///          sub rsp, 8          ; six registers and the return address: eight bytes more align the stack
///          lea rbp, [rdi + 128]
///          mov rax, rsi
///          mov r14, [budget]
///          …                   ; memory, flags, the pinned cells
///          jmp rax
/// leave:   …                   ; the pinned cells and the budget, back to the context
///          ret                 ; eax has the exit
/// lost:    mov [address], rax
///          mov eax, 0
///          jmp leave
/// look_up: push …              ; the registers that a called function may change
///          lea rdi, [rbp - 128]
///          call [look_up_at]
///          test eax, eax
///          pop …
///          ret
/// ```
pub(crate) fn common(asm: &mut Asm, layout: &Layout) -> Common {
    let wide = layout.wide;
    for reg in SAVED {
        asm.push(reg);
    }
    asm.alu_imm(Alu::Sub, true, Reg::Rsp, 8);
    asm.lea(true, CONTEXT, Mem::at(Reg::Rdi, BIAS));
    asm.mov(true, Reg::Rax, Reg::Rsi);
    asm.mov(true, BUDGET, field(BUDGET_AT));
    if !wide {
        asm.mov(true, MEMORY, field(MEMORY_AT));
        asm.mov(true, FLAGS, field(FLAGS_AT));
    }
    for (cell, pin) in layout.pinned() {
        asm.mov(wide, pin, layout.cell(cell));
    }
    asm.jmp_indirect(Reg::Rax);

    let leave = asm.label();
    for (cell, pin) in layout.pinned() {
        asm.mov_to(wide, layout.cell(cell), pin);
    }
    asm.mov_to(true, field(BUDGET_AT), BUDGET);
    asm.alu_imm(Alu::Add, true, Reg::Rsp, 8);
    for reg in SAVED.into_iter().rev() {
        asm.pop(reg);
    }
    asm.ret();

    let lost = asm.label();
    asm.mov_to(true, field(ADDRESS_AT), Reg::Rax);
    asm.mov_imm(Reg::Rax, u64::from(LOST));
    asm.jmp(leave);

    // With the return address they are eighty bytes, so that the stack stays aligned.
    let look_up = asm.label();
    for reg in CALLER_SAVED {
        asm.push(reg);
    }
    asm.lea(true, Reg::Rdi, Mem::at(CONTEXT, -BIAS));
    asm.call_indirect(field(LOOK_UP_AT));
    asm.test(false, Reg::Rax, Reg::Rax);
    for reg in CALLER_SAVED.into_iter().rev() {
        asm.pop(reg);
    }
    asm.ret();

    let found = asm.label();
    find(asm, wide, lost);
    Common {
        leave,
        find: found,
        lost,
        look_up,
    }
}

/// Prepares the access that the context describes, so that translated code can do it: does the bookkeeping before a
/// write to its page, and with 64-bit addresses puts the page into the tables. Gives 0 if the interpreter has to do
/// the access, for example because it crosses the page's end.
///
/// # Safety
///
/// `context` is a whole context block, and its field for the memory points to a [`PagedMemory<W>`];
/// both are used by nobody else during the call.
unsafe extern "sysv64" fn look_up<W: Word>(context: *mut u64) -> u32 {
    // SAFETY: the caller vouches for it.
    let words = unsafe { core::slice::from_raw_parts_mut(context, CONTEXT_LEN / 8) };
    let memory = words[PAGED_AT / 8] as *mut PagedMemory<W>;
    // SAFETY: the caller vouches for it.
    let memory = unsafe { &mut *memory };
    let (address, access) = (words[ADDRESS_AT / 8], words[ACCESS_AT / 8] as u32);
    let last = address % PAGE_SIZE as u64 + u64::from(access % STORE) - 1;
    let number = address / PAGE_SIZE as u64;
    // With 64-bit addresses there may be reservations. Translated code takes a reserved address of 0 for no
    // reservation, so stores near address 0 are left to the interpreter.
    let is_near_none = W::BITS == 64 && number == 0;
    let is_store = access & STORE != 0;
    if last >= PAGE_SIZE as u64 {
        words[REFUSAL_AT / 8] = TWO_PAGES;
        return 0;
    }
    if is_store && (is_near_none || !memory.make_ready(number)) {
        words[REFUSAL_AT / 8] = NOT_READY;
        return 0;
    }
    if W::BITS == 64 {
        let Some((bytes, writable)) = memory.page_parts(number) else {
            words[REFUSAL_AT / 8] = NOT_READY;
            return 0;
        };
        put_page(words, number, (bytes, writable && !is_near_none));
    }
    1
}

/// Puts a page into the table of loads, and into that of stores if it may be written.
fn put_page(words: &mut [u64], number: u64, (bytes, writable): (*mut u8, bool)) {
    let entry = number as usize % PAGES;
    let at = number * PAGE_SIZE as u64;
    let ahead = (bytes as u64).wrapping_sub(at);
    words[LOADS_AT / 8 + 2 * entry..][..2].copy_from_slice(&[at, ahead]);
    if writable {
        words[STORES_AT / 8 + 2 * entry..][..2].copy_from_slice(&[at, ahead]);
    }
}

/// The context block.
#[derive(Debug)]
pub(crate) struct Context {
    words: Box<[u64]>,
    /// The memory's generation of writes for which the table of stores is right.
    write_generation: u64,
    /// Whether the table of traces has entries to clear.
    jumps: bool,
}

impl Context {
    pub(crate) fn new() -> Self {
        let mut context = Self {
            words: vec![0; CONTEXT_LEN / 8].into_boxed_slice(),
            write_generation: 0,
            jumps: false,
        };
        context.clear();
        context
    }

    /// Forgets all pages and traces.
    pub(crate) fn clear(&mut self) {
        if core::mem::take(&mut self.jumps) {
            self.words[JUMPS_AT / 8..].fill(0);
        }
        // An address of 0 would be found in an empty table.
        self.words[JUMPS_AT / 8] = 1;
        self.forget_pages(LOADS_AT);
        self.forget_pages(STORES_AT);
    }

    fn forget_pages(&mut self, table: usize) {
        let entries = self.words[table / 8..][..2 * PAGES].as_chunks_mut::<2>().0;
        for (number, entry) in (0u64..).zip(entries) {
            // The neighbour's page: no address that is looked up in this entry lies in it.
            *entry = [(number ^ 1) * PAGE_SIZE as u64, 0];
        }
    }

    /// The address that translated code left behind.
    pub(crate) fn address(&self) -> u64 {
        self.words[ADDRESS_AT / 8]
    }

    /// Why translated code could not do the access for which it has just been left.
    pub(crate) fn take_refusal(&mut self, wide: bool) -> Departure {
        match core::mem::take(&mut self.words[REFUSAL_AT / 8]) {
            TWO_PAGES => Departure::TwoPages,
            // Code with 32-bit addresses looks at the flags of the neighbours of a store's page itself.
            NOT_READY => Departure::Page,
            _ if wide => Departure::Reserved,
            _ => Departure::Page,
        }
    }

    /// Sets the code of the trace for a guest address; `None` removes it.
    pub(crate) fn set_jump(&mut self, pc: u64, code: Option<*const u8>) {
        let entry = (pc >> 2) as usize % JUMPS;
        let at = JUMPS_AT / 8 + 2 * entry;
        match code {
            Some(code) => {
                self.jumps = true;
                self.words[at..at + 2].copy_from_slice(&[pc, code as u64]);
            }
            None if self.words[at] == pc => {
                // An address that is not looked up here.
                self.words[at..at + 2].copy_from_slice(&[u64::from(entry == 0), 0]);
            }
            None => {}
        }
    }

    /// Forgets which pages may be written if some of them may not be written any more. In flat memory the flags of
    /// the pages tell that.
    fn keep_up<W: Word>(&mut self, memory: &PagedMemory<W>) {
        if W::BITS == 64 && self.write_generation != memory.write_generation() {
            self.write_generation = memory.write_generation();
            self.forget_pages(STORES_AT);
        }
    }

    /// Runs translated code from `at` on, for at most `budget` steps. Gives the number of the exit by
    /// which it was left; the state's cells and steps, except the program counter, are then those at the exit.
    ///
    /// The code in the buffer has to be what [`common`] and [`crate::emit`] made, `at` the beginning of a
    /// trace in it, and the memory the one for which the context was cleared.
    pub(crate) fn enter<I: Isa>(
        &mut self,
        buffer: &CodeBuffer,
        at: usize,
        state: &mut State<I>,
        memory: &mut PagedMemory<I::Word>,
        budget: u64,
    ) -> u32 {
        self.keep_up(memory);
        let budget = budget.min(i64::MAX as u64);
        self.words[BUDGET_AT / 8] = budget;
        let mapped = memory.identity_mapped();
        self.words[MEMORY_AT / 8] = mapped.bytes as u64;
        self.words[FLAGS_AT / 8] = mapped.flags as u64;
        self.words[IDENTITY_END_AT / 8] = mapped.end - PAGE_SIZE as u64;
        self.words[LOOK_UP_AT / 8] =
            look_up::<I::Word> as unsafe extern "sysv64" fn(*mut u64) -> u32 as usize as u64;
        self.words[PAGED_AT / 8] = core::ptr::from_mut(memory) as u64;
        let bytes = I::Word::BYTES;
        self.copy_in(state, bytes);
        let context = self.words.as_mut_ptr();
        // SAFETY: the buffer begins with the way in, a function of this signature that keeps to the
        // calling convention. What runs from there reads and writes the context, which is borrowed
        // exclusively, at offsets below its length; the bytes of guest memory, also borrowed
        // exclusively, at offsets that cannot leave it (32-bit words on an array of 4 GiB without
        // accesses across its end, in identity-mapped pages no nearer to their end than what loads share a
        // look-up for, or within a page that was looked up), and writes only pages that
        // are ready; and reads page flags, one for each 32-bit page number. Where it calls `look_up`,
        // that has context and memory for itself.
        let exit = unsafe {
            let enter = core::mem::transmute::<
                *const u8,
                extern "sysv64" fn(*mut u64, *const u8) -> u32,
            >(buffer.address(0));
            enter(context, buffer.address(at))
        };
        self.copy_out(state, bytes);
        let left = self.words[BUDGET_AT / 8];
        state.step = state.step.wrapping_add(budget.wrapping_sub(left));
        exit
    }

    fn copy_in<I: Isa>(&mut self, state: &State<I>, bytes: usize) {
        if bytes == 8 {
            for (word, cell) in self.words.iter_mut().zip(&state.cells) {
                *word = cell.zext();
            }
        } else {
            let pairs = state.cells.as_chunks::<2>().0;
            for (word, pair) in self.words.iter_mut().zip(pairs) {
                *word = pair[0].zext() | pair[1].zext() << 32;
            }
        }
    }

    fn copy_out<I: Isa>(&self, state: &mut State<I>, bytes: usize) {
        if bytes == 8 {
            for (word, cell) in self.words.iter().zip(&mut state.cells) {
                *cell = I::Word::truncate(*word);
            }
        } else {
            let pairs = state.cells.as_chunks_mut::<2>().0;
            for (word, pair) in self.words.iter().zip(pairs) {
                *pair = [I::Word::truncate(*word), I::Word::truncate(*word >> 32)];
            }
        }
        state.set(Cell(0), I::Word::default());
    }
}
