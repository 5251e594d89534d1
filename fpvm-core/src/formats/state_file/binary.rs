//! Binary state files: version byte where the VM has one, pages, fields, hint, and Asterisc's
//! trailing witness and hash. All integers big-endian.

use super::{FileErrorKind, HINT_LIMIT, add_page, empty};
use crate::definition::isa::Isa;
use crate::definition::state::{WitnessError, state_hash};
use crate::definition::threads::thread_len;
use crate::definition::word::Word;
use crate::machine::memory::PAGE_SIZE;
use crate::machine::vm::Vm;
use std::io::{Read, Write};

/// Bits of an address within its page.
const PAGE_BITS: u32 = PAGE_SIZE.trailing_zeros();

/// A reader that knows where it is.
struct Input<R> {
    inner: R,
    offset: u64,
    vm: &'static str,
}

impl<R: Read> Input<R> {
    fn bytes(&mut self, out: &mut [u8], what: &'static str) -> Result<(), FileErrorKind> {
        self.inner
            .read_exact(out)
            .map_err(|error| match error.kind() {
                std::io::ErrorKind::UnexpectedEof => FileErrorKind::Truncated {
                    what,
                    offset: self.offset,
                    vm: self.vm,
                },
                _ => FileErrorKind::Io(error),
            })?;
        self.offset += out.len() as u64;
        Ok(())
    }

    /// A big-endian number of `size` bytes, at most eight.
    fn number(&mut self, size: usize, what: &'static str) -> Result<u64, FileErrorKind> {
        let mut bytes = [0; 8];
        let from = bytes.len().saturating_sub(size);
        self.bytes(bytes.get_mut(from..).unwrap_or_default(), what)?;
        Ok(u64::from_be_bytes(bytes))
    }

    /// A u32 length and that many bytes.
    fn counted(&mut self, limit: usize, what: &'static str) -> Result<Vec<u8>, FileErrorKind> {
        let len = self.number(4, what)? as usize;
        if len > limit {
            let why = format!("{len} bytes are announced; at most {limit} can be right");
            return Err(FileErrorKind::Field {
                name: what.into(),
                why,
            });
        }
        let mut bytes = vec![0; len];
        self.bytes(&mut bytes, what)?;
        Ok(bytes)
    }
}

pub(super) fn read<I: Isa>(inner: impl Read, max_memory: u64) -> Result<Vm<I>, FileErrorKind> {
    let mut input = Input {
        inner,
        offset: 0,
        vm: I::VM_TYPE,
    };
    if let Some(expected) = I::FILE.version {
        let found = input.number(1, "the version")? as u8;
        if found != expected {
            return Err(FileErrorKind::Version {
                found,
                expected,
                vm: I::VM_TYPE,
            });
        }
    }
    let mut vm = empty::<I>(max_memory)?;
    let mut page = [0; PAGE_SIZE];
    let count = input.number(I::Word::BYTES, "the page count")?;
    if I::FILE.version.is_none() && count > u64::MAX >> (64 - I::Word::BITS) >> PAGE_BITS {
        return Err(FileErrorKind::Versioned {
            found: (count >> (I::Word::BITS - 8)) as u8,
            vm: I::VM_TYPE,
        });
    }
    for _ in 0..count {
        let index = input.number(I::Word::BYTES, "a page index")?;
        input.bytes(&mut page, "a page")?;
        add_page(&mut vm, index, &page)?;
    }
    let mut field_bytes = Vec::new();
    for field in I::STATE.iter().filter(|field| field.source.in_files()) {
        field_bytes.resize(field.len(), 0);
        input.bytes(&mut field_bytes, field.name)?;
        vm.state.unpack(field, &field_bytes);
    }
    if I::THREADS.is_some() {
        let stacks = [stack::<I>(&mut input)?, stack::<I>(&mut input)?];
        if !vm.state.set_stacks(stacks) {
            return Err(WitnessError::Threads.into());
        }
    }
    vm.state.check()?;
    vm.last_hint = input.counted(HINT_LIMIT, "lastHint")?;
    if I::FILE.trailer {
        // Upstream's own hash can be stale (its hashes depend on when earlier ones were taken), so
        // the trailer is read past, not believed.
        input.counted(1 << 16, "witness")?;
        input.bytes(&mut [0; 32], "stateHash")?;
    }
    match input.inner.read(&mut [0])? {
        0 => Ok(vm),
        _ => Err(FileErrorKind::Trailing {
            offset: input.offset,
            vm: I::VM_TYPE,
        }),
    }
}

/// The threads of a stack, bottom first, after their number.
fn stack<I: Isa>(input: &mut Input<impl Read>) -> Result<Vec<Vec<u8>>, FileErrorKind> {
    let mut threads = Vec::new();
    for _ in 0..input.number(I::Word::BYTES, "the number of threads")? {
        let mut thread = vec![0; thread_len::<I>()];
        input.bytes(&mut thread, "a thread")?;
        threads.push(thread);
    }
    Ok(threads)
}

pub(super) fn write<I: Isa>(vm: &mut Vm<I>, out: &mut dyn Write) -> std::io::Result<()> {
    // A count or an index is as wide as a guest word.
    let word = |number: u64| {
        let bytes = number.to_be_bytes();
        bytes
            .into_iter()
            .skip(bytes.len() - I::Word::BYTES)
            .collect::<Vec<u8>>()
    };
    if let Some(version) = I::FILE.version {
        out.write_all(&[version])?;
    }
    let pages = vm.memory.pages();
    out.write_all(&word(pages.len() as u64))?;
    for index in pages {
        out.write_all(&word(index))?;
        out.write_all(vm.memory.page(index))?;
    }
    let mut fields = Vec::new();
    for field in I::STATE.iter().filter(|field| field.source.in_files()) {
        vm.state.pack(field, &[0; 32], &mut fields);
    }
    out.write_all(&fields)?;
    if I::THREADS.is_some() {
        for side in [0, 1] {
            let threads = vm.state.stack(side);
            out.write_all(&word(threads.len() as u64))?;
            out.write_all(&threads.concat())?;
        }
    }
    counted(&vm.last_hint, out)?;
    if I::FILE.trailer {
        let witness = vm.witness();
        counted(&witness, out)?;
        out.write_all(&state_hash(vm.state.status(), &witness))?;
    }
    Ok(())
}

fn counted(bytes: &[u8], out: &mut dyn Write) -> std::io::Result<()> {
    out.write_all(&(bytes.len() as u32).to_be_bytes())?;
    out.write_all(bytes)
}
