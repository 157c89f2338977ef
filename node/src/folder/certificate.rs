//! The certificate by which a node is known in calls, sealed by the machine key.
//!
//! The [frame](super::frame) is named `guichet-media-certificate`, its body CBOR `[salt, sealed]`.
//! It proves nothing that the node's own signed statement does not say of it, so one that does not
//! open (the folder has moved under another machine key) is made anew and stated anew.

use guichet_keys::{AesGcm, Salt, Sealer as _};
use guichet_media::Certificate;
use minicbor::{Decode, Encode};

use super::frame;
use super::keys::{Keys, KeysError};
use super::private;
use crate::entropy;

const NAME: &str = "guichet-media-certificate";
const FILE: &str = "media-certificate";

#[derive(Encode, Decode)]
#[cbor(array)]
struct Sealed {
    #[n(0)]
    salt: Salt,
    #[cbor(n(1), with = "minicbor::bytes")]
    sealed: Vec<u8>,
}

/// The certificate of this folder; a new one, if there is none that opens.
pub(super) fn open_or_make(keys: &Keys) -> Result<Certificate, KeysError> {
    if let Some(certificate) = open(keys) {
        return Ok(certificate);
    }
    let certificate = Certificate::generate()?;
    let salt = Salt::from(entropy::bytes());
    let plain = certificate.to_bytes();
    let sealed = AesGcm.seal(keys.machine(), &salt, NAME, 0, &[], &plain);
    let content = frame::write(NAME, &Sealed { salt, sealed });
    // On a disk that takes nothing it is as good as one that will be made anew.
    if let Err(error) = private::write(&keys.folder().join(FILE), &content) {
        tracing::warn!(%error, "the certificate for calls is not kept");
    }
    Ok(certificate)
}

fn open(keys: &Keys) -> Option<Certificate> {
    let file = keys.folder().join(FILE);
    let content = match private::read(&file) {
        Ok(content) => content,
        Err(error) => {
            if file.exists() {
                tracing::warn!(%error, "the certificate for calls is made anew");
            }
            return None;
        }
    };
    let read = || {
        let Sealed { salt, sealed } = frame::read(NAME, &content).map_err(|e| e.to_string())?;
        let plain = AesGcm
            .open(keys.machine(), &salt, NAME, 0, &[], &sealed)
            .map_err(|e| e.to_string())?;
        Certificate::from_bytes(&plain).map_err(|e| e.to_string())
    };
    read()
        .inspect_err(|error| tracing::warn!(%error, "the certificate for calls is made anew"))
        .ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_certificate_stays_and_a_damaged_one_is_made_anew() {
        let dir = tempfile::tempdir().expect("a folder");
        let keys = Keys::create(dir.path()).expect("made");
        let first = open_or_make(&keys).expect("made").fingerprint();
        assert_eq!(open_or_make(&keys).expect("read").fingerprint(), first);
        let file = dir.path().join("keys").join(FILE);
        let mut content = std::fs::read(&file).expect("read");
        let end = content.len() - 1;
        content[end] ^= 1;
        std::fs::write(&file, content).expect("written");
        assert_ne!(open_or_make(&keys).expect("anew").fingerprint(), first);
    }
}
