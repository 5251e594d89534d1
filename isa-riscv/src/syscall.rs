//! System calls: number in a7, arguments from a0, result in a0.
//!
//! What the calls do is the same on both VMs. They differ in which calls there are and in how a call
//! tells that it failed: see [`Abi`].

use crate::fault;
use crate::operand::{A0, A1, A2, A3, A4, A7, HEAP};
use fpvm_core::definition::descriptors::{self, PREIMAGE_WRITE, WRITE_ONLY};
use fpvm_core::definition::machine::{Bin, Case, Cmp, Machine};

const EAGAIN: u64 = 11;
const EACCES: u64 = 13;
const EINVAL: u64 = 22;
const ENOSYS: u64 = 38;

/// Bytes of a leaf of the memory tree, the most that one pre-image access can reach.
const LEAF: u32 = 32;

/// What a system call does.
#[derive(Clone, Copy)]
pub(crate) enum Call {
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
    /// Nothing: it gives 0.
    Nothing,
    /// Fails.
    Fail(u64),
    /// Faults.
    Refused,
}

/// The calls that there are, and how they end.
pub(crate) trait Abi {
    /// Calls by number.
    const CALLS: &'static [(Case, Call)];
    /// Their numbers and names.
    const NUMBERS: &'static [Case];
    /// All others.
    const OTHERS: Call;
    /// "Bad file descriptor".
    const EBADF: u64;

    /// A call that succeeds.
    fn succeed<M: Machine>(m: &mut M, result: M::W) -> Result<(), M::Stop>;
    /// A call that fails.
    fn fail<M: Machine>(m: &mut M, error: u64) -> Result<(), M::Stop>;
}

const fn numbers<const N: usize>(calls: &[(Case, Call); N]) -> [Case; N] {
    let mut numbers = [calls[0].0; N];
    let mut i = 0;
    while i < N {
        numbers[i] = calls[i].0;
        i += 1;
    }
    numbers
}

/// Asterisc's calls. A failed one gives all ones in a0 and the error number in a1, other than Linux.
/// Every call but exit writes both.
pub(crate) enum Asterisc {}

/// Among those not here is the real futex (98): upstream refuses its 64-bit-time variant of 32-bit
/// platforms instead.
const ASTERISC: [(Case, Call); 14] = [
    (Case::new(93, "exit"), Call::Exit),
    (Case::new(94, "exit_group"), Call::Exit),
    (Case::new(214, "brk"), Call::Brk),
    (Case::new(222, "mmap"), Call::Mmap),
    (Case::new(63, "read"), Call::Read),
    (Case::new(64, "write"), Call::Write),
    (Case::new(25, "fcntl"), Call::Fcntl),
    (Case::new(56, "openat"), Call::Openat),
    (Case::new(113, "clock_gettime"), Call::ClockGettime),
    (Case::new(220, "clone"), Call::Clone),
    (Case::new(163, "getrlimit"), Call::Getrlimit),
    (Case::new(261, "prlimit64"), Call::Refused),
    (Case::new(422, "futex_time64"), Call::Refused),
    (Case::new(101, "nanosleep"), Call::Refused),
];

impl Abi for Asterisc {
    const CALLS: &'static [(Case, Call)] = &ASTERISC;
    const NUMBERS: &'static [Case] = &numbers(&ASTERISC);
    const OTHERS: Call = Call::Nothing;
    /// As upstream numbers it: in Linux 77 is EBADFD.
    const EBADF: u64 = 77;

    fn succeed<M: Machine>(m: &mut M, result: M::W) -> Result<(), M::Stop> {
        let no_error = m.constant(0);
        m.set(A0, result);
        m.set(A1, no_error);
        Ok(())
    }

    fn fail<M: Machine>(m: &mut M, error: u64) -> Result<(), M::Stop> {
        let (result, error) = (m.constant(u64::MAX), m.constant(error));
        m.set(A0, result);
        m.set(A1, error);
        Ok(())
    }
}

/// Linux's calls, of those that programs make which need no kernel. A failed one gives the negated
/// error number in a0.
pub(crate) enum Linux {}

