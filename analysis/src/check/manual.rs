//! What the base manuals say about instruction words that a VM takes for others, or does not have.
//!
//! A VM may look at fewer bits than the manual. Its rows then take words of later releases and of extensions for
//! instructions that they are not. So a word is read once more here, by the manual: first as an instruction of an
//! extension, then for bits that the manual requires to be zero.
//!
//! Sources: MIPS Architecture For Programmers II-A (releases 1 to 6), the DSP module's manual; the RISC-V unprivileged
//! specification, with the chapters on the extensions B (Zba, Zbb, Zbc, Zbs), Zbk, Zicond, Zicbo, Zvfh and Zk.

use crate::info::{IsaInfo, MIPS, RISCV};

/// The manual's meaning of a word to which the VM gives another.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(super) struct Meant {
    /// The mnemonic; none if the manual reserves the word.
    pub(super) name: Option<&'static str>,
    /// The release or extension that has it; empty if none has.
    pub(super) of: &'static str,
}

impl Meant {
    /// In words: "rotr of MIPS release 2", "reserved words".
    pub(super) fn describe(self) -> String {
        match self.name {
            Some(name) => format!("{name} of {}", self.of),
            None => "words that the manual reserves".into(),
        }
    }

    /// Whether it works on floating-point registers.
    pub(super) fn is_float(self) -> bool {
        let name = self.name.unwrap_or_default();
        name.starts_with("floating point")
            || self.of == FLOAT
            || ["lwc1", "ldc1", "swc1", "sdc1"].contains(&name)
    }
}

/// An instruction of the manual: mask, value, mnemonic, and the release or extension that has it.
type Row = (u32, u32, &'static str, &'static str);

/// A reserved word.
const RESERVED: Meant = Meant { name: None, of: "" };

/// The manual's meaning of a word, if it is an instruction of a release or an extension beyond the VM's base.
pub(super) fn extension(isa: &dyn IsaInfo, insn: u32) -> Option<Meant> {
    let (machine, is_64) = isa.machine()?;
    let tables: &[&[Row]] = match (machine, is_64) {
        (MIPS, false) => &[MIPS_ROWS, MIPS32_ROWS],
        (MIPS, true) => &[MIPS_ROWS, MIPS64_ROWS],
        (RISCV, _) => &[RISCV_ROWS],
        _ => &[],
    };
    let mut rows = tables.iter().copied().flatten();
    let (.., name, of) = rows.find(|(mask, value, ..)| insn & mask == *value)?;
    Some(Meant {
        name: Some(name),
        of,
    })
}

/// The manual's meaning of a word, if the VM's row `mnemonic` takes it for something else; `unused` are the bits that
/// the row neither decides on nor has operands in.
pub(super) fn other(isa: &dyn IsaInfo, insn: u32, mnemonic: &str, unused: u32) -> Option<Meant> {
    let found = extension(isa, insn);
    if found.is_some() {
        return found;
    }
    let free = match isa.machine()?.0 {
        MIPS => mips_free(mnemonic),
        RISCV => riscv_free(mnemonic),
        _ => return None,
    };
    (insn & unused & !free != 0).then_some(RESERVED)
}

/// Bits of a MIPS instruction that mean nothing to a single processor without caches: codes for a debugger, hints,
/// kinds of barriers. `clz` repeats its destination in the rt field.
fn mips_free(mnemonic: &str) -> u32 {
    const HINT: u32 = 0x7c0;
    const RT: u32 = 0x1f_0000;
    match mnemonic {
        "syscall" | "sync" | "regimm" => u32::MAX,
        "jr" | "jr_" | "jalr" => HINT,
        "clz" | "clo" | "dclz" | "dclo" => RT,
        _ => 0,
    }
}

/// The same for RISC-V: acquire and release bits, and fences.
fn riscv_free(mnemonic: &str) -> u32 {
    const ORDER: u32 = 0x0600_0000;
    match mnemonic {
        "fence" | "csr" | "ecall" | "ebreak" | "privileged" => u32::MAX,
        name if name.ends_with("_w") && name.starts_with("amo")
            || name.ends_with("_d") && name.starts_with("amo")
            || matches!(name, "lr_w" | "lr_d" | "sc_w" | "sc_d") =>
        {
            ORDER
        }
        _ => 0,
    }
}

