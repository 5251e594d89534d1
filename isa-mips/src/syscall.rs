//! System calls: number in v0, arguments in a0 to a2; result to v0, error number (or 0) to a3.
//!
//! A failed call gives all ones in v0. Every number that is not listed does nothing and gives 0 in
//! both registers, the plain `exit` (4001) included.
//!
//! What Cannon's 64-bit VM does as well is written for both, by their [`Abi`].

use crate::Done;
use crate::fault::PREIMAGE_END;
use crate::state::{A0, A1, A2, A3, HEAP, V0};
use fpvm_core::definition::descriptors::{self, PREIMAGE_WRITE, WRITE_ONLY};
use fpvm_core::definition::machine::{Bin, Case, Cmp, Machine};
use fpvm_core::definition::operand::Cell;

const READ: u64 = 4003;
const WRITE: u64 = 4004;
const BRK: u64 = 4045;
const FCNTL: u64 = 4055;
const MMAP: u64 = 4090;
const CLONE: u64 = 4120;
const EXIT_GROUP: u64 = 4246;
const CALLS: &[Case] = &[
    Case::new(READ, "read"),
    Case::new(WRITE, "write"),
    Case::new(BRK, "brk"),
    Case::new(FCNTL, "fcntl"),
    Case::new(MMAP, "mmap"),
    Case::new(CLONE, "clone"),
    Case::new(EXIT_GROUP, "exit_group"),
];

/// Bad file descriptor.
pub const EBADF: u64 = 9;
/// Invalid argument.
pub const EINVAL: u64 = 22;

const PAGE: u64 = 4096;

/// What differs between the system calls of Cannon's VMs.
pub trait Abi {
    /// Whether a failed call gives its error number in v0 and all ones in a3, not the other way round.
    const ERROR_IN_V0: bool;
    /// `mmap` gives out nothing past this address.
    const HEAP_END: u64;
    /// What `brk` always gives.
    const PROGRAM_BREAK: u64;
}

/// The 32-bit VM's.
struct O32;

impl Abi for O32 {
    const ERROR_IN_V0: bool = false;
    const HEAP_END: u64 = 0x6000_0000;
    const PROGRAM_BREAK: u64 = 0x4000_0000;
}

/// The system call.
#[inline(always)]
pub(crate) fn syscall<M: Machine>(m: &mut M) -> Done<M> {
    let number = m.get(V0);
    m.choose(number, CALLS, |m, call| match constant(CALLS, call) {
        Some(READ) => read::<O32, M>(m),
        Some(WRITE) => write::<O32, M>(m),
        Some(BRK) => give_constant(m, O32::PROGRAM_BREAK),
        Some(FCNTL) => fcntl::<O32, M>(m),
        Some(MMAP) => mmap::<O32, M>(m),
        // There are no threads. A real `clone` gives the parent the child's id: 1 satisfies that.
        Some(CLONE) => give_constant(m, 1),
        Some(EXIT_GROUP) => exit_group(m),
        _ => give_constant(m, 0),
    })
}

/// The constant that a case stands for.
pub fn constant(cases: &[Case], case: Option<usize>) -> Option<u64> {
    case.and_then(|case| cases.get(case)).map(|case| case.value)
}

/// Ends a call with a result.
pub fn give<M: Machine>(m: &mut M, value: M::W) -> Done<M> {
    let no_error = m.constant(0);
    m.set(V0, value);
    m.set(A3, no_error);
    Ok(())
}

/// Ends a call with a constant result.
pub fn give_constant<M: Machine>(m: &mut M, value: u64) -> Done<M> {
    let value = m.constant(value);
    give(m, value)
}

/// Ends a call with what is in a cell.
pub fn give_cell<M: Machine>(m: &mut M, cell: Cell) -> Done<M> {
    let value = m.get(cell);
    give(m, value)
}

