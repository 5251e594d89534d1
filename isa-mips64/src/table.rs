//! The instruction table: the rows of every Cannon VM, and the 64-bit one's own.

use crate::{atomic, doubleword, syscall};
use fpvm_isa_mips::control;
use fpvm_isa_mips::fault::UNDEFINED;
use fpvm_isa_mips::table::{FUNCTION, OPCODE, REGIMM};

fpvm_isa_mips::mips_instructions! {
    /// Instruction kinds of MIPS64 as Cannon knows them.
    pub enum Op, TABLE, dispatch, UNDEFINED;
    // Of the newest state version; `Isa::dispatch` has the others.
    syscall => syscall::call::<8, _>;
    ll => atomic::ll;
    sc => atomic::sc;

    bltzal = REGIMM, 0x0410_0000, "{rs}, {target}" => control::bltzal;

    dsllv = FUNCTION, 0x0000_0014, "{rd}, {rt}, {rs}" => doubleword::dsllv;
    dsrlv = FUNCTION, 0x0000_0016, "{rd}, {rt}, {rs}" => doubleword::dsrlv;
    dsrav = FUNCTION, 0x0000_0017, "{rd}, {rt}, {rs}" => doubleword::dsrav;
    dmult = FUNCTION, 0x0000_001c, "{rs}, {rt}" => doubleword::dmult;
    dmultu = FUNCTION, 0x0000_001d, "{rs}, {rt}" => doubleword::dmultu;
    ddiv = FUNCTION, 0x0000_001e, "{rs}, {rt}" => doubleword::ddiv;
    ddivu = FUNCTION, 0x0000_001f, "{rs}, {rt}" => doubleword::ddivu;
    dadd = FUNCTION, 0x0000_002c, "{rd}, {rs}, {rt}" => doubleword::daddu;
    daddu = FUNCTION, 0x0000_002d, "{rd}, {rs}, {rt}" => doubleword::daddu;
    dsub = FUNCTION, 0x0000_002e, "{rd}, {rs}, {rt}" => doubleword::dsubu;
    dsubu = FUNCTION, 0x0000_002f, "{rd}, {rs}, {rt}" => doubleword::dsubu;
    dsll = FUNCTION, 0x0000_0038, "{rd}, {rt}, {shamt}" => doubleword::dsll;
    dsrl = FUNCTION, 0x0000_003a, "{rd}, {rt}, {shamt}" => doubleword::dsrl;
    dsra = FUNCTION, 0x0000_003b, "{rd}, {rt}, {shamt}" => doubleword::dsra;
    dsll32 = FUNCTION, 0x0000_003c, "{rd}, {rt}, {shamt}" => doubleword::dsll32;
    dsrl32 = FUNCTION, 0x0000_003e, "{rd}, {rt}, {shamt}" => doubleword::dsrl32;
    dsra32 = FUNCTION, 0x0000_003f, "{rd}, {rt}, {shamt}" => doubleword::dsra32;

    daddi = OPCODE, 0x6000_0000, "{rt}, {rs}, {simm}" => doubleword::daddiu;
    daddiu = OPCODE, 0x6400_0000, "{rt}, {rs}, {simm}" => doubleword::daddiu;
    ldl = OPCODE, 0x6800_0000, "{rt}, {simm}({rs})" => doubleword::ldl;
    ldr = OPCODE, 0x6c00_0000, "{rt}, {simm}({rs})" => doubleword::ldr;
    dclz = FUNCTION, 0x7000_0024, "{rd}, {rs}" => doubleword::dclz;
    dclo = FUNCTION, 0x7000_0025, "{rd}, {rs}" => doubleword::dclo;
    lwu = OPCODE, 0x9c00_0000, "{rt}, {simm}({rs})" => doubleword::lwu;
    sdl = OPCODE, 0xb000_0000, "{rt}, {simm}({rs})" => doubleword::sdl;
    sdr = OPCODE, 0xb400_0000, "{rt}, {simm}({rs})" => doubleword::sdr;
    lld = OPCODE, 0xd000_0000, "{rt}, {simm}({rs})" => atomic::lld;
    ld = OPCODE, 0xdc00_0000, "{rt}, {simm}({rs})" => doubleword::ld;
    scd = OPCODE, 0xf000_0000, "{rt}, {simm}({rs})" => atomic::scd;
    sd = OPCODE, 0xfc00_0000, "{rt}, {simm}({rs})" => doubleword::sd;
}
