//! The command `fpvm`: all of it is in the library, with the list of ISAs as its argument.

use std::process::ExitCode;

fn main() -> ExitCode {
    fpvm_cli::main(fpvm::ISAS, &[])
}