/// There is one thread, so that there is nothing to wait for, and no signal comes; memory is never
/// given back.
const LINUX: [(Case, Call); 28] = [
    (Case::new(93, "exit"), Call::Exit),
    (Case::new(94, "exit_group"), Call::Exit),
    (Case::new(214, "brk"), Call::Brk),
    (Case::new(222, "mmap"), Call::Mmap),
    (Case::new(63, "read"), Call::Read),
    (Case::new(64, "write"), Call::Write),
    (Case::new(25, "fcntl"), Call::Fcntl),
    (Case::new(56, "openat"), Call::Openat),
    (Case::new(113, "clock_gettime"), Call::ClockGettime),
    (Case::new(220, "clone"), Call::Fail(EAGAIN)), // there are no more threads
    (Case::new(57, "close"), Call::Nothing),
    (Case::new(96, "set_tid_address"), Call::Nothing),
    (Case::new(98, "futex"), Call::Nothing),
    (Case::new(99, "set_robust_list"), Call::Nothing),
    (Case::new(101, "nanosleep"), Call::Nothing),
    (Case::new(115, "clock_nanosleep"), Call::Nothing),
    (Case::new(122, "sched_setaffinity"), Call::Nothing),
    (Case::new(123, "sched_getaffinity"), Call::Nothing),
    (Case::new(124, "sched_yield"), Call::Nothing),
    (Case::new(131, "tgkill"), Call::Nothing),
    (Case::new(132, "sigaltstack"), Call::Nothing),
    (Case::new(134, "rt_sigaction"), Call::Nothing),
    (Case::new(135, "rt_sigprocmask"), Call::Nothing),
    (Case::new(172, "getpid"), Call::Nothing),
    (Case::new(178, "gettid"), Call::Nothing),
    (Case::new(215, "munmap"), Call::Nothing),
    (Case::new(226, "mprotect"), Call::Nothing),
    (Case::new(233, "madvise"), Call::Nothing),
];

impl Abi for Linux {
    const CALLS: &'static [(Case, Call)] = &LINUX;
    const NUMBERS: &'static [Case] = &numbers(&LINUX);
    const OTHERS: Call = Call::Fail(ENOSYS);
    const EBADF: u64 = 9;

    fn succeed<M: Machine>(m: &mut M, result: M::W) -> Result<(), M::Stop> {
        m.set(A0, result);
        Ok(())
    }

    fn fail<M: Machine>(m: &mut M, error: u64) -> Result<(), M::Stop> {
        let result = m.constant(error.wrapping_neg());
        m.set(A0, result);
        Ok(())
    }
}

pub(crate) fn ecall<A: Abi, M: Machine>(m: &mut M) -> Result<(), M::Stop> {
    let number = m.get(A7);
    m.choose(number, A::NUMBERS, |m, case| {
        match case.map_or(A::OTHERS, |i| A::CALLS[i].1) {
            Call::Exit => {
                let code = m.get(A0);
                m.exit(code);
                Ok(())
            }
            // The break is at 1 GiB and stays there.
            Call::Brk => succeed_k::<A, M>(m, 0x4000_0000),
            Call::Mmap => mmap::<A, M>(m),
            Call::Read => read::<A, M>(m),
            Call::Write => write::<A, M>(m),
            Call::Fcntl => fcntl::<A, M>(m),
            Call::Openat => A::fail(m, EACCES),
            Call::ClockGettime => {
                store_pair(m, 1337, 42)?;
                succeed_k::<A, M>(m, 0)
            }
            // Names a thread that is never made.
            Call::Clone => succeed_k::<A, M>(m, 1),
            Call::Getrlimit => getrlimit::<A, M>(m),
            Call::Nothing => succeed_k::<A, M>(m, 0),
            Call::Fail(error) => A::fail(m, error),
            Call::Refused => m.trap(fault::SYSCALL),
        }
    })
}

fn succeed_k<A: Abi, M: Machine>(m: &mut M, result: u64) -> Result<(), M::Stop> {
    let result = m.constant(result);
    A::succeed(m, result)
}

