//! Loads and stores.

use super::{Emitter, StubKind};
use crate::alloc::Operand;
use crate::asm::{ABOVE, Alu, EQUAL, Mem, RAX, Reg, Shift};
use crate::ir::{ExitId, NO_EXIT, Val};
use crate::layout::{FLAGS, LOADS_AT, MEMORY, PAGES, STORE, STORES_AT, entry};
use fpvm_core::memory::{PAGE_SIZE, PagedMemory};

impl Emitter<'_> {
    /// The host address of a guest address in flat memory.
    fn flat(&mut self, at: Val) -> Mem {
        match self.to.nodes.constant(at) {
            Some(k) if k < 1 << 31 => Mem::at(MEMORY, k as i32),
            _ => Mem::indexed(MEMORY, self.to.reg(at), 0, 0),
        }
    }

    /// Looks a page up among the recent ones; gives the access's host address.
    fn paged(&mut self, at: Val, bytes: u32, exit: ExitId, table: usize) -> Mem {
        let at = self.to.reg(at);
        let (row, place) = (self.to.scratch(), self.to.scratch());
        let asm = self.asm();
        let again = asm.here();
        asm.mov(true, row, at);
        asm.shift_imm(Shift::Right, true, row, 12 - 4);
        asm.alu_imm(Alu::And, false, row, 16 * (PAGES as i32 - 1));
        asm.mov(true, place, at);
        asm.alu(Alu::Sub, true, place, entry(table, row, 0));
        asm.alu_imm(Alu::Cmp, true, place, (PAGE_SIZE as u32 - bytes) as i32);
        let access = if table == STORES_AT {
            STORE | bytes
        } else {
            bytes
        };
        let miss = StubKind::Miss {
            exit,
            at,
            access,
            again,
        };
        self.stub(ABOVE, miss);
        self.asm().mov(true, row, entry(table + 8, row, 0));
        Mem::indexed(row, place, 0, 0)
    }

    /// Looks whether the page of an address in flat memory may be written to.
    fn ready(&mut self, page: Reg, at: Mem, otherwise: StubKind) {
        let asm = self.asm();
        asm.lea(false, page, at);
        asm.shift_imm(Shift::Right, false, page, PAGE_SIZE.trailing_zeros() as u8);
        asm.cmp_byte(Mem::indexed(FLAGS, page, 0, 0), PagedMemory::<u32>::READY);
        self.stub(EQUAL ^ 1, otherwise);
    }

    pub(super) fn load(&mut self, at: Val, bytes: u32, signed: bool, exit: ExitId) {
        let from = if exit == NO_EXIT {
            self.flat(at)
        } else {
            self.paged(at, bytes, exit, LOADS_AT)
        };
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

    /// Stores. The page of the address has to be ready for it, and so have those of the addresses so
    /// far below and above, or the trace is left.
    pub(super) fn store(
        &mut self,
        at: Val,
        bytes: u32,
        value: Val,
        exit: ExitId,
        [below, above]: [u16; 2],
    ) {
        let swap = self.to.layout.swap && bytes > 1;
        let constant = match self.to.operand(value) {
            Operand::Imm(imm) if bytes >= 4 && (bytes == 4 || !swap) => {
                Some(if swap { imm.swap_bytes() } else { imm })
            }
            _ => None,
        };
        let from = match constant {
            Some(_) => RAX,
            None => self.to.reg(value),
        };
        let to = if self.wide() {
            self.paged(at, bytes, exit, STORES_AT)
        } else {
            if exit != NO_EXIT {
                let at = self.to.reg(at);
                let page = self.to.scratch();
                let miss = StubKind::Miss {
                    exit,
                    at,
                    access: STORE | bytes,
                    again: self.asm().here(),
                };
                self.ready(page, Mem::at(at, 0), miss);
                for distance in [-i32::from(below), i32::from(above)] {
                    if distance != 0 {
                        self.ready(page, Mem::at(at, distance), StubKind::Leave(exit));
                    }
                }
            }
            self.flat(at)
        };
        let asm = self.asm();
        match constant {
            Some(imm) => asm.mov_to_imm(bytes == 8, to, imm),
            None if swap => asm.movbe_to(bytes, to, from),
            None => asm.store(bytes, to, from),
        }
    }
}
