//! The private keys of a folder, and the machine key that seals them.
//!
//! Each key has a file of its own in `keys/`. The machine key comes from systemd where the service
//! is given one (`LoadCredentialEncrypted=guichet-machine-key`, which a TPM can guard); else it is
//! a file beside the keys, which protects nothing more than its mode 0600 does, and `status` says
//! so. A folder made without the better seal moves under it at the first start that has it.

use std::path::{Path, PathBuf};

use guichet_keys::keyfile::{KeyFile, KeyFileError, KeyPurpose};
use guichet_keys::{Salt, SecretKey, sha256};
use minicbor::{Decode, Encode};
use zeroize::Zeroizing;

use super::frame::{self, FrameError};
use super::private::{self, PrivateFileError};
use crate::entropy;

const FOLDER: &str = "keys";
const MACHINE_FILE: &str = "machine.key";
const MACHINE_NAME: &str = "guichet-machine-key";
const CREDENTIAL_BYTES_MIN: usize = 32;

/// Where the machine key is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Seal {
    /// A credential that systemd handed over.
    SystemdCredential,
    /// A file of mode 0600 beside the keys.
    File,
}

/// Why a key could not be read or written.
#[derive(Debug, thiserror::Error)]
pub enum KeysError {
    /// Its file could not be read or written.
    #[error(transparent)]
    File(#[from] PrivateFileError),
    /// The file is not a key, or does not open.
    #[error("{}: {source}", file.display())]
    Key {
        /// Which file.
        file: PathBuf,
        /// What is wrong.
        source: KeyFileError,
    },
    /// The machine key's file is damaged.
    #[error("{}: {source}", file.display())]
    Machine {
        /// Which file.
        file: PathBuf,
        /// What is wrong.
        source: FrameError,
    },
    /// The credential is too short to be a key.
    #[error(
        "the systemd credential {MACHINE_NAME} has {length} bytes; at least {CREDENTIAL_BYTES_MIN} are needed"
    )]
    ShortCredential {
        /// Its length.
        length: usize,
    },
    /// No certificate for calls can be made.
    #[error(transparent)]
    Certificate(#[from] guichet_media::CertificateError),
    /// The file holds another key.
    #[error("{} holds the {found} key, not the {expected} key", file.display())]
    OtherKey {
        /// Which file.
        file: PathBuf,
        /// What it holds.
        found: KeyPurpose,
        /// What was expected.
        expected: KeyPurpose,
    },
}

/// The keys of one folder, opened.
#[derive(Debug)]
pub struct Keys {
    folder: PathBuf,
    machine: SecretKey,
    seal: Seal,
}

impl Keys {
    /// Makes the folder `dir/keys` with a new machine key in a file.
    pub fn create(dir: &Path) -> Result<Self, KeysError> {
        let folder = dir.join(FOLDER);
        private::create_folder(&folder)?;
        let secret = Zeroizing::new(entropy::bytes::<32>());
        let content = Zeroizing::new(frame::write(MACHINE_NAME, &MachineKey(*secret)));
        private::write(&folder.join(MACHINE_FILE), &content)?;
        Ok(Self {
            folder,
            machine: SecretKey::from(*secret),
            seal: Seal::File,
        })
    }

    /// Opens the keys of `dir`, with the credential in `credentials` if systemd gave one.
    pub fn open(dir: &Path, credentials: Option<&Path>) -> Result<Self, KeysError> {
        let folder = dir.join(FOLDER);
        let credential = credentials
            .map(|credentials| credentials.join(MACHINE_NAME))
            .filter(|file| file.exists());
        let Some(credential) = credential else {
            let machine = read_machine_key(&folder.join(MACHINE_FILE))?;
            return Ok(Self {
                folder,
                machine,
                seal: Seal::File,
            });
        };
        let keys = Self {
            folder,
            machine: read_credential(&credential)?,
            seal: Seal::SystemdCredential,
        };
        keys.move_from_file()?;
        Ok(keys)
    }

    /// The folder of the keys.
    pub(super) fn folder(&self) -> &Path {
        &self.folder
    }

    /// The key of this machine.
    pub(super) fn machine(&self) -> &SecretKey {
        &self.machine
    }

    /// Where the machine key is.
    pub fn seal(&self) -> Seal {
        self.seal
    }

    /// Writes the seed of a key.
    pub fn write(&self, purpose: &KeyPurpose, seed: &[u8; 32]) -> Result<(), KeysError> {
        self.write_file(&self.file(purpose), purpose, seed)
    }

    /// The seed of a key.
    pub fn read(&self, purpose: &KeyPurpose) -> Result<Zeroizing<[u8; 32]>, KeysError> {
        let file = self.file(purpose);
        let (found, seed) = open_key(&file, &self.machine)?;
        if found == *purpose {
            return Ok(seed);
        }
        Err(KeysError::OtherKey {
            file,
            found,
            expected: purpose.clone(),
        })
    }

    fn file(&self, purpose: &KeyPurpose) -> PathBuf {
        self.folder.join(name_of(purpose))
    }

    fn write_file(
        &self,
        file: &Path,
        purpose: &KeyPurpose,
        seed: &[u8; 32],
    ) -> Result<(), KeysError> {
        let salt = Salt::from(entropy::bytes());
        let content = KeyFile::seal(purpose, seed, &self.machine, salt);
        Ok(private::write(file, &content)?)
    }

