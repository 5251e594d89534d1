#!/usr/bin/env python3
"""Writes compressed.bin.gz: what each 16-bit instruction is short for, by GNU binutils.

For each of the 49,152 halfwords that are no part of a longer instruction, in order, four bytes
(little-endian): the instruction of 32 bits that its disassembly is written out to; 0 where the
disassembler knows none; 0xffffffff for floating point.
"""
import gzip
import re
import struct
import subprocess
import sys
import tempfile

OBJDUMP, AS, OBJCOPY = (f"riscv64-linux-gnu-{tool}" for tool in ("objdump", "as", "objcopy"))

# Mnemonic, and its operands as the manual's chapter on the C extension expands them. `0`, `1`, `2`
# stand for the operands of the short instruction.
EXPANSIONS = {
    "c.addi4spn": "addi {0}, {1}, {2}",
    "c.addi16sp": "addi {0}, {0}, {1}",
    "c.addi": "addi {0}, {0}, {1}",
    "c.addiw": "addiw {0}, {0}, {1}",
    "c.li": "addi {0}, x0, {1}",
    "c.lui": "lui {0}, {1}",
    "c.slli": "slli {0}, {0}, {1}",
    "c.srli": "srli {0}, {0}, {1}",
    "c.srai": "srai {0}, {0}, {1}",
    "c.slli64": "slli {0}, {0}, 0",
    "c.srli64": "srli {0}, {0}, 0",
    "c.srai64": "srai {0}, {0}, 0",
    "c.andi": "andi {0}, {0}, {1}",
    "c.mv": "add {0}, x0, {1}",
    "c.add": "add {0}, {0}, {1}",
    "c.jr": "jalr x0, 0({0})",
    "c.jalr": "jalr x1, 0({0})",
    "c.j": "jal x0, {0}",
    "c.beqz": "beq {0}, x0, {1}",
    "c.bnez": "bne {0}, x0, {1}",
    "c.ebreak": "ebreak",
    **{f"c.{name}": f"{name} {{0}}, {{0}}, {{1}}" for name in ("sub", "xor", "or", "and", "subw", "addw")},
    **{f"c.{name}": f"{name} {{0}}, {{1}}" for name in ("lw", "ld", "sw", "sd")},
    **{f"c.{name}sp": f"{name} {{0}}, {{1}}" for name in ("lw", "ld", "sw", "sd")},
}


def run(*command):
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def expanded(at, text):
    """The 32-bit instruction as text, or a number."""
    mnemonic, _, operands = text.partition("\t")
    operands = operands.split("#")[0].strip().split(",")
    if mnemonic in ("c.fld", "c.fsd", "c.fldsp", "c.fsdsp"):
        return ".4byte 0xffffffff"
    # The manual reserves a change by 0, which the disassembler does not mind.
    if mnemonic not in EXPANSIONS or (mnemonic, operands[-1]) == ("c.addi16sp", "0"):
        assert mnemonic in (".2byte", "c.unimp", "c.addi16sp"), text
        return ".4byte 0"
    if mnemonic in ("c.j", "c.beqz", "c.bnez"):
        operands[-1] = f".{int(operands[-1], 16) - at:+}"
    return EXPANSIONS[mnemonic].format(*operands)


def main():
    shorts = [half for half in range(1 << 16) if half & 3 != 3]
    with tempfile.TemporaryDirectory() as folder:
        image, source, linked = (f"{folder}/{name}" for name in ("image", "source.s", "object.o"))
        # In the middle of an address space, so that no target is below its beginning.
        base = 1 << 20
        with open(image, "wb") as file:
            file.write(b"".join(struct.pack("<H", half) for half in shorts))
        listing = run(OBJDUMP, "-D", "-z", "-b", "binary", "-m", "riscv:rv64", f"--adjust-vma={base}",
                      "-M", "no-aliases,numeric", image)
        lines = re.findall(r"^ *([0-9a-f]+):\t([0-9a-f]{4}) +\t(.*)$", listing, re.M)
        assert [int(word, 16) for _, word, _ in lines] == shorts
        with open(source, "w") as file:
            file.write(".option norelax\n.option norvc\n")
            file.writelines(expanded(int(at, 16), text) + "\n" for at, _, text in lines)
        run(AS, "-march=rv64ima", "-o", linked, source)
        run(OBJCOPY, "-O", "binary", "-j", ".text", linked, image)
        with open(image, "rb") as file:
            words = file.read()
        assert len(words) == 4 * len(shorts)
    with open(sys.argv[1], "wb") as file, gzip.GzipFile("", "wb", 9, file, 0) as out:
        out.write(words)


main()
