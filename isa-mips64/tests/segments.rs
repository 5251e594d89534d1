//! Where the segments of a program may end, which upstream's rules of 2024 and 2026 differ in.

use fpvm_core::formats::elf::{self, ElfError, Program};
use fpvm_isa_mips::Mips32;
use fpvm_isa_mips64::Mips64;

/// An ELF file with these loaded segments: address, bytes in the file (and in memory), first bytes.
struct Elf {
    is_64: bool,
}

impl Elf {
    fn number(&self, out: &mut Vec<u8>, number: u64) {
        if self.is_64 {
            out.extend(number.to_be_bytes());
        } else {
            out.extend((number as u32).to_be_bytes());
        }
    }

    /// A program that begins at 0x1_0000 and has one segment more, of `len` bytes at `start`.
    fn with(&self, start: u64, len: u64) -> Vec<u8> {
        let (header, entry) = if self.is_64 { (64, 56) } else { (52, 32) };
        let mut file = b"\x7fELF\x01\x02\x01".to_vec();
        file[4] += u8::from(self.is_64);
        file.resize(16, 0);
        file.extend([0, 2, 0, 8, 0, 0, 0, 1]); // an executable, MIPS, version 1
        self.number(&mut file, 0x1_0000);
        self.number(&mut file, header);
        self.number(&mut file, 0);
        file.extend([0; 4]); // flags
        for half in [header as u16, entry as u16, 2, 0, 0, 0] {
            file.extend(half.to_be_bytes());
        }
        let data = header + 2 * entry;
        for (start, len) in [(0x1_0000, 8), (start, len)] {
            file.extend(1u32.to_be_bytes());
            if self.is_64 {
                file.extend(5u32.to_be_bytes());
            }
            for number in [data, start, start, len.min(8), len] {
                self.number(&mut file, number);
            }
            if self.is_64 {
                self.number(&mut file, 0x1000);
            } else {
                file.extend(5u32.to_be_bytes());
                self.number(&mut file, 0x1000);
            }
        }
        file.resize(data as usize, 0);
        file.extend(*b"\x11\x22\x33\x44\x55\x66\x77\x88");
        file
    }
}

fn load<I: Program>(is_64: bool, start: u64, len: u64) -> Result<Vec<u8>, String> {
    let file = Elf { is_64 }.with(start, len);
    match elf::load::<I>(&file, &[]) {
        Ok(mut vm) => {
            let mut last = vec![0; len.min(8) as usize];
            vm.memory.read_slice(start, &mut last);
            Ok(last)
        }
        Err(ElfError::Segment { why, .. }) => Err(why),
        Err(other) => panic!("{other}"),
    }
}

#[test]
fn upstream_of_2026_takes_all_up_to_the_heap() {
    fn all<const VERSION: u8>() {
        let heap = Mips64::<VERSION>::HEAP_START;
        let load = |start, len| load::<Mips64<VERSION>>(true, start, len);
        assert_eq!(
            load(heap - 8, 8).as_deref(),
            Ok(&b"\x11\x22\x33\x44\x55\x66\x77\x88"[..])
        );
        let refused = load(heap - 8, 9).expect_err("its last byte is the heap's first");
        assert!(refused.contains("it ends at 0x100000000001"), "{refused}");
        assert!(load(heap, 1).is_err());
        // Empty ones are passed over, wherever they are.
        for start in [heap, heap + 4096, u64::MAX] {
            assert_eq!(load(start, 0).as_deref(), Ok(&[][..]), "{start:#x}");
        }
    }
    all::<6>();
    all::<7>();
    all::<8>();
}

#[test]
fn upstream_of_2024_takes_none_that_ends_at_the_heap() {
    let heap = Mips32::HEAP_START;
    let load = |start, len| load::<Mips32>(false, start, len);
    assert!(load(heap - 9, 8).is_ok());
    for (start, len) in [(heap - 8, 8), (heap, 0), (heap + 4096, 0)] {
        let refused = load(start, len).expect_err("it ends at the heap");
        assert!(refused.contains("has to end below 0x5000000"), "{refused}");
    }
}

/// A program for a dynamic loader could only fault, at an address that nothing is at.
#[test]
fn dynamically_linked_programs_are_refused_by_name() {
    let mut file = Elf { is_64: true }.with(0x2_0000, 8);
    // The second program header names the interpreter, which is the file's last bytes.
    let (header, entry) = (64, 56);
    file[header + entry + 3] = 3;
    let at = file.len() - 8;
    file[at..].copy_from_slice(b"/lib/ld\0");
    let refused = elf::load::<Mips64<8>>(&file, &[]);
    let said = refused.err().map(|error| error.to_string());
    assert_eq!(
        said.as_deref(),
        Some(
            "the program is dynamically linked (its interpreter is /lib/ld), and a VM loads no libraries; \
             link it statically (-static)"
        )
    );
}
