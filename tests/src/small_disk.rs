//! A disk of a few megabytes under a data folder, which a test can fill and free.

use std::fs::{self, File};
use std::io::{ErrorKind, Write as _};
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result, ensure};

/// A page of a tmpfs, which gives out no less.
const CRUMB: [u8; 4096] = [7; 4096];

/// A file system in memory, in the place of a folder; it goes when this is dropped.
#[derive(Debug)]
pub struct SmallDisk {
    folder: PathBuf,
}

impl SmallDisk {
    /// Puts a folder, with what is in it, on a disk of this size.
    pub fn under(folder: &Path, bytes: u64) -> Result<Self> {
        let was = folder.with_extension("was");
        fs::rename(folder, &was)?;
        fs::create_dir(folder)?;
        let options = format!("size={bytes},mode=0700");
        run(Command::new("mount")
            .args(["-t", "tmpfs", "-o", &options, "tmpfs"])
            .arg(folder))?;
        let disk = Self {
            folder: folder.to_path_buf(),
        };
        run(Command::new("cp").arg("-a").arg(was.join(".")).arg(folder))?;
        Ok(disk)
    }

    /// Takes all the space that is left.
    pub fn fill(&self) -> Result<()> {
        let mut ballast = File::options()
            .create(true)
            .append(true)
            .open(self.ballast())?;
        loop {
            match ballast.write_all(&CRUMB) {
                Ok(()) => {}
                Err(error) if error.kind() == ErrorKind::StorageFull => return Ok(()),
                Err(error) => return Err(error).context("the ballast"),
            }
        }
    }

    /// Gives it back. Removed alone, the ballast would stay as long as anybody has it open: a child
    /// that another test has just forked holds it until it executes its program.
    pub fn free(&self) -> Result<()> {
        let ballast = self.ballast();
        File::options().write(true).open(&ballast)?.set_len(0)?;
        Ok(fs::remove_file(ballast)?)
    }

    fn ballast(&self) -> PathBuf {
        self.folder.join("ballast")
    }
}

/// A folder whose file system takes no writes, until it does or this is dropped.
#[derive(Debug)]
pub struct ReadOnly {
    folder: PathBuf,
}

impl ReadOnly {
    /// Makes it so.
    pub fn under(folder: &Path) -> Result<Self> {
        run(Command::new("mount").arg("--bind").arg(folder).arg(folder))?;
        let disk = Self {
            folder: folder.to_path_buf(),
        };
        disk.mount_again("ro")?;
        Ok(disk)
    }

    /// Takes it back, for this process too: where it runs in a place of its own it sees its own mounts.
    pub fn writable_for(&self, pid: u32) -> Result<()> {
        self.mount_again("rw")?;
        let mounts = format!("--mount=/proc/{pid}/ns/mnt");
        let options = "remount,bind,rw";
        run(Command::new("nsenter")
            .args([&mounts, "mount", "-o", options])
            .arg(&self.folder))
    }

    fn mount_again(&self, how: &str) -> Result<()> {
        let options = format!("remount,bind,{how}");
        run(Command::new("mount")
            .args(["-o", &options])
            .arg(&self.folder))
    }
}

impl Drop for ReadOnly {
    fn drop(&mut self) {
        let _ = run(Command::new("umount").arg("--lazy").arg(&self.folder));
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        let _ = run(Command::new("umount").arg("--lazy").arg(&self.folder));
    }
}

fn run(command: &mut Command) -> Result<()> {
    let output = command.output()?;
    let said = String::from_utf8_lossy(&output.stderr);
    ensure!(output.status.success(), "{command:?}: {}", said.trim());
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_small_disk_is_full_until_it_is_freed() {
        let parent = tempfile::tempdir().unwrap();
        let folder = parent.path().join("data");
        fs::create_dir(&folder).unwrap();
        fs::write(folder.join("kept"), b"before").unwrap();
        let disk = SmallDisk::under(&folder, 1 << 20).unwrap();
        disk.fill().unwrap();
        let refused = fs::write(folder.join("new"), CRUMB).unwrap_err();
        assert_eq!(refused.kind(), ErrorKind::StorageFull);
        assert_eq!(fs::read(folder.join("kept")).unwrap(), b"before");
        let _held = File::open(disk.ballast()).unwrap();
        disk.free().unwrap();
        fs::write(folder.join("new"), CRUMB).unwrap();
        drop(disk);
        assert_eq!(fs::read_dir(&folder).unwrap().count(), 0, "it was a disk");
    }
}