/// Opcode, function and shift amount of SPECIAL.
const SHIFT: u32 = 0xfc00_07ff;
/// Opcode and rt of REGIMM.
const REGIMM: u32 = 0xfc1f_0000;
/// Opcode and function.
const FUNCTION: u32 = 0xfc00_003f;
/// Opcode, rs and function: rotations have 1 in the rs field.
const ROTATE: u32 = 0xffe0_003f;

const R1: &str = "MIPS release 1";
const R2: &str = "MIPS release 2";
const R6: &str = "MIPS release 6";
const LIKELY: &str = "MIPS II, branch likely";
const TRAP: &str = "MIPS II, traps";
const DSP: &str = "the DSP module";

/// Instructions of 32-bit MIPS that Cannon's VMs do not have.
const MIPS_ROWS: &[Row] = &[
    (ROTATE, 0x0020_0002, "rotr", R2),
    (SHIFT, 0x0000_0046, "rotrv", R2),
    (SHIFT, 0x0000_0050, "clz", R6),
    (SHIFT, 0x0000_0051, "clo", R6),
    (SHIFT, 0x0000_0098, "mul", R6),
    (SHIFT, 0x0000_00d8, "muh", R6),
    (SHIFT, 0x0000_0099, "mulu", R6),
    (SHIFT, 0x0000_00d9, "muhu", R6),
    (SHIFT, 0x0000_009a, "div", R6),
    (SHIFT, 0x0000_00da, "mod", R6),
    (SHIFT, 0x0000_009b, "divu", R6),
    (SHIFT, 0x0000_00db, "modu", R6),
    (0xfc00_073f, 0x0000_0005, "lsa", R6),
    (SHIFT, 0x0000_0035, "seleqz", R6),
    (SHIFT, 0x0000_0037, "selnez", R6),
    (FUNCTION, 0x0000_000e, "sdbbp", R6),
    (0xfc01_003f, 0x0000_0001, "movf", R1),
    (0xfc01_003f, 0x0001_0001, "movt", R1),
    (FUNCTION, 0x0000_000d, "break", R1),
    (FUNCTION, 0x0000_0030, "tge", TRAP),
    (FUNCTION, 0x0000_0031, "tgeu", TRAP),
    (FUNCTION, 0x0000_0032, "tlt", TRAP),
    (FUNCTION, 0x0000_0033, "tltu", TRAP),
    (FUNCTION, 0x0000_0034, "teq", TRAP),
    (FUNCTION, 0x0000_0036, "tne", TRAP),
    // Accumulators 1 to 3.
    (0xfc00_ffff, 0x0000_0818, "mult $ac1", DSP),
    (0xfc00_ffff, 0x0000_1018, "mult $ac2", DSP),
    (0xfc00_ffff, 0x0000_1818, "mult $ac3", DSP),
    (0xfc00_ffff, 0x0000_0819, "multu $ac1", DSP),
    (0xfc00_ffff, 0x0000_1019, "multu $ac2", DSP),
    (0xfc00_ffff, 0x0000_1819, "multu $ac3", DSP),
    (0xffff_07ff, 0x0020_0010, "mfhi $ac1", DSP),
    (0xffff_07ff, 0x0040_0010, "mfhi $ac2", DSP),
    (0xffff_07ff, 0x0060_0010, "mfhi $ac3", DSP),
    (0xffff_07ff, 0x0020_0012, "mflo $ac1", DSP),
    (0xffff_07ff, 0x0040_0012, "mflo $ac2", DSP),
    (0xffff_07ff, 0x0060_0012, "mflo $ac3", DSP),
    (REGIMM, 0x0402_0000, "bltzl", LIKELY),
    (REGIMM, 0x0403_0000, "bgezl", LIKELY),
    (REGIMM, 0x0406_0000, "dahi", R6),
    (REGIMM, 0x0408_0000, "tgei", TRAP),
    (REGIMM, 0x0409_0000, "tgeiu", TRAP),
    (REGIMM, 0x040a_0000, "tlti", TRAP),
    (REGIMM, 0x040b_0000, "tltiu", TRAP),
    (REGIMM, 0x040c_0000, "teqi", TRAP),
    (REGIMM, 0x040e_0000, "tnei", TRAP),
    (REGIMM, 0x0412_0000, "bltzall", LIKELY),
    (REGIMM, 0x0413_0000, "bgezall", LIKELY),
    (REGIMM, 0x0417_0000, "sigrie", R6),
    (REGIMM, 0x041c_0000, "bposge32", DSP),
    (REGIMM, 0x041e_0000, "dati", R6),
    (REGIMM, 0x041f_0000, "synci", R2),
    // Branches without a delay slot, in the place of blez and bgtz with an rt field.
    (0xffe0_0000, 0x1800_0000, "blezalc", R6),
    (0xffe0_0000, 0x1c00_0000, "bgtzalc", R6),
    (0xfc00_0000, 0x5000_0000, "beql", LIKELY),
    (0xfc00_0000, 0x5400_0000, "bnel", LIKELY),
    (0xfc00_0000, 0x5800_0000, "blezl", LIKELY),
    (0xfc00_0000, 0x5c00_0000, "bgtzl", LIKELY),
    (0xfc00_0000, 0x4400_0000, "floating point (COP1)", R1),
    (0xfc00_0000, 0x4c00_0000, "floating point (COP1X)", R2),
    (0xfc00_0000, 0xc400_0000, "lwc1", R1),
    (0xfc00_0000, 0xd400_0000, "ldc1", R1),
    (0xfc00_0000, 0xe400_0000, "swc1", R1),
    (0xfc00_0000, 0xf400_0000, "sdc1", R1),
    (FUNCTION, 0x7000_0000, "madd", R1),
    (FUNCTION, 0x7000_0001, "maddu", R1),
    (FUNCTION, 0x7000_0004, "msub", R1),
    (FUNCTION, 0x7000_0005, "msubu", R1),
    (FUNCTION, 0x7c00_0000, "ext", R2),
    (FUNCTION, 0x7c00_0004, "ins", R2),
    (SHIFT, 0x7c00_00a0, "wsbh", R2),
    (SHIFT, 0x7c00_0420, "seb", R2),
    (SHIFT, 0x7c00_0620, "seh", R2),
    (SHIFT, 0x7c00_0020, "bitswap", R6),
    (0xfc00_073f, 0x7c00_0220, "align", R6),
    (FUNCTION, 0x7c00_003b, "rdhwr", R2),
    (0xfc00_007f, 0x7c00_0036, "ll", R6),
    (0xfc00_007f, 0x7c00_0026, "sc", R6),
    (0xfc00_0000, 0xc800_0000, "bc", R6),
    (0xfc00_0000, 0xe800_0000, "balc", R6),
    (0xfc00_0000, 0xd800_0000, "beqzc or jic", R6),
    (0xfc00_0000, 0xf800_0000, "bnezc or jialc", R6),
    (0xfc00_0000, 0xec00_0000, "addiupc or lwpc", R6),
    (0xfc00_0000, 0xcc00_0000, "pref", R1),
    (0xfc00_0000, 0xbc00_0000, "cache", R1),
];

