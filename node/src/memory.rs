//! The memory of a process that handles what people wrote: it leaves by no way but the program's.
//!
//! Keys and plain text are in memory alone, and a core file or a swap partition would put them on a
//! disk. So there are no core files, whether they are written or piped (core(5): a process that is
//! not dumpable leaves none), others of the same user cannot look into it (ptrace(2)), and where
//! the system grants it the memory stays out of swap.

use std::io;

use rustix::mm::{MlockAllFlags, mlockall};
use rustix::process::{
    DumpableBehavior, Resource, Rlimit, getrlimit, set_dumpable_behavior, setrlimit,
};

/// Whether memory is kept out of swap.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Swapped {
    /// It stays in memory.
    Never,
    /// The system may swap it out: it grants this process too little locked memory.
    Perhaps,
}

/// Lets no copy of this process's memory come to a disk, as far as the system lets it.
///
/// # Errors
/// Core files cannot be forbidden.
pub fn keep() -> io::Result<Swapped> {
    no_cores()?;
    // With a limit, an allocation beyond it would fail later: only without one.
    if getrlimit(Resource::Memlock).current.is_some() {
        return Ok(Swapped::Perhaps);
    }
    let all = MlockAllFlags::CURRENT | MlockAllFlags::FUTURE | MlockAllFlags::ONFAULT;
    Ok(match mlockall(all) {
        Ok(()) => Swapped::Never,
        Err(_) => Swapped::Perhaps,
    })
}

/// Neither a core file nor a look into this process by another.
pub fn no_cores() -> io::Result<()> {
    let none = Rlimit {
        current: Some(0),
        maximum: Some(0),
    };
    setrlimit(Resource::Core, none)?;
    set_dumpable_behavior(DumpableBehavior::NotDumpable)?;
    Ok(())
}