    /// Seals anew what the machine key in the file sealed, then removes that file; what a power
    /// cut leaves half done is finished at the next start.
    fn move_from_file(&self) -> Result<(), KeysError> {
        let machine_file = self.folder.join(MACHINE_FILE);
        if !machine_file.exists() {
            return Ok(());
        }
        let former = read_machine_key(&machine_file)?;
        for file in private::files_in(&self.folder, "key")? {
            if file == machine_file || open_key(&file, &self.machine).is_ok() {
                continue;
            }
            let (purpose, seed) = open_key(&file, &former)?;
            self.write_file(&file, &purpose, &seed)?;
        }
        Ok(private::remove(&machine_file)?)
    }
}

fn name_of(purpose: &KeyPurpose) -> String {
    format!("{}.key", purpose.to_string().replace(':', "-"))
}

/// Whether the machine key of `dir` is a file beside the keys that it seals.
pub fn in_file(dir: &Path) -> bool {
    dir.join(FOLDER).join(MACHINE_FILE).exists()
}

/// Makes sure that the key files of `dir` are there and closed to others, without opening them.
pub fn closed(dir: &Path) -> Result<(), PrivateFileError> {
    let folder = dir.join(FOLDER);
    let mut files = private::files_in(&folder, "key")?;
    let needed = [KeyPurpose::Node, KeyPurpose::NodeAgreement];
    files.extend(needed.map(|purpose| folder.join(name_of(&purpose))));
    files
        .iter()
        .try_for_each(|file| private::read(file).map(drop))
}

#[derive(Encode, Decode)]
#[cbor(transparent)]
struct MachineKey(#[cbor(n(0), with = "minicbor::bytes")] [u8; 32]);

fn read_machine_key(file: &Path) -> Result<SecretKey, KeysError> {
    let content = private::read(file)?;
    let MachineKey(secret) =
        frame::read(MACHINE_NAME, &content).map_err(|source| KeysError::Machine {
            file: file.to_owned(),
            source,
        })?;
    Ok(SecretKey::from(*Zeroizing::new(secret)))
}

fn read_credential(file: &Path) -> Result<SecretKey, KeysError> {
    let content = private::read(file)?;
    if content.len() < CREDENTIAL_BYTES_MIN {
        let length = content.len();
        return Err(KeysError::ShortCredential { length });
    }
    Ok(SecretKey::from(*sha256(&content).as_bytes()))
}

fn open_key(
    file: &Path,
    machine: &SecretKey,
) -> Result<(KeyPurpose, Zeroizing<[u8; 32]>), KeysError> {
    let content = private::read(file)?;
    KeyFile::parse(&content)
        .and_then(|parsed| Ok((parsed.purpose().clone(), parsed.open(machine)?)))
        .map_err(|source| KeysError::Key {
            file: file.to_owned(),
            source,
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_kept_and_told_apart() {
        let dir = tempfile::tempdir().expect("a folder");
        let keys = Keys::create(dir.path()).expect("made");
        keys.write(&KeyPurpose::Node, &[1; 32]).expect("written");
        let keys = Keys::open(dir.path(), None).expect("opened");
        assert_eq!(keys.seal(), Seal::File);
        assert_eq!(*keys.read(&KeyPurpose::Node).expect("read"), [1; 32]);
        assert!(keys.read(&KeyPurpose::Root).is_err(), "not there");
        let node = dir.path().join("keys/node.key");
        std::fs::rename(node, dir.path().join("keys/root.key")).expect("renamed");
        let said = keys
            .read(&KeyPurpose::Root)
            .expect_err("refused")
            .to_string();
        assert!(
            said.contains("holds the node key, not the root key"),
            "{said}"
        );
    }

    #[test]
    fn a_folder_moves_under_the_credential() {
        let dir = tempfile::tempdir().expect("a folder");
        let given = tempfile::tempdir().expect("a folder");
        let keys = Keys::create(dir.path()).expect("made");
        keys.write(&KeyPurpose::Node, &[1; 32]).expect("written");
        keys.write(&KeyPurpose::NodeAgreement, &[2; 32])
            .expect("written");

        let none = Keys::open(dir.path(), Some(given.path())).expect("no credential in it");
        assert_eq!(none.seal(), Seal::File);
        let credential = given.path().join(MACHINE_NAME);
        private::write(&credential, b"too short").expect("written");
        assert!(Keys::open(dir.path(), Some(given.path())).is_err());
        private::write(&credential, &[9; 40]).expect("written");

        for _start in 0..2 {
            let keys = Keys::open(dir.path(), Some(given.path())).expect("opened");
            assert_eq!(keys.seal(), Seal::SystemdCredential);
            assert_eq!(*keys.read(&KeyPurpose::Node).expect("read"), [1; 32]);
            assert_eq!(
                *keys.read(&KeyPurpose::NodeAgreement).expect("read"),
                [2; 32]
            );
        }
        assert!(!dir.path().join("keys/machine.key").exists());
        private::write(&credential, &[8; 40]).expect("written");
        let other = Keys::open(dir.path(), Some(given.path())).expect("opened");
        let said = other
            .read(&KeyPurpose::Node)
            .expect_err("refused")
            .to_string();
        assert!(said.contains("another machine's key"), "{said}");
    }
}