/// An instruction that only Cannon's 64-bit VMs have.
const MIPS32_ROWS: &[Row] = &[(REGIMM, 0x0410_0000, "bltzal", R1)];

/// Instructions of 64-bit MIPS that Cannon's 64-bit VMs do not have.
const MIPS64_ROWS: &[Row] = &[
    (ROTATE, 0x0020_003a, "drotr", R2),
    (ROTATE, 0x0020_003e, "drotr32", R2),
    (SHIFT, 0x0000_0056, "drotrv", R2),
    (SHIFT, 0x0000_0052, "dclz", R6),
    (SHIFT, 0x0000_0053, "dclo", R6),
    (SHIFT, 0x0000_009c, "dmul", R6),
    (SHIFT, 0x0000_00dc, "dmuh", R6),
    (SHIFT, 0x0000_009d, "dmulu", R6),
    (SHIFT, 0x0000_00dd, "dmuhu", R6),
    (SHIFT, 0x0000_009e, "ddiv", R6),
    (SHIFT, 0x0000_00de, "dmod", R6),
    (SHIFT, 0x0000_009f, "ddivu", R6),
    (SHIFT, 0x0000_00df, "dmodu", R6),
    (0xfc00_073f, 0x0000_0015, "dlsa", R6),
    (FUNCTION, 0x7c00_0001, "dextm", R2),
    (FUNCTION, 0x7c00_0002, "dextu", R2),
    (FUNCTION, 0x7c00_0003, "dext", R2),
    (FUNCTION, 0x7c00_0005, "dinsm", R2),
    (FUNCTION, 0x7c00_0006, "dinsu", R2),
    (FUNCTION, 0x7c00_0007, "dins", R2),
    (SHIFT, 0x7c00_00a4, "dsbh", R2),
    (SHIFT, 0x7c00_0164, "dshd", R2),
    (SHIFT, 0x7c00_0024, "dbitswap", R6),
    (0xfc00_063f, 0x7c00_0224, "dalign", R6),
    (0xfc00_007f, 0x7c00_0037, "lld", R6),
    (0xfc00_007f, 0x7c00_0027, "scd", R6),
];

