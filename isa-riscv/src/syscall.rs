//! System calls: number in a7, arguments from a0, result in a0.
//!
//! A failed call gives all ones in a0 and the error number in a1, other than Linux, which gives the
//! negated number in a0. Every call but exit writes both.

use crate::fault;
use crate::operand::{A0, A1, A2, A3, A4, A7, HEAP};
use fpvm_core::machine::{Bin, Cmp, Machine};

/// "Bad file descriptor", as upstream numbers it: in Linux 77 is EBADFD and EBADF is 9.
const EBADF: u64 = 0x4d;
const EACCES: u64 = 0xd;
const EINVAL: u64 = 0x16;

const STDIN: u64 = 0;
const STDOUT: u64 = 1;
const STDERR: u64 = 2;
const HINT_READ: u64 = 3;
const HINT_WRITE: u64 = 4;
const PREIMAGE_READ: u64 = 5;
const PREIMAGE_WRITE: u64 = 6;

/// Bytes of a leaf of the memory tree, the most that one pre-image access can reach.
const LEAF: u32 = 32;

/// A system call that does something.
#[derive(Clone, Copy)]
enum Call {
    Exit,
    Brk,
    Mmap,
    Read,
    Write,
    Fcntl,
    Openat,
    ClockGettime,
    Clone,
    Getrlimit,
    Refused,
}

/// Their numbers. Among those not here, which all give 0 and have no effect, is the real futex (98):
/// upstream refuses its 64-bit-time variant of 32-bit platforms instead.
const CALLS: [(u64, Call); 14] = [
    (93, Call::Exit),
    (94, Call::Exit),
    (214, Call::Brk),
    (222, Call::Mmap),
    (63, Call::Read),
    (64, Call::Write),
    (25, Call::Fcntl),
    (56, Call::Openat),
    (113, Call::ClockGettime),
    (220, Call::Clone),
    (163, Call::Getrlimit),
    (261, Call::Refused),
    (422, Call::Refused),
    (101, Call::Refused),
];

const NUMBERS: [u64; CALLS.len()] = {
    let mut numbers = [0; CALLS.len()];
    let mut i = 0;
    while i < numbers.len() {
        numbers[i] = CALLS[i].0;
        i += 1;
    }
    numbers
};

pub(crate) fn ecall<M: Machine>(m: &mut M) -> Result<(), M::Stop> {
    let number = m.get(A7);
    m.choose(number, &NUMBERS, |m, case| match case.map(|i| CALLS[i].1) {
        Some(Call::Exit) => {
            let code = m.get(A0);
            m.exit(code);
            Ok(())
        }
        // The break is at 1 GiB and stays there.
        Some(Call::Brk) => succeed_k(m, 0x4000_0000),
        Some(Call::Mmap) => mmap(m),
        Some(Call::Read) => read(m),
        Some(Call::Write) => write(m),
        Some(Call::Fcntl) => fcntl(m),
        Some(Call::Openat) => fail(m, EACCES),
        Some(Call::ClockGettime) => {
            store_pair(m, 1337, 42)?;
            succeed_k(m, 0)
        }
        // Names a thread that is never made.
        Some(Call::Clone) => succeed_k(m, 1),
        Some(Call::Getrlimit) => getrlimit(m),
        Some(Call::Refused) => m.trap(fault::SYSCALL),
        None => succeed_k(m, 0),
    })
}

fn succeed<M: Machine>(m: &mut M, result: M::W) -> Result<(), M::Stop> {
    let no_error = m.konst(0);
    m.set(A0, result);
    m.set(A1, no_error);
    Ok(())
}

fn succeed_k<M: Machine>(m: &mut M, result: u64) -> Result<(), M::Stop> {
    let result = m.konst(result);
    succeed(m, result)
}

fn fail<M: Machine>(m: &mut M, error: u64) -> Result<(), M::Stop> {
    let (result, error) = (m.konst(u64::MAX), m.konst(error));
    m.set(A0, result);
    m.set(A1, error);
    Ok(())
}

/// Writes two numbers of 8 bytes at a1.
fn store_pair<M: Machine>(m: &mut M, first: u64, second: u64) -> Result<(), M::Stop> {
    let at = m.get(A1);
    let (second_at, first, second) = (m.add_k(at, 8), m.konst(first), m.konst(second));
    m.store(at, 8, first)?;
    m.store(second_at, 8, second)
}