/// Writes two numbers of 8 bytes at a1.
fn store_pair<M: Machine>(m: &mut M, first: u64, second: u64) -> Result<(), M::Stop> {
    let at = m.get(A1);
    let (second_at, first, second) = (m.add_k(at, 8), m.constant(first), m.constant(second));
    m.store(at, 8, first)?;
    m.store(second_at, 8, second)
}

/// Anonymous memory only. An address asked for is granted as it is; else whole pages come from the
/// heap, which has no end but wraps.
fn mmap<A: Abi, M: Machine>(m: &mut M) -> Result<(), M::Stop> {
    let (address, length) = (m.get(A0), m.get(A1));
    let (flags, fd) = (m.get(A3), m.get(A4));
    let anonymous = m.and_k(flags, 0x20);
    let with_file = m.eq_k(anonymous, 0);
    let without_file = m.not(with_file);
    let no_fd = m.eq_k(fd, u64::MAX);
    let granted = m.and(without_file, no_fd);
    m.cond(granted, |m, granted| {
        if !granted {
            return A::fail(m, A::EBADF);
        }
        let anywhere = m.eq_k(address, 0);
        m.cond(anywhere, |m, anywhere| {
            if !anywhere {
                return A::succeed(m, address);
            }
            let (heap, rounded) = (m.get(HEAP), m.add_k(length, 4095));
            let pages = m.and_k(rounded, !4095);
            let grown = m.add(heap, pages);
            m.set(HEAP, grown);
            A::succeed(m, heap)
        })
    })
}

fn read<A: Abi, M: Machine>(m: &mut M) -> Result<(), M::Stop> {
    let (fd, at, count) = (m.get(A0), m.get(A1), m.get(A2));
    let end = transferred::<A, M>;
    descriptors::read(m, fd, |_| (at, count), LEAF, fault::PREIMAGE_END, end)
}

fn write<A: Abi, M: Machine>(m: &mut M) -> Result<(), M::Stop> {
    let (fd, at, count) = (m.get(A0), m.get(A1), m.get(A2));
    descriptors::write(m, fd, |_| (at, count), LEAF, transferred::<A, M>)
}

/// Ends a read or write.
fn transferred<A: Abi, M: Machine>(m: &mut M, count: Option<M::W>) -> Result<(), M::Stop> {
    match count {
        Some(count) => A::succeed(m, count),
        None => A::fail(m, A::EBADF),
    }
}

fn fcntl<A: Abi, M: Machine>(m: &mut M) -> Result<(), M::Stop> {
    const GETFD: u64 = 1;
    const GETFL: u64 = 3;
    const COMMANDS: [Case; 2] = [Case::new(GETFD, "F_GETFD"), Case::new(GETFL, "F_GETFL")];
    let (fd, command) = (m.get(A0), m.get(A1));
    let end = m.constant(PREIMAGE_WRITE + 1);
    let open = m.cmp(Cmp::LessUnsigned, fd, end);
    m.choose(command, &COMMANDS, |m, command| {
        let writable = match command.map(|i| COMMANDS[i].value) {
            Some(GETFL) => WRITE_ONLY,
            Some(_) => 0,
            None => return A::fail(m, EINVAL),
        };
        m.cond(open, |m, open| {
            if !open {
                return A::fail(m, A::EBADF);
            }
            let writable = m.constant(writable);
            let flags = m.bin(Bin::Shr, writable, fd);
            let flags = m.and_k(flags, 1);
            A::succeed(m, flags)
        })
    })
}

/// 1024 open files, soft and hard limit; any other resource faults.
fn getrlimit<A: Abi, M: Machine>(m: &mut M) -> Result<(), M::Stop> {
    let resource = m.get(A0);
    let known = m.eq_k(resource, 7);
    let unknown = m.not(known);
    m.trap_if(unknown, fault::RESOURCE)?;
    store_pair(m, 1024, 1024)?;
    succeed_k::<A, M>(m, 0)
}