/// funct7, funct3 and opcode.
const R: u32 = 0xfe00_707f;
/// The twelve bits of the immediate too.
const UNARY: u32 = 0xfff0_707f;
/// funct6, for shifts by up to 63.
const SHIFT6: u32 = 0xfc00_707f;
const LOAD_STORE: u32 = 0x0000_707f;

const ZBA: &str = "the extension Zba";
const ZBB: &str = "the extension Zbb";
const ZBC: &str = "the extension Zbc";
const ZBS: &str = "the extension Zbs";
const ZBKB: &str = "the extension Zbkb";
const ZBKX: &str = "the extension Zbkx";
const ZKN: &str = "the extension Zkn";
const ZKS: &str = "the extension Zks";
const ZICOND: &str = "the extension Zicond";
const ZICBO: &str = "the extensions Zicbom and Zicboz";
const ZABHA: &str = "the extension Zabha";
const ZACAS: &str = "the extension Zacas";
const FLOAT: &str = "the extensions F and D";
const VECTOR: &str = "the extension V";
const HYPERVISOR: &str = "the privileged specification";

/// Instructions of RISC-V beyond RV64IMA.
const RISCV_ROWS: &[Row] = &[
    (R, 0x2000_2033, "sh1add", ZBA),
    (R, 0x2000_4033, "sh2add", ZBA),
    (R, 0x2000_6033, "sh3add", ZBA),
    (R, 0x0800_003b, "add.uw", ZBA),
    (R, 0x2000_203b, "sh1add.uw", ZBA),
    (R, 0x2000_403b, "sh2add.uw", ZBA),
    (R, 0x2000_603b, "sh3add.uw", ZBA),
    (SHIFT6, 0x0800_101b, "slli.uw", ZBA),
    (R, 0x4000_7033, "andn", ZBB),
    (R, 0x4000_6033, "orn", ZBB),
    (R, 0x4000_4033, "xnor", ZBB),
    (UNARY, 0x6000_1013, "clz", ZBB),
    (UNARY, 0x6010_1013, "ctz", ZBB),
    (UNARY, 0x6020_1013, "cpop", ZBB),
    (UNARY, 0x6040_1013, "sext.b", ZBB),
    (UNARY, 0x6050_1013, "sext.h", ZBB),
    (UNARY, 0x6000_101b, "clzw", ZBB),
    (UNARY, 0x6010_101b, "ctzw", ZBB),
    (UNARY, 0x6020_101b, "cpopw", ZBB),
    (UNARY, 0x0800_403b, "zext.h", ZBB),
    (R, 0x0a00_4033, "min", ZBB),
    (R, 0x0a00_5033, "minu", ZBB),
    (R, 0x0a00_6033, "max", ZBB),
    (R, 0x0a00_7033, "maxu", ZBB),
    (R, 0x6000_1033, "rol", ZBB),
    (R, 0x6000_5033, "ror", ZBB),
    (R, 0x6000_103b, "rolw", ZBB),
    (R, 0x6000_503b, "rorw", ZBB),
    (SHIFT6, 0x6000_5013, "rori", ZBB),
    (R, 0x6000_501b, "roriw", ZBB),
    (UNARY, 0x2870_5013, "orc.b", ZBB),
    (UNARY, 0x6b80_5013, "rev8", ZBB),
    (R, 0x0a00_1033, "clmul", ZBC),
    (R, 0x0a00_2033, "clmulr", ZBC),
    (R, 0x0a00_3033, "clmulh", ZBC),
    (R, 0x2800_1033, "bset", ZBS),
    (R, 0x4800_1033, "bclr", ZBS),
    (R, 0x6800_1033, "binv", ZBS),
    (R, 0x4800_5033, "bext", ZBS),
    (SHIFT6, 0x2800_1013, "bseti", ZBS),
    (SHIFT6, 0x4800_1013, "bclri", ZBS),
    (SHIFT6, 0x6800_1013, "binvi", ZBS),
    (SHIFT6, 0x4800_5013, "bexti", ZBS),
    (R, 0x0800_4033, "pack", ZBKB),
    (R, 0x0800_7033, "packh", ZBKB),
    (R, 0x0800_403b, "packw", ZBKB),
    (UNARY, 0x6870_5013, "brev8", ZBKB),
    (R, 0x2800_2033, "xperm4", ZBKX),
    (R, 0x2800_4033, "xperm8", ZBKX),
    (R, 0x3200_0033, "aes64es", ZKN),
    (R, 0x3600_0033, "aes64esm", ZKN),
    (R, 0x3a00_0033, "aes64ds", ZKN),
    (R, 0x3e00_0033, "aes64dsm", ZKN),
    (R, 0x7e00_0033, "aes64ks2", ZKN),
    (UNARY, 0x3000_1013, "aes64im", ZKN),
    (0xff00_707f, 0x3100_1013, "aes64ks1i", ZKN),
    (UNARY, 0x1000_1013, "sha256sum0", ZKN),
    (UNARY, 0x1010_1013, "sha256sum1", ZKN),
    (UNARY, 0x1020_1013, "sha256sig0", ZKN),
    (UNARY, 0x1030_1013, "sha256sig1", ZKN),
    (UNARY, 0x1040_1013, "sha512sum0", ZKN),
    (UNARY, 0x1050_1013, "sha512sum1", ZKN),
    (UNARY, 0x1060_1013, "sha512sig0", ZKN),
    (UNARY, 0x1070_1013, "sha512sig1", ZKN),
    (UNARY, 0x1080_1013, "sm3p0", ZKS),
    (UNARY, 0x1090_1013, "sm3p1", ZKS),
    (0x3e00_707f, 0x3000_0033, "sm4ed", ZKS),
    (0x3e00_707f, 0x3400_0033, "sm4ks", ZKS),
    (R, 0x0e00_5033, "czero.eqz", ZICOND),
    (R, 0x0e00_7033, "czero.nez", ZICOND),
    (UNARY, 0x0000_200f, "cbo.inval", ZICBO),
    (UNARY, 0x0010_200f, "cbo.clean", ZICBO),
    (UNARY, 0x0020_200f, "cbo.flush", ZICBO),
    (UNARY, 0x0040_200f, "cbo.zero", ZICBO),
    (0xf800_707f, 0x2800_202f, "amocas.w", ZACAS),
    (0xf800_707f, 0x2800_302f, "amocas.d", ZACAS),
    (0xf800_707f, 0x2800_402f, "amocas.q", ZACAS),
    (
        LOAD_STORE,
        0x0000_002f,
        "an atomic operation on a byte",
        ZABHA,
    ),
    (
        LOAD_STORE,
        0x0000_102f,
        "an atomic operation on a half word",
        ZABHA,
    ),
    (LOAD_STORE, 0x0000_0007, "a vector load", VECTOR),
    (LOAD_STORE, 0x0000_5007, "a vector load", VECTOR),
    (LOAD_STORE, 0x0000_6007, "a vector load", VECTOR),
    (LOAD_STORE, 0x0000_7007, "a vector load", VECTOR),
    (LOAD_STORE, 0x0000_0027, "a vector store", VECTOR),
    (LOAD_STORE, 0x0000_5027, "a vector store", VECTOR),
    (LOAD_STORE, 0x0000_6027, "a vector store", VECTOR),
    (LOAD_STORE, 0x0000_7027, "a vector store", VECTOR),
    (0x0000_007f, 0x0000_0057, "a vector operation", VECTOR),
    (0x0000_0073, 0x0000_0043, "a fused multiplication", FLOAT),
    (
        LOAD_STORE,
        0x0000_4073,
        "a hypervisor load or store",
        HYPERVISOR,
    ),
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::info::Info;
    use fpvm_isa_mips::Mips32;
    use fpvm_isa_mips64::Mips64;
    use fpvm_isa_riscv::Rv64;
    use fpvm_isa_riscv::imac::Imac;

    fn meant(isa: &dyn IsaInfo, insn: u32) -> Option<Meant> {
        let mnemonic = isa.observe(insn).mnemonic;
        other(isa, insn, mnemonic, isa.unused_bits(insn))
    }

    fn name(isa: &dyn IsaInfo, insn: u32) -> &'static str {
        meant(isa, insn).and_then(|meant| meant.name).unwrap_or("")
    }

    #[test]
    fn rows_of_the_manual_decide_on_their_mask_alone() {
        for (mask, value, name, _) in [MIPS_ROWS, MIPS32_ROWS, MIPS64_ROWS, RISCV_ROWS].concat() {
            assert_eq!(value & !mask, 0, "{name}");
        }
    }

    #[test]
    fn later_releases_of_mips_are_named() {
        let (mips, mips64) = (&Info::<Mips32>::NEW, &Info::<Mips64<8>>::NEW);
        for isa in [mips as &dyn IsaInfo, mips64] {
            // As an assembler makes them: ror $9,$8,4; rotrv $2,$3,$4; mul, div, mod $2,$3,$4; clz $2,$3; aui.
            assert_eq!(name(isa, 0x0028_4902), "rotr");
            assert_eq!(name(isa, 0x0083_1046), "rotrv");
            assert_eq!(name(isa, 0x0064_1098), "mul");
            assert_eq!(name(isa, 0x0064_109a), "div");
            assert_eq!(name(isa, 0x0064_10da), "mod");
            assert_eq!(name(isa, 0x0060_1050), "clz");
            assert_eq!(meant(isa, 0x3c62_1234), Some(RESERVED));
            // The base's: sll, srl, mult, mflo, lui, clz (rt is rd once more), jr.hb, nop, syscall 1.
            for insn in [
                0x0008_4900,
                0x0008_4902,
                0x0109_0018,
                0x0000_1012,
                0x3c08_8000,
                0x7062_1020,
                0x03e0_0408,
                0,
                0x0000_004c,
            ] {
                assert_eq!(meant(isa, insn), None, "{insn:#010x}");
            }
        }
        assert_eq!(name(mips64, 0x0028_493a), "drotr");
        assert_eq!(name(mips64, 0x0083_1056), "drotrv");
        assert_eq!(name(mips64, 0x0064_10de), "dmod");
        // The 64-bit VM has bltzal, the other takes it for a branch that is never taken.
        assert_eq!(meant(mips64, 0x0410_0001), None);
        assert_eq!(name(mips, 0x0410_0001), "bltzal");
    }

    #[test]
    fn extensions_of_risc_v_are_named() {
        let (lax, strict) = (&Info::<Rv64>::NEW, &Info::<Imac>::NEW);
        for (insn, wanted) in [
            (0x6015_9513, "ctz"),       // ctz a0, a1
            (0x20b5_2533, "sh1add"),    // sh1add a0, a0, a1
            (0x40b5_7533, "andn"),      // andn a0, a0, a1
            (0x60b5_1533, "rol"),       // rol a0, a0, a1
            (0x28b5_1533, "bset"),      // bset a0, a0, a1
            (0x2805_1513, "bseti"),     // bseti a0, a0, 0
            (0x0ab5_1533, "clmul"),     // clmul a0, a0, a1
            (0x0eb5_5533, "czero.eqz"), // czero.eqz a0, a0, a1
            (0x6b85_5513, "rev8"),      // rev8 a0, a0
        ] {
            for isa in [lax as &dyn IsaInfo, strict] {
                assert_eq!(name(isa, insn), wanted, "{insn:#010x} of {}", isa.vm_type());
            }
        }
        // Reserved: sll with a funct7, slli with bits above its amount, jalr with a funct3, lr with an rs2.
        for insn in [0x10b5_1533, 0x8005_1513, 0x0000_9567, 0x1015_252f] {
            assert_eq!(meant(lax, insn), Some(RESERVED), "{insn:#010x}");
        }
        // sll, slli by 63, amoadd.w.aqrl, lr.d.aq, fence rw,rw, csrr, ret.
        for insn in [
            0x00b5_1533,
            0x03f5_1513,
            0x06b5_252f,
            0x1405_352f,
            0x0330_000f,
            0xc000_2573,
            0x0000_8067,
        ] {
            assert_eq!(meant(lax, insn), None, "{insn:#010x}");
        }
    }
}
