//! The node with one care taken out, and in memory that is not wiped when it is given back: the
//! control of tests that find nothing.

use std::process::ExitCode;

use guichet::Parts;
use guichet_tests::careless::Care;

fn main() -> ExitCode {
    let parts = Care::told().map_or_else(Parts::shipped, Care::parts);
    guichet::run(std::env::args_os(), parts)
}
