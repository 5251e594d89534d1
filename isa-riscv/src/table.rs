//! The instruction table: mnemonic = mask, value, operands => semantics.
//!
//! The rows that both VMs have are in `riscv_instructions`; what follows where that is used are
//! Asterisc's own. The row with the most mask bits wins. A row with the opcode alone is what upstream
//! does with the rest of that opcode, where it does not fault as for an unknown opcode.

use crate::fault::OPCODE;
use crate::{atomic, control, memory, syscall};

/// Declares the instruction table of one of the VMs (see [`fpvm_core::instructions`]): the rows that
/// both have, and its own. `$kind` is a module with the masks in which they differ, and the formats of
/// jumps.
macro_rules! riscv_instructions {
    ($(#[$doc:meta])* $vis:vis enum $op:ident, $table:ident, $dispatch:ident, $undefined:ident;
     kind => $kind:ident; $($own:tt)*) => {
        ::fpvm_core::instructions! {
            $(#[$doc])*
            $vis enum $op, $table, $dispatch, $undefined;

            // Loads.
            lb = 0x0000_707f, 0x0000_0003, "{rd}, {imm}({rs1})" => crate::memory::load_signed::<1, crate::format::I, _>;
            lh = 0x0000_707f, 0x0000_1003, "{rd}, {imm}({rs1})" => crate::memory::load_signed::<2, crate::format::I, _>;
            lw = 0x0000_707f, 0x0000_2003, "{rd}, {imm}({rs1})" => crate::memory::load_signed::<4, crate::format::I, _>;
            ld = 0x0000_707f, 0x0000_3003, "{rd}, {imm}({rs1})" => crate::memory::load::<8, crate::format::I, _>;
            lbu = 0x0000_707f, 0x0000_4003, "{rd}, {imm}({rs1})" => crate::memory::load::<1, crate::format::I, _>;
            lhu = 0x0000_707f, 0x0000_5003, "{rd}, {imm}({rs1})" => crate::memory::load::<2, crate::format::I, _>;
            lwu = 0x0000_707f, 0x0000_6003, "{rd}, {imm}({rs1})" => crate::memory::load::<4, crate::format::I, _>;

            // Stores.
            sb = 0x0000_707f, 0x0000_0023, "{rs2}, {offset}({rs1})" => crate::memory::store::<1, crate::format::S, _>;
            sh = 0x0000_707f, 0x0000_1023, "{rs2}, {offset}({rs1})" => crate::memory::store::<2, crate::format::S, _>;
            sw = 0x0000_707f, 0x0000_2023, "{rs2}, {offset}({rs1})" => crate::memory::store::<4, crate::format::S, _>;
            sd = 0x0000_707f, 0x0000_3023, "{rs2}, {offset}({rs1})" => crate::memory::store::<8, crate::format::S, _>;

            // Branches.
            beq = 0x0000_707f, 0x0000_0063, "{rs1}, {rs2}, {branch}" => crate::control::beq::<$kind::B, _>;
            bne = 0x0000_707f, 0x0000_1063, "{rs1}, {rs2}, {branch}" => crate::control::bne::<$kind::B, _>;
            blt = 0x0000_707f, 0x0000_4063, "{rs1}, {rs2}, {branch}" => crate::control::blt::<$kind::B, _>;
            bge = 0x0000_707f, 0x0000_5063, "{rs1}, {rs2}, {branch}" => crate::control::bge::<$kind::B, _>;
            bltu = 0x0000_707f, 0x0000_6063, "{rs1}, {rs2}, {branch}" => crate::control::bltu::<$kind::B, _>;
            bgeu = 0x0000_707f, 0x0000_7063, "{rs1}, {rs2}, {branch}" => crate::control::bgeu::<$kind::B, _>;

            // Jumps. Links of ra and the plain return have rows of their own, for what they tell about
            // the call stack.
            jal = 0x0000_007f, 0x0000_006f, "{rd}, {jump}" => crate::control::jal::<$kind::J, _>;
            jal_ = 0x0000_0fff, 0x0000_00ef, "{rd}, {jump}" => crate::control::call::<$kind::J, _>;
            jalr = $kind::JALR, 0x0000_0067, "{rd}, {imm}({rs1})" => crate::control::jalr::<$kind::Jalr, _>;
            jalr_ = $kind::CALL, 0x0000_00e7, "{rd}, {imm}({rs1})" => crate::control::call_register::<$kind::Jalr, _>;
            ret = 0xffff_ffff, 0x0000_8067, "" => crate::control::ret::<$kind::Jalr, _>;

            // Operations with an immediate.
            addi = 0x0000_707f, 0x0000_0013, "{rd}, {rs1}, {imm}" => crate::alu::addi::<crate::format::I, _>;
            slti = 0x0000_707f, 0x0000_2013, "{rd}, {rs1}, {imm}" => crate::alu::slti::<crate::format::I, _>;
            sltiu = 0x0000_707f, 0x0000_3013, "{rd}, {rs1}, {imm}" => crate::alu::sltiu::<crate::format::I, _>;
            xori = 0x0000_707f, 0x0000_4013, "{rd}, {rs1}, {imm}" => crate::alu::xori::<crate::format::I, _>;
            ori = 0x0000_707f, 0x0000_6013, "{rd}, {rs1}, {imm}" => crate::alu::ori::<crate::format::I, _>;
            andi = 0x0000_707f, 0x0000_7013, "{rd}, {rs1}, {imm}" => crate::alu::andi::<crate::format::I, _>;
            slli = $kind::SHIFT, 0x0000_1013, "{rd}, {rs1}, {shamt}" => crate::shift::slli::<crate::format::IShamt, _>;
            srli = 0xfc00_707f, 0x0000_5013, "{rd}, {rs1}, {shamt}" => crate::shift::srli::<crate::format::IShamt, _>;
            srai = 0xfc00_707f, 0x4000_5013, "{rd}, {rs1}, {shamt}" => crate::shift::srai::<crate::format::IShamt, _>;

            // The same on 32 bits.
            addiw = 0x0000_707f, 0x0000_001b, "{rd}, {rs1}, {imm}" => crate::alu::addiw::<crate::format::I, _>;
            slliw = $kind::SHIFT_W, 0x0000_101b, "{rd}, {rs1}, {shamt_w}" => crate::shift::slliw::<crate::format::IShamtW, _>;
            srliw = 0xfe00_707f, 0x0000_501b, "{rd}, {rs1}, {shamt_w}" => crate::shift::srliw::<crate::format::IShamtW, _>;
            sraiw = 0xfe00_707f, 0x4000_501b, "{rd}, {rs1}, {shamt_w}" => crate::shift::sraiw::<crate::format::IShamtW, _>;

            // Operations on registers.
            add = 0xfe00_707f, 0x0000_0033, "{rd}, {rs1}, {rs2}" => crate::alu::add::<crate::format::R, _>;
            sub = 0xfe00_707f, 0x4000_0033, "{rd}, {rs1}, {rs2}" => crate::alu::sub::<crate::format::R, _>;
            sll = $kind::OP, 0x0000_1033, "{rd}, {rs1}, {rs2}" => crate::shift::sll::<crate::format::R, _>;
            slt = $kind::OP, 0x0000_2033, "{rd}, {rs1}, {rs2}" => crate::alu::slt::<crate::format::R, _>;
            sltu = $kind::OP, 0x0000_3033, "{rd}, {rs1}, {rs2}" => crate::alu::sltu::<crate::format::R, _>;
            xor = $kind::OP, 0x0000_4033, "{rd}, {rs1}, {rs2}" => crate::alu::xor::<crate::format::R, _>;
            srl = 0xfe00_707f, 0x0000_5033, "{rd}, {rs1}, {rs2}" => crate::shift::srl::<crate::format::R, _>;
            sra = 0xfe00_707f, 0x4000_5033, "{rd}, {rs1}, {rs2}" => crate::shift::sra::<crate::format::R, _>;
            or = $kind::OP, 0x0000_6033, "{rd}, {rs1}, {rs2}" => crate::alu::or::<crate::format::R, _>;
            and = $kind::OP, 0x0000_7033, "{rd}, {rs1}, {rs2}" => crate::alu::and::<crate::format::R, _>;
            mul = 0xfe00_707f, 0x0200_0033, "{rd}, {rs1}, {rs2}" => crate::muldiv::mul;
            mulh = 0xfe00_707f, 0x0200_1033, "{rd}, {rs1}, {rs2}" => crate::muldiv::mulh;
            mulhsu = 0xfe00_707f, 0x0200_2033, "{rd}, {rs1}, {rs2}" => crate::muldiv::mulhsu;
            mulhu = 0xfe00_707f, 0x0200_3033, "{rd}, {rs1}, {rs2}" => crate::muldiv::mulhu;
            div = 0xfe00_707f, 0x0200_4033, "{rd}, {rs1}, {rs2}" => crate::muldiv::div;
            divu = 0xfe00_707f, 0x0200_5033, "{rd}, {rs1}, {rs2}" => crate::muldiv::divu;
            rem = 0xfe00_707f, 0x0200_6033, "{rd}, {rs1}, {rs2}" => crate::muldiv::rem;
            remu = 0xfe00_707f, 0x0200_7033, "{rd}, {rs1}, {rs2}" => crate::muldiv::remu;

            // The same on 32 bits.
            addw = 0xfe00_707f, 0x0000_003b, "{rd}, {rs1}, {rs2}" => crate::alu::addw::<crate::format::R, _>;
            subw = 0xfe00_707f, 0x4000_003b, "{rd}, {rs1}, {rs2}" => crate::alu::subw::<crate::format::R, _>;
            sllw = $kind::OP, 0x0000_103b, "{rd}, {rs1}, {rs2}" => crate::shift::sllw::<crate::format::R, _>;
            srlw = 0xfe00_707f, 0x0000_503b, "{rd}, {rs1}, {rs2}" => crate::shift::srlw::<crate::format::R, _>;
            sraw = 0xfe00_707f, 0x4000_503b, "{rd}, {rs1}, {rs2}" => crate::shift::sraw::<crate::format::R, _>;
            mulw = 0xfe00_707f, 0x0200_003b, "{rd}, {rs1}, {rs2}" => crate::muldiv::mulw;
            divw = 0xfe00_707f, 0x0200_403b, "{rd}, {rs1}, {rs2}" => crate::muldiv::divw;
            divuw = 0xfe00_707f, 0x0200_503b, "{rd}, {rs1}, {rs2}" => crate::muldiv::divuw;
            remw = 0xfe00_707f, 0x0200_603b, "{rd}, {rs1}, {rs2}" => crate::muldiv::remw;
            remuw = 0xfe00_707f, 0x0200_703b, "{rd}, {rs1}, {rs2}" => crate::muldiv::remuw;

            // Constants.
            lui = 0x0000_007f, 0x0000_0037, "{rd}, {upper}" => crate::alu::lui::<crate::format::U, _>;
            auipc = 0x0000_007f, 0x0000_0017, "{rd}, {upper}" => crate::alu::auipc::<crate::format::U, _>;

            // The A extension, without a look at the acquire and release bits.
            lr_w = $kind::LR, 0x1000_202f, "{rd}, ({rs1})" => crate::atomic::lr::<4, _>;
            sc_w = 0xf800_707f, 0x1800_202f, "{rd}, {rs2}, ({rs1})" => crate::atomic::sc::<4, _>;
            amoadd_w = 0xf800_707f, 0x0000_202f, "{rd}, {rs2}, ({rs1})" => crate::atomic::add::<4, _>;
            amoswap_w = 0xf800_707f, 0x0800_202f, "{rd}, {rs2}, ({rs1})" => crate::atomic::swap::<4, _>;
            amoxor_w = 0xf800_707f, 0x2000_202f, "{rd}, {rs2}, ({rs1})" => crate::atomic::xor::<4, _>;
            amoor_w = 0xf800_707f, 0x4000_202f, "{rd}, {rs2}, ({rs1})" => crate::atomic::or::<4, _>;
            amoand_w = 0xf800_707f, 0x6000_202f, "{rd}, {rs2}, ({rs1})" => crate::atomic::and::<4, _>;
            amomin_w = 0xf800_707f, 0x8000_202f, "{rd}, {rs2}, ({rs1})" => crate::atomic::min::<4, _>;
            amomax_w = 0xf800_707f, 0xa000_202f, "{rd}, {rs2}, ({rs1})" => crate::atomic::max::<4, _>;
            amominu_w = 0xf800_707f, 0xc000_202f, "{rd}, {rs2}, ({rs1})" => crate::atomic::minu::<4, _>;
            amomaxu_w = 0xf800_707f, 0xe000_202f, "{rd}, {rs2}, ({rs1})" => crate::atomic::maxu::<4, _>;
            lr_d = $kind::LR, 0x1000_302f, "{rd}, ({rs1})" => crate::atomic::lr::<8, _>;
            sc_d = 0xf800_707f, 0x1800_302f, "{rd}, {rs2}, ({rs1})" => crate::atomic::sc::<8, _>;
            amoadd_d = 0xf800_707f, 0x0000_302f, "{rd}, {rs2}, ({rs1})" => crate::atomic::add::<8, _>;
            amoswap_d = 0xf800_707f, 0x0800_302f, "{rd}, {rs2}, ({rs1})" => crate::atomic::swap::<8, _>;
            amoxor_d = 0xf800_707f, 0x2000_302f, "{rd}, {rs2}, ({rs1})" => crate::atomic::xor::<8, _>;
            amoor_d = 0xf800_707f, 0x4000_302f, "{rd}, {rs2}, ({rs1})" => crate::atomic::or::<8, _>;
            amoand_d = 0xf800_707f, 0x6000_302f, "{rd}, {rs2}, ({rs1})" => crate::atomic::and::<8, _>;
            amomin_d = 0xf800_707f, 0x8000_302f, "{rd}, {rs2}, ({rs1})" => crate::atomic::min::<8, _>;
            amomax_d = 0xf800_707f, 0xa000_302f, "{rd}, {rs2}, ({rs1})" => crate::atomic::max::<8, _>;
            amominu_d = 0xf800_707f, 0xc000_302f, "{rd}, {rs2}, ({rs1})" => crate::atomic::minu::<8, _>;
            amomaxu_d = 0xf800_707f, 0xe000_302f, "{rd}, {rs2}, ({rs1})" => crate::atomic::maxu::<8, _>;

            // There is one hart, and no cache.
            fence = $kind::FENCE, 0x0000_000f, "" => crate::control::nothing;

            $($own)*
        }
    };
}
pub(crate) use riscv_instructions;

/// What Asterisc looks at, and where it jumps to.
mod lax {
    pub(super) use crate::format::{AlignedB as B, AlignedI as Jalr, AlignedJ as J};

    /// Of operations on registers, only sums and right shifts look at funct7.
    pub(super) const OP: u32 = 0x0000_707f;
    /// slli does not look at the six bits above its amount.
    pub(super) const SHIFT: u32 = 0x0000_707f;
    /// slliw looks at one of the seven bits above its amount.
    pub(super) const SHIFT_W: u32 = 0x0200_707f;
    /// jalr does not look at its funct3.
    pub(super) const JALR: u32 = 0x0000_007f;
    /// The same of jalr that links ra.
    pub(super) const CALL: u32 = 0x0000_0fff;
    /// lr does not look at its rs2.
    pub(super) const LR: u32 = 0xf800_707f;
    /// All of the opcode.
    pub(super) const FENCE: u32 = 0x0000_007f;
}

riscv_instructions! {
    /// Instruction kinds of Asterisc's RV64IMA.
    pub enum Op, TABLE, dispatch, OPCODE;
    kind => lax;

    // The rest of an opcode. funct3 of 7 is reserved for loads.
    illegal_load = 0x0000_007f, 0x0000_0003, "" => control::illegal;
    illegal_store = 0x0000_007f, 0x0000_0023, "" => memory::store_too_wide;
    branch_never = 0x0000_007f, 0x0000_0063, "" => control::branch_never;
    illegal_op_imm = 0x0000_007f, 0x0000_0013, "" => control::illegal;
    illegal_op_imm_32 = 0x0000_007f, 0x0000_001b, "" => control::illegal;
    illegal_op = 0x0000_007f, 0x0000_0033, "" => control::illegal;
    illegal_mulhw = 0xfe00_707f, 0x0200_103b, "" => control::illegal;
    illegal_op_32 = 0x0000_007f, 0x0000_003b, "" => control::illegal;
    illegal_amo_w = 0x0000_707f, 0x0000_202f, "" => atomic::unknown_operation::<4, _>;
    illegal_amo_d = 0x0000_707f, 0x0000_302f, "" => atomic::unknown_operation::<8, _>;
    illegal_amo = 0x0000_007f, 0x0000_002f, "" => atomic::unknown_size;

    // System. Privileged instructions do nothing; all other values of funct3 are the CSR
    // instructions, which give 0.
    ecall = 0xfff0_707f, 0x0000_0073, "" => syscall::ecall::<syscall::Asterisc, _>;
    ebreak = 0xfff0_707f, 0x0010_0073, "" => control::nothing;
    privileged = 0x0000_707f, 0x0000_0073, "" => control::nothing;
    csr = 0x0000_007f, 0x0000_0073, "{rd}, {csr}" => control::csr;

    // Floating point loads, stores and operations are ignored. Fused floating point is undefined.
    float_load = 0x0000_007f, 0x0000_0007, "" => control::nothing;
    float_store = 0x0000_007f, 0x0000_0027, "" => control::nothing;
    float_op = 0x0000_007f, 0x0000_0053, "" => control::nothing;
}
