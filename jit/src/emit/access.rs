//! Loads and stores.

use super::{Emitter, Reserved, Stub, StubKind, TlbLookup};
use crate::alloc::Operand;
use crate::asm::{Alu, Condition, Jump, Label, Mem, Reg, Shift};
use crate::ir::{NO_EXIT, NO_VALUE, Node, Val};
use crate::layout::{
    ACCESS_AT, ADDRESS_AT, ENTRY, FLAGS, IDENTITY_END_AT, LOADS_AT, MEMORY, MEMORY_AT, PAGES,
    STORES_AT, field, table_entry,
};
use fpvm_core::machine::memory::{PAGE_SIZE, PagedMemory};

/// A reserved word: the largest there is.
const WORD: i32 = 8;

impl Emitter<'_> {
    /// The host address of a guest address in flat memory.
    fn flat(&mut self, at: Val) -> Mem {
        match self.to.nodes.as_constant(at) {
            Some(k) if k < 1 << 31 => Mem::at(MEMORY, k as i32),
            _ => Mem::indexed(MEMORY, self.to.reg(at), 0, 0),
        }
    }

    /// The host address of an access.
    fn place(&mut self, at: Val, offset: i32, page: Val) -> Mem {
        if page == NO_VALUE {
            return self.flat(at);
        }
        let page = self.to.reg(page);
        Mem::indexed(page, self.to.reg(at), 0, offset)
    }

    /// Finds the page of an access to memory of 64-bit addresses. A load first checks whether its page is
    /// identity-mapped, as most are. A store has to know that the page is ready, which only the table of
    /// stores tells. If a word is reserved, a store also checks whether it may be to that word.
    ///
    /// ```text
    /// cmp at, [identity_end]       ; a load
    /// jae high
    /// mov entry, [memory]          ; and goes on
    /// ```
    ///
    /// ```text
    /// cmp reserved, 0              ; a store, on an ISA with reservations
    /// jne reserved
    /// …                            ; `find_page` in the table of stores, or `miss`
    /// ```
    pub(super) fn look(&mut self, node: &Node) {
        let Node::TlbLookup {
            at,
            offset,
            below,
            bytes,
            store,
            exit,
        } = *node
        else {
            return;
        };
        let at = self.to.reg(at);
        let (entry, free) = (self.to.scratch(), self.to.scratch());
        let first = offset - i32::from(below);
        let reserved = store.filter(|reserved| *reserved != NO_VALUE);
        if let Some(reserved) =
            reserved.filter(|reserved| self.to.nodes.as_constant(*reserved) != Some(0))
        {
            let reserved = self.to.rm(reserved);
            self.asm().alu_imm(Alu::Cmp, true, reserved, 0);
            let from = self.asm().jcc_ahead(Condition::NotEqual);
            let again = self.asm().label();
            let store = Reserved {
                reserved,
                by: free,
                at,
                first,
                bytes,
                again,
            };
            let kind = StubKind::Reserved(exit, store);
            self.stubs.push(Stub { from, kind });
        }
        let look = TlbLookup {
            exit,
            at,
            first,
            bytes,
            entry,
            free,
        };
        match store {
            Some(_) => {
                let again = self.asm().label();
                let miss = self.find_page(&look, STORES_AT);
                let kind = StubKind::Miss(look, again);
                self.stubs.push(Stub { from: miss, kind });
            }
            None => {
                let asm = self.asm();
                let address = if first == 0 {
                    at
                } else {
                    asm.lea(true, free, Mem::at(at, first));
                    free
                };
                asm.alu(Alu::Cmp, true, address, field(IDENTITY_END_AT));
                let from = asm.jcc_ahead(Condition::NotBelow);
                asm.mov(true, entry, field(MEMORY_AT));
                let back = asm.label();
                let kind = StubKind::High(look, back);
                self.stubs.push(Stub { from, kind });
            }
        }
        let value = self.to.at as Val;
        self.to.hold(entry, value);
    }

    /// Looks a page up in a table; gives the jump that is taken if it is not there, or if not all bytes are in
    /// it. One comparison checks both, because in either case the address minus the page's is not below the page's
    /// length.
    ///
    /// ```text
    /// lea free, [at + first]
    /// rorx entry, free, 8
    /// and entry, 16·(entries − 1)
    /// sub free, [table + entry]
    /// cmp free, 4096 − bytes
    /// ja miss
    /// mov entry, [table + 8 + entry]
    /// ```
    fn find_page(&mut self, look: &TlbLookup, table: usize) -> Jump {
        let &TlbLookup {
            at,
            first,
            bytes,
            entry,
            free,
            ..
        } = look;
        let asm = self.asm();
        asm.lea(true, free, Mem::at(at, first));
        // This is a shift into another register, whose upper bits do not matter: the page's number times the
        // length of an entry.
        let by = PAGE_SIZE.trailing_zeros() - ENTRY.trailing_zeros();
        asm.rotate_right(true, entry, free, by as u8);
        asm.alu_imm(Alu::And, false, entry, (ENTRY * (PAGES - 1)) as i32);
        asm.alu(Alu::Sub, true, free, table_entry(table, entry, 0));
        asm.alu_imm(Alu::Cmp, true, free, PAGE_SIZE as i32 - i32::from(bytes));
        let miss = asm.jcc_ahead(Condition::Above);
        asm.mov(true, entry, table_entry(table + 8, entry, 0));
        miss
    }

    /// The look-up of a load whose page is not identity-mapped; goes on at `back`.
    ///
    /// ```text
    /// high: …                      ; `find_page` in the table of loads
    ///       jmp back
    ///       …                      ; `miss`, which tries again at `high`
    /// ```
    pub(super) fn high(&mut self, look: &TlbLookup, back: Label) {
        let again = self.asm().label();
        let miss = self.find_page(look, LOADS_AT);
        let asm = self.asm();
        asm.jmp(back);
        asm.bind(miss);
        self.miss(look, 0, again);
    }

    /// Has a page looked up, for a load (0) or a store ([`STORE`](crate::layout::STORE)), and tries again, or leaves.
    ///
    /// ```text
    /// lea entry, [at + first]
    /// mov [address], entry
    /// mov [access], bytes          ; and a bit for a store
    /// call look_up
    /// jne again
    /// …                            ; `leave`
    /// ```
    pub(super) fn miss(&mut self, look: &TlbLookup, kind: u32, again: Label) {
        let access = kind | u32::from(look.bytes);
        let look_up = self.common.look_up;
        let wide = self.wide();
        let asm = self.asm();
        asm.lea(wide, look.entry, Mem::at(look.at, look.first));
        asm.mov_to(true, field(ADDRESS_AT), look.entry);
        asm.mov_to_imm(false, field(ACCESS_AT), access as i32);
        asm.call(look_up);
        asm.jcc(Condition::NotEqual, again);
        self.leave(look.exit);
    }

    /// Leaves if a store may be to the reserved word, at any address but 0: the cell is 0 if nothing is reserved,
    /// and translated code stores to no address near 0. Both addresses may be anywhere in their words, so a store
    /// that is nearer than a word may be to the same word.
    ///
    /// ```text
    /// mov by, reserved
    /// sub by, at
    /// sub by, first − 7
    /// cmp by, bytes + 14
    /// jae again
    /// …                            ; `leave`
    /// ```
    pub(super) fn reserved(&mut self, store: &Reserved) {
        let &Reserved {
            reserved,
            by,
            at,
            first,
            bytes,
            again,
        } = store;
        let asm = self.asm();
        asm.mov(true, by, reserved);
        asm.alu(Alu::Sub, true, by, at);
        asm.alu_imm(Alu::Sub, true, by, first - (WORD - 1));
        asm.alu_imm(Alu::Cmp, true, by, i32::from(bytes) + 2 * (WORD - 1));
        asm.jcc(Condition::NotBelow, again);
    }

    /// Checks whether the page of an address in flat memory may be written to.
    ///
    /// ```text
    /// lea page, [at]
    /// shr page, 12
    /// cmp byte [flags + page], ready
    /// jne otherwise
    /// ```
    fn ready(&mut self, page: Reg, at: Mem, otherwise: StubKind) {
        let asm = self.asm();
        asm.lea(false, page, at);
        asm.shift_imm(Shift::Right, false, page, PAGE_SIZE.trailing_zeros() as u8);
        asm.cmp_byte(Mem::indexed(FLAGS, page, 0, 0), PagedMemory::<u32>::READY);
        self.stub(Condition::NotEqual, otherwise);
    }

    /// Loads. `movbe` reverses a big-endian guest's bytes and does not extend them; a load of two bytes leaves the
    /// rest of the register alone.
    ///
    /// ```text
    /// movsx dest, word [page + at + offset]
    /// ```
    ///
    /// ```text
    /// movbe dest, [page + at + offset]     ; big-endian
    /// movsxd dest, dest
    /// ```
    pub(super) fn load(&mut self, node: &Node, bytes: u32, signed: bool) {
        let &Node::Load {
            at, offset, page, ..
        } = node
        else {
            return;
        };
        let from = self.place(at, offset, page);
        let (wide, swap) = (self.wide(), self.to.layout.swap);
        let dest = self.to.dest();
        let asm = self.asm();
        match (bytes, swap) {
            (1, _) if signed => asm.movsx(wide, 1, dest, from),
            (1, _) => asm.movzx(1, dest, from),
            (2, false) if signed => asm.movsx(wide, 2, dest, from),
            (2, false) => asm.movzx(2, dest, from),
            (2, true) => {
                asm.movbe(2, dest, from);
                if signed {
                    asm.movsx(wide, 2, dest, dest);
                } else {
                    asm.movzx(2, dest, dest);
                }
            }
            (4, false) if signed && wide => asm.movsx(true, 4, dest, from),
            (_, false) => asm.mov(bytes == 8, dest, from),
            (_, true) => {
                asm.movbe(bytes, dest, from);
                if bytes == 4 && signed && wide {
                    asm.movsx(true, 4, dest, dest);
                }
            }
        }
    }

    /// Stores. In flat memory the page of the address has to be ready, and so have the pages of the addresses
    /// `below` and `above` it; otherwise the trace is left.
    ///
    /// ```text
    /// …                            ; `ready`, for up to three addresses
    /// movbe [r15 + at], value      ; flat memory; else [page + at + offset]
    /// ```
    pub(super) fn store(&mut self, node: &Node, bytes: u32, value: Val) {
        let &Node::Store {
            at,
            offset,
            page,
            exit,
            below,
            above,
            ..
        } = node
        else {
            return;
        };
        let swap = self.to.layout.swap && bytes > 1;
        let constant = match self.to.operand(value) {
            Operand::Imm(imm) if bytes >= 4 && (bytes == 4 || !swap) => {
                Some(if swap { imm.swap_bytes() } else { imm })
            }
            _ => None,
        };
        let from = match constant {
            Some(_) => Reg::Rax,
            None => self.to.reg(value),
        };
        if exit != NO_EXIT {
            let at = self.to.reg(at);
            let by = self.to.scratch();
            let look = TlbLookup {
                exit,
                at,
                first: 0,
                bytes: bytes as u16,
                entry: by,
                free: by,
            };
            let again = self.asm().label();
            let miss = StubKind::Miss(look, again);
            self.ready(by, Mem::at(at, 0), miss);
            for distance in [-i32::from(below), i32::from(above)] {
                if distance != 0 {
                    self.ready(by, Mem::at(at, distance), StubKind::SideExit(exit));
                }
            }
        }
        let to = self.place(at, offset, page);
        let asm = self.asm();
        match constant {
            Some(imm) => asm.mov_to_imm(bytes == 8, to, imm),
            None if swap => asm.movbe_to(bytes, to, from),
            None => asm.store(bytes, to, from),
        }
    }
}