/// Ends a call with an error number.
pub fn fail<A: Abi, M: Machine>(m: &mut M, errno: u64) -> Done<M> {
    let (ones, errno) = (m.constant(u64::MAX), m.constant(errno));
    let (v0, a3) = if !A::ERROR_IN_V0 {
        (ones, errno)
    } else {
        (errno, ones)
    };
    m.set(V0, v0);
    m.set(A3, a3);
    Ok(())
}

/// `read(fd, address, count)`. Pre-image bytes move within one word a call.
pub fn read<A: Abi, M: Machine>(m: &mut M) -> Done<M> {
    let fd = m.get(A0);
    descriptors::read(m, fd, place, M::BITS / 8, PREIMAGE_END, transferred::<A, M>)
}

/// `write(fd, address, count)`. Bytes for the pre-image key at most to the end of their word.
pub fn write<A: Abi, M: Machine>(m: &mut M) -> Done<M> {
    let fd = m.get(A0);
    descriptors::write(m, fd, place, M::BITS / 8, transferred::<A, M>)
}

/// Address and count of a read or write.
fn place<M: Machine>(m: &mut M) -> (M::W, M::W) {
    (m.get(A1), m.get(A2))
}

/// Ends a read or write.
fn transferred<A: Abi, M: Machine>(m: &mut M, count: Option<M::W>) -> Done<M> {
    match count {
        Some(count) => give(m, count),
        None => fail::<A, M>(m, EBADF),
    }
}

/// `fcntl(fd, command)`: F_GETFD finds no flags on any of the seven files, F_GETFL tells whether
/// they are read or written.
pub fn fcntl<A: Abi, M: Machine>(m: &mut M) -> Done<M> {
    const F_GETFD: u64 = 1;
    const F_GETFL: u64 = 3;
    const COMMANDS: &[Case] = &[Case::new(F_GETFD, "F_GETFD"), Case::new(F_GETFL, "F_GETFL")];

    let command = m.get(A1);
    m.choose(command, COMMANDS, |m, command| {
        let flags = match constant(COMMANDS, command) {
            Some(F_GETFL) => WRITE_ONLY,
            Some(_) => 0,
            None => return fail::<A, M>(m, EINVAL),
        };
        let (fd, end) = (m.get(A0), m.constant(PREIMAGE_WRITE + 1));
        let open = m.cmp(Cmp::LessUnsigned, fd, end);
        m.cond(open, |m, open| {
            if !open {
                return fail::<A, M>(m, EBADF);
            }
            if flags == 0 {
                return give_constant(m, 0);
            }
            let flags = m.constant(flags);
            let flag = m.bin(Bin::Shr, flags, fd);
            let flag = m.and_k(flag, 1);
            give(m, flag)
        })
    })
}

/// `mmap(address, length)`. With an address that is what comes back; without, the heap grows by the
/// length in whole pages. Fails where that wraps or passes the heap's end.
pub fn mmap<A: Abi, M: Machine>(m: &mut M) -> Done<M> {
    let address = m.get(A0);
    let anywhere = m.eq_k(address, 0);
    m.cond(anywhere, |m, anywhere| {
        if !anywhere {
            return give_cell(m, A0);
        }
        let (heap, length) = (m.get(HEAP), m.get(A1));
        let size = m.add_k(length, PAGE - 1);
        let size = m.and_k(size, !(PAGE - 1));
        let grown = m.add(heap, size);
        let end = m.constant(A::HEAP_END);

        let past_end = m.cmp(Cmp::LessUnsigned, end, grown);
        let heap_wraps = m.cmp(Cmp::LessUnsigned, grown, heap);
        let size_wraps = m.cmp(Cmp::LessUnsigned, size, length);
        let wraps = m.or(heap_wraps, size_wraps);
        let refused = m.or(past_end, wraps);
        m.cond(refused, |m, refused| {
            if refused {
                return fail::<A, M>(m, EINVAL);
            }
            m.set(HEAP, grown);
            give(m, heap)
        })
    })
}

/// `exit_group(code)`: the program counter stays.
pub fn exit_group<M: Machine>(m: &mut M) -> Done<M> {
    let code = m.get(A0);
    m.exit(code);
    m.stay();
    Ok(())
}
