//! The instruction table: the rows of Asterisc's VM too, and those that it has not.
//!
//! A compressed instruction is a row whose semantics are those of the instruction that it is short
//! for, over a format of its own. What the specification reserves is in no row, or in a row that
//! faults where another one's mask would take it.

use super::format::{
    Ca, Cb, Ci, Cj, Cr, Doubles, Frame, Jr, Li, LoadDoubles, LoadWords, Local, Lui, Mv, PopularCi,
    PopularShift, Shift, StoreDoubles, StoreWords, Words,
};
use crate::fault::{self, ILLEGAL};
use crate::table::riscv_instructions;
use crate::{alu, control, memory, shift, syscall};
use fpvm_core::definition::machine::Machine;

/// What the specification says that is to be looked at, and jumps to any even address.
mod strict {
    pub(super) use crate::format::{B, I as Jalr, J};

    pub(super) const OP: u32 = 0xfe00_707f;
    pub(super) const SHIFT: u32 = 0xfc00_707f;
    pub(super) const SHIFT_W: u32 = 0xfe00_707f;
    pub(super) const JALR: u32 = 0x0000_707f;
    pub(super) const CALL: u32 = 0x0000_7fff;
    pub(super) const LR: u32 = 0xf9f0_707f;
    /// fence and fence.i.
    pub(super) const FENCE: u32 = 0x0000_607f;
}

/// A floating-point instruction.
#[inline(always)]
fn float<M: Machine>(m: &mut M) -> Result<(), M::Stop> {
    m.trap(fault::FLOAT)
}

/// A breakpoint: nobody is there to take it.
#[inline(always)]
fn breakpoint<M: Machine>(m: &mut M) -> Result<(), M::Stop> {
    m.trap(fault::BREAKPOINT)
}

riscv_instructions! {
    /// Instruction kinds of RV64IMAC.
    pub enum Op, TABLE, dispatch, ILLEGAL;
    kind => strict;

    // System. Counters stand at 0.
    ecall = 0xffff_ffff, 0x0000_0073, "" => syscall::ecall::<syscall::Linux, _>;
    ebreak = 0xffff_ffff, 0x0010_0073, "" => breakpoint;
    rdcycle = 0xffff_f07f, 0xc000_2073, "{rd}" => control::csr;
    rdtime = 0xffff_f07f, 0xc010_2073, "{rd}" => control::csr;
    rdinstret = 0xffff_f07f, 0xc020_2073, "{rd}" => control::csr;

    // Floating point, and its control and status register (CSRs 1 to 3).
    float_load = 0x0000_007f, 0x0000_0007, "" => float;
    float_store = 0x0000_007f, 0x0000_0027, "" => float;
    float_fused = 0x0000_0073, 0x0000_0043, "" => float;
    float_op = 0x0000_007f, 0x0000_0053, "" => float;
    float_csr = 0xffc0_007f, 0x0000_0073, "" => float;
    c_fld = 0xe003, 0x2000, "" => float;
    c_fsd = 0xe003, 0xa000, "" => float;
    c_fldsp = 0xe003, 0x2002, "" => float;
    c_fsdsp = 0xe003, 0xa002, "" => float;

    // Compressed: loads and stores, and addresses on the stack.
    c_addi4spn = 0xe003, 0x0000, "{low}, sp, {local}" => alu::addi::<Local, _>;
    c_addi4spn_reserved = 0xffe3, 0x0000, "" => control::illegal;
    c_lw = 0xe003, 0x4000, "{low}, {words}({high})" => memory::load_signed::<4, Words, _>;
    c_ld = 0xe003, 0x6000, "{low}, {doubles}({high})" => memory::load::<8, Doubles, _>;
    c_sw = 0xe003, 0xc000, "{low}, {words}({high})" => memory::store::<4, Words, _>;
    c_sd = 0xe003, 0xe000, "{low}, {doubles}({high})" => memory::store::<8, Doubles, _>;
    c_lwsp = 0xe003, 0x4002, "{rd}, {loadWords}(sp)" => memory::load_signed::<4, LoadWords, _>;
    c_lwsp_reserved = 0xef83, 0x4002, "" => control::illegal;
    c_ldsp = 0xe003, 0x6002, "{rd}, {loadDoubles}(sp)" => memory::load::<8, LoadDoubles, _>;
    c_ldsp_reserved = 0xef83, 0x6002, "" => control::illegal;
    c_swsp = 0xe003, 0xc002, "{rs2_}, {storeWords}(sp)" => memory::store::<4, StoreWords, _>;
    c_sdsp = 0xe003, 0xe002, "{rs2_}, {storeDoubles}(sp)" => memory::store::<8, StoreDoubles, _>;

    // Compressed: operations with an immediate.
    c_addi = 0xe003, 0x0001, "{rd}, {imm6}" => alu::addi::<Ci, _>;
    c_addiw = 0xe003, 0x2001, "{rd}, {imm6}" => alu::addiw::<Ci, _>;
    c_addiw_reserved = 0xef83, 0x2001, "" => control::illegal;
    c_li = 0xe003, 0x4001, "{rd}, {imm6}" => alu::addi::<Li, _>;
    c_lui = 0xe003, 0x6001, "{rd}, {upper6}" => alu::lui::<Lui, _>;
    c_lui_reserved = 0xf07f, 0x6001, "" => control::illegal;
    c_addi16sp = 0xef83, 0x6101, "sp, {frame}" => alu::addi::<Frame, _>;
    c_slli = 0xe003, 0x0002, "{rd}, {shamt6}" => shift::slli::<Shift, _>;
    c_srli = 0xec03, 0x8001, "{high}, {shamt6}" => shift::srli::<PopularShift, _>;
    c_srai = 0xec03, 0x8401, "{high}, {shamt6}" => shift::srai::<PopularShift, _>;
    c_andi = 0xec03, 0x8801, "{high}, {imm6}" => alu::andi::<PopularCi, _>;

    // Compressed: operations on registers.
    c_sub = 0xfc63, 0x8c01, "{high}, {low}" => alu::sub::<Ca, _>;
    c_xor = 0xfc63, 0x8c21, "{high}, {low}" => alu::xor::<Ca, _>;
    c_or = 0xfc63, 0x8c41, "{high}, {low}" => alu::or::<Ca, _>;
    c_and = 0xfc63, 0x8c61, "{high}, {low}" => alu::and::<Ca, _>;
    c_subw = 0xfc63, 0x9c01, "{high}, {low}" => alu::subw::<Ca, _>;
    c_addw = 0xfc63, 0x9c21, "{high}, {low}" => alu::addw::<Ca, _>;
    c_mv = 0xf003, 0x8002, "{rd}, {rs2_}" => alu::add::<Mv, _>;
    c_add = 0xf003, 0x9002, "{rd}, {rs2_}" => alu::add::<Cr, _>;

    // Compressed: branches and jumps.
    c_beqz = 0xe003, 0xc001, "{high}, {branch8}" => control::beq::<Cb, _>;
    c_bnez = 0xe003, 0xe001, "{high}, {branch8}" => control::bne::<Cb, _>;
    c_j = 0xe003, 0xa001, "{jump11}" => control::j::<Cj, _>;
    c_jr = 0xf07f, 0x8002, "{rd}" => control::jr::<Jr, _>;
    c_jr_ = 0xffff, 0x8082, "{rd}" => control::jr_ra::<Jr, _>;
    c_jr_reserved = 0xffff, 0x8002, "" => control::illegal;
    c_jalr = 0xf07f, 0x9002, "{rd}" => control::call_register::<Jr, _>;
    c_ebreak = 0xffff, 0x9002, "" => breakpoint;
}
