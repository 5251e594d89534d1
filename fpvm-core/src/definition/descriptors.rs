//! The files that a program finds open: three as everywhere, and four through which it asks the host,
//! with hints, and reads pre-images. They are the same on all VMs of the OP Stack (specs, "Fault Proof",
//! pre-image communication); what is an ISA's own is where arguments stand, how far one access to a
//! pre-image reaches, and how a call ends.

use crate::definition::machine::{Case, Fault, Machine};

/// Standard input; always empty.
pub const STDIN: u64 = 0;
/// Standard output.
pub const STDOUT: u64 = 1;
/// Standard error.
pub const STDERR: u64 = 2;
/// Reads that a hint was acknowledged.
pub const HINT_READ: u64 = 3;
/// Takes hints.
pub const HINT_WRITE: u64 = 4;
/// Reads the pre-image of the key.
pub const PREIMAGE_READ: u64 = 5;
/// Takes the key of the next pre-image.
pub const PREIMAGE_WRITE: u64 = 6;

/// Those that can be read.
pub const READABLE: &[Case] = &[
    Case::new(STDIN, "stdin"),
    Case::new(HINT_READ, "hint read"),
    Case::new(PREIMAGE_READ, "pre-image read"),
];
/// Those that can be written.
pub const WRITABLE: &[Case] = &[
    Case::new(STDOUT, "stdout"),
    Case::new(STDERR, "stderr"),
    Case::new(HINT_WRITE, "hint write"),
    Case::new(PREIMAGE_WRITE, "pre-image write"),
];

/// `O_WRONLY`, 1, of each file that is written, at the bit of its number.
pub const WRITE_ONLY: u64 = 1 << STDOUT | 1 << STDERR | 1 << HINT_WRITE | 1 << PREIMAGE_WRITE;

fn constant(cases: &[Case], case: Option<usize>) -> Option<u64> {
    case.and_then(|case| cases.get(case)).map(|case| case.value)
}

/// `read(fd, at, count)`. `place` gives address and count, `end` ends the call with the number of bytes, or
/// with none where the file cannot be read. A pre-image's bytes come as far as the aligned window of
/// `window` bytes that the address is in; where it has no more, the step faults with `past_end`. The host
/// has acknowledged all hints by then, so that a hint's answer counts as read and memory keeps what it was.
#[inline(always)]
pub fn read<M: Machine>(
    m: &mut M,
    fd: M::W,
    place: impl Fn(&mut M) -> (M::W, M::W),
    window: u32,
    past_end: Fault,
    end: impl Fn(&mut M, Option<M::W>) -> Result<(), M::Stop>,
) -> Result<(), M::Stop> {
    m.choose(fd, READABLE, |m, file| {
        let count = match constant(READABLE, file) {
            Some(STDIN) => Some(m.constant(0)),
            Some(HINT_READ) => Some(place(m).1),
            Some(_) => {
                let (at, count) = place(m);
                Some(m.preimage_read(at, count, window, past_end)?)
            }
            None => None,
        };
        end(m, count)
    })
}

/// `write(fd, at, count)`, with the arguments of [`read`]. What goes outside counts as written in full, a
/// pre-image's key as far as the window.
#[inline(always)]
pub fn write<M: Machine>(
    m: &mut M,
    fd: M::W,
    place: impl Fn(&mut M) -> (M::W, M::W),
    window: u32,
    end: impl Fn(&mut M, Option<M::W>) -> Result<(), M::Stop>,
) -> Result<(), M::Stop> {
    m.choose(fd, WRITABLE, |m, file| {
        let Some(file) = constant(WRITABLE, file) else {
            return end(m, None);
        };
        let (at, count) = place(m);
        let count = match file {
            PREIMAGE_WRITE => m.key_append(at, count, window)?,
            HINT_WRITE => {
                m.hint(at, count)?;
                count
            }
            _ => {
                m.output(file as u8, at, count);
                count
            }
        };
        end(m, Some(count))
    })
}
