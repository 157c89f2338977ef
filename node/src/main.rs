//! The shipped program: the command line over the real parts.

use std::process::ExitCode;

fn main() -> ExitCode {
    guichet::run(std::env::args_os(), guichet::Parts::shipped())
}
