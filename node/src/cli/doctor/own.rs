//! What a node has of its own: keys, credential, clock, disk.

use std::fs::{self, OpenOptions};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::time::Duration;

use guichet_keys::keyfile::KeyPurpose;
use guichet_keys::{Credential, SigningKey, Validity};
use rustix::fs::Access;
use rustix::io::Errno;

use super::Finding;
use crate::clock;
use crate::folder;
use crate::folder::keys::{self, Keys};
use crate::times::zone::Zone;

const DAY_S: u64 = 86_400;
/// A credential that ends sooner should be renewed.
const CREDENTIAL_DAYS_MIN: u64 = 30;
/// A disk with less is as good as full: a few scanned documents.
const FREE_BYTES_MIN: u64 = 200 << 20;
/// A disk with less should be looked after.
const FREE_BYTES_FEW: u64 = 2 << 30;
/// A disk that takes longer for one small write makes every page wait.
const WRITE_TIME_MAX: Duration = Duration::from_secs(1);
const PROBE: &str = ".doctor";

/// The private keys: there, closed to others, and opened by the machine's key.
pub(super) fn keys(dir: &Path, credential: &Credential) -> Finding {
    let check = "keys";
    let advice = "put the file back from a copy, or make the node anew; with a mode, see above";
    if let Err(error) = keys::closed(dir) {
        return Finding::ill(check, error.to_string(), advice);
    }
    if !keys::in_file(dir) {
        return Finding::warn(
            check,
            "there and closed to others; the machine key that seals them is not in the folder",
            "fine where systemd hands it over (LoadCredentialEncrypted=guichet-machine-key); \
             otherwise put machine.key back from a copy",
        );
    }
    let opened = Keys::open(dir, None).and_then(|keys| {
        keys.read(&KeyPurpose::NodeAgreement)?;
        keys.read(&KeyPurpose::Node)
    });
    match opened {
        Err(error) => Finding::ill(check, error.to_string(), advice),
        Ok(seed) if SigningKey::from_seed(&seed).subject() != credential.subject => Finding::ill(
            check,
            "they are another node's than the credential's",
            "put keys/ and identity.cbor of the same node into the folder",
        ),
        Ok(_) => Finding::warn(
            check,
            "there and closed to others, but the machine key that seals them is a file beside them",
            "have systemd keep it: LoadCredentialEncrypted=guichet-machine-key in the service",
        ),
    }
}

/// The statements that the node was born with: there, and of its network.
pub(super) fn network(dir: &Path) -> Finding {
    let check = "network";
    match folder::vouched_for(dir) {
        Ok(statements) => {
            let found = format!("{statements} statements that its root vouches for");
            Finding::ok(check, found)
        }
        Err(error) => {
            let advice = "put seed.cbor back from a copy; every node of the network has the same";
            Finding::ill(check, error.to_string(), advice)
        }
    }
}

/// The folders of what the node keeps: there, or to be made at the next start.
pub(super) fn store(dir: &Path) -> Finding {
    let check = "store";
    let store = dir.join(folder::STORE);
    let mut folders = [store.clone(), store.join("journal"), store.join("pages")].into_iter();
    let wrong = folders.find(|it| fs::symlink_metadata(it).is_ok_and(|found| !found.is_dir()));
    if let Some(wrong) = wrong {
        let found = format!("{} is not a folder", wrong.display());
        return Finding::ill(check, found, "put the store back from a copy, or remove it");
    }
    if !store.exists() {
        return Finding::ok(check, "none yet; it is made at the first start");
    }
    match closed_to_us(&store) {
        None => Finding::ok(check, "there"),
        Some(closed) => Finding::ill(
            check,
            format!("{} may not be read and written here", closed.display()),
            "run the node and the doctor as the user whom the data folder belongs to, or chown it",
        ),
    }
}

/// The first folder or journal of a store that this user may not read and write.
fn closed_to_us(store: &Path) -> Option<PathBuf> {
    let journal = store.join("journal");
    let files = fs::read_dir(&journal).into_iter().flatten().flatten();
    let files = files.map(|file| file.path());
    let folders = [store.to_owned(), journal.clone(), store.join("pages")];
    let rights = Access::READ_OK | Access::WRITE_OK;
    let closed = |path: &PathBuf| rustix::fs::access(path, rights) == Err(Errno::ACCESS);
    folders.into_iter().chain(files).find(closed)
}

/// The credential: valid now, and for a while yet.
pub(super) fn credential(credential: &Credential, now_s: u64) -> Finding {
    let check = "credential";
    let renew = "have it renewed by the network's authority";
    match credential.validity_at(now_s) {
        Validity::NotYet => Finding::ill(check, "it is not valid yet", "see the clock below"),
        Validity::Expired => {
            let days = (now_s - credential.expires_s) / DAY_S;
            Finding::ill(check, format!("it expired {days} days ago"), renew)
        }
        Validity::Current => {
            let days = (credential.expires_s - now_s) / DAY_S;
            let found = format!("valid for {days} more days");
            if days < CREDENTIAL_DAYS_MIN {
                Finding::warn(check, found, renew)
            } else {
                Finding::ok(check, found)
            }
        }
    }
}

/// The clock, as far as it can be judged from here: never before the credential was made.
pub(super) fn clock(credential: &Credential, now_s: u64, zone: &Zone) -> Finding {
    let check = "clock";
    let early_s = credential.not_before_s.saturating_sub(now_s);
    if early_s > 0 {
        let days = early_s.div_ceil(DAY_S);
        let found = format!("at least {days} days slow: it is before the credential was made");
        return Finding::ill(check, found, "set it, and have it kept right by NTP");
    }
    let zone = zone.name().unwrap_or("the zone that TZ describes");
    Finding::ok(
        check,
        format!("after the credential was made; no other clock to ask; times are those of {zone}"),
    )
}

