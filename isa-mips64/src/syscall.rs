//! System calls: number in v0, arguments in a0 to a3; result to v0, 0 to a3. A failed call gives its
//! error number in v0 and all ones in a3, from state version 7 on; version 6, the 32-bit VM and Linux
//! have it the other way round.
//!
//! A number that is not listed has no post-state. Those of `NOTHING` do nothing and give 0 in both
//! registers. What a version does not know yet is asked for where it is done.

use crate::fault::UNKNOWN_CALL;
use crate::state::{A0, A1, A2, THREAD_ID, V0};
use crate::thread;
use fpvm_core::definition::machine::{Bin, Case, Cmp, Machine};
use fpvm_isa_mips::Done;
use fpvm_isa_mips::syscall::{
    self as common, Abi, EBADF, EINVAL, constant, give, give_cell, give_constant,
};
use fpvm_isa_mips::width::unsigned32;

/// The n64 calls of Cannon in a state version.
struct N64<const VERSION: u8>;

impl<const VERSION: u8> Abi for N64<VERSION> {
    const ERROR_IN_V0: bool = VERSION >= 7;
    const HEAP_END: u64 = 0x6000_0000_0000;
    const PROGRAM_BREAK: u64 = 0x4000_0000_0000;
}

const READ: u64 = 5000;
const WRITE: u64 = 5001;
const OPEN: u64 = 5002;
const MMAP: u64 = 5009;
const MPROTECT: u64 = 5010;
const BRK: u64 = 5012;
const SCHED_YIELD: u64 = 5023;
const NANOSLEEP: u64 = 5034;
const CLONE: u64 = 5055;
const EXIT: u64 = 5058;
const FCNTL: u64 = 5070;
const GETTID: u64 = 5178;
const FUTEX: u64 = 5194;
const EXIT_GROUP: u64 = 5205;
const CLOCK_GETTIME: u64 = 5222;
const EVENTFD2: u64 = 5284;
const GETRANDOM: u64 = 5313;

/// Calls that do nothing.
const NOTHING: &[Case] = &[
    Case::new(5003, "close"),
    Case::new(5004, "stat"),
    Case::new(5005, "fstat"),
    Case::new(5008, "lseek"),
    Case::new(MPROTECT, "mprotect"),
    Case::new(5011, "munmap"),
    Case::new(5013, "rt_sigaction"),
    Case::new(5014, "rt_sigprocmask"),
    Case::new(5015, "ioctl"),
    Case::new(5016, "pread64"),
    Case::new(5026, "mincore"),
    Case::new(5027, "madvise"),
    Case::new(5036, "setitimer"),
    Case::new(5038, "getpid"),
    Case::new(5061, "uname"),
    Case::new(5087, "readlink"),
    Case::new(5095, "getrlimit"),
    Case::new(5100, "getuid"),
    Case::new(5102, "getgid"),
    Case::new(5129, "sigaltstack"),
    Case::new(5196, "sched_getaffinity"),
    Case::new(5208, "epoll_ctl"),
    Case::new(5216, "timer_create"),
    Case::new(5217, "timer_settime"),
    Case::new(5220, "timer_delete"),
    Case::new(5225, "tgkill"),
    Case::new(5247, "openat"),
    Case::new(5257, "readlinkat"),
    Case::new(5272, "epoll_pwait"),
    Case::new(5285, "epoll_create1"),
    Case::new(5287, "pipe2"),
    Case::new(5297, "prlimit64"),
];
/// Calls that do something, but for `getrandom` up to version 7, which does nothing.
const CALLS: &[Case] = &[
    Case::new(READ, "read"),
    Case::new(WRITE, "write"),
    Case::new(OPEN, "open"),
    Case::new(MMAP, "mmap"),
    Case::new(BRK, "brk"),
    Case::new(SCHED_YIELD, "sched_yield"),
    Case::new(NANOSLEEP, "nanosleep"),
    Case::new(CLONE, "clone"),
    Case::new(EXIT, "exit"),
    Case::new(FCNTL, "fcntl"),
    Case::new(GETTID, "gettid"),
    Case::new(FUTEX, "futex"),
    Case::new(EXIT_GROUP, "exit_group"),
    Case::new(CLOCK_GETTIME, "clock_gettime"),
    Case::new(EVENTFD2, "eventfd2"),
    Case::new(GETRANDOM, "getrandom"),
];

/// Try again.
const EAGAIN: u64 = 11;
/// What `eventfd2` gives. It is never ready.
const EVENT_FD: u64 = 100;
/// Bytes of a word.
const WORD: u64 = 8;

