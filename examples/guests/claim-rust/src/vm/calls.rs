// Included in a module `vm` beside the module `machine`, so that functions keep their names in the bundled files whatever
// memory a guest has.

use alloc::string::String;
use core::panic::PanicInfo;
use machine::{EXIT_GROUP, READ, WRITE};

extern "C" fn main() -> ! {
    crate::claim();
    exit(0)
}

/// Ends the program. 0 is for what is true, 1 for what is not, and all else counts as a failure.
pub fn exit(code: u8) -> ! {
    loop {
        system_call(EXIT_GROUP, [code.into(), 0, 0, 0, 0, 0]);
    }
}

/// Prints a line: to file 1, or to 2 for what went wrong.
pub fn print(file: usize, mut line: String) {
    line.push('\n');
    // A line that cannot be printed must not change the result.
    write(file, line.as_bytes());
}

/// Writes the beginning of the bytes; gives how many were taken.
pub fn write(file: usize, bytes: &[u8]) -> Option<usize> {
    let arguments = [file, bytes.as_ptr().addr(), bytes.len(), 0, 0, 0];
    taken(system_call(WRITE, arguments))
}

/// Reads into the beginning of the buffer; gives how many bytes came.
pub fn read(file: usize, buffer: &mut [u8]) -> Option<usize> {
    let arguments = [
        file,
        buffer.as_mut_ptr().expose_provenance(),
        buffer.len(),
        0,
        0,
        0,
    ];
    taken(system_call(READ, arguments))
}

/// A result that is neither nothing nor one of Linux's negated error numbers.
fn taken(result: usize) -> Option<usize> {
    (result.cast_signed() > 0).then_some(result)
}

#[panic_handler]
fn panic(info: &PanicInfo<'_>) -> ! {
    print(2, alloc::format!("{info}"));
    exit(2)
}
