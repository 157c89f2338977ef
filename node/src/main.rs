//! The shipped program: the command line over the real parts, in memory that is wiped when it is
//! given back, so that nothing outlives its owner in places that belong to nobody.

use std::alloc::System;
use std::process::ExitCode;

use zeroizing_alloc::ZeroAlloc;

#[global_allocator]
static WIPED: ZeroAlloc<System> = ZeroAlloc(System);

fn main() -> ExitCode {
    guichet::run(std::env::args_os(), guichet::Parts::shipped())
}
