//! The child's confinement: after this it reads what is open, writes what is open, and computes.
//!
//! Two walls of the kernel, each whole by itself. Landlock takes away every file and every TCP port
//! (no rule allows any). Seccomp refuses every system call but the few that reading, writing,
//! memory and ending are made of: no file is opened, no socket made, no process and no thread
//! started. A call that is refused fails with `EPERM`; neither wall can be taken down again, and
//! both are inherited.

use std::collections::BTreeMap;
use std::io;

use landlock::{ABI, Access as _, AccessFs, AccessNet, Ruleset, RulesetAttr as _, RulesetStatus};
use seccompiler::{BpfProgram, SeccompAction, SeccompFilter, TargetArch};

/// How much of the confinement the kernel has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Walls {
    /// Landlock and seccomp.
    Both,
    /// Seccomp alone: this kernel has no landlock, or it is switched off.
    Seccomp,
}

/// The newest landlock whose rights are asked for; an older kernel gives those it knows.
const LANDLOCK: ABI = ABI::V5;

/// What drawing is made of.
const ALLOWED: &[i64] = &[
    libc::SYS_read,
    libc::SYS_write,
    libc::SYS_readv,
    libc::SYS_writev,
    libc::SYS_close,
    libc::SYS_fstat,
    libc::SYS_lseek,
    libc::SYS_mmap,
    libc::SYS_mremap,
    libc::SYS_munmap,
    libc::SYS_mprotect,
    libc::SYS_madvise,
    libc::SYS_brk,
    libc::SYS_futex,
    libc::SYS_sched_yield,
    libc::SYS_getrandom,
    libc::SYS_clock_gettime,
    libc::SYS_clock_nanosleep,
    libc::SYS_rt_sigaction,
    libc::SYS_rt_sigprocmask,
    libc::SYS_rt_sigreturn,
    libc::SYS_sigaltstack,
    libc::SYS_restart_syscall,
    libc::SYS_gettid,
    libc::SYS_getpid,
    libc::SYS_tgkill,
    libc::SYS_exit,
    libc::SYS_exit_group,
];

/// Confines this process for good; what it has open stays open. `limit` is called between the two
/// walls: the first needs a file descriptor, and behind the second no limit can be set.
///
/// # Errors
/// A wall that the kernel has does not stand, or it has no seccomp: nothing may be drawn then.
pub fn confine(limit: impl FnOnce() -> io::Result<()>) -> io::Result<Walls> {
    let walls = no_files()?;
    limit()?;
    no_calls()?;
    Ok(walls)
}

/// How much of the confinement this kernel has; tried on a thread that ends with it.
///
/// # Errors
/// Landlock is there and does not stand, or no thread can be started.
pub fn walls() -> io::Result<Walls> {
    let tried = std::thread::Builder::new().spawn(no_files)?.join();
    tried.map_err(|_| io::Error::other("the trial panicked"))?
}

/// The first wall alone: no file is opened from now on, and no TCP port.
///
/// # Errors
/// Landlock is there and does not stand.
pub fn no_files() -> io::Result<Walls> {
    landlocked().map_err(io::Error::other)
}

/// The second wall alone: no system call from now on but those that drawing is made of.
///
/// # Errors
/// The kernel has no seccomp.
pub fn no_calls() -> io::Result<()> {
    filtered().map_err(io::Error::other)
}

fn landlocked() -> Result<Walls, landlock::RulesetError> {
    let ruleset = Ruleset::default()
        .handle_access(AccessFs::from_all(LANDLOCK))?
        .handle_access(AccessNet::from_all(LANDLOCK))?
        .create()?;
    Ok(match ruleset.restrict_self()?.ruleset {
        RulesetStatus::FullyEnforced | RulesetStatus::PartiallyEnforced => Walls::Both,
        RulesetStatus::NotEnforced => Walls::Seccomp,
    })
}

fn filtered() -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    let arch = TargetArch::try_from(std::env::consts::ARCH)?;
    let rules: BTreeMap<i64, Vec<_>> = ALLOWED.iter().map(|call| (*call, Vec::new())).collect();
    let refused = SeccompAction::Errno(libc::EPERM.unsigned_abs());
    let filter = SeccompFilter::new(rules, refused, SeccompAction::Allow, arch)?;
    let program = BpfProgram::try_from(filter)?;
    seccompiler::apply_filter(&program)?;
    Ok(())
}