/// The system call of a state version.
pub(crate) fn call<const VERSION: u8, M: Machine>(m: &mut M) -> Done<M> {
    let number = m.get(V0);
    m.choose(number, CALLS, |m, call| match constant(CALLS, call) {
        Some(READ) => with_event_fd::<VERSION, M>(m, common::read::<N64<VERSION>, M>),
        Some(WRITE) => with_event_fd::<VERSION, M>(m, common::write::<N64<VERSION>, M>),
        Some(OPEN) => fail::<VERSION, M>(m, EBADF),
        Some(MMAP) => common::mmap::<N64<VERSION>, M>(m),
        Some(BRK) => give_constant(m, N64::<VERSION>::PROGRAM_BREAK),
        Some(SCHED_YIELD | NANOSLEEP) => thread::preempt(m),
        Some(CLONE) => thread::clone(m),
        Some(EXIT) => thread::exit(m),
        Some(FCNTL) => common::fcntl::<N64<VERSION>, M>(m),
        Some(GETTID) => give_cell(m, THREAD_ID),
        Some(FUTEX) => futex::<VERSION, M>(m),
        Some(EXIT_GROUP) => common::exit_group(m),
        Some(CLOCK_GETTIME) => clock_gettime::<VERSION, M>(m),
        Some(EVENTFD2) if VERSION >= 7 => eventfd2::<VERSION, M>(m),
        Some(EVENTFD2) => m.trap(UNKNOWN_CALL),
        Some(GETRANDOM) if VERSION >= 8 => getrandom(m),
        Some(_) => give_constant(m, 0),
        None => nothing::<VERSION, M>(m),
    })
}

/// A call that is known and does nothing, or one that is not known.
fn nothing<const VERSION: u8, M: Machine>(m: &mut M) -> Done<M> {
    let number = m.get(V0);
    m.choose(number, NOTHING, |m, call| match constant(NOTHING, call) {
        Some(MPROTECT) if VERSION < 7 => m.trap(UNKNOWN_CALL),
        Some(_) => give_constant(m, 0),
        None => m.trap(UNKNOWN_CALL),
    })
}

fn fail<const VERSION: u8, M: Machine>(m: &mut M, errno: u64) -> Done<M> {
    common::fail::<N64<VERSION>, M>(m, errno)
}

/// A read or write that fails on the event file, as if there were nothing to read and no room to write.
/// Up to version 6 there is no such file.
fn with_event_fd<const VERSION: u8, M: Machine>(
    m: &mut M,
    other: impl Fn(&mut M) -> Done<M>,
) -> Done<M> {
    if VERSION < 7 {
        return other(m);
    }
    let fd = m.get(A0);
    let event = m.eq_k(fd, EVENT_FD);
    m.cond(event, |m, event| {
        if event {
            fail::<VERSION, M>(m, EAGAIN)
        } else {
            other(m)
        }
    })
}

/// `eventfd2(count, flags)`: only files that do not block.
fn eventfd2<const VERSION: u8, M: Machine>(m: &mut M) -> Done<M> {
    const EFD_NONBLOCK: u64 = 0x80;
    let flags = m.get(A1);
    let flag = m.and_k(flags, EFD_NONBLOCK);
    let blocks = m.eq_k(flag, 0);
    m.cond(blocks, |m, blocks| {
        if blocks {
            fail::<VERSION, M>(m, EINVAL)
        } else {
            give_constant(m, EVENT_FD)
        }
    })
}

/// `futex(address, operation, value)`: a wait, where memory has the value, and a wake are both no more
/// than the end of a turn.
fn futex<const VERSION: u8, M: Machine>(m: &mut M) -> Done<M> {
    const WAIT_PRIVATE: u64 = 128;
    const WAKE_PRIVATE: u64 = 129;
    const OPERATIONS: &[Case] = &[
        Case::new(WAIT_PRIVATE, "FUTEX_WAIT_PRIVATE"),
        Case::new(WAKE_PRIVATE, "FUTEX_WAKE_PRIVATE"),
    ];

    let operation = m.get(A1);
    m.choose(operation, OPERATIONS, |m, operation| {
        match constant(OPERATIONS, operation) {
            Some(WAIT_PRIVATE) => {
                let (at, expected) = (m.get(A0), m.get(A2));
                let at = m.align(at, 4);
                let value = m.load(at, 4)?;
                let expected = unsigned32(m, expected);
                let same = m.eq(value, expected);
                m.cond(same, |m, same| {
                    if same {
                        thread::preempt(m)
                    } else {
                        fail::<VERSION, M>(m, EAGAIN)
                    }
                })
            }
            Some(WAKE_PRIVATE) => thread::preempt(m),
            _ => fail::<VERSION, M>(m, EINVAL),
        }
    })
}