/// The disk: room, and a small write that is durable.
pub(super) fn disk(dir: &Path) -> Finding {
    let check = "disk";
    let free = match rustix::fs::statvfs(dir) {
        Ok(disk) => disk.f_bavail.saturating_mul(disk.f_frsize),
        Err(error) => {
            let said = io::Error::from(error).to_string();
            return Finding::ill(check, said, "see that the folder's disk is mounted");
        }
    };
    let room = format!("{} MiB free", free >> 20);
    let began = clock::now();
    let written = write_through(dir);
    let took = clock::now().duration_since(began);
    if let Err(error) = written {
        let found = format!("{room}; a write fails: {error}");
        return Finding::ill(check, found, "free some space, or replace the disk");
    }
    let found = format!("{room}; a write is durable after {} ms", took.as_millis());
    if free < FREE_BYTES_MIN {
        Finding::ill(check, found, "free some space")
    } else if free < FREE_BYTES_FEW {
        Finding::warn(check, found, "free some space soon")
    } else if took > WRITE_TIME_MAX {
        Finding::warn(check, found, "see what else writes, or take a faster disk")
    } else {
        Finding::ok(check, found)
    }
}

/// The memory, where keys and what people type are: no way for it to come to a disk.
pub(super) fn memory() -> Finding {
    let check = "memory";
    let swaps = fs::read_to_string("/proc/swaps").unwrap_or_default();
    let pattern = fs::read_to_string("/proc/sys/kernel/core_pattern").unwrap_or_default();
    judge_memory(check, &swaps, pattern.trim())
}

fn judge_memory(check: &'static str, swaps: &str, pattern: &str) -> Finding {
    let cores = match pattern {
        "" | "|/bin/false" => "no program leaves core files".to_owned(),
        pattern => format!("the node leaves no core file (others: {pattern})"),
    };
    let on_disk = |line: &&str| !line.starts_with("/dev/zram");
    let swapped: Vec<_> = swaps.lines().skip(1).filter(on_disk).collect();
    let names = swapped
        .iter()
        .filter_map(|line| line.split_whitespace().next());
    let names = names.collect::<Vec<_>>().join(", ");
    if names.is_empty() {
        return Finding::ok(check, format!("{cores}; nothing is swapped to a disk"));
    }
    Finding::warn(
        check,
        format!("{cores}; it may be swapped to {names}, with keys and what people type"),
        "encrypt the swap or switch it off (swapoff), or let the service lock its memory \
         (LimitMEMLOCK=infinity)",
    )
}

fn write_through(dir: &Path) -> io::Result<()> {
    let probe = dir.join(PROBE);
    let mut file = OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(true)
        .open(&probe)?;
    let written = file.write_all(&[0; 4096]).and_then(|()| file.sync_data());
    let removed = fs::remove_file(&probe);
    written.and(removed)
}

#[cfg(test)]
mod tests {
    use guichet_keys::Role;

    use super::super::Verdict;
    use super::*;

    #[test]
    fn swap_on_a_disk_is_said() {
        let header = "Filename\tType\tSize\tUsed\tPriority\n";
        let check = |swaps: &str, pattern, verdict, found: &str| {
            let judged = judge_memory("memory", &format!("{header}{swaps}"), pattern);
            assert_eq!(judged.verdict, verdict, "{judged:?}");
            assert!(judged.found.contains(found), "{judged:?}");
        };
        check("", "core", Verdict::Ok, "others: core");
        check(
            "",
            "|/bin/false",
            Verdict::Ok,
            "no program leaves core files",
        );
        check(
            "/dev/zram0 partition 1 0 5\n",
            "",
            Verdict::Ok,
            "nothing is swapped",
        );
        check(
            "/dev/sda2 partition 1 0 5\n",
            "",
            Verdict::Warn,
            "/dev/sda2",
        );
    }

    #[test]
    fn a_credential_is_judged_by_the_day() {
        let credential_of = |not_before_s, expires_s| Credential {
            subject: SigningKey::from_seed(&[1; 32]).subject(),
            role: Role::Kiosk,
            service: None,
            name: "kiosk-1".to_owned(),
            agreement: None,
            issuer: SigningKey::from_seed(&[2; 32]).subject(),
            not_before_s,
            expires_s,
            serial: 1,
        };
        let now_s = 1_000 * DAY_S;
        let check = |from_days: u64, to_days: u64, verdict, found: &str| {
            let judged = credential(&credential_of(from_days * DAY_S, to_days * DAY_S), now_s);
            assert_eq!(judged.verdict, verdict, "{judged:?}");
            assert!(judged.found.contains(found), "{judged:?}");
        };
        check(900, 1_100, Verdict::Ok, "100 more days");
        check(900, 1_010, Verdict::Warn, "10 more days");
        check(900, 990, Verdict::Ill, "expired 10 days ago");
        check(1_002, 1_100, Verdict::Ill, "not valid yet");
        let clock = |from_days: u64| {
            let credential = credential_of(from_days * DAY_S, 1_100 * DAY_S);
            clock(&credential, now_s, &Zone::paris())
        };
        let slow = clock(1_002);
        assert_eq!(slow.verdict, Verdict::Ill);
        assert!(slow.found.contains("2 days slow"), "{slow:?}");
        let right = clock(900);
        assert_eq!(right.verdict, Verdict::Ok);
        assert!(right.found.ends_with("Europe/Paris"), "{right:?}");
    }
}
