//! Memory for code, never writable and executable at one address: the same pages are mapped twice,
//! once to write and once to run.

use std::io;
use std::ptr::NonNull;

/// Room for code in bytes; backed only as it is used.
pub(crate) const CAPACITY: usize = 128 << 20;

/// Code that grows until it is cleared.
#[derive(Debug)]
pub(crate) struct CodeBuffer {
    write: NonNull<u8>,
    run: NonNull<u8>,
    len: usize,
}

// SAFETY: the mappings belong to the buffer alone, and nothing about them is bound to a thread.
unsafe impl Send for CodeBuffer {}

impl CodeBuffer {
    /// An empty buffer. Fails if the system gives no such mappings.
    pub(crate) fn new() -> io::Result<Self> {
        // SAFETY: the name is a C string; the call touches no memory of ours.
        let file = unsafe { libc::memfd_create(c"fpvm code".as_ptr(), libc::MFD_CLOEXEC) };
        if file < 0 {
            return Err(io::Error::last_os_error());
        }
        let mapped = Self::map(file);
        // SAFETY: `file` is open, and nobody else has it; the mappings outlive it.
        unsafe { libc::close(file) };
        let (write, run) = mapped?;
        Ok(Self { write, run, len: 0 })
    }

    fn map(file: libc::c_int) -> io::Result<(NonNull<u8>, NonNull<u8>)> {
        // SAFETY: `file` is open.
        if unsafe { libc::ftruncate(file, CAPACITY as libc::off_t) } != 0 {
            return Err(io::Error::last_os_error());
        }
        let map = |protection| {
            // SAFETY: a new mapping at an address of the system's choice replaces nothing.
            let at = unsafe {
                let null = std::ptr::null_mut();
                libc::mmap(null, CAPACITY, protection, libc::MAP_SHARED, file, 0)
            };
            if at == libc::MAP_FAILED {
                return Err(io::Error::last_os_error());
            }
            NonNull::new(at.cast::<u8>()).ok_or_else(io::Error::last_os_error)
        };
        let write = map(libc::PROT_READ | libc::PROT_WRITE)?;
        match map(libc::PROT_READ | libc::PROT_EXEC) {
            Ok(run) => Ok((write, run)),
            Err(error) => {
                // SAFETY: the mapping is ours and not used yet.
                unsafe { libc::munmap(write.as_ptr().cast(), CAPACITY) };
                Err(error)
            }
        }
    }

    pub(crate) fn len(&self) -> usize {
        self.len
    }

    /// Drops the code from an offset on.
    pub(crate) fn truncate(&mut self, len: usize) {
        self.len = self.len.min(len);
    }

    /// Appends code; `false` if it does not fit.
    pub(crate) fn append(&mut self, code: &[u8]) -> bool {
        if code.len() > CAPACITY - self.len {
            return false;
        }
        // SAFETY: the range is inside the writable mapping, which nothing else refers to. Code is
        // running nowhere: this thread is here, and the buffer is borrowed exclusively.
        unsafe {
            let to = self.write.as_ptr().add(self.len);
            std::ptr::copy_nonoverlapping(code.as_ptr(), to, code.len());
        }
        self.len += code.len();
        true
    }

    /// Replaces code that is there.
    pub(crate) fn patch(&mut self, at: usize, code: &[u8]) {
        if at.saturating_add(code.len()) <= self.len {
            // SAFETY: as in `append`.
            unsafe {
                let to = self.write.as_ptr().add(at);
                std::ptr::copy_nonoverlapping(code.as_ptr(), to, code.len());
            }
        }
    }

    /// The code from an offset to another.
    pub(crate) fn code(&self, from: usize, to: usize) -> &[u8] {
        let to = to.min(self.len);
        let from = from.min(to);
        // SAFETY: the range is inside the mapping, which is written by exclusive borrows only.
        unsafe { core::slice::from_raw_parts(self.run.as_ptr().add(from), to - from) }
    }

    /// The address that code at an offset runs at.
    pub(crate) fn address(&self, at: usize) -> *const u8 {
        self.run.as_ptr().wrapping_add(at)
    }
}

impl Drop for CodeBuffer {
    fn drop(&mut self) {
        // SAFETY: the mappings are ours, and with the buffer nothing refers to them any more.
        unsafe {
            libc::munmap(self.write.as_ptr().cast(), CAPACITY);
            libc::munmap(self.run.as_ptr().cast(), CAPACITY);
        }
    }
}