/// `clock_gettime(clock, address)`: seconds and nanoseconds, each a word. The real time is always 0;
/// the monotonic clock counts steps, of 100 nanoseconds each.
fn clock_gettime<const VERSION: u8, M: Machine>(m: &mut M) -> Done<M> {
    const CLOCK_REALTIME: u64 = 0;
    const CLOCK_MONOTONIC: u64 = 1;
    const CLOCKS: &[Case] = &[
        Case::new(CLOCK_REALTIME, "CLOCK_REALTIME"),
        Case::new(CLOCK_MONOTONIC, "CLOCK_MONOTONIC"),
    ];
    const STEPS_PER_SECOND: u64 = 10_000_000;
    const NANOSECONDS_PER_STEP: u64 = 1_000_000_000 / STEPS_PER_SECOND;

    let clock = m.get(A0);
    m.choose(clock, CLOCKS, |m, clock| {
        let (seconds, nanoseconds) = match constant(CLOCKS, clock) {
            Some(CLOCK_MONOTONIC) => {
                let (step, second) = (m.step(), m.constant(STEPS_PER_SECOND));
                let seconds = m.bin(Bin::DivUnsigned, step, second);
                let left = m.bin(Bin::RemUnsigned, step, second);
                let unit = m.constant(NANOSECONDS_PER_STEP);
                (seconds, m.bin(Bin::Mul, left, unit))
            }
            Some(CLOCK_REALTIME) => (m.constant(0), m.constant(0)),
            _ => return fail::<VERSION, M>(m, EINVAL),
        };
        let at = m.get(A1);
        let at = m.align(at, WORD as u32);
        m.store(at, WORD as u32, seconds)?;
        // Upstream proves the second word apart even where it is in the leaf of the first.
        let at = m.add_k(at, WORD);
        m.own_branch(at);
        m.store(at, WORD as u32, nanoseconds)?;
        give_constant(m, 0)
    })
}

/// `getrandom(address, count)`: bytes of a number made from the step counter, at most to the end of
/// their word. Each byte of the word gets the number's byte of the same place.
fn getrandom<M: Machine>(m: &mut M) -> Done<M> {
    let (at, count) = (m.get(A0), m.get(A1));
    let before = m.and_k(at, WORD - 1);
    let word = m.constant(WORD);
    let room = m.bin(Bin::Sub, word, before);
    let fits = m.cmp(Cmp::LessUnsigned, count, room);
    let count = m.select(fits, count, room);

    // `count` bytes of ones from byte `before` on: bytes that a shift by a whole word leaves are 0.
    let ones = m.constant(u64::MAX);
    let free = m.bin(Bin::Sub, word, count);
    let (free, before) = (bits(m, free), bits(m, before));
    let mask = m.bin(Bin::Shl, ones, free);
    let mask = m.bin(Bin::Shr, mask, before);

    let random = split_mix(m);
    let at = m.align(at, WORD as u32);
    m.rmw(at, WORD as u32, |m, old| {
        let changed = m.bin(Bin::Xor, old, random);
        let changed = m.bin(Bin::And, changed, mask);
        m.bin(Bin::Xor, old, changed)
    })?;
    give(m, count)
}

fn bits<M: Machine>(m: &mut M, bytes: M::W) -> M::W {
    let three = m.constant(3);
    m.bin(Bin::Shl, bytes, three)
}

/// The generator SplitMix64, seeded with the step counter; its first number.
fn split_mix<M: Machine>(m: &mut M) -> M::W {
    let step = m.step();
    let mut z = m.add_k(step, 0x9e37_79b9_7f4a_7c15);
    for (shift, factor) in [(30, 0xbf58_476d_1ce4_e5b9), (27, 0x94d0_49bb_1331_11eb)] {
        z = xor_shifted(m, z, shift);
        let factor = m.constant(factor);
        z = m.bin(Bin::Mul, z, factor);
    }
    xor_shifted(m, z, 31)
}

fn xor_shifted<M: Machine>(m: &mut M, z: M::W, by: u64) -> M::W {
    let by = m.constant(by);
    let shifted = m.bin(Bin::Shr, z, by);
    m.bin(Bin::Xor, z, shifted)
}