/// Anonymous memory only. An address asked for is granted as it is; else whole pages come from the
/// heap, which has no end but wraps.
fn mmap<M: Machine>(m: &mut M) -> Result<(), M::Stop> {
    let (address, length) = (m.get(A0), m.get(A1));
    let (flags, fd) = (m.get(A3), m.get(A4));
    let anonymous = m.and_k(flags, 0x20);
    let with_file = m.eq_k(anonymous, 0);
    let without_file = m.not(with_file);
    let no_fd = m.eq_k(fd, u64::MAX);
    let granted = m.both(without_file, no_fd);
    m.cond(granted, |m, granted| {
        if !granted {
            return fail(m, EBADF);
        }
        let anywhere = m.eq_k(address, 0);
        m.cond(anywhere, |m, anywhere| {
            if !anywhere {
                return succeed(m, address);
            }
            let (heap, rounded) = (m.get(HEAP), m.add_k(length, 4095));
            let pages = m.and_k(rounded, !4095);
            let grown = m.add(heap, pages);
            m.set(HEAP, grown);
            succeed(m, heap)
        })
    })
}

fn read<M: Machine>(m: &mut M) -> Result<(), M::Stop> {
    const FILES: [u64; 3] = [STDIN, HINT_READ, PREIMAGE_READ];
    let (fd, at, count) = (m.get(A0), m.get(A1), m.get(A2));
    m.choose(fd, &FILES, |m, file| match file.map(|i| FILES[i]) {
        Some(STDIN) => succeed_k(m, 0),
        // The host has acknowledged all hints by now: memory keeps what it was.
        Some(HINT_READ) => succeed(m, count),
        Some(_) => {
            let n = m.preimage_read(at, count, LEAF, fault::PREIMAGE_END)?;
            succeed(m, n)
        }
        None => fail(m, EBADF),
    })
}

fn write<M: Machine>(m: &mut M) -> Result<(), M::Stop> {
    const FILES: [u64; 4] = [STDOUT, STDERR, HINT_WRITE, PREIMAGE_WRITE];
    let (fd, at, count) = (m.get(A0), m.get(A1), m.get(A2));
    m.choose(fd, &FILES, |m, file| match file.map(|i| FILES[i]) {
        Some(STDOUT) => {
            m.output(1, at, count);
            succeed(m, count)
        }
        Some(STDERR) => {
            m.output(2, at, count);
            succeed(m, count)
        }
        Some(HINT_WRITE) => {
            m.hint(at, count)?;
            succeed(m, count)
        }
        Some(_) => {
            let n = m.key_append(at, count, LEAF)?;
            succeed(m, n)
        }
        None => fail(m, EBADF),
    })
}

fn fcntl<M: Machine>(m: &mut M) -> Result<(), M::Stop> {
    const GETFD: u64 = 1;
    const GETFL: u64 = 3;
    const COMMANDS: [u64; 2] = [GETFD, GETFL];
    let (fd, command) = (m.get(A0), m.get(A1));
    let end = m.konst(PREIMAGE_WRITE + 1);
    let open = m.cmp(Cmp::LessUnsigned, fd, end);
    m.choose(command, &COMMANDS, |m, command| {
        let writable = match command.map(|i| COMMANDS[i]) {
            Some(GETFL) => 1 << STDOUT | 1 << STDERR | 1 << HINT_WRITE | 1 << PREIMAGE_WRITE,
            Some(_) => 0,
            None => return fail(m, EINVAL),
        };
        m.cond(open, |m, open| {
            if !open {
                return fail(m, EBADF);
            }
            let writable = m.konst(writable);
            let flags = m.bin(Bin::Shr, writable, fd);
            let flags = m.and_k(flags, 1);
            succeed(m, flags)
        })
    })
}

/// 1024 open files, soft and hard limit; any other resource faults.
fn getrlimit<M: Machine>(m: &mut M) -> Result<(), M::Stop> {
    let resource = m.get(A0);
    let known = m.eq_k(resource, 7);
    let unknown = m.not(known);
    m.trap_if(unknown, fault::RESOURCE)?;
    store_pair(m, 1024, 1024)?;
    succeed_k(m, 0)
}
